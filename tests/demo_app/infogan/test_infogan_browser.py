"""The InfoGAN tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import expect

from demo_app.services.infogan import InfoGANService
from tests.demo_app.infogan.conftest import MEANING, N_EXAMPLES, PER_CLASS, counts
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    fragment,
    levels,
    menu,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser

TABS = ("infogan",)

FIRST = MEANING.index(5)  # the category that is there at first


@pytest.fixture(scope="module")
def service(store):
    return InfoGANService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the InfoGAN tab, once all of it shows its first answers."""

    def visit_infogan(hash="", **options):
        page = visit("tab=infogan" + ("&" + hash if hash else ""), **options)
        for name, key in (("made", "codes"), ("categories", "codes"), ("sheet", "asked"),
                          ("remade", "codes"), ("examples", "cell")):  # fmt: skip
            shown = page.get_by_test_id(f"infogan-{name}")
            expect(shown).to_have_attribute(f"data-{key}", re.compile("."))
        return page

    return visit_infogan


def expect_made(page, service, category, c, seed):
    """The picture of these codes, what Q reads of it, and the ten of all categories."""
    made = page.get_by_test_id("infogan-made")
    expect(made).to_have_attribute("data-codes", f"{category} {c[0]:g} {c[1]:g} {seed}")
    answer = service.generate(category, c, seed)
    np.testing.assert_allclose(levels(made), answer["image"], atol=0.006)
    for k, p in enumerate(answer["probabilities"]):
        expect(page.get_by_test_id(f"infogan-bar-{k}")).to_contain_text(
            f"{100 * float(p):.1f}\u202f%"
        )
    read = ", ".join(f"{v:.2f}" for v in answer["mean"].astype(float).round(4) + 0.0)
    expect(page.get_by_test_id("infogan-numbers")).to_contain_text(
        f"c read ({read.replace('-', '−')})"
    )
    row = page.get_by_test_id("infogan-categories")
    asked = json.dumps({"continuous": list(c), "seed": seed}, separators=(",", ":"))
    expect(row).to_have_attribute("data-codes", re.sub(r"\.0\b", "", asked))
    for k, image in enumerate(service.categories(c, seed)):
        small = page.get_by_test_id(f"infogan-category-{k}").locator("canvas")
        np.testing.assert_allclose(levels(small), image, atol=0.006)


def test_a_drag_on_the_square_ends_with_the_picture_of_where_it_ends(visit, service):
    page = visit()
    expect_made(page, service, FIRST, (0, 0), 1)
    box = page.get_by_test_id("infogan-pad").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    for step in range(1, 31):
        page.mouse.move(box["x"] + 40 + 5 * step, box["y"] + 40 + 8 * step)
    page.mouse.up()
    page.mouse.move(5, 5)
    kept = state(page)
    c = [float(kept["infogan.c1"]), float(kept["infogan.c2"])]
    assert c[0] == pytest.approx((190 / box["width"] * 2 - 1) * 2, abs=0.02)
    assert c[1] == pytest.approx((1 - 280 / box["height"] * 2) * 2, abs=0.02)
    expect_made(page, service, FIRST, c, 1)
    assert "infogan.seed" not in kept  # locked
    expect(page.get_by_test_id("infogan-status")).to_contain_text("Answered in")


def test_hovering_looks_and_leaving_comes_back(visit):
    page = visit("infogan.c1=0.5&infogan.c2=1")
    made = page.get_by_test_id("infogan-made")
    page.get_by_test_id("infogan-pad").hover(position={"x": 50, "y": 300})
    expect(made).not_to_have_attribute("data-codes", f"{FIRST} 0.5 1 1")
    page.mouse.move(5, 5)
    expect(made).to_have_attribute("data-codes", f"{FIRST} 0.5 1 1")
    assert state(page)["infogan.c1"] == "0.5"


def test_codes_by_keyboard_alone(visit, service):
    page = visit()
    page.get_by_test_id("infogan-pad").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    expect_made(page, service, FIRST, (-0.1, 0.5), 1)
    expect(page.locator(".zoo-infogan_codes .said")).to_contain_text("c = (−0.10, 0.50)")
    page.get_by_test_id(f"infogan-category-{FIRST}").focus()
    page.keyboard.press("ArrowRight")
    expect_made(page, service, FIRST + 1, (-0.1, 0.5), 1)
    chosen = page.get_by_test_id(f"infogan-category-{FIRST + 1}")
    expect(chosen).to_be_focused()
    expect(chosen).to_have_attribute("aria-checked", "true")
    assert page.locator(".zoo-infogan_codes [role=radio][tabindex='0']").count() == 1


def test_information_is_of_what_was_set(visit, service):
    page = visit("infogan.c1=0.5&infogan.c2=-0.25")
    answer = service.generate(FIRST, [0.5, -0.25], 1)
    of_category = math.log(10 * max(answer["probabilities"][FIRST], 1e-30))
    most = 2 * (math.log(2) - math.log(0.3 * math.sqrt(2 * math.pi)))
    off = (((answer["mean"].astype(float).round(4) - [0.5, -0.25]) / 0.3) ** 2).sum() / 2
    told = page.get_by_test_id("infogan-information")
    numbers = [float(n) for n in re.findall(r"-?\d+\.\d+", told.inner_text().replace("−", "-"))]
    assert numbers == pytest.approx([of_category, math.log(10), most - off, most], abs=0.011)
    expect(page.get_by_test_id("infogan-outside")).to_be_empty()
    page.get_by_test_id("infogan-pad").click(position={"x": 10, "y": 10})
    expect(page.get_by_test_id("infogan-outside")).to_have_text(EN["infogan.outside"])
    expect(told).to_contain_text("Out here the continuous codes were not trained")


def test_free_noise_is_new_with_every_change_and_locked_noise_stays(visit, service):
    page = visit()
    page.get_by_test_id("infogan-free").click()
    page.get_by_test_id("infogan-pad").focus()
    seeds = {1}
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        seeds.add(int(state(page)["infogan.seed"]))
    assert len(seeds) == 4
    page.get_by_test_id("infogan-category-0").click()
    seed = int(state(page)["infogan.seed"])
    assert seed not in seeds
    expect_made(page, service, 0, (0.3, 0), seed)
    page.get_by_test_id("infogan-locked").click()
    page.get_by_test_id("infogan-category-5").click()
    page.get_by_test_id("infogan-pad").focus()
    page.keyboard.press("ArrowLeft")
    expect_made(page, service, 5, (0.2, 0), seed)


def test_seed_random_and_reset(visit, service):
    page = visit()
    field = menu(page, "infogan-seed")
    field.fill("42")
    field.press("Enter")
    expect_made(page, service, FIRST, (0, 0), 42)
    field.fill("-1")
    field.press("Enter")
    expect(field).to_have_value("42")
    page.get_by_test_id("infogan-other-noise").click()
    expect(field).not_to_have_value("42")
    page.get_by_test_id("infogan-random").click()
    kept = state(page)
    assert abs(float(kept["infogan.c1"])) <= 1
    page.get_by_test_id("infogan-reset").click()
    expect_made(page, service, FIRST, (0, 0), 1)
    assert not any(key.startswith("infogan.") for key in state(page))


def expect_sheet(page, service, kind, category, c, seed):
    page.get_by_test_id(f"infogan-kind-{kind}").click()
    sheet = service.sheet(kind, category, c, seed, 9)
    shown = page.get_by_test_id("infogan-sheet")
    expect(shown).to_have_attribute("data-asked", re.compile(f'"kind":"{kind}"'))
    width, height = 28 * sheet["columns"], 28 * sheet["rows"]
    canvas = shown.locator("canvas.zoo-cells")
    expect(canvas).to_have_attribute("width", str(width))
    grid = sheet["images"].reshape(sheet["rows"], sheet["columns"], 28, 28)
    expected = grid.transpose(0, 2, 1, 3).reshape(-1)
    np.testing.assert_allclose(levels(canvas, width, height), expected, atol=0.006)
    right = (sheet["read"] == sheet["category"]).sum()
    told = page.get_by_test_id("infogan-tally")
    expect(told).to_contain_text(f"in {right} of {len(sheet['read'])} pictures")
    return sheet


def test_sheets_are_of_the_codes_above(visit, service):
    page = visit("infogan.c1=0.5&infogan.c2=-1&infogan.category=4&infogan.seed=3")
    expect_sheet(page, service, "first", 4, [0, -1], 3)
    expect_sheet(page, service, "second", 4, [0.5, 0], 3)
    expect_sheet(page, service, "both", 4, [0, 0], 3)
    expect_sheet(page, service, "category", 4, [0.5, -1], 1)
    menu(page, "infogan-sheet-seed").fill("20")
    page.get_by_test_id("infogan-sheet-seed").press("Enter")
    expect(page.get_by_test_id("infogan-sheet")).to_have_attribute(
        "data-asked", re.compile('"seed":20')
    )
    expect_sheet(page, service, "category", 4, [0.5, -1], 20)
    assert state(page)["infogan-sheet.kind"] == "category"


def point(page, name, column, columns, row, rows, click=False):
    host = page.get_by_test_id(name)
    host.scroll_into_view_if_needed()
    box = host.bounding_box()
    x = box["x"] + box["width"] * (column + 0.5) / columns
    y = box["y"] + box["height"] * (row + 0.5) / rows
    (page.mouse.click if click else page.mouse.move)(x, y)


def test_a_cell_is_seen_large_and_a_click_makes_its_codes_the_present_ones(visit, service):
    page = visit("infogan-sheet.kind=category")
    sheet = service.sheet("category", 0, [0, 0], 1, 9)
    point(page, "infogan-sheet", 7, 10, 3, 8)
    cell = page.get_by_test_id("infogan-cell")
    expect(cell).to_have_attribute("data-cell", "37")
    np.testing.assert_allclose(levels(cell), sheet["images"][37], atol=0.006)
    expect(page.get_by_test_id("infogan-was-set")).to_contain_text(f"k = 7 (a {MEANING[7]})")
    p = f"{100 * sheet['probability'][37]:.1f} %"
    expect(page.get_by_test_id("infogan-was-read")).to_contain_text(p)
    point(page, "infogan-sheet", 7, 10, 3, 8, click=True)
    expect_made(page, service, 7, (0, 0), 4)
    page.get_by_test_id("infogan-kind-both").click()
    expect(page.get_by_test_id("infogan-sheet")).to_have_attribute(
        "data-asked", re.compile('"both"')
    )
    page.get_by_test_id("infogan-sheet").locator(".zoo-surface").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect_made(page, service, 7, (-1.5, 2), 4)


def test_what_each_column_changes_is_measured_on_its_pictures(visit, service):
    page = visit("infogan-sheet.kind=second")
    sheet = service.sheet("second", 0, [0, 0], 1, 9)
    images = sheet["images"].reshape(10, 9, 28, 28).astype(float)
    y, x = np.mgrid[:28, :28]
    ink = images.sum((2, 3))
    dx, dy = (a - (images * a).sum((2, 3), keepdims=True) / ink[..., None, None] for a in (x, y))
    lean = np.degrees(np.arctan2(-(images * dx * dy).sum((2, 3)), (images * dy**2).sum((2, 3))))
    read = sheet["mean"][:, 1].reshape(10, 9).mean(0)
    rows = page.get_by_test_id("infogan-measured").locator("[role=row]")

    def shown(i):
        cells = rows.nth(i).locator("[role=cell]").all_inner_texts()
        return [float(c.replace("−", "-").replace("°", "")) for c in cells]

    np.testing.assert_allclose(shown(0), lean.mean(0), atol=0.51)
    np.testing.assert_allclose(shown(1), ink.mean(0), atol=1)
    np.testing.assert_allclose(shown(2), read, atol=0.06)


def surface(page):
    return page.get_by_test_id("infogan-draw").locator(".zoo-surface")


def drawn(page):
    """The levels on the canvas, as the page sends them."""
    canvas = page.get_by_test_id("infogan-draw").locator("canvas.zoo-cells")
    return np.rint(levels(canvas) * 255) / 255


def expect_read(page, service, x, seed=1):
    """What Q reads of x, and what is made of it again."""
    answer = service.infer(x)
    for k, p in enumerate(answer["probabilities"]):
        expect(page.get_by_test_id(f"infogan-read-bar-{k}")).to_contain_text(
            re.compile(rf"{100 * float(p):.1f}\u202f%$")
        )
    category = int(answer["probabilities"].argmax())
    c = answer["mean"].clip(-2, 2)
    remade = page.get_by_test_id("infogan-remade")
    expect(remade).to_have_attribute("data-codes", re.compile(rf"^{category} .* {seed}$"))
    image = service.generate(category, c, seed)["image"]
    np.testing.assert_allclose(levels(remade), image, atol=0.006)
    others = page.get_by_test_id("infogan-others").locator("canvas")
    expect(others).to_have_count(5)
    return category, c


def test_a_test_digit_is_read_and_made_again(visit, service):
    page = visit()
    images, _ = service.digits()
    expect_read(page, service, images[2 * PER_CLASS + 2] / 255)  # the nearest to what it asks for
    page.get_by_test_id("infogan-chooser").locator("button").nth(5).click()
    x = images[5 * PER_CLASS] / 255
    category, c = expect_read(page, service, x)
    assert state(page)["infogan-read.image"] == "500"
    for k, image in enumerate(service.noises(category, c, 2, 5)):
        other = page.get_by_test_id("infogan-others").locator("canvas").nth(k)
        np.testing.assert_allclose(levels(other), image, atol=0.006)
    menu(page, "infogan-seed").fill("9")
    page.get_by_test_id("infogan-seed").press("Enter")
    expect_read(page, service, x, seed=9)


def test_a_soft_stroke_is_drawn_read_undone_and_kept_in_the_address(visit, service):
    page = visit()
    page.get_by_test_id("infogan-clear").click()
    assert drawn(page).max() == 0
    surface(page).scroll_into_view_if_needed()
    box = surface(page).bounding_box()
    page.mouse.move(box["x"] + 168, box["y"] + 72)
    page.mouse.down()
    for step in range(1, 13):
        page.mouse.move(box["x"] + 168, box["y"] + 72 + 16 * step)
    page.mouse.up()
    pause(page, 300)
    x = drawn(page)
    stroke = x.reshape(28, 28)[8:20]
    assert stroke[:, 13:15].min() > 0.9
    assert 0 < stroke[:, 12].max() < 1  # soft at its edge
    assert stroke[:, :11].max() == 0
    assert len(np.unique(np.rint(x * 15) - x * 15)) == 1 or np.allclose(x * 15, np.rint(x * 15))
    expect_read(page, service, x)
    hash = fragment(page)
    again = visit(hash)
    np.testing.assert_array_equal(drawn(again), x)
    expect_read(again, service, x)
    page.get_by_test_id("infogan-undo").click()
    assert drawn(page).max() == 0
    expect_read(page, service, np.zeros(784))


def test_a_drawing_far_from_training_is_read_with_a_warning(visit, service):
    page = visit()
    verdict = page.get_by_test_id("infogan-verdict")
    page.get_by_test_id("infogan-clear").click()
    expect(verdict).to_contain_text(EN["infogan.far"])
    assert service.near(np.zeros(784))["is_far"]
    page.get_by_test_id("infogan-chooser").locator("button").nth(5).click()
    expect(verdict).not_to_contain_text(EN["infogan.far"])


def test_drawing_by_keyboard_alone(visit, service):
    page = visit()
    page.get_by_test_id("infogan-clear").click()
    surface(page).focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    x = drawn(page).reshape(28, 28)
    assert x[6, 10] == x[7, 10] == 1
    assert 0 < x[6, 9] < 1
    expect_read(page, service, x.flatten())
    page.keyboard.press("Space")  # where there is ink, it rubs out
    assert drawn(page).reshape(28, 28)[7, 10] == 0
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(drawn(page).reshape(28, 28), x)


def test_codes_that_were_read_can_be_taken(visit, service):
    page = visit("infogan.seed=6")
    images, _ = service.digits()
    page.get_by_test_id("infogan-chooser").locator("button").nth(8).click()
    category, c = expect_read(page, service, images[8 * PER_CLASS] / 255, seed=6)
    page.get_by_test_id("infogan-take").click()
    kept = [round(float(v), 2) for v in c]
    expect(page.get_by_test_id("infogan-made")).to_have_attribute(
        "data-codes", re.compile(rf"^{category} .* 6$")
    )
    assert float(state(page).get("infogan.c1", 0)) == pytest.approx(kept[0], abs=0.011)
    assert float(state(page).get("infogan.c2", 0)) == pytest.approx(kept[1], abs=0.011)


def test_the_table_begins_at_the_largest_mistake_and_shows_its_images(visit, service):
    page = visit()
    k, c = 2, MEANING[2] + 1
    which = page.get_by_test_id("infogan-which")
    expect(which).to_have_text(written(EN["infogan.which"], category=k, digit=c))
    told = page.get_by_test_id("infogan-reading")
    of_class = 100 * 30 / counts()[:, c].sum()
    expect(told).to_contain_text(f"30 test images: {of_class:.1f} % of all digits {c}")
    expect(page.get_by_test_id("infogan-examples").locator("button")).to_have_count(N_EXAMPLES)
    # Rows are in the order of the digits: what is matched to 7 is in the eighth.
    point(page, "infogan-table", 7, 10, 7, 10, click=True)
    right = MEANING.index(7)
    expect(which).to_have_text(written(EN["infogan.which"], category=right, digit=7))
    expect(told).to_contain_text("This pair is matched.")
    expect(page.get_by_test_id("infogan-examples")).to_have_attribute("data-cell", f"{right} 7")
    assert state(page)["infogan-matching.digit"] == "7"
    page.get_by_test_id("infogan-examples").locator("button").first.click()
    x = np.rint(service.examples(right, 7)[0] / 17) / 15
    expect_read(page, service, x)
    page.get_by_test_id("infogan-table").locator(".zoo-surface").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Enter")
    expect(which).to_have_text(written(EN["infogan.which"], category=MEANING.index(0), digit=0))
    page.get_by_test_id("infogan-matching-reset").click()
    expect(which).to_have_text(written(EN["infogan.which"], category=k, digit=c))


def test_the_error_is_the_releases_with_its_interval_and_seeds(visit):
    page = visit()
    expect(page.get_by_test_id("infogan-error")).to_have_text("2.50\u202f%")
    expect(page.get_by_test_id("infogan-interval")).to_contain_text(
        "2.25\u202f% to 2.75\u202f%, over 975 test images"
    )
    expect(page.get_by_test_id("infogan-seeds")).to_have_text(
        written(EN["infogan.over_seeds"], n=3, all="2.50\u202f%, 1.50\u202f%, 9.00\u202f%",
                median="2.50\u202f%")
    )  # fmt: skip


@pytest.mark.parametrize("part", ["", "sheet-", "read-", "matching-"])
@pytest.mark.parametrize("kind", ["png", "json"])
def test_pictures_and_numbers_are_saved(visit, service, part, kind):
    page = visit("infogan.c1=0.5&infogan.category=3&infogan-sheet.kind=both")
    if part == "read-":
        expect(page.get_by_test_id("infogan-others").locator("canvas")).to_have_count(5)
    with page.expect_download() as download:
        menu(page, f"infogan-{part}{kind}").click()
    data = Path(download.value.path()).read_bytes()
    if kind == "png":
        assert len(Image.open(io.BytesIO(data)).convert("L").getcolors(256)) > 8
        return
    kept = json.loads(data)
    if part == "":
        assert (kept["category"], kept["digit"], kept["continuous"]) == (3, MEANING[3], [0.5, 0])
        answer = service.generate(3, [0.5, 0], 1)
        np.testing.assert_allclose(kept["image"], answer["image"], atol=0.003)
        np.testing.assert_allclose(kept["q"]["mean"], answer["mean"], atol=1e-4)
        np.testing.assert_allclose(kept["categories"], service.categories([0.5, 0], 1), atol=0.003)
    elif part == "sheet-":
        sheet = service.sheet("both", 3, [0, 0], 1, 9)
        assert (kept["rows"], kept["columns"], len(kept["cells"])) == (9, 9, 81)
        np.testing.assert_allclose(
            [cell["image"] for cell in kept["cells"]], sheet["images"], atol=0.003
        )
        assert kept["cells"][80]["continuous"] == [2, -2]
    elif part == "read-":
        answer = service.infer(kept["input"])
        np.testing.assert_allclose(kept["q"]["probabilities"], answer["probabilities"], atol=1e-5)
    else:
        assert kept["counts"] == counts().tolist()
        assert kept["meaning"] == MEANING


def test_the_whole_state_is_in_the_address(visit, service):
    page = visit()
    page.get_by_test_id("infogan-category-6").click()
    page.get_by_test_id("infogan-pad").click(position={"x": 100, "y": 200})
    page.get_by_test_id("infogan-free").click()
    page.get_by_test_id("infogan-kind-both").click()
    page.get_by_test_id("infogan-chooser").locator("button").nth(4).click()
    point(page, "infogan-table", 2, 10, 5, 10, click=True)
    page.mouse.move(5, 5)
    pause(page, 500)
    again = visit(fragment(page))
    for name in ("infogan-made", "infogan-remade", "infogan-cell"):
        np.testing.assert_allclose(
            levels(again.get_by_test_id(name)), levels(page.get_by_test_id(name)), atol=0.006
        )
    expect(again.get_by_test_id("infogan-free")).to_have_attribute("aria-pressed", "true")
    which = page.get_by_test_id("infogan-which").inner_text()
    expect(again.get_by_test_id("infogan-which")).to_have_text(which)
    assert state(again) == state(page)


@pytest.mark.parametrize(
    "hash",
    [
        "infogan.category=77&infogan.c1=1e9&infogan.c2=NaN&infogan.seed=-4&infogan.free=maybe",
        "infogan-sheet.kind=third&infogan-sheet.seed=0.5&infogan.category=2.5",
        "infogan-read.image=1e9&infogan-matching.category=-1&infogan-matching.digit=77",
        "infogan-read.drawing=%3F%3F",
    ],
)
def test_a_broken_address_still_shows_a_finished_page(visit, hash):
    page = visit(hash)
    expect(page.get_by_test_id("infogan-tally")).not_to_be_empty()
    expect(page.locator(".zoo-bad")).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect(page.get_by_test_id("tab-infogan")).to_be_in_viewport(ratio=0.99)
    expect_to_fit(page, language, "infogan", "infogan.codes_title")


def test_every_control_can_be_reached_and_has_a_name(visit):
    page = visit()
    expect_names(page, "#page-infogan")
    stops = tab_stops(page, f"infogan-category-{FIRST}", "infogan-matching-json", most=100)
    for wanted in ("pad", "free", "seed", "json", "kind-both", "take", "read-json"):
        assert f"infogan-{wanted}" in stops


def test_a_refusal_is_shown_and_the_next_answer_clears_it(visit):
    page = visit(sockets=False)
    status = page.get_by_test_id("infogan-status")
    calls = re.compile("/live/")
    page.route(calls, lambda route: route.fulfill(status=200, body="null"))
    page.get_by_test_id("infogan-pad").focus()
    page.keyboard.press("ArrowRight")
    expect(status).to_have_text(EN["zoo.no_answer"])
    page.unroute(calls)
    page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text("Answered in")


def test_endpoints_answer_programs(address, service):
    client = Client(address, verbose=False)
    answer = client.predict(3, [0.5, -1.0], 7, api_name="/infogan_generate")
    expected = service.generate(3, [0.5, -1.0], 7)
    for key in expected:
        np.testing.assert_allclose(answer[key], expected[key], atol=1e-5)
    noise = [0.1] * 62
    answer = client.predict(3, [0.5, -1.0], 7, noise, api_name="/infogan_generate")
    expected = service.generate(3, [0.5, -1.0], noise=noise)
    np.testing.assert_allclose(answer["image"], expected["image"], atol=1e-5)
    answer = client.predict(answer["image"], api_name="/infogan_infer")
    np.testing.assert_allclose(answer["probabilities"], expected["probabilities"], atol=1e-5)
    assert answer["category"] == expected["probabilities"].argmax()
    assert answer["digit"] == MEANING[answer["category"]]
    near = service.near(expected["image"])
    assert answer["is_far"] == near["is_far"]
    assert answer["distance"] == pytest.approx(near["distance"], abs=1e-4)
    answer = client.predict("both", 2, [0, 0], 1, 3, api_name="/infogan_sheet")
    expected = service.sheet("both", 2, [0, 0], 1, 3)
    np.testing.assert_allclose(answer["images"], expected["images"], atol=1e-5)
    np.testing.assert_allclose(answer["continuous"], expected["continuous"], atol=1e-5)
    with pytest.raises(AppError, match="must be 2 numbers; 3 were given"):
        client.predict(3, [0, 0, 0], api_name="/infogan_generate")
