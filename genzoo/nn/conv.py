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


@torch.no_grad()
def begin_smooth(layer: nn.Conv2d | nn.ConvTranspose2d) -> None:
    """Set the weights so that the pixels which come from one place are equal at first, of a
    convolution before PixelShuffle(2) or of a transposed one of 4x4 and stride two. Otherwise
    every image begins as a grid, which a game amplifies (Odena et al., "Deconvolution and
    Checkerboard Artifacts", 2016; Aitken et al., "Checkerboard Artifact Free Sub-Pixel
    Convolution", 2017)."""
    if isinstance(layer, nn.ConvTranspose2d):
        coarse = layer.weight[:, :, ::2, ::2]
        layer.weight.copy_(coarse.repeat_interleave(2, 2).repeat_interleave(2, 3))
        return
    assert layer.bias is not None
    for p in (layer.weight, layer.bias):
        p.copy_(p[::4].repeat_interleave(4, 0))


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


def level_widths(
    event_shape: tuple[int, int, int], width: int, n_levels: int
) -> tuple[list[int], tuple[int, int, int]]:
    """The channels of networks that halve images so many times, `width` at half the resolution and
    twice as many at each further level; and the shape of the features at the last.

    Raises:
        ValueError: in a sentence, when an image cannot be halved so many times.
    """
    _, H, W = event_shape
    if n_levels < 1 or H % 2**n_levels or W % 2**n_levels:
        raise ValueError(
            f"Images of {H} x {W} pixels cannot be halved {n_levels} times, at least once."
        )
    widths = [width * 2**k for k in range(n_levels)]
    return widths, (widths[-1], H >> n_levels, W >> n_levels)


def encoder(
    event_shape: tuple[int, int, int],
    width: int,
    n_blocks: int,
    n_hidden: int,
    n_out: int,
    n_levels: int = 2,
) -> nn.Sequential:
    """Images (B, C, H, W) to n_out numbers each (B, n_out).

    Args:
        width: channels at half the resolution; twice as many at each further level.
        n_blocks: residual blocks at each level.
        n_hidden: units of the dense layer that follows.
        n_levels: how often the resolution is halved, at least 1; H and W are multiples of as many
            twos.
    """
    widths, deep = level_widths(event_shape, width, n_levels)
    layers: list[nn.Module] = []
    for n_in, n in zip([event_shape[0], *widths], widths, strict=False):
        layers += [downsample(n_in, n), *(ResidualBlock(n) for _ in range(n_blocks))]
    return nn.Sequential(
        *layers,
        nn.SiLU(),
        nn.Flatten(),
        nn.Linear(deep[0] * deep[1] * deep[2], n_hidden),
        nn.SiLU(),
        nn.Linear(n_hidden, n_out),
    )


def decoder(
    n_in: int,
    event_shape: tuple[int, int, int],
    width: int,
    n_blocks: int,
    n_hidden: int,
    n_levels: int = 2,
) -> nn.Sequential:
    """The mirror of `encoder`: (B, n_in) to (B, C, H, W) of any values."""
    widths, deep = level_widths(event_shape, width, n_levels)
    layers: list[nn.Module] = [
        nn.Linear(n_in, n_hidden),
        nn.SiLU(),
        nn.Linear(n_hidden, deep[0] * deep[1] * deep[2]),
        nn.Unflatten(1, deep),
    ]
    for n, n_next in zip(widths[::-1], widths[-2::-1], strict=False):
        layers += [*(ResidualBlock(n) for _ in range(n_blocks)), upsample(n, n_next)]
    return nn.Sequential(
        *layers,
        *(ResidualBlock(width) for _ in range(n_blocks)),
        nn.SiLU(),
        upsample(width, event_shape[0]),
    )


def strided_convolutions(
    event_shape: tuple[int, int, int], width: int, n_levels: int = 2, batch_norm: bool = False
) -> nn.Sequential:
    """Images (B, C, H, W) to features (B, n), by 4x4 convolutions of stride two, one a level, to
    `width`, twice as many channels and so on; with `batch_norm` all but the first are batch
    normalized (Radford et al., 2016)."""
    widths, _ = level_widths(event_shape, width, n_levels)
    layers: list[nn.Module] = []
    for n_in, n in zip([event_shape[0], *widths], widths, strict=False):
        normalized = [nn.BatchNorm2d(n)] if batch_norm and layers else []
        layers += [
            nn.Conv2d(n_in, n, 4, stride=2, padding=1),
            *normalized,
            nn.LeakyReLU(SLOPE),
        ]
    return nn.Sequential(*layers, nn.Flatten())


def strided_encoder(
    event_shape: tuple[int, int, int],
    width: int,
    n_out: int,
    n_levels: int = 2,
    batch_norm: bool = False,
) -> nn.Sequential:
    """Images (B, C, H, W) to n_out features each (B, n_out), by `strided_convolutions` and a dense
    layer."""
    convolutions = strided_convolutions(event_shape, width, n_levels, batch_norm)
    _, deep = level_widths(event_shape, width, n_levels)
    dense = nn.Linear(deep[0] * deep[1] * deep[2], n_out)
    normalized = [nn.BatchNorm1d(n_out)] if batch_norm else []
    return nn.Sequential(*convolutions, dense, *normalized, nn.LeakyReLU(SLOPE))


class BatchDeviation(nn.Module):
    """Features (B, F) to (B, 2F): themselves, and their standard deviations over the batch (in
    training over that of all processes)."""

    def forward(self, x: Tensor) -> Tensor:
        # At least in single precision: a small difference of large numbers.
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        batch = gathered(x) if self.training else x  # one process alone evaluates
        deviation = (batch.var(0, unbiased=False) + 1e-8).sqrt()
        return torch.cat([x, deviation.expand_as(x)], 1)


def strided_decoder(
    n_in: int,
    event_shape: tuple[int, int, int],
    width: int,
    n_levels: int = 2,
    batch_norm: bool = False,
) -> nn.Sequential:
    """(B, n_in) to (B, C, H, W) of any values, by 4x4 transposed convolutions of stride two, one a
    level, the last of `width` channels, the one before of twice as many and so on. Before the
    ReLUs each image is normalized separately, or with `batch_norm` each channel over the batch."""
    widths, deep = level_widths(event_shape, width, n_levels)
    layers: list[nn.Module] = [
        nn.Linear(n_in, deep[0] * deep[1] * deep[2]),
        nn.Unflatten(1, deep),
    ]
    for n, n_next in zip(widths[::-1], [*widths[-2::-1], event_shape[0]], strict=True):
        layers += [
            nn.BatchNorm2d(n) if batch_norm else nn.GroupNorm(1, n),
            nn.ReLU(),
            nn.ConvTranspose2d(n, n_next, 4, stride=2, padding=1),
        ]
    return nn.Sequential(*layers)


@torch.no_grad()
def begin_small(network: nn.Module) -> None:
    """Set the weights of convolutions and dense layers to N(0, 0.02^2) and their biases to zero,
    as Radford et al. (2016) begin."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
