"""Releases of a tiny Text2Image, Transformer and judge, for tests of the service and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from demo_app.services.text2image import Text2ImageService
from tests.demo_app.released import folders, write_release

GAN, TRANSFORMER = Text2ImageService.models
JUDGE = Text2ImageService.judge

SMALL = {"model.width": 4, "model.n_hidden": 16, "model.n_text": 12, "model.n_embedding": 8}
SMALL_TRANSFORMER = {
    "model.codec_width": 4,
    "model.codec_blocks": 1,
    "model.width": 8,
    "model.n_layers": 3,
    "model.n_heads": 2,
}


def write_releases(folder: Path, but: str = "") -> None:
    """All but one."""
    figures = {"text_read_en": 97.5, "text_read_ko": 96.5, "text_entropy": 93.5}
    if but != GAN:
        write_release(folder, GAN, SMALL, figures, scale=1.5)
    if but != TRANSFORMER:
        figures = {"text_read_en": 88.5}
        write_release(folder, TRANSFORMER, SMALL_TRANSFORMER, figures, scale=2)
    if but != JUDGE:
        write_release(folder, JUDGE, {"model.width": 4}, {}, scale=1.5)


def pixels(canvas) -> np.ndarray:
    """What a canvas of a face shows, (12288,) in [0, 1], channel after channel."""
    rgba = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)")
    return np.array(rgba).reshape(64 * 64, 4)[:, :3].T.ravel() / 255


folder, module_folder = folders(write_releases)
