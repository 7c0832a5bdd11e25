"""What is asked alike of every model of binary digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from demo_app.errors import Unavailable
from demo_app.store import Store
from genzoo.roles import Autoregressive

D = 28 * 28
MAX_COMPLETIONS = 16
MAX_SEED = 2**31 - 1

M = TypeVar("M", bound=Autoregressive)


class Digits(Generic[M]):
    """A release of a model of class `kind`, and the test digits beside it.

    Args:
        needs: the arrays that its assets must hold besides digits and labels.
    """

    def __init__(self, store: Store, release: str, kind: type[M], needs: tuple[str, ...] = ()):
        self._store = store
        self._kind = kind
        self._needs = {"digits", "labels", *needs}
        self.release = release

    def missing(self) -> Unavailable | None:
        """Why the release cannot be shown, if it cannot; reads no weights."""
        try:
            self._store.info(self.release)
            self._assets  # noqa: B018 - reads the file
        except Unavailable as error:
            return error
        return None

    def about(self) -> dict[str, Any]:
        """n_parameters, nll (None when not measured), and the arguments of the model."""
        info = self._store.info(self.release)
        nll = [figure["value"] for figure in info["figures"] if figure["name"] == "nll"]
        return {
            "n_parameters": info["n_parameters"],
            "nll": nll[0] if nll else None,
            "model": info["model"],
        }

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return np.unpackbits(self._assets["digits"], axis=1)[:, :D], self._assets["labels"]

    @contextmanager
    def model(self) -> Iterator[M]:
        """The model, held by this thread alone until the block ends."""
        with self._store.model(self.release, self._kind) as model:
            yield model

    def sample(
        self,
        count: int,
        given: torch.Tensor,
        seed: int,
        through: Callable[[M], Autoregressive] = lambda model: model,
    ) -> torch.Tensor:
        """Images (count, 1, 28, 28) of which `given` (1, 1, 28, 28), NaN where unknown, is known;
        `through` says what to sample from in the model's stead."""
        generator = torch.Generator().manual_seed(seed)

        def begin(model: M) -> Iterator[torch.Tensor]:
            return through(model).sampling(count, given=given, generator=generator)

        return list(self._store.steps(self.release, self._kind, begin))[-1]

    @property
    def _assets(self) -> dict[str, np.ndarray]:
        return self._store.assets(self.release, self._needs)


def image(pixels: np.ndarray) -> torch.Tensor:
    """Pixels (784,) as (1, 1, 28, 28); shares no memory with them."""
    return torch.tensor(pixels, dtype=torch.float32).view(1, 1, 28, 28)
