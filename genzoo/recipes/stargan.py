"""StarGAN on avatars."""

from __future__ import annotations

from genzoo.data.avatars import SCHEMA
from genzoo.models import AttributeGame, StarGAN
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

EDITED = ("hair", "hair_color", "skin", "glasses", "beard", "mouth", "hat")
"""Eyes, clothes and background are what an edit must leave alone."""


@recipe
def stargan_avatars() -> Recipe:
    return Recipe(
        summary="Faces with other hair, skin, glasses, beard, mouth or hat",
        paper="Choi et al., StarGAN, 2018",
        paper_url="https://arxiv.org/abs/1711.09020",
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
        expected="asked attribute read on >= 99 % of edits, the others kept on >= 98 %",
        storage="float16",
    )
