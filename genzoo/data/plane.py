"""Points in the unit square, made here: moons, rings and spirals.

A point (x_1, x_2) is an image of one row and two pixels, so that it goes wherever images go. All
points lie within the square: its edges are six standard deviations of the noise away.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

N_POINTS = {"train": 50_000, "test": 10_000}


@dataclass(frozen=True)
class Curves:
    """Curves of equal shares, one a class, and Gaussian noise about them.

    Args:
        at: places (N, 2) on the curves of `label` (N,), `u` (N,) in [0, 1] of the way along them.
        classes: the curves' names.
        noise: its standard deviation, in the curves' own units.
        reach: [-reach, reach] is brought to [0, 1].
    """

    at: Callable[[Tensor, Tensor], Tensor]
    classes: tuple[str, ...]
    noise: float
    reach: float

    def read(self, root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
        """Points (N, 1, 1, 2) float32, labels (N,), the names of the curves."""
        generator = torch.Generator().manual_seed({"train": 20130926, "test": 20130927}[split])
        label = torch.randint(len(self.classes), (N_POINTS[split],), generator=generator)
        points = self.at(torch.rand(len(label), generator=generator), label)
        noisy = points + self.noise * torch.randn(points.shape, generator=generator)
        return self._in_square(noisy).view(-1, 1, 1, 2), label, self.classes

    def log_density(self, x: Tensor, n_steps: int = 2000) -> Tensor:
        """log p (N,) of points x (N, 2) of the square, by `n_steps` places along each curve."""
        u = (torch.arange(n_steps) + 0.5) / n_steps
        curves = [self.at(u, torch.full((n_steps,), label)) for label in range(len(self.classes))]
        centers, sigma = self._in_square(torch.cat(curves)), self.noise / (2 * self.reach)
        # Squares of small differences of numbers near 1: not by way of matrix products.
        mode = "donot_use_mm_for_euclid_dist"
        distances = (torch.cdist(some, centers, compute_mode=mode) for some in x.split(500))
        logs = [torch.logsumexp(-0.5 * (d / sigma).square(), 1) for d in distances]
        return torch.cat(logs) - math.log(len(centers) * 2 * math.pi * sigma**2)

    def _in_square(self, points: Tensor) -> Tensor:
        return 0.5 + points / (2 * self.reach)


def _moon(u: Tensor, label: Tensor) -> Tensor:
    """Two half circles that interlock."""
    t = math.pi * u
    side = 1.0 - 2 * label  # 1 above, -1 below: each is the other, turned about the center
    return torch.stack([side * (torch.cos(t) - 0.5), side * (torch.sin(t) - 0.25)], dim=1)


def _ring(u: Tensor, label: Tensor) -> Tensor:
    """Three concentric rings."""
    t = 2 * math.pi * u
    return (1 + label).unsqueeze(1) * torch.stack([torch.cos(t), torch.sin(t)], dim=1)


def _spiral(u: Tensor, label: Tensor) -> Tensor:
    """Two arms of one and a half turns."""
    r = torch.sqrt(u)  # spreads points evenly along the arm, which is longer further out
    t = 3 * math.pi * r + math.pi * label
    return r.unsqueeze(1) * torch.stack([torch.cos(t), torch.sin(t)], dim=1)


CURVES = {
    "moons": Curves(_moon, ("upper", "lower"), 0.1, 2.1),
    "rings": Curves(_ring, ("inner", "middle", "outer"), 0.1, 3.6),
    "spirals": Curves(_spiral, ("first", "second"), 0.02, 1.12),
}
