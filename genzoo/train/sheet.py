"""Sheets of samples as PNG files."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from genzoo.train.run_state import write_atomically


def sheet(images: Tensor, n_columns: int | None = None, gap: int = 2) -> Tensor:
    """(N, C, H, W) in [0, 1] laid out in rows, (C, rows * (H + gap) + gap, ...), black between."""
    N, C, H, W = images.shape
    columns = n_columns or math.ceil(math.sqrt(N))
    rows = math.ceil(N / columns)
    result = torch.zeros(C, rows * (H + gap) + gap, columns * (W + gap) + gap)
    for n, image in enumerate(images.detach().float().cpu().clamp(0, 1)):
        r, c = divmod(n, columns)
        y, x = gap + r * (H + gap), gap + c * (W + gap)
        result[:, y : y + H, x : x + W] = image
    return result


def save_png(path: Path, image: Tensor) -> None:
    """image (C, H, W) in [0, 1], C 1 or 3, to an 8-bit PNG, written atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    write_atomically(path, lambda temporary: picture.save(temporary, format="PNG"))
