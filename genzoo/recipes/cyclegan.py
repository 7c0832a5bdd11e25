"""CycleGAN between avatars and sketches of others."""

from __future__ import annotations

from genzoo.models import CycleGame, CycleGAN
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


@recipe
def cyclegan_avatars() -> Recipe:
    return Recipe(
        summary="Faces in color to sketches and back",
        paper="Zhu et al., CycleGAN, 2017",
        paper_url="https://arxiv.org/abs/1703.10593",
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
        expected="sketch within 0.06 of the true one, back in color within 0.05",
        storage="float16",
    )
