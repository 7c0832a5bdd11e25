from __future__ import annotations

import csv
import inspect
import itertools
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from genzoo import recipes
from genzoo.data import ImageSet, load_images
from genzoo.data.batches import Batches, fixed_subset, seeded
from genzoo.data.preprocessing import preprocess_once
from genzoo.metrics import bootstrap, importance_weighted_bound
from genzoo.models import VAE
from genzoo.objectives import MaximumLikelihood, Objective, Progress
from genzoo.objectives.base import TrainingError
from genzoo.train import RunStateError, Settings, run_state, train
from genzoo.train.ema import EMA
from genzoo.train.log import Log
from genzoo.train.sheet import save_png, sheet
from genzoo.train.trainer import STATE, evaluation, snapshot_steps
from tests.genzoo.shared_batches import OBJECTIVES, trained


class Killed(BaseException):
    pass


def one_of_each_kind() -> list[str]:
    """The first recipe of each kind: of a model and an objective with the same options, where a
    number is one only as far as it is 0, 1 or another."""
    kinds = {}
    for name in recipes.names():
        recipe = recipes.get(name)
        options = tuple(
            value if isinstance(value, (str, bool, tuple)) else (value == 0, value == 1)
            for key, value in sorted(recipe.hyperparameters().items())
            if key not in ("data", "seed")
        )
        kinds.setdefault((recipe.model, recipe.objective, options), name)
    return list(kinds.values())


def short(recipe, **changes):
    """Ten steps; states, log lines and evaluations at intervals that do not divide each other."""
    steps = dict(images=10, save_every=2, log_every=3, evaluate_every=5)
    intervals = {name: n * recipe.settings.batch_size for name, n in steps.items()}
    return recipes.override(recipe, {**intervals, **changes})


def run(recipe, folder: Path, resume: bool = False):
    torch.manual_seed(1234)  # what came before must not matter
    return recipes.run(recipe, folder, resume=resume, progress_bar=False)


def run_killed_at(recipe, folder: Path, n_saves: int, monkeypatch, resume: bool = False) -> None:
    """Train until so many states are saved and just before the next one would be."""
    saves = 0
    save = run_state.save

    def counted(path, state):
        nonlocal saves
        if saves == n_saves:
            raise Killed
        saves += 1
        save(path, state)

    with monkeypatch.context() as patched:
        patched.setattr(run_state, "save", counted)
        with pytest.raises(Killed):
            run(recipe, folder, resume)


def assert_same_run(a, b, folder_a: Path, folder_b: Path) -> None:
    states = [torch.load(f / STATE, weights_only=True) for f in (folder_a, folder_b)]
    for state in states:
        del state["seconds"]
    assert_identical(*states)
    for name, value in a.model.state_dict().items():
        assert torch.equal(value, b.model.state_dict()[name]), name
    assert (folder_a / "log.csv").read_text() == (folder_b / "log.csv").read_text()
    assert a.evaluation == b.evaluation
    assert_identical(a.snapshots, b.snapshots)


def assert_identical(a, b, where: str = "") -> None:
    if isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            assert_identical(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), where
    else:
        assert a == b, where


@pytest.mark.parametrize("name", one_of_each_kind())
def test_a_resumed_run_is_bit_for_bit_an_unbroken_one(name, few_faces, tmp_path, monkeypatch):
    """Resumed twice, and a resumed one too."""
    recipe = short(recipes.override(recipes.get(name), recipes.get(name).smoke))
    unbroken = run(recipe, tmp_path / "unbroken")
    folder = tmp_path / "killed"
    for resume, n_saves, step in ((False, 1, 2), (True, 2, 6)):
        run_killed_at(recipe, folder, n_saves, monkeypatch, resume)
        assert torch.load(folder / STATE, weights_only=True)["step"] == step
    resumed = run(recipe, folder, resume=True)
    assert_same_run(unbroken, resumed, tmp_path / "unbroken", folder)


def test_a_finished_run_can_be_resumed_and_stays_as_it_is(tmp_path):
    recipe = short(recipes.override(recipes.get("nade-mnist"), recipes.get("nade-mnist").smoke))
    finished = run(recipe, tmp_path / "run")
    log = (tmp_path / "run" / "log.csv").read_text()
    again = run(recipe, tmp_path / "run", resume=True)
    assert (tmp_path / "run" / "log.csv").read_text() == log
    assert again.evaluation == pytest.approx(finished.evaluation)
    for name, value in finished.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


CONSTANT = {"schedule": "constant", "warmup": 0.2}


@pytest.mark.parametrize("name", ["nade-mnist", "gan-mnist"])
def test_an_extended_run_is_bit_for_bit_one_long_run(name, tmp_path):
    """Twenty steps, first planned as ten, with as many images of warm-up."""
    recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
    planned = recipes.override(short(recipe), CONSTANT)
    twice = {"images": 20 * recipe.settings.batch_size}
    first = run(planned, tmp_path / "run")
    longer = recipes.override(planned, twice)
    extended = run(longer, tmp_path / "run", resume=True)
    at_once = run(recipes.override(planned, {**twice, "warmup": 0.1}), tmp_path / "at once")
    states = [torch.load(tmp_path / n / STATE, weights_only=True) for n in ("run", "at once")]
    for key in ("step", "objective", "optimizers", "ema", "rng", "warmup"):
        assert_identical(*(state[key] for state in states), key)
    assert_identical(extended.model.state_dict(), at_once.model.state_dict())
    assert any(
        not torch.equal(value, first.model.state_dict()[k])
        for k, value in extended.model.state_dict().items()
    )
    assert extended.images_seen == at_once.images_seen == 2 * first.images_seen
    assert extended.seconds > first.seconds
    assert extended.recipe.settings == at_once.recipe.settings
    # What was kept of the first part stays, and the longer run adds to it.
    assert set(first.snapshots) <= set(extended.snapshots) or not first.snapshots
    again = run(longer, tmp_path / "run", resume=True)
    assert again.recipe.settings == at_once.recipe.settings
    with pytest.raises(RunStateError, match="started with images = 1280, and now images = 640"):
        run(planned, tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("nade-mnist", {}, r"learning rates follow its length \(schedule = 'cosine'\).*--init"),
        ("aae-mnist", CONSTANT, r"losses follow its length \(AdversarialAutoencoding\).*--init"),
    ],
)
def test_a_run_that_follows_its_length_is_not_extended(name, changes, sentence, tmp_path):
    recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
    recipe = recipes.override(short(recipe), changes)
    run(recipe, tmp_path)
    before = (tmp_path / STATE).read_bytes()
    longer = recipes.override(recipe, {"images": 20 * recipe.settings.batch_size})
    with pytest.raises(RunStateError, match=sentence):
        run(longer, tmp_path, resume=True)
    assert (tmp_path / STATE).read_bytes() == before


def test_every_objective_that_follows_the_length_of_the_training_says_so():
    objectives = {recipes.get(name).objective for name in recipes.names()}
    follow = {
        objective
        for objective in objectives
        if re.search(r"\.fraction\b|total_images", inspect.getsource(objective))
    }
    assert follow == {objective for objective in objectives if objective.scheduled}
    assert len(follow) >= 3


def test_a_training_starts_from_the_weights_of_a_release(tmp_path):
    """Whose images and seconds are counted, in a resumed run too."""
    recipe = recipes.override(recipes.get("aae-mnist"), recipes.get("aae-mnist").smoke)
    still = {"objective.lr": 0.0, "ema": 0.0}
    recipe = short(recipe, **still)
    torch.manual_seed(7)
    model = recipe.build_model()
    origin = recipes.Origin("aae-mnist", "abc", 1000, 60.0)
    trained = recipes.run(recipe, tmp_path, progress_bar=False, init=(model, origin))
    assert_identical(trained.model.state_dict(), model.state_dict())
    resumed = run(recipe, tmp_path, resume=True)
    for result in (trained, resumed):
        assert result.images_seen == 1000 + 640
        assert result.seconds > 60.0
        assert result.origin == origin
        assert (min(result.snapshots), max(result.snapshots)) == (1000, 1640)
    assert resumed.seconds == trained.seconds
    moved = recipes.override(recipe, {"objective.lr": 0.01})
    trained = recipes.run(moved, tmp_path / "moved", progress_bar=False, init=(model, origin))
    far = [
        (a - b).abs().max()
        for a, b in zip(trained.model.parameters(), model.parameters(), strict=True)
    ]
    assert 0 < max(far) < 0.3


@pytest.fixture
def small():
    recipe = recipes.get("nade-mnist")
    return short(recipes.override(recipe, recipe.smoke))


def test_snapshots_are_of_the_averaged_model_from_the_first_moment_to_the_last(tmp_path):
    recipe = short(recipes.override(recipes.get("aae-mnist"), recipes.get("aae-mnist").smoke))
    trained = run(recipe, tmp_path / "run")
    seen = list(trained.snapshots)
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0, 640)
    x = preprocess_once(load_images("mnist", "validation").scaled(), "dynamic")
    x = x[fixed_subset(len(x), 2000)]
    eps = torch.randn(len(x), 2, generator=seeded(recipe.settings.seed, 4))
    with torch.inference_mode():
        codes = trained.model.encode(x, eps)
    assert torch.allclose(trained.snapshots[640].float(), codes, atol=2e-3)
    assert not torch.allclose(trained.snapshots[0].float(), codes, atol=2e-3)


def test_snapshots_of_a_gan_are_its_pictures_of_the_same_z(tmp_path):
    recipe = recipes.override(recipes.get("gan-mnist"), recipes.get("gan-mnist").smoke)
    recipe = short(recipe, **{"objective.lr": 0.02})
    trained = run(recipe, tmp_path / "run")
    assert {(kept.shape, kept.dtype) for kept in trained.snapshots.values()} == {
        ((36, 1, 28, 28), torch.uint8)
    }
    z = trained.model.draw_z(36, seeded(recipe.settings.seed, 4))
    with torch.inference_mode():
        made = trained.model.generate(z)
    assert (trained.snapshots[640] / 255 - made).abs().max() <= 0.5 / 255 + 1e-6
    assert (trained.snapshots[0] / 255 - made).abs().max() > 0.01


@pytest.mark.parametrize("name", recipes.names())
def test_a_release_keeps_only_what_a_page_replays(name):
    """The game's digits, the growth of the faces, the codes that find the prior."""
    recipe = recipes.get(name)
    data = load_images("mnist", "validation")
    keep = recipes.override(recipe, recipe.smoke).build_model().snapshot(data, "none", 0)
    replayed = ("gan-", "progan-", "aae-")
    assert (keep is not None) == name.startswith(replayed)


def test_moments_are_spread_evenly_on_the_scale_of_logarithms():
    steps = sorted(snapshot_steps(10_000))
    assert (steps[0], steps[1], steps[-1], len(steps)) == (0, 10, 10_000, 16)
    ratios = [b / a for a, b in itertools.pairwise(steps[1:])]
    assert max(ratios) / min(ratios) < 1.1
    assert snapshot_steps(3) == {0, 3}


def test_the_log_tells_of_every_image_once(small, tmp_path):
    run(small, tmp_path)
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows if row["split"] == "train"]
    assert steps == sorted(set(steps))
    assert steps[-1] == 10
    assert {3, 6, 9} <= set(steps), "log_every is 3 steps of 64 images"
    assert all(int(row["images"]) == 64 * int(row["step"]) for row in rows)
    curve = [r for r in rows if r["split"] == "train (last 20)" and r["name"] == "nll"]
    assert [int(row["step"]) for row in curve] == [5, 10]
    nll = [float(row["value"]) for row in curve]
    assert nll[-1] < nll[0] < 28 * 28 * math.log(2)


def test_a_state_of_other_hyperparameters_is_refused_by_name(small, tmp_path):
    run(small, tmp_path)
    for key, value in {
        "objective.lr": 0.5,
        "batch_size": 32,
        "seed": 1,
        "model.n_hidden": 9,
        "hold_out": True,
    }.items():
        other = recipes.override(small, {key: value})
        with pytest.raises(
            RunStateError, match=f"started with {key} = .* and now {key} = {value}"
        ):
            run(other, tmp_path, resume=True)


def test_a_run_of_before_there_was_a_choice_was_not_held_out(small, tmp_path):
    """Its state does not name the setting."""
    finished = run(small, tmp_path)
    state = torch.load(tmp_path / STATE, weights_only=True)
    assert state["hyperparameters"].pop("hold_out") is False
    torch.save(state, tmp_path / STATE)
    with pytest.raises(RunStateError, match="hold_out = False, and now hold_out = True"):
        run(recipes.override(small, {"hold_out": True}), tmp_path, resume=True)
    again = run(small, tmp_path, resume=True)
    assert again.evaluation == pytest.approx(finished.evaluation)


@pytest.mark.parametrize("damage", [b"", b"not a state", None])
def test_a_damaged_state_is_told_in_a_sentence(small, tmp_path, damage):
    run(small, tmp_path)
    state = tmp_path / STATE
    state.write_bytes(
        state.read_bytes()[: state.stat().st_size // 2] if damage is None else damage
    )
    with pytest.raises(RunStateError, match=r"state.pt is damaged .*Delete it and train"):
        run(small, tmp_path, resume=True)


@pytest.mark.parametrize("part", ["objective", "optimizers", "ema", "rng"])
def test_a_state_that_lacks_a_part_is_told_in_a_sentence(small, tmp_path, part):
    run(small, tmp_path)
    state = torch.load(tmp_path / STATE, weights_only=True)
    del state[part]
    torch.save(state, tmp_path / STATE)
    with pytest.raises(RunStateError, match=f"damaged \\(it lacks '{part}'\\)"):
        run(small, tmp_path, resume=True)


def test_a_run_is_neither_resumed_from_nothing_nor_overwritten(small, tmp_path):
    with pytest.raises(RunStateError, match="no run to resume"):
        run(small, tmp_path / "run", resume=True)
    run(small, tmp_path / "run")
    before = (tmp_path / "run" / STATE).read_bytes()
    with pytest.raises(RunStateError, match="already holds a run"):
        run(small, tmp_path / "run")
    assert (tmp_path / "run" / STATE).read_bytes() == before


def test_a_killed_save_leaves_the_last_state_and_the_next_run_cleans_up(tmp_path):
    path = tmp_path / STATE
    run_state.save(path, {"hyperparameters": {}, "step": 1})
    (tmp_path / f".{STATE}.123.part").write_bytes(b"half")

    def fail(temporary):
        temporary.write_bytes(b"half")
        raise Killed

    with pytest.raises(Killed):
        run_state.write_atomically(path, fail)
    assert torch.load(path, weights_only=True)["step"] == 1
    with run_state.alone_in(tmp_path, resume=True):
        run_state.save(path, {"hyperparameters": {}, "step": 2})
    assert torch.load(path, weights_only=True)["step"] == 2
    assert [p.name for p in tmp_path.iterdir()] == [STATE]


def test_training_stops_at_a_loss_that_is_not_finite(small, tmp_path, monkeypatch):
    step = MaximumLikelihood.step
    seen: dict[str, torch.Tensor] = {}

    def poisoned(self, batch, update, at):
        if at.step == 5:
            seen.update({k: v.clone() for k, v in self.model.state_dict().items()})
            seen_model.append(self.model)
            return step(self, type(batch)(batch.x, batch.label), Poison(update), at)
        return step(self, batch, update, at)

    class Poison:
        def __init__(self, update):
            self.update = update

        def __call__(self, who, loss):
            self.update(who, loss * math.nan)

    seen_model: list[nn.Module] = []
    monkeypatch.setattr(MaximumLikelihood, "step", poisoned)
    closed: list[Log] = []
    close = Log.close
    monkeypatch.setattr(Log, "close", lambda log: (closed.append(log), close(log)))
    with pytest.raises(TrainingError, match="'model' became nan at step 5"):
        run(small, tmp_path)
    assert len(closed) == 1
    for name, value in seen_model[0].state_dict().items():
        assert torch.equal(value, seen[name]), name
    assert torch.load(tmp_path / STATE, weights_only=True)["step"] == 4


def test_settings_are_checked():
    with pytest.raises(ValueError, match="less than one batch of 64"):
        Settings(images=63, batch_size=64)
    with pytest.raises(ValueError, match="Unknown precision 'half'"):
        Settings(images=64, batch_size=64, precision="half")


@pytest.mark.parametrize("able", [{}, {"avx2": True}, {"avx512_bf16": True}, {"bf16": True}])
def test_low_precision_is_used_only_where_the_processor_has_it(able, small, tmp_path, monkeypatch):
    seen = []
    step = MaximumLikelihood.step

    def spied(*given):
        seen.append(torch.is_autocast_enabled("cpu"))
        return step(*given)

    monkeypatch.setattr(MaximumLikelihood, "step", spied)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    run(recipes.override(small, {"precision": "bfloat16", "images": 64}), tmp_path)
    assert seen == ["bf16" in str(able)]


class Line(Objective):
    """One number w, against the mean of a batch: (w - mean)^2 / 2, whose gradient is w - mean."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Linear(1, 1, bias=False).double()
        with torch.no_grad():
            self.model.weight.fill_(3.0)
        self.seen: list[tuple[float, float]] = []
        self.rates: list[float] = []

    def optimizers(self):
        self.sgd = torch.optim.SGD(self.model.parameters(), lr=0.5)
        return {"model": self.sgd}

    def step(self, batch, update, at):
        mean = batch.x.double().mean()
        loss = 0.5 * (self.model.weight - mean).square().sum()
        update("model", loss)
        self.seen.append((mean.item(), at.fraction))
        self.rates.append(self.sgd.param_groups[0]["lr"])
        return {"loss": loss.detach()}

    def evaluate(self, batch):
        away = self.model.weight.detach() - batch.x.double().mean((1, 2, 3))
        return {"away": away.flatten()}


def test_a_training_follows_its_settings_step_by_step(tmp_path):
    """Schedule, clipped gradient and average, each written out."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (24, 1, 2, 2), generator=generator).to(torch.uint8)
    train_set = ImageSet(pixels, torch.zeros(24, dtype=torch.long), ("",))
    validation_set = ImageSet(pixels[:5] // 2, torch.zeros(5, dtype=torch.long), ("",))
    settings = Settings(
        images=200, batch_size=8, seed=7, ema=0.3, schedule="cosine", warmup=0.2, clip=0.9
    )
    objective = Line()
    result = train(
        objective, settings, train_set, validation_set, tmp_path, {}, progress_bar=False
    )

    w = average = 3.0
    for step, (mean, fraction) in enumerate(objective.seen):
        assert fraction == pytest.approx(8 * step / 200)
        order = torch.randperm(24, generator=seeded(7, 0, step // 3))
        batch = pixels[order[8 * (step % 3) : 8 * (step % 3 + 1)]] / 255
        assert mean == pytest.approx(batch.double().mean().item(), abs=1e-7)
        ramp = min(1.0, (fraction + 0.001 * 0.2) / 0.2)
        rate = 0.5 * ramp * (1 + math.cos(math.pi * fraction)) / 2
        assert objective.rates[step] == pytest.approx(rate, rel=1e-9)
        w -= rate * max(-0.9, min(0.9, w - mean))
        decay = min(0.3, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * w
    assert len(objective.seen) == 25
    assert objective.model.weight.item() == pytest.approx(average, rel=1e-6)
    away = average - (pixels[:5] // 2).double().div(255).mean().item()
    assert result["evaluation"]["away"] == pytest.approx(away, rel=1e-6)


@pytest.mark.parametrize("hold_out", [False, True])
def test_a_run_learns_from_training_images_and_shows_its_curve_on_validation_images(
    hold_out, tmp_path, monkeypatch
):
    recipe = recipes.get("nade-mnist")
    changes = {"preprocessing": "threshold", "batch_size": 20, "hold_out": hold_out}
    recipe = recipes.override(recipe, {**recipe.smoke, **changes})
    train, validation = (
        (load_images("mnist", s, hold_out=hold_out).scaled() > 0.5).float().flatten(1)
        for s in ("train", "validation")
    )
    assert len(train) == (220 if hold_out else 240)
    learned, shown = [], []
    step, evaluate = MaximumLikelihood.step, MaximumLikelihood.evaluate

    def noted_step(self, batch, update, at):
        learned.append(batch.x)
        return step(self, batch, update, at)

    def noted_evaluate(self, batch):
        shown.append(batch.x)
        return evaluate(self, batch)

    monkeypatch.setattr(MaximumLikelihood, "step", noted_step)
    monkeypatch.setattr(MaximumLikelihood, "evaluate", noted_evaluate)
    run(recipe, tmp_path)
    epoch = torch.cat(learned).flatten(1)[: len(train)]
    assert torch.equal(epoch.sum(0), train.sum(0)), "each training image once"
    assert torch.cdist(epoch, train).amin(1).max() == 0
    assert torch.equal(torch.cat(shown).flatten(1), validation)
    with open(tmp_path / "log.csv", newline="") as file:
        splits = {row["split"] for row in csv.DictReader(file)}
    assert splits == {"train", "validation" if hold_out else "train (last 20)"}


def test_the_noise_of_a_step_is_not_that_of_its_batch():
    """Each purpose has a stream of its own: order 0, noise of the images 1, of the step 2."""
    half = ImageSet(torch.full((8, 1, 4, 4), 128, dtype=torch.uint8), torch.zeros(8).long(), ("",))
    at = Progress(3, 0, 1000, seed=5)
    noise = at.rand(8, 1, 4, 4)
    assert torch.equal(noise, torch.rand(8, 1, 4, 4, generator=seeded(5, 2, 3)))
    x = Batches(half, 8, 5, "dynamic")[3].x
    drawn = torch.rand(8, 1, 4, 4, generator=seeded(5, 1, 3)) < 128 / 255
    assert torch.equal(x, drawn.float())
    assert 0.2 < (x == (noise < 128 / 255)).float().mean() < 0.8


class TestEMA:
    def test_it_is_the_recursion(self):
        model = nn.Linear(1, 1, bias=False).double()
        with torch.no_grad():
            model.weight.fill_(1.0)
        ema = EMA(model, decay=0.5)
        expected = 1.0
        for t in range(20):
            with torch.no_grad():
                model.weight.fill_(float(t))
            ema.update(model)
            decay = min(0.5, (1 + t) / (10 + t))
            expected = decay * expected + (1 - decay) * t
            assert ema.average["weight"].item() == pytest.approx(expected, rel=1e-12)

    def test_of_what_is_trained_later_it_begins_later(self):
        """As if it had been made then, and not by the decay of a long training."""
        model = nn.ModuleList([nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)])
        ema = EMA(model, decay=0.9)
        young, first = EMA(model[1], decay=0.9), model[1].weight.detach().clone()
        for t in range(60):
            with torch.no_grad():
                model[0].weight.fill_(float(t))
                if t >= 30:
                    model[1].weight.fill_(float(t))
            ema.update(model)
            if t < 30:
                assert torch.equal(ema.average["1.weight"], first)
            else:
                young.update(model[1])
                assert torch.equal(ema.average["1.weight"], young.average["weight"])
        again = EMA(model, decay=0.9)
        again.load_state_dict(ema.state_dict())
        assert again.still == ema.still == {"0.weight": 0, "1.weight": 30}

    def test_without_decay_it_is_the_weights(self):
        model = nn.Linear(2, 2)
        ema = EMA(model, decay=0.0)
        with torch.no_grad():
            model.weight.add_(1)
        ema.update(model)
        torch.testing.assert_close(ema.average["weight"], model.weight.detach())

    def test_it_is_lent_to_the_model_and_taken_back_even_after_an_error(self):
        model = nn.Linear(2, 2)
        ema = EMA(model, decay=0.9)
        own = model.weight.detach().clone()
        ema.average["weight"].fill_(7.0)

        def fail():
            with ema.swapped_into(model):
                assert (model.weight == 7).all()
                raise Killed

        with pytest.raises(Killed):
            fail()
        assert torch.equal(model.weight, own)
        assert (ema.average["weight"] == 7).all()

    def test_its_state_comes_back(self):
        model = nn.Linear(2, 2)
        ema = EMA(model, decay=0.9)
        for _ in range(3):
            with torch.no_grad():
                model.weight.add_(1)
            ema.update(model)
        other = EMA(nn.Linear(2, 2), decay=0.9)
        other.load_state_dict(ema.state_dict())
        for each in (ema, other):
            each.update(model)
        assert torch.equal(ema.average["weight"], other.average["weight"])
        assert ema.n_updates == other.n_updates == 4


def test_evaluation_is_the_mean_over_the_whole_set_and_leaves_the_mode(small):
    from genzoo.data import load_images, preprocess_once

    objective = small.build_objective()
    data = load_images("mnist", "test")
    objective.train()
    values = evaluation(objective, data, "dynamic", torch.device("cpu"), batch=7)
    assert objective.training
    x = preprocess_once(data.scaled(), "dynamic")
    nll = -objective.model.log_prob(x).double().mean().item()
    assert values["nll"] == pytest.approx(nll, rel=1e-6)
    assert values["bits_per_dim"] == pytest.approx(nll / 784 / math.log(2), rel=1e-6)


def test_a_sheet_lays_images_out_in_rows(tmp_path):
    from PIL import Image

    images = torch.stack([torch.full((1, 2, 3), v) for v in (0.2, 0.4, 0.6, 0.8, 1.0)])
    laid = sheet(images, n_columns=3, gap=1)
    assert laid.shape == (1, 2 * 3 + 1, 3 * 4 + 1)
    for n, value in enumerate((0.2, 0.4, 0.6, 0.8, 1.0)):
        r, c = divmod(n, 3)
        y, x = 1 + 3 * r, 1 + 4 * c
        assert (laid[0, y : y + 2, x : x + 3] == value).all()
    assert laid[0, ::3].sum() == 0
    assert laid[0, 4:6, 9:12].sum() == 0, "where no image is left"
    save_png(tmp_path / "new" / "sheet.png", laid)
    with Image.open(tmp_path / "new" / "sheet.png") as picture:
        assert picture.size == (13, 7)
        assert picture.getpixel((1, 1)) == 51
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["sheet.png"]


class WithoutDouble(torch.Tensor):
    """As on a device that has no float64."""

    def double(self):
        raise TypeError("Cannot convert a Tensor to float64: this device does not support it.")

    def cpu(self):
        return self.as_subclass(torch.Tensor)


def test_a_device_without_double_precision_can_evaluate(small):
    objective, data = small.build_objective(), load_images("mnist", "test")
    expected = evaluation(objective, data, "dynamic", torch.device("cpu"))
    evaluate = objective.evaluate

    def there(batch):
        return {name: v.as_subclass(WithoutDouble) for name, v in evaluate(batch).items()}

    objective.evaluate = there
    assert evaluation(objective, data, "dynamic", torch.device("cpu")) == expected
    values = torch.rand(8)
    found = bootstrap("nll", values.as_subclass(WithoutDouble), "nats", "")
    assert found == bootstrap("nll", values, "nats", "")


def test_a_device_without_double_precision_can_compute_the_bound():
    model = VAE((1, 4, 4), n_latent=2, width=2, n_blocks=0, n_hidden=4)
    x = torch.ones(3, 1, 4, 4)
    expected = importance_weighted_bound(model, x, k=3)
    assert torch.equal(importance_weighted_bound(model, x.as_subclass(WithoutDouble), 3), expected)


def test_two_processes_take_the_steps_of_one_where_images_of_a_batch_meet(tmp_path):
    """Statistics of the batch, its entropy, its pool of images: of both processes together."""
    command = [sys.executable, "-m", "tests.genzoo.shared_batches", str(tmp_path)]
    root = Path(__file__).parents[2]
    both = [subprocess.Popen([*command, str(rank)], cwd=root) for rank in range(2)]
    assert [process.wait(300) for process in both] == [0, 0]
    states = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for name in OBJECTIVES:
        for key, value in trained(name).items():
            for state in states:
                torch.testing.assert_close(
                    state[name][key], value, rtol=1e-3, atol=1e-4, msg=f"{name}: {key}"
                )


def test_looking_at_what_it_draws_changes_no_weight(tmp_path):
    """Nor a mean of batch normalization: what is drawn on the way is drawn as by a release."""
    recipe = recipes.get("dcgan-mnist-paper")
    recipe = recipes.override(recipe, {**recipe.smoke, "batch_size": 20, "images": 120})
    often, once = (
        run(recipes.override(recipe, {"evaluate_every": every}), tmp_path / str(every)).model
        for every in (20, 120)
    )
    assert {len(list((tmp_path / f).glob("samples/*"))) for f in ("20", "120")} == {6, 1}
    for name, value in often.state_dict().items():
        assert torch.equal(value, once.state_dict()[name]), name
