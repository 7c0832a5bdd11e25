"""Photos that people bring, opened in memory and never on disk; and a picture made by code."""

from __future__ import annotations

import io
import threading
import warnings

import numpy as np
from PIL import Image, ImageOps

from demo_app.errors import BadInput
from demo_app.work import go_on

MAX_BYTES = 5_000_000
MAX_PIXELS, MAX_SIDE = 16_000_000, 16_000
"""Of a file, as its header says them: more are refused before anything is decoded. What a format
keeps beside the decoded pixels is of this order, too: 16 million are 64 MB as RGBA."""

SIDE = 128
"""Pixels of the longer side of an opened photo, at most."""

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Those that Pillow reads by itself; for some others it would start another program."""

TILE = 322, 323
"""The TIFF tags of the width and the height of a tile."""

ORIENTATION = 0x0112
"""The EXIF tag that says how a photo is turned."""

_one = threading.Lock()
"""Held by the picture that is decoded: several at once would take the memory of several."""


def opened(data: bytes) -> tuple[np.ndarray, list[str]]:
    """A picture file as RGB, (H, W, 3) uint8, the longer side at most 128 pixels.

    Returns:
        the picture, and what was done to it, of: "smaller", "first_frame" of an animation,
        "on_white" where it was transparent, "from_cmyk", "gray" (as it is, in three equal
        channels).

    Raises:
        BadInput: when it is empty, too large, too many pixels, no picture, or damaged.
    """
    if not data:
        raise BadInput.said("photo_empty")
    if len(data) > MAX_BYTES:
        size, most = f"{len(data) / 1e6:.1f}", f"{MAX_BYTES / 1e6:.0f}"
        raise BadInput.said("photo_bytes", size=size, most=most)
    Image.init()
    with _one:
        go_on()
        with _header(data) as image:
            return _decoded(image)


def _header(data: bytes) -> Image.Image:
    """The picture as its header tells it, nothing of it decoded."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=[f for f in FORMATS if f in Image.OPEN])
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except Exception as error:  # each format has errors of its own for what it cannot read
        raise BadInput.said("photo_unknown") from error
    # A TIFF's tiles, which are decoded whole, have sizes of their own.
    tags = getattr(image, "tag_v2", {})
    tile = [tags.get(tag, 1) for tag in TILE]
    for width, height in (image.size, tile):
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise _too_large()
    return image


def _decoded(image: Image.Image) -> tuple[np.ndarray, list[str]]:
    notes = []
    if max(image.size) > SIDE:
        notes.append("smaller")
    try:
        if image.format in ("GIF", "WEBP", "PNG", "AVIF") and _is_animated(image):
            notes.append("first_frame")
        image.draft(None, (2 * SIDE, 2 * SIDE))  # a JPEG is decoded no larger than needed
        few = _reduced(image)
        rgb, more = _rgb(ImageOps.exif_transpose(few))
    except BadInput:
        raise
    except Exception as error:  # as above: truncated, or wrong within
        raise BadInput.said("photo_damaged") from error
    rgb.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    return np.asarray(rgb), notes + more


def _is_animated(image: Image.Image) -> bool:
    """Whether there is a second frame. A GIF's frames are not counted: to count them decodes
    them."""
    if image.format != "GIF":
        return getattr(image, "n_frames", 1) > 1
    is_animated: bool = image.is_animated  # type: ignore[attr-defined]
    return is_animated


def _reduced(image: Image.Image) -> Image.Image:
    """The picture, decoded, no more than eight times as large as needed, so that nothing that
    follows copies the whole of it: means of squares of pixels, as the last step has them."""
    by = max(image.size) // (4 * SIDE)
    if by < 2 or image.mode in ("I", "F"):
        return image
    image.load()
    turned = image.getexif().get(ORIENTATION)  # a TIFF is turned as it is loaded
    if image.mode.startswith("I;16"):
        levels = np.asarray(image)
        H, W = (n // by * by or n for n in levels.shape)
        across = min(by, W)
        down = min(by, H)
        cells = levels[:H, :W].reshape(H // down, down, W // across, across)
        few = Image.fromarray(np.rint(cells.mean((1, 3), dtype=np.float32)).astype(np.uint16))
    elif "transparency" in image.info or image.mode == "PA":
        few = image.convert("RGBA").reduce(by)
    elif image.mode in ("1", "P"):  # numbers of colors have no mean
        few = image.convert("L" if image.mode == "1" else "RGB").reduce(by)
    else:
        few = image.reduce(by)
    few.info = {}
    if turned in range(2, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = turned
        few.info["exif"] = exif.tobytes()
    return few


def resized(picture: np.ndarray, side: int) -> np.ndarray:
    """A square picture (H, H, 3) uint8 as (side, side, 3)."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return np.asarray(image.resize((side, side), Image.Resampling.BOX))


def square(data: bytes, side: int) -> tuple[np.ndarray, list[str]]:
    """The middle square of a picture file as a model of color images reads it.

    Args:
        side: pixels along a side of the result, S.

    Returns:
        (3 * S * S,) float32 in [0, 1], channel by channel and row by row; and what was done to it,
        as `opened` says it, and "cut" where it was not square.

    Raises:
        BadInput: as of `opened`.
    """
    picture, notes = opened(data)
    H, W, _ = picture.shape
    n = min(H, W)
    top, left = (H - n) // 2, (W - n) // 2
    small = resized(picture[top : top + n, left : left + n], side)
    levels = (small.transpose(2, 0, 1).astype(np.float32) / 255).ravel()
    return levels, [*notes, *(["cut"] if H != W else [])]


def _rgb(image: Image.Image) -> tuple[Image.Image, list[str]]:
    """Any mode as RGB, and what was done for it."""
    if image.mode in ("I", "F"):
        raise BadInput.said("photo_levels")
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


def _too_large() -> BadInput:
    return BadInput.said("photo_pixels", pixels=f"{MAX_PIXELS:,}", side=f"{MAX_SIDE:,}")


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
