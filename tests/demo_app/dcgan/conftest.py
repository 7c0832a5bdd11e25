"""Releases of tiny DCGANs with made assets, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demo_app.services.dcgan import DCGANService
from demo_app.store import ASSETS
from tests.demo_app.released import folders, write_release, write_seeds

NAMES = DCGANService.models
N_SEARCHED = 2
EXAMPLE = [[[0, 1], [1, 2], [0, 3]], [[0, 4], [1, 5], [0, 6]], [[0, 7], [1, 8], [0, 9]]]
ENDS = [[0, 10], [0, 21]]
FIDS = [7.0, 9.0, 8.0]


def write_releases(folder: Path) -> None:
    """Releases of untrained models under their recipes' names, each with a demo.npz."""
    figures = {"fid": 7.0, "fid_train_reference": 0.5, "nearest": 5.5, "near_copies": 0.0}
    for number, name in enumerate(NAMES):
        write_release(folder, name, {"model.width": 4}, figures, seed=number, scale=3)
        np.savez_compressed(folder / name / ASSETS, **assets(number))
    write_seeds(folder, NAMES[0], "fid", FIDS)


folder, module_folder = folders(write_releases)


def assets(seed: int) -> dict[str, np.ndarray]:
    """Of any cell the nearest is 0.5 away, or 0.02 in the second row; real ones are from 0.1 to
    2.1, 1.1 by the median."""
    random = np.random.default_rng(seed)
    directions, _ = np.linalg.qr(random.normal(size=(64, 8)))
    distances = np.tile(np.float16([0.5, 0.75, 1.0]), (N_SEARCHED, 64, 1))
    distances[:, 8:16, 0] = 0.02
    distances[:, 16:24] = 9
    return {
        "pictures": random.integers(0, 256, (12, 784)).astype(np.uint8),
        "labels": (np.arange(12) % 10).astype(np.uint8),
        "neighbours": random.integers(0, 12, (N_SEARCHED, 64, 3)).astype(np.uint16),
        "distances": distances,
        "real_distances": np.linspace(0.1, 2.1, 201).astype(np.float16),
        "directions": directions.T.astype(np.float16),
        "gains": np.linspace(4, 1, 8).astype(np.float16),
        "example": np.array(EXAMPLE, np.uint16),
        "example_classes": np.array([4, 2], np.uint8),
        "ends": np.array(ENDS, np.uint16),
    }
