"""What a model is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data import PARTS, SPLITS, ImageSet
from genzoo.data.batches import fixed_subset, subset_of
from genzoo.data.preprocessing import preprocess_once
from genzoo.metrics.samples import Standardized

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

K = 500
"""Samples of the importance-weighted bound. Bounds of other numbers do not compare with it: the
more samples, the tighter."""


@dataclass(frozen=True)
class Evaluation:
    """Everything that metrics depend on besides the model. `genzoo.recipes.evaluate` makes one.

    Args:
        data: name of the data set.
        preprocessing: what is done to the images; one of PREPROCESSING.
        split: what is measured on, "test" or "validation".
        load: reads a split of the data set by its name.
        device: where the model is.
        n_images: only so many of its images are used, at random but always the same ones; None
            for all.
        k: samples of the importance-weighted bound.
        judge: an evaluator network of the same data (a small classifier trained here), whose
            features measure pictures and edits; None where there is none.
        standard: reads the training images by which features are standardized, the same ones
            whatever is measured; None for those of `train`.
        progress: told the fraction done, 0 to 1.
    """

    data: str
    preprocessing: str
    split: str
    load: Callable[[str], ImageSet]
    device: torch.device
    n_images: int | None = None
    k: int = K
    judge: Evaluator | None = None
    standard: Callable[[], ImageSet] | None = None
    progress: Callable[[float], None] = lambda fraction: None

    @cached_property
    def _whole(self) -> ImageSet:
        return self.load(self.split)

    @cached_property
    def images(self) -> ImageSet:
        """The images that are measured on: the split, or `n_images` of it."""
        return subset_of(self._whole, self.n_images)

    @cached_property
    def novel(self) -> ImageSet | None:
        """For the test split, images of combinations of attributes that are held out of training,
        where the data set has any; of these, too, `n_images` at most."""
        has = self.split == "test" and "novel" in SPLITS.get(self.data, ())
        return subset_of(self.load("novel"), self.n_images) if has else None

    @cached_property
    def train(self) -> ImageSet:
        """The training split, for references; without the validation images where these are
        measured on."""
        return self.load("train")

    def standardize(self, judge: Evaluator) -> Standardized:
        """How features of a judge are standardized."""
        return Standardized.by(judge, self.train if self.standard is None else self.standard())

    @cached_property
    def x(self) -> Tensor:
        """`images` (N, *event_shape) as probabilities are measured on them: binarized once from
        the fixed seed."""
        x = preprocess_once(self._whole.scaled(), self.preprocessing)
        return x if self.n_images is None else x[fixed_subset(len(x), self.n_images)]

    def with_pixels(self, preprocessing: str) -> tuple[ImageSet, ImageSet]:
        """`images` and `train` as samples of a model of such pixels should look: where these are
        binary, binarized once from the fixed seed; else as they are."""
        if preprocessing not in BINARY:
            return self.images, self.train
        real, train = (
            replace(data, images=(255 * preprocess_once(data.scaled(), preprocessing)).byte())
            for data in (self._whole, self.train)
        )
        return subset_of(real, self.n_images), train

    @property
    def setting(self) -> str:
        """What `x` is, in words."""
        return self.of(len(self.x))

    def of(self, n: int) -> str:
        """What n of the images of `x` are, in words."""
        points = self.images.images.is_floating_point()
        kind = "density on the unit square" if points else PREPROCESSING[self.preprocessing]
        if not points and self.images.images.shape[1] == 3:
            kind = kind.replace("gray", "color")
        setting = f"{kind}, {self.images.counted(n)}"
        return f"{setting}, {PARTS[self.data]}" if self.data in PARTS else setting

    def over_batches(self, function: Callable[[Tensor], Tensor], batch: int) -> Tensor:
        """function(x) of `batch` images at a time on the model's device, (b, ...) each; all
        of them on the CPU, (N, ...)."""
        values = []
        for s in range(0, len(self.x), batch):
            values.append(function(self.x[s : s + batch].to(self.device)).cpu())
            self.progress(min(1.0, (s + batch) / len(self.x)))
        return torch.cat(values)
