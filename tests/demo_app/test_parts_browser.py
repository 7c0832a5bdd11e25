"""The outline of a long tab: its parts, their addresses, and where one is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from demo_app import text
from tests.demo_app.page import expect_width, pause, state

pytestmark = pytest.mark.browser

TABS = ("nade", "map")


def link(page, name):
    return page.get_by_test_id(f"part-{name}")


def is_marked(page, name):
    expect(link(page, name)).to_have_attribute("aria-current", "true")
    expect(page.locator("#page-nade [aria-current]")).to_have_count(1)


def below_the_outline(page, panel):
    """How far below the outline a panel begins."""
    top = page.locator(f"[aria-labelledby={panel}-title]").bounding_box()["y"]
    outline = page.get_by_test_id("parts").bounding_box()
    return top - outline["y"] - outline["height"]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_part_is_gone_to_and_marked_and_in_the_address(visit, width):
    page = visit(width=width, height=600)
    expect(link(page, "nade-about")).to_be_attached()  # all parts are there
    is_marked(page, "nade")
    assert "part" not in state(page)
    entries = page.evaluate("history.length")
    link(page, "nade-rest").click()
    is_marked(page, "nade-rest")
    assert state(page)["part"] == "nade-rest"
    assert page.evaluate("history.length") == entries
    for _ in range(30):
        if 0 <= below_the_outline(page, "nade-rest") <= 20:
            break
        pause(page, 100)  # it goes there over some frames
    assert 0 <= below_the_outline(page, "nade-rest") <= 20
    expect(page.get_by_test_id("parts")).to_be_in_viewport(ratio=0.99)
    page.mouse.move(width / 2, 300)
    page.mouse.wheel(0, -5000)  # the visitor takes over, and the address goes along
    is_marked(page, "nade")
    assert "part" not in state(page)
    expect_width(page, width)


def test_the_last_part_is_marked_once_it_was_gone_to_though_it_cannot_be_at_the_top(visit):
    page = visit(height=900)
    link(page, "nade-about").click()
    is_marked(page, "nade-about")
    link(page, "nade-rest").click()
    is_marked(page, "nade-rest")


def test_an_address_leads_to_its_part_and_stays_there_while_the_tab_grows(visit):
    page = visit("part=nade-rest", height=700)
    is_marked(page, "nade-rest")
    pause(page, 500)
    assert 0 <= below_the_outline(page, "nade-rest") <= 20
    page.evaluate("location.hash = '#part=nade'")
    is_marked(page, "nade")
    assert 0 <= below_the_outline(page, "nade") <= 24
    page.get_by_test_id("tab-map").click()
    assert state(page) == {"tab": "map"}
    page.go_back()
    is_marked(page, "nade")


def test_the_outline_is_of_links_in_the_language_of_the_page(visit):
    page = visit("lang=ko")
    labels = text.labels("ko")
    expect(link(page, "nade")).to_have_text(labels["parts.nade"])
    expect(link(page, "nade-about")).to_have_text(labels["zoo.about"])
    assert link(page, "nade-rest").get_attribute("href").endswith("#tab=nade&part=nade-rest")
    page.get_by_test_id("lang-en").click()
    expect(link(page, "nade")).to_have_text(text.labels("en")["parts.nade"])


def test_a_part_is_reached_by_keys(visit):
    page = visit()
    link(page, "nade").focus()
    page.keyboard.press("Tab")
    expect(link(page, "nade-rest")).to_be_focused()
    page.keyboard.press("Enter")
    is_marked(page, "nade-rest")


def test_nonsense_for_a_part_is_none(visit):
    page = visit("part=zebra")
    is_marked(page, "nade")
    assert page.evaluate("scrollY") == 0


CLIPBOARD = """Object.defineProperty(navigator, "clipboard", {
    value: { writeText: async (text) => { window.copied = text } } });"""


def test_the_link_that_is_copied_leads_to_the_part_on_the_screen(visit):
    page = visit(script=CLIPBOARD, height=700)
    page.locator("[aria-labelledby=nade-rest-title]").evaluate("(e) => e.scrollIntoView()")
    is_marked(page, "nade-rest")
    page.get_by_test_id("page-copy").dispatch_event("click")
    page.wait_for_function("window.copied")
    assert page.evaluate("window.copied").endswith("#part=nade-rest")
