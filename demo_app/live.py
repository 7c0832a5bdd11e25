"""One socket, kept open, for all live calls of a page.

A request of its own for each call costs the browser three times as long as a message, and more
than most answers take. A page that gets no socket (a proxy that forwards none) sends requests to
the same address.

One visitor must not be slowed down by another. Quick calls and slow ones have threads of their
own, in which pages take turns (`demo_app.work`); what is asked by a page that leaves is no longer
worked on; and each page, and more generously each address, has its limits.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from demo_app import hosts, memory
from demo_app.hosts import address_of
from demo_app.work import Busy, Left, Pool, Ticket, Visitor

PATH = "/live"
MAX_LENGTH = 1_000_000
"""Characters of one message; the page sends what is longer, an uploaded photo, as a request."""

MAX_BODY = 7_000_000
"""Bytes of one request: a photo of 5 MB in base64."""

MAX_UNDER_WAY = 4
"""Calls of one page that may be worked on at once; the next begins when one of them is done."""

MAX_BACKLOG = 60
"""Calls of one page that may wait for that: more close its socket."""

MAX_BACKLOG_LENGTH = 2 * MAX_LENGTH
"""Characters that they may have together."""

PAGE_RATE, ADDRESS_RATE = 300.0, 3000.0
"""Calls a second, after which the next are read more slowly: a page that is dragged in asks a new
question when the answer to the last is there, a few milliseconds later. So many calls may come at
once."""

MAX_SOCKETS, MAX_CALLS = 300, 600
"""Of one address, which a class, or all who come through a proxy, may share: sockets that are
open, and calls that are worked on or wait."""

N_QUICK, N_SLOW, N_SHORT = 4, 3, 1
"""Threads for quick calls and for slow ones; of these so many take short jobs only."""

SLOW_NICE = 10
"""How far the threads for slow calls give way to all others. On two busy processors this halved
the time of quick calls beside three slow ones."""

MAX_SLOW, MAX_QUICK = 32, 600
"""Calls of all pages that may wait for a thread."""

LONGEST = 45.0
"""Seconds until the turn of a slow call, as far as one can tell, above which the page is told that
there is no room instead."""

FIRST_SIGN, NEXT_SIGN = 1.0, 4.0
"""Seconds without an answer after which a page is told how long it will still take; and again."""

Function = Callable[[Any], dict[str, Any]]
"""Its attribute `is_slow`, where it has one, says of the arguments whether they take long."""


class Live:
    """Calls of `functions` by name, over sockets and as requests.

    Args:
        functions: they raise nothing but `Left`; see `widgets.live`.
        quick, slow: the threads; those of the module's settings where they are not given.
    """

    def __init__(
        self,
        functions: Mapping[str, Function],
        quick: Pool | None = None,
        slow: Pool | None = None,
    ):
        self._functions = functions
        self.quick = quick or Pool("quick", N_QUICK, MAX_QUICK)
        self.slow = slow or Pool(
            *("slow", N_SLOW, MAX_SLOW, N_SHORT),
            longest=LONGEST,
            nice=SLOW_NICE,
            after=memory.give_back,
        )
        self._sockets: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._paces: dict[str, Pace] = {}

    def routes(self) -> list[BaseRoute]:
        """A message [id, name, data] is answered by [id, functions[name](data)], whenever that is
        done. Meanwhile [id, null, seconds] says now and then how long it will take. The page's
        message [id] gives that call up: it is not answered, and no longer worked on. A message of
        any other form closes the socket. The same without a socket: data is sent to /live/NAME.
        """
        return [
            WebSocketRoute(PATH, self.serve),
            Route(PATH + "/{name}", self.answer, methods=["POST"]),
        ]

    async def serve(self, socket: WebSocket) -> None:
        """One page's socket, until it is closed."""
        if hosts.refused(socket.scope):
            await socket.close(code=1008)  # before it is accepted: 403
            return
        await socket.accept()
        address = address_of(socket.scope)
        if self._sockets[address] >= MAX_SOCKETS:
            await _close(socket, 1013, "This address has too many open pages.")
            return
        self._sockets[address] += 1
        page = _Page(self, socket, Visitor(address, secrets.token_urlsafe(9)))
        try:
            await page.read()
        except ValueError as error:
            await _close(socket, 1008, str(error))
        except WebSocketDisconnect:
            pass
        finally:
            await page.leave()
            _less(self._sockets, address)

    async def answer(self, request: Request) -> Response:
        """One call as a request: {ok, ...} as JSON."""
        if hosts.refused(request.scope):
            return _sentence(403, hosts.SENTENCE)
        name = request.path_params["name"]
        if name not in self._functions:
            return _sentence(404, "There is no such function.")
        try:
            data = await _body(request)
        except ValueError as error:
            return _sentence(400, str(error))
        except ClientDisconnect:
            return Response(status_code=400)
        page = request.headers.get("x-zoo-page", "")[:40]
        visitor = Visitor(address_of(request.scope), "request " + page)
        await self.pace(visitor)
        try:
            ticket = self.submit(visitor, name, data)
        except Busy as busy:
            return _json(json.dumps(told_busy(busy.seconds)))
        left, done = asyncio.ensure_future(_left(request)), _done(ticket)
        try:
            waits: list[asyncio.Future[Any]] = [left, done]
            first = asyncio.FIRST_COMPLETED
            while not (await asyncio.wait(waits, timeout=NEXT_SIGN, return_when=first))[0]:
                if ticket.overdue():
                    return _json(_too_long())
            return _json(done.result() if done.done() else "null")
        finally:
            left.cancel()
            self.leave(visitor, ticket)

    def submit(self, visitor: Visitor, name: str, data: Any) -> Ticket:
        """Have a function called; `leave` must follow.

        Raises:
            Busy: when there is no room for the call.
        """
        function = self._functions[name]
        if self._calls[visitor.address] >= MAX_CALLS:
            raise Busy(5.0)
        model = data.get("model") if isinstance(data, dict) else None
        kind = name, model if isinstance(model, str) else None
        is_slow = getattr(function, "is_slow", None)
        if is_slow is not None and is_slow(data):
            same = name, json.dumps(data, sort_keys=True)
            ticket = self.slow.submit(visitor, lambda: _text(function(data)), kind, same)
        else:
            ticket = self.quick.submit(visitor, lambda: _text(function(data)), kind)
        self._calls[visitor.address] += 1
        return ticket

    def leave(self, visitor: Visitor, ticket: Ticket) -> None:
        """A call is answered, or nobody waits for it any more."""
        ticket.leave()
        _less(self._calls, visitor.address)

    async def pace(self, visitor: Visitor) -> None:
        """Wait as long as the calls of this address come too fast."""
        pace = self._paces.get(visitor.address)
        if pace is None:
            if len(self._paces) > 10_000:  # full ones are as good as new
                self._paces.clear()
            pace = self._paces[visitor.address] = Pace(ADDRESS_RATE)
        await pace.wait()


class Pace:
    """So many calls a second, and as many at once.

    Args:
        rate: calls a second.
        clock: seconds, ever growing.
    """

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic):
        self._rate, self._clock = rate, clock
        self._left, self._at = rate, clock()

    def due(self) -> float:
        """Count a call; the seconds that it must wait."""
        now = self._clock()
        self._left = min(self._rate, self._left + self._rate * (now - self._at)) - 1
        self._at = now
        return max(0.0, -self._left / self._rate)

    async def wait(self) -> None:
        if (seconds := self.due()) > 0:
            await asyncio.sleep(seconds)


class _Page:
    """One open socket: what it has asked, and what of that is worked on."""

    def __init__(self, live: Live, socket: WebSocket, visitor: Visitor):
        self._live, self._socket, self._visitor = live, socket, visitor
        self._pace = Pace(PAGE_RATE)
        self._backlog: deque[tuple[Any, str, Any, int]] = deque()
        self._under_way: dict[asyncio.Task[None], Any] = {}  # and the id of each
        self._tickets: list[Ticket] = []  # of these, in the order in which they were asked

    async def read(self) -> None:
        """Take messages until the page leaves: always, so that its leaving is seen at once.

        Raises:
            ValueError: on a message of another form, or too many; the sentence says so.
            WebSocketDisconnect: when the page has left.
        """
        while True:
            text = await _received(self._socket)
            id, name, data = _read(text, self._live._functions)
            if name is None:
                self._give_up(id)
            else:
                self._backlog.append((id, name, data, len(text)))
                self._begin()
            length = sum(length for *_, length in self._backlog)
            if len(self._backlog) > MAX_BACKLOG or length > MAX_BACKLOG_LENGTH:
                raise ValueError("Too many messages at once: wait for some of the answers.")
            await self._pace.wait()
            await self._live.pace(self._visitor)

    def _begin(self) -> None:
        """Have the next calls of the backlog worked on, as many as may be."""
        while self._backlog and len(self._under_way) < MAX_UNDER_WAY:
            id, name, data, _ = self._backlog.popleft()
            task = asyncio.create_task(self._answer(id, name, data))
            self._under_way[task] = id
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._under_way[task]
        self._begin()

    def _give_up(self, id: Any) -> None:
        """The page waits no longer for the answer to this call, if it still does not have it."""
        self._backlog = deque(call for call in self._backlog if call[0] != id)
        for task, other in self._under_way.items():
            if other == id:
                task.cancel()

    async def _answer(self, id: Any, name: str, data: Any) -> None:
        live, visitor = self._live, self._visitor
        # The page has left: nobody waits for this answer.
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                ticket = live.submit(visitor, name, data)
            except Busy as busy:
                await self._send(id, json.dumps(told_busy(busy.seconds)))
                return
            self._tickets.append(ticket)
            try:
                done, sign = _done(ticket), FIRST_SIGN
                while not (await asyncio.wait([done], timeout=sign))[0]:
                    if ticket.overdue():
                        return await self._send(id, _too_long())
                    seconds = round(ticket.seconds(), 1)
                    await self._socket.send_text(json.dumps([id, None, seconds]))
                    sign = NEXT_SIGN
                await self._send(id, done.result())
            finally:
                if ticket in self._tickets:  # or the page has left, and all of them with it
                    self._forget(ticket)

    def _forget(self, ticket: Ticket) -> None:
        self._tickets.remove(ticket)
        self._live.leave(self._visitor, ticket)

    async def _send(self, id: Any, answer: str) -> None:
        await self._socket.send_text(f"[{json.dumps(id)},{answer}]")

    async def leave(self) -> None:
        """Wait for nothing any more."""
        self._backlog.clear()
        # The newest first: one whose turn has not come must not begin because another stops.
        for ticket in reversed(self._tickets.copy()):
            self._forget(ticket)
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def told_busy(seconds: float) -> dict[str, Any]:
    """The answer to a call for which there is no room; the page says it in its own language."""
    n = max(1, round(seconds))
    sentence = f"The server is busy; it will have room in about {n} s."
    label = {"key": "zoo.too_busy", "values": {"seconds": str(n)}}
    return {"ok": False, "busy": n, "error": sentence, **label}


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Close a socket, unless its page has left already."""
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code=code, reason=reason)


def _less(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if counts[key] <= 0:
        del counts[key]


def _done(ticket: Ticket) -> asyncio.Future[str]:
    """The ticket's answer as text, whatever becomes of it."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[str] = loop.create_future()

    def tell(text: str) -> None:
        if not answered.done():
            answered.set_result(text)

    def done(future: Any) -> None:
        error = future.exception()
        if error is None:
            text = future.result()
        elif isinstance(error, Busy):
            text = json.dumps(told_busy(error.seconds))
        elif isinstance(error, Left):
            text = _too_long()
        else:
            text = _failed("The server failed on this; its log says why.", "errors.failed")
        with suppress(RuntimeError):  # the server ends
            loop.call_soon_threadsafe(tell, text)

    ticket.future.add_done_callback(done)
    return answered


def _text(answer: Mapping[str, Any]) -> str:
    try:
        return json.dumps(answer, separators=(",", ":"), allow_nan=False)
    except ValueError:
        sentence = "The answer holds NaN or infinity: the release is damaged."
        return _failed(sentence, "zoo.not_finite")


def _too_long() -> str:
    return _failed("This took too long, and was stopped.", "zoo.too_long")


def _failed(sentence: str, key: str | None = None) -> str:
    """An answer that is none: an English sentence, and the label that says it in each language."""
    return json.dumps({"ok": False, "error": sentence, **({"key": key} if key else {})})


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def _sentence(status: int, sentence: str) -> Response:
    return Response(_failed(sentence), status_code=status, media_type="application/json")


async def _left(request: Request) -> None:
    """Waits until nobody waits for the answer to a request whose body is read."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.5)


async def _body(request: Request) -> Any:
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > MAX_BODY:
            raise ValueError(f"A request may have {MAX_BODY} bytes.")
        parts.append(part)
    try:
        return json.loads(b"".join(parts) or b"null")
    except (ValueError, RecursionError) as error:
        raise ValueError("A request must be the arguments, as JSON.") from error


async def _received(socket: WebSocket) -> str:
    try:
        return await socket.receive_text()
    except KeyError as error:
        raise ValueError("A message must be text.") from error
    except RuntimeError as error:  # an answer has found out before us that the page has left
        raise WebSocketDisconnect from error


def _read(text: str, functions: Mapping[str, Function]) -> tuple[Any, str | None, Any]:
    """A call: its id, the name of its function and the arguments; no name where it is given up."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"A message may have {MAX_LENGTH} characters.")
    try:
        message = json.loads(text)
        if isinstance(message, list) and len(message) == 1:
            return message[0], None, None
        id, name, data = message
        functions[name]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            "A message must be [id, the name of a function, its arguments], or [id] alone."
        ) from error
    return id, name, data
