"""The Text2Image tab on tiny releases: what it sends to the page, and what a notice replaces."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest

from demo_app import text, wire
from demo_app.services.text2image import PIXELS, Text2ImageService
from demo_app.store import Store
from demo_app.tabs import text2image
from genzoo.data.avatars import SCHEMA


@pytest.fixture(scope="module")
def kept(module_folder):
    return Text2ImageService(Store())


def widgets_of(service) -> dict[str, object]:
    with gr.Blocks() as blocks:
        text2image.build(service)
    return {block.name: block for block in blocks.blocks.values() if hasattr(block, "name")}


def test_the_page_is_told_the_schema_and_examples_that_are_understood(kept):
    found = widgets_of(kept)
    assert {"text2image", "fold"} <= found.keys()
    known = found["text2image"].props["data"]
    assert known["schema"] == {name: list(values) for name, values in SCHEMA.items()}
    assert known["models"] == list(kept.models)
    assert known["examples"].keys() == text.LANGUAGES.keys()
    for example in (e for each in known["examples"].values() for e in each):
        told = kept.read(example)
        assert not told["unknown"]
        assert all(phrase["says"] for phrase in told["phrases"])
    # The same in both languages.
    en, ko = (
        [[p["says"] for p in kept.read(e)["phrases"]] for e in known["examples"][lang]]
        for lang in ("en", "ko")
    )
    assert en == ko


def test_without_a_release_there_is_a_notice(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    found = widgets_of(Text2ImageService(Store()))
    assert "notice" in found
    assert "text2image" not in found


def test_the_explanations_numbers_are_the_releases(kept):
    shown = text2image.numbers(kept.about())
    assert (shown["text_read_en"], shown["text_entropy"]) == ("97.5", "93.5")
    assert set(text2image.numbers(None).values()) == {"—"}
    for language in text.LANGUAGES:
        markdown = text.markdown("text2image", language, **shown)
        assert "97.5" in markdown
        assert "{text_read" not in markdown


def test_every_value_has_a_word_in_both_languages():
    for language in text.LANGUAGES:
        labels = text.labels(language)
        for name, values in SCHEMA.items():
            assert f"avatars.{name}" in labels
            assert all(f"avatars.{name}_{value}" in labels for value in values)


def test_faces_travel_as_bytes(kept):
    answer = text2image.faces(kept, "a hat", 4)
    expected = kept.faces("a hat", 4, text2image.N_FACES)
    pixels = wire.unpack_bytes(answer["images"], text2image.N_FACES * PIXELS)
    np.testing.assert_allclose(pixels, expected["images"].ravel(), atol=0.003)
    assert answer["read"] == expected["read"].tolist()
    assert text2image.faces(kept, "", 4)["images"] == ""
    walk = text2image.walk(kept, "a hat", "no hat", 4)
    assert len(walk["read"]) == text2image.N_STEPS
    assert len(text2image.others(kept, "a hat", "hair", 4)["texts"]) == 4
    assert text2image.write(kept, {"hat": "hat"}, "ko") == {"text": "얼굴: 모자."}
