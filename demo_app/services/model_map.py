"""What the map asks: which models there are, how one led to another, a few pictures of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np

from demo_app.cache import LRUCache
from demo_app.errors import Unavailable
from demo_app.services import checks, measured, missed
from demo_app.services.cyclegan import CycleGANService
from demo_app.services.gallery import Gallery
from demo_app.services.puzzle import PuzzleService
from demo_app.services.stargan import StarGANService
from demo_app.store import Store
from genzoo import recipes
from genzoo.cards import ModelCard
from genzoo.data.avatars import SCHEMA

MAX_PICTURES = 16
KEPT = 32_000_000
"""Bytes of answers that are kept: every visitor's first look is the same."""

MISSING = 3
"""Pieces of a puzzle that are taken away."""

FIGURES = ("nll", "nll_bound", "fid", "fid_train_reference")
"""What a node tells of its release, where it was measured."""

MADE_OF = {"Editor": "edits", "UnpairedTranslator": "colored", "TextToImage": "captions"}
"""By role, what its pictures are made of where these are no samples of noise alone."""


class ModelMapService:
    """A picture is 784 numbers in [0, 1], row by row, or 12288 of a face in color, channel by
    channel. Refuses bad input with BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store):
        self._store = store
        self._gallery = Gallery(store)
        self._cyclegan, self._stargan = CycleGANService(store), StarGANService(store)
        self._puzzle = PuzzleService(store)
        self._of_faces: dict[str, Callable[[int, int], np.ndarray]] = {
            self._cyclegan.release: self._colored,
            self._stargan.release: self._edited,
            self._puzzle.release: self._restored,
        }
        self._kept = LRUCache(KEPT, lambda pictures: pictures.nbytes)
        self._cards = {card.key: card for card in recipes.cards()}

    def nodes(self) -> list[dict[str, Any]]:
        """Every model that has a card, whether its release is there or not; reads no weights.

        Returns:
            all of the card but its step of the tour (see `genzoo.cards.ModelCard`), with words as
            {en, ko}; `after`, the keys of the models that it builds on, and `news`, for each of
            these in words what is new; kind, "tractable", "approximate" or "implicit"; color,
            whether its pictures are in color; data, the data set; figures, what was measured;
            of, what each of them was measured on: of a likelihood "binary" or "gray" pixels, of
            an FID "binary", "gray" or "color" samples, or one of MADE_OF; figures that differ in
            it do not compare, nor do those of other data;
            missed, which targets these miss (`demo_app.services.missed`); n_parameters, None
            without a release; missing, {sentence, command} where it lacks, else None.
        """
        return [self._about(card) for card in self._cards.values()]

    def pictures(self, node: Any, n: Any = 4, seed: Any = 0) -> np.ndarray:
        """n pictures of a node, 1 to 16, (n, 784) or (n, 12288): a function of the node, n and
        the seed. Sketches in color of "cyclegan"; of "stargan" faces with one attribute changed,
        another one in each; of "puzzle" faces restored from six of nine shuffled pieces."""
        key = checks.choice("The node", node, list(self._cards))
        n = checks.integer("The number of pictures", n, 1, MAX_PICTURES)
        seed = checks.seed(seed)
        release = self._cards[key].release
        self._store.info(release)
        draw = self._faces if release in self._of_faces else self._gallery.few
        return self._kept.get((key, n, seed), lambda: draw(release, n, seed))

    def is_slow(self, node: Any) -> bool:
        """Whether a node's pictures take long: a tenth of a second or more."""
        return self._cards[checks.choice("The node", node, list(self._cards))].pace > 0

    def _faces(self, release: str, n: int, seed: int) -> np.ndarray:
        of_face = self._of_faces[release]
        return np.stack([of_face(one, k) for k, one in enumerate(checks.seeds(seed, n))])

    def _colored(self, seed: int, _: int) -> np.ndarray:
        """The sketch of a seed in color."""
        return self._cyclegan.colored(self._cyclegan.pair(seed)["sketch"])

    def _restored(self, seed: int, _: int) -> np.ndarray:
        """The face of a seed, of six of its nine pieces, in an order that the seed decides."""
        order = np.random.default_rng(seed).permutation(9)
        pieces = [int(piece) for piece in order[: 9 - MISSING]]
        return self._puzzle.restore(self._puzzle.face(seed), 3, pieces)["image"]

    def _edited(self, seed: int, k: int) -> np.ndarray:
        """The face of a seed with the next value of the kth attribute that can be edited."""
        edited = self._stargan.about()["edited"]
        face = dict(zip(SCHEMA, self._stargan.face(seed), strict=True))
        values = [face[name] for name in edited]
        k %= len(edited)
        values[k] = (values[k] + 1) % len(SCHEMA[edited[k]])
        return self._stargan.edit(values, face=list(face.values()))["image"]

    def _about(self, card: ModelCard) -> dict[str, Any]:
        recipe = recipes.get(card.release)
        words = asdict(card)
        del words["tour"]
        about: dict[str, Any] = {
            **words,
            "after": list(card.after),
            "news": words["after"],
            "kind": recipe.model.knowledge,
            "color": recipe.model_kwargs["event_shape"][0] == 3,
            "data": recipe.data,
            "figures": {},
            "of": {},
            "missed": {},
            "n_parameters": None,
            "missing": None,
        }
        try:
            info = self._store.info(card.release)
        except Unavailable as error:
            about["missing"] = {"sentence": str(error), "command": error.command}
            return about
        figures = measured(info)
        about["figures"] = {name: figures[name] for name in FIGURES if name in figures}
        settings = {figure["name"]: figure["setting"] for figure in info["figures"]}
        plain = "color" if about["color"] else "gray"
        for name in about["figures"]:
            pixels = "binary" if "binarization" in settings[name] else plain
            is_fid = name.startswith("fid")
            about["of"][name] = MADE_OF.get(recipe.model.role, pixels) if is_fid else pixels
        about["missed"] = {k: v for k, v in missed(info).items() if k in about["figures"]}
        about["n_parameters"] = info["n_parameters"]
        return about


def tour() -> list[dict[str, Any]]:
    """The steps of the guided tour that are a model's: tab; title, look and attempt, words as
    {en, ko}; parts (see `genzoo.cards.TourStep`)."""
    return [
        {"tab": card.tab, **asdict(card.tour)} for card in recipes.cards() if card.tour is not None
    ]
