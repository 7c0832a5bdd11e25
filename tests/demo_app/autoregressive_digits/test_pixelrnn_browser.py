"""The PixelRNN tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from demo_app import text
from demo_app.services.pixelrnn import PixelRNNService
from tests.demo_app.page import expect_width, menu, pause, state

pytestmark = pytest.mark.browser

TABS = ("pixelrnn",)

FIRST = 2 * 3  # the first paint's digit: the first 2; a made release has three of each
PIXEL = 433
MODELS = PixelRNNService.models


@pytest.fixture(scope="module")
def service(store):
    return PixelRNNService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the PixelRNN tab, once it shows its first answers."""

    def visit_pixelrnn(hash="", **options):
        page = visit("tab=pixelrnn" + ("&" + hash if hash else ""), **options)
        score = page.get_by_test_id(f"pixelrnn-score-{MODELS[1]}")
        expect(score).not_to_be_empty(timeout=20_000)
        tile = page.get_by_test_id("pixelrnn-completions-1").locator("canvas").first
        expect(tile).to_be_visible(timeout=20_000)
        return page

    return visit_pixelrnn


def colors(page, name):
    """Of each canvas in the element but overlays, (n, 784, 3)."""
    rgba = page.get_by_test_id(name).evaluate(
        "(host) => [...host.querySelectorAll('canvas:not(.zoo-overlay)')].map((c) =>"
        " Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data))"
    )
    return np.array(rgba).reshape(-1, 784, 4)[..., :3]


def expect_tiles(page, row, expected):
    deadline = time.monotonic() + 20
    while True:
        shown = (colors(page, f"pixelrnn-completions-{row}")[..., 0] < 128).astype(np.uint8)
        if shown.shape == expected.shape and (shown == expected).all():
            return
        assert time.monotonic() < deadline, "the completions are not the service's"
        pause(page, 100)


def test_first_paint_shows_both_models(visit, service):
    page = visit()
    image = service.of(MODELS[0]).digits()[0][FIRST]
    for row, model in enumerate(MODELS):
        score = f"{service.of(model).look(image)['log_prob']:,.1f}".replace("-", "−")
        expect(page.get_by_test_id(f"pixelrnn-score-{model}")).to_have_text(score)
        expect_tiles(page, row, service.of(model).complete(image, 392, 7, 1)["images"])


def test_what_a_model_cannot_see_is_blank(visit, service):
    page = visit()
    image = service.of(MODELS[0]).digits()[0][FIRST]
    for model in MODELS:
        field = service.of(model).look(image, PIXEL)["field"]
        shown = colors(page, f"pixelrnn-{model}")[0]
        blank = shown[783]  # of the future
        np.testing.assert_array_equal((shown == blank).all(1), field == 0)


def test_the_address_restores_the_line_the_seed_and_the_pixel(visit, service):
    page = visit("pixelrnn.known=500&pixelrnn.seed=4&pixelrnn.count=1&pixelrnn.pixel=300&lang=ko")
    image = service.of(MODELS[0]).digits()[0][FIRST]
    for row, model in enumerate(MODELS):
        expect_tiles(page, row, service.of(model).complete(image, 500, 1, 4)["images"])
    reading = page.locator("#page-pixelrnn .zoo-reading").first
    expect(reading).to_contain_text("11행 21열")
    expect(page.locator("#pixelrnn-title")).to_have_text(text.labels("ko")["pixelrnn.title"])


def test_a_telephone_scrolls_only_down(visit):
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    expect_width(page, 390)


def test_saving_the_numbers(visit, service):
    page = visit()
    with page.expect_download() as download:
        menu(page, "pixelrnn-save-json").click()
    kept = json.loads(download.value.path().read_text())
    image = service.of(MODELS[0]).digits()[0][FIRST]
    for model, numbers in zip(MODELS, kept["models"], strict=True):
        expected = service.of(model).look(image, PIXEL)
        np.testing.assert_allclose(numbers["field"], expected["field"], rtol=1e-3)
        assert numbers["log_prob"] == pytest.approx(expected["log_prob"], rel=1e-5)


def test_a_tap_on_a_map_asks_and_arrows_go_on_from_there(visit):
    page = visit(width=390, has_touch=True, is_mobile=True)
    surface = page.get_by_test_id(f"pixelrnn-{MODELS[1]}").locator(".zoo-surface")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    at = [box["x"] + 10.5 / 28 * box["width"], box["y"] + 20.5 / 28 * box["height"]]
    page.touchscreen.tap(*at)
    reading = page.locator(".zoo-pixelrnn .zoo-reading").nth(1)
    expect(reading).to_contain_text("Row 21, column 11")
    assert state(page)["pixelrnn.pixel"] == str(20 * 28 + 10)
    surface.focus()
    page.keyboard.press("ArrowUp")
    expect(reading).to_contain_text("Row 20, column 11")


def test_arrows_on_a_map_begin_at_the_pixel_that_is_read(visit):
    page = visit()
    page.get_by_test_id(f"pixelrnn-{MODELS[0]}").locator(".zoo-surface").focus()
    page.keyboard.press("ArrowLeft")
    reading = page.locator(".zoo-pixelrnn .zoo-reading").first
    row, column = divmod(PIXEL - 1, 28)
    expect(reading).to_contain_text(f"Row {row + 1}, column {column + 1}")
