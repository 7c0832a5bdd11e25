"""A Transformer over captions and image codes, on avatars."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text
from genzoo.models import CodeLikelihood, CodeTransformer
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="code_transformer",
    title=Text("VQ Transformer", "VQ 트랜스포머"),
    year=2021,
    paper="Ramesh et al., Zero-Shot Text-to-Image Generation, 2021",
    paper_url="https://arxiv.org/abs/2102.12092",
    release="transformer-avatars",
    tab="text2image",
    place=(4, 1),
    formula=Formula(
        "p(s<sub>t</sub> | s<sub>&lt;t</sub>, c)",
        "x ≈ decoder(s), s = s<sub>1</sub> … s<sub>64</sub><br>"
        "p(s | c) = ∏<sub>t</sub> p(s<sub>t</sub> | s<sub>&lt;t</sub>, c)",
    ),
    idea=Text(
        "A VQ-VAE turns a picture into a grid of 64 discrete codes. A Transformer reads the words "
        "of a caption and then predicts the codes one after another.",
        "VQ-VAE가 그림을 이산 코드 64개로 바꿉니다. 트랜스포머는 문장의 단어를 읽은 뒤 코드를 "
        "하나씩 예측합니다.",
    ),
    good=Text(
        "pictures of captions, learned by likelihood alone: one loss goes down, and there is no "
        "discriminator.",
        "문장에 맞는 그림을 만듭니다. 판별자 없이 가능도만으로, 손실 하나를 줄이며 학습합니다.",
    ),
    bad=Text(
        "speed: 64 codes are sampled one after another. What the codes lose of a picture is lost.",
        "코드 64개를 하나씩 추출하므로 느립니다. 코드가 잃은 세부는 되살릴 수 없습니다.",
    ),
    after={
        "vae": Text("discrete codes", "이산 코드"),
        "transformer": Text("codes after words", "단어 뒤에 코드"),
    },
    pace=1,
)


@recipe
def transformer_avatars() -> Recipe:
    return Recipe(
        summary="Faces by their captions, code after code, in English and Korean",
        card=CARD,
        model=CodeTransformer,
        model_kwargs=dict(
            event_shape=(3, 64, 64),
            levels=(5, 5, 5, 5),
            codec_width=32,
            codec_blocks=2,
            width=192,
            n_layers=4,
            n_heads=6,
            guidance=1.5,
        ),
        objective=CodeLikelihood,
        objective_kwargs=dict(
            lr=0.0007, beta2=0.98, weight_decay=0.05, unsaid=0.1, corruption=0.25
        ),
        needs={"tokenizer": "vqvae-avatars"},
        data="avatars",
        settings=Settings(
            images=176_000,
            batch_size=8,
            ema=0.999,
            warmup=0.02,
            clip=1.0,
            precision="bfloat16",
            evaluate_every=16_000,
            save_every=4_000,
            log_every=800,
        ),
        smoke={
            "images": 64,
            "batch_size": 16,
            "model.codec_width": 4,
            "model.codec_blocks": 1,
            "model.width": 8,
            "model.n_layers": 1,
            "model.n_heads": 2,
        },
        expected="every captioned attribute read on >= 97 % of held-out combinations",
        storage="float16",
    )
