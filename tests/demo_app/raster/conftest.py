"""Releases of a tiny Transformer and two tiny PixelRNNs with made assets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from demo_app.store import ASSETS
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance
from tests.demo_app.released import folders

TINY = {
    "transformer-mnist": {
        "model.width": 12,
        "model.n_layers": 2,
        "model.n_heads": 3,
        "model.window": 2,
    },
    "row-lstm-mnist": {"model.n_hidden": 3, "model.n_layers": 1, "model.n_channels": 4},
    "diagonal-bilstm-mnist": {"model.n_hidden": 3, "model.n_layers": 1, "model.n_channels": 4},
}
PER_CLASS = 3


def write_releases(folder: Path) -> None:
    """Releases of untrained models under their recipes' names, each with its demo.npz."""
    digits = np.random.default_rng(0).random((10 * PER_CLASS, 784)) < 0.2
    for number, (name, sizes) in enumerate(TINY.items()):
        recipe = recipes.override(recipes.get(name), sizes)
        torch.manual_seed(number)
        model = recipe.build_model()
        with torch.no_grad():  # larger weights than at the start: an opinion on every pixel
            for parameter in model.parameters():
                parameter.mul_(2.0)
        figures = [Figure("nll", 123.4, 120.0, 126.0, "nats", "made up")]
        releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / name)
        with torch.inference_mode():
            x = torch.from_numpy(digits).float().view(-1, 1, 28, 28)
            scores = model.log_prob(x).numpy()
        np.savez_compressed(
            folder / name / ASSETS,
            digits=np.packbits(digits, axis=1),
            labels=np.repeat(np.arange(10), PER_CLASS).astype(np.uint8),
            log_prob=scores,
        )


folder, module_folder = folders(write_releases)
