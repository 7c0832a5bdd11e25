"""A release of a tiny InfoGAN with made assets, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from demo_app.services.infogan import InfoGANService
from demo_app.services.near import NearTraining
from demo_app.store import ASSETS
from genzoo.models.infogan import InfoGAN
from tests.demo_app.released import PER_CLASS, folders, write_release, write_seeds

NAME = next(iter(InfoGANService.needs))
MEANING = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
"""The digit that is matched to each category, by the counts below."""

ERRORS = [2.5, 1.5, 9.0]
N_EXAMPLES = 2


def write_releases(folder: Path) -> None:
    """An untrained model under the recipe's own name, with a demo.npz and figures of three
    seeds."""
    tiny = {"model.width": 4, "model.width_trunk": 4, "model.n_hidden": 8}
    figures = {
        "unsupervised_error": 2.5,
        "fid": 0.75,
        "fid_train_reference": 0.25,
        "category_error": 1.25,
    }
    write_release(folder, NAME, tiny, figures, scale=2.5, change=sharpen)
    np.savez_compressed(folder / NAME / ASSETS, **assets())
    write_seeds(folder, NAME, "unsupervised_error", ERRORS)


def sharpen(model: InfoGAN) -> None:
    """So that codes differ as the pictures do."""
    model.q[-1].weight.mul_(2)


folder, module_folder = folders(write_releases)


def counts() -> np.ndarray:
    """90 of each matched pair, and one wrong pair in each row, that of category 2 the largest."""
    n = np.zeros((10, 10), dtype=np.int64)
    for k, digit in enumerate(MEANING):
        n[k, digit] = 90
        n[k, (digit + 1) % 10] = 30 if k == 2 else 5
    return n


def assets() -> dict[str, np.ndarray]:
    """Digits that are one gray for each class and number; examples that say which they are in
    their first two pixels."""
    labels = np.repeat(np.arange(10), PER_CLASS).astype(np.uint8)
    random = np.random.default_rng(0)
    shapes = (random.random((len(labels), 784)) < 0.2) * random.integers(100, 256, (1, 784))
    pairs = [pair for pair in np.argwhere(counts()) for _ in range(N_EXAMPLES)]
    near = torch.from_numpy(shapes).float().view(-1, 1, 28, 28) / 255
    examples = np.zeros((len(pairs), 784), np.uint8)
    examples[:, :2] = [(20 * k, 20 * c) for k, c in pairs]
    return {
        "digits": shapes.astype(np.uint8),
        "labels": labels,
        "counts": counts(),
        "examples": examples,
        "example_categories": np.uint8([k for k, _ in pairs]),
        "example_labels": np.uint8([c for _, c in pairs]),
        **NearTraining.packed(near, near_limit=0.7 * near),
    }
