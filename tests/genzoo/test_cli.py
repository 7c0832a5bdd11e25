from __future__ import annotations

import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image

from genzoo import recipes, releases
from genzoo.cli import main
from tests.genzoo import processes

ROOT = Path(__file__).resolve().parent.parent.parent
TINY = {"model.n_hidden": 8, "batch_size": 40, "images": 400}


pytestmark = pytest.mark.usefixtures("checkpoints")


def settings(values) -> list[str]:
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def train(*words: str, **changes) -> int:
    tiny = {**TINY, **{k.replace("__", "."): v for k, v in changes.items()}}
    return main(["train", "nade-mnist", "--device", "cpu", *settings(tiny), *words])


@pytest.fixture
def released(checkpoints, capsys) -> Path:
    assert train("--release", str(checkpoints / "nade-mnist")) == 0
    capsys.readouterr()
    return checkpoints / "nade-mnist"


def test_list_names_every_recipe(capsys, released):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == recipes.names()
    assert [line.split()[0] for line in lines if "released" in line.split()] == ["nade-mnist"]
    assert main(["list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == recipes.names()
    assert [row["name"] for row in rows if row["released"]] == ["nade-mnist"]
    assert all(row["summary"] for row in rows)


def test_info_tells_settings_and_figures(capsys, released):
    assert main(["info", "nade-mnist"]) == 0
    text = capsys.readouterr().out
    for key, value in recipes.get("nade-mnist").hyperparameters().items():
        assert f"  {key} = {value}\n" in text
    assert "nll" in text
    assert "without the validation images" not in text
    assert "dynamic binarization, 60 test images" in text
    assert main(["info", "nade-mnist", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["batch_size"] == 128
    assert told["release"]["hyperparameters"]["batch_size"] == 40
    assert main(["info", "vae-mnist", "--json"]) == 0  # no release; an infinite clip
    told = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["release"] is None
    assert main(["info", "vae-mnist"]) == 0
    assert "python -m genzoo train vae-mnist" in capsys.readouterr().out


def test_train_writes_a_release_only_where_it_is_asked_or_is_the_recipe(capsys, checkpoints):
    assert train() == 0
    out = capsys.readouterr().out
    assert "nll" in out
    assert (Path("runs/nade-mnist/release") / "model.safetensors").is_file()
    assert not checkpoints.exists(), "other settings took the recipe's place"


@pytest.mark.parametrize("has", [True, False])
def test_a_training_says_in_which_precision_it_is(has, capsys, checkpoints, monkeypatch):
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx512_bf16": has})
    assert train("--set", "precision=bfloat16") == 0
    assert ("it trains in single precision" in capsys.readouterr().err) is not has
    machine = releases.info("nade-mnist", Path("runs/nade-mnist/release"))["machine"]
    assert ("single precision" in machine) is not has


def test_a_training_for_a_choice_reads_no_test_image(capsys, checkpoints, no_test_images):
    """It is measured by what it has not seen, and its release says so and holds no figures."""
    with no_test_images():
        assert train("--hold-out") == 0
        printed = capsys.readouterr().out
        again = ["evaluate", "nade-mnist", "--release", "runs/nade-mnist/release"]
        again += ["--device", "cpu", "--split", "validation", "--part", "model"]
        assert main(again) == 0
    assert not checkpoints.exists(), "it is not the recipe"
    assert "dynamic binarization, 20 validation images\n" in printed
    measured = capsys.readouterr().out
    assert len(measured.splitlines()) == 2
    assert all(line in printed for line in measured.splitlines())
    release = Path("runs/nade-mnist/release")
    config = releases.info("nade-mnist", release)
    assert config["hyperparameters"]["hold_out"] is True
    assert config["figures"] == []
    card = (release / "README.md").read_text()
    assert "\nTrained without the validation images (--hold-out).\n" in card
    assert "`python -m genzoo train nade-mnist --hold-out`" in card
    with open("runs/nade-mnist/log.csv", newline="") as file:
        assert {row["split"] for row in csv.DictReader(file)} == {"train", "validation"}

    # With the other value it is another run.
    assert train("--resume") == 1
    assert "started with hold_out = True, and now hold_out = False" in capsys.readouterr().err
    assert train("--hold-out", "--resume") == 0

    # What it is published by is measured on the test split, and written where one says so.
    few = ["evaluate", "nade-mnist", "--release", str(release), "--device", "cpu"]
    assert main([*few, "--part", "model", "--write"]) == 0
    [nll, _] = releases.info("nade-mnist", release)["figures"]
    assert nll["setting"] == "dynamic binarization, 60 test images"

    # Among the others it is told from them.
    capsys.readouterr()
    shutil.copytree(release, checkpoints / "nade-mnist")
    assert main(["info", "nade-mnist"]) == 0
    assert "\ntrained without the validation images (--hold-out)\n" in capsys.readouterr().out


def test_validation_figures_of_what_was_learned_from_say_so_and_are_not_written(capsys, released):
    before = (released / "config.json").read_bytes()
    words = ["evaluate", "nade-mnist", "--device", "cpu", "--split", "validation"]
    assert main([*words, "--part", "model"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 2
    assert all(line.endswith("20 validation images seen in training") for line in told)
    assert main([*words, "--write"]) == 1
    assert capsys.readouterr().err.strip() == (
        "genzoo: A release holds figures of the test split alone: leave out --write to measure on "
        "the validation split."
    )
    assert (released / "config.json").read_bytes() == before


def test_a_training_is_kept_when_it_cannot_be_measured(capsys, checkpoints, monkeypatch):
    def fails(*_args, **_kwargs):
        raise ValueError("Nobody judges today.")

    with monkeypatch.context() as patched:
        patched.setattr(recipes, "evaluate", fails)
        assert train("--release", str(checkpoints / "nade-mnist")) == 1
    captured = capsys.readouterr()
    assert captured.out.strip() == f"release: {checkpoints / 'nade-mnist'}"
    assert captured.err.strip().splitlines()[-1] == "genzoo: Nobody judges today."
    config = releases.info("nade-mnist")
    assert config["figures"] == []
    assert releases.load("nade-mnist").probe() == pytest.approx(config["probe"], rel=1e-6)
    few = ["evaluate", "nade-mnist", "--device", "cpu", "--images", "10", "--part", "model"]
    assert main([*few, "--write"]) == 0
    measured = releases.info("nade-mnist")["figures"]
    assert [metric["name"] for metric in measured] == ["nll", "bits_per_dim"]


def test_evaluate_prints_what_was_released(capsys, released):
    assert main(["evaluate", "nade-mnist", "--device", "cpu", "--json"]) == 0
    figures = {f["name"]: f for f in json.loads(capsys.readouterr().out)}
    written = {f["name"]: f for f in json.loads((released / "config.json").read_text())["figures"]}
    assert figures["nll"]["value"] == pytest.approx(written["nll"]["value"], rel=1e-6)
    assert main(["evaluate", "nade-mnist", "--device", "cpu", "--images", "10"]) == 0
    assert "10 random test images" in capsys.readouterr().out


def test_evaluate_measures_a_release_on_what_it_was_trained_for(capsys, released):
    path = released / "config.json"
    config = json.loads(path.read_text())
    config["hyperparameters"]["preprocessing"] = "threshold"
    path.write_text(json.dumps(config))
    assert main(["evaluate", "nade-mnist", "--device", "cpu", "--images", "10"]) == 0
    assert "threshold binarization, 10 random test images" in capsys.readouterr().out


def test_evaluate_writes_into_the_release_only_when_asked(capsys, released):
    before = (released / "config.json").read_text()
    few = ["evaluate", "nade-mnist", "--device", "cpu", "--images", "10"]
    assert main(few) == 0
    assert (released / "config.json").read_text() == before
    assert main([*few, "--write"]) == 0
    config = json.loads((released / "config.json").read_text())
    settings = {figure["name"]: figure["setting"] for figure in config["figures"]}
    assert list(settings) == ["nll", "bits_per_dim", "seconds_1", "seconds_64"]
    assert all("10 random test images" in settings[name] for name in ("nll", "bits_per_dim"))
    assert releases.card(config) == (released / "README.md").read_text()
    unchanged = set(config) - {"figures"}
    assert {k: config[k] for k in unchanged} == {k: json.loads(before)[k] for k in unchanged}


def test_a_part_of_the_figures_is_measured_and_the_others_stay(capsys, released):
    before = releases.info("nade-mnist")["figures"]
    few = ["evaluate", "nade-mnist", "--images", "10", "--part", "model", "--write"]
    assert main([*few, "--device", "cpu"]) == 0
    assert "seconds" not in capsys.readouterr().out
    after = releases.info("nade-mnist")["figures"]
    timed = [figure for figure in before if figure["name"].startswith("seconds_")]
    assert after[:2] == timed
    assert [figure["name"] for figure in after[2:]] == ["nll", "bits_per_dim"]
    assert all("10 random test images" in figure["setting"] for figure in after[2:])


def test_a_training_goes_on_from_a_release(capsys, released, checkpoints):
    """The settings tell of it, and images and seconds are those of both trainings."""
    was = releases.info("nade-mnist")
    assert train("--init", "nade-mnist", "--run-dir", "runs/more", seed=1) == 0
    more = Path("runs/more/release")
    config = releases.info("nade-mnist", more)
    origin = {
        "release": "nade-mnist",
        "sha256": was["sha256"],
        "images_seen": 400,
        "training_seconds": was["training_seconds"],
    }
    assert config["hyperparameters"]["initialized_from"] == origin
    assert config["hyperparameters"]["images"] == 400
    assert config["images_seen"] == 800
    assert config["training_seconds"] >= was["training_seconds"]
    assert "initialized_from" not in releases.info("nade-mnist")["hyperparameters"]
    card = (more / "README.md").read_text()
    assert "trained on 800 images" in card
    weights = f"`nade-mnist` ({was['sha256'][:12]})"
    assert f"Started from the weights of {weights}, whose 400 images and 0 minutes" in card
    assert "`python -m genzoo train nade-mnist --init nade-mnist`" in card
    assert releases.info("nade-mnist") == was, "the release's place was taken"

    # A run knows by itself what it was started from, and a third training counts both.
    assert train("--resume", "--run-dir", "runs/more", seed=1) == 0
    assert releases.info("nade-mnist", more)["hyperparameters"]["initialized_from"] == origin
    assert train("--init", str(more), "--run-dir", "runs/third", "--release", "third") == 0
    assert releases.info("nade-mnist", Path("third"))["images_seen"] == 1200
    with pytest.raises(releases.ReleaseError, match="was trained with initialized_from = "):
        releases.add_seeds("nade-mnist", [more])

    capsys.readouterr()
    for words, changes, sentence in (
        (["--init", "nade-mnist", "--resume"], {}, "leave out --init"),
        (["--init", "nowhere"], {}, "'nowhere' is no recipe, and there is no nowhere/config.json"),
        (["--init", "nade-mnist"], {"model__n_hidden": 9}, "nade-mnist has n_hidden = 8, and"),
        (["--init", "nade-mnist", "--hold-out"], {}, "has learned from the validation images"),
    ):
        assert train(*words, "--run-dir", "runs/refused", **changes) == 1
        assert sentence in capsys.readouterr().err
    words = ["train", "vae-mnist", "--device", "cpu", "--init", "nade-mnist"]
    assert main(words) == 1
    told = "nade-mnist is of the class NADE, and vae-mnist is to be of the class VAE"
    assert told in capsys.readouterr().err
    assert not Path("runs/refused").exists()


def test_a_finished_run_is_extended_where_nothing_follows_its_length(capsys, checkpoints):
    constant = {"schedule": "constant", "warmup": 0.1}
    assert train(**constant) == 0
    assert train("--resume", **{**constant, "images": 1000}) == 0
    config = releases.info("nade-mnist", Path("runs/nade-mnist/release"))
    assert config["images_seen"] == config["hyperparameters"]["images"] == 1000
    assert config["hyperparameters"]["warmup"] == pytest.approx(0.04)
    assert "trained on 1,000 images" in (Path("runs/nade-mnist/release") / "README.md").read_text()
    assert train("--run-dir", "runs/cosine") == 0
    capsys.readouterr()
    assert train("--run-dir", "runs/cosine", "--resume", images=1000) == 1
    assert "its learning rates follow its length" in capsys.readouterr().err


def test_seeds_are_put_beside_the_releases_own(capsys, released):
    assert train("--run-dir", "runs/other", seed=7) == 0
    capsys.readouterr()
    assert main(["seeds", "nade-mnist", "runs/other/release"]) == 0
    assert "seed 7: nll" in capsys.readouterr().out
    assert list(releases.info("nade-mnist")["seeds"]) == ["0", "7"]
    assert main(["seeds", "nade-mnist", "runs/other/release", "runs/other/release"]) == 1
    assert "the seed 7 once more" in capsys.readouterr().err


def test_sample_draws_a_sheet_by_its_seed(capsys, released):
    assert main(["sample", "nade-mnist", "-n", "6", "--out", "new/a.png"]) == 0
    assert capsys.readouterr().out.strip() == "new/a.png"
    assert main(["sample", "nade-mnist", "-n", "6", "--seed", "0"]) == 0
    assert main(["sample", "nade-mnist", "-n", "6", "--seed", "1", "--out", "c.png"]) == 0
    with Image.open("new/a.png") as picture:
        assert picture.size == (3 * 30 + 2, 2 * 30 + 2)
    assert Path("new/a.png").read_bytes() == Path("nade-mnist.png").read_bytes()
    assert Path("new/a.png").read_bytes() != Path("c.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("info nade-mnits", "did you mean nade-mnist"),
        ("train nothing", "There is no recipe 'nothing'"),
        ("evaluate nade-mnist", "Make a new one with: python -m genzoo train nade-mnist"),
        ("sample vae-mnist", "Make a new one with: python -m genzoo train vae-mnist"),
        ("push nade-mnist", "Set GENZOO_HUB"),
        ("train nade-mnist --set images", "--set takes KEY=VALUE, not 'images'"),
        ("train nade-mnist --set imags=3", "did you mean images"),
        ("train nade-mnist --set images=three", "images must be of type int"),
        ("train nade-mnist --set images=3", "less than one batch"),
        ("train nade-mnist --set batch_size=0", "batch_size must be at least 1"),
        ("train nade-mnist --set batch_size=1000", "The batch size must be 1 to 240"),
        ("train nade-mnist --set data=cifar", "Unknown data set 'cifar'"),
        ("train nade-mnist --set data=", "Unknown data set ''"),
        ("train nade-mnist --set model.n_hidden=-3", "at least 1, not -3"),
        ("train nade-mnist --set model.event_shape=1,8,8", "must have shape (B, 1, 8, 8)"),
        ("train nade-mnist --set objective.lr=-1", "learning rate"),
        ("train vae-mnist --set model.event_shape=5", "channels, height, width"),
        ("train vae-mnist --set model.n_latent=0", "at least 1"),
        ("train nade-mnist --set hold_out=perhaps", "hold_out must be of type bool, like False"),
        ("evaluate nade-mnist --release nowhere", "nowhere/config.json is missing."),
        ("train nade-mnist --device tpu9", "There is no device 'tpu9' here"),
        ("train nade-mnist --device meta", "There is no device 'meta' here"),
        ("train nade-mnist --resume", "There is no run to resume"),
        ("train nade-mnist --run-dir /dev/null/x", "/dev/null/x"),
    ],
)
def test_what_a_user_can_mend_is_a_sentence_and_status_one(capsys, words, sentence):
    assert main(words.split()) == 1
    captured = capsys.readouterr()
    assert captured.err.strip().splitlines()[-1].startswith("genzoo: ")
    assert sentence in captured.err
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    "words",
    [
        "",
        "dance",
        "sample nade-mnist -n 0",
        "sample nade-mnist -n x",
        "evaluate nade-mnist --k -1",
        "evaluate nade-mnist --split train",
    ],
)
def test_what_is_no_command_shows_how_to_use_it(capsys, words):
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2
    assert "usage: python -m genzoo" in capsys.readouterr().err


def test_an_absent_gpu_is_told(capsys):
    n_gpus = torch.cuda.device_count()
    device = f"cuda:{n_gpus}" if n_gpus else "cuda"
    assert train("--device", device) == 1
    assert f"There is no device '{device}' here" in capsys.readouterr().err


# ---- whole processes


def run(module: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    """A new interpreter."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


def test_the_module_is_a_command():
    done = run("genzoo", ["info", "nothing"])
    assert done.returncode == 1
    assert done.stdout.startswith("genzoo: There is no recipe 'nothing'")
    assert len(done.stdout.splitlines()) == 1


def test_a_run_killed_again_and_again_ends_bit_for_bit_like_an_unbroken_one():
    words = ["train", "nade-mnist", "--device", "cpu"]
    # Half of the time goes into saving states: most kills come while one is written.
    words += settings({**TINY, "images": 6_000, "save_every": 40, "log_every": 120})
    words += ["--set", "evaluate_every=2000"]
    assert main([*words, "--run-dir", "unbroken"]) == 0

    chance = random.Random(0)
    state = Path("killed/state.pt")
    n_killed, written = 0, None
    while n_killed < 4:
        resume = ["--resume"] if state.exists() else []
        process = processes.start([*words, "--run-dir", "killed", *resume])
        deadline = time.monotonic() + 120
        while process.is_alive() and time.monotonic() < deadline:
            if state.exists() and state.stat().st_mtime_ns != written:
                break  # it trains: any moment from now on
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join(timeout=60)
        assert process.exitcode == -signal.SIGKILL, "it ended before it could be killed"
        written = state.stat().st_mtime_ns
        n_killed += 1
    step = torch.load(state, weights_only=True)["step"]
    assert 0 < step < 150, "there must be something left to train"
    processes.finish(processes.start([*words, "--run-dir", "killed", "--resume"]))

    for file in ("release/model.safetensors", "log.csv"):
        assert (Path("unbroken") / file).read_bytes() == (Path("killed") / file).read_bytes(), file
    states = [torch.load(f"{d}/state.pt", weights_only=True) for d in ("unbroken", "killed")]
    for name, value in states[0]["ema"].items():
        assert torch.equal(torch.as_tensor(value), torch.as_tensor(states[1]["ema"][name])), name
    assert not list(Path("killed").glob(".*.part"))


@pytest.mark.parametrize("name", ["nade-mnist", "vae-mnist-2d", "pixels-markov-mnist"])
def test_two_processes_give_the_curve_of_one(name):
    recipe = recipes.get(name)
    changes = {**recipe.smoke, "images": 640, "precision": "float32"}
    changes |= {"log_every": 64, "evaluate_every": 320}
    if "objective.lr" in recipe.hyperparameters():
        changes["objective.lr"] = 0.02
    words = ["train", name, "--device", "cpu", *settings(changes)]
    assert main([*words, "--run-dir", "one"]) == 0
    if name == "nade-mnist":  # as the README says it
        launch = ["--standalone", "--nproc-per-node", "2", "-m", "genzoo"]
        done = run("torch.distributed.run", [*launch, *words, "--run-dir", "two"])
        assert done.returncode == 0, done.stdout
    else:
        processes.finish(*processes.start_two([*words, "--run-dir", "two"]))

    def curve(folder: str) -> dict[tuple[str, ...], float]:
        with open(f"{folder}/log.csv", newline="") as file:
            return {
                (row["step"], row["split"], row["name"]): float(row["value"])
                for row in csv.DictReader(file)
            }

    one, two = curve("one"), curve("two")
    assert one.keys() == two.keys()
    for key, value in one.items():
        assert two[key] == pytest.approx(value, rel=1e-3, abs=1e-3), key
    loss = {"nll", "negative_elbo"}
    losses = [v for (_, split, what), v in one.items() if split == "train" and what in loss]
    assert len(losses) == 10
    assert losses[-1] < 0.9 * losses[0], "a curve that does not fall would compare nothing"
