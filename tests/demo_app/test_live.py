"""The open socket of a page: answered out of order, refused in order, and done without."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.websockets import WebSocketDisconnect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from demo_app import live, wire
from tests.demo_app.page import asked, pause


@pytest.fixture(scope="module")
def gate():
    return threading.Event()


@pytest.fixture(scope="module")
def socket_address(gate):
    """A server of nothing but the socket, with one function that waits and one that does not."""

    def wait(data):
        return {"ok": gate.wait(10), "data": data}

    functions = {"a.wait": wait, "a.echo": lambda data: {"ok": True, "data": data}}
    app = Starlette(routes=[live.route(functions)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"ws://127.0.0.1:{port}{live.PATH}"
    gate.set()
    server.should_exit = True
    thread.join()


def test_a_quick_call_does_not_wait_for_a_slow_one(socket_address, gate):
    gate.clear()
    with connect(socket_address) as socket:
        socket.send(json.dumps([1, "a.wait", {"x": 1}]))
        socket.send(json.dumps([2, "a.echo", {"x": [0.5, None, "é"]}]))
        assert json.loads(socket.recv(5)) == [2, {"ok": True, "data": {"x": [0.5, None, "é"]}}]
        gate.set()
        assert json.loads(socket.recv(5)) == [1, {"ok": True, "data": {"x": 1}}]


def test_one_page_cannot_take_every_worker(socket_address, gate):
    gate.clear()
    with connect(socket_address) as socket, connect(socket_address) as other:
        for id in range(live.MAX_UNDER_WAY):
            socket.send(json.dumps([id, "a.wait", None]))
        socket.send(json.dumps([99, "a.echo", None]))
        with pytest.raises(TimeoutError):
            socket.recv(0.3)
        other.send(json.dumps([1, "a.echo", None]))
        assert json.loads(other.recv(5))[0] == 1
        gate.set()
        ids = {json.loads(socket.recv(5))[0] for _ in range(live.MAX_UNDER_WAY + 1)}
        assert ids == {*range(live.MAX_UNDER_WAY), 99}


@pytest.mark.parametrize(
    "message",
    [
        "not JSON",
        "1",
        "[1, 2]",
        '[1, "a.other", {}]',
        '[1, ["a.echo"], {}]',
        "[" * 10_000,
        json.dumps([1, "a.echo", "x" * live.MAX_LENGTH]),
        b"\x00\xff",
    ],
    ids=["text", "number", "short", "unknown", "list", "deep", "long", "bytes"],
)
def test_a_message_of_another_form_closes_the_socket(socket_address, message):
    with connect(socket_address) as socket:
        socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(5)
        assert closed.value.rcvd.code == 1008
        assert "message" in closed.value.rcvd.reason


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
    assert any("component_server" in request.url for request in requests)
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


def test_a_page_that_leaves_amid_its_calls_is_no_error():
    class Gone:
        """Found closed by the answer, so that to read on is refused as starlette refuses it."""

        def __init__(self) -> None:
            self.open = True

        async def accept(self) -> None:
            pass

        async def receive_text(self) -> str:
            if self.open:
                self.open = False
                return json.dumps([1, "a.echo", None])
            raise RuntimeError("WebSocket is not connected.")

        async def send_text(self, text: str) -> None:
            raise WebSocketDisconnect

    route = live.route({"a.echo": lambda data: {"ok": True}})
    with ThreadPoolExecutor(1) as own_thread:  # this one may have Playwright's loop
        own_thread.submit(lambda: asyncio.run(route.endpoint(Gone()))).result()
