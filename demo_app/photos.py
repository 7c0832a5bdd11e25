"""Photos that people bring, opened in memory and never on disk; and a picture made by code."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageOps

from demo_app.errors import BadInput

MAX_BYTES = 5_000_000
SIDE = 128
"""Pixels of the longer side of an opened photo, at most."""

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Those that Pillow reads by itself; for some others it would start another program."""


def opened(data: bytes) -> tuple[np.ndarray, list[str]]:
    """A picture file as RGB, (H, W, 3) uint8, the longer side at most 128 pixels.

    Returns:
        the picture, and what was done to it, of: "smaller", "first_frame" of an animation,
        "on_white" where it was transparent, "from_cmyk", "gray" (as it is, in three equal
        channels).

    Raises:
        BadInput: when it is empty, too large, too many pixels (Pillow's limit for decompression
            bombs), no picture, or damaged.
    """
    if not data:
        raise BadInput("The file is empty; expected a picture.")
    if len(data) > MAX_BYTES:
        raise BadInput(
            f"The file has {len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are opened."
        )
    Image.init()
    try:
        image = Image.open(io.BytesIO(data), formats=[f for f in FORMATS if f in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise BadInput(_too_large()) from error
    except Exception as error:  # each format has errors of its own for what it cannot read
        raise BadInput(
            "This file is not a picture that can be opened; expected PNG, JPEG, WebP, GIF, BMP, "
            "TIFF or AVIF."
        ) from error
    # Pillow itself only warns up to twice its limit.
    if image.width * image.height > (Image.MAX_IMAGE_PIXELS or math.inf):
        raise BadInput(_too_large())
    notes = []
    if getattr(image, "n_frames", 1) > 1 and image.format in ("GIF", "WEBP", "PNG", "AVIF"):
        notes.append("first_frame")
    if max(image.size) > SIDE:
        notes.append("smaller")
    try:
        image.draft(None, (2 * SIDE, 2 * SIDE))  # a JPEG is decoded no larger than needed
        rgb, more = _rgb(ImageOps.exif_transpose(image))
    except BadInput:
        raise
    except Exception as error:  # as above: truncated, or wrong within
        raise BadInput("This picture is damaged or cut off and cannot be read.") from error
    rgb.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(rgb), notes + more


def resized(picture: np.ndarray, side: int) -> np.ndarray:
    """A square picture (H, H, 3) uint8 as (side, side, 3)."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def _rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Any mode as RGB, and what was done for it."""
    if image.mode in ("I", "F"):
        raise BadInput("This picture has 32-bit levels; expected 8 or 16 bits a channel.")
    if image.mode.startswith("I;16"):
        levels = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(np.rint(levels).astype(np.uint8)).convert("RGB"), ["gray"]
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        if layer.getchannel("A").getextrema() != (255, 255):
            white = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(white, layer).convert("RGB"), ["on_white"]
    if image.mode == "CMYK":
        return image.convert("RGB"), ["from_cmyk"]
    notes = ["gray"] if image.mode in ("1", "L", "LA") else []
    return image.convert("RGB"), notes


def _too_large() -> str:
    limit = (Image.MAX_IMAGE_PIXELS or 0) / 1e6
    return f"This picture has too many pixels; at most {limit:.0f} million are opened."


def balloons() -> np.ndarray:
    """A colorful picture, (96, 128, 3) uint8: balloons over hills, at dusk, with a little noise,
    as a camera has it. The same at every call."""
    H, W = 96, 128
    y, x = np.mgrid[0:H, 0:W].astype(np.float64)
    down = np.clip(y / 70, 0, 1)[..., None]
    sky = [np.array(c, float) for c in ((38, 66, 150), (170, 110, 170), (255, 190, 120))]
    picture = np.where(
        down < 0.55,
        sky[0] + (sky[1] - sky[0]) * down / 0.55,
        sky[1] + (sky[2] - sky[1]) * (down - 0.55) / 0.45,
    )
    glow = np.exp(-((x - 96) ** 2 + (y - 62) ** 2) / 500)[..., None]
    picture += glow * (np.array([255, 230, 150]) - picture)
    hills = [
        (62 + 5 * np.sin(x / 17) + 3 * np.sin(x / 7), (88, 76, 128)),
        (72 + 4 * np.sin(x / 13 + 2), (44, 92, 88)),
        (82 + 3 * np.sin(x / 21 + 4), (70, 124, 52)),
    ]
    for ridge, color in hills:
        light = 1 - 0.012 * np.clip(y - ridge, 0, 30)[..., None]
        picture = np.where((y > ridge)[..., None], np.array(color) * light, picture)
    bags = [
        ((30, 32), 20, (214, 40, 57), (250, 240, 220)),
        ((74, 22), 13, (250, 176, 5), (28, 110, 200)),
        ((108, 40), 9, (30, 160, 140), (240, 120, 40)),
    ]
    for (cx, cy), r, first, second in bags:
        inside = ((x - cx) / r) ** 2 + ((y - cy) / (1.1 * r)) ** 2
        narrowing = np.sqrt(np.clip(1 - ((y - cy) / (1.1 * r)) ** 2, 0.02, 1))
        stripe = np.floor(3 * np.arcsin(np.clip((x - cx) / (r * narrowing), -1, 1)) / np.pi * 2)
        cloth = np.where((stripe % 2 == 0)[..., None], np.array(first), np.array(second))
        shade = np.clip(1.08 - 0.5 * ((x - cx + 0.4 * r) / (1.9 * r)) ** 2, 0.4, 1.1)[..., None]
        picture = np.where((inside < 1)[..., None], cloth * shade, picture)
        basket = (np.abs(x - cx) < 0.16 * r) & (np.abs(y - cy - 1.45 * r) < 0.15 * r)
        picture = np.where(basket[..., None], np.array((96, 60, 30)), picture)
    noise = np.random.default_rng(0).normal(0, 2.5, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)
