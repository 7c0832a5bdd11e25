"""Models with latent variables: a bound on log p(x) can be computed."""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from genzoo.data.batches import seeded
from genzoo.metrics import (
    Evaluation,
    Metric,
    Table,
    active_latents,
    bootstrap,
    elbo_split,
    importance_weighted_bound,
)
from genzoo.metrics.likelihood import DENSITIES, nll_metrics
from genzoo.roles.base import Generative, Offer, check_number, draw, picture_of, probe_images


class LatentVariable(Generative):
    """p(x) = integral of p(z) p(x | z) dz, with an approximate posterior q(z | x)."""

    role = "LatentVariable"
    does = "bounds how likely an image is"
    knowledge = "approximate"
    pictures_are_samples = False
    quick_likelihood = True

    latent_shape: tuple[int, ...]
    """Shape of a latent z, (K,)."""

    @property
    def pictures_are(self) -> str:
        p = self.decode(self.draw_z(1, seeded(0)))
        return "means" if getattr(p, "median", None) is None else "medians"

    @abstractmethod
    def prior(self) -> Distribution:
        """p(z), batch shape latent_shape."""

    @abstractmethod
    def encode(self, x: Tensor) -> Distribution:
        """q(z | x), batch shape (B, *latent_shape)."""

    @abstractmethod
    def decode(self, z: Tensor) -> Distribution:
        """p(x | z), batch shape (B, *event_shape); `picture_of` it is what is shown."""

    @final
    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n samples of p(z), (n, *latent_shape)."""
        check_number(n)
        prior = self.prior()
        z = torch.randn(n, *self.latent_shape, generator=generator).to(prior.mean)
        return prior.mean + prior.stddev * z

    @final
    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """n samples of p(x), (n, *event_shape): z ~ p(z), then x ~ p(x | z), each pixel with a
        noise of its own."""
        p = self.decode(self.draw_z(n, generator))
        return draw(p, torch.rand(p.batch_shape, generator=generator).to(self.device))

    @final
    @torch.no_grad()
    def pictures(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """`picture_of` p(x | z), (n, *event_shape), for sampled z: not samples."""
        return picture_of(self.decode(self.draw_z(n, generator)))

    @final
    def log_likelihood(self, x: Tensor, k: int) -> Tensor:
        return torch.cat([importance_weighted_bound(self, one, k) for one in x.split(1)])

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """log p(x | z) - KL of four fixed images, in nats, at z = the mean of q(z | x)."""
        x = probe_images(self.event_shape)
        q, prior = self.encode(x), self.prior()
        reconstruction = self.decode(q.mean).log_prob(x).flatten(1).sum(1)
        kl = kl_divergence(q, prior).flatten(1).sum(1)
        return (reconstruction - kl).tolist()

    def metrics(self, on: Evaluation) -> list[Metric]:
        """The ELBO with its two sides."""
        setting = on.setting
        split = on.over_batches(
            lambda b: torch.cat([t.view(len(b), -1) for t in elbo_split(self, b)], dim=1), 250
        )
        reconstruction, kl = split[:, 0], split[:, 1:]
        active = float(active_latents(kl).sum())
        return [
            bootstrap("negative_elbo", kl.sum(1) - reconstruction, "nats", setting),
            bootstrap("reconstruction", -reconstruction, "nats", setting),
            bootstrap("kl", kl.sum(1), "nats", setting),
            Metric("active_latents", active, active, active, "", setting),
        ]

    def bound_metrics(self, on: Evaluation) -> list[Metric]:
        """The importance-weighted bound."""
        bound = -on.over_batches(lambda b: importance_weighted_bound(self, b, on.k), 50)
        weighted = f"importance-weighted bound, k = {on.k}, {on.setting}"
        return nll_metrics(bound, on.x[0].numel(), weighted, bound=True)

    def offers(self) -> dict[str, Offer]:
        """decode, z to `picture_of` p(x | z); encode, x to the mean and the standard deviation of
        q(z | x); and likelihood, z and x to the same picture and log p(x | z) in nats, (B,)."""

        def encode(x: Tensor) -> tuple[Tensor, Tensor]:
            q = self.encode(x)
            return q.mean, q.stddev

        def likelihood(z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
            p = self.decode(z)
            return picture_of(p), p.log_prob(x).flatten(1).sum(1)

        z, x = {"z": self.latent_shape}, {"x": self.event_shape}
        return {
            "decode": Offer(lambda z: picture_of(self.decode(z)), z, ("image",)),
            "encode": Offer(encode, x, ("mean", "deviation")),
            "likelihood": Offer(likelihood, z | x, ("image", "log_likelihood")),
        }

    @classmethod
    def tables(cls) -> list[Table]:
        return [DENSITIES, *super().tables()]
