"""What is asked alike of every model of binary digits in raster order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch

from demo_app.services import checks
from demo_app.services.digits import MAX_COMPLETIONS, MAX_SEED, D, Digits, M, image
from demo_app.store import Store
from genzoo.roles import Autoregressive


class Raster(Digits[M]):
    """A release of a model of class `kind`, and the test digits beside it with log_prob of many of
    them."""

    def __init__(self, store: Store, release: str, kind: type[M], needs: tuple[str, ...] = ()):
        super().__init__(store, release, kind, ("log_prob", *needs))

    def percentile(self, log_prob: float) -> float:
        """The share of test digits whose log p is below `log_prob`."""
        return float(np.searchsorted(self._scores, log_prob) / len(self._scores))

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits (784,) of p(x_i = 1 | x_<i) of checked pixels (784,)."""
        with self.model() as model, torch.inference_mode():
            return model.conditionals(image(pixels)).logits.flatten().numpy()  # type: ignore[attr-defined]

    def complete(
        self,
        pixels: Any,
        known: Any,
        count: Any,
        seed: Any,
        through: Callable[[M], Autoregressive] = lambda model: model,
    ) -> dict[str, np.ndarray]:
        """Keep the first pixels of an image and sample the rest, several times.

        Args:
            pixels: 784 numbers, 0 or 1; those from `known` on do not matter.
            known: how many pixels are kept, 0 to 784, in raster order.
            count: how many completions, 1 to 16.
            seed: 0 to 2^31 - 1; the same seed and count give the same completions.
            through: what to sample from in the model's stead.

        Returns:
            images (count, 784) uint8 and their log_prob (count,) under the model itself.
        """
        x = image(checks.bits("The pixels", pixels, D))
        known = checks.integer("The number of known pixels", known, 0, D)
        count = checks.integer("The number of completions", count, 1, MAX_COMPLETIONS)
        seed = checks.integer("The seed", seed, 0, MAX_SEED)
        x.view(-1)[known:] = torch.nan
        images = self.sample(count, x, seed, through)
        with self.model() as model, torch.inference_mode():
            log_prob = model.log_prob(images)
        return {"images": images.flatten(1).byte().numpy(), "log_prob": log_prob.numpy()}

    @cached_property
    def _scores(self) -> np.ndarray:
        return np.sort(self._assets["log_prob"].astype(np.float64))
