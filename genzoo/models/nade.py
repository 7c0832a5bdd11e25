"""NADE: the neural autoregressive distribution estimator.

Larochelle and Murray, "The Neural Autoregressive Distribution Estimator", AISTATS 2011.

    p(x) = prod_i p(x_i | x_<i)
    p(x_i = 1 | x_<i) = sigmoid(b_i + V_i . h_i)
    h_i = sigmoid(a_i),   a_i = c + sum_{j < i} x_j W_j

The D hidden layers share W, so a_{i+1} = a_i + x_i W_i: the whole density costs O(DH), and so does
a sample, which keeps a and goes on from it.

Differs from the paper: Adam instead of plain gradient descent; pixels in raster order instead of
one fixed random order, so that a person can follow it; W_j and V_i are rows, (D, H) both.

How it is computed. The plain loop over D pixels is a thousand small operations; all D hidden
layers at once are (B, D, H), 200 MB at H = 500, and bound by memory. Between the two lie chunks of
K pixels: within a chunk, a_i - a_start is one product of the pixels before i (a masked copy of x)
with the chunk's rows of W; across chunks a is carried along. A chunk's h stays in cache, the
backward pass is written out by hand over the same chunks, and the three products run on matrix
units, in bfloat16 under autocast (a, the sums and the logits stay in float32).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F

from genzoo.roles import Autoregressive, Offer, check_images, check_known_binary

CHUNK = 14
"""Pixels in a chunk (K): large enough for a product, small enough for the cache."""

CHUNK_LOW_PRECISION = 28
"""The same in 16-bit types, which are half as large and have the faster product."""


def _logits_of_one(x: Tensor, W: Tensor, V: Tensor, c: Tensor) -> Tensor:
    """`_Logits` of one binary image: h changes after a pixel that is on, and what is between two
    of them is one product. Half of the time, and no W of pixels that are off is read."""
    on = x[0].nonzero().squeeze(1)
    h = torch.cat([c.unsqueeze(0), W[on]]).cumsum_(0).sigmoid_()
    l, V_ = np.empty(len(V), dtype=V.numpy().dtype), V.numpy()
    start = 0
    for h_k, end in zip(h.numpy(), [*(on + 1).tolist(), len(V)], strict=True):
        np.dot(V_[start:end], h_k, out=l[start:end])
        start = end
    return torch.from_numpy(l).unsqueeze(0)


def _logits_traced(x: Tensor, W: Tensor, V: Tensor, c: Tensor) -> Tensor:
    """`_Logits` in operations that a graph knows: all D hidden layers at once, (B, D, H)."""
    past = F.pad((x.unsqueeze(2) * W)[:, :-1], (0, 0, 1, 0)).cumsum(1)
    return (torch.sigmoid(c + past) * V).sum(2)


class _Logits(torch.autograd.Function):
    """l_i = V_i . h_i for all i at once: x (B, D), W and V (D, H), c (H,) to (B, D).

    It can be differentiated once, with respect to x too, as if pixels were real numbers.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, W: Tensor, V: Tensor, c: Tensor, dtype: torch.dtype
    ) -> Tensor:
        B, D = x.shape
        keep = any(ctx.needs_input_grad)
        if B == 1 and not keep and x.device.type == "cpu":
            return _logits_of_one(x, W, V, c)
        K = CHUNK if dtype.itemsize >= 4 else CHUNK_LOW_PRECISION
        x_, W_, V_ = x.to(dtype), W.to(dtype), V.to(dtype)
        before = torch.tril(torch.ones(K, K, dtype=dtype, device=x.device), -1)  # j < i
        hidden = []
        l = torch.empty(B, D, dtype=x.dtype, device=x.device)
        a = c.expand(B, -1)  # (B, H) at the start of the chunk
        for s in range(0, D, K):
            W_s, V_s = W_[s : s + K], V_[s : s + K]
            k = len(W_s)
            past = (x_[:, s : s + K] * before[:k, None, :k]).view(k * B, k)
            h = (past @ W_s).view(k, B, -1).add_(a.to(dtype)).sigmoid_()
            l[:, s : s + K] = torch.bmm(h, V_s.unsqueeze(2)).squeeze(2).t()
            a = torch.addmm(a, x[:, s : s + K], W[s : s + K])
            if keep:
                hidden.append(h)
        ctx.save_for_backward(x, W, V, before)
        ctx.hidden, ctx.dtype = hidden, dtype
        return l

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dl: Tensor) -> tuple[Tensor | None, ...]:
        x, W, V, before = ctx.saved_tensors
        K = len(before)
        x_, W_, V_, dl_ = (t.to(ctx.dtype) for t in (x, W, V, dl))
        dW, dV = torch.empty_like(W), torch.empty_like(V)
        dx = torch.empty_like(x) if ctx.needs_input_grad[0] else None
        da = torch.zeros(len(x), W.shape[1], dtype=x.dtype, device=x.device)  # of all later a_i
        for n in reversed(range(len(ctx.hidden))):
            h = ctx.hidden[n]
            k, s = len(h), n * K
            d = dl_[:, s : s + K].t()  # (k, B)
            dV[s : s + K] = torch.bmm(d.unsqueeze(1), h).squeeze(1)
            da_s = torch.addcmul(h, h, h, value=-1)  # sigmoid'
            da_s.mul_(V_[s : s + K].unsqueeze(1)).mul_(d.unsqueeze(2))
            past = (x_[:, s : s + K] * before[:k, None, :k]).view(k * len(x), k)
            dW[s : s + K] = past.t() @ da_s.view(k * len(x), -1)
            dW[s : s + K].addmm_(x[:, s : s + K].t(), da)
            if dx is not None:  # pixels later in the chunk, then those of later chunks
                within = (da_s.view(k * len(x), -1) @ W_[s : s + K].t()).view(k, len(x), k)
                dx[:, s : s + K] = (within * before[:k, None, :k]).sum(0)
                dx[:, s : s + K] += da @ W[s : s + K].t()
            da += da_s.sum(0)
        return dx, dW, dV, da.sum(0), None


class NADE(Autoregressive):
    """Binary images (1, H, W) in raster order; parameters named as in the paper.

    Args:
        event_shape: shape of an image; D is its number of pixels.
        n_hidden: H, hidden units.
    """

    order: Tensor

    traceable = True

    def __init__(self, event_shape: tuple[int, ...] = (1, 28, 28), n_hidden: int = 500):
        super().__init__()
        if n_hidden < 1:
            raise ValueError(f"The number of hidden units must be at least 1, not {n_hidden}.")
        self.event_shape = tuple(event_shape)
        D = torch.Size(self.event_shape).numel()
        self.n_hidden = n_hidden
        self.W = nn.Parameter(0.02 * torch.randn(D, n_hidden))
        self.V = nn.Parameter(0.02 * torch.randn(D, n_hidden))
        self.b = nn.Parameter(torch.zeros(D))
        self.c = nn.Parameter(torch.zeros(n_hidden))
        self.register_buffer("order", torch.arange(D), persistent=False)

    def conditionals(self, x: Tensor) -> Bernoulli:
        """p(x_i = 1 | x_<i), logits (B, *event_shape), of binary images x (B, *event_shape)."""
        check_images(x, self.event_shape, binary=True)
        device = x.device.type
        low = torch.is_autocast_enabled(device)
        dtype = torch.get_autocast_dtype(device) if low else self.W.dtype
        flat = x.flatten(1).to(self.W.dtype)
        if torch.compiler.is_exporting():
            l = _logits_traced(flat, self.W, self.V, self.c)
        else:
            l = _Logits.apply(flat, self.W, self.V, self.c, dtype)
        return Bernoulli(logits=(l + self.b).view_as(x), validate_args=False)

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        # x_i = [u_i < sigmoid(b_i + V_i . h_i)] = [V_i . h_i > logit(u_i) - b_i], and only the
        # images in which pixel i is on get another hidden layer: one image in eight. At this size
        # it is calls that cost, not arithmetic, and numpy's are the cheaper ones; so it is done
        # in the CPU's memory, which both libraries see, wherever the model is.
        check_known_binary(given)
        if given is not None:
            known, given_ = (~given.isnan()).cpu().numpy(), (given == 1).cpu().numpy()
        W, V, b, c = (p.detach().cpu() for p in (self.W, self.V, self.b, self.c))
        n = u.shape[1]
        x = torch.empty(u.shape, dtype=torch.bool)
        a, h, l = c.repeat(n, 1), torch.sigmoid(c).repeat(n, 1), torch.empty(n, dtype=W.dtype)
        threshold = torch.logit(u.cpu().to(W.dtype)) - b.unsqueeze(1)
        a_, h_, l_ = a.numpy(), h.numpy(), l.numpy()  # the same memory
        rows = zip(x.unbind(0), x.numpy(), threshold.numpy(), W.numpy(), V.unbind(0), strict=True)
        for i, (drawn, x_i, threshold_i, W_i, V_i) in enumerate(rows):
            torch.mv(h, V_i, out=l)
            np.greater(l_, threshold_i, out=x_i)
            if given is not None:
                np.copyto(x_i, given_[i], where=known[i])
            on = x_i.nonzero()[0]
            if len(on):
                a_on = a_.take(on, 0)
                a_on += W_i
                a_[on] = a_on
                torch.sigmoid_(torch.from_numpy(a_on))
                h_[on] = a_on
            yield drawn

    @property
    def own_offers(self) -> dict[str, Offer]:
        """pixel, which tells of one pixel i of each image x what makes its logit: influence, that
        of `NADE.influence`, (B, D); hidden, h_i, (B, H); and terms, V_i * h_i, (B, H), which with
        b_i sum to the logit. i is given twice, as rows of zeros and a one, and `before` as rows of
        ones for j < i, (B, D) both."""

        def pixel(x: Tensor, before: Tensor, i: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            past = x.flatten(1) * before
            a, V_i = self.c + past @ self.W, i @ self.V  # (B, H)
            h = torch.sigmoid(a)
            terms = V_i * h
            flipped = a.unsqueeze(1) + (1 - 2 * past).unsqueeze(2) * self.W  # (B, D, H)
            l_flipped = (torch.sigmoid(flipped) @ V_i.unsqueeze(2)).squeeze(2)
            return before * (terms.sum(1, keepdim=True) - l_flipped), h, terms

        D = (self.order.numel(),)
        inputs = {"x": self.event_shape, "before": D, "i": D}
        return {"pixel": Offer(pixel, inputs, ("influence", "hidden", "terms"))}

    @torch.inference_mode()
    def influence(self, x: Tensor, i: int, of_ink: bool = False) -> Tensor:
        """What each earlier pixel does to pixel i: (D,), in nats of log-odds.

        logit p(x_i = 1 | x_<i) minus the same with pixel j flipped, exactly, for every j < i; zero
        for j >= i, which cannot matter. Positive: as it stands, pixel j makes pixel i more likely.

        Args:
            x: one binary image (1, *event_shape).
            i: a flat index, 0 to D - 1.
            of_ink: of pixels that are 1 alone, in an eighth of the time; zero for the others.
        """
        check_images(x, self.event_shape, binary=True)
        D = self.order.numel()
        if len(x) != 1:
            raise ValueError(f"The influence is of one image at a time, not of {len(x)}.")
        if not 0 <= i < D:
            raise ValueError(f"The pixel must be 0 to {D - 1}, not {i}.")
        x_past = x.flatten()[:i].to(self.W.dtype)
        ink = x_past.nonzero().squeeze(1)
        W_ink = self.W[ink]
        a = self.c + W_ink.sum(0)  # (H,)
        # a with x_j turned over, (j, H).
        flipped = a - W_ink if of_ink else a + (1 - 2 * x_past).unsqueeze(1) * self.W[:i]
        result = torch.zeros(D, dtype=self.W.dtype, device=self.W.device)
        where = ink if of_ink else slice(i)
        result[where] = torch.sigmoid(a) @ self.V[i] - torch.sigmoid(flipped) @ self.V[i]
        return result
