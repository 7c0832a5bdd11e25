"""The map: every model of the course, how one led to another, a few pictures of each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from demo_app import pictures, widgets, wire
from demo_app.tabs import endpoint
from demo_app.work import slow_where

if TYPE_CHECKING:
    from demo_app.services.model_map import ModelMapService

COLUMNS = 4
"""Pictures side by side in a sheet."""

FIRST = ("markov", "fvbn", "nade", "transformer", "gan")
"""The models of the first question, each with better digits than the one before."""

GRAY = 28 * 28
"""Numbers of a picture that is not in color."""


def build(service: ModelMapService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    nodes = service.nodes()
    is_slow = slow_where(lambda data: service.is_slow(data.get("node")))
    functions = {"pictures": is_slow(lambda node, n, seed: few(service, node, n, seed))}
    shown = [node for key in FIRST for node in nodes if node["key"] == key and not node["missing"]]
    widgets.Widget("first", functions=functions, data={"nodes": shown})
    widgets.Widget("map", functions=functions, data={"nodes": nodes, "columns": COLUMNS})
    widgets.explanation("map", **figures(nodes))
    endpoints(service)


def few(service: ModelMapService, node: str, n: int, seed: int) -> dict[str, Any]:
    """n pictures of a node as one, COLUMNS to a row where that comes out even, else all in one;
    those in color channel by channel."""
    images = service.pictures(node, n, seed)
    columns = COLUMNS if len(images) % COLUMNS == 0 else len(images)
    channels = 1 if images.shape[1] == GRAY else 3
    side = math.isqrt(images.shape[1] // channels)
    return {"sheet": wire.pack_bytes(pictures.sheet(images, columns, side)), "columns": columns}


def figures(nodes: list[dict[str, Any]]) -> dict[str, str]:
    """How many nodes are of each kind, and how many are there; for the explanation."""
    kinds = [node["kind"] for node in nodes]
    return {
        **{f"n_{kind}": str(kinds.count(kind)) for kind in sorted(set(kinds))},
        "n_nodes": str(len(nodes)),
        "n_here": str(sum(node["missing"] is None for node in nodes)),
    }


def endpoints(service: ModelMapService) -> None:
    """The same for programs."""

    @endpoint(
        "Every model of the map -> a list of {key, year, kind, release, tab, after, paper, "
        "figures, missing, ...}; kind is tractable, approximate or implicit, after the keys of "
        "the models from which it took its idea."
    )
    def map_nodes() -> list[dict[str, Any]]:
        return service.nodes()

    @endpoint(
        "n pictures of a node, 1 to 16 by a seed -> n x 784 pixels in [0, 1], row by row; of "
        "one with color n x 12288, channel by channel. Some take seconds each."
    )
    def map_pictures(node: str = "nade", n: int = 4, seed: int = 0) -> list[list[float]]:
        return service.pictures(node, n, seed).tolist()
