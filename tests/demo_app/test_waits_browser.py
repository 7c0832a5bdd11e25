"""A function of the server that never answers: the page says so, and there is a way on."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect

from demo_app.services.nade import NADEService
from demo_app.work import Ticket
from tests.demo_app.page import EN, WITH_ZOO, pause
from tests.demo_app.test_live import draw

TABS = ("nade",)


@pytest.fixture
def hangs(monkeypatch):
    """The next calls of nade.look wait until the test is over, as many as the list holds."""
    calls, over, look = [], threading.Event(), NADEService.look

    def hanging(self, *given, **named):
        if calls:
            calls.pop()
            over.wait(60)
        return look(self, *given, **named)

    monkeypatch.setattr(NADEService, "look", hanging)
    yield calls
    calls.clear()
    over.set()


def limits(page, **ms) -> None:
    page.evaluate(WITH_ZOO % "(limits) => zoo.setLimits(limits)", ms)


def touch(page) -> None:
    """Another digit on the canvas, of which the model is asked."""
    page.get_by_test_id("nade-clear").click()


@pytest.mark.browser
@pytest.mark.parametrize("way", ["socket", "request"])
def test_what_is_not_answered_is_told_and_asked_again(visit, service, hangs, way):
    page = visit(sockets=way == "socket")
    pause(page, 400)
    limits(page, silent=1500)
    hangs += [1]
    touch(page)
    line = page.get_by_test_id("zoo-waits")
    expect(line).to_contain_text("The server has not answered for")
    again = line.get_by_role("button", name=EN["zoo.retry"])
    again.click()
    expect(line).to_be_hidden()
    draw(page, service)
    assert hangs == []


@pytest.mark.browser
@pytest.mark.parametrize("way", ["socket", "request"])
def test_what_never_answers_is_given_up_and_the_next_change_asks_anew(
    visit, service, hangs, monkeypatch, way
):
    """On the socket the server says so: the page hears from it that it is worked on."""
    monkeypatch.setattr(Ticket, "overdue", lambda self: self._pool._age(self._job) > 2)
    page = visit(sockets=way == "socket")
    pause(page, 400)
    limits(page, silent=500, lost=1500 if way == "request" else 90_000)
    hangs += [1, 1]  # of the pixel, and then of all
    touch(page)
    expect(page.get_by_test_id("zoo-waits")).to_be_visible()
    said = EN["zoo.no_answer" if way == "request" else "zoo.too_long"]
    expect(page.get_by_text(said).first).to_be_visible()
    expect(page.get_by_test_id("zoo-waits")).to_be_hidden()
    limits(page, lost=90_000)
    draw(page, service)
