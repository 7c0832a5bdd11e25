"""The NADE tab with a made service: what the page asks, and what programs may ask."""

from __future__ import annotations

import base64

import gradio as gr
import numpy as np
import pytest

from demo_app import widgets, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import nade

X = np.arange(784) % 3 == 0


class Made:
    """A service that answers with what it was asked."""

    def missing(self):
        return None

    def about(self):
        return {"n_parameters": 10, "n_hidden": 2, "figures": {}}

    def digits(self):
        return np.stack([X, ~X]).astype(np.uint8), np.array([3, 8], np.uint8)

    def histogram(self):
        return {"edges": np.array([-2.0, -1.0]), "counts": np.array([5]), "noise": np.array(-9.0)}

    def look(self, pixels, pixel=None, among="all"):
        if pixel is not None and pixel > 783:
            raise BadInput("The pixel must lie between 0 and 783; 784 does not.")
        logits = np.asarray(pixels) * 2.0 - 0.5
        influence = None if pixel is None else np.full(784, pixel / 1000)
        return {"logits": logits, "log_prob": -7.0, "bits_per_dim": 0.1, "percentile": 0.5,
                "influence": influence, "hidden": np.array([0.5, 1.0]),
                "terms": np.array([0.5, -2.0])}  # fmt: skip

    def complete(self, pixels, known, count, seed):
        if seed == 13:
            raise ZeroDivisionError("a fault of ours")
        images = np.tile(np.asarray(pixels), (count, 1))
        images[:, known:] = 0
        return {"images": images, "log_prob": np.full(count, -float(seed))}


@pytest.fixture
def blocks():
    with gr.Blocks() as blocks:
        nade.build(Made())
    return blocks


@pytest.fixture
def widget(blocks):
    (widget,) = (b for b in blocks.blocks.values() if "zoo-nade" in (b.elem_classes or []))
    return widget


def test_start_has_all_that_does_not_change(widget):
    answer = widget.functions["start"]({})
    assert answer["ok"]
    assert answer["labels"] == [3, 8]
    np.testing.assert_array_equal(wire.unpack_bits(answer["digits"][0], 784), X)
    assert answer["histogram"] == {"edges": [-2.0, -1.0], "counts": [5], "noise": -9.0}


def test_look_unpacks_the_pixels_and_packs_the_answer(widget):
    answer = widget.functions["look"]({"x": wire.pack_bits(X), "i": 250})
    assert answer["ok"]
    assert answer["ms"] >= 0
    assert answer["log_prob"] == -7.0
    logits = np.frombuffer(base64.b64decode(answer["logits"]), "<f4")
    np.testing.assert_array_equal(logits, X * 2.0 - 0.5)
    influence = np.frombuffer(base64.b64decode(answer["influence"]), "<f4")
    np.testing.assert_allclose(influence, 0.25)
    assert list(base64.b64decode(answer["hidden"])) == [128, 255]
    assert np.frombuffer(base64.b64decode(answer["terms"]), "<f4").tolist() == [0.5, -2.0]
    assert widget.functions["look"]({"x": wire.pack_bits(X)})["influence"] is None


def test_complete_passes_the_line_the_count_and_the_seed(widget):
    answer = widget.functions["complete"](
        {"x": wire.pack_bits(X), "known": 100, "n": 2, "seed": 5}
    )
    assert answer["log_prob"] == [-5.0, -5.0]
    image = wire.unpack_bits(answer["images"][1], 784)
    np.testing.assert_array_equal(image[:100], X[:100])
    assert not image[100:].any()


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("look", {"x": "?"}, "must be valid base64"),
        ("look", {"x": wire.pack_bits(X), "i": 784}, "784 does not"),
        ("look", {}, "The arguments must be: x, i"),
        ("look", {"x": wire.pack_bits(X), "z": 1}, "The arguments must be: x, i"),
        ("look", [1, 2], "must be one object"),
        ("complete", {"x": wire.pack_bits(X)}, "The arguments must be: x, known, n, seed"),
    ],
)
def test_a_refusal_is_a_sentence(widget, name, arguments, complaint):
    answer = widget.functions[name](arguments)
    assert not answer["ok"]
    assert complaint in answer["error"]


def test_a_fault_of_ours_is_told_without_its_inside(widget, caplog):
    answer = widget.functions["complete"]({"x": wire.pack_bits(X), "known": 0, "n": 1, "seed": 13})
    assert answer == {
        "ok": False,
        "error": "The server failed on this; its log says why.",
        "key": "errors.failed",
        "values": {},
    }
    assert "a fault of ours" in caplog.text


def test_programs_find_the_endpoints(blocks):
    named = blocks.get_api_info()["named_endpoints"]
    assert {"/nade_conditionals", "/nade_influence", "/nade_complete"} <= set(named)
    names = [p["parameter_name"] for p in named["/nade_complete"]["parameters"]]
    assert names == ["pixels", "known", "count", "seed"]


def test_a_missing_release_is_a_notice_with_its_command():
    class Gone(Made):
        def missing(self):
            return Unavailable("It is gone.", "python -m genzoo train nade-mnist")

    with gr.Blocks() as blocks:
        nade.build(Gone())
    kinds = [b.elem_classes for b in blocks.blocks.values() if isinstance(b, widgets.Widget)]
    assert kinds == [["zoo-widget", "zoo-notice"]]
    assert not blocks.get_api_info()["named_endpoints"]
