"""Convolutional building blocks."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    """x + conv(silu(conv(silu(x)))), 3x3, (B, C, H, W) to the same.

    The second convolution starts at zero, so a deep stack starts as the identity and needs no
    normalization.
    """

    def __init__(self, n_channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(n_channels, n_channels, 3, padding=1)
        self.conv2 = nn.Conv2d(n_channels, n_channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(F.silu(self.conv1(F.silu(x))))


def downsample(n_in: int, n_out: int) -> nn.Module:
    """Half the height and width: 2x2 cells of pixels become channels, then 1x1."""
    return nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(4 * n_in, n_out, 1))


def upsample(n_in: int, n_out: int) -> nn.Module:
    """Twice the height and width: 1x1, then channels become 2x2 cells of pixels."""
    return nn.Sequential(nn.Conv2d(n_in, 4 * n_out, 1), nn.PixelShuffle(2))
