"""A release of a tiny orderless NADE with made assets; no other model of its tab is there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from demo_app.services.orderless import OrderlessService
from demo_app.store import ASSETS, Store
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance

NAME = "nade-orderless-mnist"
PER_CLASS = 3


def write_release(folder: Path) -> None:
    sizes = {"model.width": 2, "model.n_hidden": 4}
    recipe = recipes.override(recipes.get(NAME), sizes)
    torch.manual_seed(0)
    model = recipe.build_model()
    with torch.no_grad():  # larger weights than at the start: an opinion on every pixel
        for parameter in model.parameters():
            parameter.mul_(3.0)
    figures = [Figure("nll", 123.4, 120.0, 126.0, "nats", "made up")]
    releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / NAME)
    digits = np.random.default_rng(0).random((10 * PER_CLASS, 784)) < 0.2
    np.savez_compressed(
        folder / NAME / ASSETS,
        digits=np.packbits(digits, axis=1),
        labels=np.repeat(np.arange(10), PER_CLASS).astype(np.uint8),
    )


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory):
    """The folder where a module's releases are looked for."""
    folder = tmp_path_factory.mktemp("releases")
    write_release(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENZOO_CHECKPOINTS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def service(module_folder):
    return OrderlessService(Store())
