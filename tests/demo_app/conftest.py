"""Releases of a tiny NADE with made assets, and the whole app on it in a browser."""

from __future__ import annotations

import os
import shutil
import socket
from collections import defaultdict
from dataclasses import replace
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


@pytest.fixture(scope="session")
def port():
    """Every app that a process serves comes after the other at one address, so that the browser
    knows its scripts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address(request, store, port):
    """The app, served: all of it, or only what is in the tabs whose keys the test's module has in
    TABS, which is there in a fraction of the time. What has no release shows what it lacks."""
    keys = getattr(request.module, "TABS", [tab.key for tab in shell.TABS])
    tabs = [tab if tab.key in keys else replace(tab, parts=[]) for tab in shell.TABS]
    # The NADE first, so that a bare address is its.
    with served(sorted(tabs, key=lambda tab: tab.key != "nade"), store, port) as address:
        yield address


def chromium() -> str:
    """The browser's path: CHROMIUM, else the system's, its headless shell before the whole of it,
    which takes a tenth more time. Without one there is a skip, but never where the tests are what
    decides (CI=true)."""
    paths = os.environ.get("CHROMIUM", "chromium-headless-shell chromium").split()
    for path in paths:
        if found := shutil.which(path):
            return found
    missing = f"There is no {' and no '.join(paths)}; install it, or set CHROMIUM to its path."
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    # Whoever asks another host finds none, and says so on the console.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    # One is started in advance for each page, which takes a fifth of all the time of a test.
    "--disable-features=SpareRendererForSitePerProcess",
]


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield instance
        instance.close()


NO_SOCKET = "window.WebSocket = class { static OPEN = 1; readyState = 0; };"


@pytest.fixture(scope="session")
def left(browser):
    """The pages that tests have left blank, by what they were opened with: the app comes again in
    a third of the time, since its scripts are compiled."""
    return defaultdict(list)


@pytest.fixture
def visit(request, browser, address, left):
    """visit(hash, ...): a page that shows its first answers; `script` runs before its own scripts,
    without `sockets` each call is a request, which Playwright can see and stop; without `waits`
    nothing is expected of the NADE. It is a page that an earlier test has left, if there is one,
    with nothing of it but the browser's cache.
    At the end no page may have had an error on its console, as it has when it asks another host
    for anything."""
    used, complaints, n_failed = [], [], request.session.testsfailed

    def visit(
        hash="",
        width=1280,
        height=900,
        locale="en-US",
        sockets=True,
        waits=True,
        script=None,
        color_scheme="light",
        reduced_motion="no-preference",
        **options,
    ):
        script = script or (None if sockets else NO_SOCKET)
        key = (locale, script, *sorted(options.items()))
        page = left[key].pop() if left[key] else opened(script, locale=locale, **options)
        used.append((key, page))
        page.complaints = complaints
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.goto(address + ("#" + hash if hash else ""))
        others = [tab.key for tab in shell.TABS if tab.key != "nade"]
        if waits and not any(f"tab={key}" in hash for key in others):
            expect(page.get_by_test_id("nade-score")).not_to_be_empty()
            expect(
                page.get_by_test_id("nade-completions-0").locator("canvas").first
            ).to_be_visible()
        return page

    def opened(script, **options):
        """A blank page, in a context of its own."""
        page = browser.new_context(**options).new_page()
        if script is not None:
            page.add_init_script(script)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda m: m.type == "error" and page.complaints.append(m.text))
        return page

    def leave(page):
        """As a new one, but for the browser's cache."""
        page.unroute_all()
        page.evaluate("localStorage.clear(); sessionStorage.clear()")
        page.goto("about:blank")
        page.context.clear_cookies()
        page.mouse.move(0, 0)

    yield visit
    for key, page in used:
        # A browser keeps 50 entries of a history: then none is added that a test could count.
        fresh = page.evaluate("history.length") < 40
        if request.session.testsfailed == n_failed and fresh:
            leave(page)
            left[key].append(page)
        else:  # whatever state it may be in
            page.context.close()
    assert not complaints
