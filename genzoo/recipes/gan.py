"""GANs of perceptrons on gray digits and clothes."""

from __future__ import annotations

from genzoo.models import GAN
from genzoo.objectives import AdversarialGame
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


def _gan(data: str, summary: str, expected: str) -> Recipe:
    return Recipe(
        summary=summary,
        paper="Goodfellow et al., Generative Adversarial Nets, 2014",
        paper_url="https://arxiv.org/abs/1406.2661",
        model=GAN,
        model_kwargs=dict(event_shape=(1, 28, 28), n_latent=64, n_hidden=512, n_layers=3),
        objective=AdversarialGame,
        objective_kwargs=dict(
            lr=0.0005,
            lr_critic=0.0005,
            width=512,
            loss="non-saturating",
            n_critic=1,
            penalty="r1",
            weight=0.4,
            r1_interval=4,
        ),
        data=data,
        settings=Settings(images=36 * 60_000, batch_size=64, ema=0.999, precision="bfloat16"),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8, "objective.width": 8},
        expected=expected,
        storage="float16",
    )


@recipe
def gan_mnist() -> Recipe:
    return _gan(
        "mnist",
        "Digits by two perceptrons that play against each other",
        "judge FID a tenth of what it is after the first epoch",
    )


@recipe
def gan_fashion() -> Recipe:
    return _gan(
        "fashion",
        "Clothes by two perceptrons that play against each other",
        "higher judge FID than dcgan-fashion",
    )
