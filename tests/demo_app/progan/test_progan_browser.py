"""The Progressive GAN tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.demo_app.page import EN, expect_names, expect_to_fit, state, written

pytestmark = pytest.mark.browser
TABS = ("progan",)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the tab, once all of it shows its first answers."""

    def visit_progan(hash="", **options):
        page = visit("tab=progan" + ("&" + hash if hash else ""), waits=False, **options)
        for name in ("face", "stages", "cells", "walk"):
            shown = page.get_by_test_id(f"progan-{name}")
            expect(shown).to_have_attribute("data-shown", re.compile("."))
        growth = page.get_by_test_id("progan-growth")
        expect(growth).to_have_attribute("data-moment", re.compile("."))
        return page

    return visit_progan


def expect_face(canvas, image):
    """What a canvas shows is an image (3, S, S) in [0, 1], pixel by pixel."""
    side = image.shape[-1]
    rgba = canvas.evaluate(
        "(c) => [c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    )
    assert rgba[0] == side
    shown = np.array(rgba[1:]).reshape(side, side, 4)[..., :3].transpose(2, 0, 1) / 255
    np.testing.assert_allclose(shown, image, atol=0.003)


def test_one_z_at_every_resolution_and_a_slider_through_them(visit, service):
    page = visit("progan.seed=3&progan.cell=5")
    stages = service.stages(3, 5)
    canvases = page.get_by_test_id("progan-stages").locator("canvas")
    for k, image in enumerate(stages):
        expect_face(canvases.nth(k), image)
    face = page.get_by_test_id("progan-face")
    expect_face(face, stages[-1])
    expect_face(page.get_by_test_id("progan-cell-7").locator("canvas"), service.sheet(3, 4)[7])
    page.get_by_test_id("progan-level").fill("1.25")
    expect(face).to_have_attribute("data-shown", "3 5 1.25 1")
    expect_face(face, service.face(3, 5, 1.25))
    size = written(EN["progan.size"], size=16)
    told = written(EN["progan.fading"], size=size, alpha="0.25")
    expect(page.get_by_test_id("progan-at")).to_have_text(told)
    assert state(page)["progan.level"] == "1.25"
    # All that follows is at that level too.
    expect(page.get_by_test_id("progan-walk")).to_have_attribute("data-shown", "5 0 1.25 1")
    expect_face(page.get_by_test_id("progan-walk"), service.walk(5, 0, 1.25))
    page.get_by_test_id("progan-stage-32").click()
    expect(face).to_have_attribute("data-shown", "3 5 3 1")
    page.get_by_test_id("progan-truncation").fill("0.4")
    expect(face).to_have_attribute("data-shown", "3 5 3 0.4")
    expect_face(face, service.face(3, 5, 3, 0.4))
    page.get_by_test_id("progan-cell-2").click()
    expect(page.get_by_test_id("progan-stages")).to_have_attribute("data-shown", "3 2 0.4")
    expect_face(canvases.nth(2), service.stages(3, 2, 0.4)[2])


def test_the_training_is_replayed_and_a_walk_is_taken(visit, service):
    page = visit("progan-growth.moment=1&progan-walk.at=60")
    expect_face(page.get_by_test_id("progan-walk"), service.walk(5, 0.5, 4))
    place = written(EN["progan.walk_place"], **{"from": 1, "to": 2, "t": "0.50"})
    expect(page.get_by_test_id("progan-walk-place")).to_have_text(place)
    growth = page.get_by_test_id("progan-growth")
    expect(growth).to_have_attribute("data-moment", "1")
    shown = growth.evaluate("(c) => Array.from(c.getContext('2d').getImageData(64, 0, 1, 1).data)")
    assert shown[:3] == service.moment(1)[1, :, 0, 0].tolist()
    told = page.get_by_test_id("progan-told")
    expect(told).to_have_text(re.compile("7,000 images seen: 8×8, α = 0.25"))
    page.get_by_test_id("progan-growth-player").get_by_label(EN["zoo.step"], exact=True).click()
    expect(growth).to_have_attribute("data-moment", "2")
    expect(told).to_have_text(re.compile("12,000 images seen: 8×8$"))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_names(page, ".zoo-page")
    same = ("progan.size", "progan.fading")
    expect_to_fit(page, language, "progan", "progan.title", same=same)
