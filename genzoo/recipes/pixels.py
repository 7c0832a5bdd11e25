"""Tables of counts over binarized MNIST: what each assumption about pixels costs."""

from __future__ import annotations

from dataclasses import replace

from genzoo.cards import Formula, ModelCard, Text
from genzoo.metrics import Target
from genzoo.models import IndependentPixels, JointPixels, MarkovPixels
from genzoo.objectives import Counting
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

PAPER = "Shannon, A Mathematical Theory of Communication, 1948"
URL = "https://doi.org/10.1002/j.1538-7305.1948.tb01338.x"

INDEPENDENT = ModelCard(
    key="independent",
    title=Text("Pixel tables", "픽셀 표"),
    year=1948,
    paper=PAPER,
    paper_url=URL,
    release="pixels-independent-mnist",
    tab="pixels",
    place=(1, 1),
    formula=Formula(
        "∏ p(x<sub>i</sub>)",
        "p(x) = ∏<sub>i</sub> p(x<sub>i</sub>)",
    ),
    idea=Text(
        "A table with a probability for every binary image would have 2⁷⁸⁴ − 1 free parameters. "
        "If all pixels are independent, 784 are enough: the probability that each of them is ink.",
        "모든 이진 이미지의 확률을 적은 표에는 자유 매개변수가 2⁷⁸⁴ − 1개 필요합니다. 픽셀이 "
        "서로 독립이라고 보면 784개, 곧 각 픽셀이 잉크일 확률만 있으면 됩니다.",
    ),
    good=Text(
        "fitting: it counts the ink of each pixel in one pass over the training images, and "
        "nothing has to be optimized.",
        "학습 이미지를 한 번 훑으며 픽셀마다 잉크를 세면 됩니다. 최적화할 것이 없습니다.",
    ),
    bad=Text(
        "dependence between pixels: a sample is a cloud of ink where strokes are common.",
        "픽셀 사이의 관계를 나타내지 못합니다. 표본은 획이 자주 지나는 곳에 흩어진 잉크입니다.",
    ),
)

MARKOV = ModelCard(
    key="markov",
    title=Text("Markov chain", "마르코프 연쇄"),
    year=1948,
    paper=PAPER,
    paper_url=URL,
    release="pixels-markov-mnist",
    tab="pixels",
    place=(1, 2),
    formula=Formula(
        "∏ p(x<sub>i</sub> | x<sub>i−1</sub>)",
        "p(x) = p(x<sub>1</sub>) ∏<sub>i</sub> p(x<sub>i</sub> | x<sub>i−1</sub>)",
    ),
    idea=Text(
        "Each pixel depends on the one before it and on no other. That takes two parameters a "
        "pixel, and counting still finds them.",
        "각 픽셀은 바로 앞의 픽셀 하나에만 의존합니다. 픽셀마다 매개변수가 두 개이고, 이것도 "
        "세기만 하면 구할 수 있습니다.",
    ),
    good=Text(
        "short horizontal runs of ink and of paper.",
        "가로로 짧게 이어지는 잉크와 여백을 잘 그립니다.",
    ),
    bad=Text(
        "everything that continues down the page: the pixel above lies 28 steps back.",
        "아래로 이어지는 것을 그리지 못합니다. 바로 위의 픽셀은 28번째 앞에 있습니다.",
    ),
    after={"independent": Text("one pixel back", "한 픽셀 앞을 봄")},
)

ONE_PASS = Settings(images=60_000, batch_size=1_000, preprocessing="dynamic", ema=0.0)
# Ten binarizations of each image: where 60,000 fill 65,536 cells they are worth 0.1 nats, on
# validation images 6.55 instead of 6.68.
# python -m genzoo train pixels-joint-mnist --hold-out --run-dir runs/a --set images=550000
# python -m genzoo train pixels-joint-mnist --hold-out --run-dir runs/b --set images=55000
TEN_PASSES = replace(ONE_PASS, images=10 * 60_000)
SMOKE = {"images": 256, "batch_size": 64}


@recipe
def pixels_independent_mnist() -> Recipe:
    return Recipe(
        summary="Every pixel a coin of its own: 784 numbers",
        card=INDEPENDENT,
        model=IndependentPixels,
        model_kwargs=dict(event_shape=(1, 28, 28), smoothing=0.5),
        objective=Counting,
        data="mnist",
        settings=ONE_PASS,
        smoke=SMOKE,
    )


@recipe
def pixels_markov_mnist() -> Recipe:
    return Recipe(
        summary="Every pixel given the one before it: 1,567 numbers",
        card=MARKOV,
        model=MarkovPixels,
        model_kwargs=dict(event_shape=(1, 28, 28), smoothing=0.5),
        objective=Counting,
        data="mnist",
        settings=ONE_PASS,
        smoke=SMOKE,
        targets=(Target("nll", "<=", than="pixels-independent-mnist"),),
    )


@recipe
def pixels_joint_mnist() -> Recipe:
    return Recipe(
        summary="The 4x4 pixels at the center, every combination counted: 65,535 numbers",
        paper=PAPER,
        paper_url=URL,
        model=JointPixels,
        # In nats of validation images: 7.15 at 10, 6.61 at 1, 6.55 at 0.1.
        # python -m genzoo train pixels-joint-mnist --hold-out --run-dir runs/c \
        #     --set images=550000 --set model.smoothing=10
        # python -m genzoo train pixels-joint-mnist --hold-out --run-dir runs/d \
        #     --set images=550000 --set model.smoothing=1
        model_kwargs=dict(event_shape=(1, 4, 4), smoothing=0.1),
        objective=Counting,
        data="mnist-4x4",
        settings=TEN_PASSES,
        smoke=SMOKE,
    )
