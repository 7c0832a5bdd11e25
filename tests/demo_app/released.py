"""Releases that are made for tests, and where a test finds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from demo_app.services.near import NearTraining
from demo_app.services.real import Drawn
from demo_app.store import ASSETS
from genzoo import recipes, releases
from genzoo.data import ImageSet, avatars
from genzoo.metrics import Metric
from genzoo.recipes import base
from genzoo.releases import CONFIG, Provenance

TINY_VAE = {"model.width": 4, "model.n_hidden": 16}
"""Sizes of a VAE or an AAE."""

PER_CLASS = 3
DIGITS = np.random.default_rng(0).random((10 * PER_CLASS, 784)) < 0.2
"""Noise that stands for binary test digits, by class."""

TRAIN, TEST = (60, 0), (24, 1000)
"""How many faces there are, and the seed of the first."""


def by_the_elbo(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the VAE `name` trained by the ELBO itself, so that its bound is shown."""
    recipe = recipes.get(name)
    plain = replace(recipe, objective_kwargs={**recipe.objective_kwargs, "beta": 1.0})
    monkeypatch.setitem(base._REGISTRY, name, lambda: plain)


def folders(write: Callable[[Path], None]) -> tuple[Any, Any]:
    """Two fixtures: a folder in which `write` has put releases, and which is where they are looked
    for, made anew for each test; and the same for a whole module."""

    @pytest.fixture
    def folder(tmp_path, monkeypatch):
        write(tmp_path)
        monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
        return tmp_path

    @pytest.fixture(scope="module")
    def module_folder(tmp_path_factory):
        folder = tmp_path_factory.mktemp("releases")
        write(folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GENZOO_CHECKPOINTS", str(folder))
            yield folder

    return folder, module_folder


def write_release(
    folder: Path,
    name: str,
    sizes: Mapping[str, Any],
    figures: Mapping[str, float],
    *,
    seed: int = 0,
    scale: float = 1.0,
    change: Callable[[Any], None] | None = None,
    snapshots: Mapping[int, Tensor] | None = None,
) -> Any:
    """An untrained model under its recipe's own name, with figures that are made up.

    Args:
        scale: all weights are so many times larger than at the start, so that pictures differ.
        change: what else is done to the model, without gradients.

    Returns:
        the model.
    """
    recipe = recipes.override(recipes.get(name), sizes)
    torch.manual_seed(seed)
    model = recipe.build_model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
        if change is not None:
            change(model)
    made = [_figure(key, value) for key, value in figures.items()]
    releases.save(recipe, model, Provenance(1000, 60.0, "none"), made, folder / name, snapshots)
    return model


def write_seeds(folder: Path, name: str, figure: str, values: Sequence[float]) -> None:
    """A made-up figure of several trainings, into a release's config."""
    path = folder / name / CONFIG
    config = json.loads(path.read_text())
    config["seeds"] = {str(k): [_figure(figure, v).to_dict()] for k, v in enumerate(values)}
    path.write_text(json.dumps(config))


def write_digits(folder: Path, name: str, digits: np.ndarray, **more: np.ndarray) -> None:
    """A release's demo.npz: binary test digits (10 * PER_CLASS, 784) by class, and `more`."""
    labels = np.repeat(np.arange(10), PER_CLASS).astype(np.uint8)
    packed = np.packbits(digits, axis=1)
    np.savez_compressed(folder / name / ASSETS, digits=packed, labels=labels, **more)


def write_near(folder: Path, name: str, train: Tensor, **validation: Tensor) -> None:
    """A release's demo.npz that holds training images and nothing else; see `NearTraining`."""
    np.savez_compressed(folder / name / ASSETS, **NearTraining.packed(train, **validation))


@cache
def faces(n: int, first: int) -> ImageSet:
    """The n faces of the seeds from `first` on."""
    labels = [avatars.face(first + k) for k in range(n)]
    images = np.stack([avatars.render(face).transpose(2, 0, 1) for face in labels])
    return ImageSet(torch.from_numpy(images), torch.tensor(labels), avatars.CLASSES)


def write_faces(folder: Path, **more: np.ndarray) -> None:
    """A judge of faces with TRAIN and TEST as the real ones beside it, and `more`."""
    write_release(folder, "judge-avatars", recipes.get("judge-avatars").smoke, {})
    np.savez_compressed(folder / "judge-avatars" / ASSETS, **_packed(), **more)


@cache
def _packed() -> dict[str, Any]:
    return dict(Drawn.packed(train=faces(*TRAIN), test=faces(*TEST)))


def _figure(name: str, value: float) -> Metric:
    """Its interval is a tenth to each side."""
    off = abs(value) / 10
    return Metric(name, value, value - off, value + off, "", "made up")
