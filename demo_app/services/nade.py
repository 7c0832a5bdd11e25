"""What the NADE tab asks of a 28x28 binary image: conditionals, influence, score, completions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from demo_app.services import checks
from demo_app.services.digits import D, image
from demo_app.services.raster import Raster
from demo_app.store import Store
from genzoo.models import NADE

EDGES = -np.logspace(4, 0.6, 137)
"""Of the histogram, in nats: a logarithmic axis from -10,000 to -4, on which noise, a scribble,
a digit (about -80) and an empty image can all be seen."""


class NADEService(Raster[NADE]):
    """Images are 784 numbers, 0 or 1, row by row; log p is in nats. Refuses bad input with
    BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store, release: str = "nade-mnist"):
        super().__init__(store, release, NADE, ("noise", "shuffled"))

    def histogram(self) -> dict[str, np.ndarray]:
        """Of log p of the whole test set: counts between EDGES; of references: their medians."""
        counts, _ = np.histogram(self._scores, EDGES)
        return {
            "edges": EDGES,
            "counts": counts,
            "noise": self._assets["noise"],
            "shuffled": self._assets["shuffled"],
        }

    def look(self, pixels: Any, pixel: Any = None, among: Any = "all") -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: what pushed which one, 0 to 783, is wanted, or None.
            among: "all" pixels, or those that are "ink", which is faster.

        Returns:
            logits (784,) of p(x_i = 1 | x_<i); log_prob; bits_per_dim; percentile, the share of
            test digits that are less likely, 0 to 1; influence (784,), in nats of log-odds, or
            None.
        """
        x = image(checks.bits("The pixels", pixels, D))
        i = None if pixel is None else checks.integer("The pixel", pixel, 0, D - 1)
        among = checks.choice("What pushes", among, ("ink", "all"))
        with self.model() as nade, torch.inference_mode():
            conditionals = nade.conditionals(x)
            log_prob = float(conditionals.log_prob(x).sum())
            influence = None if i is None else nade.influence(x, i, among == "ink").numpy()
        return {
            "logits": conditionals.logits.flatten().numpy(),
            "log_prob": log_prob,
            "bits_per_dim": -log_prob / D / math.log(2),
            "percentile": self.percentile(log_prob),
            "influence": influence,
        }
