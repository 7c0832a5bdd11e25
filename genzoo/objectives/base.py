"""An objective says what is minimized, by whom, in what order; an update is written once."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.roles import Model

SCHEDULES = ("constant", "cosine")


class TrainingError(RuntimeError):
    """Training cannot go on; the sentence says why."""


@dataclass
class Progress:
    """Where training stands, and the randomness of this step.

    All noise of a step is a function of (seed, step) and of how much came before it in the
    step; it is sampled for the whole batch, and process `rank` of `world` takes its rows. So a
    resumed run, or one of several processes, sees the noise that a plain run would have seen.

    Args:
        step: steps taken so far, at least 0.
        images: images seen so far, at least 0.
        total_images: images of the whole training, at least 1.
        seed: of the noise, 0 to 2^63 - 1.
        rank, world: this process, 0 to world - 1, and the number of processes, at least 1.
    """

    step: int
    images: int
    total_images: int
    seed: int
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        self._generator = seeded(self.seed, 2, self.step)

    @property
    def fraction(self) -> float:
        """Of the training done, 0 to 1."""
        return self.images / self.total_images

    def randn(self, B: int, *shape: int, device: torch.device | None = None) -> Tensor:
        """Standard normal noise (B, *shape) for the B rows of this process."""
        return self._mine(torch.randn(B * self.world, *shape, generator=self._generator), device)

    def rand(self, B: int, *shape: int, device: torch.device | None = None) -> Tensor:
        """Uniform noise in [0, 1), likewise."""
        return self._mine(torch.rand(B * self.world, *shape, generator=self._generator), device)

    def _mine(self, whole: Tensor, device: torch.device | None) -> Tensor:
        B = len(whole) // self.world
        return whole[self.rank * B : (self.rank + 1) * B].to(device)


def learning_rate_factor(schedule: str, warmup: float, fraction: float) -> float:
    """What the base learning rate is multiplied by after `fraction` of the training.

    A linear warm-up over the first `warmup` of the training, then "constant", or "cosine" down to
    zero (Loshchilov and Hutter, 2017).
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"Unknown schedule {schedule!r}; there are: {', '.join(SCHEDULES)}.")
    ramp = min(1.0, (fraction + 1e-3 * warmup) / warmup) if warmup > 0 else 1.0
    return ramp * (0.5 * (1 + math.cos(math.pi * fraction)) if schedule == "cosine" else 1.0)


class Update:
    """update(who, loss): one step of one optimizer, and of nothing else.

    Args:
        optimizers: the optimizers by name.
        schedule: of their learning rates, one of SCHEDULES.
        warmup: fraction of the training over which the learning rates grow linearly, 0 to 1.
        clip: largest norm of an optimizer's gradient, above 0; infinity clips nothing.
    """

    def __init__(
        self,
        optimizers: Mapping[str, Optimizer],
        *,
        schedule: str = "constant",
        warmup: float = 0.0,
        clip: float = math.inf,
    ):
        self.optimizers = dict(optimizers)
        self.schedule, self.warmup, self.clip = schedule, warmup, clip
        self.at: Progress | None = None  # set by whoever drives the steps
        self._base = {
            who: [group["lr"] for group in optimizer.param_groups]
            for who, optimizer in self.optimizers.items()
        }

    def __call__(self, who: str, loss: Tensor) -> None:
        """Move the parameters of optimizer `who` against the gradient of `loss` (a scalar)."""
        if who not in self.optimizers:
            raise KeyError(f"No optimizer {who!r}; there are: {', '.join(self.optimizers)}.")
        self._refuse(who, "loss", loss)
        optimizer = self.optimizers[who]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        optimizer.zero_grad(set_to_none=True)
        # Autocast is for the forward pass; the backward pass follows its types by itself.
        with torch.autocast(loss.device.type, enabled=False):
            loss.backward(inputs=parameters)
        if dist.is_initialized():
            for p in parameters:
                if p.grad is not None:
                    dist.all_reduce(p.grad)
                    p.grad /= dist.get_world_size()
        # Asked for even where nothing is clipped: a finite loss can have a gradient that is not.
        norm = nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        self._refuse(who, "gradient", norm)
        if self.clip < math.inf:
            nn.utils.clip_grads_with_norm_(parameters, self.clip, norm)
        if self.at is not None:
            factor = learning_rate_factor(self.schedule, self.warmup, self.at.fraction)
            for group, base in zip(optimizer.param_groups, self._base[who], strict=True):
                group["lr"] = base * factor
        optimizer.step()
        # Autocast keeps the low-precision copies of weights that it made: they are of before.
        torch.clear_autocast_cache()

    def _refuse(self, who: str, what: str, value: Tensor) -> None:
        """Raise a TrainingError when `value` is not finite."""
        if not math.isfinite(value.item()):
            step = self.at.step if self.at else "?"
            raise TrainingError(
                f"The {what} of {who!r} became {value.item()} at step {step}: training is stopped "
                "before it harms the weights. Try a lower learning rate or a smaller clip."
            )


class Objective(nn.Module, ABC):
    """What is minimized, by whom, in what order. Owns the model and any critics."""

    model: Model
    """All that a release holds."""

    scheduled: ClassVar[bool] = False
    """Whether its steps depend on how much of the training is done (`Progress.fraction`). A run of
    such an objective cannot be extended: a longer one would have differed from the start."""

    @abstractmethod
    def optimizers(self) -> dict[str, Optimizer]:
        """The optimizers by name; every trainable parameter belongs to one, or to more where an
        algorithm moves it for different ends."""

    @abstractmethod
    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        """One step of training; returns what to log, scalars."""

    @abstractmethod
    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        """What to report, one number for each image, (B,); averaged by the caller."""

    def forward(self, *_: object) -> None:
        raise TypeError("An objective is stepped or evaluated, not called.")


def adam(
    parameters: Iterable[nn.Parameter],
    lr: float,
    *,
    beta1: float = 0.9,
    beta2: float = 0.999,
    weight_decay: float = 0.0,
) -> torch.optim.AdamW:
    """Adam (Kingma and Ba, 2015), in its fused form, with decoupled weight decay (Loshchilov and
    Hutter, 2019) of matrices: what is added (biases, scales) does not decay."""
    every = list(parameters)
    groups = [
        {"params": [p for p in every if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in every if p.ndim <= 1], "weight_decay": 0.0},
    ]
    filled = [group for group in groups if group["params"]]
    return torch.optim.AdamW(filled, lr=lr, betas=(beta1, beta2), fused=True)
