"""A Transformer over the pixels of binarized MNIST."""

from __future__ import annotations

from genzoo.models import Transformer
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


@recipe
def transformer_mnist() -> Recipe:
    return Recipe(
        summary="Attention over all pixels drawn so far, which can be watched",
        paper="Vaswani et al., Attention Is All You Need, 2017",
        paper_url="https://arxiv.org/abs/1706.03762",
        model=Transformer,
        model_kwargs=dict(
            event_shape=(1, 28, 28), width=160, n_layers=5, n_heads=5, patch=7, window=6
        ),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.002, beta2=0.98, weight_decay=0.05),
        data="mnist",
        # Eight epochs take 75 minutes on one core.
        settings=Settings(
            images=8 * 60_000,
            batch_size=64,
            preprocessing="dynamic",
            ema=0.999,
            schedule="cosine",
            warmup=0.02,
            clip=50.0,
            precision="bfloat16",
        ),
        smoke={
            "images": 256,
            "batch_size": 64,
            "model.width": 8,
            "model.n_layers": 1,
            "model.n_heads": 2,
        },
        expected="test NLL <= 79.0 nats, dynamic binarization",
    )
