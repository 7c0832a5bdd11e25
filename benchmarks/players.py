"""Twenty visitors in the game at once, while another reads another tab.

    python -m benchmarks.players [-n PLAYERS] [--seconds S] [--json FILE] [--check]

Starts the app with the releases that are there. Each player is a socket of its own, as the page
opens it (see demo_app/live.py), that begins a game of the GAN tab and plays it at the page's
fastest: the next question leaves 16 ms after an answer, or when the answer says. Beside them one
visitor asks the functions of other tabs, one after the other, each 50 to 100 ms after the last
answer, first with nobody in the game and then with all players.

Prints the times of the other tabs' answers and what each player got, and the same as JSON, or
writes that to FILE.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect

from benchmarks.latency import served
from demo_app import live, wire

TARGET = {"p95": 200.0}
FRAME = 0.016
"""Seconds from an answer to the next question of a page that plays at its fastest."""

STEPS = 4
"""Of a question then."""


class Visitor:
    """One open socket."""

    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self._calls = 0

    def ask(self, name: str, data: Mapping[str, Any]) -> tuple[dict[str, Any], float]:
        """The answer, and the seconds that it took."""
        self._calls += 1
        start = time.perf_counter()
        self._socket.send(json.dumps([self._calls, name, data]))
        answer = None
        while answer is None:  # meanwhile it may be told how long it will take
            _, answer, *_ = json.loads(self._socket.recv(60))
        seconds = time.perf_counter() - start
        if not answer["ok"]:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer, seconds


def questions(rng: random.Random) -> dict[str, Callable[[], dict[str, Any]]]:
    """Of other tabs: a name, and what to ask it."""

    def digit() -> str:
        return wire.pack_bits(np.array([rng.random() < 0.2 for _ in range(784)]))

    def place() -> list[float]:
        return [rng.uniform(-2, 2) for _ in range(2)]

    return {
        "nade.look": lambda: {"x": digit(), "i": rng.randrange(784)},
        "vae_map.decode": lambda: {"model": "vae-mnist-2d", "z": place()},
        "aae_plane.decode": lambda: {"model": "aae-mnist", "z": place()},
    }


def read_other_tabs(url: str, seconds: float, seed: int = 0) -> dict[str, list[float]]:
    """Milliseconds of each answer."""
    rng = random.Random(seed)
    asked = questions(rng)
    times: dict[str, list[float]] = {name: [] for name in asked}
    with connect(url) as socket:
        visitor = Visitor(socket)
        for name, question in asked.items():  # loads the models
            visitor.ask(name, question())
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for name, question in asked.items():
                times[name].append(1000 * visitor.ask(name, question())[1])
                time.sleep(rng.uniform(0.05, 0.1))
    return times


def play(url: str, seed: int, done: threading.Event, result: dict[str, Any]) -> None:
    """One player, until `done`; result gets its steps, the times of its answers, its refusals."""
    steps, waits, times = 0, 0, []
    with connect(url) as socket:
        visitor = Visitor(socket)
        game = visitor.ask("gan_game.begin", {"target": "ring", "seed": seed})[0]["game"]
        calls = 0
        while not done.is_set():
            show = ["measure"] if calls % 6 == 0 else []
            data = {"game": game, "who": "both", "n": STEPS, "show": show}
            answer, seconds = visitor.ask("gan_game.play", data)
            if answer["ended"]:
                raise RuntimeError(f"The game ended: {answer['ended']}.")
            calls += 1
            if answer["wait"] > 0:
                waits += 1
                done.wait(answer["wait"])
            else:
                steps += STEPS
                times.append(1000 * seconds)
                done.wait(FRAME)
    result.update(steps=steps, waits=waits, times=times)


def summary(times: list[float]) -> dict[str, float]:
    return {
        "n": len(times),
        "p50": statistics.median(times),
        "p95": statistics.quantiles(times, n=20)[-1],
        "max": max(times),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=20, help="players")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each part")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--check", action="store_true", help="fail when a target is missed")
    arguments = parser.parse_args()

    with served() as address:
        url = address.replace("http", "ws") + live.PATH
        quiet = read_other_tabs(url, arguments.seconds)
        done = threading.Event()
        results: list[dict[str, Any]] = [{} for _ in range(arguments.n)]
        players = [
            threading.Thread(target=play, args=(url, seed, done, result))
            for seed, result in enumerate(results)
        ]
        start = time.perf_counter()
        for player in players:
            player.start()
        time.sleep(2)
        busy = read_other_tabs(url, arguments.seconds, seed=1)
        done.set()
        for player in players:
            player.join()
        seconds = time.perf_counter() - start
    if not all(results):
        sys.exit("a player was sent away")

    rates = [result["steps"] / seconds for result in results]
    answers = [t for result in results for t in result["times"]]
    figures = {
        "unit": "ms",
        "load": os.getloadavg()[0],
        "target": TARGET,
        "players": arguments.n,
        "other tabs": {
            name: {"alone": summary(quiet[name]), "with players": summary(busy[name])}
            for name in quiet
        },
        "players' own answers": summary(answers),
        "steps a second": {"least": min(rates), "most": max(rates), "all": sum(rates)},
    }
    print(f"{'ms':<22} {'alone':>16} {f'{arguments.n} players':>24}")
    print(f"{'':<22} {'p50':>8}{'p95':>8} {'p50':>8}{'p95':>8}{'max':>8}")
    for name in quiet:
        a, b = summary(quiet[name]), summary(busy[name])
        print(
            f"{name:<22} {a['p50']:8.1f}{a['p95']:8.1f} "
            f"{b['p50']:8.1f}{b['p95']:8.1f}{b['max']:8.1f}"
        )
    print(f"{'target':<22} {'':>16} {'':>8}{TARGET['p95']:8.1f}")
    own = summary(answers)
    print(f"{'the game itself':<22} {'':>16} {own['p50']:8.1f}{own['p95']:8.1f}{own['max']:8.1f}")
    print(
        f"steps a second: {min(rates):.1f} to {max(rates):.1f} a player, {sum(rates):.0f} in all; "
        f"load of the machine {os.getloadavg()[0]:.1f}"
    )
    text = json.dumps(figures, indent=2)
    if arguments.json:
        with open(arguments.json, "w") as file:
            file.write(text + "\n")
    else:
        print(text)
    missed = [name for name in busy if summary(busy[name])["p95"] > TARGET["p95"]]
    if arguments.check and missed:
        sys.exit(f"target missed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
