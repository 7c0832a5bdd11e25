from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from genzoo import recipes
from genzoo.data import Batches, load_images
from genzoo.models import RNADE
from genzoo.models.rnade import CHUNK, MIN_SCALE
from genzoo.nn.distributions import TruncatedGaussianMixture
from genzoo.objectives import Progress, Update
from genzoo.roles import draw, teacher_forced_draws


def rnade(*event_shape: int, n_hidden: int = 7, n_components: int = 3, seed: int = 0) -> RNADE:
    """In float64, with dimensions that depend on each other."""
    torch.manual_seed(seed)
    model = RNADE(event_shape, n_hidden, n_components).double()
    with torch.no_grad():
        model.V.normal_(std=0.5)
        model.b.add_(0.3 * torch.randn_like(model.b))
        model.rho.mul_(0.5 + torch.rand_like(model.rho))
    return model.requires_grad_(False)


def uniform(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def plain_log_prob(model: RNADE, x: Tensor) -> Tensor:
    """The equations of the docstring, a dimension at a time, with torch's own Gaussian; (B,)."""
    x = x.flatten(1)
    K = model.n_components
    log_p = torch.zeros(len(x), dtype=x.dtype)
    for i in range(x.shape[1]):
        a = model.c + (2 * x[:, :i] - 1) @ model.W[:i]
        h = model.rho[i] * torch.relu(a)
        rows = model.V[i].split(K), model.b[i].split(K)
        o_alpha, o_mu, o_sigma = (h @ V.t() + b for V, b in zip(*rows, strict=True))
        alpha = o_alpha.exp() / o_alpha.exp().sum(1, keepdim=True)
        mu = 1 / (1 + torch.exp(-o_mu))
        sigma = MIN_SCALE + (1 - MIN_SCALE) / (1 + torch.exp(-o_sigma))
        p = torch.zeros(len(x), dtype=x.dtype)
        for k in range(K):
            gaussian = Normal(mu[:, k], sigma[:, k])
            one, zero = torch.ones((), dtype=x.dtype), torch.zeros((), dtype=x.dtype)
            inside = gaussian.cdf(one) - gaussian.cdf(zero)
            p += alpha[:, k] * gaussian.log_prob(x[:, i]).exp() / inside
        log_p += p.log()
    return log_p


@pytest.mark.parametrize("event_shape", [(1, 1, 1), (1, 1, 2), (1, 3, 5), (1, 7, 9)])
def test_density_and_gradients_equal_the_plain_equations(event_shape):
    model = rnade(*event_shape).requires_grad_(True)
    assert math.prod(event_shape) > CHUNK or event_shape != (1, 7, 9), "no second chunk is tested"
    x = uniform(4, *event_shape)
    ours, plain = model.log_prob(x), plain_log_prob(model, x)
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-10)
    weight = torch.tensor([1.0, -0.5, 2.0, 0.3], dtype=torch.float64)
    for ours_p, plain_p in zip(
        torch.autograd.grad((weight * ours).sum(), tuple(model.parameters())),
        torch.autograd.grad((weight * plain).sum(), tuple(model.parameters()), allow_unused=True),
        strict=True,
    ):
        plain_p = torch.zeros_like(ours_p) if plain_p is None else plain_p
        torch.testing.assert_close(ours_p, plain_p, rtol=1e-8, atol=1e-9)


def test_the_density_in_the_plane_integrates_to_one():
    model = rnade(1, 1, 2)
    nodes, weights = (torch.tensor(t) for t in _gauss_legendre(120))
    x_1, x_2 = torch.meshgrid(nodes, nodes, indexing="ij")
    p = model.log_prob(torch.stack([x_1, x_2], -1).view(-1, 1, 1, 2)).exp().view(120, 120)
    assert (weights @ p @ weights).item() == pytest.approx(1, abs=1e-9)
    assert p.max() / p.min() > 5, "a flat density tests nothing"
    # Each conditional by itself, wherever x_1 is.
    torch.testing.assert_close(
        torch.stack([model.conditional(nodes[:, None]).log_prob(t).exp() for t in nodes]).mT
        @ weights,
        torch.ones(120, dtype=torch.float64),
        rtol=0,
        atol=1e-9,
    )


def _gauss_legendre(n: int):
    """Nodes and weights on [0, 1]."""
    import numpy as np

    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2


def test_samples_follow_the_density(statistics):
    model = rnade(1, 1, 2)
    n_cells, n_inner = 8, 12
    fine = (torch.arange(n_cells * n_inner) + 0.5).double() / (n_cells * n_inner)
    points = torch.cartesian_prod(fine, fine).view(-1, 1, 1, 2)
    p = model.log_prob(points).exp().view(n_cells, n_inner, n_cells, n_inner).mean((1, 3))
    p = p.flatten() / n_cells**2
    samples = model.sample(40_000, generator=torch.Generator().manual_seed(0)).flatten(1)
    cell = (samples * n_cells).long().clamp(max=n_cells - 1)
    counts = torch.bincount(cell[:, 0] * n_cells + cell[:, 1], minlength=n_cells**2)
    assert p.sum().item() == pytest.approx(1, abs=1e-3)
    p = p / p.sum()
    assert statistics.chi_square_z(counts, p) < 5
    independent = (p.view(8, 8).sum(1, keepdim=True) * p.view(8, 8).sum(0)).flatten()
    assert statistics.chi_square_z(counts, independent) > 20, "the check sees no dependence"


def test_a_conditional_depends_on_earlier_dimensions_only():
    model = rnade(1, 6, 6)
    x = uniform(1, 1, 6, 6)

    def parameters(x: Tensor) -> Tensor:
        p = model.conditionals(x)
        return (p.log_weights + p.loc + p.scale).sum(-1).flatten()

    jacobian = torch.autograd.functional.jacobian(parameters, x).view(36, 36)  # (i, j)
    assert (jacobian.triu() == 0).all(), "dimension i is changed by itself or a later one"
    assert (jacobian[torch.ones(36, 36).tril(-1).bool()] != 0).all(), "an earlier one is unseen"


@pytest.mark.parametrize("with_given", [False, True])
def test_incremental_draws_equal_the_slow_ones(with_given):
    model = rnade(1, 5, 7)
    u = uniform(35, 6, seed=3)
    known = uniform(35, 6, seed=4) < 0.4
    given = torch.where(known, uniform(35, 6, seed=5), torch.nan) if with_given else None
    fast = torch.stack(list(model.draws(u, given)))
    slow = torch.stack(list(teacher_forced_draws(model, u, given)))
    torch.testing.assert_close(fast, slow, rtol=0, atol=1e-12)
    if given is not None:
        assert torch.equal(fast[known], given[known])
    assert fast[~known].std() > 0.1


@pytest.mark.parametrize("i", [0, 1, 4])
def test_one_conditional_is_that_of_the_whole(i):
    model = rnade(1, 1, 5)
    x = uniform(6, 1, 1, 5)
    one, whole = model.conditional(x.flatten(1)[:, :i]), model.conditionals(x)
    assert one.batch_shape == (6,)
    for name in ("weights", "loc", "scale"):
        here, there = getattr(one, name), getattr(whole, name)[:, 0, 0, i]
        torch.testing.assert_close(here, there, rtol=1e-12, atol=1e-12)


def test_the_grid_has_x_1_to_the_right_and_x_2_downward():
    model = rnade(1, 1, 2)
    density = model.density_on_grid(5)
    for row, column in ((0, 0), (1, 4), (3, 2)):
        point = torch.tensor([(column + 0.5) / 5, (row + 0.5) / 5]).double().view(1, 1, 1, 2)
        expected = model.log_prob(point).exp().item()
        assert density[row, column].item() == pytest.approx(expected, rel=1e-6)
    assert model.density_on_grid(200).mean().item() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("data", ["moons", "rings", "spirals"])
def test_it_beats_one_gaussian_and_every_independent_model(data):
    torch.manual_seed(0)
    recipe = recipes.override(
        recipes.get(f"rnade-{data}"),
        {"model.n_hidden": 50, "model.n_components": 8, "batch_size": 250},
    )
    points, test = load_images(data, "train"), load_images(data, "test").scaled()
    objective, batches = recipe.build_objective(), Batches(points, recipe.settings.batch_size, 0)
    update = Update(objective.optimizers(), schedule="cosine", clip=5.0)
    for step in range(300):
        update.at = Progress(step, step, 300, 0)
        objective.step(batches[step], update, update.at)
    with torch.inference_mode():
        nll = -objective.model.log_prob(test).mean().item()

    x = points.scaled().flatten(1)
    gaussian = MultivariateNormal(x.mean(0), x.t().cov())
    nll_gaussian = -gaussian.log_prob(test.flatten(1)).mean().item()
    # No independent model is below the sum of the marginals' entropies, here of fine histograms.
    p = torch.stack([torch.histc(column, 100, 0, 1) for column in x.t()]) / len(x)
    nll_independent = -torch.xlogy(p, 100 * p).sum().item()
    assert nll < nll_gaussian - 0.1
    assert nll < nll_independent - 0.1


def test_bfloat16_autocast_stays_close_to_float32():
    torch.manual_seed(0)
    model = RNADE((1, 7, 9), n_hidden=64, n_components=3)
    x = uniform(16, 1, 7, 9).float()

    def score(low: bool) -> tuple[Tensor, list[Tensor]]:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            l = model.log_prob(x)
        return l.detach(), list(torch.autograd.grad(l.mean(), model.parameters()))

    full, full_grad = score(False)
    low, low_grad = score(True)
    assert low.dtype == torch.float32
    assert not torch.equal(low, full), "autocast did nothing"
    torch.testing.assert_close(low, full, rtol=0.01, atol=0.05)
    for a, b in zip(low_grad, full_grad, strict=True):
        assert torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0) > 0.99


def test_samples_are_images_and_known_values_are_kept():
    model = RNADE((1, 4, 4), n_hidden=5, n_components=2)
    x = model.sample(6, generator=torch.Generator().manual_seed(0))
    assert x.dtype == torch.float32
    assert x.min() >= 0
    assert x.max() <= 1
    model.log_prob(x)  # which refuses what is no image
    given = torch.full((1, 1, 4, 4), torch.nan)
    given[..., 0, :] = torch.tensor([0.0, 0.25, 0.5, 1.0])
    completed = model.sample(6, given, torch.Generator().manual_seed(0))
    assert torch.equal(completed[..., 0, :], given[..., 0, :].expand(6, 1, 4))
    assert len(completed.unique(dim=0)) == 6


def test_bad_requests_are_refused_in_a_sentence():
    for sizes in (dict(n_hidden=0), dict(n_components=0), dict(event_shape=(1, 0, 2))):
        with pytest.raises(ValueError, match="at least 1"):
            RNADE(**sizes)
    model = RNADE((1, 1, 3), 4, 2)
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        model.log_prob(torch.full((1, 1, 1, 3), 1.5))
    with pytest.raises(ValueError, match="At most 2 of the 3 dimensions"):
        model.conditional(torch.zeros(1, 3))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        model.conditional(torch.full((1, 1), torch.nan))
    with pytest.raises(ValueError, match="Only two dimensions make a plane, not 3"):
        model.density_on_grid(5)
    with pytest.raises(ValueError, match="at least 1 cell a side, not 0"):
        RNADE().density_on_grid(0)


def mixture(K: int = 4, seed: int = 0) -> TruncatedGaussianMixture:
    torch.manual_seed(seed)
    loc = torch.tensor([0.0, 0.3, 0.9, 1.0])[:K].expand(5, K).double()
    scale = 0.01 + 0.3 * torch.rand(5, K, dtype=torch.float64)
    return TruncatedGaussianMixture(torch.randn(5, K, dtype=torch.float64), loc, scale)


def test_a_mixture_is_the_derivative_of_its_cdf_and_sums_to_one():
    p = mixture()
    ends = torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64)
    assert p.cdf(ends[0]).abs().max() < 1e-15
    torch.testing.assert_close(p.cdf(ends[1]), ends[1], rtol=0, atol=1e-14)
    assert p.weights.sum(-1).sub(1).abs().max() < 1e-14
    for t in (0.001, 0.31, 0.77, 0.999):
        value = torch.full((5,), t, dtype=torch.float64, requires_grad=True)
        (slope,) = torch.autograd.grad(p.cdf(value).sum(), value)
        torch.testing.assert_close(p.log_prob(value).exp(), slope, rtol=1e-9, atol=1e-12)
        components = p.component_log_probs(value).exp().sum(-1)
        torch.testing.assert_close(components, slope, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_draw_is_the_inverse_cdf_of_its_noise(dtype):
    p = mixture()
    p = TruncatedGaussianMixture(p.log_weights.to(dtype), p.loc.to(dtype), p.scale.to(dtype))
    u = torch.tensor([0.0, 1e-4, 0.3, 0.5, 1 - 1e-4], dtype=dtype)
    x = draw(p, u)
    assert x.dtype == dtype
    assert ((x >= 0) & (x <= 1)).all()
    tolerance = 4 * torch.finfo(dtype).eps * p.log_prob(x).exp().clamp(min=1)
    assert ((p.cdf(x) - u).abs() < tolerance).all()
    assert (draw(p, u + 1e-3) > x).all(), "more noise, a larger value"


def test_of_one_wide_component_little_is_cut_off():
    """Where nothing is lost it is torch's Gaussian; at the edge it is twice as dense."""
    center = torch.tensor([[0.5], [0.0]], dtype=torch.float64)
    p = TruncatedGaussianMixture(torch.zeros_like(center), center, torch.full_like(center, 0.05))
    value = torch.tensor([0.52, 0.02], dtype=torch.float64)
    expected = Normal(center[:, 0], 0.05).log_prob(value) + torch.tensor(
        [0.0, math.log(2)], dtype=torch.float64
    )
    torch.testing.assert_close(p.log_prob(value), expected, rtol=0, atol=1e-12)
