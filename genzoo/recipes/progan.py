"""Progressive GANs on avatars."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.metrics import Target
from genzoo.models import ProGAN, ProgressiveGame
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="progan",
    title=Text("Progressive GAN", "Progressive GAN"),
    year=2018,
    paper="Karras et al., Progressive Growing of GANs, 2018",
    paper_url="https://arxiv.org/abs/1710.10196",
    release="progan-avatars",
    tab="progan",
    place=(3, 1),
    pace=1,
    formula=Formula(
        "(1 − α) ↑x<sub>k</sub> + α x<sub>k+1</sub>",
        "G(z) = (1 − α) ↑x<sub>k</sub> + α x<sub>k+1</sub><br>"
        "L<sub>D</sub> = E[D(G(z))] − E[D(x)] + λ E[(|∇D| − 1)²]",
    ),
    idea=Text(
        "Both networks begin with pictures of 4x4 pixels and grow. Each block for twice the "
        "resolution is faded in, so that training goes from the coarse to the fine.",
        "두 신경망은 4x4 픽셀 그림에서 시작하여 함께 자랍니다. 해상도를 두 배로 늘리는 블록을 "
        "서서히 섞어 넣으므로, 학습은 전체 윤곽에서 세부로 나아갑니다.",
    ),
    good=Text(
        "pictures that hold together as a whole, at every resolution on the way.",
        "전체가 조화로운 그림을 만들며, 중간 해상도마다 그림을 볼 수 있습니다.",
    ),
    bad=Text(
        "saying which part of z does what; and its schedule of growth has to be chosen.",
        "z의 어느 부분이 무엇을 하는지 알려 주지 않고, 자라는 일정을 사람이 정해야 합니다.",
    ),
    after={"dcgan": Text("grows as it learns", "학습하며 자람")},
    tour=TourStep(
        title=Text("A face comes into focus", "얼굴이 점점 또렷해집니다"),
        look=Text(
            "The same z at every resolution, from 4x4 to 64x64 pixels. The coarse picture sets "
            "hair, skin and background, and each further block adds detail.",
            "같은 z를 4x4부터 64x64 픽셀까지 모든 해상도에서 보여 줍니다. 거친 그림이 머리와 "
            "피부와 배경을 정하고, 블록이 하나씩 더해질 때마다 세부가 나타납니다.",
        ),
        attempt=Text(
            "move the slider from 4x4 to 64x64 and watch when the mouth appears.",
            "슬라이더를 4x4에서 64x64까지 움직이며 입이 언제 나타나는지 살펴보세요.",
        ),
        parts=(
            "progan-stages",
            "progan-growth",
        ),
    ),
)


@recipe
def progan_avatars() -> Recipe:
    return Recipe(
        summary="Faces by networks that grow from 4x4 to 64x64 pixels",
        card=CARD,
        model=ProGAN,
        model_kwargs=dict(
            event_shape=(3, 64, 64), n_latent=128, width=12, max_width=128, n_dense=2
        ),
        objective=ProgressiveGame,
        objective_kwargs=dict(
            lr=0.004,
            lr_critic=0.004,
            width=12,
            stay=6_000,
            fade=4_000,
            loss="wasserstein",
            penalty="wgan-gp",
            weight=2.5,
            penalty_interval=4,
            drift=0.001,
        ),
        data="avatars",
        settings=Settings(
            images=104_480,
            seed=2,  # the median of three, see "seeds" in the release's config
            batch_size=8,
            ema=0.998,
            schedule="constant",
            precision="bfloat16",
            evaluate_every=12_000,
            save_every=4_000,
            log_every=800,
        ),
        smoke={
            "images": 96,
            "batch_size": 8,
            "model.width": 2,
            "model.max_width": 4,
            "objective.width": 2,
            "objective.stay": 8,
            "objective.fade": 8,
        },
        targets=(Target("fid", "<=", than="dcgan-avatars", n_seeds=3),),
        storage="float16",
    )
