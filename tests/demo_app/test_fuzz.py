"""Whatever is sent to any function or endpoint, the answer is what it should be or a sentence.

The arguments are made up from the signatures: right ones, nearly right ones, and anything else.
ZOO_FUZZ=1000 in the environment tries so many of each function instead of a few.
"""

from __future__ import annotations

import base64
import inspect
import io
import json
import logging
import os
import time

import gradio as gr
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from demo_app import live, shell
from demo_app.store import Store
from demo_app.work import Left, Visitor, working
from genzoo import releases

EXAMPLES = int(os.environ.get("ZOO_FUZZ", "4"))
"""Of each function and of each endpoint."""

SECONDS = 0.05 if EXAMPLES < 100 else 1.0
"""Of work, after which a call is left, as a page that has closed leaves it."""

NUMBERS = [0, 1, -1, 2, 7, 15, 63, 783, 784, 2**31 - 1, 2**31, 2147483648.0, 2**63, 2**64]
NUMBERS += [10**309, -(10**309), 0.5, -0.0, 1e-308, 1e308, 2.0, 27.0, float("inf"), float("nan")]
WORDS = ["", "x", "٣", "0" * 9, "\ud800", "constructor", "__proto__", "None", "random", "ring"]
WORDS += ["both", "spherical", "en", "mnist", "binary", "whole", "patch", "markov", "joint"]
WORDS += ["a face with red hair, glasses", "얼굴: 안경", "AAAA", "=", "../../etc/passwd"]


def _bits(n):
    return base64.b64encode(bytes(n)).decode()


def _png():
    file = io.BytesIO()
    Image.new("RGB", (20, 10), (200, 30, 40)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


TEXTS = [_bits(98), _bits(784), _bits(12288), _bits(3 * 64), _png()]
"""As the page packs images of digits and of faces, and a file."""

FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}

one = st.one_of(
    st.sampled_from(NUMBERS),
    st.sampled_from([*WORDS, *TEXTS, *releases.names()]),
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=20),
)
lists = st.one_of(
    st.lists(one, max_size=4),
    st.lists(st.lists(st.integers(0, 70), max_size=3), max_size=3),
    st.sampled_from([2, 10, 32, 62, 64, 784, 4096, 12288]).map(lambda n: [0] * n),
    st.sampled_from([2, 62, 784]).map(lambda n: [10**309] * n),
)
value = st.one_of(
    one,
    lists,
    st.dictionaries(
        st.sampled_from([*WORDS, "seed", "self", "lr", "loss", "hair"]), one, max_size=3
    ),
    st.just(FILE),
)
LIKELY = {
    **dict.fromkeys(("seed", "cell", "k", "i", "known", "pixel"), st.integers(0, 63)),
    **dict.fromkeys(("n", "count", "rows", "steps", "level"), st.sampled_from([1, 2, 3, 2.0])),
    "model": st.sampled_from(releases.names()),
    **dict.fromkeys(("x", "hole", "pixels", "image"), st.one_of(st.sampled_from(TEXTS), lists)),
    "file": st.sampled_from([*TEXTS, "٣", ""]),
}


def arguments(signature):
    """Named arguments: of a signature, some left out and some more at times."""
    names = list(signature.parameters)

    def of(name):
        # Mostly what it may be, or the first check would refuse all.
        return st.one_of(LIKELY[name], LIKELY[name], value) if name in LIKELY else value

    whole = st.fixed_dictionaries({name: of(name) for name in names})
    fewer = st.fixed_dictionaries({}, optional={name: of(name) for name in [*names, "other"]})
    return st.one_of(whole, whole, whole, fewer, value)


@pytest.fixture(scope="module")
def app():
    """The whole app, with the releases that are there."""
    return shell.build(store=Store())


def tried(call, given_arguments, name):
    """call(arguments), some times, in a fixed order."""

    @seed(0)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < 100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(given_arguments)
    def run(arguments):
        end = time.thread_time() + SECONDS
        with working(Visitor(page="fuzz"), lambda: time.thread_time() < end):
            call(arguments)

    try:
        run()
    except Exception as error:
        error.add_note(f"of {name}")
        raise


def test_every_live_function_answers_anything_in_a_sentence(app, caplog):
    n_ok = 0

    def call(function):
        def one(data):
            nonlocal n_ok
            caplog.clear()
            try:
                answer = function(data)
            except Left:
                n_ok += 1
                return
            assert not [r for r in caplog.records if r.levelno >= logging.ERROR], (
                data,
                caplog.text,
            )
            json.dumps(answer, allow_nan=False)
            assert answer["ok"] or len(answer["error"].split()) > 3, answer
            n_ok += answer["ok"]

        return one

    functions = app.functions()
    assert len(functions) > 60
    for name, function in functions.items():
        tried(call(function), arguments(function.signature), name)
    # Enough of what is made up gets as far as the models.
    assert n_ok > len(functions) / 4


def test_every_endpoint_answers_anything_in_a_sentence(app, caplog):
    def call(function, signature):
        def one(given):
            data = given if isinstance(given, dict) else {}
            try:
                bound = signature.bind(**data)
            except TypeError:
                return  # the gate refuses it, see test_gate.py
            told = ""
            try:
                json.dumps(function(*bound.args, **bound.kwargs))
            except gr.Error as error:
                told = str(error)
            assert "The server failed" not in told, (data, caplog.text)

        return one

    endpoints = {fn.api_name: fn.fn for fn in app.fns.values()}
    assert len(endpoints) > 50
    for name, function in endpoints.items():
        signature = inspect.signature(function)
        tried(call(function, signature), arguments(signature), name)


@pytest.mark.parametrize("text", ["[]", "{}", "[1,2,3]", '["a.b",1,{}]', '[1,"nade.look"', "NaN"])
def test_messages_of_other_forms_are_refused(app, text):
    with pytest.raises(ValueError, match="A message must be"):
        live._read(text, app.functions())
