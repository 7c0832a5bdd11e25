"""Every kind of file that people bring is a picture or a sentence."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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


def test_the_middle_square_is_taken_as_a_model_reads_it():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 9, 3)).astype(np.uint8)
    levels, notes = photos.square(file(Image.fromarray(pixels)), 5)
    assert levels.dtype == np.float32
    np.testing.assert_allclose(levels.reshape(3, 5, 5).transpose(1, 2, 0), pixels[:, 2:7] / 255)
    assert notes == ["cut"]
    assert photos.square(file(Image.fromarray(pixels[:, :5])), 5)[1] == []
    large, notes = photos.square(file(Image.new("RGB", (300, 600), RED)), 64)
    np.testing.assert_allclose(large.reshape(3, -1).T, np.tile(np.divide(RED, 255), (4096, 1)))
    assert notes == ["smaller", "cut"]


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


@pytest.mark.parametrize(
    ("width", "height"),
    [(4001, 4000), (9400, 9400), (60_000, 60_000), (1, 89_000_000), (16_001, 1), (1, 16_001)],
)
def test_a_decompression_bomb_is_refused_before_it_is_opened(width, height):
    with pytest.raises(
        BadInput, match=r"pixels\. Pictures of up to 16,000,000 pixels, and 16,000 "
    ):
        photos.opened(huge(width, height))


@pytest.mark.parametrize("chunk", [b"iCCP", b"zTXt"])
def test_what_unpacks_to_far_more_beside_the_pixels_is_refused(chunk):
    """A profile of colors, a comment: 100 MB in 100 kB."""
    plain = file(Image.new("RGB", (16, 16), RED))
    body = chunk + b"x\0\0" + zlib.compress(bytes(100_000_000))
    bomb = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    at = plain.index(b"IDAT") - 4
    tracemalloc.start()
    with pytest.raises(BadInput):
        photos.opened(plain[:at] + bomb + plain[at:])
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def claiming(format, side):
    """A small file of a format whose header says that it is side x side."""
    data = bytearray(file(Image.new("RGB", (16, 16), RED), format))
    if format == "GIF":
        data[6:10] = struct.pack("<HH", side, side)
    elif format == "BMP":
        data[18:26] = struct.pack("<ii", side, side)
    elif format == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", side, side)
    elif format == "WEBP":
        at = data.index(b"\x9d\x01\x2a") + 3
        data[at : at + 4] = struct.pack("<HH", side, side)
    elif format == "TIFF":
        for tag in (256, 257):
            at = data.index(struct.pack("<HHI", tag, 4, 1))
            data[at + 8 : at + 12] = struct.pack("<I", side)
    return bytes(data)


@pytest.mark.parametrize("format", ["GIF", "BMP", "JPEG", "WEBP", "TIFF"])
def test_the_header_of_every_format_is_believed_before_the_rest(format):
    with pytest.raises(BadInput, match="too many pixels"):
        photos.opened(claiming(format, 9000))


def test_a_tile_of_a_tiff_may_not_be_larger_than_a_picture():
    data = file(Image.new("RGB", (16, 16), RED), "TIFF")
    planes = struct.pack("<HHI", 284, 3, 1)  # a tag that need not be there
    assert planes in data
    at = data.index(planes)
    data = data[:at] + struct.pack("<HHII", 322, 4, 1, 30_000) + data[at + 12 :]
    with pytest.raises(BadInput, match="too many pixels"):
        photos.opened(data)


def test_a_tiff_with_an_empty_second_directory_is_opened():
    data = bytearray(file(Image.new("RGB", (16, 16), RED), "TIFF"))
    (first,) = struct.unpack("<I", data[4:8])
    (n,) = struct.unpack("<H", data[first : first + 2])
    at = first + 2 + 12 * n
    data[at : at + 4] = struct.pack("<I", len(data))
    data += struct.pack("<HI", 0, 0)
    opened, notes = photos.opened(bytes(data))
    assert (opened == RED).all()
    assert notes == []


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "L", "I;16", "CMYK"])
def test_what_is_reduced_while_it_is_decoded_looks_the_same(mode):
    """A large picture, of any mode, as the same that was made smaller before."""
    y, x = np.mgrid[0:1200, 0:2000]
    levels = (x // 8 + y // 5) % 256
    if mode == "I;16":
        image = Image.fromarray((levels * 257).astype(np.uint16))
    else:
        image = Image.fromarray(levels.astype(np.uint8)).convert(
            {"LA": "LA", "RGBA": "RGBA"}.get(mode, mode)
        )
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(np.where(x < 1000, 255, 0).astype(np.uint8)))
    tiff = {"format": "TIFF", "compression": "tiff_lzw"}
    opened, notes = photos.opened(file(image, **(tiff if mode == "CMYK" else {})))
    expected = np.where(x < 1000, levels, 255) if mode in ("RGBA", "LA") else levels
    cells = Image.fromarray(expected.astype(np.float32)).resize((128, 77), Image.Resampling.BOX)
    assert opened.shape == (77, 128, 3)
    error = np.abs(opened.mean(2) - np.asarray(cells))
    # Where the levels begin anew, and at the edge, a cell may be a pixel off.
    assert np.median(error) < (25 if mode in ("1", "P") else 4)
    assert "smaller" in notes


def test_a_turned_photo_that_is_reduced_is_turned_all_the_same():
    image = Image.new("RGB", (2000, 1000), RED)
    exif = image.getexif()
    exif[0x0112] = 6
    for format in ("JPEG", "TIFF", "PNG"):
        packed = {"compression": "tiff_lzw"} if format == "TIFF" else {}
        opened, _ = photos.opened(file(image, format, exif=exif, **packed))
        assert opened.shape == (128, 64, 3), format


MEMORY = """
import io, resource, sys
import numpy as np
from PIL import Image
from demo_app import photos

files = []
for format, mode in (("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("GIF", "P"),
                     ("TIFF", "CMYK"), ("WEBP", "RGBA"), ("JPEG", "RGB"), ("BMP", "1")):
    buffer = io.BytesIO()
    image = Image.new(mode, (3990, 4000))
    image.save(buffer, format, **({"compression": "tiff_lzw"} if format == "TIFF" else {}))
    files.append((format, mode, buffer.getvalue()))
    del image
for format, mode, data in files:
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # the peak begins anew
    def field(name):
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1e3
    before = field("VmRSS")
    photos.opened(data)
    print(format, mode, round(field("VmHWM") - before))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measured by Linux alone")
def test_the_largest_pictures_take_little_memory():
    """Four bytes a pixel, and once more for what a format keeps beside them."""
    told = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    peaks = {line.rsplit(" ", 1)[0]: int(line.rsplit(" ", 1)[1]) for line in told.splitlines()}
    assert len(peaks) == 8
    assert max(peaks.values()) < 220, peaks


def test_pictures_are_decoded_one_at_a_time(monkeypatch):
    under_way, most = 0, 0
    decoded = photos._decoded

    def counted(image):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.02)
        under_way -= 1
        return decoded(image)

    monkeypatch.setattr(photos, "_decoded", counted)
    data = file(Image.new("RGB", (16, 16), RED))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: photos.opened(data), range(16)))
    assert most == 1


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "The file is empty"),
        (b"%PDF-1.4 no picture", "not a picture that can be opened. Choose a PNG, JPEG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (b"\x00" * 5_000_001, "has 5.0 MB. Pictures of up to 5 MB"),
        (huge(50, 50), "damaged or cut off"),
        (file(Image.effect_noise((90, 90), 80))[:2000], "damaged or cut off"),
        (file(Image.effect_noise((90, 90), 80), "JPEG")[:1500], "damaged or cut off"),
        (file(Image.new("F", (3, 3), 0.5), "TIFF"), "32-bit levels. Choose one with 8 or 16"),
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
