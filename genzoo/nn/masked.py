"""Convolutions that see no future pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MaskedConv2d(nn.Conv2d):
    """A convolution of odd size over what comes before a pixel in raster order, (B, C, H, W) to
    (B, C', H, W) (van den Oord et al., "Pixel Recurrent Neural Networks", 2016).

    Args:
        n_in, n_out: C and C'.
        size: height and width of the kernel.
        mask: "A" leaves out the pixel itself, as a first layer must; "B" lets it in.
    """

    mask: Tensor

    def __init__(self, n_in: int, n_out: int, size: tuple[int, int], mask: str):
        h, w = size
        if mask not in ("A", "B"):
            raise ValueError(f"A mask is A or B, not {mask!r}.")
        if h % 2 == 0 or w % 2 == 0:
            raise ValueError(f"The size of a masked convolution must be odd, not {h} x {w}.")
        super().__init__(n_in, n_out, size, padding=(h // 2, w // 2))
        past = torch.arange(h * w).view(h, w) < h * w // 2 + (mask == "B")
        self.register_buffer("mask", past.to(self.weight.dtype), persistent=False)
        # The weights that count start as large as those of a kernel of their number.
        nn.init.uniform_(self.weight, -1, 1)
        with torch.no_grad():
            self.weight *= self.mask / (n_in * max(1, int(past.sum()))) ** 0.5

    def masked_weight(self) -> Tensor:
        """(C', C, h, w), zero where the mask is."""
        return self.weight * self.mask

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.masked_weight(), self.bias, padding=self.padding)
