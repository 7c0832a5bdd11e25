from __future__ import annotations

import pytest
import torch

from genzoo.nn.masked import MaskedConv2d


@pytest.mark.parametrize("mask", ["A", "B"])
@pytest.mark.parametrize("size", [(3, 3), (1, 3), (7, 5)])
def test_an_output_depends_on_the_kernel_before_it_only(size, mask):
    torch.manual_seed(0)
    conv = MaskedConv2d(2, 3, size, mask).double()
    x = torch.randn(1, 2, 9, 9, dtype=torch.float64)
    y, J = conv(x), torch.autograd.functional.jacobian(lambda x: conv(x)[0, :, 4, 4], x)
    assert y.shape == (1, 3, 9, 9)
    seen = (J != 0).all(0)[0]  # (C, 9, 9)
    r, c = torch.meshgrid(torch.arange(9), torch.arange(9), indexing="ij")
    within = ((r - 4).abs() <= size[0] // 2) & ((c - 4).abs() <= size[1] // 2)
    past = 9 * r + c < 9 * 4 + 4 + (mask == "B")
    assert torch.equal(seen, (within & past).expand(2, 9, 9))
    assert (J[..., ~(within & past)] == 0).all()


def test_what_is_no_mask_is_refused():
    with pytest.raises(ValueError, match="A or B, not 'C'"):
        MaskedConv2d(1, 1, (3, 3), "C")
    with pytest.raises(ValueError, match="must be odd, not 2 x 3"):
        MaskedConv2d(1, 1, (2, 3), "A")
