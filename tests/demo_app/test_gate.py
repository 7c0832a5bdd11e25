"""What of Gradio's own server is open, how much it may be sent, and what an endpoint is told."""

from __future__ import annotations

import asyncio
import inspect
import json
import urllib.request
from asyncio import Queue
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from demo_app import gate, hosts, shell, widgets, wire
from demo_app.gate import Gate
from demo_app.widgets import files


def nade_complete(pixels, known, count=8, seed=0):
    pass


def gan_training():
    pass


SIGNATURES = {f.__name__: inspect.signature(f) for f in (nade_complete, gan_training)}


class GradioQueue:
    """What the gate looks at in Gradio's."""

    def __init__(self):
        self.waiting = []
        self.event_queue_per_concurrency_id = {"zoo": SimpleNamespace(queue=self.waiting)}
        self.event_ids_to_events = {}
        self.pending_messages_per_session = {}
        self.pending_event_ids_session = {}


@pytest.fixture
def queue():
    return GradioQueue()


@pytest.fixture
def client(queue):
    """Behind the gate everything is there, and says what it was sent."""

    async def echo(request):
        body = await request.body()
        sent = json.loads(body) if body else None
        length = request.headers.get("content-length")
        return JSONResponse({"path": request.url.path, "sent": sent, "length": length})

    middleware = Middleware(Gate, endpoints=lambda: SIGNATURES, queue=lambda: queue)
    routes = [Route("/{path:path}", echo, methods=["GET", "POST", "HEAD"])]
    return TestClient(Starlette(routes=routes, middleware=[middleware]))


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/config", "/theme.css", "/favicon.ico", "/zoo/abc/widgets/nade/script.js"),
        *("/assets/index.js", "/static/img/logo.svg", "/live/nade.look", "/gradio_api/info"),
        *("/gradio_api/queue/data", "/gradio_api/heartbeat/abc", "/gradio_api/startup-events"),
        "/gradio_api/call/nade_complete/abc",
    ],
)
def test_what_the_page_and_programs_use_is_open(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/gradio_api/upload", "/gradio_api/upload/", "/gradio_api/upload_progress"),
        *("/gradio_api/file=/etc/passwd", "/gradio_api/file/etc/passwd", "/file=app.py"),
        *("/gradio_api/proxy=http://evil.test", "/gradio_api/component_server"),
        *("/gradio_api/stream/x", "/gradio_api/process_recording", "/gradio_api/vibe-edit"),
        *("/gradio_api/run/nade_complete", "/gradio_api/deep_link", "/pwa_icon/30000"),
        *("/monitoring", "/gradio_api/dev/reload", "/custom_component/1/client/component/x"),
        *("//gradio_api/upload", "/gradio_api//upload", "/x", "/gradio_api/"),
        *("/zoo/../../etc/passwd", "/gradio_api/%75pload"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_rest_of_gradio_is_closed(client, path, method):
    answer = client.request(method, path)
    assert answer.status_code == 404
    if path != "/zoo/../../etc/passwd":  # which the client makes shorter itself
        assert answer.json() == {"detail": "There is nothing here."}


UP = (
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "..%5c",
    "....//",
    "..;/",
    "..%00/",
    "%252e%252e%252f",
)


@pytest.mark.parametrize("up", UP)
@pytest.mark.parametrize("root", ["/zoo/{}/widgets/shared/", "/static/", "/gradio_api/file="])
def test_no_path_leads_out_of_what_is_served(up, root):
    """As it is written: a client would make some of them shorter itself."""
    app = Starlette(
        routes=[files.route()], middleware=[Middleware(Gate, endpoints=dict, queue=lambda: None)]
    )
    version = files.address("").split("/")[-2]
    raw = root.format(version) + 8 * up + "etc/passwd"
    scope = {"type": "http", "method": "GET", "http_version": "1.1", "headers": []}
    scope |= {"path": unquote(raw), "raw_path": raw.encode(), "query_string": b"", "root_path": ""}
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    with ThreadPoolExecutor(1) as own_thread:  # a browser may have its loop in this one
        own_thread.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    assert sent[0]["status"] in (403, 404)
    assert b"root:" not in b"".join(message.get("body", b"") for message in sent)


def test_a_body_that_is_too_long_is_refused(client):
    answer = client.post("/live/a.b", content=b"1" * (gate.MAX_BODY + 1))
    assert answer.status_code == 413
    assert "bytes" in answer.json()["detail"]
    assert client.post("/live/a.b", headers={"content-length": "-1"}).status_code == 413


def test_bodies_are_bounded_together(client, monkeypatch):
    monkeypatch.setattr(gate, "MAX_BODIES", 1000)
    assert client.post("/live/a.b", content=b'"' + b"1" * 900 + b'"').status_code == 200
    assert client.post("/live/a.b", content=b"1" * 1100).status_code == 503
    assert client.post("/live/a.b", content=b"1" * 900).status_code == 200  # nothing is left


CALL, BY_NAME = "/gradio_api/call/nade_complete", "/gradio_api/call/v2/nade_complete"


def test_arguments_that_may_be_left_out_are_filled_in(client):
    answer = client.post(CALL, json={"data": [[1], 2]}).json()
    assert answer["sent"] == {"data": [[1], 2, 8, 0]}
    assert int(answer["length"]) == len(json.dumps(answer["sent"]))
    assert client.post(CALL, json={"data": [[1], 2, 3]}).json()["sent"]["data"] == [[1], 2, 3, 0]
    answer = client.post(BY_NAME, json={"known": 2, "pixels": [1], "seed": 9}).json()
    assert answer["path"] == CALL
    assert answer["sent"] == {"data": [[1], 2, 8, 9]}
    answer = client.post("/gradio_api/call/gan_training", json={"data": []}).json()
    assert answer["sent"]["data"] == []
    joined = {"data": [[1], 2], "fn_index": 0, "session_hash": "s"}
    answer = client.post("/gradio_api/queue/join", json=joined).json()
    assert answer["sent"] == {**joined, "data": [[1], 2, 8, 0]}


FILE = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    ("path", "sent", "status", "complaint"),
    [
        (CALL, {"data": [[1]]}, 422, "'known' is missing; expected: pixels, known, count = 8"),
        (CALL, {"data": []}, 422, "'pixels' is missing"),
        (CALL, {"data": [1, 2, 3, 4, 5]}, 422, "5 arguments; expected at most: pixels"),
        (CALL, {"data": "x"}, 422, "must be a list of the arguments: pixels"),
        (CALL, {}, 422, "must be a list"),
        (CALL, [], 422, "one object, as JSON"),
        (CALL, {"data": [FILE, 2]}, 422, "sent as text, base64"),
        (CALL, {"data": [[1, [FILE]], 2]}, 422, "sent as text, base64"),
        (CALL, {"data": [{"a": FILE}, 2]}, 422, "sent as text, base64"),
        (BY_NAME, {"known": 2}, 422, "'pixels' is missing"),
        (BY_NAME, {"known": 2, "pixels": [1], "n": 3}, 422, "no argument 'n'; expected: pixels"),
        ("/gradio_api/call/other", {"data": []}, 404, "no endpoint 'other'"),
        ("/gradio_api/queue/join", {"data": [], "fn_index": 7}, 404, "no endpoint of that"),
        ("/gradio_api/queue/join", {"data": [], "fn_index": "0"}, 404, "no endpoint of that"),
        ("/gradio_api/queue/join", {"data": []}, 404, "no endpoint of that"),
    ],
)
def test_other_arguments_are_refused_in_a_sentence(client, path, sent, status, complaint):
    answer = client.post(path, json=sent)
    assert answer.status_code == status
    assert complaint in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 20_000, b"\xff", b'{"data": NaN'])
def test_what_is_no_json_is_refused_in_a_sentence(client, body):
    answer = client.post(CALL, content=body)
    assert answer.status_code == 422
    assert "JSON" in answer.json()["detail"]


def test_calls_of_one_address_that_wait_are_bounded(client, queue):
    scope = {"client": ("testclient", 50000)}
    assert hosts.address_of(scope) == "testclient"
    queue.waiting += [SimpleNamespace(request=SimpleNamespace(scope=scope))] * gate.MAX_QUEUED
    answer = client.post(CALL, json={"data": [[1], 2]})
    assert answer.status_code == 429
    assert "wait already" in answer.json()["detail"]
    queue.waiting[0] = SimpleNamespace(request=SimpleNamespace(scope={"client": ("other", 1)}))
    assert client.post(CALL, json={"data": [[1], 2]}).status_code == 200


def test_answers_that_nobody_fetches_are_forgotten(client, queue, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(gate.time, "monotonic", lambda: now[0])

    def done(key, is_done=True):
        queue.pending_messages_per_session[key] = Queue()
        queue.pending_messages_per_session[key].put_nowait("answer")
        queue.pending_event_ids_session[key] = {key}
        if not is_done:
            queue.event_ids_to_events[key] = object()

    for k in range(20):
        done(f"s{k}")
    done("runs", is_done=False)

    def ask():
        assert client.post(CALL, json={"data": [[1], 2]}).status_code == 200

    ask()
    assert len(queue.pending_messages_per_session) == 21
    now[0] += gate.SOON + 1
    ask()
    assert len(queue.pending_messages_per_session) == gate.MAX_UNREAD + 1
    assert "s19" in queue.pending_event_ids_session
    now[0] += gate.UNREAD_SECONDS
    ask()
    assert set(queue.pending_messages_per_session) == {"runs"}


def test_under_a_path_of_its_own_it_is_the_same(queue):
    async def echo(request):
        return JSONResponse({"path": request.url.path})

    inner = Starlette(
        routes=[Route("/{path:path}", echo, methods=["GET", "POST"])],
        middleware=[Middleware(Gate, endpoints=lambda: SIGNATURES, queue=lambda: queue)],
    )
    outer = Starlette()
    outer.mount("/lab/zoo", inner)
    client = TestClient(outer)
    assert client.get("/lab/zoo/config").status_code == 200
    assert client.get("/lab/zoo/gradio_api/upload").status_code == 404
    answer = client.post(f"/lab/zoo{BY_NAME}", json={"known": 2, "pixels": [1]})
    assert answer.json()["path"] == f"/lab/zoo{CALL}"


@pytest.mark.parametrize(
    "path",
    [
        *("/gradio_api/call/sheet/abc", "/gradio_api/call/v2/sheet/abc"),
        *("/gradio_api/queue/data?session_hash=s", "/zoo/gradio_api/call/sheet/abc"),
    ],
)
def test_the_answer_of_an_endpoint_has_its_lists_again(path):
    async def told(request):
        answer = wire.as_text({"x": [[0.5, 1.0]], "name": "a"})
        parts = (f"event: {k}\ndata: {json.dumps([answer])}\n\n" for k in ("one", "two"))
        return StreamingResponse(parts, media_type="text/event-stream")

    routes = [Route("/{path:path}", told)]
    app = Starlette(routes=routes, middleware=[Middleware(Gate)])
    prefix = "/zoo" if path.startswith("/zoo") else ""
    came = TestClient(app, root_path=prefix).get(path).text
    assert came == "".join(
        f'event: {k}\ndata: [{{"x": [[0.5,1.0]], "name": "a"}}]\n\n' for k in ("one", "two")
    )


def test_a_call_leaves_no_session_behind(port):
    """Each would keep its answer."""

    def digits(n: int) -> dict[str, list[float]]:
        return {"x": [0.5] * n}

    with shell.App() as app:
        widgets.endpoint("digits", digits, "n digits")
    app.launch(server_port=port, prevent_thread_lock=True, quiet=True)
    try:
        url = f"http://127.0.0.1:{port}/gradio_api/call/digits"
        for n in range(1, 9):
            asked = urllib.request.Request(
                url, json.dumps({"data": [n]}).encode(), {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(asked) as told:
                event = json.load(told)["event_id"]
            with urllib.request.urlopen(f"{url}/{event}") as told:
                assert json.dumps([0.5] * n, separators=(",", ":")) in told.read().decode()
        assert len(app.app.state_holder.session_data) <= 1
        assert len(app.app.state_holder.time_last_used) <= 1
    finally:
        app.close()
