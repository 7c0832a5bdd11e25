"""Tables of counts over binarized MNIST: what each assumption about pixels costs."""

from __future__ import annotations

from dataclasses import replace

from genzoo.models import IndependentPixels, JointPixels, MarkovPixels
from genzoo.objectives import Counting
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

PAPER = "Shannon, A Mathematical Theory of Communication, 1948"
URL = "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x"
ONE_PASS = Settings(images=60_000, batch_size=1_000, preprocessing="dynamic", ema=0.0)
# Ten binarizations of each image: where 60,000 fill 65,536 cells they are worth 0.1 nats.
TEN_PASSES = replace(ONE_PASS, images=10 * 60_000)
SMOKE = {"images": 256, "batch_size": 64}


@recipe
def pixels_independent_mnist() -> Recipe:
    return Recipe(
        summary="Every pixel a coin of its own: 784 numbers",
        paper=PAPER,
        paper_url=URL,
        model=IndependentPixels,
        model_kwargs=dict(event_shape=(1, 28, 28), smoothing=0.5),
        objective=Counting,
        data="mnist",
        settings=ONE_PASS,
        smoke=SMOKE,
        expected="exact by counting: the entropies of the pixels, summed",
    )


@recipe
def pixels_markov_mnist() -> Recipe:
    return Recipe(
        summary="Every pixel given the one before it: 1,567 numbers",
        paper=PAPER,
        paper_url=URL,
        model=MarkovPixels,
        model_kwargs=dict(event_shape=(1, 28, 28), smoothing=0.5),
        objective=Counting,
        data="mnist",
        settings=ONE_PASS,
        smoke=SMOKE,
        expected="exact by counting: below the independent pixels",
    )


@recipe
def pixels_joint_mnist() -> Recipe:
    return Recipe(
        summary="The 4x4 pixels at the center, every combination counted: 65,535 numbers",
        paper=PAPER,
        paper_url=URL,
        model=JointPixels,
        # Nats on the 5,000 images left out of the count: 7.15 at 10, 6.61 at 1, 6.56 at 0.1.
        model_kwargs=dict(event_shape=(1, 4, 4), smoothing=0.1),
        objective=Counting,
        data="mnist-4x4",
        settings=TEN_PASSES,
        smoke=SMOKE,
        expected="exact by counting: below both others on the same 16 pixels",
    )
