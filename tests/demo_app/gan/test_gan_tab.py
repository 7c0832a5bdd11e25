"""The GAN tab with a made service: what it sends to the page, and what stands in for a release."""

from __future__ import annotations

import base64
import json
import re
from typing import ClassVar

import gradio as gr
import numpy as np
import pytest

from demo_app import text
from demo_app.errors import Unavailable
from demo_app.services.session import Rules
from demo_app.tabs import gan


class MadeService:
    release = "gan-mnist"
    targets = ("ring", "drawn")
    losses = ("non-saturating", "wasserstein")
    penalties = ("none", "r1")
    defaults = Rules(lr=0.004)
    exhibit = 600
    sizes: ClassVar = {"n_layers": (1, 2), "n_hidden": (16, 64), "n_latent": (1, 2)}
    n_plane = 4321

    def __init__(self, absent=False):
        self.absent = absent
        self.asked = None

    def missing(self):
        return Unavailable("It is gone.", "make it") if self.absent else None

    def about(self):
        figures = {"fid": 7.125, "fid_train_reference": 0.25}
        return {"n_parameters": 12345, "images_seen": [0, 640], "figures": figures}

    def training(self):
        return np.arange(2 * 36, dtype=np.uint8).reshape(2, 36, 1).repeat(784, 2)

    def samples(self, n, seed):
        return {"z": np.full((n, 2), seed), "images": np.full((n, 784), seed / 255)}

    def begin(self, **given):
        self.asked = given
        return {"game": "g", "real": np.array([[0.5, 1.0]]), "density": np.array([[1.0, 4.0]])}

    def play(self, **given):
        self.asked = given
        return {
            "ended": None,
            "points": np.array([[0.25, 0.1]]),
            "field": np.array([[-8.0, 2.0]]),
            "best": np.array([[0.5]]),
            "pull": np.zeros((2, 2)),
            "moves": [{"who": "critic", "before": -1.5, "after": -1.25}],
        }


def int16(packed):
    return np.frombuffer(base64.b64decode(packed), "<i2").tolist()


def built(service):
    with gr.Blocks(analytics_enabled=False) as blocks:
        gan.build(service)
    found = [
        block
        for block in blocks.blocks.values()
        if "zoo-widget" in (getattr(block, "elem_classes", None) or [])
    ]
    return {block.name: block for block in found}


def test_answers_of_the_game_are_packed():
    service = MadeService()
    answer = gan.play(service, game="g", n=2)
    assert service.asked == {"game": "g", "n": 2}
    assert int16(answer["points"]) == [7500, 3000]
    assert int16(answer["best"]) == [15000]
    assert int16(answer["field"]["values"]) == [-30000, 7500]
    assert answer["field"]["scale"] == 3750  # what is divided by it is the logit again
    assert int16(answer["pull"]["values"]) == [0, 0, 0, 0]
    assert answer["moves"][0]["after"] == -1.25
    begun = gan.begin(service, target="ring")
    assert int16(begun["real"]) == [15000, 30000]
    assert list(base64.b64decode(begun["density"])) == [64, 255]
    json.dumps([answer, begun])


def test_the_game_beside_it_is_packed_alike():
    class Two(MadeService):
        def play(self, **given):
            return {**super().play(**given), "beside": super().play(**given)}

    answer = gan.play(Two(), game="g", n=2)
    assert answer["beside"] == gan.play(MadeService(), game="g", n=2)
    json.dumps(answer)


def test_a_game_that_ended_has_nothing_to_pack():
    class Ended(MadeService):
        def play(self, **given):
            return {"ended": "gone"}

    assert gan.play(Ended()) == {"ended": "gone"}


def test_sheets_of_the_training_lie_below_each_other():
    answer = gan.training(MadeService())
    assert answer["images_seen"] == [0, 640]
    sheets = np.frombuffer(base64.b64decode(answer["sheets"]), np.uint8).reshape(2, 168, 168)
    expected = np.arange(72).reshape(2, 6, 6)
    np.testing.assert_array_equal(sheets[:, 14::28, 14::28], expected)


def test_samples_are_a_sheet():
    answer = gan.samples(MadeService(), 3)
    assert base64.b64decode(answer["sheet"]) == bytes([3] * 36 * 784)
    assert answer["z"][35] == [3.0, 3.0]


def test_without_a_release_the_game_goes_on():
    widgets = built(MadeService())
    assert set(widgets) == {"gan_game", "gan_digits", "flow", "fold"}
    assert widgets["gan_game"].props["data"]["rules"]["lr"] == 0.004
    figures = widgets["gan_digits"].props["data"]["figures"]
    assert figures == {"fid": 7.125, "fid_train_reference": 0.25, "fid_first_epoch": None}
    assert set(built(MadeService(absent=True))) == {"gan_game", "notice", "flow", "fold"}


def test_the_functions_of_the_page_are_told_in_names():
    game = built(MadeService())["gan_game"]
    assert game.functions["play"]({"game": "g", "n": 1})["ok"]
    assert not game.functions["play"]([1])["ok"]


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language):
    filled = text.markdown("gan", language, **gan.numbers(MadeService(), MadeService().about()))
    for figure in ("4,321", "12,345", "7.12", "0.25"):
        assert figure in filled
    assert not re.search(r"\{(n_|fid)\w*\}", filled)
    assert gan.numbers(MadeService(), None)["n_parameters"] == "—"
