from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest
import safetensors.torch
import torch

import genzoo
from genzoo import recipes, releases, report
from genzoo.metrics import Metric
from genzoo.metrics.table import by_name
from genzoo.releases import CARD, CONFIG, SNAPSHOTS, WEIGHTS, Provenance, ReleaseError
from genzoo.roles import n_parameters

CHECKPOINTS = Path(__file__).resolve().parent.parent.parent / "checkpoints"
NAME = "nade-mnist"
FIGURE = Metric("nll", 90.0, 89.0, 91.0, "nats", "dynamic binarization, 60 test images")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"


def save(seed: int = 0, **overrides) -> Path:
    recipe = recipes.override(recipes.get(NAME), {"model.n_hidden": 3, **overrides})
    torch.manual_seed(seed)
    model = recipe.build_model()
    return releases.save(recipe, model, Provenance(1280, 2.5, "a machine"), [FIGURE])


@pytest.mark.parametrize("name", sorted(p.parent.name for p in CHECKPOINTS.glob(f"*/{CONFIG}")))
def test_each_release_loads_and_reproduces_its_probe(name):
    config, model = genzoo.info(name), genzoo.load(name)
    assert model.probe() == pytest.approx(config["probe"], rel=1e-4)
    assert not model.training
    assert n_parameters(model) == config["n_parameters"] > 0
    assert config["images_seen"] > 0
    assert config["figures"]
    for figure in config["figures"]:
        assert figure["low"] <= figure["value"] <= figure["high"]
        timed = figure["name"].startswith("seconds_")
        setting = "2 CPU threads" if timed else "(test|novel) (images|points)"
        assert re.search(setting, figure["setting"])
    assert releases.card(config) == (CHECKPOINTS / name / CARD).read_text()
    assert (CHECKPOINTS / name / WEIGHTS).stat().st_size < 10 * 2**20


def test_a_release_holds_three_files_and_nothing_pickled(folder):
    path = save()
    assert path == folder / NAME
    assert sorted(p.name for p in folder.iterdir()) == [NAME]
    assert sorted(p.name for p in path.iterdir()) == [CARD, CONFIG, WEIGHTS]
    card = (path / CARD).read_text()
    assert card.startswith("---\nlibrary_name: genzoo\n")
    assert "| nll | 90.000 | 89.000 to 91.000 | nats | dynamic binarization" in card
    assert f"python -m genzoo train {NAME}" in card


def test_a_config_is_standard_json(folder):
    def refuse(constant: str):
        raise AssertionError(f"{constant} is not JSON")

    text = (save(clip=float("inf")) / CONFIG).read_text()
    config = json.loads(text, parse_constant=refuse)
    assert config["hyperparameters"]["clip"] == "inf"
    assert config["recipe"] == NAME
    assert config["images_seen"] == 1280


def test_what_is_loaded_is_what_was_saved(folder):
    save(seed=4)
    torch.manual_seed(4)
    expected = releases.recipes.override(recipes.get(NAME), {"model.n_hidden": 3}).build_model()
    model = genzoo.load(NAME)
    for name, value in expected.state_dict().items():
        assert torch.equal(model.state_dict()[name], value)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())


def test_a_new_release_replaces_the_old_and_keeps_what_else_is_there(folder):
    path = save(seed=0)
    (path / "demo.npz").write_bytes(b"assets")
    first = (path / WEIGHTS).read_bytes()
    save(seed=1)
    assert (path / WEIGHTS).read_bytes() != first
    assert (path / "demo.npz").read_bytes() == b"assets"


@pytest.mark.parametrize("fault", ["weights", "config", "card"])
def test_a_failure_while_saving_leaves_the_old_release_whole(folder, monkeypatch, fault):
    path = save(seed=0)
    before = {p.name: p.read_bytes() for p in path.iterdir()}

    def fail(*args, **kwargs):
        raise OSError("No space left on device")

    target = {
        "weights": (safetensors.torch, "save"),
        "config": (releases, "to_json"),
        "card": (releases, "card"),
    }[fault]
    monkeypatch.setattr(*target, fail)
    with pytest.raises(OSError, match="No space"):
        save(seed=1)
    assert {p.name: p.read_bytes() for p in path.iterdir()} == before
    assert [p.name for p in folder.iterdir()] == [NAME], "something half-written was left"


def test_a_first_release_that_fails_leaves_nothing(folder, monkeypatch):
    monkeypatch.setattr(releases, "card", lambda config: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save()
    assert list(folder.iterdir()) == []


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-7] ^= 1
    path.write_bytes(data)


def damage_config(**changes):
    def damage(path: Path) -> None:
        config = json.loads((path / CONFIG).read_text())
        for key, value in changes.items():
            if value is None:
                del config[key]
            else:
                config[key] = value
        (path / CONFIG).write_text(json.dumps(config))

    return damage


DAMAGES = {
    "absent": (shutil.rmtree, NAME),
    "no weights": (lambda p: (p / WEIGHTS).unlink(), WEIGHTS),
    "no config": (lambda p: (p / CONFIG).unlink(), CONFIG),
    "short weights": (
        lambda p: (p / WEIGHTS).write_bytes((p / WEIGHTS).read_bytes()[:1000]),
        WEIGHTS,
    ),
    "empty weights": (lambda p: (p / WEIGHTS).write_bytes(b""), WEIGHTS),
    "pickled weights": (
        lambda p: torch.save({"W": torch.zeros(1)}, p / WEIGHTS),
        WEIGHTS,
    ),
    "one bit": (lambda p: flip_a_bit(p / WEIGHTS), WEIGHTS),
    "other weights": (
        lambda p: safetensors.torch.save_file({"W": torch.zeros(2, 2)}, p / WEIGHTS),
        WEIGHTS,
    ),
    "weights are a folder": (
        lambda p: ((p / WEIGHTS).unlink(), (p / WEIGHTS).mkdir()),
        WEIGHTS,
    ),
    "no JSON": (lambda p: (p / CONFIG).write_text("{"), CONFIG),
    "binary": (lambda p: (p / CONFIG).write_bytes(b"\xff\x00\x80"), CONFIG),
    "a list": (lambda p: (p / CONFIG).write_text("[]"), CONFIG),
    "another's": (damage_config(recipe="vae-mnist"), CONFIG),
    "no model": (damage_config(model=None), CONFIG),
    "model is a list": (damage_config(model=[1, 2]), CONFIG),
    "no hash": (damage_config(sha256=None), CONFIG),
    "no figures": (damage_config(figures=None), CONFIG),
    "misfit": (damage_config(model={"event_shape": [1, 28, 28], "n_hidden": 4}), WEIGHTS),
    "impossible": (damage_config(model={"event_shape": [1, 28, 28], "n_hidden": 0}), CONFIG),
    "strange": (damage_config(model={"n_wheels": 4}), CONFIG),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_release_is_told_with_its_file_and_the_command(folder, damage):
    path = save()
    act, file = DAMAGES[damage]
    act(path)
    with pytest.raises(ReleaseError) as caught:
        genzoo.load(NAME)
    assert str(path) in str(caught.value)
    assert file in str(caught.value)
    assert str(caught.value).endswith(f"Make a new one with: python -m genzoo train {NAME}")


def test_nothing_is_asked_of_the_hub_unless_it_is_named(folder, monkeypatch):
    import huggingface_hub

    asked = []

    def offline(repo, **kwargs):
        asked.append(repo)
        raise OSError("offline")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ReleaseError, match=r"does not exist\. Make a new one"):
        genzoo.load(NAME)
    assert asked == []
    monkeypatch.setenv("GENZOO_HUB", "someone/genzoo-")
    with pytest.raises(ReleaseError, match="could not be had from the Hub") as caught:
        genzoo.load(NAME)
    assert asked == ["someone/genzoo-nade-mnist"]
    assert "python -m genzoo train nade-mnist" in str(caught.value)


def test_a_release_comes_from_the_hub_where_there_is_none_here(folder, tmp_path, monkeypatch):
    import huggingface_hub

    there = save(seed=2).rename(tmp_path / "snapshot")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda repo, **kwargs: str(there))
    monkeypatch.setenv("GENZOO_HUB", "someone/genzoo-")
    assert genzoo.load(NAME).probe() == pytest.approx(genzoo.info(NAME)["probe"])


def test_pushing_needs_a_place_and_a_whole_release(folder, monkeypatch):
    with pytest.raises(ReleaseError, match="Set GENZOO_HUB"):
        releases.push(NAME)
    monkeypatch.setenv("GENZOO_HUB", "someone/genzoo-")
    path = save()
    (path / WEIGHTS).write_bytes(b"")
    with pytest.raises(ReleaseError, match="is damaged"):
        releases.push(NAME)


def run_of_seed(folder: Path, seed: int, value: float, **overrides) -> Path:
    """A release in `folder` of a run with this seed, whose figure is `value`."""
    recipe = recipes.override(recipes.get(NAME), {"model.n_hidden": 3, "seed": seed, **overrides})
    figure = Metric("nll", value, value, value, "nats", "60 test images")
    provenance = Provenance(1280, 2.5, "a machine")
    return releases.save(recipe, recipe.build_model(), provenance, [figure], folder / f"{value}")


def test_figures_of_other_seeds_stand_beside_a_releases_own(folder, tmp_path):
    save()
    others = [run_of_seed(tmp_path, seed, 10.0 * seed) for seed in (1, 2)]
    releases.add_seeds(NAME, others)
    seeds = releases.info(NAME)["seeds"]
    values = {seed: figures[0]["value"] for seed, figures in seeds.items()}
    assert values == {"0": 90.0, "1": 10.0, "2": 20.0}
    assert releases.info(NAME)["figures"] == [FIGURE.to_dict()]
    releases.load(NAME)


def test_what_is_measured_anew_goes_from_other_seeds_and_the_rest_stays(folder, tmp_path):
    save()
    releases.add_seeds(NAME, [run_of_seed(tmp_path, seed, 10.0 * seed) for seed in (1, 2)])
    other = Metric("kid", 1.0, 1.0, 1.0, "", "60 test images")
    releases.set_figures(NAME, [other], keep=True)
    config = releases.info(NAME)
    assert [f["name"] for f in config["figures"]] == ["nll", "kid"]
    names = {seed: [f["name"] for f in figures] for seed, figures in config["seeds"].items()}
    assert names == {"0": ["nll", "kid"], "1": ["nll"], "2": ["nll"]}
    anew = Metric("nll", 80.0, 80.0, 80.0, "nats", "60 other images")
    timed = Metric("seconds_1", 1.0, 1.0, 1.0, "s", "2 CPU threads")
    for seed in (1, 2):
        config["seeds"][str(seed)].append(timed.to_dict())
    (folder / NAME / CONFIG).write_text(releases.to_json(config))
    releases.set_figures(NAME, [anew], keep=True)
    assert "seeds" not in releases.info(NAME), "nothing is left that tells of them"
    assert [f["name"] for f in releases.info(NAME)["figures"]] == ["kid", "nll"]


def test_figures_of_other_seeds_go_where_the_releases_own_comes_out_another_way(folder, tmp_path):
    def figures(*values: float, setting: str = "as ever") -> list[Metric]:
        named = zip(("nll", "fid", "kid"), values, strict=True)
        return [Metric(name, v, v, v, "", setting) for name, v in named]

    recipe = recipes.override(recipes.get(NAME), {"model.n_hidden": 3})
    made = Provenance(1280, 2.5, "a machine")
    releases.save(recipe, recipe.build_model(), made, figures(1.0, 2.0, 3.0))
    other = recipes.override(recipe, {"seed": 1})
    path = releases.save(
        other, other.build_model(), made, figures(10.0, 20.0, 30.0), tmp_path / "other"
    )
    releases.add_seeds(NAME, [path])

    def kept(seed: str) -> dict[str, float]:
        return {f["name"]: f["value"] for f in releases.info(NAME)["seeds"][seed]}

    same, new_value, _ = figures(1.00000001, 2.5, 0.0)
    [*_, new_setting] = figures(0.0, 0.0, 3.0, setting="another way")
    releases.set_figures(NAME, [same], keep=True)
    assert kept("1") == {"nll": 10.0, "fid": 20.0, "kid": 30.0}
    releases.set_figures(NAME, [new_value, same], keep=True)
    assert kept("1") == {"nll": 10.0, "kid": 30.0}
    releases.set_figures(NAME, [new_setting], keep=True)
    assert kept("1") == {"nll": 10.0}
    assert kept("0") == {"nll": 1.00000001, "fid": 2.5, "kid": 3.0}
    assert kept("0") == {f["name"]: f["value"] for f in releases.info(NAME)["figures"]}
    releases.set_figures(NAME, [same])
    assert "seeds" not in releases.info(NAME)


def test_a_release_of_before_there_was_a_choice_was_not_held_out(folder, tmp_path):
    """Its config does not name the setting, and runs of other seeds that do go beside it."""
    path = save() / CONFIG
    config = json.loads(path.read_text())
    del config["hyperparameters"]["hold_out"]
    path.write_text(json.dumps(config))
    assert releases.info(NAME)["hyperparameters"]["hold_out"] is False
    releases.add_seeds(NAME, [run_of_seed(tmp_path, 1, 10.0)])
    with pytest.raises(ReleaseError, match="hold_out = True, and nade-mnist with False"):
        releases.add_seeds(NAME, [run_of_seed(tmp_path, 2, 20.0, hold_out=True)])


def test_a_release_is_read_from_a_folder_of_its_own(folder, tmp_path):
    save(seed=0)
    other = run_of_seed(tmp_path, 5, 10.0)
    assert releases.info(NAME, other)["hyperparameters"]["seed"] == 5
    loaded = genzoo.load(NAME, path=other)
    assert loaded.probe() == pytest.approx(releases.info(NAME, other)["probe"])
    assert loaded.probe() != pytest.approx(genzoo.load(NAME).probe())
    with pytest.raises(ReleaseError, match="it is of the role Autoregressive"):
        genzoo.load(NAME, role=genzoo.roles.Evaluator, path=other)


@pytest.mark.parametrize(
    ("seed", "overrides", "sentence"),
    [(1, {"images": 600}, "with images = 600"), (0, {}, "the seed 0 once more")],
)
def test_what_is_not_another_seed_is_refused(folder, tmp_path, seed, overrides, sentence):
    before = (save() / CONFIG).read_bytes()
    with pytest.raises(ReleaseError, match=sentence):
        releases.add_seeds(NAME, [run_of_seed(tmp_path, seed, 2.0, **overrides)])
    assert (folder / NAME / CONFIG).read_bytes() == before


VARIANTS = (
    recipes.Variant("paper", "the paper's form", changes={"model.n_hidden": 2, "images": 128}),
    recipes.Variant("wide", "wider", changes={"model.n_hidden": 4}),
)


@pytest.fixture
def with_variants(monkeypatch):
    """The recipe, with an ablation."""
    own = recipes.get(NAME)
    made = dataclasses.replace(own, ablation=VARIANTS)
    for module in (recipes, recipes.base):
        monkeypatch.setattr(module, "get", lambda name: made)


def test_figures_of_variants_stand_beside_a_releases_own(folder, tmp_path, with_variants):
    save()
    small = [
        run_of_seed(tmp_path, seed, value, **VARIANTS[0].changes)
        for seed, value in ((10, 50.0), (9, 40.0), (8, 70.0))
    ]
    wide = run_of_seed(tmp_path, 0, 30.0, **VARIANTS[1].changes)
    releases.add_ablation(NAME, [wide, *small])
    config = releases.info(NAME)
    assert config["figures"] == [FIGURE.to_dict()], "its own stay what they are"
    told = releases.ablation(config)
    assert list(told) == ["paper", "wide"], "in the order of the recipe"
    metrics = {key: by_name(each) for key, each in told.items()}
    assert metrics["paper"].median("nll") == 50.0
    assert metrics["paper"].over_seeds("nll") == [40.0, 50.0, 70.0]
    assert metrics["paper"].seed == "8", "seeds are numbers"
    assert metrics["wide"].over_seeds("nll") == [30.0]
    assert not metrics["wide"].seeds
    assert told["wide"]["images_seen"] == 1280
    releases.set_figures(NAME, [FIGURE])
    assert releases.ablation(releases.info(NAME)) == told, "they are of other trainings"

    again = run_of_seed(tmp_path, 1, 20.0, **VARIANTS[1].changes)
    releases.add_ablation(NAME, [again])
    kept = releases.ablation(releases.info(NAME))
    assert list(kept) == ["paper", "wide"]
    assert kept["paper"] == told["paper"], "it was given no folder"
    assert by_name(kept["wide"]).over_seeds("nll") == [20.0]


def test_the_table_of_an_ablation_ends_with_the_release(folder, tmp_path, with_variants):
    save()
    assert report.ablations() == ""
    figure = Metric("fid", 3.0, 3.0, 3.0, "", "judge features v2")
    releases.set_figures(NAME, [figure])
    paths = []
    for seed, value in ((0, 5.0), (1, 4.0)):
        paths.append(run_of_seed(tmp_path, seed, value, **VARIANTS[0].changes))
        own = Metric("fid", value, value, value, "", "judge features v2")
        releases.set_figures(NAME, [own], path=paths[-1])
    releases.add_ablation(NAME, paths)
    lines = report.ablations().splitlines()
    assert lines[2] == "| training | images seen | seeds | FID |"
    assert lines[4:] == [
        "| the paper's form | 1,280 | 2 | 4.50 (4.00 to 5.00) |",
        f"| `{NAME}` | 1,280 | 1 | 3.00 |",
    ]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"model.n_hidden": 3}, "is of no variant of nade-mnist.*--set model.n_hidden=4"),
        ({"model.n_hidden": 2}, "is of no variant"),
        ({"model.n_hidden": 4, "hold_out": True}, "is of no variant"),
    ],
)
def test_what_is_no_variant_is_refused(folder, tmp_path, with_variants, overrides, sentence):
    before = (save() / CONFIG).read_bytes()
    with pytest.raises(ReleaseError, match=sentence):
        releases.add_ablation(NAME, [run_of_seed(tmp_path, 1, 2.0, **overrides)])
    twice = [run_of_seed(tmp_path, 1, v, **VARIANTS[1].changes) for v in (3.0, 4.0)]
    with pytest.raises(ReleaseError, match="the seed 1 once more"):
        releases.add_ablation(NAME, twice)
    assert (folder / NAME / CONFIG).read_bytes() == before


@pytest.mark.parametrize(
    ("ablation", "sentence"),
    [
        ([], "ablation is not of type dict"),
        ({"paper": 1}, "ablation is not of type dict"),
        ({"paper": {"seeds": {}}}, "it lacks 'images_seen'"),
        ({"paper": {"images_seen": 1, "seeds": {"0": 1}}}, "seeds is not of type list"),
        ({"paper": {"images_seen": 1, "seeds": {"0": [{}]}}}, "it lacks 'name'"),
    ],
)
def test_a_damaged_ablation_is_told(folder, ablation, sentence):
    path = save() / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), "ablation": ablation}))
    with pytest.raises(ReleaseError, match=sentence):
        releases.info(NAME)


@pytest.mark.parametrize("name", [n for n in recipes.names() if recipes.get(n).ablation])
def test_variants_of_an_ablation_are_trainings_of_their_own(name):
    own = recipes.get(name)
    made = [own, *(variant.of(name) for variant in own.ablation)]
    settings = [(r.name, json.dumps(r.hyperparameters(), default=str)) for r in made]
    assert len(set(settings)) == len(made)
    assert len({variant.key for variant in own.ablation}) == len(own.ablation)
    for variant, recipe in zip(own.ablation, made[1:], strict=True):
        words = variant.command(name).split()
        changes = dict(w.split("=", 1) for w in words if "=" in w)
        assert recipes.override(recipes.get(words[4]), changes) == recipe, "as the command line"


def test_what_was_kept_of_a_training_comes_back_in_its_order(folder):
    recipe = recipes.override(recipes.get(NAME), {"model.n_hidden": 3})
    made = Provenance(1280, 2.5, "a machine")
    kept = {1280: torch.ones(2, 3).half(), 0: torch.zeros(2, 3), 96: torch.full((2, 3), 0.5)}
    path = releases.save(recipe, recipe.build_model(), made, [FIGURE], snapshots=kept)
    assert len({file.stat().st_mode for file in path.iterdir()}) == 1  # read by the same people
    back = releases.snapshots(NAME)
    assert list(back) == [0, 96, 1280]
    assert all(torch.equal(back[seen], kept[seen]) for seen in kept)
    assert releases.info(NAME)["snapshots_of"] == "validation"
    path = folder / NAME / SNAPSHOTS
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ReleaseError, match="is damaged"):
        releases.snapshots(NAME)
    save()  # of a training that kept nothing
    assert releases.snapshots(NAME) == {}
    assert "snapshots_of" not in releases.info(NAME)
