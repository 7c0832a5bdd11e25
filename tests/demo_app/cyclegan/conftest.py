"""A release of a tiny CycleGAN, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

from demo_app.services.cyclegan import CycleGANService
from tests.demo_app.released import folders, write_release

NAME = CycleGANService.release


def write_releases(folder: Path) -> None:
    figures = {"forth_error": 0.05, "cycle_error": 0.04, "cycle_error_other": 0.03}
    write_release(folder, NAME, {"model.width": 4, "model.n_blocks": 1}, figures, scale=1.5)


folder, module_folder = folders(write_releases)
