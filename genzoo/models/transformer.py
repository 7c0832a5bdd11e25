"""Transformer: attention over the pixels before.

Vaswani et al., "Attention Is All You Need", 2017; decoder only and with normalization before each
sublayer as in Radford et al., "Improving Language Understanding by Generative Pre-Training", 2018,
and Child et al., "Generating Long Sequences with Sparse Transformers", 2019; on pixels as Parmar
et al., "Image Transformer", 2018.

    p(x) = prod_t p(s_t | s_<t)
    Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V, over the positions up to t's own
    h <- h + Attention(LN(h)),   h <- h + W_2 gelu(W_1 LN(h))

Differs from the paper:
- A token s_t is P neighboring pixels of a row, and p(s_t | s_<t) a softmax over all their 2^P
  joint values: an exact density still, whose conditionals p(x_i | x_<i) of single pixels follow by
  summing within the token. With P = 7 there are 112 positions instead of 784: a seventh of the
  products, a 49th of the attention.
- Position t reads not the token before it alone but also a window of the rows above its own: what
  a first layer of attention would have to find out is given.
- No dropout: binarization anew at each reading is noise enough.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F

from genzoo.nn.attention import Block, sharpened
from genzoo.roles import Autoregressive, check_images, check_known_binary


class Transformer(Autoregressive):
    """Binary images (1, H, W) in raster order.

    Args:
        event_shape: shape of an image.
        width: C, channels of a position.
        n_layers: blocks of attention and network.
        n_heads: heads of each attention; d_k = width / n_heads.
        patch: P, pixels of a row that are one token; W is a multiple of it.
        window: rows above its token that a position reads, and as far to either side of it.
    """

    order: Tensor
    offsets: Tensor

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        width: int = 160,
        n_layers: int = 5,
        n_heads: int = 5,
        patch: int = 7,
        window: int = 6,
    ):
        super().__init__()
        if len(event_shape) != 3 or event_shape[0] != 1:
            raise ValueError(f"An image's shape is 1, height, width, not {event_shape}.")
        _, H, W = event_shape
        if min(H, W, width, n_layers, n_heads, patch, window) < 1:
            raise ValueError("Sizes of a Transformer must be at least 1.")
        if W % patch:
            raise ValueError(f"The width of an image must be a multiple of {patch}, not {W}.")
        if width % n_heads:
            raise ValueError(f"The width must be a multiple of {n_heads} heads, not {width}.")
        self.event_shape = (1, H, W)
        self.patch, self.window = patch, window
        # What each position reads, as places in an image with a border of zeros: a window above
        # its token, and the token before it (before the first: of the border).
        self.pitch = W + 2 * window
        corner = torch.arange(H).unsqueeze(1) * self.pitch + torch.arange(0, W, patch)
        above = torch.arange(window).unsqueeze(1) * self.pitch + torch.arange(patch + 2 * window)
        own = corner.view(-1, 1) + window * (self.pitch + 1) + torch.arange(patch)
        before = torch.cat([torch.arange(patch).unsqueeze(0), own[:-1]])
        offsets = torch.cat([corner.view(-1, 1) + above.flatten(), before], dim=1)
        self.embed = nn.Linear(offsets.shape[1], width)
        self.row = nn.Parameter(0.02 * torch.randn(H, 1, width))
        self.column = nn.Parameter(0.02 * torch.randn(1, W // patch, width))
        self.blocks: Any = nn.ModuleList(Block(width, n_heads, n_layers) for _ in range(n_layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 2**patch)
        self.register_buffer("offsets", offsets, persistent=False)
        self.register_buffer("order", torch.arange(H * W), persistent=False)

    def conditionals(self, x: Tensor) -> Bernoulli:
        """p(x_i = 1 | x_<i), logits (B, *event_shape), of binary images x (B, *event_shape)."""
        return pixels(self.tokens(x), x)

    def tokens(self, x: Tensor) -> Tensor:
        """Logits of p(s_t | s_<t) of binary images x (B, *event_shape), (B, T, 2^P).

        Value v of a token has its first pixel as its highest bit.
        """
        check_images(x, self.event_shape, binary=True)
        h, later = self._embedded(x)
        for block in self.blocks:
            h, _ = block(h, later)
        return self.head(self.norm(h)).to(x.dtype)

    def _embedded(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What the blocks take: h (B, T, C), and what hides the future (T, T)."""
        m = self.window
        padded = F.pad(x, (m, m, m, 0)).flatten(1)
        places = (self.row + self.column).flatten(0, 1)
        h = self.embed(padded[:, self.offsets].to(places.dtype)) + places
        return h, torch.full((len(places),) * 2, -math.inf).triu(1).to(h)

    def attention(self, x: Tensor, i: int) -> Tensor:
        """Where pixel i of one image x (1, *event_shape) looks: (n_layers, n_heads, H, W).

        Each map sums to one and is zero after i's token; the weight of a position is shared
        evenly by the pixels of its token. A position stands at its place in the image and has
        read the pixels before it, not its own pixels.

        Raises:
            ValueError: on more than one image, or a pixel outside it.
        """
        check_images(x, self.event_shape, binary=True)
        D = self.order.numel()
        if len(x) != 1:
            raise ValueError(f"Attention is of one image at a time, not of {len(x)}.")
        if not 0 <= i < D:
            raise ValueError(f"The pixel must be 0 to {D - 1}, not {i}.")
        t = i // self.patch
        h, later = self._embedded(x)
        maps = []
        for block in self.blocks:
            h, weights = block(h, later)
            maps.append(weights[0, :, t])
        shared = (torch.stack(maps) / self.patch).repeat_interleave(self.patch, dim=2)
        return shared.unflatten(2, self.event_shape[1:])

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        return self.tempered().draws(u, given)

    def tempered(self, temperature: float = 1.0, top_p: float = 1.0) -> Tempered:
        """The model with its tokens sharpened, to be sampled: see `Tempered`."""
        return Tempered(self, temperature, top_p)


class Tempered(Autoregressive):
    """A Transformer with p(s_t | s_<t)^(1 / temperature), cut to the most likely values that
    together have `top_p` of it (Holtzman et al., 2020): a density too, but not the learned one.

    Args:
        model: the Transformer.
        temperature: above 0; below 1 what is likely becomes more likely.
        top_p: in (0, 1]; 1 cuts nothing.
    """

    def __init__(self, model: Transformer, temperature: float = 1.0, top_p: float = 1.0):
        super().__init__()
        if not 0 < temperature < math.inf:
            raise ValueError(f"The temperature must be a number above 0, not {temperature}.")
        if not 0 < top_p <= 1:
            raise ValueError(f"top_p must be above 0 and at most 1, not {top_p}.")
        self.model, self.temperature, self.top_p = model, temperature, top_p
        self.event_shape, self.order = model.event_shape, model.order

    def conditionals(self, x: Tensor) -> Bernoulli:
        return pixels(self._sharpened(self.model.tokens(x)), x)

    def _sharpened(self, logits: Tensor) -> Tensor:
        return sharpened(logits, self.temperature, self.top_p)

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        """A token at a time, the keys and values of the positions before it kept."""
        check_known_binary(given)
        return self._draws(u, given)

    def _draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        model = self.model
        D, n = u.shape
        P, m = model.patch, model.window
        _, H, W = model.event_shape
        dtype = model.row.dtype
        places = (model.row + model.column).flatten(0, 1)
        padded = torch.zeros(n, H + m, model.pitch, dtype=dtype, device=u.device)
        image = padded[:, m:, m : m + W]
        heads = model.blocks[0].n_heads
        shape = (len(model.blocks), n, heads, D // P, places.shape[1] // heads)
        keys = torch.empty(shape, dtype=dtype, device=u.device)
        values = torch.empty_like(keys)
        for t in range(D // P):
            window = padded.flatten(1)[:, model.offsets[t]]
            h = (model.embed(window) + places[t]).unsqueeze(1)
            for l, block in enumerate(model.blocks):
                q, k, v = block.project(h)
                keys[l, :, :, t], values[l, :, :, t] = k[:, :, 0], v[:, :, 0]
                past = keys[l, :, :, : t + 1], values[l, :, :, : t + 1]
                h = block.finish(h, F.scaled_dot_product_attention(q, *past))
            logits = self._sharpened(model.head(model.norm(h[:, 0])))
            for i in range(t * P, t * P + P):
                off, on = logits.unflatten(-1, (2, -1)).unbind(-2)
                p = torch.sigmoid(on.logsumexp(-1) - off.logsumexp(-1))
                x_i = u[i] < p
                if given is not None:
                    x_i = torch.where(given[i].isnan(), x_i, given[i] == 1)
                logits = torch.where(x_i.unsqueeze(-1), on, off)
                image[:, i // W, i % W] = x_i.to(dtype)
                yield x_i


def pixels(logits: Tensor, x: Tensor) -> Bernoulli:
    """p(x_i | x_<i) of every pixel of x (B, 1, H, W) from its tokens' logits (B, T, 2^P).

    Pixel after pixel the values that agree with those before it are summed by what they say of
    this one; together the P conditionals are the softmax again.
    """
    s = x.reshape(*logits.shape[:2], -1)
    of_pixels = []
    for s_k in s.unbind(-1):
        off, on = logits.unflatten(-1, (2, -1)).unbind(-2)
        of_pixels.append(on.logsumexp(-1) - off.logsumexp(-1))
        logits = torch.where(s_k.unsqueeze(-1) == 1, on, off)
    return Bernoulli(logits=torch.stack(of_pixels, -1).view_as(x), validate_args=False)
