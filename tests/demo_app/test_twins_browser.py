"""What the page computes by itself: the same answers as the server's, in the same form; and where
it cannot, the server's."""

from __future__ import annotations

import base64
import json
import math
import time
import urllib.request
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from demo_app.widgets import files
from tests.demo_app.page import EN, asked, open_tab, pause

pytestmark = pytest.mark.browser

TABS = ["nade", "vae", "aae", "gan", "dcgan", "infogan"]

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"

IMAGE = base64.b64encode(bytes(255 * (i % 5 == 0) for i in range(784))).decode()
GRAY = base64.b64encode(bytes(i % 256 for i in range(784))).decode()
INK = base64.b64encode(bytes([255] * 784)).decode()
BITS = base64.b64encode(np.packbits([i % 7 == 0 for i in range(784)]).tobytes()).decode()
HOLE = base64.b64encode(np.packbits([200 < i < 480 for i in range(784)]).tobytes()).decode()
Z32 = [math.sin(k) for k in range(32)]

ARGUMENTS = {
    "aae_plane.decode": [
        {"model": "aae-mnist", "z": [0.5, -1]},
        {"model": "aae-mnist-ring", "z": [2, 0.1]},
        {"model": "aae-mnist-swiss-roll", "z": [-2, 6]},
        {"model": "aae-mnist-deterministic", "z": [0, 0]},
    ],
    "aae_samples.samples": [{"seed": 1, "scale": 1}, {"seed": 2**31 - 1, "scale": 0.35}],
    "vae_code.decode": [
        {"model": "vae-mnist", "z": Z32, "x": IMAGE},
        {"model": "iwae-mnist", "z": Z32},
        {"model": "vae-fashion", "z": Z32, "x": GRAY},
    ],
    "vae_code.encode": [
        {"model": "vae-mnist", "x": IMAGE},
        {"model": "vae-mnist-beta4", "x": IMAGE},
        {"model": "vae-fashion-beta16", "x": GRAY},
    ],
    "infogan_codes.generate": [
        {"category": 0, "continuous": [0, 0], "seed": 0},
        {"category": 9, "continuous": [-2, 1.5], "seed": 2**31 - 1},
    ],
    "infogan_codes.categories": [{"continuous": [0.3, -0.7], "seed": 7}],
    "infogan_sheet.sheet": [
        {"kind": "category", "category": 0, "continuous": [0.5, -1], "seed": 2**31 - 3},
        {"kind": "first", "category": 0, "continuous": [0.5, -1], "seed": 1},
        {"kind": "second", "category": 3, "continuous": [0.5, -1], "seed": 1},
        {"kind": "both", "category": 7, "continuous": [0, 0], "seed": 5},
    ],
    "infogan_read.read": [
        {"x": GRAY, "seed": 1},
        {"x": INK, "seed": 2**31 - 1},  # whose code is beyond the limit
    ],
    "infogan_read.others": [{"category": 4, "continuous": [2, -2], "seed": 2**31 - 2}],
    "dcgan_between.between": [
        {"model": "dcgan-mnist", "a": [0, 0], "b": [1, 63], "scale": 1, "t": 0.3},
        {"model": "dcgan-fashion", "a": [5, 9], "b": [5, 9], "scale": 0.7, "t": 1},
        {"model": "dcgan-mnist", "a": [0, 0], "b": [1, 63], "scale": 0, "t": 0.5},
    ],
    "dcgan_trip.place": [
        {"model": "dcgan-mnist", "seed": 3, "scale": 1, "at": 0},
        {"model": "dcgan-fashion", "seed": 3, "scale": 1.5, "at": 7.6},
    ],
    "dcgan_sweep.place": [
        {
            **{"model": "dcgan-mnist", "draw": [2, 17], "scale": 1, "seed": 4},
            **{"u": u, "v": v, "a": 1.5, "b": -6},
        }
        for u, v in ((1, 2), (0, 3), (0, 0), (8, 0))
    ],
    "gan_digits.samples": [{"seed": 0}, {"seed": 123456789}],
    "nade.look": [
        {"x": BITS},
        {"x": base64.b64encode(bytes(98)).decode()},
        {"x": BITS, "i": 571, "among": "ink"},
        {"x": BITS, "i": 571, "among": "all"},
        {"x": BITS, "i": 0, "among": "all"},
        {"x": base64.b64encode(bytes(98)).decode(), "i": 783},
    ],
    "orderless.look": [{"x": BITS, "hole": HOLE}, {"x": BITS, "hole": BITS}],
    "vae_map.decode": [
        {"model": "vae-mnist-2d", "z": [0, 0]},
        {"model": "vae-mnist-2d", "z": [-1.1, 0.6]},
        {"model": "vae-mnist-2d-beta01", "z": [6, -6]},
        {"model": "vae-mnist-2d-beta4", "z": [0.25, -1.75], "x": None},
    ],
}
"""What each twin and the server are asked."""

LEFT_TO_SERVER = {
    "aae_plane.decode": [{"model": "aae-mnist", "z": [0, -7]}, {"model": "aae-mnist"}],
    "aae_samples.samples": [
        {"seed": 1, "scale": 1.6},
        {"seed": -1, "scale": 1},
        {"seed": 1, "scale": None},
    ],
    "vae_code.decode": [
        {"model": "vae-mnist", "z": Z32, "x": GRAY},  # no binary image
        {"model": "vae-mnist", "z": Z32[1:], "x": IMAGE},
        {"model": "vae-mnist", "z": Z32, "x": "?"},
    ],
    "vae_code.encode": [{"model": "vae-mnist", "x": IMAGE[8:]}, {"model": "vae", "x": IMAGE}],
    "infogan_codes.generate": [
        {"category": 10, "continuous": [0, 0], "seed": 0},
        {"category": 0, "continuous": [0, 2.5], "seed": 0},
        {"category": 0, "continuous": [0, 0], "seed": -1},
    ],
    "infogan_codes.categories": [{"continuous": [0], "seed": 7}],
    "infogan_sheet.sheet": [
        {"kind": "third", "category": 0, "continuous": [0, 0], "seed": 1},
        {"kind": "first", "category": 10, "continuous": [0, 0], "seed": 1},
        {"kind": "both", "category": 0, "continuous": [0, 3], "seed": 1},
    ],
    "infogan_read.read": [{"x": GRAY[4:], "seed": 1}, {"x": "?", "seed": 1}, {"x": GRAY}],
    "infogan_read.others": [{"category": -1, "continuous": [0, 0], "seed": 1}],
    "dcgan_between.between": [
        {"model": "dcgan-mnist", "a": [0, 64], "b": [1, 63], "scale": 1, "t": 0.3},
        {"model": "dcgan-mnist", "a": [0, 0], "b": [1, 63], "scale": 1, "t": 1.1},
    ],
    "dcgan_trip.place": [{"model": "dcgan-mnist", "seed": 3, "scale": 2, "at": 0}],
    "dcgan_sweep.place": [
        {
            **{"model": "dcgan-mnist", "draw": [2, 17], "scale": 1, "seed": 4},
            **{"u": u, "v": u, "a": a, "b": 0},
        }
        for u, a in ((1, 0), (9, 0), (0, 6.5))
    ],
    "gan_digits.samples": [{"seed": 0.5}, {}],
    "nade.look": [
        {"x": BITS[4:]},
        {"x": BITS, "i": 784},
        {"x": BITS, "i": -1},
        {"x": BITS, "i": 0.5},
        {"x": BITS, "i": 3, "among": "few"},
        {"i": 3},
    ],
    "orderless.look": [{"x": BITS}, {"x": BITS, "hole": HOLE[4:]}],
    "vae_map.decode": [
        {"model": "vae-mnist-2d", "z": [0, 6.5]},
        {"model": "vae-mnist-2d", "z": [0]},
        {"model": "vae-mnist-2d", "z": "12"},
        {"model": "constructor", "z": [0, 0]},
        {"z": [0, 0]},
    ],
}
"""What no twin answers: the server does, or refuses it."""

FLOATS = {"logits", "influence", "terms", "p"}
"""What is sent as 32-bit floats; other text is bytes."""


@pytest.fixture(scope="module")
def module_folder():
    """The repository's own releases, in place of tiny ones."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENZOO_CHECKPOINTS", str(CHECKPOINTS))
        yield CHECKPOINTS


def shared(page, function, *given):
    """What `function` of the page gives: (live, twins, ...given), the first two what these files
    of its own scripts have."""
    page.locator("link[href$='/shared/twins.js']").wait_for(state="attached")
    return page.evaluate(
        f"""async (given) => {{
          const link = document.querySelector("link[href$='/shared/twins.js']");
          const live = await import(new URL("live.js", link.href).href);
          return ({function})(live, await import(link.href), ...given);
        }}""",
        list(given),
    )


def be_patient(page):
    """The page is not given up, however busy the machine is."""
    shared(page, "(live, twins) => twins.setLongest(60_000)")


@pytest.fixture
def ask_twin(visit):
    """ask_twin(name, given): the twin's answer, or None."""
    page = visit("tab=map", waits=False)  # which has nothing here
    be_patient(page)

    def ask(name, given):
        return shared(
            page,
            """({ live }, { askTwin }, widget, name, given) =>
                askTwin(widget, name, given, live(widget))""",
            *name.split("."),
            given,
        )

    ask.page = page
    return ask


def ask_server(address, name, given):
    body = json.dumps(given).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}live/{name}", body, headers)
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def expect_alike(own, server, key=""):
    """The same form, and values that differ by rounding at most."""
    assert type(own) is type(server) or {type(own), type(server)} == {int, float}, key
    if isinstance(server, dict):
        assert set(own) == set(server), key
        for name in server:
            expect_alike(own[name], server[name], f"{key}.{name}")
    elif isinstance(server, list):
        assert len(own) == len(server), key
        for k, (one, other) in enumerate(zip(own, server, strict=True)):
            expect_alike(one, other, f"{key}[{k}]")
    elif isinstance(server, str):
        kind = np.float32 if key.rpartition(".")[2] in FLOATS else np.uint8
        one, other = (
            np.frombuffer(base64.b64decode(x), kind).astype(float) for x in (own, server)
        )
        assert one.shape == other.shape, key
        if kind is np.uint8:  # a value that lies between two levels may go to either
            assert np.abs(one - other).max() <= 1, key
            assert (one != other).mean() <= 0.01, key
        else:
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5, err_msg=key)
    elif isinstance(server, float):
        assert math.isclose(own, server, rel_tol=2e-5, abs_tol=2e-4), key
    else:
        assert own == server, key


FOUND = """async () => {
  const link = document.querySelector("link[href$='/shared/twins.js']").href;
  const { local } = JSON.parse(document.getElementById("zoo-setup").textContent);
  const found = [];
  for (const widget of local) {
    const twins = (await import(new URL(`../${widget}/local.js`, link).href)).default;
    for (const name of Object.keys(twins)) found.push(widget + "." + name);
  }
  return found;
}"""
"""The names of all twins."""


def test_every_twin_says_what_the_server_says(ask_twin, address):
    assert set(ask_twin.page.evaluate(FOUND)) == set(ARGUMENTS) == set(LEFT_TO_SERVER)
    for name, questions in ARGUMENTS.items():
        for given in questions:
            own, server = ask_twin(name, given), ask_server(address, name, given)
            assert server["ok"], server
            assert own is not None, (name, given)
            own_ms, server_ms = own.pop("ms"), server.pop("ms")
            assert own_ms >= 0
            assert server_ms >= 0
            expect_alike(own, server, name)


def test_what_must_be_refused_is_left_to_the_server(ask_twin):
    for name, questions in LEFT_TO_SERVER.items():
        for given in questions:
            assert ask_twin(name, given) is None, (name, given)


def go_to(page, x, y):
    """Hold the pointer at a place of the plane."""
    box = page.get_by_test_id("vae-map").bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])


def decoded(page):
    return page.get_by_test_id("vae-map-decoded").get_attribute("data-z")


@pytest.fixture
def sent(visit):
    """What a page asks the server for over its socket: sent(page) gives a list that grows."""

    def watch(page):
        messages = []
        page.on("websocket", lambda one: one.on("framesent", lambda m: messages.append(str(m))))
        return messages

    return watch


def hold(page):
    """Open the tab of the VAE, and hold the pointer on its plane."""
    open_tab(page, "vae")
    be_patient(page)
    page.get_by_test_id("vae-map").scroll_into_view_if_needed()
    page.locator("[data-testid=vae-map-decoded][data-z]").wait_for()
    go_to(page, 0.4, 0.4)
    page.mouse.down()


def asked_server(page, messages, k):
    """Whether the server is asked for the k-th place of the plane, whose answer is awaited."""
    before = len(messages)
    shown = decoded(page)
    go_to(page, 0.3 + 0.01 * (k % 40), 0.5 + 0.01 * (k % 7))
    expect(page.get_by_test_id("vae-map-decoded")).not_to_have_attribute("data-z", shown)
    return any('"vae_map.decode"' in message for message in messages[before:])


def drag_until_the_page_answers(page, messages):
    """Drag on the plane, first answered by the server, until what it needs is loaded."""
    hold(page)
    end = time.monotonic() + 60
    k = 0
    while asked_server(page, messages, k):
        k += 1
        assert time.monotonic() < end, "the server is asked on and on"
        pause(page, 50)


def test_a_plane_goes_on_without_the_server(visit, sent):
    page = visit("tab=map", waits=False)
    messages = sent(page)
    page.evaluate("caches.delete('zoo-weights')")
    page.reload()
    drag_until_the_page_answers(page, messages)
    assert any('"vae_map.decode"' in message for message in messages)  # before it was loaded
    assert not any(asked_server(page, messages, k) for k in range(20, 26))
    page.mouse.up()
    page.reload()  # the weights are kept
    with asked(page) as requests:
        drag_until_the_page_answers(page, messages)
    page.mouse.up()
    assert not [one.url for one in requests if one.url.endswith("model.safetensors")]


def test_a_switch_says_and_sets_who_answers(visit, sent):
    page = visit("tab=map&lang=en", waits=False)
    messages = sent(page)
    page.reload()
    switch, by = page.get_by_test_id("local"), page.get_by_test_id("answered-by")
    expect(switch).to_have_attribute("aria-pressed", "true")
    drag_until_the_page_answers(page, messages)
    expect(by).to_have_text(EN["zoo.by_page"])
    page.mouse.up()
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(switch).to_have_attribute("aria-pressed", "false")
    with asked(page) as requests:
        hold(page)
        assert all(asked_server(page, messages, k) for k in range(3))
        page.mouse.up()
    assert not [one.url for one in requests if "/weights/" in one.url or "/runtime/" in one.url]
    expect(by).to_have_text(EN["zoo.by_server"])


WORKER = Path(files.__file__).parent / "shared" / "runtime" / "worker.js"


def damage(pattern, status=200, body="damaged("):
    """A file is not what it should be."""
    return lambda page: page.route(pattern, lambda one: one.fulfill(status=status, body=body))


def misbehave(what, fault):
    """The worker does this in place of the third load or run, and of all that follow."""
    text = f"""let n = 0;
      addEventListener("message", (event) => {{
        if (event.data[1] !== {what!r} || ++n < 3) return;
        event.stopImmediatePropagation();
        {fault}
      }});
    """ + WORKER.read_text(encoding="utf-8")
    kind = {"content_type": "text/javascript"}
    return lambda page: page.route("**/worker.js", lambda one: one.fulfill(body=text, **kind))


FAULTS = {
    "wasm is not there": damage("**/*.wasm", 404),
    "wasm is damaged": damage("**/*.wasm"),
    "a graph is not there": damage("**/*.onnx", 404),
    "a graph is damaged": damage("**/*.onnx"),
    "weights are not there": damage("**/model.safetensors", 404),
    "weights are damaged": damage("**/model.safetensors"),
    "the twins are not there": damage("**/local.js", 404),
    "the twins are damaged": damage("**/local.js"),
    "the worker is not there": damage("**/worker.js", 404),
    "the worker is damaged": damage("**/worker.js"),
    "the worker cannot be made": lambda page: page.evaluate(
        "window.Worker = class { constructor() { throw new Error('no worker'); } }; null"
    ),
    "a run is refused": misbehave("run", "postMessage([event.data[0], 'no memory', null]);"),
    "a run throws": misbehave("run", "throw new Error('it throws');"),
    "a run rejects": misbehave("run", "Promise.reject(new Error('it rejects'));"),
    "a run gives something else": misbehave("run", "postMessage([event.data[0], null, {}]);"),
    "a run is never answered": misbehave("run", ""),
    "a run hangs": misbehave("run", "for (;;) {}"),
}

WAITS = {"a run is never answered", "a run hangs"}
"""What is found out by waiting."""

ALL = {name for name in FAULTS if name.startswith(("wasm", "the worker"))} | WAITS
ALL |= {"a run throws", "a run rejects"}
"""After which the page does not answer at all."""

RUNS = "posted.filter((what) => what === 'run').length"

ASK = """async ({ live }, _, questions) => {
  const server = live("vae_map");
  const answers = [];
  for (const given of questions) {
    const start = performance.now();
    const end = new Promise((_, fail) => setTimeout(() => fail(new Error("no answer")), 30_000));
    const { ms, ...answer } = await Promise.race([server.decode(given), end]);
    answers.push([answer, performance.now() - start]);
  }
  return answers;
}"""
"""Each question after the one before is answered, as a widget asks it."""

POSTED = """window.posted = [];
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message) {
    window.posted.push(message[1]);
    return post.call(this, message);
  };"""
"""What the worker is asked."""

MODELS = ["vae-mnist-2d", "vae-mnist-2d-beta01", "vae-mnist-2d-beta4"]


@cache
def from_server(address, model, k):
    """What the server answers to question k."""
    answer = ask_server(address, "vae_map.decode", question(model, k))
    del answer["ms"]
    return answer


def question(model, k):
    return {"model": model, "z": [k, -0.3 * k]}


def expect_answers(page, address, n):
    """n questions of each model are answered as the server answers, in milliseconds."""
    asked = [(model, k) for model in MODELS for k in range(n)]
    answers = shared(page, ASK, [question(*one) for one in asked])
    for one, (answer, _) in zip(asked, answers, strict=True):
        expect_alike(answer, from_server(address, *one))
    return [took for _, took in answers]


@pytest.mark.parametrize("fault", FAULTS)
def test_where_it_fails_the_server_goes_on(visit, address, fault):
    page = visit("tab=map", waits=False, script=POSTED)
    page.evaluate("caches.delete('zoo-weights')")
    FAULTS[fault](page)
    if fault not in WAITS:
        be_patient(page)
    expect_answers(page, address, 1)  # all is loaded when it is first asked for
    wait_until_loaded(page)
    took = expect_answers(page, address, 2)
    assert max(took) < 10_000
    runs = page.evaluate(RUNS)
    if fault in WAITS:
        assert runs <= 3
    else:
        assert runs == (3 if fault.startswith("a run") else 0)

    # It is not tried again.
    with asked(page) as requests:
        posted = page.evaluate("posted.length")
        expect_answers(page, address, 2)
        assert page.evaluate("posted.length") == posted
    assert requests == []
    if fault in ALL:
        expect(page.get_by_test_id("local")).to_be_disabled()
        expect(page.get_by_test_id("local")).to_have_attribute("aria-pressed", "false")
    else:
        expect(page.get_by_test_id("local")).to_be_enabled()
    expect(page.get_by_test_id("answered-by")).to_have_attribute("data-who", "server")
    known = "Failed to load"  # the browser's own words
    page.complaints[:] = [said for said in page.complaints if not said.startswith(known)]


def test_a_load_that_is_never_answered_holds_up_nothing(visit, address):
    page = visit("tab=map", waits=False, script=POSTED)
    misbehave("load", "")(page)
    be_patient(page)
    end = time.monotonic() + 60
    while page.evaluate(RUNS) < 6:
        expect_answers(page, address, 1)
        assert time.monotonic() < end, "the page never answers"
    assert page.evaluate("posted.filter((what) => what === 'load').length") == len(MODELS)
    expect(page.get_by_test_id("local")).to_be_enabled()
    expect(page.get_by_test_id("answered-by")).to_have_attribute("data-who", "loading")


def wait_until_loaded(page):
    """Nothing is on its way any more."""
    shared(
        page,
        """async (_, { loading }) => {
          while (loading.value) await new Promise((done) => setTimeout(done, 20));
        }""",
    )


def test_without_webassembly_the_server_answers(visit, address):
    page = visit("tab=map", waits=False, script="delete window.WebAssembly;")
    with asked(page) as requests:
        expect_answers(page, address, 2)
    assert not [one.url for one in requests if "/weights/" in one.url or "/runtime/" in one.url]
    expect(page.get_by_test_id("local")).to_be_hidden()
