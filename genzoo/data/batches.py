"""Batches as a pure function of (seed, step): resuming and several processes need no more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import torch
from torch import Tensor

from genzoo.data.images import ImageSet
from genzoo.data.preprocessing import PREPROCESSINGS, binarize, dequantize, preprocess_once


@dataclass(frozen=True)
class Batch:
    """Images and their labels.

    Args:
        x: (B, C, H, W) float32 in [0, 1], or in {0, 1} when binarized.
        label: (B,) int64, or (B, attributes).
    """

    x: Tensor
    label: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(self.x.to(device), self.label.to(device))


def seeded(*parts: int) -> torch.Generator:
    """A generator that is a function of a few whole numbers (say seed, step, purpose)."""
    state = 0
    for part in parts:  # an odd multiplier mixes each part into all later ones
        state = (state * 6364136223846793005 + part + 1442695040888963407) % 2**63
    return torch.Generator().manual_seed(state)


def fixed_subset(total: int, n: int) -> Tensor:
    """n of the numbers 0 .. total - 1 at random, always the same, in order (all, if fewer). The
    first images of a set need not be like the rest: MNIST's first test digits are by other, neater
    writers."""
    return torch.randperm(total, generator=seeded(total))[:n].sort().values


def subset_of(data: ImageSet, n: int | None) -> ImageSet:
    """n of the images at random, always the same (`fixed_subset`); all of them where there are no
    more, or n is None."""
    if n is None or n >= len(data):
        return data
    return _part(data, fixed_subset(len(data), n))


def parted(data: ImageSet, n: int) -> tuple[ImageSet, ImageSet]:
    """`subset_of` the images and all others: what is judged and what it is held against must have
    no image in common."""
    others = torch.ones(len(data), dtype=torch.bool)
    others[fixed_subset(len(data), n)] = False
    return subset_of(data, n), _part(data, others)


def _part(data: ImageSet, index: Tensor) -> ImageSet:
    return replace(data, images=data.images[index], labels=data.labels[index], random=True)


class Batches:
    """Endless shuffled batches, each image once an epoch; what is left of an epoch is dropped.

    A batch is whole, over all processes; each process takes its share of the rows.

    Args:
        data: the images.
        batch_size: images of a batch over all processes, 1 to len(data), a multiple of `world`.
        seed: of the order and of the noise, 0 to 2^63 - 1.
        preprocessing: one of `genzoo.data.preprocessing.PREPROCESSINGS`.
        rank, world: this process, 0 to world - 1, and the number of processes, at least 1.
    """

    def __init__(
        self,
        data: ImageSet,
        batch_size: int,
        seed: int,
        preprocessing: str = "none",
        rank: int = 0,
        world: int = 1,
    ):
        if preprocessing not in PREPROCESSINGS:
            raise ValueError(
                f"Unknown preprocessing {preprocessing!r}; there are: {', '.join(PREPROCESSINGS)}."
            )
        if not 1 <= batch_size <= len(data):
            raise ValueError(f"The batch size must be 1 to {len(data)}, not {batch_size}.")
        if batch_size % world:
            raise ValueError(
                f"A batch of {batch_size} cannot be shared evenly by {world} processes."
            )
        self.data, self.batch_size, self.seed, self.preprocessing = (
            data,
            batch_size,
            seed,
            preprocessing,
        )
        share = batch_size // world
        self._rows = slice(rank * share, (rank + 1) * share)
        self._per_epoch = len(data) // batch_size
        self._permutation = lru_cache(maxsize=1)(self._permutation_of)
        # Drawn once means drawn once: the whole set, not each image as it comes up.
        once = preprocessing in ("static", "threshold")
        self._once = preprocess_once(data.scaled(), preprocessing) if once else None

    def _permutation_of(self, epoch: int) -> Tensor:
        return torch.randperm(len(self.data), generator=seeded(self.seed, 0, epoch))

    def __getitem__(self, step: int) -> Batch:
        epoch, i = divmod(step, self._per_epoch)
        index = self._permutation(epoch)[i * self.batch_size : (i + 1) * self.batch_size]
        mine = index[self._rows]
        if self._once is not None:
            x = self._once[mine]
        elif self.preprocessing in ("dynamic", "dequantized"):
            # Noise for the whole batch, whoever asks: two processes see what one would see.
            noisy = binarize if self.preprocessing == "dynamic" else dequantize
            x = noisy(self.data.scaled(index), seeded(self.seed, 1, step))[self._rows]
        else:
            x = self.data.scaled(mine)
        return Batch(x, self.data.labels[mine])
