"""Live calls without the app: answered out of order, refused in order, and stopped when nobody
waits; and what one page cannot do to another."""

from __future__ import annotations

import asyncio
import json
import math
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from demo_app import live
from demo_app.work import Left, Pool, Ticket, go_on, visitor


@pytest.fixture(scope="module")
def gate():
    return threading.Event()


@pytest.fixture(scope="module")
def calls():
    """What was begun, stopped and done of "a.long"."""
    return []


@pytest.fixture(scope="module")
def server(gate, calls):
    """What is served at `socket_address`."""

    def wait(data):
        return {"ok": gate.wait(10), "data": data}

    def long(data):
        """Two minutes of steps."""
        calls.append("begun")
        for _ in range(12_000):
            try:
                go_on()
            except Left:
                calls.append("stopped")
                raise
            time.sleep(0.01)
        calls.append("done")
        return {"ok": True}

    def mark(function):
        function.is_slow = lambda data: True
        return function

    functions = {
        "a.wait": wait,
        "a.echo": lambda data: {"ok": True, "data": data},
        "a.slow": mark(lambda data: {**wait(data), "by": visitor().page}),
        "a.long": mark(long),
        "a.nan": lambda data: {"ok": True, "x": math.nan},
    }
    return live.Live(functions, quick=Pool("q", 8, 100), slow=Pool("s", 2, 6))


@pytest.fixture(scope="module")
def socket_address(gate, server):
    """A server of nothing but the socket, with functions that wait and that do not."""
    app = Starlette(routes=server.routes())
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
        *("", "null", "true", '"a.echo"', "{}", "[]", "[1, 2, 3, 4]", "[1, null, {}]"),
        *('{"id": 1, "name": "a.echo"}', '[1, {"a": 1}, {}]', '[1, "a.echo", {}'),
        *('[1, "__class__", {}]', '[1, "A.ECHO", {}]'),
    ],
    ids=lambda message: repr(message)[:25],
)
def test_a_message_of_another_form_closes_the_socket(socket_address, message):
    with connect(socket_address) as socket:
        socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(5)
        assert closed.value.rcvd.code == 1008
        assert "message" in closed.value.rcvd.reason


def opened(address, **options):
    """A socket that is closed by hand."""
    return connect(address, **options).__enter__()


def soon(condition, seconds=5):
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_quick_calls_do_not_wait_while_slow_ones_fill_their_queue(socket_address, server, gate):
    gate.clear()
    sockets = [opened(socket_address) for _ in range(10)]
    for k, socket in enumerate(sockets):
        for id in range(live.MAX_UNDER_WAY):
            socket.send(json.dumps([id, "a.slow", {"k": k, "id": id}]))
    soon(lambda: server.slow.n_waiting() == 6)
    with connect(socket_address) as other:
        start = time.perf_counter()
        other.send(json.dumps([1, "a.echo", None]))
        assert json.loads(other.recv(5))[0] == 1
        assert time.perf_counter() - start < 1
        # What finds no room is told so at once, and when there may be some.
        other.send(json.dumps([2, "a.slow", None]))
        id, answer = json.loads(other.recv(5))
        assert id == 2
        assert answer["ok"] is False
        assert answer["busy"] >= 1
        assert f"about {answer['busy']} s" in answer["error"]
    # Each of six has one in the queue: who had more gave them up. Two ran before all.
    gate.set()
    answered = []
    for socket in sockets:
        got = []
        while len(got) < live.MAX_UNDER_WAY:
            id, answer, *_ = json.loads(socket.recv(10))
            if answer is not None:
                got.append(answer["ok"])
        answered.append(sum(got))
        socket.close()
    assert sum(answered) == 8
    assert sum(n > 0 for n in answered) >= 6


def test_a_page_is_told_how_long_it_waits(socket_address, server, gate):
    gate.clear()
    with connect(socket_address) as socket, connect(socket_address) as other:
        for id in range(3):
            other.send(json.dumps([id, "a.slow", {"id": id}]))
        soon(lambda: server.slow.n_running() == 2)
        socket.send(json.dumps([5, "a.slow", {"id": 5}]))
        id, answer, seconds = json.loads(socket.recv(3))
        assert (id, answer) == (5, None)
        assert seconds >= 1
        gate.set()
        assert json.loads(socket.recv(5))[1]["ok"]


@pytest.mark.parametrize("how", ["closed", "lost"])
def test_what_a_page_has_asked_stops_when_it_leaves(
    socket_address, server, calls, gate, how, monkeypatch
):
    """Both what runs and what waits, however many calls were under way, and however slowly: none
    of them begins because another stops."""
    leave = Ticket.leave

    def leave_slowly(ticket):
        leave(ticket)
        time.sleep(0.05)

    monkeypatch.setattr(Ticket, "leave", leave_slowly)
    gate.set()
    calls.clear()
    socket = opened(socket_address)
    for id in range(2 * live.MAX_UNDER_WAY):
        socket.send(json.dumps([id, "a.long", {"id": id, "how": how}]))
    soon(lambda: calls == ["begun", "begun"])
    if how == "closed":
        socket.close()
    else:
        socket.socket.close()
    soon(lambda: calls.count("stopped") == 2)
    assert server.slow.n_waiting() == 0
    with connect(socket_address) as other:
        other.send(json.dumps([1, "a.slow", None]))
        assert json.loads(other.recv(2))[1]["ok"]
    assert calls.count("begun") == 2


def test_a_call_that_is_given_up_stops_and_the_others_of_the_page_go_on(
    socket_address, server, calls, gate
):
    """One that runs, and one whose turn had not come; the id of no call does nothing."""
    gate.set()
    calls.clear()
    with connect(socket_address) as socket:
        for id in range(live.MAX_UNDER_WAY):
            socket.send(json.dumps([id, "a.long", {"id": id}]))
        for id in ("behind", "kept"):
            socket.send(json.dumps([id, "a.echo", {"id": id}]))
        soon(lambda: calls == ["begun", "begun"])
        for id in ("behind", 0, 77, None, {"a": 1}):
            socket.send(json.dumps([id]))
        assert json.loads(socket.recv(5)) == ["kept", {"ok": True, "data": {"id": "kept"}}]
        soon(lambda: calls == ["begun", "begun", "stopped", "begun"])
        for id in range(1, live.MAX_UNDER_WAY):
            socket.send(json.dumps([id]))
        soon(lambda: calls.count("stopped") == calls.count("begun"))
        assert server.slow.n_waiting() == 0
        socket.send(json.dumps([9, "a.echo", None]))
        ids = []
        while 9 not in ids:
            ids.append(json.loads(socket.recv(5))[0])
        assert "behind" not in ids


def test_the_same_question_of_two_pages_is_answered_once(socket_address, server, gate):
    gate.clear()
    with connect(socket_address) as socket, connect(socket_address) as other:
        for one in (socket, other):
            one.send(json.dumps([1, "a.slow", {"same": 1}]))
        soon(lambda: sum(server._calls.values()) == 2)
        assert server.slow.n_running() + server.slow.n_waiting() == 1
        gate.set()
        answers = []
        for one in (socket, other):
            while (message := json.loads(one.recv(5)))[1] is None:
                pass
            answers.append(message[1])
        assert answers[0]["ok"]
        assert answers[0] == answers[1]


@pytest.mark.parametrize("way", ["socket", "request"])
def test_what_never_ends_is_given_up_in_a_sentence(socket_address, server, gate, monkeypatch, way):
    """It does not come to a step at which it would stop."""
    gate.clear()
    monkeypatch.setattr(server.slow, "_limit", 0.2)
    monkeypatch.setattr(Pool, "GRACE", 0.1)
    monkeypatch.setattr(live, "NEXT_SIGN", 0.5)
    given = {"never": way}
    start = time.monotonic()
    if way == "socket":
        with connect(socket_address) as socket:
            socket.send(json.dumps([1, "a.slow", given]))
            while (message := json.loads(socket.recv(5)))[1] is None:
                pass
        answer = message[1]
    else:
        address = socket_address.replace("ws", "http", 1) + "/a.slow"
        request = urllib.request.Request(address, json.dumps(given).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=5) as response:
            answer = json.loads(response.read())
    assert time.monotonic() - start < 4
    assert (answer["ok"], answer["key"]) == (False, "zoo.too_long")
    soon(lambda: not server._calls)
    gate.set()
    soon(lambda: server.slow.n_running() == 0)


def test_a_socket_that_never_reads_costs_nothing(socket_address, server, gate):
    """It is closed when it has asked for too much, and nothing of it is left."""
    gate.clear()
    socket = opened(socket_address)

    def ask():
        for id in range(5000):
            socket.send(json.dumps([id, "a.wait", None]))
            if id > 200:
                time.sleep(0.01)

    with pytest.raises(ConnectionClosed) as closed:
        ask()
    gate.set()
    assert closed.value.rcvd.code == 1008
    assert "Too many" in closed.value.rcvd.reason
    soon(lambda: not server._calls and not server._sockets)


def test_many_sockets_of_one_address_are_refused_at_last(socket_address, server, monkeypatch):
    soon(lambda: not server._sockets)
    monkeypatch.setattr(live, "MAX_SOCKETS", 3)
    sockets = [opened(socket_address) for _ in range(3)]
    with connect(socket_address) as one, pytest.raises(ConnectionClosed) as closed:
        one.recv(5)
    assert closed.value.rcvd.code == 1013
    sockets[0].close()
    soon(lambda: server._sockets["127.0.0.1"] == 2)
    with connect(socket_address) as one:
        one.send(json.dumps([1, "a.echo", None]))
        assert json.loads(one.recv(5))[1]["ok"]
    for socket in sockets:
        socket.close()


def test_calls_of_one_address_are_bounded(socket_address, server, gate, monkeypatch):
    monkeypatch.setattr(live, "MAX_CALLS", 2)
    gate.clear()
    with connect(socket_address) as socket:
        for id in range(3):
            socket.send(json.dumps([id, "a.wait", None]))
        id, answer = json.loads(socket.recv(5))
        assert id == 2
        assert answer["busy"]
        gate.set()


def test_calls_that_come_too_fast_are_read_more_slowly():
    now = [0.0]
    pace = live.Pace(10, clock=lambda: now[0])
    assert [pace.due() for _ in range(10)] == [0] * 10
    assert [pace.due() for _ in range(3)] == pytest.approx([0.1, 0.2, 0.3])
    now[0] = 0.3
    assert pace.due() == pytest.approx(0.1)
    now[0] = 60.0
    assert [pace.due() for _ in range(10)] == [0] * 10  # and no more than that at once
    assert pace.due() > 0


def test_an_answer_with_nan_is_a_sentence(socket_address):
    with connect(socket_address) as socket:
        socket.send(json.dumps([1, "a.nan", None]))
        _, answer = json.loads(socket.recv(5))
        assert not answer["ok"]
        assert "NaN" in answer["error"]


def request(address, name, body=b"null", **headers):
    """The answer to a call without a socket, and its status."""
    url = f"{address.replace('ws', 'http')}/{name}"
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(asked, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_calls_are_answered_without_a_socket(socket_address, gate):
    gate.set()
    assert request(socket_address, "a.echo", b'{"x": 1}') == (200, {"ok": True, "data": {"x": 1}})
    answer = request(socket_address, "a.slow", **{"X-Zoo-Page": "p1"})[1]
    assert answer["by"] == "request p1"
    assert request(socket_address, "a.other")[0] == 404
    assert request(socket_address, "a.echo", b"{")[0] == 400
    assert request(socket_address, "a.echo", b"[" * 10_000)[0] == 400
    status, answer = request(socket_address, "a.echo", b" " * (live.MAX_BODY + 1))
    assert status == 400
    assert "bytes" in answer["error"]


@pytest.mark.parametrize(
    ("headers", "is_refused"),
    [
        ({}, False),
        ({"Origin": "http://127.0.0.1:{port}"}, False),
        ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, False),
        ({"Origin": "http://evil.test"}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "http://127.0.0.1:1"}, True),
        # A name of the attacker's that was made to point here.
        ({"Host": "evil.test:{port}", "Origin": "http://evil.test:{port}"}, True),
        ({"Host": "evil.test:{port}"}, True),
    ],
)
def test_only_the_apps_own_pages_may_ask(socket_address, headers, is_refused):
    port = socket_address.split(":")[2].split("/")[0]
    headers = {key: value.format(port=port) for key, value in headers.items()}
    status, answer = request(socket_address, "a.echo", **headers)
    assert status == (403 if is_refused else 200)
    if is_refused:
        assert "GENZOO_HOSTS" in answer["error"]
    # The client sets Host by itself; the check of it is the same.
    if "Host" not in headers:
        if is_refused:
            with pytest.raises(InvalidStatus, match="403"):
                opened(socket_address, additional_headers=headers)
        else:
            opened(socket_address, additional_headers=headers).close()


def test_a_proxy_may_have_another_name(socket_address, monkeypatch):
    headers = {"Host": "zoo.example.org", "Origin": "https://zoo.example.org"}
    assert request(socket_address, "a.echo", **headers)[0] == 403
    monkeypatch.setenv("GENZOO_HOSTS", "other.test, zoo.example.org")
    assert request(socket_address, "a.echo", **headers)[0] == 200
    # Where the proxy asks by this machine's own name.
    assert request(socket_address, "a.echo", Origin="https://zoo.example.org")[0] == 200
    assert request(socket_address, "a.echo", Origin="https://evil.test")[0] == 403
    monkeypatch.setenv("GENZOO_HOSTS", "*")
    assert request(socket_address, "a.echo", Origin="https://evil.test")[0] == 200


def test_a_page_that_leaves_amid_its_calls_is_no_error():
    class Gone:
        """Found closed by the answer, so that to read on is refused as starlette refuses it."""

        scope: ClassVar = {"type": "websocket", "headers": [], "client": ("1.2.3.4", 5)}

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

    one = live.Live({"a.echo": lambda data: {"ok": True}})
    with ThreadPoolExecutor(1) as own_thread:  # this one may have Playwright's loop
        own_thread.submit(lambda: asyncio.run(one.serve(Gone()))).result()


def test_one_who_is_thrown_out_may_have_left_already():
    """Then there is nothing to be told, and nothing for the log."""
    sent = []

    async def receive():
        if not sent:
            return {"type": "websocket.connect"}
        return {"type": "websocket.receive", "text": "no call"}

    async def send(message):
        sent.append(message["type"])
        if message["type"] == "websocket.close":
            raise OSError("gone")

    here = {"server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1)}
    scope = {"type": "websocket", "headers": [(b"host", b"127.0.0.1")], **here}
    server = live.Live({}, quick=Pool("q", 1, 1), slow=Pool("s", 1, 1))
    with ThreadPoolExecutor(1) as own_thread:
        own_thread.submit(
            lambda: asyncio.run(server.serve(WebSocket(scope, receive, send)))
        ).result()
    assert sent == ["websocket.accept", "websocket.close"]
