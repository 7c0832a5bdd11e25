from __future__ import annotations

import math
from functools import partial

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.data import Batch
from genzoo.models import InfoGAN, InformationGame
from genzoo.models.infogan import DEVIATION, EVEN, SURE, warped
from genzoo.objectives import Progress, Update
from tests.genzoo.test_adversarial import Recording, images


def infogan(seed: int = 0) -> InfoGAN:
    torch.manual_seed(seed)
    return InfoGAN((1, 8, 8), n_noise=3, width=4, width_trunk=4, n_hidden=8)


def test_z_is_its_codes_and_noise_and_back():
    model = infogan()
    z = model.draw_z(3000, torch.Generator().manual_seed(0))
    category, continuous, noise = model.split(z)
    assert z.shape == (3000, *model.latent_shape) == (3000, 15)
    assert torch.equal(model.join(category, continuous, noise), z)
    assert category.bincount(minlength=10).min() > 230
    assert -1 <= continuous.min() < -0.99
    assert 0.99 < continuous.max() <= 1
    assert continuous.std(0).tolist() == pytest.approx([1 / math.sqrt(3)] * 2, rel=0.05)
    assert noise.std(0).tolist() == pytest.approx([1] * 3, rel=0.05)
    assert torch.equal(z, model.draw_z(3000, torch.Generator().manual_seed(0)))


def test_each_update_moves_only_its_own():
    objective = InformationGame(infogan(), lr=0.01, lr_critic=0.01, gamma=8.0)
    update = Recording(objective)
    objective.step(images(12), update, Progress(0, 0, 1000, seed=0))
    assert update.seen == [("critic", {"trunk", "q", "critic"}), ("generator", {"generator"})]


def gradients(information: float, continuous: float, invariance: float = 0.0) -> dict[str, Tensor]:
    objective = InformationGame(
        infogan(), 0.0, 0.0, information, continuous, invariance=invariance
    )
    objective.step(images(12), Update(objective.optimizers()), Progress(0, 0, 1000, seed=0))
    return {name: p.grad for name, p in objective.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(
    ("weights", "parts"),
    [
        ((1.0, 0.0), {"generator", "trunk", "q"}),
        ((0.0, 1.0), {"generator", "trunk", "q"}),
        ((0.0, 0.0, 1.0), {"trunk", "q"}),
    ],
)
def test_what_q_learns_reaches_generator_trunk_and_head(weights, parts):
    """By the gradient of what it adds to the game: the critic's own layer has no part in it, and
    what is asked of real images does not concern the generator."""
    with_it, without = gradients(*weights), gradients(0.0, 0.0)
    reached = {
        name.removeprefix("model.").split(".")[0]
        for name, gradient in with_it.items()
        if (gradient - without.get(name, torch.zeros_like(gradient))).abs().max() > 1e-6
    }
    assert reached == parts


def test_what_is_unread_is_a_cross_entropy_and_a_gaussian():
    model = infogan()
    objective = InformationGame(model, 0.0, 0.0)
    z = model.draw_z(20, torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.features(model.generate(z))
        category, continuous = objective.code_nll(z, features)
        out = model.q(features)
    k, c, _ = model.split(z)
    torch.testing.assert_close(category, F.cross_entropy(out[:, :10], k, reduction="none"))
    apart = (c - out[:, 10:]) / DEVIATION
    log_q = -0.5 * apart.square() - math.log(DEVIATION * math.sqrt(2 * math.pi))
    torch.testing.assert_close(continuous, -log_q.sum(1))


def test_a_warp_is_the_map_that_it_says():
    """Of a disc off the center: by where its middle goes, and how large it is then."""
    y, x = torch.meshgrid(torch.arange(56.0), torch.arange(56.0), indexing="ij")
    disc = torch.exp(-((x - 37.5).square() + (y - 27.5).square()) / 20).view(1, 1, 56, 56)

    def middle_and_mass(**noise: float) -> list[float]:
        names = ("turn", "slant", "across", "along", "right", "down")
        u = torch.tensor([[0.5 + noise.get(name, 0.0) / 2 for name in names]])
        image = warped(disc, u)[0, 0]
        mass = image.sum()
        return [float((image * axis).sum() / mass) - 27.5 for axis in (x, y)] + [float(mass)]

    whole = float(disc.sum())
    assert middle_and_mass() == pytest.approx([10, 0, whole], abs=0.01)
    assert middle_and_mass(right=1) == pytest.approx([10 - 4, 0, whole], abs=0.01)
    assert middle_and_mass(down=-1) == pytest.approx([10, 4, whole], abs=0.01)
    cos, sin = math.cos(math.radians(20)), math.sin(math.radians(20))
    assert middle_and_mass(turn=1) == pytest.approx([10 * cos, -10 * sin, whole], abs=0.05)
    grown, near = math.exp(0.14), partial(pytest.approx, rel=0.01, abs=0.01)
    assert middle_and_mass(across=-1) == near([10 * grown, 0, whole * grown])
    assert middle_and_mass(along=-1) == near([10, 0, whole * grown])
    assert middle_and_mass(slant=1) == pytest.approx([10, 0, whole], abs=0.05)
    below = disc.transpose(2, 3)  # a slant moves what is above and below, to either side
    slanted = warped(below, torch.tensor([[0.5, 1.0, 0.5, 0.5, 0.5, 0.5]]))[0, 0]
    assert float((slanted * x).sum() / slanted.sum()) - 27.5 == pytest.approx(-3, abs=0.05)


def test_unsteadiness_is_least_where_every_image_keeps_a_category_of_its_own():
    model = infogan()
    objective = InformationGame(model, 0.0, 0.0)
    model.q = torch.nn.Identity()  # features are then Q's own numbers

    def numbers(category: list[int], sure: float) -> Tensor:
        logits = sure * F.one_hot(torch.tensor(category), 10).float()
        return torch.cat([logits, torch.zeros(len(category), 2)], dim=1)

    every = list(range(10))
    steady = objective.imsat_loss(numbers(every, 50.0), numbers(every, 50.0))
    assert float(steady) == pytest.approx(-EVEN * math.log(10), abs=1e-4)
    unsure = objective.imsat_loss(numbers(every, 0.0), numbers(every, 0.0))
    assert float(unsure) == pytest.approx((SURE - EVEN) * math.log(10), abs=1e-5)
    one = objective.imsat_loss(numbers([3] * 10, 50.0), numbers([3] * 10, 50.0))
    assert float(one) == pytest.approx(0, abs=1e-4)
    other = objective.imsat_loss(numbers(every, 50.0), numbers([*every[1:], 0], 50.0))
    assert float(other) == pytest.approx(50 - EVEN * math.log(10), abs=1e-3)


def test_q_settles_before_the_game_begins():
    objective = InformationGame(infogan(), 0.01, 0.01, invariance=1.0, pretrain_fraction=0.2)
    before = {name: p.detach().clone() for name, p in objective.named_parameters()}
    update = Recording(objective)
    for images_seen in (0, 199):
        objective.step(images(12), update, Progress(0, images_seen, 1000, seed=0))
    moved = {
        name.removeprefix("model.").split(".")[0]
        for name, p in objective.named_parameters()
        if not torch.equal(p, before[name])
    }
    assert moved == {"trunk", "q"}
    assert [who for who, _ in update.seen] == ["critic", "critic"]
    report = objective.step(images(12), update, Progress(0, 200, 1000, seed=0))
    assert update.seen[2:] == [("critic", {"trunk", "q", "critic"}), ("generator", {"generator"})]
    assert set(report) == {"value", "category", "continuous", "imsat_loss", "generator"}


def test_nothing_to_settle_by_is_refused():
    with pytest.raises(ValueError, match="needs an invariance to train by"):
        InformationGame(infogan(), 0.01, 0.01, pretrain_fraction=0.2)


@pytest.mark.parametrize("warmup", [-0.1, 0.9, float("nan")])
def test_a_warmup_that_does_not_fit_is_refused(warmup):
    with pytest.raises(ValueError, match="at most what pretrain_fraction leaves"):
        InformationGame(
            infogan(), 1, 1, invariance=1, pretrain_fraction=0.2, warmup_fraction=warmup
        )


def test_its_codes_come_to_be_read():
    """On images of one of two kinds, a lit half: both codes carry information within a few steps,
    which starts at none."""
    torch.manual_seed(0)
    model = InfoGAN((1, 8, 8), 2, 1, n_noise=2, width=8, width_trunk=8, n_hidden=16)
    objective = InformationGame(model, 0.002, 0.002, information_continuous=1.0, gamma=0.8)
    update = Update(objective.optimizers())
    generator = torch.Generator().manual_seed(1)
    for step in range(150):
        label = torch.randint(2, (32,), generator=generator)
        x = torch.zeros(32, 1, 8, 8)
        brightness = 0.4 + 0.6 * torch.rand(32, generator=generator)
        for image, k, b in zip(x, label.tolist(), brightness.tolist(), strict=True):
            image[0, :, 4 * k : 4 * k + 4] = b
        report = objective.step(Batch(x, label), update, Progress(step, 0, 1000, seed=0))
        if step == 0:
            assert float(report["category"]) == pytest.approx(math.log(2), abs=0.1)
    assert float(report["category"]) < 0.2
    with torch.inference_mode():
        z = model.draw_z(500, torch.Generator().manual_seed(2))
        read, at = model.infer(model.generate(z))
    category, continuous, _ = model.split(z)
    assert (read.logits.argmax(1) == category).float().mean() > 0.9
    r = torch.corrcoef(torch.stack([at.mean[:, 0], continuous[:, 0]]))[0, 1]
    assert r > 0.8


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: InfoGAN((1, 8, 8), n_categories=0), "at least 1"),
        (lambda: InfoGAN((1, 8, 6)), "multiples of four, not 8 and 6"),
        (lambda: infogan().generate(torch.zeros(2, 14)), r"\(B, 15\), not \(2, 14\)"),
        (lambda: infogan().infer(torch.full((1, 1, 8, 8), 2.0)), r"must lie in \[0, 1\]"),
        (lambda: InformationGame(infogan(), 0.1, 0.1, information=-1.0), "at least 0"),
        (lambda: InformationGame(infogan(), 0.1, 0.1, r1_interval=0), "at least 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_the_networks_of_the_paper():
    model = InfoGAN((1, 8, 8), n_noise=3, width=4, width_trunk=4, n_hidden=8, batch_norm=True)

    def kinds(network: torch.nn.Module) -> list[str]:
        return [type(layer).__name__ for layer in network.children()]

    assert kinds(model.generator) == [
        *("Linear", "BatchNorm1d", "ReLU", "Linear", "Unflatten", "BatchNorm2d", "ReLU"),
        *("ConvTranspose2d", "BatchNorm2d", "ReLU", "ConvTranspose2d"),
    ]
    assert kinds(model.trunk) == [
        *("Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU", "Flatten"),
        *("Linear", "BatchNorm1d", "LeakyReLU"),
    ]
    assert kinds(model.q) == ["Linear", "BatchNorm1d", "LeakyReLU", "Linear"]
    assert model.generator[0].out_features == model.trunk[6].out_features == 256
    game = InformationGame(model, 0.0, 0.0)
    report = game.step(images(12), Update(game.optimizers()), Progress(0, 0, 1000, seed=0))
    assert all(math.isfinite(value) for value in report.values())


@pytest.mark.parametrize("beta2", [0.99, 0.999])
def test_adam_has_the_beta2_that_it_is_given(beta2):
    game = InformationGame(infogan(), 0.01, 0.01, beta2=beta2)
    for optimizer in game.optimizers().values():
        assert {group["betas"] for group in optimizer.param_groups} == {(0.5, beta2)}
