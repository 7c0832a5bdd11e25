"""Convolutional building blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.nn.processes import gathered

SLOPE = 0.2
"""Slope of the leaky ReLU for negative inputs."""


class ResidualBlock(nn.Module):
    """x + conv(silu(conv(silu(x)))), 3x3, (B, C, H, W) to the same.

    The second convolution starts at zero, so a deep stack starts as the identity and needs no
    normalization.

    Args:
        n_channels: C, at least 1.
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


def image_shape(event_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """`event_shape` as (C, H, W), of images that `encoder` and `decoder` can halve twice.

    Raises:
        ValueError: in a sentence, on any other shape.
    """
    if len(event_shape) != 3:
        raise ValueError(f"An image's shape is channels, height, width, not {event_shape}.")
    C, H, W = event_shape
    if H % 4 or W % 4:
        raise ValueError(f"Height and width must be multiples of four, not {H} and {W}.")
    return C, H, W


def encoder(
    event_shape: tuple[int, int, int], width: int, n_blocks: int, n_hidden: int, n_out: int
) -> nn.Sequential:
    """Images (B, C, H, W), H and W multiples of four, to n_out numbers each (B, n_out).

    Args:
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks at each of the two.
        n_hidden: units of the dense layer that follows.
    """
    C, H, W = event_shape
    return nn.Sequential(
        downsample(C, width),
        *(ResidualBlock(width) for _ in range(n_blocks)),
        downsample(width, 2 * width),
        *(ResidualBlock(2 * width) for _ in range(n_blocks)),
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(2 * width * (H // 4) * (W // 4), n_hidden),
        nn.SiLU(),
        nn.Linear(n_hidden, n_out),
    )


def decoder(
    n_in: int, event_shape: tuple[int, int, int], width: int, n_blocks: int, n_hidden: int
) -> nn.Sequential:
    """The mirror of `encoder`: (B, n_in) to (B, C, H, W) of any values."""
    C, H, W = event_shape
    deep = (2 * width, H // 4, W // 4)
    return nn.Sequential(
        nn.Linear(n_in, n_hidden),
        nn.SiLU(),
        nn.Linear(n_hidden, deep[0] * deep[1] * deep[2]),
        nn.Unflatten(1, deep),
        *(ResidualBlock(2 * width) for _ in range(n_blocks)),
        upsample(2 * width, width),
        *(ResidualBlock(width) for _ in range(n_blocks)),
        nn.SiLU(),
        upsample(width, C),
    )


def strided_encoder(event_shape: tuple[int, int, int], width: int, n_out: int) -> nn.Sequential:
    """Images (B, C, H, W), H and W multiples of four, to n_out features each (B, n_out), by 4x4
    convolutions of stride two to `width` and twice as many channels, and a dense layer."""
    C, H, W = event_shape
    return nn.Sequential(
        nn.Conv2d(C, width, 4, stride=2, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
        nn.Linear(2 * width * (H // 4) * (W // 4), n_out),
        nn.LeakyReLU(SLOPE),
    )


class BatchDeviation(nn.Module):
    """Features (B, F) to (B, 2F): themselves, and their standard deviations over the batch (in
    training over that of all processes)."""

    def forward(self, x: Tensor) -> Tensor:
        # At least in single precision: a small difference of large numbers.
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        batch = gathered(x) if self.training else x  # one process alone evaluates
        deviation = (batch.var(0, unbiased=False) + 1e-8).sqrt()
        return torch.cat([x, deviation.expand_as(x)], 1)


def strided_decoder(n_in: int, event_shape: tuple[int, int, int], width: int) -> nn.Sequential:
    """(B, n_in) to (B, C, H, W) of any values, by 4x4 transposed convolutions of stride two from
    twice `width` and `width` channels, each image normalized separately before the ReLUs."""
    C, H, W = event_shape
    deep = (2 * width, H // 4, W // 4)
    return nn.Sequential(
        nn.Linear(n_in, deep[0] * deep[1] * deep[2]),
        nn.Unflatten(1, deep),
        nn.GroupNorm(1, 2 * width),
        nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),
        nn.GroupNorm(1, width),
        nn.ReLU(),
        nn.ConvTranspose2d(width, C, 4, stride=2, padding=1),
    )
