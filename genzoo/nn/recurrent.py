"""LSTMs that sweep an image, a row or a diagonal at a step.

van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel Recurrent Neural Networks", 2016:

    [o, f, i, g] = [sigmoid, sigmoid, sigmoid, tanh](K_ss * h_before + K_is * x)
    c = f c_before + i g
    h = o tanh(c)

The input's part K_is * x is computed for the whole map at once; the sweep adds the state's, which
is a convolution along the row or diagonal before. Outside the image states are zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.nn.masked import MaskedConv2d


@dataclass(frozen=True)
class Step:
    """One row or diagonal, and where the neighbors of its cells are.

    Args:
        n: number of cells.
        taps: cell k's j-th neighbor is cell k + taps[j] of the step before, laid out with a zero
            cell at either end. The first tap is the one whose c is carried on.
    """

    n: int
    taps: tuple[int, ...]


@lru_cache
def rows(H: int, W: int) -> tuple[Step, ...]:
    """Rows from top to bottom; a cell's neighbors: above, above to the left and to the right."""
    return (Step(W, (1, 0, 2)),) * H


@lru_cache
def diagonals(H: int, W: int) -> tuple[Step, ...]:
    """Diagonals of r + c = 0, 1, ..., each from its top; a cell's neighbors: left, above."""
    steps, top_before = [], 0
    for d in range(H + W - 1):
        top, bottom = max(0, d - W + 1), min(d, H - 1)
        left = top - top_before + 1  # in the diagonal before, behind its first zero
        steps.append(Step(bottom - top + 1, (left, left - 1)))
        top_before = top
    return tuple(steps)


@lru_cache
def skew_order(H: int, W: int) -> Tensor:
    """(H * W,) flat indices of the cells, diagonal after diagonal, each from its top.

    The paper skews the map to make columns of its diagonals, which nearly doubles it; listing them
    leaves out what skewing pads.
    """
    # Kept for all callers: were it made in inference mode, no later one could differentiate.
    with torch.inference_mode(False):
        r, c = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
        return ((r + c) * H + r).flatten().argsort()


class _Sweep(torch.autograd.Function):
    """h of every cell: a (S, N, B, 4n) the input's part of the gates and K (S, taps, n, 4n) the
    state's, N cells in the order of the steps, S sweeps side by side; to (S, N, B, n).

    By hand, since there are thousands of small operations otherwise: the backward pass needs no
    more of them than the forward one, and nothing is kept twice.
    """

    @staticmethod
    def forward(ctx: Any, a: Tensor, K: Tensor, steps: tuple[Step, ...]) -> Tensor:
        S, N, B, n = *a.shape[:3], a.shape[3] // 4
        keep = any(ctx.needs_input_grad)
        out = a.new_empty(S, N, B, n)
        # Of the step before: with a zero cell at either end of each.
        h = c = a.new_zeros(S, steps[0].n + 2, B, n)
        kept = []
        s = 0
        for step in steps:
            gates = a[:, s : s + step.n].flatten(1, 2)
            if s > 0:
                for j, tap in enumerate(step.taps):
                    before = h[:, tap : tap + step.n].flatten(1, 2)
                    gates = torch.baddbmm(gates, before, K[:, j])
            gates = gates.view(S, step.n, B, 4 * n)
            ofi, g = gates[..., : 3 * n].sigmoid(), gates[..., 3 * n :].tanh()
            o, f, i = ofi.chunk(3, dim=-1)
            c_before = c[:, step.taps[0] : step.taps[0] + step.n]
            c_next, h_next = (a.new_zeros(S, step.n + 2, B, n) for _ in range(2))
            inner = c_next[:, 1:-1]
            torch.mul(f, c_before, out=inner).addcmul_(i, g)
            t = inner.tanh()
            torch.mul(o, t, out=h_next[:, 1:-1])
            out[:, s : s + step.n] = h_next[:, 1:-1]
            if keep:
                kept.append((ofi, g, t, c, h))
            c, h = c_next, h_next
            s += step.n
        ctx.save_for_backward(K)
        ctx.steps, ctx.kept = steps, kept
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        (K,) = ctx.saved_tensors
        S, N, B, n = dout.shape
        da = dout.new_empty(S, N, B, 4 * n)
        dK = torch.zeros_like(K, dtype=torch.float32 if K.dtype.itemsize < 4 else K.dtype)
        last = ctx.steps[-1].n
        dh = dc = dout.new_zeros(S, last + 2, B, n)
        s = N
        for step, (ofi, g, t, c, h) in zip(reversed(ctx.steps), reversed(ctx.kept), strict=True):
            s -= step.n
            o, f, i = ofi.chunk(3, dim=-1)
            carried = slice(step.taps[0], step.taps[0] + step.n)
            dh_s = dh[:, 1:-1] + dout[:, s : s + step.n]
            dc_s = torch.addcmul(dc[:, 1:-1], dh_s * o, 1 - t * t)
            d = torch.cat([dh_s * t, dc_s * c[:, carried], dc_s * g], dim=-1)
            d.mul_(ofi).addcmul_(d, ofi, value=-1)  # sigmoid'
            da_s = da[:, s : s + step.n]
            da_s[..., : 3 * n] = d
            torch.mul(dc_s * i, 1 - g * g, out=da_s[..., 3 * n :])
            dh, dc = torch.zeros_like(h), torch.zeros_like(c)
            torch.mul(dc_s, f, out=dc[:, carried])
            if s == 0:
                break
            flat = da_s.flatten(1, 2)
            for j, tap in enumerate(step.taps):
                before = slice(tap, tap + step.n)
                dh[:, before] += torch.bmm(flat, K[:, j].mT).view_as(dh_s)
                dK[:, j] += torch.bmm(h[:, before].flatten(1, 2).mT, flat)
        return da, dK.to(K.dtype), None


class _Permuted(torch.autograd.Function):
    """x[:, order]; torch's own gradient would add up, as if an index could come twice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, order: Tensor) -> Tensor:
        ctx.save_for_backward(order)
        return x[:, order]

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dx: Tensor) -> tuple[Tensor | None, ...]:
        (order,) = ctx.saved_tensors
        return dx[:, order.argsort()], None


def _cell(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """(h, c) of gates (..., 4n) and the c before (..., n)."""
    n = c.shape[-1]
    o, f, i = gates[..., : 3 * n].sigmoid().chunk(3, dim=-1)
    c = f * c + i * gates[..., 3 * n :].tanh()
    return o * c.tanh(), c


def _low(K: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Both in the type of autocast, where there is one, else in the parameter's."""
    device = x.device.type
    on = torch.is_autocast_enabled(device)
    dtype = torch.get_autocast_dtype(device) if on else K.dtype
    return K.to(dtype), x.to(dtype)


class RowLSTM(nn.Module):
    """Rows from top to bottom, (B, C, H, W) to (B, n_hidden, H, W): a cell sees three cells of the
    row above, so a pixel the triangle above it; to its left it sees one more pixel of the input.

    Args:
        n_in: C, channels of the input.
        n_hidden: units of the state of a cell.
    """

    def __init__(self, n_in: int, n_hidden: int):
        super().__init__()
        self.n_hidden, self.n_out = n_hidden, n_hidden
        self.input = MaskedConv2d(n_in, 4 * n_hidden, (1, 3), "B")
        bound = (3 * n_hidden) ** -0.5
        self.K_ss = nn.Parameter(torch.empty(1, 3, n_hidden, 4 * n_hidden).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        H, W = x.shape[2:]
        a = self.input(x).permute(2, 3, 0, 1).flatten(0, 1).unsqueeze(0)
        K, a = _low(self.K_ss, a)
        h = _Sweep.apply(a.contiguous(), K, rows(H, W))
        return h[0].unflatten(0, (H, W)).permute(2, 3, 0, 1)

    def pixels(self, n: int, W: int) -> RowPixels:
        """The same for n images (., ., W), a pixel at a time."""
        return RowPixels(self, n, W)


class RowPixels:
    """The states of the row above, from which each row's part of the gates comes at once.

    Args:
        layer: the layer, whose weights are shared.
        n: number of images.
        W: width of the images.
    """

    def __init__(self, layer: RowLSTM, n: int, W: int):
        self.layer, self.W = layer, W
        K = layer.K_ss[0]
        self.K = K[[1, 0, 2]].flatten(0, 1).t()  # from left to right
        self.before, self.here, _ = (
            w.t().contiguous() for w in layer.input.masked_weight()[:, :, 0].unbind(2)
        )
        self.h, self.c = (K.new_zeros(n, W + 2, layer.n_hidden) for _ in range(2))

    def step(self, x: Tensor, c: int) -> Tensor:
        """h (n, n_hidden) of the next pixel in raster order, in column c; its input (n, C)."""
        if c == 0:
            above = torch.cat([self.h[:, k : k + self.W] for k in range(3)], dim=2)
            self.gates = F.linear(above, self.K, self.layer.input.bias)
            self.h = torch.zeros_like(self.h)
            self.x = torch.zeros_like(x)
        gates = self.gates[:, c] + self.x @ self.before + x @ self.here
        h, cell = _cell(gates, self.c[:, c + 1])
        self.h[:, c + 1], self.c[:, c + 1], self.x = h, cell, x
        return h


class DiagonalBiLSTM(nn.Module):
    """Diagonals from the top left and from the top right, (B, C, H, W) to (B, 2 n_hidden, H, W).

    A cell sees the one beside it and the one above. What comes from the right is shifted down a
    row, so that it has seen no future pixel: the two together see the whole past.

    Args:
        n_in: C, channels of the input.
        n_hidden: units of the state of a cell, in each direction.
    """

    def __init__(self, n_in: int, n_hidden: int):
        super().__init__()
        self.n_hidden, self.n_out = n_hidden, 2 * n_hidden
        self.input = nn.Conv2d(n_in, 8 * n_hidden, 1)
        bound = (2 * n_hidden) ** -0.5
        self.K_ss = nn.Parameter(torch.empty(2, 2, n_hidden, 4 * n_hidden).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        H, W = x.shape[2:]
        order = skew_order(H, W).to(x.device)
        left, right = self.input(x).permute(2, 3, 0, 1).chunk(2, dim=3)
        a = _Permuted.apply(torch.stack([left, right.flip(1)]).flatten(1, 2), order)
        K, a = _low(self.K_ss, a)
        h = _Permuted.apply(_Sweep.apply(a, K, diagonals(H, W)), order.argsort())
        h = h.unflatten(1, (H, W))
        right = F.pad(h[1].flip(1), (0, 0, 0, 0, 0, 0, 1, 0))[:H]
        return torch.cat([h[0], right], dim=3).permute(2, 3, 0, 1)

    def pixels(self, n: int, W: int) -> DiagonalPixels:
        """The same for n images (., ., W), a pixel at a time."""
        return DiagonalPixels(self, n, W)


class DiagonalPixels:
    """States of the row above, and of the row so far; a row's sweep from the right follows when
    the row is done, which is early enough for the one below.

    Args:
        layer: the layer, whose weights are shared.
        n: number of images.
        W: width of the images.
    """

    def __init__(self, layer: DiagonalBiLSTM, n: int, W: int):
        self.W = W
        assert layer.input.bias is not None
        left, right = layer.input.weight.flatten(1).chunk(2)
        self.bias_left, self.bias_right = layer.input.bias.chunk(2)
        self.input_left, self.input_right = left.t().contiguous(), right.t().contiguous()
        self.K_left, self.K_right = layer.K_ss.flatten(1, 2).unbind(0)  # of beside, above
        self.zero = layer.K_ss.new_zeros(n, layer.n_hidden)
        self.above = [self.zero] * W  # h from the left, of the row above until it is replaced
        self.right = [self.zero] * W  # h from the right, of the row above
        self.inputs: list[Tensor] = []  # of this row

    def step(self, x: Tensor, c: int) -> Tensor:
        """h (n, 2 n_hidden) of the next pixel in raster order, in column c; its input (n, C)."""
        if c == 0:
            if self.inputs:
                self._sweep_from_right()
            self.inputs = []
            self.h = self.c = self.zero
        self.inputs.append(x)
        gates = torch.addmm(self.bias_left, x, self.input_left)
        gates = torch.addmm(gates, torch.cat([self.h, self.above[c]], dim=1), self.K_left)
        self.h, self.c = _cell(gates, self.c)
        self.above[c] = self.h
        return torch.cat([self.h, self.right[c]], dim=1)

    def _sweep_from_right(self) -> None:
        a = torch.stack(self.inputs) @ self.input_right + self.bias_right
        h = c = self.zero
        for k in reversed(range(self.W)):
            gates = torch.addmm(a[k], torch.cat([h, self.right[k]], dim=1), self.K_right)
            h, c = _cell(gates, c)
            self.right[k] = h
