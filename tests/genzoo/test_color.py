from __future__ import annotations

import math

import pytest
import torch

from genzoo.models import ColorChannels, ColorJoint
from genzoo.roles import FreeParameters

KINDS = [ColorJoint, ColorChannels]


def photo(n: int = 5000, seed: int = 0) -> torch.Tensor:
    """Pixels of few colors, whose channels go together."""
    generator = torch.Generator().manual_seed(seed)
    level = torch.randint(8, (n, 1), generator=generator)
    color = torch.cat([30 * level, 255 - 30 * level, 20 * level], dim=1)
    return (color + torch.randint(2, (n, 3), generator=generator)).clamp(0, 255).to(torch.uint8)


@pytest.mark.parametrize(("kind", "n_free"), [(ColorJoint, 16_777_215), (ColorChannels, 765)])
def test_free_parameters(kind, n_free):
    model = kind(photo())
    assert isinstance(model, FreeParameters)
    assert model.n_free == n_free


@pytest.mark.parametrize("smoothing", [0.01, 0.5, 1.0])
def test_the_joint_is_its_definition(smoothing):
    x = photo()
    model = ColorJoint(x, smoothing)
    rows = [tuple(row) for row in x.tolist()]
    colors = [*{*rows[:50]}, (0, 0, 0), (255, 255, 255), (1, 2, 3), (255, 0, 0)]
    assert any(color not in rows for color in colors)
    expected = [
        math.log((1 - smoothing) * rows.count(color) / len(rows) + smoothing / 256**3)
        for color in colors
    ]
    assert model.log_prob(torch.tensor(colors)).tolist() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("smoothing", [0.01, 0.5, 1.0])
def test_the_channels_are_their_definition(smoothing):
    x = photo()
    model = ColorChannels(x, smoothing)
    columns = [list(column) for column in x.t().tolist()]
    colors = [*x[:20].tolist(), [0, 0, 0], [255, 255, 255], [1, 200, 3]]
    expected = [
        sum(
            math.log((1 - smoothing) * column.count(value) / len(x) + smoothing / 256)
            for column, value in zip(columns, color, strict=True)
        )
        for color in colors
    ]
    assert model.log_prob(torch.tensor(colors)).tolist() == pytest.approx(expected, rel=1e-12)


def test_the_joint_sums_to_one_over_all_colors():
    model = ColorJoint(photo(), 0.3)
    seen = model.log_prob(model.colors).exp().sum().item()
    unseen = torch.tensor([[9, 9, 9]])
    assert not (model.colors == unseen).all(1).any()
    rest = (256**3 - len(model.colors)) * model.log_prob(unseen).exp().item()
    assert seen + rest == pytest.approx(1, abs=1e-9)
    assert model.counts.sum() == 5000


def test_the_channels_sum_to_one_over_all_colors():
    model = ColorChannels(photo(), 0.3)
    total = 0.0
    value = torch.arange(256)
    for r in range(256):  # 65,536 colors at a time
        g, b = torch.meshgrid(value, value, indexing="ij")
        colors = torch.stack([torch.full_like(g, r), g, b], dim=-1).view(-1, 3)
        total += model.log_prob(colors).exp().sum().item()
    assert total == pytest.approx(1, abs=1e-9)


def test_the_joint_knows_its_image_better_and_a_new_color_worse():
    x = photo()
    joint, channels = ColorJoint(x), ColorChannels(x)
    assert joint.log_prob(x).mean() > channels.log_prob(x).mean() + 1
    mixed = torch.tensor([[0, 45, 140]])  # each value seen, never together
    assert channels.log_prob(mixed) > joint.log_prob(mixed) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_samples_follow_the_density(kind, statistics):
    model = kind(photo(200), 0.1)
    x = model.sample(30_000, torch.Generator().manual_seed(0))
    assert x.shape == (30_000, 3)
    assert x.dtype == torch.uint8
    colors, counts = x.unique(dim=0, return_counts=True)
    p = model.log_prob(colors).exp()
    never = torch.zeros(1, dtype=torch.long)  # drawn: all other colors together
    p = torch.cat([p, (1 - p.sum()).clamp(min=0).view(1)])
    frequent = p * 30_000 > 20
    frequent[-1] = False
    p = torch.cat([p[frequent], (1 - p[frequent].sum()).view(1)])
    counts = torch.cat([counts, never])[frequent]
    counts = torch.cat([counts, (30_000 - counts.sum()).view(1)])
    assert counts[-1] > 1000
    assert statistics.chi_square_z(counts, p) < 5


def test_what_is_smoothed_is_drawn_from_all_colors():
    x = ColorJoint(photo(), 1.0).sample(20_000, torch.Generator().manual_seed(0)).double()
    torch.testing.assert_close(
        x.mean(0), torch.full((3,), 127.5, dtype=torch.float64), atol=2, rtol=0
    )
    assert x.min() == 0
    assert x.max() == 255
    assert torch.corrcoef(x.t()).triu(1).abs().max() < 0.04


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_its_sample(kind):
    model = kind(photo())
    first = model.sample(50, torch.Generator().manual_seed(1))
    assert torch.equal(first, model.sample(50, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, model.sample(50, torch.Generator().manual_seed(2)))


@pytest.mark.parametrize(
    ("colors", "sentence"),
    [
        (torch.rand(4, 3), r"whole numbers, \(N, 3\), not torch.float32"),
        ([[1, 2, 3]], "not list"),
        (torch.zeros(3, dtype=torch.uint8), r"shape \(N, 3\), not \(3,\)"),
        (torch.zeros(4, 4, dtype=torch.uint8), r"not \(4, 4\)"),
        (torch.tensor([[0, 0, 256]]), "0 to 255"),
        (torch.tensor([[0, -1, 0]]), "0 to 255"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_color_is_refused(kind, colors, sentence):
    with pytest.raises(ValueError, match=sentence):
        kind(colors)
    with pytest.raises(ValueError, match=sentence):
        kind(photo()).log_prob(colors)


@pytest.mark.parametrize("kind", KINDS)
def test_bad_sizes_are_refused(kind):
    with pytest.raises(ValueError, match="at least one pixel"):
        kind(torch.zeros(0, 3, dtype=torch.uint8))
    for smoothing in (0.0, 1.5, math.nan):
        with pytest.raises(ValueError, match=f"at most 1, not {smoothing}"):
            kind(photo(), smoothing)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        kind(photo()).sample(0)
