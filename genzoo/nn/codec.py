"""Images to a grid of whole numbers, and back."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn

from genzoo.nn.conv import ResidualBlock, upsample


class FiniteScalars(nn.Module):
    """Finite scalar quantization: each of a few numbers is rounded to one of a few levels.

    Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple", 2023 (arXiv:2309.15505).
    The codebook is the grid of all combinations of levels, so there is none to learn, no code that
    is never chosen again, and no loss that pulls codes and encodings together. Differs from the
    paper: levels are odd in number, where a tanh needs no shift.

    Args:
        levels: how many levels each number has, odd and at least 3; their product is the number
            of codes.
    """

    reach: Tensor
    strides: Tensor

    def __init__(self, levels: tuple[int, ...]):
        super().__init__()
        if not levels or any(n < 3 or n % 2 == 0 for n in levels):
            raise ValueError(f"Levels must be odd and at least 3 each, not {levels}.")
        self.levels, self.n_codes = tuple(levels), math.prod(levels)
        strides = [math.prod(levels[:k]) for k in range(len(levels))]
        self.register_buffer("reach", torch.tensor(levels) // 2, persistent=False)
        self.register_buffer("strides", torch.tensor(strides), persistent=False)

    def forward(self, z: Tensor) -> Tensor:
        """Any numbers z (B, d, h, w), each squeezed into its range by a tanh and rounded to the
        nearest level, in [-1, 1]. The gradient passes the rounding as if it were not there (Bengio
        et al., "Estimating or Propagating Gradients Through Stochastic Neurons", 2013)."""
        reach = self.reach.view(-1, 1, 1)
        bounded = reach * torch.tanh(z)
        return (bounded + (bounded.round() - bounded).detach()) / reach

    def index(self, q: Tensor) -> Tensor:
        """The codes (B, h, w), int64 from 0 to n_codes - 1, of levels q (B, d, h, w)."""
        reach = self.reach.view(-1, 1, 1)
        digits = (q * reach).round().long() + reach
        return (digits * self.strides.view(-1, 1, 1)).sum(1)

    def values(self, codes: Tensor) -> Tensor:
        """The levels (B, d, h, w) in [-1, 1] of codes (B, h, w): the inverse of `index`."""
        reach, strides = self.reach.view(-1, 1, 1), self.strides.view(-1, 1, 1)
        digits = codes.unsqueeze(1) // strides % (2 * reach + 1)
        return (digits - reach) / reach


class Codec(nn.Module):
    """A dense network of each eight by eight pixels, quantized, and residual convolutions back.

    Each code is of its own pixels alone: few things about an image decide it, so that a model of
    the codes has little to learn about each. What a code says may depend on its neighbors.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of eight.
        levels: of the quantization; see `FiniteScalars`.
        width: channels of the decoder at half the resolution; two and four times as many further
            down, and eight times as many units in each hidden layer of the encoder.
        n_blocks: residual blocks of the decoder at the grid's resolution; one each at a quarter
            and at half of the image's.
    """

    def __init__(
        self, event_shape: tuple[int, ...], levels: tuple[int, ...], width: int, n_blocks: int
    ):
        super().__init__()
        if len(event_shape) != 3:
            raise ValueError(f"An image's shape is channels, height, width, not {event_shape}.")
        C, H, W = event_shape
        if H % 8 or W % 8:
            raise ValueError(f"Height and width must be multiples of eight, not {H} and {W}.")
        if min(C, H, W, width, n_blocks) < 1:
            raise ValueError("Sizes of a codec must be at least 1.")
        self.event_shape, self.code_shape = (C, H, W), (H // 8, W // 8)
        self.quantizer = FiniteScalars(levels)
        hidden = 8 * width
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(8),
            nn.Conv2d(64 * C, hidden, 1),
            nn.SiLU(),
            nn.Conv2d(hidden, hidden, 1),
            nn.SiLU(),
            nn.Conv2d(hidden, len(levels), 1),
        )
        self.start = nn.Conv2d(len(levels), 4 * width, 3, padding=1)
        # Faces are aligned: the same code may be another part of one at another place.
        self.place = nn.Parameter(torch.zeros(4 * width, *self.code_shape))
        self.decoder = nn.Sequential(
            *(ResidualBlock(4 * width) for _ in range(n_blocks)),
            upsample(4 * width, 2 * width),
            ResidualBlock(2 * width),
            upsample(2 * width, width),
            ResidualBlock(width),
            nn.SiLU(),
            upsample(width, C),
        )

    def encode(self, x: Tensor) -> Tensor:
        """The levels (B, d, H / 8, W / 8) of images x (B, C, H, W)."""
        return self.quantizer(self.encoder(2 * x - 1).to(x.dtype))

    def decode(self, q: Tensor) -> Tensor:
        """Images (B, C, H, W) of levels q (B, d, H / 8, W / 8); a pixel may lie outside of
        [0, 1]."""
        return 0.5 + self.decoder(self.start(q) + self.place).to(q.dtype)


M = TypeVar("M", bound=nn.Module)


def frozen(module: M) -> M:
    """`module` with its parameters as buffers of the same names: no optimizer moves them, no
    average follows them, and a release has them."""
    for part in module.modules():
        for name, p in list(part.named_parameters(recurse=False)):
            delattr(part, name)
            part.register_buffer(name, p.detach())
    return module
