"""The VAE tab in a browser: what is on the screen is what the service says."""

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

from demo_app import text
from demo_app.services.vae import VAEService
from tests.demo_app.page import (
    EN,
    PAPER,
    PEN,
    asked,
    expect_names,
    expect_to_fit,
    fragment,
    levels,
    menu,
    pause,
    state,
    tab_stops,
)

pytestmark = pytest.mark.browser

TABS = ("vae",)

K = 32
FIRST = 5 * 4 + 3  # the first paint's five; a made release has four


@pytest.fixture(scope="module")
def service(store):
    return VAEService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the VAE tab, once all of it shows its first answers."""

    def visit_vae(hash="", **options):
        page = visit("tab=vae" + ("&" + hash if hash else ""), **options)
        expect(page.get_by_test_id("vae-map-decoded")).to_have_attribute("data-z", re.compile("."))
        expect(picture(page)).to_have_attribute("data-z", re.compile("."))
        expect(page.get_by_test_id("vae-frame")).to_have_attribute("data-frame", re.compile("."))
        return page

    return visit_vae


def picture(page):
    return page.get_by_test_id("vae-output").locator("canvas.zoo-cells")


def code(canvas):
    return [float(v) for v in canvas.get_attribute("data-z").split()]


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def test_drag_on_the_map_ends_with_the_services_picture(visit, service):
    page = visit()
    plane, canvas = page.get_by_test_id("vae-map"), page.get_by_test_id("vae-map-decoded")
    box = plane.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(box["x"] + 40 + 8 * step, box["y"] + 40 + 12 * step)
    page.mouse.up()
    page.mouse.move(5, 5)
    extent = service.map("vae-mnist-2d")["extent"]
    x, y = 280 / box["width"] * 2 - 1, 1 - 400 / box["height"] * 2
    kept = state(page)
    assert float(kept["vae-map.x"]) == pytest.approx(x * extent, abs=0.02)
    assert float(kept["vae-map.y"]) == pytest.approx(y * extent, abs=0.02)
    z = [float(kept["vae-map.x"]), float(kept["vae-map.y"])]
    expect(canvas).to_have_attribute("data-z", re.compile(f"^{z[0]:g} {z[1]:g}$"))
    np.testing.assert_allclose(
        levels(canvas), service.decode("vae-mnist-2d", z)["image"], atol=0.006
    )
    expect(page.get_by_test_id("vae-place")).to_have_text(
        f"z = ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−")
    )


def test_beta_is_another_plane_with_its_own_codes_and_pictures(visit, service):
    page = visit("vae-map.x=2&vae-map.y=0")
    canvas, real = page.get_by_test_id("vae-map-decoded"), page.locator(".zoo-vae_map .real")
    before, meaning = levels(canvas), page.get_by_test_id("vae-meaning").inner_text()
    for model, beta in (("vae-mnist-2d-beta01", "0.1"), ("vae-mnist-2d-beta4", "4")):
        page.get_by_test_id(model).click()
        expect(page.get_by_test_id(model)).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_test_id(model)).to_have_text(beta)
        distance = np.hypot(*(service.map(model)["points"] - [2, 0]).T)
        nearest = service.map(model)["labels"][distance.argmin()]
        expect(real).to_have_text(f"a {nearest}, {distance.min():.2f} away")
        expected = service.decode(model, [2, 0])["image"]
        assert np.abs(expected - before).max() > 0.05
        expect(canvas).to_have_attribute("data-model", model)
        np.testing.assert_allclose(levels(canvas), expected, atol=0.006)
        assert page.get_by_test_id("vae-meaning").inner_text() != meaning
        assert state(page)["vae-map.beta"] == beta
    page.get_by_test_id("vae-map-reset").click()
    expect(page.get_by_test_id("vae-mnist-2d")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("vae-meaning")).to_have_text(meaning)


def test_hovering_looks_and_leaving_comes_back(visit):
    page = visit("vae-map.x=1&vae-map.y=1")
    canvas = page.get_by_test_id("vae-map-decoded")
    page.get_by_test_id("vae-map").hover(position={"x": 50, "y": 300})
    expect(canvas).not_to_have_attribute("data-z", "1 1")
    page.mouse.move(5, 5)
    expect(canvas).to_have_attribute("data-z", "1 1")
    assert state(page)["vae-map.x"] == "1"


def test_map_by_keyboard_alone(visit):
    page = visit("vae-map.x=1&vae-map.y=1")
    canvas = page.get_by_test_id("vae-map-decoded")
    page.get_by_test_id("vae-map").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowDown")
    expect(canvas).to_have_attribute("data-z", "0.9 0.5")
    expect(page.locator(".zoo-vae_map .said")).to_contain_text("z = (0.90, 0.50)")
    page.keyboard.press("Home")
    expect(canvas).to_have_attribute("data-z", "0 0")


def test_neighbors_are_the_nearest_test_digits(visit, service):
    plane = service.map("vae-mnist-2d")
    page = visit("vae-map.x=2&vae-map.y=0")
    distance = np.hypot(*(plane["points"] - [2, 0]).T)
    nearest = plane["labels"][np.argsort(distance)[:15]]
    counts = sorted(
        ((list(nearest).count(c), c) for c in set(nearest)), key=lambda n: (-n[0], n[1])
    )
    expected = ", ".join(f"{c} × {n}" for n, c in counts)
    expect(page.get_by_test_id("vae-neighbors")).to_have_attribute("aria-label", expected)


@pytest.mark.parametrize(
    ("z", "key"),
    [
        ((-2.4, 0.0), "empty"),
        ((1.0, 0.1), "crowd"),
        ((-0.31, 0.02), "hole"),
        ((0.12, 0.3), "even"),
        ((3.9, 0.0), "far"),
        ((5.9, 5.9), "far"),
    ],
)
def test_how_densely_codes_lie_is_the_aggregated_posterior(visit, z, key):
    page = visit(f"vae-map.x={z[0]}&vae-map.y={z[1]}")
    squares = ((z[0] - 1) ** 2 + z[1] ** 2) / 0.25  # as in conftest
    q = np.exp(-squares / 2) / (2 * np.pi * 0.25)
    p = np.exp(-0.5 * np.square(z).sum()) / (2 * np.pi)
    verdict = page.get_by_test_id("vae-density")
    expect(verdict).not_to_be_empty()
    assert float(page.get_by_test_id("vae-q").inner_text()) == pytest.approx(q, abs=0.002)
    assert float(page.get_by_test_id("vae-p").inner_text()) == pytest.approx(p, abs=0.001)
    sentence = text.labels("en")[f"zoo.density_{key}"]
    ratio = p / q if key == "hole" else q / p
    if "{times}" in sentence:
        before, after = sentence.split("{times}")
        shown = verdict.inner_text()
        assert shown.startswith(before)
        assert shown.endswith(after)
        assert float(shown.removeprefix(before).split()[0]) == pytest.approx(ratio, rel=0.1)
    else:
        expect(verdict).to_have_text(sentence)


def test_map_random_is_a_function_of_the_seed(visit):
    page = visit()
    canvas = page.get_by_test_id("vae-map-decoded")
    seed = menu(page, "vae-map-seed")
    places = []
    for value in ("5", "6", "5"):
        before = canvas.get_attribute("data-z")
        seed.fill(value)
        seed.press("Enter")
        expect(canvas).not_to_have_attribute("data-z", before)
        places.append(canvas.get_attribute("data-z"))
    assert places[0] == places[2] != places[1]
    page.get_by_test_id("vae-map-reset").click()
    assert not any(key.startswith("vae-map") for key in state(page))


def test_first_paint_is_a_finished_reconstruction(visit, service):
    page = visit()
    x = service.images("vae-mnist")[0][FIRST] / 255
    answer = service.encode("vae-mnist", x)
    np.testing.assert_allclose(levels(picture(page)), answer["image"], atol=0.006)
    shown = [number(page.get_by_test_id(f"vae-{k}").inner_text()) for k in
             ("elbo", "reconstruction", "kl")]  # fmt: skip
    expected = [answer["elbo"], answer["reconstruction"], answer["kl"].sum()]
    np.testing.assert_allclose(shown, expected, atol=0.051)


def test_sliders_are_in_the_order_of_kl_and_decode_live(visit, service):
    page = visit()
    slider = page.get_by_test_id("vae-z-0")
    expect(slider).to_have_attribute("aria-label", "z 31")  # the most used
    slider.focus()
    slider.press("Home")
    expect(picture(page)).to_have_attribute("data-z", re.compile(r" -4\.0000$"))
    z = code(picture(page))
    x = service.images("vae-mnist")[0][FIRST] / 255
    answer = service.decode("vae-mnist", z, x)
    np.testing.assert_allclose(levels(picture(page)), answer["image"], atol=0.006)
    pause(page, 0)  # the words come in the frame after the picture
    shown = page.get_by_test_id("vae-likelihood").inner_text().partition("=")[2]
    assert number(shown) == pytest.approx(answer["log_likelihood"], abs=0.051)
    assert state(page)["vae.from"] == "hand"
    page.get_by_test_id("vae-from-origin").click()
    expect(picture(page)).to_have_attribute("data-z", " ".join(["0.0000"] * K))
    page.get_by_test_id("vae-from-mean").click()
    mean = service.encode("vae-mnist", x)["mean"]
    # The slider moves at once, the picture when it has been decoded.
    expect(picture(page)).not_to_have_attribute("data-z", " ".join(["0.0000"] * K))
    np.testing.assert_allclose(code(picture(page)), mean, atol=1e-4)
    expect(slider).not_to_have_value("0")


def test_the_picture_of_the_computation_has_the_code_that_is_shown(visit, service):
    page = visit("vae-flow.keep=1")
    sliders = page.get_by_test_id("vae-sliders").locator("li:visible")
    encoder, z = (page.get_by_test_id(f"vae-flow-{key}-now") for key in ("encoder", "z"))
    sliders.nth(1).hover()
    expect(encoder).to_contain_text("μ₃₀ = ")  # the second of them is latent 30
    sliders.nth(0).hover()
    expect(encoder).to_contain_text("μ₃₁ = ")
    page.get_by_test_id("vae-z-0").focus()
    page.keyboard.press("Home")
    expect(z).to_have_text("z₃₁ = −4.00")
    decoded = service.decode("vae-mnist", code(picture(page)))["image"]
    shown = page.get_by_test_id("vae-flow-out").locator("canvas")
    np.testing.assert_allclose(levels(shown), decoded, atol=0.006)
    # The plane has another code, of two numbers, even where its answer is here before the move.
    plane, decoded = page.get_by_test_id("vae-map"), page.get_by_test_id("vae-map-decoded")
    plane.scroll_into_view_if_needed()
    before = decoded.get_attribute("data-z")
    plane.evaluate(
        """(plane) => {
            const { left, top } = plane.getBoundingClientRect();
            const at = { clientX: left + 200, clientY: top + 150, pointerType: "mouse" };
            plane.dispatchEvent(new PointerEvent("pointerrawupdate", at));
        }"""
    )
    expect(decoded).not_to_have_attribute("data-z", before)
    plane.hover(position={"x": 200, "y": 150})
    expect(z).to_have_text(re.compile(r"^[−\d.]+, [−\d.]+$"))
    early = z.inner_text()
    plane.hover(position={"x": 120, "y": 220})
    expect(z).not_to_have_text(early)
    expect(z).to_have_text(re.compile(r"^[−\d.]+, [−\d.]+$"))


def test_a_dragged_slider_ends_with_the_services_picture(visit, service):
    page = visit(sockets=False)
    slider = page.get_by_test_id("vae-z-0")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    with asked(page) as requests:
        page.mouse.move(*middle)
        page.mouse.down()
        for step in range(1, 16):
            page.mouse.move(middle[0] + 4 * step, middle[1])
            pause(page, 20)
        page.mouse.up()
        value = float(slider.input_value())
        assert 1 < value < 3
        z = service.encode("vae-mnist", service.images("vae-mnist")[0][FIRST] / 255)["mean"]
        z = z.round(2)
        z[31] = value
        expect(picture(page)).to_have_attribute("data-z", re.compile(rf" {value:.4f}$"))
    np.testing.assert_allclose(code(picture(page)), z, atol=0.011)
    expected = service.decode("vae-mnist", code(picture(page)))["image"]
    np.testing.assert_allclose(levels(picture(page)), expected, atol=0.006)
    # The page reckons the value before the browser does: were they not the same, each place on the
    # way would be asked for twice.
    decodes = [r.post_data_json for r in requests if r.url.endswith("/live/vae_code.decode")]
    values = [round(given["z"][31], 2) for given in decodes]
    assert len(values) > 8
    assert values == sorted(set(values))


def test_more_latents_on_demand(visit):
    page = visit()
    sliders = page.get_by_test_id("vae-sliders").locator("li:visible")
    expect(sliders).to_have_count(12)
    page.get_by_test_id("vae-more").click()
    expect(sliders).to_have_count(31)  # the last one is never used


def test_drawing_is_encoded_as_drawn_and_can_be_undone(visit, service):
    page = visit()
    elbo = page.get_by_test_id("vae-elbo")
    before = elbo.inner_text()
    page.get_by_test_id("vae-input").scroll_into_view_if_needed()
    box = page.get_by_test_id("vae-input").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 240, steps=12)
    page.mouse.up()
    expect(elbo).not_to_have_text(before)
    pause(page, 300)
    x = np.rint(levels(page.get_by_test_id("vae-input").locator("canvas.zoo-cells")))
    assert (x != service.images("vae-mnist")[0][FIRST] / 255).sum() > 5
    expected = service.encode("vae-mnist", x)
    expect(elbo).to_have_text(f"{expected['elbo']:,.1f}".replace("-", "−"))
    page.keyboard.press("Control+z")
    expect(elbo).to_have_text(before)


def test_a_drawing_says_how_far_it_is_from_the_training_digits(visit, service):
    page = visit()
    near = page.get_by_test_id("vae-near")
    expect(near).to_have_text("")  # of a test digit
    page.get_by_test_id("vae-input").scroll_into_view_if_needed()
    box = page.get_by_test_id("vae-input").bounding_box()
    page.mouse.click(box["x"] + 100, box["y"] + 100)
    expect(near).to_contain_text("Near the training data")
    page.get_by_test_id("vae-clear").click()
    expect(near).to_contain_text("Far from the training data: 1.00")
    expect(near).to_contain_text(EN["vae.far"])
    page.get_by_test_id("lang-ko").click()
    expect(near).to_contain_text("학습 데이터와 멉니다")
    page.get_by_test_id("lang-en").click()
    page.get_by_test_id("vae-reset").click()
    expect(near).to_have_text("")


def test_resampling_is_a_function_of_the_seed(visit, service):
    page = visit()
    seed = menu(page, "vae-seed")
    codes = []
    for value in ("7", "8", "7"):
        before = picture(page).get_attribute("data-z")
        seed.fill(value)
        seed.press("Enter")
        expect(picture(page)).not_to_have_attribute("data-z", before)
        codes.append(code(picture(page)))
    assert codes[0] == codes[2] != codes[1]
    posterior = service.encode("vae-mnist", service.images("vae-mnist")[0][FIRST] / 255)
    eps = (np.array(codes[0]) - posterior["mean"]) / posterior["deviation"]
    assert 0.5 < eps.std() < 1.6
    assert abs(eps.mean()) < 0.7


def test_clothes_are_chosen_not_drawn(visit, service):
    page = visit()
    before = page.get_by_test_id("vae-elbo").inner_text()
    page.get_by_test_id("vae-fashion").click()
    expect(page.get_by_test_id("vae-elbo")).not_to_have_text(before)
    expect(page.get_by_test_id("vae-input")).to_be_hidden()
    bag = page.get_by_test_id("vae-chooser").get_by_role("button", name="Bag")
    bag.click()
    expect(bag).to_have_attribute("aria-pressed", "true")
    bag.click()  # the next of its class
    expected = service.encode("vae-fashion", service.images("vae-fashion")[0][8 * 3 + 1] / 255)
    told = f"{expected['elbo']:,.1f}".replace("-", "−")
    expect(page.get_by_test_id("vae-elbo")).to_have_text(told)
    assert state(page)["vae.image"] == "801"


def objective(page, name):
    return page.get_by_test_id(f"vae-objective-{name}")


def test_models_of_the_same_data_are_compared(visit):
    page = visit()
    rows = page.get_by_test_id("vae-compared").locator("tbody tr")
    cells = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    assert [[cell.strip() for cell in row if cell.strip()] for row in cells] == [
        ["β = 1", "−80.5", "25.3", "31 / 32", "100.0", "—", "1K"],
        ["β = 4", "−80.5", "25.3", "31 / 32", "100.0", "—", "1K"],
        ["IWAE, k = 5", "−80.5", "25.3", "31 / 32", "100.0", "12.5", "1K"],
    ]
    bars = rows.nth(0).locator(".beam span")
    widths = [bars.nth(k).bounding_box()["width"] for k in (0, 1)]
    assert widths[0] / widths[1] == pytest.approx(80.5 / 25.25, rel=0.05)
    page.get_by_test_id("vae-fashion").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_role("columnheader", name="FID")).to_be_hidden()  # none was measured


def test_another_objective_encodes_the_same_image(visit, service):
    page = visit()
    page.get_by_test_id("vae-input").scroll_into_view_if_needed()
    box = page.get_by_test_id("vae-input").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 240, steps=12)
    page.mouse.up()
    pause(page, 300)
    canvas = page.get_by_test_id("vae-input").locator("canvas.zoo-cells")
    x = np.rint(levels(canvas))
    assert (x != service.images("vae-mnist")[0][FIRST] / 255).sum() > 5
    objective(page, "vae-mnist-beta4").click()
    expect(objective(page, "vae-mnist-beta4")).to_have_attribute("aria-pressed", "true")
    expect(objective(page, "vae-mnist-beta4")).to_be_focused()
    expected = service.encode("vae-mnist-beta4", x)
    expect(page.get_by_test_id("vae-elbo")).to_have_text(
        f"{expected['elbo']:,.1f}".replace("-", "−")
    )
    np.testing.assert_array_equal(np.rint(levels(canvas)), x)
    np.testing.assert_allclose(levels(picture(page)), expected["image"], atol=0.006)
    assert state(page)["vae.model"] == "vae-mnist-beta4"
    again = visit(fragment(page))
    np.testing.assert_allclose(levels(picture(again)), expected["image"], atol=0.006)
    page.get_by_test_id("vae-undo").click()
    five = service.encode("vae-mnist-beta4", service.images("vae-mnist")[0][FIRST] / 255)
    expect(page.get_by_test_id("vae-elbo")).to_have_text(f"{five['elbo']:,.1f}".replace("-", "−"))


def test_leaving_the_posterior_loses_log_p_of_x_and_z(visit, service):
    page = visit()
    x = service.images("vae-mnist")[0][FIRST] / 255
    posterior = service.encode("vae-mnist", x)

    def joint(z, log_likelihood):
        return log_likelihood - 0.5 * np.square(z).sum() - K / 2 * np.log(2 * np.pi)

    shown = page.get_by_test_id("vae-joint")
    at_mean = joint(posterior["mean"], posterior["log_likelihood"])
    assert number(shown.inner_text()) == pytest.approx(at_mean, abs=0.06)
    change = page.get_by_test_id("vae-change")
    expect(change).to_have_text(text.labels("en")["vae.kept"])
    slider = page.get_by_test_id("vae-z-0")
    slider.focus()
    slider.press("Home")
    expect(picture(page)).to_have_attribute("data-z", re.compile(r" -4\.0000$"))
    z = np.array(code(picture(page)))
    likelihood = service.decode("vae-mnist", z, x)["log_likelihood"]
    expect(shown).to_have_text(f"{joint(z, likelihood):,.1f}".replace("-", "−"))
    log_prior = joint(z, 0)
    assert number(page.get_by_test_id("vae-log-prior").inner_text()) == pytest.approx(
        log_prior, abs=0.051
    )
    loss = at_mean - joint(z, likelihood)
    assert abs(loss) > 0.1
    loss_by_q = 0.5 * np.square((z - posterior["mean"]) / posterior["deviation"]).sum()
    nats = [float(v.replace(",", "")) for v in re.findall(r"([\d,.]+) nats", change.inner_text())]
    np.testing.assert_allclose(nats, [abs(loss), loss_by_q], rtol=0.02, atol=0.06)
    assert ("less than" if loss > 0 else "more than") in change.inner_text()
    needle = page.get_by_test_id("vae-needle")
    boxes = [needle.locator(part).bounding_box()["width"] for part in (".given-z", ".of-z")]
    assert boxes[0] / boxes[1] == pytest.approx(likelihood / log_prior, rel=0.05)
    with page.expect_download() as download:
        menu(page, "vae-json").click()
    saved = json.loads(Path(download.value.path()).read_bytes())
    assert saved["log_joint"] == pytest.approx(joint(z, likelihood), abs=0.01)
    assert saved["loss"] == pytest.approx(loss, abs=0.02)


def test_the_strip_tells_used_latents_from_the_others(visit):
    page = visit()
    expect(page.get_by_test_id("vae-active")).to_have_text("31 of 32 active")
    bars = page.get_by_test_id("vae-strip").locator(".bar")
    expect(bars).to_have_count(K)
    expect(page.get_by_test_id("vae-strip").locator(".active")).to_have_count(31)
    heights = [bar.bounding_box()["height"] for bar in bars.all()]
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] < 0.1 * heights[0]  # the KL of the last is 0
    marked = page.get_by_test_id("vae-strip").locator(".pointed")
    expect(marked).to_have_attribute("data-latent", "31")
    page.get_by_test_id("vae-z-3").focus()
    expect(marked).to_have_attribute("data-latent", "28")


def result(page):
    return page.get_by_test_id("vae-sum-result")


def term(page, key, name):
    chooser = page.get_by_test_id(f"vae-sum-choose-{key}")
    return chooser.get_by_role("button", name=re.compile(name))


def test_a_sum_of_codes_is_the_services_and_follows_its_strength(visit, service):
    page = visit()
    expect(result(page)).to_have_attribute("data-s", "1")
    term(page, "a", "Digit 7").click()
    term(page, "b", "Digit 1").click()
    term(page, "c", "Digit 4").click()
    kept = state(page)
    assert [kept[f"vae-sum.{key}"] for key in "abc"] == ["700", "100", "400"]
    slider = page.get_by_test_id("vae-sum-s")
    slider.focus()
    for key in ("Home", "End", "ArrowLeft"):
        slider.press(key)
    expect(result(page)).to_have_attribute("data-s", "1.49")
    expect(page.get_by_test_id("vae-sum-s-value")).to_have_text("1.49")
    expected = service.combine("vae-mnist", 28, 4, 16, 1.49)
    for k, key in enumerate("abc"):
        shown = levels(page.get_by_test_id(f"vae-sum-{key}"))
        np.testing.assert_allclose(shown, expected["images"][k], atol=0.006)
    np.testing.assert_allclose(levels(result(page)), expected["images"][3], atol=0.006)
    nearest = page.get_by_test_id("vae-sum-nearest")
    expect(nearest).to_have_attribute("data-index", str(expected["nearest"]))
    expect(page.get_by_test_id("vae-sum-about")).to_contain_text(
        f"{expected['distance']:.1f} away"
    )
    again = visit(fragment(page))
    expect(result(again)).to_have_attribute("data-s", "1.49")
    np.testing.assert_allclose(levels(result(again)), expected["images"][3], atol=0.006)
    page.get_by_test_id("vae-sum-mean").click()
    expected = service.combine("vae-mnist", 28, 4, 16, 1.49, means=True)
    expect(page.get_by_test_id("vae-sum-about")).to_contain_text(
        f"{expected['distance']:.1f} away"
    )
    np.testing.assert_allclose(levels(result(page)), expected["images"][3], atol=0.006)
    assert state(page)["vae-sum.means"] == "1"
    page.get_by_test_id("vae-sum-reset").click()
    expect(result(page)).to_have_attribute("data-s", "1")
    assert not any(key.startswith("vae-sum") for key in state(page))


def test_a_dragged_strength_ends_where_the_slider_is(visit, service):
    page = visit("vae-sum.a=700&vae-sum.b=100&vae-sum.c=400")
    slider = page.get_by_test_id("vae-sum-s")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2, steps=12)
    page.mouse.up()
    value = slider.input_value()
    assert 0 < float(value) < 0.3
    expect(result(page)).to_have_attribute("data-s", value)
    expected = service.combine("vae-mnist", 28, 4, 16, float(value))["images"][3]
    np.testing.assert_allclose(levels(result(page)), expected, atol=0.006)
    assert state(page)["vae-sum.s"] == value


def test_a_sum_of_the_image_above_follows_it_and_the_model(visit, service):
    page = visit("vae-sum.a=-1&vae-sum.b=100&vae-sum.c=400")
    expect(result(page)).to_have_attribute("data-s", "1")
    page.get_by_test_id("vae-chooser").get_by_role("button", name=re.compile("Digit 8")).click()
    objective(page, "iwae-mnist").click()
    x = service.images("iwae-mnist")[0][32] / 255
    expected = service.combine("iwae-mnist", x, 4, 16)
    about = page.get_by_test_id("vae-sum-about")
    expect(about).to_contain_text(f"{expected['distance']:.1f} away")
    pause(page, 400)
    np.testing.assert_allclose(levels(result(page)), expected["images"][3], atol=0.006)
    page.get_by_test_id("vae-fashion").click()
    expect(
        page.get_by_test_id("vae-sum-choose-b").get_by_role("button", name="Bag")
    ).to_be_visible()


def test_a_random_sum_is_a_function_of_the_seed(visit):
    page = visit()
    seed = menu(page, "vae-sum-seed")
    chosen = []
    for value in ("5", "6", "5"):
        seed.fill(value)
        seed.press("Enter")
        kept = state(page)
        chosen.append([int(kept[f"vae-sum.{key}"]) for key in "abc"])
    assert chosen[0] == chosen[2] != chosen[1]
    for a, b, c in chosen:
        assert a // 100 == b // 100 != c // 100
        assert a != b
    page.get_by_test_id("vae-sum-random").click()
    assert state(page)["vae-sum.seed"] != "5"


def test_traversal_shows_the_walk_and_sets_the_slider(visit, service):
    page = visit("vae.from=origin")
    cells = page.get_by_test_id("vae-traverse")
    sheet = cells.locator("canvas.zoo-cells")
    expect(sheet).to_have_attribute("width", str(13 * 28))
    pause(page, 400)
    red = sheet.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(0, 28, 28, 28).data)"
        ".filter((_, i) => i % 4 === 0)"
    )
    expected = service.traverse("vae-mnist", [0.0] * K)["images"][1, 0]
    np.testing.assert_allclose((PAPER - np.array(red)) / (PAPER - PEN), expected, atol=0.006)
    cells.locator(".zoo-surface").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")  # second row, first column: the second latent to -3
    expect(page.get_by_test_id("vae-z-1")).to_have_value("-3")


def test_interpolation_goes_from_one_to_the_other_and_is_saved(visit, service):
    page = visit()
    page.get_by_test_id("vae-first").get_by_role("button", name=re.compile("Digit 2")).click()
    page.get_by_test_id("vae-second").get_by_role("button", name=re.compile("Digit 4")).click()
    assert (state(page)["vae-walk.a"], state(page)["vae-walk.b"]) == ("200", "400")
    expected = service.interpolate("vae-mnist", 8, 16)["images"]
    scrubber = page.locator(".zoo-vae_walk .zoo-player input[type=range]")
    frame = page.get_by_test_id("vae-frame")
    for value in (0, 10, 32):
        scrubber.fill(str(value))
        expect(frame).to_have_attribute("data-frame", str(value))
        np.testing.assert_allclose(levels(frame), expected[value], atol=0.006)
    page.locator(".zoo-vae_walk").get_by_role("button", name="Play").click()
    expect(frame).to_have_attribute("data-frame", re.compile("^[1-9]"))
    with page.expect_download() as download:
        page.get_by_test_id("vae-gif").click()
    file = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert download.value.suggested_filename == "genzoo-vae.gif"
    assert (file.format, file.n_frames) == ("GIF", 64)


def test_another_objective_stays_at_the_same_place_of_the_walk(visit, service):
    page = visit("vae-walk.a=200&vae-walk.b=400")
    frame = page.get_by_test_id("vae-frame")
    page.locator(".zoo-vae_walk .zoo-player input[type=range]").fill("10")
    expect(frame).to_have_attribute("data-frame", "10")
    before = levels(frame)
    objective(page, "vae-mnist-beta4").click()
    expected = service.interpolate("vae-mnist-beta4", 8, 16)["images"][10]
    assert np.abs(expected - before).max() > 0.05
    expect(page.get_by_test_id("vae-walk-status")).to_contain_text("Answered")
    pause(page, 600)
    expect(frame).to_have_attribute("data-frame", "10")
    np.testing.assert_allclose(levels(frame), expected, atol=0.006)


@pytest.mark.parametrize(
    ("button", "kind"),
    [
        ("vae-map-png", "png"), ("vae-map-json", "json"), ("vae-png", "png"), ("vae-json", "json"),
        ("vae-traverse-png", "png"), ("vae-traverse-json", "json"),
        ("vae-interpolate-png", "png"), ("vae-interpolate-json", "json"),
        ("vae-sum-png", "png"), ("vae-sum-json", "json"),
    ],
)  # fmt: skip
def test_pictures_and_numbers_are_saved(visit, button, kind):
    page = visit()
    pause(page, 300)
    with page.expect_download() as download:
        menu(page, button).click()
    data = Path(download.value.path()).read_bytes()
    if kind == "png":
        assert len(Image.open(io.BytesIO(data)).convert("L").getcolors(256)) > 8
    else:
        assert json.loads(data)["model"].startswith("vae-mnist")


def test_the_whole_state_is_in_the_address(visit):
    page = visit()
    page.get_by_test_id("vae-map").click(position={"x": 100, "y": 200})
    page.get_by_test_id("vae-mnist-2d-beta4").click()
    page.get_by_test_id("vae-view-digits").click()
    page.get_by_test_id("vae-chooser").get_by_role("button", name=re.compile("Digit 3")).click()
    slider = page.get_by_test_id("vae-z-2")
    slider.focus()
    slider.press("Home")
    slider.press("ArrowRight")
    page.get_by_test_id("vae-first").get_by_role("button", name=re.compile("above")).click()
    pause(page, 400)
    again = visit(fragment(page))
    for canvas in (lambda p: p.get_by_test_id("vae-map-decoded"), picture,
                   lambda p: p.get_by_test_id("vae-frame")):  # fmt: skip
        np.testing.assert_allclose(levels(canvas(again)), levels(canvas(page)), atol=0.006)
    expect(again.get_by_test_id("vae-view-digits")).to_have_attribute("aria-pressed", "true")
    expect(again.get_by_test_id("vae-z-2")).to_have_value("-3.99")
    assert state(again) == state(page)


@pytest.mark.parametrize(
    "hash",
    [
        "vae-map.x=1e9&vae-map.y=NaN&vae-map.view=upside&vae-map.only=77&vae-map.beta=2",
        "vae.model=gan&vae.from=nowhere&vae.z=1_2&vae.image=99999&vae-walk.a=-7",
        "vae.from=hand&vae.z=" + "_".join(["1e99"] * 32) + "&vae.drawing=%20%20",
        "vae.model=vae-mnist-beta025&vae-sum.a=1e9&vae-sum.b=-1&vae-sum.s=7&vae-sum.seed=-3",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    assert np.isfinite(code(picture(page))).all()
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "vae", "vae.map_title")


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-vae")
    stops = tab_stops(page, "vae-map", "vae-sum-json", most=200)
    for wanted in (
        "vae-map-json",
        "vae-seed",
        "vae-z-0",
        "vae-z-11",
        "vae-gif",
        "vae-sum-s",
        "vae-sum-mean",
    ):
        assert wanted in stops


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("vae-map-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("vae-map").focus()
    page.keyboard.press("Home")
    expect(status).to_have_text(text.labels("en")["zoo.no_answer"])
    page.unroute(calls)
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("Answered in")


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    z = [0.5] * K
    image = client.predict(z, "vae-mnist", api_name="/vae_decode")
    np.testing.assert_allclose(image, service.decode("vae-mnist", z)["image"], atol=1e-6)
    x = service.images("vae-fashion")[0][3] / 255
    answer = client.predict(x.tolist(), "vae-fashion", api_name="/vae_encode")
    assert answer["elbo"] == pytest.approx(service.encode("vae-fashion", x)["elbo"], rel=1e-6)
    answer = client.predict(z, "vae-mnist", 2, 3, api_name="/vae_traverse")
    assert np.shape(answer["images"]) == (2, 3, 784)
    answer = client.predict(0, 5, "vae-mnist", 4, api_name="/vae_interpolate")
    assert np.shape(answer["images"]) == (4, 784)
    answer = client.predict(0, 5, 9, "iwae-mnist", 0.5, True, api_name="/vae_combine")
    expected = service.combine("iwae-mnist", 0, 5, 9, 0.5, True)
    np.testing.assert_allclose(answer["z"], expected["z"], atol=1e-5)
    assert answer["nearest"] == expected["nearest"]
    with pytest.raises(AppError, match="must be 32 numbers; 3 were given"):
        client.predict([1, 2, 3], "vae-mnist", api_name="/vae_decode")
