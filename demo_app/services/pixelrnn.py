"""What the PixelRNN tab asks of two models at once: score, receptive field, completions."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from demo_app.errors import Unavailable
from demo_app.services import checks
from demo_app.services.digits import D, image
from demo_app.services.raster import Raster
from demo_app.store import Store
from genzoo.metrics.fields import receptive_field
from genzoo.models.pixel_rnn import PixelRNN


class PixelRNNService:
    """Images are 784 numbers, 0 or 1, row by row; log p is in nats. Refuses bad input with
    BadInput, a missing or damaged release with Unavailable."""

    models = ("row-lstm-mnist", "diagonal-bilstm-mnist")

    def __init__(self, store: Store):
        self._rasters = {name: Raster(store, name, PixelRNN) for name in self.models}
        # A pointer that moves over an image asks of the same one again and again.
        self._logits = lru_cache(maxsize=64)(self._logits_of)

    def missing(self, model: str) -> Unavailable | None:
        """Why a model cannot be shown, if it cannot; reads no weights."""
        return self._raster(model).missing()

    def about(self, model: str) -> dict[str, Any]:
        """n_parameters and nll (None when not measured)."""
        about = self._raster(model).about()
        return {key: about[key] for key in ("n_parameters", "nll")}

    def digits(self, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return self._raster(model).digits()

    def look(self, model: str, pixels: Any, pixel: Any = None) -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            model: one of `models`.
            pixels: 784 numbers, 0 or 1.
            pixel: whose receptive field is wanted, 0 to 783, or None.

        Returns:
            logits (784,) of p(x_i = 1 | x_<i); log_prob; bits_per_dim; percentile, the share of
            test digits that are less likely, 0 to 1; field (784,), |d logit_i / d x_j|, or None.
        """
        raster = self._raster(model)
        x = checks.bits("The pixels", pixels, D)
        i = None if pixel is None else checks.integer("The pixel", pixel, 0, D - 1)
        logits = self._logits(model, x.astype(np.uint8).tobytes())
        log_prob = -float(np.logaddexp(0, np.where(x == 1, -logits, logits)).sum())
        field = None
        if i is not None:
            with raster.model() as rnn:
                field = receptive_field(rnn, image(x), i).flatten().numpy()
        return {
            "logits": logits,
            "log_prob": log_prob,
            "bits_per_dim": -log_prob / D / math.log(2),
            "percentile": raster.percentile(log_prob),
            "field": field,
        }

    def complete(
        self, model: str, pixels: Any, known: Any, count: Any, seed: Any
    ) -> dict[str, np.ndarray]:
        """Keep the first pixels and sample the rest: as `Raster.complete`."""
        return self._raster(model).complete(pixels, known, count, seed)

    def _raster(self, model: object) -> Raster[PixelRNN]:
        return self._rasters[checks.model(model, self.models)]

    def _logits_of(self, model: str, x: bytes) -> np.ndarray:
        return self._rasters[model].logits(np.frombuffer(x, np.uint8))
