"""A release of a tiny Puzzle-GAN, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

from demo_app.services.puzzle import PuzzleService
from tests.demo_app.released import TEST, TRAIN, faces, folders, write_near, write_release

NAME = PuzzleService.release
TINY = {"model.d": 8, "model.encoder_width": 2, "model.width": 4, "model.n_blocks": 1}


def write_releases(folder: Path) -> None:
    figures = {"placed_3x3": 98.5, "placed_3x3_missing": 97.5, "psnr_3x3_missing": 23.5}
    write_release(folder, NAME, TINY, figures, scale=1.5)
    # What a picture that is brought is held against lies beside another release.
    write_release(folder, "stargan-avatars", {"model.width": 4, "model.n_blocks": 1}, {})
    few, others = (faces(*which).scaled() for which in (TRAIN, TEST))
    write_near(folder, "stargan-avatars", few, near_limit=others)


folder, module_folder = folders(write_releases)
