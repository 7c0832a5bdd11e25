"""Of autoencoders: where the codes of images lie."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from demo_app.assets.digits import PER_CLASS, first_of_each_class
from genzoo import releases
from genzoo.data import load_images
from genzoo.data.batches import fixed_subset
from genzoo.data.preprocessing import preprocess_once
from genzoo.metrics import elbo_split
from genzoo.metrics.samples import energy_distances
from genzoo.models import AAE, VAE
from genzoo.roles.autoencoder import prior_draws

GRID = torch.linspace(-4, 4, 161)
"""Places on either axis of a plane of latents where the density of codes is known."""

BANDWIDTH = 0.06
"""Deviation of the Gaussian about each code, where codes are points and their density is to be
estimated."""


def vae_mnist_2d(vae: VAE) -> dict[str, np.ndarray]:
    """The first 2,000 test digits on the one fixed draw, and the means of their posteriors; and
    log_q, the logarithm of the aggregated posterior of the training digits on a grid, a row for
    each value of the second latent, both from -4 to 4."""
    test = load_images("mnist", "test")
    x = preprocess_once(test.scaled(), "dynamic")[:2000]
    with torch.inference_mode():
        points = torch.cat([vae.encode(b).mean for b in x.split(250)])
        train = preprocess_once(load_images("mnist", "train").scaled(), "dynamic")
        posteriors = [vae.encode(b) for b in train.split(250)]
    mean, deviation = (
        torch.cat([getattr(q, name) for q in posteriors]) for name in ("mean", "stddev")
    )
    return {
        "points": points.numpy(),
        "log_q": log_aggregated(mean, deviation, GRID).half().numpy(),
        "labels": test.labels[:2000].byte().numpy(),
        "digits": np.packbits(x.flatten(1).byte().numpy(), axis=1),
    }


def aae_plane(aae: AAE, name: str) -> dict[str, np.ndarray]:
    """The 2,000 digits whose codes the release has kept, on the one fixed draw; these codes
    (S, 2000, 2) at S moments of the training, by images_seen (S,), and the energy distance (S,) of
    each from the fixed samples of the prior that a release's figure is of; and log_q, as of
    `vae_mnist_2d`, of the codes of the training digits.

    Raises:
        ReleaseError: when the release kept no codes.
    """
    if not (kept := releases.snapshots(name)):
        raise releases.ReleaseError(f"{name} has kept no codes of its training: train it anew.")
    data = load_images("mnist", releases.info(name).get("snapshots_of", "test"))
    chosen = fixed_subset(len(data), len(next(iter(kept.values()))))
    x = preprocess_once(data.scaled(), "dynamic")[chosen]
    draws, _ = prior_draws(aae.draw_z, len(chosen))
    distance = energy_distances([z.float() for z in kept.values()], draws)
    generator = torch.Generator().manual_seed(0)
    train = preprocess_once(load_images("mnist", "train").scaled(), "dynamic")
    with torch.inference_mode():
        codes = torch.cat(
            [aae.encode(b, torch.randn(len(b), 2, generator=generator)) for b in train.split(250)]
        )
    return {
        "images_seen": np.array(list(kept), dtype=np.int64),
        "codes": torch.stack(list(kept.values())).numpy(),
        "distance": np.array(distance, dtype=np.float32),
        "log_q": log_aggregated(codes, torch.full_like(codes, BANDWIDTH), GRID).half().numpy(),
        "labels": data.labels[chosen].byte().numpy(),
        "digits": np.packbits(x.flatten(1).byte().numpy(), axis=1),
    }


def vae_mnist(vae: VAE) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw; how the model codes the whole test set."""
    return _coded(vae, "mnist", "dynamic", PER_CLASS)


def vae_fashion(vae: VAE) -> dict[str, np.ndarray]:
    """Test clothes, 10 a class, and how the model codes the whole test set."""
    return _coded(vae, "fashion", "none", 10)


def _coded(vae: VAE, data: str, preprocessing: str, n: int) -> dict[str, np.ndarray]:
    """images of 0 to 255, n a class, and their labels; over the test set the mean kl of each
    latent and the mean reconstruction term, in nats."""
    test = load_images(data, "test")
    x = preprocess_once(test.scaled(), preprocessing)
    terms = [elbo_split(vae, b, seed=i) for i, b in enumerate(x.split(250))]
    chosen = first_of_each_class(test.labels, n)
    return {
        "images": (x[chosen] * 255).round().flatten(1).byte().numpy(),
        "labels": test.labels[chosen].byte().numpy(),
        "kl": torch.cat([kl for _, kl in terms]).mean(0).numpy(),
        "reconstruction": torch.cat([r for r, _ in terms]).mean().numpy(),
    }


def log_aggregated(mean: Tensor, deviation: Tensor, axis: Tensor) -> Tensor:
    """log q(z) (G, G) at all places of a grid, the first latent along a row, of the mean of the
    Gaussians q(z | x_n) with `mean` and `deviation` (N, 2); not below -30."""
    total = torch.zeros(len(axis), len(axis), dtype=torch.float64)
    for m, s in zip(mean.split(5000), deviation.split(5000), strict=True):
        # Each Gaussian is a product of one along each axis, so the sum is a matrix product.
        z = (axis.view(-1, 1, 1) - m) / s
        along = (torch.exp(-0.5 * z**2) / (s * math.sqrt(2 * math.pi))).double()  # (G, n, 2)
        total += along[..., 1] @ along[..., 0].T
    return (total / len(mean)).log().clamp(min=-30)
