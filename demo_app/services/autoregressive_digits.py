"""What is asked alike of every model of binary digits that takes their pixels in raster order."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo_app.services import checks
from demo_app.services.digits import DIGITS, MAX_COMPLETIONS, D, Digits, M, image
from demo_app.store import Store
from genzoo.roles import Autoregressive

SCORED_DIGITS = DIGITS | {"log_prob"}
"""The arrays of a demo.npz: test digits, and log p of many of them."""


class AutoregressiveDigits(Digits[M]):
    """A release of a model of class `kind`, the test digits beside it, and log p of many of
    them."""

    def __init__(self, store: Store, release: str | None = None):
        super().__init__(store, release)
        # A pointer that moves over an image asks of the same one again and again.
        self._logits = lru_cache(maxsize=64)(self._logits_of)

    def percentile(self, log_prob: float) -> float:
        """The share of test digits whose log p is below `log_prob`."""
        return float(np.searchsorted(self._scores, log_prob) / len(self._scores))

    def _look(
        self, pixels: Any, pixel: Any, **inside: Callable[[M, Tensor, int], Tensor]
    ) -> dict[str, Any]:
        """What every tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: 0 to 783, the one about which more is asked, or None.
            inside: by name, what more is asked of the model, the image and the pixel.

        Returns:
            logits (784,) of p(x_i = 1 | x_<i); log_prob; bits_per_dim; percentile, the share of
            test digits that are less likely, 0 to 1; and what was asked about the pixel, or None.
        """
        x = image(pixels)
        i = None if pixel is None else checks.integer("The pixel", pixel, 0, D - 1)
        flat = x.numpy().ravel()
        logits = self._logits(flat.tobytes())
        log_prob = -float(np.logaddexp(0, np.where(flat == 1, -logits, logits)).sum())
        answer: dict[str, Any] = {
            "logits": logits,
            "log_prob": log_prob,
            "bits_per_dim": -log_prob / D / math.log(2),
            "percentile": self.percentile(log_prob),
            **dict.fromkeys(inside),
        }
        if i is not None:
            with self.model() as model, torch.inference_mode():
                answer |= {key: ask(model, x, i).numpy() for key, ask in inside.items()}
        return answer

    def complete(self, pixels: Any, known: Any, count: Any, seed: Any) -> dict[str, np.ndarray]:
        """Keep the first pixels of an image and sample the rest, several times.

        Args:
            pixels: 784 numbers, 0 or 1; those from `known` on do not matter.
            known: how many pixels are kept, 0 to 784, in raster order.
            count: how many completions, 1 to 16.
            seed: 0 to 2^31 - 1; the same seed and count give the same completions.

        Returns:
            images (count, 784) uint8 and their log_prob (count,).
        """
        return self._complete(pixels, known, count, seed, lambda model: model)

    def _complete(
        self,
        pixels: Any,
        known: Any,
        count: Any,
        seed: Any,
        through: Callable[[M], Autoregressive],
    ) -> dict[str, np.ndarray]:
        """`complete`, with samples of what `through` makes of the model."""
        x = image(pixels)
        known = checks.integer("The number of known pixels", known, 0, D)
        count = checks.integer("The number of completions", count, 1, MAX_COMPLETIONS)
        x.view(-1)[known:] = torch.nan
        images = self.sample(count, x, checks.generator(seed), through)
        with self.model() as model, torch.inference_mode():
            log_prob = model.log_prob(images)
        return {"images": images.flatten(1).byte().numpy(), "log_prob": log_prob.numpy()}

    def _logits_of(self, pixels: bytes) -> np.ndarray:
        x = torch.from_numpy(np.frombuffer(pixels, np.float32).reshape(1, 1, 28, 28).copy())
        with self.model() as model, torch.inference_mode():
            return model.conditionals(x).logits.flatten().numpy()  # type: ignore[attr-defined]

    @cached_property
    def _scores(self) -> np.ndarray:
        return np.sort(self._assets()["log_prob"].astype(np.float64))
