"""The quiet menu of a panel, in a browser: its seed, and what is saved."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest
from PIL import Image
from playwright.sync_api import expect

from demo_app import text
from tests.demo_app.page import EN, dots, expect_width, fragment, menu, pause, state

pytestmark = pytest.mark.browser

TABS = ["nade"]
KO = text.labels("ko")
SEED, PNG, JSON = "nade-seed", "nade-save-png", "nade-save-json"

WITHOUT_POPOVERS = "delete HTMLElement.prototype.popover;"
"""As browsers were before 2024."""


def focused(page):
    """The test id of what has the keyboard, or "dots"."""
    return page.evaluate(
        "(document.activeElement.matches('.zoo-dots') && 'dots')"
        " || document.activeElement.dataset.testid || ''"
    )


def is_expanded(page, key):
    """Whether assistive technology is told of the only dots with this name that they are open."""
    session = page.context.new_cdp_session(page)
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    asked = {"nodeId": root, "accessibleName": EN[key], "role": "button"}
    (found,) = session.send("Accessibility.queryAXTree", asked)["nodes"]
    session.detach()
    return {p["name"]: p["value"]["value"] for p in found["properties"]}["expanded"]


def parts(page, test_id):
    """An item and the dots of its menu."""
    item = page.get_by_test_id(test_id)
    return item, dots(item)


@pytest.mark.parametrize("touch", [False, True])
def test_a_press_opens_it_and_one_outside_closes_it(visit, touch):
    page = visit(has_touch=touch)
    item, button = parts(page, SEED)
    press = button.tap if touch else button.click
    expect(item).to_be_hidden()
    press()
    expect(item).to_be_visible()
    assert focused(page) == "dots"  # no keyboard comes up for the field
    assert is_expanded(page, "zoo.more_seed")
    press()
    expect(item).to_be_hidden()
    press()
    expect(item).to_be_visible()
    title = page.locator("#nade-rest-title")
    title.tap() if touch else title.click()
    expect(item).to_be_hidden()
    assert not is_expanded(page, "zoo.more_seed")


def test_only_one_is_open(visit):
    page = visit()
    menu(page, SEED)
    menu(page, JSON)
    expect(page.get_by_test_id(SEED)).to_be_hidden()
    expect(page.get_by_test_id(PNG)).to_be_visible()


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_by_keys_it_opens_is_walked_through_and_closes(visit, key):
    page = visit()
    seed, button = parts(page, SEED)
    button.focus()
    page.keyboard.press(key)
    assert focused(page) == SEED
    page.keyboard.press("Escape")
    expect(seed).to_be_hidden()
    assert focused(page) == "dots"
    assert state(page).get("nade.seed") is None
    page.keyboard.press(key)
    page.keyboard.press("Tab")  # beyond its last item
    expect(seed).to_be_hidden()
    assert focused(page) not in ("", "dots", SEED)

    png, button = parts(page, PNG)
    button.focus()
    page.keyboard.press(key)
    assert focused(page) == PNG
    page.keyboard.press("ArrowDown")
    assert focused(page) == JSON
    page.keyboard.press("ArrowUp")
    assert focused(page) == PNG
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "nade.png"
    expect(png).to_be_hidden()
    assert focused(page) == "dots"


@pytest.mark.parametrize("first", [SEED, PNG])
def test_the_keyboard_goes_back_to_the_button_and_off_it(visit, first):
    page = visit()
    item, button = parts(page, first)
    button.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "dots"
    expect(item).to_be_visible()
    page.keyboard.press("Escape")
    expect(item).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(item).to_be_hidden()
    assert focused(page) != "dots"


def test_escape_leaves_nothing_else(visit):
    page = visit("large=1")
    menu(page, SEED)
    page.keyboard.press("Escape")
    expect(page.get_by_test_id(SEED)).to_be_hidden()
    assert state(page)["large"] == "1"
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("page-large")).to_have_attribute("aria-pressed", "false")


def test_a_foot_is_one_stop_of_the_tab_key(visit):
    page = visit()
    stops = page.evaluate(
        """() => [...document.querySelectorAll(".zoo-foot > .zoo-tools")].map((tools) =>
            [...tools.querySelectorAll("button, input")]
                .filter((one) => one.tabIndex === 0 && one.checkVisibility()).length)"""
    )
    assert stops == [1, 1]


def test_a_seed_is_typed_in_it(visit):
    page = visit()
    tiles = page.get_by_test_id("nade-completions-0")
    painted = "(host) => [...host.querySelectorAll('canvas')].map((c) => c.toDataURL()).join()"
    before = tiles.evaluate(painted)
    seed = menu(page, SEED)
    seed.fill("99")
    seed.press("Enter")
    page.wait_for_function(
        f"([host, before]) => ({painted})(host) !== before", arg=[tiles.element_handle(), before]
    )
    assert state(page)["nade.seed"] == "99"
    expect(seed).to_be_visible()
    seed.fill("-5")
    seed.press("Enter")
    expect(seed).to_have_value("99")
    expect(seed).to_be_visible()
    page.get_by_test_id("nade-random").click()
    expect(seed).not_to_have_value("99")
    expect(seed).to_be_hidden()
    assert state(page)["nade.seed"] == seed.input_value()


def test_what_is_typed_and_not_entered_is_taken_when_it_closes(visit):
    page = visit()
    menu(page, SEED).fill("7")
    page.locator("#nade-rest-title").click()
    expect(page.get_by_test_id(SEED)).to_be_hidden()
    assert state(page)["nade.seed"] == "7"
    menu(page, SEED).fill("-7")
    page.locator("#nade-rest-title").click()
    expect(page.get_by_test_id(SEED)).to_have_value("7")


def test_pictures_and_numbers_are_saved_and_it_closes(visit):
    page = visit()
    with page.expect_download() as download:
        menu(page, PNG).click()
    with Image.open(download.value.path()) as picture:
        assert (picture.format, picture.width > 800) == ("PNG", True)
    expect(page.get_by_test_id(PNG)).to_be_hidden()
    with page.expect_download() as download:
        menu(page, JSON).click()
    kept = json.loads(download.value.path().read_text())
    assert len(kept["pixels"]) == 784
    expect(page.get_by_test_id(JSON)).to_be_hidden()


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_its_name_says_what_is_in_it(visit, locale):
    page = visit(locale=locale)
    labels = {"en-US": EN, "ko-KR": KO}[locale]
    for item, key in ((SEED, "zoo.more_seed"), (PNG, "zoo.more_save")):
        button = dots(page.get_by_test_id(item))
        expect(button).to_have_accessible_name(labels[key])
        expect(button).to_have_attribute("title", labels[key])
        menu(page, item)
        expect(page.get_by_role("group", name=labels[key])).to_be_visible()


WHERE = """(dots) => {
    const [at, box] = [dots, dots.nextElementSibling].map((e) => e.getBoundingClientRect());
    return {
        inside: box.left >= 8 && box.right <= document.documentElement.clientWidth - 8
            && box.top >= 8 && box.bottom <= innerHeight - 8,
        aside: Math.abs(at.right - box.right),
        gap: box.top > at.top ? box.top - at.bottom : at.top - box.bottom,
        below: box.top > at.top,
    };
}"""

TO = """(dots, y) => {
    dots.focus({ preventScroll: true });
    scrollBy(0, dots.getBoundingClientRect().top - y);
}"""
"""Gives the dots the keyboard, at that height of the window."""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("hash", "width", "height"),
    [("", 390, 844), ("", 1440, 900), ("large=1", 1710, 900), ("large=1", 2400, 1300)],
)
def test_it_stands_at_its_button_and_within_the_window(visit, hash, width, height, theme):
    page = visit(hash, width=width, height=height, color_scheme=theme)
    for item in (SEED, PNG):
        button = dots(page.get_by_test_id(item))
        low = height - 10 - button.bounding_box()["height"]
        for y, below in ((0.3 * height, True), (low, False)):
            button.evaluate(TO, y)
            page.keyboard.press("Enter")  # a click would scroll what has something before it
            where = button.evaluate(WHERE)
            assert where["inside"], where
            assert where["below"] == below
            assert where["gap"] == pytest.approx(4, abs=1)
            assert where["aside"] <= 1
            expect_width(page, width)
            page.keyboard.press("Escape")
            expect(page.get_by_test_id(item)).to_be_hidden()
        page.keyboard.press("Enter")
        page.mouse.wheel(0, 150)  # it goes along
        page.wait_for_function(
            "([dots, height]) => dots.getBoundingClientRect().top < height - 100",
            arg=[button.element_handle(), height],
        )
        pause(page, 50)
        where = button.evaluate(WHERE)
        assert where["gap"] == pytest.approx(4, abs=1)
        page.keyboard.press("Escape")


def test_it_is_whole_in_a_window_with_no_room_below_or_above(visit):
    page = visit(height=150)
    button = dots(page.get_by_test_id(PNG))
    button.evaluate(TO, 60)
    page.keyboard.press("Enter")
    where = button.evaluate(WHERE)
    assert where["inside"], where


def test_it_goes_along_when_the_page_above_it_grows(visit):
    page = visit()
    menu(page, SEED)
    button = dots(page.get_by_test_id(SEED))
    before = button.bounding_box()["y"]
    page.locator("#nade-rest-title").evaluate("(title) => (title.style.paddingTop = '80px')")
    pause(page, 50)
    assert button.bounding_box()["y"] == pytest.approx(before + 80, abs=2)
    assert button.evaluate(WHERE)["gap"] == pytest.approx(4, abs=1)


def test_it_is_not_open_when_its_tab_comes_back(visit):
    page = visit()
    menu(page, SEED)
    page.evaluate("location.hash = 'tab=vae'")
    expect(page.locator("#page-nade")).to_be_hidden()
    page.evaluate("location.hash = 'tab=nade'")
    expect(page.locator("#page-nade")).to_be_visible()
    expect(page.get_by_test_id(SEED)).to_be_hidden()


def test_a_browser_without_popovers_shows_what_is_in_it(visit):
    page = visit(script=WITHOUT_POPOVERS, width=390)
    expect(page.locator(".zoo-dots")).to_have_count(0)
    seed = page.get_by_test_id(SEED)
    expect(seed).to_be_visible()
    seed.fill("12")
    seed.press("Enter")
    pause(page, 300)
    assert parse_qs(fragment(page))["nade.seed"] == ["12"]
    with page.expect_download() as download:
        page.get_by_test_id(JSON).click()
    assert json.loads(download.value.path().read_text())["seed"] == 12
    expect_width(page, 390)
