"""Gray pixels to black and white. Figures on different binarizations are not comparable.

- dynamic: a pixel is 1 with probability equal to its gray value, drawn anew each time it is read;
  an evaluation set is drawn once, from a fixed seed (Salakhutdinov and Murray, 2008).
- static: drawn once for training too.
- threshold: gray > 0.5.
"""

from __future__ import annotations

import torch
from torch import Tensor

BINARIZATIONS = ("none", "dynamic", "static", "threshold")

FIXED_SEED = 20080705
"""The one seed of every set that is drawn once, so that all figures are on the same draw."""


def binarize(x: Tensor, generator: torch.Generator) -> Tensor:
    """x in [0, 1] to {0, 1}, each pixel 1 with probability x."""
    return (torch.rand(x.shape, generator=generator) < x).to(x.dtype)


def binarize_once(x: Tensor, how: str) -> Tensor:
    """A whole set binarized for evaluation: dynamic and static are drawn from FIXED_SEED."""
    if how == "none":
        return x
    if how == "threshold":
        return (x > 0.5).to(x.dtype)
    if how in ("dynamic", "static"):
        return binarize(x, torch.Generator().manual_seed(FIXED_SEED))
    raise ValueError(f"Unknown binarization {how!r}; there are: {', '.join(BINARIZATIONS)}.")
