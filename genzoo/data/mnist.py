"""MNIST: 60,000 + 10,000 handwritten digits, 28x28 gray (LeCun, Cortes, Burges; CC BY-SA 3.0)."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from genzoo.data.vision import datasets


def read(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """(images (N, 1, 28, 28) uint8, labels (N,), class names); root/MNIST/raw has the files. Any
    split but "test" is of the training images."""
    raw = datasets().MNIST(str(root), train=split != "test", download=True)
    return raw.data.unsqueeze(1), raw.targets, tuple("0123456789")


def read_center(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """The same of the 4x4 pixels at the center, rows and columns 12 to 15."""
    images, labels, classes = read(root, split)
    return images[..., 12:16, 12:16], labels, classes
