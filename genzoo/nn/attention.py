"""A Transformer's blocks, for one pass over all positions or one position after the other."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NEVER = -1e4
"""The logit of what top-p excludes: probability zero, yet finite, so that no NaN comes of it."""


class Block(nn.Module):
    """Attention, then a network of one hidden layer; (B, T, C) to the same.

    Args:
        width: C, a multiple of `n_heads`.
        n_heads: heads of the attention, at least 1.
        n_layers: blocks of the whole model, at least 1: the more, the smaller each starts.
    """

    def __init__(self, width: int, n_heads: int, n_layers: int):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        with torch.no_grad():  # the sum of 2 n_layers branches starts no larger than one (GPT-2)
            for last in (self.out, self.down):
                last.weight /= math.sqrt(2 * n_layers)

    def project(self, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (B, n_heads, T, d_k) each."""
        qkv = self.qkv(self.norm1(h)).unflatten(2, (3, self.n_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return q, k, v

    def finish(self, h: Tensor, attended: Tensor) -> Tensor:
        """All that follows the attention (B, n_heads, T, d_k)."""
        h = h + self.out(attended.transpose(1, 2).flatten(2))
        return h + self.down(F.gelu(self.up(self.norm2(h))))

    def forward(self, h: Tensor, later: Tensor) -> tuple[Tensor, Tensor]:
        """Also the weights (B, n_heads, T, T); later (T, T) has -inf where a key is in the
        future of the query, and 0 elsewhere."""
        q, k, v = self.project(h)
        # Written out: at this size torch's fused attention takes three times as long on a CPU in
        # bfloat16, most of it in the backward pass.
        B, n_heads, T, d_k = q.shape
        scores = torch.baddbmm(
            later, q.flatten(0, 1), k.flatten(0, 1).mT, alpha=1 / math.sqrt(d_k)
        )
        weights = torch.softmax(scores, dim=-1, dtype=scores.dtype).view(B, n_heads, T, T)
        return self.finish(h, weights @ v), weights


def sharpened(logits: Tensor, temperature: float, top_p: float) -> Tensor:
    """The logits (..., K) of p^(1 / temperature), cut to the most likely values that together have
    `top_p` of it (Holtzman et al., "The Curious Case of Neural Text Degeneration", 2020).

    Args:
        temperature: above 0; below 1 what is likely becomes more likely.
        top_p: in (0, 1]; 1 cuts nothing.
    """
    logits = logits / temperature
    if top_p == 1:
        return logits
    p, index = torch.softmax(logits, dim=-1).sort(dim=-1, descending=True)
    needed = p.cumsum(dim=-1) - p < top_p  # those before it are not enough
    kept = torch.zeros_like(needed).scatter(-1, index, needed)
    return torch.where(kept, logits, NEVER)
