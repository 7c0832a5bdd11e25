"""Measure a model of a recipe on the test or the validation split, as its role says."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch

from genzoo.data import ImageSet, load_images
from genzoo.metrics import Evaluation, K, Metric, speed_metrics
from genzoo.recipes.base import Recipe
from genzoo.roles import Evaluator, Model

METRIC_PARTS = ("model", "bound", "pictures", "speed")
"""What is measured: by the model's role; a bound on log p(x) by many samples of z, which takes
long; its pictures, by a judge; how long these take."""

SPLITS = ("test", "validation")
"""What may be measured on."""


def judged_as(data: str) -> str:
    """The data set whose judge, "judge-<name>", judges pictures of the data set `data`."""
    return data.removesuffix("-unpaired")


def evaluate(
    recipe: Recipe,
    model: Model,
    *,
    split: str = "test",
    device: str = "cpu",
    n_images: int | None = None,
    k: int = K,
    judge: Evaluator | None = None,
    parts: Collection[str] = METRIC_PARTS,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Metric]:
    """Metrics on a split, which is binarized once from the fixed seed.

    Args:
        recipe: names the data set, its preprocessing and whether validation images were held out.
        model: any model of it; it is left on `device`.
        split: "test" for what is published, "validation" for what is chosen by it. The settings of
            the metrics name it, and say so where the model has learned from validation images.
            References of training images are then without these.
        device: where to compute, as torch names it.
        n_images: only so many, at random but always the same ones; the setting then says so.
        k: samples of the importance-weighted bound, at least 1.
        judge: an evaluator network of the same data, on any device, whose features measure
            pictures and edits; without it they are not measured.
        parts: of METRIC_PARTS, those that are wanted.
        progress: told the fraction done, 0 to 1.

    Raises:
        ValueError: on another split.
        DataError: when the data set cannot be read.
    """
    if split not in SPLITS:
        raise ValueError(f"Models are measured on {' or '.join(SPLITS)} images, not {split!r}.")
    model = model.to(device).eval()
    held_out = recipe.settings.hold_out

    def load(which: str) -> ImageSet:
        """What is measured on and what it is held against have no image in common."""
        apart = which == "train" and split == "validation"
        return load_images(recipe.data, which, hold_out=held_out or apart)

    on = Evaluation(
        data=recipe.data,
        preprocessing=recipe.settings.preprocessing,
        split=split,
        load=load,
        device=torch.device(device),
        n_images=n_images,
        k=k,
        judge=judge,
        # The same ones whether validation images are held out, and however the faces are paired.
        standard=lambda: load_images(judged_as(recipe.data), "train", hold_out=True),
        progress=progress,
    )
    metrics: list[Metric] = []
    if "model" in parts:
        metrics += model.metrics(on)
    if "bound" in parts:
        metrics += model.bound_metrics(on)
    if "pictures" in parts:
        metrics += model.picture_metrics(on)
    if "speed" in parts and (make := model.maker(on)) is not None:
        metrics += speed_metrics(make)
    return metrics
