"""The blind test with a made service: what it sends to the page, and when."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import numpy as np

from demo_app import wire
from demo_app.errors import Unavailable
from demo_app.tabs import blind

LEVELS = np.arange(784).astype(np.uint8)


class MadeService:
    """Odd rounds are real."""

    def __init__(self, missing=None):
        self.gone = missing

    def missing(self):
        return self.gone

    def games(self):
        return [{"data": "mnist", "kind": "gray", "shape": [1, 28, 28], "families": ["gan"]}]

    def round(self, data, kind, seed, k):
        return LEVELS

    def reveal(self, data, kind, seed, k):
        maker = None if k % 2 else SimpleNamespace(name="gan-mnist", family="gan")
        by = "dcgan-mnist" if k % 2 else None
        return SimpleNamespace(maker=maker, nearest=LEVELS[::-1], nearest_by=by)


def blocks(service):
    with gr.Blocks() as app:
        blind.build(service)
    return app


def test_the_part_names_its_games_and_endpoints():
    app = blocks(MadeService())
    widget = next(b for b in app.blocks.values() if getattr(b, "name", "") == "blind")
    assert widget.props["data"] == {"games": MadeService().games()}
    assert [f.api_name for f in app.fns.values()] == ["blind_round", "blind_reveal"]


def test_nothing_to_play_is_a_notice():
    app = blocks(MadeService(Unavailable("Nothing is here.", "make it")))
    assert [getattr(b, "name", "") for b in app.blocks.values()].count("notice") == 1


def test_a_round_is_answered_with_its_picture_and_nothing_else():
    replies = [blind.picture(MadeService(), "mnist", "gray", 1, k) for k in range(4)]
    assert all(reply.keys() == {"image"} for reply in replies)
    assert list(wire.decode(replies[0]["image"], "It")) == LEVELS.tolist()


def test_the_truth_is_told_when_it_is_asked_for():
    made = blind.reveal(MadeService(), "mnist", "gray", 1, 0)
    assert (made["real"], made["model"], made["family"]) == (False, "gan-mnist", "gan")
    assert list(wire.decode(made["nearest"], "It")) == LEVELS[::-1].tolist()
    real = blind.reveal(MadeService(), "mnist", "gray", 1, 1)
    assert (real["real"], real["model"], real["nearest_by"]) == (True, None, "dcgan-mnist")
