"""Releases of tiny models of digits of every kind that completes one, and the page of the part."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from demo_app import shell
from demo_app.services.faceoff import FaceOffService
from demo_app.tabs import faceoff
from tests.demo_app.page import served
from tests.demo_app.released import DIGITS, TINY_VAE, folders, write_digits, write_release

TINY = {
    "nade-mnist": {"model.n_hidden": 6},
    "ar1-mnist": {},
    "nade-orderless-mnist": {"model.width": 2, "model.n_hidden": 8},
    "row-lstm-mnist": {"model.n_hidden": 3, "model.n_layers": 1, "model.n_channels": 4},
    "vae-mnist-2d": TINY_VAE,
    "aae-mnist": TINY_VAE,
    "vae-fashion": TINY_VAE,
}


def write_releases(folder: Path) -> None:
    """Untrained models under their recipes' names; beside the NADE the test digits."""
    for number, (name, sizes) in enumerate(TINY.items()):
        write_release(folder, name, sizes, {}, seed=number, scale=1.5, change=unsettle)
    write_digits(folder, "nade-mnist", DIGITS)


def unsettle(model: nn.Module) -> None:
    """An opinion on every pixel, but none that is sure."""
    for parameter in model.parameters():
        parameter.add_(0.05 * torch.randn(parameter.shape))


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def service(store):
    return FaceOffService(store)


@pytest.fixture(scope="module")
def address(store, port):
    with served([shell.Tab("faceoff", [(FaceOffService, faceoff.build)])], store, port) as at:
        yield at
