"""The Pixels tab in a browser, on made releases."""

from __future__ import annotations

import base64
import io
import json
import re
from urllib.parse import parse_qs

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app import shell, text
from tests.demo_app.page import expect_width, fragment, menu, pause, state

pytestmark = pytest.mark.browser

TABS = ("pixels",)

LONG = 20_000  # milliseconds: three parts ask at once, and a machine may have little to give
FIRST = 8 * 3 + 2  # the first paint's digit: the third 8; a made release has three of each


def nats(value):
    return f"{value:,.2f} nats".replace("-", "−")


@pytest.fixture
def open_tab(visit):
    def open_tab(hash="", **options):
        page = visit("tab=pixels" + ("&" + hash if hash else ""), **options)
        expect(page.get_by_test_id("pixels-score-joint")).not_to_be_empty(timeout=LONG)
        expect(page.get_by_test_id("pixels-whole-ar-own")).not_to_be_empty(timeout=LONG)
        expect(page.get_by_test_id("pixels-status")).to_contain_text("ms")
        return page

    return open_tab


def expect_scores(page, service, image, ar="ar-28"):
    answer = service.look(image, list(service.whole))
    for card, name in (("independent", "independent"), ("markov", "markov"), ("ar", ar)):
        own = page.get_by_test_id(f"pixels-whole-{card}-own")
        value = -answer[name]["log_prob"]
        expect(own).to_have_text(nats(value) if value < 1000 else f"{value:,.0f} nats")
    for name, log_prob in service.look_patch(image).items():
        expect(page.get_by_test_id(f"pixels-patch-{name}-own")).to_have_text(nats(-log_prob))


def test_it_is_the_first_model_after_the_map():
    assert [tab.key for tab in shell.TABS[:2]] == ["map", "pixels"]


def test_first_paint_is_a_finished_result(open_tab, service):
    page = open_tab()
    expect(page.get_by_test_id("pixels-digits")).to_have_text(f"{2**784 - 1:,}")
    expect(page.get_by_test_id("pixels-said")).to_contain_text("237 digits")
    picture = service.sample_picture().reshape(-1, 3)
    answer = service.color(picture, [224, 39, 61])
    assert answer["n_seen"] > 0
    expect(page.get_by_test_id("pixels-score-joint")).to_have_text(nats(answer["joint"]))
    expect(page.get_by_test_id("pixels-score-channels")).to_have_text(nats(answer["channels"]))
    expect_scores(page, service, service.digits()[0][FIRST])
    expect(page.get_by_test_id("pixels-whole-markov-test")).to_have_text("123.40 nats")
    sheet = page.get_by_test_id("pixels-whole-markov")
    expect(sheet).to_have_attribute("aria-label", "Samples of Markov chain")
    expected = service.samples("markov", 16, 1)[0].reshape(28, 28)
    pause(page, 300)
    drawn = sheet.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(2, 2, 28, 28).data)"
        ".filter((_, i) => i % 4 === 0)"
    )
    np.testing.assert_array_equal((np.array(drawn) < 128).reshape(28, 28), expected == 1)


def test_every_digit_of_the_number_can_be_read(open_tab):
    page = open_tab()
    page.get_by_test_id("pixels-n").fill("100")
    expect(page.get_by_test_id("pixels-digits")).to_have_text(f"{2**100 - 1:,}")
    bars = page.get_by_test_id("pixels-bars")
    bars.locator("[data-kind=markov]").hover()
    expect(page.get_by_test_id("pixels-digits")).to_have_text("199")
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("pixels-digits")).to_have_text(f"{2**100 - 1:,}")
    bars.locator("[data-kind=joint]").press("ArrowUp")
    expect(page.get_by_test_id("pixels-digits")).to_have_text("100")
    expect(bars.locator("[data-kind=independent]")).to_be_focused()
    page.get_by_test_id("pixels-n").press("ArrowRight")
    expect(page.get_by_test_id("pixels-digits")).to_have_text("101")
    assert state(page)["pixels.n"] == "101"
    assert state(page)["pixels.kind"] == "independent"


def test_bars_are_logarithms(open_tab):
    page = open_tab()
    page.get_by_test_id("pixels-n").fill("784")
    widths = page.get_by_test_id("pixels-bars").evaluate(
        "(host) => [...host.querySelectorAll('.bar')].map((b) => parseFloat(b.style.width))"
    )
    expected = [100 * np.log10(float(v)) / 240 for v in (2.0**784, 1567, 784)]
    np.testing.assert_allclose(widths, expected, rtol=1e-4)


def test_a_color_picked_by_sliders_is_scored_as_the_service_does(open_tab, service):
    page = open_tab()
    picture = service.sample_picture().reshape(-1, 3)
    for color in ([224, 39, 62], [10, 200, 30]):
        for key, value in zip("rgb", color, strict=True):
            page.get_by_test_id(f"pixels-{key}").fill(str(value))
        answer = service.color(picture, color)
        expect(page.get_by_test_id("pixels-score-joint")).to_have_text(nats(answer["joint"]))
        expect(page.get_by_test_id("pixels-score-channels")).to_have_text(nats(answer["channels"]))
    expect(page.get_by_test_id("pixels-occurs")).to_contain_text("None of the 12,288 pixels")


def test_a_click_on_the_picture_picks_its_color(open_tab, service):
    page = open_tab()
    surface = page.get_by_test_id("pixels-picture").locator(".zoo-surface")
    box = surface.bounding_box()
    column, row = 74, 20
    x, y = (column + 0.5) * box["width"] / 128, (row + 0.5) * box["height"] / 96
    surface.click(position={"x": x, "y": y})
    r, g, b = (int(v) for v in service.sample_picture()[row, column])
    swatch = page.get_by_test_id("pixels-swatch")
    expect(swatch).to_have_css("background-color", f"rgb({r}, {g}, {b})")
    assert state(page)["pixels-color.g"] == str(g)


def photo(format="PNG", size=(200, 100), noise=False):
    image = Image.new("RGB", size, (10, 120, 250))
    if noise:
        image = Image.effect_noise(size, 100).convert("RGB")
    buffer = io.BytesIO()
    image.save(buffer, format)
    return {"name": "photo", "mimeType": "image/" + format.lower(), "buffer": buffer.getvalue()}


def test_a_photo_replaces_the_picture_and_a_bad_file_does_not(open_tab):
    page = open_tab()
    page.get_by_test_id("pixels-file").set_input_files(photo())
    notes = page.get_by_test_id("pixels-notes")
    expect(notes).to_contain_text("This is your picture", timeout=LONG)
    expect(notes).to_contain_text("Made smaller")
    expect(page.get_by_test_id("pixels-swatch")).to_have_css(
        "background-color", "rgb(10, 120, 250)"
    )
    expect(page.get_by_test_id("pixels-occurs")).to_have_text(
        "8,192 of 8,192 pixels have exactly this color."
    )
    one = np.log(0.99 + 0.01 / 256**3)
    expect(page.get_by_test_id("pixels-score-joint")).to_have_text(nats(one))
    for content in (b"not a picture", b""):
        bad = {"name": "a.png", "mimeType": "image/png", "buffer": content}
        page.get_by_test_id("pixels-file").set_input_files(bad)
        expect(notes).to_contain_text("Choose a picture" if not content else "not a picture")
    expect(page.get_by_test_id("pixels-score-joint")).to_have_text(nats(one))
    page.get_by_test_id("pixels-sample").click()
    expect(notes).to_contain_text("made by code")


def test_a_file_over_the_limit_is_made_smaller_in_the_page(open_tab):
    page = open_tab()
    large = photo("BMP", (1500, 1500), noise=True)
    assert len(large["buffer"]) > 5_000_000
    page.get_by_test_id("pixels-file").set_input_files(large)
    expect(page.get_by_test_id("pixels-notes")).to_contain_text(
        "This is your picture", timeout=LONG
    )
    junk = {"name": "a.png", "mimeType": "image/png", "buffer": b"x" * 5_000_001}
    page.get_by_test_id("pixels-file").set_input_files(junk)
    expect(page.get_by_test_id("pixels-notes")).to_contain_text("at most 5 MB")


def test_n_of_the_regression_and_a_drawn_digit(open_tab, service):
    page = open_tab()
    slider = page.get_by_test_id("pixels-back")
    slider.press("ArrowRight")
    digits = service.digits()[0]
    expect_scores(page, service, digits[FIRST], "ar-783")
    expect(slider).to_have_attribute("aria-valuetext", "AR(783), all before")
    slider.press("Home")
    expect_scores(page, service, digits[FIRST], "ar-1")
    page.get_by_test_id("pixels-chooser").get_by_role("button", name="Digit 3").click()
    expect_scores(page, service, digits[9], "ar-1")
    page.get_by_test_id("pixels-clear").click()
    expect_scores(page, service, np.zeros(784), "ar-1")
    surface = page.get_by_test_id("pixels-canvas").locator(".zoo-surface")
    surface.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Space")
    drawn = np.zeros(784)
    drawn[0] = 1
    expect_scores(page, service, drawn, "ar-1")
    page.keyboard.press("Control+z")
    page.get_by_test_id("pixels-undo").click()
    expect_scores(page, service, digits[9], "ar-1")
    page.get_by_test_id("pixels-reset").click()
    expect_scores(page, service, digits[FIRST])


def test_what_a_model_expects_is_shown_on_cividis(open_tab, service):
    page = open_tab()
    page.get_by_test_id("pixels-view-probability").click()
    chart = page.get_by_test_id("pixels-whole-ar")
    expect(chart).to_have_attribute("width", "28")
    red = chart.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
        ".filter((_, i) => i % 4 === 0)"
    )
    p = service.look(service.digits()[0][FIRST], ["ar-28"])["ar-28"]["probability"]
    order = np.argsort(p[p > 0.12])
    rising = np.array(red)[p > 0.12][order]
    assert (np.diff(rising) >= 0).all()
    assert rising[-1] - rising[0] > 50


def test_the_address_restores_everything_in_a_fresh_page(open_tab, service):
    page = open_tab()
    page.get_by_test_id("pixels-n").fill("17")
    page.get_by_test_id("pixels-r").fill("9")
    menu(page, "pixels-color-seed").fill("4")
    page.get_by_test_id("pixels-color-seed").press("Enter")
    page.get_by_test_id("pixels-back").press("Home")
    menu(page, "pixels-seed").fill("6")
    page.get_by_test_id("pixels-seed").press("Enter")
    page.get_by_test_id("pixels-chooser").get_by_role("button", name="Digit 5").click()
    pause(page, 300)
    hash = fragment(page)
    other = open_tab(hash.removeprefix("tab=pixels&"))
    expect(other.get_by_test_id("pixels-digits")).to_have_text("131,071")
    expect(other.get_by_test_id("pixels-r")).to_have_value("9")
    expect(other.get_by_test_id("pixels-color-seed")).to_have_value("4")
    expect(other.get_by_test_id("pixels-seed")).to_have_value("6")
    expect_scores(other, service, service.digits()[0][15], "ar-1")
    pause(other, 300)
    assert parse_qs(other.url.partition("#")[2]) == parse_qs(hash)


def test_nonsense_in_the_address_becomes_the_default(open_tab, service):
    page = open_tab(
        "pixels.n=9e9&pixels.kind=x&pixels-color.r=256&pixels-color.seed=-1&pixels-models.x=?"
        "&pixels-models.back=5&pixels-models.view=x&pixels-models.seed=1.5"
    )
    expect(page.get_by_test_id("pixels-n")).to_have_value("784")
    expect(page.get_by_test_id("pixels-r")).to_have_value("224")
    expect_scores(page, service, service.digits()[0][FIRST])


def test_korean_at_once(open_tab):
    page = open_tab()
    page.get_by_test_id("lang-ko").click()
    korean = text.labels("ko")
    for part in ("count", "color", "models"):
        expect(page.locator(f"#pixels-{part}-title")).to_have_text(korean[f"pixels.{part}_title"])
    expect(page.get_by_test_id("pixels-said")).to_contain_text("237자리")
    expect(page.get_by_test_id("pixels-notes")).to_contain_text("코드로 만든")
    page.get_by_test_id("pixels-about").click()
    expect(page.get_by_role("heading", name="평활")).to_be_visible()


def test_the_pages_language_stays_the_addresss_whatever_gradio_writes(open_tab):
    page = open_tab("lang=en&pixels-about.open=1", locale="ko-KR")
    page.evaluate("document.documentElement.lang = 'ko'")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="Smoothing")).to_be_visible()
    expect(page.get_by_role("heading", name="평활")).to_be_hidden()


@pytest.mark.parametrize("hash", ["", "lang=ko&pixels-models.view=probability"])
def test_a_telephone_scrolls_only_down(open_tab, hash):
    page = open_tab(hash, width=390, height=844)
    pause(page, 300)
    expect_width(page, 390)
    for name in ("pixels-picture", "pixels-whole-ar", "pixels-canvas", "pixels-color-json"):
        shown = page.get_by_test_id(name)
        box = (menu(page, name) if name.endswith("-json") else shown).bounding_box()
        assert box["width"] > 30
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_the_numbers_can_be_kept(open_tab, service):
    page = open_tab()
    with page.expect_download() as download:
        menu(page, "pixels-save-json").click()
    kept = json.loads(download.value.path().read_text())
    np.testing.assert_array_equal(kept["pixels"], service.digits()[0][FIRST])
    np.testing.assert_array_equal(
        next(s for s in kept["samples"] if s["model"] == "joint")["images"],
        service.patch_samples("joint", 49, 1),
    )
    with page.expect_download() as download:
        menu(page, "pixels-color-json").click()
    kept = json.loads(download.value.path().read_text())
    fitted = service.fit(service.sample_picture().reshape(-1, 3), 784, 1)
    np.testing.assert_array_equal(kept["samples"]["channels"], fitted["samples"]["channels"])
    for name in ("pixels-save-png", "pixels-color-png"):
        with page.expect_download() as download:
            menu(page, name).click()
        assert Image.open(download.value.path()).width > 800


def test_programs_get_the_same_answers(address, service):
    client = Client(address, verbose=False)
    assert client.predict(10, api_name="/pixels_count")["joint"] == "1023"
    picture = service.sample_picture().reshape(-1, 3)
    answer = client.predict([224, 39, 61], "", api_name="/pixels_color")
    assert answer == pytest.approx(service.color(picture, [224, 39, 61]))
    file = base64.b64encode(photo()["buffer"]).decode()
    answer = client.predict([10, 120, 250], file, api_name="/pixels_color")
    assert answer["n_seen"] == 8192
    image = service.digits()[0][0]
    answer = client.predict(image.tolist(), "ar-28", api_name="/pixels_log_prob")
    assert answer["log_prob"] == pytest.approx(service.look(image, ["ar-28"])["ar-28"]["log_prob"])
    drawn = client.predict("joint", 4, 2, api_name="/pixels_sample")
    np.testing.assert_array_equal(drawn, service.patch_samples("joint", 4, 2))
    with pytest.raises(AppError, match=re.escape("no model 'gpt' here")):
        client.predict("gpt", 1, 0, api_name="/pixels_sample")
