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
        decay: of a parameter's average after it has moved t times, at least 1; early on it is
            t / (9 + t), so that the random start is soon forgotten, also of what is trained only
            from some step on. 0 follows the weights themselves.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.n_updates = 0
        self.average = {name: p.detach().clone() for name, p in model.named_parameters()}
        self.still: dict[str, int] = dict.fromkeys(self.average, 0)
        """Of each parameter, the updates before it first moved."""

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        together: dict[int, list[tuple[Tensor, Tensor]]] = {}
        for name, p in model.named_parameters():
            average, now = self.average[name], p.detach()
            if self.still[name] == self.n_updates and torch.equal(average, now):
                self.still[name] += 1
            else:
                together.setdefault(self.still[name], []).append((average, now))
        self.n_updates += 1
        for still, pairs in together.items():
            t = self.n_updates - still
            averages, parameters = zip(*pairs, strict=True)
            torch._foreach_lerp_(averages, parameters, 1 - min(self.decay, t / (9 + t)))

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
            **{f"still.{k}": n for k, n in self.still.items()},
        }

    def load_state_dict(self, state: dict) -> None:
        self.n_updates = int(state["n_updates"])
        for name, value in self.average.items():
            value.copy_(state[f"average.{name}"])
            self.still[name] = int(state[f"still.{name}"])
