"""Adversarial auto-encoders on binarized MNIST, with priors of several shapes."""

from __future__ import annotations

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.metrics import Target
from genzoo.models import AAE, AdversarialAutoencoding
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="aae",
    title=Text("AAE", "AAE"),
    year=2015,
    paper="Makhzani et al., Adversarial Autoencoders, 2015",
    paper_url="https://arxiv.org/abs/1511.05644",
    release="aae-mnist-8",
    tab="aae",
    place=(2, 5),
    formula=Formula(
        "q(z) ≈ p(z)",
        "min E<sub>q(z | x)</sub>[−log p(x | z)];<br>min<sub>q</sub> max<sub>D</sub> "
        "E<sub>p(z)</sub>[log D] + E<sub>q(z)</sub>[log(1 − D)]",
    ),
    idea=Text(
        "An auto-encoder whose codes are pulled towards the prior by a discriminator that sees "
        "only codes. A VAE has a KL term for this.",
        "오토인코더의 코드를, 코드만 보는 판별자가 사전 분포 쪽으로 끌어당깁니다. VAE에서는 KL "
        "항이 하는 일입니다.",
    ),
    good=Text(
        "priors of any shape: all it needs of a prior is samples.",
        "어떤 모양의 사전 분포든 쓸 수 있습니다. 사전 분포의 표본만 있으면 됩니다.",
    ),
    bad=Text(
        "scoring a picture: it is not trained on a bound on log p(x). Where its encoder has a "
        "density, one can be computed.",
        "그림에 점수를 매기는 일. log p(x)의 하한으로 학습하지 않기 때문입니다. 인코더에 밀도가 "
        "있으면 하한을 계산할 수는 있습니다.",
    ),
    after={"vae": Text("no KL term", "KL 항 없이"), "gan": Text("a discriminator", "판별자로")},
    tour=TourStep(
        title=Text("A prior of any shape", "어떤 모양의 사전 분포든"),
        look=Text(
            "A discriminator pulls the codes towards the prior, where a VAE has a KL term. So "
            "the prior may have any shape that can be sampled.",
            "VAE의 KL 항 대신 판별자가 코드를 사전 분포 쪽으로 끌어당깁니다. 그래서 표본을 뽑을 "
            "수만 있으면 사전 분포가 어떤 모양이어도 됩니다.",
        ),
        attempt=Text(
            "choose the ring above the plane and drag along it.",
            "평면 위에서 고리를 고르고, 고리를 따라 끌어 보세요.",
        ),
        parts=(
            "aae-plane",
            "aae-prior-ring",
            "aae-decoded",
        ),
    ),
)


def _aae(
    summary: str,
    *targets: Target,
    n_labels: int = 0,
    epochs: int = 15,
    **model_kwargs: object,
) -> Recipe:
    return Recipe(
        summary=summary,
        card=CARD,
        model=AAE,
        model_kwargs=dict(event_shape=(1, 28, 28), n_blocks=1, n_hidden=512, **model_kwargs),
        objective=AdversarialAutoencoding,
        objective_kwargs=dict(lr=0.001, lr_discriminator=0.002, weight=100.0, n_labels=n_labels),
        data="mnist",
        settings=Settings(
            images=epochs * 60_000,
            batch_size=128,
            preprocessing="dynamic",
            ema=0.999,
            precision="bfloat16",
        ),
        smoke={"images": 256, "batch_size": 64, "model.width": 2, "model.n_hidden": 8},
        targets=targets,
        storage="float16",
    )


MATCHED = Target("prior_p_value", ">=", 0.05)
"""Codes that a two-sample test cannot tell from the prior."""


@recipe
def aae_mnist() -> Recipe:
    return _aae(
        "All digits in the plane, their codes drawn to a Gaussian",
        MATCHED,
        n_latent=2,
        prior="gaussian",
        q="gaussian",
        width=16,
    )


@recipe
def aae_mnist_deterministic() -> Recipe:
    return _aae(
        "All digits in the plane, a code a function of its image",
        MATCHED,
        n_latent=2,
        prior="gaussian",
        q="deterministic",
        width=16,
    )


@recipe
def aae_mnist_ring() -> Recipe:
    return _aae(
        "A petal for each digit: ten Gaussians on a ring, told the labels",
        MATCHED,
        n_labels=10,
        n_latent=2,
        prior="ring",
        q="gaussian",
        width=16,
    )


@recipe
def aae_mnist_swiss_roll() -> Recipe:
    return _aae(
        "Digits along a rolled arm, told the labels",
        MATCHED,
        n_labels=10,
        n_latent=2,
        prior="swiss roll",
        q="gaussian",
        width=16,
    )


@recipe
def aae_mnist_8() -> Recipe:
    return _aae(
        "Digits well: eight numbers a code, the size of vae-mnist-8",
        Target("fid", "<=", than="vae-mnist-8"),  # so the lecture says
        epochs=10,
        n_latent=8,
        prior="gaussian",
        q="gaussian",
        width=24,
    )
