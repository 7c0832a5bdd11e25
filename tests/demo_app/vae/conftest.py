"""Releases of tiny VAEs with made assets, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from demo_app.store import ASSETS
from tests.demo_app.released import TINY_VAE, folders, write_near, write_release

PLANES = ("vae-mnist-2d-beta01", "vae-mnist-2d", "vae-mnist-2d-beta4")
NAMES = (*PLANES, "vae-mnist", "vae-mnist-beta4", "iwae-mnist", "vae-fashion")
PER_CLASS = {"vae-mnist": 4, "vae-mnist-beta4": 4, "iwae-mnist": 4, "vae-fashion": 3}
MEASURED = {
    "nll_bound": 100.0,
    "reconstruction": 80.5,
    "kl": 25.25,
    "active_latents": 31.0,
}


def write_releases(folder: Path) -> None:
    """Releases of untrained models under their recipes' names, each with its demo.npz."""
    for number, name in enumerate(NAMES):
        figures = {**MEASURED, "fid": 12.5} if name == "iwae-mnist" else MEASURED
        write_release(folder, name, TINY_VAE, figures, seed=number, scale=1.6)
        np.savez_compressed(folder / name / ASSETS, **_assets(name))
    # What a drawing is held against lies beside another release.
    write_release(folder, "infogan-mnist", {"model.width": 4, "model.width_trunk": 4}, {})
    digits = torch.from_numpy(_assets("vae-mnist")["images"]).view(-1, 1, 28, 28) / 255
    fainter = 0.7 * digits  # at a distance of 0.3
    write_near(folder, "infogan-mnist", digits, near_limit=digits, near_limit_binary=fainter)


folder, module_folder = folders(write_releases)


def _log_q() -> np.ndarray:
    """Codes that lie as N((1, 0), 0.5^2 I): crowded about there, a hole at the origin's left."""
    x, y = np.meshgrid(np.linspace(-4, 4, 81), np.linspace(-4, 4, 81))
    squares = ((x - 1) ** 2 + y**2) / 0.25
    return np.maximum(-squares / 2 - np.log(2 * np.pi * 0.25), -30).astype(np.float16)


def _assets(name: str) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    if name in PLANES:
        labels = np.arange(200) % 10
        turn = 2 * np.pi * labels / 10
        spread = {"vae-mnist-2d-beta01": 3.5, "vae-mnist-2d-beta4": 1}.get(name, 2)
        centers = spread * np.stack([np.cos(turn), np.sin(turn)], 1)
        return {
            "points": (centers + 0.2 * random.normal(size=(200, 2))).astype(np.float32),
            "log_q": _log_q(),
            "labels": labels.astype(np.uint8),
            "digits": np.packbits(random.random((200, 784)) < 0.2, axis=1),
        }
    n = PER_CLASS[name]
    images = random.integers(0, 256, (10 * n, 784))
    if name != "vae-fashion":
        images = np.where(images > 200, 255, 0)
    return {
        "images": images.astype(np.uint8),
        "labels": np.repeat(np.arange(10), n).astype(np.uint8),
        # The last latent is the most used, the first not at all.
        "kl": np.linspace(0, 3, 32).astype(np.float32),
        "reconstruction": np.float32(-90.0),
    }
