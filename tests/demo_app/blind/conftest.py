"""Releases of tiny models that take part in the blind test, and the page of the part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo_app import shell
from demo_app.services.blind import BlindService
from demo_app.store import ASSETS
from demo_app.tabs import blind
from tests.demo_app.page import served
from tests.demo_app.released import (
    DIGITS,
    TINY_VAE,
    folders,
    write_digits,
    write_faces,
    write_release,
)

TINY = {
    "nade-mnist": ({"model.n_hidden": 6}, 9.0),
    "ar1-mnist": ({}, 77.0),
    "nade-orderless-mnist": ({"model.width": 2, "model.n_hidden": 8}, 4.0),
    "vae-mnist": (TINY_VAE, 11.0),
    "vae-mnist-2d": (TINY_VAE, 30.5),
    "aae-mnist": (TINY_VAE, 30.0),
    "dcgan-mnist": ({"model.width": 4}, 2.0),
    "gan-mnist": ({"model.n_hidden": 8}, 3.0),
    "dcgan-fashion": ({"model.width": 4}, 2.0),
    "infogan-mnist": ({"model.width": 4, "model.width_trunk": 4, "model.n_hidden": 8}, 99.0),
    "vae-fashion": (TINY_VAE, 18.0),
    "pixels-independent-mnist": ({}, None),
    "dcgan-avatars": ({"model.width": 4}, 170.0),
    "vae-avatars": (TINY_VAE, 150.0),
}
"""Sizes, and the FID, None where it was not measured."""

BINARY = {"nade-mnist": "nade", "vae-mnist": "vae", "aae-mnist": "aae"}
GRAY = {"dcgan-mnist": "dcgan", "gan-mnist": "gan"}
"""Those that ought to take part on digits, and their families."""

REFERENCE = 147.7
"""The FID of training faces."""


def write_releases(folder: Path) -> None:
    """Untrained models under their recipes' names; test images beside three of them."""
    for number, (name, (sizes, fid)) in enumerate(TINY.items()):
        figures = {} if fid is None else {"fid": fid}
        if "avatars" in name:
            figures["fid_train_reference"] = REFERENCE
        write_release(folder, name, sizes, figures, seed=number, scale=2)
    write_digits(folder, "nade-mnist", DIGITS)
    write_faces(folder)
    gray = np.random.default_rng(0).integers(0, 256, (20, 784)).astype(np.uint8)
    np.savez_compressed(folder / "infogan-mnist" / ASSETS, digits=gray)
    np.savez_compressed(folder / "vae-fashion" / ASSETS, images=gray[:12])


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def service(store):
    return BlindService(store)


@pytest.fixture(scope="module")
def address(store, port):
    with served([shell.Tab("blind", [(BlindService, blind.build)])], store, port) as at:
        yield at
