"""StarGAN on avatars."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.data.avatars import SCHEMA
from genzoo.metrics import Target
from genzoo.models import AttributeGame, StarGAN
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="stargan",
    title=Text("StarGAN", "StarGAN"),
    year=2018,
    paper="Choi et al., StarGAN, 2018",
    paper_url="https://arxiv.org/abs/1711.09020",
    release="stargan-avatars",
    tab="stargan",
    place=(3, 3),
    formula=Formula(
        "G(x, c)",
        "V(D, G) + E[−log D(c | G(x, c))]<br>+ λ E|G(G(x, c), c′) − x|",
    ),
    idea=Text(
        "One generator takes a picture and its target attributes. The discriminator judges "
        "whether a picture is real and whether it has these attributes.",
        "생성자 하나가 그림과 목표 속성을 받습니다. 판별자는 그림이 진짜인지와 그 속성이 "
        "있는지를 함께 판단합니다.",
    ),
    good=Text(
        "many edits of a face with one network.",
        "신경망 하나로 얼굴을 여러 가지로 고칩니다.",
    ),
    bad=Text(
        "large changes of shape, and values between those it was trained on.",
        "모양이 크게 바뀌는 편집과, 학습하지 않은 중간값을 다루기 어렵습니다.",
    ),
    after={"cyclegan": Text("one G for all edits", "G 하나로 모든 편집")},
    pace=1,
    tour=TourStep(
        title=Text("The same face, another look", "같은 얼굴, 다른 모습"),
        look=Text(
            "This generator takes a face and its target attributes. It should change these and "
            "leave the rest as it is.",
            "이 생성자는 얼굴과 목표 속성을 받습니다. 목표 속성만 바꾸고 나머지는 그대로 두어야 "
            "합니다.",
        ),
        attempt=Text(
            "choose another hair color, or a hat.",
            "다른 머리색이나 모자를 골라 보세요.",
        ),
        parts=(
            "stargan-edited",
            "stargan-source",
            "stargan-to-hair_color",
        ),
    ),
)

EDITED = ("hair", "hair_color", "skin", "glasses", "beard", "mouth", "hat")
"""Eyes, clothes and background are what an edit must leave alone."""


@recipe
def stargan_avatars() -> Recipe:
    return Recipe(
        summary="Faces with other hair, skin, glasses, beard, mouth or hat",
        card=CARD,
        model=StarGAN,
        model_kwargs=dict(
            event_shape=(3, 64, 64),
            columns=tuple(list(SCHEMA).index(name) for name in EDITED),
            n_values=tuple(len(SCHEMA[name]) for name in EDITED),
            width=64,
            n_blocks=4,
        ),
        objective=AttributeGame,
        objective_kwargs=dict(
            lr=0.0002,
            lr_critic=0.0004,
            width=48,
            mismatch_weight=0.5,
            lambda_rec=8.0,
            gamma=1.0,
            r1_interval=8,
        ),
        data="avatars",
        settings=Settings(
            images=120_000,
            batch_size=4,
            ema=0.999,
            precision="bfloat16",
            evaluate_every=8_000,
            save_every=8_000,
            log_every=800,
        ),
        smoke={"images": 64, "batch_size": 16, "model.width": 2, "objective.width": 2},
        targets=(
            Target("edit_read", ">=", 99.0, unit="%", called="target attribute identified"),
            Target("edit_kept", ">=", 98.0, unit="%", called="others unchanged"),
            Target("edit_psnr_hat", ">=", 27.0, unit="dB", called="edits of the hat, median PSNR"),
            Target(
                "edit_read_hat_color", ">=", 95.0, unit="%", called="color of the hat identified"
            ),
        ),
        storage="float16",
    )
