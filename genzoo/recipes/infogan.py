"""InfoGAN on gray digits."""

from __future__ import annotations

from genzoo.models import InfoGAN, InformationGame
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


@recipe
def infogan_mnist() -> Recipe:
    return Recipe(
        summary="Digits with codes that nobody told it: which one, and two ways to write it",
        paper="Chen et al., InfoGAN, 2016",
        paper_url="https://arxiv.org/abs/1606.03657",
        model=InfoGAN,
        model_kwargs=dict(
            event_shape=(1, 28, 28),
            n_categories=10,
            n_continuous=2,
            n_noise=62,
            width=64,
            width_trunk=48,
            n_hidden=128,
        ),
        objective=InformationGame,
        objective_kwargs=dict(
            lr=0.0004,
            lr_critic=0.0004,
            information=1.0,
            information_continuous=0.1,
            gamma=0.4,
            r1_interval=16,
            invariance=1.0,
            pretrain_fraction=0.2,
        ),
        data="mnist",
        settings=Settings(images=16 * 60_000, batch_size=64, ema=0.999, precision="bfloat16"),
        smoke={
            "images": 256,
            "batch_size": 64,
            "model.width": 2,
            "model.width_trunk": 2,
            "model.n_hidden": 8,
        },
        expected="unsupervised error <= 3 %; judge FID at most three times that of training",
        storage="float16",
    )
