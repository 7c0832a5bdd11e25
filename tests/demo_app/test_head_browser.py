"""The head of the page: its groups of tabs, a link to what is shown, the page shown large."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from demo_app import shell, text
from tests.demo_app.page import expect_width, open_tab, pause, state

pytestmark = pytest.mark.browser

TABS = ("nade",)

GROUPS = {
    "explicit": ["nade", "pixels", "pixelrnn", "transformer"],  # the NADE is first in tests
    "latent": ["vae", "aae"],
    "adversarial": ["gan", "dcgan", "infogan", "progan"],
    "translation": ["stargan", "cyclegan", "text2image", "puzzle"],
    "compare": ["compare", "figures", "faceoff", "blind"],
}


def selected(page, name):
    expect(page.get_by_test_id(name)).to_have_attribute("aria-selected", "true")


def is_shown(page, tab):
    expect(page.locator("html")).to_have_attribute("data-tab", tab)
    selected(page, f"tab-{tab}")
    expect(page.get_by_test_id(f"tab-{tab}")).to_be_visible()


def tabs_in_sight(page):
    shown = page.locator("[id=zoo-group] [role=tab]:visible")
    return shown.evaluate_all("(all) => all.map((tab) => tab.dataset.key)")


def test_every_tab_is_in_one_group_and_the_map_stands_alone():
    grouped = shell.grouped(shell.TABS)
    assert grouped[0] == ("map", ["map"])
    assert {key: sorted(tabs) for key, tabs in grouped[1:]} == {
        key: sorted(tabs) for key, tabs in GROUPS.items()
    }
    assert [key for key, _ in grouped[1:]] == list(GROUPS)


def test_a_group_shows_its_tabs_and_remembers_which_was_seen(visit):
    page = visit()
    selected(page, "group-explicit")
    assert tabs_in_sight(page) == GROUPS["explicit"]
    for group, tabs in GROUPS.items():
        page.get_by_test_id(f"group-{group}").click()
        is_shown(page, tabs[0])
        assert tabs_in_sight(page) == tabs
    page.get_by_test_id("tab-blind").click()
    is_shown(page, "blind")
    page.get_by_test_id("tab-map").click()
    is_shown(page, "map")
    expect(page.locator("[id=zoo-group]")).to_be_hidden()
    page.get_by_test_id("group-compare").click()
    is_shown(page, "blind")
    page.go_back()
    is_shown(page, "map")
    page.go_back()
    is_shown(page, "blind")
    selected(page, "group-compare")


def test_every_address_opens_its_tab_in_its_group(visit):
    page = visit()
    for group, tabs in GROUPS.items():
        for tab in tabs:
            page.evaluate("(tab) => (location.hash = '#tab=' + tab)", tab)
            is_shown(page, tab)
            selected(page, f"group-{group}")


@pytest.mark.parametrize(
    ("hash", "tab"),
    [
        ("tab=compare&faceoff.seed=3", "faceoff"),
        ("tab=compare&blind.seed=4&blind.game=mnist-gray", "blind"),
        ("tab=compare&compare.seed=4&blind.seed=4", "compare"),
        ("tab=compare&lang=en", "compare"),
    ],
)
def test_an_address_of_the_time_when_compare_was_one_tab_is_understood(visit, hash, tab):
    is_shown(visit(hash, waits=False), tab)


def test_tabs_go_by_keys_with_one_stop_for_each_list(visit):
    page = visit()
    page.get_by_test_id("tab-nade").focus()
    page.keyboard.press("End")
    is_shown(page, "transformer")
    expect(page.get_by_test_id("tab-transformer")).to_be_focused()
    page.keyboard.press("ArrowRight")
    is_shown(page, "nade")
    page.keyboard.press("ArrowLeft")
    is_shown(page, "transformer")
    page.keyboard.press("Home")
    is_shown(page, "nade")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_test_id("group-explicit")).to_be_focused()
    page.keyboard.press("ArrowLeft")  # round: in tests the NADE's group is the first
    is_shown(page, "compare")
    expect(page.get_by_test_id("group-compare")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("tab-compare")).to_be_focused()
    stops = page.locator(".zoo-header [role=tab]:visible").evaluate_all(
        "(all) => all.filter((tab) => tab.tabIndex === 0).map((tab) => tab.dataset.testid)"
    )
    assert stops == ["group-compare", "tab-compare"]


def test_tabs_name_their_panels(visit):
    page = visit()
    found = page.locator(".zoo-header [role=tab]").evaluate_all(
        """(all) => all.map((tab) => {
            const panel = document.getElementById(tab.getAttribute("aria-controls"));
            return panel?.getAttribute("role") === "tabpanel" && tab.textContent.trim() !== "";
        })"""
    )
    assert len(found) == len(shell.TABS) + len(GROUPS)
    assert all(found)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_all_tabs_are_in_one_row_on_a_screen_and_in_two_on_a_telephone(visit, language):
    page = visit(f"lang={language}")
    for width, rows in ((1440, 1), (1280, 1), (390, 2)):
        page.set_viewport_size({"width": width, "height": 844})
        for group in GROUPS:
            page.get_by_test_id(f"group-{group}").click()
            pause(page, 50)
            boxes = page.locator(".zoo-header [role=tab]:visible").evaluate_all(
                "(all) => all.map((tab) => tab.getBoundingClientRect().toJSON())"
            )
            assert len({round(box["top"]) for box in boxes}) == rows, (width, group)
            assert min(box["left"] for box in boxes) >= 15.5, (width, group)
            assert max(box["right"] for box in boxes) <= width - 15.5, (width, group)
            expect_width(page, width)


def test_tabs_by_touch(visit):
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    page.get_by_test_id("group-translation").tap()
    page.get_by_test_id("tab-puzzle").tap()
    is_shown(page, "puzzle")


# A link to what is shown

CLIPBOARD = """Object.defineProperty(navigator, "clipboard", {
    value: { writeText: async (text) => { %s } } });"""


ERASE = ".zoo-nade [data-tool=erase]"

# What is said for some seconds is said for ever.
PATIENT = """
    const later = window.setTimeout;
    window.setTimeout = (f, ms, ...given) => later(f, ms >= 4000 ? 1e9 : ms, ...given);
"""


def test_the_link_that_is_copied_restores_what_is_shown(visit):
    page = visit(script=CLIPBOARD % "window.copied = text" + PATIENT)

    page.locator(ERASE).click()
    page.get_by_test_id("page-copy").click()  # before the address is written
    expect(page.get_by_test_id("page-told")).to_have_text(text.labels("en")["zoo.link_copied"])
    copied = page.evaluate("window.copied")
    pause(page, 300)
    assert copied == page.url
    assert state(page)["nade.tool"] == "erase"
    page.get_by_test_id("lang-ko").click()
    expect(page.get_by_test_id("page-told")).to_be_empty()  # it was of the other one
    other = visit(copied.partition("#")[2])
    expect(other.locator(ERASE)).to_have_attribute("aria-pressed", "true")


def test_where_no_page_may_write_to_the_clipboard_the_link_is_ready_to_be_copied(visit):
    page = visit("lang=ko&nade.seed=5", script=CLIPBOARD % "throw new Error('refused')")
    page.get_by_test_id("page-copy").click()
    link = page.get_by_test_id("page-link")
    expect(link).to_be_focused()
    expect(link).to_have_value(page.url)
    chosen = link.evaluate("(e) => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert chosen == page.url
    said = text.labels("ko")["zoo.link_by_hand"]
    expect(page.locator(".zoo-header .by-hand")).to_contain_text(said)
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(page.get_by_test_id("page-copy")).to_be_focused()


# For a lecture hall


def zoom(page):
    return page.get_by_test_id("nade-canvas").evaluate("(e) => e.currentCSSZoom")


def test_it_is_shown_large_and_escape_leaves(visit):
    page = visit(width=1710, height=900)
    canvas = page.get_by_test_id("nade-canvas")
    before = canvas.bounding_box()["width"]
    page.get_by_test_id("page-large").click()
    expect(page.get_by_test_id("page-large")).to_have_attribute("aria-pressed", "true")
    assert state(page)["large"] == "1"
    assert zoom(page) == pytest.approx(1.5)
    assert canvas.bounding_box()["width"] > 1.3 * before
    expect_width(page, 1710)
    page.evaluate("document.fullscreenElement && document.exitFullscreen()")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("page-large")).to_have_attribute("aria-pressed", "false")
    assert "large" not in state(page)
    assert canvas.bounding_box()["width"] == before


def test_an_address_shows_it_large_and_the_pointer_meets_what_it_points_at(visit):
    page = visit("large=1&nade.known=0", width=1710, height=900)
    assert zoom(page) == pytest.approx(1.5)
    page.get_by_test_id("nade-clear").click()
    page.locator("[data-brush='1']").click()
    surface = page.get_by_test_id("nade-canvas").locator(".zoo-surface")
    surface.evaluate("(part) => part.scrollIntoView({block: 'center'})")
    box = surface.bounding_box()
    page.mouse.click(box["x"] + 20.5 * box["width"] / 28, box["y"] + 9.5 * box["height"] / 28)
    page.wait_for_function(
        """(cell) => {
            const canvas = document.querySelector('[data-testid=nade-canvas] canvas');
            const { data } = canvas.getContext('2d').getImageData(0, 0, 28, 28);
            const all = Array.from({length: 784}, (_, i) => i);
            return all.filter((i) => data[4 * i] < 128).join() === String(cell);
        }""",
        arg=9 * 28 + 20,
    )
    known = page.get_by_test_id("nade-known")
    known.evaluate("(part) => part.scrollIntoView({block: 'center'})")
    box = known.bounding_box()
    thumb = 16 * 1.5
    page.mouse.click(
        box["x"] + thumb / 2 + 0.25 * (box["width"] - thumb), box["y"] + box["height"] / 2
    )
    assert int(known.input_value()) == pytest.approx(196, abs=3)
    page.set_viewport_size({"width": 1000, "height": 700})
    pause(page, 100)
    assert zoom(page) == 1


def test_a_tab_of_another_group_is_opened(visit):
    page = visit()
    open_tab(page, "figures")
    is_shown(page, "figures")
