"""Receptive fields against finite differences and what each model is built to see."""

from __future__ import annotations

import sys

import pytest
import torch
from torch.distributions import Bernoulli

from genzoo.metrics.fields import receptive_field
from genzoo.models import (
    AR,
    NADE,
    RNADE,
    IndependentPixels,
    MarkovPixels,
    OrderlessNADE,
    PixelRNN,
    Transformer,
)
from genzoo.roles import Autoregressive


class Linear(Autoregressive):
    """logit_i = sum_{j < i} W_ij x_j + x_j^2 / 2: its derivatives are known."""

    event_shape = (1, 2, 3)
    order = torch.arange(6)

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.W = torch.randn(6, 6, generator=generator, dtype=torch.float64).tril(-1)

    def conditionals(self, x):
        flat = x.flatten(1)
        squares = (flat**2 / 2) @ torch.ones(6, 6, dtype=x.dtype).tril(-1).T
        return Bernoulli(logits=(flat @ self.W.T + squares).view_as(x), validate_args=False)

    def draws(self, u, given):
        raise NotImplementedError


@pytest.mark.parametrize("i", [0, 3, 5])
def test_it_is_the_absolute_derivative(i):
    model = Linear()
    x = torch.tensor([1.0, 0, 1, 1, 0, 1], dtype=torch.float64).view(1, 1, 2, 3)
    expected = (model.W[i] + x.flatten()).abs()
    expected[i:] = 0
    torch.testing.assert_close(receptive_field(model, x, i).flatten(), expected)


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_the_callers_mode_does_not_matter(mode):
    model, x = Linear(), torch.ones(1, 1, 2, 3, dtype=torch.float64)
    expected = receptive_field(model, x, 5)
    with mode():
        torch.testing.assert_close(receptive_field(model, x.clone(), 5), expected)
    assert not x.requires_grad


def reach(lstm, i):
    torch.manual_seed(0)
    model = PixelRNN((1, 8, 9), lstm=lstm, n_hidden=4, n_layers=1, n_channels=6).double()
    for p in model.parameters():
        p.data *= 3
    x = (torch.rand(1, 1, 8, 9, dtype=torch.float64) < 0.5).double()
    return receptive_field(model.requires_grad_(False), x, i)[0] > 0


def test_the_diagonal_bilstm_sees_the_whole_past():
    i = 6 * 9 + 4
    expected = torch.arange(72).view(8, 9) < i
    torch.testing.assert_close(reach("diagonal", i), expected)


def test_the_row_lstm_sees_a_triangle():
    # Below the corner: the first 7 x 7 convolution reaches three further than the LSTM's triangle.
    seen = reach("row", 7 * 9)
    assert seen[6, :4].all()
    assert not seen[7].any()
    assert not seen[6, 6:].any()
    whole = reach("diagonal", 7 * 9)
    assert whole[:7].all()
    assert (seen <= whole).all()
    assert seen.sum() < whole.sum()


def test_what_cannot_be_asked_is_refused():
    model, x = Linear(), torch.ones(1, 1, 2, 3, dtype=torch.float64)
    with pytest.raises(ValueError, match="one image at a time, not of 2"):
        receptive_field(model, torch.cat([x, x]), 0)
    with pytest.raises(ValueError, match="The pixel must be 0 to 5, not 6"):
        receptive_field(model, x, 6)


def test_a_model_without_a_gradient_is_refused():
    class Blind(Linear):
        def conditionals(self, x):
            return Bernoulli(logits=torch.zeros_like(x))

    with pytest.raises(ValueError, match="The logits of Blind cannot be differentiated"):
        receptive_field(Blind(), torch.ones(1, 1, 2, 3), 0)


def test_a_model_whose_logits_do_not_depend_on_the_image_is_refused_in_a_sentence():
    x = torch.ones(1, 1, 2, 3)
    for model in (IndependentPixels((1, 2, 3)), MarkovPixels((1, 2, 3))):
        with pytest.raises(ValueError, match=r"The logits of .*Pixels"):
            receptive_field(model, x, 5)


DIFFERENTIABLE = {
    "AR": lambda: AR((1, 4, 4), n=5),
    "NADE": lambda: NADE((1, 4, 4), n_hidden=3),
    "NADE in several chunks": lambda: NADE((1, 4, 8), n_hidden=2),
    "OrderlessNADE": lambda: OrderlessNADE((1, 4, 4), width=2, n_hidden=3),
    "RNADE": lambda: RNADE((1, 4, 4), n_hidden=3, n_components=2),
    "RowLSTM": lambda: PixelRNN((1, 4, 4), "row", n_hidden=2, n_layers=1, n_channels=2),
    "DiagonalBiLSTM": lambda: PixelRNN((1, 4, 4), "diagonal", 2, n_layers=1, n_channels=2),
    "Transformer": lambda: Transformer((1, 4, 4), 4, n_heads=1, n_layers=1, patch=2, window=2),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_the_gradient_of_log_prob_by_the_image_is_that_of_finite_differences(name, monkeypatch):
    """As if its pixels were real numbers, which only the check of binary ones prevents."""
    torch.manual_seed(0)
    model = DIFFERENTIABLE[name]().double()
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn_like(p))
    monkeypatch.setattr(sys.modules[type(model).__module__], "check_images", lambda *_, **__: None)
    x = torch.rand(2, *model.event_shape, dtype=torch.float64, requires_grad=True)
    # Through model.parameters() too: the gradient must not depend on who else asks for one.
    assert torch.autograd.gradcheck(model.log_prob, x)
    assert torch.autograd.gradcheck(model.requires_grad_(False).log_prob, x)


class Constant(Linear):
    """Logits that have a gradient, but none by the image."""

    def conditionals(self, x):
        return Bernoulli(logits=self.W.requires_grad_()[0].view_as(x), validate_args=False)


def test_logits_that_are_learned_but_do_not_depend_on_the_image_are_refused_too():
    with pytest.raises(ValueError, match="The logits of Constant do not depend on the image"):
        receptive_field(Constant(), torch.ones(1, 1, 2, 3, dtype=torch.float64), 5)
