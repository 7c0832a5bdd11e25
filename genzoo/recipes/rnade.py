"""RNADE on points in the plane, where its density can be seen whole, and on Fashion-MNIST."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text
from genzoo.models import RNADE
from genzoo.objectives import MaximumLikelihood
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="rnade",
    title=Text("RNADE", "RNADE"),
    year=2013,
    paper=(
        "Uria, Murray and Larochelle, RNADE: the real-valued neural autoregressive "
        "density-estimator, 2013"
    ),
    paper_url="https://arxiv.org/abs/1306.0186",
    release="rnade-fashion",
    tab="nade",
    place=(2, 4),
    formula=Formula(
        "Σ<sub>k</sub> π<sub>k</sub> N(μ<sub>k</sub>, σ<sub>k</sub>²)",
        "p(x<sub>i</sub> | x<sub>&lt;i</sub>) = Σ<sub>k</sub> π<sub>ik</sub> N(x<sub>i</sub>; "
        "μ<sub>ik</sub>, σ<sub>ik</sub>²)",
    ),
    idea=Text(
        "NADE for real numbers: the density of each pixel is a mixture of Gaussians, and the "
        "network computes their weights, means and standard deviations.",
        "실수를 위한 NADE입니다. 각 픽셀의 밀도는 가우시안 혼합이며, 신경망이 그 가중치, 평균, "
        "표준편차를 계산합니다.",
    ),
    good=Text(
        "gray values and points in the plane, with several modes where there are several answers.",
        "회색 값과 평면의 점을 다룹니다. 답이 여럿이면 밀도의 봉우리도 여럿입니다.",
    ),
    bad=Text(
        "smooth pictures: each pixel is sampled with noise of its own, so clothes look grainy.",
        "매끈한 그림을 그리지 못합니다. 픽셀마다 따로 잡음이 섞여 옷이 거칠게 나옵니다.",
    ),
    after={"nade": Text("Gaussian mixtures", "가우시안 혼합")},
    pace=1,
)


def _plane(data: str, summary: str, images: int) -> Recipe:
    return Recipe(
        summary=summary,
        card=CARD,
        model=RNADE,
        model_kwargs=dict(event_shape=(1, 1, 2), n_hidden=200, n_components=16),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.02, beta2=0.99),
        data=data,
        settings=Settings(images=images, batch_size=500, ema=0.999, clip=5.0),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8, "model.n_components": 3},
        expected="below one Gaussian and independent mixtures on the same points",
    )


@recipe
def rnade_moons() -> Recipe:
    return _plane("moons", "Two half moons: p(x_2 | x_1) has up to two humps", 2_000_000)


@recipe
def rnade_rings() -> Recipe:
    return _plane("rings", "Three rings: p(x_2 | x_1) has up to six humps", 2_000_000)


@recipe
def rnade_spirals() -> Recipe:
    return _plane("spirals", "Two spirals: p(x_2 | x_1) has up to six humps", 2_000_000)


@recipe
def rnade_fashion() -> Recipe:
    return Recipe(
        summary="Clothes in gray: every pixel a mixture of five Gaussians given those before it",
        card=CARD,
        model=RNADE,
        model_kwargs=dict(event_shape=(1, 28, 28), n_hidden=300, n_components=5),
        objective=MaximumLikelihood,
        objective_kwargs=dict(lr=0.004, beta2=0.99),
        data="fashion",
        settings=Settings(
            images=15 * 60_000,
            batch_size=128,
            preprocessing="dequantized",
            ema=0.9995,
            clip=1000.0,
            precision="bfloat16",
        ),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8, "model.n_components": 2},
        expected="bits/dim of uniformly dequantized 8-bit pixels, stated",
        storage="float16",
    )
