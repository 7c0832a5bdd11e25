"""Puzzles: an image cut into n x n square pieces, shuffled, some of them missing.

Pieces have whole pixels, s = side // n each way. Where n does not divide the side, as in
64 = 3 x 21 + 1, the last rows and columns of the image are in no piece: what puts the image
together has to restore them too. Nothing is padded and no pixel is in two pieces, for either would
tell where a piece lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Puzzle:
    """A batch of puzzles of n x n cells, N = n^2, numbered row by row.

    Args:
        pieces: (B, N, C, s, s) in [0, 1], shuffled; zeros in place of those that are missing.
        present: (B, N) bool, whether a piece is there.
        cell: (B, N), the cell from which each piece is, the missing ones as well: a permutation.
    """

    pieces: Tensor
    present: Tensor
    cell: Tensor


def cut(x: Tensor, n: int) -> Tensor:
    """Images x (B, C, H, H) as pieces (B, n^2, C, s, s), row by row."""
    s = x.shape[-1] // n
    rows = x[..., : n * s, : n * s].unflatten(3, (n, s)).unflatten(2, (n, s))
    return rows.permute(0, 2, 4, 1, 3, 5).flatten(1, 2)


def laid(pieces: Tensor, side: int) -> Tensor:
    """The inverse of `cut`: pieces (B, n^2, C, s, s), row by row, as images (B, C, side, side),
    zeros where no piece lies."""
    n = round(pieces.shape[1] ** 0.5)
    image = pieces.unflatten(1, (n, n)).permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
    rim = side - image.shape[-1]
    return F.pad(image, (0, rim, 0, rim))


def in_cells(slots: Tensor, cell: Tensor) -> Tensor:
    """What is in each slot (B, N, ...), put in the order of the cells (B, N) that the slots go
    to."""
    return slots[torch.arange(len(slots), device=slots.device).unsqueeze(1), cell.argsort(1)]


def puzzle(x: Tensor, n: int, missing: Tensor, u: Tensor) -> Puzzle:
    """Images x (B, C, H, H) cut into n x n pieces, with `missing` (B,) of them missing, in the
    order of uniform noise u (B, n^2): any order and any missing pieces are as likely.

    Pieces that are there come first, then the empty places.
    """
    cell = u.argsort(1)
    pieces = cut(x, n)[torch.arange(len(x), device=x.device).unsqueeze(1), cell]
    present = torch.arange(n * n, device=x.device) < n * n - missing.unsqueeze(1)
    return Puzzle(pieces * present[..., None, None, None], present, cell)


def max_missing(n: int) -> int:
    """How many of n x n pieces may be missing: a third, 3 of 9."""
    return n * n // 3


def same_pixels(a: Tensor, b: Tensor) -> Tensor:
    """Whether pieces a (..., C, s, s) and b (of a shape that fits) are alike pixel for pixel."""
    return (a == b).flatten(-3).all(-1)
