"""What edits are like: the asked attribute is there, the others are as they were, and the whole is
near to the truth, where the truth can be rendered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data.batches import fixed_subset, parted, seeded, subset_of
from genzoo.data.images import ImageSet
from genzoo.metrics.metric import Metric, bootstrap
from genzoo.metrics.pictures import nearness
from genzoo.metrics.samples import Standardized, classified, features

if TYPE_CHECKING:
    from genzoo.roles import AttributeClassifier, Editor

N_EDITED = 500
"""Faces, or a quarter of all where that is less, that are each edited once in every attribute. How
near to real faces edits are is told by the others."""

Truth = Callable[[Tensor], Tensor]
"""Labels (B, attributes) to the true images of them (B, *event_shape)."""


def other_values(own: Tensor, k: int, n_values: int, generator: torch.Generator) -> Tensor:
    """values own (B, attributes) with that of attribute k another one of its n_values, any as
    likely."""
    step = torch.randint(1, n_values, (len(own),), generator=generator).to(own)
    values = own.clone()
    values[:, k] = (own[:, k] + step) % n_values
    return values


@torch.inference_mode()
def edit_metrics(
    model: Editor,
    judge: AttributeClassifier,
    data: ImageSet,
    train: ImageSet,
    truth: Truth | None,
    standardized: Standardized,
    progress: Callable[[float], None] = lambda fraction: None,
    batch: int = 50,
) -> list[Metric]:
    """Some faces of `data`, each with every attribute changed alone to another value. How near
    the edits are to real faces is by faces that were not edited, and by as many edits at random:
    of few faces there are many edits. Training images scored the same way are the reference.

    Intervals are by resampling edits. An edit must leave every other label as it is, whether the
    model could edit it or not. The way back is an edit of the edited image to the values that the
    first one had.
    """
    n = min(N_EDITED, max(1, len(data) // 4))
    chosen, others = parted(data, n)
    label = chosen.labels
    own = label[:, model.columns]
    device = model.device
    generator = seeded(0)
    asked: dict[str, Tensor] = {}
    kept, near, returned, made = [], [], [], []
    for k, column in enumerate(model.columns):
        values = other_values(own, k, model.n_values[k], generator)
        wanted = label.clone()
        wanted[:, model.columns] = values
        read = []
        for s in range(0, n, batch):
            rows = slice(s, min(n, s + batch))
            x = chosen.scaled(rows).to(device)
            edited = model.edit(x, values[rows].to(device)).clamp(0, 1)
            back = model.edit(edited, own[rows].to(device))
            returned.append((back - x).abs().flatten(1).mean(1).cpu())
            edited = edited.cpu()
            made.append(features(judge, edited))
            read.append(classified(judge, made[-1]))
            if truth is not None:
                error = (edited - truth(wanted[rows])).square().flatten(1).mean(1)
                near.append(-10 * error.clamp(min=1e-6).log10())
            progress((k * n + rows.stop) / (n * len(model.columns)))
        parts = torch.cat(read).split(judge.n_values, dim=1)
        right = torch.stack([p.argmax(1) for p in parts], dim=1) == wanted
        asked[data.classes[column]] = right[:, column]
        rest = [c for c in range(label.shape[1]) if c != column]
        kept.append(right[:, rest].double().mean(1))
    faces = chosen.counted(n)
    each = f"{len(model.columns)} edits of each of {faces}"
    setting = f"as the judge reads them, {each}"
    metrics = [
        bootstrap("edit_read", 100.0 * torch.cat(list(asked.values())), "%", setting),
        bootstrap("edit_kept", 100.0 * torch.cat(kept), "%", setting),
    ]
    if near:
        metrics.append(
            bootstrap("edit_psnr", torch.cat(near), "dB", f"from the true face, {each}")
        )
    back_again = "pixels in [0, 1], mean absolute error of the way back"
    metrics.append(bootstrap("edit_return", torch.cat(returned), "", f"{back_again}, {each}"))
    for name, right in asked.items():
        one = f"as the judge reads it, 1 edit of each of {faces}"
        metrics.append(bootstrap(f"edit_read_{name}", 100.0 * right, "%", one))
    edits = torch.cat(made)
    edits = edits[fixed_subset(len(edits), len(others))]
    m = len(edits)
    return metrics + nearness(
        standardized(features(judge, others.scaled())),
        standardized(edits),
        standardized(features(judge, subset_of(train, m).scaled())),
        f"{m} edits of {faces}",
        f"{others.counted(len(others))} that were not edited",
    )
