"""What is asked alike of every model of binary digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from demo_app.errors import Unavailable
from demo_app.services import Service, checks
from demo_app.store import Store
from genzoo.roles import Autoregressive

D = 28 * 28
DIGITS = frozenset(("digits", "labels"))
"""The arrays of a demo.npz that hold test digits."""

MAX_COMPLETIONS = 16

M = TypeVar("M", bound=Autoregressive)


class Digits(Service, Generic[M]):
    """A release of a model of class `kind`, and the test digits beside it. An image is 784
    numbers, 0 or 1, row by row; log p is in nats."""

    kind: type[M]

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return test_digits(self._store, self.release)

    def model(self) -> AbstractContextManager[M]:
        """The model, held by this thread alone until the block ends."""
        return self._store.model(self.release, self.kind)

    def sample(
        self,
        count: int,
        given: torch.Tensor,
        generator: torch.Generator,
        through: Callable[[M], Autoregressive] = lambda model: model,
    ) -> torch.Tensor:
        """Images (count, 1, 28, 28) of which `given` (1, 1, 28, 28), NaN where unknown, is known;
        `through` says what to sample from in the model's stead."""

        def begin(model: M) -> Iterator[torch.Tensor]:
            return through(model).sampling(count, given=given, generator=generator)

        return list(self._store.steps(self.release, self.kind, begin))[-1]


def test_digits(store: Store, release: str) -> tuple[np.ndarray, np.ndarray]:
    """The binary test digits (N, 784) beside a release, and their labels (N,), sorted by label.

    Raises:
        Unavailable: when there are none.
    """
    assets = store.assets(release, DIGITS)
    return np.unpackbits(assets["digits"], axis=1)[:, :D], assets["labels"]


def missing_digits(store: Store, release: str) -> Unavailable | None:
    """Why there are no test digits beside a release, if there are none."""
    try:
        test_digits(store, release)
    except Unavailable as error:
        return error
    return None


def image(pixels: Any, name: str = "The pixels") -> torch.Tensor:
    """784 pixels, 0 or 1, as (1, 1, 28, 28); shares no memory with them.

    Raises:
        BadInput: when they are anything else.
    """
    return torch.tensor(checks.bits(name, pixels, D)).view(1, 1, 28, 28)
