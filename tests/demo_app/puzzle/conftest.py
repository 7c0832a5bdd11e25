"""A release of a tiny Puzzle-GAN, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

from demo_app.services.puzzle import PuzzleService
from tests.demo_app.released import folders, write_release

NAME = PuzzleService.release
TINY = {"model.d": 8, "model.encoder_width": 2, "model.width": 4, "model.n_blocks": 1}


def write_releases(folder: Path) -> None:
    figures = {"placed_3x3": 98.5, "placed_3x3_missing": 97.5, "psnr_3x3_missing": 23.5}
    write_release(folder, NAME, TINY, figures, scale=1.5)


folder, module_folder = folders(write_releases)
