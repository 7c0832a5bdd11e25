"""The way to a server far away, as the benchmarks have it."""

from __future__ import annotations

import socket
import threading
import time

from benchmarks.delay import delayed

MB = 2**20


def serve_echo(server):
    connection = server.accept()[0]
    while data := connection.recv(MB):
        connection.sendall(data)
    connection.close()


def test_there_and_back_takes_a_round_trip_however_much_is_under_way():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve_echo, args=(server,), daemon=True).start()
        with (
            delayed(server.getsockname()[1], 200) as port,
            socket.create_connection(("127.0.0.1", port)) as one,
        ):
            assert answer(one, b"opened") > 0.39  # the connection's own round trip, too
            assert 0.19 < answer(one, b"?") < 2
            assert 0.19 < answer(one, bytes(range(256)) * 4096) < 2  # not one for each piece
            one.shutdown(socket.SHUT_WR)
            assert one.recv(1) == b""


def answer(one, sent):
    """How long it takes until what is sent is back, in order."""
    start = time.monotonic()
    threading.Thread(target=one.sendall, args=(sent,)).start()
    back = b""
    while len(back) < len(sent):
        back += one.recv(MB)
    assert back == sent
    return time.monotonic() - start
