"""From a finger on the page to new pixels on the screen.

    python -m benchmarks.latency [-n MOVES] [-k TEXT] [--answers WHO] [--round-trip MS]
                                 [--json FILE] [--check]

Starts the app with the releases that are there, opens it in headless Chromium on loopback, and
drags on it as a person would, through the browser's own input events: press, then eight moves, 30
to 60 ms apart and at no particular phase of the screen. Each move is timed twice from the time
stamp of its pointer event: until the answer is on its canvas, and until the next frame is out. A
frame comes every 16.7 ms and takes some time to make, whatever the page does: the first case asks
no server and paints one pixel at once, and is the floor of the second time.

What has a twin in the page is answered by the server, by the page once it has loaded the model, or
with `--answers both` by the one and then the other, case by case in one run. `--round-trip` puts
a way of so many ms there and back between the browser and the app, as to a server far away.

A press alone, after a pause in which browser, server and processor have gone to sleep, is a case
of its own.

Prints a table, and the same as JSON, or writes that to FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playwright.sync_api import Locator, Page, sync_playwright

from benchmarks.delay import delayed

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
TARGET = {"p50": 16.0, "p95": 50.0}
EDIT = {"p95": 80.0}
"""Of a whole color picture, by a convolutional network."""
ACT = {"p95": 100.0}
"""Of what is pressed once, and not dragged."""

WATCH = """
(selector) => {
  const canvas = document.querySelector(selector);
  const paint = CanvasRenderingContext2D.prototype.putImageData;
  let start, drawn, finish;
  // The next event of this type is timed; `timing` is a promise of [drawn, shown] in ms. With
  // `echo` the canvas is painted at the event.
  window.arm = (type, echo) => {
    start = drawn = null;
    window.timing = new Promise((resolve) => (finish = resolve));
    const begin = (event) => {
      start = event.timeStamp;
      if (echo) canvas.getContext("2d").putImageData(new ImageData(1, 1), 0, 0);
    };
    document.addEventListener(type, begin, { capture: true, once: true });
  };
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    paint.apply(this, given);
    if (this.canvas !== canvas || start === null || drawn !== null) return;
    drawn = performance.now() - start;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => finish([drawn, performance.now() - start]);
      channel.port2.postMessage(null); // runs when the frame has been painted
    });
  };
}
"""


MOVES = 8
"""Timed moves of one drag."""


@dataclass(frozen=True)
class Case:
    """What is moved, and which canvas must answer.

    `open` brings the page there; `at(page, k, j)` is where the pointer is after move j of drag k,
    j = 0 being the press. With `moves` = 0 it is the press itself that is timed, or its end where
    the event is a click; with `echo` it is the browser alone. What has a `twin` can be answered in
    the page. `target` is in ms. `rest` is how many ms are left from one act to the next, so that
    all that follows it ends.
    """

    name: str
    canvas: str
    event: str
    open: Callable[[Page], None]
    at: Callable[[Page, int, int], tuple[float, float]]
    moves: int = MOVES
    echo: bool = False
    twin: bool = False
    target: Mapping[str, float] = field(default_factory=lambda: TARGET)
    rest: int = 250


def select(page: Page, tab: str) -> None:
    """Show a tab, whether its group is the one that is shown or not."""
    page.get_by_test_id(f"tab-{tab}").dispatch_event("click")


def open_nade(page: Page) -> None:
    select(page, "nade")
    page.get_by_test_id("nade-clear").click()
    page.locator("[aria-labelledby=nade-title] [data-brush='1']").click()


def pixel(page: Page, k: int, j: int, canvas: str = "nade-canvas") -> tuple[float, float]:
    """A stroke to the right, of new pixels all along: three strokes a row, in any order."""
    x, y, width, height = box_of(page, canvas)
    row, third = divmod(k * 29 % 84, 3)
    return x + width * (9 * third + j + 0.5) / 28, y + height * (row + 0.5) / 28


def open_vae(page: Page) -> None:
    select(page, "vae")
    page.locator("[data-testid=vae-output] canvas[data-z]").wait_for()
    page.locator("[data-testid=vae-map-decoded][data-z]").wait_for()


def open_latents(page: Page) -> None:
    open_vae(page)
    page.get_by_test_id("vae-z-0").scroll_into_view_if_needed()


def open_aae(page: Page) -> None:
    select(page, "aae")
    page.locator("[data-testid=aae-decoded][data-z]").wait_for()


def open_gan(page: Page, hand: bool) -> None:
    """A game that has hardly begun; with `hand`, held by the visitor."""
    where = "#tab=gan&gan.game=nr-0.024-0.002-0.004-1-b4"
    page.goto(page.url.partition("#")[0] + where + ("&gan.hand=1" if hand else ""))
    page.locator("[data-testid=gan-field][data-steps='2 2']").wait_for()


def button(page: Page, k: int, j: int) -> tuple[float, float]:
    """Of a step of D and one of G, in turns."""
    name = "gan-step-generator" if k % 2 else "gan-step-critic"
    x, y, width, height = box_of(page, name)
    return x + width * (0.2 + 0.05 * (k % 11)), y + height / 2


def open_dcgan(page: Page, part: str, ready: str) -> None:
    select(page, "dcgan")
    page.locator(ready).wait_for()
    page.get_by_test_id(part).scroll_into_view_if_needed()


def open_infogan(page: Page) -> None:
    select(page, "infogan")
    page.locator("[data-testid=infogan-made][data-codes]").wait_for()
    page.locator("[data-testid=infogan-remade][data-codes]").wait_for()


def open_drawing(page: Page) -> None:
    open_infogan(page)
    page.get_by_test_id("infogan-clear").click()
    page.get_by_test_id("infogan-draw").scroll_into_view_if_needed()


def open_stargan(page: Page) -> None:
    select(page, "stargan")
    page.locator("[data-testid=stargan-edited][data-shown]").wait_for()
    page.locator(AMOUNT).first.scroll_into_view_if_needed()


def open_cyclegan(page: Page) -> None:
    select(page, "cyclegan")
    page.locator("[data-testid=cyclegan-colored][data-ink]").wait_for()
    page.get_by_test_id("cyclegan-draw").scroll_into_view_if_needed()


def open_tab(page: Page, tab: str, ready: str, part: str) -> None:
    """`ready` is what is there once the tab has its first answers, `part` what is pressed."""
    select(page, tab)
    page.locator(ready).first.wait_for()
    page.get_by_test_id(part).scroll_into_view_if_needed()


def shuffle(page: Page, k: int, j: int) -> tuple[float, float]:
    return middle(page, "puzzle-shuffle")


def chip(page: Page, k: int, j: int) -> tuple[float, float]:
    """Another color of hair, skin or clothes, so that no caption comes twice in 60 presses."""
    name = ("hair_color", "skin", "clothes")[k % 3]
    chips = page.locator(f"[data-testid^=text2image-chip-{name}-]")
    x, y, width, height = box_of(page, chips.nth(k // 3 % chips.count()))
    return x + width / 2, y + height / 2


def middle(page: Page, name: str) -> tuple[float, float]:
    x, y, width, height = box_of(page, name)
    return x + width / 2, y + height / 2


def place(page: Page, k: int, j: int, plane: str = "vae-map") -> tuple[float, float]:
    """On a plane, anywhere but at its edge."""
    x, y, width, height = box_of(page, plane)
    row, column = divmod(k * 167 % 400, 20)
    return x + width * (column + 1) / 24 + 9 * j, y + height * (row + 1) / 24 + 5 * j


def thumb(page: Page, k: int, j: int) -> tuple[float, float]:
    """Along one of the first eight sliders."""
    x, y, width, height = box_of(page, f"vae-z-{k % 8}")
    return x + width * (0.15 + 0.04 * (k % 11)) + 7 * j, y + height / 2


def on_the_way(page: Page, k: int, j: int) -> tuple[float, float]:
    """Along the slider of the way from one image to another."""
    x, y, width, height = box_of(page, "dcgan-between-player")
    return x + width * (0.25 + 0.03 * (k % 11)) + 7 * j, y + height / 2


AMOUNT = "[data-testid^=stargan-amount]:enabled"


def how_much(page: Page, k: int, j: int) -> tuple[float, float]:
    """Along the slider of how much of the first edit is made."""
    x, y, width, height = box_of(page, page.locator(AMOUNT).first)
    return x + width * (0.15 + 0.02 * (k % 11)) + 3 * j, y + height / 2


def resolution(page: Page, k: int, j: int) -> tuple[float, float]:
    """Along the slider of resolution and fade, beyond its middle, so that there is much to do."""
    x, y, width, height = box_of(page, "progan-level")
    return x + width * (0.55 + 0.02 * (k % 11)) + 3 * j, y + height / 2


def box_of(page: Page, name: str | Locator) -> tuple[float, float, float, float]:
    element = page.get_by_test_id(name) if isinstance(name, str) else name
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


CASES = [
    Case(
        "no server, one pixel at once",
        "[data-testid=vae-map-decoded]",
        "pointerrawupdate",
        open_vae,
        place,
        echo=True,
    ),
    Case(
        "draw on by a pixel -> p(x_i | x_<i)",
        "[data-testid=nade-map] canvas",
        "pointerrawupdate",  # the move itself; a pointermove waits for the next frame
        open_nade,
        pixel,
        twin=True,
    ),
    Case(
        # After a press Chromium takes in no answer before the frame that the press itself asks for
        # is out, if it asks for one; see zoo.withAnswer.
        "press on a pixel -> p(x_i | x_<i)",
        "[data-testid=nade-map] canvas",
        "pointerdown",
        open_nade,
        lambda page, k, _: pixel(page, k % 84, k // 84),
        moves=0,
        twin=True,
    ),
    Case(
        "drag on the map -> digit",
        "[data-testid=vae-map-decoded]",
        "pointerrawupdate",
        open_vae,
        place,
        twin=True,
    ),
    Case(
        "drag on the AAE's plane -> digit",
        "[data-testid=aae-decoded]",
        "pointerrawupdate",
        open_aae,
        partial(place, plane="aae-plane"),
        twin=True,
    ),
    Case(
        # The points in one's hand, and one step of the critic against them.
        "drag points in the game -> D(x)",
        "[data-testid=gan-field]",
        "pointerrawupdate",
        partial(open_gan, hand=True),
        partial(place, plane="gan-plane"),
    ),
    Case(
        "press for a step of the game -> D(x)",
        "[data-testid=gan-field]",
        "click",
        partial(open_gan, hand=False),
        button,
        moves=0,
    ),
    Case(
        "drag from one draw to another -> digits",
        "[data-testid=dcgan-straight]",  # which is painted last
        "pointerrawupdate",
        partial(
            open_dcgan, part="dcgan-between-player", ready="[data-testid=dcgan-straight][data-t]"
        ),
        on_the_way,
        twin=True,
    ),
    Case(
        "drag on the DCGAN's sweep -> digit",
        "[data-testid=dcgan-sweep]",
        "pointerrawupdate",
        partial(open_dcgan, part="dcgan-pad", ready="[data-testid=dcgan-pad][data-sheet]"),
        partial(place, plane="dcgan-pad"),
        twin=True,
    ),
    Case(
        "drag on InfoGAN's square -> digit",
        "[data-testid=infogan-made]",
        "pointerrawupdate",
        open_infogan,
        partial(place, plane="infogan-pad"),
        twin=True,
    ),
    Case(
        "draw on -> InfoGAN's codes, remade",
        "[data-testid=infogan-remade]",
        "pointerrawupdate",
        open_drawing,
        partial(pixel, canvas="infogan-draw"),
    ),
    Case(
        "drag a latent's slider -> digit",
        "[data-testid=vae-output] canvas",
        "pointerrawupdate",
        open_latents,
        thumb,
        twin=True,
    ),
    Case(
        "drag how much of an edit -> face",
        "[data-testid=stargan-edited]",
        "pointerrawupdate",
        open_stargan,
        how_much,
        target=EDIT,
    ),
    Case(
        "drag through resolutions -> face",
        "[data-testid=progan-face]",
        "pointerrawupdate",
        partial(
            open_tab,
            tab="progan",
            ready="[data-testid=progan-face][data-shown]",
            part="progan-level",
        ),
        resolution,
        target=EDIT,
    ),
    Case(
        "draw on a sketch -> face in color",
        "[data-testid=cyclegan-colored]",
        "pointerrawupdate",
        open_cyclegan,
        partial(pixel, canvas="cyclegan-draw"),
        target=EDIT,
    ),
    Case(
        "press for other pieces -> restored face",
        "[data-testid=puzzle-restored]",
        "click",
        partial(
            open_tab,
            tab="puzzle",
            ready="[data-testid=puzzle-restored][data-shown]",
            part="puzzle-shuffle",
        ),
        shuffle,
        moves=0,
        target=ACT,
    ),
    Case(
        "press a chip -> eight faces of the caption",
        "[data-testid=text2image-face-0-7] canvas",
        "click",
        partial(
            open_tab,
            tab="text2image",
            ready="[data-testid=text2image-row-0][data-shown]",
            part="text2image-chips",
        ),
        chip,
        moves=0,
        target=ACT,
        rest=2000,  # the Transformer's faces, which are slower, come after those of the GAN
    ),
]


def measure(page: Page, case: Case, n: int, seed: int = 0, who: str = "server") -> dict[str, Any]:
    rng = random.Random(seed)
    case.open(page)
    if who == "page":
        load_twin(page, case)
        case.open(page)  # as it was before
    page.evaluate(WATCH, case.canvas)
    times: list[list[float]] = []

    def timed(act: Callable[[], None]) -> None:
        page.evaluate("([type, echo]) => arm(type, echo)", [case.event, case.echo])
        act()
        times.append(page.evaluate("timing"))

    k = 0
    while len(times) < n + MOVES:
        page.mouse.up()
        page.mouse.move(*case.at(page, k, 0))
        page.wait_for_timeout(case.rest + 50 * rng.random())
        if case.event == "click":
            page.mouse.down()
            page.wait_for_timeout(60 + 50 * rng.random())  # as long as a finger stays
            timed(page.mouse.up)
        elif case.moves == 0:
            timed(page.mouse.down)
        else:
            page.mouse.down()
        for j in range(1, case.moves + 1):
            x, y = case.at(page, k, j)
            page.wait_for_timeout(30 + 30 * rng.random())
            timed(partial(page.mouse.move, x, y))
        k += 1
    if who == "page" and page.locator(GIVEN_UP).count():
        sys.exit(f"the page gave up: {case.name}")
    # The first ones warm the browser's and the server's code up.
    drawn, shown = zip(*times[MOVES:], strict=True)
    return {
        "target": case.target,
        "n": len(shown),
        "drawn_p50": statistics.median(drawn),
        "drawn_p95": statistics.quantiles(drawn, n=20)[-1],
        "p50": statistics.median(shown),
        "p95": statistics.quantiles(shown, n=20)[-1],
    }


GIVEN_UP = "[data-testid=local]:disabled"

FORGET_WHO = """async () => {
  window.zoo = await import(document.querySelector("link[href$='/shared/zoo.js']").href);
  zoo.answered.value = null;
}"""
"""Who answered before says nothing of this case: its model may not be there yet."""


def load_twin(page: Page, case: Case) -> None:
    """Act until the page itself answers; it loads what it needs meanwhile."""
    page.evaluate(FORGET_WHO)
    for k in range(200):
        page.mouse.up()
        page.mouse.move(*case.at(page, k, 0))
        page.mouse.down()
        page.mouse.move(*case.at(page, k, 1))
        page.mouse.up()
        page.wait_for_timeout(300)
        if page.evaluate("zoo.answered.value === 'page'"):
            return
    sys.exit(f"the page never answers: {case.name}")


@contextmanager
def served() -> Iterator[str]:
    """The app in a process of its own, as people run it; its address."""
    with running() as (address, _):
        yield address


@contextmanager
def running(**environment: str) -> Iterator[tuple[str, int]]:
    """The same with this added to its environment; its address and the number of its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port), **environment}
    quiet = subprocess.DEVNULL
    app = subprocess.Popen([sys.executable, "app.py"], env=environment, stdout=quiet)
    try:
        for _ in range(3000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if app.poll() is not None:
                sys.exit("the app did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", app.pid
    finally:
        app.terminate()
        app.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=200, help="timed moves of each case")
    parser.add_argument("-k", default="", help="only the cases whose name has this in it")
    parser.add_argument(
        "--answers",
        choices=["server", "page", "both"],
        default="server",
        help="who answers what the page can, too (%(default)s); page: those cases alone",
    )
    parser.add_argument(
        "--round-trip", type=float, default=0.0, metavar="MS", help="of the way to the app"
    )
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    arguments = parser.parse_args()

    print(f"{'ms, from the pointer event':<56} {'to canvas':>16} {'to screen':>16} {'target':>16}")
    print(f"{'':<56} {'p50':>8}{'p95':>8} {'p50':>8}{'p95':>8} {'p50':>8}{'p95':>8}", flush=True)
    results = {}
    with ExitStack() as stack:
        address = stack.enter_context(served())
        if arguments.round_trip:
            port = int(address.rpartition(":")[2])
            far = stack.enter_context(delayed(port, arguments.round_trip))
            address = f"http://127.0.0.1:{far}"
        playwright = stack.enter_context(sync_playwright())
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        for case in (case for case in CASES if arguments.k in case.name):
            for who in ("server", "page") if arguments.answers == "both" else [arguments.answers]:
                if who == "page" and not case.twin:
                    continue
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.add_init_script(f"localStorage.setItem('zoo-answers', '{who}')")
                page.goto(address + "#tab=nade")
                page.get_by_test_id("nade-score").filter(has_text=".").wait_for()
                name = case.name + ", in the page" * (who == "page")
                r = results[name] = measure(page, case, arguments.n, who=who)
                page.close()
                figures = f"{r['drawn_p50']:8.1f}{r['drawn_p95']:8.1f}"
                figures += f" {r['p50']:8.1f}{r['p95']:8.1f}"
                target = "".join(f"{r['target'].get(key, ''):>8}" for key in ("p50", "p95"))
                print(f"{name:<56} {figures} {target}", flush=True)
        browser.close()

    told = {"unit": "ms", "round_trip": arguments.round_trip, "cases": results}
    text = json.dumps(told, indent=2)
    if arguments.json:
        with open(arguments.json, "w") as file:
            file.write(text + "\n")
    else:
        print(text)
    missed = [n for n, r in results.items() if any(r[k] > v for k, v in r["target"].items())]
    if arguments.check and missed:
        sys.exit(f"target missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
