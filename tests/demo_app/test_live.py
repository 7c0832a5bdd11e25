"""The open socket of a page, and how it does without one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import expect
from websockets.sync.client import connect

from demo_app import live, wire
from tests.demo_app.page import asked, pause


def test_the_app_answers_on_its_socket(address, service):
    x = service.digits()[0][6]
    with connect(address.replace("http", "ws").rstrip("/") + live.PATH) as socket:
        socket.send(json.dumps([7, "nade.look", {"x": wire.pack_bits(x), "i": 300}]))
        id, answer = json.loads(socket.recv(5))
        assert id == 7
        assert answer["ok"]
        np.testing.assert_allclose(answer["log_prob"], service.look(x)["log_prob"], rtol=1e-6)
        socket.send(json.dumps([8, "nade.look", {"x": "?", "i": 300}]))
        id, answer = json.loads(socket.recv(5))
        assert id == 8
        assert not answer["ok"]
        assert "base64" in answer["error"]


def draw(page, service):
    page.get_by_test_id("nade-clear").click()
    page.locator("[data-brush='1']").click()
    surface = page.get_by_test_id("nade-canvas").locator(".zoo-surface")
    box = surface.bounding_box()
    surface.click(position={"x": 20.5 * box["width"] / 28, "y": 10.5 * box["height"] / 28})
    image = np.zeros(784, np.uint8)
    image[10 * 28 + 20] = 1
    score = f"{service.look(image)['log_prob']:,.1f}".replace("-", "−")
    expect(page.get_by_test_id("nade-score")).to_have_text(score)


@pytest.mark.browser
def test_strokes_are_asked_on_the_socket(visit, service):
    page = visit()
    pause(page, 300)
    with asked(page) as requests:
        draw(page, service)
    assert requests == []


FRAIL = """
{
  const how = "%s";
  const Real = WebSocket;
  window.sockets = [];
  window.WebSocket = class extends Real {
    constructor(address) {
      super(how === "refused" ? address.replace("/live", "/none") : address);
      sockets.push(this);
    }
    send(message) {
      if (how === "broken") this.close();
      else super.send(message);
    }
  };
}
"""


@pytest.mark.browser
@pytest.mark.parametrize("how", ["refused", "broken", "lost"])
def test_without_a_socket_the_page_asks_all_the_same(visit, service, how):
    """Refused at once; broken with a question under way; lost while nobody asked."""
    page = visit(script=FRAIL % how)
    pause(page, 300)
    if how == "lost":
        page.evaluate("sockets[0].close()")
        pause(page, 100)
    with asked(page) as requests:
        draw(page, service)
    assert any("/live/" in request.url for request in requests)
    if how == "refused":
        page.complaints.clear()  # the browser's own: that it got no socket


@pytest.mark.browser
def test_a_lost_socket_is_opened_again(visit, service):
    page = visit(script=FRAIL % "lost")
    pause(page, 5200)  # the page waits so long between two attempts
    page.evaluate("sockets[0].close()")
    pause(page, 100)
    draw(page, service)
    page.wait_for_function("sockets.length === 2 && sockets[1].readyState === 1")
    with asked(page) as requests:
        draw(page, service)
    assert requests == []


@pytest.mark.browser
def test_a_page_at_rest_draws_no_frames(visit):
    page = visit()
    pause(page, 1000)
    frames = page.evaluate(
        """() => new Promise((resolve) => {
          const first = requestAnimationFrame(() => {});
          setTimeout(() => resolve(requestAnimationFrame(() => {}) - first), 1000);
        })"""
    )
    assert frames <= 3  # the second of the two, and what a clock may do
    expect(page.get_by_test_id("nade-score")).to_be_visible()
