"""Measure a model of a recipe on the test split, as its role says."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import torch

from genzoo.data import load_images
from genzoo.metrics import Evaluation, Metric, speed_metrics
from genzoo.recipes.base import Recipe
from genzoo.roles import Evaluator, Model

METRIC_PARTS = ("model", "pictures", "speed")
"""What is measured: by the model's role; its pictures, by a judge; how long these take."""


def evaluate(
    recipe: Recipe,
    model: Model,
    *,
    device: str = "cpu",
    n_images: int | None = None,
    k: int = 500,
    judge: Evaluator | None = None,
    parts: Collection[str] = METRIC_PARTS,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Metric]:
    """Metrics on the test split, which is binarized once from the fixed seed.

    Args:
        recipe: names the data set and its preprocessing.
        model: any model of it; it is left on `device`.
        device: where to compute, as torch names it.
        n_images: only the first so many; the setting then says so.
        k: samples of the importance-weighted bound, at least 1.
        judge: an evaluator network of the same data, on any device, whose features measure
            pictures and edits; without it they are not measured.
        parts: of METRIC_PARTS, those that are wanted.
        progress: told the fraction done, 0 to 1.

    Raises:
        DataError: when the data set cannot be read.
    """
    model = model.to(device).eval()
    on = Evaluation(
        data=recipe.data,
        preprocessing=recipe.settings.preprocessing,
        split=partial(load_images, recipe.data),
        device=torch.device(device),
        n_images=n_images,
        k=k,
        judge=judge,
        progress=progress,
    )
    metrics: list[Metric] = []
    if "model" in parts:
        metrics += model.metrics(on)
    if "pictures" in parts:
        metrics += model.picture_metrics(on)
    if "speed" in parts and (make := model.maker(on)) is not None:
        metrics += speed_metrics(make)
    return metrics
