"""Releases of tiny models of digits of every kind that completes one, and the page of the part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from demo_app import shell
from demo_app.services.faceoff import FaceOffService
from demo_app.store import ASSETS, Store
from demo_app.tabs import faceoff
from genzoo import recipes, releases
from genzoo.releases import Provenance
from tests.demo_app.page import served
from tests.demo_app.released import folders

TINY = {
    "nade-mnist": {"model.n_hidden": 6},
    "ar1-mnist": {},
    "nade-orderless-mnist": {"model.width": 2, "model.n_hidden": 8},
    "row-lstm-mnist": {"model.n_hidden": 3, "model.n_layers": 1, "model.n_channels": 4},
    "vae-mnist-2d": {"model.width": 4, "model.n_hidden": 16},
    "aae-mnist": {"model.width": 4, "model.n_hidden": 16},
    "vae-fashion": {"model.width": 4, "model.n_hidden": 16},
}
PER_CLASS = 3


def write_releases(folder: Path) -> None:
    """Untrained models under their recipes' names; beside the NADE the test digits."""
    for number, (name, sizes) in enumerate(TINY.items()):
        recipe = recipes.override(recipes.get(name), sizes)
        torch.manual_seed(number)
        model = recipe.build_model()
        with torch.no_grad():  # an opinion on every pixel, but none that is sure
            for parameter in model.parameters():
                parameter.mul_(1.5).add_(0.05 * torch.randn(parameter.shape))
        releases.save(recipe, model, Provenance(0, 0.0, "none"), [], folder / name)
    digits = np.random.default_rng(0).random((10 * PER_CLASS, 784)) < 0.2
    np.savez_compressed(
        folder / "nade-mnist" / ASSETS,
        digits=np.packbits(digits, axis=1),
        labels=np.repeat(np.arange(10), PER_CLASS).astype(np.uint8),
    )


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def store(module_folder):
    return Store()


@pytest.fixture(scope="module")
def service(store):
    return FaceOffService(store)


@pytest.fixture(scope="module")
def address(store):
    with served([shell.Tab("compare", "Compare", [(FaceOffService, faceoff.build)])], store) as at:
        yield at
