"""The CycleGAN tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from PIL import Image
from playwright.sync_api import expect

from demo_app.services.cyclegan import CycleGANService
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    fragment,
    levels,
    menu,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser

TABS = ("cyclegan",)

N = 64 * 64


@pytest.fixture(scope="module")
def service(store):
    return CycleGANService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the CycleGAN tab, once all of it shows its first answers."""

    def visit_cyclegan(hash="", **options):
        page = visit("tab=cyclegan" + ("&" + hash if hash else ""), waits=False, **options)
        for name, key in (("colored", "ink"), ("back", "shown"), ("sheet", "shown")):
            shown = page.get_by_test_id(f"cyclegan-{name}")
            expect(shown).to_have_attribute(f"data-{key}", re.compile("."))
        for name in ("draw-error", "told"):
            expect(page.get_by_test_id(f"cyclegan-{name}")).not_to_be_empty()
        return page

    return visit_cyclegan


def colors(canvas) -> np.ndarray:
    """What a canvas shows, (3 * 64 * 64,) in [0, 1], channel after channel."""
    rgba = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)")
    return np.array(rgba).reshape(N, 4)[:, :3].T.ravel() / 255


def sketch_on(canvas) -> np.ndarray:
    """A sketch of ink on paper, (64 * 64,) in [0, 1], 0 being ink."""
    return 1 - levels(canvas, 64, 64)


def drawn(page) -> np.ndarray:
    return sketch_on(page.get_by_test_id("cyclegan-draw").locator("canvas.zoo-cells"))


def expect_colored(page, service, sketch=None) -> None:
    """The sketch, or what is drawn, in color and again, and how far off that is."""
    colored = page.get_by_test_id("cyclegan-colored")
    ink = (255 * (1 - (drawn(page) if sketch is None else sketch))).sum()
    # A canvas shows ink in 228 levels: what is read off it is a little off.
    page.wait_for_function(
        "([canvas, ink]) => Math.abs(canvas.dataset.ink - ink) <= 0.005 * ink + 1",
        arg=[colored.element_handle(), float(ink)],
        timeout=30_000,
    )
    if sketch is None:
        expect(page.get_by_test_id("cyclegan-draw-error")).not_to_be_empty()
        return
    answer = service.cycle(sketch=np.rint(255 * sketch) / 255)
    np.testing.assert_allclose(colors(colored), answer["between"], atol=0.004)
    again = page.get_by_test_id("cyclegan-again")
    np.testing.assert_allclose(sketch_on(again), answer["back"], atol=0.007)
    near = (100 * answer["error"] + step for step in (-5e-4, 0, 5e-4))  # on the edge of two
    lines = [re.escape(written(EN["cyclegan.off_by"], error=f"{value:.2f}")) for value in near]
    expect(page.get_by_test_id("cyclegan-draw-error")).to_have_text(re.compile("|".join(lines)))


def of_address(page) -> np.ndarray:
    """The sketch whose sixteen levels the address holds."""
    text = state(page)["cyclegan.drawing"]
    data = np.frombuffer(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), np.uint8)
    return 1 - np.stack([data >> 4, data & 15], axis=1).ravel() / 15


def stroke(page, *places) -> None:
    canvas = page.get_by_test_id("cyclegan-draw")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    to = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in places]
    page.mouse.move(*to[0])
    page.mouse.down()
    for place in to[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_it_begins_with_the_sketch_of_a_face(visit, service):
    page = visit()
    sketch = service.pair(0)["sketch"]
    np.testing.assert_allclose(drawn(page), sketch, atol=0.005)
    expect_colored(page, service, sketch)


def test_a_stroke_is_colored_and_can_be_undone_redone_and_rubbed_out(visit, service):
    page = visit()
    before = drawn(page)
    stroke(page, (0.05, 0.9), (0.2, 0.6), (0.3, 0.95))
    after = drawn(page)
    assert (after < before).sum() > 30
    expect_colored(page, service)
    sketch = of_address(page)
    np.testing.assert_allclose(after, sketch, atol=0.005)
    expect_colored(page, service, sketch)
    assert state(page)["cyclegan.drawing"]
    page.get_by_test_id("cyclegan-undo").click()
    np.testing.assert_allclose(drawn(page), before, atol=0.04)  # in sixteen levels
    page.get_by_test_id("cyclegan-redo").click()
    np.testing.assert_array_equal(drawn(page), after)
    page.get_by_test_id("cyclegan-eraser").click()
    stroke(page, (0.3, 0.3), (0.7, 0.3))
    assert (drawn(page) > after).sum() > 10
    expect_colored(page, service, of_address(page))
    page.get_by_test_id("cyclegan-clear").click()
    assert (drawn(page) == 1).all()
    expect_colored(page, service, np.ones(N))


def test_another_face_by_its_seed(visit, service):
    page = visit()
    field = menu(page, "cyclegan-seed")
    field.fill("21")
    field.press("Enter")
    expect_colored(page, service, service.pair(21)["sketch"])
    assert state(page)["cyclegan.seed"] == "21"
    field.fill("-3")
    field.press("Enter")
    expect(field).to_have_value("21")
    page.get_by_test_id("cyclegan-random").click()
    expect(field).not_to_have_value("21")
    page.get_by_test_id("cyclegan-draw-reset").click()
    expect_colored(page, service, service.pair(0)["sketch"])


def expect_cycle(page, service, seed, n_levels) -> None:
    back = page.get_by_test_id("cyclegan-back")
    expect(back).to_have_attribute("data-shown", f"{seed} {n_levels}")
    pair = service.pair(seed)
    answer = service.cycle(color=pair["color"], levels=n_levels)
    np.testing.assert_allclose(colors(page.get_by_test_id("cyclegan-face")), pair["color"])
    np.testing.assert_allclose(
        sketch_on(page.get_by_test_id("cyclegan-between")), answer["between"], atol=0.007
    )
    np.testing.assert_allclose(colors(back), answer["back"], atol=0.004)
    away = np.abs(answer["between"] - pair["sketch"]).mean()
    told = page.get_by_test_id("cyclegan-told").inner_text()
    numbers = [float(n) for n in re.findall(r"\d+\.\d+", told)]
    assert numbers == pytest.approx([100 * away, 100 * answer["error"]], abs=0.15)


def test_levels_of_gray_are_taken_from_the_sketch_between(visit, service):
    page = visit("cyclegan-cycle.seed=4")
    expect_cycle(page, service, 4, 256)
    slider = page.get_by_test_id("cyclegan-levels")
    slider.focus()
    for bits in (7, 6, 5):
        page.keyboard.press("ArrowLeft")
        expect_cycle(page, service, 4, 2**bits)
    page.keyboard.press("Home")
    expect_cycle(page, service, 4, 2)
    expect(slider).to_have_attribute("aria-valuetext", "2")
    assert state(page)["cyclegan-cycle.bits"] == "1"


def test_the_sheet_shows_both_ways_and_its_faces_go_on_above(visit, service):
    page = visit()
    field = menu(page, "cyclegan-many-seed")
    field.fill("40")
    field.press("Enter")
    expect(page.get_by_test_id("cyclegan-sheet")).to_have_attribute("data-shown", "40")
    many = service.several(40, 8)
    for key in ("color", "colored"):
        canvas = page.get_by_test_id(f"cyclegan-{key}-7")
        np.testing.assert_allclose(colors(canvas), many[key][7], atol=0.003)
    for key in ("sketch", "sketched"):
        canvas = page.get_by_test_id(f"cyclegan-{key}-2")
        np.testing.assert_allclose(sketch_on(canvas), many[key][2], atol=0.006)
    page.get_by_test_id("cyclegan-color-3").click()
    expect_cycle(page, service, 43, 256)


def test_the_whole_state_is_in_the_address(visit):
    page = visit()
    stroke(page, (0.1, 0.1), (0.4, 0.2))
    page.get_by_test_id("cyclegan-levels").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_test_id("cyclegan-many-random").click()
    pause(page, 600)
    again = visit(fragment(page))
    np.testing.assert_array_equal(drawn(again), drawn(page))
    for name in ("back", "color-0"):
        np.testing.assert_array_equal(
            colors(again.get_by_test_id(f"cyclegan-{name}")),
            colors(page.get_by_test_id(f"cyclegan-{name}")),
        )
    assert state(again) == state(page)


@pytest.mark.parametrize(
    "hash",
    [
        "cyclegan.seed=-1&cyclegan.drawing=%3F%3F&cyclegan-cycle.bits=77",
        "cyclegan-cycle.seed=1.5&cyclegan-cycle.bits=NaN&cyclegan-many.seed=1e12",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("part", ["draw-png", "draw-json", "cycle-png", "cycle-json", "many-png"])
def test_pictures_and_numbers_are_saved(visit, service, part):
    page = visit()
    with page.expect_download() as download:
        menu(page, f"cyclegan-{part}").click()
    data = Path(download.value.path()).read_bytes()
    if part.endswith("png"):
        assert len(Image.open(io.BytesIO(data)).convert("RGB").getcolors(1 << 22)) > 20
        return
    kept = json.loads(data)
    if part == "draw-json":
        np.testing.assert_allclose(kept["sketch"], service.pair(0)["sketch"], atol=0.003)
        np.testing.assert_allclose(kept["colored"], service.colored(kept["sketch"]), atol=0.003)
    else:
        assert (kept["seed"], kept["levels"]) == (1, 256)
        np.testing.assert_allclose(kept["true_sketch"], service.pair(1)["sketch"], atol=0.003)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "cyclegan", "cyclegan.draw_title")


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-cyclegan")
    stops = tab_stops(page, "cyclegan-pen", "cyclegan-many-png", most=120)
    for wanted in ("eraser", "clear", "random", "draw-json", "levels", "cycle-json", "many-seed"):
        assert f"cyclegan-{wanted}" in stops


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("cyclegan-draw-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("cyclegan-clear").click()
    expect(status).to_have_text(EN["zoo.no_answer"])
    page.unroute(calls)
    page.get_by_test_id("cyclegan-undo").click()
    expect(status).to_contain_text("Answered in")


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    pair = service.pair(6)
    image = client.predict(pair["sketch"].tolist(), api_name="/cyclegan_color")["image"]
    np.testing.assert_allclose(image, service.colored(pair["sketch"]), atol=1e-5)
    sketch = client.predict(pair["color"].tolist(), api_name="/cyclegan_sketch")["sketch"]
    np.testing.assert_allclose(sketch, service.sketched(pair["color"]), atol=1e-5)
    answer = client.predict(pair["color"].tolist(), None, 8, api_name="/cyclegan_cycle")
    expected = service.cycle(color=pair["color"], levels=8)
    np.testing.assert_allclose(answer["back"], expected["back"], atol=1e-5)
    assert answer["error"] == pytest.approx(expected["error"], abs=1e-6)
