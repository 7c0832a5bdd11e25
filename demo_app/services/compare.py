"""What the Compare tab asks: every model's pictures on the same data, judged in the same way."""

from __future__ import annotations

import math
import time
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
import torch

from demo_app.cache import LRUCache
from demo_app.errors import BadInput, Unavailable
from demo_app.services import checks, missed
from demo_app.services.datasets import DATA
from demo_app.services.gallery import N_SHEET, Entry, Gallery
from demo_app.services.real import RealPictures, training
from demo_app.store import Store
from genzoo import recipes
from genzoo.data.preprocessing import preprocess_once
from genzoo.roles import Generative

SLOW = 5.0
"""Seconds: a sheet that takes longer is shown as it was drawn beforehand, of one seed."""

N_KEPT = 400
"""Things found out about sheets that are kept."""

MAX_SHEETS = 64_000_000
"""Bytes of sheets that are kept; one of faces takes 3 MB, one of digits 0.2."""


class CompareService:
    """Pictures are D numbers in [0, 1], channel by channel and row by row, as many as the data set
    has (`demo_app.services.datasets`); a sheet is 64 of them, numbered from 0; log-probabilities
    are in nats. Refuses bad input with BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store):
        self._store = store
        self._gallery = Gallery(store)
        self._kept = LRUCache(N_KEPT)
        self._sheets = LRUCache(MAX_SHEETS, lambda sheet: sheet["images"].nbytes)
        self._real = LRUCache(len(DATA))

    all = tuple(DATA)
    """The data sets on which models can be compared."""

    @property
    def data(self) -> tuple[str, ...]:
        """The data sets of which there is something to compare."""
        return tuple(data for data in DATA if self._gallery.entries(data))

    def about(self, data: Any) -> dict[str, Any]:
        """What a data set is; see `demo_app.services.datasets.DataSet.about`."""
        return DATA[checks.choice("The data set", data, tuple(DATA))].about()

    def models(self, data: Any) -> list[dict[str, Any]]:
        """What is known of each model of a data set without asking it: name, kind ("tractable",
        "approximate" or "implicit"), tab, paper, paper_url, n_parameters, images_seen,
        training_seconds, the measured figures by name; missed, the targets that they miss
        (`demo_app.services.missed`); believes, whether it can say how likely a
        picture is; and before, whether its sheet was drawn beforehand, being slow to draw."""
        return [
            {
                **{key: value for key, value in asdict(entry).items() if key != "data"},
                "missed": missed(self._store.info(entry.name)),
                "believes": _believes(entry),
                "before": self._before(entry) is not None,
            }
            for entry in self._gallery.entries(data)
        ]

    def sheet(self, model: Any, seed: Any = 0) -> dict[str, Any]:
        """64 pictures of a model.

        Returns:
            images (64, D); shape, of each (C, H, W); seed, of which they are, another than was
            asked for where the sheet was drawn beforehand; seconds, which they took when they were
            drawn.
        """
        entry = self._gallery.entry(model)
        return {**self._sheet(entry, checks.seed(seed)), "shape": list(DATA[entry.data].shape)}

    def is_slow(self, model: Any) -> bool:
        """Whether a sheet of this model takes long to draw: a tenth of a second or more."""
        entry = self._gallery.entry(model)
        return self._before(entry) is None and (entry.seconds is None or entry.seconds > 0.1)

    def look(self, model: Any, cell: Any, seed: Any = 0) -> dict[str, Any]:
        """One picture of a sheet, and what is nearest to it of all that the model was shown.

        Returns:
            image (D,); nearest (D,), the training image with the least sum of squared differences,
            in as many levels as are kept of it; label, its class, or the value of each of its
            attributes; distance, the root of that sum.
        """
        entry = self._gallery.entry(model)
        cell = checks.integer("The number of the picture", cell, 0, N_SHEET - 1)
        sheet = self._sheet(entry, checks.seed(seed))
        images, real = sheet["images"], self._training(entry.data)
        first, last = (0, N_SHEET) if real.at_once else (cell, cell + 1)
        index, distance = self._kept.get(
            ("nearest", entry.name, sheet["seed"], first),
            lambda: real.nearest(images[first:last]),
        )
        at = cell - first
        return {
            "image": images[cell],
            "nearest": real.picture(index[at]),
            "label": real.labels[index[at]].tolist(),
            "distance": float(distance[at]),
        }

    def believed(self, model: Any, cell: Any, seed: Any = 0) -> dict[str, float]:
        """How likely the models that can say so hold one picture of a sheet, in nats by their
        names: log p(x), or a lower bound of it by the data set's number of samples of z. Gray
        pictures are first drawn as pixels of 0 and 1, or dequantized, as the model was shown its
        training images."""
        entry = self._gallery.entry(model)
        cell = checks.integer("The number of the picture", cell, 0, N_SHEET - 1)
        sheet = self._sheet(entry, checks.seed(seed))
        believers = [other for other in self._gallery.entries(entry.data) if _believes(other)]
        return {
            other.name: self._kept.get(
                ("believed", other.name, entry.name, sheet["seed"], cell),
                partial(self._log_prob_of_one, other.name, sheet["images"][cell]),
            )
            for other in believers
        }

    def log_prob(self, model: Any, images: np.ndarray) -> np.ndarray:
        """What `believed` says, of pictures (N, D): (N,)."""
        entry = self._gallery.entry(model)
        if not _believes(entry):
            raise BadInput(f"{entry.name} cannot say how likely a picture is.")
        data = DATA[entry.data]
        x = torch.from_numpy(np.asarray(images, np.float32)).view(-1, *data.shape)
        how = recipes.get(entry.name).settings.preprocessing
        # Each by itself, so that a picture's noise does not depend on its neighbours.
        x = torch.cat([preprocess_once(one, how) for one in x.split(1)])
        with self._store.model(entry.name, Generative) as held, torch.inference_mode():
            nats = held.log_likelihood(x, data.k).double().numpy()
        return nats - data.D * math.log(256) if how == "dequantized" else nats

    def _log_prob_of_one(self, model: str, image: np.ndarray) -> float:
        return float(self.log_prob(model, image[None])[0])

    def matrix(self, data: Any) -> dict[str, Any]:
        """Who believes whose pictures.

        Returns:
            rows (R,), the models that can say so, and columns (C,), those whose sheets of seed 0
            these are of; mean and deviation (R, C) of what `believed` says of each 64; real (R,),
            the mean on 64 test images. No rows where no model of the data can say so.
        """
        data = checks.choice("The data set", data, tuple(DATA))
        assets = self._assets(data, "log_p", "rows", "columns", "real")
        names = {entry.name for entry in self._gallery.entries(data)}
        rows = [i for i, name in enumerate(assets["rows"]) if str(name) in names]
        columns = [j for j, name in enumerate(assets["columns"]) if str(name) in names]
        log_p = assets["log_p"].astype(np.float64)[np.ix_(rows, columns)]
        return {
            "rows": [str(name) for name in assets["rows"][rows]],
            "columns": [str(name) for name in assets["columns"][columns]],
            "mean": log_p.mean(2),
            "deviation": log_p.std(2),
            "real": assets["real"].astype(np.float64)[rows].mean(1),
        }

    def _sheet(self, entry: Entry, seed: int) -> dict[str, Any]:
        """What `sheet` tells."""
        before = self._before(entry)
        if before is not None:
            return {"images": before, "seed": 0, "seconds": entry.seconds}
        return self._sheets.get((entry.name, seed), lambda: self._drawn(entry, seed))

    def _drawn(self, entry: Entry, seed: int) -> dict[str, Any]:
        start = time.perf_counter()
        images = self._gallery.sheet(entry.name, seed)
        return {"images": images, "seed": seed, "seconds": time.perf_counter() - start}

    def _before(self, entry: Entry) -> np.ndarray | None:
        """A sheet that was drawn beforehand, where it is a slow one and there is one."""
        if (entry.seconds or 0) < SLOW:
            return None
        try:
            assets = self._assets(entry.data, "slow", "sheets")
        except Unavailable:
            return None
        names = [str(name) for name in assets["slow"]]
        if entry.name not in names:
            return None
        return assets["sheets"][names.index(entry.name)].astype(np.float32) / 255

    def _training(self, data: str) -> RealPictures:
        return self._real.get(data, lambda: training(self._store, DATA[data]))

    def _assets(self, data: str, *needed: str) -> dict[str, np.ndarray]:
        """Beside the judge, which knows the data and no model of it."""
        return self._store.assets(DATA[data].judge, set(needed))


def _believes(entry: Entry) -> bool:
    """Can it say how likely a picture is, and soon? By the ELBO or the bound that it was trained
    for; where KL was weighed otherwise, it was not."""
    recipe = recipes.get(entry.name)
    return recipe.model.quick_likelihood and recipe.objective_kwargs.get("beta", 1.0) == 1.0
