"""What a training costs: floating-point operations of convolutions and matrix products.

    python -m benchmarks.training_flops progan-avatars dcgan-avatars vae-avatars [--json FILE]

Counted by torch, forward and backward, of all players and penalties, over a few steps at each of
several places of the training: some networks grow on the way, and some penalties come every few
steps. A multiplication with an addition is two operations. Nothing depends on the weights, nor on
the images, so they are noise.
"""

from __future__ import annotations

import argparse
import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from genzoo import recipes
from genzoo.data.batches import Batch, seeded
from genzoo.objectives import Progress, Update
from genzoo.recipes import Recipe

WINDOW = 16
"""Steps at each place: all penalties here come once in as many, or more often."""


class _Whole(nullcontext):
    """In place of the counter's own hooks in modules, which take no second derivatives."""

    parents = frozenset({"Global"})


def training_flops(recipe: Recipe, n_places: int = 20) -> float:
    """Floating-point operations of the whole training of a recipe, whose labels nothing reads."""
    settings = recipe.settings
    objective = recipe.build_objective()
    update = Update(objective.optimizers())
    x = torch.rand(settings.batch_size, *objective.model.event_shape, generator=seeded(0))
    batch = Batch((255 * x).round() / 255, torch.zeros(len(x), dtype=torch.int64))
    n_steps = -(-settings.images // settings.batch_size)
    n_counted = counted = 0
    for place in range(n_places):
        first = round((place + 0.5) / n_places * n_steps) // WINDOW * WINDOW
        counter = FlopCounterMode(display=False)
        counter.mod_tracker = _Whole()  # type: ignore[assignment]
        hooked: AbstractContextManager = counter
        with hooked:
            for step in range(first, first + WINDOW):
                images = step * settings.batch_size
                at = Progress(step, images, settings.images, settings.seed)
                update.at = at
                objective.step(batch, update, at)
        counted += counter.get_total_flops()
        n_counted += WINDOW
    return counted / n_counted * n_steps


def main() -> None:
    parser = argparse.ArgumentParser(description="What trainings cost.")
    parser.add_argument("names", nargs="+", metavar="RECIPE")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    costs = {}
    for name in arguments.names:
        recipe = recipes.get(name)
        costs[name] = flops = training_flops(recipe)
        images = recipe.settings.images
        print(f"{name:<20} {flops:.3e} in all, {flops / images:.3e} an image, {images:,} images")
    if arguments.json:
        arguments.json.write_text(json.dumps(costs, indent=2) + "\n")


if __name__ == "__main__":
    main()
