"""Fashion-MNIST: 60,000 + 10,000 pieces of clothing, 28x28 gray (Zalando SE; MIT)."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from genzoo.data.vision import datasets


def read(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """(images (N, 1, 28, 28) uint8, labels (N,), class names); root/FashionMNIST/raw. Any split
    but "test" is of the training images."""
    raw = datasets().FashionMNIST(str(root), train=split != "test", download=True)
    return raw.data.unsqueeze(1), raw.targets, tuple(raw.classes)
