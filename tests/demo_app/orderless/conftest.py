"""A release of a tiny orderless NADE with made assets; no other model of its tab is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo_app.services.orderless import OrderlessService
from tests.demo_app.released import DIGITS, folders, write_digits, write_release

NAME = "nade-orderless-mnist"


def write_releases(folder: Path) -> None:
    """An untrained model with an opinion on every pixel."""
    tiny = {"model.width": 2, "model.n_hidden": 4}
    write_release(folder, NAME, tiny, {"nll": 123.4}, scale=3)
    write_digits(folder, NAME, DIGITS)


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def service(store):
    return OrderlessService(store)
