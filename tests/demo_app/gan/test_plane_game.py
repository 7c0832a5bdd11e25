"""The game in the plane: what it does, and each of its steps against autograd's."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from demo_app.services.plane_game import PlaneGame
from genzoo.data.batches import seeded
from genzoo.models import GAN
from genzoo.objectives import AdversarialGame, Update
from genzoo.objectives.adversarial import LOSSES, PENALTIES
from genzoo.objectives.base import TrainingError

CENTER, DEVIATION = torch.tensor([0.75, 0.7]), 0.06


def target(n: int, generator: torch.Generator) -> Tensor:
    return CENTER + DEVIATION * torch.randn(n, 2, generator=generator)


def play(game: PlaneGame, n_rounds: int, n_critic: int = 1) -> list[float]:
    data = torch.Generator().manual_seed(7)
    values = []
    for _ in range(n_rounds):
        for _ in range(n_critic):
            game.step_critic(target(128, data))
        game.step_generator(128)
        values.append(
            game.value(target(128, data), game.points(torch.randn(128, 2, generator=data)))[0]
        )
    return values


GAMES = {
    "non-saturating": dict(penalty="r1", weight=0.08),
    "minimax": dict(penalty="r1", weight=0.08),
    "wasserstein": dict(penalty="wgan-gp", weight=0.1),
}


@pytest.mark.parametrize("loss", GAMES)
def test_every_loss_moves_the_points_to_the_target(loss):
    game = PlaneGame(seed=1, loss=loss, lr=0.002, lr_critic=0.004, n_hidden=32, **GAMES[loss])
    z = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
    before = game.points(z)
    assert (before.mean(0) - CENTER).norm() > 0.3
    play(game, 250, n_critic=3)
    after = game.points(z)
    assert (after.mean(0) - CENTER).norm() < 0.06
    assert after.std(0).max() < 2 * DEVIATION


def weights(game: PlaneGame) -> dict[str, Tensor]:
    """By side and layer."""
    return {
        f"{name}.{kind}{k}": p.clone()
        for name, side in (("generator", game.generator), ("critic", game.critic))
        for k, layer in enumerate(side.layers)
        for kind, p in zip("Wb", layer, strict=True)
    }


def test_a_game_is_a_function_of_its_seed_and_its_steps():
    torch.manual_seed(0)
    first = PlaneGame(seed=3, n_hidden=8)
    values = play(first, 5)
    torch.manual_seed(99)  # what else goes on must not matter
    again = PlaneGame(seed=3, n_hidden=8)
    assert play(again, 5) == values
    for name, value in weights(first).items():
        assert torch.equal(value, weights(again)[name]), name
    other = PlaneGame(seed=4, n_hidden=8)
    assert play(other, 5) != values


def test_each_step_of_the_game_moves_one_side():
    game = PlaneGame(n_hidden=8)
    real = target(16, torch.Generator().manual_seed(0))
    for who, step in (
        ("critic.", lambda: game.step_critic(real)),
        ("generator.", lambda: game.step_generator(16)),
    ):
        before = weights(game)
        step()
        moved = {k for k, v in weights(game).items() if not torch.equal(v, before[k])}
        assert moved == {k for k in before if k.startswith(who)}


def test_looking_on_changes_nothing():
    looked, unseen = PlaneGame(n_hidden=8), PlaneGame(n_hidden=8)
    for game in (looked, unseen):
        play(game, 2)
        if game is looked:
            points = game.points(torch.zeros(3, 2))
            assert points.shape == (3, 2)
            assert game.logits(points).shape == (3,)
    assert play(looked, 2) == play(unseen, 2)


def test_what_is_played_for_can_be_changed_between_steps():
    game = PlaneGame(n_hidden=8)
    play(game, 1)
    game.set_lr("generator", 0.0)
    before = weights(game)
    game.set_loss("wasserstein", "wgan-gp", 1.0)
    real = target(16, torch.Generator().manual_seed(0))
    logits = game.logits(real)
    value, generator = game.value(real, torch.rand(16, 2))
    assert value == pytest.approx(float(logits.mean()) + generator, abs=1e-6)
    game.step_critic(real)
    game.step_generator(16)
    for name, after in weights(game).items():
        assert torch.equal(after, before[name]) == name.startswith("generator."), name
    with pytest.raises(ValueError, match="Unknown loss 'hinge'"):
        game.set_loss("hinge")


def test_the_best_critic_is_where_the_densities_say():
    """Against a generator that stands still, the logit comes to be log p(x) - log q(x)."""
    game = PlaneGame(seed=0, lr_critic=0.01, n_hidden=32)
    p, q = torch.tensor([0.6, 0.5]), torch.tensor([0.4, 0.5])
    game.points = lambda z: q + 0.1 * z
    data = torch.Generator().manual_seed(0)
    for k in range(300):
        game.set_lr("critic", 0.01 * (1 - k / 300))
        game.step_critic(p + 0.1 * torch.randn(512, 2, generator=data))
    x = torch.stack([torch.linspace(0.35, 0.65, 7), torch.full((7,), 0.5)], dim=1)
    expected = ((x - q).square().sum(1) - (x - p).square().sum(1)) / (2 * 0.1**2)
    assert (game.logits(x) - expected).abs().max() < 0.7
    assert expected.abs().max() == pytest.approx(3)


def test_another_hand_can_play_the_generators_part():
    game = PlaneGame(n_hidden=8, lr_critic=0.01)
    before, hand = weights(game), torch.full((64, 2), 0.2)
    first = game.logits(hand[:1])
    for _ in range(5):
        game.step_critic(target(64, torch.Generator().manual_seed(0)), hand)
    assert game.logits(hand[:1]) < first
    moved = {k for k, v in weights(game).items() if not torch.equal(v, before[k])}
    assert moved == {k for k in before if k.startswith("critic.")}


class Autograd:
    """The same game by the objective that trains everything larger, and torch's own Adam."""

    def __init__(self, game: PlaneGame, n_hidden: int, n_layers: int):
        self.model = GAN((1, 1, 2), game.n_latent, n_hidden, n_layers)
        steps = game.generator.lr, game.critic.lr
        self.objective = AdversarialGame(self.model, *steps, n_hidden, game.loss)
        self.objective.set_loss(game.loss, game.penalty, game.weight)
        self.update = Update(self.objective.optimizers())
        self.noise = game.copy()._noise
        for p, value in zip(self.objective.parameters(), weights(game).values(), strict=True):
            p.data.copy_(value)

    def z(self, n: int) -> Tensor:
        return torch.randn(n, *self.model.latent_shape, generator=self.noise)

    def step_critic(self, real: Tensor) -> dict[str, Tensor]:
        with torch.no_grad():
            fake = self.model.generate(self.z(len(real)))
        u = torch.rand(len(real), generator=self.noise)
        x = real.view(-1, 1, 1, 2)
        return self.objective.step_critic(x, fake, u, self.update, self.objective.weight)

    def step_generator(self, n: int) -> None:
        self.objective.step_generator(self.model.generate(self.z(n)), self.update)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_step_is_that_of_autograd(loss, penalty, monkeypatch):
    """In double precision: single rounds a gradient of zero to what Adam makes a step of."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        # Three layers, so that there is one between two others.
        rules = dict(loss=loss, penalty=penalty, weight=0.3, lr=0.002, lr_critic=0.004)
        game = PlaneGame(seed=3, n_latent=3, n_hidden=16, n_layers=3, **rules)
        first, twin = weights(game), Autograd(game, 16, 3)
        data = torch.Generator().manual_seed(0)
        for _ in range(3):
            real = torch.rand(24, 2, generator=data)
            made = game.points(torch.randn(24, 3, generator=game.copy()._noise))
            value = game.value(real, made)
            game.step_critic(real)
            report = twin.step_critic(real)
            assert value == pytest.approx([float(v) for v in report.values()], abs=1e-9)
            game.step_generator(24)
            twin.step_generator(24)
            other = dict(zip(first, twin.objective.parameters(), strict=True))
            for name, p in weights(game).items():
                torch.testing.assert_close(p, other[name].detach(), rtol=0, atol=1e-9, msg=name)
                assert not torch.equal(p, first[name]) or (loss, name) == (
                    "wasserstein",
                    "critic.b3",
                ), name
    finally:
        torch.set_default_dtype(before)


def test_numbers_beyond_all_bounds_end_the_game_and_move_nothing():
    real = target(16, torch.Generator().manual_seed(0))
    for huge in (torch.inf, 1e30):  # of which the logits are not finite, or the slopes' squares
        game = PlaneGame(n_hidden=8, penalty="r1")
        game.critic.parameters.mul_(huge)
        before = weights(game)
        with pytest.raises(TrainingError, match="no longer finite"):
            game.step_critic(real)
        assert all(
            torch.equal(v, before[k]) for k, v in weights(game).items() if v.isfinite().all()
        )


@pytest.mark.parametrize("loss", GAMES)
def test_the_generators_gradient_is_that_of_finite_differences(loss):
    game = PlaneGame(seed=2, n_hidden=8, loss=loss)
    x, real = torch.rand(4, 2, generator=torch.Generator().manual_seed(1)), torch.zeros(1, 2)
    gradient, step = game.generator_gradient(x), 1e-3  # small: it jumps where a leaky ReLU bends
    for i in range(len(x)):
        for axis in range(2):
            shift = step * torch.eye(2)[axis]
            ends = [game.value(real, (x[i] + s * shift).view(1, 2))[1] for s in (-1, 1)]
            assert gradient[i, axis] == pytest.approx((ends[1] - ends[0]) / (2 * step), abs=2e-3)


@pytest.mark.parametrize("size", ["n_latent", "n_hidden", "n_layers"])
def test_sizes_below_one_are_refused_in_a_sentence(size):
    with pytest.raises(ValueError, match="at least 1"):
        PlaneGame(**{size: 0})


def test_a_copy_goes_on_alike_and_apart():
    game = PlaneGame(n_hidden=8)
    play(game, 3)
    other = game.copy()
    before = weights(game)
    values = play(other, 3)
    assert all(torch.equal(v, before[k]) for k, v in weights(game).items())
    assert play(game, 3) == values


def test_the_gradients_of_the_last_steps_are_told_by_layer():
    game = PlaneGame(seed=3, n_hidden=8, n_layers=2)
    assert game.gradients() == {"critic": None, "generator": None}
    real, kept = torch.rand(16, 2, generator=seeded(5)), {}
    for who in ("critic", "generator"):
        net = getattr(game, who)
        step = net.step

        def keep(n, step=step, net=net, who=who):
            kept[who] = (net.gradient / n).clone()
            step(n)

        net.step = keep
    game.step_critic(real)
    game.step_generator(16)
    for who, told in game.gradients().items():
        g, sizes = kept[who], [2, 8, 8, 1 if who == "critic" else 2]
        assert told["norm"] == pytest.approx(g.norm().item(), rel=1e-5)
        ends = np.cumsum([0] + [(a + 1) * b for a, b in itertools.pairwise(sizes)])
        expected = [g[a:b].square().mean().sqrt().item() for a, b in itertools.pairwise(ends)]
        assert told["layers"] == pytest.approx(expected, rel=1e-5)
    assert game.critic.gradient.norm() == 0  # it is told of a step that is done
