"""Releases of tables counted on made images and of regressions with made weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from demo_app.services.pixels import PixelsService
from demo_app.store import ASSETS, Store
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance

PER_CLASS = 3
TABLES = ("pixels-independent-mnist", "pixels-markov-mnist", "pixels-joint-mnist")
REGRESSIONS = ("ar1-mnist", "ar28-mnist", "fvbn-mnist")


def images(seed: int, n: int) -> torch.Tensor:
    """Binary images (n, 1, 28, 28) of horizontal strokes."""
    noise = torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    return (torch.nn.functional.avg_pool2d(noise, (1, 5), 1, (0, 2)) > 0.5).float()


def patches(x: torch.Tensor) -> torch.Tensor:
    return x[..., 12:16, 12:16]


def write_releases(folder: Path) -> None:
    seen = images(0, 400)
    figures = [Figure("nll", 123.4, 120.0, 126.0, "nats", "made up")]
    for name in TABLES:
        recipe = recipes.get(name)
        model = recipe.build_model()
        model.counts += model.tally(patches(seen) if "joint" in name else seen)
        releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / name)
    for name in REGRESSIONS:
        recipe = recipes.get(name)
        model = recipe.build_model()
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            model.W.normal_(0, 0.3, generator=generator)
            model.b.normal_(-1, 0.5, generator=generator)
        releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / name)
    patterns, counts = np.unique(
        patches(images(5, 50)).flatten(1).numpy().astype(int) @ (2 ** np.arange(16)[::-1]),
        return_counts=True,
    )
    np.savez(
        folder / "pixels-joint-mnist" / ASSETS,
        patterns=patterns.astype(np.uint16),
        counts=counts.astype(np.uint16),
    )
    # Only the assets of the NADE are needed: its digits.
    nade = folder / "nade-mnist"
    nade.mkdir()
    (nade / releases.CONFIG).write_text("{}")
    digits = images(7, 10 * PER_CLASS).flatten(1).byte().numpy()
    np.savez(
        nade / ASSETS,
        digits=np.packbits(digits, axis=1),
        labels=np.repeat(np.arange(10), PER_CLASS).astype(np.uint8),
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_releases(tmp_path)
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def module_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("releases")
    write_releases(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENZOO_CHECKPOINTS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def store(module_folder):
    return Store()


@pytest.fixture(scope="module")
def service(store):
    return PixelsService(store)


@pytest.fixture(scope="module")
def seen():
    """The images that the tables have counted."""
    return images(0, 400)
