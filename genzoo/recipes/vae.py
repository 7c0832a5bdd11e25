"""Variational auto-encoders: on a plane for the map, with more latents for the picture, and what
becomes of either when the objective changes."""

from __future__ import annotations

from dataclasses import replace

from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.metrics import Target
from genzoo.models import ELBO, VAE, ImportanceWeighted
from genzoo.recipes.base import Recipe, recipe
from genzoo.train import Settings

CARD = ModelCard(
    key="vae",
    title=Text("VAE", "VAE"),
    year=2014,
    paper="Kingma and Welling, Auto-Encoding Variational Bayes, 2014",
    paper_url="https://arxiv.org/abs/1312.6114",
    release="vae-mnist",
    tab="vae",
    place=(3, 1),
    formula=Formula(
        "log p(x | z) − KL",
        "log p(x) ≥ E<sub>q(z | x)</sub>[log p(x | z)]<br>− KL(q(z | x) ‖ p(z))",
    ),
    idea=Text(
        "A picture comes from a few latent variables z. The integral over all z cannot be "
        "computed, so a second network infers which z fit a picture, and training raises a lower "
        "bound on log p(x).",
        "그림은 몇 개의 잠재 변수 z에서 나옵니다. 모든 z에 대한 적분은 계산할 수 없으므로, 두 "
        "번째 신경망이 그림에 맞는 z를 추론하고 log p(x)의 하한을 높이며 학습합니다.",
    ),
    good=Text(
        "codes: a latent space to move through, and fast samples in one pass.",
        "코드를 얻습니다. 잠재 공간을 돌아다닐 수 있고, 표본이 한 번의 계산으로 나옵니다.",
    ),
    bad=Text(
        "sharp samples; and it computes a lower bound, not the likelihood itself.",
        "표본이 흐릿합니다. 계산하는 것도 가능도가 아니라 그 하한입니다.",
    ),
    tour=TourStep(
        title=Text("Every picture has a place", "그림마다 자리가 있습니다"),
        look=Text(
            "This VAE describes each digit by two real numbers. Each dot is a test digit, and "
            "every place on the plane decodes to a picture.",
            "이 VAE는 숫자 하나를 실수 두 개로 나타냅니다. 점 하나가 테스트 숫자 하나이며, "
            "평면의 모든 자리는 그림으로 디코딩됩니다.",
        ),
        attempt=Text(
            "move slowly from one color to another, and see what lies between.",
            "한 색에서 다른 색으로 천천히 옮겨 가며 사이에 무엇이 있는지 살펴보세요.",
        ),
        parts=(
            "vae-map",
            "vae-map-decoded",
        ),
    ),
)

BETA_PAPER = (
    "Higgins et al., beta-VAE, 2017",
    "https://openreview.net/forum?id=Sy2fzU9gl",
)
IWAE_PAPER = (
    "Burda et al., Importance Weighted Autoencoders, 2016",
    "https://arxiv.org/abs/1509.00519",
)
SMOKE = {"images": 256, "batch_size": 64, "model.width": 4, "model.n_hidden": 16}


def _vae(
    summary: str,
    *targets: Target,
    n_latent: int,
    width: int,
    epochs: int,
    lr: float = 0.001,
    beta: float = 1.0,
    storage: str = "float16",
) -> Recipe:
    """Of binarized digits, by the ELBO with a weight of the KL term."""
    paper, url = ("", "") if beta == 1 else BETA_PAPER  # none of its own: that of the card
    return Recipe(
        summary=summary,
        card=CARD,
        paper=paper,
        paper_url=url,
        model=VAE,
        model_kwargs=dict(
            event_shape=(1, 28, 28), n_latent=n_latent, width=width, n_blocks=1, n_hidden=512
        ),
        objective=ELBO,
        objective_kwargs=dict(lr=lr, beta=beta, free_bits=0.0),
        data="mnist",
        settings=Settings(
            images=epochs * 60_000,
            batch_size=128,
            preprocessing="dynamic",
            ema=0.999 if epochs <= 20 else 0.9995,
            precision="bfloat16",
        ),
        smoke=SMOKE,
        targets=targets,
        storage=storage,
    )


def _of_clothes(vae: Recipe) -> Recipe:
    """The same of clothes in gray, whose likelihood has steeper gradients."""
    return replace(
        vae,
        model_kwargs={**vae.model_kwargs, "likelihood": "logistic"},
        data="fashion",
        settings=replace(vae.settings, preprocessing="none", ema=0.9995, clip=200.0),
    )


@recipe
def vae_mnist_2d() -> Recipe:
    return _vae(
        "Digits on a plane: a latent space of two dimensions, to be seen whole",
        n_latent=2,
        width=16,
        epochs=20,
        storage="float32",
    )


@recipe
def vae_mnist_2d_beta01() -> Recipe:
    return _vae(
        "Digits on a plane, code at a tenth of its price: spread, with holes between",
        Target("reconstruction", "<=", than="vae-mnist-2d"),
        n_latent=2,
        width=16,
        epochs=20,
        beta=0.1,
    )


@recipe
def vae_mnist_2d_beta4() -> Recipe:
    return _vae(
        "Digits on a plane, code at four times its price: crowded together",
        n_latent=2,
        width=16,
        epochs=20,
        beta=4.0,
    )


@recipe
def vae_mnist_8() -> Recipe:
    return _vae(
        "Digits from eight latents, to be held against aae-mnist-8",
        n_latent=8,
        width=24,
        epochs=10,
    )


@recipe
def vae_mnist() -> Recipe:
    return _vae(
        "Digits well: 32 latents, of which the model uses what it needs",
        Target("nll_bound", "<=", 84.5, setting="k = 500", called="NLL bound (k = 500)"),
        n_latent=32,
        width=24,
        epochs=80,
        lr=0.002,
        storage="float32",
    )


@recipe
def vae_mnist_short() -> Recipe:
    return _vae(
        "Digits from 32 latents by the ELBO, after as many images as iwae-mnist",
        n_latent=32,
        width=24,
        epochs=10,
        lr=0.002,
    )


@recipe
def vae_mnist_beta025() -> Recipe:
    return _vae(
        "Digits from 32 latents, a nat of code at a quarter of its price",
        Target("reconstruction", "<=", than="vae-mnist"),
        Target("active_latents", ">=", 1, than="vae-mnist"),
        n_latent=32,
        width=24,
        epochs=15,
        lr=0.002,
        beta=0.25,
    )


@recipe
def vae_mnist_beta4() -> Recipe:
    return _vae(
        "Digits from 32 latents, a nat of code at four times its price",
        n_latent=32,
        width=24,
        epochs=15,
        lr=0.002,
        beta=4.0,
    )


@recipe
def iwae_mnist() -> Recipe:
    paper, url = IWAE_PAPER
    return replace(
        _vae(
            "Digits from 32 latents, trained on the bound of five weighted samples",
            Target("nll_bound", "<=", than="vae-mnist-short"),
            n_latent=32,
            width=24,
            epochs=10,
        ),
        paper=paper,
        paper_url=url,
        objective=ImportanceWeighted,
        objective_kwargs=dict(lr=0.002, k=5),
    )


@recipe
def vae_avatars() -> Recipe:
    # As many images as cost what progan-avatars costs (python -m benchmarks.training_flops).
    # beta by its medians' FID on 1,000 validation faces after 32,000 images, 53.3 for 16 and 59.0
    # for 64 (samples: 34.1 and 33.8), by
    # python -m genzoo train vae-avatars --hold-out --set objective.beta=64.0 --set images=32000
    return Recipe(
        summary="Faces in color, with the training operations of progan-avatars",
        paper=BETA_PAPER[0],
        paper_url=BETA_PAPER[1],
        card=CARD,
        model=VAE,
        model_kwargs=dict(
            event_shape=(3, 64, 64),
            n_latent=64,
            width=24,
            n_blocks=1,
            n_hidden=256,
            likelihood="logistic",
            n_levels=4,
        ),
        objective=ELBO,
        objective_kwargs=dict(lr=0.001, beta=16.0, free_bits=0.0),
        data="avatars",
        settings=Settings(
            images=240_960,
            batch_size=32,
            ema=0.999,
            clip=1000.0,
            precision="bfloat16",
            evaluate_every=40_000,
            save_every=16_000,
            log_every=3_200,
        ),
        smoke={"images": 64, "batch_size": 16, "model.width": 2, "model.n_hidden": 8},
        storage="float16",
    )


@recipe
def vae_fashion() -> Recipe:
    return _of_clothes(
        _vae(
            "Clothes in gray, with a proper likelihood of the 8-bit pixels",
            n_latent=32,
            width=24,
            epochs=20,
            storage="float32",
        )
    )


@recipe
def vae_fashion_beta4() -> Recipe:
    return _of_clothes(
        _vae(
            "Clothes in gray, code at four times its price: more draws from the prior are clothes",
            Target("fid", "<=", than="vae-fashion"),
            n_latent=32,
            width=24,
            epochs=10,
            beta=4.0,
        )
    )


@recipe
def vae_fashion_beta16() -> Recipe:
    return _of_clothes(
        _vae(
            "Clothes in gray, code at sixteen times its price: soft, but draws are clothes",
            Target("fid", "<=", than="vae-fashion-beta4"),
            n_latent=32,
            width=24,
            epochs=20,
            beta=16.0,
        )
    )
