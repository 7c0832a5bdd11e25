"""The map and the guided tour in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app import shell, text
from demo_app.services.model_map import ModelMapService
from genzoo import recipes
from tests.demo_app.model_map.conftest import GRAY, HERE
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    expect_width,
    levels,
    menu,
    open_tab,
    served,
    state,
    written,
)

pytestmark = pytest.mark.browser

CARDS = {card.key: card for card in recipes.cards()}
TOURED = {card.tab: card.tour for card in CARDS.values() if card.tour}
STEPS = [tab.key for tab in shell.TABS[1:] if tab.key in ("pixels", *TOURED)] + ["map"]
N_STEPS = len(STEPS)


@pytest.fixture(scope="module")
def service(store):
    return ModelMapService(store)


@pytest.fixture(scope="module")
def address(store, port):
    """The whole app in its own order, the map first."""
    with served(shell.TABS, store, port) as address:
        yield address


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the map, once it shows pictures wherever it can."""

    def visit_map(hash="", map=True, **options):
        page = visit(hash, waits=False, **options)
        if map:
            for node in HERE:
                shown = page.get_by_test_id(f"map-node-{node}")
                expect(shown).to_have_attribute("data-seed", re.compile("."))
        return page

    return visit_map


def expect_sheet(page, service, node, seed):
    sheet = page.get_by_test_id("map-sheet")
    expect(sheet).to_have_attribute("data-shown", f"{node} {seed}")
    drawn = levels(sheet, 4 * 28, 4 * 28).reshape(4, 28, 4, 28).transpose(0, 2, 1, 3)
    images = service.pictures(node, 16, seed)
    np.testing.assert_allclose(drawn.reshape(16, 784), images, atol=0.006)


def expect_face(canvas, image):
    shown = canvas.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)"
    )
    shown = np.array(shown).reshape(4096, 4)[:, :3].T.ravel()
    np.testing.assert_allclose(shown / 255, image, atol=0.003)


def expect_strip(page, service, node, seed):
    expect(page.get_by_test_id(f"map-node-{node}")).to_have_attribute("data-seed", str(seed))
    canvases = page.get_by_test_id(f"map-node-{node}").locator("canvas")
    if node not in GRAY:
        for k, image in enumerate(service.pictures(node, 3, seed)):
            expect_face(canvases.nth(k), image)
        return
    drawn = [levels(canvases.nth(k)) for k in range(3)]
    np.testing.assert_allclose(drawn, service.pictures(node, 3, seed), atol=0.006)


def test_first_paint_is_a_finished_result(visit, service):
    page = visit()
    expect(page.get_by_test_id("tab-map")).to_have_attribute("aria-selected", "true")
    for node in HERE:
        expect_strip(page, service, node, 0)
    expect_sheet(page, service, "nade", 0)
    expect(page.get_by_test_id("map-name")).to_have_text("NADE")
    expect(page.get_by_test_id("map-facts")).to_contain_text("123.40 nats")
    expect(page.get_by_test_id("map-facts").locator("small")).to_have_text(
        "target missed (≤ 83.5)"
    )
    expect(page.get_by_test_id("map-status")).to_contain_text("Answered in")
    for node in CARDS.values():
        button = page.get_by_test_id(f"map-node-{node.key}")
        expect(button).to_contain_text(str(node.year))
        absent = EN["map.absent"]
        assert (absent in button.inner_text()) == (node.key not in HERE)


def test_arrows_end_at_the_nodes_they_lead_to_and_pass_no_other(visit):
    page = visit()
    ends = page.evaluate(
        """() => [...document.querySelectorAll('.zoo-map .edges path[data-edge]')].map((path) => {
            const box = document.querySelector('.zoo-map .edges').getBoundingClientRect();
            const at = (n) => path.getPointAtLength(n);
            const place = (n) => [at(n).x + box.x, at(n).y + box.y];
            const rect = (key) => {
              const node = document.querySelector(`[data-testid=map-node-${key}]`);
              const r = node.getBoundingClientRect();
              return [r.left, r.top, r.right, r.bottom];
            };
            const [from, to] = path.dataset.edge.split(' ');
            const length = path.getTotalLength();
            const nodes = [...document.querySelectorAll('.zoo-map button.node')];
            const keys = nodes.map((node) => node.dataset.key);
            const others = keys.filter((key) => key !== from && key !== to);
            const through = others.filter((key) => {
              const [left, top, right, bottom] = rect(key);
              return Array.from({ length: 200 }, (_, k) => place((length * k) / 199)).some(
                ([x, y]) => x > left && x < right && y > top && y < bottom);
            });
            return [from, to, place(0), place(length), rect(from), rect(to), through];
        })"""
    )
    expected = {(source, node.key) for node in CARDS.values() for source in node.after}
    assert {(source, target) for source, target, *_ in ends} == expected
    for source, target, start, end, *boxes, through in ends:
        assert not through, f"the arrow from {source} to {target} is over {through}"
        for (x, y), (left, top, right, bottom) in zip((start, end), boxes, strict=True):
            assert left - 1 <= x <= right + 1
            assert top - 1 <= y <= bottom + 1


def test_a_click_chooses_and_the_panel_follows(visit, service):
    page = visit()
    page.get_by_test_id("map-node-vae").click()
    expect_sheet(page, service, "vae", 0)
    expect(page.get_by_test_id("map-name")).to_have_text("VAE")
    expect(page.get_by_test_id("map-facts")).to_contain_text("≤ 90.50 nats")
    expect(page.get_by_test_id("map-facts")).to_contain_text("12.25")
    # A bound is called one, and what it is measured on is named.
    small = page.get_by_test_id("map-facts").locator("small")
    expect(small).to_have_text([EN["map.bound_approximate"]])
    judged = written(EN["map.fid"], of=EN["map.fid_gray"], judge=EN["map.judge_mnist"])
    expect(page.get_by_test_id("map-facts")).to_contain_text(judged)
    expect(page.get_by_test_id("map-idea")).to_have_text(CARDS["vae"].idea.en)
    assert state(page)["map.node"] == "vae"
    page.get_by_test_id("map-node-dcgan").click()
    expect(page.get_by_test_id("map-missing")).to_contain_text(
        "python -m genzoo train dcgan-mnist"
    )
    expect(page.get_by_test_id("map-sheet")).to_be_hidden()


def test_nodes_by_keyboard_are_one_tab_stop(visit):
    page = visit()
    page.get_by_test_id("map-reset").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("map-node-nade")).to_be_focused()
    for key, node in (
        ("ArrowUp", "ar"),
        ("ArrowRight", "fvbn"),
        ("ArrowDown", "rnade"),
        ("ArrowDown", "transformer"),
        ("ArrowDown", "gan"),
        ("ArrowLeft", "dcgan"),
        ("Home", "independent"),
        ("End", "puzzle"),
        ("ArrowLeft", "cyclegan"),
        ("ArrowUp", "gan"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_test_id(f"map-node-{node}")).to_be_focused()
    expect(page.get_by_test_id("map-name")).to_have_text("NADE")  # only looked around
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("map-name")).to_have_text("GAN")
    page.keyboard.press("Tab")
    assert not page.evaluate("Boolean(document.activeElement.closest('[data-testid=map-figure]'))")


@pytest.mark.parametrize("node", ["cyclegan", "stargan"])
def test_faces_are_shown_in_color(visit, service, node):
    page = visit(f"map.node={node}")
    sheet = page.get_by_test_id("map-sheet")
    expect(sheet).to_have_attribute("data-shown", f"{node} 0")
    assert sheet.evaluate("(c) => [c.width, c.height]") == [4 * 64, 2 * 64]
    expect_face(sheet, service.pictures(node, 8, 0)[0])
    with page.expect_download() as told:
        menu(page, "map-json").click()
    kept = json.loads(told.value.path().read_text())
    np.testing.assert_allclose(kept["images"], service.pictures(node, 8, 0), atol=0.003)


def test_another_seed_is_other_pictures_everywhere(visit, service):
    page = visit()
    seed = menu(page, "map-seed")
    seed.fill("7")
    seed.press("Enter")
    expect_sheet(page, service, "nade", 7)
    for node in HERE:
        expect_strip(page, service, node, 7)
    page.evaluate("""() => {
        HTMLInputElement.prototype.reportValidity = function () {
            window.told = this.validationMessage;
        };
    }""")
    for none in ("", "-1", "1.5", str(2**31)):
        page.evaluate("window.told = null")
        seed.fill(none)
        seed.press("Enter")
        expect(seed).to_have_value("7")
        assert page.evaluate("told") == "A seed is a whole number from 0 to 2,147,483,647."
    expect_sheet(page, service, "nade", 7)
    page.get_by_test_id("map-random").click()
    expect(seed).not_to_have_value("7")
    page.get_by_test_id("map-reset").click()
    expect_sheet(page, service, "nade", 0)
    expect_strip(page, service, "gan", 0)
    assert not [key for key in state(page) if key.startswith("map.")]


def test_the_address_is_restored_and_nonsense_is_not(visit, service):
    page = visit("map.node=gan&map.seed=7")
    expect_sheet(page, service, "gan", 7)
    expect_strip(page, service, "nade", 7)
    expect(page.get_by_test_id("map-node-gan")).to_have_attribute("aria-pressed", "true")
    page.evaluate("location.hash = '#map.node=zebra&map.seed=-3'")
    expect_sheet(page, service, "nade", 0)
    expect(page.get_by_test_id("map-node-nade")).to_have_attribute("aria-pressed", "true")


def test_a_node_leads_to_its_tab(visit):
    page = visit()
    expect(page.get_by_test_id("map-open")).to_have_text(written(EN["map.open"], tab="NADE"))
    page.get_by_test_id("map-open").click()
    expect(page.get_by_test_id("nade-score")).not_to_be_empty()
    page.get_by_test_id("tab-map").click()
    page.get_by_test_id("map-go-gan").click()
    expect(page.get_by_test_id("tab-gan")).to_have_attribute("aria-selected", "true")


def test_nothing_is_drawn_for_a_map_that_is_not_open(visit):
    page = visit("tab=nade", map=False)
    expect(page.get_by_test_id("nade-score")).not_to_be_empty()
    expect(page.locator("[data-testid=map-node-nade]")).to_have_count(0)
    page.get_by_test_id("tab-map").click()
    expect(page.get_by_test_id("map-node-nade")).to_have_attribute("data-seed", "0")


def test_saving_the_picture_and_the_numbers(visit, service):
    page = visit("map.node=gan")
    expect_sheet(page, service, "gan", 0)
    with page.expect_download() as download:
        menu(page, "map-json").click()
    kept = json.loads(download.value.path().read_text())
    assert (kept["release"], kept["seed"]) == ("gan-mnist", 0)
    np.testing.assert_allclose(kept["images"], service.pictures("gan", 16, 0), atol=0.003)
    with page.expect_download() as download:
        menu(page, "map-png").click()
    with Image.open(download.value.path()) as picture:
        assert picture.size == (8 * 4 * 28, 8 * 4 * 28)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_map_fits_in_both_languages(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "map", "map.title", same=("map.data_fashion",))
    shown = page.locator("body").inner_text()
    other = "ko" if language == "en" else "en"
    for card in CARDS.values():
        words = (card.title, card.idea, card.good, card.bad, *card.after.values())
        for its, others in ((getattr(w, language), getattr(w, other)) for w in words):
            assert others == its or len(others) <= 12 or others not in shown
    expect(page.get_by_test_id("tab-map")).to_have_text(text.labels(language)["map.tab"])
    expect_names(page, ".zoo-map")


def test_on_a_telephone_the_panel_comes_after_its_node(visit):
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    page.get_by_test_id("map-node-gan").tap()
    expect(page.get_by_test_id("map-name")).to_have_text("GAN")
    node = page.get_by_test_id("map-node-gan").bounding_box()
    panel = page.get_by_test_id("map-about-node").bounding_box()
    below = page.get_by_test_id("map-node-aae").bounding_box()
    assert node["y"] + node["height"] <= panel["y"]
    assert panel["y"] + panel["height"] <= below["y"]
    words = "GAN → " + CARDS["dcgan"].after["gan"].en
    expect(page.get_by_test_id("map-figure")).to_contain_text(words)


def test_programs_get_the_services_answers(address, service):
    client = Client(address, verbose=False)
    nodes = client.predict(api_name="/map_nodes")
    assert [node["key"] for node in nodes] == list(CARDS)
    images = client.predict("gan", 2, 3, api_name="/map_pictures")
    np.testing.assert_allclose(images, service.pictures("gan", 2, 3), atol=1e-6)
    with pytest.raises(AppError, match="fvbn-mnist"):
        client.predict("fvbn", 2, 3, api_name="/map_pictures")


# The guided tour


def expect_step(page, n, language="en"):
    """The tour is at step n, and what it speaks of, if it is there, is not hidden by its words."""
    labels = text.labels(language)
    step = written(labels["tour.step"], n=n, of=N_STEPS)
    expect(page.get_by_test_id("tour-step")).to_have_text(step)
    tab = STEPS[n - 1]
    for part, name in (("title", "title"), ("look", "look"), ("try", "attempt")):
        words = getattr(TOURED.get(tab), name, None)
        said = getattr(words, language) if words else labels[f"tour.{name}_{tab}"]
        expect(page.get_by_test_id(f"tour-{part}")).to_have_text(said)
    expect(page.get_by_test_id(f"tab-{tab}")).to_have_attribute("aria-selected", "true")


def expect_outlined(page, name, whole=True):
    """The part is inside of the outline, and on the screen above the words."""
    inside = """([name, whole]) => {
        const found = [name, 'tour-outline', 'tour'].map((id) =>
          document.querySelector(`[data-testid=${id}]`));
        if (found.includes(null)) return false;
        const [part, outline, words] = found.map((one) => one.getBoundingClientRect());
        return outline.top <= part.top && outline.bottom >= part.bottom && part.top >= 0
          && (whole ? outline.bottom <= words.top : part.top + 200 < words.top);
    }"""
    page.wait_for_function(inside, arg=[name, whole], timeout=30_000)


def test_the_tour_goes_through_the_tabs_and_can_be_left(visit):
    page = visit()
    page.get_by_test_id("map-tour").click()
    for n in range(1, N_STEPS + 1):
        expect_step(page, n)
        assert state(page)["tour"] == str(n)
        if STEPS[n - 1] == "nade":
            expect_outlined(page, "nade-canvas")
            expect_outlined(page, "nade-map")
        if STEPS[n - 1] in ("nade", "gan", "stargan", "cyclegan"):
            for part in TOURED[STEPS[n - 1]].parts:
                expect(page.get_by_test_id(part)).to_have_count(1)
        if STEPS[n - 1] == "map":
            expect_outlined(page, "map-figure")
        if n < N_STEPS:
            page.get_by_test_id("tour-next").click()
    expect(page.get_by_test_id("tour-next")).to_have_text(EN["tour.finish"])
    page.get_by_test_id("tour-next").click()
    expect(page.get_by_test_id("tour")).to_be_hidden()
    expect(page.get_by_test_id("tour-outline")).to_have_count(0)
    expect(page.get_by_test_id("map-tour")).to_be_focused()
    assert "tour" not in state(page)


def test_the_tour_by_keyboard_alone(visit):
    page = visit(reduced_motion="reduce")
    page.get_by_test_id("map-tour").press("Enter")
    expect(page.get_by_test_id("tour-next")).to_be_focused()
    expect(page.get_by_test_id("tour-back")).to_be_disabled()
    page.keyboard.press("Enter")
    expect_step(page, 2)
    expect(page.get_by_test_id("tour-next")).to_be_focused()
    page.get_by_test_id("tour-back").press("Enter")
    expect_step(page, 1)
    expect(page.get_by_test_id("tour-next")).to_be_focused()
    assert page.locator("[data-testid=tour] [aria-live=polite]").count() == 1
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("tour")).to_be_hidden()
    expect(page.get_by_test_id("tab-pixels")).to_be_focused()
    expect_names(page, ".zoo-tour")


def test_a_link_into_the_tour_and_a_reload_keep_its_step(visit):
    page = visit("tour=2&lang=ko", map=False, width=390, height=844)
    expect_step(page, 2, "ko")
    expect_outlined(page, "nade-canvas")
    expect_width(page, 390)
    page.reload()
    expect_step(page, 2, "ko")
    gan = STEPS.index("gan") + 1
    page.evaluate("(n) => (location.hash = '#tour=' + n)", gan)
    expect_step(page, gan)
    expect_outlined(page, "gan-plane", whole=False)
    page.evaluate("location.hash = '#tour=99'")
    expect(page.get_by_test_id("tour")).to_be_hidden()
    expect(page.get_by_test_id("tab-map")).to_have_attribute("aria-selected", "true")


def test_the_tour_waits_while_one_looks_elsewhere(visit):
    page = visit("tour=2", map=False)
    expect_step(page, 2)
    expect_outlined(page, "nade-canvas")
    open_tab(page, "gan")
    expect(page.get_by_test_id("tour-outline")).to_be_hidden()
    expect(page.get_by_test_id("tour-step")).to_be_visible()
    page.get_by_test_id("tour-next").click()
    expect_step(page, 3)
