"""Releases of a tiny StarGAN and judge, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

from demo_app.services.stargan import StarGANService
from tests.demo_app.released import TEST, TRAIN, faces, folders, write_near, write_release

NAME, JUDGE = StarGANService.release, StarGANService.judge


def write_releases(folder: Path) -> None:
    figures = {"edit_read": 98.5, "edit_kept": 97.5, "edit_psnr": 25.5, "edit_return": 0.02}
    write_release(folder, NAME, {"model.width": 4, "model.n_blocks": 1}, figures, scale=1.5)
    write_near(folder, NAME, faces(*TRAIN).scaled(), near_limit=faces(*TEST).scaled())
    write_release(folder, JUDGE, {"model.width": 4}, {}, scale=1.5)


folder, module_folder = folders(write_releases)
