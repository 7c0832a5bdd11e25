"""Faces by their captions: GAN-CLS on avatars."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.data.avatars import SCHEMA
from genzoo.data.captions import LANGUAGES
from genzoo.metrics import Target
from genzoo.models import Text2Image, TextGame
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="text2image",
    title=Text("Text2Image", "Text2Image"),
    year=2016,
    paper="Reed et al., Generative Adversarial Text to Image Synthesis, 2016",
    paper_url="https://arxiv.org/abs/1605.05396",
    release="text2image-avatars",
    tab="text2image",
    place=(3, 2),
    formula=Formula(
        "G(z, φ(t))",
        "E[log D(x, t) + ½ log(1 − D(x, w))<br>+ ½ log(1 − D(G(z, φ(t)), t))]",
    ),
    idea=Text(
        "A generator takes a caption and noise. The discriminator also sees real pictures with "
        "wrong captions, so it must read.",
        "생성자가 문장과 잡음을 받습니다. 판별자는 틀린 문장이 붙은 진짜 그림도 보므로 문장을 "
        "읽어야 합니다.",
    ),
    good=Text(
        "pictures of what one asks for in words.",
        "말로 설명한 대로 그림을 만듭니다.",
    ),
    bad=Text(
        "words that it never saw in training.",
        "학습에 없던 낱말을 다루지 못합니다.",
    ),
    after={"dcgan": Text("a caption beside z", "z와 문장을 함께")},
    tour=TourStep(
        title=Text("Words become a face", "말이 얼굴이 됩니다"),
        look=Text(
            "Two models answer the same caption: a GAN at once, and a Transformer that writes 64 "
            "codes one after another. An evaluator network ticks the phrases that it finds in "
            "each face.",
            "두 모델이 같은 문장에 답합니다. GAN은 한 번에 그리고, 트랜스포머는 코드 64개를 "
            "하나씩 써 나갑니다. 판정 모델이 얼굴마다 찾아낸 구절에 표시를 합니다.",
        ),
        attempt=Text(
            "choose another hair color below the faces, then press Other noise.",
            "얼굴 아래에서 다른 머리색을 고른 다음, 다른 잡음을 눌러 보세요.",
        ),
        parts=(
            "text2image-row-0",
            "text2image-phrases",
            "text2image-chips",
        ),
    ),
)


EVERY = "every attribute identified"
IN_BOTH = "attributes identified, in both languages"
"""What is asked of images of held-out combinations, in words."""


@recipe
def text2image_avatars() -> Recipe:
    return Recipe(
        summary="Faces by their captions, in English and Korean",
        card=CARD,
        model=Text2Image,
        model_kwargs=dict(
            event_shape=(3, 64, 64),
            n_latent=64,
            n_text=128,
            n_embedding=64,
            n_hidden=256,
            width=48,
        ),
        objective=TextGame,
        objective_kwargs=dict(
            lr=0.0004,
            lr_critic=0.0004,
            width=40,
            mismatch_weight=0.5,
            n_wrong=2,
            interpolated=0.25,
            lambda_ms=0.3,
            lambda_read=1.0,
            gamma=0.1,
            r1_interval=8,
            pretrain_fraction=0.1,
        ),
        data="avatars",
        settings=Settings(
            images=140_000,
            batch_size=8,
            ema=0.999,
            precision="bfloat16",
            evaluate_every=13_000,
            save_every=4_000,
            log_every=800,
        ),
        smoke={
            "images": 64,
            "batch_size": 16,
            "model.width": 2,
            "model.n_hidden": 16,
            "objective.width": 2,
        },
        targets=(
            Target("text_read", ">=", 95.0, each=tuple(SCHEMA), unit="%", called=EVERY),
            Target("text_read", ">=", 95.0, each=LANGUAGES, unit="%", called=IN_BOTH),
            Target("text_entropy", ">=", 90.0, unit="%", called="entropy of what is not said"),
        ),
        storage="float16",
    )
