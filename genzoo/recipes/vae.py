"""Variational auto-encoders: one for its map, one for its bound, one for clothes."""

from __future__ import annotations

from genzoo.models import ELBO, VAE
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

PAPER = "Kingma and Welling, Auto-Encoding Variational Bayes, 2014"
URL = "https://arxiv.org/abs/1312.6114"
SMOKE = {"images": 256, "batch_size": 64, "model.width": 4, "model.n_hidden": 16}


@recipe
def vae_mnist_2d() -> Recipe:
    return Recipe(
        summary="Digits on a plane: a latent space of two dimensions, to be seen whole",
        paper=PAPER,
        paper_url=URL,
        model=VAE,
        model_kwargs=dict(event_shape=(1, 28, 28), n_latent=2, width=16, n_blocks=1, n_hidden=512),
        objective=ELBO,
        objective_kwargs=dict(lr=0.001, beta=1.0, free_bits=0.0),
        data="mnist",
        settings=Settings(
            images=20 * 60_000,
            batch_size=128,
            binarization="dynamic",
            ema=0.999,
            precision="bfloat16",
        ),
        smoke=SMOKE,
        expected="two latents bound what can be said: the map is the point",
    )


@recipe
def vae_mnist() -> Recipe:
    return Recipe(
        summary="Digits well: 32 latents, of which the model uses what it needs",
        paper=PAPER,
        paper_url=URL,
        model=VAE,
        model_kwargs=dict(
            event_shape=(1, 28, 28), n_latent=32, width=24, n_blocks=1, n_hidden=512
        ),
        objective=ELBO,
        objective_kwargs=dict(lr=0.002, beta=1.0, free_bits=0.0),
        data="mnist",
        settings=Settings(
            images=80 * 60_000,
            batch_size=128,
            binarization="dynamic",
            ema=0.9995,
            precision="bfloat16",
        ),
        smoke=SMOKE,
        expected="importance-weighted bound, k = 500, <= 84.5 nats, dynamic binarization",
    )


@recipe
def vae_fashion() -> Recipe:
    return Recipe(
        summary="Clothes in gray, with a proper likelihood of the 8-bit pixels",
        paper=PAPER,
        paper_url=URL,
        model=VAE,
        model_kwargs=dict(
            event_shape=(1, 28, 28),
            n_latent=32,
            width=24,
            n_blocks=1,
            n_hidden=512,
            likelihood="logistic",
        ),
        objective=ELBO,
        objective_kwargs=dict(lr=0.001, beta=1.0, free_bits=0.0),
        data="fashion",
        settings=Settings(
            images=20 * 60_000,
            batch_size=128,
            binarization="none",
            ema=0.9995,
            clip=200.0,
            precision="bfloat16",
        ),
        smoke=SMOKE,
        expected="bits/dim of 8-bit pixels, stated",
    )
