"""Every kind of file that people bring is a picture or a sentence."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from demo_app import photos
from demo_app.errors import BadInput

RED = (200, 30, 40)


def file(image, format="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def test_pixels_of_a_small_picture_are_kept_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    opened, notes = photos.opened(file(Image.fromarray(pixels)))
    np.testing.assert_array_equal(opened, pixels)
    assert notes == []


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_a_large_picture_is_made_smaller_in_its_proportions(format):
    opened, notes = photos.opened(file(Image.new("RGB", (600, 300), RED), format))
    assert opened.shape == (64, 128, 3)
    assert np.abs(opened.astype(int) - RED).max() <= 4
    assert notes == ["smaller"]


def test_transparency_is_laid_on_white():
    image = Image.new("RGBA", (4, 4), (*RED, 0))
    image.putpixel((0, 0), (*RED, 255))
    opened, notes = photos.opened(file(image))
    assert opened[0, 0].tolist() == list(RED)
    assert (opened.reshape(-1, 3)[1:] == 255).all()
    assert notes == ["on_white"]
    assert photos.opened(file(Image.new("RGBA", (4, 4), (*RED, 255))))[1] == []


def test_a_transparent_palette_is_laid_on_white():
    image = Image.new("P", (2, 2), 0)
    image.putpalette([0, 0, 0, *RED])
    image.putpixel((1, 1), 1)
    opened, notes = photos.opened(file(image, transparency=0))
    assert opened[0, 0].tolist() == [255, 255, 255]
    assert opened[1, 1].tolist() == list(RED)
    assert notes == ["on_white"]


def test_cmyk_is_converted():
    opened, notes = photos.opened(file(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert np.abs(opened.astype(int) - (255, 0, 0)).max() < 12
    assert notes == ["from_cmyk"]


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(format):
    frames = [Image.new("RGB", (6, 6), color) for color in (RED, (0, 0, 255))]
    data = file(frames[0], format, save_all=True, append_images=frames[1:], duration=50)
    opened, notes = photos.opened(data)
    assert np.abs(opened.astype(int) - RED).max() < 12
    assert notes == ["first_frame"]


def test_gray_is_three_equal_channels():
    for image in (Image.new("L", (3, 3), 77), Image.fromarray(np.full((3, 3), 77 * 257, "u2"))):
        opened, notes = photos.opened(file(image))
        assert (opened == 77).all()
        assert notes == ["gray"]


def test_a_photo_is_turned_as_its_camera_says():
    image = Image.new("RGB", (40, 20), RED)
    exif = image.getexif()
    exif[0x0112] = 6
    opened, _ = photos.opened(file(image, "JPEG", exif=exif))
    assert opened.shape == (40, 20, 3)


def huge(width, height):
    """A PNG that says it is so large, and holds nothing."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [10_000, 60_000])
def test_a_decompression_bomb_is_refused_before_it_is_opened(side):
    with pytest.raises(BadInput, match="too many pixels; at most 89 million"):
        photos.opened(huge(side, side))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "The file is empty"),
        (b"%PDF-1.4 no picture", "not a picture that can be opened; expected PNG, JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\x00" * 5_000_001, "has 5.0 MB; at most 5 MB"),
        (huge(50, 50), "damaged or cut off"),
        (file(Image.effect_noise((90, 90), 80))[:2000], "damaged or cut off"),
        (file(Image.effect_noise((90, 90), 80), "JPEG")[:1500], "damaged or cut off"),
        (file(Image.new("F", (3, 3), 0.5), "TIFF"), "32-bit levels; expected 8 or 16"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(data, complaint):
    with pytest.raises(BadInput, match=complaint):
        photos.opened(data)


def test_the_built_in_picture_is_always_the_same_and_colorful():
    picture = photos.balloons()
    np.testing.assert_array_equal(picture, photos.balloons())
    assert picture.shape == (96, 128, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5000
