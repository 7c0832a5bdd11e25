"""Train a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genzoo.data import load_images
from genzoo.data.batches import seeded
from genzoo.recipes.base import Recipe
from genzoo.roles import Model
from genzoo.train import train


@dataclass(frozen=True)
class Trained:
    """A model with its averaged weights, and what its training took."""

    model: Model
    images_seen: int
    seconds: float
    evaluation: dict[str, float]
    snapshots: dict[int, Tensor]
    """By the number of images seen, for models with something to keep; see `Model.snapshot`."""


def run(
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    progress_bar: bool = True,
    trained: Mapping[str, Model] | None = None,
) -> Trained:
    """Train `recipe` in `folder`; see `genzoo.train.train` for what is left there, and
    `Recipe.needs` for what must be `trained` before."""
    seed = recipe.settings.seed
    torch.manual_seed(seed)  # of the first weights
    objective = recipe.build_objective(**(trained or {}))
    model = objective.model
    # The curve, the sheets and what is kept: all by validation images, never by those of a test.
    hold_out = recipe.settings.hold_out
    validation_set = load_images(recipe.data, "validation", hold_out=hold_out)
    keep = model.snapshot(validation_set, recipe.settings.preprocessing, seed)
    hyperparameters: dict[str, Any] = {"recipe": recipe.name, **recipe.hyperparameters()}
    result = train(
        objective,
        recipe.settings,
        load_images(recipe.data, "train", hold_out=hold_out),
        validation_set,
        folder,
        hyperparameters,
        device=device,
        resume=resume,
        pictures=lambda _: model.preview(validation_set, seeded(seed, 3)),
        snapshot=None if keep is None else lambda _: keep(),
        snapshot_evenly=model.snapshot_evenly,
        progress_bar=progress_bar,
    )
    return Trained(model.to("cpu").eval(), **result)
