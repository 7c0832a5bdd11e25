"""The Text2Image tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from PIL import Image
from playwright.sync_api import expect

from demo_app import text
from demo_app.errors import Unavailable
from demo_app.services.text2image import PIXELS, Text2ImageService
from demo_app.tabs.text2image import EXAMPLES, N_STEPS
from genzoo.data.avatars import SCHEMA
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    fragment,
    menu,
    state,
    tab_stops,
    written,
)
from tests.demo_app.text2image.conftest import TRANSFORMER, pixels

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
        for name in ("row-0", "row-1", "phrases", "values", "steps"):
            shown = page.get_by_test_id(f"text2image-{name}")
            expect(shown).to_have_attribute("data-shown", re.compile("."))
        return page

    return visit_text2image


def expect_row(page, service, m, caption, seed=0) -> dict:
    """The faces of the caption by model m, and the score under each."""
    row = page.get_by_test_id(f"text2image-row-{m}")
    expect(row).to_have_attribute("data-shown", f"{seed} {caption}")
    answer = service.faces(caption, seed, model=service.models[m])
    for k in (0, 7):
        shown = pixels(row.locator("canvas").nth(k))
        np.testing.assert_allclose(shown, answer["images"][k], atol=0.003)
    says = [phrase["says"] for phrase in answer["phrases"] if phrase["says"]]
    for k, read in enumerate(answer["read"]):
        right = sum(said.items() <= named(read).items() for said in says)
        score = f"{right}/{len(says)}" if says else ""
        expect(row.locator(".score").nth(k)).to_have_text(score)
    return answer


def named(read) -> dict[str, str]:
    return {name: values[v] for (name, values), v in zip(SCHEMA.items(), read, strict=True)}


def expect_faces(page, service, caption, seed=0, chosen=0, m=0, language="en"):
    """The faces of the caption by both models, and what is said of the chosen one, of model m."""
    answer = [expect_row(page, service, k, caption, seed) for k in range(2)][m]
    face = page.get_by_test_id(f"text2image-face-{m}-{chosen}")
    expect(face).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".zoo-text2image .face[aria-pressed=true]")).to_have_count(1)
    phrases = page.get_by_test_id("text2image-phrases")
    model = service.models[m]
    expect(phrases).to_have_attribute("data-shown", f"{model} {seed + chosen} {caption}")
    expect(phrases.locator("li")).to_have_count(len(answer["phrases"]))
    for k, phrase in enumerate(answer["phrases"]):
        item = phrases.locator("li").nth(k)
        expect(item).to_contain_text(phrase["text"])
        values = [named(read) for read in answer["read"]]
        right = [phrase["says"].items() <= each.items() for each in values]
        kind = "right" if right[chosen] else "wrong"
        expect(item).to_have_class(kind if phrase["says"] else "unclear")
        if phrase["says"]:
            of = written(text.labels(language)["text2image.of"], n=sum(right), all=8)
            expect(item.locator("small")).to_have_text(of)
    return answer


def expect_others(page, service, m, seed, name, caption):
    """The chosen face again, with each value of an attribute."""
    values = page.get_by_test_id("text2image-values")
    model = service.models[m]
    expect(values).to_have_attribute("data-shown", f"{model} {seed} {name} {caption}")
    expected = service.others(caption, name, seed, model)["images"]
    expect(values.locator("canvas")).to_have_count(len(expected))
    for k, image in enumerate(expected):
        np.testing.assert_allclose(pixels(values.locator("canvas").nth(k)), image, atol=0.003)


def expect_walk(page, service, seed, caption=FIRST, other=SECOND):
    """It is the GAN's, whatever is chosen."""
    steps = page.get_by_test_id("text2image-steps")
    expect(steps).to_have_attribute("data-shown", f"{seed} {caption} {other}")
    expect(steps.locator("canvas")).to_have_count(N_STEPS)
    walk = service.walk(caption, other, seed)
    shown = pixels(steps.locator("canvas").nth(4))
    np.testing.assert_allclose(shown, walk["images"][4], atol=0.003)


def test_it_begins_with_the_example_and_all_that_follows_from_it(visit, service):
    page = visit()
    expect(page.get_by_test_id("text2image-text")).to_have_value(FIRST)
    expect_faces(page, service, FIRST)
    expect(page.get_by_test_id("text2image-notes")).to_be_empty()
    expect_others(page, service, 0, 0, "hat", FIRST)
    expect_walk(page, service, 0)


def test_a_face_of_either_model_is_chosen_and_what_follows_is_of_it(visit, service):
    page = visit("text2image.seed=5")
    page.get_by_test_id("text2image-face-1-3").click()
    expect_faces(page, service, FIRST, 5, chosen=3, m=1)
    expect_others(page, service, 1, 8, "hat", FIRST)
    expect_walk(page, service, 8)
    of = written(EN["text2image.whose"], model=EN[f"text2image.model_{TRANSFORMER}"], seed="8")
    for whose in page.locator(".zoo-text2image .whose").all():
        expect(whose).to_have_text(of)
    face = page.get_by_test_id("text2image-face-1-3")
    assert face.get_attribute("aria-label").startswith(of)
    now = state(page)
    assert (now["text2image.model"], now["text2image.face"]) == (TRANSFORMER, "3")
    page.get_by_test_id("text2image-text").fill("no hat")
    expect_faces(page, service, "no hat", 5, chosen=3, m=1)

    again = visit(fragment(page))
    expect_faces(again, service, "no hat", 5, chosen=3, m=1)
    expect_others(again, service, 1, 8, "hat", "no hat")
    again.get_by_test_id("text2image-face-0-3").click()
    expect_faces(again, service, "no hat", 5, chosen=3, m=0)
    expect_others(again, service, 0, 8, "hat", "no hat")
    assert "text2image.model" not in state(again)
    wrong = visit("text2image.model=x&text2image.face=8")
    expect_faces(wrong, service, FIRST)


@pytest.mark.parametrize("width", [390, 1440])
def test_faces_of_a_seed_stand_below_each_other_and_the_chosen_one_is_in_sight(visit, width):
    page = visit(f"text2image.face=7&text2image.model={TRANSFORMER}", width=width)
    faces = [page.get_by_test_id(f"text2image-face-{m}-{k}") for m in (0, 1) for k in range(8)]
    boxes = [face.bounding_box() for face in faces]
    for above, below in zip(boxes[:8], boxes[8:], strict=True):
        assert above["x"] == pytest.approx(below["x"], abs=0.5)
        assert above["y"] + above["height"] < below["y"]
    assert len({box["y"] for box in boxes[:8]}) == 1
    assert min(box["width"] for box in boxes) > 60
    chosen = boxes[15]
    assert 0 < chosen["x"] < chosen["x"] + chosen["width"] < width
    heading = page.get_by_role("heading", name=EN[f"text2image.model_{TRANSFORMER}"], exact=True)
    assert 0 < heading.bounding_box()["x"] < width / 2
    if width == 1440:  # all that a control changes is on the screen with it
        found = page.get_by_test_id("text2image-phrases").bounding_box()
        assert max(found["y"] + found["height"], chosen["y"] + chosen["height"]) < 900


def test_both_models_are_saved_as_pictures_and_as_numbers(visit, service):
    page = visit("text2image.seed=2&text2image.text=a+hat")
    pictures = {}
    for kind in ("png", "json"):
        with page.expect_download() as download:
            menu(page, f"text2image-{kind}").click()
        pictures[kind] = Path(download.value.path()).read_bytes()
    saved = json.loads(pictures["json"])
    assert saved["text"] == "a hat"
    assert [f["model"] for f in saved["faces"]] == [m for m in service.models for _ in range(8)]
    assert [f["seed"] for f in saved["faces"]] == 2 * list(range(2, 10))
    for m, model in enumerate(service.models):
        expected = service.faces("a hat", 2, model=model)
        for k in range(8):
            face = saved["faces"][8 * m + k]
            np.testing.assert_allclose(face["image"], expected["images"][k], atol=0.003)
            assert face["read"] == named(expected["read"][k])
    sheet = np.array(Image.open(io.BytesIO(pictures["png"])).convert("RGB"))
    for m, model in enumerate(service.models):
        image = service.faces("a hat", 2, model=model)["images"][7].reshape(3, 64, 64)
        tile = np.kron(np.rint(255 * image).transpose(1, 2, 0), np.ones((3, 3, 1)))
        y = 36 + 48 + 24 + m * (192 + 24 + 28)
        x = 36 + 7 * (192 + 28)
        np.testing.assert_allclose(sheet[y : y + 192, x : x + 192], tile, atol=1)


def test_a_model_that_fails_says_why_in_its_row_and_the_other_goes_on(visit, service, monkeypatch):
    page = visit()
    faces = Text2ImageService.unread_faces

    def failing(self, text, seed=0, n=8, model=None):
        if model == TRANSFORMER:
            raise Unavailable("It is gone.", "")
        return faces(self, text, seed, n, model)

    monkeypatch.setattr(Text2ImageService, "unread_faces", failing)
    page.get_by_test_id("text2image-text").fill("a hat")
    failed = page.locator(".zoo-text2image .failed")
    expect(failed.nth(1)).to_have_text("It is gone.")
    expect(failed.nth(0)).to_be_empty()
    monkeypatch.undo()
    expect_row(page, service, 0, "a hat")
    page.get_by_test_id("text2image-text").fill("no hat")
    expect_faces(page, service, "no hat")
    expect(failed.nth(1)).to_be_empty()


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
    expect_others(page, service, 0, 6, "hair", "A face with long hair.")
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
    expect_faces(page, service, EXAMPLES[language][0], language=language)
    page.get_by_test_id("text2image-text").fill("")
    empty = text.labels(language)["text2image.is_empty"]
    expect(page.get_by_test_id("text2image-notes")).to_have_text(empty)
    expect_to_fit(page, language, "text2image", "text2image.title", shared=("avatars",))


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-text2image")
    stops = tab_stops(page, "text2image-text", "text2image-json", most=120)
    parts = "any seed noise chip-hat-hat face-0-7 face-1-0 face-1-7 which other png"
    for wanted in parts.split():
        assert f"text2image-{wanted}" in stops


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    answer = client.predict("a hat, purple", 3, 2, api_name="/text2image_faces")
    expected = service.faces("a hat, purple", 3, 2)
    np.testing.assert_allclose(answer["images"], expected["images"], atol=1e-5)
    assert answer["unknown"] == expected["unknown"]
    answer = client.predict("a hat, purple", 3, 2, TRANSFORMER, api_name="/text2image_faces")
    expected = service.faces("a hat, purple", 3, 2, TRANSFORMER)
    np.testing.assert_allclose(answer["images"], expected["images"], atol=1e-5)
    looked = client.predict("a hat, purple", 3, api_name="/text2image_attention")
    expected = service.transformer.attention("a hat, purple", 3)
    assert looked["words"] == expected["words"] == ["hat", ",", "purple"]
    np.testing.assert_allclose(looked["attention"], expected["attention"], atol=1e-6)
    np.testing.assert_allclose(looked["image"], expected["image"], atol=1e-5)
    walk = client.predict("a hat", "모자 없음", 3, 2, api_name="/text2image_walk")
    assert np.shape(walk["images"]) == (2, PIXELS)
    written = client.predict({"hat": "none"}, "ko", api_name="/text2image_write")
    assert written == {"text": "얼굴: 모자 없음."}
