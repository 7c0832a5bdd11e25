"""What of Gradio's own server the app needs; the rest is closed.

Gradio serves uploads, recordings, proxied files, streams and more, for components that no tab of
this app has. Some of them keep what they are sent, on disk or in memory, without a bound in
total. What the page and programs use is listed here.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from inspect import Signature
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo_app import wire
from demo_app.hosts import address_of

OPEN = re.compile(
    r"/ (?: "
    r" | (?:config|theme\.css|robots\.txt|favicon\.ico|manifest\.json) /?"
    r" | (?:svelte|static|assets|zoo|weights|live) /.+"
    r" | live"
    r" | gradio_api/ (?: info | openapi\.json | startup-events | theme\.css | app_id | token"
    r"                 | login_check | user | reset | cancel | queue/(?:join|data|status) ) /?"
    r" | gradio_api/ (?: call/.+ | heartbeat/[^/]+ )"
    r" )",
    re.VERBOSE,
)
"""Paths that are answered."""

MAX_BODY = 7_000_000
"""Bytes of one request: 12,288 numbers as JSON are 0.3 MB, a photo of 5 MB in base64 6.7 MB."""

MAX_BODIES = 100_000_000
"""Bytes of all requests that are read or answered at present."""

ENDPOINT = re.compile(r"/gradio_api/(?:call/(v2/)?(?P<name>[^/]+)|queue/join)/?")
"""Where programs ask for an endpoint."""

ANSWER = re.compile(r"/gradio_api/(?:call/(?:v2/)?[^/]+/[^/]+|queue/data)/?")
"""Where they fetch its answer."""

MAX_QUEUED = 16
"""Calls of endpoints by one address that may wait: a class, and all who come through a proxy, may
share it."""

MAX_UNREAD, UNREAD_SECONDS, SOON = 8, 60.0, 2.0
"""Answers of endpoints that nobody has fetched: so many are kept so long, and more than that SOON
seconds. One may take 25 MB."""


class Gate:
    """Answers 404 for what is not open, 413 or 503 for what is too much; and for an endpoint 422
    with a sentence where its arguments are not those that it has. Those that may be left out are
    filled in.

    Args:
        app: what is behind it.
        endpoints: the signatures by name, in the order of their numbers.
        queue: Gradio's.
    """

    def __init__(
        self,
        app: ASGIApp,
        endpoints: Callable[[], Mapping[str, Signature]] = dict,
        queue: Callable[[], Any] = lambda: None,
    ):
        self._app, self._endpoints, self._queue = app, endpoints, queue
        self._bytes = 0
        self._joined: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/")) or "/"
        if not OPEN.fullmatch(path):
            await _refuse(404, "There is nothing here.")(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            await _refuse(413, f"A request may have {MAX_BODY} bytes.")(scope, receive, send)
            return
        if self._bytes + int(length) > MAX_BODIES:
            await _refuse(503, "The server is busy; try again soon.")(scope, receive, send)
            return
        body = _Body(receive, self._count)
        if ANSWER.fullmatch(path):
            send = _as_lists(send)
        try:
            asked = ENDPOINT.fullmatch(path)
            if asked and scope["method"] == "POST":
                await self._call(asked, scope, body, send)
            else:
                await self._app(scope, body, send)
        finally:
            self._count(-body.length)

    def _count(self, n: int) -> bool:
        """Count bytes that are read; whether there is room for them."""
        self._bytes += n
        return self._bytes <= MAX_BODIES

    async def _call(self, asked: re.Match[str], scope: Scope, body: _Body, send: Send) -> None:
        """A call of an endpoint, with its arguments checked and all of them there."""
        sent = await body.whole()
        if sent is None:
            return  # the sender has left
        try:
            name, data, given = self._read(asked, sent)
        except LookupError as error:
            await _refuse(404, str(error.args[0]))(scope, body, send)
            return
        except ValueError as error:
            await _refuse(422, str(error))(scope, body, send)
            return
        self._sweep()
        if self._n_queued(address_of(scope)) >= MAX_QUEUED:
            sentence = f"{MAX_QUEUED} calls of this address wait already; try again soon."
            await _refuse(429, sentence)(scope, body, send)
            return
        if asked["name"]:
            # By position, whether it was asked by name or not.
            prefix = scope["path"].rstrip("/").removesuffix(asked[0].rstrip("/"))
            path = f"{prefix}/gradio_api/call/{name}"
            scope = {**scope, "path": path, "raw_path": path.encode()}
            given = {key: given[key] for key in ("session_hash",) if key in given}
        elif isinstance(given.get("session_hash"), str):
            self._joined[given["session_hash"]] = time.monotonic()
        new = json.dumps({**given, "data": data}).encode()
        headers = [(k, v) for k, v in scope["headers"] if k not in (b"content-length",)]
        headers.append((b"content-length", str(len(new)).encode()))
        await self._app({**scope, "headers": headers}, body.again(new), send)

    def _read(self, asked: re.Match[str], sent: bytes) -> tuple[str, list[Any], dict[str, Any]]:
        """The endpoint's name, all of its arguments, and what else was sent.

        Raises:
            LookupError: when there is no such endpoint.
            ValueError: when what was sent cannot be its arguments; both say so in a sentence.
        """
        try:
            given = json.loads(sent)
        except (ValueError, RecursionError) as error:
            raise ValueError("A request must be one object, as JSON.") from error
        if not isinstance(given, dict):
            raise ValueError("A request must be one object, as JSON.")
        endpoints = self._endpoints()
        name = asked["name"]
        if name is None:
            number = given.get("fn_index")
            if type(number) is not int or not 0 <= number < len(endpoints):
                raise LookupError("There is no endpoint of that fn_index.")
            name = list(endpoints)[number]
        if name not in endpoints:
            raise LookupError(f"There is no endpoint {name!r:.60}.")
        if asked[1]:
            data = _by_name(endpoints[name], given)
        else:
            data = _by_position(endpoints[name], given.get("data"))
        if _holds_file(data):
            raise ValueError("A file is sent as text, base64 of its bytes.")
        return name, data, given

    def _n_queued(self, address: str) -> int:
        queue = self._queue()
        if queue is None:
            return 0
        waiting = [
            event for each in queue.event_queue_per_concurrency_id.values() for event in each.queue
        ]
        return sum(address_of(event.request.scope) == address for event in waiting)

    def _sweep(self) -> None:
        """Forget answers that nobody has fetched, which Gradio keeps for ever."""
        queue = self._queue()
        if queue is None:
            return
        now = time.monotonic()
        messages, pending = queue.pending_messages_per_session, queue.pending_event_ids_session
        self._joined = {key: at for key, at in self._joined.items() if key in messages}
        unread = [
            key
            for key, ids in pending.items()
            if key in messages
            and not messages[key].empty()
            and not any(one in queue.event_ids_to_events for one in ids)
        ]
        for k, key in enumerate(unread):
            age = now - self._joined.setdefault(key, now)
            if age > UNREAD_SECONDS or (age > SOON and k < len(unread) - MAX_UNREAD):
                messages.pop(key, None)
                pending.pop(key, None)


def _by_position(signature: Signature, data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError(f'"data" must be a list of the arguments: {_expected(signature)}.')
    parameters = list(signature.parameters.values())
    if len(data) > len(parameters):
        raise ValueError(
            f"There are {len(data)} arguments; expected at most: {_expected(signature)}."
        )
    return data + _defaults(signature, [one.name for one in parameters[len(data) :]])


def _by_name(signature: Signature, given: Mapping[str, Any]) -> list[Any]:
    parameters = signature.parameters
    if unknown := [key for key in given if key not in (*parameters, "session_hash")]:
        raise ValueError(
            f"There is no argument {unknown[0]!r:.60}; expected: {_expected(signature)}."
        )
    missing = [name for name in parameters if name not in given]
    filled = dict(zip(missing, _defaults(signature, missing), strict=True))
    return [given[name] if name in given else filled[name] for name in parameters]


def _defaults(signature: Signature, names: Sequence[str]) -> list[Any]:
    parameters = [signature.parameters[name] for name in names]
    for one in parameters:
        if one.default is one.empty:
            raise ValueError(
                f"The argument {one.name!r} is missing; expected: {_expected(signature)}."
            )
    return [one.default for one in parameters]


def _expected(signature: Signature) -> str:
    return (
        ", ".join(
            one.name if one.default is one.empty else f"{one.name} = {one.default!r}"
            for one in signature.parameters.values()
        )
        or "none"
    )


def _holds_file(value: Any) -> bool:
    """Whether something in it looks like the files of Gradio's components, which it would open."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if "meta" in one or "_type" in one:
                return True
            left += one.values()
        elif isinstance(one, list):
            left += (item for item in one if isinstance(item, (dict, list)))
    return False


class _Body:
    """`receive` that ends where the body grows too long, as if the sender had left."""

    def __init__(self, receive: Receive, count: Callable[[int], bool]):
        self._receive, self._count = receive, count
        self.length = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        n = len(message.get("body", b"")) if message["type"] == "http.request" else 0
        self.length += n
        if n and (not self._count(n) or self.length > MAX_BODY):
            return {"type": "http.disconnect"}
        return message

    async def whole(self) -> bytes | None:
        """All of it; None where the sender has left or it is too long."""
        parts = []
        while True:
            message = await self()
            if message["type"] != "http.request":
                return None
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                return b"".join(parts)

    def again(self, body: bytes) -> Receive:
        """A `receive` that has this body, and then what else comes."""
        left = [body]

        async def receive() -> Message:
            if left:
                return {"type": "http.request", "body": left.pop(), "more_body": False}
            return await self()

        return receive


def _as_lists(send: Send) -> Send:
    """`send` with the lists of an answer as lists. Gradio sends each message as one part."""

    async def sends(message: Message) -> None:
        if message.get("body"):
            message = {**message, "body": wire.as_lists(message["body"])}
        await send(message)

    return sends


def _refuse(status: int, sentence: str) -> Any:
    return JSONResponse({"detail": sentence}, status_code=status)
