"""What the CycleGAN tab asks: sketches in color, faces as sketches, and the way back of both."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo_app.errors import Unavailable
from demo_app.services import checks
from demo_app.store import Store
from genzoo.data import avatars
from genzoo.data.avatars import SIDE
from genzoo.models import CycleGAN

PIXELS = SIDE * SIDE
MAX_SEED = 2**31 - 1
MAX_FACES = 12


class CycleGANService:
    """A sketch is 4096 numbers in [0, 1], black lines on white, row by row; a face in color 12288,
    channel by channel. Refuses bad input with BadInput, a missing or damaged release with
    Unavailable."""

    release = "cyclegan-avatars"

    def __init__(self, store: Store):
        self._store = store

    def missing(self) -> Unavailable | None:
        """Why the model cannot be shown, if it cannot; reads no weights."""
        try:
            self._store.info(self.release)
        except Unavailable as error:
            return error
        return None

    def about(self) -> dict[str, Any]:
        """Of the release: n_parameters, of both generators, images_seen, and figures, {value, low,
        high} by name."""
        info = self._store.info(self.release)
        return {
            "n_parameters": info["n_parameters"],
            "images_seen": info["images_seen"],
            "figures": {
                f["name"]: {key: f[key] for key in ("value", "low", "high")}
                for f in info["figures"]
            },
        }

    def pair(self, seed: Any = 0) -> dict[str, np.ndarray]:
        """The face of a seed as it is drawn both ways: color (12288,) and sketch (4096,)."""
        face = avatars.face(checks.integer("The seed", seed, 0, MAX_SEED))
        return {
            "color": (avatars.render(face).transpose(2, 0, 1) / 255).astype(np.float32).ravel(),
            "sketch": (avatars.sketch(face) / 255).astype(np.float32).ravel(),
        }

    def colored(self, sketch: Any) -> np.ndarray:
        """A sketch in color, (12288,)."""
        return self._made(self._sketch(sketch), there=False)

    def sketched(self, color: Any) -> np.ndarray:
        """A face in color as a sketch, (4096,)."""
        return self._made(self._color(color), there=True)

    def cycle(self, color: Any = None, sketch: Any = None, levels: Any = 256) -> dict[str, Any]:
        """There and back, from a face in color or from a sketch, whichever is given.

        Args:
            levels: 2 to 256, of gray that the image between may have. What is hidden in steps that
                are too small to be seen is lost with fewer.

        Returns:
            between, what is made of it, and back, what is made of that; error, the mean absolute
            difference of the last from the first.
        """
        levels = checks.integer("The levels", levels, 2, 256)
        there = color is not None
        x = self._color(color) if there else self._sketch(sketch)
        with self._store.model(self.release, CycleGAN) as model, torch.inference_mode():
            between = model.forth(x) if there else model.back(x)
            between = (between * (levels - 1)).round() / (levels - 1)
            back = model.back(between) if there else model.forth(between)
        return {
            "between": between.flatten().numpy(),
            "back": back.flatten().numpy(),
            "error": float((back - x).abs().mean()),
        }

    def several(self, seed: Any = 0, n: Any = 8) -> dict[str, np.ndarray]:
        """n faces from a seed on, both ways: color and sketch as they are drawn, colored and
        sketched what is made of the other, (n, 12288) or (n, 4096) each."""
        seed = checks.integer("The seed", seed, 0, MAX_SEED - MAX_FACES)
        n = checks.integer("The number of faces", n, 1, MAX_FACES)
        pairs = [self.pair(seed + k) for k in range(n)]
        color, sketch = (np.stack([pair[key] for pair in pairs]) for key in ("color", "sketch"))
        return {
            "color": color,
            "sketch": sketch,
            "colored": np.stack([self.colored(one) for one in sketch]),
            "sketched": np.stack([self.sketched(one) for one in color]),
        }

    def _made(self, x: Tensor, there: bool) -> np.ndarray:
        with self._store.model(self.release, CycleGAN) as model, torch.inference_mode():
            return (model.forth(x) if there else model.back(x)).flatten().numpy()

    def _sketch(self, sketch: Any) -> Tensor:
        x = checks.numbers("The sketch's pixels", sketch, PIXELS, 0, 1)
        return torch.from_numpy(x).view(1, 1, SIDE, SIDE)

    def _color(self, color: Any) -> Tensor:
        x = checks.numbers("The face's pixels", color, 3 * PIXELS, 0, 1)
        return torch.from_numpy(x).view(1, 3, SIDE, SIDE)
