"""Training images that what somebody draws or brings is held against; see `services.near`."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from demo_app.services.near import NearTraining
from genzoo.data import avatars, load_images
from genzoo.data.preprocessing import preprocess_once

N_TRAIN, N_VALIDATION = 4000, 1000
"""Of either split, evenly spaced. No validation image is among the training images."""

N_TRAIN_SKETCHES, N_VALIDATION_SKETCHES = 300, 200
"""The same of sketches, which are drawn for this one by one."""


def digits() -> dict[str, np.ndarray]:
    """Of MNIST, white ink; the second limit is that of the same digits binarized."""
    splits = [load_images("mnist", split, hold_out=True) for split in ("train", "validation")]
    train, validation = (data.images for data in splits)
    few = _scaled(_some(validation, N_VALIDATION))
    binary = preprocess_once(few, "dynamic")
    return NearTraining.packed(
        _scaled(_some(train, N_TRAIN)), near_limit=few, near_limit_binary=binary
    )


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
    few = _scaled(_some(validation, N_VALIDATION))
    return NearTraining.packed(_scaled(_some(train, N_TRAIN)), near_limit=few)


def _scaled(x: Tensor) -> Tensor:
    return x.float() / 255


def _some(x: Tensor, n: int) -> Tensor:
    """n of the first axis, evenly spaced, or all."""
    return x[:: max(1, len(x) // n)][:n]
