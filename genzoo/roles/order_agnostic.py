"""Models of every order of the dimensions at once."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from genzoo.data.batches import fixed_subset, seeded
from genzoo.metrics import Evaluation, Metric, Table, bootstrap
from genzoo.metrics.likelihood import nll_metrics
from genzoo.metrics.table import Config, Row, by_name, setting, with_interval
from genzoo.roles.base import Offer
from genzoo.roles.explicit import Autoregressive

N_ORDERS = 8
"""Orders in an ensemble."""

N_ORDERED = 100
"""So many images, at random, are measured in it exactly, by D passes an image and an order."""

N_MASKS = 20
"""Sets of known pixels for each image, in the estimate over all orders."""


class OrderAgnostic(Autoregressive):
    """One network for every order of the dimensions; `order` is the one now in use.

    Known values of `sampling` and `sample` are taken first and the others in `order`, so the
    result follows p(rest | given) whichever dimensions are known.
    """

    role = "OrderAgnostic"
    quick_likelihood = False
    completes = "any"

    @abstractmethod
    def with_order(self, order: Tensor) -> OrderAgnostic:
        """This model, with shared weights, in another `order` (D,)."""

    @abstractmethod
    def nll_of_unknown(self, x: Tensor, known: Tensor) -> Tensor:
        """An unbiased estimate (B,) of -log p(x) in nats, averaged over all orders, where known
        (B, D) is the first n dimensions of a random order, n uniform in 0 .. D - 1."""

    @abstractmethod
    def marginals(self, given: Tensor) -> Tensor:
        """The mean of each dimension given the known ones, (B, *event_shape); `given` is of that
        shape too, NaN where unknown, and known values are kept."""

    def offers(self) -> dict[str, Offer]:
        """marginals, x and which of its values are known, as ones and zeros, to the mean of each
        dimension given those; all of them of x's shape."""

        def marginals(x: Tensor, known: Tensor) -> Tensor:
            return self.marginals(torch.where(known > 0, x, torch.nan))

        shape = self.event_shape
        return {"marginals": Offer(marginals, {"x": shape, "known": shape}, ("p",))}

    @torch.inference_mode()
    def metrics(self, on: Evaluation) -> list[Metric]:
        """-log p averaged over all orders, estimated on all images; and exactly, on some of
        them, -log of the density averaged over some orders, and what it gains over the mean of
        these orders on the very same images."""
        D = on.x[0].numel()
        generator = seeded(0)

        def estimate(b: Tensor) -> Tensor:
            # Numbers of known pixels that lie evenly over each image's masks: still uniform each.
            shift = torch.rand(len(b), 1, generator=generator)
            n = ((shift + torch.arange(N_MASKS) / N_MASKS) % 1 * D).long().clamp(max=D - 1)
            rank = torch.rand(len(b), N_MASKS, D, generator=generator).argsort(2).argsort(2)
            known = (rank < n.unsqueeze(2)).flatten(0, 1).to(b.device)
            nll = self.nll_of_unknown(b.repeat_interleave(N_MASKS, 0), known)
            return nll.view(len(b), N_MASKS).mean(1)

        nll = on.over_batches(estimate, 50)
        orders = torch.stack([torch.randperm(D, generator=generator) for _ in range(N_ORDERS)])
        some = on.x[fixed_subset(len(on.x), N_ORDERED)].to(on.device)
        log_p = torch.stack([self.with_order(order).log_prob(some) for order in orders])  # (K, B)
        ensemble = math.log(N_ORDERS) - torch.logsumexp(log_p, 0)
        masks = f"mean over all orders, by {N_MASKS} sets of known pixels an image, {on.setting}"
        each, joint = -log_p.mean(0), f"averaged over {N_ORDERS} orders, {on.of(len(some))}"
        gain = f"NLL less that of the density, image by image, {joint}"
        return [
            *nll_metrics(nll, D, masks),
            bootstrap("nll_ensemble", ensemble, "nats", f"density {joint}"),
            bootstrap("nll_orders", each, "nats", f"NLL {joint}"),
            bootstrap("ensemble_gain", each - ensemble, "nats", gain),
        ]

    @classmethod
    def tables(cls) -> list[Table]:
        return [*super().tables(), ENSEMBLES]


def _ensembles(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if "nll_ensemble" in metrics:
        cells = [
            with_interval(metrics, "nll_orders", 2),
            with_interval(metrics, "nll_ensemble", 2),
            with_interval(metrics, "ensemble_gain", 2),
            setting(metrics, "nll_ensemble"),
        ]
        yield -metrics.median("nll_ensemble"), cells


ENSEMBLES = Table(
    "{name}, several orders of the pixels together",
    "NLL, nats, mean of the orders | NLL, nats, of the mean of their densities "
    "| gain, nats, the same images | setting",
    _ensembles,
)
