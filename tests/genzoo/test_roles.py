from __future__ import annotations

import pytest
import torch
from torch.distributions import Bernoulli, Gamma, Normal

from genzoo.models import NADE, VAE
from genzoo.nn.distributions import DiscretizedLogistic
from genzoo.roles import check_images, draw, picture_of


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
