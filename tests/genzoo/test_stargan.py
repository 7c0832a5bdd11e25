from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from genzoo.data import Batch, ImageSet
from genzoo.metrics.edits import edit_metrics, other_values
from genzoo.metrics.samples import Standardized
from genzoo.models import AttributeGame, StarGAN
from genzoo.nn.translate import Translator
from genzoo.objectives import Progress, Update
from genzoo.roles import AttributeClassifier, Editor


def stargan(seed: int = 0, **sizes) -> StarGAN:
    torch.manual_seed(seed)
    given = dict(event_shape=(3, 16, 16), columns=(0, 2), n_values=(2, 3), width=4, n_blocks=1)
    return StarGAN(**given | sizes)


def images(n: int, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_a_translator_heeds_its_code_and_each_image_alone():
    torch.manual_seed(0)
    net = Translator(3, 2, n_code=4, width=4, n_blocks=2).double()
    x = images(5).double()
    code = torch.rand(5, 4, generator=torch.Generator().manual_seed(1)).double()
    y = net(x, code)
    assert y.shape == (5, 2, 16, 16)
    alone = torch.cat([net(x[i : i + 1], code[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(alone, y, rtol=1e-12, atol=1e-12)
    other = net(x, code.flip(0))
    # Not at the edges alone, as where normalization takes a constant code away again.
    assert (other - y)[[0, 1, 3, 4], :, 6:10, 6:10].abs().mean() > 1e-3
    without = Translator(1, 3, n_code=0, width=4, n_blocks=1)
    assert without(torch.rand(2, 1, 8, 12)).shape == (2, 3, 8, 12)


def test_an_edit_is_of_the_image_and_of_its_code():
    model = stargan()
    x, values = images(4), torch.tensor([[0, 0], [1, 2], [0, 1], [1, 0]])
    edited = model.edit(x, values)
    assert torch.equal(edited, model.paint(x, model.code(values)))
    assert edited.shape == x.shape
    assert 0 <= edited.min() < edited.max() <= 1
    for other in (model.edit(x.flip(0), values), model.edit(x, values.flip(0))):
        assert (other - edited).abs().flatten(1).mean(1).min() > 1e-3


def test_the_code_is_one_hot_by_attribute():
    code = stargan().code(torch.tensor([[0, 2], [1, 0]]))
    assert code.tolist() == [[1, 0, 0, 0, 1], [0, 1, 1, 0, 0]]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[0]], r"shape \(B, 2\), not \(1, 1\)"),
        ([[2, 0]], "attribute 0 must be 0 to 1"),
        ([[0, 3]], "attribute 1 must be 0 to 2"),
        ([[0, -1]], "attribute 1 must be 0 to 2"),
    ],
)
def test_values_that_no_attribute_has_are_refused(values, sentence):
    with pytest.raises(ValueError, match=sentence):
        stargan().edit(images(1), torch.tensor(values))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 24, 16)}, "multiples of 16, not 24 and 16"),
        ({"columns": (0,)}, "each column have values"),
        ({"width": 0}, "at least 1"),
    ],
)
def test_sizes_that_no_stargan_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        stargan(**change)


def test_what_is_asked_for_is_anything_from_the_own_values_to_others_in_all():
    game = AttributeGame(stargan(), 1e-4, 1e-4, width=2)
    generator = torch.Generator().manual_seed(0)
    own = torch.stack([torch.randint(n, (6000,), generator=generator) for n in (2, 3)], dim=1)
    u = torch.rand(6000, 5, generator=generator)
    never, ever = u.clone(), u.clone()
    never[:, 0], ever[:, 0] = 0, 1
    assert torch.equal(game.wanted(own, never), own)
    drawn = game.wanted(own, ever)
    for k, n in enumerate((2, 3)):  # each as likely, whatever the own value is
        table = torch.stack([own[:, k], drawn[:, k]], dim=1)
        for a in range(n):
            given = table[table[:, 0] == a, 1]
            assert (given.bincount(minlength=n) / len(given) - 1 / n).abs().max() < 0.05
    # Changed with probability u_0, and then to another with (n - 1) / n.
    changed = (game.wanted(own, u) != own).double().mean(0)
    torch.testing.assert_close(changed, torch.tensor([1 / 4, 1 / 3]).double(), atol=0.02, rtol=0)


def test_each_player_moves_only_its_own():
    game = AttributeGame(stargan(), 1e-3, 1e-3, width=2)
    update = Update(game.optimizers())
    label = torch.zeros(8, 3, dtype=torch.long)
    for step in range(6):
        before = {k: v.clone() for k, v in game.state_dict().items()}
        game.step(Batch(images(8, step), label), update, Progress(step, 8 * step, 48, seed=0))
        moved = {k for k, v in game.state_dict().items() if not torch.equal(v, before[k])}
        assert {k.split(".")[0] for k in moved} == {"critic", "model"}


def test_wrong_values_are_all_others_each_as_likely():
    game = AttributeGame(stargan(), 1e-4, 1e-4, width=2)
    own = torch.tensor([[1, 2]] * 6000)
    mismatched = game.mismatched(
        own, torch.rand(6000, 2, generator=torch.Generator().manual_seed(0))
    )
    assert (mismatched[:, 0] == 0).all()
    assert (
        (mismatched[:, 1].bincount(minlength=3) / 6000) - torch.tensor([0.5, 0.5, 0])
    ).abs().max() < 0.02


def test_a_critic_of_branches_answers_for_each_value_alone():
    critic = AttributeGame(stargan(n_values=(2, 3)), 1e-4, 1e-4, width=2).critic
    logits = critic(images(3))
    assert logits.shape == (3, 5)
    values = torch.tensor([[0, 2], [1, 0], [1, 1]])
    expected = torch.stack([logits[i, [a, 2 + b]] for i, (a, b) in enumerate(values.tolist())])
    assert torch.equal(critic.of(logits, values), expected)


class Noted(Update):
    """The costs, in place of the steps."""

    def __init__(self):
        self.costs: dict[str, float] = {}

    def __call__(self, player: str, cost: Tensor) -> None:
        self.costs[player] = cost.item()


@pytest.mark.parametrize("step", [0, 1])
def test_what_both_minimize_in_the_game_of_branches(step):
    game = AttributeGame(
        stargan().double(),
        1e-4,
        1e-4,
        width=2,
        mismatch_weight=0.25,
        lambda_rec=3.0,
        gamma=0.7,
        r1_interval=4,
    ).double()
    x, label = images(4).double(), torch.tensor([[0, 5, 1], [1, 5, 2], [1, 5, 0], [0, 5, 0]])
    at, note = Progress(step, 4 * step, 48, seed=0), Noted()
    game.step(Batch(x, label), note, at)

    again, own = Progress(step, 4 * step, 48, seed=0), label[:, [0, 2]]
    values, mismatched = game.wanted(own, again.rand(4, 5)), game.mismatched(own, again.rand(4, 2))
    fake = game.model.edit(x, values)

    def s(x: Tensor, values: Tensor, sign: int) -> float:
        logits = game.critic(x)
        chosen = torch.stack([logits[range(4), values[:, 0]], logits[range(4), 2 + values[:, 1]]])
        return (1 + (sign * chosen).exp()).log().mean().item()

    critic = s(x, own, -1) + 0.75 * s(fake, values, 1) + 0.25 * s(x, mismatched, 1)
    if step == 0:
        signed = (2 * x - 1).requires_grad_()
        (gradient,) = torch.autograd.grad(
            game.critic.of(game.critic((signed + 1) / 2), own).sum(), signed
        )
        critic += 0.7 / 2 * 4 * gradient.square().sum((1, 2, 3)).mean().item()
    assert note.costs["critic"] == pytest.approx(critic, rel=1e-6)
    start = fake if step else x
    reconstruction = 2 * (game.model.edit(start, own) - x).abs().mean().item()
    assert note.costs["generator"] == pytest.approx(
        s(fake, values, -1) + 3 * reconstruction, rel=1e-6
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"gamma": -1.0}, "at least 0"),
        ({"lambda_rec": float("inf")}, "finite"),
        ({"mismatch_weight": 1.5}, "0 to 1"),
        ({"r1_interval": 0}, "r1_interval at least 1"),
    ],
)
def test_settings_that_no_game_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        AttributeGame(stargan(), 1e-3, 1e-3, **change)


def halves(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The left half is dark or bright; the right one is of one of three colors."""
    label = torch.stack([torch.randint(m, (n,), generator=generator) for m in (2, 3, 3)], dim=1)
    x = 0.2 + 0.05 * torch.rand(n, 3, 16, 16, generator=generator)
    for image, (bright, color, _) in zip(x, label.tolist(), strict=True):
        image[:, :, :8] += 0.6 * bright
        image[color, :, 8:] += 0.6
    return x, label


def test_it_learns_to_change_one_half_and_to_leave_the_other():
    model = stargan(columns=(0,), n_values=(2,), width=8)
    game = AttributeGame(model, 1e-3, 2e-3, width=4, gamma=0.2)
    update = Update(game.optimizers())
    generator = torch.Generator().manual_seed(1)
    for step in range(400):
        batch = Batch(*halves(16, generator))
        report = game.step(batch, update, Progress(step, 16 * step, 6400, seed=0))
    assert all(value.ndim == 0 for value in report.values())
    x, label = halves(40, generator)
    with torch.inference_mode():
        edited = model.edit(x, 1 - label[:, :1])
        back = model.edit(edited, label[:, :1])
    bright = edited[:, :, :, :8].mean((1, 2, 3)) > 0.5
    assert (bright == (label[:, 0] == 0)).float().mean() > 0.95
    assert (edited - x)[:, :, :, 10:].abs().mean() < 0.05
    assert (back - x).abs().mean() < 0.1
    figures = game.evaluate(Batch(x, label))
    assert all(value.shape == (40,) for value in figures.values())


class ReadsHalves(AttributeClassifier):
    event_shape, n_values = (3, 16, 16), (2, 3, 3)

    def features(self, x: Tensor) -> Tensor:
        left, right = x[:, :, :, :8].mean((1, 2, 3)), x[:, :, :, 8:].mean((2, 3))
        return torch.cat([left.unsqueeze(1), right], dim=1)

    def classify(self, features: Tensor) -> Tensor:
        left = torch.stack([0.5 - features[:, 0], features[:, 0] - 0.5], dim=1)
        none = torch.tensor([[1.0, 0.0, 0.0]]).expand(len(features), 3)
        return torch.cat([left, features[:, 1:].to(none), none.to(left)], dim=1)


class Paints(Editor):
    """The truth, or with `idle` nothing."""

    event_shape, columns, n_values = (3, 16, 16), (0, 1), (2, 3)

    def __init__(self, idle: bool):
        super().__init__()
        self.idle = idle
        self.unused = nn.Parameter(torch.zeros(1))

    def edit(self, x: Tensor, values: Tensor) -> Tensor:
        return x.clone() if self.idle else flat(values)


def flat(label: Tensor) -> Tensor:
    x = torch.full((len(label), 3, 16, 16), 0.2)
    for image, (bright, color) in zip(x, label[:, :2].tolist(), strict=True):
        image[:, :, :8] += 0.6 * bright
        image[color, :, 8:] += 0.6
    return x


def test_a_sheet_of_edits_changes_one_attribute_after_the_other():
    label = torch.tensor([[0, 2, 0], [1, 0, 0], [1, 1, 0]])
    data = ImageSet((255 * flat(label)).round().to(torch.uint8), label, ("left", "right", "none"))
    sheet = Paints(idle=False).preview(data, torch.Generator())
    rows = [[0, 2], [1, 2], [0, 0], [1, 0], [0, 0], [1, 1], [1, 1], [0, 1], [1, 2]]
    torch.testing.assert_close(sheet, flat(torch.tensor(rows)), rtol=0, atol=0.003)


def test_other_values_are_other_values_of_one_attribute():
    own = torch.tensor([[0, 2]] * 3000)
    values = other_values(own, 1, 3, torch.Generator().manual_seed(0))
    assert torch.equal(values[:, 0], own[:, 0])
    share = values[:, 1].bincount(minlength=3) / 3000
    assert share[2] == 0
    assert (share[:2] - 0.5).abs().max() < 0.04


@pytest.mark.parametrize("idle", [False, True])
def test_edits_are_measured_against_what_was_asked_and_the_truth(idle):
    label = torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(1)).repeat(8, 1)
    x, names = (255 * flat(label)).round().to(torch.uint8), ("left", "right", "none")
    data = ImageSet(x, label, names, "validation")
    model, standardized = Paints(idle), Standardized.by(ReadsHalves(), data)
    found = edit_metrics(model, ReadsHalves(), data, data, flat, standardized)
    figures = {f.name: f for f in found}
    # Six faces are all that there are: every edit is one of them, and they are what is trained on.
    assert figures["precision"].value == figures["recall"].value == 100
    assert 0 <= figures["fid_train_reference"].value < 0.5
    setting = "24 edits of 12 random validation images, 36 random validation images that were not"
    assert setting in figures["fid"].setting
    assert "24 random training images, 36" in figures["recall_train_reference"].setting
    of = "of 12 random validation images"
    assert all(of in f.setting for f in figures.values() if "read" in f.name)
    assert figures["edit_kept"].value == 100
    assert figures["edit_read"].value == (0 if idle else 100)
    assert figures["edit_read_left"].value == (0 if idle else 100)
    assert figures["edit_return"].value == pytest.approx(0, abs=0.002)
    if idle:
        # Half of the pixels are off by 0.6 in all channels, or in two of three.
        errors = [0.5 * 0.36, 0.5 * 0.36 * 2 / 3]
        expected = sum(-10 * torch.tensor(e).log10().item() for e in errors) / 2
        assert figures["edit_psnr"].value == pytest.approx(expected, abs=0.02)
    else:
        assert figures["edit_psnr"].value > 50
    assert figures["edit_read"].setting.startswith(
        "as the judge reads them, 2 edits of each of 12"
    )
    without = edit_metrics(model, ReadsHalves(), data, data, None, standardized)
    assert "edit_psnr" not in {f.name for f in without}
