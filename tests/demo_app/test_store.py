"""The store: what is loaded when, how much is kept, and what damage sounds like."""

from __future__ import annotations

import hashlib
import json
import threading
import time

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from demo_app.errors import Unavailable
from demo_app.store import ASSETS, Store, _without_folders
from demo_app.work import Left, Visitor, working
from genzoo import releases
from genzoo.releases import CONFIG, WEIGHTS, ReleaseError


def counting_store(size):
    loaded = []

    def load(name):
        loaded.append(name)
        return nn.Identity()

    return Store(size, load), loaded


def test_a_model_is_loaded_at_first_use_and_kept():
    store, loaded = counting_store(2)
    assert loaded == []
    with store.model("a") as first:
        pass
    with store.model("a") as second:
        pass
    assert loaded == ["a"]
    assert first is second


def test_the_model_unused_for_longest_is_dropped():
    store, loaded = counting_store(2)
    for name in ("a", "b", "a", "c", "a", "b"):
        with store.model(name):
            pass
    assert loaded == ["a", "b", "c", "b"]


def test_one_thread_at_a_time_holds_a_model_but_others_go_on():
    store, _ = counting_store(2)
    entered = threading.Event()

    def use(name):
        with store.model(name):
            entered.set()

    with store.model("a"):
        same = threading.Thread(target=use, args=("a",))
        same.start()
        assert not entered.wait(0.2)
        other = threading.Thread(target=use, args=("b",))
        other.start()
        assert entered.wait(5)
    same.join(5)
    other.join(5)
    assert not same.is_alive()


def test_many_first_users_load_once():
    store, loaded = counting_store(2)
    barrier = threading.Barrier(8)

    def use():
        barrier.wait()
        with store.model("a"):
            pass

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded == ["a"]


def test_between_pieces_of_many_steps_others_have_their_turn():
    store = Store(load=lambda name: nn.Identity())
    gone = []

    def begin(model):
        assert isinstance(model, nn.Identity)
        for n in range(7):
            gone.append(n)
            yield n

    def other(n):
        with store.model("m"):
            took.append(n)

    took = []
    for n in store.steps("m", nn.Identity, begin, piece=3):
        assert gone == list(range(n + 1))  # no further than the piece
        thread = threading.Thread(target=other, args=(n,))
        thread.start()
        thread.join(timeout=5)
        assert took[-1:] == [n]
    assert took == [2, 5, 6]


def test_a_failed_load_is_tried_again():
    answers = [ReleaseError("gone"), nn.Identity()]

    def load(name):
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    store = Store(1, load)
    with pytest.raises(Unavailable, match="gone") as caught, store.model("nade-mnist"):
        pass
    assert caught.value.command == "python -m genzoo train nade-mnist"
    with store.model("nade-mnist") as model:
        assert isinstance(model, nn.Identity)


def test_a_release_is_read(folder):
    store = Store()
    with store.model("nade-mnist") as nade:
        assert nade.n_hidden == 6
    assert store.info("nade-mnist")["figures"][0]["value"] == 123.4
    assert set(store.assets("nade-mnist")) == {"digits", "labels", "log_prob", "noise", "shuffled"}


@pytest.mark.parametrize("file", [WEIGHTS, CONFIG, ASSETS])
@pytest.mark.parametrize("damage", [b"", b"not what it should be"])
def test_damage_names_the_file_and_what_mends_it(folder, file, damage):
    path = folder / "nade-mnist" / file
    path.write_bytes(damage)
    read = {WEIGHTS: hold, CONFIG: Store.info, ASSETS: Store.assets}[file]
    with pytest.raises(Unavailable) as caught:
        read(Store(), "nade-mnist")
    assert f"nade-mnist/{file}" in str(caught.value)
    assert str(folder) not in str(caught.value)
    assert caught.value.command in str(caught.value)


def test_what_cannot_be_read_is_not_called_missing(folder, monkeypatch):
    for file, read in ((WEIGHTS, hold), (CONFIG, Store.info), (ASSETS, Store.assets)):
        path = folder / "nade-mnist" / file
        path.rename(folder / "kept")
        path.mkdir()  # whoever may read all, as root may, cannot read this
        with pytest.raises(Unavailable, match=f"nade-mnist/{file} cannot be read") as caught:
            read(Store(), "nade-mnist")
        assert str(folder) not in str(caught.value)
        path.rmdir()
        (folder / "kept").rename(path)


def test_weights_that_are_no_numbers_are_damage(folder):
    path = folder / "nade-mnist"
    state = safetensors.torch.load_file(path / WEIGHTS)
    name = next(iter(state))
    state[name].view(-1)[0] = torch.nan
    safetensors.torch.save_file(state, path / WEIGHTS)
    config = json.loads((path / CONFIG).read_text())
    config["sha256"] = hashlib.sha256((path / WEIGHTS).read_bytes()).hexdigest()
    (path / CONFIG).write_text(json.dumps(config))
    with pytest.raises(Unavailable, match=f"is damaged: {name} holds NaN or infinity"):
        hold(Store(), "nade-mnist")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda c: c["figures"].append(3), "figures is not of type dict"),
        (lambda c: c["figures"][0].pop("setting"), "lacks 'setting'"),
        (lambda c: c["figures"][0].update(value=None), "figures.value is not of type int or"),
        (lambda c: c["hyperparameters"].pop("data"), "lacks 'data'"),
        (lambda c: c["hyperparameters"].update(data=7), "hyperparameters.data is not of type str"),
        (lambda c: c.update(seeds=[]), "seeds is not of type dict"),
        (lambda c: c.update(seeds={"0": [1]}), "figures is not of type dict"),
        (lambda c: c.pop("paper"), "lacks 'paper'"),
        (lambda c: c.update(images_seen=True), "images_seen is not of type int"),
    ],
)
def test_a_config_of_the_right_types_and_the_wrong_contents_is_damage(folder, change, complaint):
    path = folder / "nade-mnist" / CONFIG
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    with pytest.raises(Unavailable, match=complaint) as caught:
        Store().info("nade-mnist")
    assert f"nade-mnist/{CONFIG} is damaged" in str(caught.value)


def test_a_key_that_is_missing_further_in_is_damage_too(folder):
    info = Store().info("nade-mnist")
    assert info["model"].get("other") is None
    with pytest.raises(Unavailable, match=r"nade-mnist/config\.json is damaged: no 'other'"):
        info["model"]["other"]


def test_a_config_is_read_again_when_it_is_another_one_and_only_then(folder, monkeypatch):
    read = []
    info = releases.info
    monkeypatch.setattr(releases, "info", lambda name: read.append(name) or info(name))
    store, path = Store(), folder / "nade-mnist" / CONFIG
    assert store.info("nade-mnist") == store.info("nade-mnist")
    assert read == ["nade-mnist"]
    config = json.loads(path.read_text())
    path.write_text(json.dumps({**config, "images_seen": 987_654_321}))
    assert store.info("nade-mnist")["images_seen"] == 987_654_321
    path.write_text("{")
    for _ in range(2):
        with pytest.raises(Unavailable, match="is damaged"):
            store.info("nade-mnist")
    path.unlink()
    with pytest.raises(Unavailable):
        store.info("nade-mnist")


def test_a_sentence_names_no_folder_of_this_machine(folder):
    for sentence, shown in (
        (f"{folder}/nade-mnist/config.json is missing.", "nade-mnist/config.json is missing."),
        ("No such file: '/home/me/.cache/hub/x-1/abc/a.npz'", "No such file: 'abc/a.npz'"),
        ("see https://example.org/a/b/c", "see https://example.org/a/b/c"),
        ("1/2 of a/b", "1/2 of a/b"),
    ):
        assert _without_folders(sentence) == shown


def test_the_models_that_are_kept_weigh_no_more_than_they_may():
    loaded = []

    def load(name):
        loaded.append(name)
        return nn.Linear(10, 10, bias=False)  # 400 bytes

    store = Store(1000, load)
    for name in ("a", "b", "c", "b", "a"):
        with store.model(name):
            pass
    assert loaded == ["a", "b", "c", "a"]


def test_a_model_is_let_go_in_time_however_long_its_steps_are(monkeypatch):
    """Another has it before the piece is done."""
    monkeypatch.setattr("demo_app.store.HOLD", 0.02)
    store = Store(load=lambda name: nn.Identity())
    took, threads = [], []

    def begin(model):
        for n in range(20):
            if n == 1:
                thread = threading.Thread(target=other)
                threads.append(thread)
                thread.start()
            time.sleep(0.01)
            yield n

    def other():
        with store.model("m"):
            took.append("other")

    for _ in store.steps("m", nn.Identity, begin, piece=20):
        took.append("piece")
    threads[0].join(5)
    assert took == ["other", "piece"]


def test_steps_end_when_nobody_waits_for_them():
    store = Store(load=lambda name: nn.Identity())
    done = []

    def begin(model):
        for n in range(1000):
            done.append(n)
            yield n

    def ask():
        with working(Visitor(), lambda: len(done) < 5):
            list(store.steps("m", nn.Identity, begin))

    with pytest.raises(Left):
        ask()
    assert len(done) == 5
    with store.model("m"):  # and it is let go
        pass


def test_missing_assets_name_the_command(folder):
    (folder / "nade-mnist" / ASSETS).unlink()
    with pytest.raises(Unavailable, match=r"demo\.npz is missing; python -m demo_app\.assets"):
        Store().assets("nade-mnist")


def test_assets_are_never_unpickled(folder):
    np.savez(folder / "nade-mnist" / ASSETS, digits=np.array([{"a": 1}], dtype=object))
    with pytest.raises(Unavailable, match="damaged"):
        Store().assets("nade-mnist")


def hold(store, name):
    with store.model(name):
        pass
