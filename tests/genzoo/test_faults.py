"""A disk that is full, two runs in one folder, Ctrl-C, a run state that no run has written: each
is a sentence, and what was there before is there afterwards."""

from __future__ import annotations

import fcntl
import math
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import torch

from genzoo import recipes, releases
from genzoo.cli import main
from genzoo.objectives import MaximumLikelihood
from genzoo.train import RunStateError, run_state
from genzoo.train.log import Log
from genzoo.train.trainer import STATE
from tests.genzoo import processes

ROOT = Path(__file__).resolve().parents[2]
WORDS = ["train", "nade-mnist", "--device", "cpu", "--set", "model.n_hidden=8"]
WORDS += ["--set", "batch_size=40", "--set", "images=400", "--set", "save_every=80"]
RUN = Path("runs/nade-mnist")


pytestmark = pytest.mark.usefixtures("checkpoints")


@contextmanager
def room_for(n_bytes: int) -> Iterator[None]:
    """Within the context no file can be longer, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def assert_nothing_half_written(folder: Path) -> None:
    left = [p for p in folder.rglob("*") if p.name.startswith(".") or p.name.endswith(".part")]
    assert left == []


def told(capsys) -> str:
    """The last line, where the rest is a bar of progress."""
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.err.strip().splitlines()[-1]


def broken_off(step: int) -> None:
    """A run that has come so far."""
    with pytest.MonkeyPatch.context() as patch:
        interrupted_at(step, patch)
        assert main(WORDS) == 130


def interrupted_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before this step."""
    original = MaximumLikelihood.step

    def interrupted(self, batch, update, at):
        if at.step == step:
            raise KeyboardInterrupt
        return original(self, batch, update, at)

    patch.setattr(MaximumLikelihood, "step", interrupted)


# ---- the disk is full


def test_a_state_that_does_not_fit_leaves_the_last_one(capsys):
    broken_off(3)
    before = (RUN / STATE).read_bytes()
    capsys.readouterr()
    with room_for(len(before) // 2):
        assert main([*WORDS, "--resume"]) == 1
    assert told(capsys) == (
        f"genzoo: {RUN / STATE}: File too large. What was there before is as it was. "
        "Go on with the same command and --resume."
    )
    assert (RUN / STATE).read_bytes() == before
    assert_nothing_half_written(RUN)
    assert main([*WORDS, "--resume"]) == 0
    assert releases.info("nade-mnist", RUN / "release")["images_seen"] == 400


@pytest.mark.parametrize(
    ("n_bytes", "file"), [(10, "log.csv"), (36, "events.out"), (60, "log.csv"), (250, ".png")]
)
def test_a_log_or_a_sheet_that_does_not_fit_is_named(n_bytes, file, capsys):
    """From the first line on."""
    evaluated = ["--set", "evaluate_every=40", "--set", "log_every=4000"]
    evaluated += ["--set", "save_every=400"]
    with room_for(n_bytes):
        assert main([*WORDS, *evaluated]) == 1
    sentence = told(capsys)
    assert sentence.endswith(": File too large. What was there before is as it was.")
    assert file in sentence.split(":")[1]
    assert_nothing_half_written(RUN)


def test_a_release_that_does_not_fit_leaves_the_old_one(capsys, checkpoints):
    assert main(WORDS) == 0
    release = checkpoints / "nade-mnist"
    release.parent.mkdir()
    (RUN / "release").rename(release)
    (release / "asset.npz").write_bytes(bytes(5000))
    before = contents(release)
    size = len(before["config.json"])
    evaluate = ["evaluate", "nade-mnist", "--images", "10", "--part", "model", "--write"]
    for words, room, name in (
        ([*WORDS, "--resume", "--release", str(release)], 20_000, "nade-mnist"),
        ([*WORDS, "--resume", "--release", str(release)], 2_000, "nade-mnist"),
        (["sample", "nade-mnist"], 1000, "nade-mnist.png"),
        ([*evaluate, "--device", "cpu"], size // 2, "config.json"),
        (["report", "--json", "all.json"], 1000, "all.json"),
        (["report", "--cards"], 500, "README.md"),
    ):
        capsys.readouterr()
        with room_for(room):  # a run at its end saves no state
            assert main(words) == 1, words
        sentence = told(capsys)
        assert f"{name}: File too large. What was there before is as it was." in sentence, words
        assert ("--resume" in sentence) == (words[0] == "train")
        assert contents(release) == before, words
        assert_nothing_half_written(checkpoints)
        assert not list(Path.cwd().glob(".*"))
        assert not Path("nade-mnist.png").exists()
        assert not Path("all.json").exists()


def test_figures_and_card_are_written_both_or_neither(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("old")

    def full(part: Path) -> None:
        part.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"No space left on device: .*other'"):
        run_state.write_together({one: lambda part: part.write_text("new"), other: full})
    assert contents(tmp_path) == {"one": b"old"}


def test_ctrl_c_between_the_old_release_and_the_new_leaves_one(checkpoints, monkeypatch):
    assert main([*WORDS, "--release", str(checkpoints / "nade-mnist")]) == 0
    before = contents(checkpoints / "nade-mnist")
    rename = Path.rename

    def interrupted(self, target):
        if Path(target) == checkpoints / "nade-mnist" and self.name != "old":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    assert main([*WORDS, "--resume", "--release", str(checkpoints / "nade-mnist")]) == 130
    assert contents(checkpoints / "nade-mnist") == before
    assert_nothing_half_written(checkpoints)


# ---- two runs in one folder


def test_a_second_run_in_a_folder_is_refused_as_long_as_the_first_lives(capsys):
    words = [*WORDS, "--set", "images=4000000"]
    first = processes.start(words)
    try:
        deadline = time.monotonic() + 120
        while not (RUN / STATE).exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        for more in ([], ["--resume"]):
            assert main([*words, *more]) == 1
            assert told(capsys) == (
                f"genzoo: Another process is training in {RUN}: wait until it has ended, or give "
                "another --run-dir."
            )
        assert first.is_alive()
        log = (RUN / "log.csv").read_text().splitlines()
        assert log[0] == "step,images,split,name,value"
    finally:
        first.kill()
        first.join(60)
    # Nothing of it is left, and what it was writing goes.
    (RUN / ".state.pt.1.part").write_bytes(b"half")
    (RUN / "samples").mkdir(exist_ok=True)
    (RUN / "samples" / ".1.png.1.part").write_bytes(b"half")
    with pytest.MonkeyPatch.context() as patch:
        interrupted_at(torch.load(RUN / STATE)["step"], patch)
        assert main([*words, "--resume"]) == 130
    assert_nothing_half_written(RUN)


def test_a_folder_that_cannot_be_locked_is_used_all_the_same(tmp_path, monkeypatch):
    def unable(*_):
        raise OSError(37, "No locks available")

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", unable)
        with run_state.alone_in(tmp_path / "run", resume=False):
            pass
    with (
        run_state.alone_in(tmp_path / "run", resume=False),
        pytest.raises(RunStateError, match="Another process is training"),
        run_state.alone_in(tmp_path / "run", resume=False),
    ):
        pass


def test_both_of_two_processes_are_refused_together():
    with run_state.alone_in(RUN, resume=False):
        both = processes.start_two(WORDS)
        for process in both:
            process.join(120)
        assert [process.exitcode for process in both] == [1, 1]
    for rank in range(2):
        text = Path(f"output-{rank}.txt").read_text()
        assert "Another process is training in" in text
        assert "Traceback" not in text


# ---- Ctrl-C


def test_ctrl_c_says_how_to_go_on_where_there_is_something_to_go_on_from(capsys, monkeypatch):
    for step, words, more in (
        (1, WORDS, ""),
        (3, [*WORDS, "--run-dir", "runs/a"], " Go on with the same command and --resume."),
        (5, [*WORDS, "--run-dir", "runs/a", "--resume"], " Go on with the same command and"),
    ):
        with monkeypatch.context() as patch:
            interrupted_at(step, patch)
            assert main(words) == 130
        assert told(capsys).startswith(f"genzoo: interrupted.{more}")
    with monkeypatch.context() as patch:
        patch.setattr(recipes, "get", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        assert main(["info", "nade-mnist"]) == 130
    assert told(capsys) == "genzoo: interrupted."


@pytest.mark.parametrize("seconds", [0.15, 0.4, 0.8, 1.6, 3.2])
def test_ctrl_c_at_any_moment_is_no_traceback(seconds):
    """While torch is imported, too; but for the few milliseconds in which Python itself starts."""
    started = "import sys, genzoo.__main__; print(*sys.modules, flush=True)"
    started += "; sys.exit(genzoo.__main__.main())"
    process = subprocess.Popen(
        [sys.executable, "-c", started, *WORDS, "--set", "images=4000000"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    modules = process.stdout.readline().split()
    assert "genzoo" in modules
    assert "torch" not in modules
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert "\ngenzoo: interrupted" in f"\n{error}".replace("\r", "\n")
    assert_nothing_half_written(Path.cwd())


# ---- a run state that no run has written


def changed(state: dict, where: str, value: object) -> None:
    *path, last = where.split("/")
    for key in path:
        state = state[int(key) if key.isdecimal() else key]
    state[last] = value


@pytest.mark.parametrize(
    ("where", "value", "sentence"),
    [
        ("step", "3", "step must be of type int, not str"),
        ("step", True, "step must be of type int, not bool"),
        ("step", -1, "step is -1, not 0 to 10"),
        ("step", 11, "step is 11, not 0 to 10"),
        ("seconds", None, "seconds must be of type int or float, not NoneType"),
        ("seconds", math.nan, "seconds is nan, not 0 to inf"),
        ("warmup", [1], "warmup must be of type int or float, not list"),
        ("warmup", 2.0, "warmup is 2.0, not 0 to 1"),
        ("origin", "x", "origin must be of type dict or None, not str"),
        ("origin", {"release": "x"}, "origin lacks 'sha256'"),
        ("rng", 3, "rng must be of type Tensor, not int"),
        ("rng", torch.zeros(3), "does not fit this model and device"),
        ("ema", [], "ema must be of type dict, not list"),
        ("ema/n_updates", "many", "does not fit this model and device"),
        ("optimizers/model", 1, "does not fit this model and device"),
        ("optimizers/model/state/0/exp_avg", torch.zeros(2, 3), "a exp_avg of shape"),
        ("snapshots", {"first": torch.zeros(1)}, "each key of snapshots must be of type int"),
        ("snapshots", {1: 2}, "the snapshot at 1 images must be of type Tensor, not int"),
        ("hyperparameters", [], "hyperparameters must be of type dict, not list"),
        ("hyperparameters/images", "all", "images must be of type int, not str"),
        ("hyperparameters/seed", torch.zeros(2), "seed is of type Tensor"),
        ("hyperparameters", {1: 2}, "each key of hyperparameters must be of type str, not int"),
        ("log", b"step,images\n1,2\n", "log.csv is damaged ('value')"),
        ("log", b"step,images,split,name,value\n\xff,1,a,b,2\n", "log.csv is damaged ('utf-8'"),
    ],
)
def test_a_state_with_something_wrong_is_named_and_nothing_is_overwritten(
    where, value, sentence, broken_run, capsys
):
    state = torch.load(RUN / STATE, weights_only=True)
    if where == "log":
        (RUN / "log.csv").write_bytes(value)
    else:
        changed(state, where, value)
        torch.save(state, RUN / STATE)
    before = contents(RUN)
    assert main([*WORDS, "--resume"]) == 1
    line = told(capsys)
    assert sentence in line
    assert line.startswith("genzoo: The ")
    assert contents(RUN) == before


@pytest.fixture
def broken_run(capsys) -> None:
    broken_off(3)
    capsys.readouterr()


@pytest.mark.parametrize("state", [[], 3, {}, {"step": 1}, torch.zeros(3)])
def test_what_is_no_state_at_all_is_told(state, capsys):
    RUN.mkdir(parents=True)
    torch.save(state, RUN / STATE)
    assert main([*WORDS, "--resume"]) == 1
    assert f"The run state {RUN / STATE} is damaged (it " in told(capsys)


# ---- the output


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_an_output_that_is_full_is_a_sentence():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "genzoo", "list"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("genzoo: No space left on device.")
    assert len(done.stderr.splitlines()) == 1


def test_tensorboard_reads_what_was_logged(tmp_path):
    """Of a resumed run, too: what was logged after its state is dropped."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    log = Log(tmp_path / "run")
    for step in (1, 2, 3):
        log.write(step, 40 * step, "train", {"nll": step + 0.5})
    log.picture(2, "samples", torch.rand(1, 5, 4))
    log.close()
    log = Log(tmp_path / "run", 2)
    log.write(3, 120, "train", {"nll": 7.5})
    log.close()
    read = accumulator.EventAccumulator(str(tmp_path / "run"))
    read.Reload()
    assert [(e.step, e.value) for e in read.Scalars("train/nll")] == [(1, 1.5), (2, 2.5), (3, 7.5)]
    [picture] = read.Images("samples")
    assert (picture.step, picture.width, picture.height) == (2, 4, 5)


# ---- damage at random, strange machines


def test_states_and_releases_that_are_cut_or_changed_anywhere_are_sentences(broken_run, capsys):
    """Cut off at any place, or a byte of it another, of which many are in the head of the file."""
    chance = random.Random(0)
    recipe = recipes.override(recipes.get("nade-mnist"), {"model.n_hidden": 8})
    release = releases.save(
        recipe, recipe.build_model(), releases.Provenance(1, 1.0, "here"), [], Path("nade-mnist")
    )
    weights, config = release / "model.safetensors", release / "config.json"
    written = torch.load(RUN / STATE, weights_only=True)["hyperparameters"]

    def read(file: Path) -> None:
        if file == RUN / STATE:
            run_state.load(file, written)
        else:
            releases.load("nade-mnist", path=release)

    for file in (RUN / STATE, weights, config):
        whole = file.read_bytes()
        for n in range(24):
            at = chance.randrange(len(whole) if n % 2 else 200)
            other = bytes([chance.randrange(256)])
            file.write_bytes(whole[:at] if n % 3 else whole[:at] + other + whole[at + 1 :])
            with suppress(RunStateError, releases.ReleaseError):  # any other error is a fault
                read(file)
        for n in (0, len(whole) // 2):
            file.write_bytes(whole[:n])
            with pytest.raises((RunStateError, releases.ReleaseError), match="is damaged"):
                read(file)
        file.write_bytes(whole)
    run_state.load(RUN / STATE, written)
    releases.load("nade-mnist", path=release)


@pytest.mark.parametrize("seconds", [0.0, 4.1e9])
def test_clocks_of_1970_and_2100_do_no_harm(seconds, monkeypatch, capsys):
    """Of the system, and of the files."""
    monkeypatch.setattr(time, "time", lambda: seconds)
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * seconds))
    broken_off(3)
    for path in RUN.rglob("*"):
        os.utime(path, (seconds, seconds))
    assert main([*WORDS, "--resume"]) == 0
    assert releases.load("nade-mnist", path=RUN / "release").probe()


def test_it_works_in_a_locale_without_letters(checkpoints):
    """LANG=C, in which text would be ASCII alone: cards hold formulas."""
    recipe = recipes.override(recipes.get("nade-mnist"), {"model.n_hidden": 8})
    release = releases.save(recipe, recipe.build_model(), releases.Provenance(1, 1.0, "here"), [])
    card = release / "README.md"
    whole = card.read_bytes()
    assert not whole.isascii()
    card.write_bytes(b"")
    acts = "main(['report', '--cards']) or main(['info', 'nade-mnist']) or main(['report'])"
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; from genzoo.cli import main; sys.exit({acts})"],
        env={**os.environ, **plain, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert card.read_bytes() == whole
