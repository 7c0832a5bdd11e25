from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from genzoo.data import Batch, ImageSet
from genzoo.metrics.translations import translation_metrics
from genzoo.models import CycleGame, CycleGAN
from genzoo.models.cyclegan import Pool
from genzoo.objectives import Progress, Update
from genzoo.roles import UnpairedTranslator


def cyclegan(seed: int = 0, **sizes) -> CycleGAN:
    torch.manual_seed(seed)
    given = dict(event_shape=(3, 16, 16), other_channels=1, width=4, n_blocks=1)
    return CycleGAN(**given | sizes)


def images(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_each_way_has_the_other_kinds_shape_and_heeds_one_image_alone():
    model = cyclegan().double()
    x = images(4, 3, 16, 16).double()
    y = model.forth(x)
    assert y.shape == (4, 1, 16, 16)
    back = model.back(y)
    assert back.shape == x.shape
    assert 0 <= back.min() < back.max() <= 1
    alone = torch.cat([model.back(one) for one in y.split(1)])
    torch.testing.assert_close(alone, back, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"shape \(B, 3, 16, 16\)"):
        model.forth(y)
    with pytest.raises(ValueError, match=r"shape \(B, 1, 16, 16\)"):
        model.back(x)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 12, 16)}, "multiples of eight, not 12 and 16"),
        ({"other_channels": 2}, "1 or 3 channels"),
        ({"n_blocks": 0}, "at least 1"),
    ],
)
def test_sizes_that_no_cyclegan_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        cyclegan(**change)


def test_a_pool_fills_up_and_then_changes_one_for_another():
    pool = Pool(3, (1, 2, 2))
    number = torch.arange(5.0).view(5, 1, 1, 1).expand(5, 1, 2, 2)
    u = torch.tensor([[0.0, 0.0], [0.0, 0.9], [0.0, 0.5], [0.9, 0.0], [0.1, 0.5]])
    given = pool.exchange(number, u)
    # Three fill it; the fourth is kept for itself; the last takes the place of the second.
    assert given[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 1]
    assert pool.images[:, 0, 0, 0].tolist() == [0, 4, 2]
    other = Pool(3, (1, 2, 2))
    other.load_state_dict(pool.state_dict())
    assert torch.equal(other.exchange(number + 9, u.flip(0)), pool.exchange(number + 9, u.flip(0)))
    none = Pool(0, (1, 2, 2))
    assert torch.equal(none.exchange(number, u), number)


def test_generators_and_critics_move_only_themselves():
    game = CycleGame(cyclegan(), 1e-3, 1e-3, width=2, pool=4)
    update = Update(game.optimizers())
    moved: dict[str, set[str]] = {}
    step = update.__call__

    def watched(who: str, loss: Tensor) -> None:
        before = {k: v.clone() for k, v in game.named_parameters()}
        step(who, loss)
        moved[who] = {k for k, v in game.named_parameters() if not torch.equal(v, before[k])}

    batch = Batch(images(4, 4, 16, 16), torch.zeros(4))
    game.step(batch, watched, Progress(0, 0, 100, seed=0))  # type: ignore[arg-type]
    assert {name.partition(".")[0] for name in moved["generator"]} == {"model"}
    assert {name.partition(".")[0] for name in moved["critic"]} == {"critic_x", "critic_y"}
    assert any(name.startswith("model.G") for name in moved["generator"])
    assert any(name.startswith("model.F") for name in moved["generator"])


def boxes(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A bright box in one of four corners, in orange on blue; and the same in black on white."""
    corner = torch.randint(4, (n,), generator=generator)
    shape = torch.zeros(n, 1, 16, 16)
    for image, k in zip(shape, corner.tolist(), strict=True):
        row, column = 8 * (k // 2) + 1, 8 * (k % 2) + 1
        image[:, row : row + 6, column : column + 6] = 1
    orange, blue = (torch.tensor(c).view(1, 3, 1, 1) for c in ([1.0, 0.6, 0.1], [0.1, 0.2, 0.7]))
    return shape * orange + (1 - shape) * blue, 1 - shape


def test_it_learns_both_ways_from_pictures_that_have_nothing_to_do_with_each_other():
    model = cyclegan(width=8)
    game = CycleGame(model, 2e-3, 2e-3, width=4, pool=16)
    update = Update(game.optimizers())
    generator = torch.Generator().manual_seed(1)
    for step in range(200):
        x, y = boxes(8, generator)[0], boxes(8, generator)[1]
        batch = Batch(torch.cat([x, y], dim=1), torch.zeros(8))
        report = game.step(batch, update, Progress(step, 8 * step, 1600, seed=0))
    assert all(value.ndim == 0 for value in report.values())
    x, y = boxes(30, generator)
    with torch.inference_mode():
        assert (model.forth(x) - y).abs().mean() < 0.1
        assert (model.back(y) - x).abs().mean() < 0.1
        assert (model.back(model.forth(x)) - x).abs().mean() < 0.1
    figures = game.evaluate(Batch(torch.cat([x, y], dim=1), torch.zeros(30)))
    assert all(value.shape == (30,) for value in figures.values())


class Halves(UnpairedTranslator):
    """Gray is the mean of the channels; color is gray again."""

    event_shape, other_shape = (3, 8, 8), (1, 8, 8)

    def __init__(self):
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forth(self, x: Tensor) -> Tensor:
        return x.mean(1, keepdim=True)

    def back(self, y: Tensor) -> Tensor:
        return y.expand(-1, 3, -1, -1)


def test_a_sheet_of_translations_has_both_ways_and_back_in_a_row():
    both = (255 * images(7, 4, 8, 8)).round().to(torch.uint8)
    data = ImageSet(both, torch.zeros(7, 2, dtype=torch.long), ("a", "b"))
    x, y = both[:6, :3] / 255, (both[:6, 3:] / 255).expand(-1, 3, -1, -1)
    gray = x.mean(1, keepdim=True).expand(-1, 3, -1, -1)
    expected = torch.stack([x, gray, gray, y, y, y], dim=1).flatten(0, 1)
    torch.testing.assert_close(Halves().preview(data, torch.Generator()), expected)


def test_translations_are_measured_against_the_true_pair_and_the_way_back():
    x = (255 * images(7, 3, 8, 8)).round() / 255
    y = (x.mean(1, keepdim=True) + 0.1).clamp(0, 1)
    both = (255 * torch.cat([x, y], dim=1)).round().to(torch.uint8)
    data = ImageSet(both, torch.zeros(7, 2, dtype=torch.long), ("a", "b"), "validation")
    figures = {f.name: f for f in translation_metrics(Halves(), None, data, data, None)}
    assert figures["forth_error"].value == pytest.approx(0.1, abs=0.003)
    expected = (x.mean(1, keepdim=True) - x).abs().mean().item()
    assert figures["cycle_error"].value == pytest.approx(expected, abs=0.003)
    assert figures["cycle_error_other"].value == pytest.approx(0, abs=1e-6)
    assert "7 validation images" in figures["cycle_error"].setting
