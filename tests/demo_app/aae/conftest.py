"""Releases of tiny AAEs and VAEs with made assets, for tests of the service and of the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from demo_app.services.aae import AAEService
from demo_app.store import ASSETS
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import CONFIG, Provenance
from tests.demo_app.released import folders

NAMES = (*AAEService.planes, AAEService.vae, *AAEService.pair)
N = 60
IMAGES_SEEN = [0, 1000, 4000, 16000]
FIDS = {"vae-mnist-8": [12.0, 10.0, 11.0], "aae-mnist-8": [8.0, 9.0, 10.0]}
P_VALUES = {"aae-mnist": 0.31, "aae-mnist-ring": 0.005}


def write_releases(folder: Path) -> None:
    """Releases of untrained models under their recipes' names, the planes with a demo.npz."""
    for number, name in enumerate(NAMES):
        recipe = recipes.override(recipes.get(name), {"model.width": 4, "model.n_hidden": 16})
        torch.manual_seed(number)
        model = recipe.build_model()
        with torch.no_grad():  # larger weights than at the start, so that pictures differ
            for parameter in model.parameters():
                parameter.mul_(1.6)
        releases.save(recipe, model, Provenance(0, 0.0, "none"), _figures(name), folder / name)
        if name in AAEService.planes:
            np.savez_compressed(folder / name / ASSETS, **_assets(number))
        if name in FIDS:
            write_seeds(folder, name, FIDS[name])


folder, module_folder = folders(write_releases)


def write_seeds(folder: Path, name: str, fids: list[float]) -> None:
    """The judge FID of several trainings, into a release's config."""
    path = folder / name / CONFIG
    config = json.loads(path.read_text())
    config["seeds"] = {str(seed): [_figure("fid", fid)] for seed, fid in enumerate(fids)}
    path.write_text(json.dumps(config))


def _figure(name: str, value: float) -> dict:
    return Figure(name, value, value, value, "", "made up").to_dict()


def _figures(name: str) -> list[Figure]:
    values = {"reconstruction": 133.25, "fid": FIDS.get(name, [20.0])[0]}
    if name in P_VALUES:
        values |= {"prior_distance": 0.0123, "prior_distance_floor": 0.0045}
        values["prior_p_value"] = P_VALUES[name]
    return [Figure(key, value, value, value, "", "made up") for key, value in values.items()]


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
        "floor": np.float32(0.004),
        "log_q": np.maximum(log_q, -30).astype(np.float16),
    }
