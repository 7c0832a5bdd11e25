"""What the NADE tab asks of a network for every order: marginals of a hole, and what fills it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch

from demo_app.services import checks
from demo_app.services.digits import DIGITS, MAX_COMPLETIONS, D, Digits, image
from genzoo.models import OrderlessNADE

ORDERS = ("random", "rows", "columns")


class OrderlessService(Digits[OrderlessNADE]):
    """One NADE for every order of the pixels. A hole is 784 numbers: 1 where the pixel is
    unknown."""

    kind = OrderlessNADE
    needs: ClassVar = {"nade-orderless-mnist": DIGITS}

    def marginals(self, pixels: Any, hole: Any) -> np.ndarray:
        """p(x_i = 1 | the pixels outside the hole), (784,); those keep their values.

        Args:
            pixels: 784 numbers, 0 or 1; those in the hole do not matter.
            hole: 784 numbers, 1 where the pixel is unknown.
        """
        given, _ = _given(pixels, hole)
        with self.model() as model, torch.inference_mode():
            return model.marginals(given).flatten().numpy()

    def fill(
        self, pixels: Any, hole: Any, count: Any, seed: Any, order: Any = "random"
    ) -> dict[str, np.ndarray]:
        """Fill the hole several times, one pixel after the other.

        Args:
            pixels, hole: as for `marginals`.
            count: how many times, 1 to 16.
            seed: 0 to 2^31 - 1; the same seed, count and order fill it the same way.
            order: in which the pixels are drawn, one of ORDERS.

        Returns:
            images (count, 784) uint8, and rank (784,) int16: when each pixel is drawn, 0 first, or
            -1 where it is known.
        """
        given, unknown = _given(pixels, hole)
        count = checks.integer("The number of fillings", count, 1, MAX_COMPLETIONS)
        order = checks.choice("The order", order, ORDERS)
        places = torch.arange(D)
        if order == "columns":
            places = places.view(28, 28).t().flatten()
        elif order == "random":
            places = torch.randperm(D, generator=checks.generator(seed))
        images = self.sample(
            count, given, checks.generator(seed), lambda model: model.with_order(places)
        )
        drawn = places[unknown[places]].numpy()
        rank = np.full(D, -1, np.int16)
        rank[drawn] = np.arange(len(drawn))
        return {"images": images.flatten(1).byte().numpy(), "rank": rank}


def _given(pixels: Any, hole: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """(1, 1, 28, 28), NaN in the hole; and the hole (784,), bool."""
    x, unknown = image(pixels), image(hole, "The hole").flatten().bool()
    x.view(-1)[unknown] = torch.nan
    return x, unknown
