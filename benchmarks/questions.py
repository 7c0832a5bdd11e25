"""What a page asks of the server when its tabs are opened and their choices tried.

    python -m benchmarks.questions [--to FILE]

Starts the app with the releases that are there, opens each tab in headless Chromium, in both
languages, and then makes each of its choices in turn: the options of its lists, its joined
buttons, the models of the map, and the first seeds. A page that computes by itself asks what it
needs for that. Writes a line for each question, "WIDGET.FUNCTION ARGUMENTS" as the page writes
them, which the static zoo answers in advance (`demo_app.static`); but none of a choice that takes
long to answer.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, Request, WebSocket, sync_playwright

from benchmarks.latency import CHROMIUM, running
from demo_app import shell
from demo_app.static import QUESTIONS

QUIET = 500
"""Milliseconds without a message after which a page has asked what it asks."""
SLOW = 600
"""Milliseconds of an answer above which only a page that is opened has it in advance."""

LONGEST, PATIENCE = 20_000, 2000
"""Milliseconds until it is no longer waited for: for an answer, and for what is clicked."""

SEEDS = ("1", "2", "3")
LONG = 4000
"""Characters of a question above which only a page that is opened asks it: it has a picture."""

CHOICES = "button[data-key]:visible:enabled, [role=radio]:visible:enabled"

SERVERLESS = ("nade.scores {}",)
"""What only a page asks that has no server."""


OWN = re.compile(r'"(?:page|game)":"[^"]*",?|"turn":[0-9]+,?')
"""What only says who asks, and when; see widgets/shared/recorded.js."""


def question(name: str, given: str) -> str:
    """The line of a question; `given` is its arguments as the page writes them."""
    return f"{name} {OWN.sub('', given).replace(',}', '}')}"


class Asked:
    """The questions of one page, in order."""

    def __init__(self, page: Page):
        self.lines: list[str] = []
        self.slow: set[str] = set()
        self._names: dict[int, str] = {}
        self._page, self._n = page, 0
        page.on("websocket", self._follow)
        page.on("request", self._posted)  # where there is no socket yet

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _posted(self, request: Request) -> None:
        if "/live/" in request.url:
            name = request.url.rsplit("/", 1)[1]
            self.lines.append(question(name, str(request.post_data)))

    def _sent(self, text: str | bytes) -> None:
        self._n += 1
        call = json.loads(text)
        if len(call) == 3:  # and not one that is given up
            self.lines.append(question(call[1], str(text).split(",", 2)[2][:-1]))
            self._names[call[0]] = self.lines[-1]

    def _received(self, text: str | bytes) -> None:
        self._n += 1
        id, answer, *_ = json.loads(text)
        if answer is not None and not answer.get("ms", SLOW) < SLOW and id in self._names:
            self.slow.add(self._names[id])

    def settle(self) -> None:
        """Wait until nothing is asked or answered any more."""
        before, waited = -1, 0
        while waited < LONGEST and before != self._n:
            before = self._n
            self._page.wait_for_timeout(QUIET)
            waited += QUIET


@contextmanager
def opened(browser: Browser, address: str, who: str, hash: str) -> Iterator[tuple[Page, Asked]]:
    """A page of its own, and what it asks."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, locale="en-US")
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('zoo-answers', '{who}')")
    asked = Asked(page)
    page.goto(f"{address}/#{hash}", wait_until="domcontentloaded", timeout=120_000)
    page.wait_for_selector(".zoo-page [data-widget]:visible", timeout=60_000)
    asked.settle()
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, height + 1000, 700):
        page.evaluate(f"scrollTo(0, {top})")
        asked.settle()
    yield page, asked
    context.close()


def choose(page: Page, asked: Asked, tab: str) -> None:
    """Make each choice of the tab in turn, each from the page as it is after the one before."""
    here = page.locator(f"#page-{tab}")
    for select in here.locator("select:visible:enabled").all():
        values = select.evaluate("e => [...e.options].map((o) => o.value)")
        first = select.input_value()
        for value in [*values, first]:
            _try(asked, partial(select.select_option, value, timeout=PATIENCE))
    names = here.locator(CHOICES).evaluate_all("all => all.map((e) => e.dataset.testid)")
    for name in [name for name in names if name and "-go-" not in name]:
        _try(asked, partial(page.get_by_test_id(name).first.click, timeout=PATIENCE))
    for field in here.locator("input.seed:visible").all():
        for seed in SEEDS:
            _try(asked, partial(_type, field, seed))


def _type(field: Locator, seed: str) -> None:
    field.fill(seed, timeout=PATIENCE)
    field.dispatch_event("change")


def _try(asked: Asked, act: Callable[[], object]) -> None:
    try:
        act()
    except Error:  # it is no longer there, or something lies over it
        return
    asked.settle()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write what a page asks of the server.")
    parser.add_argument("--to", type=Path, default=QUESTIONS, metavar="FILE")
    parser.add_argument(
        "--only", nargs="+", metavar="TAB", help="of these tabs, besides what is in the file"
    )
    arguments = parser.parse_args()
    tabs = arguments.only or [tab.key for tab in shell.TABS]
    known = arguments.to.read_text(encoding="utf-8") if arguments.only else ""
    found = dict.fromkeys([*SERVERLESS, *known.splitlines()])
    with running() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        for tab in tabs:
            # Only a caption at the start depends on the language: choices are tried in one.
            for who, language in (("page", "en"), ("page", "ko"), ("server", "en")):
                with opened(browser, address, who, f"tab={tab}&lang={language}") as (page, asked):
                    first = set(asked.lines)
                    if who == "server":
                        choose(page, asked, tab)
                    slow = asked.slow - first
                    kept = (
                        line
                        for line in asked.lines
                        if line in first or (line not in slow and len(line) < LONG)
                    )
                    found |= dict.fromkeys(kept)
            print(f"{tab}: {len(found)} questions so far", file=sys.stderr, flush=True)
            text = "".join(f"{line}\n" for line in found)
            arguments.to.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
