"""The blind test in a browser: ten rounds, by mouse and by keys, and what they come to."""

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

from tests.demo_app.page import (
    EN,
    colors,
    expect_names,
    expect_width,
    fragment,
    levels,
    menu,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser

BINARY = ("mnist", "binary")
COLOR = ("avatars", "color")
NAMES = {"nade": "NADE", "vae": "VAE", "aae": "AAE"}


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the part, once its first picture is there."""

    def visit_blind(hash="", **options):
        page = visit("tab=blind" + ("&" + hash if hash else ""), **options)
        expect_phase(page, "ask")
        return page

    return visit_blind


def expect_phase(page, phase):
    panel = page.locator(".zoo-blind .zoo-panel")
    expect(panel).to_have_attribute("data-phase", phase)


def expect_picture(page, service, game, seed, k):
    canvas = page.get_by_test_id("blind-picture")
    expect(canvas).to_have_attribute("data-round", str(k))
    shown = colors(canvas) if game == COLOR else levels(canvas)
    np.testing.assert_allclose(shown, service.round(*game, seed, k) / 255, atol=0.006)


def said(page, sentence):
    expect(page.get_by_test_id("blind-said")).to_contain_text(sentence)


def test_a_game_by_keys_alone_and_what_it_comes_to(visit, service):
    page = visit("blind.seed=5")
    truth = [service.reveal(*BINARY, 5, k) for k in range(10)]
    families = service.games()[0]["families"]
    right, named = 0, 0
    for k in range(10):
        expect_phase(page, "ask")
        expect_picture(page, service, BINARY, 5, k)
        maker = truth[k].maker
        says_real = k % 3 == 0
        page.keyboard.press("r" if k % 2 else "ArrowLeft") if says_real else None
        if not says_real:
            page.keyboard.press("g" if k % 2 else "ArrowRight")
            expect_phase(page, "who")
            page.keyboard.press("2")
            named += maker is not None and maker.family == families[1]
        expect_phase(page, "told")
        is_right = says_real == (maker is None)
        right += is_right
        mark = page.get_by_test_id("blind-mark")
        expect(mark).to_have_text(EN["blind.right" if is_right else "blind.wrong"])
        if maker is None:
            expect(page.get_by_test_id("blind-truth")).to_have_text(EN["blind.is_real"])
            expect(page.get_by_test_id("blind-open")).to_be_hidden()
        else:
            first = written(EN["blind.is_made"], model=maker.name, family=NAMES[maker.family])
            expect(page.get_by_test_id("blind-truth")).to_contain_text(first)
        near = levels(page.get_by_test_id("blind-near"))
        np.testing.assert_allclose(near, truth[k].nearest / 255, atol=0.006)
        said(page, mark.inner_text())
        page.keyboard.press("Enter")  # the focus is on what goes on
    expect_phase(page, "done")
    points = written(EN["blind.points"], right=right, n=10)
    expect(page.get_by_test_id("blind-points")).to_have_text(points)
    makers = [t.maker for t in truth]
    n_real = makers.count(None)
    wrongs = page.get_by_test_id("blind-wrongs")
    real_wrong = sum(m is None and k % 3 != 0 for k, m in enumerate(makers))
    made_wrong = sum(m is not None and k % 3 == 0 for k, m in enumerate(makers))
    expected = [
        written(EN["blind.real_for_made"], n=real_wrong, of=n_real),
        written(EN["blind.made_for_real"], n=made_wrong, of=10 - n_real),
        written(EN["blind.named_of"], n=named, of=10 - n_real - made_wrong),
    ]
    assert wrongs.locator("li").all_inner_texts() == expected
    rows = page.get_by_test_id("blind-table").locator("tbody tr")
    names = sorted({m.name for m in makers if m})
    assert rows.locator("th").all_inner_texts() == [EN["blind.real"], *names]
    for row, name in zip(rows.all()[1:], names, strict=True):
        mine = [k for k, m in enumerate(makers) if m and m.name == name]
        fooled = sum(k % 3 == 0 for k in mine)
        shown = [int(t.replace("·", "0")) for t in row.locator("td").all_inner_texts()[:3]]
        assert shown == [len(mine), fooled, len(mine) - fooled]
    page.keyboard.press("Enter")  # plays again
    expect_phase(page, "ask")
    expect(page).not_to_have_url(re.compile("blind.seed=5$"))
    expect_picture(page, service, BINARY, int(state(page)["blind.seed"]), 0)


def test_buttons_ask_by_whom_and_the_answer_is_judged(visit, service):
    seed = next(s for s in range(99) if service.reveal(*BINARY, s, 0).maker is not None)
    page = visit(f"blind.seed={seed}")
    maker = service.reveal(*BINARY, seed, 0).maker
    page.get_by_test_id("blind-made").click()
    expect(page.get_by_test_id("blind-truth")).to_be_hidden()
    page.get_by_test_id("blind-family-" + maker.family).click()
    expect(page.get_by_test_id("blind-truth")).to_contain_text(EN["blind.named_right"])
    expect(page.get_by_test_id("blind-open")).to_have_text(EN["blind.open"])
    expect(page.get_by_test_id("blind-status")).to_contain_text("Answered in")
    page.get_by_test_id("blind-next").click()
    expect_phase(page, "ask")
    expect_picture(page, service, BINARY, seed, 1)
    assert "✓" in page.get_by_test_id("blind-rounds").locator("li").first.inner_text()


def test_one_family_is_not_asked_for(visit, service):
    page = visit("blind.game=fashion-gray&blind.seed=2")
    expect_picture(page, service, ("fashion", "gray"), 2, 0)
    page.get_by_test_id("blind-made").click()
    expect_phase(page, "told")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_faces_are_in_color_in_any_theme(visit, service, color_scheme):
    page = visit("blind.game=avatars-color&blind.seed=2", color_scheme=color_scheme)
    expect(page.get_by_test_id("blind-game-avatars-color")).to_have_text("Faces, in color")
    for k in range(3):
        expect_phase(page, "ask")
        expect_picture(page, service, COLOR, 2, k)
        page.get_by_test_id("blind-real").click()
        expect_phase(page, "told")
        near = colors(page.get_by_test_id("blind-near"))
        np.testing.assert_allclose(near, service.reveal(*COLOR, 2, k).nearest / 255, atol=0.003)
        small = page.get_by_test_id("blind-rounds").locator("canvas").nth(k)
        shown = service.round(*COLOR, 2, k) / 255
        np.testing.assert_allclose(colors(small), shown, atol=0.003)
        page.get_by_test_id("blind-next").click()
    with page.expect_download() as download:
        menu(page, "blind-png").click()
    image = Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")
    assert np.asarray(image).std(2).max() > 20
    page.get_by_test_id("blind-game-mnist-gray").click()
    expect_phase(page, "ask")
    assert page.get_by_test_id("blind-picture").evaluate("(c) => c.width") == 28


def test_another_game_begins_anew_and_is_in_the_address(visit, service):
    page = visit()
    page.get_by_test_id("blind-real").click()
    expect_phase(page, "told")
    page.get_by_test_id("blind-game-mnist-gray").click()
    expect_phase(page, "ask")
    expect_picture(page, service, ("mnist", "gray"), 1, 0)
    menu(page, "blind-seed").fill("12")
    page.get_by_test_id("blind-seed").press("Enter")
    expect_phase(page, "ask")
    expect_picture(page, service, ("mnist", "gray"), 12, 0)
    expect(page).to_have_url(re.compile("blind.game=mnist-gray.*blind.seed=12"))
    again = visit(fragment(page))
    expect_picture(again, service, ("mnist", "gray"), 12, 0)
    assert "1" in again.get_by_test_id("blind-count").inner_text()
    page.get_by_test_id("blind-reset").click()
    expect_phase(page, "ask")
    expect(page).not_to_have_url(re.compile(r"blind\."))


def test_before_an_answer_nothing_on_the_page_tells_it(visit):
    page = visit(sockets=False)
    assert page.get_by_test_id("blind-status").inner_text() == ""
    assert "mnist" not in page.locator(".zoo-blind .zoo-panel").inner_text()
    page.get_by_test_id("blind-made").click()
    expect_phase(page, "who")
    assert "mnist" not in page.locator(".zoo-blind .zoo-panel").inner_text()


def test_a_refusal_is_shown_and_the_answer_can_be_given_again(visit):
    page = visit(sockets=False)
    calls = re.compile("/live/")
    pause(page, 1500)  # the next picture has been asked for
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("blind-real").click()
    expect(page.get_by_test_id("blind-status")).to_have_text(EN["zoo.no_answer"])
    expect_phase(page, "ask")
    page.unroute(calls)
    page.get_by_test_id("blind-real").click()
    expect_phase(page, "told")
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [390, 1280])
def test_fits_the_screen_in_its_language(visit, language, width):
    page = visit(f"lang={language}", width=width)
    for k in range(10):
        expect_phase(page, "ask")
        page.get_by_test_id("blind-real").click()
        expect_phase(page, "told")
        if k in (0, 9):
            expect_to_fit(page, language, width)
        page.get_by_test_id("blind-next").click()
    expect_phase(page, "done")
    expect_to_fit(page, language, width)


def expect_to_fit(page, language, width):
    expect_width(page, width)
    shown = page.locator("body").inner_text()
    assert not re.search(r"\b(blind|zoo)\.[a-z_]+\b", shown)
    if language == "ko":
        english = [v for k, v in EN.items() if k.startswith("blind.") and len(v) > 12]
        assert not [label for label in english if label in shown]


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-blind")
    stops = tab_stops(page, "blind-game-mnist-binary", "blind-json")
    for wanted in ("blind-seed", "blind-random", "blind-real", "blind-made", "blind-png"):
        assert wanted in stops


def test_a_broken_address_still_plays(visit, service):
    page = visit("blind.game=poems&blind.seed=-7")
    expect_picture(page, service, BINARY, 1, 0)


def test_pictures_and_answers_are_saved(visit, service):
    page = visit("blind.seed=3")
    page.get_by_test_id("blind-real").click()
    expect_phase(page, "told")
    with page.expect_download() as download:
        menu(page, "blind-png").click()
    image = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert len(image.convert("L").getcolors(256)) > 2
    with page.expect_download() as download:
        menu(page, "blind-json").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert (kept["data"], kept["kind"], kept["seed"], len(kept["rounds"])) == (*BINARY, 3, 1)
    maker, one = service.reveal(*BINARY, 3, 0).maker, kept["rounds"][0]
    assert (one["said"], one["real"], one["model"]) == (
        "real",
        maker is None,
        maker and maker.name,
    )
    assert one["pixels"] == service.round(*BINARY, 3, 0).tolist()


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    for game in (("mnist", "gray"), COLOR):
        picture = client.predict(*game, 4, 6, api_name="/blind_round")
        assert picture == service.round(*game, 4, 6).tolist()
    truth = client.predict("mnist", "gray", 4, 6, api_name="/blind_reveal")
    maker = service.reveal("mnist", "gray", 4, 6).maker
    assert (truth["real"], truth["model"]) == (maker is None, maker and maker.name)
    with pytest.raises(AppError, match="There is no game of fashion"):
        client.predict("fashion", "binary", 1, 0, api_name="/blind_round")
