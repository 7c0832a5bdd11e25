from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genzoo.nn.recurrent import DiagonalBiLSTM, RowLSTM, _Sweep, diagonals, rows, skew_order


def cell(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """The paper's equations."""
    o, f, i, g = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def layer_of(kind: type, n_in: int = 3, n_hidden: int = 2):
    torch.manual_seed(0)
    layer = kind(n_in, n_hidden).double()
    with torch.no_grad():
        for p in layer.parameters():
            p.normal_(std=0.7)
    return layer


def row_lstm_by_cells(layer: RowLSTM, x: Tensor) -> Tensor:
    """A pixel at a time, of x (C, H, W)."""
    _, H, W = x.shape
    n = layer.n_hidden
    K = layer.K_ss[0]  # of above, above to the left, above to the right
    weight = layer.input.weight[:, :, 0]  # (4n, C, 3), of which the last tap is masked
    h = torch.zeros(H + 1, W + 2, n, dtype=x.dtype)
    c = torch.zeros_like(h)
    for r in range(H):
        for k in range(W):
            gates = layer.input.bias + weight[:, :, 1] @ x[:, r, k]
            if k > 0:
                gates = gates + weight[:, :, 0] @ x[:, r, k - 1]
            gates = gates + h[r, k + 1] @ K[0] + h[r, k] @ K[1] + h[r, k + 2] @ K[2]
            h[r + 1, k + 1], c[r + 1, k + 1] = cell(gates, c[r, k + 1])
    return h[1:, 1:-1].permute(2, 0, 1)


def diagonal_lstm_by_cells(a: Tensor, K: Tensor) -> Tensor:
    """From the left, a pixel at a time: a (H, W, 4n) the input's part, K (2, n, 4n)."""
    H, W, n = a.shape[0], a.shape[1], K.shape[1]
    h = torch.zeros(H + 1, W + 1, n, dtype=a.dtype)
    c = torch.zeros_like(h)
    for r in range(H):
        for k in range(W):
            gates = a[r, k] + h[r + 1, k] @ K[0] + h[r, k + 1] @ K[1]
            h[r + 1, k + 1], c[r + 1, k + 1] = cell(gates, c[r + 1, k])
    return h[1:, 1:]


@pytest.mark.parametrize("size", [(1, 1), (4, 1), (1, 4), (3, 5), (5, 3)])
def test_a_row_lstm_is_its_cells(size):
    layer = layer_of(RowLSTM)
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    with torch.no_grad():
        expected = torch.stack([row_lstm_by_cells(layer, image) for image in x])
        torch.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (4, 1), (1, 4), (3, 5), (5, 3)])
def test_a_diagonal_bilstm_is_its_cells_the_right_one_shifted_down(size):
    layer = layer_of(DiagonalBiLSTM)
    x = torch.randn(1, 3, *size, dtype=torch.float64)
    with torch.no_grad():
        left, right = layer.input(x)[0].permute(1, 2, 0).chunk(2, dim=2)
        from_left = diagonal_lstm_by_cells(left, layer.K_ss[0])
        from_right = diagonal_lstm_by_cells(right.flip(1), layer.K_ss[1]).flip(1)
        shifted = torch.cat([torch.zeros_like(from_right[:1]), from_right[:-1]])
        expected = torch.cat([from_left, shifted], dim=2).permute(2, 0, 1).unsqueeze(0)
        torch.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("steps", [rows(3, 4), diagonals(3, 4), diagonals(4, 2)])
def test_gradients_of_a_sweep_equal_finite_differences(steps):
    N, taps = sum(step.n for step in steps), len(steps[0].taps)
    a = torch.randn(2, N, 2, 8, dtype=torch.float64, requires_grad=True)
    K = torch.randn(2, taps, 2, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, K: _Sweep.apply(a, K, steps), (a, K))


@pytest.mark.parametrize("kind", [RowLSTM, DiagonalBiLSTM])
def test_gradients_of_a_layer_equal_finite_differences(kind):
    layer = layer_of(kind, n_in=2, n_hidden=1)
    x = torch.randn(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, (x,))


@pytest.mark.parametrize("kind", [RowLSTM, DiagonalBiLSTM])
def test_a_pixel_at_a_time_equals_the_whole_map(kind):
    layer = layer_of(kind).requires_grad_(False)
    H, W = 4, 5
    x = torch.randn(6, 3, H, W, dtype=torch.float64)
    pixels = layer.pixels(6, W)
    steps = [pixels.step(x[:, :, r, c], c) for r in range(H) for c in range(W)]
    one_by_one = torch.stack(steps, dim=2).unflatten(2, (H, W))
    torch.testing.assert_close(one_by_one, layer(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (5, 3)])
def test_skewing_lists_diagonals_from_their_tops(size):
    H, W = size
    places = [(int(k) // W, int(k) % W) for k in skew_order(H, W)]
    expected = sorted(((r, c) for r in range(H) for c in range(W)), key=lambda p: (sum(p), p[0]))
    assert places == expected
    assert [step.n for step in diagonals(H, W)] == [
        sum(r + c == d for r, c in places) for d in range(H + W - 1)
    ]
