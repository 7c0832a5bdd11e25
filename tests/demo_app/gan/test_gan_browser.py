"""The GAN tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app import shell
from demo_app.services.games import SessionRegistry
from demo_app.services.gan import GANService
from demo_app.services.session import GameSession, Networks, Rules
from demo_app.store import Store
from genzoo.data.plane import MIXTURES
from tests.demo_app.gan.conftest import SEEN, pictures
from tests.demo_app.page import (
    EN,
    WITH_ZOO,
    expect_names,
    expect_to_fit,
    fragment,
    menu,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser

TABS = ("gan",)

PLAIN = Rules("non-saturating", "none", 0, 0.002, 0.002, 1)


def sizes(words):
    """The numbers in a text, such as 1.2·10⁻³ and 0.52."""
    found = re.findall(r"([\d.]*\d)(?:·?10)?([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?", words.replace(" 10⁻", " 1·10⁻"))
    powers = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    return [float(a) * 10.0 ** int(b.translate(powers) or 0) for a, b in found]


FRESH = "gan.game=nn-0-0.002-0.002-1"
"""A game that has not begun, by plain rules."""

COLLAPSE = Rules("non-saturating", "r1", 0.3, 0.002, 0.004, 1)

RECORD = "nn-0-0.002-0.002-1-b2-c2"


@pytest.fixture(scope="module")
def store(module_folder):
    return Store()


@pytest.fixture(scope="module")
def service(store):
    return GANService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the GAN tab with a game that has not begun, unless the hash has one; once
    it shows its first answer and the digits. `visit.other(hash)` is a page of another tab."""

    def visit_gan(hash="", **options):
        game = "" if "gan.game" in hash else "&" + FRESH
        page = visit(f"tab=gan{game}" + ("&" + hash if hash else ""), **options)
        expect(field(page)).to_have_attribute("data-steps", re.compile("."))
        expect(sheet(page, "samples")).to_have_attribute("data-seed", re.compile("."))
        return page

    visit_gan.other = partial(visit, waits=False)
    return visit_gan


def field(page):
    return page.get_by_test_id("gan-field")


def sheet(page, name):
    return page.get_by_test_id(f"gan-{name}").locator("canvas.zoo-cells")


def steps(page, critic, generator):
    expect(field(page)).to_have_attribute("data-steps", f"{critic} {generator}")


def shade(page, canvas):
    """How far along the map of probability each of the 48 x 48 cells is, roughly: its red."""
    data = canvas.evaluate(
        "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 48, 48).data)"
        ".filter((_, i) => i % 4 === 0)"
    )
    return np.array(data, float).reshape(48, 48)[::-1]  # x_2 upward


def expect_field(page, session):
    """The field on the screen is the critic's."""
    d = 1 / (1 + np.exp(-session.look()["field"]))
    shown = shade(page, field(page)) / 255
    order = np.argsort(d.ravel())
    low, high = order[:200], order[-200:]
    assert shown.ravel()[low].mean() <= shown.ravel()[high].mean()
    # Red grows along all of cividis, from 0 to 1, nearly as the level does.
    assert np.corrcoef(shown.ravel(), d.ravel())[0, 1] > 0.97


def played(*acts, seed=0, rules=PLAIN, target="ring"):
    session = GameSession(MIXTURES[target](), rules, seed)
    for who, n in acts:
        told = session.play(who, n)
    return session, told


def signed(value):
    return f"V {value:+.3f}".replace("-", "−") if abs(value) >= 0.0005 else "V 0.000"


def test_a_step_by_the_keyboard(visit):
    page = visit()
    page.get_by_test_id("gan-step-critic").press("Enter")
    steps(page, 1, 0)
    page.get_by_test_id("gan-step-generator").press("Space")
    steps(page, 1, 1)


def test_a_step_of_d_moves_the_field_and_says_by_how_much(visit):
    page = visit()
    page.get_by_test_id("gan-press-critic").click()
    steps(page, 1, 0)
    session, told = played(("critic", 1))
    expect_field(page, session)
    delta = told["moves"][0]["after"] - told["moves"][0]["before"]
    expect(page.get_by_test_id("gan-critic-moved")).to_contain_text(signed(delta))
    page.get_by_test_id("gan-press-generator").click()
    steps(page, 1, 1)
    session, told = played(("critic", 1), ("generator", 1))
    value = f"{told['value']:.3f}".replace("-", "−")
    expect(page.get_by_test_id("gan-value")).to_have_text(value)
    delta = told["moves"][0]["after"] - told["moves"][0]["before"]
    expect(page.get_by_test_id("gan-generator-moved")).to_contain_text(signed(delta))
    expect(page.get_by_test_id("gan-status")).to_contain_text("Answered in")
    assert state(page, after=450)["gan.game"] == "nn-0-0.002-0.002-1-c1-g1"


def test_play_goes_on_until_paused_and_a_reload_plays_the_same(visit):
    page = visit()
    play = page.get_by_test_id("gan-play")
    play.click()
    expect(play).to_have_text(EN["zoo.pause"])
    page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=gan-field]')"
        ".dataset.steps.split(' ')[0]) >= 8"
    )
    play.click()
    expect(play).to_have_text(EN["zoo.play"])
    pause(page, 600)
    reached = field(page).get_attribute("data-steps")
    value = page.get_by_test_id("gan-value").inner_text()
    again = visit(fragment(page))
    expect(field(again)).to_have_attribute("data-steps", reached, timeout=30_000)
    expect(again.get_by_test_id("gan-value")).to_have_text(value)
    np.testing.assert_array_equal(shade(again, field(again)), shade(page, field(page)))
    assert state(again, after=450) == state(page, after=450)


def test_other_rules_are_followed_and_kept_in_the_record(visit):
    page = visit("gan.game=nn-0-0.002-0.002-1-b4")
    steps(page, 2, 2)
    page.get_by_test_id("gan-loss-wasserstein").click()
    expect(page.get_by_test_id("gan-penalty-wgan-gp")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("gan-press-critic").click()
    steps(page, 3, 2)
    session = played(("both", 4))[0]
    session.follow(Rules("wasserstein", "wgan-gp", 0.1, 0.002, 0.002, 3))
    value = session.play("critic", 1)["value"]
    expect(page.get_by_test_id("gan-value")).to_have_text(f"{value:.3f}".replace("-", "−"))
    record = "nn-0-0.002-0.002-1-b4_wb-0.1-0.002-0.002-3-c1"
    assert state(page, after=450)["gan.game"] == record
    again = visit("gan.game=" + record)
    steps(again, 3, 2)
    expect(again.get_by_test_id("gan-value")).to_have_text(f"{value:.3f}".replace("-", "−"))


def test_the_rules_have_their_controls(visit):
    page = visit()
    page.get_by_test_id("gan-penalty-r1").click()
    page.get_by_test_id("gan-weight").select_option("0.1")
    page.get_by_test_id("gan-lr").fill("7")
    page.get_by_test_id("gan-lr-critic").fill("2")
    page.get_by_test_id("gan-n-critic").fill("4")
    page.get_by_test_id("gan-loss-minimax").click()
    assert state(page, after=450)["gan.game"] == "mr-0.1-0.01-0.0003-4"
    page.get_by_test_id("gan-press-critic").click()
    steps(page, 1, 0)
    session = played(("critic", 1), rules=Rules("minimax", "r1", 0.1, 0.01, 0.0003, 4))[0]
    expect_field(page, session)


def test_two_games_on_one_seed_differ_by_their_penalty_alone(visit):
    page = visit(f"gan.game={RECORD}")
    steps(page, 3, 1)
    second = page.get_by_test_id("gan-second-field")
    expect(second).to_be_hidden()
    page.get_by_test_id("gan-beside-r1").click()
    expect(second).to_have_attribute("data-steps", "3 1")
    session, _ = played(("both", 2), ("critic", 2))
    other, told = played(
        ("both", 2), ("critic", 2), rules=replace(PLAIN, penalty="r1", weight=0.024)
    )
    expect_field(page, session)
    d = 1 / (1 + np.exp(-other.look()["field"]))
    assert np.corrcoef(shade(page, second).ravel(), d.ravel())[0, 1] > 0.97
    value = page.get_by_test_id("gan-second-value")
    expect(value).to_have_text(f"V = {told['value']:.3f}".replace("-", "−"))
    for which in ("gan-verdict", "gan-second-verdict"):
        expect(page.get_by_test_id(which)).to_have_attribute("data-verdict", "start")
    page.get_by_test_id("gan-press-generator").click()
    expect(second).to_have_attribute("data-steps", "3 2")
    told = other.play("generator", 1)
    expect(value).to_have_text(f"V = {told['value']:.3f}".replace("-", "−"))
    kept = state(page, after=450)
    assert (kept["gan.beside"], kept["gan.game"]) == ("r1", RECORD + "-g1")
    again = visit(fragment(page))
    expect(again.get_by_test_id("gan-second-field")).to_have_attribute("data-steps", "3 2")
    expect(again.get_by_test_id("gan-second-value")).to_have_text(value.inner_text())


def test_networks_can_be_chosen_and_are_in_the_address(visit):
    page = visit(f"gan.game={RECORD}")
    steps(page, 3, 1)
    for key, value in (("layers", "1"), ("units", "16"), ("latent", "8")):
        page.get_by_test_id(f"gan-{key}").select_option(value)
        assert state(page)[f"gan.{key}"] == value
    session = GameSession(MIXTURES["ring"](), PLAIN, 0, Networks(1, 16, 8))
    session.play("both", 2)
    told = session.play("critic", 2)
    value = page.get_by_test_id("gan-value")
    expect(value).to_have_text(f"{told['value']:.3f}".replace("-", "−"))
    steps(page, 3, 1)
    expect_field(page, session)
    label = page.get_by_test_id("gan-gradients").get_attribute("aria-label")
    found = sizes(label.partition("G:")[2])
    expected = [*told["gradients"]["generator"]["layers"], *told["gradients"]["critic"]["layers"]]
    assert found == pytest.approx(expected, rel=0.06)
    again = visit(fragment(page))
    expect(again.get_by_test_id("gan-value")).to_have_text(value.inner_text())
    assert again.get_by_test_id("gan-units").input_value() == "16"


@pytest.mark.parametrize("beside", ["off", "none"])
def test_the_square_its_verdict_and_its_settings_are_on_one_screen(visit, beside):
    page = visit(f"gan.game={RECORD}&gan.beside={beside}", width=1440, height=900)
    steps(page, 3, 1)
    page.get_by_test_id("gan-field-name").evaluate("e => e.scrollIntoView({ block: 'start' })")
    shown = ["plane", "verdict", "play", "loss-minimax", "penalty-r1", "lr", "lr-critic", "units",
             "critic-moved"]  # fmt: skip
    for name in [*shown, *(["second-field", "second-verdict"] if beside != "off" else [])]:
        box = page.get_by_test_id(f"gan-{name}").bounding_box()
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= 900, name


def test_two_games_share_the_width_of_a_telephone(visit):
    page = visit(f"gan.game={RECORD}&gan.beside=none", width=390, height=844)
    page.get_by_test_id("gan-field-name").evaluate("e => e.scrollIntoView({ block: 'start' })")
    for name in ("plane", "second-field"):
        box = page.get_by_test_id(f"gan-{name}").bounding_box()
        assert box["width"] > 150, name
        assert box["x"] + box["width"] <= 390, name
        assert 0 < box["y"] < box["y"] + box["height"] <= 844, name
        bottom = box["y"] + box["height"]
    play = page.get_by_test_id("gan-play").bounding_box()
    assert bottom < play["y"] < 844


def test_another_address_is_another_game(visit):
    page = visit("gan.game=nn-0-0.002-0.002-1-b4")
    for seed in (3, 8):  # the second before the first has begun
        page.evaluate("(h) => (location.hash = h)", f"tab=gan&gan.game={RECORD}&gan.seed={seed}")
    session, told = played(("both", 2), ("critic", 2), seed=8)
    value = f"{told['value']:.3f}".replace("-", "−")
    expect(page.get_by_test_id("gan-value")).to_have_text(value)
    steps(page, 3, 1)
    expect_field(page, session)
    assert state(page, after=450)["gan.game"] == RECORD


def test_an_address_can_open_the_tab_with_its_state(visit):
    page = visit.other("tab=pixels")
    expect(page.get_by_test_id("group-adversarial")).to_be_visible()
    page.evaluate("(h) => (location.hash = h)", f"tab=gan&gan.game={RECORD}&gan.seed=8")
    steps(page, 3, 1)
    assert state(page, after=450)["gan.seed"] == "8"


def test_a_replay_that_is_broken_off_is_kept_as_far_as_it_went(visit):
    page = visit("gan.game=nn-0-0.002-0.002-1-b3000")
    page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=gan-field]')"
        ".dataset.steps.split(' ')[0]) >= 3"
    )
    page.get_by_test_id("gan-play").click()
    expect(page.get_by_test_id("gan-play")).to_have_text(EN["zoo.play"])
    pause(page, 600)
    critic, generator = map(int, field(page).get_attribute("data-steps").split())
    assert 3 <= critic < 1500
    assert state(page, after=450)["gan.game"] == f"nn-0-0.002-0.002-1-b{critic + generator}"


def test_a_hand_on_the_square_teaches_the_discriminator(visit):
    page = visit("gan.hand=1")
    expect(page.get_by_test_id("gan-step-generator")).to_be_disabled()
    page.get_by_test_id("gan-press-generator").click()
    pause(page, 200)
    steps(page, 0, 0)
    box = page.get_by_test_id("gan-plane").bounding_box()
    before = shade(page, field(page))
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    for k in range(20):
        page.mouse.move(
            box["x"] + (0.5 + 0.015 * k) * box["width"],
            box["y"] + (0.5 - 0.01 * k) * box["height"],
        )
        pause(page, 20)
    page.mouse.up()
    page.mouse.move(5, 5)
    kept = state(page, after=450)
    assert float(kept["gan.x"]) == pytest.approx(0.785, abs=0.01)
    assert float(kept["gan.y"]) == pytest.approx(0.69, abs=0.01)
    critic, generator = map(int, field(page).get_attribute("data-steps").split())
    assert critic >= 2
    assert generator == 0
    assert not np.array_equal(shade(page, field(page)), before)
    expect(page.get_by_test_id("gan-verdict")).to_have_text(EN["gan.verdict_hand"])
    page.get_by_test_id("gan-press-critic").click()
    steps(page, critic + 1, 0)


SWARM = (
    WITH_ZOO
    % """
() => {
  // Away from where a pixel is rounded to its neighbor.
  const at = Array.from({ length: 40 }, (_, i) => ((i * 37) % 101) + 90.2).map((v) => v / 300);
  const by = (dx, dy, points = at) => points.map((v, i) => v + (i % 2 ? dy : dx) / 300);
  const bent = by(25, -40).map((v, i) => (i === 39 ? v + 0.1 : v));
  const drawn = (points) => {
    const canvas = zoo.make("canvas", { width: 300, height: 300 });
    zoo.overField.diamonds(canvas.getContext("2d"), 300, points);
    return canvas.toDataURL();
  };
  const alone = (points) => drawn([0.5, 0.5]) && drawn(points);
  const expected = [by(0, 0), by(25, -40), by(-70, 12), bent].map(alone);
  drawn([0.5, 0.5]);
  const got = [by(0, 0), by(25, -40), by(-70, 12), bent].map(drawn);
  return [new Set(got).size, got.map((url, k) => url === expected[k])];
}
"""
)


def test_points_that_move_together_look_as_if_each_were_drawn(visit):
    assert visit().evaluate(SWARM) == [4, [True] * 4]


def test_the_picture_of_the_computation_has_both_players_and_their_gradients(visit):
    page = visit("gan-flow.keep=1&gan.x=0.5&gan.y=0.5", height=1000)
    now = {key: page.get_by_test_id(f"gan-flow-{key}-now") for key in ("g", "d", "v")}
    expect(now["g"]).to_have_text("")  # it has not moved yet
    page.get_by_test_id("gan-press-critic").click()
    page.get_by_test_id("gan-press-generator").click()
    steps(page, 1, 1)
    session, told = played(("critic", 1), ("generator", 1))
    expect(now["v"]).to_have_text(f"V = {told['value']:.3f}".replace("-", "−"))
    for key, who in (("d", "critic"), ("g", "generator")):
        expect(now[key]).to_contain_text("‖∇‖ =")
        (norm,) = sizes(now[key].inner_text().partition("‖∇‖ =")[2])
        assert norm == pytest.approx(told["gradients"][who]["norm"], rel=0.06)
    page.get_by_test_id("gan-plane").hover(position={"x": 60, "y": 60})
    expect(now["d"]).to_contain_text(re.compile(r"D\(0\.10*, 0\.90*\) = "))
    x, y = (
        float(v) for v in re.search(r"D\(([\d.]+), ([\d.]+)\)", now["d"].inner_text()).groups()
    )
    assert (x, y) == (0.1, 0.9)
    d = 1 / (1 + np.exp(-session.look()["field"]))
    row, column = int(48 * (1 - 60 / 560)), int(48 * 60 / 560)
    shown = float(re.search(r"\) = ([\d.]+)", now["d"].inner_text())[1])
    assert shown == pytest.approx(d[row, column], abs=0.05)


def test_the_square_by_keyboard_alone(visit):
    page = visit("gan.x=0.5&gan.y=0.5")
    plane = page.get_by_test_id("gan-plane")
    plane.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.get_by_test_id("gan-probe")).to_contain_text("x = (0.55, 0.75)")
    expect(page.locator(".zoo-gan_game .said")).to_contain_text("x = (0.55, 0.75)")
    page.keyboard.press("Home")
    expect(page.get_by_test_id("gan-probe")).to_contain_text("x = (0.50, 0.50)")
    page.get_by_test_id("gan-hand").click()
    plane.focus()
    page.keyboard.press("ArrowLeft")
    steps(page, 1, 0)


def test_a_drawing_is_played_for(visit):
    page = visit()
    page.get_by_test_id("gan-target-drawn").click()
    canvas = page.locator(".zoo-gan_game .drawing .zoo-surface")
    expect(canvas).to_be_visible()
    page.get_by_test_id("gan-clear").click()
    canvas.evaluate("(part) => part.scrollIntoView({block: 'center'})")  # below the outline
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.25 * box["height"], steps=5)
    page.mouse.up()
    page.get_by_test_id("gan-done").click()
    expect(canvas).to_be_hidden()
    page.get_by_test_id("gan-redraw").click()
    expect(canvas).to_be_visible()
    page.get_by_test_id("gan-done").click()
    with page.expect_download() as download:
        menu(page, "gan-json").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert kept["target"] == "drawn"
    real = np.array(kept["real"])
    assert real[:, 1].mean() == pytest.approx(0.75, abs=0.04)
    assert real[:, 0].min() < 0.3
    assert real[:, 0].max() > 0.7
    again = visit(f"{FRESH}&gan.target=drawn&gan.ink={state(page, after=450)['gan.ink']}")
    with again.expect_download() as download:
        menu(again, "gan-json").click()
    assert json.loads(Path(download.value.path()).read_text())["real"] == kept["real"]


def test_the_best_discriminator_changes_places_with_this_one(visit):
    page = visit("gan.game=nn-0-0.002-0.002-1-b6")
    steps(page, 3, 3)
    session = played(("both", 6))[0]
    js = f"{session.measure()['divergence']:.3f}"
    expect(page.get_by_test_id("gan-divergence")).to_contain_text(js)
    mini = page.get_by_test_id("gan-mini").locator("canvas")
    best, now = shade(page, mini), shade(page, field(page))
    assert np.corrcoef(best.ravel(), session.measure()["best"].ravel())[0, 1] > 0.97
    page.get_by_test_id("gan-best").click()
    expect(page.get_by_test_id("gan-field-name")).to_have_text(EN["gan.field_best"])
    np.testing.assert_array_equal(shade(page, field(page)), best)
    np.testing.assert_array_equal(shade(page, mini), now)
    page.get_by_test_id("gan-mini").click()
    np.testing.assert_array_equal(shade(page, field(page)), now)


def drawn_pixels(page):
    return page.locator(".zoo-gan_game .zoo-plane canvas").nth(1).evaluate(
        "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
        ".filter((v, i) => i % 4 === 3 && v > 0).length"
    )  # fmt: skip


@pytest.mark.parametrize("overlay", ["arrows", "mesh"])
def test_what_is_drawn_over_the_square_can_be_chosen(visit, overlay):
    page = visit()
    before = drawn_pixels(page)
    page.get_by_test_id(f"gan-{overlay}").click()
    expect(page.get_by_test_id(f"gan-{overlay}")).to_have_attribute("aria-pressed", "true")
    pause(page, 500)
    assert drawn_pixels(page) > before + 200
    assert state(page, after=450)[f"gan.{overlay}"] == "1"


def test_the_collapse_comes_to_rest_and_a_cure_goes_on_by_its_rules(visit):
    page = visit("gan.target=one")
    page.get_by_test_id("gan-collapse").click()
    expect(page.get_by_test_id("gan-target-ring")).to_have_attribute("aria-pressed", "true")
    steps(page, 300, 300)
    verdict = page.get_by_test_id("gan-verdict")
    expect(verdict).to_have_attribute("data-verdict", "collapsed")
    together = played(("critic", 300), ("generator", 300), rules=COLLAPSE)[0].measure()["together"]
    assert together >= 0.98
    sentence = EN["gan.verdict_collapsed"].split("{")[0] + f"{100 * together:.1f}"
    expect(verdict).to_contain_text(sentence.removesuffix(".0"))
    expect(page.get_by_test_id("gan-play")).to_have_text(EN["zoo.play"])
    page.get_by_test_id("gan-cure").click()
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=gan-field]').dataset.steps.endsWith(' 300')"
    )
    page.get_by_test_id("gan-play").click()
    record = state(page, after=450)["gan.game"]
    assert re.fullmatch(r"nr-0.3-0.002-0.004-1-c300-g300_nr-0.024-0.002-0.004-1-b\d+", record)


def test_only_under_the_gradient_penalty_is_v_called_an_estimate_of_a_distance(visit):
    page = visit("gan.game=wn-0-0.002-0.004-3-b120")
    name, marks = page.locator(".zoo-gan_game .value-name"), page.locator(".zoo-gan_game .marks")
    expect(page.get_by_test_id("gan-verdict")).to_have_attribute("data-verdict", "diverging")
    expect(name).to_have_text(EN["gan.value_wasserstein"])
    free = Rules("wasserstein", "none", 0, 0.002, 0.004, 3)
    told = played(("both", 120), rules=free)[0].measure()
    expect(marks).to_contain_text(f"{told['distance']:.3f}")
    expect(marks).to_contain_text(EN["gan.marks_wasserstein"].split(":")[1].split(",")[0])
    page.get_by_test_id("gan-penalty-wgan-gp").click()
    expect(name).to_have_text(EN["gan.value_distance"])
    expect(marks).to_contain_text(f"{told['distance']:.3f}")


def test_a_game_that_is_gone_comes_back_with_play(visit, monkeypatch):
    page = visit("gan.game=nn-0-0.002-0.002-1-b4")
    steps(page, 2, 2)
    with monkeypatch.context() as patch:
        patch.setattr(SessionRegistry, "get", lambda kept, name: None)
        page.get_by_test_id("gan-press-critic").click()
        expect(page.get_by_test_id("gan-status")).to_have_text(EN["gan.ended_gone"])
    page.get_by_test_id("gan-play").click()
    page.wait_for_function(
        "() => Number(document.querySelector('[data-testid=gan-field]')"
        ".dataset.steps.split(' ')[0]) >= 3"
    )
    page.get_by_test_id("gan-play").click()
    expect(page.locator(".zoo-bad")).to_have_count(0)
    assert re.fullmatch(r"nn-0-0.002-0.002-1-b\d+", state(page, after=450)["gan.game"])


def test_digits_at_each_moment(visit, service):
    page = visit()
    slider = page.get_by_test_id("gan-player").locator("input[type=range]")
    for k in (3, 0, 2):
        slider.fill(str(k))
        expect(page.get_by_test_id("gan-moment")).to_contain_text(f"{SEEN[k]:,}")
        shown = sheet(page, "training").evaluate(
            "(c) => [14, 42, 154].map((x) => c.getContext('2d').getImageData(x, 70, 1, 1).data[0])"
        )
        gray = [int(pictures(k)[12 + i, 0, 0, 0]) for i in (0, 1, 5)]
        # Ink 27 on paper 255, in zoo.css.
        assert shown == pytest.approx([255 - 228 * g / 255 for g in gray], abs=1.5)
    assert state(page, after=450)["gan-digits.at"] == "2"
    expect(page.get_by_test_id("gan-figures")).to_contain_text("7.25")
    menu(page, "gan-digits-seed").fill("42")
    page.get_by_test_id("gan-digits-seed").press("Enter")
    expect(sheet(page, "samples")).to_have_attribute("data-seed", "42")
    red = np.array(
        sheet(page, "samples").evaluate(
            "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
            ".filter((_, i) => i % 4 === 0)"
        )
    )
    np.testing.assert_allclose((255 - red) / 228, service.samples(36, 42)["images"][0], atol=0.006)
    page.get_by_test_id("gan-digits-reset").click()
    expect(sheet(page, "samples")).to_have_attribute("data-seed", "1")
    assert "gan-digits.at" not in state(page, after=450)


@pytest.mark.parametrize("button", ["gan-png", "gan-digits-png", "gan-digits-json"])
def test_pictures_and_numbers_are_saved(visit, service, button):
    page = visit()
    with page.expect_download() as download:
        menu(page, button).click()
    data = Path(download.value.path()).read_bytes()
    if button.endswith("png"):
        assert len(Image.open(io.BytesIO(data)).convert("L").getcolors(256)) > 8
        return
    kept = json.loads(data)
    assert kept["training"]["images_seen"] == SEEN[-1]
    expected = service.samples(36, 1)
    np.testing.assert_allclose(kept["samples"]["images"], expected["images"], atol=0.003)


@pytest.mark.parametrize(
    "hash",
    [
        "gan.game=zz-1-2&gan.target=star&gan.seed=-4&gan.speed=7&gan.x=1e9&gan.ink=%3F",
        "gan.game=nn-99-9-9-9-b5&gan.target=drawn&gan.ink=AAAA&gan-digits.at=77",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    expect(page.get_by_test_id("gan-verdict")).not_to_be_empty()
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "gan", "gan.title", same=("gan.value",))


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-gan")
    stops = tab_stops(page, "gan-target-ring", "gan-digits-json", most=100)
    wanted = ("gan-plane", "gan-play", "gan-step-critic", "gan-lr", "gan-json", "gan-digits-json")
    assert set(wanted) <= set(stops)
    assert stops.count("gan-plane") == 1


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("gan-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("gan-press-critic").click()
    expect(status).to_have_text(EN["zoo.no_answer"])
    page.unroute(calls)
    page.get_by_test_id("gan-press-critic").click()
    expect(status).to_contain_text("Answered in")
    steps(page, 1, 0)


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    answer = client.predict("one", 20, 3, "minimax", "none", 0, api_name="/gan_game")
    rules = {"loss": "minimax", "penalty": "none", "weight": 0}
    expected = service.game("one", None, 3, rules, 20)
    np.testing.assert_allclose(answer["points"], expected["points"], atol=1e-6)
    assert answer["n_steps"] == {"critic": 10, "generator": 10}
    assert answer["n_parts"] == 1
    with pytest.raises(AppError, match="loss must be one of"):
        client.predict("one", 20, 3, "hinge", api_name="/gan_game")
    training = client.predict(api_name="/gan_training")
    assert training["images_seen"] == SEEN
    answer = client.predict(3, 5, api_name="/gan_samples")
    np.testing.assert_allclose(answer["images"], service.samples(3, 5)["images"], atol=1e-6)


def test_the_tab_is_in_the_app():
    assert "gan" in [tab.key for tab in shell.TABS]


def test_one_can_go_back_through_a_game_and_go_on_from_its_end(visit):
    page = visit()
    past = page.get_by_test_id("gan-past")
    expect(past).to_be_disabled()
    for n in (1, 2, 3):
        page.get_by_test_id("gan-press-critic").click()
        steps(page, n, 0)
    expect(past).to_have_attribute("max", "3")
    past.focus()
    past.press("Home")
    steps(page, 0, 0)
    pause(page, 800)  # what is measured of the last moment when the game has come to rest
    steps(page, 0, 0)
    expect_field(page, played(("critic", 0))[0])
    past.press("ArrowRight")
    steps(page, 1, 0)
    session, told = played(("critic", 1))
    expect_field(page, session)
    value = f"{told['value']:.3f}".replace("-", "−")
    expect(page.get_by_test_id("gan-value")).to_have_text(value)
    expect(past).to_have_attribute("aria-valuetext", written(EN["gan.past_at"], step=1))
    page.get_by_test_id("gan-press-generator").click()  # the game is where it was
    steps(page, 3, 1)
    expect_field(page, played(("critic", 3), ("generator", 1))[0])


def test_where_d_is_flat_its_colors_can_be_stretched(visit):
    page = visit()
    flat = shade(page, field(page))
    page.get_by_test_id("gan-stretch").click()
    expect(page.get_by_test_id("gan-stretch")).to_have_attribute("aria-pressed", "true")
    pause(page, 300)
    stretched = shade(page, field(page))
    assert flat.max() < 200 < 250 < stretched.max()
    assert np.corrcoef(flat.ravel(), stretched.ravel())[0, 1] > 0.9
    d = 1 / (1 + np.exp(-played(("critic", 0))[0].look()["field"]))
    low, high = (page.locator(f".zoo-gan_game .{name}").inner_text() for name in ("low", "high"))
    assert [float(low), float(high)] == pytest.approx([d.min(), d.max()], abs=0.0006)
    page.get_by_test_id("gan-stretch").click()
    pause(page, 300)
    np.testing.assert_array_equal(shade(page, field(page)), flat)
    expect(page.locator(".zoo-gan_game .low")).to_have_text(EN["gan.low"])
