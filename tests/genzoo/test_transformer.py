from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from genzoo.models import Tempered, Transformer
from genzoo.models.transformer import pixels
from genzoo.roles import Autoregressive
from tests.genzoo.binary_images import (
    assert_bfloat16_autocast_stays_close,
    assert_draws_equal_the_slow_ones,
    binary,
    counts_of,
    every_image,
)


def transformer(*event_shape: int, patch: int = 2, window: int = 2, seed: int = 0) -> Transformer:
    """In float64, with weights so large that pixels depend on each other."""
    torch.manual_seed(seed)
    model = Transformer(event_shape, 8, n_layers=2, n_heads=2, patch=patch, window=window).double()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.4)
    return model.requires_grad_(False)


OPTIONS = [(1.0, 1.0), (0.6, 1.0), (1.7, 0.9), (1.0, 0.8)]
"""Temperature and top-p."""


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    ("event_shape", "patch"), [((1, 2, 4), 2), ((1, 3, 3), 3), ((1, 2, 4), 1)]
)
def test_probabilities_of_all_images_sum_to_one(event_shape, patch, options):
    model = transformer(*event_shape, patch=patch)
    density = model.tempered(*options)
    p = density.log_prob(every_image(*event_shape)).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-12)
    if options == (1.0, 1.0):
        assert torch.equal(p, model.log_prob(every_image(*event_shape)).exp())


@pytest.mark.parametrize("options", OPTIONS)
def test_samples_follow_the_density(statistics, options):
    model: Autoregressive = transformer(1, 2, 4)
    if options != (1.0, 1.0):
        assert isinstance(model, Transformer)
        model = model.tempered(*options)
    p = model.log_prob(every_image(1, 2, 4)).exp()
    counts = counts_of(model.sample(40_000, generator=torch.Generator().manual_seed(0)))
    assert statistics.chi_square_z(counts, p) < 5
    assert statistics.total_variation(counts, p) < 0.04
    assert (p > 0.001).sum() > 10


def test_the_density_of_a_token_is_its_softmax():
    """And the chain of its pixels' conditionals gives it back."""
    model = transformer(1, 2, 6, patch=3)
    x = binary(5, 1, 2, 6)
    value = x.view(5, 4, 3).long() @ torch.tensor([4, 2, 1])
    log_p = F.log_softmax(model.tokens(x), dim=-1).gather(2, value.unsqueeze(2)).sum((1, 2))
    torch.testing.assert_close(model.log_prob(x), log_p, rtol=1e-12, atol=1e-12)


def test_conditionals_of_pixels_are_sums_over_the_values_of_a_token():
    logits = torch.randn(1, 1, 8, generator=torch.Generator().manual_seed(0)).double()
    p = torch.softmax(logits[0, 0], 0)  # of 000, 001, ..., 111
    x = torch.tensor([1.0, 0.0, 1.0]).double().view(1, 1, 1, 3)
    expected = [p[4:].sum(), p[6:].sum() / p[4:].sum(), p[5] / p[4:6].sum()]
    torch.testing.assert_close(pixels(logits, x).probs.flatten(), torch.stack(expected))


def test_sharpening_is_of_whole_tokens():
    model = transformer(1, 1, 4, patch=2)
    x = binary(3, 1, 1, 4)
    p = torch.softmax(model.tokens(x), -1)

    cold = torch.softmax(Tempered(model, 0.5)._sharpened(model.tokens(x)), -1)
    torch.testing.assert_close(cold, p**2 / (p**2).sum(-1, keepdim=True))

    cut = torch.softmax(Tempered(model, 1.0, 0.6)._sharpened(model.tokens(x)), -1)
    for before, after in zip(p.flatten(0, 1), cut.flatten(0, 1), strict=True):
        ranked = before.argsort(descending=True).tolist()
        n = next(n for n in range(1, 5) if before[ranked[:n]].sum() >= 0.6)  # the fewest
        expected = torch.zeros(4).double()
        expected[ranked[:n]] = before[ranked[:n]] / before[ranked[:n]].sum()
        torch.testing.assert_close(after, expected)


@pytest.mark.parametrize(("patch", "window"), [(1, 1), (2, 1), (3, 2), (6, 4)])
def test_a_conditional_depends_on_all_earlier_pixels_and_no_other(patch, window):
    model = transformer(1, 4, 6, patch=patch, window=window)
    D = 24
    x = binary(1, 1, 4, 6)
    flipped = x.repeat(D, 1, 1, 1).flatten(1)
    flipped[torch.arange(D), torch.arange(D)] = 1 - flipped.diagonal()
    every = torch.cat([x, flipped.view(D, 1, 4, 6)])
    logits = model.conditionals(every).logits.flatten(1)
    change = logits[1:] - logits[0]  # (j, i)
    assert (change.tril() == 0).all(), "pixel i is changed by itself or a later one"
    later = change[torch.ones(D, D).triu(1).bool()]
    assert (later != 0).all(), "pixel i does not see an earlier one"


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("with_given", [False, True])
@pytest.mark.parametrize("patch", [1, 3])
def test_cached_draws_equal_the_slow_ones(patch, with_given, options):
    model = transformer(1, 5, 6, patch=patch)
    density = model.tempered(*options)
    fast = assert_draws_equal_the_slow_ones(density, 40, with_given)
    if options == (1.0, 1.0):
        assert torch.equal(assert_draws_equal_the_slow_ones(model, 40, with_given), fast)


def test_a_low_temperature_takes_the_likeliest_token():
    model = transformer(1, 2, 4)
    x = model.tempered(1e-4).sample(20, generator=torch.Generator().manual_seed(0))
    assert len(x.unique(dim=0)) == 1
    assert len(model.sample(20, generator=torch.Generator().manual_seed(0)).unique(dim=0)) > 5
    value = x[:1].double().view(4, 2).long() @ torch.tensor([2, 1])
    assert torch.equal(model.tokens(x[:1].double())[0].argmax(-1), value)


@pytest.mark.parametrize("i", [0, 5, 7, 29])
def test_attention_is_a_distribution_over_the_past(i):
    model = transformer(1, 5, 6, patch=3)
    maps = model.attention(binary(1, 1, 5, 6), i)
    assert maps.shape == (2, 2, 5, 6)
    flat = maps.flatten(2)
    torch.testing.assert_close(flat.sum(2), torch.ones(2, 2).double())
    end = 3 * (i // 3) + 3
    assert (flat[..., :end] > 0).all()
    assert (flat[..., end:] == 0).all()
    assert torch.equal(flat[..., 0::3], flat[..., 2::3])


def test_attention_is_what_the_model_attends_by():
    """Written out for the first layer: softmax(Q K^T / sqrt(d_k)) of the last token."""
    model = transformer(1, 2, 4)
    x = binary(1, 1, 2, 4)
    padded = F.pad(x, (2, 2, 2, 0))[0, 0]
    read = []
    for t, before in enumerate([[0.0, 0.0], *x.view(4, 2).tolist()[:3]]):
        r, c = t // 2, 2 * (t % 2)
        above = padded[r : r + 2, c : c + 6].flatten()
        read.append(torch.cat([above, torch.tensor(before).double()]))
    places = (model.row + model.column).flatten(0, 1)
    block = model.blocks[0]
    h = F.layer_norm(model.embed(torch.stack(read)) + places, (8,))
    qkv = block.qkv(h * block.norm1.weight + block.norm1.bias)
    maps = model.attention(x, 7)
    for head in range(2):
        q, k = (qkv[:, s + 4 * head : s + 4 * head + 4] for s in (0, 8))
        expected = torch.softmax(q[3] @ k.t() / 2, dim=-1)
        torch.testing.assert_close(2 * maps[0, head].flatten()[::2], expected)


def test_bfloat16_autocast_stays_close_to_float32():
    torch.manual_seed(0)
    model = Transformer((1, 8, 14), width=32, n_layers=2, n_heads=2)
    x = binary(8, 1, 8, 14).float()
    assert_bfloat16_autocast_stays_close(model, x)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 4, 4)}, "1, height, width"),
        ({"event_shape": (4, 4)}, "1, height, width"),
        ({"patch": 3}, "must be a multiple of 3, not 4"),
        ({"n_heads": 3}, "must be a multiple of 3 heads, not 8"),
        ({"n_layers": 0}, "at least 1"),
        ({"window": 0}, "at least 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(change, sentence):
    sizes = dict(event_shape=(1, 4, 4), width=8, n_layers=1, n_heads=2, patch=2, window=1)
    with pytest.raises(ValueError, match=sentence):
        Transformer(**{**sizes, **change})


def test_bad_requests_are_refused_in_a_sentence():
    model = transformer(1, 4, 4)
    for temperature in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match=f"above 0, not {temperature}"):
            model.tempered(temperature)
    for top_p in (0.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match=f"at most 1, not {top_p}"):
            model.tempered(1.0, top_p)
    with pytest.raises(ValueError, match="must be 0 or 1"):
        model.log_prob(torch.full((1, 1, 4, 4), 0.5))
    with pytest.raises(ValueError, match="must be 0 or 1"):
        model.sample(2, torch.full((1, 1, 4, 4), 0.5))
    with pytest.raises(ValueError, match="one image at a time, not of 2"):
        model.attention(binary(2, 1, 4, 4), 0)
    with pytest.raises(ValueError, match="0 to 15, not 16"):
        model.attention(binary(1, 1, 4, 4), 16)
