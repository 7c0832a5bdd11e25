"""What each player minimizes, computed a second time from the formula.

Networks are asked for their outputs, or written out where they are part of the method; every
loss, penalty, weight and ramp is written out here, and so are the gradients, which autograd takes
of what is written here. All in double precision, on tiny images.
"""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.data import Batch
from genzoo.models import (
    AAE,
    DCGAN,
    ELBO,
    GAN,
    NADE,
    VAE,
    AdversarialAutoencoding,
    AttributeClassification,
    AttributeGame,
    AttributeJudge,
    Classification,
    CycleGame,
    CycleGAN,
    ImportanceWeighted,
    IndependentPixels,
    InfoGAN,
    InformationGame,
    Judge,
    OrderAgnosticLikelihood,
    OrderlessNADE,
    StarGAN,
)
from genzoo.models.infogan import warped
from genzoo.objectives import AdversarialGame, Counting, MaximumLikelihood, Objective, Progress
from genzoo.objectives.attributes import attribute_cross_entropy

B = 4
SEED = 3


@pytest.fixture(autouse=True)
def _double():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


class Ledger:
    """In place of an update: notes the losses and their gradients, and moves nothing."""

    def __init__(self, objective: Objective):
        self.players = {
            who: [p for group in optimizer.param_groups for p in group["params"]]
            for who, optimizer in objective.optimizers().items()
        }
        self.noted: dict[str, tuple[Tensor, list[Tensor]]] = {}

    def __call__(self, who: str, loss: Tensor) -> None:
        assert who not in self.noted, f"{who} moved twice"
        self.noted[who] = (loss.detach(), self._gradients(who, loss))

    def _gradients(self, who: str, loss: Tensor) -> list[Tensor]:
        return list(
            torch.autograd.grad(loss, self.players[who], retain_graph=True, materialize_grads=True)
        )

    def holds(self, expected: dict[str, Tensor], rtol: float = 1e-9) -> None:
        """These were the losses, with these gradients, and no others."""
        assert self.noted.keys() == expected.keys()
        for who, loss in expected.items():
            value, gradients = self.noted[who]
            assert value.item() == pytest.approx(loss.item(), rel=rtol, abs=rtol), who
            for a, b in zip(gradients, self._gradients(who, loss), strict=True):
                torch.testing.assert_close(
                    a, b, rtol=10 * rtol, atol=rtol * max(1.0, float(b.abs().max())), msg=who
                )


def step_of(
    objective: Objective, batch: Batch, *, step: int = 8, fraction: float = 0.0
) -> tuple[Ledger, dict[str, Tensor]]:
    ledger = Ledger(objective)
    at = Progress(step, round(1000 * fraction), 1000, seed=SEED)
    report = objective.step(batch, ledger, at)  # type: ignore[arg-type]
    return ledger, report


def noise(step: int = 8) -> Progress:
    """The noise of that step, anew."""
    return Progress(step, 0, 1000, seed=SEED)


def gray(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def binary(*shape: int, seed: int = 0) -> Tensor:
    return (gray(*shape, seed=seed) < 0.4).double()


def stretched(module: nn.Module, seed: int = 0, scale: float = 1.5) -> nn.Module:
    """With other weights than the first ones, none of them zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(scale).add_(0.1 * torch.randn(p.shape, generator=generator))
    return module


def s(t: Tensor) -> Tensor:
    """log(1 + e^t)."""
    return (1 + t.exp()).log()


def log_normal(x: Tensor, mean: Tensor | float, sigma: Tensor | float) -> Tensor:
    sigma = torch.as_tensor(sigma)
    return -0.5 * ((x - mean) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)


def log_bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    p = 1 / (1 + (-logits).exp())
    return (x * p.log() + (1 - x) * (1 - p).log()).flatten(1).sum(1)


# The game of perceptrons, both networks and the slopes written out


def leaky(a: Tensor) -> Tensor:
    return torch.where(a > 0, a, 0.2 * a)


def critic_and_slope(critic: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """f at x in [-1, 1], (B, 2), by a perceptron of one hidden layer; and df/dx there."""
    W, b, v, c = critic.parameters()
    a = x @ W.t() + b
    bend = torch.where(a > 0, 1.0, 0.2)
    return leaky(a) @ v[0] + c, (v[0] * bend) @ W


CRITIC_LOSS = {
    "non-saturating": lambda r, f: -(1 / (1 + (-r).exp())).log() - (1 / (1 + f.exp())).log(),
    "minimax": lambda r, f: -(1 / (1 + (-r).exp())).log() - (1 / (1 + f.exp())).log(),
    "wasserstein": lambda r, f: f - r,
    "least-squares": lambda r, f: (r - 1) ** 2 / 2 + f**2 / 2,
}
GENERATOR_LOSS = {
    "non-saturating": lambda f: -(1 / (1 + (-f).exp())).log(),
    "minimax": lambda f: (1 / (1 + f.exp())).log(),
    "wasserstein": lambda f: -f,
    "least-squares": lambda f: (f - 1) ** 2,
}


def perceptrons(**rules: object) -> AdversarialGame:
    torch.manual_seed(0)
    model = GAN((1, 1, 2), n_latent=3, n_hidden=5, n_layers=1)
    return stretched(AdversarialGame(model, 0.01, 0.02, width=4, **rules))  # type: ignore


def generated(game: AdversarialGame, z: Tensor) -> Tensor:
    W, b, V, c = game.model.generator.parameters()
    return 1 / (1 + (-(leaky(z @ W.t() + b) @ V.t() + c)).exp())


@pytest.mark.parametrize("loss", CRITIC_LOSS)
@pytest.mark.parametrize(
    ("penalty", "step"), [("none", 8), ("r1", 8), ("r1", 9), ("wgan-gp", 8), ("wgan-gp", 10)]
)
def test_the_game_of_perceptrons(loss, penalty, step):
    game = perceptrons(loss=loss, penalty=penalty, weight=0.3, r1_interval=4)
    x = gray(B, 1, 1, 2)
    ledger, report = step_of(game, Batch(x, torch.zeros(B)), step=step)

    at, real = noise(step), x.view(B, 2)
    fake = generated(game, at.randn(B, 3))
    u = at.rand(B).view(B, 1)
    on_real, slope = critic_and_slope(game.critic, 2 * real - 1)
    on_fake, _ = critic_and_slope(game.critic, 2 * fake - 1)
    V = -CRITIC_LOSS[loss](on_real, on_fake).mean()
    critic = -V
    if step % 4 == 0:  # R1 is of images in [-1, 1], WGAN-GP of images in [0, 1]
        between = 2 * (u * real + (1 - u) * fake) - 1
        norm = (4 * critic_and_slope(game.critic, between)[1].square().sum(1)).sqrt()
        critic = (
            critic
            + {
                "none": 0.0,
                "r1": 4 * 0.3 / 2 * slope.square().sum(1).mean(),
                "wgan-gp": 0.3 * 4 * (norm - 1).square().mean(),
            }[penalty]
        )
    generator = GENERATOR_LOSS[loss](on_fake).mean()
    ledger.holds({"critic": critic, "generator": generator})
    assert report["value"].item() == pytest.approx(V.item(), rel=1e-9)
    assert report["generator"].item() == pytest.approx(generator.item(), rel=1e-9)


@pytest.mark.parametrize("loss", CRITIC_LOSS)
def test_what_is_evaluated_of_the_game_is_of_each_image(loss):
    game = perceptrons(loss=loss)
    x = gray(B, 1, 1, 2)
    found = game.evaluate(Batch(x, torch.zeros(B)))
    fake = generated(game, game.model.draw_z(B, noise_of_evaluation()))
    on_real, on_fake = (critic_and_slope(game.critic, 2 * y.view(B, 2) - 1)[0] for y in (x, fake))
    torch.testing.assert_close(found["value"], -CRITIC_LOSS[loss](on_real, on_fake))
    torch.testing.assert_close(found["generator"], GENERATOR_LOSS[loss](on_fake))


def noise_of_evaluation() -> torch.Generator:
    """The seed 0 of every evaluation, mixed as all seeds are."""
    return torch.Generator().manual_seed(1442695040888963407 % 2**63)


# DCGAN: its critic is part of the method


def test_the_critic_of_a_dcgan_sees_how_much_a_batch_varies():
    """Every layer written out, with the features' standard deviations over the batch."""
    torch.manual_seed(0)
    critic = stretched(DCGAN((1, 8, 8), n_latent=3, width=4).critic(2))
    x = 2 * gray(B, 1, 8, 8) - 1
    K1, c1, K2, c2, W, b, V, c, v, d = critic.parameters()
    h = leaky(F.conv2d(x, K1, c1, stride=2, padding=1))
    h = leaky(F.conv2d(h, K2, c2, stride=2, padding=1)).flatten(1)
    h = leaky(h @ W.t() + b)
    deviation = (((h - h.mean(0)) ** 2).mean(0) + 1e-8).sqrt().expand(B, -1)
    assert deviation.mean().item() > 1e-3
    expected = leaky(torch.cat([h, deviation], 1) @ V.t() + c) @ v.t() + d
    torch.testing.assert_close(critic(x), expected)
    alone = torch.cat([critic(one) for one in x.split(1)])
    assert (critic(x) - alone).abs().max() > 1e-3, "an image's logit depends on its batch"


# InfoGAN


def infogan() -> InfoGAN:
    torch.manual_seed(0)
    return InfoGAN((1, 8, 8), 3, 2, n_noise=2, width=2, width_trunk=2, n_hidden=4)


@pytest.mark.parametrize("step", [8, 9])
@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.3, 0.6])
def test_the_game_of_codes(step, fraction):
    game = stretched(
        InformationGame(
            infogan(),
            0.01,
            0.02,
            information=0.7,
            information_continuous=0.3,
            gamma=0.2,
            r1_interval=4,
            invariance=0.6,
            pretrain_fraction=0.25,
            warmup_fraction=0.2,
        )
    )
    x = gray(B, 1, 8, 8)
    ledger, report = step_of(game, Batch(x, torch.zeros(B)), step=step, fraction=fraction)

    model, at = game.model, noise(step)
    uniform, normal = at.rand(B, 3), at.randn(B, 2)
    category, code = (3 * uniform[:, 0]).long(), 2 * uniform[:, 1:] - 1
    z = torch.cat([F.one_hot(category, 3).double(), code, normal], 1)
    fake = model.generate(z)
    signed = (2 * x - 1).requires_grad_()
    real, features = model.trunk(signed), model.trunk(2 * fake - 1)

    def logit(h: Tensor) -> Tensor:
        return (h @ game.critic.weight.t() + game.critic.bias)[:, 0]

    def unread(h: Tensor) -> tuple[Tensor, Tensor]:
        out = model.q(h)
        log_q = out[:, :3] - out[:, :3].exp().sum(1, keepdim=True).log()
        return -log_q[range(B), category], -log_normal(code, out[:, 3:], 0.3).sum(1)

    of_category, of_code = unread(features)

    def codes(share: float) -> Tensor:
        return share * 0.7 * of_category.mean() + 0.3 * of_code.mean()

    V = -(s(-logit(real)) + s(logit(features))).mean()
    q, q_warped = (
        torch.softmax(model.q(h)[:, :3], 1)
        for h in (real, model.trunk(2 * warped(x, at.rand(B, 6)) - 1))
    )
    held = q.detach()
    p_mean = q.mean(0)
    imsat = (
        (held * (held.log() - q_warped.log())).sum(1).mean()
        - 0.1 * (q * q.log()).sum(1).mean()
        + 0.4 * (p_mean * p_mean.log()).sum()
    )
    if fraction < 0.25:
        ledger.holds({"critic": 0.6 * imsat}, rtol=1e-6)
    else:
        share = {0.25: 0, 0.3: 0.25, 0.6: 1}[fraction]  # of the category's cost, for Q alone
        critic = -V + codes(share) + 0.6 * imsat
        if step == 8:
            (slope,) = torch.autograd.grad(logit(real).sum(), signed, create_graph=True)
            critic = critic + 4 * 0.2 / 2 * slope.square().sum((1, 2, 3)).mean()
        generator = s(-logit(features)).mean()
        ledger.holds({"critic": critic, "generator": generator + codes(1)}, rtol=1e-6)
        assert report["generator"].item() == pytest.approx(generator.item(), rel=1e-6)
    assert report["value"].item() == pytest.approx(V.item(), rel=1e-6)
    assert report["category"].item() == pytest.approx(of_category.mean().item(), rel=1e-6)
    assert report["continuous"].item() == pytest.approx(of_code.mean().item(), rel=1e-6)
    assert report["imsat_loss"].item() == pytest.approx(imsat.item(), rel=1e-5)

    generator = noise_of_evaluation()
    uniform = torch.rand(B, 3, generator=generator)
    category, code = (3 * uniform[:, 0]).long(), 2 * uniform[:, 1:] - 1
    normal = torch.randn(B, 2, generator=generator)
    features = model.trunk(
        2 * model.generate(torch.cat([F.one_hot(category, 3).double(), code, normal], 1)) - 1
    )
    of_category, of_code = unread(features)
    value = -s(-logit(model.trunk(2 * x - 1))) - s(logit(features))
    found = game.evaluate(Batch(x, torch.zeros(B)))
    expected = {
        "value": value,
        "generator": s(-logit(features)),
        "category": of_category,
        "continuous": of_code,
    }
    for name, each in expected.items():
        torch.testing.assert_close(found[name].double(), each, rtol=1e-6, atol=1e-6)


# AAE


def from_prior(name: str, normal: Tensor, uniform: Tensor, part: Tensor | None) -> Tensor:
    """The priors of the plane, by sines and cosines."""
    if name == "gaussian":
        return normal
    if part is None:
        part = (10 * uniform[:, 0]).floor()
    if name == "ring":
        angle = 2 * math.pi * part / 10
        out, across = 2 + 0.45 * normal[:, 0], 0.13 * normal[:, 1]
        x = out * angle.cos() - across * angle.sin()
        y = out * angle.sin() + across * angle.cos()
        return torch.stack([x, y], 1)
    r = (0.04 + 0.96 * (part + uniform[:, 1]) / 10).sqrt()
    arm = torch.stack([(3 * math.pi * r).cos(), (3 * math.pi * r).sin()], 1)
    return 2.5 * r[:, None] * arm + 0.05 * normal


@pytest.mark.parametrize("fraction", [0.0, 0.25, 1.0])
@pytest.mark.parametrize(
    ("prior", "q", "n_labels"),
    [("gaussian", "deterministic", 0), ("ring", "gaussian", 10), ("swiss roll", "gaussian", 0)],
)
def test_the_three_steps_of_an_aae(prior, q, n_labels, fraction):
    torch.manual_seed(0)
    model = AAE((1, 8, 8), prior=prior, q=q, width=2, n_blocks=1, n_hidden=4)
    objective = stretched(
        AdversarialAutoencoding(model, 0.01, 0.02, 7.0, n_hidden=5, n_labels=n_labels)
    )
    x, label = binary(B, 1, 8, 8), torch.tensor([9, 0, 4, 4])
    ledger, report = step_of(objective, Batch(x, label), fraction=fraction)

    at = noise()
    eps, normal, uniform = at.randn(B, 2), at.randn(B, 2), at.rand(B, 2)
    out = model.encoder(2 * x - 1)
    z = out if q == "deterministic" else out[:, :2] + (s(out[:, 2:]) + 1e-4) * eps
    real = from_prior(prior, normal, uniform, label if n_labels else None)
    W, b, V, c, v, d = objective.discriminator.parameters()

    def D(code: Tensor) -> Tensor:
        told = F.one_hot(label, 10).double() if n_labels else torch.zeros(B, 0)
        h = torch.cat([code, told], 1) @ W.t() + b
        h = h / (1 + (-h).exp()) @ V.t() + c
        return 1 / (1 + (-((h / (1 + (-h).exp())) @ v.t() + d)[:, 0]).exp())

    discriminator = -(D(real).log() + (1 - D(z)).log()).mean()
    reconstruction = -log_bernoulli(x, model.decoder(z)).mean()
    adversarial = -D(z).log().mean()
    autoencoder = reconstruction + 7.0 * fraction * adversarial  # from nothing, as images are seen
    ledger.holds({"discriminator": discriminator, "autoencoder": autoencoder}, rtol=1e-6)
    expected = {
        "reconstruction": reconstruction,
        "discriminator": discriminator,
        "adversarial": adversarial,
    }
    for name, value in expected.items():
        assert report[name].item() == pytest.approx(value.item(), rel=1e-6), name
    mean = out[:, :2]  # what is evaluated heeds no noise
    found = objective.evaluate(Batch(x, label))
    torch.testing.assert_close(found["reconstruction"], -log_bernoulli(x, model.decoder(mean)))
    torch.testing.assert_close(found["adversarial"].double(), -D(mean).log(), rtol=1e-6, atol=1e-6)


# CycleGAN


def test_both_players_of_a_cyclegan():
    """Two steps: in the first a pool of two is filled, and in the second it gives."""
    torch.manual_seed(0)
    model = CycleGAN((3, 16, 16), 1, width=2, n_blocks=1)
    weights = dict(weight_cycle=3.0, weight_identity=2.0)
    game = stretched(CycleGame(model, 0.01, 0.02, width=2, pool=2, **weights))
    kept_x: list[Tensor] = []
    kept_y: list[Tensor] = []
    changed = 0
    for step in range(4):
        both = gray(B, 4, 16, 16, seed=step)
        x, y = both[:, :3], both[:, 3:]
        ledger, report = step_of(game, Batch(both, torch.zeros(B)), step=step)

        def G(x: Tensor) -> Tensor:
            three = x if x.shape[1] == 3 else torch.cat([x, x, x], 1)
            return (1 / (1 + (-model.G(2 * three - 1)).exp())).mean(1, keepdim=True)

        def F_(y: Tensor) -> Tensor:
            three = y if y.shape[1] == 3 else torch.cat([y, y, y], 1)
            return 1 / (1 + (-model.F(2 * three - 1)).exp())

        def l1(a: Tensor, b: Tensor) -> Tensor:  # by pixels in [-1, 1], as in the paper
            return ((2 * a - 1) - (2 * b - 1)).abs().mean()

        def D_x(x: Tensor) -> Tensor:
            return game.critic_x(2 * x - 1)

        def D_y(y: Tensor) -> Tensor:
            return game.critic_y(2 * y - 1)

        fake_y, fake_x = G(x), F_(y)
        adversarial = ((D_y(fake_y) - 1) ** 2).mean() + ((D_x(fake_x) - 1) ** 2).mean()
        cycle = l1(F_(fake_y), x) + l1(G(fake_x), y)
        identity = l1(G(y), y) + l1(F_(x), x)
        u = noise(step).rand(B, 4)

        def pooled(fake: Tensor, kept: list[Tensor], u: Tensor) -> Tensor:
            shown = []
            for image, (chance, place) in zip(fake.detach(), u.tolist(), strict=True):
                if len(kept) < 2:
                    kept.append(image)
                    shown.append(image)
                elif chance < 0.5:
                    shown.append(kept[int(2 * place)])
                    kept[int(2 * place)] = image
                else:
                    shown.append(image)
            return torch.stack(shown)

        old_y, old_x = pooled(fake_y, kept_y, u[:, :2]), pooled(fake_x, kept_x, u[:, 2:])
        changed += int(not torch.equal(old_x, fake_x)) + int(not torch.equal(old_y, fake_y))
        critic = 0.5 * (((D_y(y) - 1) ** 2).mean() + (D_y(old_y) ** 2).mean())
        critic = critic + 0.5 * (((D_x(x) - 1) ** 2).mean() + (D_x(old_x) ** 2).mean())
        ledger.holds({"generator": adversarial + 3 * cycle + 2 * identity, "critic": critic})
        parts = {
            "critic": critic,
            "adversarial": adversarial,
            "cycle": cycle,
            "identity": identity,
        }
        for name, value in parts.items():
            assert report[name].item() == pytest.approx(value.item(), rel=1e-9), name
        found = game.evaluate(Batch(both, torch.zeros(B)))
        for k in range(B):
            apart = (F_(fake_y)[k] - x[k]).abs().mean().item()
            assert found["cycle_x"][k].item() == pytest.approx(apart)
            apart = (G(fake_x)[k] - y[k]).abs().mean().item()
            assert found["cycle_y"][k].item() == pytest.approx(apart)
    assert changed >= 2


# StarGAN


@pytest.mark.parametrize("step", [0, 1, 4])
def test_both_players_of_a_stargan(step):
    torch.manual_seed(0)
    model = StarGAN((3, 16, 16), columns=(0, 2), n_values=(2, 3), width=2, n_blocks=1)
    game = stretched(
        AttributeGame(
            model,
            0.01,
            0.02,
            width=2,
            mismatch_weight=0.25,
            lambda_rec=3.0,
            gamma=0.7,
            r1_interval=4,
        )
    )
    x, label = gray(B, 3, 16, 16), torch.tensor([[0, 5, 1], [1, 5, 2], [1, 5, 0], [0, 5, 0]])
    ledger, report = step_of(game, Batch(x, label), step=step)

    own, at = label[:, [0, 2]], noise(step)
    u, v = at.rand(B, 5), at.rand(B, 2)
    n = torch.tensor([2, 3])
    # An attribute changes with probability u_0, and then to any of its values.
    wanted = torch.where(u[:, 1:3] < u[:, :1], (n * u[:, 3:]).long(), own)
    mismatched = (own + 1 + ((n - 1) * v).long()) % n

    def edit(x: Tensor, values: Tensor) -> Tensor:
        code = torch.cat([F.one_hot(values[:, 0], 2), F.one_hot(values[:, 1], 3)], 1).double()
        return 1 / (1 + (-model.generator(2 * x - 1, code)).exp())

    def branches(signed: Tensor, values: Tensor) -> Tensor:
        logits = game.critic.values(game.critic.trunk(signed)).flatten(1)
        return torch.stack(
            [logits[range(B), values[:, 0]], logits[range(B), 2 + values[:, 1]]], dim=1
        )

    signed, fake = (2 * x - 1).requires_grad_(), edit(x, wanted)
    critic = (
        s(-branches(signed, own))
        + 0.75 * s(branches(2 * fake - 1, wanted))
        + 0.25 * s(branches(signed, mismatched))
    ).mean()
    cost = critic
    if step % 4 == 0:
        (slope,) = torch.autograd.grad(branches(signed, own).sum(), signed, create_graph=True)
        cost = cost + 4 * 0.7 / 2 * slope.square().sum((1, 2, 3)).mean()
    adversarial = s(-branches(2 * fake - 1, wanted)).mean()
    again = edit(fake if step % 2 else x, own)
    reconstruction = (2 * again - 2 * x).abs().mean()
    ledger.holds({"critic": cost, "generator": adversarial + 3 * reconstruction})
    for name, value in {
        "critic": critic,
        "generator": adversarial,
        "reconstruction": reconstruction,
    }.items():
        assert report[name].item() == pytest.approx(value.item(), rel=1e-9), name

    u = torch.rand(B, 7, generator=noise_of_evaluation())
    wanted = torch.where(u[:, 1:3] < u[:, :1], (n * u[:, 3:5]).long(), own)
    mismatched = (own + 1 + ((n - 1) * u[:, 5:]).long()) % n
    fake, real = edit(x, wanted), 2 * x - 1
    no = 0.75 * s(branches(2 * fake - 1, wanted)) + 0.25 * s(branches(real, mismatched))
    found = game.evaluate(Batch(x, label))
    torch.testing.assert_close(found["critic"], (s(-branches(real, own)) + no).mean(1))
    torch.testing.assert_close(found["generator"], s(-branches(2 * fake - 1, wanted)).mean(1))
    back = (edit(fake, own) - x).abs().mean((1, 2, 3))
    torch.testing.assert_close(found["reconstruction"], back)


# VAE


def vae(likelihood: str) -> VAE:
    torch.manual_seed(0)
    return stretched(VAE((1, 4, 8), 3, width=2, n_hidden=4, likelihood=likelihood))  # type: ignore


def log_likelihood(model: VAE, x: Tensor, z: Tensor) -> Tensor:
    """log p(x | z) in nats, (B,)."""
    out = model.decoder(z)
    if model.likelihood == "bernoulli":
        return log_bernoulli(x, out)
    loc, scale = 0.5 + out[:, :1], (out[:, 1:] - 2).clamp(min=-7).exp()
    upper = torch.where(x == 1, 1.0, torch.sigmoid((x + 0.5 / 255 - loc) / scale))
    lower = torch.where(x == 0, 0.0, torch.sigmoid((x - 0.5 / 255 - loc) / scale))
    return (upper - lower).log().flatten(1).sum(1)


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic"])
@pytest.mark.parametrize(("beta", "share"), [(1.0, 0.0), (4.0, 0.0), (0.5, 0.99)])
def test_the_evidence_lower_bound(likelihood, beta, share):
    """With free bits for all latents but one, which costs more on average, not for each image."""
    model = vae(likelihood)
    x = binary(B, 1, 4, 8) if likelihood == "bernoulli" else (255 * gray(B, 1, 4, 8)).round() / 255
    x[0, 0, 0, :2] = torch.tensor([0.0, 1.0])
    out = model.encoder(2 * x - 1)
    mu, sigma = out[:, :3], s(out[:, 3:]) + 1e-4
    kl = 0.5 * (mu**2 + sigma**2 - 1 - 2 * sigma.log())
    free_bits = share * kl.mean(0).max().item()
    objective = ELBO(model, 0.01, beta, free_bits)
    ledger, report = step_of(objective, Batch(x, torch.zeros(B)))

    reconstruction = log_likelihood(model, x, mu + sigma * noise().randn(B, 3))
    charged = sum(torch.maximum(kl[:, k].mean(), torch.tensor(free_bits)) for k in range(3))
    if free_bits:
        dearest = kl[:, kl.mean(0).argmax()]
        assert dearest.min().item() < free_bits < dearest.mean().item()
    ledger.holds({"model": beta * charged - reconstruction.mean()}, rtol=1e-7)
    elbo = reconstruction.mean() - kl.sum(1).mean()
    assert report["negative_elbo"].item() == pytest.approx(-elbo.item(), rel=1e-9)
    assert report["kl"].item() == pytest.approx(kl.sum(1).mean().item(), rel=1e-9)
    assert report["reconstruction"].item() == pytest.approx(reconstruction.mean().item())

    eps = torch.randn(B, 3, generator=noise_of_evaluation())
    negative = kl.sum(1) - log_likelihood(model, x, mu + sigma * eps)
    found = objective.evaluate(Batch(x, torch.zeros(B)))
    torch.testing.assert_close(found["negative_elbo"], negative)
    torch.testing.assert_close(found["bits_per_dim"], negative / math.log(2) / 32)


def test_the_bound_of_several_weighted_samples():
    model = vae("bernoulli")
    objective = ImportanceWeighted(model, 0.01, k=3)
    x = binary(B, 1, 4, 8)
    ledger, report = step_of(objective, Batch(x, torch.zeros(B)))

    out = model.encoder(2 * x - 1)
    mu, sigma = out[:, :3], s(out[:, 3:]) + 1e-4
    eps = noise().randn(B, 3, 3)
    weights = []
    for j in range(3):
        z = mu + sigma * eps[:, j]
        log_p = log_normal(z, 0.0, 1.0).sum(1) + log_likelihood(model, x, z)
        weights.append((log_p - log_normal(z, mu, sigma).sum(1)).exp())
    bound = ((weights[0] + weights[1] + weights[2]) / 3).log().mean()
    ledger.holds({"model": -bound})
    assert report["nll_bound"].item() == pytest.approx(-bound.item(), rel=1e-9)
    elbo = torch.stack(weights).log().mean()
    assert report["negative_elbo"].item() == pytest.approx(-elbo.item(), rel=1e-9)


# Likelihoods


def test_the_negative_log_likelihood():
    """Of NADE, pixel by pixel."""
    torch.manual_seed(0)
    model = stretched(NADE((1, 2, 3), n_hidden=4), scale=20)
    objective = MaximumLikelihood(model, 0.01)
    x = binary(B, 1, 2, 3)
    ledger, report = step_of(objective, Batch(x, torch.zeros(B)))
    nll = torch.zeros(B)
    flat = x.flatten(1)
    for i in range(6):
        h = torch.sigmoid(model.c + flat[:, :i] @ model.W[:i])
        p = torch.sigmoid(model.b[i] + h @ model.V[i])
        nll = nll - torch.where(flat[:, i] == 1, p, 1 - p).log()
    ledger.holds({"model": nll.mean()})
    assert report["nll"].item() == pytest.approx(nll.mean().item(), rel=1e-9)
    found = objective.evaluate(Batch(x, torch.zeros(B)))
    torch.testing.assert_close(found["nll"], nll)
    torch.testing.assert_close(found["bits_per_dim"], nll / (6 * math.log(2)))


def test_the_likelihood_over_all_orders():
    """J = D / (D - d + 1) times the sum over the unknown, of a random number of known pixels."""
    torch.manual_seed(0)
    model = stretched(OrderlessNADE((1, 4, 4), width=2, n_blocks=1, n_hidden=4), scale=2)
    objective = OrderAgnosticLikelihood(model, 0.01)
    x = binary(B, 1, 4, 4)
    ledger, _ = step_of(objective, Batch(x, torch.zeros(B)))
    z = noise().randn(B, 17)
    shift = 0.5 * (1 + math.erf(z[0, 0].item() / math.sqrt(2)))
    nll = torch.zeros(B)
    for b in range(B):
        n = int(16 * ((shift + b / B) % 1))
        known = torch.zeros(16, dtype=torch.bool)
        known[z[b, 1:].argsort()[:n]] = True
        values = torch.where(known, 2 * x[b].flatten() - 1, 0.0)
        seen = torch.stack([values, known.double()]).view(1, 2, 4, 4)
        p = torch.sigmoid(model.network(seen)).flatten()
        log_p = torch.where(x[b].flatten() == 1, p, 1 - p).log()
        nll[b] = -16 / (16 - n) * log_p[~known].sum()
    ledger.holds({"model": nll.mean()})


def test_counting_is_the_rule_of_succession():
    """(c + s) / (N + 2 s), told before each batch is counted."""
    model = IndependentPixels((1, 1, 3), smoothing=0.5)
    objective, seen = Counting(model), []
    for step in range(3):
        x = binary(B, 1, 1, 3, seed=step)
        ledger, report = step_of(objective, Batch(x, torch.zeros(B)), step=step)
        nll = 0.0
        for image in x.flatten(1).tolist():
            for i, value in enumerate(image):
                c = sum(1 for row in seen if row[i] == value)
                nll -= math.log((c + 0.5) / (len(seen) + 1)) / B
        assert report["nll"].item() == pytest.approx(nll, rel=1e-9)
        assert ledger.noted == {}
        seen += x.flatten(1).tolist()


# Judges


def moved_by(x: Tensor, by: Tensor) -> Tensor:
    """Images moved down and right by whole pixels, one by one; what comes in is 0."""
    moved = torch.zeros_like(x)
    H, W = x.shape[2:]
    for image, result, (down, right) in zip(x, moved, by.tolist(), strict=True):
        for r in range(H):
            for c in range(W):
                if 0 <= r - down < H and 0 <= c - right < W:
                    result[:, r, c] = image[:, r - down, c - right]
    return moved


def test_a_judge_learns_from_shifted_images_half_of_which_are_binary():
    torch.manual_seed(0)
    n = 24
    model = Judge((1, 8, 8), n_classes=3, width=2, n_blocks=1, n_hidden=4, n_features=5)
    objective = stretched(Classification(model, 0.01, smoothing=0.3))
    x, label = 0.1 + 0.8 * gray(n, 1, 8, 8), torch.arange(n) % 3
    seen: list[Tensor] = []
    model.body.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    ledger, report = step_of(objective, Batch(x, label))

    at = noise()
    shown = moved_by(x, (4 * at.rand(n, 2) - 2).round().long())
    u, coin = at.rand(n, 1, 8, 8), at.rand(n)
    for k in range(n):
        if coin[k] < 0.5:
            shown[k] = (u[k] < shown[k]).double()
    torch.testing.assert_close((seen[0] + 1) / 2, shown, rtol=0, atol=1e-12)
    black_and_white = ((shown == 0) | (shown == 1)).flatten(1).all(1)
    assert n / 4 < int(black_and_white.sum()) < 3 * n / 4
    out = model.head(F.silu(model.body(2 * shown - 1)))
    log_p = out - out.exp().sum(1, keepdim=True).log()
    held = 0.7 * log_p[range(n), label] + 0.3 * log_p.mean(1)
    ledger.holds({"model": -held.mean()})
    assert report["error"].item() == pytest.approx((out.argmax(1) != label).double().mean().item())
    found = objective.evaluate(Batch(x, label))  # of the images as they are, without smoothing
    out = model.head(F.silu(model.body(2 * x - 1)))
    log_p = out - out.exp().sum(1, keepdim=True).log()
    torch.testing.assert_close(found["cross_entropy"], -log_p[range(n), label])
    torch.testing.assert_close(found["error"], (out.argmax(1) != label).double())


def test_a_judge_of_attributes_learns_from_shifted_and_noisy_images():
    torch.manual_seed(0)
    model = AttributeJudge((1, 8, 8), (2, 3), width=1, n_hidden=4, n_features=5)
    objective = stretched(AttributeClassification(model, 0.01))
    x, label = gray(B, 1, 8, 8), torch.tensor([[0, 2], [1, 0], [1, 1], [0, 0]])
    ledger, report = step_of(objective, Batch(x, label))

    at = noise()
    shown = moved_by(x, (4 * at.rand(B, 2) - 2).round().long())
    deviation = 0.08 * at.rand(B).view(B, 1, 1, 1)
    shown = (shown + deviation * at.randn(B, 1, 8, 8)).clamp(0, 1)
    out = model.head(F.silu(model.body(2 * shown - 1)))
    p = torch.softmax(out[:, :2], 1), torch.softmax(out[:, 2:], 1)
    each = -(p[0][range(B), label[:, 0]].log() + p[1][range(B), label[:, 1]].log())
    ledger.holds({"model": each.mean()})
    wrong = (p[0].argmax(1) != label[:, 0]) | (p[1].argmax(1) != label[:, 1])
    assert report["error"].item() == pytest.approx(wrong.double().mean().item())
    torch.testing.assert_close(attribute_cross_entropy(out.split([2, 3], 1), label), each)


# Who moves by how much


OBJECTIVES = {
    "gan": lambda: perceptrons(),
    "infogan": lambda: InformationGame(infogan(), 0.01, 0.02),
    "aae": lambda: AdversarialAutoencoding(AAE((1, 8, 8), width=1, n_hidden=2), 0.01, 0.02, 1.0),
    "cyclegan": lambda: CycleGame(CycleGAN((3, 8, 8), 1, 1, 1), 0.01, 0.02, 1),
    "stargan": lambda: AttributeGame(StarGAN((3, 16, 16), width=1, n_blocks=1), 0.01, 0.02, 1),
    "vae": lambda: ELBO(vae("bernoulli"), 0.01),
    "iwae": lambda: ImportanceWeighted(vae("bernoulli"), 0.01, 2),
    "nade": lambda: MaximumLikelihood(NADE((1, 2, 2), 2), 0.01, 0.98, 0.05),
    "orderless": lambda: OrderAgnosticLikelihood(
        OrderlessNADE((1, 4, 4), 1, 1, 2), 0.01, 0.98, 0.05
    ),
    "judge": lambda: Classification(Judge((1, 4, 4), 3, 1, 1, 2, 2), 0.01, 0.05),
    "attributes": lambda: AttributeClassification(AttributeJudge((1, 8, 8), (2,), 1), 0.01, 0.05),
}
STEPS = {
    "gan": {"critic": (0.02, 0.5, 0.99, 0.0), "generator": (0.01, 0.5, 0.99, 0.0)},
    "infogan": {"critic": (0.02, 0.5, 0.99, 0.0), "generator": (0.01, 0.5, 0.99, 0.0)},
    "aae": {"discriminator": (0.02, 0.5, 0.99, 0.0), "autoencoder": (0.01, 0.9, 0.999, 0.0)},
    "cyclegan": {"critic": (0.02, 0.5, 0.999, 0.0), "generator": (0.01, 0.5, 0.999, 0.0)},
    "stargan": {"critic": (0.02, 0.5, 0.999, 0.0), "generator": (0.01, 0.5, 0.999, 0.0)},
    "vae": {"model": (0.01, 0.9, 0.999, 0.0)},
    "iwae": {"model": (0.01, 0.9, 0.999, 0.0)},
    "nade": {"model": (0.01, 0.9, 0.98, 0.05)},
    "orderless": {"model": (0.01, 0.9, 0.98, 0.05)},
    "judge": {"model": (0.01, 0.9, 0.999, 0.05)},
    "attributes": {"model": (0.01, 0.9, 0.999, 0.05)},
}
"""By player: the learning rate, beta1, beta2, and the weight decay of matrices."""


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_steps_of_adam(name):
    optimizers = OBJECTIVES[name]().optimizers()
    found = {}
    for who, optimizer in optimizers.items():
        matrices = [g for g in optimizer.param_groups if g["params"][0].ndim > 1]
        vectors = [g for g in optimizer.param_groups if g["params"][0].ndim <= 1]
        assert len(matrices) == 1
        for group in optimizer.param_groups:
            assert len({p.ndim > 1 for p in group["params"]}) == 1
            assert group["eps"] == 1e-8
        for group in vectors:
            assert group["weight_decay"] == 0
            assert (group["lr"], group["betas"]) == (matrices[0]["lr"], matrices[0]["betas"])
        group = matrices[0]
        found[who] = (group["lr"], *group["betas"], group["weight_decay"])
    assert found == STEPS[name]
