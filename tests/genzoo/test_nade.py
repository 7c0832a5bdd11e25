from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli
from torch.nn import functional as F

from genzoo.models import NADE
from genzoo.models.nade import CHUNK, CHUNK_LOW_PRECISION, _Logits
from genzoo.roles import Autoregressive, teacher_forced_draws
from tests.genzoo.binary_images import (
    assert_bfloat16_autocast_stays_close,
    assert_draws_equal_the_slow_ones,
    binary,
    counts_of,
    every_image,
)


def nade(*event_shape: int, n_hidden: int = 5, seed: int = 0) -> NADE:
    """In float64, with weights so large that pixels depend on each other."""
    torch.manual_seed(seed)
    model = NADE(event_shape=event_shape, n_hidden=n_hidden).double()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_()
    return model.requires_grad_(False)


def plain_logits(x: Tensor, W: Tensor, V: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """The paper's equations, a pixel at a time; x (B, D)."""
    logits = []
    for i in range(x.shape[1]):
        a = c + x[:, :i] @ W[:i]
        logits.append(b[i] + torch.sigmoid(a) @ V[i])
    return torch.stack(logits, dim=1)


class ProbabilitiesAsLogits(Autoregressive):
    """The fault to fear: a likelihood that takes p for its logit. It still sums to one."""

    def __init__(self, model: NADE):
        super().__init__()
        self.model, self.event_shape, self.order = model, model.event_shape, model.order

    def conditionals(self, x: Tensor) -> Bernoulli:
        return Bernoulli(logits=self.model.conditionals(x).probs)

    def draws(self, u, given):
        return self.model.draws(u, given)


@pytest.mark.parametrize("event_shape", [(1, 1, 1), (1, 2, 4), (1, 3, 5)])
def test_probabilities_of_all_images_sum_to_one(event_shape):
    total = nade(*event_shape).log_prob(every_image(*event_shape)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-12)


def test_samples_follow_the_density(statistics):
    model = nade(1, 2, 4)
    p = model.log_prob(every_image(1, 2, 4)).exp()
    counts = counts_of(model.sample(40_000, generator=torch.Generator().manual_seed(0)))
    assert statistics.chi_square_z(counts, p) < 5
    assert statistics.total_variation(counts, p) < 0.04


def test_the_check_of_samples_catches_probabilities_read_as_logits(statistics):
    mutant = ProbabilitiesAsLogits(nade(1, 2, 4))
    p = mutant.log_prob(every_image(1, 2, 4)).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-12)  # which is why that is not enough
    counts = counts_of(mutant.sample(40_000, generator=torch.Generator().manual_seed(0)))
    assert statistics.chi_square_z(counts, p) > 100
    assert statistics.total_variation(counts, p) > 0.3


def test_completions_follow_the_conditional_density(statistics):
    model = nade(1, 2, 4, seed=1)
    images = every_image(1, 2, 4)
    prefix = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    given = torch.full((1, 1, 2, 4), torch.nan)
    given.view(-1)[:3] = prefix
    p = model.log_prob(images).exp() * (images.flatten(1)[:, :3] == prefix).all(1)
    samples = model.sample(20_000, given, torch.Generator().manual_seed(0))
    assert statistics.chi_square_z(counts_of(samples), p / p.sum()) < 5


def test_one_image_alone_is_answered_as_among_others():
    model = nade(1, 5, 6, n_hidden=7)
    x = binary(9, 1, 5, 6)
    alone = torch.cat([model.conditionals(image).logits for image in x.split(1)])
    torch.testing.assert_close(alone, model.conditionals(x).logits, rtol=1e-12, atol=1e-12)


def test_a_conditional_depends_on_earlier_pixels_only():
    model = nade(1, 3, 6)  # 18 pixels: more than a chunk
    D = 18
    x = binary(1, 1, 3, 6)
    # Two of it: one image alone is computed another way, equal but for rounding.
    logits = model.conditionals(x.expand(2, 1, 3, 6)).logits[0].flatten()
    flipped = x.repeat(D, 1, 1, 1).flatten(1)
    flipped[torch.arange(D), torch.arange(D)] = 1 - flipped.diagonal()
    change = model.conditionals(flipped.view(D, 1, 3, 6)).logits.flatten(1) - logits  # (j, i)
    assert (change.tril() == 0).all(), "pixel i is changed by itself or a later one"
    later = change[torch.ones(D, D).triu(1).bool()]
    assert (later != 0).all(), "pixel i does not see an earlier one"


@pytest.mark.parametrize("with_given", [False, True])
def test_incremental_draws_equal_the_slow_ones(with_given):
    assert_draws_equal_the_slow_ones(nade(1, 5, 6, n_hidden=7), 9, with_given)


def test_draws_hold_where_no_pixel_is_on():
    """Pixels that are off leave the hidden layer alone, so it must still be right at the next."""
    model = nade(1, 5, 6)
    model.b[:20] = -60.0
    u = torch.rand(30, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    fast = torch.stack(list(model.draws(u, None))).to(u)
    assert fast[:20].sum() == 0
    assert fast[20:].sum() > 0
    assert torch.equal(fast, torch.stack(list(teacher_forced_draws(model, u, None))))


def test_the_steps_of_sampling_end_in_the_sample():
    model = nade(1, 3, 4)
    seen = 0
    steps = model.sampling(5, generator=torch.Generator().manual_seed(7))
    for i, step in enumerate(steps):
        assert not torch.is_inference_mode_enabled(), "a paused sampler holds its caller"
        drawn = ~step.isnan().flatten(1)
        assert drawn[:, model.order[: i + 1]].all()
        assert drawn.sum() == 5 * (i + 1)
        seen += 1
    assert seen == 12
    sample = model.sample(5, generator=torch.Generator().manual_seed(7))
    assert torch.equal(step, sample)
    assert sample.dtype == torch.float32
    assert not sample.is_inference()
    assert not torch.equal(sample, model.sample(5, generator=torch.Generator().manual_seed(8)))


@pytest.mark.parametrize("n_given", [1, 6])
def test_known_pixels_are_kept(n_given):
    model = NADE(event_shape=(1, 4, 4), n_hidden=3)
    known = torch.rand(n_given, 1, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.5
    given = torch.where(known, binary(n_given, 1, 4, 4, seed=1).float(), torch.nan)
    x = model.sample(6, given, torch.Generator().manual_seed(2))
    kept = known.expand(6, 1, 4, 4)
    assert torch.equal(x[kept], given.expand(6, 1, 4, 4)[kept])
    assert len(x.unique(dim=0)) > 1, "the others are not drawn"
    assert ((x == 0) | (x == 1)).all()


@pytest.mark.parametrize(
    ("n", "given", "sentence"),
    [
        (0, None, "at least 1, not 0"),
        (2, torch.zeros(1, 1, 4, 5), r"must have shape \(B, 1, 4, 4\)"),
        (2, torch.zeros(3, 1, 4, 4), "must hold 1 or 2 images, not 3"),
        (2, torch.full((1, 1, 4, 4), 2.0), r"\[0, 1\]"),
        (2, torch.full((1, 1, 4, 4), 0.5), "must be 0 or 1"),
        (2, torch.zeros(1, 1, 4, 4, dtype=torch.int64), "float tensor"),
    ],
)
def test_bad_requests_of_samples_are_refused_in_a_sentence(n, given, sentence):
    model = NADE(event_shape=(1, 4, 4), n_hidden=3)
    with pytest.raises(ValueError, match=sentence):
        model.sample(n, given)
    with pytest.raises(ValueError, match=sentence):
        next(model.sampling(n, given))


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (torch.full((1, 1, 4, 4), 0.5), "must be 0 or 1"),
        (torch.full((1, 1, 4, 4), torch.nan), "must be 0 or 1"),
        (torch.zeros(1, 4, 4), "must have shape"),
        (torch.zeros(1, 1, 4, 4, dtype=torch.uint8), "float tensor"),
    ],
)
def test_what_is_no_binary_image_is_refused(x, sentence):
    model = NADE(event_shape=(1, 4, 4), n_hidden=3)
    with pytest.raises(ValueError, match=sentence):
        model.log_prob(x)
    with pytest.raises(ValueError, match=sentence):
        model.influence(x, 3)


@pytest.mark.parametrize("shape", [(1, 1, 9), (1, 2, CHUNK), (1, 5, 6), (1, 7, 9)])
def test_density_and_gradients_equal_the_plain_loop(shape):
    model = nade(*shape, n_hidden=7).requires_grad_(True)
    D = torch.Size(shape).numel()
    x = binary(4, *shape)
    weight = torch.tensor([1.0, -0.5, 2.0, 0.3], dtype=torch.float64)
    parameters = (model.W, model.V, model.b, model.c)

    ours = model.log_prob(x)
    logits = plain_logits(x.flatten(1), *parameters)
    plain = -F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="none").sum(1)
    torch.testing.assert_close(ours, plain, rtol=1e-12, atol=1e-12)
    assert ours.shape == (4,)

    ours_grad = torch.autograd.grad((weight * ours).sum(), parameters)
    plain_grad = torch.autograd.grad((weight * plain).sum(), parameters)
    for ours_p, plain_p in zip(ours_grad, plain_grad, strict=True):
        torch.testing.assert_close(ours_p, plain_p, rtol=1e-10, atol=1e-12)
        assert ours_p.abs().sum() > 0 or D == 1


def test_gradients_equal_finite_differences():
    D, H = CHUNK + 3, 3
    x = binary(2, D)
    W, V, c = (
        torch.randn(s, dtype=torch.float64, requires_grad=True) for s in ((D, H),) * 2 + (H,)
    )
    assert torch.autograd.gradcheck(
        lambda W, V, c: _Logits.apply(x, W, V, c, torch.float64), (W, V, c)
    )


def test_bfloat16_autocast_stays_close_to_float32():
    D = 2 * CHUNK_LOW_PRECISION + 5
    torch.manual_seed(0)
    model = NADE(event_shape=(1, 1, D), n_hidden=64)
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.3)
    x = binary(16, 1, 1, D).float()
    assert_bfloat16_autocast_stays_close(model, x)


@pytest.mark.parametrize("i", [0, 1, 9, 17])
def test_influence_equals_flipping_each_pixel(i):
    model = nade(1, 3, 6)
    x = binary(1, 1, 3, 6)
    influence = model.influence(x, i)
    here = model.conditionals(x).logits.flatten()[i]
    for j in range(18):
        flipped = x.clone()
        flipped.view(-1)[j] = 1 - flipped.view(-1)[j]
        there = model.conditionals(flipped).logits.flatten()[i]
        assert influence[j].item() == pytest.approx((here - there).item(), abs=1e-12)
    assert (influence[i:] == 0).all()
    assert (influence[:i] != 0).all()
    of_ink = model.influence(x, i, of_ink=True)
    torch.testing.assert_close(of_ink, influence * x.flatten(), rtol=1e-12, atol=1e-12)


def test_influence_is_of_one_image_and_a_pixel_in_it():
    model = nade(1, 2, 2)
    with pytest.raises(ValueError, match="one image at a time, not of 2"):
        model.influence(binary(2, 1, 2, 2), 0)
    for i in (-1, 4):
        with pytest.raises(ValueError, match=f"0 to 3, not {i}"):
            model.influence(binary(1, 1, 2, 2), i)


def test_hidden_units_are_at_least_one():
    with pytest.raises(ValueError, match="at least 1, not 0"):
        NADE(n_hidden=0)
