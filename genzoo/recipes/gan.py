"""GANs of perceptrons on gray digits and clothes."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.models import GAN
from genzoo.objectives import AdversarialGame
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="gan",
    title=Text("GAN", "GAN"),
    year=2014,
    paper="Goodfellow et al., Generative Adversarial Nets, 2014",
    paper_url="https://arxiv.org/abs/1406.2661",
    release="gan-mnist",
    tab="gan",
    place=(2, 4),
    formula=Formula(
        "min max V(D, G)",
        "min<sub>G</sub> max<sub>D</sub> E<sub>x</sub>[log D(x)]<br>+ E<sub>z</sub>[log(1 − "
        "D(G(z)))]",
    ),
    idea=Text(
        "A generator turns noise into pictures, a discriminator tells them from real ones, and "
        "each is trained against the other.",
        "생성자는 잡음을 그림으로 바꾸고 판별자는 그것을 진짜 그림과 구별합니다. 둘은 서로를 "
        "상대로 학습합니다.",
    ),
    good=Text(
        "sharp pictures in one pass, without a likelihood to write down.",
        "가능도를 적지 않고도 또렷한 그림을 한 번의 계산으로 만듭니다.",
    ),
    bad=Text(
        "stable training: the game can oscillate or end in mode collapse, and there is no NLL to "
        "watch.",
        "학습이 불안정합니다. 게임이 진동하거나 모드 붕괴에 빠질 수 있고, 지켜볼 NLL이 없습니다.",
    ),
    tour=TourStep(
        title=Text("A game of two networks", "두 신경망의 게임"),
        look=Text(
            "The generator's points move to where the discriminator takes them for real. No "
            "likelihood is computed: the generator learns only from the discriminator.",
            "생성자의 점은 판별자가 진짜로 여기는 곳으로 움직입니다. 가능도는 계산하지 않으며, "
            "생성자는 판별자에게서만 배웁니다.",
        ),
        attempt=Text(
            "press Make it collapse, watch all points run to one place, then press Cure it.",
            "붕괴시키기를 눌러 모든 점이 한곳으로 몰리는 것을 본 뒤, 고치기를 누르세요.",
        ),
        parts=(
            "gan-plane",
            "gan-cure-w",
        ),
    ),
)


def _gan(data: str, summary: str) -> Recipe:
    return Recipe(
        summary=summary,
        card=CARD,
        model=GAN,
        model_kwargs=dict(event_shape=(1, 28, 28), n_latent=64, n_hidden=512, n_layers=3),
        objective=AdversarialGame,
        objective_kwargs=dict(
            lr=0.0005,
            lr_critic=0.0005,
            width=512,
            loss="non-saturating",
            n_critic=1,
            penalty="r1",
            weight=0.4,
            r1_interval=4,
        ),
        data=data,
        settings=Settings(images=36 * 60_000, batch_size=64, ema=0.999, precision="bfloat16"),
        smoke={"images": 256, "batch_size": 64, "model.n_hidden": 8, "objective.width": 8},
        storage="float16",
    )


@recipe
def gan_mnist() -> Recipe:
    return _gan("mnist", "Digits by two perceptrons that play against each other")


@recipe
def gan_fashion() -> Recipe:
    return _gan("fashion", "Clothes by two perceptrons that play against each other")
