"""Where training starts: every first weight whose scale is part of a method."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from demo_app.services.plane_game import PlaneGame
from genzoo.models import AR, DCGAN, NADE, RNADE, VAE, CycleGAN, Transformer
from genzoo.nn.conv import ResidualBlock
from genzoo.nn.masked import MaskedConv2d
from genzoo.nn.recurrent import DiagonalBiLSTM, RowLSTM


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def is_normal(w: Tensor, sigma: float) -> None:
    w = w.detach()
    n = w.numel()
    assert abs(w.mean().item()) < 5 * sigma / math.sqrt(n)
    assert w.std().item() == pytest.approx(sigma, rel=5 / math.sqrt(2 * n))
    assert w.abs().max().item() > 2.5 * sigma, "no uniform numbers"


def is_uniform(w: Tensor, bound: float) -> None:
    w = w.detach().flatten()
    n = len(w)
    assert w.abs().max().item() <= bound * (1 + 1e-6)
    assert w.abs().max().item() > (1 - 20 / n) * bound
    assert w.std().item() == pytest.approx(bound / math.sqrt(3), rel=5 / math.sqrt(n))


def test_of_nade():
    model = NADE((1, 12, 12), n_hidden=50)
    is_normal(model.W, 0.02)
    is_normal(model.V, 0.02)
    assert not model.b.any()
    assert not model.c.any()


def test_of_rnade():
    D, H, K = 36, 40, 5
    model = RNADE((1, 6, 6), n_hidden=H, n_components=K)
    is_normal(model.W, 1 / math.sqrt(D))
    assert model.c.std().item() == pytest.approx(1 / math.sqrt(D), rel=0.5)
    is_normal(model.V, 0.1 / math.sqrt(H))
    for i, rho in enumerate(model.rho.tolist()):
        assert rho == pytest.approx(math.sqrt(D / (1 + i)), rel=1e-6)
    with torch.no_grad():
        model.V.zero_()
        p = model.conditional(torch.zeros(1, 3))
    torch.testing.assert_close(p.weights, torch.full((1, K), 1 / K))
    torch.testing.assert_close(p.loc, torch.tensor([[0.1, 0.3, 0.5, 0.7, 0.9]]))
    torch.testing.assert_close(p.scale, torch.full((1, K), 1e-3 + 0.999 / (K + 1)))


@pytest.mark.parametrize("n_layers", [1, 8])
def test_of_a_transformer(n_layers):
    """The branches, two a layer, are scaled so that their sum starts no larger than one."""
    width = 32
    model = Transformer((1, 14, 14), width, n_layers, n_heads=2, patch=7, window=2)
    is_normal(model.row, 0.02)
    assert model.column.std().item() == pytest.approx(0.02, rel=0.4)
    for block in model.blocks:
        is_uniform(block.out.weight, 1 / math.sqrt(width) / math.sqrt(2 * n_layers))
        is_uniform(block.down.weight, 1 / math.sqrt(4 * width) / math.sqrt(2 * n_layers))
        is_uniform(block.qkv.weight, 1 / math.sqrt(width))
        is_uniform(block.up.weight, 1 / math.sqrt(width))


def test_of_a_dcgans_dense_layers_and_of_the_game_in_the_plane():
    """He's for leaky rectifiers: variance 2 / ((1 + 0.2^2) n_in)."""
    model = DCGAN(n_latent=30, n_dense=3, n_hidden=200)
    for layer, n_in in zip(model.dense[::2], (30, 200, 200), strict=True):
        is_normal(layer.weight, math.sqrt(2 / 1.04 / n_in))
        assert not layer.bias.any()
    game = PlaneGame(n_hidden=100, n_layers=2)
    for net, n_first in ((game.generator, 2), (game.critic, 2)):
        for (W, b), n_in in zip(net.layers[:2], (n_first, 100), strict=True):
            is_normal(W, math.sqrt(2 / 1.04 / n_in))
            assert not b.any()


def test_a_residual_block_starts_as_the_identity():
    block = ResidualBlock(6)
    x = torch.randn(2, 6, 4, 4)
    torch.testing.assert_close(block(x) - block(torch.zeros_like(x)), x)
    is_uniform(block.conv1.weight, 1 / math.sqrt(9 * 6))


@pytest.mark.parametrize(("mask", "n_past"), [("A", 24), ("B", 25)])
def test_of_a_masked_convolution(mask, n_past):
    """As large as those of a kernel of so many weights as are not masked."""
    layer = MaskedConv2d(8, 16, (7, 7), mask)
    seen = layer.mask.bool()
    assert int(seen.sum()) == n_past
    is_uniform(layer.weight[:, :, seen], 1 / math.sqrt(8 * n_past))
    assert not layer.weight[:, :, ~seen].any()


def test_of_the_recurrent_layers():
    """As an LSTM's, by the number of cells that are taken from the state before."""
    is_uniform(RowLSTM(3, 12).K_ss, 1 / math.sqrt(3 * 12))
    is_uniform(DiagonalBiLSTM(3, 12).K_ss, 1 / math.sqrt(2 * 12))


def test_a_translation_begins_without_a_grid():
    """The four pixels that are made from one place start alike."""
    model = CycleGAN((3, 16, 16), 3, width=4, n_blocks=1)
    for net in (model.G, model.F):
        up, out = net.up[0], net.out[2]
        assert isinstance(up, nn.ConvTranspose2d)
        assert isinstance(out, nn.Conv2d)
        for r in range(0, 4, 2):
            for c in range(0, 4, 2):
                cell = up.weight[:, :, r : r + 2, c : c + 2]
                assert torch.equal(cell, cell[:, :, :1, :1].expand_as(cell))
        assert up.weight[:, :, 0, 0].std() > 0
        for p in (out.weight, out.bias):
            groups = p.unflatten(0, (-1, 4))
            assert torch.equal(groups, groups[:, :1].expand_as(groups))


def test_a_logistic_regression_starts_as_a_fair_coin():
    model = AR((1, 3, 3), n=2)
    x = (torch.rand(4, 1, 3, 3) < 0.5).float()
    torch.testing.assert_close(model.log_prob(x), torch.full((4,), -9 * math.log(2)))


def test_a_vae_of_grays_starts_in_mid_gray_with_a_scale_of_an_eighth():
    model = VAE((1, 4, 8), 2, width=4, likelihood="logistic")
    with torch.no_grad():
        for p in model.decoder[-1][0].parameters():
            p.zero_()
        p = model.decode(torch.randn(3, 2))
    torch.testing.assert_close(p.loc, torch.full_like(p.loc, 0.5))
    torch.testing.assert_close(p.log_scale.exp(), torch.full_like(p.loc, math.exp(-2)))
