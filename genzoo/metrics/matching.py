"""Which code means which class, when nobody told the model."""

from __future__ import annotations

import torch
from torch import Tensor


def matched(counts: Tensor) -> Tensor:
    """The class of each code, (K,), no two the same, so that as many as can be are right, where
    counts (K, L) is how many images of each class have each code.

    By the best choice for the first codes and each set of classes that they may have taken: exact,
    and quick for the few classes there are.

    Raises:
        ValueError: when there are more codes than classes.
    """
    K, L = counts.shape
    if K > L:
        raise ValueError(f"{K} codes cannot have a class each: there are {L}.")
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0, ())}
    for row in counts.tolist():
        longer: dict[int, tuple[float, tuple[int, ...]]] = {}
        for taken, (right, classes) in best.items():
            for c, n in enumerate(row):
                now = taken | 1 << c
                if now != taken and right + n > longer.get(now, (-1, ()))[0]:
                    longer[now] = (right + n, (*classes, c))
        best = longer
    return torch.tensor(max(best.values())[1])


def tally(code: Tensor, label: Tensor, n_codes: int, n_classes: int) -> Tensor:
    """How many images have each code and each class, (n_codes, n_classes), of both (N,)."""
    return (code * n_classes + label).bincount(minlength=n_codes * n_classes).view(n_codes, -1)
