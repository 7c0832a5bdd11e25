from __future__ import annotations

import pytest
import torch
from torch import nn

from genzoo.models import DCGAN, GAN


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


@pytest.mark.parametrize("skip_z", [False, True])
def test_z_itself_goes_on_beside_the_dense_layers_where_it_is_to(skip_z):
    """Where they say nothing, images differ by z alone."""
    torch.manual_seed(0)
    model = DCGAN((1, 8, 8), n_latent=5, n_dense=2, n_hidden=6, skip_z=skip_z)
    for layer in model.dense:
        for p in layer.parameters():
            nn.init.zeros_(p)
    one, other = model.generate(torch.randn(2, 5))
    assert torch.equal(one, other) is not skip_z


def kinds(network: nn.Module) -> list[str]:
    return [type(layer).__name__ for layer in network.children()]


def test_the_networks_of_the_paper():
    torch.manual_seed(0)
    model = DCGAN((1, 8, 8), n_latent=5, width=32, batch_norm=True)
    critic = model.critic(32)
    assert kinds(model.generator) == [
        *("Linear", "Unflatten", "BatchNorm2d", "ReLU"),
        *("ConvTranspose2d", "BatchNorm2d", "ReLU", "ConvTranspose2d"),
    ]
    assert kinds(critic) == [
        *("Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU", "Flatten", "Linear"),
    ]
    for layer in (*model.modules(), *critic.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            assert float(layer.weight.detach().std()) == pytest.approx(0.02, rel=0.35)
            assert not layer.bias.any()


def test_an_image_depends_on_others_of_its_batch_in_training_alone():
    model = DCGAN((1, 8, 8), n_latent=5, width=4, batch_norm=True)
    z = model.draw_z(6, torch.Generator().manual_seed(0))
    model.train()
    assert not torch.allclose(model.generate(z)[:3], model.generate(z[:3]), atol=1e-4)
    model.eval()
    torch.testing.assert_close(model.generate(z)[:3], model.generate(z[:3]))
