"""The Pixels tab with a made service: what the page asks, and what programs may ask."""

from __future__ import annotations

import base64

import gradio as gr
import numpy as np
import pytest

from demo_app import widgets, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import pixels

X = np.arange(784) % 3 == 0
NAMES = {"independent": "a", "markov": "b", "ar-1": "c", "ar-28": "d", "ar-783": "e"}


class Made:
    """A service that answers with what it was asked."""

    whole = NAMES
    patch = ("independent", "markov", "joint")

    def missing(self, name):
        return None

    def count(self, n):
        return {"joint": 2**n - 1, "markov": 2 * n - 1, "independent": n}

    def sample_picture(self):
        return np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)

    def open(self, file):
        if file == b"no picture":
            raise BadInput("This file is not a picture.")
        return {"pixels": np.full((1, 2, 3), len(file), np.uint8), "notes": ["smaller"]}

    def fit(self, colors, count, seed):
        return {
            "counts": np.ones((3, 256), int),
            "channels": np.full((3, 256), -2.0),
            "colors": np.asarray(colors)[:1],
            "joint": np.array([-1.0]),
            "unseen": -21.0,
            "samples": {"joint": np.full((count, 3), seed, np.uint8)},
            "new": {"joint": 0.5},
            "average": {"joint": -1.0},
            "n_free": {"joint": 7},
        }

    def color(self, colors, color):
        return {"joint": -float(sum(color)), "channels": float(np.sum(colors)), "n_seen": 0}

    def digits(self):
        return np.stack([X, ~X]).astype(np.uint8), np.array([3, 8], np.uint8)

    def about(self, name):
        return {"n_free": 1234, "nll": None if name == "ar-1" else 5.5}

    def about_patch(self):
        return {name: {"n_free": 9, "nll": 1.25} for name in self.patch}

    def look(self, pixels, names):
        return {
            name: {"log_prob": -float(k), "probability": np.asarray(pixels) * 0.6}
            for k, name in enumerate(names)
        }

    def look_patch(self, pixels):
        return dict.fromkeys(self.patch, -2.0)

    def samples(self, name, count, seed):
        if seed == 13:
            raise ZeroDivisionError("a fault of ours")
        return np.tile(X, (count, 1)).astype(np.uint8)

    def patch_samples(self, name, count, seed):
        return np.ones((count, 16), np.uint8)


def built(service):
    with gr.Blocks() as blocks:
        pixels.build(service)
    return blocks


def widget_of(blocks, name):
    (widget,) = (b for b in blocks.blocks.values() if f"zoo-{name}" in (b.elem_classes or []))
    return widget


def kinds(blocks):
    return [b.elem_classes[1] for b in blocks.blocks.values() if isinstance(b, widgets.Widget)]


@pytest.fixture
def blocks():
    return built(Made())


@pytest.fixture
def color(blocks):
    return widget_of(blocks, "pixels_color")


@pytest.fixture
def models(blocks):
    return widget_of(blocks, "pixels_models")


def encoded(data):
    return base64.b64encode(bytes(data)).decode()


def test_the_built_in_picture_goes_to_the_page_as_bytes(color):
    answer = color.functions["sample"]({})
    assert answer["ok"]
    assert (answer["height"], answer["width"], answer["notes"]) == (2, 3, [])
    assert base64.b64decode(answer["pixels"]) == bytes(range(18))


def test_a_file_is_opened_by_the_service(color):
    answer = color.functions["open"]({"file": encoded(b"1234567")})
    assert base64.b64decode(answer["pixels"]) == bytes([7] * 6)
    assert answer["notes"] == ["smaller"]


def test_a_fit_is_of_the_pixels_that_were_sent(color):
    answer = color.functions["fit"]({"pixels": encoded([1, 2, 3, 4, 5, 6]), "seed": 9})
    assert answer["ok"]
    assert list(base64.b64decode(answer["colors"])) == [1, 2, 3]
    assert set(base64.b64decode(answer["samples"]["joint"])) == {9}
    assert len(base64.b64decode(answer["samples"]["joint"])) == 3 * pixels.COLORS
    assert np.frombuffer(base64.b64decode(answer["joint"]), "<f4").tolist() == [-1.0]


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("open", {"file": encoded(b"no picture")}, "not a picture"),
        ("open", {"file": "?"}, "The file must be valid base64"),
        ("open", {"file": None}, "must be text, not NoneType"),
        ("open", {}, "The arguments must be: file"),
        ("fit", {"pixels": encoded([1, 2]), "seed": 0}, "three bytes each; 2 bytes"),
        ("fit", {"pixels": "", "seed": 0}, "three bytes each; 0 bytes"),
        ("fit", {"pixels": 5, "seed": 0}, "must be text, not int"),
    ],
)
def test_bad_pictures_are_a_sentence(color, name, arguments, complaint):
    answer = color.functions[name](arguments)
    assert not answer["ok"]
    assert complaint in answer["error"]


def test_start_has_all_that_does_not_change(models):
    answer = models.functions["start"]({})
    assert answer["ok"]
    assert answer["labels"] == [3, 8]
    np.testing.assert_array_equal(wire.unpack_bits(answer["digits"], 2 * 784)[:784], X)
    assert answer["whole"]["ar-28"] == {"n_free": 1234, "nll": 5.5}
    assert answer["patch"]["joint"] == {"n_free": 9, "nll": 1.25}


def test_look_asks_every_model(models):
    answer = models.functions["look"]({"x": wire.pack_bits(X)})
    assert answer["log_prob"] == {name: -float(k) for k, name in enumerate(NAMES)}
    levels = np.frombuffer(base64.b64decode(answer["probability"]["ar-28"]), np.uint8)
    np.testing.assert_array_equal(levels, X * 153)
    assert answer["patch"]["joint"] == -2.0


def test_samples_are_of_whole_images_or_of_the_patch(models):
    whole = models.functions["samples"]({"kind": "whole", "model": "markov", "seed": 1})["images"]
    np.testing.assert_array_equal(wire.unpack_bits(whole, 16 * 784), np.tile(X, 16))
    patch = models.functions["samples"]({"kind": "patch", "model": "joint", "seed": 1})["images"]
    assert wire.unpack_bits(patch, 49 * 16).all()
    refused = models.functions["samples"]({"kind": "half", "model": "joint", "seed": 1})
    assert refused["error"] == "Samples are of: whole, patch; not 'half'."


def test_a_fault_of_ours_is_told_without_its_inside(models, caplog):
    answer = models.functions["samples"]({"kind": "whole", "model": "markov", "seed": 13})
    assert answer == {
        "ok": False,
        "error": "The server failed on this; its log says why.",
        "key": "errors.failed",
        "values": {},
    }
    assert "a fault of ours" in caplog.text


def test_programs_find_the_endpoints(blocks):
    named = blocks.get_api_info()["named_endpoints"]
    names = {"/pixels_count", "/pixels_color", "/pixels_colors", "/pixels_log_prob"}
    assert names | {"/pixels_sample"} <= set(named)


def test_a_missing_release_leaves_its_model_out_and_is_told_once():
    class Some(Made):
        def missing(self, name):
            if name in ("ar-1", "ar-28"):
                return Unavailable("It is gone.", "python -m genzoo train ar1-mnist")
            return None

        def about(self, name):
            assert name not in ("ar-1", "ar-28")
            return super().about(name)

    blocks = built(Some())
    assert kinds(blocks).count("zoo-notice") == 1
    start = widget_of(blocks, "pixels_models").functions["start"]({})
    assert list(start["whole"]) == ["independent", "markov", "ar-783"]


def test_without_any_release_the_first_two_parts_go_on():
    class Gone(Made):
        def missing(self, name):
            return Unavailable("It is gone.", "python -m genzoo train nade-mnist")

        def digits(self):
            raise Unavailable("It is gone.", "python -m genzoo train nade-mnist")

    shown = kinds(built(Gone()))
    assert shown == ["zoo-pixels_count", "zoo-pixels_color", "zoo-notice", "zoo-flow", "zoo-fold"]
