"""The CycleGAN tab on a tiny release: what it sends to the page, and what a notice replaces."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest

from demo_app import text, wire
from demo_app.errors import BadInput
from demo_app.services.cyclegan import CycleGANService
from demo_app.store import Store
from demo_app.tabs import cyclegan


@pytest.fixture(scope="module")
def kept(module_folder):
    return CycleGANService(Store())


def unpacked(text: str, n: int) -> np.ndarray:
    return wire.unpack_bytes(text, n)


def names_of(service) -> set[str]:
    with gr.Blocks() as blocks:
        cyclegan.build(service)
    return {block.name for block in blocks.blocks.values() if hasattr(block, "name")}


def test_a_notice_stands_where_there_is_no_release(kept, tmp_path, monkeypatch):
    assert {"cyclegan_draw", "cyclegan_cycle", "cyclegan_many"} <= names_of(kept)
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    missing = names_of(CycleGANService(Store()))
    assert "notice" in missing
    assert "cyclegan_draw" not in missing


def test_the_explanations_numbers_are_the_releases(kept):
    shown = cyclegan.numbers(kept.about())
    assert [shown[key] for key in ("forth_error", "cycle_error", "cycle_error_other")] == [
        "0.0500",
        "0.0400",
        "0.0300",
    ]
    assert set(cyclegan.numbers(None).values()) == {"—"}
    for language in text.LANGUAGES:
        assert "0.0500" in text.markdown("cyclegan", language, **shown)


def test_a_drawing_comes_back_in_color_and_as_a_sketch(kept):
    pair = kept.pair(2)
    answer = cyclegan.draw(kept, wire.pack_bytes(pair["sketch"]))
    expected = kept.cycle(sketch=pair["sketch"])
    np.testing.assert_allclose(unpacked(answer["colored"], 12288), expected["between"], atol=0.003)
    np.testing.assert_allclose(unpacked(answer["again"], 4096), expected["back"], atol=0.004)
    assert answer["error"] == pytest.approx(expected["error"], abs=1e-4)
    with pytest.raises(BadInput, match="4096 bytes"):
        cyclegan.draw(kept, "AAAA")


def test_a_face_goes_there_and_back(kept):
    answer = cyclegan.cycle(kept, 5, 4)
    pair = kept.pair(5)
    np.testing.assert_allclose(unpacked(answer["color"], 12288), pair["color"], atol=1e-6)
    np.testing.assert_allclose(unpacked(answer["sketch"], 4096), pair["sketch"], atol=1e-6)
    assert len(np.unique(unpacked(answer["between"], 4096))) <= 4
    expected = kept.cycle(color=pair["color"], levels=4)
    np.testing.assert_allclose(unpacked(answer["back"], 12288), expected["back"], atol=0.003)


def test_several_faces_travel_one_after_the_other(kept):
    answer = cyclegan.several(kept, 3)
    expected = kept.several(3, 8)
    for key, values in expected.items():
        np.testing.assert_allclose(unpacked(answer[key], values.size), values.ravel(), atol=0.003)
