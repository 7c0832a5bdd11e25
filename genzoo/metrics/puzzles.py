"""How well the pieces of images are put together, and how near the restored images are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data.batches import seeded, subset_of
from genzoo.data.images import ImageSet
from genzoo.data.puzzles import cut, in_cells, laid, max_missing, puzzle, same_pixels
from genzoo.metrics.metric import Metric, bootstrap

if TYPE_CHECKING:
    from genzoo.roles import PuzzleSolver

N_MEAN = 2000
"""Training images at random whose mean image is the reference."""


@torch.inference_mode()
def puzzle_metrics(
    model: PuzzleSolver,
    data: ImageSet,
    train: ImageSet,
    progress: Callable[[float], None] = lambda fraction: None,
    batch: int = 100,
) -> list[Metric]:
    """The images of `data` as puzzles of every kind that the model knows, with no pieces
    missing and with as many as may be; shuffles and missing pieces are of fixed seeds.

    A piece is placed right where it is alike, pixel for pixel, to the piece that belongs there:
    plain ones can stand for each other. Intervals are by resampling images. The reference is what
    the mean training image does in place of the generator.
    """
    N = len(data)
    some = subset_of(train, N_MEAN)
    mean = some.scaled().mean(0)
    kinds = [(n, m) for n in model.grids for m in (0, max_missing(n))]
    metrics = []
    for k, (n, m) in enumerate(kinds):
        u = torch.rand(N, n * n, generator=seeded(0, n, m))
        right, near, reference = [], [], []
        for s in range(0, N, batch):
            rows = slice(s, min(N, s + batch))
            x = data.scaled(rows)
            given = puzzle(x, n, torch.full((len(x),), m), u[rows])
            made = model.restore(given.pieces.to(model.device), given.present.to(model.device))
            right.append(_placed(given.pieces, given.present, made.cell.cpu(), x, n))
            near.append(psnr(made.images.cpu(), x))
            known = laid(in_cells(_full(given.present, given.pieces), given.cell), x.shape[-1])
            truth = torch.where(known > 0, x, mean)
            reference.append(psnr(truth, x))
            progress((k * N + rows.stop) / (len(kinds) * N))
        of = (
            f"{n} x {n} pieces, {m or 'none'} missing, shuffled by a fixed seed, {data.counted(N)}"
        )
        size = f"{n}x{n}" + ("_missing" if m else "")
        alike = "right: alike, pixel for pixel, to the piece that belongs there"
        whole = "whole image, mean over images, mean squared error at least 1e-6"
        metrics.append(bootstrap(f"placed_{size}", 100 * torch.cat(right), "%", f"{alike}, {of}"))
        metrics.append(bootstrap(f"psnr_{size}", torch.cat(near), "dB", f"{whole}, {of}"))
        if m:
            by_mean = f"placed right, the rest of the mean of {len(some)} random training"
            setting = f"{by_mean} images, {whole}, {of}"
            metrics.append(bootstrap(f"psnr_{n}x{n}_mean", torch.cat(reference), "dB", setting))
    return metrics


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of images (B, C, H, W) in [0, 1], in dB, (B,): 60 at most,
    that of a mean squared error of 1e-6."""
    return -10 * (a - b).square().flatten(1).mean(1).clamp(min=1e-6).log10()


def _placed(pieces: Tensor, present: Tensor, cell: Tensor, x: Tensor, n: int) -> Tensor:
    """Of the pieces that are there, the share placed right, (B,)."""
    true = cut(x, n)[torch.arange(len(x)).unsqueeze(1), cell]
    right = same_pixels(pieces, true) & present
    return right.sum(1).double() / present.sum(1)


def _full(present: Tensor, pieces: Tensor) -> Tensor:
    """Ones in the shape of the pieces where they are there."""
    return present[..., None, None, None].expand_as(pieces).to(pieces)
