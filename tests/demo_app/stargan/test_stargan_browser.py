"""The StarGAN tab in a browser: what is on the screen is what the service says."""

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

from demo_app.services.stargan import StarGANService
from demo_app.tabs import stargan
from genzoo.data import avatars
from genzoo.data.avatars import SCHEMA, changed, face
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    fragment,
    menu,
    pause,
    state,
    tab_stops,
)

pytestmark = pytest.mark.browser

TABS = ("stargan",)

EDITED = ("hair", "hair_color", "skin", "glasses", "beard", "mouth", "hat")
ALL = "1,1,1,1,1,1,1"


@pytest.fixture(scope="module")
def service(store):
    return StarGANService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the StarGAN tab, once all of it shows its first answers."""

    def visit_stargan(hash="", **options):
        page = visit("tab=stargan" + ("&" + hash if hash else ""), waits=False, **options)
        for name in ("edited", "change", "cells"):
            shown = page.get_by_test_id(f"stargan-{name}")
            expect(shown).to_have_attribute("data-shown", re.compile("."))
        expect(page.get_by_test_id("stargan-returned")).not_to_be_empty()
        return page

    return visit_stargan


def own_of(one) -> list[int]:
    return [one[list(SCHEMA).index(name)] for name in EDITED]


def text_of(values) -> str:
    return "".join(map(str, values))


def pixels(canvas) -> np.ndarray:
    """What a canvas shows, (3 * 64 * 64,) in [0, 1], channel after channel."""
    rgba = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)")
    return np.array(rgba).reshape(64 * 64, 4)[:, :3].T.ravel() / 255


def expect_edit(page, service, one, values, amount=ALL) -> dict[str, np.ndarray]:
    """The edit of the face, and all that is said of it."""
    shown = f"{text_of(one)} {text_of(values)} {amount}"
    edited = page.get_by_test_id("stargan-edited")
    expect(edited).to_have_attribute("data-shown", shown)
    expect(page.get_by_test_id("stargan-change")).to_have_attribute("data-shown", shown)
    answer = service.edit(values, [float(a) for a in amount.split(",")], face=list(one))
    np.testing.assert_allclose(pixels(edited), answer["image"], atol=0.003)
    np.testing.assert_allclose(
        pixels(page.get_by_test_id("stargan-source")), service.truth(list(one)), atol=1e-6
    )
    near = page.get_by_test_id("stargan-near")
    if "truth" in answer:
        truth = page.get_by_test_id("stargan-truth")
        np.testing.assert_allclose(pixels(truth), answer["truth"], atol=1e-6)
        error = np.square(answer["image"] - answer["truth"]).mean()
        told = float(re.search(r"[\d.]+", near.inner_text()).group())
        assert told == pytest.approx(-10 * np.log10(error), abs=0.11)
    else:
        expect(near).to_have_text(EN["stargan.no_truth_between"])
    share = page.get_by_test_id("stargan-changed").inner_text()
    assert float(re.search(r"[\d.]+", share).group()) == pytest.approx(
        100 * (answer["change"] > 0.05).mean(), abs=0.3
    )
    return answer


def choose(page, name, value, column="to"):
    select = page.get_by_test_id(f"stargan-{column}-{name}")
    select.select_option(str(SCHEMA[name].index(value)))


def test_it_begins_with_an_edit_of_the_first_face(visit, service):
    page = visit()
    values = [int(digit) for digit in stargan.examples(service, EDITED)["values"]]
    expect_edit(page, service, face(0), values)
    for name, is_other in zip(EDITED, np.array(values) != own_of(face(0)), strict=True):
        row = page.locator(f"[data-name={name}]")
        expect(row).to_have_class("other" if is_other else "")
        expect(page.get_by_test_id(f"stargan-amount-{name}")).to_be_enabled(enabled=bool(is_other))
    back = service.cycle(values, face=list(face(0)))
    expect(page.get_by_test_id("stargan-back")).to_have_attribute("data-values", text_of(values))
    np.testing.assert_allclose(
        pixels(page.get_by_test_id("stargan-back")), back["image"].clip(0, 1), atol=0.003
    )
    told = re.search(r"[\d.]+", page.get_by_test_id("stargan-returned").inner_text())
    assert float(told.group()) == pytest.approx(100 * back["error"], abs=0.011)


def test_what_is_asked_for_is_edited_and_can_be_undone(visit, service):
    page = visit("stargan.seed=5")
    one = face(5)
    page.get_by_test_id("stargan-undo").click()
    values = own_of(one)
    expect_edit(page, service, one, values)
    expect(page.get_by_test_id("stargan-undo")).to_be_disabled()
    for name, value in (("hair", "long"), ("hat", "hat"), ("skin", "dark")):
        choose(page, name, value)
        values[EDITED.index(name)] = SCHEMA[name].index(value)
        expect_edit(page, service, one, values)
    assert state(page)["stargan.values"] == text_of(values)
    page.get_by_test_id("stargan-undo").click()
    expect_edit(page, service, one, own_of(one))


def test_a_face_is_built_value_by_value(visit, service):
    page = visit("stargan.seed=5")
    values = [int(digit) for digit in stargan.examples(service, EDITED)["values"]]
    one = face(5)
    for name, value in (("background", "mint"), ("eyes", "winking"), ("beard", "beard")):
        choose(page, name, value, column="is")
        one = changed(one, **{name: value})
        expect_edit(page, service, one, values)
    assert state(page)["stargan.face"] == text_of(one)
    expect(page.get_by_test_id("stargan-notes")).to_have_text(EN["stargan.built"])
    page.get_by_test_id("stargan-random").click()
    expect(page.get_by_test_id("stargan-notes")).to_have_text(EN["stargan.drawn"])
    expect(page.get_by_test_id("stargan-edited")).not_to_have_attribute(
        "data-shown", re.compile(text_of(one))
    )
    assert "stargan.face" not in state(page, after=600)


def test_a_drag_on_a_slider_goes_part_of_the_way(visit, service):
    one, values = face(0), own_of(face(0))
    page = visit()
    page.get_by_test_id("stargan-undo").click()
    choose(page, "hair_color", "red")
    values[1] = SCHEMA["hair_color"].index("red")
    expect_edit(page, service, one, values)
    slider = page.get_by_test_id("stargan-amount-hair_color")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in np.linspace(1, 0.4, 13):
        page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), box["y"] + box["height"] / 2)
    page.mouse.up()
    percent = int(slider.input_value())
    assert percent == pytest.approx(40, abs=3)
    expect_edit(page, service, one, values, f"1,{percent / 100:g},1,1,1,1,1")
    expect(page.get_by_test_id("stargan-truth").locator("xpath=ancestor::figure")).to_have_class(
        "none"
    )
    assert state(page)["stargan.amounts"] == f"100.{percent}.100.100.100.100.100"
    slider.focus()
    page.keyboard.press("Home")
    expect_edit(page, service, one, values, "1,0,1,1,1,1,1")


def test_before_and_after_lie_on_either_side_of_the_divider(visit, service):
    page = visit()
    values = [int(digit) for digit in stargan.examples(service, EDITED)["values"]]
    answer = expect_edit(page, service, face(0), values)
    split = page.get_by_test_id("stargan-split")
    split.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    shown = pixels(page.get_by_test_id("stargan-edited")).reshape(3, 64, 64)
    before = service.truth(list(face(0))).reshape(3, 64, 64)
    np.testing.assert_allclose(shown[:, :, :20], before[:, :, :20], atol=1e-6)
    after = answer["image"].reshape(3, 64, 64)
    np.testing.assert_allclose(shown[:, :, 20:], after[:, :, 20:], atol=0.003)
    assert state(page)["stargan.split"] == "20"


def png(picture) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()


def test_an_upload_is_edited_and_honestly_told_of(visit, service):
    page = visit()
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    file = {"name": "x.png", "mimeType": "image/png", "buffer": png(picture)}
    page.get_by_test_id("stargan-file").set_input_files(file)
    notes = page.get_by_test_id("stargan-notes")
    expect(notes).to_contain_text("Far from the training data")
    expect(notes).to_contain_text(EN["stargan.no_face"])
    expect(notes).to_contain_text(EN["stargan.note_cut"])
    known = service.upload(png(picture))
    np.testing.assert_allclose(
        pixels(page.get_by_test_id("stargan-source")), known["image"], atol=1e-6
    )
    for name, value in zip(SCHEMA, known["face"], strict=True):
        expect(page.get_by_test_id(f"stargan-is-{name}")).to_have_value(str(value))
    own = own_of(known["face"])
    values = [(own[0] + 1) % 4, *own[1:]]
    page.get_by_test_id("stargan-to-hair").select_option(str(values[0]))
    edited = page.get_by_test_id("stargan-edited")
    expect(edited).to_have_attribute("data-shown", f"brought {text_of(values)} {ALL}")
    answer = service.edit(values, image=known["image"], own=own)
    np.testing.assert_allclose(pixels(edited), answer["image"], atol=0.005)
    expect(page.get_by_test_id("stargan-near")).to_have_text(EN["stargan.no_truth"])
    assert "stargan.face" not in state(page)
    # A face of the seed again.
    page.get_by_test_id("stargan-reset").click()
    expect(notes).to_have_text(EN["stargan.drawn"])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "empty"), (b"no picture at all", "not a picture"), (b"\x89PNG\r\n\x1a\n00", "picture")],
)
def test_what_cannot_be_opened_is_told_and_the_face_stays(visit, service, data, sentence):
    page = visit()
    before = pixels(page.get_by_test_id("stargan-source"))
    file = {"name": "x.png", "mimeType": "image/png", "buffer": data}
    page.get_by_test_id("stargan-file").set_input_files(file)
    expect(page.get_by_test_id("stargan-notes")).to_contain_text(sentence)
    np.testing.assert_array_equal(pixels(page.get_by_test_id("stargan-source")), before)


def test_the_sheet_edits_every_face_and_its_cells_go_on_above(visit, service):
    page = visit()
    each = [int(digit) for digit in stargan.examples(service, EDITED)["each"]]
    cells = page.get_by_test_id("stargan-cells")
    expect(cells).to_have_attribute("data-shown", f"0 {text_of(each)}")
    sheet = service.grid(each, 0, 6)
    for row, k in ((0, 0), (2, 3), (5, 7)):
        canvas = page.get_by_test_id(f"stargan-cell-{8 * row + k}").locator("canvas")
        np.testing.assert_allclose(pixels(canvas), sheet[row, k].clip(0, 1), atol=0.003)
    page.get_by_test_id("stargan-column-beard").select_option("0")
    each[4] = 0
    menu(page, "stargan-grid-seed").fill("30")
    page.get_by_test_id("stargan-grid-seed").press("Enter")
    expect(cells).to_have_attribute("data-shown", f"30 {text_of(each)}")
    cell = page.get_by_test_id("stargan-cell-17")
    expect(cell).to_have_attribute("aria-label", "Face 3, Hair: long")
    cell.click()
    one = face(32)
    expect_edit(page, service, one, [each[0], *own_of(one)[1:]])
    assert state(page)["stargan.face"] == text_of(one)


def test_the_whole_state_is_in_the_address(visit):
    page = visit("stargan.seed=8")
    choose(page, "mouth", "open")
    choose(page, "clothes", "hoodie", column="is")
    page.get_by_test_id("stargan-split").fill("31")
    page.get_by_test_id("stargan-column-hat").select_option("0")
    pause(page, 600)
    again = visit(fragment(page))
    for name in ("source", "edited", "truth"):
        np.testing.assert_array_equal(
            pixels(again.get_by_test_id(f"stargan-{name}")),
            pixels(page.get_by_test_id(f"stargan-{name}")),
        )
    assert state(again) == state(page)


@pytest.mark.parametrize(
    "hash",
    [
        "stargan.seed=-3&stargan.values=99999&stargan.split=1e9",
        "stargan.face=12345678901&stargan.amounts=1.2.3&stargan-grid.seed=0.5",
        "stargan.values=%3F&stargan.amounts=NaN.NaN&stargan-grid.values=9999999",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    expect(page.locator(".zoo-bad")).to_have_count(0)
    expect(page.get_by_test_id("stargan-near")).not_to_be_empty()


@pytest.mark.parametrize("part", ["", "grid-"])
@pytest.mark.parametrize("kind", ["png", "json"])
def test_pictures_and_numbers_are_saved(visit, service, part, kind):
    page = visit()
    with page.expect_download() as download:
        menu(page, f"stargan-{part}{kind}").click()
    data = Path(download.value.path()).read_bytes()
    if kind == "png":
        assert len(Image.open(io.BytesIO(data)).convert("RGB").getcolors(1 << 20)) > 50
        return
    kept = json.loads(data)
    if part:
        assert kept["faces"] == [list(face(k)) for k in range(6)]
        assert kept["asked"] == stargan.EACH
    else:
        assert kept["face"] == avatars.named(face(0))
        values = [SCHEMA[name].index(kept["asked"][name]) for name in EDITED]
        answer = service.edit(values, face=list(face(0)))
        np.testing.assert_allclose(kept["image"], answer["image"], atol=0.003)
        np.testing.assert_allclose(kept["truth"], answer["truth"], atol=1e-6)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "stargan", "stargan.edit_title", shared=("avatars",))


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-stargan")
    stops = tab_stops(page, "stargan-random", "stargan-grid-json", most=140)
    for wanted in ("upload", "is-background", "to-hair", "amount-glasses", "split", "json"):
        assert f"stargan-{wanted}" in stops
    assert "stargan-cell-47" in stops


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("stargan-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    choose(page, "hat", "hat")
    expect(status).to_have_text(EN["zoo.no_answer"])
    page.unroute(calls)
    choose(page, "hat", "none")
    expect(status).to_contain_text("Answered in")


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    answer = client.predict(3, {"hat": "hat"}, api_name="/stargan_face")
    one = face(3, hat="hat")
    assert answer["face"] == list(one)
    assert answer["named"] == avatars.named(one)
    np.testing.assert_allclose(answer["image"], service.truth(one), atol=1e-6)
    values = [1, 2, 3, 1, 2, 0, 1]
    edited = client.predict(values, list(one), api_name="/stargan_edit")
    expected = service.edit(values, face=list(one))
    for key in ("image", "change", "truth"):
        np.testing.assert_allclose(edited[key], expected[key], atol=1e-5)
    read = client.predict(answer["image"], api_name="/stargan_read")
    assert read["face"] == service.read(service.truth(one))["face"]


def test_a_picture_that_is_opened_after_a_reset_is_not_taken(visit):
    page = visit(sockets=False)
    before = pixels(page.get_by_test_id("stargan-source"))
    held = []
    page.route("**/live/stargan_edit.upload", lambda route: held.append(route))
    picture = np.full((64, 64, 3), 200, np.uint8)
    file = {"name": "x.png", "mimeType": "image/png", "buffer": png(picture)}
    page.get_by_test_id("stargan-file").set_input_files(file)
    while not held:
        pause(page, 50)
    page.get_by_test_id("stargan-reset").click()
    held.pop().continue_()
    page.wait_for_load_state("networkidle")
    pause(page, 300)
    np.testing.assert_array_equal(pixels(page.get_by_test_id("stargan-source")), before)
    expect(page.get_by_test_id("stargan-notes")).to_have_text(EN["stargan.drawn"])
