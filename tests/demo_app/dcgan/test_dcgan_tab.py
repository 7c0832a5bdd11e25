"""The DCGAN tab with a made service: what it sends to the page, and what stands in for a model."""

from __future__ import annotations

import base64
import json
import re

import gradio as gr
import numpy as np
import pytest

from demo_app import text
from demo_app.errors import Unavailable
from demo_app.tabs import dcgan
from genzoo import recipes


class MadeService:
    """The z of a draw is 64 times its cell over 100 times the scale, a picture as gray as z[0]."""

    models = ("dcgan-mnist", "dcgan-fashion")

    def __init__(self, missing=()):
        self.absent = missing

    def missing(self, model):
        return Unavailable(f"{model} is gone.", f"make {model}") if model in self.absent else None

    def about(self, model):
        return {
            "data": model.removeprefix("dcgan-"),
            "n_parameters": 12345,
            "images_seen": 67890,
            "variants": {"paper": [30.0, 20.0, 25.5], "short": [1.5]},
            "figures": {"fid": 7.125, "recall": 88.25},
            "fids": [7.125, 8.5] if model == "dcgan-mnist" else [7.125],
            "gamma": 0.05,
            "r1_interval": 16,
            "n_searched": 8,
        }

    def known(self, model):
        return {
            "ends": np.array([[0, 1], [0, 2]]),
            "example": np.arange(18).reshape(3, 3, 2),
            "example_classes": np.array([4, 2]),
            "real_distances": np.float32([0.123456, 1]),
            "gains": np.float32([3, 1.504]),
        }

    def draws(self, model, places, scale=1.0):
        return np.array([[scale * cell / 100] * 64 for _, cell in places], np.float32)

    def generate(self, model, z):
        return np.full(784, z[0])

    def samples(self, model, n, seed, scale):
        z = self.draws(model, [[seed, cell] for cell in range(n)], scale)
        return {"z": z, "images": np.repeat(z[:, :1], 784, 1)}

    def interpolate(self, model, a, b, n, way):
        z = np.linspace(a, b, n) * (1 if way == "spherical" else 0.5)
        return {"z": z, "length": z[:, 0], "images": np.repeat(z[:, :1], 784, 1)}

    def between(self, model, a, b, t):
        image = np.full(784, (1 - t) * a[0] + t * b[0])
        return {
            "spherical": {"image": image, "length": 8.12345},
            "straight": {"image": image / 2, "length": 6.0},
        }

    def gif(self, model, a, b):
        return b"GIF89a" + bytes([round(100 * a[0]), round(100 * b[0])])

    def trip(self, model, at, seed, scale):
        z = np.repeat(np.float32(at)[:, None] * scale / 10, 64, 1)
        return {"z": z, "images": np.repeat(z[:, :1], 784, 1)}

    def arithmetic(self, model, a, b, c, noise, seed):
        z = np.stack([a.mean(0), b.mean(0), c.mean(0), a.mean(0) - b.mean(0) + c.mean(0)])
        return {"z": z, "images": np.repeat(z[:, :1], 784, 1), "around": np.full((9, 784), noise)}

    def sweep(self, model, z, u, v, a, b, seed):
        return {"z": z + a, "length": 2.0, "image": np.full(784, z[0] + b)}

    def sweep_sheet(self, model, z, u, v, reach, steps, seed):
        images = np.arange(steps**2)[:, None].repeat(784, 1) / 255
        return {"images": images.reshape(steps, steps, 784)}

    def neighbours(self, model, seed, cell):
        if seed > 7:
            return None
        return {
            "distances": np.float16([0.5, 1, 2]),
            "images": np.full((3, 784), cell, np.uint8),
            "labels": np.uint8([1, 2, 3]),
        }


MODEL = "dcgan-mnist"


def gray(packed):
    return np.frombuffer(base64.b64decode(packed), np.uint8)


def built(service):
    with gr.Blocks(analytics_enabled=False) as blocks:
        dcgan.build(service)
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


BELOW = ("dcgan_between", "dcgan_trip", "dcgan_sum", "dcgan_sweep")


def test_start_is_plain_numbers():
    answer = json.loads(json.dumps(dcgan.start(MadeService(), MODEL)))
    assert answer["ends"] == [[0, 1], [0, 2]]
    assert answer["example"][1] == [[6, 7], [8, 9], [10, 11]]
    assert answer["real_distances"] == [0.1235, 1.0]
    assert answer["gains"] == [3.0, 1.5]


def test_a_sheet_has_a_cell_after_the_other():
    answer = dcgan.samples(MadeService(), MODEL, 3, 0.5)
    sheet = gray(answer["sheet"]).reshape(224, 224)
    expected = 255 * 0.5 * np.arange(64) / 100
    np.testing.assert_allclose(sheet[14::28, 14::28].ravel(), expected, atol=0.51)
    assert answer["lengths"][10] == pytest.approx(0.05 * 8)
    one = dcgan.picture(MadeService(), MODEL, 3, 10, 0.5)
    assert set(gray(one["image"])) == {round(0.05 * 255)}
    assert one["length"] == pytest.approx(0.4)


def test_neighbours_are_sent_as_they_are_or_not_at_all():
    answer = dcgan.neighbours(MadeService(), MODEL, 7, 63)
    assert gray(answer["images"]).tolist() == [63] * 3 * 784
    assert (answer["distances"], answer["labels"]) == ([0.5, 1.0, 2.0], [1, 2, 3])
    assert dcgan.neighbours(MadeService(), MODEL, 8, 63) == {"found": False}


def test_ways_are_a_strip_each_and_a_place_of_both():
    service = MadeService()
    answer = dcgan.ways(service, MODEL, [0, 0], [4, 50], 1)
    spherical = gray(answer["spherical"]["strip"]).reshape(28, 308)[3, ::28]
    np.testing.assert_allclose(spherical, np.linspace(0, 127.5, 11), atol=0.51)
    assert gray(answer["straight"]["strip"]).max() == 64
    assert answer["spherical"]["lengths"][10] == pytest.approx(4)
    place = dcgan.between(service, MODEL, [0, 0], [4, 50], 1, 0.5)
    assert gray(place["spherical"]["image"])[0] == 64
    assert place["spherical"]["length"] == 8.123
    assert gray(place["straight"]["image"])[0] == 32
    film = dcgan.gif(service, MODEL, [0, 20], [4, 50], 1)
    assert base64.b64decode(film["gif"]) == b"GIF89a" + bytes([20, 50])


def test_the_trip_is_24_pictures_of_eight_stops():
    answer = dcgan.trip_stops(MadeService(), MODEL, 0, 1)
    strip = gray(answer["strip"]).reshape(56, 336)
    np.testing.assert_allclose(strip[0, ::28], 255 * np.arange(12) / 30, atol=0.51)
    np.testing.assert_allclose(strip[28, ::28], 255 * np.arange(12, 24) / 30, atol=0.51)
    assert gray(dcgan.trip_place(MadeService(), MODEL, 0, 1, 2.0)["image"])[0] == 51


def test_a_sum_is_of_the_means():
    answer = dcgan.add(MadeService(), MODEL, [[0, 60], [0, 80]], [[0, 20]], [[1, 10]], 1, 0.2, 5)
    assert gray(answer["images"])[::784].tolist() == [179, 51, 26, 153]
    assert set(gray(answer["around"])) == {51}
    assert answer["z"][3][0] == pytest.approx(0.6)
    few = dcgan.pictures_of(MadeService(), MODEL, [[0, 20], [7, 40]], 1)
    assert gray(few["images"])[::784].tolist() == [51, 102]
    assert dcgan.pictures_of(MadeService(), MODEL, [], 1) == {"images": ""}


def test_a_sweep_is_of_the_chosen_draw():
    answer = dcgan.sweep_place(MadeService(), MODEL, [3, 20], 1, 1, 2, 0.5, 0.2, 0)
    assert gray(answer["image"])[0] == round(255 * 0.4)
    assert answer["z"] == [pytest.approx(0.7)] * 64
    sheet = gray(dcgan.sweep_sheet(MadeService(), MODEL, [3, 20], 1, 1, 2, 0)["sheet"])
    np.testing.assert_array_equal(sheet.reshape(252, 252)[::28, ::28].ravel(), np.arange(81))


def test_the_page_may_ask_what_the_functions_take():
    widgets, _ = widgets_of(built(MadeService()))
    given = {"model": MODEL, "seed": 0, "cell": 3, "scale": 1}
    answer = widgets["dcgan_sheet"].functions["picture"](given)
    assert answer["ok"]
    answer = widgets["dcgan_sheet"].functions["picture"]({"model": MODEL})
    assert "The arguments must be: model, seed, cell, scale" in answer["error"]


def test_what_is_missing_is_a_notice_and_the_rest_goes_on():
    widgets, notices = widgets_of(built(MadeService()))
    assert notices == 0
    assert set(BELOW) < set(widgets)
    data = widgets["dcgan_sheet"].props["data"]
    assert [(one["model"], one["data"], one["fid"], one["reference"]) for one in data] == [
        ("dcgan-mnist", "mnist", 7.125, None),
        ("dcgan-fashion", "fashion", 7.125, None),
    ]

    widgets, notices = widgets_of(built(MadeService(["dcgan-mnist"])))
    assert notices == 1
    assert [one["model"] for one in widgets["dcgan_sheet"].props["data"]] == ["dcgan-fashion"]
    assert set(BELOW) < set(widgets)

    widgets, notices = widgets_of(built(MadeService(MadeService.models)))
    assert notices == 2
    assert not {"dcgan_sheet", *BELOW} & set(widgets)


@pytest.mark.parametrize("names", [[], ["dcgan-mnist"], list(MadeService.models)])
@pytest.mark.parametrize("language", text.LANGUAGES)
def test_every_figure_of_the_explanation_is_filled_in(language, names):
    figures = dcgan.numbers(MadeService(), names)
    filled = text.markdown("dcgan", language, **figures)
    assert filled.count("12,345") == len(names)
    assert filled.count("7.12 [7.12–8.50]") == ("dcgan-mnist" in names)
    assert filled.count("88.2") == len(names)
    assert ("16" in filled) if names else ("—" in filled)
    assert not re.search(r"\{[a-z_]+_(mnist|fashion)\}|\{r1_interval\}|\{gamma\}", filled)
    bought = [row.split("|")[-2].strip() for row in filled.splitlines() if "600,000" in row]
    measured = ["25.50 (20.00–30.00)", "—", "1.50"]
    assert bought == (measured if "dcgan-mnist" in names else ["—"] * 3)
    assert ("| 67,890 | 7.81 (7.12–8.50) |" in filled) == ("dcgan-mnist" in names)


def test_the_explanation_has_a_row_for_each_training_of_the_ablation():
    variants = recipes.get("dcgan-mnist").ablation
    assert tuple(variant.key for variant in variants) == dcgan.VARIANTS
    assert {variant.changes["images"] for variant in variants} == {600_000}
