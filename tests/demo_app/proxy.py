"""A reverse proxy that has an app under a prefix, as small as can be."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def proxy(port: int, prefix: str) -> Iterator[str]:
    """What is served at a port of this machine, under `prefix`, which is taken off; its address.
    A page outside of it is not found."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server, port, prefix), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}{prefix}/"
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket, port: int, prefix: str) -> None:
    with suppress(OSError):  # it is closed
        while True:
            asking = server.accept()[0]
            threading.Thread(target=_forward, args=(asking, port, prefix), daemon=True).start()


def _forward(asking: socket.socket, port: int, prefix: str) -> None:
    """One request, or one WebSocket, of a connection."""
    with suppress(OSError, ValueError), asking:
        sent = b""
        while b"\r\n\r\n" not in sent:
            if not (part := asking.recv(65536)):
                return
            sent += part
        first, _, rest = sent.partition(b"\r\n")
        method, path, version = first.split(b" ")
        head, _, body = rest.partition(b"\r\n\r\n")
        if not path.startswith(prefix.encode() + b"/"):
            asking.sendall(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return
        lines = head.split(b"\r\n")
        if not any(line.lower().startswith(b"upgrade:") for line in lines):
            # So that the next one has a connection of its own.
            lines = [line for line in lines if not line.lower().startswith(b"connection:")]
            lines.append(b"Connection: close")
        first = b" ".join([method, path.removeprefix(prefix.encode()), version])
        with socket.create_connection(("127.0.0.1", port)) as app:
            app.sendall(b"\r\n".join([first, *lines, b"", body]))
            back = threading.Thread(target=_copy, args=(app, asking), daemon=True)
            back.start()
            _copy(asking, app)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
