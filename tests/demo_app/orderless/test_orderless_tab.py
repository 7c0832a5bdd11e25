"""The orderless part with a made service: what the page asks, and what programs may ask."""

from __future__ import annotations

import base64

import gradio as gr
import numpy as np
import pytest

from demo_app import wire
from demo_app.errors import Unavailable
from demo_app.tabs import orderless

X = np.arange(784) % 3 == 0
HOLE = np.arange(784) < 200


class Made:
    """A service that answers with what it was asked."""

    def missing(self):
        return None

    def about(self):
        return {"n_parameters": 10, "figures": {}}

    def digits(self):
        return np.stack([X, ~X]).astype(np.uint8), np.array([3, 8], np.uint8)

    def marginals(self, pixels, hole):
        return np.where(hole, 0.25, pixels)

    def fill(self, pixels, hole, count, seed, order="random"):
        rank = np.where(hole, np.arange(784) + len(order), -1)
        return {"images": np.tile(pixels, (count, 1)), "rank": rank}


@pytest.fixture
def blocks():
    with gr.Blocks() as blocks:
        orderless.build(Made())
    return blocks


@pytest.fixture
def widget(blocks):
    (widget,) = (b for b in blocks.blocks.values() if "zoo-orderless" in (b.elem_classes or []))
    return widget


def test_start_has_the_digits(widget):
    answer = widget.functions["start"]({})
    assert answer["labels"] == [3, 8]
    np.testing.assert_array_equal(wire.unpack_bits(answer["digits"][1], 784), ~X)


def test_look_sends_the_marginals(widget):
    answer = widget.functions["look"]({"x": wire.pack_bits(X), "hole": wire.pack_bits(HOLE)})
    p = np.frombuffer(base64.b64decode(answer["p"]), "<f4")
    np.testing.assert_array_equal(p, np.where(HOLE, 0.25, X))


def test_fill_sends_images_and_ranks(widget):
    asked = {"x": wire.pack_bits(X), "hole": wire.pack_bits(HOLE), "n": 2, "seed": 1}
    answer = widget.functions["fill"]({**asked, "order": "rows"})
    rank = np.frombuffer(base64.b64decode(answer["rank"]), "<i2")
    np.testing.assert_array_equal(rank, np.where(HOLE, np.arange(784) + 4, -1))
    np.testing.assert_array_equal(wire.unpack_bits(answer["images"][1], 784), X)


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("look", {"x": wire.pack_bits(X), "hole": "?"}, "must be valid base64"),
        ("look", {"x": wire.pack_bits(X)}, "The arguments must be: x, hole"),
        ("fill", {"x": 3, "hole": wire.pack_bits(HOLE)}, "must be: x, hole, n, seed, order"),
    ],
)
def test_a_refusal_is_a_sentence(widget, name, arguments, complaint):
    answer = widget.functions[name](arguments)
    assert not answer["ok"]
    assert complaint in answer["error"]


def test_programs_find_the_endpoints(blocks):
    named = blocks.get_api_info()["named_endpoints"]
    assert set(named) == {"/orderless_marginals", "/orderless_fill"}
    names = [p["parameter_name"] for p in named["/orderless_fill"]["parameters"]]
    assert names == ["pixels", "hole", "count", "seed", "order"]


def test_a_missing_release_is_a_notice_with_its_command():
    class Gone(Made):
        def missing(self):
            return Unavailable("It is not there.", "python -m genzoo train x")

    with gr.Blocks() as blocks:
        orderless.build(Gone())
    (notice,) = (b for b in blocks.blocks.values() if "zoo-notice" in (b.elem_classes or []))
    assert notice.props["data"] == {
        "sentence": "It is not there.",
        "command": "python -m genzoo train x",
    }
