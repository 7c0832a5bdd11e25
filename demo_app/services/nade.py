"""What the NADE tab asks of a 28x28 binary image: conditionals, influence, score, completions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.services import checks
from demo_app.services.autoregressive_digits import SCORED_DIGITS, AutoregressiveDigits
from genzoo.models import NADE

EDGES = -np.logspace(4, 0.6, 137)
"""Edges of the histogram's bins, in nats: a logarithmic axis from -10,000 to -4, on which noise, a
scribble, a digit (about -80) and an empty image can all be seen."""


class NADEService(AutoregressiveDigits[NADE]):
    """One NADE of binary digits."""

    kind = NADE
    needs: ClassVar = {"nade-mnist": SCORED_DIGITS | {"noise", "shuffled"}}

    def histogram(self) -> dict[str, np.ndarray]:
        """The counts between EDGES of log p of the whole test set, and the median log p of noise
        and of shuffled digits, for scale."""
        counts, _ = np.histogram(self._scores, EDGES)
        references = {key: self._assets()[key] for key in ("noise", "shuffled")}
        return {"edges": EDGES, "counts": counts, **references}

    def scores(self) -> np.ndarray:
        """log p of many test digits, from the least to the most likely."""
        return self._scores

    def look(self, pixels: Any, pixel: Any = None, among: Any = "all") -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: the pixel about whose influences is asked, 0 to 783, or None.
            among: "all" pixels may have an influence, or those that are "ink", which is faster.

        Returns:
            as `AutoregressiveDigits._look`; influence (784,), by how many nats of log-odds each
            pixel pushes the one asked about; hidden (n_hidden,), h_i of that pixel, and terms
            (n_hidden,), by how many nats each of its units raises the logit. None without a pixel.
        """
        of_ink = checks.choice("What pushes", among, ("ink", "all")) == "ink"
        return self._look(
            pixels,
            pixel,
            influence=lambda nade, x, i: nade.influence(x, i, of_ink),
            hidden=_hidden,
            terms=lambda nade, x, i: nade.V[i] * _hidden(nade, x, i),
        )


def _hidden(nade: NADE, x: Tensor, i: int) -> Tensor:
    """h_i = sigmoid(c + W_<i x_<i), (n_hidden,), of an image (1, 1, 28, 28): a column of W is
    added for each earlier pixel that is 1."""
    ink = x.flatten()[:i].nonzero().squeeze(1)
    return torch.sigmoid(nade.c + nade.W[ink].sum(0))
