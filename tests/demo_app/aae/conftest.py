"""Releases of tiny AAEs and VAEs with made assets, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demo_app.services.aae import AAEService
from demo_app.store import ASSETS
from tests.demo_app.released import TINY_VAE, folders, write_release, write_seeds

NAMES = (*AAEService.planes, AAEService.vae, *AAEService.pair)
N = 60
IMAGES_SEEN = [0, 1000, 4000, 16000]
FIDS = {"vae-mnist-8": [12.0, 10.0, 11.0], "aae-mnist-8": [8.0, 9.0, 10.0]}
P_VALUES = {"aae-mnist": 0.31, "aae-mnist-ring": 0.005}


def write_releases(folder: Path) -> None:
    """Releases of untrained models under their recipes' names, the planes with a demo.npz."""
    for number, name in enumerate(NAMES):
        write_release(folder, name, TINY_VAE, _figures(name), seed=number, scale=1.6)
        if name in AAEService.planes:
            np.savez_compressed(folder / name / ASSETS, **_assets(number))
        if name in FIDS:
            write_seeds(folder, name, "fid", FIDS[name])


folder, module_folder = folders(write_releases)


def _figures(name: str) -> dict[str, float]:
    values = {"reconstruction": 133.25, "fid": FIDS.get(name, [20.0])[0]}
    if name in P_VALUES:
        values |= {"prior_distance": 0.0123, "prior_distance_reference": 0.0045}
        values |= {"off_prior": 1.25, "nll_bound": 150.25}
        values["prior_p_value"] = P_VALUES[name]
    return values


def _assets(seed: int) -> dict[str, np.ndarray]:
    """Codes that start together and end on a circle, a class at each tenth of a turn; q(z) is
    N((1, 0), 0.5^2 I), whatever the codes."""
    random = np.random.default_rng(seed)
    labels = np.arange(N) % 10
    turn = 2 * np.pi * labels / 10
    end = 2 * np.stack([np.cos(turn), np.sin(turn)], 1) + 0.1 * random.normal(size=(N, 2))
    start = 0.02 * random.normal(size=(N, 2))
    codes = [(1 - t) * start + t * end for t in np.linspace(0, 1, len(IMAGES_SEEN))]
    x, y = np.meshgrid(np.linspace(-4, 4, 161), np.linspace(-4, 4, 161))
    log_q = -((x - 1) ** 2 + y**2) / 0.5 - np.log(2 * np.pi * 0.25)
    return {
        "labels": labels.astype(np.uint8),
        "digits": np.packbits(random.random((N, 784)) < 0.2, axis=1),
        "images_seen": np.int64(IMAGES_SEEN),
        "codes": np.float16(codes),
        "distance": np.float32([1.0, 0.2, 0.05, 0.01]),
        "log_q": np.maximum(log_q, -30).astype(np.float16),
    }
