"""What the RNADE panel asks of points in the unit square: densities, slices and samples."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch

from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.store import Store
from genzoo.models import RNADE

CELLS = 160
"""Cells along a side of the picture of the density."""

MAX_SAMPLES = 5000


class RNADEService(Service):
    """A point is (x_1, x_2), both in [0, 1]; log p is in nats, of densities on the unit square.

    A mixture is given by weights, means and deviations of its K Gaussians, each cut off at 0 and
    1, and their heights: the k-th one's share of the density at x is
    heights[k] exp(-((x - means[k]) / deviations[k])^2 / 2).
    """

    needs: ClassVar = dict.fromkeys(
        ("rnade-moons", "rnade-rings", "rnade-spirals"),
        frozenset(("points", "gaussian", "truth")),
    )
    models = tuple(needs)

    def __init__(self, store: Store):
        super().__init__(store)
        self._density = lru_cache(maxsize=None)(self._density_of)

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; and nll, gaussian and truth, in nats per test point: the NLL of the
        model (None when not measured), of one Gaussian fitted to the training points, and of the
        true density."""
        about, assets = super().about(model), self._assets(model)
        scale = {key: float(assets[key]) for key in ("gaussian", "truth")}
        return {**about, "nll": about["figures"].get("nll"), **scale}

    def points(self, name: str) -> np.ndarray:
        """Test points (N, 2)."""
        return self._assets(name)["points"].astype(np.float32)

    def density(self, name: str) -> np.ndarray:
        """p(x_1, x_2) at the centers of 160 x 160 cells: x_1 grows along a row, x_2 from the first
        row to the last."""
        return self._density(self._model(name))

    def marginal(self, name: str) -> dict[str, np.ndarray]:
        """The mixture p(x_1)."""
        return self._mixture(name, [])

    def conditional(self, name: str, x1: Any) -> dict[str, np.ndarray]:
        """The mixture p(x_2 | x_1)."""
        return self._mixture(name, [checks.number("x_1", x1, 0, 1)])

    def log_prob(self, name: str, points: Any) -> dict[str, np.ndarray]:
        """Of (N, 2) points: first, log p(x_1), second, log p(x_2 | x_1), and their sum total."""
        x = self._points(points)
        with self._store.model(self._model(name), RNADE) as rnade, torch.inference_mode():
            both = rnade.conditionals(x).log_prob(x).view(-1, 2).numpy()
        return {"first": both[:, 0], "second": both[:, 1], "total": both.sum(1)}

    def samples(self, name: str, n: Any, seed: Any) -> np.ndarray:
        """n points (n, 2) drawn from the model; the same seed and n give the same points."""
        n = checks.integer("The number of points", n, 1, MAX_SAMPLES)
        with self._store.model(self._model(name), RNADE) as rnade:
            points = rnade.sample(n, generator=checks.generator(seed))
        return points.view(n, 2).numpy()

    def _mixture(self, name: str, past: list[float]) -> dict[str, np.ndarray]:
        with self._store.model(self._model(name), RNADE) as rnade, torch.inference_mode():
            p = rnade.conditional(torch.tensor([past]))
            heights = p.component_log_probs(p.loc[0]).diagonal().exp()  # of each at its own mean
        found = {"weights": p.weights[0], "means": p.loc[0], "deviations": p.scale[0]}
        return {key: value.numpy() for key, value in {**found, "heights": heights}.items()}

    def _points(self, points: object) -> torch.Tensor:
        """(N, 2) points as images (N, 1, 1, 2)."""
        n = len(points) if isinstance(points, (list, tuple, np.ndarray)) else 0
        if not 1 <= n <= MAX_SAMPLES:
            raise BadInput(f"The points must be a list of 1 to {MAX_SAMPLES} pairs of numbers.")
        return torch.from_numpy(checks.numbers("The points", points, 2 * n, 0, 1)).view(n, 1, 1, 2)

    def _density_of(self, name: str) -> np.ndarray:
        with self._store.model(name, RNADE) as rnade:
            return rnade.density_on_grid(CELLS).numpy()
