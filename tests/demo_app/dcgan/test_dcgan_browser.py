"""The DCGAN tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app.services.dcgan import DCGANService
from tests.demo_app.dcgan.conftest import ENDS, EXAMPLE
from tests.demo_app.page import (
    EN,
    PAPER,
    PEN,
    expect_names,
    expect_to_fit,
    fragment,
    levels,
    menu,
    open_tab,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser

TABS = ("dcgan",)

MODEL, OTHER = DCGANService.models


@pytest.fixture(scope="module")
def service(store):
    return DCGANService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the DCGAN tab, once all of it shows its first answers."""

    def visit_dcgan(hash="", **options):
        page = visit("tab=dcgan" + ("&" + hash if hash else ""), **options)
        expect(sheet(page)).to_have_attribute("data-seed", re.compile("."))
        expect(page.get_by_test_id("dcgan-spherical-strip")).to_have_attribute(
            "data-ends", re.compile(".")
        )
        expect(page.get_by_test_id("dcgan-trip")).to_have_attribute("data-at", re.compile("."))
        expect(around(page)).to_have_attribute("data-picks", re.compile("."))
        expect(page.get_by_test_id("dcgan-pad")).to_have_attribute("data-sheet", re.compile("."))
        expect(page.get_by_test_id("dcgan-sweep")).to_have_attribute("data-at", re.compile("."))
        return page

    return visit_dcgan


def cells(page, name):
    return page.get_by_test_id(name).locator("canvas.zoo-cells")


def sheet(page):
    return cells(page, "dcgan-sheet")


def around(page):
    return cells(page, "dcgan-around")


def expect_sheet(canvas, images, columns):
    rows = len(images) // columns
    shown = levels(canvas, 28 * columns, 28 * rows).reshape(rows, 28, columns, 28)
    expected = np.reshape(images, (rows, columns, 28, 28)).transpose(0, 2, 1, 3)
    np.testing.assert_allclose(shown, expected, atol=0.006)


def expect_image(canvas, image):
    np.testing.assert_allclose(levels(canvas), image, atol=0.006)


def length(value):
    """|z| as the page writes it, which has it to three digits: the last of two may differ."""
    either = {f"{value + by:.2f}" for by in (-0.001, 0, 0.001)}
    return rf"\|z\| = ({'|'.join(map(re.escape, either))})"


def press(page, name, cell, side=8):
    """Click on a cell of a sheet."""
    host = page.get_by_test_id(name)
    host.scroll_into_view_if_needed()
    box = host.bounding_box()
    size = box["width"] / side
    page.mouse.click(box["x"] + size * (cell % side + 0.5), box["y"] + size * (cell // side + 0.5))


def scrubber(page, player):
    return page.get_by_test_id(player).locator("input[type=range]")


def drag(page, name, start, end, steps=25):
    """With the pointer, from a place of a box to another, in shares of its sides."""
    page.get_by_test_id(name).scroll_into_view_if_needed()
    box = page.get_by_test_id(name).bounding_box()
    for x, y in (start, end):
        place = box["x"] + x * box["width"], box["y"] + y * box["height"]
        page.mouse.move(*place, steps=steps)
        if (x, y) == start:
            page.mouse.down()
    page.mouse.up()


# The sheet


def test_the_sheet_and_its_chosen_image(visit, service):
    page = visit()
    images = service.samples(MODEL, 64, 0)["images"]
    expect_sheet(sheet(page), images, 8)
    expect_image(page.get_by_test_id("dcgan-current"), images[ENDS[0][1]])
    press(page, "dcgan-sheet", 27)
    expect(page.get_by_test_id("dcgan-current")).to_have_attribute("data-cell", "27")
    expect_image(page.get_by_test_id("dcgan-current"), images[27])
    place = "Row 4, column 4: " + length(np.linalg.norm(service.draws(MODEL, [[0, 27]])))
    expect(page.get_by_test_id("dcgan-place")).to_have_text(re.compile(place))
    # The sweep goes on from there.
    sweep = page.get_by_test_id("dcgan-sweep")
    expect(sweep).to_have_attribute("data-draw", "0-27")
    expect_image(sweep, images[27])
    assert state(page)["dcgan.cell"] == "27"


def test_the_arrow_keys_choose(visit, service):
    page = visit("dcgan.cell=9")
    page.get_by_test_id("dcgan-sheet").locator(".zoo-surface").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    current = page.get_by_test_id("dcgan-current")
    expect(current).to_have_attribute("data-cell", "18")
    expect_image(current, service.samples(MODEL, 19, 0)["images"][18])
    expect(page.locator(".zoo-dcgan_sheet .said")).not_to_be_empty()


@pytest.mark.parametrize(
    ("cell", "key", "percent"), [(0, "no_copy", "20"), (8, "copy", ""), (16, "odd", "100")]
)
def test_neighbours_and_what_they_tell(visit, service, cell, key, percent):
    page = visit(f"dcgan.cell={cell}&dcgan.seed=1")
    found = service.neighbours(MODEL, 1, cell)
    expect(page.get_by_test_id("dcgan-verdict")).to_have_attribute("data-cell", str(cell))
    sentence = written(
        EN[f"dcgan.{key}"], distance=f"{found['distances'][0]:.2f}", median="1.10", percent=percent
    )
    expect(page.get_by_test_id("dcgan-verdict")).to_have_text(sentence)
    shown = page.get_by_test_id("dcgan-neighbours").locator("canvas")
    expect(shown).to_have_count(3)
    for k in range(3):
        expect_image(shown.nth(k), found["images"][k] / 255)
    words = page.get_by_test_id("dcgan-neighbours").locator("p").nth(2)
    expect(words).to_have_text(f"{found['labels'][2]}, distance {found['distances'][2]:.2f}")


def test_a_sheet_that_was_not_searched_says_so(visit):
    page = visit("dcgan.seed=2")
    told = page.get_by_test_id("dcgan-unsearched")
    expect(told).to_have_text(written(EN["dcgan.unsearched"], last=1))
    expect(page.get_by_test_id("dcgan-neighbours")).to_be_hidden()
    menu(page, "dcgan-seed").fill("1")
    page.get_by_test_id("dcgan-seed").press("Enter")
    expect(page.get_by_test_id("dcgan-neighbours").locator("canvas")).to_have_count(3)
    page.get_by_test_id("dcgan-scale").fill("0.5")
    expect(told).to_have_text(EN["dcgan.unsearched_scale"])


def test_the_scale_is_followed_and_everything_is_drawn_at_it(visit, service):
    page = visit("dcgan.cell=5")
    drag(page, "dcgan-scale", (2 / 3, 0.5), (0.3, 0.5))
    page.mouse.move(5, 5)
    scale = float(state(page)["dcgan.scale"])
    assert scale == pytest.approx(0.43, abs=0.06)
    expect(sheet(page)).to_have_attribute("data-scale", f"{scale:g}")
    expect_sheet(sheet(page), service.samples(MODEL, 64, 0, scale)["images"], 8)
    image = service.generate(MODEL, service.draws(MODEL, [[0, 5]], scale)[0])
    expect_image(page.get_by_test_id("dcgan-current"), image)
    ends = service.draws(MODEL, ENDS, scale)
    middle = service.between(MODEL, *ends, 0.5)
    shown = page.get_by_test_id("dcgan-straight-length")
    expect(shown).to_have_text(re.compile(length(middle["straight"]["length"])))
    expect_image(page.get_by_test_id("dcgan-straight"), middle["straight"]["image"])


def test_another_model_is_shown_in_every_part(visit, service):
    page = visit()
    page.get_by_test_id("dcgan-model-fashion").click()
    expect(sheet(page)).to_have_attribute("data-model", OTHER)
    expect_sheet(sheet(page), service.samples(OTHER, 64, 0)["images"], 8)
    z = service.draws(OTHER, ENDS)
    pause(page, 500)
    middle = service.between(OTHER, *z, 0.5)["spherical"]["image"]
    expect_image(page.get_by_test_id("dcgan-spherical"), middle)
    expect_image(page.get_by_test_id("dcgan-trip"), service.trip(OTHER, [0], 1)["images"][0])
    picks = [service.draws(OTHER, term) for term in EXAMPLE]
    result = service.arithmetic(OTHER, *picks)["images"][3]
    expect_image(page.get_by_test_id("dcgan-sum-result"), result)
    assert state(page)["dcgan.model"] == OTHER
    expect(page.get_by_test_id("dcgan-sum-told")).to_contain_text("“Pullover” with much")


def test_seeds(visit, service):
    page = visit("dcgan.seed=3")
    expect_sheet(sheet(page), service.samples(MODEL, 64, 3)["images"], 8)
    menu(page, "dcgan-seed").fill("-1")
    page.get_by_test_id("dcgan-seed").press("Enter")
    expect(page.get_by_test_id("dcgan-seed")).to_have_value("3")
    page.get_by_test_id("dcgan-random").click()
    expect(sheet(page)).not_to_have_attribute("data-seed", "3")
    page.get_by_test_id("dcgan-reset").click()
    expect(sheet(page)).to_have_attribute("data-seed", "0")
    assert not any(key.startswith("dcgan.") for key in state(page))


# From one to another


def expect_between(page, service, a, b, t):
    answer = service.between(MODEL, *service.draws(MODEL, [a, b]), t)
    for way in ("spherical", "straight"):
        canvas = page.get_by_test_id(f"dcgan-{way}")
        expect(canvas).to_have_attribute("data-t", f"{t:g}")
        shown = page.get_by_test_id(f"dcgan-{way}-length")
        expect(shown).to_have_text(re.compile(length(answer[way]["length"])))
        expect_image(canvas, answer[way]["image"])


def test_drag_of_the_slider_ends_with_its_place_on_both_ways(visit, service):
    page = visit()
    expect_between(page, service, *ENDS, 0.5)
    slider = scrubber(page, "dcgan-between-player")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2, steps=30)
    page.mouse.up()
    t = float(state(page)["dcgan-between.t"])
    assert t == pytest.approx(0.8, abs=0.02)
    expect_between(page, service, *ENDS, t)
    expect(page.get_by_test_id("dcgan-between-status")).to_contain_text("Answered in")


def test_strips_are_both_whole_ways_and_a_click_goes_there(visit, service):
    page = visit()
    ends = service.draws(MODEL, ENDS)
    for way in ("spherical", "straight"):
        images = service.interpolate(MODEL, *ends, 11, way)["images"]
        expect_sheet(page.get_by_test_id(f"dcgan-{way}-strip"), images, 11)
    strip = page.get_by_test_id("dcgan-straight-strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 2.5 / 11, box["y"] + 20)
    expect_between(page, service, *ENDS, 0.2)
    chart = page.get_by_test_id("dcgan-length-chart").bounding_box()
    page.mouse.click(chart["x"] + chart["width"] * 9.5 / 11, chart["y"] + 20)
    expect_between(page, service, *ENDS, 0.9)


def test_ends_are_picked_by_pointer_and_by_key(visit, service):
    page = visit("dcgan-between.t=0.25")
    press(page, "dcgan-between-picker", 40)  # A, and then it is B's turn
    expect_between(page, service, [0, 40], ENDS[1], 0.25)
    picker = page.get_by_test_id("dcgan-between-picker").locator(".zoo-surface")
    picker.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_between(page, service, [0, 40], [0, 41], 0.25)
    page.get_by_test_id("dcgan-between-swap").click()
    expect_between(page, service, [0, 41], [0, 40], 0.25)
    # Draws of another seed stay when the sheet is of a new one.
    menu(page, "dcgan-seed").fill("1")
    page.get_by_test_id("dcgan-seed").press("Enter")
    expect(sheet(page)).to_have_attribute("data-seed", "1")
    page.get_by_test_id("dcgan-between-pick-b").click()
    press(page, "dcgan-between-picker", 3)
    expect_between(page, service, [0, 41], [1, 3], 0.25)
    kept = state(page)
    assert (kept["dcgan-between.a"], kept["dcgan-between.b"]) == ("0-41", "1-3")
    page.get_by_test_id("dcgan-between-reset").click()
    expect_between(page, service, *ENDS, 0.5)


def test_the_sentence_tells_how_rare_such_a_length_is(visit, service):
    page = visit()
    straight = service.between(MODEL, *service.draws(MODEL, ENDS), 0.5)["straight"]["length"]
    lengths = np.linalg.norm(
        np.random.default_rng(0).normal(size=(400_000, 64)).astype(np.float32), axis=1
    )
    told = page.get_by_test_id("dcgan-between-told")
    expect(told).to_contain_text("one sample in")
    n = float(re.search(r"one sample in ([\d,]+)", told.inner_text()).group(1).replace(",", ""))
    assert 1 / n == pytest.approx((lengths < straight).mean(), rel=0.15)


def test_play_goes_to_the_end(visit):
    page = visit("dcgan-between.t=0.7")
    player = page.get_by_test_id("dcgan-between-player")
    player.get_by_role("button", name="Play").click()
    spherical = page.get_by_test_id("dcgan-spherical")
    expect(spherical).to_have_attribute("data-t", "1", timeout=15_000)
    player.get_by_role("button", name="Step back").click()
    expect(spherical).to_have_attribute("data-t", "0.9")


# The walk


def test_the_walk_goes_round(visit, service):
    page = visit("dcgan-trip.seed=5&dcgan-trip.at=930")
    live = page.get_by_test_id("dcgan-trip")
    expect(live).to_have_attribute("data-at", "7.75")
    expect_image(live, service.trip(MODEL, [7.75], 5)["images"][0])
    images = service.trip(MODEL, np.arange(24) / 3, 5)["images"]
    expect(cells(page, "dcgan-trip-strip")).to_have_attribute("data-seed", "5")
    expect_sheet(cells(page, "dcgan-trip-strip"), images, 12)
    player = page.get_by_test_id("dcgan-trip-player")
    player.locator("select").select_option("4")
    player.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "Number(document.querySelector('[data-testid=dcgan-trip]').dataset.at) < 4", timeout=15_000
    )
    expect(player.get_by_role("button", name="Pause")).to_be_visible()  # it has not arrived
    player.get_by_role("button", name="Pause").click()
    frame = int(state(page)["dcgan-trip.at"])
    pause(page, 300)
    at = float(live.get_attribute("data-at"))
    assert at == pytest.approx(frame / 120)
    expect_image(live, service.trip(MODEL, [at], 5)["images"][0])


def test_the_walk_stands_still_in_a_tab_that_is_not_shown(visit):
    page = visit()
    player = page.get_by_test_id("dcgan-trip-player")
    player.get_by_role("button", name="Play").click()
    open_tab(page, "nade")
    open_tab(page, "dcgan")
    expect(player.get_by_role("button", name="Play")).to_be_visible()


def test_a_click_on_the_strip_goes_there(visit, service):
    page = visit()
    strip = page.get_by_test_id("dcgan-trip-strip")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 3.5 / 12, box["y"] + box["height"] * 0.75)
    live = page.get_by_test_id("dcgan-trip")
    expect(live).to_have_attribute("data-at", "5")
    expect_image(live, service.samples(MODEL, 6, 1)["images"][5])
    menu(page, "dcgan-trip-seed").fill("9")
    page.get_by_test_id("dcgan-trip-seed").press("Enter")
    expect(live).to_have_attribute("data-seed", "9")
    expect_image(live, service.samples(MODEL, 6, 9)["images"][5])
    page.get_by_test_id("dcgan-trip-reset").click()
    expect(live).to_have_attribute("data-at", "0")


# Sums


def expect_sum(page, service, terms, noise=0.25, seed=0):
    expect(around(page)).to_have_attribute("data-picks", json.dumps(terms, separators=(",", ":")))
    expect(around(page)).to_have_attribute("data-noise", f"{noise:g}")
    z = [service.draws(MODEL, term) for term in terms]
    answer = service.arithmetic(MODEL, *z, noise=noise, seed=seed)
    for name, image in zip(("a", "b", "c", "result"), answer["images"], strict=True):
        if name == "result" or terms["abc".index(name)]:
            expect_image(page.get_by_test_id(f"dcgan-sum-{name}"), image)
    expect_sheet(around(page), answer["around"], 3)
    for name, term in zip("abc", terms, strict=True):
        thumbs = page.get_by_test_id(f"dcgan-picks-{name}").locator("canvas")
        expect(thumbs).to_have_count(len(term))
        for k, draw in enumerate(term):
            expect_image(thumbs.nth(k), service.generate(MODEL, service.draws(MODEL, [draw])[0]))


def test_the_example_comes_first_and_picks_change_it(visit, service):
    page = visit()
    expect_sum(page, service, EXAMPLE)
    told = page.get_by_test_id("dcgan-sum-told")
    expect(told).to_have_text(written(EN["dcgan.example_mnist"], n=3, p=4, q=2))
    page.get_by_test_id("dcgan-sum-pick-b").click()
    press(page, "dcgan-sum-picker", 60)
    picked = [EXAMPLE[0], [*EXAMPLE[1], [0, 60]], EXAMPLE[2]]
    expect_sum(page, service, picked)
    expect(told).to_have_text(EN["dcgan.own_picks"])
    press(page, "dcgan-sum-picker", 60)  # out again
    expect_sum(page, service, EXAMPLE)
    assert "dcgan-sum.b" not in state(page)
    page.get_by_test_id("dcgan-picks-a").locator("button").nth(1).click()
    expect_sum(page, service, [[EXAMPLE[0][0], EXAMPLE[0][2]], *EXAMPLE[1:]])
    page.get_by_test_id("dcgan-sum-undo").click()
    expect_sum(page, service, EXAMPLE)


def test_a_mean_holds_five_and_a_never_none(visit, service):
    page = visit()
    page.get_by_test_id("dcgan-sum-clear").click()
    expect_sum(page, service, [[EXAMPLE[0][0]], [], []])
    expect(page.get_by_test_id("dcgan-picks-b")).to_have_text(EN["dcgan.no_picks"])
    told = page.get_by_test_id("dcgan-sum-told")
    press(page, "dcgan-sum-picker", EXAMPLE[0][0][1])
    expect(told).to_have_text(EN["dcgan.needs_a"])
    picker = page.get_by_test_id("dcgan-sum-picker").locator(".zoo-surface")
    page.get_by_test_id("dcgan-sum-pick-c").click()
    picker.focus()
    page.keyboard.press("Control+Home")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.keyboard.press(" ")
    expect(told).to_have_text(written(EN["dcgan.full"], term="C", most=5))
    expect_sum(page, service, [[EXAMPLE[0][0]], [], [[0, k] for k in range(1, 6)]])


def test_noise_and_its_seed(visit, service):
    page = visit()
    page.get_by_test_id("dcgan-noise").fill("0.6")
    expect_sum(page, service, EXAMPLE, 0.6)
    menu(page, "dcgan-sum-seed").fill("4")
    page.get_by_test_id("dcgan-sum-seed").press("Enter")
    pause(page, 400)
    expect_sum(page, service, EXAMPLE, 0.6, 4)
    page.get_by_test_id("dcgan-sum-random").click()
    expect(page.get_by_test_id("dcgan-sum-told")).to_have_text(EN["dcgan.own_picks"])
    page.get_by_test_id("dcgan-sum-reset").click()
    expect_sum(page, service, EXAMPLE)


# The sweep


def expect_sweep(page, service, draw, u, v, a, b, seed=0):
    canvas = page.get_by_test_id("dcgan-sweep")
    expect(canvas).to_have_attribute("data-at", f"{a:g} {b:g}")
    expect(canvas).to_have_attribute("data-axes", f"{u} {v}")
    z = service.draws(MODEL, [draw])[0]
    answer = service.sweep(MODEL, z, u, v, a, b, seed)
    expect_image(canvas, answer["image"])
    place = rf"a = {a:.2f}, b = {b:.2f}\s".replace("-", "−") + length(answer["length"])
    expect(page.get_by_test_id("dcgan-sweep-place")).to_have_text(re.compile(place))


def test_drag_on_the_pad_ends_with_its_picture(visit, service):
    page = visit("dcgan.cell=12")
    expect_sweep(page, service, [0, 12], 1, 2, 0, 0)
    drag(page, "dcgan-pad", (0.5, 0.5), (0.9, 0.25))
    page.mouse.move(5, 5)
    kept = state(page)
    a, b = float(kept["dcgan-sweep.a"]), float(kept["dcgan-sweep.b"])
    assert (a, b) == (pytest.approx(3.6, abs=0.05), pytest.approx(2.25, abs=0.05))
    expect_sweep(page, service, [0, 12], 1, 2, a, b)
    page.get_by_test_id("dcgan-pad").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    expect_sweep(page, service, [0, 12], 1, 2, -0.5, 0.1)
    expect(page.locator(".zoo-dcgan_sweep .said")).to_contain_text("a = −0.50, b = 0.10")


def pad_levels(page, row, column):
    """The middle of a cell of the sheet under the pad, in [0, 1]."""
    canvas = page.get_by_test_id("dcgan-pad").locator("canvas").first
    size = int(canvas.evaluate("c => c.width"))
    red = canvas.evaluate(
        "(c, [x, y]) => c.getContext('2d').getImageData(x, y, 1, 1).data[0]",
        [round((column + 0.5 + 0.5 / 28) * size / 9), round((row + 0.5 + 0.5 / 28) * size / 9)],
    )
    return (PAPER - red) / (PAPER - PEN)


def test_the_sheet_under_the_pad_is_the_sweep(visit, service):
    page = visit("dcgan.cell=12")
    images = service.sweep_sheet(MODEL, service.draws(MODEL, [[0, 12]])[0])["images"]
    for row, column in ((0, 0), (2, 7), (4, 4), (8, 3)):
        expected = images[row, column].reshape(28, 28)[14, 14]
        assert pad_levels(page, row, column) == pytest.approx(expected, abs=0.01)


def test_directions_are_chosen_and_never_the_same(visit, service):
    page = visit("dcgan.cell=0&dcgan-sweep.a=2&dcgan-sweep.b=-1.5")
    page.get_by_test_id("dcgan-u").select_option("2")
    expect_sweep(page, service, [0, 0], 2, 1, 2, -1.5)
    expect(page.get_by_test_id("dcgan-v")).to_have_value("1")
    page.get_by_test_id("dcgan-v").select_option("0")
    expect_sweep(page, service, [0, 0], 2, 0, 2, -1.5)
    menu(page, "dcgan-sweep-seed").fill("6")
    page.get_by_test_id("dcgan-sweep-seed").press("Enter")
    expect_sweep(page, service, [0, 0], 0, 0, 2, -1.5, 6)
    expect(page.get_by_test_id("dcgan-gains")).to_have_text(EN["dcgan.gains_random"])
    page.get_by_test_id("dcgan-sweep-reset").click()
    expect_sweep(page, service, [0, 0], 1, 2, 0, 0)


# All of it


@pytest.mark.parametrize("kind", ["png", "json"])
@pytest.mark.parametrize("widget", ["", "between-", "trip-", "sum-", "sweep-"])
def test_pictures_and_numbers_are_saved(visit, service, widget, kind):
    page = visit("dcgan.cell=3&dcgan-sweep.a=1")
    with page.expect_download() as download:
        menu(page, f"dcgan-{widget}{kind}").click()
    data = Path(download.value.path()).read_bytes()
    if kind == "png":
        assert len(Image.open(io.BytesIO(data)).convert("L").getcolors(256)) > 8
        return
    kept = json.loads(data)
    assert kept["model"] == MODEL
    if widget == "":
        image = service.samples(MODEL, 4, 0)["images"][3]
        np.testing.assert_allclose(kept["image"], image, atol=0.003)
        assert [n["distance"] for n in kept["neighbours"]] == [0.5, 0.75, 1.0]
    if widget == "between-":
        way = service.interpolate(MODEL, *service.draws(MODEL, ENDS), 11, "straight")
        np.testing.assert_allclose(kept["straight"]["z"], way["z"], atol=1e-4)
        np.testing.assert_allclose(kept["straight"]["images"], way["images"], atol=0.003)
    if widget == "trip-":
        trip = service.trip(MODEL, np.arange(24) / 3, 1)
        np.testing.assert_allclose(kept["z"], trip["z"], atol=1e-4)
        np.testing.assert_allclose(kept["images"], trip["images"], atol=0.003)
    if widget == "sum-":
        answer = service.arithmetic(MODEL, *[service.draws(MODEL, term) for term in EXAMPLE])
        np.testing.assert_allclose(kept["z"], answer["z"], atol=1e-4)
        np.testing.assert_allclose(kept["around"], answer["around"], atol=0.003)
    if widget == "sweep-":
        z = service.draws(MODEL, [[0, 3]])[0]
        image = service.sweep(MODEL, z, 1, 2, 1, 0)["image"]
        np.testing.assert_allclose(kept["image"], image, atol=0.003)
        sheet = service.sweep_sheet(MODEL, z)["images"]
        np.testing.assert_allclose(kept["images"], sheet, atol=0.003)


def test_the_film_is_saved(visit):
    page = visit()
    with page.expect_download() as download:
        page.get_by_test_id("dcgan-gif").click()
    assert Image.open(Path(download.value.path())).n_frames == 64


def test_the_whole_state_is_in_the_address(visit):
    page = visit()
    page.get_by_test_id("dcgan-model-fashion").click()
    expect(sheet(page)).to_have_attribute("data-model", OTHER)
    press(page, "dcgan-sheet", 33)
    page.get_by_test_id("dcgan-scale").fill("0.8")
    press(page, "dcgan-between-picker", 50)
    scrubber(page, "dcgan-between-player").fill("31")
    menu(page, "dcgan-trip-seed").fill("12")
    page.get_by_test_id("dcgan-trip-seed").press("Enter")
    scrubber(page, "dcgan-trip-player").fill("100")
    press(page, "dcgan-sum-picker", 44)
    page.get_by_test_id("dcgan-u").select_option("5")
    page.get_by_test_id("dcgan-pad").click(position={"x": 100, "y": 200})
    page.mouse.move(5, 5)
    pause(page, 600)
    again = visit(fragment(page))
    pause(again, 400)
    names = ("current", "spherical", "straight", "trip", "sum-a", "sum-result", "sweep")
    for name in names:
        canvases = [p.get_by_test_id(f"dcgan-{name}") for p in (page, again)]
        np.testing.assert_allclose(*[levels(canvas) for canvas in canvases], atol=0.006)
    assert state(again) == state(page)


@pytest.mark.parametrize(
    "hash",
    [
        "dcgan.model=gan&dcgan.seed=-1&dcgan.cell=64&dcgan.scale=9",
        "dcgan.cell=0.5&dcgan-between.a=0-64&dcgan-between.b=x&dcgan-between.t=7",
        "dcgan-between.a=0-3&dcgan-between.b=0-3&dcgan-trip.seed=1.5&dcgan-trip.at=-9",
        "dcgan-sum.a=&dcgan-sum.b=0-1_0-2_0-3_0-4_0-5_0-6&dcgan-sum.noise=5&dcgan-sum.seed=-2",
        "dcgan-sweep.u=2&dcgan-sweep.v=2&dcgan-sweep.a=99&dcgan-sweep.b=NaN&dcgan-sweep.seed=-1",
        "dcgan-sweep.u=9&dcgan-sweep.v=1.5",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    pause(page, 300)
    expect(page.locator(".zoo-bad")).to_have_count(0)
    for widget in ("", "between-", "trip-", "sum-", "sweep-"):
        expect(page.get_by_test_id(f"dcgan-{widget}status")).to_contain_text("Answered in")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "dcgan", "dcgan.title", shared=("vae",))


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-dcgan")
    stops = tab_stops(page, "dcgan-model-mnist", "dcgan-sweep-json", most=120)
    for wanted in (
        "seed",
        "scale",
        "json",
        "gif",
        "trip-random",
        "noise",
        "pad",
        "u",
        "sweep-json",
    ):
        assert "dcgan-" + wanted in stops


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("dcgan-sweep-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("dcgan-pad").focus()
    page.keyboard.press("ArrowUp")
    expect(status).to_have_text(EN["zoo.no_answer"])
    page.unroute(calls)
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("Answered in")


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    samples = client.predict(OTHER, 3, 5, 0.5, api_name="/dcgan_samples")
    expected = service.samples(OTHER, 3, 5, 0.5)
    np.testing.assert_allclose(samples["z"], expected["z"], atol=1e-6)
    np.testing.assert_allclose(samples["images"], expected["images"], atol=1e-6)
    a, b, c = samples["z"]
    image = client.predict(a, OTHER, api_name="/dcgan_generate")
    np.testing.assert_allclose(image, samples["images"][0], atol=1e-5)
    way = client.predict(a, b, MODEL, 3, "straight", api_name="/dcgan_interpolate")
    expected = service.interpolate(MODEL, a, b, 3, "straight")
    for key in ("t", "z", "length", "images"):
        np.testing.assert_allclose(way[key], expected[key], atol=1e-5)
    answer = client.predict([a, b], [b], [c], MODEL, 0.5, 3, 4, api_name="/dcgan_arithmetic")
    expected = service.arithmetic(MODEL, [a, b], [b], [c], 0.5, 3, 4)
    np.testing.assert_allclose(answer["around"], expected["around"], atol=1e-5)
    sweep = client.predict(a, MODEL, 0, 3, 2.0, 3, 8, api_name="/dcgan_sweep")
    expected = service.sweep_sheet(MODEL, a, 0, 3, 2.0, 3, 8)
    np.testing.assert_allclose(sweep["images"], expected["images"], atol=1e-5)
    found = client.predict(1, 9, MODEL, api_name="/dcgan_neighbours")
    assert found["found"]
    np.testing.assert_array_equal(found["images"], service.neighbours(MODEL, 1, 9)["images"])
    assert client.predict(2, 9, MODEL, api_name="/dcgan_neighbours") == {"found": False}
    with pytest.raises(AppError, match="must be 64 numbers; 3 were given"):
        client.predict([1, 2, 3], MODEL, api_name="/dcgan_generate")
