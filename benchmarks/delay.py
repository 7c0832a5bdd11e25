"""A way to an app that takes time, as one to a server far away does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 65536
"""Bytes that are read at once."""


@contextmanager
def delayed(port: int, round_trip: float) -> Iterator[int]:
    """A port at which all that goes to a port of this machine and back takes a round trip of so
    many ms. Each way takes half of it, however much is under way; to open a connection takes a
    whole one, as it does by TCP."""
    loop = asyncio.new_event_loop()
    one_way = round_trip / 2000  # in seconds

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = loop.time() + 2 * one_way
        app_reader, app_writer = await asyncio.open_connection("127.0.0.1", port)
        ways = (reader, app_writer), (app_reader, writer)
        await asyncio.gather(*(_forward(*way, opened, one_way) for way in ways))
        for end in (writer, app_writer):
            end.close()

    # All of it in a thread of its own: the caller's may have a loop that runs.
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begun = asyncio.run_coroutine_threadsafe(asyncio.start_server(connect, "127.0.0.1", 0), loop)
    yield begun.result().sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


async def _forward(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, opened: float, one_way: float
) -> None:
    """What comes from `reader` goes to `writer` after `one_way`, but not before the connection is
    `opened`, in order."""
    now = asyncio.get_running_loop().time
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        with suppress(OSError):  # the other end is gone
            while (one := await under_way.get())[1]:
                await asyncio.sleep(one[0] - now())
                writer.write(one[1])
                await writer.drain()
            writer.write_eof()

    delivered = asyncio.create_task(deliver())
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            under_way.put_nowait((max(now(), opened) + one_way, data))
    under_way.put_nowait((0, b""))
    await delivered
