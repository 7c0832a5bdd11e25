"""PixelRNNs on binarized MNIST."""

from __future__ import annotations

from genzoo.models import PixelRNN
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

PAPER = "van den Oord et al., Pixel Recurrent Neural Networks, 2016"
URL = "https://arxiv.org/abs/1601.06759"
# Six epochs take most of an hour on one core; the loss still falls at their end.
SETTINGS = Settings(
    images=6 * 60_000,
    batch_size=64,
    preprocessing="dynamic",
    ema=0.999,
    schedule="cosine",
    warmup=0.02,
    clip=50.0,
    precision="bfloat16",
)
SMOKE = {"images": 256, "batch_size": 64, "model.n_hidden": 4, "model.n_layers": 1}


@recipe
def row_lstm_mnist() -> Recipe:
    return Recipe(
        summary="Row after row, each pixel seeing the triangle above it",
        paper=PAPER,
        paper_url=URL,
        model=PixelRNN,
        model_kwargs=dict(
            event_shape=(1, 28, 28), lstm="row", n_hidden=64, n_layers=2, n_channels=64
        ),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.006, beta2=0.98, weight_decay=0.01),
        data="mnist",
        settings=SETTINGS,
        smoke=SMOKE,
        expected="test NLL <= 80.5 nats, dynamic binarization",
    )


@recipe
def diagonal_bilstm_mnist() -> Recipe:
    return Recipe(
        summary="Diagonal after diagonal from both sides, each pixel seeing its whole past",
        paper=PAPER,
        paper_url=URL,
        model=PixelRNN,
        model_kwargs=dict(
            event_shape=(1, 28, 28), lstm="diagonal", n_hidden=32, n_layers=2, n_channels=64
        ),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.006, beta2=0.98, weight_decay=0.01),
        data="mnist",
        settings=SETTINGS,
        smoke=SMOKE,
        expected="test NLL <= 79.2 nats, dynamic binarization",
    )
