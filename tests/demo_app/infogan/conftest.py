"""A release of a tiny InfoGAN with made assets, for tests of the service and of the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from demo_app.services.infogan import InfoGANService
from demo_app.store import ASSETS
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import CONFIG, Provenance
from tests.demo_app.released import folders

NAME = InfoGANService.name
MEANING = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]
"""The digit that is matched to each category, by the counts below."""

ERRORS = {"0": 2.5, "1": 1.5, "2": 9.0}
N_EXAMPLES = 2
PER_CLASS = 3


def write_release(folder: Path) -> None:
    """An untrained model under the recipe's own name, with a demo.npz and figures of three
    seeds."""
    tiny = {"model.width": 4, "model.width_trunk": 4, "model.n_hidden": 8}
    recipe = recipes.override(recipes.get(NAME), tiny)
    torch.manual_seed(0)
    model = recipe.build_model()
    with torch.no_grad():  # larger weights than at the start, so that pictures and codes differ
        for parameter in model.parameters():
            parameter.mul_(2.5)
        model.q[-1].weight.mul_(2)
    values = {"unsupervised_error": 2.5, "fid": 0.75, "fid_floor": 0.25, "category_error": 1.25}
    figures = [Figure(name, v, v - 0.25, v + 0.25, "", "made up") for name, v in values.items()]
    releases.save(recipe, model, Provenance(1000, 0.0, "none"), figures, folder / NAME)
    np.savez_compressed(folder / NAME / ASSETS, **assets())
    path = folder / NAME / CONFIG
    config = json.loads(path.read_text())
    config["seeds"] = {
        seed: [Figure("unsupervised_error", e, e, e, "%", "made up").to_dict()]
        for seed, e in ERRORS.items()
    }
    path.write_text(json.dumps(config))


folder, module_folder = folders(write_release)


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
    examples = np.zeros((len(pairs), 784), np.uint8)
    examples[:, :2] = [(20 * k, 20 * c) for k, c in pairs]
    return {
        "digits": shapes.astype(np.uint8),
        "labels": labels,
        "counts": counts(),
        "examples": examples,
        "example_categories": np.uint8([k for k, _ in pairs]),
        "example_labels": np.uint8([c for _, c in pairs]),
    }
