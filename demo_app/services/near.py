"""How far an image that somebody brings is from what a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

NEEDED = frozenset({"near_levels", "near_limit"})
"""The arrays beside a release by which a `NearTraining` is made."""

PERCENTILE = 99.0
"""Of validation images' distances: what is further than this is far from the training data."""

SIDE = 16
"""Pixels along a side to which images are averaged before they are compared, at most."""


class NearTraining:
    """A fixed sample of training images, and how far validation images are from them.

    The distance of an image x is the least |x - t| / max(|x|, |t|) over these images t, all
    averaged to at most 16 x 16 pixels: 0 for one of them, 1 for a blank image where ink is 1.

    Args:
        assets: the arrays that `packed` made.
    """

    def __init__(self, assets: Mapping[str, np.ndarray]):
        self._train = torch.from_numpy(assets["near_levels"]).float() / 255
        self._squares = self._train.square().sum(1)
        self.limit = float(assets["near_limit"])

    def distance(self, images: Tensor) -> Tensor:
        """Distances (N,) of images (N, C, H, W) in [0, 1], where 0 is paper."""
        x = _averaged(images)
        squares = x.square().sum(1, keepdim=True)
        apart = (squares + self._squares - 2 * x @ self._train.T).clamp(min=0)
        return (apart / torch.maximum(squares, self._squares).clamp(min=1e-6)).amin(1).sqrt()

    def about(self, image: Tensor) -> dict[str, Any]:
        """Of an image (1, C, H, W): its distance; limit, beyond which 1 validation image in 100
        lies; and is_far, whether it is beyond."""
        distance = float(self.distance(image))
        return {"distance": distance, "limit": self.limit, "is_far": distance > self.limit}

    @classmethod
    def packed(cls, train: Tensor, validation: Tensor) -> dict[str, np.ndarray]:
        """The arrays of images (N, C, H, W) in [0, 1] of both splits, where 0 is paper."""
        levels = (255 * _averaged(train)).round().byte().numpy()
        arrays: dict[str, np.ndarray] = {"near_levels": levels, "near_limit": np.zeros(())}
        limit = np.percentile(cls(arrays).distance(validation).numpy(), PERCENTILE)
        return {**arrays, "near_limit": np.asarray(limit, np.float32)}


def _averaged(images: Tensor) -> Tensor:
    """Images (N, C, H, W) with fewer pixels, flattened, (N, D)."""
    return F.avg_pool2d(images, -(-images.shape[-1] // SIDE)).flatten(1)
