"""The composition root: which tabs there are, what each is handed, how the app is served."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from fastapi import FastAPI
from gradio.state_holder import SessionState, StateHolder
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from demo_app import hosts, live, memory, ports, text, weights, widgets
from demo_app.errors import Unavailable
from demo_app.gate import Gate
from demo_app.services.aae import AAEService
from demo_app.services.blind import BlindService
from demo_app.services.compare import CompareService
from demo_app.services.cyclegan import CycleGANService
from demo_app.services.dcgan import DCGANService
from demo_app.services.faceoff import FaceOffService
from demo_app.services.gan import GANService
from demo_app.services.infogan import InfoGANService
from demo_app.services.model_map import ModelMapService, tour
from demo_app.services.nade import NADEService
from demo_app.services.orderless import OrderlessService
from demo_app.services.pixelrnn import PixelRNNService
from demo_app.services.pixels import PixelsService
from demo_app.services.progan import ProGANService
from demo_app.services.puzzle import PuzzleService
from demo_app.services.rnade import RNADEService
from demo_app.services.stargan import StarGANService
from demo_app.services.text2image import Text2ImageService
from demo_app.services.transformer import TransformerService
from demo_app.services.vae import VAEService
from demo_app.store import Store
from demo_app.tabs import (
    aae,
    blind,
    compare,
    cyclegan,
    dcgan,
    faceoff,
    gan,
    infogan,
    model_map,
    nade,
    orderless,
    pixelrnn,
    pixels,
    progan,
    puzzle,
    rnade,
    stargan,
    text2image,
    transformer,
    vae,
)
from genzoo import recipes

_log = logging.getLogger(__name__)

SANS = [
    "ui-sans-serif",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Apple SD Gothic Neo",
    "Malgun Gothic",
    "Noto Sans KR",
    "Noto Sans CJK KR",
    "sans-serif",
]
MONO = ["ui-monospace", "SFMono-Regular", "Cascadia Mono", "DejaVu Sans Mono", "monospace"]


Part = tuple[Callable[[Store], Any], Callable[[Any], None]]
"""One model of a tab, or several that share a panel: `build` is handed `service(store)`."""


@dataclass(frozen=True)
class Tab:
    """A tab of the app: `key` is its name in the URL, `parts` stand below each other. What it is
    called is the label `KEY.tab`, or the title of the card with this key.

    Tabs of the same `group` stand together in the head of the page; its label is
    `zoo.group_GROUP`. A tab without a group stands there by itself. A `long` one, of more than
    three screens of 1280 x 800 pixels, begins with an outline of its parts."""

    key: str
    parts: Sequence[Part]
    group: str = ""
    long: bool = False


TABS: tuple[Tab, ...] = (
    Tab("map", [(ModelMapService, model_map.build)]),
    Tab("pixels", [(PixelsService, pixels.build)], "explicit", long=True),
    Tab(
        "nade",
        [
            (NADEService, nade.build),
            (OrderlessService, orderless.build),
            (RNADEService, rnade.build),
        ],
        "explicit",
        long=True,
    ),
    Tab("pixelrnn", [(PixelRNNService, pixelrnn.build)], "explicit"),
    Tab("transformer", [(TransformerService, transformer.build)], "explicit"),
    Tab("vae", [(VAEService, vae.build)], "latent", long=True),
    Tab("aae", [(AAEService, aae.build)], "latent"),
    Tab("gan", [(GANService, gan.build)], "adversarial", long=True),
    Tab("dcgan", [(DCGANService, dcgan.build)], "adversarial", long=True),
    Tab("infogan", [(InfoGANService, infogan.build)], "adversarial", long=True),
    Tab("progan", [(ProGANService, progan.build)], "adversarial"),
    Tab("stargan", [(StarGANService, stargan.build)], "translation"),
    Tab("cyclegan", [(CycleGANService, cyclegan.build)], "translation"),
    Tab("text2image", [(Text2ImageService, text2image.build)], "translation", long=True),
    Tab("puzzle", [(PuzzleService, puzzle.build)], "translation"),
    Tab("compare", [(CompareService, compare.build)], "compare"),
    Tab("figures", [(CompareService, compare.build_figures)], "compare"),
    Tab("faceoff", [(FaceOffService, faceoff.build)], "compare"),
    Tab("blind", [(BlindService, blind.build)], "compare"),
)


class App(gr.Blocks):
    """Blocks that are always launched with the app's own settings, whoever launches them."""

    tabs: Sequence[Tab] = ()

    @property
    def share_url(self) -> str | None:
        """The link under which Gradio shares the app (`launch(share=True)`), whose name is known
        from then on: a random one that its tunnel was given."""
        return self._share_url

    @share_url.setter
    def share_url(self, url: str | None) -> None:
        hosts.share(url, getattr(self, "_share_url", None))
        self._share_url = url

    @property
    def state_holder(self) -> StateHolder:
        """Where Gradio's server keeps its sessions."""
        return self._state_holder

    @state_holder.setter
    def state_holder(self, holder: StateHolder) -> None:
        holder.__class__ = OneSession
        self._state_holder = holder

    def queue(self, *args: Any, **kwargs: Any) -> App:
        """As Blocks does it when it is made; a second call would build all of its routes anew."""
        queued: App = super().queue(*args, **{"max_size": 64, **kwargs})
        return queued

    def launch(self, *args: Any, **kwargs: Any) -> Any:
        given = {**settings(self.tabs), "app_kwargs": self.served(), **kwargs}
        if given.get("server_port") is None:
            given["server_port"] = ports.free(given["server_name"], ports.asked())
        given.setdefault("root_path", ports.root_path())
        return super().launch(*args, **given)

    def served(self) -> dict[str, Any]:
        """What Gradio's own server is given besides: the socket, the page's files, and the page
        itself compressed, which Gradio sends as it is."""
        return {
            "routes": [
                *live.Live(self.functions()).routes(),
                widgets.files.route(),
                weights.route(),
            ],
            "middleware": [
                Middleware(Gate, endpoints=self.endpoints, queue=lambda: self._queue),
                Middleware(CompressedPage),
            ],
        }

    def functions(self) -> dict[str, live.Function]:
        """What the page may call live: "<widget>.<function>" of every widget."""
        return {
            f"{block.name}.{key}": function
            for block in self.blocks.values()
            if isinstance(block, widgets.Widget)
            for key, function in block.functions.items()
        }

    def endpoints(self) -> dict[str, inspect.Signature]:
        """What programs may call, in the order of Gradio's numbers."""
        numbered = sorted(self.fns.items())
        return {str(fn.api_name): inspect.signature(fn.fn) for _, fn in numbered}


class OneSession(StateHolder):
    """One session for all who call. A program that names none would begin one with every call: it
    is made of all blocks of the page, which takes longer than most calls, and keeps what the call
    was given and answered, up to 30 MB. Nothing here reads a session."""

    def __getitem__(self, session_id: str) -> SessionState:
        return super().__getitem__("all")


class CompressedPage:
    """Compresses what a browser goes to, if it can read that: the page, and no stream."""

    def __init__(self, app: ASGIApp):
        self._plain, self._compressed = app, GZipMiddleware(app, minimum_size=1000)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")
        await (self._compressed if page else self._plain)(scope, receive, send)


def build(tabs: Sequence[Tab] = TABS, store: Store | None = None) -> App:
    """The whole app, ready to launch."""
    # One small image is answered sooner by one thread than by several that wait for each other.
    torch.set_num_threads(1)
    memory.settle()
    store = store or Store()
    with App(title="genzoo", analytics_enabled=False, delete_cache=(600, 3600)) as app:
        app.tabs = tabs
        widgets.Widget("header", data={"languages": text.LANGUAGES})
        widgets.Widget("tour", data={"steps": tour()})
        for tab in tabs:
            with gr.Column(elem_id=f"page-{tab.key}", elem_classes=["zoo-page"]):
                if tab.long:
                    widgets.Widget("parts", data={"tab": tab.key})
                for service, part in tab.parts:
                    _add(part, service, store)
                if tab.parts and f"predict.{tab.key}" in text.labels("en"):
                    widgets.Widget("predict", data={"tab": tab.key})
        widgets.Widget("footer")
    return app


def _add(part: Callable[[Any], None], service: Callable[[Store], Any], store: Store) -> None:
    """One part of a tab. Where a release of it is so damaged that it cannot be laid out, a notice
    says so in its place, and the rest of the app goes on."""
    try:
        part(service(store))
    except Unavailable as error:
        widgets.notice(error)
    except Exception as error:
        _log.exception("%s cannot be laid out", getattr(service, "__name__", service))
        widgets.notice(
            Unavailable(
                f"A release that this part needs is damaged: {type(error).__name__} ({error}). "
                "The server's log says more.",
                "python -m genzoo list",
            )
        )


def titles() -> dict[str, dict[str, str]]:
    """By language, what a tab is called that has the key of a card, as labels `KEY.tab`."""
    return {
        language: {f"{card.key}.tab": getattr(card.title, language) for card in recipes.cards()}
        for language in text.LANGUAGES
    }


def grouped(tabs: Sequence[Tab]) -> list[tuple[str, list[str]]]:
    """The groups in the order of their first tabs, each with the keys of its tabs; a tab without
    one is a group by its own key."""
    groups: dict[str, list[str]] = {}
    for tab in tabs:
        groups.setdefault(tab.group or tab.key, []).append(tab.key)
    return list(groups.items())


def mount(app: FastAPI, path: str, demo: App | None = None) -> FastAPI:
    """Put the app into somebody's FastAPI app, under `path`, such as "/zoo"; returns `app`.

    Gradio's own `mount_gradio_app` knows nothing of the page's files and its socket.
    """
    demo = demo or build()
    return gr.mount_gradio_app(app, demo, path, app_kwargs=demo.served(), **page(demo.tabs))


def settings(tabs: Sequence[Tab]) -> dict[str, Any]:
    """The launch settings: nothing is sent or asked anywhere else, and little is kept."""
    return dict(
        **page(tabs),
        server_name=ports.name(),
        # Gradio would look for its own page, and fail where that takes more than three seconds, as
        # it does on a busy machine.
        _frontend=False,
        favicon_path=Path(__file__).parent / "favicon.png",
        max_threads=4,
    )


def page(tabs: Sequence[Tab]) -> dict[str, Any]:
    """Those settings that are of the page, wherever it is served."""
    return dict(
        theme=_theme(),
        head=head(tabs),
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size="5mb",
    )


def head(tabs: Sequence[Tab], recorded: Mapping[str, Any] | None = None) -> str:
    """What the page's <head> holds; see `widgets.head`."""
    keys = [tab.key for tab in tabs]
    return widgets.head(keys, grouped(tabs), titles(), weights.index(), recorded)


def theme() -> str:
    """The values of Gradio's own style, as CSS."""
    return str(_theme()._get_theme_css())


def _theme() -> gr.themes.Base:
    """Gradio's own parts in the tokens of widgets/shared/zoo.css."""
    return gr.themes.Base(font=SANS, font_mono=MONO).set(
        body_background_fill="var(--zoo-page)",
        body_background_fill_dark="var(--zoo-page)",
        body_text_color="var(--zoo-ink)",
        body_text_color_dark="var(--zoo-ink)",
        color_accent="var(--zoo-accent)",
        link_text_color="var(--zoo-accent)",
        link_text_color_dark="var(--zoo-accent)",
    )
