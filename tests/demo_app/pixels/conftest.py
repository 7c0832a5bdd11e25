"""Releases of tables counted on made images and of regressions with made weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from demo_app.services.pixels import PixelsService
from demo_app.store import ASSETS
from genzoo import releases
from tests.demo_app.released import PER_CLASS, folders, write_digits, write_release

TABLES = ("pixels-independent-mnist", "pixels-markov-mnist", "pixels-joint-mnist")
REGRESSIONS = ("ar1-mnist", "ar28-mnist", "fvbn-mnist")


def images(seed: int, n: int) -> torch.Tensor:
    """Binary images (n, 1, 28, 28) of horizontal strokes."""
    noise = torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    return (torch.nn.functional.avg_pool2d(noise, (1, 5), 1, (0, 2)) > 0.5).float()


def patches(x: torch.Tensor) -> torch.Tensor:
    return x[..., 12:16, 12:16]


def write_releases(folder: Path) -> None:
    for name in TABLES:
        write_release(folder, name, {}, {"nll": 123.4}, change=count)
    for name in REGRESSIONS:
        write_release(folder, name, {}, {"nll": 123.4}, change=draw)
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
    write_digits(folder, nade.name, images(7, 10 * PER_CLASS).flatten(1).byte().numpy())


def count(model: Any) -> None:
    """A table of what is in the images, or in their patch."""
    seen = images(0, 400)
    model.counts += model.tally(patches(seen) if model.event_shape[-1] == 4 else seen)


def draw(model: Any) -> None:
    """Weights of a regression."""
    generator = torch.Generator().manual_seed(1)
    model.W.normal_(0, 0.3, generator=generator)
    model.b.normal_(-1, 0.5, generator=generator)


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def service(store):
    return PixelsService(store)


@pytest.fixture(scope="module")
def seen():
    """The images that the tables have counted."""
    return images(0, 400)
