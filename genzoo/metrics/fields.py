"""What a conditional really looks at, by differentiation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from genzoo.roles import Autoregressive


def receptive_field(model: Autoregressive, x: Tensor, i: int) -> Tensor:
    """|d logit_i / d x_j| of one image x (1, *event_shape), for every pixel j: (*event_shape).

    It is how fast the log-odds of pixel i change with pixel j, were x_j a real number, and exactly
    zero where no path leads from j to i. i is a flat index, and x is binary.

    Raises:
        ValueError: on more than one image, a pixel outside it, or a model whose logits cannot be
            differentiated with respect to the image, or do not depend on it.
    """
    D = model.order.numel()
    if len(x) != 1:
        raise ValueError(f"A receptive field is of one image at a time, not of {len(x)}.")
    if not 0 <= i < D:
        raise ValueError(f"The pixel must be 0 to {D - 1}, not {i}.")
    # Whatever the caller's mode is, this takes a gradient.
    with torch.inference_mode(False), torch.enable_grad():
        x = x.detach().clone().requires_grad_()
        p = model.conditionals(x)
        logits = getattr(p, "logits", None)
        if logits is None or not logits.requires_grad:
            name = type(model).__name__
            raise ValueError(f"The logits of {name} cannot be differentiated by the image.")
        (gradient,) = torch.autograd.grad(logits.flatten()[i], x, allow_unused=True)
    if gradient is None:
        raise ValueError(f"The logits of {type(model).__name__} do not depend on the image.")
    return gradient[0].abs()
