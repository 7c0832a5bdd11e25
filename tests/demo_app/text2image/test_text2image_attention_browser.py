"""Which words the Transformer looked at, in a browser: what is on the screen is what the model's
attention is."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from demo_app import text
from demo_app.services.code_transformer import CodeTransformerService
from demo_app.tabs.text2image import EXAMPLES
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_width,
    fragment,
    menu,
    pause,
    state,
    tab_stops,
    written,
)
from tests.demo_app.text2image.conftest import TRANSFORMER, pixels

pytestmark = pytest.mark.browser

TABS = ("text2image",)

FIRST = EXAMPLES["en"][0]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def service(store):
    return CodeTransformerService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the tab, scrolled to the widget, once that shows its first answer."""

    def visit_attention(hash="", caption=FIRST, seed=0, **options):
        page = visit("tab=text2image" + ("&" + hash if hash else ""), waits=False, **options)
        page.locator("#text2image-attention-title").evaluate("(title) => title.scrollIntoView()")
        if caption is not None:
            expect(part(page, "words")).to_have_attribute("data-shown", f"{seed} {caption}")
        return page

    return visit_attention


def part(page, name):
    return page.get_by_test_id(f"text2image-attention-{name}")


def attention(service, caption=FIRST, seed=0, layer=1) -> np.ndarray:
    """(64, words) of a layer; 0 is the mean of all."""
    maps = service.attention(caption, seed)["attention"]
    return (maps[layer - 1] if layer else maps.mean(0)).reshape(64, -1)


def words_of(service, caption=FIRST, seed=0) -> list[str]:
    return service.attention(caption, seed)["words"]


def told(share: float) -> str:
    """A share as the page tells it."""
    digits = 1 if 0.001 < share < 0.999 else 3
    return f"{100 * share:.{digits}f}\u202f%"


def place(cell: int) -> dict[str, int]:
    return {"row": cell // 8 + 1, "column": cell % 8 + 1}


def at(page, cell: int) -> tuple[float, float]:
    """The middle of a cell of the face."""
    box = part(page, "grid").locator(".zoo-surface").bounding_box()
    side = box["width"] / 8
    return box["x"] + (cell % 8 + 0.5) * side, box["y"] + (cell // 8 + 0.5) * side


def away(page) -> None:
    """The pointer on nothing."""
    page.mouse.move(3, 3)


def expect_read(page, layer=1, word=-1, cell=-1):
    expect(part(page, "grid")).to_have_attribute("data-shown", f"{layer} {word} {cell}")


def expect_shares(page, shares):
    """What is told below each word, and that it is shaded by it."""
    for w, share in enumerate(shares):
        button = part(page, f"word-{w}")
        expect(button.locator(".share")).to_have_text(told(share))
        shade = float(button.evaluate("(b) => b.style.getPropertyValue('--share')"))
        assert shade == pytest.approx(share / shares.max(), abs=1e-4)


def expect_word(page, service, w, caption=FIRST, seed=0, layer=1):
    """The cells that looked at word w are the brighter the more they did, and the numbers are
    told."""
    words, weights = words_of(service, caption, seed), attention(service, caption, seed, layer)
    expect_read(page, layer, word=w)
    best = int(weights[:, w].argmax())
    expect(part(page, "reading")).to_have_text(
        written(
            EN["text2image.attention_reads_word"],
            word=words[w],
            **place(best),
            most=told(weights[best, w]),
            mean=told(weights[:, w].mean()),
        )
    )
    expect(part(page, "legend")).to_be_visible()
    expect(part(page, "legend")).to_contain_text(told(weights[best, w]))
    expect_shares(page, weights.mean(0))
    # The face in gray under the color of each cell, whose green rises along the color map.
    image = cells_of(service.attention(caption, seed)["image"])
    gray = np.tensordot([0.299, 0.587, 0.114], image, 1)
    green = (cells_of(pixels(part(page, "grid").locator(".zoo-cells")))[1] - 0.28 * gray) / 0.72
    assert (green.max(1) - green.min(1)).max() < 0.012, "a cell has one color"
    assert (np.diff(green.mean(1)[weights[:, w].argsort()]) > -0.006).all()
    assert green.mean(1)[best] == pytest.approx(0xEA / 255, abs=0.01)
    low = weights[:, w] < 0.001 * weights[best, w]
    assert green.mean(1)[low] == pytest.approx(0x20 / 255, abs=0.01)


def cells_of(image) -> np.ndarray:
    """(3, 64 cells, 64 pixels of each)."""
    return image.reshape(3, 8, 8, 8, 8).transpose(0, 1, 3, 2, 4).reshape(3, 64, 64)


def expect_cell(page, service, cell, caption=FIRST, seed=0, layer=1):
    """The words are shaded by how much the cell looked at them, and the face ends at the cell."""
    words, weights = words_of(service, caption, seed), attention(service, caption, seed, layer)
    expect_read(page, layer, cell=cell)
    best = int(weights[cell].argmax())
    key = "text2image.attention_reads_cell" if cell else "text2image.attention_reads_first"
    total = weights[cell].sum()
    expect(part(page, "reading")).to_have_text(
        written(
            EN[key],
            **place(cell),
            word=words[best],
            most=told(weights[cell, best]),
            all=told(total),
            rest=told(1 - total),
        )
    )
    of = written(EN["text2image.attention_of_cell"], **place(cell))
    expect(part(page, "of")).to_have_text(of)
    expect_shares(page, weights[cell])
    image = service.attention(caption, seed)["image"]
    shown = pixels(part(page, "grid").locator(".zoo-cells"))
    same = np.abs(cells_of(shown) - cells_of(image)).max((0, 2)) < 0.003
    assert same[: cell + 1].all()
    assert not same[cell + 1 :].any()


def test_it_begins_with_the_face_and_the_mean_of_each_word(visit, service):
    page = visit()
    answer, weights = service.attention(FIRST, 0), attention(service)
    expect_read(page)
    shown = pixels(part(page, "grid").locator(".zoo-cells"))
    np.testing.assert_allclose(shown, answer["image"], atol=0.003)
    words = part(page, "words").locator("button")
    assert [w.locator(".word").inner_text() for w in words.all()] == answer["words"]
    means = weights.mean(0)
    expect_shares(page, means)
    best = int(means.argmax())
    expect(part(page, "reading")).to_have_text(
        written(
            EN["text2image.attention_reads_all"],
            all=told(means.sum()),
            word=answer["words"][best],
            most=told(means[best]),
        )
    )
    # Each word's own map is brightest where it was looked at most.
    for w in range(len(answer["words"])):
        rgba = (
            words.nth(w)
            .locator("canvas")
            .evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 8, 8).data)")
        )
        red = np.array(rgba).reshape(64, 4)[:, 0]
        assert (np.diff(red[weights[:, w].argsort()]) >= 0).all()
        assert red.max() == 255


def test_pointing_reads_and_a_click_keeps(visit, service):
    page = visit()
    part(page, "word-4").hover()
    expect_word(page, service, 4)
    assert "text2image-attention.word" not in state(page)
    away(page)
    expect_read(page)
    expect(part(page, "legend")).to_be_hidden()
    page.mouse.move(*at(page, 21))
    expect_cell(page, service, 21)
    page.mouse.move(*at(page, 0))
    expect_cell(page, service, 0)
    away(page)
    expect_read(page)

    part(page, "word-4").click()
    away(page)
    expect_word(page, service, 4)
    expect(part(page, "word-4")).to_have_attribute("aria-pressed", "true")
    assert state(page)["text2image-attention.word"] == "4"
    page.mouse.move(*at(page, 30))
    expect_cell(page, service, 30)
    away(page)
    expect_word(page, service, 4)
    page.mouse.click(*at(page, 30))
    away(page)
    expect_cell(page, service, 30)
    expect(part(page, "word-4")).to_have_attribute("aria-pressed", "false")
    now = state(page)
    assert now["text2image-attention.cell"] == "30"
    assert "text2image-attention.word" not in now
    page.mouse.click(*at(page, 30))
    away(page)
    expect_read(page)
    assert "text2image-attention.cell" not in state(page)


def test_the_layer_is_chosen_or_the_mean_of_all(visit, service):
    page = visit("text2image-attention.word=1")
    expect(part(page, "layer-1")).to_have_attribute("aria-pressed", "true")
    expect(part(page, "layer-4")).to_have_count(0)  # the tiny model has three
    for layer in (3, 0):
        part(page, f"layer-{layer}").click()
        away(page)
        expect_word(page, service, 1, layer=layer)
        expect(part(page, f"layer-{layer}")).to_have_attribute("aria-pressed", "true")
    assert state(page)["text2image-attention.layer"] == "0"
    page.mouse.move(*at(page, 50))
    expect_cell(page, service, 50, layer=0)


def test_by_keys_the_face_and_the_words_are_one_stop_each(visit, service):
    page = visit()
    stops = tab_stops(
        page, "text2image-reset", "text2image-attention-reset", most=30, within=False
    )
    assert "text2image-attention-word-0" in stops
    assert "text2image-attention-word-1" not in stops
    assert stops.count("") == 1  # the face
    expect_names(page, ".zoo-text2image_attention")
    surface = part(page, "grid").locator(".zoo-surface")
    expect(surface).to_have_attribute("aria-label", EN["text2image.attention_grid"])
    part(page, "layer-3").focus()
    page.keyboard.press("Tab")
    expect_word(page, service, 0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect_word(page, service, 2)
    page.keyboard.press("Home")
    expect_word(page, service, 0)
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    last = len(words_of(service)) - 1
    page.keyboard.press("Tab")
    expect_word(page, service, last)

    for _ in range(10):
        page.keyboard.press("Shift+Tab")
        if surface.evaluate("(e) => e === document.activeElement"):
            break
    expect_cell(page, service, 0)
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    expect_cell(page, service, 17)
    spoken = part(page, "grid").locator("[aria-live=polite]")
    expect(spoken).to_contain_text(told(attention(service)[17].max()))
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert state(page)["text2image-attention.cell"] == "17"


def test_a_finger_reads_and_keeps(visit, service):
    page = visit(**PHONE)
    grid = part(page, "grid")
    grid.scroll_into_view_if_needed()
    page.touchscreen.tap(*at(page, 12))
    pause(page, 400)
    expect_cell(page, service, 12)
    assert state(page)["text2image-attention.cell"] == "12"
    part(page, "word-4").tap()
    pause(page, 400)
    expect_word(page, service, 4)
    part(page, "word-4").tap()
    pause(page, 400)
    expect_read(page)
    expect_width(page, 390)
    # The face, the words and what is told of them are on the screen together.
    grid.evaluate("(e) => e.scrollIntoView()")
    assert part(page, "reading").bounding_box()["y"] < 844 - 40


def test_it_follows_the_caption_and_the_face_that_are_chosen_above(visit, service):
    page = visit("text2image-attention.word=4")
    assert service.attention(FIRST, 0)["words"][4] == "glasses"
    page.get_by_test_id("text2image-face-0-2").click()
    away(page)
    words = part(page, "words")
    expect(words).to_have_attribute("data-shown", f"2 {FIRST}")
    expect_word(page, service, 4, seed=2)
    # The same seed, whichever model's face is chosen.
    page.get_by_test_id("text2image-face-1-2").click()
    away(page)
    expect(page.get_by_test_id("text2image-values")).to_have_attribute(
        "data-shown", f"{TRANSFORMER} 2 hat {FIRST}"
    )
    expect(words).to_have_attribute("data-shown", f"2 {FIRST}")
    # The word stays, wherever it stands.
    caption = "a hat, glasses"
    page.get_by_test_id("text2image-text").fill(caption)
    expect(words).to_have_attribute("data-shown", f"2 {caption}")
    expect_word(page, service, 2, caption, 2)
    assert state(page)["text2image-attention.word"] == "2"
    page.get_by_test_id("text2image-text").fill("a hat")
    expect(words).to_have_attribute("data-shown", "2 a hat")
    expect_read(page)
    for empty, problem in (("", "empty"), ("hat " * 99, "long")):
        page.get_by_test_id("text2image-text").fill(empty)
        row = page.get_by_test_id("text2image-row-1")
        expect(row).to_have_attribute("data-shown", problem)
        expect(part(page, "reading")).to_have_text(EN["text2image.attention_none"])
        expect(page.locator(".zoo-text2image_attention .zoo-bad")).to_have_count(0)
    page.get_by_test_id("text2image-text").fill("a hat")
    expect(part(page, "reading")).to_contain_text("“hat”")


def test_words_are_shown_as_text(visit, service):
    page = visit()
    wild = "<img src=x onerror=alert(1)> {word}, $& <b>hat</b>, " + "x" * 200
    page.get_by_test_id("text2image-text").fill(wild)
    expect(part(page, "words")).to_have_attribute("data-shown", f"0 {wild}")
    words = service.attention(wild, 0)["words"]
    shown = part(page, "words").locator(".word")
    assert shown.all_inner_texts() == words
    assert words[0] == "<img"
    for w in range(len(words)):
        part(page, f"word-{w}").hover()
        expect_word(page, service, w, wild)
    assert page.locator(".zoo-text2image_attention :is(img, b)").count() == 0
    expect_width(page, 1280)
    page.set_viewport_size({"width": 390, "height": 844})
    pause(page, 100)
    expect_width(page, 390)


def test_the_address_restores_it_and_nonsense_does_no_harm(visit, service):
    page = visit()
    part(page, "layer-2").click()
    page.mouse.click(*at(page, 44))
    page.get_by_test_id("text2image-face-1-1").click()
    expect(part(page, "words")).to_have_attribute("data-shown", f"1 {FIRST}")
    pause(page, 300)
    again = visit(fragment(page), seed=1)
    expect_cell(again, service, 44, seed=1, layer=2)
    part(again, "reset").click()
    expect_read(again)
    assert not [key for key in state(again) if key.startswith("text2image-attention.")]
    for wrong in ("word=30", "word=-2&text2image-attention.cell=64", "layer=9", "cell=x"):
        expect_read(visit(f"text2image-attention.{wrong}"))
    both = visit("text2image-attention.word=1&text2image-attention.cell=3")
    expect_read(both, word=1)
    assert "text2image-attention.cell" not in state(both)


def test_it_is_saved_as_a_picture_and_as_numbers(visit, service):
    page = visit("text2image.text=a+hat,+glasses&text2image.seed=7", "a hat, glasses", 7)
    answer = service.attention("a hat, glasses", 7)
    for kind in ("png", "json"):
        with page.expect_download() as download:
            menu(page, f"text2image-attention-{kind}").click()
        data = Path(download.value.path()).read_bytes()
        if kind == "png":
            assert len(Image.open(io.BytesIO(data)).convert("RGB").getcolors(1 << 20)) > 50
        else:
            saved = json.loads(data)
            assert (saved["model"], saved["seed"]) == (TRANSFORMER, 7)
            assert (saved["text"], saved["words"]) == ("a hat, glasses", answer["words"])
            assert saved["codes"] == answer["codes"].tolist()
            np.testing.assert_allclose(saved["attention"], answer["attention"], atol=1e-5)
            np.testing.assert_allclose(saved["image"], answer["image"], atol=0.003)


CONTRAST = """(button) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
    const light = (color) => {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const { color, backgroundColor } = getComputedStyle(button);
    const [a, b] = [light(color), light(backgroundColor)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_words_are_read_on_every_shade_and_the_face_is_painted_anew(visit, service, scheme):
    page = visit("text2image-attention.cell=3&lang=ko", EXAMPLES["ko"][0], color_scheme=scheme)
    for button in part(page, "words").locator("button").all():
        assert button.evaluate(CONTRAST) > 4.5
    korean = text.labels("ko")
    panel = page.locator(".zoo-text2image_attention section").inner_text()
    assert korean["text2image.attention_title"] in panel
    assert written(korean["text2image.attention_of_cell"], row=1, column=4) in panel
    assert "text2image." not in panel
    dark = scheme == "dark"
    shown = pixels(part(page, "grid").locator(".zoo-cells")).reshape(3, 64, 64)
    assert (shown[:, 32:].mean() < 0.4) == dark
    page.evaluate("document.body.classList.toggle('dark')")
    pause(page, 100)
    shown = pixels(part(page, "grid").locator(".zoo-cells")).reshape(3, 64, 64)
    assert (shown[:, 32:].mean() < 0.4) != dark
