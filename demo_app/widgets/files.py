"""What the page loads by itself: the widgets' scripts, styles and templates, and the labels.

All of it lies under one address that changes with any of its content, so that a browser may keep
it for ever and still never has two versions of it at once.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo_app import text

_FOLDER = Path(__file__).parent
_ROOT = "zoo"
_KINDS = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
}
"""What is served, and as what."""


def address(path: str) -> str:
    """Where the page finds a file, such as "widgets/nade/script.js", from its own address."""
    return f"./{_ROOT}/{_version()}/{path}"


def scripts() -> list[str]:
    """The addresses of the scripts that every page needs, to be asked for all at once."""
    shared = (path for path in _files() if path.startswith("widgets/shared/"))
    return [address(path) for path in shared if path.endswith(".js")]


def route() -> Route:
    """Serves the files of this version; those of any other are not there."""

    def serve(request: Request) -> Response:
        path = request.path_params["path"]
        if request.path_params["version"] != _version() or path not in _files():
            return Response(status_code=404)
        kind = _KINDS[Path(path).suffix]
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(_files()[path], media_type=kind, headers=kept)

    return Route(f"/{_ROOT}/{{version}}/{{path:path}}", serve)


@cache
def _version() -> str:
    whole = hashlib.sha256()
    for path, content in sorted(_files().items()):
        whole.update(path.encode() + b"\0" + content + b"\0")
    return whole.hexdigest()[:16]


@cache
def _files() -> dict[str, bytes]:
    """By their paths in the address."""
    files = {
        f"widgets/{path.relative_to(_FOLDER).as_posix()}": path.read_bytes()
        for path in sorted(_FOLDER.rglob("*"))
        if path.suffix in _KINDS
    }
    for template in [path for path in files if path.endswith("/template.html")]:
        widget = template.split("/")[1]
        style = f"widgets/{widget}/style.css"
        files[style] = _scoped(widget, files.get(style, b"").decode()).encode()
    for language in text.LANGUAGES:
        labels = json.dumps(text.labels(language), ensure_ascii=False, separators=(",", ":"))
        files[f"text/{language}.json"] = labels.encode()
    return files


def _scoped(widget: str, style: str) -> str:
    """Rules that hold in the widget alone, and there before those of zoo.css: an id that no
    element has lends them its weight."""
    return f':is(#zoo, [data-widget="{widget}"]) {{\n{style}}}\n'
