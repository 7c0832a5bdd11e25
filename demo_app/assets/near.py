"""Training images that what somebody draws or brings is held against; see `services.near`."""

from __future__ import annotations

from itertools import starmap

import numpy as np
import torch
from torch import Tensor

from demo_app.services.near import NearTraining
from genzoo.data import avatars, load_images

N_TRAIN, N_VALIDATION = 4000, 1000
"""Of either split, evenly spaced. No validation image is among the training images."""

N_TRAIN_SKETCHES, N_VALIDATION_SKETCHES = 300, 200
"""The same of sketches, which are drawn for this one by one."""


def digits() -> dict[str, np.ndarray]:
    """Of MNIST, white ink."""
    splits = [load_images("mnist", split, hold_out=True) for split in ("train", "validation")]
    return _packed(*(data.images for data in splits))


def faces() -> dict[str, np.ndarray]:
    """Of avatars in color."""
    return _packed(*(load_images("avatars", split).images for split in ("train", "validation")))


def sketches() -> dict[str, np.ndarray]:
    """Of avatars as line drawings, their ink."""
    train, validation = (load_images("avatars", split).labels for split in ("train", "validation"))
    # In "avatars-unpaired" the second half of the training faces are sketches.
    few = (
        _some(train[len(train) // 2 :], N_TRAIN_SKETCHES),
        _some(validation, N_VALIDATION_SKETCHES),
    )
    drawn = (
        torch.from_numpy(np.stack([255 - avatars.sketch(tuple(face)) for face in some.tolist()]))
        for some in few
    )
    return _packed(*(x[:, None] for x in drawn))


def _packed(train: Tensor, validation: Tensor) -> dict[str, np.ndarray]:
    few = starmap(_some, ((train, N_TRAIN), (validation, N_VALIDATION)))
    return NearTraining.packed(*(x.float() / 255 for x in few))


def _some(x: Tensor, n: int) -> Tensor:
    """n of the first axis, evenly spaced, or all."""
    return x[:: max(1, len(x) // n)][:n]
