"""What the blind test asks: pictures, each real or made by a model, and afterwards the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch

from demo_app.cache import LRUCache
from demo_app.errors import BadInput, Unavailable
from demo_app.services import checks
from demo_app.services.datasets import DATA
from demo_app.services.digits import test_digits
from demo_app.services.real import Kept, RealPictures, drawn
from demo_app.store import Store
from genzoo import recipes, releases
from genzoo.recipes import Recipe
from genzoo.roles import PictureSource

ROUNDS = 10
MAX_FID = 30.0
"""Above that of as many training images: what the evaluator network tells apart more easily, or
has not measured, is no riddle."""

N_SHEET = 64
"""Pictures of a model in which the one nearest to a real picture is looked for."""


def _images(release: str, key: str) -> Callable[[Store], RealPictures]:
    """Those of 8 bits in the array `key` beside a release."""
    return lambda store: Kept(store.assets(release, {key})[key], 255)


REAL: dict[tuple[str, str], Callable[[Store], RealPictures]] = {
    ("mnist", "binary"): lambda store: Kept(test_digits(store, "nade-mnist")[0], 1),
    ("mnist", "gray"): _images("infogan-mnist", "digits"),
    ("fashion", "gray"): _images("vae-fashion", "images"),
    ("avatars", "color"): lambda store: drawn(store, DATA["avatars"], "test"),
}
"""The test images of each game, which is a data set and a kind of pixels. Within a game all
pictures have the same kind of pixels, or these would give the answer away."""

GAMES = tuple(REAL)

MAX_PACE = 1
"""The pace of a model's card above which not even one picture comes at once."""


@dataclass(frozen=True)
class Maker:
    """A release that takes part in a game. Its family is the tab in which its model is explored;
    a slow one draws no sheet while somebody waits."""

    name: str
    family: str
    slow: bool


@dataclass(frozen=True)
class Truth:
    """What a picture is. Of a real one `maker` is None; `nearest` (D,) uint8 is then the picture
    nearest to it among 64 by `nearest_by`, and of a made one the nearest real one (`nearest_by` is
    None). Near by the Euclidean distance of the pixels."""

    maker: Maker | None
    nearest: np.ndarray
    nearest_by: str | None


class BlindService:
    """A game is ten rounds of a data set and a kind, "binary", "gray" or "color" pixels (see
    GAMES). What is shown in a round is a function of (data, kind, seed, round) and of the releases
    that there are: nothing is kept of who plays. Refuses bad input with BadInput, a missing or
    damaged release with Unavailable.

    A picture is real with probability 1/2, else of a family and one of its releases, each drawn
    evenly. VAEs and AAEs take part where pixels are 0 or 1: their pictures are then draws of
    p(x | z), as a sample of theirs is. GANs are of gray pixels or in color, and take part there;
    so do models of captions.
    """

    def __init__(self, store: Store):
        self._store = store
        self._round = lru_cache(maxsize=256)(self._round_of)
        self._sheet = lru_cache(maxsize=32)(self._sheet_of)
        self._known = LRUCache(len(GAMES))

    def missing(self) -> Unavailable | None:
        """Why nothing can be played, if nothing can; reads no weights."""
        if self.games():
            return None
        command = "python -m genzoo train nade-mnist"
        return Unavailable(
            "Nothing can be played: test images, or releases that take part, are missing.", command
        )

    def games(self) -> list[dict[str, Any]]:
        """Those that can be played: data, kind, shape, that of a picture (C, H, W), and families,
        those of their makers."""
        return [
            {
                "data": data,
                "kind": kind,
                "shape": list(DATA[data].shape),
                "families": list(_families(makers)),
            }
            for (data, kind), makers in self._games.items()
        ]

    def round(self, data: Any, kind: Any, seed: Any, k: Any) -> np.ndarray:
        """The picture of the k-th round, 0 to 9: (D,) uint8, 255 is ink; in color channel by
        channel. Tells nothing of the answer: whatever is shown, a model's picture has been made,
        so that not even the time does."""
        return self._round(*self._checked(data, kind, seed, k))[0]

    def reveal(self, data: Any, kind: Any, seed: Any, k: Any) -> Truth:
        """What it was."""
        game, seed, k = self._checked(data, kind, seed, k)
        picture, maker, other = self._round(game, seed, k)
        if maker is not None:
            real = self._real(game)
            index, _ = real.nearest(picture[None].astype(np.float32) / 255)
            return Truth(maker, _levels(real.picture(int(index[0]))), None)
        return Truth(None, _nearest(picture, self._sheet(game, other)), other)

    def _round_of(
        self, game: tuple[str, str], seed: int, k: int
    ) -> tuple[np.ndarray, Maker | None, str]:
        """The picture; its maker, None where it is real; the release whose sheet may be asked for
        its like."""
        number = GAMES.index(game)
        # The same for all rounds of a game: none of its real pictures comes twice.
        real = self._real(game)
        shown = np.random.default_rng([number, seed]).permutation(len(real))[k % len(real)]
        # One is drawn whatever is shown, as one is made: the time tells nothing.
        one = _levels(real.picture(int(shown)))
        random = np.random.default_rng([number, seed, k])
        is_real = bool(random.integers(2))
        families = _families(self._games[game])
        family = families[list(families)[random.integers(len(families))]]
        maker = family[random.integers(len(family))]
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        quick = [other.name for other in self._games[game] if not other.slow] or [maker.name]
        other = quick[random.integers(len(quick))] if maker.slow else maker.name
        made = self._draw(game, maker.name, 1, generator)[0]
        return (one, None, other) if is_real else (made, maker, other)

    def _sheet_of(self, game: tuple[str, str], name: str) -> np.ndarray:
        return self._draw(game, name, N_SHEET, torch.Generator().manual_seed(0))

    def _draw(
        self, game: tuple[str, str], name: str, n: int, generator: torch.Generator
    ) -> np.ndarray:
        """n pictures (n, D) uint8; the model is let go of every few pixels."""
        steps = self._store.steps(name, PictureSource, lambda model: model.drawing(n, generator))
        x = list(steps)[-1]
        if game[1] == "binary":  # of an exact model they are 0 and 1, and stay so
            x = (torch.rand(x.shape, generator=generator) < x).to(x)
        return _levels(x.flatten(1).numpy())

    def _real(self, game: tuple[str, str]) -> RealPictures:
        return self._known.get(game, lambda: REAL[game](self._store))

    @cached_property
    def _games(self) -> dict[tuple[str, str], list[Maker]]:
        games = {}
        families = [card.tab for card in recipes.cards()]
        for game in GAMES:
            makers = [maker for name in releases.names() if (maker := self._maker(name, *game))]
            makers.sort(key=lambda maker: families.index(maker.family))
            try:
                self._real(game)
            except Unavailable:
                continue
            if makers:
                games[game] = makers
        return games

    def _maker(self, name: str, data: str, kind: str) -> Maker | None:
        recipe = recipes.get(name)
        card = recipe.card
        if card is None or card.pace > MAX_PACE or not _fits(recipe, kind):
            return None
        try:
            info = self._store.info(name)
        except Unavailable:
            return None
        figures = {figure["name"]: figure["value"] for figure in info["figures"]}
        if "fid" not in figures or info["hyperparameters"]["data"] != data:
            return None
        if figures["fid"] - figures.get("fid_train_reference", 0.0) > MAX_FID:
            return None
        return Maker(name, card.tab, card.pace > 0)

    def _checked(
        self, data: Any, kind: Any, seed: Any, k: Any
    ) -> tuple[tuple[str, str], int, int]:
        data = checks.choice("The data set", data, sorted({data for data, _ in GAMES}))
        kind = checks.choice("The kind of pixels", kind, sorted({kind for _, kind in GAMES}))
        seed = checks.seed(seed)
        k = checks.integer("The round", k, 0, ROUNDS - 1)
        if (data, kind) not in self._games:
            there = "; ".join(f"{data}, {kind}" for data, kind in self._games) or "none"
            raise BadInput(f"There is no game of {data} with {kind} pixels; there are: {there}.")
        return (data, kind), seed, k


def _fits(recipe: Recipe, kind: str) -> bool:
    """Are the pixels of its pictures of this kind? Where they are not 0 or 1, a mean of p(x | z)
    would give itself away, and so would the noise of a sample of it."""
    how, model = recipe.settings.preprocessing, recipe.model
    if kind == "binary":
        return model.from_noise and how not in ("none", "dequantized")
    return issubclass(model, PictureSource) and model.pictures_are_samples and how == "none"


def _families(makers: list[Maker]) -> dict[str, list[Maker]]:
    families: dict[str, list[Maker]] = {}
    for maker in makers:
        families.setdefault(maker.family, []).append(maker)
    return families


def _nearest(picture: np.ndarray, among: np.ndarray) -> np.ndarray:
    distances = ((among.astype(np.float32) - picture) ** 2).sum(1)
    return among[int(distances.argmin())]


def _levels(x: np.ndarray) -> np.ndarray:
    """Numbers in [0, 1] as 0 to 255."""
    return np.rint(255 * x).clip(0, 255).astype(np.uint8)
