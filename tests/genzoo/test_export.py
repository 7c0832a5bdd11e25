"""Graphs of what models offer, run by another program on the weights of the releases."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from genzoo import export, recipes, releases
from genzoo.cli import main
from genzoo.releases import GRAPH, WEIGHTS, Provenance
from genzoo.roles import Model

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
EXPORTED = sorted({path.parent.name for path in CHECKPOINTS.glob(f"*/*{GRAPH}")})

TINY = {
    "vae-fashion": {"model.width": 4, "model.n_hidden": 8},  # a discretized logistic
    "nade-mnist": {"model.n_hidden": 5},
}


MEANT = {
    "x": lambda noise: noise > 1,
    "known": lambda noise: noise > 0,
    "before": lambda noise: (torch.arange(noise.shape[1]) < 400).expand_as(noise),
    "i": lambda noise: (torch.arange(noise.shape[1]) == 400).expand_as(noise),
}
"""What is meant by an input of that name, by noise of its shape; others are normal numbers."""


def release(name: str, storage: str = "float32") -> Path:
    recipe = replace(recipes.override(recipes.get(name), TINY[name]), storage=storage)
    torch.manual_seed(0)
    model = recipe.build_model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.3)
    return releases.save(recipe, model, Provenance(1280, 2.5, "a machine"), [])


def expect_equal(model: Model, folder: Path) -> None:
    """Every graph there gives what torch gives, of batches of three."""
    generator = torch.Generator().manual_seed(0)
    offers = export.offers(model)
    assert {path.stem for path in folder.glob(f"*{GRAPH}")} == set(offers) != set()
    for name, offer in offers.items():
        inputs = []
        for kind, shape in offer.inputs.items():
            noise = torch.randn(3, *shape, generator=generator)
            inputs.append(MEANT.get(kind, lambda z: z)(noise).float())
        session = onnxruntime.InferenceSession(folder / f"{name}{GRAPH}")
        fed = {key: x.numpy() for key, x in zip(offer.inputs, inputs, strict=True)}
        got = dict(zip(offer.outputs, session.run(offer.outputs, fed), strict=True))
        with torch.inference_mode():
            answer = offer.function(*inputs)
        expected = answer if isinstance(answer, tuple) else (answer,)
        for key, value in zip(offer.outputs, expected, strict=True):
            # Pixels are in [0, 1]; sums of hundreds are as exact as single precision is.
            rtol = 0 if key == "image" else 2e-6
            np.testing.assert_allclose(
                got[key], value.numpy(), rtol, 1e-5, err_msg=f"{name}.{key}"
            )
        if "logits" in got:
            p, q = (torch.sigmoid(torch.as_tensor(x)) for x in (got["logits"], expected[0]))
            assert float((p - q).abs().max()) <= 1e-5


def test_what_the_page_computes_with_is_there():
    assert len(EXPORTED) >= 18


@pytest.mark.usefixtures("_real_releases")
@pytest.mark.parametrize("name", EXPORTED)
def test_the_graphs_of_each_release_are_equal_to_torch(name):
    expect_equal(releases.load(name), CHECKPOINTS / name)


@pytest.mark.parametrize("name", EXPORTED)
def test_a_graph_is_small_and_of_the_weights_beside_it(name):
    sha256 = releases.info(name, CHECKPOINTS / name)["sha256"]
    for path in (CHECKPOINTS / name).glob(f"*{GRAPH}"):
        assert path.stat().st_size < 10_000
        graph = onnx.load(path, load_external_data=False)
        assert {entry.key: entry.value for entry in graph.metadata_props} == {
            "recipe": name,
            "sha256": sha256,
        }
        for tensor in graph.graph.initializer:
            if tensor.data_location == onnx.TensorProto.EXTERNAL:
                assert {e.key: e.value for e in tensor.external_data}["location"] == WEIGHTS
            else:
                assert math.prod(tensor.dims) <= export.LARGEST


def test_the_command_writes_graphs_that_cast_half_precision(checkpoints, capsys):
    folder = release("vae-fashion", "float16")
    assert main(["export", "vae-fashion"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[0] for line in told] == [
        str(folder / f"{offer}{GRAPH}") for offer in ("decode", "encode", "likelihood")
    ]
    expect_equal(releases.load("vae-fashion"), folder)
    assert len(list(folder.glob("*.safetensors"))) == 1


def test_graphs_go_elsewhere_and_say_what_they_need(checkpoints, tmp_path, capsys):
    folder = release("nade-mnist")
    assert main(["export", "nade-mnist", "--to", str(tmp_path / "there")]) == 0
    assert str(folder / WEIGHTS) in capsys.readouterr().out
    assert not list(folder.glob(f"*{GRAPH}"))
    (tmp_path / "there" / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes())
    expect_equal(releases.load("nade-mnist"), tmp_path / "there")


def test_what_nade_offers_of_a_pixel_is_what_makes_its_logit():
    nade = recipes.override(recipes.get("nade-mnist"), TINY["nade-mnist"]).build_model()
    with torch.no_grad():
        for parameter in nade.parameters():
            parameter.normal_()
    x, i = (torch.rand(1, 1, 28, 28) < 0.3).float(), 400
    before, one = torch.zeros(2, 1, 784)
    before[:, :i], one[:, i] = 1, 1
    influence, hidden, terms = export.offers(nade)["pixel"].function(x, before, one)
    torch.testing.assert_close(influence[0], nade.influence(x, i), rtol=1e-4, atol=1e-5)
    logit = nade.conditionals(x).logits.flatten()[i]
    torch.testing.assert_close(terms.sum() + nade.b[i], logit, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(terms[0], nade.V[i] * hidden[0])


def test_graphs_go_with_the_weights_that_they_read(checkpoints):
    folder = release("nade-mnist")
    (folder / f"conditionals{GRAPH}").write_bytes(b"of these weights")
    (folder / "demo.npz").write_bytes(b"assets")
    release("nade-mnist")
    assert not list(folder.glob(f"*{GRAPH}"))
    assert (folder / "demo.npz").exists()


@pytest.mark.usefixtures("_real_releases")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ar1-mnist"], "none of its functions can be exported yet"),
        (["nade-mnist", "gan-mnist", "--to", "x"], "--to takes one release"),
        (["nade"], "There is no recipe 'nade'"),
    ],
)
def test_what_cannot_be_exported_is_told_in_a_sentence(words, sentence, capsys):
    assert main(["export", *words]) == 1
    said = capsys.readouterr().err
    assert said.startswith("genzoo: ")
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_told_in_a_sentence(package, checkpoints, monkeypatch, capsys):
    release("nade-mnist")
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["export", "nade-mnist"]) == 1
    assert capsys.readouterr().err == (
        "genzoo: An export needs the packages onnx and onnxscript: pip install 'genzoo[export]'.\n"
    )
