"""What the tabs ask of the models: checked questions, answers as arrays and numbers; no gradio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any, ClassVar

import numpy as np

from demo_app.errors import Unavailable
from demo_app.services import checks
from demo_app.store import Store
from genzoo import releases
from genzoo.metrics import K
from genzoo.metrics.metric import outdated


class Service:
    """Asks one release, or several of one kind. Refuses bad input with BadInput, a missing or
    damaged release with Unavailable."""

    needs: ClassVar[Mapping[str, Set[str]]] = {}
    """The releases, and the arrays that the demo.npz of each must hold; none needs no file."""

    def __init__(self, store: Store, release: str | None = None):
        self._store = store
        self.release = release or next(iter(self.needs), "")
        """The one that is asked where none is named; the first of several."""

    def missing(self, *models: str) -> Unavailable | None:
        """Why one of the models, of all when none is named, cannot be shown, if one cannot; reads
        no weights."""
        try:
            for name in models or self.needs:
                self._store.info(name)
                self._assets(name)
        except Unavailable as error:
            return error
        return None

    def about(self, model: str | None = None) -> dict[str, Any]:
        """What the release tells of itself: n_parameters, images_seen, its data set, the arguments
        of its model by name, the measured figures by name, fids, the judge's FID of each seed
        that it was trained with, and variants, the same of each variant of its recipe's
        ablation."""
        info = self._info(model)
        return {
            **info["model"],
            "n_parameters": info["n_parameters"],
            "images_seen": info["images_seen"],
            "data": info["hyperparameters"]["data"],
            "figures": measured(info),
            "fids": over_seeds(info, "fid"),
            "variants": variants(info, "fid"),
        }

    def _model(self, model: object) -> str:
        return checks.model(model, tuple(self.needs))

    def _info(self, model: str | None = None) -> dict[str, Any]:
        return self._store.info(self.release if model is None else self._model(model))

    def _assets(self, model: str | None = None) -> dict[str, np.ndarray]:
        name = self.release if model is None else self._model(model)
        return self._store.assets(name, self.needs[name]) if self.needs[name] else {}


def measured(info: Mapping[str, Any]) -> dict[str, float]:
    """The figures of a release by name, those that compare with others' (`_compares`)."""
    return {
        figure["name"]: figure["value"]
        for figure in info["figures"]
        if _compares(figure) and not isinstance(figure["value"], str)  # which is not finite
    }


def _compares(figure: Mapping[str, Any]) -> bool:
    """Whether a figure is of the present version of the measuring and, where it is a bound on
    log p(x), of K samples: others stand beside no figure on the page."""
    samples = re.search(r"\bk = (\d+)", figure.get("setting", ""))
    return not outdated(figure) and (samples is None or int(samples[1]) == K)


def missed(info: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a release has missed of the targets of its recipe, by the name of a metric that is
    `measured`: bound, such as
    "≤ 78.5"; value, what is held against it; n_seeds, of how many seeds it is; and over, whether
    it is their "median" or the "worst" of them."""
    found: dict[str, dict[str, Any]] = {}
    shown = measured(info)
    for verdict in releases.verdicts(info):
        if verdict.met is False and verdict.metric in shown:
            sign = {"<=": "≤", ">=": "≥"}[verdict.target.comparison]
            told = {
                "bound": f"{sign} {verdict.limit}",
                "value": verdict.measured,
                "n_seeds": verdict.n_seeds,
                "over": verdict.target.seeds,
            }
            found.setdefault(verdict.metric, told)
    return found


def over_seeds(info: Mapping[str, Any], metric: str) -> list[float]:
    """A metric of each training of a release with another seed, its own first; its own alone where
    there was one training; empty where it was not measured."""
    trainings = (info.get("seeds") or {"": info["figures"]}).values()
    return [
        figure["value"]
        for figures in trainings
        for figure in figures
        if figure["name"] == metric and _compares(figure)
    ]


def variants(info: Mapping[str, Any], metric: str) -> dict[str, list[float]]:
    """By the keys of the ablation of a release's recipe, a metric of each training."""
    trained = releases.ablation(dict(info))
    return {key: over_seeds(variant, metric) for key, variant in trained.items()}
