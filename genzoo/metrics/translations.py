"""What translations are like, where the true pairs are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data.batches import fixed_subset, parted, subset_of
from genzoo.data.images import ImageSet
from genzoo.metrics.metric import Metric, bootstrap
from genzoo.metrics.pictures import nearness
from genzoo.metrics.samples import Standardized, classified, features

if TYPE_CHECKING:
    from genzoo.roles import AttributeClassifier, UnpairedTranslator


@torch.inference_mode()
def translation_metrics(
    model: UnpairedTranslator,
    judge: AttributeClassifier | None,
    data: ImageSet,
    train: ImageSet,
    standardized: Standardized | None,
    progress: Callable[[float], None] = lambda fraction: None,
    batch: int = 50,
) -> list[Metric]:
    """Of the pairs of `data`, x above y along the channels.

    Errors are mean absolute ones of pixels in [0, 1]: of what is made of x from the true y, and
    of what comes back. What is made of y has no one truth: the judge, where there is one, reads
    each of its attributes. And it tells how far what is made of the y of a random half of the
    pairs is from the x of the others, with training images as the reference.
    """
    both, label = data.scaled(), data.labels
    N, C = len(both), model.event_shape[0]
    device = model.device
    there, again_x, again_y, made = [], [], [], []

    def error(a: Tensor, b: Tensor) -> Tensor:
        return (a - b).abs().flatten(1).mean(1).cpu()

    for s in range(0, N, batch):
        x, y = both[s : s + batch].to(device).split([C, both.shape[1] - C], dim=1)
        made_y, made_x = model.forth(x).clamp(0, 1), model.back(y).clamp(0, 1)
        there.append(error(made_y, y))
        again_x.append(error(model.back(made_y), x))
        again_y.append(error(model.forth(made_x), y))
        made.append(made_x.cpu())
        progress(min(1.0, (s + batch) / N))
    of = data.counted(N)
    setting = f"mean absolute error, pixels in [0, 1], {of}"
    metrics = [
        bootstrap("forth_error", torch.cat(there), "", f"from the true pair, {setting}"),
        bootstrap("cycle_error", torch.cat(again_x), "", f"there and back, {setting}"),
        bootstrap("cycle_error_other", torch.cat(again_y), "", f"back and there, {setting}"),
    ]
    if judge is None or standardized is None:
        return metrics
    seen = features(judge, torch.cat(made))
    parts = classified(judge, seen).split(judge.n_values, dim=1)
    for name, logits, true in zip(data.classes, parts, label.unbind(1), strict=True):
        right = 100.0 * (logits.argmax(1) == true)
        read = f"as the judge reads what is made of the other kind, {of}"
        metrics.append(bootstrap(f"back_read_{name}", right, "%", read))
    m = N // 2
    made_of, others = parted(data, m)
    return metrics + nearness(
        standardized(features(judge, others.scaled()[:, :C])),
        standardized(seen[fixed_subset(N, m)]),
        standardized(features(judge, subset_of(train, m).scaled()[:, :C])),
        f"{made_of.counted(m)} made of the other kind",
        f"{others.counted(len(others))} that were not translated",
    )
