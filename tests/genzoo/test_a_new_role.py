"""A new kind of model touches only its own files: here a role, its metric, its table, a model, an
objective and a recipe stand in one, and go the whole way without an edit in the library."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import genzoo
from genzoo import recipes, releases, report
from genzoo.cli import main
from genzoo.data import load_images
from genzoo.metrics import Evaluation, Metric, Table, Target, bootstrap
from genzoo.metrics.table import by_name, with_interval
from genzoo.objectives.base import Objective, adam
from genzoo.recipes import Recipe, base
from genzoo.roles import Generative, check_images, probe_images
from genzoo.train import Settings, run_state


class Painter(Generative):
    """Paints each image in one gray, by a standard normal number."""

    role = "Painter"
    does = "paints images in one gray"
    knowledge = "implicit"

    @abstractmethod
    def gray(self, z: Tensor) -> Tensor:
        """The gray in [0, 1] of each z (n,), (n,)."""

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        gray = self.gray(torch.randn(n, generator=generator).to(self.device))
        return gray.detach().view(n, 1, 1, 1).expand(n, *self.event_shape)

    def pictures(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        return self.sample(n, generator=generator)

    @torch.inference_mode()
    def probe(self) -> list[float]:
        return self.gray(probe_images(self.event_shape).flatten(1).mean(1)).tolist()

    @torch.inference_mode()
    def metrics(self, on: Evaluation) -> list[Metric]:
        mean = self.gray(torch.zeros(1, device=on.device))
        errors = on.over_batches(lambda b: (b.flatten(1).mean(1) - mean).abs(), 25)
        return [bootstrap("gray_error", errors, "", on.setting)]

    def snapshot(self, data, preprocessing, seed):
        return lambda: self.gray(torch.zeros(1)).detach()

    @classmethod
    def tables(cls) -> list[Table]:
        return [*super().tables(), GRAYS]


def grays(config: dict[str, Any]) -> Iterator[tuple[float, list[str]]]:
    metrics = by_name(config)
    if error := metrics.get("gray_error"):
        yield -error["value"], [with_interval(metrics, "gray_error", 4), error["setting"]]


GRAYS = Table("{name}, painted in one gray", "error | setting", grays)


class Bucket(Painter):
    def __init__(self, event_shape: tuple[int, ...] = (1, 28, 28)):
        super().__init__()
        self.event_shape = tuple(event_shape)
        self.mean, self.spread = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))

    def gray(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.mean + self.spread * z)


class Grays(Objective):
    """The mean squared error of a gray, by the noise of the step."""

    def __init__(self, model: Painter, lr: float):
        super().__init__()
        self.model, self.lr = model, lr

    def optimizers(self):
        return {"model": adam(self.model.parameters(), self.lr)}

    def step(self, batch, update, at):
        check_images(batch.x, self.model.event_shape)
        gray = self.model.gray(at.randn(len(batch.x), device=batch.x.device))
        loss = (gray - batch.x.flatten(1).mean(1)).square().mean()
        update("model", loss)
        return {"error": loss.detach()}

    def evaluate(self, batch):
        return {"error": (self.model.gray(torch.zeros(1)) - batch.x.flatten(1).mean(1)).square()}


def bucket_mnist() -> Recipe:
    return Recipe(
        summary="Every digit in one gray",
        paper="Nobody, 2026",
        paper_url="https://example.org",
        model=Bucket,
        objective=Grays,
        data="mnist",
        settings=Settings(
            images=640, batch_size=32, save_every=96, log_every=64, evaluate_every=320
        ),
        smoke={},
        targets=(Target("gray_error", "<=", 0.5),),
        model_kwargs={"event_shape": (1, 28, 28)},
        objective_kwargs={"lr": 0.1},
    )


NAME = "bucket-mnist"


class Killed(BaseException):
    pass


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The recipe is there, and releases are kept in the folder."""
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.chdir(tmp_path)
    base.recipe(bucket_mnist)
    yield tmp_path / "checkpoints"
    del base._REGISTRY[NAME]


def weights(folder: Path) -> bytes:
    return (folder / NAME / "model.safetensors").read_bytes()


def test_a_new_role_goes_the_whole_way(registered, capsys, monkeypatch):
    assert NAME in recipes.names()
    train = ["train", NAME, "--device", "cpu"]
    assert main([*train, "--run-dir", "unbroken", "--release", f"other/{NAME}"]) == 0

    # Killed midway, and resumed.
    saves, save = [], run_state.save

    def killed(path, state):
        if len(saves) == 3:
            raise Killed
        saves.append(state["step"])
        save(path, state)

    with monkeypatch.context() as patched:
        patched.setattr(run_state, "save", killed)
        with pytest.raises(Killed):
            main(train)
    assert saves == [3, 6, 9]
    assert not registered.exists()
    capsys.readouterr()
    assert main([*train, "--resume"]) == 0
    assert "gray_error" in capsys.readouterr().out
    assert weights(registered) == weights(Path("other"))
    assert len(list(Path("runs", NAME, "samples").glob("*.png"))) == 2

    # Released with its metrics, its probe and what was kept of its training; loaded by its role.
    config = genzoo.info(NAME)
    model = genzoo.load(NAME, role=Painter)
    assert model.probe() == config["probe"]
    assert len(config["probe"]) == 4
    metrics = by_name(config)
    assert set(metrics) == {"gray_error", "seconds_1", "seconds_64"}
    gray = model.gray(torch.zeros(1)).item()
    x = load_images("mnist", "test").scaled()
    expected = (x.flatten(1).mean(1) - gray).abs().mean().item()
    assert metrics["gray_error"]["value"] == pytest.approx(expected, rel=1e-6)
    assert metrics["gray_error"]["setting"] == "8-bit gray, 60 test images"
    kept = releases.snapshots(NAME)
    assert list(kept)[-1] == config["images_seen"] == 640
    assert kept[640].item() == pytest.approx(gray)

    # Measured again, and sampled.
    assert main(["evaluate", NAME, "--device", "cpu", "--part", "model", "--json"]) == 0
    [again] = json.loads(capsys.readouterr().out)
    assert again == metrics["gray_error"]
    assert model.sample(5, generator=torch.Generator().manual_seed(0)).shape == (5, 1, 28, 28)
    assert main(["sample", NAME, "-n", "4", "--out", "sheet.png"]) == 0
    assert Path("sheet.png").is_file()

    # Reported, with the table that only this role has.
    tables = report.tables()
    overview, details = tables.split("<details>")
    row = f"| [`{NAME}`](checkpoints/{NAME}) | Painter | implicit | 2 | 640 |"
    assert row in overview
    assert (
        "**MNIST, painted in one gray**\n\n| recipe | parameters | error | setting | target |"
        in details
    )
    cells = with_interval(metrics, "gray_error", 4)
    assert f"| [`{NAME}`](checkpoints/{NAME}) | 2 | {cells} | 8-bit gray, 60 test images |" in (
        details
    )
    [result] = report.results()["MNIST"]
    assert (result["name"], result["role"], result["knowledge"]) == (NAME, "Painter", "implicit")
    assert result["figures"] == config["figures"]


def test_another_role_is_refused_in_a_sentence(registered, capsys):
    assert main(["train", NAME, "--device", "cpu", "--set", "images=64"]) == 0
    assert not (registered / NAME).exists()  # other settings are not the recipe
    assert main(["train", NAME, "--device", "cpu", "--run-dir", "again"]) == 0
    with pytest.raises(genzoo.ReleaseError) as caught:
        genzoo.load(NAME, role=genzoo.roles.Evaluator)
    assert str(caught.value) == (
        f"{NAME} paints images in one gray: it is of the role Painter, not Evaluator."
    )
