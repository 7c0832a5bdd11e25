"""Releases of a tiny Transformer and two tiny PixelRNNs with made assets."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.demo_app.released import DIGITS, folders, write_digits, write_release

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


def write_releases(folder: Path) -> None:
    """Releases of untrained models under their recipes' names, each with its demo.npz."""
    x = torch.from_numpy(DIGITS).float().view(-1, 1, 28, 28)
    for number, (name, sizes) in enumerate(TINY.items()):
        model = write_release(folder, name, sizes, {"nll": 123.4}, seed=number, scale=2)
        with torch.inference_mode():
            write_digits(folder, name, DIGITS, log_prob=model.log_prob(x).numpy())


folder, module_folder = folders(write_releases)
