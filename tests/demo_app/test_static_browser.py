"""The zoo as files, from a plain file server in a sub-folder: no Python behind it."""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import re
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from demo_app import shell, space, static, text, weights, widgets
from tests.demo_app.page import menu

pytestmark = pytest.mark.browser

FOLDER = "course/zoo"
EN, KO = text.labels("en"), text.labels("ko")
ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
TABS = [tab.key for tab in shell.TABS]
VAES = ("vae-mnist-2d", "vae-mnist")
"""The models of the VAE tab's planes and codes that it shows first."""

LIMIT = 6_000_000
"""Bytes, compressed, until the first tab that computes is ready, besides its weights."""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Python's own file server, with what a test adds."""

    headers_besides: dict[str, str] = {}  # noqa: RUF012 - one for all, which tests set

    def end_headers(self):
        for name, value in self.headers_besides.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """What the server serves: the zoo is in a folder of it."""
    root = tmp_path_factory.mktemp("root")
    assert space.main(["static", "--to", str(root / FOLDER)]) == 0
    return root


@pytest.fixture(scope="module")
def server(root):
    with serving(root) as (address, _):
        yield address


@contextmanager
def serving(root: Path):
    """The address of the zoo in a server of the folder `root`, and the server."""
    serve = functools.partial(Handler, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/{FOLDER}/", server
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(browser, server):
    """visit(hash, ...): a page of its own. At the end none may have had an error on its console or
    have asked for anything beyond the folder."""
    pages, complaints, beyond = [], [], []

    def visit(hash="", **options):
        given = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}, **options}
        page = browser.new_context(**given).new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.on("request", lambda r: r.url.startswith(server) or beyond.append(r.url))
        page.goto(server + ("#" + hash if hash else ""))
        pages.append(page)
        return page

    yield visit
    for page in pages:
        page.context.close()
    assert not complaints
    assert not beyond


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_shows_its_widgets_and_its_first_answers(visit, tab):
    page = visit(f"tab={tab}")
    here = page.locator(f"#page-{tab}")
    mounts = here.locator("[data-mount]")
    expect(here.locator("[data-widget]")).to_have_count(mounts.count())
    page.wait_for_timeout(300)
    for top in range(0, page.evaluate("document.documentElement.scrollHeight"), 800):
        page.evaluate(f"scrollTo(0, {top})")
        page.wait_for_timeout(60)
    expect(page.locator(".zoo-bad:visible")).to_have_count(0)
    expect(here.get_by_text(EN["zoo.needs_server"])).to_have_count(0)
    page.get_by_test_id("lang-ko").click()
    group = {key: group for group, keys in shell.grouped(shell.TABS) for key in keys}[tab]
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    label = f"zoo.group_{group}"
    if label in KO:
        expect(page.get_by_test_id(f"group-{group}")).to_have_text(KO[label])
    expect(page.get_by_test_id("answered-by")).to_have_text(KO["zoo.by_files"])
    page.wait_for_timeout(300)
    expect(here.get_by_text(KO["zoo.needs_server"])).to_have_count(0)
    assert not re.search(r"\bzoo\.[a-z_]+|\b" + tab + r"\.[a-z_]+\b", here.inner_text())


def test_texts_and_formulas_are_those_of_the_app(visit):
    page = visit("tab=vae&vae-about.open=1")
    prose = page.locator("#page-vae .zoo-prose.zoo-in-en .md").first
    expect(prose.locator(".katex-display .katex-html").first).to_be_visible()
    expect(prose.locator("[data-tex]")).to_have_count(0)
    expect(prose.locator("table td").first).to_be_visible()
    expect(prose.locator(".zoo-term").first).to_be_visible()
    assert "$" not in prose.inner_text()


LIVE = {
    # What is dragged on, by how much of its size, and the canvas that follows.
    "vae": ("vae-map", (0.3, 0.3), (0.7, 0.6), "[data-testid=vae-map-decoded]"),
    "nade": ("nade-canvas", (0.2, 0.2), (0.6, 0.5), "[data-testid=nade-map] canvas"),
    "infogan": ("infogan-pad", (0.3, 0.3), (0.8, 0.6), "[data-testid=infogan-made]"),
    "dcgan": ("dcgan-between-player", (0.3, 0.5), (0.7, 0.5), "[data-testid=dcgan-straight]"),
}

NEEDS_SERVER = {"nade": ["nade-rest-status"]}
"""What follows from the drag in a tab and has no twin: the completions."""

CHANGED = """([selector, before]) =>
    document.querySelector(selector).toDataURL() !== before"""


def drag(page, tab):
    """Drag on what is live in a tab, and wait for its canvas to be another, twice."""
    name, start, end, canvas = LIVE[tab]
    place = page.get_by_test_id(name)
    place.scroll_into_view_if_needed()
    expect(page.locator(canvas).first).to_be_visible()
    page.wait_for_timeout(500)
    box = place.bounding_box()

    def at(x, y):
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    for k, (x, y) in enumerate((start, end)):
        before = page.evaluate("(s) => document.querySelector(s).toDataURL()", canvas)
        page.mouse.move(*at(x, y))
        if k == 0:
            page.mouse.down()
        page.mouse.move(*at(x + 0.02, y))
        page.wait_for_function(CHANGED, arg=[canvas, before], timeout=30_000)
    page.mouse.up()
    page.wait_for_timeout(300)  # what fails has time to say so
    # What follows from the drag, and has no twin, says that it needs a server; and nothing else.
    for name in NEEDS_SERVER.get(tab, ()):
        expect(page.get_by_test_id(name)).to_have_text(EN["zoo.needs_server"])
    expect(page.locator(f"#page-{tab} .zoo-bad")).to_have_count(len(NEEDS_SERVER.get(tab, ())))


@pytest.mark.parametrize("tab", LIVE)
def test_what_has_a_twin_is_live(visit, tab):
    drag(visit(f"tab={tab}&times.shown=1"), tab)


def test_what_needs_a_server_says_so_in_the_language_of_the_page(visit):
    page = visit("tab=pixelrnn")
    seed = menu(page, "pixelrnn-seed")
    seed.fill("987654")
    seed.dispatch_event("change")
    said = page.locator("#page-pixelrnn .zoo-bad").first
    expect(said).to_have_text(EN["zoo.needs_server"])
    page.get_by_test_id("lang-ko").click()
    expect(said).to_have_text(KO["zoo.needs_server"])


def test_it_works_in_an_isolated_page(visit, monkeypatch):
    monkeypatch.setattr(Handler, "headers_besides", ISOLATED)
    page = visit("tab=vae")
    assert page.evaluate("crossOriginIsolated")
    drag(page, "vae")


def test_it_works_in_a_frame_of_a_course_page(browser, server, root):
    (root / "lesson.html").write_text(
        f'<iframe src="{FOLDER}/#tab=vae" width="1200" height="1500"></iframe>'
    )
    page = browser.new_context().new_page()
    page.goto(server.replace(FOLDER + "/", "lesson.html"))
    frame = page.frame_locator("iframe")
    expect(frame.get_by_test_id("vae-map-decoded").and_(frame.locator("[data-z]"))).to_be_visible()
    page.context.close()


def test_it_is_small_before_the_first_live_tab(browser, server, root):
    """What came, compressed as a server may do it, until the VAE's plane is live."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    sizes = {}

    def note(response):
        path = root / FOLDER / response.url.split("#")[0].removeprefix(server)
        path = path / "index.html" if path.is_dir() else path
        sizes[response.url] = min(path.stat().st_size, len(gzip.compress(path.read_bytes(), 6)))

    page.context.on("response", note)  # of its worker, too
    page.goto(server + "#tab=vae")
    drag(page, "vae")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_timeout(1000)
    own = {url: size for url, size in sizes.items() if "/weights/" not in url}
    assert sum(own.values()) <= LIMIT, sorted(own.items(), key=lambda one: -one[1])[:10]
    assert {url.split("/")[-2] for url in sizes if "/weights/" in url} <= {*VAES}

    # A further live tab takes its own weights, and little else.
    before = set(sizes)
    page.evaluate("location.hash = 'tab=nade'")
    drag(page, "nade")
    further = {url: size for url, size in sizes.items() if url not in before}
    assert any("/nade-mnist/model.safetensors" in url for url in further)
    rest = sum(size for url, size in further.items() if "/weights/" not in url)
    assert rest <= 300_000, further
    page.context.close()


def test_it_works_without_a_connection_after_the_first_visit(browser, root):
    with serving(root) as (address, server):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(address + "#tab=vae")
        drag(page, "vae")
        page.evaluate("navigator.serviceWorker.ready")
        page.wait_for_function(KEPT)
        server.shutdown()
        server.server_close()
        again = context.new_page()
        complaints = []
        again.on("pageerror", lambda error: complaints.append(str(error)))
        again.goto(address + "#tab=vae")
        drag(again, "vae")
        again.get_by_test_id("lang-ko").click()
        expect(again.get_by_test_id("answered-by")).to_have_text(KO["zoo.by_files"])
        again.get_by_test_id("tab-aae").click()  # never seen, but kept with all the scripts
        expect(again.locator("#page-aae [data-widget]").first).to_be_attached()
        assert not complaints
        context.close()


KEPT = """async () => {
  const all = performance.getEntriesByType("resource").map(({ name }) => name);
  return (await Promise.all(all.map((name) => caches.match(name)))).every(Boolean);
}"""
"""Whether all that the page has loaded is kept."""


def test_it_can_be_installed(root, browser, server):
    folder = root / FOLDER
    manifest = json.loads((folder / "manifest.webmanifest").read_text())
    assert manifest["start_url"] == manifest["scope"] == "./"
    for icon in manifest["icons"]:
        with Image.open(folder / icon["src"]) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]
    page = browser.new_context().new_page()
    page.goto(server)
    session = page.context.new_cdp_session(page)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    page.context.close()


def test_the_page_finds_a_question_by_the_key_that_the_folder_has(visit):
    page = visit("tab=nade")
    for question in ["nade.start {}", "text2image.look " + json.dumps({"x": "빨간 모자"})]:
        page_key = page.evaluate(
            """async (question) => {
              const link = document.querySelector("link[href$='/shared/recorded.js']").href;
              return (await import(link)).keyOf(question);
            }""",
            question,
        )
        assert page_key == static.key_of(question)


def test_every_question_is_one_that_the_app_answers(root):
    questions = static.QUESTIONS.read_text(encoding="utf-8").splitlines()
    assert len(set(questions)) == len(questions)
    answers = list((root / FOLDER).glob("static/*/answers/*.json"))
    assert {path.stem for path in answers} == {static.key_of(line) for line in questions}
    assert all(json.loads(path.read_bytes())["ok"] for path in answers)


def test_the_files_are_those_of_the_app(root):
    folder = root / FOLDER
    for path, content in {**widgets.files.kept(), **weights.kept()}.items():
        if not path.endswith(static.MODULE):
            expected = content.read_bytes() if isinstance(content, Path) else content
            assert (folder / path).read_bytes() == expected, path
