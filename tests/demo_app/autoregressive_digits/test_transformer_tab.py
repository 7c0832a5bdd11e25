"""The Transformer tab with a made service: what the page asks, and what programs may ask."""

from __future__ import annotations

import base64

import gradio as gr
import numpy as np
import pytest

from demo_app import widgets, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import transformer

X = np.arange(784) % 3 == 0


class Made:
    """A service that answers with what it was asked."""

    def missing(self):
        return None

    def about(self):
        return {"n_parameters": 10, "n_layers": 2, "n_heads": 3, "patch": 7}

    def digits(self):
        return np.stack([X, ~X]).astype(np.uint8), np.array([3, 8], np.uint8)

    def look(self, pixels, pixel=None):
        if pixel is not None and pixel > 783:
            raise BadInput("The pixel must lie between 0 and 783; 784 does not.")
        logits = np.asarray(pixels) * 2.0 - 0.5
        attention = None
        if pixel is not None:
            of_tokens = np.arange(2 * 3 * 112).reshape(2, 3, 112) + pixel
            attention = np.repeat(of_tokens / 7, 7, axis=2)
        return {"logits": logits, "log_prob": -7.0, "bits_per_dim": 0.1, "percentile": 0.5,
                "attention": attention}  # fmt: skip

    def complete(self, pixels, known, count, seed, temperature=1.0, top_p=1.0):
        images = np.tile(np.asarray(pixels), (count, 1))
        images[:, known:] = 0
        return {"images": images, "log_prob": np.full(count, -seed - temperature - top_p)}

    def timing(self, again=True):
        return {"cached": 2.0, "uncached": 6.0, "ratio": 3.0, "passes": 8, "tokens": 112,
                "again": again}  # fmt: skip


@pytest.fixture
def blocks():
    with gr.Blocks() as blocks:
        transformer.build(Made())
    return blocks


@pytest.fixture
def widget(blocks):
    (widget,) = (b for b in blocks.blocks.values() if "zoo-transformer" in (b.elem_classes or []))
    return widget


def test_start_has_all_that_does_not_change(widget):
    answer = widget.functions["start"]({})
    assert answer["labels"] == [3, 8]
    assert answer["about"] == {"n_layers": 2, "n_heads": 3, "patch": 7}
    np.testing.assert_array_equal(wire.unpack_bits(answer["digits"][1], 784), ~X)


def test_look_sends_the_attention_of_positions(widget):
    answer = widget.functions["look"]({"x": wire.pack_bits(X), "i": 250})
    assert answer["ok"]
    attention = np.frombuffer(base64.b64decode(answer["attention"]), "<f4")
    np.testing.assert_allclose(attention, np.arange(2 * 3 * 112) + 250, rtol=1e-6)
    logits = np.frombuffer(base64.b64decode(answer["logits"]), "<f4")
    np.testing.assert_array_equal(logits, X * 2.0 - 0.5)


def test_complete_passes_every_choice(widget):
    answer = widget.functions["complete"](
        {"x": wire.pack_bits(X), "known": 100, "n": 2, "seed": 5, "temperature": 0.5, "top_p": 0.9}
    )
    (row,) = answer["rows"]
    assert row["log_prob"] == pytest.approx([-6.4, -6.4])
    image = wire.unpack_bits(row["images"][1], 784)
    np.testing.assert_array_equal(image[:100], X[:100])
    assert not image[100:].any()


def test_timing_is_asked_anew_or_not(widget):
    assert widget.functions["timing"]({"again": False})["again"] is False
    assert widget.functions["timing"]({"again": True})["ratio"] == 3.0


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("look", {"x": "?", "i": 0}, "must be valid base64"),
        ("look", {"x": wire.pack_bits(X), "i": 784}, "784 does not"),
        ("look", {"x": wire.pack_bits(X)}, "The arguments must be: x, i"),
        ("complete", {"x": wire.pack_bits(X)}, "The arguments must be: x, known, n, seed, temp"),
    ],
)
def test_a_refusal_is_a_sentence(widget, name, arguments, complaint):
    answer = widget.functions[name](arguments)
    assert not answer["ok"]
    assert complaint in answer["error"]


def test_programs_find_the_endpoints(blocks):
    named = blocks.get_api_info()["named_endpoints"]
    assert set(named) == {
        "/transformer_conditionals",
        "/transformer_attention",
        "/transformer_complete",
        "/transformer_timing",
    }
    names = [p["parameter_name"] for p in named["/transformer_complete"]["parameters"]]
    assert names == ["pixels", "known", "count", "seed", "temperature", "top_p"]


def test_a_missing_release_is_a_notice_with_its_command():
    class Gone(Made):
        def missing(self):
            return Unavailable("It is gone.", "python -m genzoo train transformer-mnist")

    with gr.Blocks() as blocks:
        transformer.build(Gone())
    kinds = [b.elem_classes for b in blocks.blocks.values() if isinstance(b, widgets.Widget)]
    assert kinds == [["zoo-widget", "zoo-notice"]]
    assert not blocks.get_api_info()["named_endpoints"]
