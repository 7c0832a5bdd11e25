"""NADE on binarized MNIST."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.models import NADE
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="nade",
    title=Text("NADE", "NADE"),
    year=2011,
    paper="Larochelle and Murray, The Neural Autoregressive Distribution Estimator, 2011",
    paper_url="https://proceedings.mlr.press/v15/larochelle11a.html",
    release="nade-mnist",
    tab="nade",
    place=(2, 3),
    formula=Formula(
        "σ(V σ(W x<sub>&lt;i</sub>))",
        "h<sub>i</sub> = σ(c + W<sub>·,&lt;i</sub> x<sub>&lt;i</sub>)<br>p(x<sub>i</sub> = 1 | "
        "x<sub>&lt;i</sub>) = σ(b<sub>i</sub> + V<sub>i</sub> h<sub>i</sub>)",
    ),
    idea=Text(
        "Each pixel has a hidden layer, and all of them share the same weights. The input of the "
        "next layer is that of the last one plus the weights of one more pixel.",
        "픽셀마다 은닉층이 있고, 모든 은닉층이 같은 가중치를 씁니다. 다음 은닉층의 입력은 앞 "
        "은닉층의 입력에 픽셀 하나의 가중치를 더한 것입니다.",
    ),
    good=Text(
        "an exact likelihood in one pass, and completions of a picture whose first rows are "
        "known.",
        "정확한 가능도를 한 번의 계산으로 구하고, 앞의 행이 주어진 그림을 완성합니다.",
    ),
    bad=Text(
        "sampling in another order or in parallel: each pixel waits for the one before it.",
        "다른 순서로 뽑거나 한꺼번에 뽑지 못합니다. 각 픽셀은 앞 픽셀을 기다려야 합니다.",
    ),
    after={"fvbn": Text("shared weights", "가중치 공유")},
    tour=TourStep(
        title=Text("Draw, and see what is expected", "그리면 예측이 보입니다"),
        look=Text(
            "NADE gives each pixel a probability of being ink, given all pixels before it. The "
            "second grid shows these probabilities: it is bright where ink is likely.",
            "NADE는 앞선 모든 픽셀이 주어졌을 때 각 픽셀이 잉크일 확률을 계산합니다. 두 번째 "
            "칸이 이 확률을 보여 줍니다. 밝은 곳일수록 잉크일 확률이 높습니다.",
        ),
        attempt=Text(
            "press Clear and draw the upper half of a 3. The second grid follows your hand, and "
            "the model completes the digit.",
            "지우기를 누르고 3의 위쪽 절반을 그려 보세요. 두 번째 칸이 손을 따라 바뀌고, 모델이 "
            "나머지를 완성합니다.",
        ),
        parts=(
            "nade-canvas",
            "nade-map",
            "nade-clear",
        ),
    ),
)


@recipe
def nade_mnist() -> Recipe:
    return Recipe(
        summary="Every pixel's probability given the pixels before it, by one shared hidden layer",
        card=CARD,
        model=NADE,
        model_kwargs=dict(event_shape=(1, 28, 28), n_hidden=500),
        objective=MaximumLikelihood,
        # A large step: after four epochs it is far ahead of a small one. Its price is hidden units
        # that saturate and then stay as they are, unless weights decay. A decay of 0.15 is too
        # much: in nats of validation images ten epochs come to 87.3 by it, and to 85.4 by 0.03.
        # python -m genzoo train nade-mnist --hold-out --run-dir runs/a --set images=220000
        # python -m genzoo train nade-mnist --hold-out --run-dir runs/b --set images=220000 \
        #     --set objective.lr=0.001
        # python -m genzoo train nade-mnist --hold-out --run-dir runs/c --set images=550000 \
        #     --set objective.weight_decay=0.15
        # python -m genzoo train nade-mnist --hold-out --run-dir runs/d --set images=550000 \
        #     --set objective.weight_decay=0.03
        objective_kwargs=dict(lr=0.02, beta2=0.99, weight_decay=0.02),
        data="mnist",
        settings=Settings(
            images=64 * 60_000,
            batch_size=128,
            preprocessing="dynamic",
            ema=0.9995,
            schedule="cosine",
            warmup=0.01,
            clip=50.0,
            precision="bfloat16",
        ),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8},
        expected="test NLL <= 84.0 nats, dynamic binarization",
    )
