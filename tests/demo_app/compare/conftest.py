"""Tiny releases of each kind of model, with a judge's assets by which they are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo_app.services.compare import CompareService
from demo_app.store import ASSETS
from genzoo import recipes
from tests.demo_app.released import folders, write_faces, write_release

SECONDS = {
    "gan-mnist": 0.004,
    "nade-mnist": 0.03,
    "vae-mnist": 0.02,
    "vae-mnist-beta4": 0.02,
    "nade-orderless-mnist": 60.0,
    "rnade-fashion": 1.5,
    "dcgan-avatars": 0.1,
    "text2image-avatars": 0.2,
    "transformer-avatars": 0.5,
}
FIDS = {
    "gan-mnist": 3.0,
    "vae-mnist": 12.0,
    "vae-mnist-beta4": 6.0,
    "nade-mnist": 8.0,
    "dcgan-avatars": 175.0,
    "transformer-avatars": 154.0,
}
NLLS = {"nade-mnist": 84.0, "nade-orderless-mnist": 81.0, "rnade-fashion": 1780.0}
ROWS, COLUMNS = ["nade-mnist", "vae-mnist", "ar1-mnist"], ["gan-mnist", "nade-mnist", "aae-mnist"]


def write_releases(folder: Path) -> None:
    """Untrained models under their recipes' own names, and figures that are made up. Of two models
    in the judge's matrix there is no release."""
    for number, name in enumerate(SECONDS):
        smoke = recipes.get(name).smoke
        tiny = {key: v for key, v in smoke.items() if key not in ("data", "model.event_shape")}
        figures = {"seconds_64": SECONDS[name], "seconds_1": SECONDS[name] / 20}
        figures |= {"fid": FIDS[name]} if name in FIDS else {}
        if name == "dcgan-avatars":
            figures |= {"fid_train_reference": 147.7, "precision": 81.0, "recall": 62.5}
        figures |= {"nll": NLLS[name]} if name in NLLS else {}
        figures |= {"nll_bound": 90.0} if name.startswith("vae") else {}
        figures |= {"fid_shown": 14.0} if name == "vae-mnist" else {}
        write_release(folder, name, tiny, figures, seed=number)
    for name, n_bits in (("judge-mnist", 1), ("judge-fashion", 2)):
        write_release(folder, name, recipes.get(name).smoke, {})
        np.savez_compressed(folder / name / ASSETS, **_assets(n_bits))
    write_faces(folder, **nobody_believes(3))


folder, module_folder = folders(write_releases)


def training_images(n_bits: int) -> np.ndarray:
    """(7000, 784) in so many levels, 0 to 1; more than are compared at once."""
    images = np.random.default_rng(n_bits).integers(0, 2**n_bits, (7000, 784))
    return images / (2**n_bits - 1)


def _assets(n_bits: int) -> dict[str, np.ndarray]:
    levels = np.rint(training_images(n_bits) * (2**n_bits - 1)).astype(np.uint8)
    bits = np.unpackbits(levels[:, :, None], axis=2)[:, :, 8 - n_bits :]
    random = np.random.default_rng(0)
    slow = ["nade-orderless-mnist"] if n_bits == 1 else []
    return {
        "train": np.packbits(bits.reshape(len(levels), -1), axis=1),
        "train_bits": np.array(n_bits),
        "train_labels": (np.arange(7000) % 10).astype(np.uint8),
        "slow": np.array(slow, dtype=str),
        "sheets": 255 * random.integers(0, 2, (len(slow), 64, 784)).astype(np.uint8),
        "rows": np.array(ROWS if slow else ["rnade-fashion"], dtype=str),
        "columns": np.array(COLUMNS if slow else ["rnade-fashion"], dtype=str),
        "log_p": _log_p(n_bits),
        "real": np.float32([[-84.0] * 64, [-90.0] * 64, [-145.0] * 64][: 3 if slow else 1]),
    }


def nobody_believes(n: int) -> dict[str, np.ndarray]:
    """The judge's matrix where no model of n can say how likely a picture is."""
    return {
        "slow": np.array([], dtype=str),
        "sheets": np.zeros(0, np.uint8),
        "rows": np.array([], dtype=str),
        "columns": np.array([f"{k}-avatars" for k in range(n)]),
        "log_p": np.zeros((0, n, 64), np.float32),
        "real": np.zeros((0, 64), np.float32),
    }


def _log_p(n_bits: int) -> np.ndarray:
    shape = (3, 3, 64) if n_bits == 1 else (1, 1, 64)
    means = -80 - 10 * np.arange(np.prod(shape[:2])).reshape(*shape[:2], 1)
    return (means + np.tile([-1.0, 1.0], 32)).astype(np.float32)


@pytest.fixture(scope="module")
def service(store):
    return CompareService(store)
