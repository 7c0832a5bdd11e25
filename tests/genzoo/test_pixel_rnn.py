from __future__ import annotations

import pytest
import torch
from torch import Tensor

from genzoo.models import PixelRNN
from tests.genzoo.binary_images import (
    assert_bfloat16_autocast_stays_close,
    assert_draws_equal_the_slow_ones,
    binary,
    counts_of,
    every_image,
)

KINDS = ("row", "diagonal")


def pixel_rnn(kind: str, *event_shape: int, n_layers: int = 2, seed: int = 0) -> PixelRNN:
    """In float64, with weights so large that pixels depend on each other."""
    torch.manual_seed(seed)
    model = PixelRNN(event_shape, kind, n_hidden=3, n_layers=n_layers, n_channels=8).double()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.5)
        model.logit.weight *= 2
    return model.requires_grad_(False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("event_shape", [(1, 1, 1), (1, 2, 4), (1, 4, 3)])
def test_probabilities_of_all_images_sum_to_one(kind, event_shape):
    total = pixel_rnn(kind, *event_shape).log_prob(every_image(*event_shape)).exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_follow_the_density(statistics, kind):
    model = pixel_rnn(kind, 1, 2, 4)
    p = model.log_prob(every_image(1, 2, 4)).exp()
    counts = counts_of(model.sample(40_000, generator=torch.Generator().manual_seed(0)))
    assert statistics.chi_square_z(counts, p) < 5
    assert statistics.total_variation(counts, p) < 0.04
    assert (p > 0.001).sum() > 20


def seen(kind: str, H: int, W: int, r: int, c: int, n_layers: int = 2) -> Tensor:
    """(H, W): whether p(x_(r, c) | .) changes with each pixel, in any of many images, by flips."""
    result = torch.zeros(H * W, dtype=torch.bool)
    model = pixel_rnn(kind, 1, H, W, n_layers=n_layers)
    for seed in range(3):
        x = binary(1, 1, H, W, seed=seed)
        flipped = x.repeat(H * W, 1, 1, 1).flatten(1)
        at = torch.arange(H * W)
        flipped[at, at] = 1 - flipped.diagonal()
        both = torch.cat([x, flipped.view(-1, 1, H, W)])
        logits = model.conditionals(both).logits[:, 0, r, c]
        result |= logits[1:] != logits[0]
    return result.view(H, W)


@pytest.mark.parametrize(("r", "c"), [(0, 0), (3, 0), (5, 4), (5, 8), (6, 5)])
def test_a_diagonal_bilstm_sees_its_whole_past_and_no_other_pixel(r, c):
    H, W = 7, 9
    past = torch.arange(H * W).view(H, W) < r * W + c
    assert torch.equal(seen("diagonal", H, W, r, c), past)


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize(("r", "c"), [(0, 6), (3, 0), (3, 14), (4, 6)])
def test_a_row_lstm_sees_a_triangle(r, c, n_layers):
    """k rows up: 3 pixels to either side by the first convolution and one more a row by the LSTM,
    which takes over at least a row later to the right; to the left one more a layer."""
    H, W = 5, 15
    expected = torch.zeros(H, W, dtype=torch.bool)
    for row in range(r + 1):
        k = r - row
        right = c + k + 2 if k > 0 else c - 1
        expected[row, max(0, c - k - 3 - n_layers) : max(0, right + 1)] = True
    assert torch.equal(seen("row", H, W, r, c, n_layers), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_the_jacobian_is_zero_at_and_after_each_pixel(kind):
    model = pixel_rnn(kind, 1, 4, 5)

    x = binary(1, 1, 4, 5)
    assert torch.equal(model._logits(x), model.conditionals(x).logits)
    J = torch.autograd.functional.jacobian(lambda x: model._logits(x).flatten(), x)
    J = J.view(20, 20)  # (i, j)
    assert (J.triu() == 0).all()
    assert (J.tril(-1) != 0).sum() > 150


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_given", [False, True])
def test_draws_from_kept_states_equal_the_slow_ones(kind, with_given):
    model = pixel_rnn(kind, 1, 6, 7)
    assert_draws_equal_the_slow_ones(model, 9, with_given)


@pytest.mark.parametrize("kind", KINDS)
def test_the_steps_of_sampling_end_in_the_sample(kind):
    model = pixel_rnn(kind, 1, 3, 4).float()
    steps = [s.clone() for s in model.sampling(5, generator=torch.Generator().manual_seed(7))]
    assert [int((~s.isnan()).sum()) for s in steps] == [5 * (i + 1) for i in range(12)]
    assert torch.equal(steps[-1], model.sample(5, generator=torch.Generator().manual_seed(7)))


@pytest.mark.parametrize("kind", KINDS)
def test_bfloat16_autocast_stays_close_to_float32(kind):
    torch.manual_seed(0)
    model = PixelRNN((1, 12, 12), kind, n_hidden=16, n_layers=2, n_channels=32)
    x = binary(8, 1, 12, 12).float()
    assert_bfloat16_autocast_stays_close(model, x)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 4, 4)}, "1, height, width"),
        ({"lstm": "column"}, "Unknown LSTM 'column'; there are: row, diagonal"),
        ({"n_hidden": 0}, "at least 1"),
        ({"n_layers": 0}, "at least 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(change, sentence):
    sizes = dict(event_shape=(1, 4, 4), lstm="row", n_hidden=2, n_layers=1, n_channels=2)
    with pytest.raises(ValueError, match=sentence):
        PixelRNN(**{**sizes, **change})


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_binary_image_is_refused(kind):
    model = pixel_rnn(kind, 1, 4, 4)
    with pytest.raises(ValueError, match="must be 0 or 1"):
        model.log_prob(torch.full((1, 1, 4, 4), 0.5))
    with pytest.raises(ValueError, match="must be 0 or 1"):
        model.sample(2, torch.full((1, 1, 4, 4), 0.5))
