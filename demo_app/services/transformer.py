"""What the Transformer tab asks: attention, score, tempered completions, the worth of a cache."""

from __future__ import annotations

import threading
import time
from itertools import islice
from typing import Any, ClassVar

import numpy as np
import torch

from demo_app.errors import BadInput
from demo_app.services import checks
from demo_app.services.autoregressive_digits import SCORED_DIGITS, AutoregressiveDigits
from demo_app.services.digits import D
from demo_app.store import PIECE, Store
from demo_app.work import slow
from genzoo.models import Transformer
from genzoo.roles import teacher_forced_draws

TEMPERATURES = (0.1, 3.0)
TOP_P = (0.05, 1.0)
PASSES = 7
"""Full passes that are timed; a whole digit without a cache would take one for each token."""


class TransformerService(AutoregressiveDigits[Transformer]):
    """One Transformer of binary digits."""

    kind = Transformer
    needs: ClassVar = {"transformer-mnist": SCORED_DIGITS}

    def __init__(self, store: Store):
        super().__init__(store)
        self._timing = threading.Lock()
        self._timed: dict[str, Any] | None = None

    def look(self, pixels: Any, pixel: Any = None) -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: the pixel whose attention is wanted, 0 to 783, or None.

        Returns:
            as `AutoregressiveDigits._look`; and attention (n_layers, n_heads, 784), each map's
            weights sum to one, or None.
        """
        return self._look(
            pixels, pixel, attention=lambda model, x, i: model.attention(x, i).flatten(2)
        )

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
            pixels, known, count, seed: as of `AutoregressiveDigits.complete`.
            temperature: 0.1 to 3; below 1 what is likely becomes more likely.
            top_p: 0.05 to 1; only the most likely values that together have this share are
                sampled.

        Returns:
            images (count, 784) uint8 and their log_prob (count,) at temperature 1.
        """
        t = checks.number("The temperature", temperature, *TEMPERATURES)
        p = checks.number("top_p", top_p, *TOP_P)
        return self._complete(pixels, known, count, seed, lambda model: model.tempered(t, p))

    @slow
    def timing(self, again: Any = True) -> dict[str, Any]:
        """How long one digit takes to sample, in ms: `cached`, measured whole, and `uncached`,
        PASSES full passes over the image measured and scaled to one for each of its `tokens`;
        their `ratio`; `passes`. Unless `again`, the last answer if there is one.

        Raises:
            BadInput: while another measurement runs.
        """
        if self._timed is not None and not again:
            return self._timed
        if not self._timing.acquire(blocking=False):
            raise BadInput.said("measuring")
        try:
            self._timed = self._measure()
        finally:
            self._timing.release()
        return self._timed

    def _measure(self) -> dict[str, Any]:
        with self.model() as model:
            u = torch.rand(D, 1, generator=torch.Generator().manual_seed(0))
            tokens = D // model.patch
            fast, slow = model.draws(u, None), teacher_forced_draws(model, u, None)
        self._seconds(slow, 1)  # the first pass is slower
        # The model is let go every few pixels, and only the time that it is held counts. The two
        # take turns, so that whatever else the machine does slows them alike.
        cached, passes = 0.0, []
        for piece in range(D // PIECE):
            cached += self._seconds(fast, PIECE)
            if piece % (D // PIECE // PASSES) == 0:
                passes.append(self._seconds(slow, 1))
        uncached = sum(passes) / len(passes) * tokens
        return {
            "cached": 1000 * cached,
            "uncached": 1000 * uncached,
            "ratio": uncached / cached,
            "passes": len(passes),
            "tokens": tokens,
        }

    def _seconds(self, draws: Any, n: int) -> float:
        with self.model(), torch.inference_mode():
            start = time.perf_counter()
            for _ in islice(draws, n):
                pass
            return time.perf_counter() - start
