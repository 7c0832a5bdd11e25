"""One socket, kept open, for all live calls of a page.

A request of its own for each call costs the browser three times as long as a message, and more
than most answers take. A page that gets no socket (a proxy that forwards none) sends requests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

PATH = "/live"
MAX_LENGTH = 1_000_000
"""Characters of one message; the page sends what is longer, an uploaded photo, as a request."""

MAX_UNDER_WAY = 4
"""Calls of one page that may be worked on at once; the next is read when one of them is done."""

MAX_WORKERS = 40
"""Calls of all pages that may be worked on at once."""

Function = Callable[[Any], dict[str, Any]]


def route(functions: Mapping[str, Function]) -> WebSocketRoute:
    """A message [id, name, data] is answered by [id, functions[name](data)], whenever it is done.

    `functions` never raise; see `widgets.live`. A message of any other form closes the socket.
    """
    workers = ThreadPoolExecutor(MAX_WORKERS, "live")

    async def serve(socket: WebSocket) -> None:
        await socket.accept()
        loop = asyncio.get_running_loop()
        free = asyncio.Semaphore(MAX_UNDER_WAY)
        under_way: set[asyncio.Task[None]] = set()

        async def answer(id: Any, name: str, data: Any) -> None:
            try:
                result = await loop.run_in_executor(workers, functions[name], data)
                await socket.send_text(json.dumps([id, result], separators=(",", ":")))
            except (WebSocketDisconnect, RuntimeError):
                pass  # the page has left; nobody waits for this answer
            finally:
                free.release()

        try:
            while True:
                await free.acquire()
                id, name, data = _read(await _text(socket), functions)
                task = asyncio.create_task(answer(id, name, data))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
        except ValueError as error:
            await socket.close(code=1008, reason=str(error))
        except WebSocketDisconnect:
            pass

    return WebSocketRoute(PATH, serve)


async def _text(socket: WebSocket) -> str:
    try:
        return await socket.receive_text()
    except KeyError as error:
        raise ValueError("A message must be text.") from error
    except RuntimeError as error:  # an answer has found out before us that the page has left
        raise WebSocketDisconnect from error


def _read(text: str, functions: Mapping[str, Function]) -> tuple[Any, str, Any]:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"A message may have {MAX_LENGTH} characters.")
    try:
        id, name, data = json.loads(text)
        functions[name]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ValueError(
            "A message must be [id, the name of a function, its arguments]."
        ) from error
    return id, name, data
