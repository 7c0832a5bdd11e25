"""The face-off in a browser: what is on the screen is what the service says."""

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

from tests.demo_app.faceoff.test_faceoff_service import ANY, CODED, RASTER, D
from tests.demo_app.page import EN, expect_names, expect_widths, menu, pause, tab_stops, written

pytestmark = pytest.mark.browser

SLOW = ("row-lstm-mnist", ANY)
QUICK = ("nade-mnist", "ar1-mnist", *CODED)
PAPER, PEN, ACCENT = (255, 255, 255), (27, 31, 36), (0, 117, 107)  # of zoo.css, light


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the part, once every quick model has shown its completions."""

    def visit_faceoff(hash="", settled=True, **options):
        page = visit("tab=faceoff" + ("&" + hash if hash else ""), **options)
        expect(card(page, "nade-mnist")).to_be_attached()
        if settled:
            expect_settled(page)
        return page

    return visit_faceoff


def card(page, model):
    return page.get_by_test_id("faceoff-" + model)


def expect_settled(page, slow=False):
    """What is shown is of what is known now: by the quick models, or by all."""
    expect(page.get_by_test_id("faceoff-verdict")).not_to_be_empty()
    for model in (*QUICK, *SLOW) if slow else QUICK:
        if card(page, model).is_visible():
            expect(card(page, model)).not_to_have_class(re.compile("waiting"), timeout=60_000)


def colors(canvas, width=28):
    return np.array(
        canvas.evaluate(
            "(c, w) => Array.from(c.getContext('2d').getImageData(0, 0, w, 28).data)", width
        )
    ).reshape(28, width, 4)[..., :3]


def completions(page, model):
    """What a card shows, (4, 784, 3)."""
    shown = colors(card(page, model).locator("canvas.zoo-cells"), 112)
    return shown.reshape(28, 4, 28, 3).transpose(1, 0, 2, 3).reshape(4, D, 3)


def expect_pictures(page, service, model, x, known, seed=1):
    images = service.complete(model, x, known, 4, seed)["images"][..., None]
    made = np.array(PAPER) + images * (np.array(ACCENT) - PAPER)
    given = np.where(x[:, None] == 1, PEN, PAPER)
    expected = np.where(known[:, None] == 1, given, made)
    np.testing.assert_allclose(completions(page, model), expected, atol=1.5)


def rows(n):
    return (np.arange(D) < 28 * n).astype(int)


def expect_scores(page, service, x, n):
    """In the order of the page; the best first."""
    scores = {m: service.by_row(m, x)[n] for m in (*RASTER, ANY)}
    order = sorted(scores, key=lambda m: -scores[m])
    ids = page.get_by_test_id("faceoff-exact").locator(".card").evaluate_all(
        "(cards) => cards.map((c) => c.dataset.testid)"
    )  # fmt: skip
    assert ids == ["faceoff-" + m for m in order]
    for model, score in scores.items():
        shown = f"{score:,.1f}".replace("-", "−")
        expect(card(page, model).locator("output")).to_have_text(shown)
    assert "best" in card(page, order[0]).get_attribute("class")


def test_all_models_complete_the_digit_and_are_ranked(visit, service):
    page = visit("faceoff.image=300")
    page.locator(".zoo-faceoff .chooser button").nth(3).click()  # again: the next 3
    expect(page).to_have_url(re.compile("faceoff.image=301"))
    expect_settled(page, slow=True)
    x = service.digits()[0][10]
    expect_scores(page, service, x, 12)
    for model in (*RASTER, ANY, *CODED):
        expect_pictures(page, service, model, x, rows(12))


def test_dragging_the_line_changes_what_is_known(visit, service):
    page = visit("faceoff.image=401")
    line = page.get_by_test_id("faceoff-line").bounding_box()
    canvas = page.get_by_test_id("faceoff-canvas").bounding_box()
    page.mouse.move(line["x"] + 8, line["y"] + 14)
    page.mouse.down()
    for row in (14, 17, 20, 22):
        page.mouse.move(line["x"] + 8, canvas["y"] + canvas["height"] * row / 28)
    page.mouse.up()
    expect(page).to_have_url(re.compile("faceoff.rows=22"))
    expect_settled(page, slow=True)
    x = service.digits()[0][13]
    expect_scores(page, service, x, 22)
    for model in ("nade-mnist", "vae-mnist-2d"):
        expect_pictures(page, service, model, x, rows(22))


def test_the_line_by_keyboard_alone(visit):
    page = visit(settled=False)
    line = page.get_by_test_id("faceoff-line")
    line.focus()
    page.keyboard.press("ArrowDown")
    expect(line).to_have_attribute("aria-valuenow", "13")
    expect(line).to_have_attribute("aria-valuetext", written(EN["faceoff.rows_known"], rows=13))
    page.keyboard.press("End")
    expect(line).to_have_attribute("aria-valuenow", "28")
    expect(page.get_by_test_id("faceoff-verdict")).to_have_text(EN["faceoff.nothing"])
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile("faceoff.rows=0"))


def test_another_mask_is_for_those_that_can(visit, service):
    page = visit("faceoff.image=100")
    page.get_by_test_id("faceoff-mask-left").click()
    expect(page.get_by_test_id("faceoff-unable")).to_contain_text(", ".join(sorted(RASTER)))
    for model in RASTER:
        expect(card(page, model)).to_be_hidden()
    expect(page.get_by_test_id("faceoff-line")).to_be_hidden()
    expect_settled(page, slow=True)
    x, left = service.digits()[0][3], (np.arange(D) % 28 < 14).astype(int)
    for model in (ANY, *CODED):
        expect_pictures(page, service, model, x, left)
    score = f"{service.complete(ANY, x, left, 4, 1)['log_prob']:,.1f}".replace("-", "−")
    expect(card(page, ANY).locator("output")).to_have_text(score)
    page.get_by_test_id("faceoff-mask-rows").click()
    expect(card(page, "nade-mnist")).to_be_visible()
    expect(page.get_by_test_id("faceoff-unable")).to_be_hidden()


def test_pointing_shows_the_truth_or_a_completion(visit, service):
    page = visit("faceoff.image=200")
    x = service.digits()[0][6]
    picture = page.get_by_test_id("faceoff-canvas").locator("canvas.zoo-cells")
    blank = np.array(PAPER) + 0.2 * (np.array(ACCENT) - PAPER)
    np.testing.assert_allclose(colors(picture)[27, 27], blank, atol=1.5)
    page.get_by_test_id("faceoff-canvas").hover()
    expect(page.get_by_test_id("faceoff-shown")).to_have_text(EN["faceoff.shown_true"])
    hidden = colors(picture).reshape(D, 3)[336:]
    np.testing.assert_array_equal(hidden, np.where(x[336:, None] == 1, ACCENT, PAPER))
    page.mouse.move(5, 5)
    expect(page.get_by_test_id("faceoff-shown")).to_have_text(EN["faceoff.shown_known"])
    page.get_by_test_id("faceoff-truth").click()
    expect(page.get_by_test_id("faceoff-shown")).to_have_text(EN["faceoff.shown_true"])
    card(page, "nade-mnist").locator(".zoo-surface").focus()
    page.keyboard.press("ArrowRight")
    shown = written(EN["faceoff.shown_made"], model="nade-mnist", n=2)
    expect(page.get_by_test_id("faceoff-shown")).to_have_text(shown)
    np.testing.assert_array_equal(
        colors(picture).reshape(D, 3), completions(page, "nade-mnist")[1]
    )
    page.get_by_test_id("faceoff-random").focus()
    expect(page.get_by_test_id("faceoff-shown")).to_have_text(EN["faceoff.shown_true"])


def test_the_seed_the_order_and_the_whole_state_are_in_the_address(visit, service):
    page = visit("faceoff.image=702&faceoff.rows=9&faceoff.seed=77&faceoff.sort=name")
    x = service.digits()[0][23]
    expect_pictures(page, service, "ar1-mnist", x, rows(9), 77)
    ids = page.get_by_test_id("faceoff-exact").locator(".card").evaluate_all(
        "(cards) => cards.map((c) => c.dataset.testid)"
    )  # fmt: skip
    assert ids == sorted(ids)
    before = completions(page, "ar1-mnist")
    page.get_by_test_id("faceoff-random").click()
    expect_settled(page)
    assert (completions(page, "ar1-mnist") != before).any()
    menu(page, "faceoff-seed").fill("77")
    page.get_by_test_id("faceoff-seed").press("Enter")
    pause(page, 300)
    expect_settled(page)
    np.testing.assert_array_equal(completions(page, "ar1-mnist"), before)
    page.get_by_test_id("faceoff-reset").click()
    expect(page).not_to_have_url(re.compile(r"faceoff\."))


@pytest.mark.parametrize(
    "hash", ["faceoff.image=9e9&faceoff.rows=-4&faceoff.mask=up&faceoff.seed=1.5&faceoff.sort=x"]
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    expect(page.locator(".zoo-bad")).to_have_count(0)
    expect(page.get_by_test_id("faceoff-line")).to_have_attribute("aria-valuenow", "12")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_widths(page)
    shown = page.locator("body").inner_text()
    assert not re.search(r"\b(faceoff|zoo)\.[a-z_]+\b", shown)
    if language == "ko":
        english = [v for k, v in EN.items() if k.startswith("faceoff.") and len(v) > 12]
        assert not [label for label in english if label in shown]


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-faceoff")
    stops = tab_stops(page, "faceoff-line", "faceoff-json")
    for wanted in ("faceoff-mask-hole", "faceoff-truth", "faceoff-seed", "faceoff-by-name"):
        assert wanted in stops


def test_pictures_and_numbers_are_saved(visit, service):
    page = visit("faceoff.image=500")
    with page.expect_download() as download:
        menu(page, "faceoff-png").click()
    image = Image.open(io.BytesIO(Path(download.value.path()).read_bytes())).convert("RGB")
    assert len(image.getcolors(100_000)) > 8
    with page.expect_download() as download:
        menu(page, "faceoff-json").click()
    kept = json.loads(Path(download.value.path()).read_text())
    x = service.digits()[0][15]
    assert (kept["pixels"], kept["known"]) == (x.tolist(), rows(12).tolist())
    models = {one["model"]: one for one in kept["models"]}
    assert models.keys() == {*QUICK, *SLOW}
    for one in (models[name] for name in QUICK):
        expected = service.complete(one["model"], x, rows(12), 4, 1)
        np.testing.assert_allclose(one["images"], expected["images"], atol=0.003)
        assert (one["log_prob"] is None) == (one["model"] in CODED)
        if one["log_prob"] is not None:
            assert one["log_prob"] == pytest.approx(expected["log_prob"], rel=1e-5)


def test_the_endpoint_answers_programs(address, service):
    client = Client(address, verbose=False)
    x, known = service.digits()[0][3].tolist(), rows(20).tolist()
    answer = client.predict(x, known, "nade-mnist", 2, 9, api_name="/compare_complete")
    expected = service.complete("nade-mnist", x, known, 2, 9)
    np.testing.assert_array_equal(answer["images"], expected["images"])
    assert answer["log_prob"] == pytest.approx(expected["log_prob"])
    with pytest.raises(AppError, match="must come first"):
        client.predict(x, known[::-1], "nade-mnist", 1, 0, api_name="/compare_complete")


def test_the_verdict_changes_its_language_though_answers_keep_it_waiting(visit):
    page = visit()
    verdict = page.get_by_test_id("faceoff-verdict")
    expect(verdict).to_contain_text("predicted")
    page.evaluate("window.setTimeout = () => 0")  # what waits, waits for ever
    page.get_by_test_id("lang-ko").click()
    expect(verdict).to_have_text(re.compile("[가-힣]"))
