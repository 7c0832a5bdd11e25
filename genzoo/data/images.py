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
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.images)

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
    "celeba": ("train", "valid", "test"),
}
"""Splits of the data sets that have others than train and test."""


PARTS = {"mnist-4x4": "the 4x4 pixels at the center"}
"""What is left of the images, where it is not all: figures must say so."""


def data_root() -> Path:
    """The folder of the data sets: GENZOO_DATA, else the user's cache folder."""
    if root := os.environ.get("GENZOO_DATA"):
        return Path(root).expanduser()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return cache / "genzoo" / "data"


def load_images(name: str, split: str) -> ImageSet:
    """The `split` of the data set `name`, "train", "test" or another that it has (SPLITS),
    downloaded or made when it is not there.

    Raises:
        ValueError: on an unknown name or split.
        DataError: when the files are absent and cannot be downloaded, or are damaged.
    """
    if name not in DATA_SETS:
        raise ValueError(f"Unknown data set {name!r}; there are: {', '.join(DATA_SETS)}.")
    splits = SPLITS.get(name, ("train", "test"))
    if split not in splits:
        raise ValueError(f"Unknown split {split!r}; there are: {', '.join(splits)}.")
    root = data_root()
    try:
        return ImageSet(*DATA_SETS[name](root, split))
    except DataError:
        raise
    except Exception as error:  # torchvision raises all sorts, assertions among them
        why = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The data set {name!r} could not be read from {root}, nor downloaded ({why}). "
            "Set GENZOO_DATA to a folder that has it, laid out as torchvision does, or run once "
            "with internet access."
        ) from error
