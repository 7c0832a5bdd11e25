"""The Compare tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from PIL import Image
from playwright.sync_api import expect

from demo_app import text
from genzoo.data.avatars import SCHEMA
from tests.demo_app.page import (
    EN,
    asked,
    colors,
    expect_names,
    expect_to_fit,
    levels,
    menu,
    open_tab,
    pause,
    state,
    tab_stops,
)

pytestmark = pytest.mark.browser

TABS = ("compare", "figures")

MODELS = ("gan-mnist", "nade-mnist", "nade-orderless-mnist", "vae-mnist", "vae-mnist-beta4")
FACES = ("transformer-avatars", "dcgan-avatars", "text2image-avatars")


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the sheets, once all of them are drawn and one picture is told of; or the
    figures, once the matrix is read."""

    def visit_compare(hash="", tab="compare", **options):
        page = visit(f"tab={tab}" + ("&" + hash if hash else ""), waits=False, **options)
        if tab == "figures":
            expect(page.get_by_test_id("compare-reading")).not_to_be_empty()
            return page
        faces = "data=avatars" in hash
        n = 1 if "fashion" in hash else len(FACES if faces else MODELS)
        shown = page.locator("[data-testid=compare-sheets] canvas[data-seed]")
        if "kind" not in hash:
            expect(shown).to_have_count(n)
        for name in ("picture", "near") if faces else ("picture", "near", "bars"):
            shown = page.get_by_test_id(f"compare-{name}")
            expect(shown).to_have_attribute("data-shown", re.compile("."))
        return page

    return visit_compare


@pytest.fixture
def figures(visit):
    return partial(visit, tab="figures")


def sheet(page, model):
    return page.get_by_test_id("compare-sheet-" + model).locator("canvas.zoo-cells")


def order(page):
    figures = page.locator("[data-testid=compare-sheets] figure")
    return figures.evaluate_all("(all) => all.map((f) => f.dataset.model)")


def point_at(page, model, cell):
    box = sheet(page, model).bounding_box()
    x = box["x"] + box["width"] * (cell % 8 + 0.5) / 8
    page.mouse.move(x, box["y"] + box["height"] * (cell // 8 + 0.5) / 8)
    for name in ("picture", "near", "bars"):
        shown = page.get_by_test_id(f"compare-{name}")
        expect(shown).to_have_attribute("data-shown", f"{model} {cell}")


def expect_told(page, service, model, cell, seed=0):
    look = service.look(model, cell, seed)
    for name, key in (("picture", "image"), ("near", "nearest")):
        shown = levels(page.get_by_test_id(f"compare-{name}"))
        np.testing.assert_allclose(shown, look[key], atol=0.01)
    about = page.get_by_test_id("compare-told")
    expect(about).to_contain_text(f"Digit {look['label']}, distance {look['distance']:.1f}")
    believed = service.believed(model, cell, seed)
    rows = page.locator("[data-testid=compare-bars] li")
    names = rows.evaluate_all("(all) => all.map((row) => row.dataset.model)")
    assert names == sorted(believed, key=lambda name: -believed[name])
    for name in names:
        number = f"{believed[name]:.0f}".replace("-", "\N{MINUS SIGN}")
        expect(rows.and_(page.locator(f"[data-model={name}]"))).to_contain_text(number)


def test_all_sheets_are_those_of_the_service(visit, service):
    page = visit()
    assert order(page) == list(MODELS)
    for model in MODELS:
        images = service.sheet(model, 0)["images"].reshape(8, 8, 28, 28).transpose(0, 2, 1, 3)
        shown = levels(sheet(page, model), 224, 224)
        np.testing.assert_allclose(shown, images.ravel(), atol=0.01)
    expect(page.get_by_test_id("compare-status")).to_contain_text("5 sheets of 64 pictures")
    expect_told(page, service, "gan-mnist", 0)
    slow = page.locator("figure[data-model=nade-orderless-mnist]")
    expect(slow).to_contain_text("seed 0, sampled in advance in 60 s")


def test_a_picture_that_is_pointed_at_is_told_of(visit, service):
    page = visit()
    point_at(page, "vae-mnist", 42)
    expect_told(page, service, "vae-mnist", 42)
    expect(page.locator("[data-testid=compare-bars] li.own")).to_have_attribute(
        "data-model", "vae-mnist"
    )
    assert state(page)["compare.model"] == "vae-mnist"
    page.get_by_test_id("compare-go").click()
    assert state(page)["tab"] == "vae"


def test_sorting_and_kinds(visit):
    page = visit()
    page.get_by_test_id("compare-sort").select_option("fid")
    assert order(page)[:4] == ["gan-mnist", "vae-mnist-beta4", "nade-mnist", "vae-mnist"]
    expect(page.locator("figure[data-model=nade-mnist]")).to_contain_text("8.00")
    page.get_by_test_id("compare-sort").select_option("seconds")
    assert order(page)[-1] == "nade-orderless-mnist"
    page.get_by_test_id("compare-kind-approximate").click()
    assert order(page) == ["vae-mnist", "vae-mnist-beta4"]
    assert state(page)["compare.kind"] == "approximate"


def test_the_plot_leads_to_the_sheet(figures, service):
    page = figures("compare.kind=implicit")
    points = page.locator("[data-testid=compare-plot] button")
    expect(points).to_have_count(4)  # those whose FID and time are known
    named = [EN[f"compare.only_{kind}"] for kind in ("tractable", "approximate", "implicit")]
    expect(page.locator(".zoo-compare_plot .kinds li")).to_have_text(named)
    best = points.and_(page.locator(".best"))
    expect(best).to_have_attribute("data-model", "gan-mnist")
    heights = {p.get_attribute("data-model"): p.bounding_box()["y"] for p in points.all()}
    by_fid = ["gan-mnist", "vae-mnist-beta4", "nade-mnist", "vae-mnist"]  # the best, the lowest
    assert sorted(heights, key=heights.get, reverse=True) == by_fid
    page.get_by_test_id("compare-by-likelihood").click()
    expect(points).to_have_count(4)  # of the GAN there is none, of the orderless NADE there is
    page.get_by_test_id("compare-by-fid").click()
    page.get_by_test_id("compare-point-nade-mnist").click()
    expect(page.get_by_test_id("compare-near")).to_have_attribute("data-shown", "nade-mnist 0")
    assert order(page) == list(MODELS)
    chosen = page.locator("figure.chosen")
    expect(chosen).to_have_attribute("data-model", "nade-mnist")
    expect(chosen).to_be_in_viewport()
    assert state(page)["tab"] == "compare"
    page.go_back()
    expect(page.get_by_test_id("compare-plot")).to_be_visible()


def test_another_seed_other_pictures_and_the_address_brings_them_back(visit, service):
    page = visit("compare.seed=9&compare.model=gan-mnist&compare.cell=17&compare.sort=parameters")
    images = service.sheet("gan-mnist", 9)["images"].reshape(8, 8, 28, 28).transpose(0, 2, 1, 3)
    np.testing.assert_allclose(
        levels(sheet(page, "gan-mnist"), 224, 224), images.ravel(), atol=0.01
    )
    expect_told(page, service, "gan-mnist", 17, 9)
    page.get_by_test_id("compare-reset").click()
    expect(sheet(page, "gan-mnist")).to_have_attribute("data-seed", "0")
    assert not [key for key in state(page) if key in ("compare.seed", "compare.sort")]


def test_the_other_data_set(visit, service):
    page = visit("compare.data=fashion")
    assert order(page) == ["rnade-fashion"]
    reading = page.get_by_test_id("compare-reading")
    open_tab(page, "figures")
    expect(reading).to_contain_text("rnade assigns its own pictures")
    page.get_by_test_id("compare-plot-data-mnist").click()
    expect(reading).to_contain_text("nade assigns")
    open_tab(page, "compare")  # which follows
    expect(page.locator("[data-testid=compare-sheets] canvas[data-seed]")).to_have_count(5)
    assert order(page) == list(MODELS)


def expect_face(page, service, model, cell, language="en", seed=0):
    """The chosen picture, the nearest face, and its attributes in words."""
    look = service.look(model, cell, seed)
    for name, key in (("picture", "image"), ("near", "nearest")):
        canvas = page.get_by_test_id(f"compare-{name}")
        expect(canvas).to_have_attribute("data-shown", f"{model} {cell}")
        assert canvas.evaluate("(c) => [c.width, c.height]") == [64, 64]
        np.testing.assert_allclose(colors(canvas), look[key], atol=0.003)
    labels = text.labels(language)
    distance = labels["compare.nearest_distance"].replace("{distance}", f"{look['distance']:.1f}")
    about = page.get_by_test_id("compare-told")
    expect(about).to_have_text(f"{distance} {labels['compare.kept_drawn']}")
    pairs = page.get_by_test_id("compare-attributes").locator("div")
    told = [pair.locator("dt, dd").all_inner_texts() for pair in pairs.all()]
    assert told == [
        [labels[f"avatars.{name}"], labels[f"avatars.{name}_{values[value]}"]]
        for (name, values), value in zip(SCHEMA.items(), look["label"], strict=True)
    ]


def test_sheets_of_faces_are_in_color(visit, service):
    page = visit("compare.data=avatars")
    assert set(order(page)) == set(FACES)
    for model in FACES:
        images = service.sheet(model, 0)["images"].reshape(8, 8, 3, 64, 64)
        canvas = sheet(page, model)
        assert canvas.evaluate("(c) => [c.width, c.height]") == [512, 512]
        laid = images.transpose(2, 0, 3, 1, 4).ravel()
        np.testing.assert_allclose(colors(canvas), laid, atol=0.003)
    expect_face(page, service, order(page)[0], 0)
    box = sheet(page, "dcgan-avatars").bounding_box()
    page.mouse.move(box["x"] + 2.5 * box["width"] / 8, box["y"] + 5.5 * box["height"] / 8)
    expect_face(page, service, "dcgan-avatars", 42)
    assert state(page)["compare.cell"] == "42"
    told = page.get_by_test_id("compare-distances")
    expect(told).to_contain_text("FID 175.00 (training images: 147.70)")
    expect(told).to_contain_text(re.compile(r"precision 81\.0.%, recall 62\.5.%"))
    page.emulate_media(color_scheme="dark")  # a face is the same in any theme
    pause(page, 300)
    expect_face(page, service, "dcgan-avatars", 42)


def test_what_no_model_of_faces_can_say_has_no_empty_place(visit):
    page = visit("compare.data=avatars")
    expect(page.get_by_test_id("compare-beliefs")).to_be_hidden()
    expect(page.get_by_test_id("compare-kind-tractable")).to_be_disabled()
    expect(page.get_by_test_id("compare-kind-approximate")).to_be_enabled()
    open_tab(page, "figures")
    expect(page.get_by_test_id("compare-by-likelihood")).to_be_disabled()
    expect(page.get_by_test_id("compare-matrix")).to_be_hidden()
    assert page.locator(".block.zoo-compare_matrix").bounding_box()["height"] == 0
    assert page.locator("[data-testid=compare-plot] button").count() == 2
    page.get_by_test_id("compare-plot-data-mnist").click()
    expect(page.get_by_test_id("compare-matrix")).to_be_visible()
    open_tab(page, "compare")
    expect(page.get_by_test_id("compare-beliefs")).to_be_visible()
    expect(page.get_by_test_id("compare-attributes")).to_be_hidden()
    expect(page.get_by_test_id("compare-kind-tractable")).to_be_enabled()


def test_from_digits_to_faces_and_back_nothing_stays(visit, service):
    page = visit("compare.measure=likelihood&compare.kind=tractable")
    # What was told of a digit is gone at once, and not said of a face.
    told = page.evaluate(
        """() => {
            const find = (name) => document.querySelector(`[data-testid=compare-${name}]`);
            find("data-avatars").click();
            return find("told").textContent + find("attributes").textContent;
        }"""
    )
    assert told == ""
    expect(page.locator("[data-testid=compare-sheets] canvas[data-seed]")).to_have_count(3)
    expect_face(page, service, order(page)[0], 0)
    kept = state(page)
    assert kept["compare.data"] == "avatars"
    # No face is of a model whose probability can be computed.
    assert "compare.kind" not in kept
    open_tab(page, "figures")
    expect(page.get_by_test_id("compare-by-fid")).to_have_attribute("aria-pressed", "true")
    assert "compare.measure" not in state(page)
    open_tab(page, "compare")
    page.get_by_test_id("compare-data-mnist").click()
    expect(page.get_by_test_id("compare-bars")).to_have_attribute("data-shown", "gan-mnist 0")
    expect_told(page, service, "gan-mnist", 0)
    assert page.get_by_test_id("compare-near").evaluate("(c) => c.width") == 28


def test_what_is_believed_is_said_for_the_pixels_of_the_data(visit):
    page = visit()
    hint = page.locator(".zoo-compare_sheets .hint")
    expect(hint).to_contain_text(EN["compare.believed_binary"])
    expect(hint).to_contain_text("from 50 samples of z")
    page.get_by_test_id("compare-data-fashion").click()
    expect(hint).to_have_text(EN["compare.believed_hint"])


def test_a_sheet_of_faces_is_saved(visit):
    page = visit("compare.data=avatars")
    with page.expect_download() as download:
        menu(page, "compare-png").click()
    image = Image.open(download.value.path()).convert("RGB")
    assert np.asarray(image).std(2).max() > 20  # in color
    with page.expect_download() as download:
        menu(page, "compare-json").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert (kept["data"], len(kept["models"])) == ("avatars", 3)


def test_the_matrix_is_read_by_keys(figures, service):
    page = figures()
    cells = page.get_by_test_id("compare-matrix").locator(".zoo-surface")
    cells.focus()
    page.keyboard.press("ArrowDown")
    reading = page.get_by_test_id("compare-reading")
    expect(reading).to_contain_text("vae assigns the pictures of gan \N{MINUS SIGN}110.0 nats")
    expect(reading).to_contain_text("Difference: \N{MINUS SIGN}20.0")


def test_what_is_saved(visit, tmp_path):
    page = visit()
    with page.expect_download() as download:
        menu(page, "compare-json").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert [model["name"] for model in kept["models"]] == list(MODELS)
    assert set(kept["chosen"]["log_p"]) == {"nade-mnist", "vae-mnist"}
    with page.expect_download() as download:
        menu(page, "compare-png").click()
    assert Path(download.value.path()).read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
@pytest.mark.parametrize("data", ["mnist", "avatars"])
def test_it_fits_and_speaks(visit, service, locale, data):
    page = visit(f"compare.data={data}", locale=locale, width=390)
    if data == "avatars":
        expect_face(page, service, order(page)[0], 0, locale[:2])
    shared = ("vae", "avatars")
    expect_to_fit(page, locale[:2], "compare", "compare.title", shared=shared)
    expect_names(page, ".zoo-compare_sheets")


@pytest.mark.parametrize("locale", ["ko-KR", "en-US"])
def test_the_figures_fit_and_speak(figures, locale):
    page = figures(locale=locale, width=390)
    expect_to_fit(page, locale[:2], "figures", "compare.plot", shared=("compare",))
    expect_names(page, "#page-figures")


def test_all_is_reached_by_the_keyboard(visit):
    page = visit()
    stops = tab_stops(page, "compare-data-mnist", "compare-json")
    for name in ("compare-sort", "compare-seed", "compare-go", "compare-png"):
        assert name in stops
    open_tab(page, "figures")
    stops = tab_stops(page, "compare-plot-data-mnist", "compare-matrix-json")
    assert "compare-by-fid" in stops
    assert "compare-point-gan-mnist" in stops


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_what_was_chosen_is_told_beside_it_wherever_that_is(visit, service, width, height):
    page = visit(width=width, height=height)
    last = page.locator("[data-testid=compare-sheets] figure").last
    last.evaluate("(figure) => figure.scrollIntoView({block: 'center'})")
    page.get_by_test_id("compare-sheet-vae-mnist-beta4").locator(".zoo-surface").click()
    expect(page.get_by_test_id("compare-near")).to_have_attribute(
        "data-shown", re.compile("beta4")
    )
    assert page.evaluate("scrollY") > 100 or width > 390
    for name in ("picture", "near", "told"):
        expect(page.get_by_test_id(f"compare-{name}")).to_be_in_viewport(ratio=0.99)
    panel = page.locator(".zoo-compare_sheets .look").bounding_box()
    assert panel["height"] <= height
    if width == 390:
        assert panel["y"] >= 0
        assert panel["y"] + panel["height"] <= height


def test_sheets_are_asked_for_only_where_they_are_shown(figures):
    page = figures(sockets=False)
    with asked(page) as requests:
        page.get_by_test_id("compare-plot-data-fashion").click()
        expect(page.get_by_test_id("compare-reading")).to_contain_text("rnade")
        pause(page, 300)
    assert not [r for r in requests if '"sheet"' in (r.post_data or "")]
    assert not page.get_by_test_id("compare-sheets").count()


def test_programs_ask_by_name(address, service):
    client = Client(address, verbose=False)
    answer = client.predict("nade-mnist", 3, 0, api_name="/compare_log_prob")
    believed = service.believed("nade-mnist", 3, 0)
    assert answer == pytest.approx(believed, rel=1e-6)
    assert [m["name"] for m in client.predict("mnist", api_name="/compare_models")] == list(MODELS)
    answer = client.predict("dcgan-avatars", 5, 0, api_name="/compare_nearest")
    assert answer["label"] == service.look("dcgan-avatars", 5)["label"]
    answer = client.predict("text2image-avatars", 1, api_name="/compare_sheet")
    assert (answer["shape"], np.shape(answer["images"])) == ([3, 64, 64], (64, 12288))
    with pytest.raises(Exception, match="must be one of mnist, fashion, avatars"):
        client.predict("cifar", api_name="/compare_matrix")


def test_a_missed_target_is_said_beside_its_figure(visit):
    page = visit("compare.model=nade-mnist&compare.sort=likelihood")
    facts = page.locator(".distances small")
    expect(facts).to_have_text("NLL: target missed (≤ 83.5)")
    said = page.locator("[data-testid=compare-sheets] figure", has_text="target missed")
    expect(said).to_have_count(1)
    expect(said).to_have_attribute("data-model", "nade-mnist")
    page.get_by_test_id("compare-sort").select_option("fid")
    expect(said).to_have_count(0)
    page.get_by_test_id("compare-sheet-gan-mnist").locator("canvas").first.click()
    expect(facts).to_have_count(0)


def test_a_label_for_every_sort_and_kind():
    for key in ("sort_family", "only_all", "kind_tractable", "axis_fid", "by_likelihood"):
        assert f"compare.{key}" in EN


def test_what_a_vae_shows_is_told_to_be_no_sample(visit, service):
    page = visit("compare.model=vae-mnist")
    vae = page.locator("[data-testid=compare-sheets] figure[data-model=vae-mnist]")
    expect(vae).to_contain_text("means of p(x | z)")
    gan = page.locator("[data-testid=compare-sheets] figure[data-model=gan-mnist]")
    expect(gan).not_to_contain_text("means")
    page.get_by_test_id("compare-sheet-vae-mnist").locator("canvas").first.click()
    told = page.get_by_test_id("compare-distances")
    expect(told).to_contain_text("Samples: FID 12.00.")
    expect(told).to_contain_text("Means of p(x | z), which are shown: FID 14.00.")
    page.get_by_test_id("compare-sheet-gan-mnist").locator("canvas").first.click()
    expect(told).to_contain_text("Samples: FID 3.00.")
    expect(told).not_to_contain_text("Means")
