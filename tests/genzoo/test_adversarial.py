"""The losses and penalties of the game by their formulas, and the game by who moves."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from genzoo.data import Batch
from genzoo.models import DCGAN, GAN
from genzoo.objectives import AdversarialGame, Objective, Progress, Update
from genzoo.objectives.adversarial import (
    LOSSES,
    critic_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
    squared_grad_norm,
)


class Recording(Update):
    """Notes which parts of an objective each update moves; every matrix of a part must move."""

    def __init__(self, objective: Objective):
        super().__init__(objective.optimizers())
        self.objective = objective
        self.seen: list[tuple[str, set[str]]] = []

    def __call__(self, who: str, loss: Tensor) -> None:
        before = {k: v.clone() for k, v in self.objective.state_dict().items()}
        super().__call__(who, loss)
        after = self.objective.state_dict()
        moved = {name for name in after if not torch.equal(after[name], before[name])}
        parts = {name.removeprefix("model.").split(".")[0] for name in moved}
        matrices = {
            name
            for name, value in after.items()
            if value.ndim > 1 and name.removeprefix("model.").split(".")[0] in parts
        }
        assert matrices <= moved, f"{matrices - moved} did not move"
        self.seen.append((who, parts))


def images(n: int, seed: int = 0) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    return Batch(torch.rand(n, 1, 8, 8, generator=generator), torch.arange(n) % 10)


def test_the_losses_by_probabilities():
    real, fake = torch.tensor([0.3, -2.0, 5.0]), torch.tensor([-1.0, 0.0, 2.5])
    D_x, D_G = torch.sigmoid(real), torch.sigmoid(fake)
    V = D_x.log() + (1 - D_G).log()
    for loss in ("minimax", "non-saturating"):
        torch.testing.assert_close(critic_loss(loss, real, fake), -V)
    torch.testing.assert_close(critic_loss("wasserstein", real, fake), fake - real)
    torch.testing.assert_close(generator_loss("minimax", fake), (1 - D_G).log())
    torch.testing.assert_close(generator_loss("non-saturating", fake), -D_G.log())
    torch.testing.assert_close(generator_loss("wasserstein", fake), -fake)
    apart = ((1 - real) ** 2 + fake**2) / 2
    torch.testing.assert_close(critic_loss("least-squares", real, fake), apart)
    torch.testing.assert_close(generator_loss("least-squares", fake), (1 - fake) ** 2)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_critic_that_is_sure_costs_no_infinities(loss):
    sure = torch.tensor([200.0])
    for value in (critic_loss(loss, sure, -sure), critic_loss(loss, -sure, sure)):
        assert value.isfinite().all()
    for value in (generator_loss(loss, -sure), generator_loss(loss, sure)):
        assert value.isfinite().all()


def test_only_minimax_has_no_gradient_where_the_critic_is_sure():
    for loss, slope in {"minimax": 0.0, "non-saturating": -1.0, "wasserstein": -1.0}.items():
        logit = torch.tensor(-30.0, requires_grad=True)
        (gradient,) = torch.autograd.grad(generator_loss(loss, logit), logit)
        assert float(gradient) == pytest.approx(slope, abs=1e-9)


def smooth_critic() -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.Tanh(), nn.Linear(7, 1))
    return net.double()


def test_the_penalties_by_finite_differences():
    """Of the critic by the image; and of the penalty by each of the critic's parameters."""
    net = smooth_critic()
    generator = torch.Generator().manual_seed(1)
    real, fake = torch.rand(2, 5, 1, 3, 4, generator=generator, dtype=torch.float64)
    u = torch.rand(5, generator=generator, dtype=torch.float64)

    def critic(x: Tensor) -> Tensor:
        return net(x).squeeze(1)

    def norms(x: Tensor, h: float = 1e-5) -> Tensor:
        slopes = []
        for e in torch.eye(12, dtype=torch.float64).view(12, 1, 1, 3, 4):
            slopes.append((critic(x + h * e) - critic(x - h * e)) / (2 * h))
        return torch.stack(slopes).square().sum(0).sqrt()

    between = torch.stack([u[i] * real[i] + (1 - u[i]) * fake[i] for i in range(5)])
    torch.testing.assert_close(
        gradient_penalty(critic, real, fake, u), (norms(between) - 1) ** 2, rtol=1e-7, atol=1e-9
    )
    real.requires_grad_()
    r1 = r1_penalty(critic(real), real, 0.6).item()
    assert r1 == pytest.approx(0.3 * (norms(real.detach()) ** 2).mean().item(), rel=1e-7)
    torch.testing.assert_close(
        squared_grad_norm(critic(real), real), norms(real.detach()) ** 2, rtol=1e-7, atol=1e-9
    )

    for penalty in (
        lambda: gradient_penalty(critic, real, fake, u).mean(),
        lambda: squared_grad_norm(critic(real), real).mean(),
    ):
        parameters = [net[1].weight, net[1].bias, net[3].weight]
        gradients = torch.autograd.grad(penalty(), parameters)
        for p, gradient in zip(parameters, gradients, strict=True):
            flat, expected = p.data.view(-1), torch.empty(p.numel(), dtype=torch.float64)
            for i in range(p.numel()):
                value, h = float(flat[i]), 1e-6
                ends = []
                for x in (value + h, value - h):
                    flat[i] = x
                    ends.append(float(penalty().detach()))
                flat[i] = value
                expected[i] = (ends[0] - ends[1]) / (2 * h)
            torch.testing.assert_close(gradient.flatten(), expected, rtol=1e-6, atol=1e-8)


def test_the_penalty_of_a_flat_critic_has_a_gradient_that_is_a_number():
    net = smooth_critic()
    with torch.no_grad():
        net[3].weight.zero_()
    x = torch.zeros(2, 1, 3, 4, dtype=torch.float64)
    penalty = gradient_penalty(lambda x: net(x).squeeze(1), x, x, torch.rand(2).double())
    assert penalty.detach().tolist() == pytest.approx([1, 1], abs=1e-5)
    (gradient,) = torch.autograd.grad(penalty.sum(), net[3].weight)
    assert gradient.isfinite().all()


MODELS = {
    "gan": lambda: GAN((1, 8, 8), n_latent=3, n_hidden=5, n_layers=1),
    "dcgan": lambda: DCGAN((1, 8, 8), n_latent=3, width=4),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", ["none", "r1", "wgan-gp"])
def test_each_update_moves_only_its_own(name, loss, penalty):
    torch.manual_seed(0)
    objective = AdversarialGame(
        MODELS[name](), 0.01, 0.01, width=4, loss=loss, penalty=penalty, weight=1.0
    )
    update = Recording(objective)
    objective.step(images(6), update, Progress(0, 0, 1000, seed=0))
    assert update.seen == [("critic", {"critic"}), ("generator", {"generator"})]


def test_the_critic_has_n_critic_steps_for_one_of_the_generator():
    objective = AdversarialGame(MODELS["gan"](), 0.01, 0.01, width=4, n_critic=3)
    update = Recording(objective)
    for step in range(6):
        objective.step(images(6, step), update, Progress(step, 6 * step, 1000, seed=0))
    turn = ["critic", "critic", "critic", "generator"]
    assert [who for who, _ in update.seen] == 2 * turn


def gradient_of_a_step(step: int, **penalty: object) -> Tensor:
    torch.manual_seed(0)
    objective = AdversarialGame(MODELS["gan"](), 0.0, 0.0, width=4, **penalty)
    objective.step(images(6), Update(objective.optimizers()), Progress(step, 0, 1000, seed=0))
    return torch.cat([p.grad.flatten() for p in objective.critic.parameters() if p.ndim > 1])


def test_a_penalty_now_and_then_counts_as_one_always():
    plain = gradient_of_a_step(8)
    always = gradient_of_a_step(8, penalty="r1", weight=0.5) - plain
    rarely = gradient_of_a_step(8, penalty="r1", weight=0.5, r1_interval=4) - plain
    assert always.abs().max() > 1e-4
    torch.testing.assert_close(rarely, 4 * always, rtol=1e-4, atol=1e-6)
    not_now = gradient_of_a_step(9, penalty="r1", weight=0.5, r1_interval=4)
    torch.testing.assert_close(not_now, gradient_of_a_step(9), rtol=0, atol=0)


def test_what_is_reported_is_the_value_of_the_game():
    torch.manual_seed(0)
    objective = AdversarialGame(MODELS["dcgan"](), 0.0, 0.0, width=4)
    batch = images(9)
    report = objective.step(batch, Update(objective.optimizers()), Progress(4, 0, 1000, seed=2))
    with torch.no_grad():
        fake = objective.model.generate(Progress(4, 0, 1000, seed=2).randn(9, 3))
        D_x, D_G = (torch.sigmoid(objective.critic(2 * x - 1)) for x in (batch.x, fake))
    V = float(D_x.log().mean() + (1 - D_G).log().mean())
    assert float(report["value"]) == pytest.approx(V, rel=1e-5)
    assert float(report["generator"]) == pytest.approx(-float(D_G.log().mean()), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": "hinge"}, "Unknown loss 'hinge'; there are: non-saturating, minimax, wasserst"),
        ({"penalty": "r2"}, "Unknown penalty 'r2'; there are: none, r1, wgan-gp"),
        ({"n_critic": 0}, "at least 1"),
        ({"r1_interval": 0}, "at least 1"),
        ({"weight": -1.0}, "at least 0 and finite, not -1"),
        ({"weight": math.nan}, "at least 0 and finite, not nan"),
    ],
)
def test_a_game_that_cannot_be_is_refused_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        AdversarialGame(MODELS["gan"](), 0.01, 0.01, width=4, **change)
