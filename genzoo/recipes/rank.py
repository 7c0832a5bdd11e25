"""Do two evaluator networks rank models alike?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from genzoo.data import load_images
from genzoo.data.batches import seeded
from genzoo.metrics import Metric
from genzoo.metrics.samples import features, frechet_distance, rank_correlation
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
    n_images: int = 10_000,
    told: Callable[[str], None] = lambda name: None,
) -> Ranking:
    """Rank models by the FID of the same pictures on the features of two evaluators.

    Args:
        models: what loads each, by its name; at least two.
        first, second: evaluators of the same data.
        data: name of the data set, whose test images the pictures are compared with.
        n_images: pictures of each model, and test images, at least 2.
        told: called with the name of each model when it is measured.

    Raises:
        ValueError: when there are fewer than two models.
    """
    if len(models) < 2:
        raise ValueError(f"A ranking is of at least two models; there are {len(models)}.")
    real = load_images(data, "test").scaled(slice(n_images))
    judges = (first, second)
    real_features = [features(judge, real) for judge in judges]
    distances = {}
    for name, load in models.items():
        model, generator = load(), seeded(0)
        sizes = [min(250, len(real) - s) for s in range(0, len(real), 250)]
        pictures = torch.cat([model.pictures(n, generator=generator).cpu() for n in sizes])
        by_first, by_second = (
            frechet_distance(features(judge, pictures), of_real)
            for judge, of_real in zip(judges, real_features, strict=True)
        )
        distances[name] = (by_first, by_second)
        told(name)
    ordered = dict(sorted(distances.items(), key=lambda item: item[1][0]))
    a, b = torch.tensor(list(ordered.values()), dtype=torch.float64).unbind(1)
    rho = rank_correlation(a, b)
    by = f"FIDs of {len(models)} models by both judges, features that are not standardized"
    setting = f"{by}, {len(real)} pictures and test images"
    return Ranking(ordered, Metric("rank_correlation", rho, rho, rho, "", setting))
