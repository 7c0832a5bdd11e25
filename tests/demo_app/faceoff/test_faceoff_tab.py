"""The face-off with a made service: what it sends to the page."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr
import numpy as np
import pytest

from demo_app import wire
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import faceoff, first_digits


@dataclass
class One:
    name: str = "nade-mnist"
    kind: str = "raster"
    tab: str = "nade"
    slow: bool = False


class MadeService:
    """A completion is half gray, and is given up when told to."""

    def __init__(self, missing=None):
        self.gone = missing

    def missing(self):
        return self.gone

    def contestants(self):
        return [One()]

    def digits(self):
        return np.tile([[0] * 783 + [1]], (2, 1)), np.array([4, 7])

    def by_row(self, model, pixels, go_on):
        return np.linspace(-28, 0, 29) if go_on() else None

    def complete(self, model, pixels, known, count, seed, go_on=lambda: True):
        if not go_on():
            return None
        assert (pixels[783], known[0], known[783]) == (1, 1, 0)
        return {"images": np.full((count, 784), 0.5), "log_prob": -3.5}


def given(turn=1):
    x, known = np.zeros(784), np.ones(784)
    x[783], known[783] = 1, 0
    return wire.pack_bits(x), wire.pack_bits(known), faceoff.Turns().take("page", turn)


def blocks(service):
    with gr.Blocks() as app:
        faceoff.build(service)
    return app


def test_the_part_names_its_models_and_its_endpoint():
    app = blocks(MadeService())
    widget = next(b for b in app.blocks.values() if getattr(b, "name", "") == "faceoff")
    assert widget.props["data"]["models"] == [
        {"name": "nade-mnist", "kind": "raster", "tab": "nade", "slow": False}
    ]
    assert [f.api_name for f in app.fns.values()] == ["compare_complete"]


def test_a_missing_release_is_a_notice():
    app = blocks(MadeService(Unavailable("It is gone.", "make it")))
    assert [getattr(b, "name", "") for b in app.blocks.values()].count("notice") == 1
    assert not any(getattr(b, "name", "") == "faceoff" for b in app.blocks.values())


def test_what_is_sent_is_what_was_answered():
    x, known, go_on = given()
    answer = faceoff.complete(MadeService(), "nade-mnist", x, known, 1, go_on)
    assert list(wire.decode(answer["images"], "It")) == [128] * (4 * 784)
    assert answer["log_prob"] == -3.5
    assert faceoff.foresee(MadeService(), "nade-mnist", x, go_on)["by_row"][14] == -14
    started = first_digits(MadeService())
    assert started["labels"] == [4, 7]
    assert wire.unpack_bits(started["digits"][0], 784)[783] == 1


def test_a_newer_turn_of_the_same_page_stops_the_older():
    turns = faceoff.Turns()
    old, other = turns.take("a", 1), turns.take("b", 1)
    assert [old(), other()] == [True, True]
    new = turns.take("a", 2)
    assert [new(), other(), old()] == [True, True, False]
    assert not turns.take("a", 1)()  # it came late
    x, known, _ = given()
    assert faceoff.complete(MadeService(), "m", x, known, 1, old)["images"] is None


def test_pages_that_are_long_gone_are_forgotten():
    turns = faceoff.Turns()
    for number in range(faceoff.MAX_PAGES + 50):
        turns.take(str(number), 1)
    assert len(turns._newest) == faceoff.MAX_PAGES


@pytest.mark.parametrize(("page", "turn"), [(1, 1), ("x" * 41, 1), ("a", "1"), ("a", None)])
def test_a_page_and_a_turn_are_checked(page, turn):
    with pytest.raises(BadInput, match="short text"):
        faceoff.Turns().take(page, turn)
