"""A network from images to images of the same size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genzoo.nn.conv import SLOPE, begin_smooth


class NormalizedBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x))))), 3x3, (B, C, H, W) to the same (He et al., 2016).

    Args:
        n_channels: C, at least 1.
    """

    def __init__(self, n_channels: int):
        super().__init__()
        self.body = nn.Sequential(
            *_normalized(nn.Conv2d(n_channels, n_channels, 3, padding=1, bias=False)),
            nn.ReLU(),
            *_normalized(nn.Conv2d(n_channels, n_channels, 3, padding=1, bias=False)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Translator(nn.Module):
    """Images (B, C, H, W) and a code (B, K) to (B, n_out, H, W) of any values, H and W multiples
    of four.

    As in Johnson et al., "Perceptual Losses for Real-Time Style Transfer and Super-Resolution",
    ECCV 2016, which StarGAN and CycleGAN take over: halved twice by strided convolutions, residual
    blocks, and back by transposed ones. Differs from it: pixels of two by two enter and leave as
    channels, so that nothing is computed at the full resolution, which would cost half of all the
    time; each image is normalized separately over all channels and pixels, for the mean of a
    channel, which instance normalization takes away, is all that a code can move; and what was at
    half the resolution on the way down is there again on the way up.

    Args:
        n_in: C, channels of an image.
        n_out: channels of what is made of it.
        n_code: K, numbers of the code, told everywhere, at the start and between; 0 for none.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks at a quarter of it.
    """

    def __init__(self, n_in: int, n_out: int, n_code: int, width: int, n_blocks: int):
        super().__init__()
        deep = 2 * width
        self.down = nn.Sequential(
            nn.PixelUnshuffle(2),
            *_normalized(nn.Conv2d(4 * n_in, width, 3, padding=1, bias=False)),
        )
        self.start = nn.Linear(n_code, width) if n_code else None
        self.between = nn.Linear(n_code, deep) if n_code else None
        self.deeper = nn.Sequential(
            nn.ReLU(), *_normalized(nn.Conv2d(width, deep, 4, stride=2, padding=1, bias=False))
        )
        self.blocks = nn.Sequential(nn.ReLU(), *(NormalizedBlock(deep) for _ in range(n_blocks)))
        self.up = nn.Sequential(
            *_normalized(nn.ConvTranspose2d(deep, width, 4, stride=2, padding=1, bias=False)),
            nn.ReLU(),
        )
        self.out = nn.Sequential(
            nn.Conv2d(2 * width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, 4 * n_out, 3, padding=1),
            nn.PixelShuffle(2),
        )
        double, last = self.up[0], self.out[2]
        assert isinstance(double, nn.ConvTranspose2d)
        assert isinstance(last, nn.Conv2d)
        begin_smooth(double)
        begin_smooth(last)

    def forward(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        half = self.down(x)
        if self.start is not None:
            half = half + self.start(code)[:, :, None, None]
        quarter = self.deeper(half)
        if self.between is not None:
            quarter = quarter + self.between(code)[:, :, None, None]
        return self.out(torch.cat([self.up(self.blocks(quarter)), half], 1))


def patch_critic(n_in: int, width: int, n_levels: int) -> nn.Sequential:
    """Images (B, n_in, H, W) to features (B, width 2^(n_levels - 1), H / 2^n_levels, ...), by 4x4
    convolutions of stride two. No normalization: a penalty on the slope at an image has no meaning
    where the image is mixed with others (Gulrajani et al., 2017)."""
    layers: list[nn.Module] = []
    for k in range(n_levels):
        n_out = width * 2**k
        layers += [nn.Conv2d(n_in, n_out, 4, stride=2, padding=1), nn.LeakyReLU(SLOPE)]
        n_in = n_out
    return nn.Sequential(*layers)


def _normalized(layer: nn.Conv2d | nn.ConvTranspose2d) -> tuple[nn.Module, nn.Module]:
    return layer, nn.GroupNorm(1, layer.out_channels)
