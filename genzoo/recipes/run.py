"""Train a recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genzoo.data import ImageSet, load_images
from genzoo.data.batches import fixed_subset, seeded
from genzoo.data.preprocessing import preprocess_once
from genzoo.recipes.base import Recipe
from genzoo.roles import JUDGES, Autoencoder, Editor, Implicit, UnpairedTranslator, pictures
from genzoo.train import train

N_CODES, N_PICTURES = 2000, 36
"""Kept at each of some moments of the training."""


@dataclass(frozen=True)
class Trained:
    """A model with its averaged weights, and what its training took."""

    model: nn.Module
    images_seen: int
    seconds: float
    evaluation: dict[str, float]
    snapshots: dict[int, Tensor]
    """By the number of images seen, for models with something to show; see `snapshot_of`."""


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

    test_set = load_images(recipe.data, "test")

    def sheet(model: nn.Module) -> Tensor:
        if isinstance(model, Editor):
            return edits(model, test_set)
        if isinstance(model, UnpairedTranslator):
            return translations(model, test_set)
        return pictures(model, 64, generator=seeded(recipe.settings.seed, 3))

    snapshot = snapshot_of(objective.model, test_set, recipe)
    hyperparameters: dict[str, Any] = {"recipe": recipe.name, **recipe.hyperparameters()}
    result = train(
        objective,
        recipe.settings,
        load_images(recipe.data, "train"),
        test_set,
        folder,
        hyperparameters,
        device=device,
        resume=resume,
        pictures=None if isinstance(objective.model, JUDGES) else sheet,
        snapshot=snapshot,
        progress_bar=progress_bar,
    )
    model = objective.model.to("cpu").eval()
    return Trained(model, **result)


@torch.inference_mode()
def edits(model: Editor, data: ImageSet) -> Tensor:
    """A row for each of the first eight images: itself, and with one attribute after the other
    changed to its next value, (8 (1 + attributes), *event_shape)."""
    device = next(iter(model.parameters())).device  # type: ignore[attr-defined]
    x, own = data.scaled(slice(8)), data.labels[:8, model.columns]
    columns = [x]
    for k, n in enumerate(model.n_values):
        values = own.clone()
        values[:, k] = (own[:, k] + 1) % n
        columns.append(model.edit(x.to(device), values.to(device)))
    return torch.stack([column.cpu() for column in columns], dim=1).flatten(0, 1)


@torch.inference_mode()
def translations(model: UnpairedTranslator, data: ImageSet) -> Tensor:
    """A row for each of six pairs: x, G(x), F(G(x)), y, F(y), G(F(y)), (36, 3, H, W)."""
    device = next(iter(model.parameters())).device  # type: ignore[attr-defined]
    both = data.scaled(slice(6)).to(device)
    x, y = both.split([model.event_shape[0], model.other_shape[0]], dim=1)
    made_y, made_x = model.forth(x), model.back(y)
    columns = [x, made_y, model.back(made_y), y, made_x, model.forth(made_x)]
    colored = [column.cpu().expand(-1, 3, -1, -1) for column in columns]
    return torch.stack(colored, dim=1).flatten(0, 1)


def snapshot_of(
    model: nn.Module, test_set: ImageSet, recipe: Recipe
) -> Callable[[nn.Module], Tensor] | None:
    """What is kept of a model through its training, if anything: of an auto-encoder the codes of
    some 2,000 test images (`fixed_subset`), (2000, *latent_shape) in float16; of another implicit
    model the pictures of 36 z, always the same, (36, *event_shape) in 8 bits."""
    if isinstance(model, Autoencoder):
        x = preprocess_once(test_set.scaled(), recipe.settings.preprocessing)
        x = x[fixed_subset(len(x), N_CODES)]
        eps = torch.randn(len(x), *model.latent_shape, generator=seeded(recipe.settings.seed, 4))
        return partial(_codes, x=x, eps=eps)
    if isinstance(model, Implicit):
        return partial(_eight_bits, z=model.draw_z(N_PICTURES, seeded(recipe.settings.seed, 4)))
    return None


@torch.inference_mode()
def _codes(model: nn.Module, x: Tensor, eps: Tensor) -> Tensor:
    assert isinstance(model, Autoencoder)
    device = next(model.parameters()).device
    few = zip(x.split(250), eps.split(250), strict=True)
    return torch.cat([model.encode(b.to(device), e.to(device)) for b, e in few]).half()


@torch.inference_mode()
def _eight_bits(model: nn.Module, z: Tensor) -> Tensor:
    assert isinstance(model, Implicit)
    made = model.generate(z.to(next(model.parameters()).device))
    return (255 * made).round().to(torch.uint8)
