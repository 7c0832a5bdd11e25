"""Adversarial auto-encoders on binarized MNIST, with priors of several shapes."""

from __future__ import annotations

from genzoo.models import AAE, AdversarialAutoencoding
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


def _aae(
    summary: str,
    expected: str,
    n_labels: int = 0,
    epochs: int = 15,
    **model_kwargs: object,
) -> Recipe:
    return Recipe(
        summary=summary,
        paper="Makhzani et al., Adversarial Autoencoders, 2015",
        paper_url="https://arxiv.org/abs/1511.05644",
        model=AAE,
        model_kwargs=dict(event_shape=(1, 28, 28), n_blocks=1, n_hidden=512, **model_kwargs),
        objective=AdversarialAutoencoding,
        objective_kwargs=dict(lr=0.001, lr_discriminator=0.002, weight=100.0, n_labels=n_labels),
        data="mnist",
        settings=Settings(
            images=epochs * 60_000,
            batch_size=128,
            preprocessing="dynamic",
            ema=0.999,
            precision="bfloat16",
        ),
        smoke={"images": 256, "batch_size": 64, "model.width": 2, "model.n_hidden": 8},
        expected=expected,
        storage="float16",
    )


MATCHED = "codes that a two-sample test cannot tell from the prior"


@recipe
def aae_mnist() -> Recipe:
    return _aae(
        "All digits in the plane, their codes drawn to a Gaussian",
        MATCHED,
        n_latent=2,
        prior="gaussian",
        q="gaussian",
        width=16,
    )


@recipe
def aae_mnist_deterministic() -> Recipe:
    return _aae(
        "All digits in the plane, a code a function of its image",
        MATCHED,
        n_latent=2,
        prior="gaussian",
        q="deterministic",
        width=16,
    )


@recipe
def aae_mnist_ring() -> Recipe:
    return _aae(
        "A petal for each digit: ten Gaussians on a ring, told the labels",
        MATCHED,
        n_labels=10,
        n_latent=2,
        prior="ring",
        q="gaussian",
        width=16,
    )


@recipe
def aae_mnist_swiss_roll() -> Recipe:
    return _aae(
        "Digits along a rolled arm, told the labels",
        MATCHED,
        n_labels=10,
        n_latent=2,
        prior="swiss roll",
        q="gaussian",
        width=16,
    )


@recipe
def aae_mnist_8() -> Recipe:
    return _aae(
        "Digits well: eight numbers a code, the size of vae-mnist-8",
        "lower judge FID than vae-mnist-8, says the lecture",
        epochs=10,
        n_latent=8,
        prior="gaussian",
        q="gaussian",
        width=24,
    )
