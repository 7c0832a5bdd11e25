"""PixelRNN: recurrent sweeps over the pixels before.

van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel Recurrent Neural Networks", 2016.

    p(x) = prod_i p(x_i | x_<i),   pixels in raster order
    y = K_A * x                      7 x 7, mask A: the pixels before i only
    y <- y + K_up * LSTM(y)          n_layers times; Row LSTM or Diagonal BiLSTM
    p(x_i = 1 | x_<i) = sigmoid(relu(K_2 * relu(K_1 * y)))   1 x 1

The Row LSTM sees a triangle above the pixel, the Diagonal BiLSTM the whole past
(`genzoo.nn.recurrent` has both, with their equations).

Differs from the paper: Adam instead of RMSProp; fewer and wider layers; the sweep from the right
goes beside the one from the left into K_up, instead of being added to it; and the map has a column
more than the image, of zeros at its right. A pixel's features see only what is before it, so in
the image itself no sweep from the right would meet a row's last pixel; in that column it does.

Sampling keeps every layer's states and goes on from them, pixel by pixel: one cell a layer instead
of one pass over the image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F

from genzoo.nn.masked import MaskedConv2d
from genzoo.nn.recurrent import DiagonalBiLSTM, RowLSTM
from genzoo.roles import Autoregressive, check_images, check_known_binary

LSTMS: dict[str, type[RowLSTM] | type[DiagonalBiLSTM]] = {
    "row": RowLSTM,
    "diagonal": DiagonalBiLSTM,
}


class PixelRNN(Autoregressive):
    """Binary images (1, H, W) in raster order.

    Args:
        event_shape: shape of an image.
        lstm: "row" or "diagonal".
        n_hidden: h, units of a cell of the LSTM (in each of the diagonal one's directions).
        n_layers: LSTMs, each with its residual connection around it.
        n_channels: features of a pixel between them.
    """

    order: Tensor

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        lstm: str = "diagonal",
        n_hidden: int = 32,
        n_layers: int = 2,
        n_channels: int = 64,
    ):
        super().__init__()
        if len(event_shape) != 3 or event_shape[0] != 1:
            raise ValueError(f"An image's shape is 1, height, width, not {event_shape}.")
        if min(*event_shape, n_hidden, n_layers, n_channels) < 1:
            raise ValueError("Sizes of a PixelRNN must be at least 1.")
        if lstm not in LSTMS:
            raise ValueError(f"Unknown LSTM {lstm!r}; there are: {', '.join(LSTMS)}.")
        self.event_shape = tuple(event_shape)
        self.first = MaskedConv2d(1, n_channels, (7, 7), "A")
        lstms = [LSTMS[lstm](n_channels, n_hidden) for _ in range(n_layers)]
        self.lstms: Any = nn.ModuleList(lstms)
        self.ups: Any = nn.ModuleList(nn.Conv2d(l.n_out, n_channels, 1) for l in lstms)
        self.hidden = nn.Conv2d(n_channels, n_channels, 1)
        self.logit = nn.Conv2d(n_channels, 1, 1)
        D = torch.Size(self.event_shape).numel()
        self.register_buffer("order", torch.arange(D), persistent=False)

    def conditionals(self, x: Tensor) -> Bernoulli:
        """p(x_i = 1 | x_<i), logits (B, *event_shape), of binary images x (B, *event_shape)."""
        check_images(x, self.event_shape, binary=True)
        return Bernoulli(logits=self._logits(x).to(x.dtype), validate_args=False)

    def _logits(self, x: Tensor) -> Tensor:
        y = self.first(F.pad(x.to(self.first.weight.dtype), (0, 1)))
        for lstm, up in zip(self.lstms, self.ups, strict=True):
            y = y + up(lstm(y))
        return self.logit(F.relu(self.hidden(F.relu(y[..., :-1]))))

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        check_known_binary(given)
        return self._draws(u, given)

    def _draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        n = u.shape[1]
        _, H, W = self.event_shape
        first = _at_a_pixel(self.first, self.first.masked_weight())
        hidden, logit = (_at_a_pixel(conv, conv.weight) for conv in (self.hidden, self.logit))
        ups = [_at_a_pixel(up, up.weight) for up in self.ups]
        cells = [lstm.pixels(n, W + 1) for lstm in self.lstms]
        canvas = self.first.weight.new_zeros(n, H + 6, W + 7)

        def features(r: int, c: int) -> Tensor:
            y = first(canvas[:, r : r + 7, c : c + 7].flatten(1))
            for cell, up in zip(cells, ups, strict=True):
                y = y + up(cell.step(y, c))
            return y

        for i in range(H * W):
            r, c = divmod(i, W)
            l = logit(F.relu(hidden(F.relu(features(r, c)))))[:, 0]
            x_i = u[i] < torch.sigmoid(l)
            if given is not None:
                x_i = torch.where(given[i].isnan(), x_i, given[i] == 1)
            canvas[:, r + 3, c + 3] = x_i.to(canvas.dtype)
            if c == W - 1:
                features(r, W)
            yield x_i


def _at_a_pixel(conv: nn.Conv2d, weight: Tensor) -> Callable[[Tensor], Tensor]:
    """A convolution at one place: what its kernel covers there, (n, C h w), to (n, C')."""
    flat = weight.flatten(1)
    return lambda x: F.linear(x, flat, conv.bias)
