"""What the page loads by itself: the widgets' scripts, styles and templates, and the labels.

All of it lies under one address that changes with any of its content, so that a browser may keep
it for ever and still never has two versions of it at once.
"""

from __future__ import annotations

import gzip
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
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".wasm": "application/wasm",
}
"""What is served, and as what."""

_LATER = "widgets/shared/runtime/"
"""What a page loads when it first computes by itself."""


def address(path: str) -> str:
    """Where the page finds a file, such as "widgets/nade/script.js", from its own address."""
    return f"./{_ROOT}/{_version()}/{path}"


def scripts() -> list[str]:
    """The addresses of the scripts that every page needs, to be asked for all at once."""
    shared = (path for path in _files() if path.startswith("widgets/shared/"))
    return [address(p) for p in shared if p.endswith(".js") and not p.startswith(_LATER)]


def kept() -> dict[str, bytes | Path]:
    """All that is served, by its path from the page, as it is kept: what is kept compressed under
    a name that ends in .gz."""
    return {
        address(path)[2:] + ".gz" * (path in _compressed()): content
        for path, content in _files().items()
    }


def local() -> list[str]:
    """The widgets some of whose functions the page has, too: a local.js."""
    return [path.split("/")[1] for path in _files() if path.endswith("/local.js")]


def route() -> Route:
    """Serves the files of this version; those of any other are not there."""

    def serve(request: Request) -> Response:
        path = request.path_params["path"]
        if request.path_params["version"] != _version() or path not in _files():
            return Response(status_code=404)
        kind, content = _KINDS[Path(path).suffix], _files()[path]
        kept = {"Cache-Control": "public, max-age=31536000, immutable"}
        if path in _compressed():
            kept["Vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                kept["Content-Encoding"] = "gzip"
            else:
                content = gzip.decompress(content)
        return Response(content, media_type=kind, headers=kept)

    return Route(f"/{_ROOT}/{{version}}/{{path:path}}", serve)


@cache
def _version() -> str:
    whole = hashlib.sha256()
    for path, content in sorted(_files().items()):
        whole.update(path.encode() + b"\0" + content + b"\0")
    return whole.hexdigest()[:16]


@cache
def _files() -> dict[str, bytes]:
    """By their paths in the address; those `_compressed` as they are kept."""
    files = {
        f"widgets/{path.relative_to(_FOLDER).as_posix()}": path.read_bytes()
        for path in sorted(_FOLDER.rglob("*"))
        if path.suffix in _KINDS
    }
    files |= {path: file.read_bytes() for path, file in _compressed().items()}
    for template in [path for path in files if path.endswith("/template.html")]:
        widget = template.split("/")[1]
        style = f"widgets/{widget}/style.css"
        files[style] = _scoped(widget, files.get(style, b"").decode()).encode()
    for language in text.LANGUAGES:
        labels = json.dumps(text.labels(language), ensure_ascii=False, separators=(",", ":"))
        files[f"text/{language}.json"] = labels.encode()
    return files


@cache
def _compressed() -> dict[str, Path]:
    """By their paths in the address, the files that are kept compressed."""
    files = sorted(_FOLDER.rglob("*.gz"))
    return {f"widgets/{path.relative_to(_FOLDER).as_posix()[:-3]}": path for path in files}


def _scoped(widget: str, style: str) -> str:
    """Rules that hold in the widget alone, and there before those of zoo.css: an id that no
    element has lends them its weight."""
    return f':is(#zoo, [data-widget="{widget}"]) {{\n{style}}}\n'
