"""The classifiers that judge samples."""

from __future__ import annotations

from genzoo.data.avatars import N_FACES, SCHEMA
from genzoo.metrics import Target
from genzoo.models import (
    AttributeClassification,
    AttributeJudge,
    Classification,
    Judge,
    PlainJudge,
)
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings


def _judge(data: str, summary: str, error: float) -> Recipe:
    return Recipe(
        summary=summary,
        paper="Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017",
        paper_url="https://arxiv.org/abs/1706.08500",
        model=Judge,
        model_kwargs=dict(event_shape=(1, 28, 28), n_classes=10, width=32, n_blocks=1),
        objective=Classification,
        objective_kwargs=dict(lr=0.002, weight_decay=0.05, smoothing=0.1),
        data=data,
        settings=Settings(images=12 * 60_000, batch_size=128, ema=0.999, precision="bfloat16"),
        smoke={
            "images": 256,
            "batch_size": 64,
            "model.width": 2,
        },
        targets=(
            Target("error", "<=", error, setting="8-bit gray", unit="%", called="error, gray"),
        ),
    )


@recipe
def judge_mnist() -> Recipe:
    return _judge("mnist", "Tells digits apart, gray or binary", 0.6)


@recipe
def judge_mnist_second() -> Recipe:
    """Another architecture and another seed: does it rank the models as judge-mnist does?"""
    return Recipe(
        summary="Tells digits apart, to check judge-mnist by",
        paper="Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017",
        paper_url="https://arxiv.org/abs/1706.08500",
        model=PlainJudge,
        model_kwargs=dict(event_shape=(1, 28, 28), n_classes=10, width=16, n_features=64),
        objective=Classification,
        objective_kwargs=dict(lr=0.002, weight_decay=0.05, smoothing=0.1),
        data="mnist",
        settings=Settings(images=5 * 60_000, batch_size=128, seed=1, ema=0.99),
        smoke={"images": 256, "batch_size": 64, "model.width": 2},
        targets=(Target("rank_correlation", ">=", 0.95),),
    )


@recipe
def judge_fashion() -> Recipe:
    return _judge("fashion", "Tells clothes apart, gray or binary", 8.0)


@recipe
def judge_avatars() -> Recipe:
    return Recipe(
        summary="Reads every attribute of a face",
        paper="Heusel et al., GANs Trained by a Two Time-Scale Update Rule, 2017",
        paper_url="https://arxiv.org/abs/1706.08500",
        model=AttributeJudge,
        model_kwargs=dict(
            event_shape=(3, 64, 64),
            n_values=tuple(len(values) for values in SCHEMA.values()),
            width=32,
        ),
        objective=AttributeClassification,
        objective_kwargs=dict(lr=0.002, weight_decay=0.05),
        data="avatars",
        settings=Settings(
            images=8 * N_FACES["train"], batch_size=128, ema=0.999, precision="bfloat16"
        ),
        smoke={"images": 128, "batch_size": 32, "model.width": 2},
        targets=(Target("all_right", ">=", 99.5, unit="%", called="all attributes identified"),),
        storage="float16",
    )
