"""The questions in a browser: the first of all, and the one at the end of each tab."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from demo_app import shell, text
from tests.demo_app.page import EN, state, written

TABS = ["nade", "map", "pixels"]  # that are built here
ASKED = [tab.key for tab in shell.TABS if tab.key != "map"]
KINDS = ("", "_act", "_right", "_wrong_1", "_wrong_2", "_why")


@pytest.mark.parametrize("language", text.LANGUAGES)
@pytest.mark.parametrize("tab", ASKED)
def test_each_tab_asks_something(tab, language):
    labels = text.labels(language)
    words = [labels[f"predict.{tab}{kind}"] for kind in KINDS]
    assert len(set(words)) == len(KINDS)
    assert words[0].endswith("?")
    assert all(re.search(r"[.。]$", each) for each in words[1:])


@pytest.mark.browser
def test_the_answer_is_told_when_one_has_chosen_and_the_way_leads_on(visit):
    page = visit(width=390)
    answer = page.get_by_test_id("nade-predict-answer")
    expect(page.get_by_role("heading", name=EN["predict.nade"])).to_be_visible()
    expect(answer).to_be_empty()
    page.get_by_test_id("nade-predict-wrong_1").click()
    right = EN["predict.nade_right"]
    wrong = written(EN["predict.is_wrong"], right=right)
    expect(answer).to_have_text(f"{wrong} {EN['predict.nade_why']}")
    assert state(page)["nade-predict.choice"] == "wrong_1"
    page.get_by_test_id("nade-predict-right").click()
    expect(answer).to_have_text(f"{EN['predict.is_right']} {EN['predict.nade_why']}")
    page.get_by_test_id("lang-ko").click()
    expect(answer).to_contain_text(text.labels("ko")["predict.nade_why"])
    page.get_by_test_id("lang-en").click()
    onward = page.get_by_test_id("nade-predict-next")
    page.wait_for_function("location.hash.includes('predict')")
    expect(onward).to_have_text(written(EN["predict.next"], tab=EN["map.tab"]) + " →")
    onward.click()  # NADE is the first tab of the tests, and the map the one after it
    expect(page.get_by_test_id("tab-map")).to_have_attribute("aria-selected", "true")


@pytest.mark.browser
def test_an_address_restores_a_choice_and_knows_no_other(visit):
    page = visit("nade-predict.choice=right")
    expect(page.get_by_test_id("nade-predict-right")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("nade-predict-answer")).not_to_be_empty()
    page = visit("nade-predict.choice=why")
    expect(page.get_by_test_id("nade-predict-answer")).to_be_empty()


@pytest.mark.browser
def test_the_first_question_is_who_can_compute_p_of_x(visit):
    page = visit("tab=map", waits=False)
    answer = page.get_by_test_id("first-answer")
    expect(page.get_by_test_id("first-check")).to_have_text(EN["first.check"])
    models = page.locator(".zoo-first .model")
    keys = [one.get_attribute("data-testid") for one in models.all()]
    assert keys
    assert set(keys) <= {f"first-{key}" for key in shell.model_map.FIRST}
    expect(answer).to_be_empty()
    for key in keys:
        if key != "first-gan":
            page.get_by_test_id(key).click()
    page.get_by_test_id("first-check").click()
    expect(answer).to_have_text(f"{EN['first.all_right']} {EN['first.why']}")
    page.get_by_test_id(keys[0]).click()  # marks are changed, so they are checked anew
    expect(answer).to_be_empty()
    page.get_by_test_id("first-check").click()
    n = len(keys)
    expect(answer).to_contain_text(written(EN["first.some_right"], n=n - 1, of=n))
    page.get_by_test_id("first-begin").click()
    expect(page.locator("#page-pixels")).to_be_visible()
