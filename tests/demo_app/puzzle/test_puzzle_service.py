"""The puzzle service against the model, and the tab that hands its answers to the page."""

from __future__ import annotations

import io

import gradio as gr
import numpy as np
import pytest
import torch
from PIL import Image

import genzoo
from demo_app import text, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.services.puzzle import PIXELS, UNSEEN, PuzzleService
from demo_app.store import Store
from demo_app.tabs import puzzle
from genzoo.data import avatars
from genzoo.data.puzzles import cut
from tests.demo_app.puzzle.conftest import NAME

SOME = [7, 0, 4, 2, 8, 1]


@pytest.fixture(scope="module")
def kept(module_folder):
    return PuzzleService(Store())


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()


def test_a_face_is_of_no_split(kept):
    drawn = avatars.render(avatars.face(UNSEEN + 4)).transpose(2, 0, 1) / 255
    np.testing.assert_allclose(kept.face(4), drawn.ravel(), atol=1e-6)
    assert len(avatars.N_FACES) * 1_000_000 < UNSEEN  # where the seeds of the splits end
    with pytest.raises(BadInput, match="seed"):
        kept.face(-1)


@torch.inference_mode()
def test_what_is_restored_is_the_models(kept):
    model, image = genzoo.load(NAME), kept.face(4)
    x = torch.from_numpy(image).view(1, 3, 64, 64)
    answer = kept.restore(image, 3, SOME)
    slots = torch.cat([cut(x, 3)[:, SOME], torch.zeros(1, 3, 3, 21, 21)], 1)
    made = model.restore(slots, torch.arange(9)[None] < 6)
    assert answer["cell"].tolist() == made.cell[0, :6].tolist()
    np.testing.assert_allclose(answer["probability"], made.probability[0, :6])
    np.testing.assert_allclose(answer["image"], made.images.flatten())
    error = np.square(answer["image"] - image).mean()
    assert answer["psnr"] == pytest.approx(-10 * np.log10(error), abs=1e-3)
    true = cut(x, 3)[0]
    for i, cell in enumerate(answer["cell"]):
        assert answer["right"][i] == torch.equal(true[cell], true[SOME[i]])


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_order_of_the_pieces_changes_nothing(kept, n):
    image = np.random.default_rng(n).random(PIXELS).astype(np.float32)
    first = kept.restore(image, n)
    order = np.random.default_rng(0).permutation(n * n)
    again = kept.restore(image, n, order)
    np.testing.assert_array_equal(again["cell"], first["cell"][order])
    np.testing.assert_allclose(again["image"], first["image"], atol=1e-5)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"image": [0.5] * 5}, "12288 numbers; 5 were given"),
        ({"image": "pixels"}, "list of numbers"),
        ({"image": np.full(PIXELS, np.nan)}, "NaN"),
        ({"n": 5}, "between 2 and 4"),
        ({"n": 2.5}, "whole number"),
        ({"pieces": [0, 1, 2, 3, 4]}, "at least 6 must be there; 5 were given"),
        ({"pieces": [0, 1, 2, 3, 4, 4]}, "twice"),
        ({"pieces": [0, 1, 2, 3, 4, 9]}, "between 0 and 8"),
        ({"pieces": [0, 1, 2, 3, 4, "5"]}, "whole number"),
        ({"pieces": "012345678"}, "list of whole numbers"),
        ({"pieces": {}}, "list of whole numbers"),
    ],
)
def test_what_is_no_puzzle_gets_a_sentence(kept, change, sentence):
    given = {"image": kept.face(1), "n": 3, "pieces": SOME}
    with pytest.raises(BadInput, match=sentence):
        kept.restore(**given | change)


def test_an_upload_is_the_middle_square(kept):
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    answer = kept.upload(png(picture))
    expected = picture[:, 16:80].transpose(2, 0, 1).ravel() / 255
    np.testing.assert_allclose(answer["image"], expected, atol=1e-6)
    assert answer["notes"] == ["cut"]
    with pytest.raises(BadInput, match="not a picture"):
        kept.upload(b"no picture at all")


def test_the_page_gets_bytes_and_short_numbers(kept):
    sent = puzzle.face(kept, 4)["image"]
    answer = puzzle.restore(kept, sent, 3, SOME)
    expected = kept.restore(wire.unpack_bytes(sent, PIXELS), 3, SOME)
    np.testing.assert_allclose(
        wire.unpack_bytes(answer["image"], PIXELS), expected["image"], atol=0.002
    )
    np.testing.assert_allclose(answer["probability"], expected["probability"], atol=1e-4)
    assert answer["psnr"] == pytest.approx(expected["psnr"], abs=0.01)
    for wrong in (None, "???", "AAAA"):
        with pytest.raises(BadInput):
            puzzle.restore(kept, wrong, 3, SOME)
    with pytest.raises(BadInput, match="base64"):
        puzzle.upload(kept, "???")


def widgets_of(service) -> dict[str, object]:
    with gr.Blocks() as blocks:
        puzzle.build(service)
    return {block.name: block for block in blocks.blocks.values() if hasattr(block, "name")}


def test_the_page_is_told_the_sizes_and_the_explanation_the_figures(kept, tmp_path, monkeypatch):
    known = widgets_of(kept)["puzzle"].props["data"]
    assert known == {"grids": [2, 3, 4], "missing": [1, 3, 5]}
    shown = puzzle.numbers(kept.about())
    assert (shown["placed_3x3"], shown["psnr_3x3_missing"]) == ("98.5", "23.5")
    assert set(puzzle.numbers(None).values()) == {text.MISSING}
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    lacking = PuzzleService(Store())
    found = widgets_of(lacking)
    assert "notice" in found
    assert "puzzle" not in found
    with pytest.raises(Unavailable):
        lacking.restore(kept.face(0))
