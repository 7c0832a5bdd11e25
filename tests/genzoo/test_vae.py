from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import kl_divergence

from genzoo.data import Batch
from genzoo.metrics import active_latents, elbo_split, importance_weighted_bound
from genzoo.models import ELBO, VAE, ImportanceWeighted
from genzoo.nn.distributions import DiscretizedLogistic
from genzoo.objectives import Progress, Update

GRAYS = torch.arange(256, dtype=torch.float64) / 255


def vae(
    n_latent: int = 3, likelihood: str = "bernoulli", seed: int = 0, scale: float = 1.0
) -> VAE:
    """A tiny one in float64; `scale` stretches its weights, so that z matters."""
    torch.manual_seed(seed)
    model = VAE((1, 4, 8), n_latent, width=3, n_hidden=6, likelihood=likelihood).double()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn_like(p), alpha=0.1).mul_(scale)
    return model.requires_grad_(False).eval()


def images(n: int, likelihood: str = "bernoulli", seed: int = 1) -> Tensor:
    gray = torch.rand(n, 1, 4, 8, generator=torch.Generator().manual_seed(seed)).double()
    return (gray > 0.6).double() if likelihood == "bernoulli" else (255 * gray).round() / 255


def exact_log_prob(model: VAE, x: Tensor) -> Tensor:
    """log p(x) of a VAE with one latent, by quadrature over it."""
    z = torch.linspace(-10, 10, 8001, dtype=torch.float64)
    p = model.decode(z.view(-1, 1))
    joint = [
        model.prior().log_prob(z) + p.log_prob(image.expand(len(z), 1, 4, 8)).flatten(1).sum(1)
        for image in x
    ]
    return torch.logsumexp(torch.stack(joint), dim=1) + math.log(20 / 8000)


def test_kl_equals_its_monte_carlo_estimate():
    model = vae()
    x = images(2)
    _, kl = model.elbo_terms(x, torch.zeros(2, 3, dtype=torch.float64))
    q, prior = model.encode(x), model.prior()
    torch.manual_seed(0)
    z = q.sample((100_000,))
    estimates = q.log_prob(z) - prior.log_prob(z)
    error = estimates.std(0) / math.sqrt(len(z))
    assert kl.shape == (2, 3)
    assert ((estimates.mean(0) - kl).abs() < 5 * error).all()
    by_hand = 0.5 * (q.loc**2 + q.scale**2 - 1) - q.scale.log()
    torch.testing.assert_close(kl, by_hand)


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic"])
def test_bounds_tighten_from_the_elbo_to_the_truth(likelihood):
    model = vae(n_latent=1, likelihood=likelihood, scale=1.5)
    x = images(3, likelihood)
    truth = exact_log_prob(model, x)

    def bound(k: int, n_seeds: int) -> Tensor:
        values = [importance_weighted_bound(model, x, k, seed=s) for s in range(n_seeds)]
        return torch.stack(values).mean(0)

    many = 4000
    eps = torch.randn(many, 1, generator=torch.Generator().manual_seed(0)).double()
    terms = [model.elbo_terms(image.expand(many, 1, 4, 8), eps) for image in x]
    elbo = torch.stack([(reconstruction - kl.sum(1)).mean() for reconstruction, kl in terms])
    one, ten = bound(1, 1000), bound(10, 300)
    assert (elbo < truth).all()
    torch.testing.assert_close(one, elbo, rtol=0, atol=float(0.2 * (truth - elbo).min() + 0.05))
    assert (elbo < ten).all()
    assert (ten < truth + 0.02).all()
    torch.testing.assert_close(bound(20_000, 1), truth, rtol=0, atol=0.05)


def test_the_bound_does_not_depend_on_how_it_is_cut_in_passes():
    model, x = vae(), images(3)
    whole = importance_weighted_bound(model, x, 12, decode_batch=1000)
    parts = importance_weighted_bound(model, x, 12, decode_batch=15)
    torch.testing.assert_close(whole, parts, rtol=1e-12, atol=0)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        importance_weighted_bound(model, x, 0)


def test_the_split_of_the_elbo_is_the_models():
    model, x = vae(), images(5)
    reconstruction, kl = elbo_split(model, x, seed=3)
    assert reconstruction.shape == (5,)
    torch.testing.assert_close(kl, kl_divergence(model.encode(x), model.prior()))
    estimates = torch.stack([elbo_split(model, x, seed=s)[0] for s in range(400)])
    eps = torch.randn(400, 5, 3, generator=torch.Generator().manual_seed(9)).double()
    direct = torch.stack([model.elbo_terms(x, e)[0] for e in eps])
    error = (estimates.var(0) + direct.var(0)).sqrt() / 20
    assert ((estimates.mean(0) - direct.mean(0)).abs() < 5 * error).all()


def test_active_latents_are_those_that_carry_something():
    kl = torch.tensor([[0.0, 2.0, 0.015], [0.0, 0.0, 0.001]])
    assert active_latents(kl).tolist() == [False, True, False]
    assert active_latents(kl, threshold=0.005).tolist() == [False, True, True]


class Loss(Update):
    """Keeps the losses it is given, and moves nothing."""

    def __init__(self) -> None:
        super().__init__({})
        self.losses: list[float] = []

    def __call__(self, who: str, loss: Tensor) -> None:
        self.losses.append(float(loss))


def loss_of(objective, x: Tensor, seed: int = 0) -> float:
    update = Loss()
    batch = Batch(x.float(), torch.zeros(len(x), dtype=torch.long))
    objective.step(batch, update, Progress(0, 0, 1000, seed=seed))
    return update.losses[0]


def test_beta_prices_the_kl_and_free_bits_forgive_it():
    model, x = vae().float(), images(40).float()
    eps = Progress(0, 0, 1000, seed=0).randn(40, 3)
    reconstruction, kl = model.elbo_terms(x, eps)
    assert loss_of(ELBO(model, 0.1), x) == pytest.approx(
        float(kl.sum(1).mean() - reconstruction.mean()), rel=1e-5
    )
    assert loss_of(ELBO(model, 0.1, beta=4.0), x) == pytest.approx(
        float(4 * kl.sum(1).mean() - reconstruction.mean()), rel=1e-5
    )
    spent = kl.mean(0)
    free = float(spent.median())  # one latent below, one above
    expected = spent.clamp(min=free).sum() - reconstruction.mean()
    assert loss_of(ELBO(model, 0.1, free_bits=free), x) == pytest.approx(float(expected), rel=1e-5)
    assert float(expected) > float(spent.sum() - reconstruction.mean())


def test_the_importance_weighted_objective_is_the_bound_that_is_measured():
    model, x = vae(), images(3)
    eps = torch.randn(3, 5, 3, generator=torch.Generator().manual_seed(4)).double()
    log_w = model.log_weights(x, eps)
    for i in range(3):
        q, prior = model.encode(x[i : i + 1]), model.prior()
        for j in range(5):
            z = q.loc + q.scale * eps[i, j]
            log_p = model.decode(z).log_prob(x[i : i + 1]).sum()
            expected = log_p + prior.log_prob(z).sum() - q.log_prob(z).sum()
            torch.testing.assert_close(log_w[i, j], expected, rtol=1e-10, atol=1e-10)

    single, x = vae().float(), images(20).float()
    one = loss_of(ImportanceWeighted(single, 0.1, k=1), x)
    values = [loss_of(ImportanceWeighted(single, 0.1, k=10), x, seed=s) for s in range(200)]
    measured = [
        -float(importance_weighted_bound(single, x, 10, seed=s).mean()) for s in range(200)
    ]
    ours, theirs = torch.tensor(values), torch.tensor(measured)
    error = ((ours.var() + theirs.var()) / 200).sqrt()
    assert abs(float(ours.mean() - theirs.mean())) < 5 * float(error)
    assert float(ours.mean()) < one


@pytest.mark.parametrize("change", [dict(beta=-1.0), dict(free_bits=math.inf)])
def test_objectives_that_cannot_be_are_refused(change):
    with pytest.raises(ValueError, match="at least 0 and finite"):
        ELBO(vae(), 0.1, **change)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        ImportanceWeighted(vae(), 0.1, k=0)


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic"])
def test_an_image_does_not_depend_on_the_rest_of_its_batch(likelihood):
    model, x = vae(likelihood=likelihood), images(6, likelihood)
    q = model.encode(x)
    p = model.decode(q.loc)
    for i in range(6):
        alone = model.encode(x[i : i + 1])
        torch.testing.assert_close(alone.loc[0], q.loc[i], rtol=1e-10, atol=1e-12)
        torch.testing.assert_close(alone.scale[0], q.scale[i], rtol=1e-10, atol=1e-12)
        decoded = model.decode(alone.loc)
        torch.testing.assert_close(decoded.mean[0], p.mean[i], rtol=1e-10, atol=1e-12)
    assert not torch.allclose(p.mean[0], p.mean[1])


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic"])
def test_pictures_lie_in_the_unit_interval_even_far_from_the_prior(likelihood):
    model = vae(likelihood=likelihood, scale=3.0)
    z = 30 * torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).double()
    p = model.decode(z)
    assert p.mean.shape == (200, 1, 4, 8)
    assert p.mean.min() >= 0
    assert p.mean.max() <= 1
    assert p.mean.max() - p.mean.min() > 0.5
    x = p.sample()
    assert x.min() >= 0
    assert x.max() <= 1


@pytest.mark.parametrize(
    ("x", "likelihood", "sentence"),
    [
        (torch.full((1, 1, 4, 8), 0.5), "bernoulli", "must be 0 or 1"),
        (torch.full((1, 1, 4, 8), torch.nan), "logistic", "without NaN"),
        (torch.full((1, 1, 4, 8), -0.1), "logistic", r"in \[0, 1\]"),
        (torch.zeros(1, 1, 8, 4), "logistic", r"must have shape \(B, 1, 4, 8\)"),
        (torch.zeros(1, 1, 4, 8, dtype=torch.int32), "logistic", "float tensor"),
    ],
)
def test_bad_images_are_refused(x, likelihood, sentence):
    model = VAE((1, 4, 8), 2, width=2, n_hidden=4, likelihood=likelihood)
    with pytest.raises(ValueError, match=sentence):
        model.encode(x)


@pytest.mark.parametrize("shape", [(3,), (1, 2), (1, 3, 1)])
def test_bad_latents_are_refused(shape):
    with pytest.raises(ValueError, match=r"must have shape \(B, 3\)"):
        vae().decode(torch.zeros(shape, dtype=torch.float64))


@pytest.mark.parametrize(
    ("kwargs", "sentence"),
    [
        (dict(event_shape=(1, 6, 8)), "multiples of four, not 6 and 8"),
        (dict(event_shape=(28, 28)), "channels, height, width"),
        (dict(likelihood="gauss"), "there are: bernoulli, logistic"),
        (dict(n_latent=0), "at least 1"),
    ],
)
def test_a_vae_that_cannot_be_is_refused(kwargs, sentence):
    with pytest.raises(ValueError, match=sentence):
        VAE(**kwargs)


class TestDiscretizedLogistic:
    LOC = torch.tensor([-2.0, -0.01, 0.0, 0.3, 0.5, 1.0, 1.7], dtype=torch.float64)
    LOG_SCALE = torch.tensor([-7.0, -5.0, -3.0, -1.0, 1.0], dtype=torch.float64)

    def grid(self) -> DiscretizedLogistic:
        loc, log_scale = torch.meshgrid(self.LOC, self.LOG_SCALE, indexing="ij")
        return DiscretizedLogistic(loc, log_scale)

    def test_the_256_values_sum_to_one(self):
        p = self.grid()
        total = sum(p.log_prob(x.expand(p.loc.shape)).exp() for x in GRAYS)
        torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-10)

    def test_each_value_is_a_difference_of_the_cdf(self):
        p = self.grid()
        for k, x in enumerate(GRAYS):
            scale = p.log_scale.exp()
            upper = torch.sigmoid((x + 0.5 / 255 - p.loc) / scale) if k < 255 else 1.0
            lower = torch.sigmoid((x - 0.5 / 255 - p.loc) / scale) if k > 0 else 0.0
            torch.testing.assert_close(
                p.log_prob(x.expand(p.loc.shape)).exp(), upper - lower, rtol=1e-9, atol=1e-13
            )

    def test_the_mean_is_that_of_the_256_values(self):
        p = self.grid()
        expected = sum(x * p.log_prob(x.expand(p.loc.shape)).exp() for x in GRAYS)
        torch.testing.assert_close(p.mean, expected, rtol=0, atol=1e-12)
        assert float((p.mean - p.median).abs().max()) > 0.3, "they are not the same thing"

    def test_the_median_has_half_of_the_mass_on_either_side(self):
        p = self.grid()
        mass = torch.stack([p.log_prob(x.expand(p.loc.shape)).exp() for x in GRAYS])
        k = (mass.cumsum(0) < 0.5).sum(0)
        torch.testing.assert_close(p.median, k.double() / 255, rtol=0, atol=0.5 / 255 + 1e-12)

    @pytest.mark.parametrize("x", [0.0, 1 / 255, 100 / 255, 254 / 255, 1.0])
    def test_value_and_gradient_are_finite_far_from_the_center(self, x):
        loc = torch.tensor([-20.0, -1.0, 0.0, 0.5, 1.0, 20.0], requires_grad=True)
        log_scale = torch.full((6,), -7.0, requires_grad=True)
        l = DiscretizedLogistic(loc, log_scale).log_prob(torch.full((6,), x))
        d_loc, d_log_scale = torch.autograd.grad(l.sum(), (loc, log_scale))
        assert l.isfinite().all()
        assert d_loc.isfinite().all()
        assert d_log_scale.isfinite().all()
        if 0 < x < 1:  # too low a center is pushed up, too high a one down
            assert d_loc[0] > 100
            assert d_loc[-1] < -100

    def test_samples_follow_the_density(self, statistics):
        n = 40_000
        loc, log_scale = torch.tensor(0.1).double(), torch.tensor(-2.5).double()
        p = DiscretizedLogistic(loc, log_scale)
        torch.manual_seed(0)
        x = DiscretizedLogistic(loc.expand(n), log_scale.expand(n)).sample()
        counts = torch.bincount((255 * x).round().long(), minlength=256)
        assert statistics.chi_square_z(counts, p.log_prob(GRAYS).exp()) < 5
