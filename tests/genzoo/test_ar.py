from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from genzoo.models import AR
from genzoo.roles import n_parameters, teacher_forced_draws
from tests.genzoo.binary_images import binary, counts_of, every_image


def ar(*event_shape: int, n: int, seed: int = 0) -> AR:
    """In float64, with weights so large that pixels depend on each other."""
    model = AR(event_shape, n).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=torch.float64))
    return model.requires_grad_(False)


def fit(model: AR, x: Tensor, l2: float) -> None:
    """To the optimum of the mean NLL plus l2/2 |W|^2, by L-BFGS."""
    optimizer = torch.optim.LBFGS(
        model.parameters(),
        max_iter=500,
        tolerance_grad=1e-10,
        tolerance_change=1e-15,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = -model.log_prob(x).mean() + 0.5 * l2 * model.W.square().sum()
        value.backward()
        return value

    optimizer.step(loss)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [1, 3, 7])
def test_it_is_a_logistic_regression_of_each_pixel_on_those_before(n):
    """scikit-learn fits each pixel on its own; ours all at once, to the same optimum."""
    teacher = ar(1, 2, 4, n=7, seed=1)
    teacher.W *= 0.7
    x = teacher.sample(600, generator=torch.Generator().manual_seed(0)).double()
    model, l2 = AR((1, 2, 4), n).double(), 0.01
    fit(model, x, l2)
    columns = x.flatten(1).numpy()
    log_p = np.zeros(600)
    for i in range(8):
        before = columns[:, max(0, i - n) : i]
        if i == 0:  # it wants something to regress on
            before = np.zeros((600, 1))
        theirs = LogisticRegression(C=1 / (600 * l2), tol=1e-12, max_iter=10_000)
        theirs.fit(before, columns[:, i])
        k = min(i, n)
        ours = model.W[i, n - k :].detach().numpy()
        if i > 0:
            np.testing.assert_allclose(ours, theirs.coef_[0], atol=1e-5)
        assert model.b[i].item() == pytest.approx(theirs.intercept_[0], abs=1e-5)
        log_p += theirs.predict_log_proba(before)[np.arange(600), columns[:, i].astype(int)]
    np.testing.assert_allclose(model.log_prob(x).detach().numpy(), log_p, atol=1e-4)


@pytest.mark.parametrize("n", [1, 2, 4, 11])
def test_logits_are_the_sum_over_the_n_pixels_before(n):
    model = ar(1, 3, 4, n=n)
    x = binary(5, 1, 3, 4)
    logits = model.conditionals(x).logits.flatten(1)
    pixels = x.flatten(1)
    for i in range(12):
        expected = model.b[i].expand(5).clone()
        for j in range(max(0, i - n), i):
            expected += model.W[i, n - (i - j)] * pixels[:, j]
        torch.testing.assert_close(logits[:, i], expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("event_shape", "n"), [((1, 1, 2), 1), ((1, 2, 4), 3), ((1, 2, 4), 7)])
def test_probabilities_of_all_images_sum_to_one(event_shape, n):
    total = ar(*event_shape, n=n).log_prob(every_image(*event_shape)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("n", [2, 7])
def test_samples_follow_the_density(n, statistics):
    model = ar(1, 2, 4, n=n)
    p = model.log_prob(every_image(1, 2, 4)).exp()
    x = model.sample(40_000, generator=torch.Generator().manual_seed(0))
    counts = counts_of(x)
    assert statistics.chi_square_z(counts, p) < 5
    assert statistics.total_variation(counts, p) < 0.04


@pytest.mark.parametrize("n", [1, 5, 17])
def test_a_conditional_depends_on_the_n_pixels_before_and_on_no_other(n):
    model, D = ar(1, 3, 6, n=n), 18
    x = binary(1, 1, 3, 6)
    logits = model.conditionals(x).logits.flatten()
    flipped = x.repeat(D, 1, 1, 1).flatten(1)
    flipped[torch.arange(D), torch.arange(D)] = 1 - flipped.diagonal()
    change = model.conditionals(flipped.view(D, 1, 3, 6)).logits.flatten(1) - logits  # (j, i)
    # A sum of other numbers in another order may differ in its last bit.
    assert torch.equal(change.abs() > 1e-12, torch.ones(D, D).triu(1).tril(n).bool())


@pytest.mark.parametrize("n", [1, 7, 29])
@pytest.mark.parametrize("with_given", [False, True])
def test_incremental_draws_equal_the_slow_ones(n, with_given):
    model = ar(1, 5, 6, n=n)
    generator = torch.Generator().manual_seed(3)
    u = torch.rand(30, 9, generator=generator, dtype=torch.float64)
    given = None
    if with_given:
        known = torch.rand(30, 9, generator=generator) < 0.4
        given = torch.where(known, binary(30, 9, seed=4), torch.nan)
    fast = torch.stack(list(model.draws(u, given))).to(u)
    assert torch.equal(fast, torch.stack(list(teacher_forced_draws(model, u, given))))
    assert 0.1 < fast.mean() < 0.9
    if given is not None:
        assert torch.equal(fast[known], given[known])


@pytest.mark.parametrize("n", [1, 3, 11])
def test_the_free_parameters_are_those_that_matter(n):
    model = ar(1, 3, 4, n=n).requires_grad_(True)
    x = torch.cat([binary(20, 1, 3, 4), torch.ones(1, 1, 3, 4, dtype=torch.float64)])
    gradients = torch.autograd.grad(model.log_prob(x).sum(), list(model.parameters()))
    n_moved = sum(int((g != 0).sum()) for g in gradients)
    assert n_parameters(model) == n_moved == 12 + sum(min(i, n) for i in range(12))


def test_bad_requests_are_refused_in_a_sentence():
    for n in (0, 16):
        with pytest.raises(ValueError, match=f"1 to 15 pixels, not {n}"):
            AR((1, 4, 4), n)
    model = AR((1, 4, 4), 3)
    with pytest.raises(ValueError, match="must be 0 or 1"):
        model.log_prob(torch.full((1, 1, 4, 4), math.nan))
    with pytest.raises(ValueError, match="known values must be 0 or 1"):
        model.sample(2, torch.full((1, 1, 4, 4), 0.5))
    with pytest.raises(ValueError, match="must hold 1 or 2 images, not 3"):
        model.sample(2, torch.zeros(3, 1, 4, 4))
