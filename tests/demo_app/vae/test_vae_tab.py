"""The VAE tab with a made service: what it sends to the page, and what stands in for a model."""

from __future__ import annotations

import base64
import io
import json
import re

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from demo_app import text
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import vae

MAPPED = {"vae-mnist-2d": 1.0, "vae-mnist-2d-beta01": 0.1, "vae-mnist-2d-beta4": 4.0}


class MadeService:
    """Two latents everywhere; a picture is gray by the first of them."""

    planes = MAPPED
    models = ("vae-mnist", "vae-fashion")

    def __init__(self, missing=()):
        self.absent = missing
        self.seen = []

    def missing(self, model):
        return Unavailable(f"{model} is gone.", f"make {model}") if model in self.absent else None

    def about(self, model):
        return {
            "n_parameters": 12345,
            "n_latent": 2,
            "binary": model != "vae-fashion",
            "figures": {"nll_bound": 84.125},
        }

    def images(self, model):
        levels = [0, 255] if model == "vae-mnist" else [7, 200]
        return np.repeat(np.uint8(levels), 784).reshape(2, 784), np.uint8([0, 1])

    def latents(self, model):
        order, kl = np.array([1, 0]), np.array([0.5, 1.5])
        return {"order": order, "kl": kl, "n_active": 2, "reconstruction": -80.0}

    def decode(self, model, z, pixels=None):
        self.seen.append(pixels)
        likelihood = None if pixels is None else float(np.sum(pixels))
        return {"image": np.full(784, z[0]), "log_likelihood": likelihood}

    def traverse(self, model, z, rows, steps):
        images = np.arange(rows * steps).reshape(rows, steps, 1) / 10 * np.ones(784)
        return {"latents": np.arange(rows), "values": np.linspace(-3, 3, steps), "images": images}


def packed(levels) -> str:
    return base64.b64encode(bytes(levels)).decode()


def built(service):
    with gr.Blocks(analytics_enabled=False) as blocks:
        vae.build(service)
    return blocks


def names_of_widgets(blocks):
    return [
        next(c for c in block.elem_classes if c.startswith("zoo-") and c != "zoo-widget")
        for block in blocks.blocks.values()
        if "zoo-widget" in (getattr(block, "elem_classes", None) or [])
    ]


def test_pixels_go_to_the_service_as_numbers():
    service = MadeService()
    answer = vae.decode(service, "vae-mnist", [0.2, 0.0], packed([255, 51] + [0] * 782))
    np.testing.assert_allclose(service.seen[0][:3], [1, 0.2, 0])
    assert answer["log_likelihood"] == pytest.approx(1.2)
    assert base64.b64decode(answer["image"]) == bytes([51] * 784)


def test_start_sends_bits_of_binary_images_and_bytes_of_gray_ones():
    digits = base64.b64decode(vae.start(MadeService(), "vae-mnist")["images"])
    assert digits == bytes([0] * 98 + [255] * 98)
    clothes = base64.b64decode(vae.start(MadeService(), "vae-fashion")["images"])
    assert clothes == bytes([7] * 784 + [200] * 784)


def test_traversal_is_one_picture_with_a_row_for_each_latent():
    answer = vae.traverse(MadeService(), "vae-mnist", [0, 0], 2, 5)
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(answer["sheet"]))))
    assert sheet.shape == (56, 140)
    np.testing.assert_array_equal(
        sheet[14::28, 14::28], np.rint(np.arange(10) * 25.5).reshape(2, 5)
    )
    json.dumps(answer)


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (None, "must be text, not NoneType"),
        ("!", "not valid base64"),
        (packed([0] * 783), "783 bytes long; expected base64 of 784"),
    ],
)
def test_pixels_that_are_none_are_refused(pixels, sentence):
    with pytest.raises(BadInput, match=sentence):
        vae.levels(pixels)


def test_what_is_missing_is_a_notice_and_the_rest_goes_on():
    widgets = names_of_widgets(built(MadeService(missing=MAPPED)))
    assert widgets[:5] == [*["zoo-notice"] * 3, "zoo-vae_code", "zoo-vae_walk"]
    service = MadeService(missing=["vae-mnist", "vae-fashion"])
    widgets = names_of_widgets(built(service))
    assert "zoo-vae_code" not in widgets
    assert widgets.count("zoo-notice") == 2


def test_only_planes_that_are_there_are_offered_by_rising_beta():
    def offered(**given):
        blocks = built(MadeService(**given)).blocks.values()
        (widget,) = [b for b in blocks if "zoo-vae_map" in (getattr(b, "elem_classes", []) or [])]
        return [(plane["model"], plane["beta"]) for plane in widget.props["data"]["planes"]]

    low, one, high = ("vae-mnist-2d-beta01", 0.1), ("vae-mnist-2d", 1.0), ("vae-mnist-2d-beta4", 4)
    assert offered() == [low, one, high]
    assert offered(missing=["vae-mnist-2d"]) == [low, high]


def test_figures_of_the_explanation_have_a_dash_for_a_missing_model():
    figures = vae.figures(MadeService(), ["vae-mnist"])
    assert figures["n_mnist"] == "12,345"
    assert figures["bound_mnist"] == "84.12"
    assert figures["bound_fashion"] == figures["n_mnist_2d"] == "—"


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language):
    figures = vae.figures(MadeService(), ["vae-mnist", "vae-fashion", "vae-mnist-2d"])
    filled = text.markdown("vae", language, **figures)
    assert filled.count("12,345") == 3
    assert not re.search(r"\{(n|bound|bits)_", filled)
