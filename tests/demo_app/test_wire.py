"""Arrays as text: what is packed comes back, and what is not packed is refused."""

from __future__ import annotations

import base64
import json

import numpy as np
import orjson
import pytest

from demo_app import wire
from demo_app.errors import BadInput


@pytest.mark.parametrize("n", [1, 7, 8, 784])
def test_bits_come_back(n):
    x = np.random.default_rng(n).integers(0, 2, n)
    np.testing.assert_array_equal(wire.unpack_bits(wire.pack_bits(x), n), x)


def test_the_first_bit_is_the_highest_of_the_first_byte():
    assert base64.b64decode(wire.pack_bits(np.array([1, 0, 0, 0, 0, 0, 0, 0, 1]))) == b"\x80\x80"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "must be text, not NoneType"),
        ([1, 0], "must be text, not list"),
        ("?!", "must be valid base64"),
        ("é", "must be valid base64"),
        ("AAAA", "3 bytes long; expected base64 of 98 bytes"),
        ("", "0 bytes long"),
    ],
)
def test_what_is_not_packed_bits_is_refused(text, complaint):
    with pytest.raises(BadInput, match=complaint):
        wire.unpack_bits(text, 784)


def test_integers_are_rounded_and_clipped():
    text = wire.pack_int16(np.array([[0.0, 1.2344], [-1.2346, 1e6], [-1e6, -0.0004]]), 1000)
    back = np.frombuffer(base64.b64decode(text), "<i2")
    assert back.tolist() == [0, 1234, -1235, 32767, -32767, 0]


def test_floats_come_back():
    x = np.array([[0.1, -3e8], [np.pi, 0]], np.float32)
    back = np.frombuffer(base64.b64decode(wire.pack_float32(x)), "<f4")
    np.testing.assert_array_equal(back, x.ravel())


def test_bytes_are_levels():
    back = np.frombuffer(base64.b64decode(wire.pack_bytes(np.array([0, 0.5, 1, 2, -1]))), np.uint8)
    assert back.tolist() == [0, 128, 255, 255, 0]


def test_lists_of_numbers_go_through_as_one_text_and_come_back_as_they_were():
    answer = {
        "images": [[0.1, -2.5e-7], [1.0, 3.0]],
        "n": [1, 2],
        "none": [],
        "deeper": {"x": [[[1.5]]]},
        "text": 'a "quoted" [1, 2]',
        "names": ["a", "b"],
        "mixed": [{"x": [1]}, None],
        "ragged": [[1], 2],
        "nan": [float("nan")],
        "value": 2.5,
    }
    sent = wire.as_text(answer)
    for key in ("images", "n", "none"):
        assert isinstance(sent[key], str)
    assert isinstance(sent["deeper"]["x"], str)
    for key in ("text", "names", "mixed", "ragged", "value"):
        assert sent[key] == answer[key]
    assert sent["nan"] is answer["nan"]
    for dumped in (json.dumps([sent]).encode(), orjson.dumps([sent], default=str)):
        came = json.loads(wire.as_lists(dumped))[0]
        assert {**came, "nan": 0} == {**answer, "nan": 0}


@pytest.mark.parametrize(
    "x",
    [
        np.float32([[0.1, -2.5e-7], [1, 3]]),
        np.float64([[[0.1]]]),
        np.arange(3),
        np.uint8([[255]]),
        np.zeros((2, 0), np.float32),
        np.float32(np.arange(12)).reshape(3, 4).T,
    ],
)
def test_arrays_become_lists_of_their_own_numbers(x):
    sent = wire.as_text({"x": x})
    assert isinstance(sent["x"], str)
    came = json.loads(wire.as_lists(orjson.dumps(sent)))["x"]
    np.testing.assert_array_equal(np.asarray(came, x.dtype).reshape(x.shape), x)
    assert np.shape(came) == x.shape


@pytest.mark.parametrize(
    "x", [np.array([1.0, np.nan]), np.array([True]), np.array(["[1]"]), np.array(2.5)]
)
def test_what_is_no_list_of_finite_numbers_stays_as_it_is(x):
    assert str(wire.as_text(x)) == str(x.tolist())


def test_only_what_was_a_list_becomes_one():
    body = json.dumps({"text": '"[1, 2]"', "answer": wire.as_text([1, 2])}).encode()
    assert json.loads(wire.as_lists(body)) == {"text": '"[1, 2]"', "answer": [1, 2]}
