"""Going from tab to tab: the browser's history, the place on the page, the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.demo_app.page import menu, pause, state

pytestmark = pytest.mark.browser

TABS = ("nade", "map")


def is_shown(page, tab):
    expect(page.locator("html")).to_have_attribute("data-tab", tab)
    expect(page.locator(f"#page-{tab}")).to_be_visible()


def has_focus(page, tab):
    page.wait_for_function("(id) => document.activeElement?.id === id", arg=f"page-{tab}")


def test_a_tab_is_an_entry_of_the_history(visit):
    page = visit()
    menu(page, "nade-seed").fill("5")
    page.get_by_test_id("nade-seed").press("Enter")
    page.wait_for_function("location.hash.includes('nade.seed=5')")
    entries = page.evaluate("history.length")
    page.get_by_test_id("tab-map").click()
    is_shown(page, "map")
    page.wait_for_function("location.hash.includes('tab=map')")
    assert page.evaluate("history.length") == entries + 1
    page.get_by_test_id("tab-map").click()  # the same again is no other entry
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    is_shown(page, "nade")
    assert state(page)["nade.seed"] == "5"
    expect(page.get_by_test_id("nade-seed")).to_have_value("5")
    page.go_forward()
    is_shown(page, "map")


def test_a_change_within_a_tab_is_no_entry(visit):
    page = visit()
    entries = page.evaluate("history.length")
    page.get_by_test_id("nade-random").click()
    page.wait_for_function("location.hash.includes('nade.seed')")
    assert page.evaluate("history.length") == entries


def test_a_tab_opened_from_the_map_begins_at_its_top_with_the_keyboard(visit):
    page = visit("tab=map", width=390, waits=False)
    page.get_by_test_id("map-node-nade").click()
    opens = page.get_by_test_id("map-open")
    opens.scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, scrollY + 40)")
    before = page.evaluate("scrollY")
    assert before > 100
    opens.click()
    is_shown(page, "nade")
    assert page.evaluate("scrollY") == 0
    has_focus(page, "nade")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#page-nade') !== null")
    page.go_back()
    is_shown(page, "map")
    pause(page, 300)
    assert page.evaluate("scrollY") == pytest.approx(before, abs=80)
    has_focus(page, "map")
