from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from genzoo.models import DCGAN, GAN, PlaneGame

CENTER, DEVIATION = torch.tensor([0.75, 0.7]), 0.06


def target(n: int, generator: torch.Generator) -> Tensor:
    return CENTER + DEVIATION * torch.randn(n, 2, generator=generator)


def play(game: PlaneGame, n_rounds: int, n_critic: int = 1) -> list[float]:
    data = torch.Generator().manual_seed(7)
    values = []
    for _ in range(n_rounds):
        for _ in range(n_critic):
            values.append(game.step_critic(target(128, data))["value"])
        game.step_generator(128)
    return values


GAMES = {
    "non-saturating": dict(penalty="real", weight=0.01),
    "minimax": dict(penalty="real", weight=0.01),
    "wasserstein": dict(penalty="between", weight=0.1),
}


@pytest.mark.parametrize("loss", GAMES)
def test_every_loss_moves_the_points_to_the_target(loss):
    game = PlaneGame(seed=1, loss=loss, lr=0.002, lr_critic=0.004, n_hidden=32, **GAMES[loss])
    z = game.model.draw_z(1000, torch.Generator().manual_seed(0))
    before = game.points(z)
    assert (before.mean(0) - CENTER).norm() > 0.3
    play(game, 250, n_critic=3)
    after = game.points(z)
    assert (after.mean(0) - CENTER).norm() < 0.06
    assert after.std(0).max() < 2 * DEVIATION


def weights(game: PlaneGame) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in game.objective.state_dict().items()}


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
        ("model.", lambda: game.step_generator(16)),
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
    game.set_loss("wasserstein", "between", 1.0)
    real = target(16, torch.Generator().manual_seed(0))
    logits = game.logits(real)
    value = game.step_critic(real)
    game.step_generator(16)
    assert value["value"] == pytest.approx(float(logits.mean()) + value["generator"], abs=1e-6)
    for name, after in weights(game).items():
        assert torch.equal(after, before[name]) == name.startswith("model."), name
    with pytest.raises(ValueError, match="Unknown loss 'hinge'"):
        game.set_loss("hinge")


def test_the_best_critic_is_where_the_densities_say():
    """Against a generator that stands still, the logit comes to be log p(x) - log q(x)."""
    game = PlaneGame(seed=0, lr_critic=0.01, n_hidden=32)
    p, q = torch.tensor([0.6, 0.5]), torch.tensor([0.4, 0.5])
    game.model.generate = lambda z: (q + 0.1 * z).view(-1, 1, 1, 2)
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


@pytest.mark.parametrize("loss", GAMES)
def test_value_is_what_the_next_step_would_report(loss):
    game = PlaneGame(n_hidden=8, loss=loss)
    real, fake = target(32, torch.Generator().manual_seed(0)), torch.rand(32, 2)
    value, generator = game.value(real, fake)
    report = game.step_critic(real, fake)
    assert (value, generator) == pytest.approx((report["value"], report["generator"]), abs=1e-6)


@pytest.mark.parametrize("loss", GAMES)
def test_points_are_pulled_down_the_generators_loss(loss):
    game = PlaneGame(seed=2, n_hidden=8, loss=loss)
    x, real = torch.rand(4, 2), torch.zeros(1, 2)
    pull, step = game.pull(x), 1e-2
    for i in range(len(x)):
        for axis in range(2):
            shift = step * torch.eye(2)[axis]
            ends = [game.value(real, (x[i] + s * shift).view(1, 2))[1] for s in (-1, 1)]
            assert pull[i, axis] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=2e-3)


def test_a_copy_goes_on_alike_and_apart():
    game = PlaneGame(n_hidden=8)
    play(game, 3)
    other = game.copy()
    before = weights(game)
    values = play(other, 3)
    assert all(torch.equal(v, before[k]) for k, v in weights(game).items())
    assert play(game, 3) == values


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: GAN((1, 8, 8), n_hidden=0), "at least 1"),
        (lambda: DCGAN((1, 8, 8), n_latent=0), "at least 1"),
        (lambda: DCGAN((1, 6, 8)), "multiples of four, not 6 and 8"),
        (lambda: DCGAN((8, 8)), "channels, height, width"),
        (lambda: GAN(n_latent=3).generate(torch.zeros(1, 2)), r"\(B, 3\), not \(1, 2\)"),
        (lambda: DCGAN((1, 8, 8), 3).generate(torch.zeros(3)), r"\(B, 3\), not \(3,\)"),
    ],
)
def test_sizes_and_codes_that_do_not_fit_are_refused_in_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_the_dense_layers_of_a_dcgan_hand_on_how_much_z_varies():
    torch.manual_seed(0)
    z = torch.randn(400, 64)
    model = DCGAN(n_dense=3, n_hidden=256)
    assert [type(layer) for layer in model.dense] == [nn.Linear, nn.LeakyReLU] * 3
    through = model.dense(z)
    # By the framework's own first weights it would be a thirtieth of that.
    assert 0.5 < through.var(0).mean().sqrt() < 1.5
    assert model.generate(z[:5]).shape == (5, 1, 28, 28)
    plain = DCGAN()
    assert len(plain.dense) == 0
    assert torch.equal(plain.generate(z[:5]), torch.sigmoid(plain.generator(z[:5])))
    with pytest.raises(ValueError, match="n_dense at least 0"):
        DCGAN(n_dense=-1)


@pytest.mark.parametrize("beside", [False, True])
def test_z_itself_goes_on_beside_the_dense_layers_where_it_is_to(beside):
    """Where they say nothing, images differ by z alone."""
    torch.manual_seed(0)
    model = DCGAN((1, 8, 8), n_latent=5, n_dense=2, n_hidden=6, beside=beside)
    for layer in model.dense:
        for p in layer.parameters():
            nn.init.zeros_(p)
    one, other = model.generate(torch.randn(2, 5))
    assert torch.equal(one, other) is not beside
