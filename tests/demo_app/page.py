"""What the browser tests of every tab ask of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import parse_qs

import numpy as np
from playwright.sync_api import Page, Request, expect

from demo_app import shell, text
from demo_app.store import Store


@contextmanager
def served(tabs: Sequence[shell.Tab], store: Store, port: int) -> Iterator[str]:
    """The app with these tabs; its address."""
    app = shell.build(tabs, store)
    app.launch(server_port=port, prevent_thread_lock=True, quiet=True)
    yield f"http://127.0.0.1:{port}/"
    app.close()


WITH_ZOO = """(async (...given) => {
    const zoo = await import(document.querySelector("link[href$='/shared/zoo.js']").href);
    return (%s)(...given);
})"""
"""A function of the page, in which `zoo` is what its widgets share."""


@contextmanager
def asked(page: Page) -> Iterator[list[Request]]:
    """What the page asks the server for meanwhile, but for what goes over its socket."""
    requests: list[Request] = []

    def note(request: Request) -> None:
        requests.append(request)

    page.on("request", note)
    yield requests
    page.remove_listener("request", note)


PAPER, PEN = 255, 27  # the red of light paper and pen, in zoo.css
EN = text.labels("en")


def levels(canvas, width=28, height=28):
    """What a canvas shows, (width * height,) in [0, 1], back from ink on paper."""
    red = canvas.evaluate(
        "(c, [w, h]) => Array.from(c.getContext('2d').getImageData(0, 0, w, h).data)"
        ".filter((_, i) => i % 4 === 0)",
        [width, height],
    )
    return (PAPER - np.array(red)) / (PAPER - PEN)


def colors(canvas):
    """What a canvas shows, channel by channel, (3 * width * height,) in [0, 1]."""
    told = canvas.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    )
    return np.array(told).reshape(-1, 4)[:, :3].T.ravel() / 255


def pause(page, ms):
    """Two frames, and `ms` by the page's own clock: whatever it was to do in that time, for what
    it has been told before, is done, however busy the machine is."""
    page.evaluate(
        """(ms) => new Promise((done) => requestAnimationFrame(() =>
            requestAnimationFrame(() => setTimeout(done, ms))))""",
        ms,
    )


def state(page, after=250):
    """The state in the address, which is written a little after the change."""
    pause(page, after)
    return {k: v[0] for k, v in parse_qs(fragment(page)).items()}


def fragment(page):
    """What the address says after #."""
    return page.evaluate("location.hash").lstrip("#")


def written(template, **values):
    """A label with its places filled, as the page fills them."""
    for key, value in values.items():
        template = template.replace("{" + key + "}", str(value))
    return template


EMPTY = """() => [...document.querySelectorAll(".zoo-foot > *")].filter((part) => {
    const range = document.createRange();
    range.selectNodeContents(part);
    return part.offsetHeight > range.getBoundingClientRect().height + 24;
}).map((part) => part.outerHTML)"""
"""The parts of the panels' feet that are higher than what they hold, by more than the line that is
kept for words to come."""


def expect_width(page, width):
    """The page is no wider than the screen, and no panel ends in an empty place."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    empty = page.evaluate(EMPTY)
    assert empty == [], empty


def expect_widths(page):
    """The same on a telephone and on a screen."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        pause(page, 100)
        expect_width(page, width)


def expect_to_fit(page, language, tab, title, shared=(), same=()):
    """The tab, its explanation unfolded, is no wider than a telephone or a screen, and of one
    language.

    `shared` are tabs whose labels it uses, `same` labels that are alike in both languages.
    """
    heading = text.labels(language)[title]
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page.get_by_test_id(f"{tab}-about").click()
    expect_widths(page)
    shown = page.locator("body").inner_text()
    families = "|".join((tab, *shared, "zoo"))
    assert not re.search(rf"\b({families})\.[a-z_]+\b", shown)  # a label that is missing
    if language == "ko":
        assert "Answered" not in shown
        english = [EN[key] for key in EN if key.startswith(f"{tab}.") and key not in same]
        assert not [label for label in english if len(label) > 12 and label in shown]


def expect_names(page, within):
    """Every control in the elements `within` has a name that can be read out."""
    nameless = page.evaluate(
        """(within) => [...document.querySelectorAll(within + ' :is(button, input, select)')]
            .filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label')
              && !(e.labels && e.labels.length)).map((e) => e.outerHTML)""",
        within,
    )
    assert nameless == []


def tab_stops(page, first, last, most=200):
    """The test ids at which Tab stops from after `first` until `last`; "" where there is none."""
    page.get_by_test_id(first).focus()
    stops = []
    while len(stops) < most and last not in stops:
        page.keyboard.press("Tab")
        stops.append(page.evaluate("document.activeElement.dataset.testid || ''"))
    assert last in stops
    return stops
