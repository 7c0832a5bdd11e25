"""The composition root: which tabs there are, what each is handed, how the app is served."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from demo_app import live, text, widgets
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
    called is the label `KEY.tab`, or the title of the card with this key."""

    key: str
    parts: Sequence[Part]


TABS: tuple[Tab, ...] = (
    Tab("map", [(ModelMapService, model_map.build)]),
    Tab("pixels", [(PixelsService, pixels.build)]),
    Tab(
        "nade",
        [
            (NADEService, nade.build),
            (OrderlessService, orderless.build),
            (RNADEService, rnade.build),
        ],
    ),
    Tab("pixelrnn", [(PixelRNNService, pixelrnn.build)]),
    Tab("transformer", [(TransformerService, transformer.build)]),
    Tab("vae", [(VAEService, vae.build)]),
    Tab("aae", [(AAEService, aae.build)]),
    Tab("gan", [(GANService, gan.build)]),
    Tab("dcgan", [(DCGANService, dcgan.build)]),
    Tab("infogan", [(InfoGANService, infogan.build)]),
    Tab("progan", [(ProGANService, progan.build)]),
    Tab("stargan", [(StarGANService, stargan.build)]),
    Tab("cyclegan", [(CycleGANService, cyclegan.build)]),
    Tab("text2image", [(Text2ImageService, text2image.build)]),
    Tab("puzzle", [(PuzzleService, puzzle.build)]),
    Tab(
        "compare",
        [
            (CompareService, compare.build),
            (FaceOffService, faceoff.build),
            (BlindService, blind.build),
        ],
    ),
)


class App(gr.Blocks):
    """Blocks that are always launched with the app's own settings, whoever launches them."""

    tabs: Sequence[Tab] = ()

    def launch(self, *args: Any, **kwargs: Any) -> Any:
        return super().launch(
            *args, **{**settings(self.tabs), "app_kwargs": self.served(), **kwargs}
        )

    def served(self) -> dict[str, Any]:
        """What Gradio's own server is given besides: the socket, the page's files, and the page
        itself compressed, which Gradio sends as it is."""
        return {
            "routes": [live.route(self.functions()), widgets.files.route()],
            "middleware": [Middleware(CompressedPage)],
        }

    def functions(self) -> dict[str, live.Function]:
        """What the page may call live: "<widget>.<function>" of every widget."""
        return {
            f"{block.name}.{key}": function
            for block in self.blocks.values()
            if isinstance(block, widgets.Widget)
            for key, function in block.functions.items()
        }


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
    store = store or Store()
    with App(title="genzoo", analytics_enabled=False, delete_cache=(600, 3600)) as app:
        app.tabs = tabs
        widgets.Widget("header", data={"languages": text.LANGUAGES})
        widgets.Widget("tour", data={"steps": tour()})
        for tab in tabs:
            with gr.Column(elem_id=f"page-{tab.key}", elem_classes=["zoo-page"]):
                for service, part in tab.parts:
                    part(service(store))
    app.queue(max_size=64)
    return app


def titles() -> dict[str, dict[str, str]]:
    """By language, what a tab is called that has the key of a card, as labels `KEY.tab`."""
    return {
        language: {f"{card.key}.tab": getattr(card.title, language) for card in recipes.cards()}
        for language in text.LANGUAGES
    }


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
        server_name=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        server_port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")),
        favicon_path=Path(__file__).parent / "favicon.png",
        max_threads=4,
        state_session_capacity=200,
    )


def page(tabs: Sequence[Tab]) -> dict[str, Any]:
    """Those settings that are of the page, wherever it is served."""
    return dict(
        theme=_theme(),
        head=widgets.head([tab.key for tab in tabs], titles()),
        footer_links=["api"],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        max_file_size="5mb",
    )


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
