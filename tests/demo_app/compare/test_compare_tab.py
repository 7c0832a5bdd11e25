"""The Compare tab with a made service: what it sends to the page, and what it offers programs."""

from __future__ import annotations

import base64
import json

import gradio as gr
import numpy as np
import pytest

from demo_app.tabs import compare


class MadeService:
    """A picture is as gray as its number."""

    data = ("mnist", "avatars")
    all = ("mnist", "fashion", "avatars")

    def about(self, data):
        return {"data": data, "shape": [1, 28, 28] if data == "mnist" else [3, 64, 64]}

    def models(self, data):
        figures = {"fid": 3.0, "seconds_64": 0.01, "near_copies": 0.5}
        name, believes = ("nade-mnist", True) if data == "mnist" else ("dcgan-avatars", False)
        known = {"name": name, "kind": "implicit", "figures": figures, "before": False}
        return [{**known, "believes": believes}]

    def sheet(self, model, seed):
        """In color its number is the red, one more the green, two more the blue."""
        cell = np.arange(64)[:, None]
        if model != "color":
            images, shape = np.repeat(cell, 784, axis=1), [1, 28, 28]
        else:
            images, shape = np.repeat(cell + np.arange(3), 64 * 64, axis=1), [3, 64, 64]
        return {"images": images / 255, "shape": shape, "seed": seed, "seconds": 0.123456}

    def look(self, model, cell, seed):
        image = np.full(784, cell / 255)
        return {"image": image, "nearest": 1 - image, "label": 4, "distance": 1.23456}

    def believed(self, model, cell, seed):
        return {"nade-mnist": -84.5}

    def matrix(self, data):
        one = np.array([[-84.128]])
        return {
            "rows": ["nade-mnist"],
            "columns": ["gan-mnist"],
            "mean": one,
            "deviation": one,
            "real": one[0],
        }


@pytest.fixture
def blocks():
    with gr.Blocks() as blocks:
        compare.build(MadeService())
        compare.build_figures(MadeService())
    return blocks


def widgets_of(blocks):
    return {b.name: b for b in blocks.blocks.values() if hasattr(b, "functions")}


def pixels(text):
    return np.frombuffer(base64.b64decode(text), np.uint8)


def test_the_page_knows_each_model_and_its_figures_before_it_asks(blocks):
    data, faces = widgets_of(blocks)["compare_sheets"].props["data"]
    assert (data["data"], faces["data"]) == ("mnist", "avatars")
    assert (data["shape"], faces["shape"]) == ([1, 28, 28], [3, 64, 64])
    [model] = data["models"]
    assert model["figures"] == {"fid": 3.0, "seconds_64": 0.01}
    json.dumps([data, faces])


def test_a_matrix_is_asked_for_only_where_a_model_can_say_how_likely_a_picture_is(blocks):
    told = {"data": ["mnist", "avatars"], "believed": ["mnist"]}
    assert widgets_of(blocks)["compare_matrix"].props["data"] == told
    plot = widgets_of(blocks)["compare_plot"].props["data"]
    assert plot == widgets_of(blocks)["compare_sheets"].props["data"]


def test_a_sheet_is_one_picture_of_eight_by_eight(blocks):
    answer = widgets_of(blocks)["compare_sheets"].functions["sheet"]({"model": "m", "seed": 5})
    assert answer["ok"]
    assert (answer["seed"], answer["seconds"]) == (5, 0.1235)
    sheet = pixels(answer["images"]).reshape(8, 28, 8, 28)
    for cell in (0, 9, 63):
        assert (sheet[cell // 8, :, cell % 8] == cell).all()


def test_a_sheet_in_color_is_told_channel_by_channel(blocks):
    answer = widgets_of(blocks)["compare_sheets"].functions["sheet"]({"model": "color", "seed": 0})
    assert set(answer) == {"ok", "images", "seed", "seconds", "ms"}
    sheet = pixels(answer["images"]).reshape(3, 8, 64, 8, 64)
    for cell in (0, 9, 63):
        for channel in range(3):
            assert (sheet[channel, cell // 8, :, cell % 8] == cell + channel).all()


def test_a_picture_its_neighbor_and_what_is_believed(blocks):
    functions = widgets_of(blocks)["compare_sheets"].functions
    given = {"model": "m", "cell": 7, "seed": 0}
    answer = functions["look"](given)
    assert (pixels(answer["image"]) == 7).all()
    assert (pixels(answer["nearest"]) == 248).all()
    assert (answer["label"], answer["distance"]) == (4, 1.235)
    assert functions["believed"](given)["log_p"] == {"nade-mnist": -84.5}
    refused = functions["look"]({"model": "m"})
    assert not refused["ok"]
    assert "model, cell, seed" in refused["error"]


def test_the_matrix_is_rounded_and_json(blocks):
    answer = widgets_of(blocks)["compare_matrix"].functions["matrix"]({"data": "mnist"})
    assert answer["mean"] == [[-84.13]]
    assert answer["real"] == [-84.13]
    json.dumps(answer)


def test_the_endpoints_are_there(blocks):
    names = {f.api_name for f in blocks.fns.values()}
    of = ("models", "sheet", "nearest", "log_prob", "matrix")
    assert {f"compare_{name}" for name in of} <= names


def test_with_nothing_to_compare_a_notice_says_so():
    class Empty(MadeService):
        data = ()

    with gr.Blocks() as blocks:
        compare.build(Empty())
    [notice] = widgets_of(blocks).values()
    assert "python -m genzoo train gan-mnist" in notice.props["data"]["sentence"]
