"""The orderless part in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from demo_app import text
from tests.demo_app.page import expect_width, menu, pause, state

pytestmark = pytest.mark.browser

TABS = ("nade",)

FIRST = 3 * 3  # the first paint's digit: the first 3; a made release has three of each
LEFT = np.arange(784) % 28 < 14


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the NADE tab, once the orderless part shows its first answers."""

    def visit_orderless(hash="", **options):
        # With the tab named, the outer fixture does not wait for a NADE, which is not there.
        page = visit("tab=nade" + ("&" + hash if hash else ""), waits=False, **options)
        expect(page.get_by_test_id("orderless-fills").locator("canvas").first).to_be_visible(
            timeout=20_000
        )
        return page

    return visit_orderless


@pytest.fixture(scope="module")
def digits(service):
    return service.digits()[0]


def grid(page, name):
    """The colors of each pixel of a grid, (784, 3)."""
    cells = page.get_by_test_id(f"orderless-{name}").locator("canvas").first
    return colors(cells)


def colors(cells):
    rgba = cells.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)")
    return np.array(rgba).reshape(784, 4)[:, :3]


def hidden(page):
    """Where the canvas is neither paper nor ink, but the color of the hole."""
    pause(page, 100)
    spread = np.ptp(grid(page, "canvas"), axis=1)
    return spread > 15


def cell(page, i):
    box = page.get_by_test_id("orderless-canvas").locator(".zoo-surface").bounding_box()
    x = box["x"] + (i % 28 + 0.5) * box["width"] / 28
    return x, box["y"] + (i // 28 + 0.5) * box["height"] / 28


def expect_fills(page, images):
    """Ink is dark, in the hole too, and paper is white."""
    tiles = page.get_by_test_id("orderless-fills").locator("canvas")
    deadline = time.monotonic() + 20
    while True:
        shown = [colors(tile)[:, 0] < 128 for tile in tiles.all()]
        if len(shown) == len(images) and (np.array(shown) == images).all():
            return
        assert time.monotonic() < deadline, "the fillings are not the service's"
        pause(page, 100)


def test_first_paint_is_a_finished_result(visit, service, digits):
    page = visit()
    np.testing.assert_array_equal(hidden(page), LEFT)
    expect_fills(page, service.fill(digits[FIRST], LEFT, 7, 1)["images"])
    p = service.marginals(digits[FIRST], LEFT)
    # Red rises along cividis from blue to yellow, but for its first tenth.
    red, order = grid(page, "map")[:, 0], np.argsort(p)
    order = order[p[order] > 0.12]
    assert (np.diff(red[order]) >= 0).all()
    expect(page.get_by_test_id("orderless-status")).to_have_text(
        re.compile(r"^Answered in [\d.,]+ ms, [\d.,]+ ms of it on the server$")
    )


def test_a_hole_is_drawn_and_mended_and_undone(visit, service, digits):
    page = visit("orderless.brush=1")
    page.mouse.move(*cell(page, 5 * 28 + 18))
    page.mouse.down()
    page.mouse.move(*cell(page, 5 * 28 + 24))
    page.mouse.up()
    expected = LEFT.copy()
    expected[5 * 28 + 18 : 5 * 28 + 25] = True
    np.testing.assert_array_equal(hidden(page), expected)
    expect_fills(page, service.fill(digits[FIRST], expected, 7, 1)["images"])
    page.mouse.click(*cell(page, 5 * 28 + 20), button="right")
    expected[5 * 28 + 20] = False
    np.testing.assert_array_equal(hidden(page), expected)
    page.get_by_test_id("orderless-undo").click()
    page.get_by_test_id("orderless-undo").click()
    np.testing.assert_array_equal(hidden(page), LEFT)
    assert "orderless.hole" not in state(page)


def test_prepared_holes_and_their_name_in_the_address(visit, service, digits):
    page = visit()
    page.get_by_test_id("orderless-hole-bottom").click()
    np.testing.assert_array_equal(hidden(page), np.arange(784) >= 392)
    assert state(page)["orderless.hole"] == "bottom"
    page.get_by_test_id("orderless-hole-all").click()
    assert hidden(page).all()
    expect_fills(page, service.fill(digits[FIRST], np.ones(784), 7, 1)["images"])


def test_order_count_and_seed_are_asked_for(visit, service, digits):
    page = visit()
    page.get_by_test_id("orderless-order").select_option("columns")
    page.get_by_test_id("orderless-count").select_option("14")
    menu(page, "orderless-seed").fill("77")
    page.get_by_test_id("orderless-seed").press("Enter")
    expect_fills(page, service.fill(digits[FIRST], LEFT, 14, 77, "columns")["images"])


def test_the_player_draws_in_the_order_of_the_filling(visit, service, digits):
    page = visit("orderless.order=rows")
    scrubber = page.get_by_test_id("orderless-player").locator("input[type=range]")
    expect(scrubber).to_have_value(str(LEFT.sum()))
    scrubber.fill("100")
    rank = service.fill(digits[FIRST], LEFT, 7, 1, "rows")["rank"]
    image = colors(page.get_by_test_id("orderless-fills").locator("canvas").first)
    waiting = np.ptp(image, axis=1) > 15
    waiting &= image[:, 0] > 128  # ink that was drawn is colored too, but dark
    np.testing.assert_array_equal(waiting, rank >= 100)


def test_a_filling_becomes_the_image(visit, service, digits):
    page = visit()
    taken = service.fill(digits[FIRST], LEFT, 7, 1)["images"][2]
    expect_fills(page, service.fill(digits[FIRST], LEFT, 7, 1)["images"])
    page.get_by_test_id("orderless-fills").locator("button").nth(2).click()
    page.get_by_test_id("orderless-hole-right").click()
    expect_fills(page, service.fill(taken, ~LEFT, 7, 1)["images"])


def test_the_whole_state_is_restored(visit, service, digits):
    page = visit("orderless.image=802&orderless.hole=grid&orderless.seed=5&orderless.count=1")
    r, c = np.arange(784) // 28, np.arange(784) % 28
    hole = (r % 3 != 1) | (c % 3 != 1)
    np.testing.assert_array_equal(hidden(page), hole)
    expect_fills(page, service.fill(digits[8 * 3 + 2], hole, 1, 5)["images"])


@pytest.mark.parametrize(
    "hash",
    [
        "orderless.image=9e9&orderless.hole=zebra&orderless.seed=-1&orderless.count=3",
        "orderless.x=!&orderless.order=up&orderless.brush=2&orderless.pixel=1.5&orderless.tool=axe",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    np.testing.assert_array_equal(hidden(page), LEFT)


def test_keys_hide_and_show(visit):
    page = visit()
    surface = page.get_by_test_id("orderless-canvas").locator(".zoo-surface")
    surface.focus()
    surface.press("Control+Home")
    surface.press("Space")
    expected = LEFT.copy()
    expected[0] = False
    np.testing.assert_array_equal(hidden(page), expected)


def test_the_numbers_are_saved(visit, service, digits):
    page = visit()
    with page.expect_download() as download:
        menu(page, "orderless-save-json").click()
    kept = json.loads(download.value.path().read_text())
    assert kept["pixels"] == digits[FIRST].tolist()
    assert kept["hole"] == LEFT.astype(int).tolist()
    answer = service.fill(digits[FIRST], LEFT, 7, 1)
    assert kept["fills"] == answer["images"].tolist()
    assert kept["rank"] == answer["rank"].tolist()
    np.testing.assert_allclose(
        kept["marginals"], service.marginals(digits[FIRST], LEFT), atol=1e-5
    )


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_a_telephone(visit, language):
    page = visit(f"lang={language}", width=390, height=844)
    expect_width(page, 390)
    title = page.locator("#orderless-title")
    expect(title).to_have_text(text.labels(language)["orderless.title"])
