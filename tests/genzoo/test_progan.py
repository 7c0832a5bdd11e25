"""Growth, fading and what both networks are made of, by the paper's own sentences."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo import recipes
from genzoo.data import Batch
from genzoo.models import ProGAN, ProgressiveGame
from genzoo.models.progan import Scaled, deviation, down, faded, grown, pixel_norm, stage_of, up
from genzoo.objectives import Progress, Update
from genzoo.objectives.base import adam
from genzoo.train.ema import EMA
from genzoo.train.trainer import snapshot_steps

STAY, FADE = 600, 400


@pytest.fixture(autouse=True)
def _double():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def tiny(side: int = 32) -> ProGAN:
    torch.manual_seed(0)
    model = ProGAN((3, side, side), n_latent=5, width=2, max_width=6)
    return stirred(model)


def stirred(module):
    """With biases that are not zero, so that one that is left out is missed."""
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            if p.ndim == 1:
                p.add_(0.3 * torch.randn(p.shape, generator=generator))
    return module


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_release_keeps_twelve_faces_in_equal_distances_of_its_training():
    recipe = recipes.get("progan-avatars")
    model = recipes.override(recipe, recipe.smoke).build_model()
    keep = model.snapshot(None, "none", 0)
    model.level.zero_()
    before = keep()
    assert (before.shape, before.dtype) == ((12, 3, 64, 64), torch.uint8)
    assert torch.equal(
        before, before[..., ::16, ::16].repeat_interleave(16, 2).repeat_interleave(16, 3)
    )
    steps = sorted(snapshot_steps(1500, evenly=model.snapshot_evenly))
    assert steps == [100 * k for k in range(16)]


# Growth


@pytest.mark.parametrize(
    ("images", "level"),
    [
        (0, 0),
        (STAY, 0),  # all of the stay is at 4x4
        (STAY + 1, 1 / FADE),
        (STAY + FADE // 2, 0.5),
        (STAY + FADE - 1, 1 - 1 / FADE),
        (STAY + FADE, 1),  # a fade ends at one, and not short of it
        (2 * STAY + FADE, 1),
        (2 * STAY + FADE + 100, 1.25),
        (2 * (STAY + FADE), 2),
        (3 * (STAY + FADE) - 1, 3 - 1 / FADE),
        (3 * (STAY + FADE), 3),
        (10**9, 3),  # there is no block after the last
    ],
)
def test_the_level_is_a_function_of_images_seen(images, level):
    assert grown(images, STAY, FADE, 3) == pytest.approx(level, abs=1e-12)


def test_the_level_never_jumps_and_never_falls():
    levels = [grown(n, STAY, FADE, 3) for n in range(3 * (STAY + FADE) + 100)]
    steps = [b - a for a, b in pairwise(levels)]
    assert min(steps) == 0
    assert max(steps) == pytest.approx(1 / FADE)
    assert levels.count(0) == STAY + 1


@pytest.mark.parametrize("batch_size", [4, 20])
def test_a_batch_of_another_size_grows_at_the_same_images(batch_size):
    objective = ProgressiveGame(tiny(8), 0.1, 0.1, width=2, stay=40, fade=40)
    batch = Batch(torch.rand(batch_size, 3, 8, 8), torch.zeros(batch_size))
    seen = {}
    for step in range(100 // batch_size):
        images = step * batch_size
        objective.step(batch, lambda who, loss: None, Progress(step, images, 100, seed=0))
        seen[images] = float(objective.model.level)
    assert {n: seen[n] for n in (0, 40, 60, 80)} == {0: 0, 40: 0, 60: 0.5, 80: 1}


def test_a_stage_is_the_last_block_and_how_much_of_it_there_is():
    assert [stage_of(level) for level in (0.0, 0.25, 1.0, 2.75)] == [
        (0, 1.0),
        (1, 0.25),
        (1, 1.0),
        (3, 0.75),
    ]


# Each resolution's output equals the faded one at its ends


@pytest.mark.parametrize("resolution", [8, 16, 32])
def test_the_generator_fades_from_the_resolution_before_to_its_own(resolution):
    model, z = tiny(), noise(3, 5)
    half, whole = (model.generate(z, r) for r in (resolution // 2, resolution))
    assert whole.shape == (3, 3, resolution, resolution)
    torch.testing.assert_close(model.generate(z, resolution, 0.0), up(half))
    torch.testing.assert_close(model.generate(z, resolution, 1.0), whole)
    assert not torch.allclose(up(half), whole, atol=0.01)
    # In between by alpha, before colors are cut off at black and white.
    k = model.resolutions.index(resolution)
    h = model.features(z, k)
    old, new = up(model.rgb[k - 1](h[k - 1])), model.rgb[k](h[k])
    torch.testing.assert_close(model.colors(h, k - 0.75), 0.75 * old + 0.25 * new)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_critic_fades_from_the_resolution_before_to_its_own(k):
    critic = stirred(tiny().critic(2))
    x = noise(4, 3, 4 * 2**k, 4 * 2**k)
    almost = 1e-9
    torch.testing.assert_close(
        critic(x, k - 1 + almost), critic(down(x), k - 1), rtol=1e-6, atol=0
    )
    torch.testing.assert_close(critic(x, k - almost), critic(x, k), rtol=1e-6, atol=0)
    torch.testing.assert_close(critic(x), critic(x, k))
    assert not torch.allclose(critic(x, k), critic(down(x), k - 1), rtol=1e-3)
    assert not torch.allclose(critic(x, k - 0.5), critic(x, k), rtol=1e-3)


def test_real_images_fade_as_well():
    x = noise(2, 3, 8, 8)
    blurred = x.view(2, 3, 4, 2, 4, 2).mean((3, 5)).repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(faded(x, 0.0), blurred)
    torch.testing.assert_close(faded(x, 0.25), 0.75 * blurred + 0.25 * x)
    assert faded(x, 1.0) is x


def test_real_images_are_those_of_the_level():
    objective = ProgressiveGame(tiny(16), 0.001, 0.001, width=2)
    x = torch.rand(2, 3, 16, 16)
    signed = 2 * x - 1
    for level, expected in (
        (0.0, signed.view(2, 3, 4, 4, 4, 4).mean((3, 5))),
        (0.5, faded(down(signed), 0.5)),
        (2.0, signed),
    ):
        torch.testing.assert_close(objective.real(x, level), expected)


def test_colors_are_linear():
    """Nothing squashes them: twice the last weights is twice the distance from gray."""
    model, z = tiny(8), noise(2, 5)
    h = model.features(z, 1)
    before = model.colors(h, 1.0)
    with torch.no_grad():
        for p in model.rgb.parameters():
            p.mul_(7)
    torch.testing.assert_close(model.colors(h, 1.0), 7 * before)
    assert before.abs().max() * 7 > 1
    shown = model.generate(z)
    torch.testing.assert_close(shown, (0.5 + 3.5 * before).clamp(0, 1))


def test_a_model_that_has_not_grown_shows_what_it_has_at_full_size():
    model, z = tiny(32), noise(2, 5)
    model.level.fill_(1.25)
    shown = model.generate(z)
    assert shown.shape == (2, 3, 32, 32)
    expected = model.generate(z, 16, 0.25)
    torch.testing.assert_close(shown, F.interpolate(expected, scale_factor=2.0))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"resolution": 12}, "must be one of 4, 8, 16, 32, not 12"),
        ({"resolution": 8, "fade": 1.5}, "must be 0 to 1, not 1.5"),
        ({"resolution": 8, "fade": math.nan}, "must be 0 to 1"),
        ({"fade": 0.5}, "say which"),
    ],
)
def test_what_no_resolution_is_refused_in_a_sentence(asked, sentence):
    with pytest.raises(ValueError, match=sentence):
        tiny().generate(noise(1, 5), **asked)


@pytest.mark.parametrize("shape", [(3, 48, 48), (3, 32, 64), (3, 2, 2), (32, 32)])
def test_an_image_of_another_shape_is_refused_in_a_sentence(shape):
    with pytest.raises(ValueError, match="a power of two from 4"):
        ProGAN(shape)


# What both networks are made of


def test_pixel_norm_by_hand():
    h = torch.tensor([[3.0, 0.0], [4.0, 0.0]]).view(1, 2, 1, 2)
    expected = torch.tensor([[3 / math.sqrt(12.5), 0], [4 / math.sqrt(12.5), 0]])
    torch.testing.assert_close(pixel_norm(h)[0, :, 0], expected, rtol=1e-8, atol=0)
    assert pixel_norm(noise(2, 7)).square().mean(1).tolist() == pytest.approx([1, 1], abs=1e-6)


def test_z_goes_on_beside_what_dense_layers_make_of_it():
    torch.manual_seed(0)
    model = stirred(ProGAN((3, 8, 8), n_latent=5, width=2, max_width=6, n_dense=2, n_hidden=7))
    z = noise(3, 5)
    unit = lambda h: h / (h.square().mean(1, keepdim=True) + 1e-8).sqrt()  # noqa: E731
    made = unit(z)
    for layer in model.dense:
        made = unit(F.leaky_relu(layer(made), 0.2))
    assert made.shape == (3, 7)
    h = model.first(torch.cat([unit(z), made], 1)).view(3, -1, 4, 4)
    h = unit(F.leaky_relu(model.first_conv(unit(F.leaky_relu(h, 0.2))), 0.2))
    torch.testing.assert_close(model.coarse(z), h)
    # What only z itself tells is not lost: without the layers' part it still says something.
    with torch.no_grad():
        model.dense[-1].weight.zero_()
        model.dense[-1].bias.zero_()
    assert (model.coarse(z)[0] - model.coarse(z)[1]).abs().max() > 0.01


@pytest.mark.parametrize("sizes", [{"n_dense": -1}, {"n_hidden": 0}, {"width": 0}])
def test_sizes_that_are_none_are_refused(sizes):
    with pytest.raises(ValueError, match="must be at least"):
        ProGAN((3, 8, 8), **sizes)


def test_the_deviation_of_a_minibatch_by_hand():
    h = torch.zeros(2, 3, 1, 2)
    h[1, 0, 0, 0], h[1, 1, 0, 1] = 4.0, 8.0  # at one of two places: by 2 and by 4 from the mean
    assert deviation(h).flatten().tolist() == pytest.approx([1, 2, 0], abs=1e-4)
    assert deviation(h).shape == (1, 3, 1, 1)
    alike = deviation(h[:1].expand(5, -1, -1, -1))
    assert alike.flatten().tolist() == pytest.approx([0, 0, 0], abs=1e-4)


def test_the_critic_sees_how_much_images_differ():
    critic = stirred(tiny(4).critic(2))
    x = noise(1, 3, 4, 4)
    alike, among_others = x.expand(4, -1, -1, -1), torch.cat([x, noise(3, 3, 4, 4, seed=1)])
    torch.testing.assert_close(critic(alike), critic(x).expand(4, 1))
    assert (critic(x) - critic(among_others)[:1]).abs().item() > 1e-3


def test_weights_are_standard_normal_and_scaled_at_run_time():
    torch.manual_seed(0)
    conv, dense, color = Scaled(40, 30), Scaled(500, 20, 0), Scaled(40, 3, 1, gain=1.0)
    for layer, scale in ((conv, math.sqrt(2 / 360)), (dense, math.sqrt(2 / 500))):
        assert layer.scale == pytest.approx(scale)
        assert layer.weight.std().item() == pytest.approx(1, abs=0.03)
        assert not layer.bias.any()
    assert color.scale == pytest.approx(1 / math.sqrt(40))
    x = noise(2, 40, 5, 5)
    plain = nn.Conv2d(40, 30, 3, padding=1)
    plain.weight.data, plain.bias.data = conv.weight.data * math.sqrt(2 / 360), conv.bias.data
    torch.testing.assert_close(conv(x), plain(x))
    v = noise(2, 500)
    torch.testing.assert_close(dense(v), v @ dense.weight.T * math.sqrt(2 / 500))
    # What Adam moves is the stored weight: one step of lr moves every layer's by as much.
    for layer, given in ((conv, x), (dense, v)):
        before = layer.weight.detach().clone()
        optimizer = adam(layer.parameters(), 0.01, beta1=0.0, beta2=0.99)
        layer(given).square().sum().backward()
        optimizer.step()
        moved = (layer.weight - before).abs()
        torch.testing.assert_close(moved, torch.full_like(moved, 0.01), rtol=1e-2, atol=0)


# The game


class Ledger:
    """In place of an update: notes the losses and their gradients, and moves nothing."""

    def __init__(self, objective):
        self.objective, self.noted = objective, {}

    def gradients(self, who, loss):
        part = self.objective.critic if who == "critic" else self.objective.model
        return torch.autograd.grad(
            loss, list(part.parameters()), retain_graph=True, materialize_grads=True
        )

    def __call__(self, who, loss):
        self.noted[who] = (loss.item(), self.gradients(who, loss))


@pytest.mark.parametrize("images", [70, 80])
@pytest.mark.parametrize("step", [8, 9])
def test_the_losses_by_hand(images, step):
    """While 8x8 is faded in, and when it is all there; with the penalty, and without."""
    model = tiny(8)
    objective = ProgressiveGame(
        model, 0.1, 0.1, width=2, stay=40, fade=40, weight=7.0, penalty_interval=4, drift=0.3
    )
    stirred(objective.critic)
    x = torch.rand(4, 3, 8, 8)
    ledger = Ledger(objective)
    objective.step(Batch(x, torch.zeros(4)), ledger, Progress(step, images, 100, seed=3))

    at = Progress(step, images, 100, seed=3)
    z, u = at.randn(4, 5).double(), at.rand(4).double().view(4, 1, 1, 1)
    alpha = (images - 40) / 40
    D = lambda x: objective.critic(x, alpha).squeeze(1)  # noqa: E731
    real = 2 * x - 1
    real = (1 - alpha) * F.interpolate(F.avg_pool2d(real, 2), scale_factor=2) + alpha * real
    h = model.features(z, 1)
    small, large = model.rgb[0](h[0]), model.rgb[1](h[1])
    fake = (1 - alpha) * F.interpolate(small, scale_factor=2) + alpha * large

    loss = (D(fake.detach()) - D(real)).mean() + 0.3 * D(real).square().mean()
    if step == 8:
        between = (u * real + (1 - u) * fake.detach()).requires_grad_()
        (slope,) = torch.autograd.grad(D(between).sum(), between, create_graph=True)
        norm = slope.flatten(1).square().sum(1).sqrt()
        loss = loss + 7.0 * 4 * ((norm - 1) ** 2).mean()
    generator = -D(fake).mean()
    if alpha == 1:  # the colors of 4x4 are no longer played for
        follow = model.rgb[0](h[0].detach()) - F.avg_pool2d(fake.detach(), 2)
        generator = generator + (follow**2).mean()

    for who, expected in (("critic", loss), ("generator", generator)):
        value, gradients = ledger.noted[who]
        assert value == pytest.approx(expected.item(), rel=1e-9)
        for a, b in zip(gradients, ledger.gradients(who, expected), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("images", [20, 70, 80])
@pytest.mark.parametrize("step", [8, 9])
def test_the_losses_by_hand_with_another_loss_and_r1(images, step):
    """At 4x4, while 8x8 is faded in, and when it is all there; with the penalty, and without."""
    model = tiny(8)
    game = dict(loss="non-saturating", penalty="r1", weight=7.0, penalty_interval=4, drift=0.0)
    objective = ProgressiveGame(model, 0.1, 0.1, width=2, stay=40, fade=40, **game)
    stirred(objective.critic)
    x = torch.rand(4, 3, 8, 8)
    ledger = Ledger(objective)
    report = objective.step(Batch(x, torch.zeros(4)), ledger, Progress(step, images, 100, seed=3))

    z = Progress(step, images, 100, seed=3).randn(4, 5).double()
    level = max(0.0, (images - 40) / 40)
    D = lambda x: objective.critic(x, level).squeeze(1)  # noqa: E731
    real = objective.real(x, level).requires_grad_()
    fake = model.colors(model.features(z, math.ceil(level)), level)
    V = (F.logsigmoid(D(real)) + F.logsigmoid(-D(fake.detach()))).mean()
    loss = -V
    if step == 8:
        (slope,) = torch.autograd.grad(D(real).sum(), real, create_graph=True)
        loss = loss + 7.0 / 2 * 4 * slope.square().sum((1, 2, 3)).mean()
    generator = -F.logsigmoid(D(fake)).mean()
    assert report["value"].item() == pytest.approx(V.item(), rel=1e-9)
    assert report["generator"].item() == pytest.approx(generator.item(), rel=1e-9)
    if level == 1:  # the colors of 4x4 are no longer played for
        h = model.features(z, 1)
        follow = model.rgb[0](h[0].detach()) - F.avg_pool2d(fake.detach(), 2)
        generator = generator + (follow**2).mean()
    for who, expected in (("critic", loss), ("generator", generator)):
        value, gradients = ledger.noted[who]
        assert value == pytest.approx(expected.item(), rel=1e-9)
        for a, b in zip(gradients, ledger.gradients(who, expected), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-9)


def test_colors_that_are_left_behind_learn_to_show_the_image_and_move_nothing_else():
    torch.manual_seed(0)
    model = ProGAN((3, 16, 16), n_latent=5, width=4, max_width=8)
    objective = ProgressiveGame(model, 0.01, 0.01, width=4)
    z = noise(32, 5)

    def error() -> Tensor:
        h = model.features(z, 2)
        return objective._left_behind(h, model.colors(h, 2.0), 2, 1.0)

    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    first = error().item()
    optimizer = torch.optim.Adam(model.rgb[:2].parameters(), lr=0.03)
    for _ in range(150):
        loss = error()
        gradients = dict(
            zip(
                before,
                torch.autograd.grad(loss, list(model.parameters()), allow_unused=True),
                strict=True,
            )
        )
        assert {name for name, g in gradients.items() if g is not None} == {
            f"rgb.{j}.{part}" for j in (0, 1) for part in ("weight", "bias")
        }
        optimizer.zero_grad()
        model.rgb[:2].requires_grad_()
        error().backward()
        optimizer.step()
    assert error().item() < 0.3 * first
    shown, whole = model.generate(z, 8), model.generate(z, 16)
    assert (shown - down(whole)).abs().mean() < 0.1


def test_nothing_averages_what_has_not_yet_been_trained():
    """A block, and its colors, are as they were made until it is their turn; so is their
    average."""
    recipe = recipes.get("progan-avatars")
    recipe = recipes.override(recipe, recipe.smoke)
    torch.manual_seed(0)
    objective = recipe.build_objective()
    ema, update = EMA(objective.model, 0.9), Update(objective.optimizers())
    first = {name: p.detach().clone() for name, p in objective.named_parameters()}
    batch = Batch(torch.rand(8, 3, 64, 64), torch.zeros(8))
    for step in range(3):  # 4x4, and twice what is a part of 8x8, the first time none of it
        objective.step(batch, update, Progress(step, 6 * step, 96, seed=0))
        ema.update(objective.model)
    for name, p in objective.named_parameters():
        level = re.search(r"(blocks|rgb)\.(\d)\.", name)
        of = int(level[2]) + (level[1] == "blocks") if level else 0
        assert torch.equal(p, first[name]) == (of > 1), name
        if of > 1 and name.startswith("model."):
            assert torch.equal(ema.average[name.removeprefix("model.")], first[name]), name


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        ({"stay": 0}, "at least 1"),
        ({"fade": 0}, "at least 1"),
        ({"penalty_interval": 0}, "at least 1"),
        ({"weight": -1.0}, "at least 0 and finite"),
        ({"loss": "hinge"}, "Unknown loss 'hinge'"),
        ({"penalty": "r2"}, "Unknown penalty 'r2'"),
        ({"drift": math.inf}, "at least 0 and finite"),
    ],
)
def test_a_game_of_wrong_numbers_is_refused_in_a_sentence(kwargs, sentence):
    with pytest.raises(ValueError, match=sentence):
        ProgressiveGame(tiny(4), 0.1, 0.1, width=2, **kwargs)
