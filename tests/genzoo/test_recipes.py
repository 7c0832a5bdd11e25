from __future__ import annotations

import csv
import json
import math
import re
import shlex
from pathlib import Path

import pytest
import torch
from torch import nn

from genzoo import recipes, releases
from genzoo.cli import _changed, _parser
from genzoo.data import WITHIN_TRAIN
from genzoo.recipes import RecipeError
from genzoo.releases import Provenance
from genzoo.roles import (
    AttributeClassifier,
    Autoencoder,
    Classifier,
    Coded,
    Counted,
    Editor,
    ExplicitDensity,
    Generative,
    Implicit,
    LatentVariable,
    Model,
    UnpairedTranslator,
    n_parameters,
    probe_images,
)
from genzoo.train.run_state import NEWER

ROOT = Path(__file__).resolve().parent.parent.parent


def test_names_are_model_and_data():
    assert {"nade-mnist", "vae-mnist-2d", "vae-mnist", "vae-fashion"} <= set(recipes.names())
    for name in recipes.names():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name)
        recipe = recipes.get(name)
        assert recipe.name == name
        assert recipe.data.partition("-")[0] in name
        assert recipe.summary
        assert recipe.paper_url.startswith("https://")


def test_a_smoke_run_trains_is_released_loaded_and_reproduced(
    smoke_recipe, no_test_images, tmp_path, monkeypatch
):
    recipe = smoke_recipe
    torch.manual_seed(recipe.settings.seed)
    before = recipe.build_model().state_dict()
    with no_test_images():
        trained = recipes.run(recipe, tmp_path / "run", progress_bar=False)
        chosen_by = recipes.evaluate(
            recipe, trained.model, split="validation", n_images=20, k=5, parts=["model"]
        )

    assert trained.images_seen >= recipe.settings.images
    assert trained.seconds > 0
    assert all(math.isfinite(value) for value in trained.evaluation.values())
    with open(tmp_path / "run" / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    within = recipe.data in WITHIN_TRAIN
    curve = "train (last 20)" if within else "validation"
    assert {row["split"] for row in rows} == {"train", curve}
    assert all(math.isfinite(float(row["value"])) for row in rows)
    is_judge = isinstance(trained.model, (Classifier, AttributeClassifier))
    assert bool(list((tmp_path / "run").glob("samples/*.png"))) != is_judge
    fitted = dict(trained.model.named_parameters())
    if isinstance(trained.model, Counted):
        fitted["counts"] = trained.model.counts
    assert fitted
    for name, value in fitted.items():
        assert not torch.equal(value, before[name]), f"{name} did not move"

    figures = recipes.evaluate(recipe, trained.model, n_images=20, k=5, parts=["model"])
    assert all(figure.low <= figure.value <= figure.high for figure in figures)
    assert all(re.search("20 (random )?(test|novel) (images|points)", f.setting) for f in figures)
    assert {f.name for f in chosen_by} == {f.name for f in figures if "novel" not in f.name}
    seen = r" seen in training\b" if within else r"(?! seen)"
    assert all(
        re.search(f"20 (random )?validation (images|points){seen}", f.setting) for f in chosen_by
    )
    assert not any(re.search("test|novel", f.setting) for f in chosen_by)
    path = releases.save(
        recipe,
        trained.model,
        Provenance(trained.images_seen, trained.seconds, "here"),
        figures,
        tmp_path / "checkpoints" / recipe.name,
    )
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(path.parent))
    loaded = releases.load(recipe.name)
    config = releases.info(recipe.name)
    assert loaded.probe() == pytest.approx(config["probe"], rel=1e-6)
    assert releases.names() == [recipe.name]
    assert config["n_parameters"] == n_parameters(trained.model) > 0
    assert config["figures"] == [figure.to_dict() for figure in figures]


def test_every_trainable_parameter_belongs_to_an_optimizer(smoke_recipe):
    objective = smoke_recipe.build_objective()
    owned = [
        id(p)
        for optimizer in objective.optimizers().values()
        for group in optimizer.param_groups
        for p in group["params"]
    ]
    assert set(owned) == {id(p) for p in objective.parameters() if p.requires_grad}
    assert len(set(owned)) == len(owned), "to one optimizer alone"


def asked(model: Model) -> Model:
    """As it is built, or as it is released where batch normalization is to learn in training."""
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    return model.train(not any(isinstance(layer, norms) for layer in model.modules()))


def test_asking_a_model_leaves_it_as_it_is(smoke_recipe):
    model = asked(smoke_recipe.build_model())
    before = {k: v.clone() for k, v in model.state_dict().items()}
    x = probe_images(model.event_shape)
    if isinstance(model, ExplicitDensity):
        model.log_prob(x)
    elif isinstance(model, LatentVariable):
        model.elbo_terms(x, torch.randn(len(x), *model.latent_shape))
    elif isinstance(model, Autoencoder):
        model.decode(model.encode(x))
    elif isinstance(model, Coded):
        model.infer(x)
    elif isinstance(model, (Classifier, AttributeClassifier)):
        model.logits(x)
    elif isinstance(model, Editor):
        model.edit(x, torch.zeros(len(x), len(model.n_values), dtype=torch.long))
    elif isinstance(model, UnpairedTranslator):
        model.back(model.forth(x).detach())
    if isinstance(model, Generative):
        model.pictures(3)
        model.sample(3)
    model.probe()
    assert before.keys() == model.state_dict().keys()
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(p.grad is None for p in model.parameters())


@pytest.mark.parametrize(
    "name", [name for name in recipes.names() if issubclass(recipes.get(name).model, Implicit)]
)
def test_an_image_does_not_depend_on_the_rest_of_its_batch(name):
    recipe = recipes.get(name)
    torch.manual_seed(0)
    model = asked(recipes.override(recipe, recipe.smoke).build_model().double())
    z = model.draw_z(5, torch.Generator().manual_seed(0))
    assert z.shape == (5, *model.latent_shape)
    together = model.generate(z)
    assert together.shape == (5, *model.event_shape)
    assert 0 <= together.min() < together.max() <= 1
    alone = torch.cat([model.generate(one) for one in z.split(1)])
    torch.testing.assert_close(alone, together, rtol=1e-12, atol=1e-12)
    if isinstance(model, Coded):
        (category, continuous), (of_one, at) = (model.infer(x) for x in (together, together[2:3]))
        torch.testing.assert_close(category.logits[2:3], of_one.logits)
        torch.testing.assert_close(continuous.mean[2:3], at.mean)


def test_a_release_of_every_recipe_stays_small():
    for name in recipes.names():
        recipe = recipes.get(name)
        n_parameters = sum(p.numel() for p in recipe.build_model().parameters())
        assert n_parameters * getattr(torch, recipe.storage).itemsize < 10 * 2**20, name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nade-mnits", "no recipe 'nade-mnits'; did you mean nade-mnist"),
        ("x", "no recipe 'x'; there are: .*nade-mnist"),
        ("", "no recipe ''; there are"),
    ],
)
def test_an_unknown_recipe_gets_the_nearest_names(name, sentence):
    with pytest.raises(RecipeError, match=sentence):
        recipes.get(name)


def test_an_override_keeps_its_type_and_changes_only_its_key():
    recipe = recipes.get("nade-mnist")
    changes = {
        "images": "1280",
        "objective.lr": "0.5",
        "clip": 3,
        "model.n_hidden": "7",
        "model.event_shape": "1,14,14",
        "precision": "float32",
        "data": "fashion",
    }
    changed = recipes.override(recipe, changes)
    values = changed.hyperparameters()
    expected = {
        "images": 1280,
        "objective.lr": 0.5,
        "clip": 3.0,
        "model.n_hidden": 7,
        "model.event_shape": (1, 14, 14),
        "precision": "float32",
        "data": "fashion",
    }
    for key, value in expected.items():
        assert values[key] == value
        assert type(values[key]) is type(value)
    before = recipe.hyperparameters()
    assert {k: v for k, v in values.items() if k not in changes} == {
        k: v for k, v in before.items() if k not in changes
    }
    assert recipes.get("nade-mnist").hyperparameters() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"imagse": "5"}, "no setting 'imagse'; did you mean images"),
        ({"n_hidden": "5"}, "did you mean model.n_hidden"),
        ({"images": "many"}, "images must be of type int, like [0-9]+; 'many' is not"),
        ({"images": "1.5"}, "images must be of type int"),
        ({"images": 1.5}, "images must be of type int"),
        ({"images": True}, "images must be of type int"),
        ({"objective.lr": "fast"}, "objective.lr must be of type float"),
        ({"model.event_shape": "a,b"}, "model.event_shape must be of type tuple"),
        ({"precision": "float8"}, "Unknown precision 'float8'"),
        ({"schedule": "linear"}, "Unknown schedule 'linear'; there are: constant, cosine"),
        ({"preprocessing": "round"}, "Unknown preprocessing 'round'"),
        ({"images": "5"}, "less than one batch"),
        ({"batch_size": "0"}, "batch_size must be at least 1, not 0"),
        ({"save_every": "0"}, "save_every must be at least 1, not 0"),
        ({"ema": "1"}, r"decay of the average must be in \[0, 1\), not 1.0"),
        ({"ema": "nan"}, r"decay of the average"),
        ({"warmup": "-1"}, "warm-up"),
        ({"clip": "-1"}, "must be above 0"),
        ({"clip": "nan"}, "must be above 0"),
        ({"seed": "-1"}, "seed must be 0 to"),
        ({"seed": str(2**70)}, "seed must be 0 to"),
    ],
)
def test_an_override_that_does_not_fit_is_refused_in_a_sentence(changes, sentence):
    with pytest.raises(RecipeError, match=sentence):
        recipes.override(recipes.get("nade-mnist"), changes)


def test_what_releases_were_trained_with_is_what_their_recipes_say():
    """A renamed or converted setting is so in both; a recipe that changes asks for a training."""
    for path in sorted((ROOT / "checkpoints").glob("*/config.json")):
        config = json.loads(path.read_text())
        recipe = recipes.get(config["recipe"])
        expected = {k: "inf" if v == math.inf else v for k, v in recipe.hyperparameters().items()}
        assert {**NEWER, **config["hyperparameters"]} == json.loads(json.dumps(expected)), (
            path.parent.name
        )
        assert config["model"] == json.loads(json.dumps(dict(recipe.model_kwargs)))


CLAIMS = re.compile(r"\b(nats|dB|FID|KID|bits)\b|\d %|\b(better|worse|chosen by)\b")
"""How a comment tells of a choice that was made by a figure."""


def comments(path: Path) -> list[str]:
    """The blocks of comment lines of a file, without their marks."""
    blocks, block = [], []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.strip().startswith("#"):
            block.append(line.strip().removeprefix("#").strip())
        elif block:
            blocks.append("\n".join(block))
            block = []
    return blocks


def commands(text: str) -> list[list[str]]:
    """The words of each command of ours that a line begins with, after the name of the module."""
    joined = re.sub(r"\\\n\s*", " ", text)
    found = re.findall(r"^python -m genzoo (.+)$", joined, re.MULTILINE)
    return [shlex.split(words, comments=True) for words in found]


FILES = sorted((ROOT / "genzoo" / "recipes").glob("*.py"))


def test_a_choice_has_its_command_beside_it():
    told = [b for path in FILES for b in comments(path) if CLAIMS.search(b)]
    assert told
    for block in told:
        assert commands(block), f"By what command was this found?\n{block}"


@pytest.mark.parametrize(
    "words",
    [words for path in FILES for block in comments(path) for words in commands(block)]
    + commands((ROOT / "README.md").read_text(encoding="utf-8")),
    ids=" ".join,
)
def test_a_command_that_is_written_down_is_one(words):
    """It is parsed, and names recipes and settings that there are, with values that fit."""
    arguments = _parser().parse_args(words)
    if words[0] == "train":
        recipe, changes = _changed(arguments)
        known = recipes.get(recipe.name).hyperparameters()
        for key in changes:
            assert recipe.hyperparameters()[key] != known[key], f"{key} is that already"
    elif hasattr(arguments, "name"):
        recipes.get(arguments.name)


def test_choices_are_made_without_the_test_split():
    blocks = [block for path in FILES for block in comments(path)]
    for words in (words for block in blocks for words in commands(block)):
        arguments = _parser().parse_args(words)
        chosen = arguments.hold_out if words[0] == "train" else arguments.split == "validation"
        assert chosen, words
