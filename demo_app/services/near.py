"""How far an image that somebody brings is from what a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from demo_app.errors import Unavailable
from demo_app.store import Store

NEEDED = frozenset({"near_levels", "near_limit"})
"""The arrays beside a release by which a `NearTraining` is made."""

KEPT = {
    "digits": ("infogan-mnist", "near_limit"),
    "binary digits": ("infogan-mnist", "near_limit_binary"),
    "faces": ("stargan-avatars", "near_limit"),
    "sketches": ("cyclegan-avatars", "near_limit"),
}
"""Beside which release the sample of each kind of image lies, once for every tab that asks, and
which of its arrays is the limit."""

PERCENTILE = 99.0
"""Of validation images' distances: what is further than this is far from the training data."""

SIDE = 16
"""Pixels along a side to which images are averaged before they are compared, at most."""


class NearTraining:
    """A fixed sample of training images, and how far validation images are from them.

    The distance of an image x is the least |x - t| / max(|x|, |t|) over these images t, all
    averaged to at most 16 x 16 pixels and without the mean of each channel: 0 for one of them, 1
    for a plain image of any color. With the mean a plain gray face would be nearer than most
    validation faces are, since all of them are about as bright.

    Args:
        assets: the arrays that `packed` made.
        limit: the name of the one that is the limit.
    """

    def __init__(self, assets: Mapping[str, np.ndarray], limit: str = "near_limit"):
        self._train = _centered(torch.from_numpy(assets["near_levels"]).float() / 255)
        self._squares = self._train.square().sum(1)
        self.limit = float(assets[limit])

    @classmethod
    def kept(cls, store: Store, kind: str) -> NearTraining:
        """That of one of `KEPT`.

        Raises:
            Unavailable: when the release is not there, or lacks the arrays.
        """
        name, limit = KEPT[kind]
        return cls(store.assets(name, NEEDED | {limit}), limit)

    @classmethod
    def if_kept(cls, store: Store, kind: str) -> NearTraining | None:
        """The same, or None: of a tab that has more to tell."""
        try:
            return cls.kept(store, kind)
        except Unavailable:
            return None

    def distance(self, images: Tensor) -> Tensor:
        """Distances (N,) of images (N, C, H, W) in [0, 1], where 0 is paper."""
        x = _centered(_averaged(images))
        squares = x.square().sum(1, keepdim=True)
        apart = (squares + self._squares - 2 * x @ self._train.T).clamp(min=0)
        return (apart / torch.maximum(squares, self._squares).clamp(min=1e-6)).amin(1).sqrt()

    def about(self, image: Tensor) -> dict[str, Any]:
        """Of an image (1, C, H, W): its distance; limit, beyond which 1 validation image in 100
        lies; and is_far, whether it is beyond."""
        distance = float(self.distance(image))
        return {"distance": distance, "limit": self.limit, "is_far": distance > self.limit}

    @classmethod
    def packed(cls, train: Tensor, **validation: Tensor) -> dict[str, np.ndarray]:
        """The arrays of training images, and of validation images by the name of their limit; all
        of them (N, C, H, W) in [0, 1], where 0 is paper.

        Returns:
            near_levels, the training images averaged (N, C, h, w), uint8; and for each limit its
            distance, () float32.
        """
        levels = (255 * _averaged(train)).round().byte().numpy()
        near = cls({"near_levels": levels, "near_limit": np.zeros(())})
        limits = {
            name: np.asarray(np.percentile(near.distance(x).numpy(), PERCENTILE), np.float32)
            for name, x in validation.items()
        }
        return {"near_levels": levels, **limits}


def _averaged(images: Tensor) -> Tensor:
    """Images (N, C, H, W) with fewer pixels."""
    return F.avg_pool2d(images, -(-images.shape[-1] // SIDE))


def _centered(x: Tensor) -> Tensor:
    """(N, C, H, W) without the mean of each channel, flattened, (N, D)."""
    return (x - x.mean((2, 3), keepdim=True)).flatten(1)
