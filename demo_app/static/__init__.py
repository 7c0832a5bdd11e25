"""The zoo as a folder of files, which any web server shows: no Python where it is shown.

The tabs are laid out as they are for the app, and their elements written into one page. The same
widgets come onto it from the same files. What a page asks when its tabs are opened, and at the
choices that are nearest, is listed in `questions.txt` (`python -m benchmarks.questions`) and
answered while the folder is written; what has a twin in the page is computed there, on the
releases' weights; for all else the page says that it needs a server
(`widgets/shared/recorded.js`).

The formulas and the style of the explanations are Gradio's own, out of its package.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import logging
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block, BlockContext
from markdown_it import MarkdownIt
from PIL import Image

from demo_app import shell, weights, widgets
from demo_app.space import SpaceError

FOLDER = Path(__file__).parent
QUESTIONS = FOLDER / "questions.txt"
"""A line for each, "WIDGET.FUNCTION ARGUMENTS", the arguments as JSON.stringify writes them,
without what only says who asks, and when: the page, its turn, its game."""

MODULE = "widgets/shared/runtime/module.js"
"""The one file of the widgets that is another here: a plain server compresses no WebAssembly, so
the page unpacks it."""

LATER = re.compile(r"/runtime/|/answers/|^weights/|^\.")
"""What a browser keeps when it has asked for it; all else it keeps from the first visit on."""

ICONS = (192, 512)
TEX = re.compile(r"\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$]+?)\$", re.DOTALL)
_log = logging.getLogger(__name__)


def write(folder: Path, app: shell.App | None = None) -> tuple[int, int]:
    """Write the zoo to a folder.

    Args:
        app: what is written; the whole zoo where it is not given.

    Returns:
        how many files there are, and bytes.

    Raises:
        SpaceError: when this Gradio lacks what is taken from it.
        OSError: when the folder cannot be written.
    """
    for path, content in _files(app or shell.build()).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content)
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def _files(app: shell.App) -> dict[str, bytes | Path]:
    """What the folder holds, by its path."""
    answers = _answers(app)
    own: dict[str, bytes | Path] = {
        **{name: (FOLDER / name).read_bytes() for name in ("page.js", "page.css")},
        "theme.css": shell.theme().encode(),
        **_of_gradio(),
        **{f"answers/{key}.json": answer for key, answer in answers.items()},
    }
    root = f"static/{_version(own)}"
    files: dict[str, bytes | Path] = {
        **{f"{root}/{path}": content for path, content in own.items()},
        **widgets.files.kept(),
        **weights.kept(),
        **{f"icon-{size}.png": _icon(size) for size in ICONS},
        "favicon.png": Path(shell.__file__).with_name("favicon.png"),
        "manifest.webmanifest": (FOLDER / "manifest.webmanifest").read_bytes(),
        "README.md": (FOLDER / "README.md").read_bytes(),
        ".nojekyll": b"",
    }
    for path in files:
        if path.endswith(MODULE):
            files[path] = (FOLDER / "module.js").read_bytes()
    files["index.html"] = _page(app, root, list(answers), list(own)).encode()
    first = sorted(path for path in files if not LATER.search(path))
    files["sw.js"] = (
        (FOLDER / "sw.js")
        .read_text(encoding="utf-8")
        .replace("{VERSION}", _version(files))
        .replace('"{FILES}"', json.dumps(["./", *first]))
        .encode()
    )
    return files


def _version(files: Mapping[str, bytes | Path]) -> str:
    """A hash of the files; one that is copied has a hash in its own path, or never changes."""
    whole = hashlib.sha256()
    for path, content in sorted(files.items()):
        whole.update(path.encode() + b"\0")
        whole.update(b"" if isinstance(content, Path) else content + b"\0")
    return whole.hexdigest()[:16]


def _page(app: shell.App, root: str, answers: list[str], own: list[str]) -> str:
    """index.html."""
    props: list[Any] = []
    body = "\n".join(_element(child, props) for child in app.children)
    recorded = {"folder": f"./{root}/answers/", "keys": sorted(answers)}
    styles = [f"{root}/{path}" for path in own if path.endswith(".css") and "katex" not in path]
    values = {
        "styles": "\n".join(f'<link rel="stylesheet" href="./{path}">' for path in styles),
        "head": shell.head(app.tabs, recorded),
        "body": body,
        "props": _json(props).replace("</", "<\\/"),
        "container": f"gradio-container-{gr.__version__.replace('.', '-')}",
        "script": f"./{root}/page.js",
        "widget": widgets.files.address("widgets/shared/widget.js"),
    }
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], page)


def _element(block: Block, props: list[Any]) -> str:
    """The HTML of a part of the app, as Gradio's page has it; a widget's `data` goes to `props`,
    in the order in which the widgets stand."""
    id = f' id="{block.elem_id}"' if block.elem_id else ""
    if isinstance(block, widgets.Widget):
        props.append(block.props.get("data"))
        names = " ".join(block.elem_classes)
        inner = f'<div class="{names}" data-mount="{block.name}"></div>'
        return f'<div class="block {names}"{id}><div class="html-container">{inner}</div></div>'
    if isinstance(block, gr.Markdown):
        names = " ".join(block.elem_classes)
        return (
            f'<div class="block {names}"{id}><div class="prose {names}">'
            f'<span class="md prose">{rendered(str(block.value))}</span></div></div>'
        )
    if isinstance(block, BlockContext):
        names = " ".join(["column", *block.elem_classes])
        inner = "\n".join(_element(child, props) for child in block.children)
        return f'<div class="{names}"{id}>\n{inner}\n</div>'
    return ""  # an endpoint


def rendered(markdown: str) -> str:
    """An explanation as HTML. A formula stands in it as TeX, in an element that the page puts the
    formula in place of when it is first seen."""
    formulas: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        formulas.append(
            f'<span><span class="katex" data-tex="{kind}">{html.escape(match[kind])}</span></span>'
        )
        return f"\ue000{len(formulas) - 1}\ue001"

    page = MarkdownIt("commonmark").enable("table").render(TEX.sub(keep, markdown))
    return re.sub("\ue000(\\d+)\ue001", lambda match: formulas[int(match[1])], page)


def _of_gradio() -> dict[str, bytes | Path]:
    """The styles of Gradio's text, and KaTeX, out of its package.

    Raises:
        SpaceError: when this Gradio has them no longer.
    """
    assets = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
    text = {path: path.read_text(encoding="utf-8") for path in assets.glob("*.css")}

    def one(what: str, paths: Iterator[Path]) -> Path:
        for path in paths:
            return path
        raise SpaceError(f"Gradio {gr.__version__} has no {what}, by which texts are laid out.")

    container = f".gradio-container-{gr.__version__.replace('.', '-')}"
    base = (path for path, css in text.items() if f"{container} .prose p" in css)
    code = (path for path, css in text.items() if f"{container} .md code" in css)
    return {
        "gradio/base.css": one("style of prose", base),
        "gradio/code.css": one("style of code", code),
        "gradio/katex.css": one("style of formulas", assets.glob("katex-*.css")),
        "gradio/katex.js": one("KaTeX", assets.glob("katex-*.js")),
        **{f"gradio/{path.name}": path for path in assets.glob("KaTeX_*.woff2")},
    }


def _answers(app: shell.App) -> dict[str, bytes]:
    """By the key of its question each recorded answer, as JSON."""
    functions, answers = app.functions(), {}
    game = None
    for k, line in enumerate(QUESTIONS.read_text(encoding="utf-8").splitlines()):
        name, _, text = line.partition(" ")
        if name not in functions:  # the tab is not there, or lacks a release
            continue
        given, function = json.loads(text), functions[name]
        own = {"page": f"recorded-{k}", "turn": 1, "game": game}
        takes = function.signature.parameters  # type: ignore[attr-defined]
        answer = function({**given, **{key: own[key] for key in own if key in takes}})
        if not answer["ok"]:
            _log.warning("%s is not recorded: %s", line[:100], answer.get("error"))
            continue
        game = answer.get("game", game)
        answers[key_of(line)] = _json(answer).encode()
    return answers


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def key_of(question: str) -> str:
    """The key of a question, as widgets/shared/recorded.js has it."""
    a, b = 0x811C9DC5, 0x2545F491
    for byte in question.encode():
        a = (a ^ byte) * 0x01000193 & 0xFFFFFFFF
        b = (b ^ byte) * 0x85EBCA6B & 0xFFFFFFFF
    return f"{a:08x}{b:08x}"


def _icon(size: int) -> bytes:
    """The page's icon, `size` pixels along a side."""
    with Image.open(Path(shell.__file__).with_name("favicon.png")) as small:
        file = io.BytesIO()
        small.resize((size, size), Image.Resampling.NEAREST).save(file, "png")
    return file.getvalue()
