"""Points in the unit square, made here: moons, rings and spirals; and mixtures of spots.

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

N_POINTS = {"train": 50_000, "validation": 10_000, "test": 10_000}
SEEDS = {"train": 20130926, "validation": 20130928, "test": 20130927}


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
        generator = torch.Generator().manual_seed(SEEDS[split])
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


@dataclass(frozen=True)
class Mixture:
    """Equal shares of round Gaussians, all of one standard deviation: a target for a
    game, or the density of points, each blurred.

    Args:
        centers: (K, 2), in the unit square.
        deviation: standard deviation of each Gaussian, along either axis, above 0.
        part: (K,), the parts that the centers belong to, from 0; each is its own when left out.
    """

    centers: Tensor
    deviation: float
    part: Tensor | None = None

    @property
    def parts(self) -> Tensor:
        """(K,), the part of each center."""
        return torch.arange(len(self.centers)) if self.part is None else self.part

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """n points (n, 2); those that would fall beyond the square lie on its edge."""
        chosen = torch.randint(len(self.centers), (n,), generator=generator)
        noise = torch.randn(n, 2, generator=generator)
        return (self.centers[chosen] + self.deviation * noise).clamp(0, 1)

    def on_grid(self, n: int, blur: float = 0.0) -> Tensor:
        """The density at the centers of n x n cells, (n, n): x_1 grows along a row, x_2 from the
        first row to the last. With `blur`, that of points to which Gaussian noise of that
        standard deviation was added."""
        axis = (torch.arange(n).view(-1, 1, 1) + 0.5) / n
        sigma = math.hypot(self.deviation, blur)
        # Each Gaussian is a product of one along each axis, so the sum is a matrix product.
        along = torch.exp(-0.5 * ((axis - self.centers) / sigma).square())
        scale = len(self.centers) * 2 * math.pi * sigma**2
        return along[..., 1] @ along[..., 0].T / scale

    def reached(self, points: Tensor, within: float = 3.0) -> tuple[float, Tensor]:
        """How much of the points (N, 2) lies within so many standard deviations
        of a center; and how much
        of them lies there at each part (P,), as multiples of the part's own share."""
        parts = self.parts
        distance, nearest = torch.cdist(points, self.centers).min(1)
        good = distance <= within * self.deviation
        share = parts.bincount() / len(parts)
        there = parts[nearest[good]].bincount(minlength=len(share)) / len(points)
        return float(good.double().mean()), there / share


def _spots(centers: Tensor, deviation: float) -> Mixture:
    return Mixture(centers.float(), deviation)


def _eight() -> Mixture:
    t = 2 * math.pi * torch.arange(8, dtype=torch.float64) / 8
    return _spots(0.5 + 0.32 * torch.stack([torch.cos(t), torch.sin(t)], 1), 0.02)


def _lattice() -> Mixture:
    axis = torch.linspace(0.14, 0.86, 5, dtype=torch.float64)
    return _spots(torch.cartesian_prod(axis, axis), 0.016)


def _along(curves: Curves, n_parts: int, n: int = 240) -> Mixture:
    """Curves as n small Gaussians each, cut in n_parts stretches each."""
    u = (torch.arange(n) + 0.5) / n
    kinds = range(len(curves.classes))
    places = [curves.at(u, torch.full((n,), label)) for label in kinds]
    stretch = torch.cat([label * n_parts + (u * n_parts).long() for label in kinds])
    centers = 0.5 + torch.cat(places) / (2 * curves.reach)
    return Mixture(centers, curves.noise / (2 * curves.reach), stretch)


MIXTURES: dict[str, Callable[[], Mixture]] = {
    "ring": _eight,
    "grid": _lattice,
    "moons": lambda: _along(CURVES["moons"], 4),
    "spirals": lambda: _along(CURVES["spirals"], 6),
    "one": lambda: _spots(torch.tensor([[0.68, 0.62]]), 0.06),
}
"""A ring of eight spots, a grid of five by five, the moons and the spirals in stretches of equal
shares, and one spot."""


def mixture_of_cells(ink: Tensor, block: int) -> Mixture:
    """What was drawn on n x n cells, `ink` (n, n) of 0 and 1, the first row on top: a Gaussian for
    each cell with ink, and a part for each block of so many cells along either side.

    Raises:
        ValueError: when no cell has ink.
    """
    n = len(ink)
    row, column = ink.nonzero(as_tuple=True)
    if not len(row):
        raise ValueError("Nothing is drawn: at least one cell must have ink.")
    centers = torch.stack([(column + 0.5) / n, 1 - (row + 0.5) / n], 1)
    blocks = row.div(block, rounding_mode="floor") * n + column.div(block, rounding_mode="floor")
    return Mixture(centers, 0.5 / n, blocks.unique(return_inverse=True)[1])
