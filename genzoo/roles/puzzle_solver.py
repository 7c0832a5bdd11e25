"""Models that put the shuffled pieces of an image together and restore what is missing."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from genzoo.data import ImageSet
from genzoo.data.batches import seeded
from genzoo.data.puzzles import Puzzle, laid, max_missing, puzzle, same_pixels
from genzoo.metrics import Evaluation, Metric, Table
from genzoo.metrics.puzzles import puzzle_metrics
from genzoo.metrics.table import Config, Row, by_name, setting, with_interval
from genzoo.nn.assignment import optimal_assignment, sinkhorn
from genzoo.roles.base import Model, probe_images


@dataclass(frozen=True)
class Restored:
    """What became of a batch of puzzles.

    Args:
        cell: (B, N), the cell in which each piece is placed; of an empty place, a cell that stays
            without a piece. Each row is a permutation.
        probability: (B, N) in [0, 1], that the cell holds this piece or one that is alike pixel
            for pixel; of an empty place, that the cell's piece is missing.
        images: (B, *event_shape) in [0, 1], the whole images.
    """

    cell: Tensor
    probability: Tensor
    images: Tensor


class PuzzleSolver(Model):
    """Puts the set of an image's pieces together, and restores the whole image.

    A puzzle of n x n cells has N = n^2 places for pieces; some may be empty. It is told the pieces
    and nothing of where they belong: their order means nothing.
    """

    role = "PuzzleSolver"
    does = "puts pieces of images together and makes none of noise"
    knowledge = "implicit"

    grids: tuple[int, ...]
    """The n of its puzzles, cells each way."""

    @abstractmethod
    def scores(self, pieces: Tensor, present: Tensor) -> Tensor:
        """How well each piece fits in each cell, (B, N, N): logits of any size, those of an empty
        place the same for all. The best placement is the permutation with the largest sum."""

    @abstractmethod
    def paint(self, pieces: Tensor, present: Tensor, cell: Tensor) -> Tensor:
        """Whole images (B, *event_shape) in [0, 1], with the pieces in the cells (B, N)."""

    @final
    def restore(self, pieces: Tensor, present: Tensor) -> Restored:
        """Place the pieces and restore the images.

        Args:
            pieces: (B, N, C, s, s) in [0, 1], N = n^2 of one of `grids` and s = side // n.
            present: (B, N) bool, whether a piece is there; what is in an empty place is not
                looked at.

        Raises:
            ValueError: in a sentence, on pieces of another shape or range.
        """
        self.check_pieces(pieces, present)
        pieces = pieces * present[..., None, None, None]
        scores = self.scores(pieces, present).float()
        cell = optimal_assignment(scores)
        return Restored(
            cell,
            _probability(scores, pieces, present, cell),
            self.paint(pieces, present, cell),
        )

    @final
    def check_pieces(self, pieces: Tensor, present: Tensor) -> None:
        """Refuse what are no pieces of its puzzles.

        Raises:
            ValueError: in a sentence.
        """
        C, side, _ = self.event_shape
        shapes = {(n * n, C, side // n, side // n) for n in self.grids}
        if pieces.ndim != 5 or tuple(pieces.shape[1:]) not in shapes:
            fitting = " or ".join("(B, " + ", ".join(map(str, s)) + ")" for s in sorted(shapes))
            raise ValueError(f"Pieces must have shape {fitting}, not {tuple(pieces.shape)}.")
        if present.dtype != torch.bool or present.shape != pieces.shape[:2]:
            raise ValueError(
                f"`present` must be bool of shape {tuple(pieces.shape[:2])}, not {present.dtype} "
                f"of {tuple(present.shape)}."
            )
        if not bool(((pieces >= 0) & (pieces <= 1)).all()):  # also false for NaN
            raise ValueError("Pixels of pieces must lie in [0, 1], without NaN.")

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of four fixed images, restored from all but one of the pieces in their
        cells, for each kind of puzzle; and of the noise what the first pieces score. In
        float64."""
        double = copy.deepcopy(self).double()
        x, answers = probe_images(self.event_shape).double(), []
        for n in self.grids:
            u = torch.arange(n * n).expand(4, -1).double()
            puzzles = puzzle(x, n, torch.ones(4, dtype=torch.long), u)
            image = double.paint(puzzles.pieces, puzzles.present, puzzles.cell)
            answers += image.flatten(1).mean(1).tolist()
            answers += double.scores(puzzles.pieces, puzzles.present)[3, 0, :4].tolist()
        return answers

    def metrics(self, on: Evaluation) -> list[Metric]:
        """How many pieces are placed right, and how near restored images are to the true ones."""
        return puzzle_metrics(self, on.images, on.train, on.progress)

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        n = self.grids[len(self.grids) // 2]
        given = fixed_puzzles(on.images.scaled(slice(64)), n, max_missing(n))

        def restored(k: int) -> Tensor:
            pieces, present = (t[:k].to(self.device) for t in (given.pieces, given.present))
            return self.restore(pieces, present).images

        return restored

    @torch.inference_mode()
    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        """A row for each of a few images, as many as it has columns: itself, then for each kind
        of puzzle its shuffled pieces, as many missing as may be, and what is restored of them."""
        x = data.scaled(slice(1 + 2 * len(self.grids)))
        columns = [x]
        for n in self.grids:
            given = fixed_puzzles(x, n, max_missing(n))
            made = self.restore(given.pieces.to(self.device), given.present.to(self.device))
            columns += [laid(given.pieces, x.shape[-1]), made.images]
        return torch.stack([column.cpu() for column in columns], dim=1).flatten(0, 1)

    @classmethod
    def tables(cls) -> list[Table]:
        return [PUZZLES]


def fixed_puzzles(x: Tensor, n: int, missing: int) -> Puzzle:
    """Images as puzzles with so many pieces missing, shuffled by a fixed seed."""
    u = torch.rand(len(x), n * n, generator=seeded(0, n, missing))
    return puzzle(x, n, torch.full((len(x),), missing), u)


def _probability(scores: Tensor, pieces: Tensor, present: Tensor, cell: Tensor) -> Tensor:
    """Of each slot's cell, what all slots like it have of it together, (B, N)."""
    alike = same_pixels(pieces.unsqueeze(1), pieces.unsqueeze(2))
    alike = alike & (present.unsqueeze(1) == present.unsqueeze(2))
    P = sinkhorn(scores).exp()
    of_cell = P.gather(2, cell.unsqueeze(1).expand_as(P))  # of each slot in the cell of each slot
    return (of_cell * alike).sum(1).clamp(0, 1)


def _puzzles(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    sizes = sorted(name.removeprefix("placed_") for name in metrics if name.startswith("placed_"))
    for size in (s for s in sizes if not s.endswith("_missing")):
        cells = [
            f"{config['images_seen']:,}",
            size.replace("x", " x "),
            with_interval(metrics, f"placed_{size}", 2),
            with_interval(metrics, f"placed_{size}_missing", 2),
            with_interval(metrics, f"psnr_{size}", 1),
            with_interval(metrics, f"psnr_{size}_missing", 1),
            with_interval(metrics, f"psnr_{size}_mean", 1),
            setting(metrics, f"placed_{size}_missing"),
        ]
        yield metrics.median(f"placed_{size}_missing"), cells


PUZZLES = Table(
    "{name}, put together from shuffled pieces",
    "images seen | pieces | placed right, none missing, % | placed right, some missing, % "
    "| PSNR, none missing, dB | PSNR, some missing, dB "
    "| PSNR, some missing, reference: placed right, the rest by the mean training image, dB "
    "| setting",
    _puzzles,
    may_differ={r"\d+ x \d+ pieces, (\d+|none) missing": "pieces"},
)
