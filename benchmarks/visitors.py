"""Fifty people on all tabs, and beside them those who mean harm.

    python -m benchmarks.visitors [-n VISITORS] [--seconds S] [--hostile [KIND ...]] [--json FILE]
                                  [--at URL --pid PID ...]

Starts the app with the releases that are there, or takes the one that is served at URL by the
processes PID, as behind a balancer; each visitor has a browser of his own name. Each visitor is a
socket of its own, as the page opens it (see demo_app/live.py). He does one thing after another,
at random: drags over a plane or draws a stroke (a dozen questions, each 30 to 60 ms after the
last answer), and asks what the tab offers besides: completions, sheets, edits, faces of a
caption, a game, a photo. Between two things he looks for 1 to 8 seconds. Models are loaded as
they are first asked for, as after any start, in the warm-up, whose figures are not counted.

With --hostile one client of each KIND is there as well; without a KIND all of them. They come
from the same address as all others, as from behind a proxy.

Prints the times of the hot path (drags and strokes: asked to answered), how many slow calls had
an answer or a word within 2 s, errors, and the server's memory and its temporary files over time;
and the same as JSON, or writes that to FILE. At the end all close their pages at once, whatever
they wait for, and one who stays tells after how many seconds a question of the hot path is again
answered within 100 ms, three times in a row. The visitors take processor time of the same
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import random
import statistics
import struct
import tempfile
import time
import urllib.request
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as _connect
from websockets.exceptions import ConnectionClosed

from benchmarks.latency import running
from demo_app import live, wire

WORD = 2.0
"""Seconds within which a slow call is to be answered, or told how long it will take."""

QUICK = 0.1
"""Seconds within which a question of the hot path is answered when the crowd has left."""

PATIENCE = 90.0
"""Seconds after which a visitor gives up waiting for an answer, which is an error."""

# On a machine that is busy itself a socket may take long to open, and to answer a ping.
connect = partial(_connect, max_size=None, ping_interval=None, open_timeout=60)

Question = tuple[str, dict[str, Any]]


@dataclass
class Figures:
    """What was measured."""

    hot: list[float] = field(default_factory=list)
    """Milliseconds."""

    slow: list[float] = field(default_factory=list)
    """Milliseconds to the answer."""

    words: list[float] = field(default_factory=list)
    """Milliseconds to the first word: an answer, that one is to wait, or that there is no room."""

    asked: Counter[str] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds, and MB of the server."""

    disk: list[tuple[float, float]] = field(default_factory=list)
    """Seconds, and MB of its temporary files."""

    waiting: int = 0
    """Calls that are not answered yet."""

    left: int = 0
    """Calls that were not answered yet when all left."""

    recovery: float | None = None
    """Seconds from then until the hot path was quick again; None where it never was."""


class Visitor:
    """One open socket, on which one thing is asked after the other."""

    def __init__(self, socket: ClientConnection, figures: Figures):
        self._socket, self._figures, self._calls = socket, figures, 0

    async def ask(self, name: str, data: dict[str, Any], is_hot: bool = False) -> dict[str, Any]:
        """The answer; its times are noted."""
        self._calls += 1
        start, word = time.perf_counter(), None
        self._figures.waiting += 1
        await self._socket.send(json.dumps([self._calls, name, data]))
        answer, left = None, PATIENCE
        try:
            while answer is None:
                message = json.loads(await asyncio.wait_for(self._socket.recv(), left))
                word = word or time.perf_counter() - start
                answer = message[1] if message[0] == self._calls else None
                left = max(0.1, start + PATIENCE - time.perf_counter())
        except TimeoutError:
            self._figures.errors[f"{name}: no answer"] += 1
            return {}
        finally:
            self._figures.waiting -= 1
        seconds = time.perf_counter() - start
        self._figures.asked[name] += 1
        if is_hot:
            self._figures.hot.append(1000 * seconds)
        else:
            self._figures.slow.append(1000 * seconds)
            self._figures.words.append(1000 * (word or 0.0))
        if answer.get("busy"):
            self._figures.busy[name] += 1
        elif not answer["ok"]:
            self._figures.errors[f"{name}: {answer['error']:.80}"] += 1
        return answer


def digit(rng: random.Random) -> str:
    return wire.pack_bits(np.array([rng.random() < 0.2 for _ in range(784)]))


def known(n: int) -> str:
    return wire.pack_bits(np.arange(784) < n)


def photo(rng: random.Random, side: int = 900) -> str:
    """A JPEG of a few kB."""
    file = io.BytesIO()
    color = tuple(rng.randrange(256) for _ in range(3))
    Image.new("RGB", (side, side), color).save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def drags(rng: random.Random) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """What is asked many times in a row, each time a little different."""

    def place() -> list[float]:
        return [rng.uniform(-2, 2) for _ in range(2)]

    seed = rng.randrange(1000)
    a, b = [seed, rng.randrange(64)], [seed, rng.randrange(64)]
    yield "nade.look", lambda: {"x": digit(rng), "i": rng.randrange(784)}
    yield "vae_map.decode", lambda: {"model": "vae-mnist-2d", "z": place()}
    yield "aae_plane.decode", lambda: {"model": "aae-mnist", "z": place()}
    yield (
        "dcgan_between.between",
        lambda: {"model": "dcgan-mnist", "a": a, "b": b, "scale": 1.0, "t": rng.random()},
    )
    yield (
        "infogan_codes.generate",
        lambda: {"category": 3, "continuous": place(), "seed": seed},
    )
    yield (
        "progan_walk.walk",
        lambda: {"seed": seed, "at": 8 * rng.random(), "level": 4, "truncation": 1.0},
    )
    yield "transformer.look", lambda: {"x": digit(rng), "i": rng.randrange(784)}
    yield "orderless.look", lambda: {"x": digit(rng), "hole": known(300)}


def others(rng: random.Random) -> list[Question]:
    """What is asked once, and looked at."""
    seed, x = rng.randrange(1000), digit(rng)
    text = rng.choice(["A face with red hair, glasses.", "얼굴: 긴 빨간 머리, 안경, 미소."])
    turn = {"page": f"bench{seed}", "turn": 1}
    return [
        ("nade.complete", {"x": x, "known": 300, "n": 7, "seed": seed}),
        (
            "transformer.complete",
            {"x": x, "known": 300, "n": 7, "seed": seed, "temperature": 1.0, "top_p": 1.0},
        ),
        ("orderless.fill", {"x": x, "hole": known(300), "n": 7, "seed": seed, "order": "random"}),
        ("compare_sheets.sheet", {"model": "transformer-mnist", "seed": seed % 20}),
        ("compare_sheets.sheet", {"model": "gan-mnist", "seed": seed}),
        ("compare_sheets.look", {"model": "gan-mnist", "cell": seed % 64, "seed": 0}),
        (
            "faceoff.complete",
            {"model": "vae-mnist", "x": x, "known": known(336), "seed": seed, **turn},
        ),
        ("blind.round", {"data": "mnist", "kind": "binary", "seed": seed, "k": seed % 10}),
        ("infogan_sheet.sheet", {"kind": "first", "category": 1, "continuous": [0, 0], "seed": 1}),
        ("dcgan_sheet.samples", {"model": "dcgan-mnist", "seed": seed, "scale": 1.0}),
        ("cyclegan_many.several", {"seed": seed}),
        ("text2image.faces", {"text": text, "seed": seed, "model": "text2image-avatars"}),
        ("text2image.faces", {"text": text, "seed": seed, "model": "transformer-avatars"}),
        ("puzzle.face", {"seed": seed}),
        ("pixels_color.open", {"file": photo(rng)}),
        ("stargan_edit.upload", {"file": photo(rng)}),
        ("map.pictures", {"node": "nade", "n": 4, "seed": seed}),
        ("rnade.sample", {"name": "rnade-moons", "n": 500, "seed": seed}),
    ]


async def visit(url: str, seed: int, done: asyncio.Event, figures: Figures) -> None:
    """One visitor, until `done`."""
    rng = random.Random(seed)
    while not done.is_set():
        try:
            async with connect(url, user_agent_header=f"visitor {seed}") as socket:
                await do_things(Visitor(socket, figures), rng, done)
        except (ConnectionClosed, OSError) as error:
            figures.errors[f"socket: {error!r:.80}"] += 1
            await asyncio.sleep(1)


async def do_things(visitor: Visitor, rng: random.Random, done: asyncio.Event) -> None:
    while not done.is_set():
        await pause(done, rng.uniform(1, 8))
        kind = rng.random()
        if kind < 0.5:
            name, question = rng.choice(list(drags(rng)))
            for _ in range(12):
                if done.is_set():
                    return
                await visitor.ask(name, question(), is_hot=True)
                await asyncio.sleep(rng.uniform(0.03, 0.06))
        elif kind < 0.9:
            await visitor.ask(*rng.choice(others(rng)))
        else:
            await play(visitor, rng, done)


async def play(visitor: Visitor, rng: random.Random, done: asyncio.Event) -> None:
    """A few seconds of a game."""
    begun = await visitor.ask("gan_game.begin", {"target": "ring", "seed": rng.randrange(1000)})
    for _ in range(60):
        if done.is_set() or "game" not in begun:
            return
        data = {"game": begun["game"], "who": "both", "n": 4}
        answer = await visitor.ask("gan_game.play", data, is_hot=True)
        if answer.get("ended"):
            visitor._figures.errors[f"game ended: {answer['ended']}"] += 1
            return
        await asyncio.sleep(max(0.016, answer.get("wait") or 0.0))


async def pause(done: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), seconds)


# Those who mean harm: each does so again and again, until it is cancelled.


async def bombs(url: str) -> None:
    """Pictures whose header says more pixels than anybody has memory for, and large ones."""
    flat = io.BytesIO()
    Image.new("RGBA", (3990, 4000)).save(flat, "PNG")
    huge = bytearray(flat.getvalue())
    huge[16:24] = struct.pack(">II", 9400, 9400)
    huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
    files = [base64.b64encode(data).decode() for data in (huge, flat.getvalue())]
    async with connect(url) as socket:
        for k in range(10**9):
            message = json.dumps([k, "pixels_color.open", {"file": files[k % 2]}])
            await socket.send(message)
            if k % 4 == 3:
                await socket.recv()


async def sheets(url: str) -> None:
    """Ten sockets that ask for the slowest sheets."""

    async def one(n: int) -> None:
        async with connect(url) as socket:
            for k in range(10**9):
                for j in range(4):
                    data = {"model": "nade-orderless-mnist", "seed": 10**6 * n + 4 * k + j}
                    await socket.send(json.dumps([k, "compare_sheets.sheet", data]))
                for _ in range(4):
                    while json.loads(await socket.recv())[1] is None:
                        pass
                await asyncio.sleep(0.5)

    await asyncio.gather(*(one(n) for n in range(10)))


async def leavers(url: str) -> None:
    """Twenty sockets with four fills each, closed at once."""
    rng = random.Random(0)
    for k in range(10**9):
        for n in range(20):
            async with connect(url) as socket:
                for j in range(4):
                    data = {"x": digit(rng), "hole": known(0), "n": 16, "seed": k}
                    data |= {"order": "random", "seed": 100 * n + j}
                    await socket.send(json.dumps([j, "orderless.fill", data]))
        await asyncio.sleep(5)


async def games(url: str) -> None:
    """Sixty-four games from one socket, again and again."""
    async with connect(url) as socket:
        for k in range(10**9):
            await socket.send(json.dumps([k, "gan_game.begin", {"seed": k}]))
            while json.loads(await socket.recv())[1] is None:
                pass
            if k % 64 == 63:
                await asyncio.sleep(1)


async def deaf(url: str) -> None:
    """A socket that asks and never reads, and another when it is closed."""
    while True:
        async with connect(url, max_queue=1) as socket:
            with suppress(ConnectionClosed):
                for k in range(10**9):
                    data = {"model": "vae-mnist-2d"}
                    await socket.send(json.dumps([k, "vae_map.start", data]))
                    await asyncio.sleep(0.005)
        await asyncio.sleep(0.5)


async def noise(url: str) -> None:
    """Messages of every wrong form."""
    wrong = ["", "x", "[]", "[1,2]", "[" * 50_000, '[1,"nade.look",{"x":1,"i":1e999}]']
    for k in range(10**9):
        async with connect(url) as socket:
            with suppress(ConnectionClosed, TimeoutError):
                await socket.send(wrong[k % len(wrong)])
                await asyncio.wait_for(socket.recv(), 1)
        await asyncio.sleep(0.05)


async def haste(url: str) -> None:
    """As many quick calls as one socket takes."""
    async with connect(url) as socket:
        for k in range(10**9):
            data = {"model": "vae-mnist-2d", "z": [0.1, 0.2]}
            await socket.send(json.dumps([k, "vae_map.decode", data]))
            if k % 8 == 7:
                for _ in range(8):
                    await socket.recv()


async def crowd(url: str) -> None:
    """Two hundred sockets that do nothing."""
    while True:
        sockets = [await connect(url).__aenter__() for _ in range(200)]
        await asyncio.sleep(10)
        for socket in sockets:
            await socket.close()


async def uploads(url: str) -> None:
    """Files for a route that no tab uses, and answers of endpoints that are never fetched."""
    http = url.replace("ws", "http", 1).removesuffix(live.PATH)
    file = b'--b\r\nContent-Disposition: form-data; name="files"; filename="f"\r\n\r\n'
    file += b"0" * 4_000_000 + b"\r\n--b--\r\n"
    call = json.dumps({"data": ["dcgan-avatars"]}).encode()

    def post(path: str, body: bytes, kind: str) -> None:
        request = urllib.request.Request(http + path, body, {"Content-Type": kind})
        with suppress(OSError), urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()

    while True:
        kind = "multipart/form-data; boundary=b"
        await asyncio.to_thread(post, "/gradio_api/upload", file, kind)
        await asyncio.to_thread(post, "/gradio_api/call/compare_sheet", call, "application/json")
        await asyncio.sleep(0.2)


HOSTILE: dict[str, Callable[[str], Awaitable[None]]] = {
    f.__name__: f for f in (bombs, sheets, leavers, games, deaf, noise, haste, crowd, uploads)
}


async def persist(attack: Callable[[str], Awaitable[None]], url: str) -> None:
    """One who is thrown out comes again."""
    while True:
        with suppress(ConnectionClosed, OSError, TimeoutError):
            await attack(url)
        await asyncio.sleep(0.2)


def resident(pid: int) -> float:
    """MB of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    kB = next(int(s.split()[1]) for s in status.splitlines() if s.startswith("VmRSS"))
    return kB / 1024


async def watch(pids: Sequence[int], folder: Path, figures: Figures) -> None:
    start = time.monotonic()
    while True:
        with suppress(OSError, StopIteration):
            now = time.monotonic() - start
            figures.memory.append((round(now, 1), sum(map(resident, pids))))
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            figures.disk.append((round(now, 1), size / 1e6))
        await asyncio.sleep(1)


async def recovery(url: str) -> float | None:
    """Seconds from now until a question of the hot path is answered within QUICK, three times in a
    row; None where that takes longer than PATIENCE."""
    left = time.perf_counter()
    async with connect(url) as socket:
        one, n = Visitor(socket, Figures()), 0
        while (start := time.perf_counter()) - left < PATIENCE:
            await one.ask("vae_map.decode", {"model": "vae-mnist-2d", "z": [0.5, 0.5]}, True)
            if time.perf_counter() - start > QUICK:
                n = 0
            elif (n := n + 1) == 1:
                since = start - left
            elif n == 3:
                return since
            await asyncio.sleep(0.05)
    return None


async def run(
    url: str, pids: Sequence[int], folder: Path, arguments: argparse.Namespace
) -> Figures:
    figures, warm = Figures(), Figures()
    watching = asyncio.create_task(watch(pids, folder, figures))
    rng = random.Random(0)
    # As many sockets as may be needed to come to each process.
    for k in range(1 if len(pids) == 1 else 4 * len(pids)):
        async with connect(url, user_agent_header=f"first {k}") as socket:  # loads the models
            first = Visitor(socket, warm)
            for name, question in drags(rng):
                await first.ask(name, question())
            if arguments.warm:
                for asked in others(rng):
                    await first.ask(*asked)
    done = asyncio.Event()
    people = [visit(url, seed, done, figures) for seed in range(arguments.n)]
    working = [asyncio.create_task(one) for one in people]
    harm = [asyncio.create_task(persist(HOSTILE[kind], url)) for kind in arguments.hostile or ()]
    await asyncio.sleep(arguments.seconds)
    figures.left = figures.waiting
    done.set()  # who is cancelled at the very moment of an answer may not notice
    for task in (*harm, *working):
        task.cancel()
    # Not awaited: a socket that is being closed waits for the server's word.
    figures.recovery = await recovery(url)
    await asyncio.wait([*harm, *working], timeout=PATIENCE)
    await asyncio.sleep(arguments.after)
    watching.cancel()
    return figures


def percentiles(times: list[float]) -> dict[str, float]:
    if len(times) < 2:
        return {"n": len(times)}
    cuts = statistics.quantiles(times, n=20, method="inclusive")
    return {"n": len(times), "p50": cuts[9], "p95": cuts[18], "max": max(times)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=50, help="visitors")
    parser.add_argument("--seconds", type=float, default=300.0, help="how long")
    parser.add_argument("--after", type=float, default=5.0, help="seconds watched afterwards")
    parser.add_argument("--warm", action="store_true", help="ask for everything once before")
    parser.add_argument(
        "--hostile", nargs="*", choices=list(HOSTILE), help="those who mean harm; all by default"
    )
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--at", metavar="URL", help="of an app that is served already")
    parser.add_argument("--pid", type=int, nargs="+", help="the processes that serve it")
    arguments = parser.parse_args()
    if (arguments.at is None) != (arguments.pid is None):
        parser.error("--at and --pid go together")
    if arguments.hostile == []:
        arguments.hostile = list(HOSTILE)

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        at, pids = arguments.at, arguments.pid
        if at is None:
            at, pid = stack.enter_context(running(GRADIO_TEMP_DIR=folder))
            pids = [pid]
        url = at.rstrip("/").replace("http", "ws", 1) + live.PATH
        figures = asyncio.run(run(url, pids, Path(folder), arguments))

    within = sum(word <= 1000 * WORD for word in figures.words)
    memory = [mb for _, mb in figures.memory]
    result = {
        "unit": "ms",
        "visitors": arguments.n,
        "seconds": arguments.seconds,
        "hostile": arguments.hostile or [],
        "load": os.getloadavg()[0],
        "hot path": percentiles(figures.hot),
        "other calls": percentiles(figures.slow),
        "first word": percentiles(figures.words),
        "a word within 2 s": within / max(1, len(figures.words)),
        "busy": dict(figures.busy),
        "errors": dict(figures.errors),
        "memory, MB": {"first": memory[0], "most": max(memory), "last": memory[-1]},
        "not answered when all left": figures.left,
        "recovery, s": figures.recovery,
        "temporary files, MB": max(mb for _, mb in figures.disk),
        "memory over time": figures.memory,
        "disk over time": figures.disk,
    }
    for name in ("hot path", "other calls", "first word"):
        told = result[name]
        assert isinstance(told, dict)
        shown = "".join(f"{told.get(key, 0):10.1f}" for key in ("p50", "p95", "max"))
        print(f"{name:<14} {told['n']:>7} calls  p50, p95, max in ms: {shown}")
    print(f"a word within {WORD:.0f} s: {100 * within / max(1, len(figures.words)):.1f} %")
    print(f"told busy: {sum(figures.busy.values())}; errors: {dict(figures.errors) or 'none'}")
    print(f"asked: {sum(figures.asked.values())}; not answered when all left: {figures.left}")
    print(f"quick again after {figures.recovery or float('nan'):.1f} s")
    print(f"memory: {memory[0]:.0f} MB at first, {max(memory):.0f} at most, {memory[-1]:.0f} last")
    print(f"temporary files: {result['temporary files, MB']:.1f} MB at most")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
