"""What the Puzzle-GAN tab asks: faces and pictures, and what is restored of their pieces."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch

from demo_app import photos
from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.services.near import NearTraining
from genzoo.data import avatars
from genzoo.data.avatars import SIDE
from genzoo.data.puzzles import cut, max_missing, same_pixels
from genzoo.roles import PuzzleSolver

PIXELS = 3 * SIDE * SIDE

UNSEEN = 5_000_000
"""Added to a seed: no split of the data, and so no training, has the faces from here on."""


class PuzzleService(Service):
    """An image is 12288 numbers in [0, 1], channel by channel and row by row."""

    release = "puzzlegan-avatars"
    needs: ClassVar = {release: frozenset()}

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; and missing, how many pieces may be missing of each of its `grids`."""
        about = super().about(model)
        return {**about, "missing": [max_missing(n) for n in about["grids"]]}

    def face(self, seed: Any = 0) -> np.ndarray:
        """The face of a seed, (12288,)."""
        picture = avatars.render(avatars.face(UNSEEN + checks.seed(seed)))
        return _flat(picture)

    def upload(self, data: bytes) -> dict[str, Any]:
        """A picture file: image (12288,), its middle square at 64x64; and notes, what was done to
        it (see `photos.square`); and distance, limit and is_far, whether it is far from
        faces in training (see `NearTraining.about`), where their sample is there."""
        image, notes = photos.square(data, SIDE)
        x = torch.from_numpy(image).view(1, 3, SIDE, SIDE)
        return {"image": image, "notes": notes, **(self._near.about(x) if self._near else {})}

    @cached_property
    def _near(self) -> NearTraining | None:
        return NearTraining.if_kept(self._store, "faces")

    def restore(self, image: Any, n: Any = 3, pieces: Any = None) -> dict[str, Any]:
        """Cut an image into n x n pieces, hand the model some of them in any order, and see what
        it makes of them. The model is not told which pieces these are.

        Args:
            pieces: those that are there, in the order in which they are handed over: the cells of
                the image, numbered row by row from 0, from which they are. All of them in this
                order when None.

        Returns:
            for each of these pieces: cell, where it is placed, probability, how sure the model is
            of that, and right, whether the piece that belongs there is alike pixel for pixel; of
            the whole: image (12288,), and psnr, how near it is to the true one, in dB.
        """
        x = torch.from_numpy(checks.numbers("The pixels", image, PIXELS, 0, 1))
        x = x.view(1, 3, SIDE, SIDE)
        with self._store.model(self.release, PuzzleSolver) as model, torch.inference_mode():
            low, high = min(model.grids), max(model.grids)
            n = checks.integer("The number of pieces each way", n, low, high)
            if n not in model.grids:
                raise BadInput(f"The pieces each way must be one of {model.grids}, not {n}.")
            true = cut(x, n)
            there = _pieces(range(n * n) if pieces is None else pieces, n)
            slots = torch.zeros_like(true)
            slots[:, : len(there)] = true[:, there]
            present = torch.arange(n * n)[None] < len(there)
            made = model.restore(slots, present)
        cell = made.cell[0, : len(there)]
        error = float((made.images - x).square().mean())
        return {
            "cell": cell.numpy(),
            "probability": made.probability[0, : len(there)].numpy(),
            "right": same_pixels(true[0, cell], true[0, there]).numpy(),
            "image": made.images.flatten().numpy(),
            "psnr": -10 * float(np.log10(max(error, 1e-6))),
        }


def _pieces(pieces: Any, n: int) -> list[int]:
    N, least = n * n, n * n - max_missing(n)
    if not isinstance(pieces, (Sequence, np.ndarray)) or isinstance(pieces, (str, bytes)):
        raise BadInput(f"The pieces must be a list of whole numbers from 0 to {N - 1}.")
    if not least <= len(pieces) <= N:
        raise BadInput(
            f"Of {n} x {n} pieces at least {least} must be there; {len(pieces)} were given."
        )
    numbers = [checks.integer("A piece", piece, 0, N - 1) for piece in pieces]
    if len(set(numbers)) != len(numbers):
        raise BadInput("No piece may be there twice.")
    return numbers


def _flat(picture: np.ndarray) -> np.ndarray:
    """(64, 64, 3) uint8 as (12288,) in [0, 1]."""
    return (picture.transpose(2, 0, 1).astype(np.float32) / 255).ravel()
