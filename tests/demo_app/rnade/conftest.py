"""Releases of tiny RNADEs with made assets, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo_app.services.rnade import RNADEService
from demo_app.store import ASSETS
from genzoo.models.rnade import RNADE
from tests.demo_app.conftest import write_nade
from tests.demo_app.released import folders, write_release

NAMES = ("rnade-moons", "rnade-rings", "rnade-spirals")


def write_releases(folder: Path) -> None:
    """The tiny NADE, whose tab this is too, and untrained models of points."""
    write_nade(folder)
    for number, name in enumerate(NAMES):
        tiny = {"model.n_hidden": 12, "model.n_components": 4}
        write_release(folder, name, tiny, {"nll": -1.25}, seed=number, change=vary)
        random = np.random.default_rng(number)
        np.savez_compressed(
            folder / name / ASSETS,
            points=random.random((200, 2)).astype(np.float16),
            gaussian=np.float32(-0.5),
            truth=np.float32(-1.5),
        )


def vary(model: RNADE) -> None:
    """Slices that differ from place to place, of narrower components."""
    model.V.mul_(12)
    model.b[:, -4:].sub_(1.5)


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def service(store):
    return RNADEService(store)
