"""Train a recipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.data import load_images
from genzoo.data.batches import seeded
from genzoo.recipes.base import Recipe
from genzoo.roles import Classifier, pictures
from genzoo.train import train


@dataclass(frozen=True)
class Trained:
    """A model with its averaged weights, and what its training took."""

    model: nn.Module
    images_seen: int
    seconds: float
    evaluation: dict[str, float]


def run(
    recipe: Recipe,
    folder: Path,
    *,
    device: str = "cpu",
    resume: bool = False,
    progress_bar: bool = True,
) -> Trained:
    """Train `recipe` in `folder`; see `genzoo.train.train` for what is left there."""
    torch.manual_seed(recipe.settings.seed)  # of the first weights
    objective = recipe.build_objective()

    def sheet(model: nn.Module) -> Tensor:
        return pictures(model, 64, generator=seeded(recipe.settings.seed, 3))

    hyperparameters: dict[str, Any] = {"recipe": recipe.name, **recipe.hyperparameters()}
    result = train(
        objective,
        recipe.settings,
        load_images(recipe.data, "train"),
        load_images(recipe.data, "test"),
        folder,
        hyperparameters,
        device=device,
        resume=resume,
        pictures=None if isinstance(objective.model, Classifier) else sheet,
        progress_bar=progress_bar,
    )
    model = objective.model.to("cpu").eval()
    return Trained(model, result["images_seen"], result["seconds"], result["evaluation"])
