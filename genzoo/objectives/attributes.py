"""Several attributes of an image, each of which has one of a few values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def attribute_cross_entropy(logits: Sequence[Tensor], label: Tensor) -> Tensor:
    """-log p of the true values label (B, attributes), in nats and summed over the attributes,
    (B,), by the logits of each attribute's values."""
    columns = zip(logits, label.unbind(1), strict=True)
    return torch.stack([F.cross_entropy(a, b, reduction="none") for a, b in columns]).sum(0)
