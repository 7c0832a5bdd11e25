"""DCGANs on gray digits and clothes, and on avatars."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.metrics import Target
from genzoo.models import DCGAN
from genzoo.objectives import AdversarialGame
from genzoo.recipes.base import Recipe, Variant, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="dcgan",
    title=Text("DCGAN", "DCGAN"),
    year=2016,
    paper="Radford et al., Unsupervised Representation Learning with DCGANs, 2016",
    paper_url="https://arxiv.org/abs/1511.06434",
    release="dcgan-mnist",
    tab="dcgan",
    place=(2, 3),
    formula=Formula(
        "tanh(W ∗ᵀ h(z))",
        "min<sub>G</sub> max<sub>D</sub> V(D, G),<br>G(z) = tanh(W ∗ᵀ relu(BN(W′ ∗ᵀ …)))",
    ),
    idea=Text(
        "The same game with strided convolutions and batch normalization, which make the "
        "training more stable.",
        "같은 게임을 스트라이드 합성곱과 배치 정규화로 합니다. 학습이 더 안정됩니다.",
    ),
    good=Text(
        "sharp pictures, and a space of z in which sums and differences have a meaning.",
        "그림이 또렷하고, z 공간의 덧셈과 뺄셈에 뜻이 있습니다.",
    ),
    bad=Text(
        "saying which part of z does what.",
        "z의 어느 부분이 무엇을 하는지 알려 주지 않습니다.",
    ),
    after={"gan": Text("convolutions", "합성곱")},
    tour=TourStep(
        title=Text("Noise becomes a digit", "잡음이 숫자가 됩니다"),
        look=Text(
            "One pass turns 64 random numbers into one picture. For each picture the tab finds "
            "the nearest training images, so you can see whether it is a copy.",
            "무작위 수 64개가 한 번의 계산으로 그림 한 장이 됩니다. 그림마다 가장 가까운 학습 "
            "이미지를 찾아 주므로, 베낀 것인지 확인할 수 있습니다.",
        ),
        attempt=Text(
            "click any picture of the sheet.",
            "표본 가운데 아무 그림이나 눌러 보세요.",
        ),
        parts=(
            "dcgan-sheet",
            "dcgan-current",
            "dcgan-neighbours",
        ),
    ),
)


ABLATION = (
    Variant(
        "paper", "the paper's form, `dcgan-mnist-paper`", "dcgan-mnist-paper", {"images": 600_000}
    ),
    Variant(
        "none",
        "no batch normalization, but dense layers and averaged weights; no penalty",
        changes={"images": 600_000, "objective.penalty": "none"},
    ),
    Variant("short", "with the R1 penalty", changes={"images": 600_000}),
)
"""Ten epochs of each; how much longer training buys is said by the release."""


def _dcgan(data: str, summary: str, seed: int = 0, ablation: tuple[Variant, ...] = ()) -> Recipe:
    return Recipe(
        summary=summary,
        card=CARD,
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
        targets=(Target("fid", "<=", times_reference=3, n_seeds=3),),
        ablation=ablation,
        storage="float16",
    )


@recipe
def dcgan_mnist() -> Recipe:
    return _dcgan("mnist", "Digits by strided convolutions", ablation=ABLATION)


@recipe
def dcgan_fashion() -> Recipe:
    # The figures of each seed are in the release, under "seeds" in its config.
    return _dcgan("fashion", "Clothes by strided convolutions", seed=1)


@recipe
def dcgan_mnist_paper() -> Recipe:
    return Recipe(
        summary="Digits by the DCGAN of the paper: batch normalization and no penalty",
        card=CARD,
        model=DCGAN,
        model_kwargs=dict(event_shape=(1, 28, 28), n_latent=100, width=64, batch_norm=True),
        objective=AdversarialGame,
        objective_kwargs=dict(
            lr=0.0002, lr_critic=0.0002, width=64, loss="non-saturating", beta2=0.999
        ),
        data="mnist",
        # Not averaged: the statistics of batch normalization are those of the last weights.
        settings=Settings(
            images=25 * 60_000,
            batch_size=128,
            ema=0.0,
            schedule="constant",
            precision="bfloat16",
        ),
        smoke={"images": 256, "batch_size": 64, "model.width": 2, "objective.width": 2},
        storage="float16",
    )


@recipe
def dcgan_avatars() -> Recipe:
    # As many images as cost what progan-avatars costs (python -m benchmarks.training_flops).
    return Recipe(
        summary="Faces by strided convolutions, with the training operations of progan-avatars",
        card=CARD,
        model=DCGAN,
        model_kwargs=dict(
            event_shape=(3, 64, 64), n_latent=128, width=32, n_dense=2, skip_z=True, n_levels=4
        ),
        objective=AdversarialGame,
        objective_kwargs=dict(
            lr=0.0004,
            lr_critic=0.0004,
            width=32,
            loss="non-saturating",
            n_critic=1,
            penalty="r1",
            weight=0.5,
            r1_interval=16,
        ),
        data="avatars",
        settings=Settings(
            images=220_080,
            seed=2,
            batch_size=16,
            ema=0.999,
            precision="bfloat16",
            evaluate_every=40_000,
            save_every=16_000,
            log_every=3_200,
        ),
        smoke={"images": 64, "batch_size": 16, "model.width": 2, "objective.width": 2},
        storage="float16",
    )
