"""The page as a whole in a browser: what it loads and when, and the app inside another one."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import expect

from demo_app import shell
from tests.demo_app.page import EN, state

pytestmark = pytest.mark.browser

MOST, OURS = 900_000, 300_000
"""Bytes that a new visitor loads until the first canvas stands: in all, and of the project."""


@contextmanager
def loaded(page):
    """By address, how many bytes have come over the wire of what the page asks for meanwhile."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    addresses, sizes = {}, {}

    def started(event):
        addresses[event["requestId"]] = event["response"]["url"]

    def finished(event):
        url = addresses.get(event["requestId"], "")
        sizes[url] = sizes.get(url, 0) + event["encodedDataLength"]

    session.on("Network.responseReceived", started)
    session.on("Network.loadingFinished", finished)
    yield sizes
    session.detach()


def of_widgets(sizes, *names):
    return [url for url in sizes if any(f"/widgets/{name}/" in url for name in names)]


def test_the_first_load_is_small_and_of_the_shown_tab_alone(browser, address):
    context = browser.new_context()
    page = context.new_page()
    with loaded(page) as sizes:
        page.goto(address)
        expect(page.get_by_test_id("nade-score")).not_to_be_empty()
        page.wait_for_load_state("networkidle")
    own = {url: n for url, n in sizes.items() if "/zoo/" in url or url == address}
    assert sum(sizes.values()) <= MOST
    assert sum(own.values()) <= OURS
    assert of_widgets(sizes, "header", "nade")
    assert not of_widgets(sizes, "gan_game", "map", "vae_map", "compare_sheets", "compare_plot")
    context.close()


def test_a_tab_is_loaded_when_it_is_opened_and_kept_for_the_next_visit(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_test_id("nade-score")).not_to_be_empty()
    with loaded(page) as sizes:
        page.get_by_test_id("tab-map").click()
        expect(page.get_by_test_id("map-figure")).to_be_visible()
        page.wait_for_load_state("networkidle")
    page.wait_for_url("**tab=map**")  # the address is written a little later
    assert of_widgets(sizes, "map")
    with loaded(page) as sizes:
        page.reload()
        expect(page.get_by_test_id("map-figure")).to_be_visible()
        page.wait_for_load_state("networkidle")
    assert sum(n for url, n in sizes.items() if "/zoo/" in url) == 0  # out of the browser's cache
    context.close()


def test_files_are_those_of_this_version_and_nothing_else(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    script = page.locator("link[href$='/shared/zoo.js']").evaluate("(link) => link.href")
    answer = context.request.get(script, headers={"Accept-Encoding": "gzip, br"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] in ("br", "gzip")
    version = script.split("/zoo/")[1].split("/")[0]
    for other in (
        script.replace(version, "0" * len(version)),
        script.replace("shared/zoo.js", "shared/%2e%2e/__init__.py"),
        script.replace("widgets/shared/zoo.js", "widgets/__init__.py"),
        script.replace("widgets/shared/zoo.js", "no/such.js"),
    ):
        assert context.request.get(other).status == 404, other
    context.close()


@pytest.fixture(scope="module")
def mounted(store):
    """The app under /there/zoo in an app of somebody else; the address of that one."""
    outer = FastAPI()
    outer.add_api_route("/favicon.ico", lambda: None)  # browsers ask for it

    @outer.get("/")
    def hello() -> dict[str, str]:
        return {"it": "is mine"}

    tabs = [tab for tab in shell.TABS if tab.key in ("nade", "map")]
    assert shell.mount(outer, "/there/zoo", shell.build(tabs[::-1], store)) is outer
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(outer, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("path", ["/there/zoo/", "/there/zoo"])
def test_it_lives_in_another_app(browser, mounted, path):
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    complaints, sockets = [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
    page.on("websocket", lambda s: sockets.append(s.url))
    assert context.request.get(mounted).json() == {"it": "is mine"}
    page.goto(mounted + path)
    expect(page.get_by_test_id("nade-score")).not_to_be_empty()
    expect(page.get_by_test_id("nade-status")).to_contain_text("Answered in")
    page.get_by_test_id("tab-map").click()
    expect(page.get_by_role("heading", name=EN["map.title"])).to_be_visible()
    assert [url for url in sockets if url.endswith("/there/zoo/live")]
    assert not complaints
    context.close()


COUNT_FRAMES = """
window.asked = 0;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (f) => (window.asked++, ask(f));
"""


def test_no_frame_is_asked_for_while_nothing_changes(browser, address):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(COUNT_FRAMES)
    page.goto(address)
    expect(page.get_by_test_id("nade-score")).not_to_be_empty()
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    before = page.evaluate("window.asked")
    page.wait_for_timeout(1000)
    assert page.evaluate("window.asked") - before < 10
    context.close()


def test_a_page_that_asks_another_host_is_noticed(visit):
    page = visit()
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://example.org/'}))")
    page.wait_for_event("console", lambda message: message.type == "error")
    assert len(page.complaints) == 1
    page.complaints.clear()


def test_how_long_answers_take_is_shown_to_those_who_ask(visit):
    page = visit()
    status = page.get_by_test_id("nade-status")
    expect(status).to_contain_text("Answered in")
    expect(status).to_be_hidden()
    page.get_by_test_id("times").click()
    expect(status).to_be_visible()
    expect(page.get_by_test_id("times")).to_have_attribute("aria-pressed", "true")
    assert state(page)["times.shown"] == "1"
    page.get_by_test_id("times").click()
    expect(status).to_be_hidden()


def test_a_term_says_what_it_means(visit):
    """Where it first occurs, to whom points at it; and to all at the end of the explanation."""
    page = visit()
    page.get_by_test_id("nade-about").click()
    means = EN["glossary.autoregressive_means"]
    prose = page.locator("#page-nade .zoo-prose.zoo-in-en").first
    expect(prose.locator("li", has_text=means)).to_be_visible()
    term = prose.locator(".zoo-term", has_text="autoregressive")
    expect(term).to_have_count(1)
    expect(term).to_have_attribute("title", f"autoregressive: {means}")
    assert prose.locator(".katex .zoo-term, code .zoo-term").count() == 0
