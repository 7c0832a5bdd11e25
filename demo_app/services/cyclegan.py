"""What the CycleGAN tab asks: sketches in color, faces as sketches, and the way back of both."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.services import Service, checks
from demo_app.services.checks import MAX_SEED
from demo_app.services.near import NEEDED, NearTraining
from genzoo.data import avatars
from genzoo.data.avatars import SIDE
from genzoo.models import CycleGAN

PIXELS = SIDE * SIDE
MAX_FACES = 12


class CycleGANService(Service):
    """A sketch is 4096 numbers in [0, 1], black lines on white, row by row; a face in color 12288,
    channel by channel."""

    release = "cyclegan-avatars"
    needs: ClassVar = {release: NEEDED}

    def pair(self, seed: Any = 0) -> dict[str, np.ndarray]:
        """The face of a seed as it is drawn both ways: color (12288,) and sketch (4096,)."""
        face = avatars.face(checks.seed(seed))
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
            difference of the last from the first; and of a sketch distance, limit and is_far,
            whether it is far from the training sketches (see `NearTraining.about`).
        """
        levels = checks.integer("The levels", levels, 2, 256)
        there = color is not None
        x = self._color(color) if there else self._sketch(sketch)
        with self._store.model(self.release, CycleGAN) as model, torch.inference_mode():
            between = model.forth(x) if there else model.back(x)
            between = (between * (levels - 1)).round() / (levels - 1)
            back = model.back(between) if there else model.forth(between)
        near = {} if there else self._near.about(1 - x)
        return {
            **near,
            "between": between.flatten().numpy(),
            "back": back.flatten().numpy(),
            "error": float((back - x).abs().mean()),
        }

    def several(self, seed: Any = 0, n: Any = 8) -> dict[str, np.ndarray]:
        """n faces from a seed on, both ways: color and sketch as they are drawn, colored and
        sketched what is made of the other, (n, 12288) or (n, 4096) each."""
        seed = checks.seed(seed, MAX_SEED - MAX_FACES)
        n = checks.integer("The number of faces", n, 1, MAX_FACES)
        pairs = [self.pair(seed + k) for k in range(n)]
        color, sketch = (np.stack([pair[key] for pair in pairs]) for key in ("color", "sketch"))
        return {
            "color": color,
            "sketch": sketch,
            "colored": np.stack([self.colored(one) for one in sketch]),
            "sketched": np.stack([self.sketched(one) for one in color]),
        }

    @cached_property
    def _near(self) -> NearTraining:
        return NearTraining.kept(self._store, "sketches")

    def _made(self, x: Tensor, there: bool) -> np.ndarray:
        with self._store.model(self.release, CycleGAN) as model, torch.inference_mode():
            return (model.forth(x) if there else model.back(x)).flatten().numpy()

    def _sketch(self, sketch: Any) -> Tensor:
        x = checks.numbers("The sketch's pixels", sketch, PIXELS, 0, 1)
        return torch.from_numpy(x).view(1, 1, SIDE, SIDE)

    def _color(self, color: Any) -> Tensor:
        x = checks.numbers("The face's pixels", color, 3 * PIXELS, 0, 1)
        return torch.from_numpy(x).view(1, 3, SIDE, SIDE)
