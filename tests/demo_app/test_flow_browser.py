"""The pictures of the computation: every part has a name and a sentence, and lights up."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from demo_app import shell, text
from tests.demo_app.page import EN, asked, pause, state, written

TABS = ["nade"]

WIDGET = Path(shell.__file__).parent / "widgets/flow"
NOW = (WIDGET / "now.js").read_text(encoding="utf-8")

FLOWS = {
    tab: (json.loads(formula), [json.loads(step) for step in re.findall(r"\[.*\](?=,\n)", steps)])
    for tab, formula, steps in re.findall(
        r"^  (\w+): \{\n    formula: (.*),\n    steps: \[\n((?:      \[.*\],\n)+)",
        (WIDGET / "flows.js").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}


def test_every_flow_is_of_a_tab_and_every_label_of_a_flow():
    assert len(FLOWS) > 10
    assert set(FLOWS) <= {tab.key for tab in shell.TABS}
    asked = {f"flow.{tab}_{key}" for tab, (_, steps) in FLOWS.items() for key, *_ in steps}
    known = {key for key in text.labels("en") if key.startswith("flow.")}
    known -= {"flow.title", "flow.keep", "flow.keep_title"}
    said = {key for key in known if key.startswith("flow.now_")}
    assert known - said == asked | {f"{key}_does" for key in asked}
    assert said == {f"flow.now_{key}" for key in re.findall(r'say\("(\w+)"', NOW)} | {
        f"flow.now_{key}" for key in ("ink", "empty")
    }


def test_what_is_computed_is_told_of_every_tab_and_of_steps_that_it_has():
    by_tab = NOW.partition("export const NOW = {\n")[2]
    told = dict(re.findall(r"^  (\w+)\((.*?)^  \},\n", by_tab, re.MULTILINE | re.DOTALL))
    assert set(told) == set(FLOWS)
    for tab, body in told.items():
        steps = {key for key, *_ in FLOWS[tab][1]}
        keys = set(re.findall(r"(?:^ {6}|&& \{ )(\w+): \{", body, re.MULTILINE))
        assert keys, tab
        assert keys <= steps, tab
        widgets = Path(shell.__file__).parent / "widgets"
        scripts = [path.read_text(encoding="utf-8") for path in widgets.rglob("*.js")]
        assert any(f'zoo.computation("{tab}")' in script for script in scripts), tab


@pytest.mark.parametrize("tab", FLOWS)
def test_a_formula_speaks_of_the_steps(tab):
    formula, steps = FLOWS[tab]
    keys = [key for key, *_ in steps]
    assert len(set(keys)) == len(keys)
    named = re.findall(r'data-key="(\w+)"', formula)
    assert len(set(named)) > 1
    assert set(named) <= set(keys)
    assert not re.search("[가-힣]|[a-z]{5,}", re.sub("<.*?>|softmax|argmax|&\\w+;", "", formula))


@pytest.mark.browser
def test_what_is_pointed_at_in_the_formula_lights_up_in_the_picture(visit):
    page = visit()
    flow = page.locator(".zoo-flow")
    does, step = page.get_by_test_id("nade-flow-does"), page.get_by_test_id("nade-flow-read")
    expect(does).to_have_text(EN["flow.nade_past_does"])
    # It is filled before it is in sight: nothing moves away from under who comes down to it.
    expect(flow.locator("[data-now=there]")).to_have_count(1)
    tall = flow.first.bounding_box()["height"]
    flow.locator(".formula [data-key=read]").hover()
    expect(does).to_have_text(EN["flow.nade_read_does"])
    expect(step).to_have_attribute("aria-pressed", "true")
    expect(flow.locator(".formula .on")).to_have_text("Vi")
    assert flow.first.bounding_box()["height"] == tall
    page.get_by_role("heading", name=EN["flow.title"]).hover()
    expect(does).to_have_text(EN["flow.nade_past_does"])
    step.click()
    page.mouse.move(0, 0)
    expect(does).to_have_text(EN["flow.nade_read_does"])
    assert state(page)["nade-flow.step"] == "read"
    page.get_by_test_id("lang-ko").click()
    expect(does).to_have_text(text.labels("ko")["flow.nade_read_does"])


@pytest.mark.browser
def test_the_steps_are_one_stop_and_arrows_go_on(visit):
    page = visit()
    page.get_by_test_id("nade-flow-past").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_test_id("nade-flow-weights")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("nade-flow-does")).to_have_text(EN["flow.nade_weights_does"])


def over(page, i):
    """Point at pixel i of the map."""
    box = page.get_by_test_id("nade-map").locator(".zoo-surface").bounding_box()
    size = box["width"] / 28
    page.mouse.move(box["x"] + (i % 28 + 0.5) * size, box["y"] + (i // 28 + 0.5) * size)


def now(page, key, tab="nade"):
    return page.get_by_test_id(f"{tab}-flow-{key}-now")


@pytest.mark.browser
def test_the_masked_sum_moves_with_the_pixel_that_is_pointed_at(visit, service):
    page = visit("nade-flow.keep=1")
    x = service.digits()[0][2 * 3]
    logits = service.look(x)["logits"]
    for i in (300, 571):
        over(page, i)
        place = {"row": i // 28 + 1, "column": i % 28 + 1}
        expect(now(page, "past")).to_have_text(written(EN["flow.now_place"], **place))
        expect(now(page, "weights")).to_have_text(written(EN["flow.now_columns"], n=x[:i].sum()))
        p = 1 / (1 + np.exp(-logits[i]))
        digits = 1 if 0.001 < p < 0.999 else 3
        expect(now(page, "out")).to_have_text(f"{100 * p:.{digits}f}\u202f%")
        total, b = [float(v) for v in re.findall(r"[+-]?[\d.]+", figures(now(page, "read")))]
        assert total + b == pytest.approx(logits[i], abs=0.02)
        # The mask: what is before the pixel is ink or paper, what comes after it is neither.
        past = page.get_by_test_id("nade-flow-past").locator("canvas")
        reds = past.evaluate(
            "(c) => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
            ".filter((_, i) => i % 4 === 0)"
        )
        before = np.array(reds)
        np.testing.assert_array_equal(before[:i] < 128, x[:i] == 1)
        assert len(set(before[i + 1 :])) == 1
        assert before[783] not in (255, before[:i].min())


def figures(locator):
    return locator.inner_text().replace("\u2212", "-")


@pytest.mark.browser
def test_to_show_what_is_computed_asks_the_server_for_nothing(visit):
    page = visit("nade-flow.keep=1", sockets=False)
    over(page, 300)
    expect(now(page, "past")).to_have_text(written(EN["flow.now_place"], row=11, column=21))
    page.get_by_test_id("nade-flow-keep").focus()
    page.get_by_test_id("nade-flow-read").scroll_into_view_if_needed()
    for _ in range(20):  # until all is answered that the pixel asks for, and what came into sight
        with asked(page) as requests:
            pause(page, 1000)
        if not requests:
            break
    with asked(page) as requests:
        page.keyboard.press("Enter")
        page.get_by_test_id("nade-flow-read").click()
        pause(page, 300)
    assert [request.url for request in requests] == []


@pytest.mark.browser
def test_the_picture_can_be_kept_in_sight(visit):
    page = visit()
    whole = page.locator("#page-nade > .zoo-flow").first
    keep = page.get_by_test_id("nade-flow-keep")
    assert whole.bounding_box()["y"] > 900
    keep.click()
    assert state(page)["nade-flow.keep"] == "1"
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_test_id("nade-map")).to_be_in_viewport()
    expect(page.get_by_test_id("nade-flow-out")).to_be_in_viewport()
    box = whole.bounding_box()
    assert box["y"] + box["height"] == pytest.approx(900, abs=1)
    assert box["height"] < 140
    keep.click()
    pause(page, 0)
    assert whole.bounding_box()["y"] > 900
    assert "nade-flow.keep" not in state(page)


@pytest.mark.browser
def test_it_is_kept_in_sight_when_what_stands_before_it_comes_later(visit):
    page = visit("nade-flow.keep=1")
    whole = page.locator("#page-nade > .zoo-flow").first
    before = page.locator("#page-nade > :has(+ .zoo-flow)")
    expect(whole).to_have_class(re.compile(r"\bzoo-kept\b"))
    before.evaluate(
        "(e) => { e.style.cssText = 'display: grid; height: 10px; overflow: hidden'; }"
    )
    expect(whole).not_to_have_class(re.compile(r"\bzoo-kept\b"))
    before.evaluate("(e) => e.removeAttribute('style')")
    expect(whole).to_have_class(re.compile(r"\bzoo-kept\b"))
