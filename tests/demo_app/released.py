"""Where a test finds releases that are made for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def folders(write: Callable[[Path], None]) -> tuple[Any, Any]:
    """Two fixtures: a folder in which `write` has put releases, and which is where they are looked
    for, made anew for each test; and the same for a whole module."""

    @pytest.fixture
    def folder(tmp_path, monkeypatch):
        write(tmp_path)
        monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
        return tmp_path

    @pytest.fixture(scope="module")
    def module_folder(tmp_path_factory):
        folder = tmp_path_factory.mktemp("releases")
        write(folder)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GENZOO_CHECKPOINTS", str(folder))
            yield folder

    return folder, module_folder
