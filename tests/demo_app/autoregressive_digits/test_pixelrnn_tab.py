"""The PixelRNN tab with a made service: what the page asks, and what programs may ask."""

from __future__ import annotations

import base64

import gradio as gr
import numpy as np
import pytest

from demo_app import widgets, wire
from demo_app.errors import Unavailable
from demo_app.tabs import pixelrnn

X = np.arange(784) % 3 == 0


class MadeOne:
    """One model, which answers with what it was asked."""

    def __init__(self, model):
        self.model = model

    def digits(self):
        return np.stack([X, ~X]).astype(np.uint8), np.array([3, 8], np.uint8)

    def look(self, pixels, pixel=None):
        field = None if pixel is None else np.full(784, pixel / 1000)
        return {"logits": np.asarray(pixels) - 0.5, "log_prob": -float(len(self.model)),
                "bits_per_dim": 0.1, "percentile": 0.5, "field": field}  # fmt: skip

    def complete(self, pixels, known, count, seed):
        images = np.tile(np.asarray(pixels), (count, 1))
        images[:, known:] = 0
        return {"images": images, "log_prob": np.full(count, -float(seed + len(self.model)))}


class Made:
    """Both models; `gone` names the releases that are not there."""

    models = ("row-lstm-mnist", "diagonal-bilstm-mnist")
    gone: tuple[str, ...] = ()

    def missing(self, model):
        if model in self.gone:
            return Unavailable(f"{model} is gone.", f"python -m genzoo train {model}")
        return None

    def about(self, model):
        return {"n_parameters": 10, "figures": {}}

    def of(self, model):
        return MadeOne(model)


def built(*gone):
    service = Made()
    service.gone = gone
    with gr.Blocks() as blocks:
        pixelrnn.build(service)
    return blocks


def kinds(blocks):
    return [b.elem_classes[1] for b in blocks.blocks.values() if isinstance(b, widgets.Widget)]


def widget(blocks):
    (found,) = (b for b in blocks.blocks.values() if "zoo-pixelrnn" in (b.elem_classes or []))
    return found


def test_both_models_answer_each_question():
    live = widget(built())
    answers = live.functions["look"]({"x": wire.pack_bits(X), "i": 250})["answers"]
    assert [a["log_prob"] for a in answers] == [-14.0, -21.0]
    field = np.frombuffer(base64.b64decode(answers[1]["field"]), "<f4")
    np.testing.assert_allclose(field, 0.25)
    rows = live.functions["complete"]({"x": wire.pack_bits(X), "known": 100, "n": 2, "seed": 5})[
        "rows"
    ]
    assert [row["log_prob"] for row in rows] == [[-19.0, -19.0], [-26.0, -26.0]]
    image = wire.unpack_bits(rows[0]["images"][1], 784)
    np.testing.assert_array_equal(image[:100], X[:100])
    assert live.functions["start"]({})["labels"] == [3, 8]


@pytest.mark.parametrize("i", range(2))
def test_one_that_is_missing_is_a_notice_and_the_other_goes_on(i):
    blocks = built(Made.models[i])
    assert kinds(blocks)[:2] == ["zoo-pixelrnn", "zoo-notice"]
    answers = widget(blocks).functions["look"]({"x": wire.pack_bits(X), "i": 0})["answers"]
    assert [a["log_prob"] for a in answers] == [-float(len(Made.models[1 - i]))]


def test_without_any_there_are_notices_alone():
    blocks = built(*Made.models)
    assert kinds(blocks) == ["zoo-notice", "zoo-notice"]
    assert not blocks.get_api_info()["named_endpoints"]


def test_programs_find_the_endpoints():
    named = built().get_api_info()["named_endpoints"]
    assert set(named) == {"/pixelrnn_conditionals", "/pixelrnn_field", "/pixelrnn_complete"}
    names = [p["parameter_name"] for p in named["/pixelrnn_complete"]["parameters"]]
    assert names == ["pixels", "known", "count", "seed", "model"]


def test_a_refusal_is_a_sentence():
    answer = widget(built()).functions["look"]({"x": "?", "i": 0})
    assert not answer["ok"]
    assert "must be valid base64" in answer["error"]
