"""The app in a browser: what is on the screen is what the service says, however it came there."""

from __future__ import annotations

import json
import re
import time

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app import shell, text, wire
from tests.demo_app.page import WITH_ZOO, expect_width, fragment, menu, open_tab, pause, state

pytestmark = pytest.mark.browser

FIRST = 2 * 3  # the first paint's digit: the first 2; a made release has three of each


def cell(page, i, name="nade-canvas"):
    """The middle of a cell of a grid, in page coordinates."""
    box = page.get_by_test_id(name).locator(".zoo-surface").bounding_box()
    x = box["x"] + (i % 28 + 0.5) * box["width"] / 28
    return x, box["y"] + (i // 28 + 0.5) * box["height"] / 28


def red(page, name):
    """The red of each pixel of a grid's or tile's first canvas, (784,)."""
    canvas = page.get_by_test_id(name).locator("canvas").first
    return np.array(
        canvas.evaluate(
            "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
            ".filter((_, i) => i % 4 === 0)"
        )
    )


def drawn(page):
    """The image on the canvas, (784,) of 0 and 1, in light mode."""
    pause(page, 150)  # a stroke is painted with its answer, or a little later
    return (red(page, "nade-canvas") < 128).astype(np.uint8)


def shown_score(page):
    return page.get_by_test_id("nade-score").inner_text()


def expect_score(page, service, image):
    score = f"{service.look(image)['log_prob']:,.1f}".replace("-", "−")
    expect(page.get_by_test_id("nade-score")).to_have_text(score)


def tiles(page):
    """The completions, (n, 784) of 0 and 1."""
    reds = page.get_by_test_id("nade-completions-0").evaluate(
        "(host) => [...host.querySelectorAll('canvas')].map((c) =>"
        " Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
        ".filter((_, i) => i % 4 === 0))"
    )
    return (np.array(reds) < 128).astype(np.uint8)


def expect_tiles(page, service, image, known, count=7, seed=1):
    expected = service.complete(image, known, count, seed)["images"]
    deadline = time.monotonic() + 5
    while tiles(page).shape != expected.shape or (tiles(page) != expected).any():
        assert time.monotonic() < deadline, "the completions are not the service's"
        pause(page, 50)


def first_digit(service):
    return service.digits()[0][FIRST]


def choose_brush(page, width):
    page.locator(f"[data-brush='{width}']").click()


def test_first_paint_is_a_finished_result(visit, service):
    page = visit()
    image = first_digit(service)
    np.testing.assert_array_equal(drawn(page), image)
    expect_score(page, service, image)
    expect_tiles(page, service, image, 392)
    expect(page.get_by_test_id("nade-status")).to_have_text(
        re.compile(r"^Answered in [\d.,]+ ms, [\d.,]+ ms of it on the server$")
    )
    answer = service.look(image)
    expect(page.get_by_test_id("nade-bits")).to_have_text(f"{answer['bits_per_dim']:.3f}")
    share = f"{100 * answer['percentile']:.1f}"
    expect(page.get_by_test_id("nade-verdict")).to_contain_text(share)


def test_map_shows_the_conditionals_on_cividis(visit, service):
    page = visit()
    p = 1 / (1 + np.exp(-service.look(first_digit(service))["logits"]))
    red_of_map = red(page, "nade-map")
    # Red rises along cividis from blue to yellow, but for its first tenth.
    order = np.argsort(p[p > 0.12])
    assert (np.diff(red_of_map[p > 0.12][order]) >= 0).all()
    assert red_of_map[p > 0.12].max() - red_of_map[p > 0.12].min() > 50


def test_a_stroke_leaves_no_gap_and_ends_with_the_services_answer(visit, service):
    page = visit()
    page.get_by_test_id("nade-clear").click()
    choose_brush(page, 1)
    page.mouse.move(*cell(page, 3 * 28 + 3))
    page.mouse.down()
    page.mouse.move(*cell(page, 3 * 28 + 20))  # one event, seventeen pixels further
    page.mouse.move(*cell(page, 15 * 28 + 20))
    page.mouse.up()
    expected = np.zeros(784, np.uint8)
    expected[3 * 28 + 3 : 3 * 28 + 21] = 1
    expected[3 * 28 + 20 : 16 * 28 : 28] = 1
    np.testing.assert_array_equal(drawn(page), expected)
    expect_score(page, service, expected)
    bits = state(page)["nade.x"].replace("-", "+").replace("_", "/")
    bits += "=" * (-len(bits) % 4)
    np.testing.assert_array_equal(wire.unpack_bits(bits, 784), expected)


def test_the_line_follows_the_last_drawn_pixel(visit, service):
    page = visit()
    page.get_by_test_id("nade-clear").click()
    choose_brush(page, 1)
    page.mouse.click(*cell(page, 300))
    expect(page.get_by_test_id("nade-known")).to_have_value("301")
    image = np.zeros(784, np.uint8)
    image[300] = 1
    expect_tiles(page, service, image, 301)


def test_erasing_by_tool_and_by_right_button(visit):
    page = visit()
    choose_brush(page, 1)
    ink = np.flatnonzero(drawn(page))
    page.mouse.click(*cell(page, int(ink[0])), button="right")
    page.locator(".zoo-nade [data-tool=erase]").click()
    page.mouse.click(*cell(page, int(ink[1])))
    after = drawn(page)
    assert after[ink[0]] == after[ink[1]] == 0
    assert after[ink[2:]].all()


def test_undo_and_redo_go_through_strokes(visit, service):
    page = visit()
    before = drawn(page)
    choose_brush(page, 2)
    page.mouse.click(*cell(page, 30))
    once = drawn(page)
    page.get_by_test_id("nade-clear").click()
    assert not drawn(page).any()
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(drawn(page), once)
    page.get_by_test_id("nade-undo").click()
    np.testing.assert_array_equal(drawn(page), before)
    expect(page.get_by_test_id("nade-undo")).to_be_disabled()
    page.get_by_test_id("nade-redo").click()
    np.testing.assert_array_equal(drawn(page), once)
    expect_score(page, service, once)
    page.keyboard.press("Control+Shift+z")
    assert not drawn(page).any()
    expect(page.get_by_test_id("nade-redo")).to_be_disabled()


def test_drawing_by_keyboard_alone(visit, service):
    page = visit()
    page.get_by_test_id("nade-clear").click()
    choose_brush(page, 1)
    page.keyboard.press("Tab")  # somewhere in the page; the canvas is reached by Tab and no click
    for _ in range(60):
        if page.evaluate("document.activeElement.closest('[data-testid=nade-canvas]') !== null"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Home")
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "Space", "Shift+ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Shift+ArrowDown")
    expected = np.zeros(784, np.uint8)
    expected[[57, 58, 86]] = 1
    np.testing.assert_array_equal(drawn(page), expected)
    expect_score(page, service, expected)
    spoken = page.get_by_test_id("nade-canvas").locator("[aria-live=polite]")
    expect(spoken).to_contain_text("Row 4, column 3. The model gave ink here a probability of")
    page.keyboard.press("Space")
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(drawn(page), expected)
    page.keyboard.press("Tab")
    inside = "document.activeElement.closest('[data-testid=nade-canvas]')"
    assert page.evaluate(inside) is None  # one tab stop


def test_reading_a_pixel_and_what_pushed_it(visit, service):
    page = visit("nade.among=all")
    image = first_digit(service)
    i = 15 * 28 + 9
    page.mouse.move(*cell(page, i, "nade-map"))
    reading = page.get_by_test_id("nade-reading")
    expect(reading).to_contain_text("Row 16, column 10.")
    answer = service.look(image, i)
    logit = answer["logits"][i]
    share = -np.log1p(np.exp(-logit if image[i] else logit))
    p = 100 / (1 + np.exp(-logit))
    expect(reading).to_contain_text(re.compile(rf"{p:.1f}.% ?\."))
    expect(reading).to_contain_text(f"{share:.2f} nats".replace("-", "−"))
    influence = answer["influence"]
    up, down = int(influence.argmax()), int(influence.argmin())
    pushed = page.get_by_test_id("nade-pushed")
    for j, sign in ((up, "+"), (down, "−")):
        place = f"row {j // 28 + 1}, column {j % 28 + 1} ({sign}{abs(influence[j]):.2f})"
        expect(pushed).to_contain_text(place)
    page.mouse.move(*cell(page, down, "nade-influence"))
    expect(pushed).to_contain_text(f"Row {down // 28 + 1}, column {down % 28 + 1}.")
    page.mouse.move(*cell(page, 783, "nade-influence"))
    expect(pushed).to_contain_text("comes later")


def test_only_ink_leaves_empty_pixels_out(visit, service):
    page = visit("nade.pixel=783")
    influence = service.look(first_digit(service), 783)["influence"]
    best = int(np.where(first_digit(service) == 1, influence, -1)[:783].argmax())
    expect(page.get_by_test_id("nade-pushed")).to_contain_text(
        f"row {best // 28 + 1}, column {best % 28 + 1} (+{influence[best]:.2f})"
    )


def test_a_digit_a_scribble_and_noise_are_told_apart(visit):
    page = visit()
    verdict = page.get_by_test_id("nade-verdict")
    expect(verdict).to_have_text(re.compile(r"^More likely than [\d.]+\s?% of the test digits\.$"))
    page.get_by_test_id("nade-noise").click()
    expect(verdict).to_contain_text("Less likely than every test digit")
    page.get_by_test_id("nade-undo").click()
    expect(verdict).to_contain_text("More likely than")


def test_dragging_the_line_ends_where_the_pointer_is(visit, service):
    page = visit()
    box = page.get_by_test_id("nade-line").bounding_box()
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + box["height"] / 2)
    page.mouse.down()
    for row in range(14, 5, -1):
        page.mouse.move(x, cell(page, row * 28)[1] - 0.5 * 12)
    page.mouse.up()
    expect(page.get_by_test_id("nade-known")).to_have_value(str(6 * 28))
    expect_tiles(page, service, first_digit(service), 6 * 28)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_test_id("nade-line")).to_have_attribute("aria-valuenow", str(7 * 28 + 1))
    expect_tiles(page, service, first_digit(service), 7 * 28 + 1)
    assert state(page)["nade.known"] == str(7 * 28 + 1)


def test_seed_count_and_a_completion_taken(visit, service):
    page = visit()
    page.get_by_test_id("nade-count").select_option("14")
    seed = menu(page, "nade-seed")
    seed.fill("99")
    seed.press("Enter")
    image = first_digit(service)
    expect_tiles(page, service, image, 392, count=14, seed=99)
    taken = service.complete(image, 392, 14, 99)["images"][3]
    page.get_by_test_id("nade-completions-0").locator("button").nth(3).click()
    np.testing.assert_array_equal(drawn(page), taken)
    menu(page, "nade-seed").fill("-5")
    seed.press("Enter")
    expect(seed).to_have_value("99")


def test_player_reveals_pixels_in_order(visit, service):
    page = visit()
    player = page.get_by_test_id("nade-player")
    scrubber = player.locator("input")
    expect(scrubber).to_have_value("784")
    player.get_by_role("button", name="Step forward").click()
    expect(scrubber).to_have_value("392")
    player.get_by_role("button", name="Step forward").click()
    expect(scrubber).to_have_value("393")
    final = service.complete(first_digit(service), 392, 7, 1)["images"]
    np.testing.assert_array_equal(tiles(page)[:, :393], final[:, :393])
    assert not tiles(page)[:, 393:].any()
    player.locator("select").select_option("4")
    player.get_by_role("button", name="Play").click()
    player.get_by_role("button", name="Pause").click()
    paused = int(scrubber.input_value())
    assert 392 <= paused < 784
    pause(page, 150)
    assert int(scrubber.input_value()) == paused
    player.get_by_role("button", name="Play").click()
    expect(scrubber).to_have_value("784")
    np.testing.assert_array_equal(tiles(page), final)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_drawing_again_plays_unless_motion_is_reduced(visit, motion):
    page = visit(reduced_motion=motion)
    page.evaluate(
        "() => { window.least = 784; const s = document.querySelector('.zoo-player input');"
        " setInterval(() => (window.least = Math.min(window.least, s.value)), 5); }"
    )
    seed = page.get_by_test_id("nade-seed").input_value()
    page.get_by_test_id("nade-random").click()
    pause(page, 700)
    assert page.get_by_test_id("nade-seed").input_value() != seed
    least = page.evaluate("window.least")
    assert least == 784 if motion == "reduce" else 392 <= least < 784


def test_the_address_restores_everything_in_a_fresh_page(visit, service):
    page = visit()
    page.get_by_test_id("nade-clear").click()
    choose_brush(page, 3)
    page.locator(".zoo-nade [data-tool=erase]").click()
    page.locator(".zoo-nade [data-tool=draw]").click()
    page.mouse.click(*cell(page, 200))
    page.get_by_test_id("nade-count").select_option("14")
    menu(page, "nade-seed").fill("5")
    page.get_by_test_id("nade-seed").press("Enter")
    page.get_by_test_id("nade-map").scroll_into_view_if_needed()
    page.mouse.move(*cell(page, 250, "nade-map"))
    page.get_by_test_id("nade-about").press("Enter")
    pause(page, 300)
    image, hash = drawn(page), fragment(page)
    other = visit(hash)
    np.testing.assert_array_equal(drawn(other), image)
    expect_score(other, service, image)
    expect_tiles(other, service, image, int(np.flatnonzero(image).max()) + 1, 14, 5)
    expect(other.locator("[data-brush='3']")).to_have_attribute("aria-pressed", "true")
    expect(other.get_by_test_id("nade-reading")).to_contain_text("Row 9, column 27.")
    expect(other.get_by_test_id("nade-about")).to_have_attribute("aria-expanded", "true")
    pause(other, 300)
    assert other.url.partition("#")[2] == hash


def test_an_address_edited_by_hand_is_followed(visit, service):
    page = visit()
    page.evaluate("location.hash = '#lang=ko&nade.known=100&nade.seed=3'")
    expect(page.get_by_test_id("nade-known")).to_have_value("100")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    expect_tiles(page, service, first_digit(service), 100, seed=3)


def test_what_is_yet_to_be_written_does_not_undo_an_edited_address(visit):
    page = visit()
    page.evaluate(
        WITH_ZOO
        % """() => {
            zoo.selectLanguage("ko");  // due to be written to the address
            location.hash = "#tab=gan";  // "hashchange" comes later,
            dispatchEvent(new Event("pagehide"));  // and the writing before it
        }"""
    )
    expect(page.get_by_test_id("tab-gan")).to_have_attribute("aria-selected", "true")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    pause(page, 400)
    assert state(page) == {"tab": "gan"}


def test_nonsense_in_the_address_becomes_the_default(visit, service):
    page = visit(
        "tab=zebra&lang=xx&nade.x=?&nade.known=9e9&nade.seed=-1&nade.count=3&nade.pixel=1.5"
        "&nade.tool=axe&nade.brush=NaN"
    )
    image = first_digit(service)
    np.testing.assert_array_equal(drawn(page), image)
    expect_tiles(page, service, image, 392)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_test_id("tab-nade")).to_have_attribute("aria-selected", "true")


def test_a_fresh_page_has_a_bare_address(visit, address):
    page = visit()
    pause(page, 400)
    assert page.url == address


def test_reset_goes_back_to_the_first_paint(visit, service):
    page = visit("nade.seed=9&nade.count=14&nade.known=5&nade.brush=1")
    page.get_by_test_id("nade-noise").click()
    page.get_by_test_id("nade-reset").click()
    image = first_digit(service)
    np.testing.assert_array_equal(drawn(page), image)
    expect_tiles(page, service, image, 392)
    assert not [key for key in state(page) if key.startswith("nade.")]


def test_choosing_digits_walks_through_a_class(visit, service):
    page = visit()
    digits = service.digits()[0]
    seven = page.get_by_test_id("nade-chooser").get_by_role("button", name="Digit 7")
    for number in (0, 1, 2, 0):
        seven.click()
        np.testing.assert_array_equal(drawn(page), digits[21 + number])
    expect(seven).to_have_attribute("aria-pressed", "true")


def test_tabs_keep_what_was_drawn_and_go_by_arrow_keys(visit):
    page = visit()
    page.mouse.click(*cell(page, 30))
    before = drawn(page)
    last = [tab.key for tab in shell.TABS if tab.group == "explicit"][-1]
    page.get_by_test_id(f"tab-{last}").click()
    expect(page.get_by_test_id("nade-canvas")).to_be_hidden()
    assert state(page)["tab"] == last
    page.get_by_test_id(f"tab-{last}").press("ArrowRight")
    expect(page.get_by_test_id("tab-nade")).to_be_focused()
    expect(page.get_by_test_id("nade-canvas")).to_be_visible()
    np.testing.assert_array_equal(drawn(page), before)
    assert "tab" not in state(page)


def test_a_tab_without_its_release_says_how_to_train_it_and_the_others_go_on(visit):
    page = visit("tab=vae")
    expect(page.locator("#page-vae code").first).to_have_text(
        "python -m genzoo train vae-mnist-2d"
    )
    open_tab(page, "nade")
    expect(page.get_by_test_id("nade-score")).not_to_be_empty()


def test_korean_at_once_and_without_a_reload(visit):
    page = visit()
    page.evaluate("window.sameDocument = true")
    page.get_by_test_id("lang-ko").click()
    korean = text.labels("ko")
    expect(page.locator("#nade-title")).to_have_text(korean["nade.title"])
    page.get_by_test_id("times").click()
    expect(page.get_by_test_id("nade-status")).to_be_visible()
    expect(page.get_by_test_id("nade-status")).to_contain_text(re.compile("[가-힣]"))
    expect(page.get_by_test_id("nade-reading")).to_contain_text("21행 12열")
    expect(page.get_by_test_id("nade-canvas").locator("[role=application]")).to_have_attribute(
        "aria-label", korean["zoo.canvas"]
    )
    page.get_by_test_id("nade-about").click()
    expect(page.get_by_role("heading", name="해 볼 만한 것")).to_be_visible()
    expect(page.get_by_role("heading", name="One thing to try")).to_be_hidden()
    assert page.evaluate("window.sameDocument")
    assert state(page)["lang"] == "ko"
    page.get_by_test_id("lang-en").click()
    assert "lang" not in state(page)


def test_the_browsers_language_is_the_default(visit):
    page = visit(locale="ko-KR")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    visible = page.locator("#page-nade").inner_text()
    english = set(text.labels("en").values()) - set(text.labels("ko").values())
    assert not [label for label in english if len(label) > 8 and label in visible]


@pytest.mark.parametrize("hash", ["", "lang=ko", "tab=vae", "nade-about.open=1"])
def test_a_telephone_scrolls_only_down(visit, hash):
    page = visit(hash, width=390, height=844, has_touch=True, is_mobile=True)
    expect_width(page, 390)
    assert page.evaluate("innerWidth") == 390


def test_drawing_with_a_finger(visit, service):
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    page.get_by_test_id("nade-clear").tap()
    page.locator("[data-brush='1']").tap()
    page.get_by_test_id("nade-canvas").scroll_into_view_if_needed()
    page.touchscreen.tap(*cell(page, 5 * 28 + 7))
    expected = np.zeros(784, np.uint8)
    expected[5 * 28 + 7] = 1
    np.testing.assert_array_equal(drawn(page), expected)
    expect_score(page, service, expected)


def test_dark_mode_repaints(visit):
    page = visit(color_scheme="dark")
    ink = red(page, "nade-canvas")
    assert ink.max() > 200  # ink is light on dark
    assert np.median(ink) < 60
    page.evaluate("document.body.classList.remove('dark')")
    pause(page, 100)
    assert np.median(red(page, "nade-canvas")) > 200


def test_saving_the_numbers_and_the_picture(visit, service, tmp_path):
    page = visit()
    with page.expect_download() as download:
        menu(page, "nade-save-json").click()
    kept = json.loads(download.value.path().read_text())
    image = first_digit(service)
    answer = service.look(image, kept["pixel"])
    assert kept["pixels"] == image.tolist()
    assert kept["log_prob"] == pytest.approx(answer["log_prob"], rel=1e-5)
    np.testing.assert_allclose(kept["logits"], answer["logits"], atol=6e-5)
    np.testing.assert_allclose(kept["influence"], answer["influence"], atol=6e-5)
    completions = service.complete(image, kept["known"], 7, kept["seed"])["images"]
    assert [c["pixels"] for c in kept["completions"]] == completions.tolist()
    with page.expect_download() as download:
        menu(page, "nade-save-png").click()
    with Image.open(download.value.path()) as picture:
        assert picture.format == "PNG"
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 50


def test_a_server_that_is_gone_is_told_and_the_next_change_tries_again(visit, service):
    page = visit(sockets=False)
    page.route("**/live/**", lambda route: route.abort())
    page.mouse.click(*cell(page, 30))
    status = page.get_by_test_id("nade-status")
    expect(status).to_have_text(text.labels("en")["zoo.no_answer"])
    expect(status).to_be_visible()
    page.unroute("**/live/**")
    page.mouse.click(*cell(page, 700))
    expect(status).to_contain_text("Answered in")
    expect(status).to_be_hidden()  # a time is for those who ask
    expect_score(page, service, drawn(page))
    page.complaints[:] = [c for c in page.complaints if "net::ERR_FAILED" not in c]


def test_latest_sends_the_newest_arguments_last_and_one_at_a_time(visit):
    page = visit()
    sent, most, answers = page.evaluate(
        WITH_ZOO
        % """async () => {
          const sent = [], answers = [];
          let under_way = 0, most = 0;
          const call = async (given) => {
            sent.push(given);
            most = Math.max(most, ++under_way);
            await new Promise((go) => setTimeout(go, 20));
            under_way -= 1;
            if (given === 1) throw new Error("lost");
            return given === 9 ? null : { ok: true, given };
          };
          const ask = zoo.latest(call, (answer) => answers.push(answer));
          for (let k = 1; k <= 8; k++) ask(k);
          await new Promise((go) => setTimeout(go, 100));
          ask(9);
          await new Promise((go) => setTimeout(go, 60));
          return [sent, most, answers];
        }"""
    )
    assert sent == [1, 8, 9]
    assert most == 1
    lost = {"ok": False, "error": text.labels("en")["zoo.no_answer"]}
    assert answers == [lost, {"ok": True, "given": 8}, lost]


def test_a_seed_is_the_same_numbers_everywhere(visit):
    page = visit()
    three = WITH_ZOO % "() => { const r = zoo.random(7); return [r(), r(), r()]; }"
    assert page.evaluate(three) == page.evaluate(three)
    many = page.evaluate(
        WITH_ZOO % "() => { const r = zoo.random(1); return Array.from({length: 9999}, r); }"
    )
    counts, _ = np.histogram(many, 10, (0, 1))
    assert abs(counts - 1000).max() < 130


def test_programs_get_the_services_answers(address, service):
    client = Client(address, verbose=False)
    image = first_digit(service)
    answer = client.predict(image.tolist(), api_name="/nade_conditionals")
    expected = service.look(image, 99)
    np.testing.assert_allclose(answer["logits"], expected["logits"], rtol=1e-5)
    assert answer["log_prob"] == pytest.approx(expected["log_prob"])
    influence = client.predict(image.tolist(), 99, api_name="/nade_influence")
    np.testing.assert_allclose(influence, expected["influence"], rtol=1e-5)
    completed = client.predict(
        pixels=image.tolist(), known=50, count=3, seed=4, api_name="/nade_complete"
    )
    assert completed["images"] == service.complete(image, 50, 3, 4)["images"].tolist()


@pytest.mark.parametrize(
    ("arguments", "name", "complaint"),
    [
        (([0] * 783,), "/nade_conditionals", "784 numbers; 783 were given"),
        (([0.5] * 784,), "/nade_conditionals", "must each be 0 or 1"),
        (("zebra",), "/nade_conditionals", "must be a list of numbers"),
        (([0] * 784, 784), "/nade_influence", "between 0 and 783"),
        (([0] * 784, 0, 17, 0), "/nade_complete", "between 1 and 16"),
    ],
)
def test_programs_are_refused_in_a_sentence(address, arguments, name, complaint):
    client = Client(address, verbose=False)
    with pytest.raises(AppError, match=complaint) as caught:
        client.predict(*arguments, api_name=name)
    assert "Traceback" not in str(caught.value)
