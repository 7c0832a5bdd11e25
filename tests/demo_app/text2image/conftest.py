"""Releases of a tiny Text2Image and judge, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

from demo_app.services.text2image import Text2ImageService
from tests.demo_app.released import folders, write_release

NAME, JUDGE = Text2ImageService.release, Text2ImageService.judge

SMALL = {"model.width": 4, "model.n_hidden": 16, "model.n_text": 12, "model.n_embedding": 8}


def write_releases(folder: Path) -> None:
    figures = {"text_read_en": 97.5, "text_read_ko": 96.5, "text_entropy": 93.5}
    write_release(folder, NAME, SMALL, figures, scale=1.5)
    write_release(folder, JUDGE, {"model.width": 4}, {}, scale=1.5)


folder, module_folder = folders(write_releases)
