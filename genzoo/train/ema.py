"""An exponential moving average of the weights: what is evaluated and released."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class EMA:
    """Averages of a model's parameters; buffers are the model's own.

    Args:
        model: whose parameters are followed.
        decay: of the average after one step; early on it is (1 + t) / (10 + t), so that the
            random start is soon forgotten. 0 follows the weights themselves.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.n_updates = 0
        self.average = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        decay = min(self.decay, (1 + self.n_updates) / (10 + self.n_updates))
        self.n_updates += 1
        average = list(self.average.values())
        if not average:  # a model that only counts
            return
        torch._foreach_lerp_(average, [p.detach() for p in model.parameters()], 1 - decay)

    @contextmanager
    def swapped_into(self, model: nn.Module) -> Iterator[None]:
        """Within the context the model has the averaged weights; after it its own again."""
        parameters = dict(model.named_parameters())
        own = {name: p.data for name, p in parameters.items()}
        try:
            for name, p in parameters.items():
                p.data = self.average[name]
            yield
        finally:
            for name, p in parameters.items():
                p.data = own[name]

    def state_dict(self) -> dict[str, Tensor | int]:
        return {
            "n_updates": self.n_updates,
            **{f"average.{k}": v for k, v in self.average.items()},
        }

    def load_state_dict(self, state: dict) -> None:
        self.n_updates = int(state["n_updates"])
        for name, value in self.average.items():
            value.copy_(state[f"average.{name}"])
