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

from demo_app import text, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.services.vae import VAEService
from demo_app.tabs import vae


class MadeService:
    """Two latents everywhere; a picture is gray by the first of them."""

    planes = ("vae-mnist-2d-beta01", "vae-mnist-2d", "vae-mnist-2d-beta4")
    models = ("vae-mnist-beta025", "vae-mnist", "vae-mnist-beta4", "iwae-mnist", "vae-fashion")
    variants = (
        *("vae-mnist-2d-beta01", "vae-mnist-2d-beta4"),
        *("vae-mnist-beta025", "vae-mnist-beta4", "iwae-mnist"),
    )

    def __init__(self, missing=()):
        self.absent = missing
        self.seen = []

    def missing(self, model):
        return Unavailable(f"{model} is gone.", f"make {model}") if model in self.absent else None

    def about(self, model):
        return {
            "n_parameters": 12345,
            "images_seen": 6000,
            "data": "fashion" if model == "vae-fashion" else "mnist",
            "beta": 4.0 if model.endswith("-beta4") else 1.0,
            "k": 5 if model == "iwae-mnist" else 1,
            "n_latent": 2,
            "binary": model != "vae-fashion",
            "figures": {"nll_bound": 84.125, "kl": 25.0},
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

    def combine(self, model, a, b, c, strength, means):
        self.seen.append((a, b, c, strength, means))
        return {
            "z": np.float32([0.123456, 2.0]),
            "images": np.repeat([0.0, 0.2, 0.4, 1.0], 784).reshape(4, 784),
            "nearest": 7,
            "distance": 1.5,
            "typical": 1.0,
        }


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
        ("!", "must be valid base64"),
        (packed([0] * 783), "783 bytes long; expected base64 of 784"),
    ],
)
def test_pixels_that_are_none_are_refused(pixels, sentence):
    with pytest.raises(BadInput, match=sentence):
        wire.unpack_bytes(pixels, 784)


def test_a_sum_takes_an_image_or_an_index_and_sends_four_pictures():
    service = MadeService()
    answer = vae.combine(service, "vae-mnist", packed([51] * 784), 4, 8, 0.5, True)
    a, *rest = service.seen[0]
    np.testing.assert_allclose(a, 0.2)
    assert rest == [4, 8, 0.5, True]
    assert base64.b64decode(answer["images"])[::784] == bytes([0, 51, 102, 255])
    assert answer["z"] == [0.1235, 2.0]
    json.dumps(answer)
    vae.combine(service, "vae-mnist", 3, 4, 8, 1, False)
    assert service.seen[1] == (3, 4, 8, 1, False)


def test_models_are_compared_by_what_was_measured():
    compared = vae.compare(MadeService(), "vae-mnist-beta4")
    assert compared == {
        "name": "vae-mnist-beta4",
        "data": "mnist",
        "beta": 4.0,
        "k": 1,
        "n_latent": 2,
        "images_seen": 6000,
        "reconstruction": None,
        "kl": 25.0,
        "active_latents": None,
        "nll_bound": 84.125,
        "fid": None,
    }


def test_objectives_that_are_not_released_are_not_offered():
    service = MadeService(missing=["vae-mnist-beta025", "iwae-mnist"])
    blocks = built(service)
    assert "zoo-notice" not in names_of_widgets(blocks)
    [data] = [
        block.props["data"]
        for block in blocks.blocks.values()
        if "zoo-vae_code" in (getattr(block, "elem_classes", None) or [])
    ]
    names = [model["name"] for model in data["models"]]
    assert names == ["vae-mnist", "vae-mnist-beta4", "vae-fashion"]


def test_what_is_missing_is_a_notice_and_the_rest_goes_on():
    widgets = names_of_widgets(built(MadeService(missing=MadeService.planes)))
    assert widgets[:4] == ["zoo-notice", "zoo-vae_code", "zoo-vae_walk", "zoo-vae_sum"]
    service = MadeService(missing=MadeService.models)
    widgets = names_of_widgets(built(service))
    assert "zoo-vae_code" not in widgets
    assert widgets.count("zoo-notice") == 2


def test_only_planes_that_are_there_are_offered():
    def offered(**given):
        blocks = built(MadeService(**given))
        [data] = [
            block.props["data"]
            for block in blocks.blocks.values()
            if "zoo-vae_map" in (getattr(block, "elem_classes", None) or [])
        ]
        planes = [(plane["model"], plane["beta"]) for plane in data["planes"]]
        return planes, names_of_widgets(blocks).count("zoo-notice")

    low, one, high = ("vae-mnist-2d-beta01", 1), ("vae-mnist-2d", 1), ("vae-mnist-2d-beta4", 4)
    assert offered() == ([low, one, high], 0)
    assert offered(missing=["vae-mnist-2d-beta01"]) == ([one, high], 0)
    assert offered(missing=["vae-mnist-2d"]) == ([low, high], 1)


def test_figures_of_the_explanation_have_a_dash_for_a_missing_model():
    figures = vae.numbers(MadeService(), ["vae-mnist"])
    assert figures["n_parameters_mnist"] == "12,345"
    assert figures["nll_bound_mnist"] == "84.12"
    assert figures["nll_bound_fashion"] == figures["n_parameters_mnist_2d"] == "—"


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language):
    service = MadeService()
    service.planes, service.models = VAEService.planes, VAEService.models
    figures = vae.numbers(service, ["vae-mnist", "vae-fashion", "vae-mnist-2d"])
    filled = text.markdown("vae", language, **figures)
    assert filled.count("12,345") == 3
    assert not re.search(r"\{(n_|nll_|bits_)", filled)
