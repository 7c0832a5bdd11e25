"""RNADE's panel with a made service: what it sends to the page, and what programs may ask."""

from __future__ import annotations

import base64
import json
import re

import gradio as gr
import numpy as np
import pytest

from demo_app import text, widgets
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import rnade


class Made:
    models = ("rnade-moons", "rnade-rings", "rnade-spirals")

    def __init__(self, missing=()):
        self.absent = missing

    def missing(self, name):
        return Unavailable(f"{name} is gone.", f"make {name}") if name in self.absent else None

    def about(self, name):
        sizes = {"n_parameters": 12345, "n_hidden": 7, "n_components": 3}
        return {**sizes, "nll": -1.5, "gaussian": -0.5, "truth": -2.0}

    def points(self, name):
        return np.array([[0.25, 1.0]])

    def density(self, name):
        return np.array([[0.0, 1.0], [2.0, 4.0]])

    def marginal(self, name):
        return self.conditional(name, 0.0)

    def conditional(self, name, x1):
        if x1 > 1:
            raise BadInput("x_1 must lie between 0 and 1; 2 does not.")
        one = np.float32([x1])
        return {"weights": one, "means": one, "deviations": one, "heights": one}

    def samples(self, name, n, seed):
        return np.full((n, 2), seed / 10)


def built(service):
    with gr.Blocks(analytics_enabled=False) as blocks:
        rnade.build(service)
    return blocks


def shown(blocks):
    return [b for b in blocks.blocks.values() if isinstance(b, widgets.Widget)]


@pytest.fixture
def widget():
    return shown(built(Made()))[0]


def test_start_has_all_that_does_not_change(widget):
    answer = widget.functions["start"]({"name": "rnade-moons"})
    assert list(base64.b64decode(answer["density"])) == [0, 64, 128, 255]
    assert (answer["cells"], answer["high"]) == (2, 4.0)
    points = np.frombuffer(base64.b64decode(answer["points"]), "<i2")
    assert list(points) == [7500, 30000]
    json.dumps(answer)


def test_a_slice_and_samples_are_plain(widget):
    answer = widget.functions["conditional"]({"name": "rnade-moons", "x1": 0.5})
    assert answer["ok"]
    assert answer["means"] == [0.5]
    answer = widget.functions["sample"]({"name": "rnade-moons", "n": 2, "seed": 5})
    assert list(np.frombuffer(base64.b64decode(answer["points"]), "<i2")) == [15000] * 4


def test_a_refusal_is_a_sentence(widget):
    answer = widget.functions["conditional"]({"name": "rnade-moons", "x1": 2})
    assert answer == {"ok": False, "error": "x_1 must lie between 0 and 1; 2 does not."}
    assert "must be: name, x1" in widget.functions["conditional"]({"x1": 1})["error"]


def test_what_is_missing_is_a_notice_and_the_rest_goes_on():
    blocks = built(Made(["rnade-rings"]))
    first, second, *_ = shown(blocks)
    assert (first.name, second.name) == ("rnade", "notice")
    assert first.props["data"] == {"models": ["rnade-moons", "rnade-spirals"]}
    assert second.props["data"]["command"] == "make rnade-rings"
    names = built(Made()).get_api_info()["named_endpoints"]
    assert set(names) == {"/rnade_density", "/rnade_conditional", "/rnade_sample"}


def test_without_any_release_there_are_only_notices():
    blocks = built(Made(Made.models))
    assert [widget.name for widget in shown(blocks)] == ["notice"] * 3
    assert not blocks.get_api_info()["named_endpoints"]


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language):
    filled = text.markdown("rnade", language, **rnade.numbers(Made(), ["rnade-moons"]))
    assert "12,345" in filled
    assert "-1.50" in filled
    assert not re.search(r"\{(n_\w+|nll_\w+)\}", filled)
