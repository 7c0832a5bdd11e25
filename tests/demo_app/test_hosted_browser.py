"""The app where people find it: inside a Space's page, and behind a proxy with a prefix."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error, expect

from demo_app import shell, text
from demo_app.store import Store
from tests.demo_app.page import menu, open_tab, served, written
from tests.demo_app.proxy import proxy

TABS = ["nade"]

SPACE = "https://huggingface.co/spaces/me/zoo"

PAGE = """<!doctype html><title>A Space</title><link rel="icon" href="data:,">
<iframe style="width: 1280px; height: 900px"></iframe>
<script>
  // As the page of a Space: its query and hash go down once, and what comes back is written here.
  const more = location.search ? "&" + location.search.slice(1) : "";
  document.querySelector("iframe").src = "%s?__theme=dark&__sign=secret" + more + location.hash;
  window.told = [];
  addEventListener("message", ({ data }) => {
    if (data?.hash === undefined) return;  // Gradio's own, of the frame's size
    told.push(data);
    const query = data.queryString && "?" + data.queryString;
    history.replaceState(null, "", location.pathname + query + data.hash);
  });
</script>"""

NO_STORAGE = """for (const [owner, name] of [[Window.prototype, "localStorage"],
    [Window.prototype, "sessionStorage"], [Window.prototype, "indexedDB"],
    [Window.prototype, "caches"], [Document.prototype, "cookie"]]) {
  const refuse = () => { throw new DOMException("no " + name, "SecurityError"); };
  Object.defineProperty(owner, name, { get: refuse, set: refuse });
  if (owner === Window.prototype) {
    Object.defineProperty(window, name, { get: refuse, set: refuse });
  }
}"""


@contextmanager
def opened(browser, script=None):
    """A page of a visitor who has never been here, without an error on its console."""
    context = browser.new_context(locale="en-US", viewport={"width": 1300, "height": 950})
    with suppress(Error):  # older browsers let a page show one of this machine unasked
        context.grant_permissions(["local-network-access"])
    page = context.new_page()
    if script:
        page.add_init_script(script)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
    yield page
    context.close()
    assert not complaints


@contextmanager
def on_a_space(browser, address, url=SPACE, script=None):
    """The Space's page, and the app's frame in it."""
    with opened(browser, script) as page:
        page.route(
            "https://huggingface.co/**",
            lambda route: route.fulfill(body=PAGE % address, content_type="text/html"),
        )
        page.goto(url)
        app = page.frame_locator("iframe")
        expect(app.get_by_test_id("nade-score")).not_to_be_empty()
        expect(app.get_by_test_id("nade-status")).to_contain_text(" ms")
        yield page, app


@pytest.mark.parametrize("script", [None, NO_STORAGE], ids=["storage", "no storage"])
def test_an_address_of_a_spaces_page_restores_what_is_seen_in_it(browser, address, script):
    with on_a_space(browser, address, SPACE + "?who=me#nade.seed=5", script) as (page, app):
        menu(app, "nade-seed").fill("7")
        app.get_by_test_id("nade-seed").press("Enter")
        page.wait_for_url("**nade.seed=7**")
        cell = app.get_by_test_id("nade-canvas")
        cell.click(position={"x": 60, "y": 60})
        page.wait_for_url("**nade.x=**")
        score = app.get_by_test_id("nade-score")
        expect(score).not_to_be_empty()
        app.get_by_test_id("lang-ko").click()
        page.wait_for_url("**lang=ko**")
        told = page.evaluate("told.at(-1)")
        shown = page.frames[1].evaluate("location.hash")
        assert told == {"queryString": "who=me", "hash": shown}  # without __sign
        seen, url = score.inner_text(), page.url
    with on_a_space(browser, address, url, script) as (page, app):
        expect(app.get_by_test_id("nade-score")).to_have_text(seen)
        expect(app.get_by_test_id("nade-seed")).to_have_value("7")
        expect(app.locator("html")).to_have_attribute("lang", "ko")


def test_another_tab_and_the_way_back_are_told_to_a_spaces_page(browser, address):
    with on_a_space(browser, address) as (page, app):
        app.get_by_test_id("tab-map").click()
        page.wait_for_url("**#tab=map")
        page.frames[1].evaluate("history.back()")
        page.wait_for_url(SPACE)


def test_no_other_page_is_told_what_is_in_the_address(browser, address):
    """Whoever puts the app into a page of his own hears nothing."""
    with opened(browser) as page:
        other = "https://example.org/"
        page.route(
            other + "**",
            lambda route: route.fulfill(body=PAGE % address, content_type="text/html"),
        )
        page.goto(other)
        app = page.frame_locator("iframe")
        expect(app.get_by_test_id("nade-status")).to_contain_text("Answered in")
        app.get_by_test_id("lang-ko").click()
        page.frames[1].wait_for_url("**lang=ko**")
        assert page.evaluate("told") == []


def test_the_link_that_is_copied_lets_nobody_into_a_private_space(browser, address):
    with opened(browser) as page:
        page.goto(f"{address}?__theme=dark&__sign=secret&who=me#nade.seed=5")
        expect(page.get_by_test_id("nade-score")).not_to_be_empty()
        page.evaluate("navigator.clipboard.writeText = (text) => { window.copied = text; }")
        page.get_by_test_id("page-copy").click()
        assert page.evaluate("copied") == f"{address}?who=me#nade.seed=5"
        assert "__sign=secret" in page.url  # which is needed to come in again


@pytest.fixture(scope="module")
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_lives_under_a_prefix_that_it_is_told(browser, module_folder, free_port, monkeypatch):
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/their/zoo/")
    tabs = [tab for tab in shell.TABS if tab.key in ("nade", "map")][::-1]
    with (
        served(tabs, Store(), free_port),
        proxy(free_port, "/their/zoo") as address,
        opened(browser) as page,
    ):
        sockets = []
        page.on("websocket", lambda one: sockets.append(one.url))
        page.goto(address)
        expect(page.get_by_test_id("nade-score")).not_to_be_empty()
        expect(page.get_by_test_id("nade-status")).to_contain_text("Answered in")
        open_tab(page, "map")
        expect(page.get_by_test_id("map-figure")).to_be_visible()
        page.wait_for_url("**tab=map**")
        page.reload()
        expect(page.get_by_test_id("map-figure")).to_be_visible()
        assert {urlsplit(url).path for url in sockets} == {"/their/zoo/live"}
        answer = page.request.post(f"{address}live/nade.look", data={})
        assert answer.json()["ok"] is False


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_a_prefix_that_it_is_not_told_is_a_sentence_that_names_it(browser, address, language):
    with proxy(urlsplit(address).port, "/zoo") as outside:
        page = browser.new_context(locale="en-US").new_page()
        page.goto(f"{outside}#lang={language}")
        told = written(text.labels(language)["zoo.root_path"], path="/zoo")
        assert "GRADIO_ROOT_PATH=/zoo" in told
        expect(page.get_by_text(told).first).to_be_visible()
        page.context.close()
