"""Releases of tiny RNADEs with made assets, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from demo_app.services.rnade import RNADEService
from demo_app.store import ASSETS
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance

NAMES = ("rnade-moons", "rnade-rings", "rnade-spirals")


@pytest.fixture
def folder(folder):
    """The folder of the tiny NADE, whose tab this is too, with all three releases."""
    write_releases(folder)
    return folder


@pytest.fixture(scope="module")
def module_folder(module_folder):
    """The same for a whole module."""
    write_releases(module_folder)
    return module_folder


@pytest.fixture(scope="module")
def service(store):
    return RNADEService(store)


def write_releases(folder: Path) -> None:
    """Untrained models under their recipes' names, whose slices differ from place to place."""
    for number, name in enumerate(NAMES):
        tiny = {"model.n_hidden": 12, "model.n_components": 4}
        recipe = recipes.override(recipes.get(name), tiny)
        torch.manual_seed(number)
        model = recipe.build_model()
        with torch.no_grad():
            model.V.mul_(12)
            model.b[:, -4:].sub_(1.5)  # narrower
        figures = [Figure("nll", -1.25, -1.3, -1.2, "nats", "made up")]
        releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / name)
        random = np.random.default_rng(number)
        np.savez_compressed(
            folder / name / ASSETS,
            points=random.random((200, 2)).astype(np.float16),
            gaussian=np.float32(-0.5),
            truth=np.float32(-1.5),
        )
