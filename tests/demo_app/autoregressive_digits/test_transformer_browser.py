"""The Transformer tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from demo_app import text
from demo_app.services.transformer import TransformerService
from tests.demo_app.page import expect_width, menu, pause, state

pytestmark = pytest.mark.browser

TABS = ("transformer",)

FIRST = 2 * 3  # the first paint's digit: the first 2; a made release has three of each
PIXEL = 571


@pytest.fixture(scope="module")
def service(store):
    return TransformerService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the Transformer tab, once it shows its first answers."""

    def visit_transformer(hash="", **options):
        page = visit("tab=transformer" + ("&" + hash if hash else ""), **options)
        expect(page.get_by_test_id("transformer-score")).not_to_be_empty(timeout=20_000)
        tile = page.get_by_test_id("transformer-completions-0").locator("canvas").first
        expect(tile).to_be_visible(timeout=20_000)
        return page

    return visit_transformer


def reds(page, name):
    return page.get_by_test_id(name).evaluate(
        "(host) => [...host.querySelectorAll('canvas:not(.zoo-overlay)')].map((c) =>"
        " Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
        ".filter((_, i) => i % 4 === 0))"
    )


def drawn(page):
    pause(page, 150)  # a stroke is painted with its answer, or a little later
    return (np.array(reds(page, "transformer-canvas")[0]) < 128).astype(np.uint8)


def expect_tiles(page, expected):
    deadline = time.monotonic() + 20
    while True:
        shown = (np.array(reds(page, "transformer-completions-0")) < 128).astype(np.uint8)
        if shown.shape == expected.shape and (shown == expected).all():
            return
        assert time.monotonic() < deadline, "the completions are not the service's"
        pause(page, 100)


def cell(page, i, name):
    box = page.get_by_test_id(name).locator(".zoo-surface").bounding_box()
    x = box["x"] + (i % 28 + 0.5) * box["width"] / 28
    return x, box["y"] + (i // 28 + 0.5) * box["height"] / 28


def test_first_paint_is_a_finished_result(visit, service):
    page = visit()
    image = service.digits()[0][FIRST]
    np.testing.assert_array_equal(drawn(page), image)
    answer = service.look(image, PIXEL)
    score = f"{answer['log_prob']:,.1f}".replace("-", "−")
    expect(page.get_by_test_id("transformer-score")).to_have_text(score)
    expect_tiles(page, service.complete(image, 392, 7, 1)["images"])
    assert len(reds(page, "transformer-maps")) == 6
    most = answer["attention"][1, 0].max() * 7
    expect(page.get_by_test_id("transformer-reading")).to_contain_text(f"{100 * most:.1f}")
    expect(page.get_by_test_id("transformer-ratio")).to_contain_text(
        "times as fast", timeout=20_000
    )


def test_the_map_is_brightest_where_the_head_looks_most(visit, service):
    page = visit()
    page.get_by_test_id("transformer-maps").locator("button").nth(4).click()
    expect(page.get_by_test_id("transformer-chosen")).to_have_text("Layer 2, head 2")
    image = service.digits()[0][FIRST]
    weights = service.look(image, PIXEL)["attention"][1, 1]
    end = (PIXEL // 7 + 1) * 7
    empty = (image == 0) & (np.arange(784) < end)  # ink is lightened
    red = np.array(reds(page, "transformer-large")[0])
    seen, shown = weights[empty], red[empty]
    order = np.argsort(seen)
    order = order[seen[order] > 0.12 * weights.max()]  # cividis begins with a little less red
    assert (np.diff(shown[order]) >= 0).all()
    assert len(set(red[end:])) == 1
    assert state(page)["transformer.head"] == "2"


def test_clicking_the_map_asks_about_that_pixel(visit, service):
    page = visit()
    page.mouse.click(*cell(page, 300, "transformer-large"))
    page.mouse.move(5, 5)
    reading = page.get_by_test_id("transformer-reading")
    expect(reading).to_contain_text("Row 11, column 21.")
    assert state(page)["transformer.pixel"] == "300"


def test_sliders_sharpen_the_completions_and_can_be_put_back(visit, service):
    page = visit()
    image = service.digits()[0][FIRST]
    page.get_by_test_id("transformer-temperature").fill("0.5")
    page.get_by_test_id("transformer-top-p").fill("0.8")
    expect_tiles(page, service.complete(image, 392, 7, 1, 0.5, 0.8)["images"])
    page.get_by_test_id("transformer-as-learned").click()
    expect_tiles(page, service.complete(image, 392, 7, 1)["images"])
    assert not [key for key in state(page) if key.startswith("transformer.")]


def test_drawing_undo_and_the_line(visit, service):
    page = visit()
    page.get_by_test_id("transformer-clear").click()
    page.locator("#page-transformer [data-brush='1']").click()
    page.mouse.click(*cell(page, 300, "transformer-canvas"))
    expected = np.zeros(784, np.uint8)
    expected[300] = 1
    np.testing.assert_array_equal(drawn(page), expected)
    expect(page.get_by_test_id("transformer-known")).to_have_value("301")
    page.get_by_test_id("transformer-undo").click()
    assert not drawn(page).any()
    page.get_by_test_id("transformer-line").press("ArrowDown")
    expect(page.get_by_test_id("transformer-known")).to_have_value("28")


def test_the_address_restores_everything_in_a_fresh_page(visit, service):
    page = visit("transformer.layer=1&transformer.head=3&transformer.known=200&transformer.seed=9"
                 "&transformer.temperature=0.5&transformer.top_p=0.9&transformer.count=1"
                 "&transformer.pixel=600")  # fmt: skip
    image = service.digits()[0][FIRST]
    expect(page.get_by_test_id("transformer-chosen")).to_have_text("Layer 1, head 3")
    expect_tiles(page, service.complete(image, 200, 1, 9, 0.5, 0.9)["images"])
    expect(page.get_by_test_id("transformer-reading")).to_contain_text("Row 22, column 13.")
    page.get_by_test_id("transformer-reset").click()
    expect(page.get_by_test_id("transformer-chosen")).to_have_text("Layer 2, head 1")
    expect_tiles(page, service.complete(image, 392, 7, 1)["images"])
    assert not [key for key in state(page) if key.startswith("transformer.")]


def test_nonsense_in_the_address_becomes_the_default(visit, service):
    page = visit("transformer.layer=99&transformer.head=0&transformer.temperature=-3"
                 "&transformer.top_p=hot&transformer.known=9e9&transformer.x=?")  # fmt: skip
    expect(page.get_by_test_id("transformer-chosen")).to_have_text("Layer 2, head 1")
    expect_tiles(page, service.complete(service.digits()[0][FIRST], 392, 7, 1)["images"])


def test_korean_on_a_telephone_scrolls_only_down(visit):
    page = visit("lang=ko", width=390, height=844, has_touch=True, is_mobile=True)
    korean = text.labels("ko")
    expect(page.locator("#transformer-title")).to_have_text(korean["transformer.title"])
    expect_width(page, 390)
    visible = page.locator("#page-transformer").inner_text()
    english = set(text.labels("en").values()) - set(korean.values())
    assert not [label for label in english if len(label) > 8 and label in visible]


def test_saving_the_numbers(visit, service):
    page = visit()
    with page.expect_download() as download:
        menu(page, "transformer-save-json").click()
    kept = json.loads(download.value.path().read_text())
    image = service.digits()[0][FIRST]
    answer = service.look(image, kept["pixel"])
    assert kept["log_prob"] == pytest.approx(answer["log_prob"], rel=1e-5)
    attention = answer["attention"][..., ::7] * 7
    np.testing.assert_allclose(kept["attention"], attention, atol=1e-5)
    completions = service.complete(image, kept["known"], 7, kept["seed"])["images"]
    assert [c["pixels"] for c in kept["completions"]] == completions.tolist()
    with page.expect_download() as download:
        menu(page, "transformer-save-png").click()
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_tap_on_the_large_map_asks(visit):
    page = visit(width=390, has_touch=True, is_mobile=True)
    surface = page.locator(".zoo-transformer .large .zoo-surface")
    surface.scroll_into_view_if_needed()
    box = surface.bounding_box()
    page.touchscreen.tap(box["x"] + 10.5 / 28 * box["width"], box["y"] + 20.5 / 28 * box["height"])
    reading = page.locator(".zoo-transformer .zoo-reading")
    expect(reading).to_contain_text("Row 21, column 11")
    assert state(page)["transformer.pixel"] == str(20 * 28 + 10)
