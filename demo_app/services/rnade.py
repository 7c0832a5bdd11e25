"""What the RNADE panel asks of points in the unit square: densities, slices and samples."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services import checks
from demo_app.store import Store
from genzoo.models import RNADE

CELLS = 160
"""Of the picture of the density, a side."""

MAX_SAMPLES = 5000
MAX_SEED = 2**31 - 1


class RNADEService:
    """A point is (x_1, x_2), both in [0, 1]; log p is in nats, of densities on the unit square.
    Refuses bad input with BadInput, a missing or damaged release with Unavailable.

    A mixture is given by weights, means and deviations of its K Gaussians, each cut off at 0 and
    1, and their heights: the k-th one's share of the density at x is
    heights[k] exp(-((x - means[k]) / deviations[k])^2 / 2).
    """

    models = ("rnade-moons", "rnade-rings", "rnade-spirals")

    def __init__(self, store: Store):
        self._store = store
        self._densities: dict[str, np.ndarray] = {}

    def missing(self, name: str) -> Unavailable | None:
        """Why a model cannot be shown, if it cannot; reads no weights."""
        try:
            self._store.info(name)
            self._assets(name)
        except Unavailable as error:
            return error
        return None

    def about(self, name: str) -> dict[str, Any]:
        """n_parameters, n_hidden, n_components, and in nats per test point the nll of the model
        (None when not measured), of one Gaussian fitted to the training points, and of the true
        density."""
        info = self._store.info(self._model(name))
        assets = self._assets(name)
        nll = [figure["value"] for figure in info["figures"] if figure["name"] == "nll"]
        return {
            "n_parameters": info["n_parameters"],
            "n_hidden": info["model"]["n_hidden"],
            "n_components": info["model"]["n_components"],
            "nll": nll[0] if nll else None,
            "gaussian": float(assets["gaussian"]),
            "truth": float(assets["truth"]),
        }

    def points(self, name: str) -> np.ndarray:
        """Test points (N, 2)."""
        return self._assets(self._model(name))["points"].astype(np.float32)

    def density(self, name: str) -> np.ndarray:
        """p(x_1, x_2) at the centers of 160 x 160 cells: x_1 grows along a row, x_2 from the first
        row to the last."""
        name = self._model(name)
        if name not in self._densities:
            with self._rnade(name) as rnade:
                self._densities[name] = rnade.density_on_grid(CELLS).numpy()
        return self._densities[name]

    def marginal(self, name: str) -> dict[str, np.ndarray]:
        """The mixture p(x_1)."""
        return self._mixture(name, [])

    def conditional(self, name: str, x1: Any) -> dict[str, np.ndarray]:
        """The mixture p(x_2 | x_1)."""
        return self._mixture(name, [checks.number("x_1", x1, 0, 1)])

    def log_prob(self, name: str, points: Any) -> dict[str, np.ndarray]:
        """Of (N, 2) points: first, log p(x_1), second, log p(x_2 | x_1), and their sum total."""
        x = self._points(points)
        with self._rnade(self._model(name)) as rnade, torch.inference_mode():
            both = rnade.conditionals(x).log_prob(x).view(-1, 2).numpy()
        return {"first": both[:, 0], "second": both[:, 1], "total": both.sum(1)}

    def samples(self, name: str, n: Any, seed: Any) -> np.ndarray:
        """n points (n, 2) drawn from the model; the same seed and n give the same points."""
        n = checks.integer("The number of points", n, 1, MAX_SAMPLES)
        seed = checks.integer("The seed", seed, 0, MAX_SEED)
        with self._rnade(self._model(name)) as rnade:
            points = rnade.sample(n, generator=torch.Generator().manual_seed(seed))
        return points.view(n, 2).numpy()

    def _mixture(self, name: str, past: list[float]) -> dict[str, np.ndarray]:
        with self._rnade(self._model(name)) as rnade, torch.inference_mode():
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

    def _model(self, name: object) -> str:
        return checks.model(name, self.models)

    @contextmanager
    def _rnade(self, name: str) -> Iterator[RNADE]:
        with self._store.model(name, RNADE) as model:
            yield model

    def _assets(self, name: str) -> dict[str, np.ndarray]:
        return self._store.assets(name, {"points", "gaussian", "truth"})
