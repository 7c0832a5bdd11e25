"""Releases of a tiny NADE with made assets, and the whole app on it in a browser."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import expect, sync_playwright

from demo_app import shell
from demo_app.services.nade import NADEService
from demo_app.store import Store
from genzoo.models.nade import NADE
from tests.demo_app.page import served
from tests.demo_app.released import PER_CLASS, folders, write_digits, write_release

# What a page shows late on a busy machine is still what it shows.
expect.set_options(timeout=30_000)

NAME = "nade-mnist"


def write_nade(folder: Path) -> None:
    """A release under the recipe's own name: untrained, but with an opinion on every pixel."""
    generator = torch.Generator().manual_seed(0)

    def draw(nade: NADE) -> None:
        nade.W.normal_(0, 0.5, generator=generator)
        nade.V.normal_(0, 0.8, generator=generator)
        nade.b.uniform_(-3, 0, generator=generator)
        nade.c.normal_(0, 0.5, generator=generator)

    nade = write_release(folder, NAME, {"model.n_hidden": 6}, {"nll": 123.4}, change=draw)
    with torch.inference_mode():
        samples = nade.sample(500, generator=generator)
        scores = nade.log_prob(samples).numpy()
    write_digits(
        folder,
        NAME,
        samples[: 10 * PER_CLASS].flatten(1).byte().numpy(),
        log_prob=scores,
        noise=np.float32(-3000),
        shuffled=np.float32(-900),
    )


folder, module_folder = folders(write_nade)


@pytest.fixture(scope="module")
def store(module_folder):
    return Store()


@pytest.fixture(scope="module")
def service(store):
    return NADEService(store)


@pytest.fixture(scope="module")
def address(store):
    """The whole app, served; only the NADE is there, the other tabs show what they lack."""
    # The NADE first, so that a bare address is its.
    with served(sorted(shell.TABS, key=lambda tab: tab.key != "nade"), store) as address:
        yield address


def chromium() -> str:
    """The browser's path: CHROMIUM, else the system's. Without one there is a skip, but never
    where the tests are what decides (CI=true)."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    found = shutil.which(path)
    if found is None:
        missing = f"There is no Chromium at {path}; install it, or set CHROMIUM to its path."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield instance
        instance.close()


NO_SOCKET = "window.WebSocket = class { static OPEN = 1; readyState = 0; };"


@pytest.fixture
def visit(browser, address):
    """visit(hash, ...): a page that shows its first answers; `script` runs before its own scripts,
    without `sockets` each call is a request, which Playwright can see and stop; without `waits`
    nothing is expected of the NADE.
    At the end no page may have had an error on its console, or have asked another host for
    anything."""
    contexts, complaints = [], []

    def visit(
        hash="",
        width=1280,
        height=900,
        locale="en-US",
        sockets=True,
        waits=True,
        script=None,
        **options,
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=locale, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.complaints = complaints
        if script or not sockets:
            page.add_init_script(script or NO_SOCKET)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.on("request", lambda r: outside(r.url) and complaints.append(r.url))
        page.goto(address + ("#" + hash if hash else ""))
        others = [tab.key for tab in shell.TABS if tab.key != "nade"]
        if waits and not any(f"tab={key}" in hash for key in others):
            expect(page.get_by_test_id("nade-score")).not_to_be_empty()
            expect(
                page.get_by_test_id("nade-completions-0").locator("canvas").first
            ).to_be_visible()
        return page

    def outside(url):
        return not url.startswith((address, "data:", "blob:"))

    yield visit
    for context in contexts:
        context.close()
    assert not complaints
