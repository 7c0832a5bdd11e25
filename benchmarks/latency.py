"""From a finger on the page to new pixels on the screen.

    python -m benchmarks.latency [-n STROKES] [--json FILE] [--check]

Starts the app with the releases that are there, opens it in headless Chromium on loopback, and
draws on it as a person would, through the browser's own input events. Each stroke is timed twice
from the time stamp of its pointer event: until the answer is on its canvas, and until the next
frame is out. A frame comes every 16.7 ms, so the second takes 8 ms more on average.

Prints a table, and the same as JSON, or writes that to FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

from demo_app.shell import build

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
TARGET = {"p50": 16.0, "p95": 50.0}

WATCH = """
(selector) => {
  const canvas = document.querySelector(selector);
  const paint = CanvasRenderingContext2D.prototype.putImageData;
  let start, drawn, finish;
  // The next event of this type is timed; `timing` is a promise of [drawn, shown] in ms.
  window.arm = (type) => {
    start = drawn = null;
    window.timing = new Promise((resolve) => (finish = resolve));
    const once = { capture: true, once: true };
    document.addEventListener(type, (event) => (start = event.timeStamp), once);
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


@dataclass(frozen=True)
class Case:
    """What is moved, and which canvas must answer.

    `open` brings the page there; `aim(page, k)` puts the pointer where stroke k begins;
    `stroke(page, k)` sends the one `event` that is timed.
    """

    name: str
    canvas: str
    event: str
    open: Callable[[Page], None]
    aim: Callable[[Page, int], None]
    stroke: Callable[[Page, int], None]


def open_nade(page: Page) -> None:
    page.get_by_test_id("tab-nade").click()
    page.get_by_test_id("nade-clear").click()
    page.locator("[data-brush='1']").click()


def aim_at_pixel(page: Page, k: int) -> None:
    page.mouse.up()
    box = page.get_by_test_id("nade-canvas").bounding_box()
    assert box is not None
    row, column = divmod(k * 367 % 784, 28)  # each pixel once, all over the image
    x = box["x"] + box["width"] * (column + 0.5) / 28
    page.mouse.move(x, box["y"] + box["height"] * (row + 0.5) / 28)


def open_vae(page: Page) -> None:
    page.get_by_test_id("tab-vae").click()
    page.locator("[data-testid=vae-output] canvas[data-z]").wait_for()
    page.locator("[data-testid=vae-map-decoded][data-z]").wait_for()


def open_latents(page: Page) -> None:
    open_vae(page)
    page.get_by_test_id("vae-z-0").scroll_into_view_if_needed()


def aim_at_place(page: Page, k: int) -> None:
    """Press on a place of the map, anywhere but at its edge."""
    page.mouse.up()
    page.mouse.move(*place(page, k))
    page.mouse.down()


def drag_place(page: Page, k: int) -> None:
    x, y = place(page, k)
    page.mouse.move(x + 9, y + 5)


def place(page: Page, k: int) -> tuple[float, float]:
    box = page.get_by_test_id("vae-map").bounding_box()
    assert box is not None
    row, column = divmod(k * 367 % 400, 20)
    x = box["x"] + box["width"] * (column + 1) / 22
    return x, box["y"] + box["height"] * (row + 1) / 22


def aim_at_latent(page: Page, k: int) -> None:
    page.mouse.up()
    x, y = thumb(page, k)
    page.mouse.move(x, y)
    page.mouse.down()


def drag_latent(page: Page, k: int) -> None:
    x, y = thumb(page, k)
    page.mouse.move(x + 7, y)


def thumb(page: Page, k: int) -> tuple[float, float]:
    """A place on one of the first eight sliders."""
    box = page.get_by_test_id(f"vae-z-{k % 8}").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * (0.2 + 0.06 * (k % 11)), box["y"] + box["height"] / 2


CASES = [
    Case(
        "draw a pixel -> p(x_i | x_<i)",
        "[data-testid=nade-map] canvas",
        "pointerdown",
        open_nade,
        aim_at_pixel,
        lambda page, k: page.mouse.down(),
    ),
    Case(
        "drag on the map -> digit",
        "[data-testid=vae-map-decoded]",
        "pointerrawupdate",  # the move itself; a pointermove waits for the next frame
        open_vae,
        aim_at_place,
        drag_place,
    ),
    Case(
        "drag a latent's slider -> digit",
        "[data-testid=vae-output] canvas",
        "pointerrawupdate",
        open_latents,
        aim_at_latent,
        drag_latent,
    ),
]


def measure(page: Page, case: Case, n: int, seed: int = 0) -> dict[str, float]:
    rng = random.Random(seed)
    case.open(page)
    page.evaluate(WATCH, case.canvas)
    drawn, shown = [], []
    for k in range(n + 5):
        case.aim(page, k)
        # All that is under way ends, and the stroke falls at no particular phase of the screen.
        page.wait_for_timeout(250 + 50 * rng.random())
        page.evaluate("(type) => arm(type)", case.event)
        case.stroke(page, k)
        stroke_drawn, stroke_shown = page.evaluate("timing")
        drawn.append(stroke_drawn)
        shown.append(stroke_shown)
    return {  # the first five warm the browser's and the server's code up
        "n": n,
        "drawn_p50": statistics.median(drawn[5:]),
        "drawn_p95": statistics.quantiles(drawn[5:], n=20)[-1],
        "p50": statistics.median(shown[5:]),
        "p95": statistics.quantiles(shown[5:], n=20)[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=200, help="strokes for each case")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    arguments = parser.parse_args()

    app = build()
    _, address, _ = app.launch(prevent_thread_lock=True, quiet=True)
    results = {}
    try:
        with sync_playwright() as playwright:
            flags = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
            for case in CASES:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(address)
                page.get_by_test_id("nade-score").filter(has_text=".").wait_for()
                results[case.name] = measure(page, case, arguments.n)
                page.close()
            browser.close()
    finally:
        app.close()

    print(f"{'ms, from the pointer event':<34} {'to canvas':>16} {'to screen':>16}")
    print(f"{'':<34} {'p50':>8}{'p95':>8} {'p50':>8}{'p95':>8}")
    for name, r in results.items():
        figures = f"{r['drawn_p50']:8.1f}{r['drawn_p95']:8.1f} {r['p50']:8.1f}{r['p95']:8.1f}"
        print(f"{name:<34} {figures}")
    print(f"{'target':<34} {'':>16} {TARGET['p50']:8.1f}{TARGET['p95']:8.1f}")
    text = json.dumps({"unit": "ms", "target": TARGET, "cases": results}, indent=2)
    if arguments.json:
        with open(arguments.json, "w") as file:
            file.write(text + "\n")
    else:
        print(text)
    missed = [name for name, r in results.items() if any(r[k] > v for k, v in TARGET.items())]
    if arguments.check and missed:
        sys.exit(f"target missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
