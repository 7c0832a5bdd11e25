"""What the browser tests of every tab ask of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch
from urllib.parse import parse_qs

import numpy as np
from playwright.sync_api import Page, Request, expect

from demo_app import live, shell, text
from demo_app.store import Store


@contextmanager
def served(tabs: Sequence[shell.Tab], store: Store, port: int) -> Iterator[str]:
    """The app with these tabs; its address."""
    # Tests run beside each other: threads that give way to all others would wait for their ends.
    with patch.object(live, "SLOW_NICE", 0):
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


def open_tab(page, key):
    """Go to a tab by the head of the page: to its group, and there to the tab."""
    tab = page.get_by_test_id(f"tab-{key}")
    group = next(tab.group for tab in shell.TABS if tab.key == key)
    if group and not tab.is_visible():
        page.get_by_test_id(f"group-{group}").click()
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")


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


def dots(item):
    """The three dots of the menu in which something stands."""
    return item.locator("xpath=ancestor::*[@popover]/preceding-sibling::button[1]")


def menu(page, test_id):
    """What has the test id and stands in a panel's menu, which is opened unless it is open."""
    item = page.get_by_test_id(test_id)
    if not item.evaluate("item => item.closest('.zoo-more').matches(':popover-open')"):
        dots(item).click()
    expect(item).to_be_visible()
    return item


ONE_OF_A_GROUP = """() => {
  const one = document.activeElement;
  if (one.tagName !== "BUTTON") return false;
  let host = one.parentElement;
  for (let level = 0; host && level < 3; level++, host = host.parentElement) {
    const others = [...host.querySelectorAll("button")].filter((button) =>
      button !== one && !button.disabled && button.checkVisibility());
    if (others.some((button) => button.tabIndex !== -1)) return false;
    if (others.length) return true;
  }
  return false;
}"""
"""Whether the keyboard is on a button of a group that is one stop of Tab."""


def tab_stops(page, first, last, most=200, within=True):
    """The test ids that the keyboard reaches from after `first` until `last`, by Tab, and with
    `within` also by Home and the right arrow in a group of buttons that is one stop, and by Enter
    in the menus of panels; "" where there is none."""

    def here():
        return page.evaluate("document.activeElement.dataset.testid || ''")

    def through():
        """From the first button of a group to its last."""
        page.keyboard.press("Home")
        for _ in range(60):
            stop()
            before = page.evaluate_handle("document.activeElement")
            page.keyboard.press("ArrowRight")
            if page.evaluate("before => before === document.activeElement", before):
                break

    def stop():
        stops.append(here())
        if not within or not page.evaluate("document.activeElement.matches('.zoo-dots')"):
            return
        page.keyboard.press("Enter")
        while page.evaluate("document.activeElement.matches('.zoo-more input')"):
            stops.append(here())
            if page.evaluate("!document.activeElement.closest('label').nextElementSibling"):
                break
            page.keyboard.press("Tab")
        else:
            through()
        page.keyboard.press("Escape")

    page.get_by_test_id(first).focus()
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop()
        if within and page.evaluate(ONE_OF_A_GROUP):
            through()
        if last in stops:
            break
    assert last in stops
    return stops
