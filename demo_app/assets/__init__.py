"""Make what the tabs show before anyone has drawn: `python -m demo_app.assets [NAME ...]`.

Each release's `demo.npz` lies beside its weights and holds plain arrays, no pickles; the app
itself then needs no data set. Reads the releases (GENZOO_CHECKPOINTS) and the test sets
(GENZOO_DATA).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import genzoo
from demo_app.assets import near
from demo_app.assets.compare import compared
from demo_app.assets.digits import (
    nade_mnist,
    orderless_mnist,
    pixels_joint_mnist,
    raster_mnist,
    rnade_plane,
)
from demo_app.assets.games import dcgan, infogan_mnist
from demo_app.assets.latents import aae_plane, vae_fashion, vae_mnist, vae_mnist_2d
from demo_app.services.datasets import DATA
from demo_app.store import ASSETS
from genzoo import releases

MAKERS: dict[str, Callable[[Any], dict[str, np.ndarray]]] = {
    "nade-mnist": nade_mnist,
    "nade-orderless-mnist": orderless_mnist,
    "pixels-joint-mnist": pixels_joint_mnist,
    "row-lstm-mnist": raster_mnist,
    "diagonal-bilstm-mnist": raster_mnist,
    "transformer-mnist": raster_mnist,
    "rnade-moons": partial(rnade_plane, data="moons"),
    "rnade-rings": partial(rnade_plane, data="rings"),
    "rnade-spirals": partial(rnade_plane, data="spirals"),
    "vae-mnist-2d": vae_mnist_2d,
    "vae-mnist-2d-beta01": vae_mnist_2d,
    "vae-mnist-2d-beta4": vae_mnist_2d,
    "vae-mnist": vae_mnist,
    "vae-mnist-beta025": vae_mnist,
    "vae-mnist-beta4": vae_mnist,
    "iwae-mnist": vae_mnist,
    "aae-mnist": partial(aae_plane, name="aae-mnist"),
    "aae-mnist-deterministic": partial(aae_plane, name="aae-mnist-deterministic"),
    "aae-mnist-ring": partial(aae_plane, name="aae-mnist-ring"),
    "aae-mnist-swiss-roll": partial(aae_plane, name="aae-mnist-swiss-roll"),
    "dcgan-mnist": partial(dcgan, data="mnist"),
    "dcgan-fashion": partial(dcgan, data="fashion"),
    "infogan-mnist": infogan_mnist,
    "stargan-avatars": lambda model: near.faces(),
    "cyclegan-avatars": lambda model: near.sketches(),
    **{data.judge: partial(compared, data=data.name) for data in DATA.values()},
    "vae-fashion": vae_fashion,
    "vae-fashion-beta4": vae_fashion,
    "vae-fashion-beta16": vae_fashion,
}


def make(name: str) -> Path:
    """Write the assets of one release; returns the file."""
    path = releases.find(name) / ASSETS
    arrays: dict[str, Any] = MAKERS[name](genzoo.load(name))
    np.savez_compressed(path, **arrays)
    return path
