"""Nats, bits a dimension, and bounds on log p(x) of latent variable models."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from genzoo.data.batches import seeded
from genzoo.metrics.metric import Metric, bootstrap
from genzoo.metrics.table import (
    Cell,
    Config,
    Metrics,
    Row,
    Table,
    by_name,
    joined,
    setting,
    told,
    value,
    with_interval,
)

if TYPE_CHECKING:
    from genzoo.roles import LatentVariable


def bits_per_dim(nll: Tensor, D: int) -> Tensor:
    """Nats an image of D dimensions to bits a dimension."""
    return nll / (D * math.log(2))


def nll_metrics(nll: Tensor, D: int, setting: str, bound: bool = False) -> list[Metric]:
    """The mean of -log p(x) in nats, from one value for each image (N,), and the same in bits a
    dimension; as "nll_bound" and "bits_per_dim_bound" where they are upper bounds of it."""
    suffix = "_bound" if bound else ""
    return [
        bootstrap(f"nll{suffix}", nll, "nats", setting),
        bootstrap(f"bits_per_dim{suffix}", bits_per_dim(nll, D), "bits", setting),
    ]


def importance_weighted_bound(
    model: LatentVariable, x: Tensor, k: int, seed: int = 0, decode_batch: int = 250
) -> Tensor:
    """`weighted_bound` of log p(x), (B,), by a model's own q(z | x)."""
    prior = model.prior()

    def log_prior(z: Tensor) -> Tensor:
        return prior.log_prob(z).flatten(1).sum(1)

    return weighted_bound(x, model.encode(x), log_prior, model.decode, k, seed, decode_batch)


@torch.inference_mode()
def weighted_bound(
    x: Tensor,
    q: Distribution,
    log_prior: Callable[[Tensor], Tensor],
    decode: Callable[[Tensor], Distribution],
    k: int,
    seed: int = 0,
    decode_batch: int = 250,
) -> Tensor:
    """log (1/k) sum_j p(z_j) p(x | z_j) / q(z_j | x), z_j ~ q(z | x): (B,), in nats, in float64
    on the CPU (not every device has float64).

    A lower bound of log p(x) on average, whatever the density q, tighter as k grows; k = 1 is the
    ELBO (Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016).

    Args:
        x: images (B, *event_shape).
        q: q(z | x), a Gaussian, batch shape (B, *latent_shape).
        log_prior: log p(z) in nats, (n,), of latents (n, *latent_shape).
        decode: p(x | z), batch shape (n, *event_shape), of latents (n, *latent_shape).
        k: samples of q for each image.
        decode_batch: latents decoded at once, which bounds the memory.
    """
    if k < 1:
        raise ValueError(f"The number of importance samples must be at least 1, not {k}.")
    B = len(x)
    generator = seeded(seed)
    log_total = torch.full((B,), -math.inf, dtype=torch.float64)
    per_pass = max(1, decode_batch // B)
    for done in range(0, k, per_pass):
        n = min(per_pass, k - done)
        # Sample by sample: torch's normal numbers also depend on how many are asked for at once.
        noise = [torch.randn(q.mean.shape, generator=generator) for _ in range(n)]
        eps = torch.stack(noise).to(x)
        z = q.mean + q.stddev * eps  # (n, B, *latent_shape)
        p = decode(z.flatten(0, 1))
        log_p = p.log_prob(x.repeat(n, *[1] * (x.ndim - 1))).flatten(1).sum(1).view(n, B)
        log_w = log_p + log_prior(z.flatten(0, 1)).view(n, B) - q.log_prob(z).flatten(2).sum(2)
        log_total = torch.logaddexp(log_total, torch.logsumexp(log_w.cpu().double(), 0))
    return log_total - math.log(k)


@torch.inference_mode()
def elbo_split(model: LatentVariable, x: Tensor, seed: int = 0) -> tuple[Tensor, Tensor]:
    """The ELBO's two sides in nats: E_q[log p(x | z)] by one z (B,), and KL by latent (B, K)."""
    q = model.encode(x)
    eps = torch.randn(q.mean.shape, generator=seeded(seed)).to(x)
    reconstruction = model.decode(q.mean + q.stddev * eps).log_prob(x).flatten(1).sum(1)
    return reconstruction, kl_divergence(q, model.prior())


def active_latents(kl: Tensor, threshold: float = 0.01) -> Tensor:
    """Which latents carry something: mean KL over images (B, K) above `threshold` nats; (K,)."""
    return kl.mean(0) > threshold


BITS = {"nll": "bits_per_dim", "nll_bound": "bits_per_dim_bound"}
"""The metrics in nats that say how good a model is, and the same in bits / dim."""

NATS = "NLL, nats"
"""Head of the columns of negative log-likelihoods, one for each setting."""


UNTRAINED = "not trained on it"
"""What the setting of a bound says where the model was trained on something else."""


def nats(metrics: Metrics) -> Cell:
    """The negative log-likelihood, or its upper bound."""
    bound = "nll_bound" in metrics
    return value(metrics, "nll_bound" if bound else "nll", sign="≤ " if bound else "")


def _densities(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    for name, bits in BITS.items():
        if name in metrics:
            sign = "≤ " if name == "nll_bound" else ""
            both = with_interval(metrics, name, 2, sign), value(metrics, bits, 4, sign)
            shown = told(joined(", ", *both), " bits / dim")
            cells = [f"{config['images_seen']:,}", shown, setting(metrics, name)]
            yield -metrics.median(name), cells


DENSITIES = Table(
    "{name}, {densities}",
    f"images seen | {NATS} | setting",
    _densities,
    split=(NATS,),
    may_differ={f", {UNTRAINED}": "setting"},
)
"""Negative log-likelihoods, of every role that has them."""
