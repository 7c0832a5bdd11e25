from __future__ import annotations

import torch

from genzoo.nn.conv import BatchDeviation


def test_features_are_followed_by_their_deviations_over_the_batch():
    x = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 5.0, 0])
    y = BatchDeviation()(x)
    assert torch.equal(y[:, :3], x)
    expected = x.std(0, unbiased=False).expand(7, 3)
    torch.testing.assert_close(y[:, 3:], expected, atol=2e-4, rtol=1e-4)


def test_a_constant_feature_has_a_gradient():
    x = torch.ones(4, 2, requires_grad=True)
    BatchDeviation()(x).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
