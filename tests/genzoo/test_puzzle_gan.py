from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.data import Batch, ImageSet
from genzoo.data.batches import seeded
from genzoo.data.puzzles import cut, in_cells, laid, max_missing, puzzle
from genzoo.metrics.puzzles import puzzle_metrics
from genzoo.models import PuzzleGame, PuzzleGAN
from genzoo.nn.assignment import optimal_assignment, sinkhorn
from genzoo.objectives import Progress, Update
from genzoo.roles import PuzzleSolver
from genzoo.roles.puzzle_solver import PUZZLES, fixed_puzzles


def puzzle_gan(seed: int = 0, **sizes) -> PuzzleGAN:
    torch.manual_seed(seed)
    given = dict(
        event_shape=(3, 16, 16),
        grids=(2, 3, 4),
        d=8,
        n_heads=2,
        n_layers=2,
        encoder_width=2,
        width=4,
        n_blocks=1,
    )
    return PuzzleGAN(**given | sizes).double()


def images(n: int, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed)).double()


# Pieces


@pytest.mark.parametrize("n", [2, 3, 4])
def test_pieces_are_cut_row_by_row_and_laid_again(n):
    x, s = images(2), 16 // n
    pieces = cut(x, n)
    assert pieces.shape == (2, n * n, 3, s, s)
    for k in range(n * n):
        r, c = divmod(k, n)
        assert torch.equal(pieces[:, k], x[:, :, r * s : r * s + s, c * s : c * s + s])
    again = laid(pieces, 16)
    covered = n * s
    assert torch.equal(again[..., :covered, :covered], x[..., :covered, :covered])
    assert again[..., covered:, :].abs().sum() == again[..., covered:].abs().sum() == 0


def test_a_puzzle_knows_from_where_its_pieces_are():
    x = images(5)
    given = puzzle(x, 3, torch.tensor([0, 1, 2, 3, 3]), torch.rand(5, 9, generator=seeded(0)))
    assert given.present.sum(1).tolist() == [9, 8, 7, 6, 6]
    assert torch.equal(given.cell.sort(1).values, torch.arange(9).expand(5, 9))
    true = cut(x, 3)
    for b, i in itertools.product(range(5), range(9)):
        expected = true[b, given.cell[b, i]] * given.present[b, i]
        assert torch.equal(given.pieces[b, i], expected)
    put = in_cells(given.pieces, given.cell)
    there = in_cells(given.present, given.cell)
    assert torch.equal(put, true * there[..., None, None, None])


def test_every_order_and_every_missing_piece_is_as_likely(statistics):
    u = torch.rand(6000, 4, generator=seeded(0))
    given = puzzle(torch.zeros(6000, 1, 4, 4), 2, torch.ones(6000, dtype=torch.long), u)
    orders = list(itertools.permutations(range(4)))
    found = torch.tensor([orders.index(tuple(cell)) for cell in given.cell.tolist()])
    counts = found.bincount(minlength=24)
    assert abs(statistics.chi_square_z(counts, torch.full((24,), 1 / 24))) < 4
    assert [max_missing(n) for n in (2, 3, 4)] == [1, 3, 5]


# The assignment


def test_sinkhorn_makes_rows_and_columns_sum_to_one_and_adds_only_potentials():
    scores = 3 * torch.randn(4, 5, 5, generator=seeded(0)).double()
    log_p = sinkhorn(scores, 200)
    torch.testing.assert_close(log_p.exp().sum(2), torch.ones(4, 5).double())
    torch.testing.assert_close(log_p.exp().sum(1), torch.ones(4, 5).double(), atol=1e-6, rtol=0)
    added = log_p - scores
    u, v = added[:, :, :1], added[:, :1, :] - added[:, :1, :1]
    torch.testing.assert_close(added, u + v)
    torch.testing.assert_close(sinkhorn(scores, 1).exp().sum(2), torch.ones(4, 5).double())
    with pytest.raises(ValueError, match="at least once, not 0"):
        sinkhorn(scores, 0)


@pytest.mark.parametrize("N", [1, 2, 3, 5, 6])
def test_an_assignment_is_the_best_of_all_permutations(N):
    generator = seeded(N)
    scores = torch.randn(12, N, N, generator=generator)
    scores[6:] = scores[6:].round()  # with ties
    scores[8:, -1] = 0  # and rows to which all columns are the same
    columns = optimal_assignment(scores)
    for b in range(12):
        assert sorted(columns[b].tolist()) == list(range(N))
        total = scores[b, range(N), columns[b]].sum().item()
        permutations = itertools.permutations(range(N))
        best = max(scores[b, range(N), p].sum().item() for p in permutations)
        assert total == pytest.approx(best, abs=1e-5)
    of_log_p = optimal_assignment(sinkhorn(scores[:6].double()))
    assert torch.equal(of_log_p, columns[:6])


def test_an_assignment_of_sixteen_is_that_of_scipy():
    scores = 5 * torch.randn(20, 16, 16, generator=seeded(1))
    expected = [scipy.optimize.linear_sum_assignment(-m)[1] for m in scores.numpy()]
    assert optimal_assignment(scores).tolist() == np.stack(expected).tolist()
    with pytest.raises(ValueError, match="finite"):
        optimal_assignment(torch.full((1, 2, 2), math.nan))
    with pytest.raises(ValueError, match=r"\(B, N, N\), not \(2, 3\)"):
        optimal_assignment(torch.zeros(2, 3))


# The model


@pytest.mark.parametrize("n", [2, 3, 4])
@torch.inference_mode()
def test_the_order_of_the_pieces_means_nothing(n):
    model, x, N = puzzle_gan(), images(4), n * n
    given = fixed_puzzles(x, n, max_missing(n))
    pieces, present = given.pieces, given.present
    order = torch.rand(4, N, generator=seeded(7)).argsort(1)
    rows = torch.arange(4).unsqueeze(1)
    h = model.encode(pieces, present)
    torch.testing.assert_close(
        model.encode(pieces[rows, order], present[rows, order]), h[rows, order]
    )
    assert (h[:, 0] - h[:, 1]).abs().min() > 1e-6
    made = model.restore(pieces, present)
    other = model.restore(pieces[rows, order], present[rows, order])
    there = present[rows, order]
    assert torch.equal(other.cell[there], made.cell[rows, order][there])
    torch.testing.assert_close(other.probability[there], made.probability[rows, order][there])
    torch.testing.assert_close(other.images, made.images)
    # All of a set matter to each, and what lies in an empty place does not.
    changed = pieces.clone()
    changed[:, 0] = 1 - changed[:, 0]
    assert (model.encode(changed, present) - h)[:, 1:].abs().amax((1, 2)).min() > 1e-6
    noise = torch.where(present[..., None, None, None], pieces, torch.rand_like(pieces))
    torch.testing.assert_close(model.restore(noise, present).images, made.images)


@pytest.mark.parametrize("n", [2, 3, 4])
@torch.inference_mode()
def test_known_pixels_come_through_and_the_rest_is_painted(n):
    model, x = puzzle_gan(), images(3)
    given = fixed_puzzles(x, n, 1)
    image = model.paint(given.pieces, given.present, given.cell)
    there = in_cells(given.present, given.cell)[..., None, None, None]
    known = laid(there.expand_as(given.pieces).double(), 16).bool()
    assert torch.equal(image[known], x[known])
    assert 0 < image[~known].min() < image[~known].max() < 1
    assert (image != x)[~known].all()
    if n == 3:  # 16 = 3 x 5 + 1
        assert not known[..., 15:, :].any()
        assert not known[..., 15:].any()
    # The pieces are where they are said to be.
    elsewhere = given.cell.roll(1, 1)
    again = cut(model.paint(given.pieces, given.present, elsewhere), n)
    for b, i in itertools.product(range(3), range(n * n - 1)):
        assert torch.equal(again[b, elsewhere[b, i]], given.pieces[b, i])


def test_pieces_alike_are_sure_together_of_where_they_lie():
    class Undecided(Places):
        def scores(self, pieces: Tensor, present: Tensor) -> Tensor:
            scores = torch.full((len(pieces), 4, 4), -40.0)
            scores[:, :2, :2] = 40.0
            scores[:, 2, 2], scores[:, 2, 3] = 2.0, 0.0
            scores[:, 3] = 0
            return scores

    pieces, present = torch.rand(2, 4, 3, 8, 8), torch.tensor([[True, True, True, False]] * 2)
    pieces[0, 1] = pieces[0, 0]
    made = Undecided().restore(pieces, present)
    assert sorted(made.cell[0, :2].tolist()) == [0, 1]
    assert made.cell[:, 2:].tolist() == [[2, 3], [2, 3]]
    third = math.e / (1 + math.e)  # p^2 / (1 - p)^2 = e^2
    torch.testing.assert_close(
        made.probability, torch.tensor([[1.0, 1.0, third, third], [0.5, 0.5, third, third]])
    )


@pytest.mark.parametrize(
    ("pieces", "present", "sentence"),
    [
        (torch.zeros(1, 9, 3, 4, 4), torch.ones(1, 9).bool(), r"\(B, 9, 3, 5, 5\).*not \(1, 9, 3"),
        (torch.zeros(1, 4, 3, 8, 8), torch.ones(1, 9).bool(), r"bool of shape \(1, 4\)"),
        (torch.zeros(1, 4, 3, 8, 8), torch.ones(1, 4), "not torch.float32"),
        (torch.full((1, 4, 3, 8, 8), 1.5), torch.ones(1, 4).bool(), r"lie in \[0, 1\]"),
        (torch.full((1, 4, 3, 8, 8), math.nan), torch.ones(1, 4).bool(), "without NaN"),
    ],
)
def test_what_are_no_pieces_is_refused(pieces, present, sentence):
    with pytest.raises(ValueError, match=sentence):
        puzzle_gan().restore(pieces, present)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 24, 24)}, "multiple of 16, not 24 x 24"),
        ({"event_shape": (3, 16, 32)}, "square"),
        ({"grids": ()}, "one grid or more"),
        ({"grids": (1, 2)}, "2 to 4 cells each way"),
        ({"grids": (5,)}, "2 to 4 cells each way"),
        ({"d": 9}, "multiple of 2 heads, not 9"),
        ({"width": 0}, "at least 1"),
    ],
)
def test_sizes_that_no_puzzle_gan_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        puzzle_gan(**change)


# The game


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"gamma": -1.0}, "at least 0"),
        ({"lambda_rec": math.inf}, "finite"),
        ({"r1_interval": 0}, "at least 1, not 0"),
        ({"turns": (2, 5)}, r"of the model's grids \(2, 3, 4\), not \(2, 5\)"),
    ],
)
def test_settings_that_no_game_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        PuzzleGame(puzzle_gan(), 1e-3, 1e-3, **change)


class Noted(Update):
    """The losses and gradients, in place of the steps."""

    def __init__(self, game: PuzzleGame):
        self.game, self.losses, self.slopes = game, {}, {}

    def __call__(self, who: str, loss: Tensor) -> None:
        self.losses[who] = loss.item()
        self.slopes[who] = slopes(self.game, who, loss)


def slopes(game: PuzzleGame, who: str, loss: Tensor) -> list[Tensor]:
    parameters = list((game.critic if who == "critic" else game.model).parameters())
    return torch.autograd.grad(loss, parameters, retain_graph=True, materialize_grads=True)


def s(t: Tensor) -> Tensor:
    return (1 + t.exp()).log()


@pytest.mark.parametrize(("step", "n"), [(0, 3), (1, 2), (3, 4), (4, 3)])
def test_what_both_minimize(step, n):
    model = puzzle_gan()
    weights = dict(lambda_rec=5.0, lambda_place=2.0, gamma=0.7, r1_interval=4)
    game = PuzzleGame(model, 1e-3, 1e-3, width=2, turns=(3, 2, 3, 4), **weights).double()
    x, N, note = images(6), n * n, Noted(game)
    report = game.step(Batch(x, torch.zeros(6)), note, Progress(step, 6 * step, 60, seed=0))

    u = Progress(step, 6 * step, 60, seed=0).rand(6, 1 + N)
    missing = [math.floor(math.sqrt(u[b, 0]) * (N // 3 + 1)) for b in range(6)]
    given = puzzle(x, n, torch.tensor(missing), u[:, 1:])
    h = model.encode(given.pieces, given.present)
    fake = model.paint(given.pieces, given.present, given.cell)
    signed = (2 * x - 1).requires_grad_()
    critic = (s(-game.critic(signed)) + s(game.critic(2 * fake.detach() - 1))).mean()
    cost = critic
    if step % 4 == 0:
        (slope,) = torch.autograd.grad(game.critic(signed).sum(), signed, create_graph=True)
        cost = cost + 4 * 0.7 / 2 * slope.square().sum((1, 2, 3)).mean()

    S = model.key(h) @ model.e[str(n)].T / math.sqrt(8)
    S = torch.where(given.present.unsqueeze(2), S, 0)
    P = S.exp()
    for _ in range(20):
        P = P / P.sum(1, keepdim=True)
        P = P / P.sum(2, keepdim=True)
    placement = 0.0
    for b in range(6):
        there = N - missing[b]
        for i in range(there):
            placement = placement - P[b, i, given.cell[b, i]].log() / there / 6
    reconstruction = 2 * (fake - x).abs().mean()
    adversarial = s(-game.critic(2 * fake - 1)).mean()
    expected = {
        "critic": cost,
        "model": adversarial + 5 * reconstruction + 2 * placement,
    }
    assert note.losses.keys() == expected.keys()
    for who, loss in expected.items():
        assert note.losses[who] == pytest.approx(loss.item(), rel=1e-9)
        for a, b in zip(note.slopes[who], slopes(game, who, loss), strict=True):
            torch.testing.assert_close(a, b)
    for name, value in {
        "critic": critic,
        "generator": adversarial,
        "reconstruction": reconstruction,
        "placement": placement,
    }.items():
        assert report[name].item() == pytest.approx(value.item(), rel=1e-9)


def test_each_player_moves_only_its_own():
    game = PuzzleGame(puzzle_gan(), 1e-3, 1e-3, width=2).double()
    update = Update(game.optimizers())
    moved: set[str] = set()
    for step in range(8):
        before = {k: v.clone() for k, v in game.state_dict().items()}
        game.step(Batch(images(6, step), torch.zeros(6)), update, Progress(step, 0, 48, seed=0))
        moved |= {k for k, v in game.state_dict().items() if not torch.equal(v, before[k])}
    assert moved == set(game.state_dict())


def quarters(n: int, generator: torch.Generator) -> Tensor:
    """Each quarter with stripes of its own, all of one tint."""
    x = 0.6 * torch.rand(n, 3, 1, 1, generator=generator).expand(-1, -1, 16, 16)
    x = x + 0.05 * torch.rand(n, 3, 16, 16, generator=generator)
    x[..., :8:2, 8:] += 0.3
    x[..., 8:, :8:2] += 0.3
    x[..., 8::4, 8:] += 0.3
    return x


def test_it_learns_to_place_pieces_and_to_restore_one():
    model = puzzle_gan(grids=(2,), d=16, n_layers=1, encoder_width=4, width=8).float()
    game = PuzzleGame(model, 5e-3, 1e-3, width=2, turns=(2,), gamma=0.2)
    update, generator = Update(game.optimizers()), torch.Generator().manual_seed(1)
    for step in range(120):
        batch = Batch(quarters(8, generator), torch.zeros(8))
        game.step(batch, update, Progress(step, 8 * step, 960, seed=0))
    x = quarters(60, generator)
    data = ImageSet((255 * x).round().to(torch.uint8), torch.zeros(60), ())
    figures = {f.name: f.value for f in puzzle_metrics(model.eval(), data, data)}
    assert figures["placed_2x2"] > 95
    assert figures["placed_2x2_missing"] > 95
    assert figures["psnr_2x2_missing"] > figures["psnr_2x2_mean"] + 3
    found = game.evaluate(Batch(x, torch.zeros(60)))
    assert all(value.shape == (60,) for value in found.values())


# What is measured


class Places(PuzzleSolver):
    """Says that each piece belongs into the cell of its brightness' rank; paints gray."""

    event_shape, grids = (3, 16, 16), (2,)

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def scores(self, pieces: Tensor, present: Tensor) -> Tensor:
        n = present.shape[1]
        bright = pieces.flatten(2).mean(2) + 1.0 * ~present
        return 50.0 * F.one_hot(bright.argsort(1).argsort(1), n) * present.unsqueeze(2)

    def paint(self, pieces: Tensor, present: Tensor, cell: Tensor) -> Tensor:
        put = torch.where(present[..., None, None, None], pieces, 0.5)
        return laid(in_cells(put, cell), 16)


def test_every_metric_of_puzzles():
    """Of seven images. Where all four are there, pieces in the order of their
    brightness are placed right, and so are two that are alike in each other's place."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(7, 3, 16, 16, generator=generator)
    levels = torch.rand(7, 4, 1, 1, 1, generator=generator)
    levels[:5] = levels[:5].sort(1).values  # placed right in five images
    pieces = (255 * 0.5 * (levels + cut(x, 2))).round().to(torch.uint8)
    pieces[0:2, 1] = pieces[0:2, 0]
    pieces[5, :2] = pieces[5, 2:]
    last = torch.rand(7, 4, generator=seeded(0, 2, 1)).argmax(1) == 3
    assert last.any()
    pieces[:7][last, 3] = 0  # as black as an empty place, and missing
    data = ImageSet(laid(pieces, 16), torch.zeros(7), (), "validation")
    train = ImageSet(data.images.flip(2), data.labels, ())
    model = Places()
    found = {f.name: f for f in puzzle_metrics(model, data, train, batch=3)}
    assert len(found) == 5

    mean = (train.images / 255).double().mean(0).numpy()
    true = (data.images[:7] / 255).double()
    for m, suffix in ((0, ""), (1, "_missing")):
        u = torch.rand(7, 4, generator=seeded(0, 2, m))
        cells = u.argsort(1)
        placed, near, reference = [], [], []
        for b in range(7):
            own = cut(true[b : b + 1], 2)[0]
            there = [own[c] for c in cells[b][: 4 - m]]
            order = sorted(range(len(there)), key=lambda i: there[i].mean())
            right = [torch.equal(there[i], own[rank]) for rank, i in enumerate(order)]
            placed.append(np.mean(right))
            lies = [there[i] for i in order] + [torch.full_like(own[0], 0.5)] * m
            made = laid(torch.stack(lies)[None], 16)[0].numpy()
            error = ((made - true[b].numpy()) ** 2).mean()
            near.append(-10 * np.log10(max(error, 1e-6)))
            filled = true[b].numpy().copy()
            for c in cells[b][4 - m :].tolist():
                r, k = divmod(c, 2)
                at = np.s_[:, 8 * r : 8 * r + 8, 8 * k : 8 * k + 8]
                filled[at] = mean[at]
            error = ((filled - true[b].numpy()) ** 2).mean()
            reference.append(-10 * np.log10(max(error, 1e-6)))
        assert 0 < np.mean(placed) < 1
        assert found[f"placed_2x2{suffix}"].value == pytest.approx(100 * np.mean(placed))
        assert found[f"psnr_2x2{suffix}"].value == pytest.approx(np.mean(near), rel=1e-4)
        if m:
            assert found["psnr_2x2_mean"].value == pytest.approx(np.mean(reference), rel=1e-4)
        else:
            assert max(near) == pytest.approx(60)
            assert placed[:2] == [1, 1]
    setting = found["placed_2x2_missing"].setting
    assert setting == (
        "right: alike, pixel for pixel, to the piece that belongs there, "
        "2 x 2 pieces, 1 missing, shuffled by a fixed seed, 7 validation images"
    )
    [(_, cells)] = PUZZLES.rows(
        {
            "figures": [f.to_dict() for f in found.values()],
            "images_seen": 1200,
            "hyperparameters": {},
        }
    )
    assert len(cells) == PUZZLES.columns.count(" | ") + 1
    assert cells[:2] == ["1,200", "2 x 2"]


def test_a_sheet_shows_each_image_its_pieces_and_what_is_restored():
    x = (255 * images(9)).round().to(torch.uint8)
    sheet = Places().preview(ImageSet(x, torch.zeros(9), ()), torch.Generator())
    assert sheet.shape == (9, 3, 16, 16)
    torch.testing.assert_close(sheet[::3], x[:3] / 255)
    given = fixed_puzzles(x[:3] / 255, 2, 1)
    torch.testing.assert_close(sheet[1::3], laid(given.pieces, 16))
    torch.testing.assert_close(sheet[2::3], Places().restore(given.pieces, given.present).images)
