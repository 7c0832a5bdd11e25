"""A Transformer over the pixels of binarized MNIST."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.models import Transformer
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="transformer",
    title=Text("Transformer", "트랜스포머"),
    year=2017,
    paper="Vaswani et al., Attention Is All You Need, 2017",
    paper_url="https://arxiv.org/abs/1706.03762",
    release="transformer-mnist",
    tab="transformer",
    place=(3, 4),
    formula=Formula(
        "softmax(QKᵀ) V",
        "h = softmax(Q Kᵀ / √d + mask) V",
    ),
    idea=Text(
        "No state is carried along: each step attends directly to all earlier ones, and learns "
        "where to look.",
        "상태를 넘겨주지 않습니다. 각 시점이 앞선 모든 시점을 직접 보고, 어디를 볼지 학습합니다.",
    ),
    good=Text(
        "likelihood: of all models of digits here the lowest NLL on the whole test set. All "
        "steps are trained in parallel.",
        "가능도가 높습니다. 여기 있는 숫자 모델 가운데 테스트 집합 전체의 NLL이 가장 낮습니다. "
        "모든 시점을 한꺼번에 학습합니다.",
    ),
    bad=Text(
        "long sequences: the cost of attention grows with the square of their length.",
        "긴 수열을 다루기 어렵습니다. 어텐션의 비용이 길이의 제곱으로 늘어납니다.",
    ),
    after={"diagonal_bilstm": Text("attention instead", "순환 대신 어텐션")},
    pace=1,
    tour=TourStep(
        title=Text("Attention instead of a state", "상태 대신 어텐션"),
        look=Text(
            "No state is carried along: each step attends directly to all earlier ones. Every "
            "small map is one attention head, brightest where it looks.",
            "넘겨주는 상태가 없습니다. 각 시점이 앞선 모든 시점을 직접 봅니다. 작은 지도 하나가 "
            "어텐션 헤드 하나이며, 많이 보는 곳일수록 밝습니다.",
        ),
        attempt=Text(
            "click a small map to enlarge it, then point at the lower end of a stroke.",
            "작은 지도를 눌러 크게 만든 뒤, 획의 아래쪽 끝을 가리켜 보세요.",
        ),
        parts=(
            "transformer-maps",
            "transformer-large",
        ),
    ),
)


@recipe
def transformer_mnist() -> Recipe:
    return Recipe(
        summary="Attention over all pixels drawn so far, which can be watched",
        card=CARD,
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
