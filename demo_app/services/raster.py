"""What is asked alike of every model of binary digits in raster order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from demo_app.errors import Unavailable
from demo_app.services import checks
from demo_app.store import Store
from genzoo.roles import Autoregressive

D = 28 * 28
MAX_COMPLETIONS = 16
MAX_SEED = 2**31 - 1
PIECE = 28
"""Pixels that are sampled before the model is let go: no stroke waits for a whole sample."""

M = TypeVar("M", bound=Autoregressive)


class Raster(Generic[M]):
    """A release of a model of class `kind`, and the test digits beside it (labels, digits, and
    log_prob of many of them)."""

    def __init__(self, store: Store, release: str, kind: type[M]):
        self._store = store
        self._kind = kind
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

    def percentile(self, log_prob: float) -> float:
        """The share of test digits whose log p is below `log_prob`."""
        return float(np.searchsorted(self._scores, log_prob) / len(self._scores))

    @contextmanager
    def model(self) -> Iterator[M]:
        """The model, held by this thread alone until the block ends."""
        with self._store.model(self.release) as model:
            held: object = model
            assert isinstance(held, self._kind)  # all that the release can hold
            yield held

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits (784,) of p(x_i = 1 | x_<i) of checked pixels (784,)."""
        with self.model() as model, torch.inference_mode():
            return model.conditionals(image(pixels)).logits.flatten().numpy()  # type: ignore[attr-defined]

    def complete(
        self,
        pixels: Any,
        known: Any,
        count: Any,
        seed: Any,
        through: Callable[[M], Autoregressive] = lambda model: model,
    ) -> dict[str, np.ndarray]:
        """Keep the first pixels of an image and sample the rest, several times.

        Args:
            pixels: 784 numbers, 0 or 1; those from `known` on do not matter.
            known: how many pixels are kept, 0 to 784, in raster order.
            count: how many completions, 1 to 16.
            seed: 0 to 2^31 - 1; the same seed and count give the same completions.
            through: what to sample from in the model's stead.

        Returns:
            images (count, 784) uint8 and their log_prob (count,) under the model itself.
        """
        x = image(checks.bits("The pixels", pixels, D))
        known = checks.integer("The number of known pixels", known, 0, D)
        count = checks.integer("The number of completions", count, 1, MAX_COMPLETIONS)
        seed = checks.integer("The seed", seed, 0, MAX_SEED)
        x.view(-1)[known:] = torch.nan
        generator = torch.Generator().manual_seed(seed)
        with self.model() as model:
            steps = through(model).sampling(count, given=x, generator=generator)
        images = None
        while True:
            with self.model():
                piece = list(islice(steps, PIECE))
            if not piece:
                break
            images = piece[-1]
        assert images is not None
        with self.model() as model, torch.inference_mode():
            log_prob = model.log_prob(images)
        return {"images": images.flatten(1).byte().numpy(), "log_prob": log_prob.numpy()}

    @cached_property
    def _assets(self) -> dict[str, np.ndarray]:
        assets = self._store.assets(self.release)
        if missing := {"digits", "labels", "log_prob"} - set(assets):
            command = "python -m demo_app.assets"
            lacks = ", ".join(sorted(missing))
            raise Unavailable(
                f"The assets of {self.release} lack {lacks}; {command} makes new ones.", command
            )
        return assets

    @cached_property
    def _scores(self) -> np.ndarray:
        return np.sort(self._assets["log_prob"].astype(np.float64))


def image(pixels: np.ndarray) -> torch.Tensor:
    """Pixels (784,) as (1, 1, 28, 28); shares no memory with them."""
    return torch.tensor(pixels, dtype=torch.float32).view(1, 1, 28, 28)
