"""Every tab with its real releases, in a browser: what assistive technology needs, and one
language at a time.

Each tab is loaded once; theme, language and width are changed in the page.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from demo_app import shell
from demo_app.store import Store
from tests.demo_app.page import pause, served
from tests.test_page_scripts import tools  # noqa: F401  (axe-core is one of them)

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
AXE = ROOT / "tests/widgets/node_modules/axe-core/axe.min.js"

LOOKS = [("en", "light", 1280), ("en", "dark", 390), ("ko", "light", 390), ("ko", "dark", 1280)]
"""Each two of language, theme and width in every combination, in half as many looks."""

MOST_STOPS = 72
"""Stops of the tab key in one tab, its explanation unfolded: what belongs together is one stop."""


@pytest.fixture(scope="module")
def store():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENZOO_CHECKPOINTS", str(ROOT / "checkpoints"))
        yield Store()


@pytest.fixture(scope="module", params=[tab.key for tab in shell.TABS])
def tab(request, store, port):
    """The key of a tab, and the address of an app with nothing in the other tabs, which are hidden
    and would only be built and searched."""
    tabs = [tab if tab.key == request.param else replace(tab, parts=[]) for tab in shell.TABS]
    with served(tabs, store, port) as address:
        yield request.param, address


@pytest.fixture(scope="module")
def shown(tab, browser):
    """A tab's page, its first answers there and its explanations unfolded."""
    key, address = tab
    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}#tab={key}")
    expect(page.get_by_test_id("lang-ko")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.evaluate(UNFOLD)
    for top in range(0, page.evaluate("document.documentElement.scrollHeight"), 600):
        page.evaluate(f"scrollTo(0, {top})")  # what asks when it comes into sight asks now
        pause(page, 50)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


UNFOLD = "for (const f of document.querySelectorAll('.zoo-fold .handle')) f.click()"


def look(page, language, theme="light", width=1280):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
    page.get_by_test_id("lang-" + language).click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    pause(page, 800)  # what is asked anew in the language is there


FINDINGS = """async () => {
    const { violations } = await axe.run(document,
        { resultTypes: ["violations"], preload: false });
    return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) =>
        [impact, id, node.target.join(" "), node.failureSummary]));
}"""


CUT = """() => [...document.querySelectorAll(".zoo-caption")].flatMap((caption) => {
    const { bottom, right, height } = caption.getBoundingClientRect();
    const out = ({ bottom: b, right: r }) => b > bottom + 3 || r > right + 2;
    return height && [...caption.children].some((part) => out(part.getBoundingClientRect()))
        ? [caption.innerText] : [];
})"""
"""The names of pictures that are higher or wider than there is room for them."""

WIDE = """() => {
    const scrolls = (e, panel) => e !== panel && (
        getComputedStyle(e).overflowX !== "visible" || scrolls(e.parentElement, panel));
    const wide = (panel) => {
        const { paddingRight } = getComputedStyle(panel);
        const right = panel.getBoundingClientRect().right - parseFloat(paddingRight);
        return [...panel.querySelectorAll("*:not(.zoo-hidden, svg *)")].filter((e) => {
            if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) return false;
            const words = document.createRange();
            words.selectNodeContents(e);
            const box = words.getBoundingClientRect();
            return e.checkVisibility({ visibilityProperty: true }) && box.width > 1
                && box.right > right + 2 && !scrolls(e, panel);
        });
    };
    return [...document.querySelectorAll(".zoo-panel")].filter((e) => e.checkVisibility())
        .flatMap(wide).map((e) => e.outerHTML.slice(0, 120));
}"""
"""Words that stick out of their panel to the right, where nothing scrolls."""


@pytest.mark.usefixtures("tools")
def test_nothing_serious_stands_in_the_way_of_assistive_technology(shown):
    shown.evaluate(AXE.read_text(encoding="utf-8"))
    found = {}
    for language, theme, width in LOOKS:
        look(shown, language, theme, width)
        for impact, *what in shown.evaluate(FINDINGS):
            if impact in ("serious", "critical"):
                found[tuple(what)] = (language, theme, width)
        assert shown.evaluate(CUT) == [], (language, width)
        assert shown.evaluate(WIDE) == [], (language, width)
    assert not found, found


DEAF = """() => {
    const ask = window.fetch;
    const never = () => new Promise(() => {});
    window.fetch = (to, how) => (/\\/live\\//.test(String(to)) ? never() : ask(to, how));
    window.WebSocket = class { send() {} close() {} };
}"""
"""No function of a widget is ever answered."""


@pytest.mark.usefixtures("tools")
def test_a_page_without_its_first_answers_stands_in_nobodys_way(tab, browser):
    key, address = tab
    context = browser.new_context(locale="en-US", reduced_motion="reduce", has_touch=True)
    context.add_init_script(f"({DEAF})()")
    page = context.new_page()
    heard = []
    page.on("websocket", lambda one: heard.append(one.url))
    page.on("response", lambda one: "/live/" in one.url and heard.append(one.url))
    page.goto(f"{address}#tab={key}")
    expect(page.get_by_test_id("lang-ko")).to_be_visible()
    pause(page, 1000)
    page.evaluate(UNFOLD)
    look(page, "en", width=390)
    assert heard == []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = [f for f in page.evaluate(FINDINGS) if f[0] in ("serious", "critical")]
    small = page.evaluate(TARGETS)
    context.close()
    assert not found + small, "\n".join(str(f[1:]) for f in found + small)


STOPS = """() => [...document.querySelectorAll(":is(button, input, select, a[href], [tabindex])")]
    .filter((part) => part.tabIndex >= 0 && !part.disabled && part.closest(".zoo-page")
        && part.checkVisibility({ visibilityProperty: true }))
    .map((part) => part.dataset.testid || part.outerHTML.slice(0, 80))"""

NAMESAKES = """() => {
    const names = [...document.querySelectorAll("[role=application], canvas[role=img]")]
        .filter((part) => part.checkVisibility())
        .map((part) => part.closest("[data-widget]").dataset.widget + ": "
            + part.getAttribute("aria-label"));
    return names.filter((name, k) => names.indexOf(name) !== k);
}"""

SMALL = """() => [...document.querySelectorAll(":is(button, input, select, [role=slider])")]
    .filter((part) => part.closest(".zoo-page")
        && !part.matches(".zoo-hidden")
        && part.checkVisibility({ visibilityProperty: true }))
    .map((part) => [part.getBoundingClientRect(),
        part.dataset.testid || part.outerHTML.slice(0, 120)])
    .filter(([box]) => box.width < 24 || box.height < 24)
    .map(([box, what]) => [what, Math.round(box.width), Math.round(box.height)])"""


BARE = """() => {
    const ring = (e) => {
        const { outline, outlineStyle, outlineWidth, boxShadow } = getComputedStyle(e);
        const is = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
        return (is ? outline : "") + boxShadow;
    };
    const found = [];
    const all = ":is(button, input, select, a[href], [tabindex]):not([role=tabpanel])";
    for (const part of document.querySelectorAll(all)) {
        if (!part.checkVisibility({ visibilityProperty: true })) continue;
        const rings = () => [part, part.parentElement, ...part.children].map(ring).join();
        const before = rings();
        part.focus({ preventScroll: true });
        if (document.activeElement !== part) continue;
        if (rings() === before) found.push(part.dataset.testid || part.outerHTML.slice(0, 120));
        part.blur();
    }
    return found;
}"""
"""What has the keyboard and does not show it."""


def test_the_keyboard_and_the_finger_find_their_way(shown):
    look(shown, "en")
    stops = shown.evaluate(STOPS)
    assert len(stops) <= MOST_STOPS, stops
    shown.keyboard.press("Tab")  # from now on it is the keyboard that moves the focus
    assert shown.evaluate(BARE) == []
    assert shown.evaluate(NAMESAKES) == []
    look(shown, "en", width=390)
    assert shown.evaluate(SMALL) == []


TARGETS = """() => {
    const many = `:is(.zoo-chooser, .zoo-tiles, .zoo-pictures, [role=slider],
        [data-widget=compare_plot] .plot)`;
    const found = [];
    const all = ":is(button, input, select, textarea, a[href], [role=slider], [role=tab])";
    for (const part of document.querySelectorAll(all)) {
        const inText = part.closest(":is(p, li, .zoo-prose)") && part.matches("a");
        if (inText || !part.checkVisibility({ visibilityProperty: true })) continue;
        const { width, height } = part.getBoundingClientRect();
        const least = part.closest(many) ? 24 : 44;
        if (!part.closest("[data-widget]") || part.matches(".zoo-hidden, [type=file]")) continue;
        if (width < least - 0.5 || height < least - 0.5) found.push(
            [part.dataset.testid || part.outerHTML.slice(0, 120), width, height]);
    }
    return found;
}"""
"""What a finger presses and is less than 44 pixels high or wide; or less than 24, where many
pictures or points share the width of a telephone, and where a handle is dragged along an image.
Links in a text are as high as its lines."""


def test_what_a_finger_presses_is_large_enough(shown):
    touch = shown.context.new_cdp_session(shown)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    try:
        look(shown, "en", width=390)
        assert shown.evaluate("matchMedia('(pointer: coarse)').matches")
        assert shown.evaluate(WIDE) == []  # what is larger for a finger has room
        assert shown.evaluate(TARGETS) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        touch.detach()


WORDS = """
    AAE Adam API AR AVIF BiLSTM BMP CMYK CycleGAN DCGAN Diagonal ELBO Fashion-MNIST FID FVBN GAN
    genzoo GIF GP Inception InfoGAN IWAE JPEG JSON KL LSTM MB MNIST NADE NLL PixelRNN PNG
    Progressive PSNR Puzzle-GAN Puzzle RGB RNADE Row StarGAN StyleGAN Text2Image TIFF U-Net VAE VQ
    WebP WGAN WGAN-GP
    Goodfellow JigsawGAN Koyama Li Mao Miyato Shannon Xu
    Ctrl Delete End Enter Esc Home Shift
    dB log max min ms nat nats softmax sg tanh Top-p top-p
""".split()  # noqa: SIM905
RELEASES = sorted({path.name.split("-")[0] for path in (ROOT / "checkpoints").iterdir()})
NAMES = re.compile(
    # Releases and files; the English term in parentheses behind the Korean one, which may be an
    # element of its own, or behind a name; one term that has a comma behind it there; the list.
    r"\b[a-z]+[a-z0-9_]*(-[a-z0-9]+)+(?![a-z0-9])(?: guidance(?=,))?"
    r"|(?:(?<=[가-힣A-Z])|^)\([A-Za-z][A-Za-z ,'’-]*\)|\b("
    + "|".join(sorted(map(re.escape, WORDS + RELEASES), key=len, reverse=True))
    + r")(?![A-Za-z])"
)
"""What has no other name in Korean: models, data, measures, formats, people, keys, units."""


def english_in(words: str) -> list[str]:
    """The English words of a Korean text that have a Korean name."""
    return re.findall(r"[A-Za-z][A-Za-z'’]+", NAMES.sub(" ", words))


def test_words_are_names_or_terms_only_where_they_stand_for_one():
    named = """NADE(neural autoregressive distribution estimator)는
        (free bits)는 잠재 변수가
        안내, classifier-free guidance, 가중치
        자유 비트(free bits)
        vae-mnist-2d 모델
        Row LSTM은 왼쪽 위를
        12.5 nats"""
    for name in map(str.strip, named.splitlines()):
        assert english_in(name) == [], name
    for words, found in {"픽셀 free": ["free"], "bits 3개": ["bits"], "up": ["up"],
                         "Progressive 생성": [], "모델 (free)": ["free"], "guidance": ["guidance"],
                         "Sample 2": ["Sample"]}.items():  # fmt: skip
        assert english_in(words) == found, words


SAID = """() => {
    const said = [];
    const walker = document.createTreeWalker(document.body,
        NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    const other = ":is(script, style, .katex, .zoo-math, code, pre, a[href^=http],"
        + " :is(p, li):has(a[href^=http]), textarea, [data-said=caption], [lang]:not(html))";
    while (walker.nextNode()) {
        const node = walker.currentNode;
        const part = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
        if (part.closest(other)) continue;
        if (node !== part) {
            // A release's name, cut in two; what its title says is read below.
            if (part.checkVisibility() && !part.closest(".zoo-clip")) said.push(node.data);
            continue;
        }
        if (!part.checkVisibility()) continue;
        for (const name of ["aria-label", "title", "placeholder", "alt"]) {
            said.push(part.getAttribute(name) ?? "");
        }
    }
    return said.map((words) => words.trim()).filter((words) => words);
}"""
"""All that is seen or read out, but for formulas, commands, references, and what says that it is
of another language."""


ASKED_IN_A_LANGUAGE = ("text2image",)
"""Tabs that ask anew in another language, by captions: their answers may take a while."""


def left_over(page, key, found):
    """What `found` finds among the words of a tab's page, when all that is asked anew in another
    language has had its answer."""
    for _ in range(40 if key in ASKED_IN_A_LANGUAGE else 1):
        left = {word: words for words in page.evaluate(SAID) for word in found(words)}
        if not left:
            break
        pause(page, 500)
    return left


def test_the_korean_page_is_korean(shown, tab):
    look(shown, "ko")
    assert left_over(shown, tab[0], english_in) == {}


POINT = """async (said) => {
    const found = {};
    const what = "button, a[href], canvas, svg, input, select, summary, [tabindex]";
    for (const part of document.querySelectorAll(`.zoo-panel :is(${what})`)) {
        if (!part.checkVisibility({ visibilityProperty: true })) continue;
        const { left, top, width, height } = part.getBoundingClientRect();
        const tell = (type) => part.dispatchEvent(new PointerEvent(type, {
            bubbles: !/enter|leave/.test(type), pointerType: "mouse", pointerId: 1,
            clientX: left + width / 2, clientY: top + height / 2,
        }));
        for (const type of ["pointerover", "pointerenter", "pointermove"]) tell(type);
        part.focus({ preventScroll: true });
        await new Promise((done) => setTimeout(done));
        for (const words of said ? eval(said)() : []) found[words] ??= part.outerHTML.slice(0, 80);
        for (const type of ["pointerout", "pointerleave"]) tell(type);
        part.blur();
    }
    return found;
}"""
"""Points at, and has the keyboard at, each control and picture in turn; what is said meanwhile."""


def test_what_was_pointed_at_leaves_no_words_of_another_language(shown, tab):
    look(shown, "en")
    shown.evaluate(POINT, None)
    look(shown, "ko")
    assert left_over(shown, tab[0], english_in) == {}
    said = shown.evaluate(POINT, SAID)
    assert {words: at for words, at in said.items() if english_in(words)} == {}


def test_the_english_page_has_no_korean(shown, tab):
    look(shown, "ko")
    look(shown, "en")  # and nothing is left of it
    assert left_over(shown, tab[0], re.compile("[가-힣]+").findall) == {}


ASIDE = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const dock = () => document.querySelector(".zoo-beside");
    const painted = (canvas) => canvas.width && canvas.getContext("2d")
        .getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value);
    const seen = (box) => Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
    const found = [];
    let copies = 0;
    const marked = [...document.querySelectorAll("[data-effect]")];
    for (const section of new Set(marked.map((effect) => effect.closest("section")))) {
        const controls = section.querySelectorAll(".zoo-surface, button, input, select, canvas");
        for (const control of controls) {
            const menu = control.closest("[popover]");
            const dots = control.matches(".zoo-dots");
            const at = menu?.previousElementSibling ?? control;
            document.querySelector(":popover-open")?.hidePopover();
            if (!at.checkVisibility() || control.disabled) continue;
            if (control.tabIndex < 0 && !menu && !dots) continue;
            at.scrollIntoView({ block: "center", behavior: "instant" });
            if (menu) at.click();
            await frame();
            control.dispatchEvent(new KeyboardEvent("keydown", { key: "Shift", bubbles: true }));
            await frame();
            await frame();
            const who = control.dataset.testid || control.outerHTML.slice(0, 80);
            const own = (menu ?? control).getBoundingClientRect();
            const hidden = [...section.querySelectorAll("[data-effect]")].filter((effect) => {
                const box = effect.getBoundingClientRect();
                return effect.checkVisibility() && !effect.contains(control)
                    && seen(box) < 0.6 * Math.min(box.height, innerHeight);
            });
            const is = dock() && !dock().hidden;
            if (dots) continue; // these change nothing
            if (Boolean(hidden.length) !== Boolean(is)) found.push([who, "is beside it", is]);
            if (!is) continue;
            const box = dock().getBoundingClientRect();
            copies += dock().children.length;
            const names = hidden.slice(0, 3).map((e) => e.dataset.testid || e.className).join(" ");
            if (dock().dataset.of !== names) found.push([who, dock().dataset.of, names]);
            if (box.top < 0 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth)
                found.push([who, "beyond the screen", JSON.stringify(box)]);
            if (own.height < innerHeight / 2 && box.top < own.bottom && box.bottom > own.top)
                found.push([who, "covered", JSON.stringify([own, box])]);
            for (const [k, figure] of [...dock().children].entries()) {
                const [caption, body] = figure.children;
                if (!caption.textContent.trim()) found.push([who, "no name", dock().dataset.of]);
                const effect = hidden[k];
                const pictures = [effect, ...effect.querySelectorAll("canvas")];
                const there = pictures.some((part) => part.matches("canvas") && painted(part))
                    || effect.textContent.trim();
                if (there && !(body.matches("canvas") ? painted(body) : body.textContent.trim()))
                    found.push([who, "nothing on it", names]);
            }
        }
    }
    return [marked.length, copies, found];
}"""
"""Uses every control whose section has effects; how many copies were seen, and what is wrong."""


def test_what_a_control_changes_is_on_its_screen(shown):
    """On a telephone, where it would be out of sight, as a copy beside the control."""
    look(shown, "en", width=390)
    shown.set_viewport_size({"width": 390, "height": 844})
    pause(shown, 300)
    marked, copies, found = shown.evaluate(ASIDE)
    assert not found, found
    assert copies or not marked


WILD = """'"><img src=x onerror="window.hit = 1"><svg onload="window.hit = 2">"""

REFUSED = """() => {
    window.WebSocket = class { static OPEN = 1; constructor() { throw new Error("none"); } };
    const ask = window.fetch;
    const refused = () => new Response(JSON.stringify({ ok: false, error: %r }));
    window.fetch = async (to, how) => (/\\/live\\//.test(to) ? refused() : ask(to, how));
}"""
"""Each question of a widget is refused in these words."""


def wild_address(key):
    """The address of a tab in which all that its widgets read from one is markup."""
    value, fields = quote(WILD), set()
    for widget in (ROOT / "demo_app/widgets").iterdir():
        scripts = "".join(path.read_text(encoding="utf-8") for path in widget.glob("*.js"))
        names = re.findall(r'^  name: "([\w-]+)"', scripts, re.MULTILINE)
        names += re.findall(r'^  name: .* \+ "(-\w+)"', scripts, re.MULTILINE)
        keys = re.findall(r'\bget\("(\w+)"\)', scripts)
        fields |= {f"{key + name if name[0] == '-' else name}.{k}" for name in names for k in keys}
    assert len(fields) > 100
    return f"tab={key}&" + "&".join(f"{field}={value}" for field in sorted(fields))


ASKS_NOTHING = ("map", "pixels")
"""Tabs whose first paint needs no answer."""


def test_markup_is_text_wherever_it_comes_from(tab, browser):
    """From an address that someone was sent, and in a server's own words."""
    key, address = tab
    context = browser.new_context(locale="en-US", reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(f"({REFUSED % WILD})()")
    page.goto(f"{address}#{wild_address(key)}")
    expect(page.get_by_test_id(f"tab-{key}")).to_have_attribute("aria-selected", "true")
    if key not in ASKS_NOTHING:
        expect(page.get_by_text(WILD).first).to_be_attached()
    page.evaluate(UNFOLD)
    pause(page, 500)
    assert page.evaluate("window.hit") is None
    assert page.locator("img[src=x], svg[onload]").count() == 0
    context.close()


MENUS = """() => [...document.querySelectorAll(".zoo-panel")]
    .filter((panel) => panel.checkVisibility()).flatMap((panel) => {
        const menus = [...panel.querySelectorAll("[popover]")];
        const last = [...panel.querySelectorAll(".zoo-foot > .zoo-tools > :last-child")].at(-1);
        const own = `[data-t="zoo.save_png"], [data-t="zoo.save_json"], input[max^="21474836"]`;
        const loose = [...panel.querySelectorAll(own)].filter((one) => !one.closest("[popover]"));
        const found = loose.map((one) => "outside: " + one.dataset.testid);
        if (menus.length > 1) found.push("menus: " + menus.length);
        if (menus.length && last !== menus[0]) found.push("not last in its foot");
        if (menus.length && !menus[0].querySelector(own)) found.push("nothing in it");
        return found.map((what) => panel.getAttribute("aria-labelledby") + ": " + what);
    })"""
"""What is wrong with the menus of the panels: seeds and what saves stand there, and only there."""

KEYBOARD_IN_MENU = "document.querySelector(':popover-open').contains(document.activeElement)"
OUTSIDE = """() => {
    const menu = document.querySelector(":popover-open");
    const { left, top, right, bottom } = menu.getBoundingClientRect();
    const wide = document.documentElement.clientWidth;
    const cut = menu.scrollWidth > menu.clientWidth || menu.scrollHeight > menu.clientHeight;
    return cut || left < 0 || top < 0 || right > wide || bottom > innerHeight;
}"""


@pytest.mark.usefixtures("tools")
def test_each_panel_has_one_quiet_menu(shown):
    """With its seed and what it saves, whole on a telephone too, large enough for a finger, and
    with names that can be read out."""
    look(shown, "en")
    assert shown.evaluate(MENUS) == []
    shown.evaluate(AXE.read_text(encoding="utf-8"))
    touch = shown.context.new_cdp_session(shown)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    try:
        for language, theme in (("en", "light"), ("ko", "dark")):
            look(shown, language, theme, width=390)
            seen = [dots for dots in shown.locator(".zoo-dots").all() if dots.is_visible()]
            for k, dots in enumerate(seen):
                dots.press("Enter")
                name = dots.get_attribute("title")
                assert shown.evaluate(KEYBOARD_IN_MENU), name
                assert not shown.evaluate(OUTSIDE), name
                assert shown.evaluate(TARGETS) == []
                if k == 0:  # they are all made in the same way
                    found = shown.evaluate(FINDINGS)
                    assert [f for f in found if f[0] in ("serious", "critical")] == []
                shown.keyboard.press("Escape")
    finally:
        touch.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        touch.detach()
