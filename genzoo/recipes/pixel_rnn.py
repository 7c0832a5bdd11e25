"""PixelRNNs on binarized MNIST."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.models import PixelRNN
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

PAPER = "van den Oord et al., Pixel Recurrent Neural Networks, 2016"
URL = "https://arxiv.org/abs/1601.06759"

ROW_LSTM = ModelCard(
    key="row_lstm",
    title=Text("Row LSTM", "Row LSTM"),
    year=2016,
    paper=PAPER,
    paper_url=URL,
    release="row-lstm-mnist",
    tab="pixelrnn",
    place=(3, 2),
    formula=Formula(
        "LSTM(h<sub>r−1</sub>, x<sub>r</sub>)",
        "h<sub>r</sub> = LSTM(k ∗ h<sub>r−1</sub>, k ∗ x<sub>r</sub>)",
    ),
    idea=Text(
        "A recurrent network goes down the image row by row and carries a state along, with the "
        "same weights everywhere.",
        "순환 신경망이 이미지를 한 행씩 내려가며 상태를 넘겨줍니다. 가중치는 모든 위치에서 "
        "같습니다.",
    ),
    good=Text(
        "many pixels with few parameters, and a whole row at a time in training.",
        "적은 매개변수로 많은 픽셀을 다루며, 학습할 때는 한 행을 한꺼번에 계산합니다.",
    ),
    bad=Text(
        "corners: a pixel sees a triangle above it, and not all earlier pixels.",
        "구석을 보지 못합니다. 앞선 모든 픽셀이 아니라 위쪽의 삼각형만 봅니다.",
    ),
    after={"nade": Text("a recurrent state", "순환 상태")},
    pace=1,
    tour=TourStep(
        title=Text("What can a pixel see?", "픽셀은 무엇을 볼 수 있나요?"),
        look=Text(
            "These are two recurrent networks. Each map shows on which earlier pixels a "
            "probability depends: on a triangle in the Row LSTM, on all of them in the Diagonal "
            "BiLSTM.",
            "순환 신경망이 두 개 있습니다. 지도는 확률이 앞선 픽셀 가운데 어느 것에 달려 있는지 "
            "보여 줍니다. Row LSTM은 삼각형만 보고, Diagonal BiLSTM은 모두 봅니다.",
        ),
        attempt=Text(
            "point at a pixel at the right edge, halfway down, in either map.",
            "어느 지도에서든 오른쪽 끝, 가운데 높이의 픽셀을 가리켜 보세요.",
        ),
        parts=(
            "pixelrnn-row-lstm-mnist",
            "pixelrnn-diagonal-bilstm-mnist",
        ),
    ),
)

DIAGONAL_BILSTM = ModelCard(
    key="diagonal_bilstm",
    title=Text("Diagonal BiLSTM", "Diagonal BiLSTM"),
    year=2016,
    paper=PAPER,
    paper_url=URL,
    release="diagonal-bilstm-mnist",
    tab="pixelrnn",
    place=(3, 3),
    formula=Formula(
        "LSTM(h<sub>c−1</sub>, h<sub>r−1</sub>)",
        "h<sub>r,c</sub> = LSTM(h<sub>r,c−1</sub>, h<sub>r−1,c</sub>, x<sub>r,c</sub>)",
    ),
    idea=Text(
        "The state moves along the diagonals, from the left and from the right, so that each "
        "pixel sees all earlier ones.",
        "상태가 왼쪽과 오른쪽에서 대각선을 따라 움직이므로, 각 픽셀이 앞선 모든 픽셀을 봅니다.",
    ),
    good=Text(
        "likelihood: 80 nats with about a tenth of NADE's parameters.",
        "가능도가 높습니다. NADE의 약 10분의 1인 매개변수로 80 nats를 얻습니다.",
    ),
    bad=Text(
        "sampling quickly: it computes one pixel after the other, each through all layers.",
        "표본을 빨리 뽑지 못합니다. 픽셀을 하나씩, 매번 모든 층을 거쳐 계산합니다.",
    ),
    after={"row_lstm": Text("sees the whole past", "과거를 모두 봄")},
    pace=1,
)

# Six epochs take most of an hour on one core.
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
        card=ROW_LSTM,
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
        card=DIAGONAL_BILSTM,
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
