"""Gray levels as picture files, in memory."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def sheet(images: np.ndarray, columns: int, side: int = 28) -> np.ndarray:
    """Images (N, C * side * side) as one picture, `columns` of them to a row without gaps: (H, W),
    or (C, H, W) where they have several channels."""
    rows = len(images) // columns
    cells = images.reshape(rows, columns, -1, side, side).transpose(2, 0, 3, 1, 4)
    laid = cells.reshape(-1, rows * side, columns * side)
    return laid[0] if len(laid) == 1 else laid


def png(levels: np.ndarray) -> bytes:
    """A gray picture (H, W) of levels 0 to 255."""
    file = io.BytesIO()
    Image.fromarray(levels.astype(np.uint8)).save(file, "PNG", optimize=True)
    return file.getvalue()


def gif(levels: np.ndarray, scale: int = 8, milliseconds: int = 50, hold: int = 600) -> bytes:
    """An endless animation of frames (N, H, W), there and back, as dark ink on white paper.

    Args:
        levels: 0 to 255, 255 being ink.
        scale: screen pixels to a pixel.
        milliseconds: of a frame; `hold` of the first and the last.
    """
    there_and_back = np.concatenate([levels, levels[-2:0:-1]])
    frames = [
        Image.fromarray((255 - frame).astype(np.uint8)).resize(
            (frame.shape[1] * scale, frame.shape[0] * scale), Image.Resampling.NEAREST
        )
        for frame in there_and_back
    ]
    durations = [milliseconds] * len(frames)
    durations[0] = durations[len(levels) - 1] = hold
    file = io.BytesIO()
    frames[0].save(
        file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0
    )
    return file.getvalue()
