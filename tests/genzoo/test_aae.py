from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.data import Batch
from genzoo.metrics.samples import energy_distance, energy_test, outliers
from genzoo.models import AAE, AdversarialAutoencoding
from genzoo.models.aae import ENCODERS, PRIORS, log_prior, prior_of, spine
from genzoo.objectives import Progress, Update
from genzoo.roles import autoencoder
from genzoo.roles.autoencoder import prior_draws, prior_metrics
from tests.genzoo.binary_images import binary


def aae(prior: str = "ring", q: str = "gaussian", seed: int = 0) -> AAE:
    torch.manual_seed(seed)
    return AAE((1, 8, 8), prior=prior, q=q, width=2, n_blocks=1, n_hidden=8)


def batch_of(n: int, seed: int = 0) -> Batch:
    return Batch(binary(n, 1, 8, 8, seed=seed).float(), torch.arange(n) % 10)


def moved(before: dict[str, Tensor], objective: AdversarialAutoencoding) -> set[str]:
    """Which of encoder, decoder and discriminator have changed."""
    after = objective.state_dict()
    changed = {name for name in after if not torch.equal(after[name], before[name])}
    return {
        part
        for part in ("encoder", "decoder", "discriminator")
        if any(part in name.split(".") for name in changed)
    }


class Recording(Update):
    """Notes which parts each update moves."""

    def __init__(self, objective: AdversarialAutoencoding):
        super().__init__(objective.optimizers())
        self.objective = objective
        self.seen: list[tuple[str, set[str]]] = []

    def __call__(self, who: str, loss: Tensor) -> None:
        before = {k: v.clone() for k, v in self.objective.state_dict().items()}
        super().__call__(who, loss)
        self.seen.append((who, moved(before, self.objective)))


@pytest.mark.parametrize("q", ENCODERS)
def test_each_update_moves_only_its_own(q):
    objective = AdversarialAutoencoding(
        aae(q=q), lr=0.01, lr_discriminator=0.01, weight=3.0, n_labels=10
    )
    update = Recording(objective)
    objective.step(batch_of(20), update, Progress(0, 0, 1000, seed=0))
    assert update.seen == [
        ("discriminator", {"discriminator"}),
        ("autoencoder", {"encoder", "decoder"}),
    ]


def test_the_third_step_moves_the_encoder_alone():
    """By the gradient of what it adds to the first."""

    def gradients(weight: float) -> dict[str, Tensor]:
        objective = AdversarialAutoencoding(
            aae(), lr=0.0, lr_discriminator=0.0, weight=weight, n_labels=10
        )
        objective.step(
            batch_of(20), Update(objective.optimizers()), Progress(0, 1000, 1000, seed=0)
        )
        return {name: p.grad for name, p in objective.model.named_parameters()}

    with_it, without = gradients(50.0), gradients(0.0)
    moved = {
        name
        for name, gradient in without.items()
        if not torch.allclose(with_it[name], gradient, rtol=1e-4, atol=1e-6)
    }
    assert {name.split(".")[0] for name in moved} == {"encoder"}


def test_the_losses_are_those_of_the_paper():
    """Of a step that moves nothing, with D written out."""
    objective = AdversarialAutoencoding(
        aae(), lr=0.0, lr_discriminator=0.0, weight=3.0, n_labels=10
    )
    batch = batch_of(30)
    report = objective.step(batch, Update(objective.optimizers()), Progress(5, 0, 1000, seed=3))

    noise = Progress(5, 0, 1000, seed=3)
    eps, normal, uniform = noise.randn(30, 2), noise.randn(30, 2), noise.rand(30, 2)
    with torch.no_grad():
        z = objective.model.encode(batch.x, eps)
        p = torch.sigmoid(objective.model.decoder(z))
        log_p = (batch.x * p.log() + (1 - batch.x) * (1 - p).log()).sum((1, 2, 3))
        real = prior_of("ring", normal, uniform, batch.label)
        told = F.one_hot(batch.label, 10).float()
        D_real, D_fake = (
            torch.sigmoid(objective.discriminator(torch.cat([v, told], 1))) for v in (real, z)
        )
    assert float(report["reconstruction"]) == pytest.approx(-float(log_p.mean()), rel=1e-5)
    expected = -D_real.log().mean() - (1 - D_fake).log().mean()
    assert float(report["discriminator"]) == pytest.approx(float(expected), rel=1e-5)
    assert float(report["adversarial"]) == pytest.approx(-float(D_fake.log().mean()), rel=1e-5)


def test_training_draws_the_codes_to_the_prior():
    """Codes that start as a far small heap end where the two-sample test finds little to tell."""
    torch.manual_seed(0)
    model = AAE((1, 8, 8), prior="gaussian", q="deterministic", width=2, n_blocks=0, n_hidden=32)
    objective = AdversarialAutoencoding(
        model, lr=0.003, lr_discriminator=0.003, weight=10.0, n_hidden=64
    )
    update = Update(objective.optimizers())

    def distance() -> float:
        x = batch_of(400, seed=999).x
        generator = torch.Generator().manual_seed(0)
        with torch.inference_mode():
            z = model.encode(x, torch.randn(400, 2, generator=generator))
        return energy_distance(z, model.draw_z(400, generator))

    before = distance()
    for step in range(400):
        objective.step(batch_of(64, seed=step), update, Progress(step, 400, 400, seed=0))
    assert before > 0.3
    after = distance()
    assert after < before / 5, (before, after)


def test_a_deterministic_encoder_heeds_no_noise_and_a_gaussian_one_does():
    x = batch_of(5).x
    eps = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    certain, uncertain = aae(q="deterministic"), aae(q="gaussian")
    assert torch.equal(certain.encode(x, eps), certain.encode(x))
    draws = torch.stack([uncertain.encode(x, e * eps) for e in (-1.0, 0.0, 1.0)])
    torch.testing.assert_close(draws[1], uncertain.encode(x))
    torch.testing.assert_close(draws[2] - draws[1], draws[1] - draws[0])
    assert (draws[2] != draws[1]).all()


@pytest.mark.parametrize("prior", PRIORS)
def test_a_prior_is_drawn_by_its_noise_and_the_generator(prior):
    model = aae(prior)
    z = model.draw_z(500, torch.Generator().manual_seed(0))
    assert z.shape == (500, 2)
    assert torch.equal(z, model.draw_z(500, torch.Generator().manual_seed(0)))
    assert not torch.equal(z, model.draw_z(500, torch.Generator().manual_seed(1)))
    again = model.draw_z(500, torch.Generator().manual_seed(2))
    assert energy_test(z, again, 99, 9, torch.Generator().manual_seed(0)).p > 0.05


def test_the_parts_of_the_ring_are_ten_petals():
    part = torch.arange(10).repeat_interleave(400)
    z = aae("ring").draw_z(4000, torch.Generator().manual_seed(0), part)
    angle = torch.atan2(z[:, 1], z[:, 0]) % (2 * math.pi)
    nearest = (angle * 10 / (2 * math.pi)).round() % 10
    assert (nearest == part).float().mean() > 0.99
    assert z.norm(dim=1).mean() == pytest.approx(2, abs=0.05)


def test_the_parts_of_the_roll_follow_each_other_along_it():
    part = torch.arange(10).repeat_interleave(200)
    z = aae("swiss roll").draw_z(2000, torch.Generator().manual_seed(0), part)
    r = z.norm(dim=1).view(10, 200).mean(1)
    assert (r.diff() > 0.1).all()
    whole = aae("swiss roll").draw_z(2000, torch.Generator().manual_seed(1))
    assert energy_test(z, whole, 99, 9, torch.Generator().manual_seed(0)).p > 0.05


def test_pictures_are_means_in_range():
    model = aae()
    x = model.generate(model.draw_z(7, torch.Generator().manual_seed(0)))
    assert x.shape == (7, 1, 8, 8)
    assert x.min() > 0
    assert x.max() < 1


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (8, 8)}, "channels, height, width"),
        ({"event_shape": (1, 6, 8)}, "multiples of four, not 6 and 8"),
        ({"prior": "torus"}, "Unknown prior 'torus'; there are: gaussian, ring, swiss roll"),
        ({"prior": "ring", "n_latent": 3}, "lies in the plane; n_latent is 3"),
        ({"q": "uniform"}, "Unknown encoder 'uniform'; there are: deterministic, gaussian"),
        ({"n_latent": 0}, "at least 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        AAE(**{"event_shape": (1, 8, 8), **change})


def test_bad_requests_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"\(B, 2\), not \(1, 3\)"):
        aae().decode(torch.zeros(1, 3))
    with pytest.raises(ValueError, match="must be 0 or 1"):
        aae().encode(torch.full((1, 1, 8, 8), 0.5))
    with pytest.raises(ValueError, match="labels must be 0 or 10, not 3"):
        AdversarialAutoencoding(aae(), 0.1, 0.1, 1.0, n_labels=3)
    with pytest.raises(ValueError, match="at least 0 and finite, not -1"):
        AdversarialAutoencoding(aae(), 0.1, 0.1, weight=-1.0)
    with pytest.raises(ValueError, match="no parts"):
        AdversarialAutoencoding(aae("gaussian"), 0.1, 0.1, 1.0, n_labels=10)


@pytest.mark.parametrize("name", PRIORS)
def test_the_density_of_a_prior_is_that_of_its_draws(name):
    """It integrates to one, and the mean of its logarithm over draws is minus its entropy."""
    axis = torch.linspace(-6, 6, 201)
    z = torch.cartesian_prod(axis, axis)
    log_p = torch.cat([log_prior(name, few) for few in z.split(20_000)]).double()
    cell = float(axis[1] - axis[0]) ** 2
    assert float(log_p.exp().sum()) * cell == pytest.approx(1, abs=1e-3)
    entropy = -float(torch.special.xlogy(log_p.exp(), log_p.exp()).sum()) * cell
    generator = torch.Generator().manual_seed(0)
    n = 20_000
    drawn = prior_of(
        name, torch.randn(n, 2, generator=generator), torch.rand(n, 2, generator=generator)
    )
    log_q = torch.cat([log_prior(name, few) for few in drawn.split(5000)])
    assert float(-log_q.mean()) == pytest.approx(entropy, abs=0.03)


@pytest.mark.parametrize("name", PRIORS)
def test_the_spine_goes_through_the_shape_and_is_closed_for_the_ring(name):
    z = spine(name, torch.linspace(0, 1, 501))
    generator = torch.Generator().manual_seed(0)
    drawn = prior_of(
        name, torch.randn(2000, 2, generator=generator), torch.rand(2000, 2, generator=generator)
    )
    far = torch.cdist(drawn, z).amin(1).median()
    assert float(far) < {"gaussian": 0.8, "ring": 0.4, "swiss roll": 0.1}[name]
    assert torch.allclose(z[0], z[-1], atol=1e-5) == (name == "ring")
    assert float((z[1:] - z[:-1]).norm(dim=1).max()) < 0.1  # in one piece


@pytest.mark.parametrize("name", PRIORS)
def test_codes_truly_of_the_prior_are_as_often_off_it_as_chance_has_it(name):
    model = aae(name)
    draws, fresh = prior_draws(model.draw_z, 500)
    assert (len(draws), len(fresh)) == (10_000, 10_000)
    again, _ = prior_draws(model.draw_z, 500)
    assert torch.equal(draws, again)
    codes = model.draw_z(5000, torch.Generator().manual_seed(3))
    share = float(outliers(codes, draws, fresh).mean())
    assert share == pytest.approx(0.01, abs=0.005)  # its standard deviation is 0.0014


def test_thirty_codes_off_the_swiss_roll_may_be_overlooked_by_the_test_and_are_counted(
    monkeypatch,
):
    """Half of them between the turns of its arm, half beyond its end."""
    monkeypatch.setattr(autoencoder, "N_PERMUTATIONS", 99)
    model = aae("swiss roll")
    turn = 2 * math.pi * torch.linspace(0, 1, 15)
    between = spine("swiss roll", torch.linspace(0.45, 0.75, 15)) * 1.2
    beyond = 3.1 * torch.stack([turn.cos(), turn.sin()], 1)
    ps, shares = [], []
    for seed in (4, 6, 8):
        codes = model.draw_z(1000, torch.Generator().manual_seed(seed))
        codes[:30] = torch.cat([between, beyond])
        found = {m.name: m for m in prior_metrics(codes, model.draw_z, "a setting")}
        ps.append(found["prior_p_value"].value)
        shares.append(found["off_prior"].value)
        assert found["off_prior"].low > 2 > 1
    assert sorted(ps)[1] > 0.05
    assert sum(shares) / 3 == pytest.approx(4, abs=0.7)  # 3 %, and 1 % of all others
    assert outliers(codes[:30], *prior_draws(model.draw_z, 1000)).all()


@pytest.mark.parametrize("name", PRIORS)
def test_the_bound_lies_below_log_p_and_reaches_it(name):
    """log p(x) by a sum over a fine grid of codes; the encoder's Gaussian is any density."""
    model = aae(name, seed=1).requires_grad_(False)
    x = batch_of(3).x
    axis = torch.linspace(-5, 5, 401)
    z = torch.cartesian_prod(axis, axis)
    log_p = torch.cat([log_prior(name, few) for few in z.split(20_000)]).double()
    log_x = torch.stack(
        [
            torch.cat([model.decode(few).log_prob(one).flatten(1).sum(1) for few in z.split(5000)])
            for one in x
        ]
    )
    exact = torch.logsumexp(log_x.double() + log_p, 1) + 2 * math.log(float(axis[1] - axis[0]))
    many, few = model.bound(x, 20_000), model.bound(x.repeat(300, 1, 1, 1), 1)
    assert few is not None
    assert many is not None
    assert (many > few.view(300, 3).mean(0)).all()  # one sample alone may lie above
    assert many.tolist() == pytest.approx(exact.tolist(), abs=0.15)
    assert model.log_likelihood(x, 5).tolist() == pytest.approx(
        [float(model.bound(one, 5)) for one in x.split(1)]  # type: ignore[arg-type]
    )


def test_a_deterministic_encoder_gives_no_bound():
    model = aae(q="deterministic")
    assert model.bound(batch_of(2).x, 3) is None
    with pytest.raises(TypeError, match=r"p\(x\) is not known"):
        model.log_likelihood(batch_of(2).x, 3)
    eight = AAE((1, 8, 8), n_latent=5, q="gaussian", width=2, n_blocks=1, n_hidden=8)
    z = torch.randn(4, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.distributions.Normal(0, 1).log_prob(z).sum(1)
    torch.testing.assert_close(eight.log_prior(z), expected)
