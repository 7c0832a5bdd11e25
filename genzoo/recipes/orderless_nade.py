"""Orderless NADE on binarized MNIST."""

from __future__ import annotations

from genzoo.models import OrderAgnosticLikelihood, OrderlessNADE
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


@recipe
def nade_orderless_mnist() -> Recipe:
    return Recipe(
        summary="Any pixels given, any others filled: one network for every order of the pixels",
        paper="Uria, Murray and Larochelle, A Deep and Tractable Density Estimator, 2014",
        paper_url="https://proceedings.mlr.press/v32/uria14.html",
        model=OrderlessNADE,
        model_kwargs=dict(event_shape=(1, 28, 28), width=32, n_blocks=1, n_hidden=256),
        objective=OrderAgnosticLikelihood,
        objective_kwargs=dict(lr=0.002, beta2=0.99),
        data="mnist",
        settings=Settings(
            images=60 * 60_000,
            batch_size=128,
            preprocessing="dynamic",
            ema=0.9995,
            clip=50.0,
            precision="bfloat16",
        ),
        # Images of 16 pixels, for the exact measurement takes a pass a pixel.
        smoke={
            "images": 256,
            "batch_size": 64,
            "data": "mnist-4x4",
            "model.event_shape": (1, 4, 4),
            "model.width": 2,
            "model.n_hidden": 8,
        },
        expected="test NLL <= 83.5 nats averaged over orders, dynamic binarization",
    )
