"""RNADE on points in the plane, where its density can be seen whole, and on Fashion-MNIST."""

from __future__ import annotations

from genzoo.models import RNADE
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

PAPER = (
    "Uria, Murray and Larochelle, RNADE: the real-valued neural autoregressive density-estimator"
)
URL = "https://arxiv.org/abs/1306.0186"


def _plane(data: str, summary: str, images: int) -> Recipe:
    return Recipe(
        summary=summary,
        paper=f"{PAPER}, 2013",
        paper_url=URL,
        model=RNADE,
        model_kwargs=dict(event_shape=(1, 1, 2), n_hidden=200, n_components=16),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.02, beta2=0.99),
        data=data,
        settings=Settings(images=images, batch_size=500, ema=0.999, clip=5.0),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8, "model.n_components": 3},
        expected="below one Gaussian and independent mixtures on the same points",
    )


@recipe
def rnade_moons() -> Recipe:
    return _plane("moons", "Two half moons: p(x_2 | x_1) has up to two humps", 2_000_000)


@recipe
def rnade_rings() -> Recipe:
    return _plane("rings", "Three rings: p(x_2 | x_1) has up to six humps", 2_000_000)


@recipe
def rnade_spirals() -> Recipe:
    return _plane("spirals", "Two spirals: p(x_2 | x_1) has up to six humps", 2_000_000)


@recipe
def rnade_fashion() -> Recipe:
    return Recipe(
        summary="Clothes in gray: every pixel a mixture of five Gaussians given those before it",
        paper=f"{PAPER}, 2013",
        paper_url=URL,
        model=RNADE,
        model_kwargs=dict(event_shape=(1, 28, 28), n_hidden=300, n_components=5),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.004, beta2=0.99),
        data="fashion",
        settings=Settings(
            images=15 * 60_000,
            batch_size=128,
            preprocessing="dequantized",
            ema=0.9995,
            clip=1000.0,
            precision="bfloat16",
        ),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8, "model.n_components": 2},
        expected="bits/dim of uniformly dequantized 8-bit pixels, stated",
        storage="float16",
    )
