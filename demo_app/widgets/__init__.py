"""Parts of the page with a life of their own in the browser.

A widget is a folder with template.html, script.js, an ES module, and style.css (which may be
absent), whose rules hold in the widget alone. They are served as files (`files`) and loaded when
the tab that they are in is first shown; widgets/shared has what they share.
"""

from __future__ import annotations

import functools
import inspect
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from demo_app import text, wire
from demo_app.errors import BadInput, Unavailable, told
from demo_app.widgets import files
from demo_app.work import Left, Visitor, working

_log = logging.getLogger(__name__)

ENDPOINT_SECONDS = 120.0
"""After which a program is told that its call took too long."""

_MOUNT = """import(new URL("{script}", document.baseURI))
  .then((page) => page.mount("{name}", element, props));"""


class Widget(gr.HTML):
    """The widget in the folder `name`.

    Args:
        name: its folder.
        functions: what the script may call as `server.<key>({...})`; see `live`.
        data: anything JSON can hold, read by the script as `props.data`.
    """

    def __init__(
        self,
        name: str,
        *,
        functions: Mapping[str, Callable[..., Mapping[str, Any]]] | None = None,
        data: Any = None,
        elem_id: str | None = None,
    ):
        self.functions = {key: live(key, f) for key, f in (functions or {}).items()}
        self.name = name
        super().__init__(
            html_template="",
            js_on_load=_MOUNT.format(script=files.address("widgets/shared/widget.js"), name=name),
            apply_default_css=False,
            elem_classes=["zoo-widget", f"zoo-{name}"],
            elem_id=elem_id,
            data=data,
        )

    def get_block_name(self) -> str:
        return "html"


def live(name: str, function: Callable[..., Mapping[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """A server function for a widget: one object of arguments in, `{ok, ms, ...}` out.

    A refusal is `{ok: false, error: sentence}`, with the label that says it in every language,
    `key` and `values`, where there is one; so is a fault of ours, which is also logged.
    Whether it takes long, for the arguments that it is given, says its `is_slow` as that of the
    function does (`demo_app.work.slow`). `signature` is that of the function.

    Raises:
        Left: when nobody waits for the answer any more.
    """

    signature = inspect.signature(function)

    def call(data: Any = None) -> dict[str, Any]:
        start = time.perf_counter()
        try:
            arguments = {} if data is None else data
            if not isinstance(arguments, dict):
                raise BadInput("The arguments must be one object of named values.")
            _bind(signature, arguments)
            answer = function(**arguments)
        except (BadInput, Unavailable) as error:
            return {"ok": False, **told(error)}
        except Left:
            raise
        except Exception:
            _log.exception("%s failed", name)
            return {"ok": False, **told(BadInput.said("failed"))}
        return {"ok": True, **answer, "ms": round(1000 * (time.perf_counter() - start), 2)}

    def is_slow(data: Any) -> bool:
        try:
            return bool(function.is_slow(data))  # type: ignore[attr-defined]
        except Exception:  # the arguments are not checked yet; the call itself says what is wrong
            return True

    call.__name__ = name
    call.signature = signature  # type: ignore[attr-defined]
    if hasattr(function, "is_slow"):
        call.is_slow = is_slow  # type: ignore[attr-defined]
    return call


def endpoint(name: str, function: Callable[..., Any], description: str) -> None:
    """Offer `function` to API clients as /name; its signature must be fully typed. Arrays in an
    answer become lists."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            with _program() as is_asked:
                answer = function(*args, **kwargs)
            return wire.as_text(answer) if is_asked else wire.plain(answer)
        except (BadInput, Unavailable) as error:
            raise gr.Error(str(error), print_exception=False) from error
        except Left as error:
            sentence = "This took too long, and was stopped."
            raise gr.Error(sentence, print_exception=False) from error
        except Exception as error:
            _log.exception("%s failed", name)
            raise gr.Error("The server failed on this.", print_exception=False) from error

    gr.api(call, api_name=name, api_description=description, concurrency_id="zoo")


@contextmanager
def _program() -> Iterator[bool]:
    """What runs here is for a program, which may wait so long, as far as it has not left. Whether
    there is one, and it is not called by hand."""
    blocks, id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    event = blocks._queue.event_ids_to_events.get(id) if blocks and id else None
    if event is None:  # called by hand
        yield False
        return
    end = time.monotonic() + ENDPOINT_SECONDS
    with working(
        Visitor(event.session_hash, "endpoint"), lambda: event.alive and time.monotonic() < end
    ):
        yield True


def notice(error: Unavailable) -> None:
    """In place of a tab: what is missing, and the command that makes it."""
    Widget("notice", data={"sentence": str(error), "command": error.command})


def explanation(tab: str, **figures: str) -> None:
    """The folded explanation of a tab, `text/<language>/<tab>.md`, in every language at once;
    before it, where there is one, the picture of its model's computation."""
    if f"flow.{tab}" in {key.partition("_")[0] for key in text.labels("en")}:
        Widget("flow", data={"tab": tab})
    with gr.Column(elem_classes=["zoo-about"]):
        Widget("fold", data={"tab": tab})
        with gr.Column(elem_classes=["zoo-fold-body"]):
            for language in text.LANGUAGES:
                gr.Markdown(
                    text.markdown(tab, language, **figures),
                    elem_classes=["zoo-prose", f"zoo-in-{language}"],
                    latex_delimiters=[
                        {"left": "$$", "right": "$$", "display": True},
                        {"left": "$", "right": "$", "display": False},
                    ],
                )


def head(
    tabs: list[str],
    groups: Sequence[tuple[str, list[str]]],
    titles: Mapping[str, Mapping[str, str]],
    graphs: Mapping[str, Any],
    recorded: Mapping[str, Any] | None = None,
) -> str:
    """What the page's <head> holds: the shared style and scripts, and what they are told: the
    tabs, which of them stand together under which name, by language the labels `KEY.tab` that are
    in no text, and what there is for the page to compute with (`demo_app.weights.index`). One
    without a server is told which answers are `recorded`."""
    shown = "\n".join(
        f'html[data-tab="{tab}"] #page-{tab} {{ display: flex !important; }}' for tab in tabs
    )
    told = {"tabs": tabs, "groups": groups, "titles": titles, "languages": text.LANGUAGES}
    told |= {"graphs": graphs, "local": files.local()}
    if recorded is not None:
        told["recorded"] = recorded
    setup = json.dumps(told, ensure_ascii=False).replace("</", "<\\/")
    style = files.address("widgets/shared/zoo.css")
    scripts = "\n".join(
        f'<link rel="modulepreload" href="{address}">' for address in files.scripts()
    )
    return (
        f'<link rel="stylesheet" href="{style}">\n<style>\n{shown}\n</style>\n{scripts}\n'
        f'<script type="application/json" id="zoo-setup">{setup}</script>'
    )


def _bind(signature: inspect.Signature, arguments: Mapping[str, Any]) -> None:
    try:
        signature.bind(**arguments)
    except TypeError as error:
        expected = ", ".join(signature.parameters) or "none"
        raise BadInput(f"The arguments must be: {expected} ({error}).") from error
