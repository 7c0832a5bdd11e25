"""What the map asks: which models there are, how one led to another, a few pictures of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from demo_app.errors import Unavailable
from demo_app.services import checks
from demo_app.services.cyclegan import CycleGANService
from demo_app.services.gallery import MAX_SEED, Gallery
from demo_app.services.kept import Kept
from demo_app.services.stargan import StarGANService
from demo_app.store import Store
from genzoo import recipes
from genzoo.data.avatars import SCHEMA
from genzoo.roles import knowledge

MAX_PICTURES = 16
KEPT = 256
"""Answers that are kept: every visitor's first look is the same."""

FIGURES = ("nll", "nll_bound", "fid")
"""What a node tells of its release, where it was measured."""


@dataclass(frozen=True)
class Node:
    """A model on the map.

    `year` is its paper's, `release` what stands for it, `after` the nodes from which it took its
    idea. `pace` is how long its pictures take, from 0, at once, to 2, a minute for a sheet.
    """

    key: str
    year: int
    release: str
    tab: str
    after: tuple[str, ...] = ()
    pace: int = 0


NODES = (
    Node("independent", 1948, "pixels-independent-mnist", "pixels"),
    Node("markov", 1948, "pixels-markov-mnist", "pixels", ("independent",)),
    Node("ar", 1996, "ar28-mnist", "pixels", ("markov",)),
    Node("fvbn", 1996, "fvbn-mnist", "pixels", ("ar",)),
    Node("nade", 2011, "nade-mnist", "nade", ("fvbn",)),
    Node("rnade", 2013, "rnade-fashion", "nade", ("nade",), 1),
    Node("orderless", 2014, "nade-orderless-mnist", "nade", ("nade",), 2),
    Node("row_lstm", 2016, "row-lstm-mnist", "pixelrnn", ("nade",), 1),
    Node("diagonal_bilstm", 2016, "diagonal-bilstm-mnist", "pixelrnn", ("row_lstm",), 1),
    Node("transformer", 2017, "transformer-mnist", "transformer", ("diagonal_bilstm",), 1),
    Node("vae", 2014, "vae-mnist", "vae"),
    Node("gan", 2014, "gan-mnist", "gan"),
    Node("aae", 2015, "aae-mnist-8", "aae", ("vae", "gan")),
    Node("dcgan", 2016, "dcgan-mnist", "dcgan", ("gan",)),
    Node("infogan", 2016, "infogan-mnist", "infogan", ("dcgan",)),
    Node("cyclegan", 2017, "cyclegan-avatars", "cyclegan", ("gan",), 1),
    Node("stargan", 2018, "stargan-avatars", "stargan", ("cyclegan",), 1),
)
"""Each after those from which it took its idea."""

COLOR = ("cyclegan", "stargan")
"""Nodes whose pictures are faces in color, made of drawn ones."""

_BY_KEY = {node.key: node for node in NODES}


class AtlasService:
    """A picture is 784 numbers in [0, 1], row by row, or 12288 of a face in color, channel by
    channel. Refuses bad input with BadInput, a missing or damaged release with Unavailable."""

    def __init__(self, store: Store):
        self._store = store
        self._gallery = Gallery(store)
        self._cyclegan, self._stargan = CycleGANService(store), StarGANService(store)
        self._kept = Kept(KEPT)

    def nodes(self) -> list[dict[str, Any]]:
        """Every node, whether its release is there or not; reads no weights.

        Returns:
            key, year, tab, after and pace as in `Node`; release, its name; kind, "tractable",
            "approximate" or "implicit"; color, whether its pictures are faces in color; paper and
            paper_url; data, the data set; figures, what was measured, and n_parameters, None
            without a release; missing, {sentence, command} where it lacks, else None.
        """
        return [self._about(node) for node in NODES]

    def pictures(self, node: Any, n: Any = 4, seed: Any = 0) -> np.ndarray:
        """n pictures of a node, 1 to 16, (n, 784) or (n, 12288): a function of the node, n and
        the seed. Sketches in color of "cyclegan"; of "stargan" faces with one attribute changed,
        another one in each."""
        key = checks.choice("The node", node, list(_BY_KEY))
        n = checks.integer("The number of pictures", n, 1, MAX_PICTURES)
        seed = checks.integer("The seed", seed, 0, MAX_SEED)
        release = _BY_KEY[key].release
        self._store.info(release)
        draw = self._faces if key in COLOR else self._gallery.few
        return self._kept.get((key, n, seed), lambda: draw(release, n, seed))

    def _faces(self, release: str, n: int, seed: int) -> np.ndarray:
        seeds = [(seed + k) % (MAX_SEED + 1) for k in range(n)]
        if release == self._cyclegan.release:
            sketches = [self._cyclegan.pair(one)["sketch"] for one in seeds]
            return np.stack([self._cyclegan.colored(sketch) for sketch in sketches])
        return np.stack([self._edited(one, k) for k, one in enumerate(seeds)])

    def _edited(self, seed: int, k: int) -> np.ndarray:
        """The face of a seed with the next value of the kth attribute that can be edited."""
        edited = self._stargan.about()["edited"]
        face = dict(zip(SCHEMA, self._stargan.face(seed), strict=True))
        values = [face[name] for name in edited]
        k %= len(edited)
        values[k] = (values[k] + 1) % len(SCHEMA[edited[k]])
        return self._stargan.edit(values, face=list(face.values()))["image"]

    def _about(self, node: Node) -> dict[str, Any]:
        recipe = recipes.get(node.release)
        about: dict[str, Any] = {
            "key": node.key,
            "year": node.year,
            "release": node.release,
            "tab": node.tab,
            "after": list(node.after),
            "pace": node.pace,
            "kind": knowledge(recipe.model),
            "color": node.key in COLOR,
            "paper": recipe.paper,
            "paper_url": recipe.paper_url,
            "data": recipe.data,
            "figures": {},
            "n_parameters": None,
            "missing": None,
        }
        try:
            info = self._store.info(node.release)
        except Unavailable as error:
            about["missing"] = {"sentence": str(error), "command": error.command}
            return about
        measured = {figure["name"]: figure["value"] for figure in info["figures"]}
        about["figures"] = {name: measured[name] for name in FIGURES if name in measured}
        about.update({key: info[key] for key in ("paper", "paper_url", "n_parameters")})
        return about
