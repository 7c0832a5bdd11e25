"""The store: what is loaded when, how much is kept, and what damage sounds like."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from torch import nn

from demo_app.errors import Unavailable
from demo_app.store import ASSETS, Store
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
    assert str(path) in str(caught.value)
    assert caught.value.command in str(caught.value)


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
