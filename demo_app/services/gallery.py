"""Every release that makes pictures out of nothing, side by side: what it is, and its pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from demo_app.errors import Unavailable
from demo_app.services import checks, measured
from demo_app.services.datasets import DATA
from demo_app.store import Store
from genzoo import recipes, releases
from genzoo.metrics.pictures import SHOWN, kind_of
from genzoo.metrics.table import by_name
from genzoo.recipes import Recipe
from genzoo.roles import PictureSource

N_SHEET = 64


@dataclass(frozen=True)
class Entry:
    """A release that makes pictures.

    `kind` is "tractable", "approximate" or "implicit" (`genzoo.roles.KNOWLEDGE`); `tab` where its
    model is explored, as the model's card says, "" where it has none.
    """

    name: str
    data: str
    kind: str
    tab: str
    paper: str
    paper_url: str
    n_parameters: int
    images_seen: int
    training_seconds: float
    figures: dict[str, float]
    shown: str
    """What its pictures are: "samples", or "means" or "medians" of p(x | z)."""

    @property
    def seconds(self) -> float | None:
        """What a sheet of 64 takes, if it was measured."""
        return self.figures.get("seconds_64")


class Gallery:
    """Pictures are D numbers in [0, 1], channel by channel and row by row: 784 of a gray one,
    12288 of a face. A sheet is a function of the release and the seed. Refuses bad input with
    BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store):
        self._store = store

    def entries(self, data: Any) -> list[Entry]:
        """The releases of a data set, one of DATA, in the order of their recipes."""
        data = checks.choice("The data set", data, tuple(DATA))
        return [entry for entry in self._entries.values() if entry.data == data]

    def entry(self, name: Any) -> Entry:
        """One of them."""
        return self._entries[checks.model(name, list(self._entries))]

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        """Those that were there, and whole, when they were first asked for."""
        found = {}
        for name in releases.names():
            recipe = recipes.get(name)
            if not recipe.model.from_noise:
                continue
            try:
                entry = self._entry(recipe)
            except Unavailable:
                continue
            if entry.data in DATA:
                found[name] = entry
        return found

    def sheet(self, name: Any, seed: Any = 0) -> np.ndarray:
        """A sheet of 64 pictures, (64, D)."""
        return list(self.drawing(name, seed))[-1]

    def drawing(self, name: Any, seed: Any = 0) -> Iterator[np.ndarray]:
        """A sheet as it comes about, a row of pixels after the other where the model draws them in
        some order: each is (64, D), NaN where nothing is drawn yet."""
        return self._drawing(name, N_SHEET, seed)

    def few(self, name: Any, n: Any, seed: Any = 0) -> np.ndarray:
        """n pictures, 1 to 64, (n, D): sooner than a sheet where a model is slow, and not a part
        of it."""
        n = checks.integer("The number of pictures", n, 1, N_SHEET)
        return list(self._drawing(name, n, seed))[-1]

    def _drawing(self, name: Any, n: int, seed: Any) -> Iterator[np.ndarray]:
        entry = self.entry(name)
        generator = checks.generator(seed)
        steps = self._store.steps(entry.name, PictureSource, lambda one: one.drawing(n, generator))
        for x in steps:
            yield x.flatten(1).clone().numpy()

    def _entry(self, recipe: Recipe) -> Entry:
        info = self._store.info(recipe.name)
        return Entry(
            name=recipe.name,
            data=info["hyperparameters"]["data"],
            kind=str(recipe.model.knowledge),
            tab=recipe.card.tab if recipe.card else "",
            paper=info["paper"],
            paper_url=info["paper_url"],
            n_parameters=info["n_parameters"],
            images_seen=info["images_seen"],
            training_seconds=info["training_seconds"],
            figures=measured(info),
            shown=_shown(recipe, info),
        )


def _shown(recipe: Recipe, info: Mapping[str, Any]) -> str:
    metrics = by_name(dict(info))
    if f"fid{SHOWN}" in metrics:
        return kind_of(metrics, f"fid{SHOWN}")
    samples = issubclass(recipe.model, PictureSource) and recipe.model.pictures_are_samples
    return "samples" if samples else "means"
