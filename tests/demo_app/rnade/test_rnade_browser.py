"""RNADE's panel in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app import text
from tests.demo_app.page import expect_widths, menu, pause, state

pytestmark = pytest.mark.browser

TABS = ("nade",)

AXIS, TOP = 30, 28  # where the square begins in the wide picture
SIDE = 440


@pytest.fixture
def visit(visit):
    """visit(hash, ...): NADE's tab, once its last panel shows a slice."""

    def visit_rnade(hash="", **options):
        page = visit("tab=nade" + ("&" + hash if hash else ""), **options)
        slice_shown = re.compile(".")
        expect(picture(page)).to_have_attribute("data-slice", slice_shown, timeout=30_000)
        return page

    return visit_rnade


def picture(page):
    return page.get_by_test_id("rnade-picture")


def number(locator):
    return float(locator.inner_text().replace("−", "-").replace(",", ""))


def shown(page):
    pause(page, 150)
    return [number(page.get_by_test_id(f"rnade-{key}")) for key in ("first", "second", "total")]


def expected(service, x, name="rnade-moons"):
    return [value[0] for value in service.log_prob(name, [x]).values()]


def within(x1, x2):
    """Of the point in the picture."""
    return AXIS + x1 * SIDE, TOP + (1 - x2) * SIDE


def place(page, x1, x2):
    """Of the point in the window."""
    picture(page).scroll_into_view_if_needed()
    box = picture(page).bounding_box()
    x, y = within(x1, x2)
    return box["x"] + x, box["y"] + y


def click(page, x1, x2):
    """Once the picture stands still: what is above it on the tab may have come just now."""
    x, y = within(x1, x2)
    picture(page).click(position={"x": x, "y": y})


def test_first_paint_is_a_finished_slice(visit, service):
    page = visit()
    np.testing.assert_allclose(shown(page), expected(service, [0.42, 0.68]), atol=0.006)
    expect(page.get_by_test_id("rnade-why")).not_to_be_empty()
    bars = page.get_by_test_id("rnade-bars").locator(".zoo-figure")
    assert bars.all_inner_texts() == ["−0.500", "−1.250", "−1.500"]
    weights = service.conditional("rnade-moons", 0.42)["weights"]
    words = text.labels("en")["rnade.used"].format(n=(weights >= 0.01).sum(), k=4)
    expect(page.get_by_test_id("rnade-used")).to_have_text(words)


def test_the_picture_has_the_models_colors_where_the_model_has_them(visit, service):
    """The square is drawn upright, and in its place: bright where the density is high."""
    page = visit("rnade.data=rings")
    luminance = np.asarray(
        picture(page).locator("canvas.base").evaluate(
            """(c) => {
              const data = c.getContext("2d").getImageData(30, 28, 440, 440).data;
              return Array.from(data).filter((_, i) => i % 4 === 0);
            }"""
        )
    ).reshape(SIDE, SIDE)  # fmt: skip
    density = service.density("rnade-rings")[::-1]
    cells = np.minimum(np.arange(SIDE) * 160 // SIDE, 159)
    level = density[np.ix_(cells, cells)]
    upright, upturned, mirrored = (
        np.corrcoef(luminance.ravel(), picture.ravel())[0, 1]
        for picture in (level, level[::-1], level[:, ::-1])
    )
    assert upright > 0.93  # the line is drawn on another canvas; red is not linear in density
    assert max(upturned, mirrored) < upright - 0.1


def test_a_drag_moves_the_line_and_the_slice_follows(visit, service):
    page = visit()
    page.mouse.move(*place(page, 0.3, 0.5))
    page.mouse.down()
    page.mouse.move(*place(page, 0.75, 0.25), steps=12)
    page.mouse.up()
    expect(picture(page)).to_have_attribute("data-slice", re.compile(r"moons 0\.7[45]\d?$"))
    page.mouse.move(5, 5)
    values = state(page)
    x = [float(values["rnade.x1"]), float(values["rnade.x2"])]
    np.testing.assert_allclose(x, [0.75, 0.25], atol=0.003)
    assert picture(page).get_attribute("data-slice") == f"moons {values['rnade.x1']}"
    np.testing.assert_allclose(shown(page), expected(service, x), atol=0.006)


def test_pointing_reads_and_leaving_comes_back(visit, service):
    page = visit()
    page.mouse.move(*place(page, 0.2, 0.9))
    expect(picture(page)).to_have_attribute("data-slice", re.compile(r"moons 0\.(2|199|20\d)$"))
    x, y = place(page, 1.2, 0.9)  # on the slice: the height alone
    page.mouse.move(x, y)
    expect(picture(page)).to_have_attribute("data-slice", "moons 0.42")
    np.testing.assert_allclose(shown(page), expected(service, [0.42, 0.9]), atol=0.05)
    page.mouse.move(5, 5)
    np.testing.assert_allclose(shown(page), expected(service, [0.42, 0.68]), atol=0.006)
    assert "rnade.x1" not in state(page)


def test_the_sides_set_one_coordinate_each(visit):
    page = visit()
    click(page, 0.9, -0.15)  # the marginal
    values = state(page)
    assert float(values["rnade.x1"]) == pytest.approx(0.9, abs=0.003)
    assert "rnade.x2" not in values
    click(page, 1.3, 0.1)  # the slice
    assert float(state(page)["rnade.x2"]) == pytest.approx(0.1, abs=0.003)
    assert float(state(page)["rnade.x1"]) == pytest.approx(0.9, abs=0.003)


def test_by_keyboard_alone(visit, service):
    page = visit("rnade.x1=0.5&rnade.x2=0.5")
    picture(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(picture(page)).to_have_attribute("data-slice", "moons 0.51")
    np.testing.assert_allclose(shown(page), expected(service, [0.51, 0.55]), atol=0.006)
    expect(page.locator(".zoo-rnade .said")).to_contain_text("x = (0.51, 0.55)")
    page.keyboard.press("Home")
    expect(picture(page)).to_have_attribute("data-slice", "moons 0")
    page.keyboard.press("End")
    expect(picture(page)).to_have_attribute("data-slice", "moons 1")
    assert state(page)["rnade.x1"] == "1"


def test_touch_drags_the_line(visit):
    page = visit(has_touch=True)
    page.touchscreen.tap(*place(page, 0.6, 0.4))
    expect(picture(page)).to_have_attribute("data-slice", re.compile(r"moons 0\.(6|59\d|60\d)$"))


def test_the_data_are_chosen(visit, service):
    page = visit()
    page.get_by_test_id("rnade-spirals").click()
    expect(picture(page)).to_have_attribute("data-slice", "spirals 0.42")
    answer = expected(service, [0.42, 0.68], "rnade-spirals")
    np.testing.assert_allclose(shown(page), answer, atol=0.006)
    assert state(page)["rnade.data"] == "spirals"


def pixels(page):
    return picture(page).locator("canvas.base").evaluate("(c) => c.toDataURL()")


def test_samples_are_a_function_of_the_seed(visit):
    page = visit()
    pause(page, 200)
    without = pixels(page)
    page.get_by_test_id("rnade-model").click()
    drawn = {}
    for seed in ("5", "6", "5"):
        menu(page, "rnade-seed").fill(seed)
        page.get_by_test_id("rnade-seed").press("Enter")
        pause(page, 500)
        assert drawn.setdefault(seed, pixels(page)) == pixels(page)
    page.get_by_test_id("rnade-again").click()
    pause(page, 500)
    assert state(page)["rnade.seed"] not in ("5", "6")
    page.get_by_test_id("rnade-test").click()
    pause(page, 100)
    assert len({without, drawn["5"], drawn["6"], pixels(page)}) == 4


def test_surprise_goes_to_a_test_point_and_reset_comes_back(visit, service):
    page = visit()
    page.get_by_test_id("rnade-surprise").click()
    values = state(page)
    x = [float(values["rnade.x1"]), float(values["rnade.x2"])]
    assert np.abs(service.points("rnade-moons") - x).max(1).min() < 0.002
    page.get_by_test_id("rnade-reset").click()
    assert not any(key.startswith("rnade") for key in state(page))
    expect(picture(page)).to_have_attribute("data-slice", "moons 0.42")


def test_the_whole_state_is_in_the_address(visit):
    page = visit("rnade.data=rings&rnade.x1=0.123&rnade.x2=0.9&rnade.overlay=test&rnade.seed=9")
    expect(picture(page)).to_have_attribute("data-slice", "rings 0.123")
    expect(page.get_by_test_id("rnade-test")).to_have_attribute("aria-pressed", "true")
    page.evaluate("location.hash = 'tab=nade&rnade.data=spirals&rnade.x1=0.3'")
    expect(picture(page)).to_have_attribute("data-slice", "spirals 0.3")
    expect(page.get_by_test_id("rnade-none")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(
    "hash",
    ["rnade.x1=1e9&rnade.x2=NaN", "rnade.data=stars&rnade.x1=-1&rnade.overlay=7&rnade.seed=1.5"],
)
def test_a_broken_address_becomes_the_defaults(visit, service, hash):
    page = visit(hash)
    expect(picture(page)).to_have_attribute("data-slice", "moons 0.42")
    np.testing.assert_allclose(shown(page), expected(service, [0.42, 0.68]), atol=0.006)
    assert "rnade.x1" not in state(page)
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}&rnade.overlay=model", width=390)
    title = text.labels(language)["rnade.title"]
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.get_by_test_id("rnade-about").click()
    expect_widths(page)
    words = page.locator("body").inner_text()
    assert not re.search(r"\brnade\.[a-z_]+\b", words)  # a label that is missing
    if language == "ko":
        assert "Answered" not in words


def test_picture_and_numbers_are_saved(visit, service):
    page = visit()
    pause(page, 200)
    with page.expect_download() as download:
        menu(page, "rnade-png").click()
    image = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert image.width == 2 * (772 + 48)
    assert len(image.convert("L").getcolors(256)) > 50
    with page.expect_download() as download:
        menu(page, "rnade-json").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert saved["model"] == "rnade-moons"
    mixture = service.conditional("rnade-moons", 0.42)
    np.testing.assert_allclose(saved["p_x2_given_x1"]["heights"], mixture["heights"], rtol=1e-5)
    log_p = expected(service, [0.42, 0.68])
    np.testing.assert_allclose(list(saved["log_p"].values()), log_p, atol=1e-4)


def test_every_control_has_a_name(visit):
    page = visit("rnade.overlay=model")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('.zoo-rnade :is(button, input, [tabindex])')]
            .filter((e) => !e.textContent.trim() && !e.getAttribute('aria-label')
              && !(e.labels && e.labels.length)).map((e) => e.outerHTML)"""
    )
    assert nameless == []


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    answer = client.predict([[0.2, 0.3], [0.5, 0.5]], "rnade-rings", api_name="/rnade_density")
    assert answer["total"][0] == pytest.approx(
        sum(expected(service, [0.2, 0.3], "rnade-rings")[:2])
    )
    answer = client.predict(0.4, "rnade-moons", api_name="/rnade_conditional")
    assert math.isclose(sum(answer["weights"]), 1, abs_tol=1e-5)
    points = client.predict(7, 1, "rnade-moons", api_name="/rnade_sample")
    np.testing.assert_allclose(points, service.samples("rnade-moons", 7, 1), atol=1e-6)
    with pytest.raises(AppError, match="must lie between 0 and 1; 3 does not"):
        client.predict(3, "rnade-moons", api_name="/rnade_conditional")
