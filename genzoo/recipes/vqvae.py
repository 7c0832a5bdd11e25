"""The VQ-VAE of avatars, whose codes a Transformer writes."""

from __future__ import annotations

from genzoo.data.avatars import SCHEMA
from genzoo.metrics import Target
from genzoo.models import VQVAE, Reconstruction
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


@recipe
def vqvae_avatars() -> Recipe:
    return Recipe(
        summary="Faces as 8x8 codes out of 625, and back",
        paper="van den Oord et al., Neural Discrete Representation Learning, 2017",
        paper_url="https://arxiv.org/abs/1711.00937",
        model=VQVAE,
        model_kwargs=dict(event_shape=(3, 64, 64), levels=(5, 5, 5, 5), width=32, n_blocks=2),
        objective=Reconstruction,
        objective_kwargs=dict(lr=0.001),
        data="avatars",
        settings=Settings(
            images=48_000,
            batch_size=8,
            ema=0.999,
            precision="bfloat16",
            evaluate_every=8_000,
            save_every=4_000,
            log_every=800,
        ),
        smoke={
            "images": 64,
            "batch_size": 16,
            "model.width": 4,
            "model.n_blocks": 1,
            "objective.lr": 0.03,  # at the start all codes are zero
        },
        targets=(
            Target(
                "kept", ">=", 99.0, each=tuple(SCHEMA), unit="%", called="every attribute kept"
            ),
            Target("codebook_use", ">=", 90.0, unit="%", called="codes in use"),
        ),
        storage="float16",
    )
