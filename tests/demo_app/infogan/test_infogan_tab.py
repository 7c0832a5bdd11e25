"""The InfoGAN tab with a made service: what it sends to the page, and what a notice replaces."""

from __future__ import annotations

import base64
import json
import re

import gradio as gr
import numpy as np
import pytest

from demo_app import text, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import infogan
from genzoo import recipes


class MadeService:
    """A picture is gray by its category and seed; Q is sure of category 2 and sees (0.5, -3)."""

    limit = 2.0

    def __init__(self, missing=False):
        self.absent = missing

    def missing(self):
        return Unavailable("It is gone.", "make it") if self.absent else None

    def about(self):
        return {
            "n_parameters": 12345,
            "images_seen": 67890,
            "deviation": 0.3,
            "pretrain_fraction": 0.15,
            "warmup_fraction": 0.25,
            "figures": {"unsupervised_error": 2.125, "fid": 0.5},
            "intervals": {
                "unsupervised_error": {"value": 2.125, "low": 1.5, "high": 2.75},
                "fid": {"value": 0.5, "low": 0.4, "high": 0.6},
            },
            "errors": [2.125, 1.0, 7.0],
            "fids": [0.5],
            "variants": {"paper": [3.0, 1.0, 2.0]},
            "variant_errors": {"paper": [17.0], "game": [20.0, 60.0]},
        }

    def matching(self):
        return {"counts": np.eye(10, dtype=int)[::-1], "meaning": np.arange(10)[::-1]}

    def q(self):
        return {"probabilities": np.float32([0, 0, 1, *[0] * 7]), "mean": np.float32([0.5, -3])}

    def generate(self, category, continuous, seed, noise=None):
        return {"image": np.full(784, (category + 10 * seed) / 255), **self.q()}

    def categories(self, continuous, seed):
        return np.repeat(np.arange(10)[:, None] / 255, 784, 1)

    def noises(self, category, continuous, seed, n):
        self.asked = category, list(continuous), seed, n
        return np.repeat((seed + np.arange(n))[:, None] / 255, 784, 1)

    def infer(self, pixels):
        self.pixels = np.asarray(pixels)
        return self.q()

    def near(self, pixels):
        self.pixels = np.asarray(pixels)
        return {"distance": 0.75, "limit": 0.5, "is_far": True}

    def digits(self):
        return np.full((2, 784), 51, np.uint8), np.array([0, 1], np.uint8)

    def examples(self, category, label):
        return np.full((category, 784), label, np.uint8)

    def sheet(self, kind, category, continuous, seed, steps):
        N = 2 * steps
        return {
            "rows": 2,
            "columns": steps,
            "images": np.repeat(np.arange(N)[:, None] / 255, 784, 1),
            "category": np.full(N, category),
            "continuous": np.full((N, 2), 0.123456),
            "seed": np.full(N, seed),
            "probability": np.full(N, 0.5),
            "read": np.full(N, 3),
            "mean": np.zeros((N, 2)),
        }


def built(service):
    with gr.Blocks(analytics_enabled=False) as blocks:
        infogan.build(service)
    return {
        block.name: block
        for block in blocks.blocks.values()
        if "zoo-widget" in (getattr(block, "elem_classes", None) or [])
    }


def unpacked(text):
    return np.frombuffer(base64.b64decode(text), np.uint8)


def test_generate_sends_a_picture_and_what_is_read():
    answer = infogan.generate(MadeService(), 4, [0, 0], 2)
    assert set(unpacked(answer["image"])) == {24}
    assert answer["probabilities"][2] == 1
    assert answer["mean"] == [0.5, -3]
    json.dumps(answer)


def test_what_is_read_is_made_again_as_far_out_as_codes_reach():
    service = MadeService()
    answer = infogan.read(service, wire.pack_bytes(np.full(784, 0.2)), 5)
    np.testing.assert_allclose(service.pixels, 0.2)
    assert service.asked == (2, [0.5, -2.0], 5, 1)
    assert (answer["category"], answer["continuous"], answer["mean"]) == (2, [0.5, -2], [0.5, -3])
    assert set(unpacked(answer["image"])) == {5}
    with pytest.raises(BadInput, match="base64 of 784 bytes"):
        infogan.read(service, "????", 5)


def test_a_drawing_is_told_how_far_it_is_from_training():
    service = MadeService()
    answer = infogan.near(service, wire.pack_bytes(np.full(784, 0.2)))
    np.testing.assert_allclose(service.pixels, 0.2)
    assert answer == {"distance": 0.75, "limit": 0.5, "is_far": True}
    with pytest.raises(BadInput, match="base64 of 784 bytes"):
        infogan.near(service, "????")


def test_a_sheet_is_one_picture_row_by_row():
    answer = infogan.sheet(MadeService(), "first", 4, [0, 0], 7)
    levels = unpacked(answer["sheet"]).reshape(2 * 28, 9 * 28)
    np.testing.assert_array_equal(levels[14::28, 14::28], np.arange(18).reshape(2, 9))
    assert (answer["rows"], answer["columns"]) == (2, 9)
    assert answer["continuous"][17] == [0.1235, 0.1235]
    assert (answer["category"][0], answer["seed"][0], answer["read"][0]) == (4, 7, 3)
    json.dumps(answer)


def test_pages_get_pictures_as_they_are():
    functions = built(MadeService())["infogan_read"].functions
    start = functions["start"]({})
    assert set(unpacked(start["images"])) == {51}
    assert start["labels"] == [0, 1]
    others = functions["others"]({"category": 1, "continuous": [0, 0], "seed": 30})
    assert unpacked(others["images"])[::784].tolist() == [30, 31, 32, 33, 34]
    examples = infogan.examples(MadeService(), 3, 8)
    assert (examples["n"], len(unpacked(examples["images"]))) == (3, 3 * 784)
    assert set(unpacked(examples["images"])) == {8}
    assert unpacked(infogan.examples(MadeService(), 0, 8)["images"]).size == 0


def test_what_is_missing_is_a_notice():
    widgets = built(MadeService())
    assert {"infogan_codes", "infogan_sheet", "infogan_read", "infogan_matching"} <= set(widgets)
    assert "notice" not in widgets
    data = widgets["infogan_matching"].props["data"]
    assert data["counts"][0] == [0] * 9 + [1]
    assert data["errors"] == [2.125, 1.0, 7.0]
    assert widgets["infogan_codes"].props["data"]["meaning"] == list(range(10))[::-1]
    widgets = built(MadeService(missing=True))
    assert "notice" in widgets
    assert not [name for name in widgets if name.startswith("infogan")]


def test_figures_of_the_explanation_have_a_dash_for_what_is_not_there():
    figures = infogan.numbers(MadeService().about())
    assert (figures["n_parameters"], figures["pretrain_fraction"]) == ("12,345", "15")
    assert figures["warmup_fraction"] == "25"
    assert (figures["unsupervised_error"], figures["error_low"], figures["error_high"]) == (
        "2.12",
        "1.50",
        "2.75",
    )
    assert figures["errors"] == "2.12 (1.00–7.00)"
    assert figures["fids"] == "0.50"
    assert figures["fid_train_reference"] == figures["precision"] == "—"
    assert figures["paper_fid"] == "2.00 (1.00–3.00)"
    assert figures["paper_error"] == "17.00"
    assert (figures["game_error"], figures["game_fid"]) == ("40.00 (20.00–60.00)", "—")
    assert set(infogan.numbers(None).values()) == {"—"}


def test_the_explanation_has_a_row_for_each_training_of_the_ablation():
    variants = recipes.get("infogan-mnist").ablation
    assert tuple(variant.key for variant in variants) == infogan.VARIANTS
    assert {v.of("infogan-mnist").settings.images for v in variants} == {640_000}


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language):
    filled = text.markdown("infogan", language, **infogan.numbers(MadeService().about()))
    assert "12,345" in filled
    shown = [row.split(" | ")[-2:] for row in filled.splitlines() if "640,000" in row]
    assert shown == [["17.00", "2.00 (1.00–3.00) |"], ["40.00 (20.00–60.00)", "— |"]]
    assert not re.search(r"\{(n_|images|\w+_fraction|\w*error|\w*fid|precision|recall)", filled)
