"""What a page computes with by itself: graphs of the releases, and the weights that they read.

A file lies under an address with a hash of its content, so that a browser may keep it for ever.
Graphs are those of `python -m genzoo export`; one that is of other weights than those beside it is
not there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from genzoo import releases

ROOT = "weights"


def index() -> dict[str, Any]:
    """Of each release that has graphs: model, the settings of its model; weights, the SHA-256 of
    its weights; and graphs, by name that of each graph."""
    return {name: one for name in releases.names() if (one := _release(name))["graphs"]}


def kept() -> dict[str, bytes | Path]:
    """All that is served, by its path from the page."""
    return {
        f"{ROOT}/{sha256}/{name}/{file}": path
        for name in index()
        for (sha256, file), path in _files(name).items()
    }


def route() -> Route:
    """Serves /weights/HASH/RELEASE/FILE."""

    def serve(request: Request) -> Response:
        name, file = (request.path_params[key] for key in ("name", "file"))
        path = _files(name).get((request.path_params["hash"], file))
        if path is None:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return FileResponse(path, media_type="application/octet-stream", headers=headers)

    return Route(f"/{ROOT}/{{hash}}/{{name}}/{{file}}", serve)


def _release(name: str) -> dict[str, Any]:
    """A release as `index` has it; nothing of one that cannot be read, as its tab says."""
    folder = releases.folder() / name
    try:
        config = json.loads((folder / releases.CONFIG).read_text(encoding="utf-8"))
        sha256, model = str(config["sha256"]), dict(config["model"])
        graphs = {path.stem: path.read_bytes() for path in folder.glob(f"*{releases.GRAPH}")}
    except (OSError, ValueError, KeyError, TypeError):
        return {"graphs": {}}
    own = {
        offer: hashlib.sha256(graph).hexdigest()
        for offer, graph in sorted(graphs.items())
        if sha256.encode() in graph
    }
    return {"model": model, "weights": sha256, "graphs": own}


def _files(name: str) -> dict[tuple[str, str], Path]:
    """By hash and name the files of a release: what is not listed here is not served."""
    if name not in releases.names():
        return {}
    one, folder = _release(name), releases.folder() / name
    hashes = {offer + releases.GRAPH: sha256 for offer, sha256 in one["graphs"].items()}
    if hashes:
        hashes[releases.WEIGHTS] = one["weights"]
    return {(sha256, file): folder / file for file, sha256 in hashes.items()}
