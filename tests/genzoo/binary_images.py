"""What the tests of models of binary images share."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.roles import Autoregressive, teacher_forced_draws


def every_image(*event_shape: int) -> Tensor:
    """All 2^D images (2^D, *event_shape), in float64; image k has the binary digits of k."""
    D = torch.Size(event_shape).numel()
    bits = torch.tensor(list(itertools.product([0.0, 1.0], repeat=D)), dtype=torch.float64)
    return bits.view(-1, *event_shape)


def binary(*shape: int, seed: int = 0) -> Tensor:
    """Two in five are 1, in float64."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(shape, generator=generator) < 0.4).double()


def counts_of(x: Tensor) -> Tensor:
    """How often each of the 2^D images occurs among binary x (n, *event_shape)."""
    D = x[0].numel()
    index = x.flatten(1).long() @ 2 ** torch.arange(D - 1, -1, -1)
    return torch.bincount(index, minlength=2**D)


def assert_draws_equal_the_slow_ones(model: Autoregressive, n: int, with_given: bool) -> Tensor:
    """Bit for bit, with or without known pixels, which are kept; returns the draws (D, n)."""
    D = model.order.numel()
    generator = torch.Generator().manual_seed(3)
    u = torch.rand(D, n, generator=generator, dtype=torch.float64)
    known = torch.rand(D, n, generator=generator) < 0.4
    given = torch.where(known, binary(D, n, seed=4), torch.nan) if with_given else None
    fast = torch.stack(list(model.draws(u, given))).to(u)
    slow = torch.stack(list(teacher_forced_draws(model, u, given)))
    assert torch.equal(fast, slow)
    assert 0.02 < fast.mean() < 0.98
    if given is not None:
        assert torch.equal(fast[known], given[known])
    return fast


def assert_bfloat16_autocast_stays_close(model: nn.Module, x: Tensor) -> None:
    """log_prob of images x and its gradient, of an Autoregressive model in float32."""
    assert isinstance(model, Autoregressive)

    def score(low: bool) -> tuple[Tensor, list[Tensor]]:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
            l = model.log_prob(x)
        return l.detach(), list(torch.autograd.grad(l.mean(), list(model.parameters())))

    full, full_grad = score(False)
    low, low_grad = score(True)
    assert low.dtype == torch.float32
    assert not torch.equal(low, full), "autocast did nothing"
    torch.testing.assert_close(low, full, rtol=0.01, atol=0.05)
    assert all(g.dtype == torch.float32 for g in low_grad)
    low_all, full_all = (torch.cat([g.flatten() for g in gs]) for gs in (low_grad, full_grad))
    assert F.cosine_similarity(low_all, full_all, dim=0) > 0.999
