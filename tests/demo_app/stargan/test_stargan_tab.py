"""The StarGAN tab on tiny releases: what it sends to the page, and what a notice replaces."""

from __future__ import annotations

import base64
import io

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo_app import text, wire
from demo_app.errors import BadInput
from demo_app.services.stargan import PIXELS, StarGANService
from demo_app.store import Store
from demo_app.tabs import stargan
from genzoo.data import avatars
from genzoo.data.avatars import SCHEMA, face

VALUES = [1, 2, 3, 1, 2, 0, 1]


@pytest.fixture(scope="module")
def kept(module_folder):
    return StarGANService(Store())


def unpacked(text: str, n: int = PIXELS) -> np.ndarray:
    return wire.unpack_bytes(text, n)


def widgets_of(service) -> dict[str, object]:
    with gr.Blocks() as blocks:
        stargan.build(service)
    return {block.name: block for block in blocks.blocks.values() if hasattr(block, "name")}


def test_the_page_is_told_the_schema_and_what_to_begin_with(kept):
    found = widgets_of(kept)
    assert {"stargan_edit", "stargan_grid", "fold"} <= found.keys()
    known = found["stargan_edit"].props["data"]
    assert known["schema"] == {name: list(values) for name, values in SCHEMA.items()}
    first = face(0)
    own = [first[list(SCHEMA).index(name)] for name in kept.about()["edited"]]
    asked = [int(digit) for digit in known["examples"]["values"]]
    assert sum(a != b for a, b in zip(asked, own, strict=True)) == 3
    assert known["examples"]["each"] == "3321211"


def test_without_a_release_there_is_a_notice(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    found = widgets_of(StarGANService(Store()))
    assert "notice" in found
    assert "stargan_edit" not in found


def test_the_explanations_numbers_are_the_releases(kept):
    shown = stargan.numbers(kept.about())
    assert (shown["edit_read"], shown["edit_kept"], shown["edit_psnr"]) == ("98.5", "97.5", "25.5")
    assert set(stargan.numbers(None).values()) == {"—"}
    for language in text.LANGUAGES:
        assert "98.5" in text.markdown("stargan", language, **shown)


def test_a_face_by_its_seed_or_its_digits(kept):
    answer = stargan.face(kept, 4, "")
    assert answer["face"] == list(face(4))
    np.testing.assert_allclose(unpacked(answer["image"]), kept.truth(face(4)), atol=1e-6)
    digits = "".join(map(str, face(9)))
    assert stargan.face(kept, 4, digits)["face"] == list(face(9))
    for wrong in ("12", "abcdefghijk", 12345678901, "９" * 11):
        with pytest.raises(BadInput):
            stargan.face(kept, 4, wrong)


def test_edits_travel_as_bytes_both_ways(kept):
    one = list(face(4))
    answer = stargan.edit(kept, VALUES, 1, one, None, None)
    expected = kept.edit(VALUES, face=one)
    np.testing.assert_allclose(unpacked(answer["image"]), expected["image"], atol=0.002)
    np.testing.assert_allclose(unpacked(answer["change"], 64 * 64), expected["change"], atol=0.002)
    np.testing.assert_allclose(unpacked(answer["truth"]), expected["truth"], atol=1e-6)
    own = [one[list(SCHEMA).index(name)] for name in kept.about()["edited"]]
    sent = wire.pack_bytes(kept.truth(one))
    same = stargan.edit(kept, VALUES, [1] * 7, None, sent, own)
    np.testing.assert_allclose(unpacked(same["image"]), expected["image"], atol=0.003)
    assert "truth" not in same
    back = stargan.cycle(kept, VALUES, one, None, None)
    assert back["error"] == pytest.approx(kept.cycle(VALUES, face=one)["error"], abs=1e-5)
    with pytest.raises(BadInput, match="12288 bytes"):
        stargan.edit(kept, VALUES, 1, None, "AAAA", own)


def test_a_sheet_is_one_picture_row_by_row(kept):
    answer = stargan.grid(kept, 2, VALUES)
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["sheet"]))))
    assert picture.shape == (6 * 64, 8 * 64, 3)
    assert answer["faces"] == [list(face(2 + k)) for k in range(6)]
    np.testing.assert_array_equal(picture[64:128, :64], avatars.render(face(3)))
    expected = kept.grid(VALUES, 2, 6)[5, 7].reshape(3, 64, 64).transpose(1, 2, 0)
    np.testing.assert_allclose(picture[320:, 448:] / 255, expected.clip(0, 1), atol=0.003)


@pytest.mark.parametrize(
    ("file", "sentence"), [(None, "base64"), ("???", "base64"), ("", "empty"), ("AAAA", "picture")]
)
def test_what_is_no_file_gets_a_sentence(kept, file, sentence):
    with pytest.raises(BadInput, match=sentence):
        stargan.upload(kept, file)
