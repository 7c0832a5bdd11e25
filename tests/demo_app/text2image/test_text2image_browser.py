"""The Text2Image tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from gradio_client import Client
from playwright.sync_api import expect

from demo_app import text
from demo_app.services.text2image import PIXELS, Text2ImageService
from demo_app.tabs.text2image import EXAMPLES, N_STEPS
from genzoo.data.avatars import SCHEMA
from tests.demo_app.page import EN, expect_names, expect_to_fit, state, tab_stops, written

pytestmark = pytest.mark.browser

TABS = ("text2image",)

FIRST, SECOND = EXAMPLES["en"]


@pytest.fixture(scope="module")
def service(store):
    return Text2ImageService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the tab, once all of it shows its first answers."""

    def visit_text2image(hash="", **options):
        page = visit("tab=text2image" + ("&" + hash if hash else ""), waits=False, **options)
        for name in ("row-0", "phrases", "values", "steps"):
            shown = page.get_by_test_id(f"text2image-{name}")
            expect(shown).to_have_attribute("data-shown", re.compile("."))
        return page

    return visit_text2image


def pixels(canvas) -> np.ndarray:
    """What a canvas shows, (12288,) in [0, 1], channel after channel."""
    rgba = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)")
    return np.array(rgba).reshape(64 * 64, 4)[:, :3].T.ravel() / 255


def expect_faces(page, service, caption, seed=0, chosen=0):
    """The faces of the caption, the other words and the walk, and what is said of them."""
    row = page.get_by_test_id("text2image-row-0")
    expect(row).to_have_attribute("data-shown", f"{seed} {caption}")
    answer = service.faces(caption, seed)
    for k in (0, 7):
        shown = pixels(row.locator("canvas").nth(k))
        np.testing.assert_allclose(shown, answer["images"][k], atol=0.003)
    phrases = page.get_by_test_id("text2image-phrases")
    expect(phrases).to_have_attribute("data-shown", f"{seed + chosen} {caption}")
    expect(phrases.locator("li")).to_have_count(len(answer["phrases"]))
    for k, phrase in enumerate(answer["phrases"]):
        item = phrases.locator("li").nth(k)
        expect(item).to_contain_text(phrase["text"])
        values = {n: SCHEMA[n][v] for n, v in zip(SCHEMA, answer["read"][chosen], strict=True)}
        kind = "right" if phrase["says"].items() <= values.items() else "wrong"
        expect(item).to_have_class(kind if phrase["says"] else "unclear")
    return answer


def test_it_begins_with_the_example_and_all_that_follows_from_it(visit, service):
    page = visit()
    expect(page.get_by_test_id("text2image-text")).to_have_value(FIRST)
    expect_faces(page, service, FIRST)
    expect(page.get_by_test_id("text2image-notes")).to_be_empty()
    values = page.get_by_test_id("text2image-values")
    expect(values).to_have_attribute("data-shown", f"0 hat {FIRST}")
    expected = service.others(FIRST, "hat", 0)
    for k in range(2):
        shown = pixels(values.locator("canvas").nth(k))
        np.testing.assert_allclose(shown, expected["images"][k], atol=0.003)
    steps = page.get_by_test_id("text2image-steps")
    expect(steps.locator("canvas")).to_have_count(N_STEPS)
    walk = service.walk(FIRST, SECOND, 0)
    np.testing.assert_allclose(
        pixels(steps.locator("canvas").nth(4)), walk["images"][4], atol=0.003
    )


def test_what_is_typed_is_shown_as_text_and_what_is_unknown_told(visit, service):
    page = visit()
    field, notes = (page.get_by_test_id(f"text2image-{n}") for n in ("text", "notes"))
    wild = "<img src=x onerror=alert(1)>, 안경, a Hat, no hat, red hat"
    field.fill(wild)
    expect_faces(page, service, wild)
    expect(notes).to_contain_text("“<img”")
    expect(notes).to_contain_text(written(EN["text2image.no_phrase"], phrases="“red hat”"))
    expect(notes).to_contain_text(written(EN["text2image.twice"], name="Hat"))
    assert page.locator(".zoo-text2image img").count() == 0
    assert state(page)["text2image.text"] == wild

    for unsaid in ("", "   ", "🙂" * 5000, "hat " * 2500):
        field.fill(unsaid)
        if unsaid.startswith("🙂"):
            expect(notes).to_contain_text("🙂")
        else:
            key = "is_long" if unsaid.strip() else "is_empty"
            told = written(EN[f"text2image.{key}"], n="2,500", most="31")
            expect(notes).to_have_text(told)
            expect(page.get_by_test_id("text2image-face-0-0")).to_be_disabled()
        assert "text2image.text" not in state(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    field.fill("a hat")
    expect_faces(page, service, "a hat")


def test_a_caption_is_built_from_chips_and_faces_chosen(visit, service):
    page = visit("text2image.text=no+hat&text2image.seed=4")
    chip = page.get_by_test_id("text2image-chip-hat-none")
    expect(chip).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("text2image-chip-hair-long").click()
    expect_faces(page, service, "A face with long hair, no hat.", 4)
    chip.click()
    expect_faces(page, service, "A face with long hair.", 4)
    page.get_by_test_id("text2image-face-0-2").click()
    expect_faces(page, service, "A face with long hair.", 4, chosen=2)
    page.get_by_test_id("text2image-which").select_option("hair")
    values = page.get_by_test_id("text2image-values")
    expect(values).to_have_attribute("data-shown", "6 hair A face with long hair.")
    expect(values.locator("canvas")).to_have_count(4)
    page.get_by_test_id("text2image-other").fill("")
    expect(page.get_by_test_id("text2image-walk-note")).to_have_text(EN["text2image.walk_other"])
    expect(page.get_by_test_id("text2image-steps").locator("canvas")).to_have_count(0)
    page.get_by_test_id("text2image-reset").click()
    expect_faces(page, service, FIRST)
    page.get_by_test_id("text2image-any").click()
    expect(page.get_by_test_id("text2image-text")).not_to_have_value(FIRST)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, service, language):
    page = visit(f"lang={language}", width=390)
    expect(page.get_by_test_id("text2image-text")).to_have_value(EXAMPLES[language][0])
    expect_faces(page, service, EXAMPLES[language][0])
    page.get_by_test_id("text2image-text").fill("")
    empty = text.labels(language)["text2image.is_empty"]
    expect(page.get_by_test_id("text2image-notes")).to_have_text(empty)
    expect_to_fit(page, language, "text2image", "text2image.title", shared=("avatars",))


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-text2image")
    stops = tab_stops(page, "text2image-text", "text2image-json", most=120)
    for wanted in ("any", "seed", "noise", "chip-hat-hat", "face-0-7", "which", "other", "png"):
        assert f"text2image-{wanted}" in stops


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    answer = client.predict("a hat, purple", 3, 2, api_name="/text2image_faces")
    expected = service.faces("a hat, purple", 3, 2)
    np.testing.assert_allclose(answer["images"], expected["images"], atol=1e-5)
    assert answer["unknown"] == expected["unknown"]
    walk = client.predict("a hat", "모자 없음", 3, 2, api_name="/text2image_walk")
    assert np.shape(walk["images"]) == (2, PIXELS)
    written = client.predict({"hat": "none"}, "ko", api_name="/text2image_write")
    assert written == {"text": "얼굴: 모자 없음."}
