"""What a model is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data import PARTS, SPLITS, ImageSet
from genzoo.data.preprocessing import preprocess_once

if TYPE_CHECKING:
    from genzoo.roles import Evaluator

PREPROCESSING = {
    "none": "8-bit gray",
    "dynamic": "dynamic binarization",
    "static": "static binarization",
    "threshold": "threshold binarization",
    "dequantized": "uniformly dequantized 8-bit gray",
}
"""How a setting names the pixels that a probability is of."""

BINARY = ("dynamic", "static", "threshold")


@dataclass(frozen=True)
class Evaluation:
    """Everything that metrics depend on besides the model. `genzoo.recipes.evaluate` makes one.

    Args:
        data: name of the data set.
        preprocessing: what is done to the images; one of PREPROCESSING.
        split: what is measured on, "test" or "validation".
        load: reads a split of the data set by its name.
        device: where the model is.
        n_images: only the first so many of its images are used; None for all.
        k: samples of the importance-weighted bound.
        judge: an evaluator network of the same data (a small classifier trained here), whose
            features measure pictures and edits; None where there is none.
        progress: told the fraction done, 0 to 1.
    """

    data: str
    preprocessing: str
    split: str
    load: Callable[[str], ImageSet]
    device: torch.device
    n_images: int | None = None
    k: int = 500
    judge: Evaluator | None = None
    progress: Callable[[float], None] = lambda fraction: None

    @cached_property
    def images(self) -> ImageSet:
        """The whole split that is measured on."""
        return self.load(self.split)

    @cached_property
    def novel(self) -> ImageSet | None:
        """For the test split, images of combinations of attributes that are held out of training,
        where the data set has any."""
        has = self.split == "test" and "novel" in SPLITS.get(self.data, ())
        return self.load("novel") if has else None

    @cached_property
    def train(self) -> ImageSet:
        """The training split, for references; without the validation images where these are
        measured on."""
        return self.load("train")

    @cached_property
    def x(self) -> Tensor:
        """The images (N, *event_shape) that probabilities are measured on: the first
        `n_images`, binarized once from the fixed seed."""
        return preprocess_once(self.images.scaled(), self.preprocessing)[: self.n_images]

    @property
    def setting(self) -> str:
        """What `x` is, in words."""
        points = self.images.images.is_floating_point()
        kind = "density on the unit square" if points else PREPROCESSING[self.preprocessing]
        setting = f"{kind}, {self.images.counted(len(self.x))}"
        return f"{setting}, {PARTS[self.data]}" if self.data in PARTS else setting

    def over_batches(self, function: Callable[[Tensor], Tensor], batch: int) -> Tensor:
        """function(x) of `batch` images at a time on the model's device, (b, ...) each; all
        of them on the CPU, (N, ...)."""
        values = []
        for s in range(0, len(self.x), batch):
            values.append(function(self.x[s : s + batch].to(self.device)).cpu())
            self.progress(min(1.0, (s + batch) / len(self.x)))
        return torch.cat(values)
