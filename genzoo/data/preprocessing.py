"""Gray pixels to black and white, or to a continuum. Figures on different ones are not comparable.

- dynamic: a pixel is 1 with probability equal to its gray value, sampled anew at each
  reading;  an evaluation set is sampled once, from a fixed seed (Salakhutdinov and Murray, 2008).
- static: sampled once for training too.
- threshold: gray > 0.5.
- dequantized: not binary, but 8-bit gray plus uniform noise of one step, sampled as in "dynamic",
  so  that a density can be fitted (Uria, Murray and Larochelle, 2013). If p is the density of such
  images, the mean of -log p(x) + D log 256 over the noise is at least -log P of the 8-bit image
  (Theis, van den Oord and Bethge, 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor

PREPROCESSINGS = ("none", "dynamic", "static", "threshold", "dequantized")

FIXED_SEED = 20080705
"""The seed of every set that is sampled once, so that all metrics are of the same sample."""


def binarize(x: Tensor, generator: torch.Generator) -> Tensor:
    """x in [0, 1] to {0, 1}, each pixel 1 with probability x."""
    return (torch.rand(x.shape, generator=generator) < x).to(x.dtype)


def dequantize(x: Tensor, generator: torch.Generator) -> Tensor:
    """x in {0, 1/255 .. 1} to the step of 1/256 that is its own, uniformly."""
    return (255 * x + torch.rand(x.shape, generator=generator)) / 256


def preprocess_once(x: Tensor, how: str) -> Tensor:
    """A whole set binarized for evaluation: noise comes from FIXED_SEED."""
    if how == "none":
        return x
    if how == "threshold":
        return (x > 0.5).to(x.dtype)
    if how in ("dynamic", "static"):
        return binarize(x, torch.Generator().manual_seed(FIXED_SEED))
    if how == "dequantized":
        return dequantize(x, torch.Generator().manual_seed(FIXED_SEED))
    raise ValueError(f"Unknown preprocessing {how!r}; there are: {', '.join(PREPROCESSINGS)}.")
