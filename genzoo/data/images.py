"""Labelled images, whole in memory, and where they come from."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from genzoo.data import avatars, celeba, fashion, mnist, plane
from genzoo.data.errors import DataError


@dataclass(frozen=True)
class ImageSet:
    """Labelled images.

    Args:
        images: (N, C, H, W) uint8, 0 to 255, or float32 in [0, 1] where they are points and not
            pictures.
        labels: (N,) int64, or (N, attributes).
        classes: names of the classes, or of the attributes.
        split: the split that they are, "train", "validation", "test" or another.
        seen: whether they are training images too, so that what is measured on them is measured
            on what was learned from.
        random: whether they are a fixed random part of the split
            (`genzoo.data.batches.subset_of`).
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    split: str = "given"
    seen: bool = False
    random: bool = False

    def __len__(self) -> int:
        return len(self.images)

    @property
    def title(self) -> str:
        """What the log of a training calls them: the split, or "train (last 5000)"."""
        return f"train (last {len(self)})" if self.seen else self.split

    def counted(self, n: int) -> str:
        """n of them as the setting of a metric names them: "2000 test images", or "500 random test
        images" where these are not all."""
        kind = "points" if self.images.is_floating_point() else "images"
        some = "random " if self.random or n < len(self) else ""
        return f"{n} {some}{self.split} {kind}" + (" seen in training" if self.seen else "")

    def scaled(self, index: Tensor | slice = slice(None)) -> Tensor:
        """All images, or those at `index`, as float32 in [0, 1]."""
        images = self.images[index]
        return images if images.is_floating_point() else images.float() / 255


DATA_SETS: dict[str, Callable[[Path, str], tuple[Tensor, Tensor, tuple[str, ...]]]] = {
    "mnist": mnist.read,
    "mnist-4x4": mnist.read_center,
    "fashion": fashion.read,
    "avatars": avatars.read,
    "avatars-sketch": avatars.read_sketches,
    "avatars-unpaired": avatars.read_unpaired,
    "celeba": celeba.read,
    **{name: curves.read for name, curves in plane.CURVES.items()},
}

SPLITS = {
    "avatars": tuple(avatars.N_FACES),
    "avatars-sketch": tuple(avatars.N_FACES),
    "avatars-unpaired": tuple(avatars.N_FACES),
}
"""Splits of the data sets that have others than train, validation and test."""

WITHIN_TRAIN = ("mnist", "mnist-4x4", "fashion")
"""Data sets that come without a validation split: the last of the training images are it."""

ONE_IN = 12
"""Of so many training images one is then a validation image: the last 5,000 of 60,000."""

PARTS = {"mnist-4x4": "the 4x4 pixels at the center"}
"""What is left of the images, where it is not all: figures must say so."""


def data_root() -> Path:
    """The folder of the data sets: GENZOO_DATA, else the user's cache folder."""
    if root := os.environ.get("GENZOO_DATA"):
        return Path(root).expanduser()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "genzoo" / "data"


def load_images(name: str, split: str, *, hold_out: bool = False) -> ImageSet:
    """The `split` of the data set `name`, "train", "validation", "test" or another that it has
    (SPLITS), downloaded or made when it is not there.

    Nothing but `genzoo.recipes.evaluate` reads the test split to measure by it: what is chosen is
    chosen by validation images.

    Args:
        hold_out: whether the training images are without the validation images. Without it, where
            these are the last training images (WITHIN_TRAIN), a model learns from them too. All
            other data sets have validation images of their own, held out always.

    Raises:
        ValueError: on an unknown name or split.
        DataError: when the files are absent and cannot be downloaded, or are damaged.
    """
    if name not in DATA_SETS:
        raise ValueError(f"Unknown data set {name!r}; there are: {', '.join(DATA_SETS)}.")
    splits = SPLITS.get(name, ("train", "validation", "test"))
    if split not in splits:
        raise ValueError(f"Unknown split {split!r}; there are: {', '.join(splits)}.")
    root = data_root()
    within = name in WITHIN_TRAIN and split == "validation"
    try:
        images, labels, classes = DATA_SETS[name](root, "train" if within else split)
    except DataError:
        raise
    except Exception as error:  # torchvision raises all sorts, assertions among them
        why = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The data set {name!r} could not be read from {root}, nor downloaded ({why}). "
            "Set GENZOO_DATA to a folder that has it, laid out as torchvision does, or run once "
            "with internet access."
        ) from error
    mine = _part(name, split, hold_out, len(images))
    return ImageSet(images[mine], labels[mine], classes, split, within and not hold_out)


def _part(name: str, split: str, hold_out: bool, n: int) -> slice:
    """Which of the n images that were read are in the split."""
    if name not in WITHIN_TRAIN or split == "test":
        return slice(None)
    first = n - n // ONE_IN
    if split == "validation":
        return slice(first, None)
    return slice(first) if hold_out else slice(None)
