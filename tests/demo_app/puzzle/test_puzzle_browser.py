"""The puzzle tab in a browser: what is on the screen is what the service says."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from demo_app.services.puzzle import PuzzleService
from tests.demo_app.page import (
    EN,
    expect_names,
    expect_to_fit,
    fragment,
    menu,
    pause,
    state,
    tab_stops,
    written,
)

pytestmark = pytest.mark.browser


TABS = ("puzzle",)


@pytest.fixture(scope="module")
def service(store):
    return PuzzleService(store)


@pytest.fixture
def visit(visit):
    """visit(hash, ...): the puzzle tab, once it shows what is restored."""

    def visit_puzzle(hash="", **options):
        page = visit("tab=puzzle" + ("&" + hash if hash else ""), waits=False, **options)
        restored = page.get_by_test_id("puzzle-restored")
        expect(restored).to_have_attribute("data-shown", re.compile("."))
        return page

    return visit_puzzle


def board(page) -> list[int | None]:
    shown = page.get_by_test_id("puzzle-board").get_attribute("data-shown")
    return [None if c == "-" else int(c, 36) for c in shown]


def there(page) -> list[int]:
    return [piece for piece in board(page) if piece is not None]


def text_of(board) -> str:
    return "".join("-" if piece is None else np.base_repr(piece, 36).lower() for piece in board)


def pixels(canvas) -> np.ndarray:
    """What a canvas of a picture shows, (3, 64, 64) in [0, 1]."""
    rgba = canvas.evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 64, 64).data)")
    return np.array(rgba).reshape(64, 64, 4)[..., :3].transpose(2, 0, 1) / 255


def cell(page, k):
    return page.get_by_test_id(f"puzzle-cell-{k}")


def expect_board(page, expected):
    expect(page.get_by_test_id("puzzle-board")).to_have_attribute("data-shown", text_of(expected))


def expect_restored(page, service, n=3) -> dict:
    """What is restored of the pieces on the board, and all that is said of it."""
    expect(page.get_by_test_id("puzzle-board")).to_have_attribute(
        "data-shown",
        re.compile(f"^.{{{n * n}}}$"),  # another size comes with its picture
    )
    pieces = there(page)
    restored = page.get_by_test_id("puzzle-restored")
    expect(restored).to_have_attribute("data-shown", f"{n} {','.join(map(str, pieces))}")
    source = pixels(page.get_by_test_id("puzzle-source")).ravel()
    answer = service.restore(source, n, pieces)
    np.testing.assert_allclose(pixels(restored).ravel(), answer["image"], atol=0.003)
    over = page.evaluate("document.querySelector('.cell[data-cell]:hover')?.dataset.cell ?? null")
    pointed = None if over is None else board(page)[int(over)]
    marks = page.get_by_test_id("puzzle-marks").locator("span")
    for i, where in enumerate(answer["cell"]):
        mark = marks.nth(int(where))
        outlined = " pointed" if pieces[i] == pointed else ""
        expect(mark).to_have_class(("right" if answer["right"][i] else "wrong") + outlined)
        assert float(mark.inner_text()) == pytest.approx(100 * answer["probability"][i], abs=0.6)
    expect(page.get_by_test_id("puzzle-marks").locator(".none")).to_have_count(n * n - len(pieces))
    verdict = page.get_by_test_id("puzzle-verdict").inner_text()
    told = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", verdict)]
    assert told[:2] == [answer["right"].sum(), len(pieces)]
    assert told[-1] == pytest.approx(answer["psnr"], abs=0.06)
    return answer


def swapped(pieces, a, b):
    pieces = list(pieces)
    pieces[a], pieces[b] = pieces[b], pieces[a]
    return pieces


def test_it_begins_with_a_shuffled_face_a_third_of_it_missing(visit, service):
    page = visit()
    np.testing.assert_allclose(
        pixels(page.get_by_test_id("puzzle-source")).ravel(), service.face(0), atol=1e-6
    )
    first = board(page)
    assert sorted(there(page)) != there(page)
    assert first.count(None) == 3
    expect_restored(page, service)
    source = pixels(page.get_by_test_id("puzzle-source"))
    for k, piece in enumerate(first):
        if piece is not None:
            shown = (
                cell(page, k)
                .locator("canvas")
                .evaluate("(c) => Array.from(c.getContext('2d').getImageData(0, 0, 21, 21).data)")
            )
            r, c = divmod(piece, 3)
            true = source[:, 21 * r : 21 * r + 21, 21 * c : 21 * c + 21]
            found = np.array(shown).reshape(21, 21, 4)[..., :3].transpose(2, 0, 1) / 255
            np.testing.assert_allclose(found, true)


def test_a_piece_that_is_pointed_at_is_followed_through_the_computation(visit, service):
    page = visit("puzzle.board=876543210&puzzle-flow.keep=1")
    score, assign = (page.get_by_test_id(f"puzzle-flow-{key}-now") for key in ("score", "assign"))
    answer = service.restore(service.face(0), 3, list(range(8, -1, -1)))
    right = written(EN["flow.now_right"], right=answer["right"].sum(), all=9)
    expect(assign).to_have_text(right)
    for k in (1, 4):
        cell(page, k).hover()
        row, column = divmod(int(answer["cell"][k]), 3)
        place = written(EN["flow.now_place"], row=row + 1, column=column + 1)
        expect(assign).to_have_text(place)
        share = float(score.inner_text().rstrip("\u202f%"))
        assert share == pytest.approx(100 * answer["probability"][k], abs=0.1)
    page.mouse.move(0, 0)
    expect(assign).to_have_text(right)


def test_pieces_are_swapped_by_click_drag_and_keys_and_the_picture_stays(visit, service):
    page = visit("puzzle.n=2&puzzle.board=2103")
    before = expect_restored(page, service, 2)["image"]
    cell(page, 0).click()
    expect(cell(page, 0)).to_have_attribute("aria-pressed", "true")
    cell(page, 3).click()
    expect_board(page, [3, 1, 0, 2])
    boxes = [cell(page, k).bounding_box() for k in (1, 2)]
    page.mouse.move(boxes[0]["x"] + 20, boxes[0]["y"] + 20)
    page.mouse.down()
    page.mouse.move(boxes[1]["x"] + 30, boxes[1]["y"] + 30, steps=4)
    page.mouse.up()
    expect_board(page, [3, 0, 1, 2])
    cell(page, 0).focus()
    for key in ("Enter", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect_board(page, [2, 0, 1, 3])
    after = expect_restored(page, service, 2)["image"]
    np.testing.assert_allclose(after, before, atol=1e-5)
    assert state(page)["puzzle.board"] == "2013"


def test_pieces_are_taken_away_and_put_back(visit, service):
    page = visit("puzzle.board=876543210")
    expect(page.get_by_test_id("puzzle-take")).to_be_disabled()
    cell(page, 4).click()
    page.get_by_test_id("puzzle-take").click()
    expect_board(page, [8, 7, 6, 5, None, 3, 2, 1, 0])
    expect_restored(page, service)
    cell(page, 0).focus()
    page.keyboard.press("Delete")
    box, tray = cell(page, 8).bounding_box(), page.get_by_test_id("puzzle-away").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(tray["x"] + 40, tray["y"] + 10, steps=4)
    page.mouse.up()
    three = [None, 7, 6, 5, None, 3, 2, 1, None]
    expect_board(page, three)
    expect_restored(page, service)
    cell(page, 1).focus()
    page.keyboard.press("Delete")
    expect(page.get_by_test_id("puzzle-notes")).to_have_text(
        written(EN["puzzle.too_many"], most=3, all=9)
    )
    expect_board(page, three)
    page.get_by_test_id("puzzle-away-4").click()
    expect_board(page, [4, *three[1:]])
    expect_restored(page, service)


def test_restore_lays_the_board_as_the_model_places_the_pieces(visit, service):
    page = visit("puzzle.seed=3&puzzle.n=4")
    pieces = there(page)
    answer = expect_restored(page, service, 4)
    page.get_by_test_id("puzzle-restore").click()
    expected = [None] * 16
    for piece, where in zip(pieces, answer["cell"], strict=True):
        expected[where] = piece
    expect_board(page, expected)
    k = next(k for k in range(16) if expected[k] is not None)
    cell(page, k).hover()
    expect(page.get_by_test_id("puzzle-marks").locator(".pointed")).to_have_count(1)
    reading = page.get_by_test_id("puzzle-reading")
    expect(reading).to_contain_text(f"row {k // 4 + 1}, column {k % 4 + 1}")


def test_a_piece_that_is_pointed_at_stays_so_when_the_answer_comes(visit, service):
    page = visit("puzzle.board=876543210", sockets=False)
    held = []
    page.route("**/live/puzzle.restore", lambda route: held.append(route))
    cell(page, 0).focus()
    page.keyboard.press("Delete")
    expect_board(page, [None, 7, 6, 5, 4, 3, 2, 1, 0])
    cell(page, 5).hover()
    pointed = page.get_by_test_id("puzzle-marks").locator(".pointed")
    expect(pointed).to_have_attribute("data-piece", "3")
    held.pop().continue_()
    restored = page.get_by_test_id("puzzle-restored")
    expect(restored).to_have_attribute("data-shown", "3 7,6,5,4,3,2,1,0")
    expect(pointed).to_have_attribute("data-piece", "3")


def test_a_game_hides_what_tells_too_much_and_counts(visit, service):
    page = visit("puzzle.n=2&puzzle.board=0123")
    page.get_by_test_id("puzzle-play").click()
    expect(page.get_by_test_id("puzzle-source")).to_be_hidden()
    expect(page.get_by_test_id("puzzle-restored")).to_be_hidden()
    expect(page.get_by_test_id("puzzle-score")).to_have_text(
        written(EN["puzzle.score"], moves=0, seconds=0)
    )
    assert board(page) != [0, 1, 2, 3]
    moves = 0
    source = pixels(page.get_by_test_id("puzzle-source"))
    blocks = [source[:, 32 * (k // 2) :][:, :32, 32 * (k % 2) :][:, :, :32] for k in range(4)]
    for k in range(4):
        now = board(page)
        if all(np.array_equal(blocks[p], blocks[c]) for c, p in enumerate(now)):
            break
        if now[k] != k:
            cell(page, now.index(k)).click()
            cell(page, k).click()
            moves += 1
    notes = page.get_by_test_id("puzzle-notes")
    expect(notes).to_contain_text(f"Solved in {moves} move")
    expect(page.get_by_test_id("puzzle-restored")).to_be_visible()
    expect_restored(page, service, 2)
    # Given up: the model plays.
    page.get_by_test_id("puzzle-play").click()
    expect(page.get_by_test_id("puzzle-play")).to_have_text(EN["puzzle.give_up"])
    page.get_by_test_id("puzzle-restore").click()
    expect(notes).to_contain_text("The model placed")
    expect(page.get_by_test_id("puzzle-source")).to_be_visible()


def test_a_picture_is_brought_and_what_is_none_is_refused(visit, service):
    page = visit()
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, format="PNG")
    chooser, notes = page.get_by_test_id("puzzle-file"), page.get_by_test_id("puzzle-notes")
    file = {"name": "x.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    chooser.set_input_files(file)
    answer = service.upload(buffer.getvalue())
    assert answer["is_far"]
    far = EN["zoo.far_from_training"]
    for name in ("distance", "limit"):
        far = far.replace("{" + name + "}", f"{answer[name]:.2f}")
    expect(notes).to_have_text(
        f"{far} {EN['puzzle.brought']} {EN['zoo.photo_lost']} {EN['puzzle.note_cut']}"
    )
    known = answer["image"]
    shown = page.get_by_test_id("puzzle-source")
    np.testing.assert_allclose(pixels(shown).ravel(), known, atol=1e-6)
    page.get_by_test_id("puzzle-size-4").click()
    expect_restored(page, service, 4)
    np.testing.assert_allclose(pixels(shown).ravel(), known, atol=1e-6)
    chooser.set_input_files({**file, "buffer": b"no picture at all"})
    expect(notes).to_contain_text("not a picture")
    np.testing.assert_allclose(pixels(shown).ravel(), known, atol=1e-6)
    page.get_by_test_id("puzzle-reset").click()
    expect(notes).to_have_text(EN["puzzle.drawn"])
    expect_restored(page, service)


def test_the_state_is_in_the_address_and_a_broken_one_does_no_harm(visit, service):
    page = visit("puzzle.seed=8")
    page.get_by_test_id("puzzle-size-2").click()
    expect_restored(page, service, 2)
    cell(page, 0).click()
    cell(page, 1).click()
    pause(page, 600)
    again = visit(fragment(page))
    assert board(again) == board(page)
    assert state(again) == state(page)
    for wrong in ("puzzle.n=7&puzzle.board=0", "puzzle.board=012345677&puzzle.seed=-1"):
        page = visit(wrong)
        expect_restored(page, service)
        expect(page.locator(".zoo-bad")).to_have_count(0)


def test_it_is_saved_as_a_picture_and_as_numbers(visit, service):
    page = visit()
    answer = expect_restored(page, service)
    for kind in ("png", "json"):
        with page.expect_download() as download:
            menu(page, f"puzzle-{kind}").click()
        data = Path(download.value.path()).read_bytes()
        if kind == "png":
            assert len(Image.open(io.BytesIO(data)).convert("RGB").getcolors(1 << 20)) > 50
        else:
            saved = json.loads(data)
            assert saved["cell"] == answer["cell"].tolist()
            assert saved["pieces"] == there(page)
            np.testing.assert_allclose(saved["image"], answer["image"], atol=0.003)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_fits_the_screen_in_its_language(visit, language):
    page = visit(f"lang={language}", width=390)
    expect_to_fit(page, language, "puzzle", "puzzle.title")
    if language == "en":
        expect_names(page, "#page-puzzle")
        stops = tab_stops(page, "puzzle-random", "puzzle-json", most=60)
        for wanted in ("upload", "size-3", "restore", "shuffle", "play", "reset"):
            assert f"puzzle-{wanted}" in stops


def test_a_picture_that_is_opened_after_a_reset_is_not_taken(visit):
    page = visit(sockets=False)
    before = pixels(page.get_by_test_id("puzzle-source"))
    held = []
    page.route("**/live/puzzle.upload", lambda route: held.append(route))
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    file = {"name": "x.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    page.get_by_test_id("puzzle-file").set_input_files(file)
    while not held:
        pause(page, 50)
    page.get_by_test_id("puzzle-reset").click()
    held.pop().continue_()
    page.wait_for_load_state("networkidle")
    pause(page, 300)
    np.testing.assert_array_equal(pixels(page.get_by_test_id("puzzle-source")), before)
    expect(page.get_by_test_id("puzzle-notes")).to_have_text(EN["puzzle.drawn"])
