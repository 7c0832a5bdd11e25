"""Train a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genzoo.data import load_images
from genzoo.data.batches import seeded
from genzoo.recipes.base import Recipe
from genzoo.roles import Model
from genzoo.train import alone_in, train


@dataclass(frozen=True)
class Origin:
    """A release whose weights a training starts from: its recipe, the hash of its weights, the
    images and the seconds of its own training, and of what that started from."""

    release: str
    sha256: str
    images_seen: int
    training_seconds: float


@dataclass(frozen=True)
class Trained:
    """A model with its averaged weights, and what its training took, together with that of what
    it started from."""

    model: Model
    images_seen: int
    seconds: float
    evaluation: dict[str, float]
    snapshots: dict[int, Tensor]
    """By the number of images seen, for models with something to keep; see `Model.snapshot`."""
    recipe: Recipe
    """As it was trained: with the warm-up's fraction of an extended run."""
    origin: Origin | None = None
    """What it started from, where that was a release."""


def run(
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    progress_bar: bool = True,
    trained: Mapping[str, Model] | None = None,
    init: tuple[Model, Origin] | None = None,
) -> Trained:
    """Train `recipe` in `folder`; see `genzoo.train.train` for what is left there, and
    `Recipe.needs` for what must be `trained` before.

    Args:
        resume: whether to go on from the run's last state; if it was a training of fewer images,
            it is extended.
        init: a model of the same class and shape, whose weights are the first ones, and where they
            are from. All else begins anew: critics, optimizers, schedules, the order of images. A
            resumed run has it in its state.

    Raises:
        RunStateError: when another process trains in `folder`; and as `genzoo.train.train`.
    """
    seed = recipe.settings.seed
    torch.manual_seed(seed)  # of the first weights
    objective = recipe.build_objective(**(trained or {}))
    model = objective.model
    if init is not None:
        model.load_state_dict(init[0].state_dict())
    # The curve, the sheets and what is kept: all by validation images, never by those of a test.
    hold_out = recipe.settings.hold_out
    validation_set = load_images(recipe.data, "validation", hold_out=hold_out)
    keep = model.snapshot(validation_set, recipe.settings.preprocessing, seed)
    hyperparameters: dict[str, Any] = {"recipe": recipe.name, **recipe.hyperparameters()}
    with alone_in(folder, resume):
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
            origin=None if init is None else asdict(init[1]),
            progress_bar=progress_bar,
        )
    origin = None if result["origin"] is None else Origin(**result["origin"])
    before = 0 if origin is None else origin.images_seen
    return Trained(
        model=model.to("cpu").eval(),
        images_seen=before + result["images_seen"],
        seconds=result["seconds"] + (0.0 if origin is None else origin.training_seconds),
        evaluation=result["evaluation"],
        snapshots={before + seen: kept for seen, kept in result["snapshots"].items()},
        recipe=replace(recipe, settings=replace(recipe.settings, warmup=result["warmup"])),
        origin=origin,
    )
