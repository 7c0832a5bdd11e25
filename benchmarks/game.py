"""A step of the game in the plane: by its own gradients, and by autograd, in one run.

    python -m benchmarks.game [-n STEPS] [--json FILE]

Both sides play the page's own game from the same first weights, in turns, on one thread: once
without a pause, and once as a visitor's moves come, after pauses in which the processor's caches
fill with other things.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from demo_app.services.plane_game import PlaneGame
from genzoo.models import GAN
from genzoo.objectives import AdversarialGame, Update

N_POINTS = 128
PAUSE = 0.045
"""Seconds from one move of a hand to the next."""

RULES = dict(loss="non-saturating", penalty="r1", weight=0.024, lr=0.002, lr_critic=0.004)


def by_hand() -> dict[str, Callable[[], object]]:
    game, real = PlaneGame(**RULES), torch.rand(N_POINTS, 2)  # type: ignore[arg-type]
    return {
        "critic": lambda: game.step_critic(real),
        "generator": lambda: game.step_generator(N_POINTS),
    }


def by_autograd() -> dict[str, Callable[[], object]]:
    model, real = GAN((1, 1, 2), 2, 64, 2), torch.rand(N_POINTS, 1, 1, 2)
    objective = AdversarialGame(model, width=64, **RULES)  # type: ignore[arg-type]
    update = Update(objective.optimizers())

    def generate() -> torch.Tensor:
        return model.generate(model.draw_z(N_POINTS))

    def critic() -> None:
        with torch.no_grad():
            fake = generate()
        u = torch.rand(N_POINTS)
        objective.step_critic(real, fake, u, update, objective.weight)

    return {
        "critic": critic,
        "generator": lambda: objective.step_generator(generate(), update),
    }


def measure(n: int, pause: float) -> dict[str, dict[str, float]]:
    """The median ms of a step of each side, by either, and how many times the one is the other."""
    sides = {"by_hand": by_hand(), "by_autograd": by_autograd()}
    result = {}
    for who in ("critic", "generator"):
        times: dict[str, list[float]] = {name: [] for name in sides}
        for k in range(n + 10):
            for name, steps in sides.items():
                time.sleep(pause)
                started = time.perf_counter()
                steps[who]()
                if k >= 10:  # the first ones warm the code up
                    times[name].append(1e3 * (time.perf_counter() - started))
        medians = {name: statistics.median(one) for name, one in times.items()}
        result[who] = {**medians, "ratio": medians["by_autograd"] / medians["by_hand"]}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=150, help="steps of each side, by either")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    parts = {
        "one after the other": measure(arguments.n, 0.0),
        "after pauses": measure(arguments.n, PAUSE),
    }
    print(f"{'ms a step, medians':<34}{'by hand':>10}{'autograd':>10}{'ratio':>8}")
    for name, sides in parts.items():
        for who, r in sides.items():
            title = f"{name}, {who}"
            print(f"{title:<34}{r['by_hand']:10.2f}{r['by_autograd']:10.2f}{r['ratio']:8.1f}")
    if arguments.json:
        told = {"threads": 1, "torch": torch.__version__, "points": N_POINTS, "parts": parts}
        arguments.json.write_text(json.dumps(told, indent=2) + "\n")


if __name__ == "__main__":
    main()
