"""CycleGAN between avatars and sketches of others."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.metrics import Target
from genzoo.models import CycleGame, CycleGAN
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="cyclegan",
    title=Text("CycleGAN", "CycleGAN"),
    year=2017,
    paper="Zhu et al., CycleGAN, 2017",
    paper_url="https://arxiv.org/abs/1703.10593",
    release="cyclegan-avatars",
    tab="cyclegan",
    place=(3, 4),
    formula=Formula(
        "F(G(x)) ≈ x",
        "V<sub>X</sub> + V<sub>Y</sub> + λ E|F(G(x)) − x|<br>+ λ E|G(F(y)) − y|",
    ),
    idea=Text(
        "Two generators translate faces into sketches and sketches into faces. An image that is "
        "translated and translated back must come out as it was (cycle consistency), so no pairs "
        "are needed.",
        "두 생성자가 얼굴을 스케치로, 스케치를 얼굴로 번역합니다. 번역했다가 되돌린 이미지는 "
        "처음과 같아야 하므로(순환 일관성) 짝이 필요 없습니다.",
    ),
    good=Text(
        "translating between two kinds of images of which only unpaired examples exist.",
        "짝이 없는 이미지들만으로 두 종류의 이미지를 서로 번역합니다.",
    ),
    bad=Text(
        "faithfulness: it can hide what the way back needs in details that nobody sees.",
        "원래 이미지에 충실하지 않을 수 있습니다. 되돌릴 때 필요한 것을 눈에 띄지 않는 "
        "곳에 숨기기도 합니다.",
    ),
    after={"gan": Text("no pairs needed", "짝이 필요 없음")},
    pace=1,
    tour=TourStep(
        title=Text(
            "Between two kinds of images, without pairs",
            "짝 없이 두 종류의 이미지 사이",
        ),
        look=Text(
            "It was trained on faces and on sketches of other faces. An image that is translated "
            "and translated back must come out as it was.",
            "얼굴 이미지와 다른 얼굴의 스케치로 학습했습니다. 번역했다가 되돌린 이미지는 처음과 "
            "같아야 합니다.",
        ),
        attempt=Text(
            "draw a line into the sketch and watch it take color.",
            "스케치에 선을 그리고 색이 입혀지는 것을 보세요.",
        ),
        parts=(
            "cyclegan-draw",
            "cyclegan-colored",
        ),
    ),
)


DRAWN = ("hair", "glasses", "beard", "mouth", "eyes", "hat", "clothes")
"""The attributes that a sketch shows: all but colors."""


@recipe
def cyclegan_avatars() -> Recipe:
    return Recipe(
        summary="Faces in color to sketches and back",
        card=CARD,
        model=CycleGAN,
        model_kwargs=dict(event_shape=(3, 64, 64), other_channels=1, width=48, n_blocks=4),
        objective=CycleGame,
        objective_kwargs=dict(
            lr=0.0002,
            lr_critic=0.0004,  # with half of it and of the width, gray dots pass for a sketch
            width=64,
            weight_cycle=5.0,
            weight_identity=2.5,
            pool=50,
        ),
        data="avatars-unpaired",
        settings=Settings(images=96_000, batch_size=4, ema=0.999, precision="bfloat16"),
        smoke={"images": 32, "batch_size": 8, "model.width": 2, "objective.width": 2},
        targets=(
            Target("forth_error", "<=", 0.06, called="error of the sketch"),
            Target("cycle_error", "<=", 0.05, called="cycle-consistency error, in color"),
            Target("back_read", ">=", 95.0, each=DRAWN, unit="%", called="all that is drawn kept"),
        ),
        storage="float16",
    )
