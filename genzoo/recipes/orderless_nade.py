"""Orderless NADE on binarized MNIST."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text
from genzoo.models import OrderAgnosticLikelihood, OrderlessNADE
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="orderless",
    title=Text("Orderless NADE", "순서 없는 NADE"),
    year=2014,
    paper="Uria, Murray and Larochelle, A Deep and Tractable Density Estimator, 2014",
    paper_url="https://proceedings.mlr.press/v32/uria14.html",
    release="nade-orderless-mnist",
    tab="nade",
    place=(3, 1),
    formula=Formula(
        "E<sub>o</sub>[log p(x | o)]",
        "max E<sub>o</sub>[Σ<sub>i</sub> log p(x<sub>o(i)</sub> | x<sub>o(&lt;i)</sub>)]",
    ),
    idea=Text(
        "One network serves every order of the pixels. It is trained on random orders and is "
        "told which pixels are known.",
        "신경망 하나가 픽셀의 모든 순서를 맡습니다. 무작위 순서로 학습하며, 어떤 픽셀이 "
        "주어졌는지도 입력으로 받습니다.",
    ),
    good=Text(
        "filling any hole. The average of its densities over several orders scores at least as "
        "well as these orders do on average.",
        "어떤 구멍이든 메웁니다. 여러 순서의 밀도를 평균하면 그 순서들의 평균 점수보다 낮아지지 "
        "않습니다.",
    ),
    bad=Text(
        "speed: every pixel that is sampled needs a whole pass through the network.",
        "느립니다. 픽셀 하나를 뽑을 때마다 신경망 전체를 한 번 계산해야 합니다.",
    ),
    after={"nade": Text("all orders at once", "모든 순서를 한 번에")},
    pace=2,
)


@recipe
def nade_orderless_mnist() -> Recipe:
    return Recipe(
        summary="Any pixels given, any others filled: one network for every order of the pixels",
        card=CARD,
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
