from __future__ import annotations

import pytest
import torch
from torch.distributions import Bernoulli, Gamma, Normal

from genzoo import models, recipes
from genzoo.metrics import importance_weighted_bound
from genzoo.models import AAE, NADE, VAE
from genzoo.nn.distributions import DiscretizedLogistic
from genzoo.roles import Generative, Model, check_images, draw, picture_of


def test_images_of_the_right_kind_pass():
    check_images(torch.rand(2, 1, 3, 3), (1, 3, 3))
    check_images(torch.rand(0, 1, 3, 3), (1, 3, 3))
    check_images(torch.ones(2, 1, 3, 3), (1, 3, 3), binary=True)


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        ([[0.0]], r"float tensor of shape \(B, 1, 3, 3\), not list"),
        (torch.zeros(1, 1, 3, 3).long(), "not torch.int64"),
        (torch.zeros(1, 3, 3), r"must have shape \(B, 1, 3, 3\), not \(1, 3, 3\)"),
        (torch.full((1, 1, 3, 3), 1.01), r"must lie in \[0, 1\]"),
        (torch.full((1, 1, 3, 3), torch.nan), "without NaN"),
        (torch.full((1, 1, 3, 3), torch.inf), r"must lie in \[0, 1\]"),
    ],
)
def test_other_images_are_refused_in_a_sentence(x, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_images(x, (1, 3, 3))


def test_a_draw_is_a_function_of_its_noise():
    p = Bernoulli(probs=torch.tensor([0.0, 0.25, 0.25, 1.0]))
    assert draw(p, torch.tensor([0.0, 0.2, 0.3, 0.999])).tolist() == [0, 1, 0, 1]
    assert draw(Normal(3.0, 1.0), torch.tensor([0.5, 0.8413447])).tolist() == pytest.approx([3, 4])
    with pytest.raises(TypeError, match="Gamma"):
        draw(Gamma(1.0, 1.0), torch.tensor(0.5))


@pytest.mark.parametrize(
    "model",
    [NADE((1, 8, 8), n_hidden=3), VAE((1, 8, 8), n_latent=2, width=2, n_hidden=4)],
    ids=lambda model: type(model).__name__,
)
def test_pictures_are_images_and_follow_their_generator(model):
    x = model.pictures(5, generator=torch.Generator().manual_seed(0))
    assert x.shape == (5, 1, 8, 8)
    assert x.dtype == torch.float32
    assert x.min() >= 0
    assert x.max() <= 1
    assert torch.equal(x, model.pictures(5, generator=torch.Generator().manual_seed(0)))
    assert not torch.equal(x, model.pictures(5, generator=torch.Generator().manual_seed(1)))


def test_the_picture_is_the_mean_or_a_discretized_logistics_median():
    coin = Bernoulli(probs=torch.tensor([0.2, 0.7]))
    assert torch.equal(picture_of(coin), coin.mean)
    wide = DiscretizedLogistic(torch.tensor([-0.1, 0.1, 1.2]), torch.zeros(3))
    torch.testing.assert_close(picture_of(wide), torch.tensor([0.0, 0.1, 1.0]), rtol=0, atol=0)
    torch.manual_seed(0)
    model = VAE((1, 8, 8), n_latent=2, width=2, n_hidden=4, likelihood="logistic")
    z = torch.randn(5, 2, generator=torch.Generator().manual_seed(3))
    shown = model.pictures(5, generator=torch.Generator().manual_seed(3))
    assert torch.equal(shown, model.decode(z).loc.clamp(0, 1))


GENERATIVE = [name for name in recipes.names() if issubclass(recipes.get(name).model, Generative)]


@pytest.mark.parametrize(
    "name", {recipes.get(name).model: name for name in GENERATIVE}.values(), ids=str
)
def test_every_generator_samples_images_by_a_seed(name):
    recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
    torch.manual_seed(0)
    model = recipe.build_model()
    seeds = [torch.Generator().manual_seed(seed) for seed in (0, 0, 1)]
    first, again, other = (model.sample(3, generator=generator) for generator in seeds)
    assert first.shape == (3, *model.event_shape)
    assert first.dtype == torch.float32
    assert not first.requires_grad
    assert 0 <= first.min() <= first.max() <= 1
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    with pytest.raises(ValueError, match="number of samples must be at least 1, not 0"):
        model.sample(0)
    if model.pictures_are_samples:
        pictures = model.pictures(3, generator=torch.Generator().manual_seed(0))
        assert torch.equal(first, pictures)


@pytest.mark.parametrize("likelihood", ["bernoulli", "logistic", "aae"])
def test_a_sample_is_drawn_from_the_pixels_own_distribution(likelihood):
    torch.manual_seed(0)
    sizes = dict(n_latent=2, width=2, n_hidden=4)
    kinds = {"aae": lambda: AAE((1, 8, 8), prior="ring", **sizes)}
    model = kinds.get(likelihood, lambda: VAE((1, 8, 8), likelihood=likelihood, **sizes))()
    generator = torch.Generator().manual_seed(3)
    z = model.draw_z(7, generator)
    expected = draw(model.decode(z), torch.rand(7, 1, 8, 8, generator=generator))
    x = model.sample(7, generator=torch.Generator().manual_seed(3))
    assert torch.equal(x, expected)
    torch.testing.assert_close(255 * x, (255 * x).round())
    assert (len(x.unique()) == 2) == (likelihood != "logistic")
    means = model.pictures(7, generator=torch.Generator().manual_seed(3))
    assert torch.equal(means, picture_of(model.decode(z)))
    assert not torch.equal(means, x)


def test_draws_of_a_discretized_logistic_have_its_masses():
    p = DiscretizedLogistic(torch.tensor([0.4]), torch.tensor([-2.5]))
    n = 200_000
    gray = (255 * draw(p, (torch.arange(n).double() + 0.5) / n)).round().long()
    shares = gray.bincount(minlength=256) / n
    masses = p.log_prob(torch.arange(256.0) / 255).exp()
    torch.testing.assert_close(shares.to(masses), masses, rtol=0, atol=2e-5)


def test_a_likelihood_is_exact_or_a_bound_or_refused():
    torch.manual_seed(0)
    x = (torch.rand(3, 1, 8, 8) < 0.5).float()
    nade, vae = NADE((1, 8, 8), n_hidden=3), VAE((1, 8, 8), n_latent=2, width=2, n_hidden=4)
    assert torch.equal(nade.log_likelihood(x, 5), nade.log_prob(x))
    bounds = [importance_weighted_bound(vae, x[k : k + 1], 5) for k in range(3)]
    assert torch.equal(vae.log_likelihood(x, 5), torch.cat(bounds))
    with pytest.raises(TypeError, match=r"AAE generates images .*: p\(x\) is not known"):
        AAE((1, 8, 8), n_latent=2, width=2, n_hidden=4).log_likelihood(x, 5)


def test_a_drawing_ends_in_the_picture():
    for model in (NADE((1, 4, 4), n_hidden=3), AAE((1, 4, 4), width=2, n_hidden=4)):
        picture = model.pictures(2, generator=torch.Generator().manual_seed(0))
        steps = [x.clone() for x in model.drawing(2, torch.Generator().manual_seed(0))]
        assert len(steps) == (16 if model.completes else 1)
        assert torch.equal(steps[-1], picture)


def test_a_model_fills_in_what_is_abstract_and_overrides_nothing_else():
    classes = [one for one in vars(models).values() if isinstance(one, type)]
    found = [one for one in classes if issubclass(one, Model)]
    assert len(found) > 15
    for one in found:
        own = [base for base in one.__mro__ if not base.__module__.startswith("genzoo.models")]
        for base in one.__mro__:
            if base in own:
                continue
            for name in set(vars(base)) - {"__init__"}:
                of = next((role for role in own if name in vars(role)), None)
                if of is None or not of.__module__.startswith("genzoo.roles"):
                    continue
                asked = vars(of)[name]
                assert not callable(asked) or getattr(asked, "__isabstractmethod__", False), (
                    f"{one.__name__} overrides {of.__name__}.{name}"
                )
