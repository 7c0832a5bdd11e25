"""Do two evaluator networks rank models alike?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from genzoo.data import load_images
from genzoo.data.batches import fixed_subset, seeded
from genzoo.data.preprocessing import preprocess_once
from genzoo.metrics import Metric
from genzoo.metrics.evaluation import BINARY
from genzoo.metrics.metric import FEATURES
from genzoo.metrics.samples import Standardized, features, frechet_distance, rank_correlation
from genzoo.roles import Evaluator, Generative


@dataclass(frozen=True)
class Ranking:
    """FIDs by two evaluators, by the names of the models, in the order of the first; and how well
    the two orders agree."""

    distances: Mapping[str, tuple[float, float]]
    agreement: Metric


@torch.inference_mode()
def rank(
    models: Mapping[str, Callable[[], Generative]],
    first: Evaluator,
    second: Evaluator,
    data: str,
    *,
    preprocessing: Mapping[str, str],
    n_images: int = 10_000,
    told: Callable[[str], None] = lambda name: None,
) -> Ranking:
    """Rank models by the FID of the same samples on the features of two evaluators, each of which
    standardizes them by training images, as everywhere.

    Args:
        models: what loads each, by its name; at least two.
        first, second: evaluators of the same data.
        data: name of the data set, whose test images the samples are compared with.
        preprocessing: of the pixels of each model, by its name: samples of binary pixels are
            compared with binary images.
        n_images: samples of each model, and test images, at least 2.
        told: called with the name of each model when it is measured.

    Raises:
        ValueError: when there are fewer than two models.
    """
    if len(models) < 2:
        raise ValueError(f"A ranking is of at least two models; there are {len(models)}.")
    real, judges = load_images(data, "test").scaled(), (first, second)
    train = load_images(data, "train", hold_out=True)
    standard = [Standardized.by(judge, train) for judge in judges]

    def seen(x: Tensor) -> list[Tensor]:
        return [by(features(judge, x)) for judge, by in zip(judges, standard, strict=True)]

    @cache
    def held_against(preprocessing: str) -> list[Tensor]:
        """Test images that look as samples should."""
        x = preprocess_once(real, preprocessing) if preprocessing in BINARY else real
        return seen(x[fixed_subset(len(x), n_images)])

    distances = {}
    for name, load in models.items():
        model, generator = load(), seeded(0)
        n = min(n_images, len(real))
        sizes = [min(250, n - s) for s in range(0, n, 250)]
        samples = torch.cat([model.sample(size, generator=generator).cpu() for size in sizes])
        by_first, by_second = (
            frechet_distance(made, held)
            for made, held in zip(seen(samples), held_against(preprocessing[name]), strict=True)
        )
        distances[name] = (by_first, by_second)
        told(name)
    ordered = dict(sorted(distances.items(), key=lambda item: item[1][0]))
    a, b = torch.tensor(list(ordered.values()), dtype=torch.float64).unbind(1)
    rho = rank_correlation(a, b)
    by = f"FIDs of {len(models)} models by both judges"
    setting = f"{by}, {FEATURES}, {n} samples and test images"
    return Ranking(ordered, Metric("rank_correlation", rho, rho, rho, "", setting))
