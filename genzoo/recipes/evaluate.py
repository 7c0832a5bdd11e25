"""Measure a model of a recipe on the test split, by what roles it has."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genzoo.data import PARTS, load_images
from genzoo.data.binarize import binarize_once
from genzoo.metrics import (
    Figure,
    active_latents,
    bootstrap,
    elbo_split,
    importance_weighted_bound,
)
from genzoo.objectives.likelihood import bits_per_dim
from genzoo.recipes.base import Recipe
from genzoo.roles import ExplicitDensity, LatentVariable

BINARIZATION = {
    "none": "8-bit gray",
    "dynamic": "dynamic binarization",
    "static": "static binarization",
    "threshold": "threshold binarization",
}


def evaluate(
    recipe: Recipe,
    model: nn.Module,
    *,
    device: str = "cpu",
    n_images: int | None = None,
    k: int = 500,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Figure]:
    """Figures on the test split, drawn once from the fixed seed.

    Args:
        n_images: only the first so many; the setting then says so.
        k: samples of the importance-weighted bound.
        progress: told the fraction done.
    """
    data = load_images(recipe.data, "test")
    x = binarize_once(data.scaled(), recipe.settings.binarization)[:n_images]
    D = x[0].numel()
    setting = f"{BINARIZATION[recipe.settings.binarization]}, {len(x)} test images"
    if recipe.data in PARTS:
        setting += f", {PARTS[recipe.data]}"
    model = model.to(device).eval()

    def over_batches(function: Callable[[Tensor], Tensor], batch: int) -> Tensor:
        values = []
        for s in range(0, len(x), batch):
            values.append(function(x[s : s + batch].to(device)).cpu())
            progress(min(1.0, (s + batch) / len(x)))
        return torch.cat(values)

    if isinstance(model, ExplicitDensity):
        with torch.inference_mode():
            nll = -over_batches(model.log_prob, 250)
        return [
            bootstrap("nll", nll, "nats", setting),
            bootstrap("bits_per_dim", bits_per_dim(nll, D), "bits", setting),
        ]
    if isinstance(model, LatentVariable):
        split = over_batches(
            lambda b: torch.cat([t.view(len(b), -1) for t in elbo_split(model, b)], dim=1), 250
        )
        reconstruction, kl = split[:, 0], split[:, 1:]
        bound = -over_batches(lambda b: importance_weighted_bound(model, b, k), 50)
        weighted = f"importance-weighted bound, k = {k}, {setting}"
        return [
            bootstrap("nll_bound", bound, "nats", weighted),
            bootstrap("bits_per_dim_bound", bits_per_dim(bound, D), "bits", weighted),
            bootstrap("negative_elbo", kl.sum(1) - reconstruction, "nats", setting),
            bootstrap("reconstruction", -reconstruction, "nats", setting),
            bootstrap("kl", kl.sum(1), "nats", setting),
            Figure("active_latents", n := float(active_latents(kl).sum()), n, n, "", setting),
        ]
    raise TypeError(f"No figures are defined for {type(model).__name__}.")
