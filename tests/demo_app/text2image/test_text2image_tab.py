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
from tests.demo_app.text2image.conftest import GAN, JUDGE, TRANSFORMER, write_releases


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
    assert known["walks"]
    assert found["text2image_attention"].props["data"] == {"n_layers": 3}
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
    service = Text2ImageService(Store())
    found = widgets_of(service)
    assert "notice" in found
    assert found.keys().isdisjoint({"text2image", "text2image_attention"})
    assert set(text2image.numbers(service).values()) == {"—"}


@pytest.mark.parametrize("gone", [GAN, TRANSFORMER, JUDGE])
def test_what_is_there_is_shown_beside_the_notice_of_what_is_not(tmp_path, monkeypatch, gone):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    write_releases(tmp_path, but=gone)
    found = widgets_of(Text2ImageService(Store()))
    assert gone in found["notice"].props["data"]["command"]
    assert ("text2image" in found) == (gone != JUDGE)
    assert ("text2image_attention" in found) == (gone == GAN)
    if gone != JUDGE:
        known = found["text2image"].props["data"]
        assert known["models"] == [name for name in (GAN, TRANSFORMER) if name != gone]
        assert known["walks"] == (gone == TRANSFORMER)


def test_the_explanations_numbers_are_the_releases(kept):
    shown = text2image.numbers(kept)
    assert (shown["text_read_en"], shown["text_entropy"]) == ("97.5", "93.5")
    assert (shown["text_read_en_transformer"], shown["text_entropy_transformer"]) == ("88.5", "—")
    for language in text.LANGUAGES:
        markdown = text.markdown("text2image", language, **shown)
        percent = " %" if language == "en" else "%"
        assert f"97.5{percent} | 88.5{percent}" in markdown
        assert "{text_read" not in markdown


def test_every_value_has_a_word_in_both_languages():
    for language in text.LANGUAGES:
        labels = text.labels(language)
        for name, values in SCHEMA.items():
            assert f"avatars.{name}" in labels
            assert all(f"avatars.{name}_{value}" in labels for value in values)
        for model in Text2ImageService.models:
            assert {f"text2image.model_{model}", f"text2image.how_{model}"} <= labels.keys()


def test_faces_travel_as_bytes(kept):
    answer = text2image.faces(kept, "a hat", 4)
    expected = kept.faces("a hat", 4, text2image.N_FACES)
    pixels = wire.unpack_bytes(answer["images"], text2image.N_FACES * PIXELS)
    np.testing.assert_allclose(pixels, expected["images"].ravel(), atol=0.003)
    assert text2image.judged(kept, "a hat", 4)["read"] == expected["read"].tolist()
    assert text2image.faces(kept, "", 4)["images"] == ""
    said = text2image.faces(kept, seed=4, says={"hat": "hat"}, language="ko")
    assert said["text"] == "얼굴: 모자."
    assert said == text2image.faces(kept, said["text"], 4)
    assert said["phrases"][0]["says"] == {"hat": "hat"}
    walk = text2image.walk(kept, "a hat", "no hat", 4)
    assert len(walk["read"]) == text2image.N_STEPS
    assert len(text2image.others(kept, "a hat", "hair", 4)["texts"]) == 4
    answer = text2image.faces(kept, "a hat", 4, TRANSFORMER)
    expected = kept.faces("a hat", 4, text2image.N_FACES, TRANSFORMER)
    pixels = wire.unpack_bytes(answer["images"], text2image.N_FACES * PIXELS)
    np.testing.assert_allclose(pixels, expected["images"].ravel(), atol=0.003)
    attention = text2image.attention(kept, "a hat", 4)
    expected = kept.transformer.attention("a hat", 4)["attention"]
    data = np.frombuffer(wire.decode(attention["attention"], "attention"), "<f4")
    np.testing.assert_array_equal(data, expected.ravel())
