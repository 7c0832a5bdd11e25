"""The AAE tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import re
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app.services.aae import AAEService
from genzoo.models.aae import log_prior
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    fragment,
    levels,
    menu,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser

TABS = ("aae",)


@pytest.fixture(scope="module")
def service(store):
    return AAEService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the AAE tab, once all of it shows its first answers."""

    def visit_aae(hash="", **options):
        page = visit("tab=aae" + ("&" + hash if hash else ""), **options)
        expect(page.get_by_test_id("aae-decoded")).to_have_attribute("data-z", re.compile("."))
        expect(sheet(page, 1)).to_have_attribute("data-scale", re.compile("."))
        return page

    return visit_aae


def sheet(page, k):
    return page.get_by_test_id(f"aae-sheet-{k}").locator("canvas.zoo-cells")


def scrubber(page, player):
    return page.get_by_test_id(player).locator("input[type=range]")


def rounded(places):
    """Places as the page has them: sent in thousandths, kept in hundredths."""
    sent = (np.rint(1000 * places.astype(float)) / 1000).astype(np.float32).astype(float)
    return np.floor(100 * sent + 0.5) / 100 + 0.0  # no -0


def expect_pictures(page, service, model, z):
    """Both decode z: the AAE and the VAE beside it."""
    decoded = page.get_by_test_id("aae-decoded")
    expect(decoded).to_have_attribute("data-z", re.compile(f"^{z[0]:g} {z[1]:g}$"))
    np.testing.assert_allclose(levels(decoded), service.decode(model, z), atol=0.006)
    beside = service.decode("vae-mnist-2d", z)
    np.testing.assert_allclose(levels(page.get_by_test_id("aae-vae")), beside, atol=0.006)


def expect_nearest(page, plane, codes, z):
    distance = np.hypot(*(codes - z).T)
    label = plane["labels"][distance.argmin()]
    real = written(EN["zoo.real"], digit=label, distance=f"{distance.min():.2f}")
    expect(page.get_by_test_id("aae-real")).to_have_text(real)


def test_drag_on_the_plane_ends_with_both_models_pictures(visit, service):
    page = visit()
    box = page.get_by_test_id("aae-plane").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(box["x"] + 40 + 7 * step, box["y"] + 40 + 12 * step)
    page.mouse.up()
    page.mouse.move(5, 5)
    extent = service.plane("aae-mnist")["extent"]
    kept = state(page)
    z = [float(kept["aae.x"]), float(kept["aae.y"])]
    assert z[0] == pytest.approx((250 / box["width"] * 2 - 1) * extent, abs=0.02)
    assert z[1] == pytest.approx((1 - 400 / box["height"] * 2) * extent, abs=0.02)
    expect_pictures(page, service, "aae-mnist", z)
    expect_nearest(page, service.plane("aae-mnist"), service.plane("aae-mnist")["codes"][-1], z)
    shown = f"z = ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−")
    expect(page.get_by_test_id("aae-place")).to_have_text(shown)
    expect(page.get_by_test_id("aae-status")).to_contain_text("Answered in")


def test_hovering_looks_and_leaving_comes_back(visit):
    page = visit("aae.off=1&aae.x=1&aae.y=1")
    canvas = page.get_by_test_id("aae-decoded")
    page.get_by_test_id("aae-plane").hover(position={"x": 50, "y": 300})
    expect(canvas).not_to_have_attribute("data-z", "1 1")
    page.mouse.move(5, 5)
    expect(canvas).to_have_attribute("data-z", "1 1")
    assert state(page)["aae.x"] == "1"


def test_plane_by_keyboard_alone(visit):
    page = visit("aae.off=1&aae.x=1&aae.y=1")
    canvas = page.get_by_test_id("aae-decoded")
    page.get_by_test_id("aae-plane").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    expect(canvas).to_have_attribute("data-z", "0.9 0.5")
    expect(page.locator(".zoo-aae_plane .said")).to_contain_text("z = (0.90, 0.50)")
    page.keyboard.press("Home")
    expect(canvas).to_have_attribute("data-z", "0 0")


@pytest.mark.parametrize("prior", ["ring", "swiss_roll"])
def test_another_prior_is_another_model_on_its_own_shape(visit, service, prior):
    page, model = visit(), "aae-mnist-" + prior.replace("_", "-")
    expect(page.get_by_test_id("aae-knows")).to_have_text(EN["aae.vae_same"])
    page.get_by_test_id(f"aae-prior-{prior}").click()
    expect(page.get_by_test_id(f"aae-prior-{prior}")).to_have_attribute("aria-pressed", "true")
    z = rounded(service.way(model, 241)[96])  # t = 0.4, where it begins
    expect_pictures(page, service, model, z)
    expect(page.get_by_test_id("aae-told")).to_have_text(EN["aae.told_labels"])
    expect(page.get_by_test_id("aae-knows")).to_have_text(EN["aae.vae_other"])
    expect(page.get_by_test_id("aae-q-deterministic")).to_be_hidden()
    assert state(page)["aae.prior"] == prior


def test_the_gaussian_has_two_encoders(visit, service):
    page = visit("aae.off=1&aae.x=1&aae.y=-0.5")
    page.get_by_test_id("aae-q-deterministic").click()
    expect(page.get_by_test_id("aae-told")).to_have_text(EN["aae.told_deterministic"])
    z = rounded(service.way("aae-mnist-deterministic", 241)[96])
    expect_pictures(page, service, "aae-mnist-deterministic", z)
    page.get_by_test_id("aae-prior-ring").click()
    page.get_by_test_id("aae-prior-gaussian").click()
    expect(page.get_by_test_id("aae-q-deterministic")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize(
    ("hash", "prior", "z", "key"),
    [
        ("", "gaussian", (0.4, 0.1), "even"),
        ("", "gaussian", (1.0, 0.0), "crowd"),
        ("", "gaussian", (-2.3, 0.0), "empty"),
        ("aae.prior=ring", "ring", (1.2, 0.3), "heap"),
        ("aae.prior=ring", "ring", (2.0, 0.0), "hole"),
        ("aae.prior=ring", "ring", (0.5, 0.0), "beyond"),
        ("aae.prior=swiss_roll", "swiss roll", (0.0, 2.5), "far"),
    ],
)
def test_densities_are_of_the_codes_and_of_this_prior(visit, hash, prior, z, key):
    page = visit(f"{hash}&aae.off=1&aae.x={z[0]}&aae.y={z[1]}")
    q = np.exp(-((z[0] - 1) ** 2 + z[1] ** 2) / 0.5) / (2 * np.pi * 0.25)  # as in conftest
    p = float(log_prior(prior, torch.tensor([z])).exp())
    expect(page.get_by_test_id("aae-density")).not_to_be_empty()
    assert float(page.get_by_test_id("aae-q").inner_text()) == pytest.approx(q, abs=0.003)
    assert float(page.get_by_test_id("aae-p").inner_text()) == pytest.approx(p, abs=0.003)
    ratio = {"hole": f"{p / q:.1f}", "even": f"{q / p:.1f}", "crowd": f"{q / p:.1f}"}
    sentence = written(EN[f"zoo.density_{key}"], times=ratio.get(key, ""))
    expect(page.get_by_test_id("aae-density")).to_have_text(sentence)


@pytest.mark.parametrize(
    ("hash", "key", "p"),
    [
        ("", "alike", "0.310"),
        ("aae.prior=ring", "apart", "0.005"),
        ("aae.prior=swiss_roll", "untested", None),
    ],
)
def test_the_verdict_of_the_two_sample_test_is_of_the_figures(visit, hash, key, p):
    sentence = written(EN[f"aae.{key}"], p=p, distance="0.0123", reference="0.0045")
    page = visit(hash)
    expect(page.get_by_test_id("aae-verdict")).to_have_text(sentence)
    off = "" if p is None else written(EN["aae.off_prior"], off="1.3")
    bound = "" if p is None else written(EN["aae.bound"], nll="150.3")
    expect(page.get_by_test_id("aae-off-prior")).to_have_text(off)
    expect(page.get_by_test_id("aae-bound")).to_have_text(bound)
    assert "not trained on it" in EN["aae.bound"]


def test_an_encoder_without_a_density_gives_no_bound(visit):
    page = visit("aae.q=deterministic")
    expect(page.get_by_test_id("aae-bound")).to_have_text(EN["aae.no_bound"])


def test_one_value_for_one_quantity(visit):
    """The distance at the end of the training is the one of the test."""
    page = visit()
    shown = re.compile(r"energy distance (?:is )?([\d.]+\d)")
    ends = {
        shown.search(page.get_by_test_id(part).inner_text()).group(1)
        for part in ("aae-moment", "aae-verdict")
    }
    assert ends == {"0.0123"}
    hint = written(EN["aae.hint"], digits=EN["aae.of_test"])
    expect(page.get_by_test_id("aae-hint")).to_have_text(hint)


def moment(images, distance):
    return written(EN["aae.moment"], images=images, distance=distance)


def test_training_moves_the_codes_from_moment_to_moment(visit, service):
    page = visit("aae.off=1&aae.x=1.5&aae.y=0.5")
    plane, z = service.plane("aae-mnist"), (1.5, 0.5)
    told, slider = page.get_by_test_id("aae-moment"), scrubber(page, "aae-training")
    expect(told).to_have_text(moment("16,000", "0.0123"))
    slider.fill("0")
    expect(told).to_have_text(moment("0", "1.0000"))
    expect_nearest(page, plane, plane["codes"][0], z)
    slider.fill("30")  # halfway from the second to the third
    expect(told).to_have_text(moment("2,500", "0.1250"))
    expect_nearest(page, plane, plane["codes"][1:3].mean(0), z)
    assert state(page)["aae.at"] == "30"
    player = page.get_by_test_id("aae-training")
    player.get_by_role("button", name="Step forward").click()
    expect(told).to_have_text(moment("4,000", "0.0500"))
    player.get_by_role("button", name="Step back").click()
    expect(told).to_have_text(moment("1,000", "0.2000"))
    player.get_by_role("button", name="Play").click()
    expect(told).to_have_text(moment("16,000", "0.0123"), timeout=15_000)
    assert "aae.at" not in state(page)


def test_codes_jump_where_motion_is_reduced(visit, service):
    page = visit("aae.off=1&aae.x=1.5&aae.y=0.5&aae.at=33", reduced_motion="reduce")
    plane = service.plane("aae-mnist")
    expect(page.get_by_test_id("aae-moment")).to_have_text(moment("4,000", "0.0500"))
    expect_nearest(page, plane, plane["codes"][2], (1.5, 0.5))


def test_a_pointer_on_the_curve_goes_to_its_moment(visit):
    page = visit()
    curve, told = page.get_by_test_id("aae-curve"), page.get_by_test_id("aae-moment")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + 47, box["y"] + 40)
    page.mouse.down()
    expect(told).to_have_text(moment("0", "1.0000"))
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 40)
    page.mouse.up()
    expect(told).to_have_text(moment("16,000", "0.0123"))


def test_the_walk_follows_the_priors_shape(visit, service):
    page = visit("aae.prior=ring")
    way = rounded(service.way("aae-mnist-ring", 241))
    slider = scrubber(page, "aae-walk")
    expect(slider).to_have_value("96")
    slider.fill("60")
    expect_pictures(page, service, "aae-mnist-ring", way[60])
    assert state(page)["aae.t"] == "0.25"
    page.get_by_test_id("aae-walk").get_by_role("button", name="Step forward").click()
    expect_pictures(page, service, "aae-mnist-ring", way[64])  # the next cell's place
    page.get_by_test_id("aae-walk").get_by_role("button", name="Play").click()
    expect(page.get_by_test_id("aae-decoded")).not_to_have_attribute(
        "data-z", f"{way[64][0]:g} {way[64][1]:g}"
    )
    expect(slider).to_have_value("240", timeout=20_000)
    expect_pictures(page, service, "aae-mnist-ring", way[240])


def test_the_strip_shows_the_walk_and_goes_there(visit, service):
    page = visit("aae.prior=swiss_roll")
    strip = page.get_by_test_id("aae-strip")
    shown = levels(strip.locator("canvas.zoo-cells"), 16 * 28, 28).reshape(28, 16, 28)
    walk = service.walk("aae-mnist-swiss-roll", 16)
    expected = walk["images"].reshape(16, 28, 28).transpose(1, 0, 2)
    np.testing.assert_allclose(shown, expected, atol=0.006)
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 10.5 / 16, box["y"] + box["height"] / 2)
    expect_pictures(page, service, "aae-mnist-swiss-roll", rounded(walk["z"][10]))
    strip.locator(".zoo-surface").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect_pictures(page, service, "aae-mnist-swiss-roll", rounded(walk["z"][15]))
    expect(scrubber(page, "aae-walk")).to_have_value("240")


def test_a_draw_is_the_services_and_a_function_of_the_seed(visit, service):
    page = visit("aae.prior=ring")
    for value in (5, 6, 5):
        menu(page, "aae-seed").fill(str(value))
        page.get_by_test_id("aae-seed").press("Enter")
        z = service.prior("aae-mnist-ring", 1, value)[0].astype(float).round(2)
        expect_pictures(page, service, "aae-mnist-ring", z)
    menu(page, "aae-seed").fill("-1")
    page.get_by_test_id("aae-seed").press("Enter")
    expect(page.get_by_test_id("aae-seed")).to_have_value("5")
    page.get_by_test_id("aae-random").click()
    expect(page.get_by_test_id("aae-seed")).not_to_have_value("5")
    page.get_by_test_id("aae-reset").click()
    expect(page.get_by_test_id("aae-prior-gaussian")).to_have_attribute("aria-pressed", "true")
    assert not any(key.startswith("aae.") for key in state(page))


def test_a_draw_that_comes_after_a_reset_moves_nothing(visit, monkeypatch):
    """Not even where the plane that was reset to is yet to come."""
    drawn, begun = threading.Event(), threading.Event()
    prior, plane = AAEService.prior, AAEService.plane
    page = visit("aae.prior=ring")

    def late(event, function):
        def wait(*given, **named):
            answer = function(*given, **named)
            assert event.wait(10)
            return answer

        return wait

    monkeypatch.setattr(AAEService, "prior", late(drawn, prior))
    monkeypatch.setattr(AAEService, "plane", late(begun, plane))
    try:
        page.get_by_test_id("aae-random").click()
        page.get_by_test_id("aae-reset").click()
        pause(page, 300)
        drawn.set()
        pause(page, 500)
    finally:
        drawn.set()
        begun.set()
    expect(page.get_by_test_id("aae-prior-gaussian")).to_have_attribute("aria-pressed", "true")
    assert not any(key.startswith("aae.") for key in state(page))


def expect_sheets(page, service, seed, scale):
    for k, model in enumerate(service.pair):
        expect(sheet(page, k)).to_have_attribute("data-seed", str(seed))
        expect(sheet(page, k)).to_have_attribute("data-scale", f"{scale:g}")
        images = service.samples(model, 36, seed, scale)["images"].reshape(6, 6, 28, 28)
        expected = images.transpose(0, 2, 1, 3).reshape(-1)
        np.testing.assert_allclose(levels(sheet(page, k), 168, 168), expected, atol=0.006)


def test_both_sheets_are_of_the_same_codes_at_every_scale(visit, service):
    page = visit()
    expect_sheets(page, service, 1, 1)
    page.get_by_test_id("aae-scale").fill("0.35")
    expect_sheets(page, service, 1, 0.35)
    menu(page, "aae-samples-seed").fill("42")
    page.get_by_test_id("aae-samples-seed").press("Enter")
    expect_sheets(page, service, 42, 0.35)
    assert state(page)["aae-samples.scale"] == "0.35"
    menu(page, "aae-samples-seed").fill("")
    page.get_by_test_id("aae-samples-seed").press("Enter")
    expect(page.get_by_test_id("aae-samples-seed")).to_have_value("42")
    page.get_by_test_id("aae-samples-random").click()
    expect(sheet(page, 1)).not_to_have_attribute("data-seed", "42")
    page.get_by_test_id("aae-samples-reset").click()
    expect_sheets(page, service, 1, 1)


def marked(page, k):
    """The cells of a sheet that have a frame around them."""
    return page.get_by_test_id(f"aae-sheet-{k}").locator("canvas.zoo-overlay").evaluate(
        """(c) => Array.from({length: 36}, (_, i) => i).filter((i) => {
          const size = c.width / 6, [x, y] = [i % 6, Math.floor(i / 6)];
          return c.getContext('2d').getImageData(
            Math.round((x + 0.5) * size), Math.max(1, Math.round(y * size)), 1, 1).data[3] > 0
            && c.getContext('2d').getImageData(
            Math.round(x * size), Math.round((y + 0.5) * size), 1, 1).data[3] > 0;
        })"""
    )  # fmt: skip


@pytest.mark.parametrize(("here", "there"), [(0, 1), (1, 0)])
def test_pointing_at_a_cell_marks_the_same_code_in_the_other_sheet(visit, here, there):
    page = visit()
    host = page.get_by_test_id(f"aae-sheet-{here}")
    host.scroll_into_view_if_needed()
    box = host.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 3.5 / 6, box["y"] + box["height"] * 2.5 / 6)
    pause(page, 100)
    assert 15 in marked(page, there)
    assert 3 not in marked(page, there)
    page.mouse.move(5, 5)
    pause(page, 100)
    assert marked(page, there) == []


def test_which_samples_are_better_is_reckoned_from_the_figures(visit):
    page = visit()
    assert page.get_by_test_id("aae-fid-0").inner_text() == written(
        EN["aae.fid_seeds"], mean="11.00", low="10.00", high="12.00", n=3
    )
    assert "9.00, 8.00 to 10.00" in page.get_by_test_id("aae-fid-1").inner_text()
    first = written(
        EN["aae.better"], better="aae-mnist-8", worse="vae-mnist-8", by="2.00", percent="18"
    )
    expect(page.get_by_test_id("aae-better")).to_have_text(first + " " + EN["aae.overlap"])


@pytest.mark.parametrize(
    ("button", "kind"),
    [
        ("aae-png", "png"),
        ("aae-json", "json"),
        ("aae-samples-png", "png"),
        ("aae-samples-json", "json"),
    ],
)
def test_pictures_and_numbers_are_saved(visit, service, button, kind):
    page = visit("aae.prior=ring&aae.off=1&aae.x=1&aae.y=0.5")
    with page.expect_download() as download:
        menu(page, button).click()
    data = Path(download.value.path()).read_bytes()
    if kind == "png":
        assert len(Image.open(io.BytesIO(data)).convert("L").getcolors(256)) > 8
        return
    kept = json.loads(data)
    if button == "aae-json":
        assert (kept["model"], kept["z"]) == ("aae-mnist-ring", [1, 0.5])
        image = service.decode("aae-mnist-ring", [1, 0.5])
        np.testing.assert_allclose(kept["image"], image, atol=0.003)
        beside = service.decode("vae-mnist-2d", [1, 0.5])
        np.testing.assert_allclose(kept["vae"]["image"], beside, atol=0.003)
        assert kept["figures"] == {
            "prior_distance": 0.0123,
            "prior_distance_reference": 0.0045,
            "prior_p_value": 0.005,
            "off_prior": 1.25,
            "nll_bound": 150.25,
        }
        return
    for model in kept["models"]:
        expected = service.samples(model["model"], 36, 1, 1)
        np.testing.assert_allclose(model["images"], expected["images"], atol=0.003)
        np.testing.assert_allclose(kept["z"], expected["z"], atol=1e-4)


def test_the_whole_state_is_in_the_address(visit):
    page = visit()
    page.get_by_test_id("aae-prior-ring").click()
    page.get_by_test_id("aae-plane").click(position={"x": 100, "y": 200})
    scrubber(page, "aae-training").fill("13")
    page.locator(".zoo-aae_plane .zoo-classes button").nth(4).click()
    page.get_by_test_id("aae-scale").fill("0.5")
    page.mouse.move(5, 5)
    pause(page, 400)
    again = visit(fragment(page))
    for canvas in (lambda p: p.get_by_test_id("aae-decoded"), lambda p: sheet(p, 1)):
        np.testing.assert_allclose(levels(canvas(again)), levels(canvas(page)), atol=0.006)
    told = page.get_by_test_id("aae-moment").inner_text()
    expect(again.get_by_test_id("aae-moment")).to_have_text(told)
    expect(scrubber(again, "aae-training")).to_have_value("13")
    only = again.locator(".zoo-aae_plane .zoo-classes button").nth(4)
    expect(only).to_have_attribute("aria-pressed", "true")
    assert state(again) == state(page)


@pytest.mark.parametrize(
    "hash",
    [
        "aae.prior=square&aae.q=none&aae.t=7&aae.at=1e9&aae.only=77",
        "aae.off=1&aae.x=1e9&aae.y=NaN&aae.at=0.5",
        "aae-samples.seed=-3&aae-samples.scale=99",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    expect(page.get_by_test_id("aae-moment")).not_to_be_empty()
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "aae", "aae.title")


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-aae")
    stops = tab_stops(page, "aae-plane", "aae-samples-json", most=100)
    for wanted in ("aae-prior-ring", "aae-seed", "aae-json", "aae-scale", "aae-samples-json"):
        assert wanted in stops


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("aae-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("aae-plane").focus()
    page.keyboard.press("Home")
    expect(status).to_have_text(EN["zoo.no_answer"])
    page.unroute(calls)
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("Answered in")


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    z = [0.5, -1.0]
    image = client.predict(z, "aae-mnist-ring", api_name="/aae_decode")
    np.testing.assert_allclose(image, service.decode("aae-mnist-ring", z), atol=1e-6)
    pixels = service.plane("aae-mnist")["digits"][3].tolist()
    answer = client.predict(pixels, "aae-mnist", api_name="/aae_encode")
    np.testing.assert_allclose(answer["z"], service.encode("aae-mnist", pixels)["z"], atol=1e-6)
    draws = client.predict("aae-mnist-swiss-roll", 7, 3, api_name="/aae_prior")
    np.testing.assert_allclose(draws, service.prior("aae-mnist-swiss-roll", 7, 3), atol=1e-6)
    walk = client.predict("aae-mnist-ring", 4, api_name="/aae_walk")
    expected = service.walk("aae-mnist-ring", 4)
    np.testing.assert_allclose(walk["images"], expected["images"], atol=1e-6)
    answer = client.predict("aae-mnist-8", 3, 5, 0.5, api_name="/aae_samples")
    np.testing.assert_allclose(answer["z"], service.samples("aae-mnist-8", 3, 5, 0.5)["z"])
    with pytest.raises(AppError, match="must be 2 numbers; 3 were given"):
        client.predict([1, 2, 3], "aae-mnist", api_name="/aae_decode")
