"""Points in the unit square, made here: moons, rings and spirals.

A point (x_1, x_2) is an image of one row and two pixels, so that it goes wherever images go. All
points lie within the square: its edges are six standard deviations of the noise away.
"""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor

N_POINTS = {"train": 50_000, "test": 10_000}


def moons(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Two half circles that interlock: (points (N, 1, 1, 2) float32, labels (N,), names)."""
    generator = _generator(split)
    label = torch.randint(2, (N_POINTS[split],), generator=generator)
    t = math.pi * torch.rand(len(label), generator=generator)
    side = 1.0 - 2 * label  # 1 above, -1 below: each is the other, turned about the center
    points = torch.stack([side * (torch.cos(t) - 0.5), side * (torch.sin(t) - 0.25)], dim=1)
    return _in_square(points, 0.1, 2.1, generator), label, ("upper", "lower")


def rings(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Three concentric rings, of equal shares: as `moons`."""
    generator = _generator(split)
    label = torch.randint(3, (N_POINTS[split],), generator=generator)
    t = 2 * math.pi * torch.rand(len(label), generator=generator)
    points = (1 + label).unsqueeze(1) * torch.stack([torch.cos(t), torch.sin(t)], dim=1)
    return _in_square(points, 0.1, 3.6, generator), label, ("inner", "middle", "outer")


def spirals(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """Two arms of one and a half turns: as `moons`."""
    generator = _generator(split)
    label = torch.randint(2, (N_POINTS[split],), generator=generator)
    # The root spreads points evenly along the arm, which is longer further out.
    r = torch.sqrt(torch.rand(len(label), generator=generator))
    t = 3 * math.pi * r + math.pi * label
    points = r.unsqueeze(1) * torch.stack([torch.cos(t), torch.sin(t)], dim=1)
    return _in_square(points, 0.02, 1.12, generator), label, ("first", "second")


def _generator(split: str) -> torch.Generator:
    return torch.Generator().manual_seed({"train": 20130926, "test": 20130927}[split])


def _in_square(points: Tensor, noise: float, reach: float, generator: torch.Generator) -> Tensor:
    """Points (N, 2) with Gaussian noise added, [-reach, reach] brought to [0, 1]."""
    noisy = points + noise * torch.randn(points.shape, generator=generator)
    return (0.5 + noisy / (2 * reach)).view(-1, 1, 1, 2)
