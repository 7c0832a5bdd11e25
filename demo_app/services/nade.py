"""What the NADE tab asks of a 28x28 binary image: conditionals, influence, score, completions."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import torch

from demo_app.errors import Unavailable
from demo_app.services import checks
from demo_app.store import Store
from genzoo.models import NADE

RELEASE = "nade-mnist"
D = 28 * 28
MAX_COMPLETIONS = 16
MAX_SEED = 2**31 - 1

EDGES = -np.logspace(4, 0.6, 137)
"""Of the histogram, in nats: a logarithmic axis from -10,000 to -4, on which noise, a scribble,
a digit (about -80) and an empty image can all be seen."""


class NADEService:
    """Images are 784 numbers, 0 or 1, row by row; log p is in nats. Refuses bad input with
    BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store, release: str = RELEASE):
        self._store = store
        self._release = release

    def missing(self) -> Unavailable | None:
        """Why the tab cannot be shown, if it cannot; reads no weights."""
        try:
            self.about()
            self._assets  # noqa: B018 - reads the file
        except Unavailable as error:
            return error
        return None

    def about(self) -> dict[str, Any]:
        """Figures for the explanation: n_parameters, n_hidden, nll (None when not measured)."""
        info = self._store.info(self._release)
        nll = [figure["value"] for figure in info["figures"] if figure["name"] == "nll"]
        return {
            "n_parameters": info["n_parameters"],
            "n_hidden": info["model"]["n_hidden"],
            "nll": nll[0] if nll else None,
        }

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return np.unpackbits(self._assets["digits"], axis=1)[:, :D], self._assets["labels"]

    def histogram(self) -> dict[str, np.ndarray]:
        """Of log p of the whole test set: counts between EDGES; of references: their medians."""
        counts, _ = np.histogram(self._scores, EDGES)
        return {
            "edges": EDGES,
            "counts": counts,
            "noise": self._assets["noise"],
            "shuffled": self._assets["shuffled"],
        }

    def look(self, pixels: Any, pixel: Any = None) -> dict[str, Any]:
        """All that the tab shows of an image.

        Args:
            pixels: 784 numbers, 0 or 1.
            pixel: whose influences are wanted, 0 to 783, or None.

        Returns:
            logits (784,) of p(x_i = 1 | x_<i); log_prob; bits_per_dim; percentile, the share of
            test digits that are less likely, 0 to 1; influence (784,), in nats of log-odds, or
            None.
        """
        x = _image(checks.bits("The pixels", pixels, D))
        i = None if pixel is None else checks.integer("The pixel", pixel, 0, D - 1)
        with self._nade() as nade, torch.inference_mode():
            conditionals = nade.conditionals(x)
            log_prob = float(conditionals.log_prob(x).sum())
            influence = None if i is None else nade.influence(x, i).numpy()
        return {
            "logits": conditionals.logits.flatten().numpy(),
            "log_prob": log_prob,
            "bits_per_dim": -log_prob / D / math.log(2),
            "percentile": self.percentile(log_prob),
            "influence": influence,
        }

    def complete(self, pixels: Any, known: Any, count: Any, seed: Any) -> dict[str, np.ndarray]:
        """Keep the first pixels of an image and sample the rest, several times.

        Args:
            pixels: 784 numbers, 0 or 1; those from `known` on do not matter.
            known: how many pixels are kept, 0 to 784, in raster order.
            count: how many completions, 1 to 16.
            seed: 0 to 2^31 - 1; the same seed and count give the same completions.

        Returns:
            images (count, 784) uint8 and their log_prob (count,).
        """
        x = _image(checks.bits("The pixels", pixels, D))
        known = checks.integer("The number of known pixels", known, 0, D)
        count = checks.integer("The number of completions", count, 1, MAX_COMPLETIONS)
        seed = checks.integer("The seed", seed, 0, MAX_SEED)
        x.view(-1)[known:] = torch.nan
        generator = torch.Generator().manual_seed(seed)
        with self._nade() as nade:
            steps = nade.sampling(count, given=x, generator=generator)
        images = None
        while True:
            # The model is let go every two rows, so that a stroke never waits for a whole sample.
            with self._nade():
                rows = list(islice(steps, 56))
            if not rows:
                break
            images = rows[-1]
        assert images is not None
        with self._nade() as nade, torch.inference_mode():
            log_prob = nade.log_prob(images)
        return {"images": images.flatten(1).byte().numpy(), "log_prob": log_prob.numpy()}

    def percentile(self, log_prob: float) -> float:
        """The share of test digits whose log p is below `log_prob`."""
        return float(np.searchsorted(self._scores, log_prob) / len(self._scores))

    @contextmanager
    def _nade(self) -> Iterator[NADE]:
        with self._store.model(self._release) as model:
            assert isinstance(model, NADE)
            yield model

    @cached_property
    def _assets(self) -> dict[str, np.ndarray]:
        assets = self._store.assets(self._release)
        missing = {"digits", "labels", "log_prob", "noise", "shuffled"} - set(assets)
        if missing:
            command = "python -m demo_app.assets"
            lacks = ", ".join(sorted(missing))
            raise Unavailable(
                f"The assets of {self._release} lack {lacks}; {command} makes new ones.", command
            )
        return assets

    @cached_property
    def _scores(self) -> np.ndarray:
        return np.sort(self._assets["log_prob"].astype(np.float64))


def _image(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x).view(1, 1, 28, 28)
