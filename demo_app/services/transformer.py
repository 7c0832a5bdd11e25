"""What the Transformer tab asks: attention, score, tempered completions, the worth of a cache."""

from __future__ import annotations

import math
import threading
import time
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

import numpy as np
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services import checks
from demo_app.services.digits import D, image
from demo_app.services.raster import Raster
from demo_app.store import PIECE, Store
from genzoo.models import Transformer
from genzoo.roles import teacher_forced_draws

RELEASE = "transformer-mnist"
TEMPERATURES = (0.1, 3.0)
TOP_P = (0.05, 1.0)
PASSES = 7
"""Full passes that are timed; a whole digit without a cache would take one for each token."""


class TransformerService:
    """Images are 784 numbers, 0 or 1, row by row; log p is in nats. Refuses bad input with
    BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store, release: str = RELEASE):
        self._raster = Raster(store, release, Transformer)
        self._timing = threading.Lock()
        self._timed: dict[str, Any] | None = None
        # A pointer that moves over an image asks of the same one again and again.
        self._logits = lru_cache(maxsize=32)(self._logits_of)

    def missing(self) -> Unavailable | None:
        """Why the tab cannot be shown, if it cannot; reads no weights."""
        return self._raster.missing()

    def about(self) -> dict[str, Any]:
        """n_parameters, nll (None when not measured), n_layers, n_heads and patch."""
        return self._about

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return self._raster.digits()

    def look(self, pixels: Any, pixel: Any = None) -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: whose attention is wanted, 0 to 783, or None.

        Returns:
            logits (784,) of p(x_i = 1 | x_<i); log_prob; bits_per_dim; percentile, the share of
            test digits that are less likely, 0 to 1; attention (n_layers, n_heads, 784), each
            map's weights sum to one, or None.
        """
        x = checks.bits("The pixels", pixels, D)
        i = None if pixel is None else checks.integer("The pixel", pixel, 0, D - 1)
        logits = self._logits(x.astype(np.uint8).tobytes())
        log_prob = -float(np.logaddexp(0, np.where(x == 1, -logits, logits)).sum())
        attention = None
        if i is not None:
            with self._raster.model() as model, torch.inference_mode():
                attention = model.attention(image(x), i).flatten(2).numpy()
        return {
            "logits": logits,
            "log_prob": log_prob,
            "bits_per_dim": -log_prob / D / math.log(2),
            "percentile": self._raster.percentile(log_prob),
            "attention": attention,
        }

    def complete(
        self,
        pixels: Any,
        known: Any,
        count: Any,
        seed: Any,
        temperature: Any = 1.0,
        top_p: Any = 1.0,
    ) -> dict[str, np.ndarray]:
        """Keep the first pixels of an image and sample the rest, several times.

        Args:
            pixels, known, count, seed: as of `Raster.complete`.
            temperature: 0.1 to 3; below 1 what is likely becomes likelier.
            top_p: 0.05 to 1; only the likeliest values that together have this share are drawn.

        Returns:
            images (count, 784) uint8 and their log_prob (count,) at temperature 1.
        """
        t = checks.number("The temperature", temperature, *TEMPERATURES)
        p = checks.number("top_p", top_p, *TOP_P)
        return self._raster.complete(
            pixels, known, count, seed, lambda model: model.tempered(t, p)
        )

    def timing(self, again: Any = True) -> dict[str, Any]:
        """How long one digit takes to sample, in ms: `cached`, measured whole, and `uncached`,
        PASSES full passes over the image measured and scaled to one for each of its `symbols`;
        their `ratio`; `passes`. Unless `again`, the last answer if there is one.

        Raises:
            BadInput: while another measurement runs.
        """
        if self._timed is not None and not again:
            return self._timed
        if not self._timing.acquire(blocking=False):
            raise BadInput("A measurement is running; try again in a few seconds.")
        try:
            self._timed = self._measure()
        finally:
            self._timing.release()
        return self._timed

    @cached_property
    def _about(self) -> dict[str, Any]:
        about = self._raster.about()
        model = about.pop("model")
        return {**about, **{key: model[key] for key in ("n_layers", "n_heads", "patch")}}

    def _measure(self) -> dict[str, Any]:
        with self._raster.model() as model:
            u = torch.rand(D, 1, generator=torch.Generator().manual_seed(0))
            symbols = D // model.patch
            fast, slow = model.draws(u, None), teacher_forced_draws(model, u, None)
        self._seconds(slow, 1)  # the first pass is slower
        # The model is let go every few pixels, and only the time that it is held counts. The two
        # take turns, so that whatever else the machine does slows them alike.
        cached, passes = 0.0, []
        for piece in range(D // PIECE):
            cached += self._seconds(fast, PIECE)
            if piece % (D // PIECE // PASSES) == 0:
                passes.append(self._seconds(slow, 1))
        uncached = sum(passes) / len(passes) * symbols
        return {
            "cached": 1000 * cached,
            "uncached": 1000 * uncached,
            "ratio": uncached / cached,
            "passes": len(passes),
            "symbols": symbols,
        }

    def _seconds(self, draws: Any, n: int) -> float:
        with self._raster.model(), torch.inference_mode():
            start = time.perf_counter()
            for _ in islice(draws, n):
                pass
            return time.perf_counter() - start

    def _logits_of(self, x: bytes) -> np.ndarray:
        return self._raster.logits(np.frombuffer(x, np.uint8))
