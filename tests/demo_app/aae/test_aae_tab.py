"""The AAE tab with a made service: what it sends to the page, and what stands in for a model."""

from __future__ import annotations

import base64
import json
import re

import gradio as gr
import numpy as np
import pytest

from demo_app import text
from demo_app.errors import Unavailable
from demo_app.tabs import aae


class MadeService:
    """A picture is gray by the first latent; the VAE's is black."""

    planes = ("aae-mnist", "aae-mnist-deterministic", "aae-mnist-ring", "aae-mnist-swiss-roll")
    vae = "vae-mnist-2d"
    pair = ("vae-mnist-8", "aae-mnist-8")

    def __init__(self, missing=()):
        self.absent = missing

    def missing(self, model):
        return Unavailable(f"{model} is gone.", f"make {model}") if model in self.absent else None

    def about(self, model):
        return {
            "n_parameters": 12345,
            "n_latent": 2,
            "prior": "swiss roll" if "roll" in model else "gaussian",
            "q": "deterministic" if "det" in model else "gaussian",
            "figures": {"fid": 21.125, "prior_p_value": 0.25},
            "fids": [21.125],
        }

    def plane(self, model):
        return {
            "codes": np.arange(12).reshape(2, 3, 2) / 10,
            "images_seen": np.array([0, 500]),
            "distance": np.array([1.0, 0.5]),
            "labels": np.array([3, 1, 2]),
            "digits": np.tile([[0] * 783 + [1]], (3, 1)),
            "log_q": np.full((2, 2), -1.5),
            "log_p": np.full((2, 2), -2.5),
            "peak": 0.5,
            "rare": 0.125,
            "extent": 3.5,
        }

    def codes_of(self, model):
        return "test"

    def way(self, model, n):
        return np.linspace([0, 1], [1, 0], n)

    def walk(self, model, n):
        return {"images": np.repeat(np.arange(n)[:, None] / 255, 784, 1)}

    def decode(self, model, z):
        return np.full(784, 1.0 if model == self.vae else z[0])

    def prior(self, model, n, seed):
        return np.full((n, 2), seed / 8)

    def samples(self, model, n, seed, scale):
        gray = scale if model == "aae-mnist-8" else 0.2
        return {"z": np.full((n, 8), seed), "images": np.full((n, 784), gray)}


def built(service):
    with gr.Blocks(analytics_enabled=False) as blocks:
        aae.build(service)
    return blocks


def widgets_of(blocks):
    """{name: widget} of those that are not there many times, and how many notices."""
    found = [
        block
        for block in blocks.blocks.values()
        if "zoo-widget" in (getattr(block, "elem_classes", None) or [])
    ]
    notices = [block for block in found if block.name == "notice"]
    return {block.name: block for block in found}, len(notices)


def test_start_packs_what_the_page_unpacks():
    answer = aae.start(MadeService(), "aae-mnist")
    codes = np.frombuffer(base64.b64decode(answer["codes"]), "<i2") / 1000
    np.testing.assert_allclose(codes, np.arange(12) / 10)
    assert np.frombuffer(base64.b64decode(answer["log_p"]), "<i2").tolist() == [-250] * 4
    assert np.frombuffer(base64.b64decode(answer["log_q"]), "<i2").tolist() == [-150] * 4
    way = np.frombuffer(base64.b64decode(answer["way"]), "<i2").reshape(-1, 2)
    assert way.shape == (241, 2)
    assert way[0].tolist() == [0, 1000]
    strip = np.frombuffer(base64.b64decode(answer["strip"]), np.uint8).reshape(28, 16 * 28)
    np.testing.assert_array_equal(strip[5, 14::28], np.arange(16))  # a cell after the other
    assert (answer["images_seen"], answer["distance"]) == ([0, 500], [1.0, 0.5])
    assert answer["labels"] == [3, 1, 2]
    json.dumps(answer)


def test_decode_answers_for_both_or_for_the_aae_alone():
    answer = aae.decode(MadeService(), "aae-mnist", [0.2, 0], "vae-mnist-2d")
    assert base64.b64decode(answer["image"]) == bytes([51] * 784)
    assert base64.b64decode(answer["vae"]) == bytes([255] * 784)
    assert aae.decode(MadeService(), "aae-mnist", [0.2, 0], None)["vae"] is None


def test_samples_are_a_sheet_of_each_in_the_pairs_order():
    answer = aae.samples(MadeService(), 3, 0.6)
    assert [base64.b64decode(s)[0] for s in answer["sheets"]] == [51, 153]
    assert [len(base64.b64decode(s)) for s in answer["sheets"]] == [36 * 784] * 2
    assert answer["z"][35] == [3.0] * 8


def test_what_is_missing_is_a_notice_and_the_rest_goes_on():
    widgets, notices = widgets_of(built(MadeService()))
    assert notices == 0
    assert widgets["aae_plane"].props["data"]["vae"] == "vae-mnist-2d"
    planes = widgets["aae_plane"].props["data"]["planes"]
    assert [(p["prior"], p["q"]) for p in planes] == [
        ("gaussian", "gaussian"),
        ("gaussian", "deterministic"),
        ("gaussian", "gaussian"),
        ("swiss_roll", "gaussian"),
    ]
    assert planes[0]["of"] == "test"
    assert planes[0]["figures"] == {
        "prior_distance": None,
        "prior_distance_reference": None,
        "prior_p_value": 0.25,
        "off_prior": None,
        "nll_bound": None,
    }

    widgets, notices = widgets_of(built(MadeService(["vae-mnist-2d", "aae-mnist-swiss-roll"])))
    assert notices == 2
    assert widgets["aae_plane"].props["data"]["vae"] is None
    assert len(widgets["aae_plane"].props["data"]["planes"]) == 3
    assert "aae_samples" in widgets

    widgets, notices = widgets_of(built(MadeService(["aae-mnist-8"])))
    assert notices == 1
    assert "aae_samples" not in widgets

    widgets, notices = widgets_of(built(MadeService(MadeService.planes)))
    assert notices == 4
    assert "aae_plane" not in widgets
    assert "aae_samples" in widgets


def test_figures_of_the_explanation_have_a_dash_for_what_is_not_there():
    figures = aae.numbers(MadeService(), ["aae-mnist", "aae-mnist-8"])
    assert figures["n_parameters_aae"] == figures["n_parameters_aae_8"] == "12,345"
    assert figures["fid_aae"] == "21.12"
    assert figures["prior_p_value_aae_8"] == "0.250"
    assert figures["reconstruction_aae"] == figures["n_parameters_aae_ring"] == "—"
    assert figures["n_parameters_vae_8"] == "—"


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language):
    service = MadeService()
    figures = aae.numbers(service, [*service.planes, *service.pair])
    filled = text.markdown("aae", language, **figures)
    assert filled.count("12,345") == filled.count("21.12") == 6
    assert not re.search(
        r"\{(n_parameters|fid|reconstruction|nll_bound|off_prior|prior_\w+)_[av]ae", filled
    )
