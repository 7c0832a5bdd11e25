"""The models' cards: complete, in both languages, and true to the releases that are here."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from genzoo import recipes, releases
from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.recipes import RecipeError, base

ROOT = Path(__file__).parents[2]
CARDS = {card.key: card for card in recipes.cards()}
HANGUL = re.compile("[가-힣]")

every_card = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)


def texts(value: object) -> list[Text]:
    """All words that are somewhere in a card."""
    if isinstance(value, Text):
        return [value]
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if is_dataclass(value):
        return [text for f in fields(value) for text in texts(getattr(value, f.name))]
    return []


def sentences(card: ModelCard) -> list[Text]:
    step = [card.tour.look, card.tour.attempt] if card.tour else []
    return [card.idea, card.good, card.bad, *step]


def test_every_recipe_that_makes_or_changes_pictures_names_a_card():
    without = [name for name in recipes.names() if recipes.get(name).card is None]
    judges = [n for n in recipes.names() if recipes.get(n).model.knowledge is None]
    # The table of all 16 pixels shows what no model of whole pictures can be; the codes of the
    # VQ-VAE are shown with the Transformer that writes them.
    assert set(without) == {*judges, "pixels-joint-mnist", "vqvae-avatars"}


@every_card
def test_a_card_is_complete_in_both_languages(card):
    for text in texts(card):
        for words in (text.en, text.ko):
            assert words == " ".join(words.split())
            assert words
        assert not HANGUL.search(text.en)
    for text in sentences(card):
        assert text.en.endswith(".")
        assert re.search(r"[다요]\.$", text.ko), text.ko
        assert HANGUL.search(text.ko)
    assert card.idea.en[0].isupper()
    for text in (card.good, card.bad):  # they go on after "Good at: " and "Bad at: "
        assert not text.en[0].isupper()
        assert "|" not in text.en  # a cell of the README's table
    for text in card.after.values():
        assert len(text.en) <= 20, "an arrow has room for a few words"
        assert len(text.ko) <= 12


@every_card
def test_a_formula_is_html_of_a_few_tags_that_are_closed(card):
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag in ("sub", "br")
            assert not attrs
            if tag != "br":
                opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    for formula in (card.formula.short, card.formula.full):
        assert re.sub("<[^>]*>", "", formula).strip()
        assert not re.search("<(?!/?(sub|br)>)", formula)  # less than is &lt;
        Reader(convert_charrefs=True).feed(formula)
        assert not opened
    assert "<br>" not in card.formula.short


@every_card
def test_a_card_says_when_by_whom_and_after_what(card):
    assert re.fullmatch("[a-z][a-z0-9_]*", card.key)
    assert card.paper.endswith(f", {card.year}")
    assert card.paper_url.startswith("https://")
    before = list(CARDS)[: list(CARDS).index(card.key)]
    for key in card.after:
        assert key in before
        assert CARDS[key].year <= card.year


@every_card
def test_a_release_stands_for_its_own_model(card):
    recipe = recipes.get(card.release)
    assert recipe.card is card
    assert (recipe.paper, recipe.paper_url) == (card.paper, card.paper_url)
    assert recipe.model.knowledge


def test_the_places_on_the_map_are_free():
    places = [(recipes.get(c.release).model.knowledge, *c.place) for c in CARDS.values()]
    assert len(set(places)) == len(places)
    assert all(row >= 1 and column >= 1 for _, row, column in places)


def test_cards_come_by_kind_then_year():
    order = ["tractable", "approximate", "implicit"]
    rank = [(order.index(recipes.get(c.release).model.knowledge), c.year) for c in CARDS.values()]
    assert rank == sorted(rank)


def test_a_paper_of_its_own_goes_before_that_of_the_card():
    assert recipes.get("iwae-mnist").card is CARDS["vae"]
    assert "Burda" in recipes.get("iwae-mnist").paper
    assert recipes.get("vae-mnist-8").paper == CARDS["vae"].paper
    assert "Higgins" in recipes.get("vae-mnist-beta4").paper


def test_two_cards_with_one_key_are_refused(monkeypatch):
    nade = recipes.get("nade-mnist")
    other = replace(CARDS["nade"], title=Text("Other", "다른 것"))
    monkeypatch.setitem(base._REGISTRY, "other-mnist", lambda: replace(nade, card=other))
    with pytest.raises(RecipeError, match="two cards with the key 'nade'"):
        recipes.cards()


def value(name: str, figure: str) -> float:
    return next(f["value"] for f in releases.info(name)["figures"] if f["name"] == figure)


@pytest.mark.usefixtures("_real_releases")
def test_what_cards_say_of_numbers_is_so():
    assert set(releases.names()) >= {card.release for card in CARDS.values()}
    of_digits = {
        key: value(card.release, "nll")
        for key, card in CARDS.items()
        if "mnist" in card.release and recipes.get(card.release).model.knowledge == "tractable"
    }
    assert "lowest NLL on the whole test set" in CARDS["transformer"].good.en
    assert min(of_digits, key=of_digits.__getitem__) == "transformer"
    assert of_digits["transformer"] < value("vae-mnist", "nll_bound")
    assert "80 nats with about a tenth of NADE's" in CARDS["diagonal_bilstm"].good.en
    assert round(of_digits["diagonal_bilstm"]) == 80
    sizes = [releases.info(n)["n_parameters"] for n in ("diagonal-bilstm-mnist", "nade-mnist")]
    assert 0.09 < sizes[0] / sizes[1] < 0.11
    assert releases.info("pixels-independent-mnist")["n_parameters"] == 784
    assert recipes.get("ar28-mnist").model_kwargs["n"] == 28


@pytest.mark.usefixtures("_real_releases")
@every_card
def test_the_pace_of_a_model_is_the_measured_one(card):
    seconds = value(card.release, "seconds_64")
    assert card.pace == (seconds > 0.1) + (seconds > 2)


@pytest.mark.usefixtures("_real_releases")
@pytest.mark.parametrize("name", recipes.names())
def test_the_page_of_a_release_says_what_the_card_says(name):
    page = releases.card(releases.info(name)) if name in releases.names() else ""
    card = recipes.get(name).card
    if not page or card is None:
        assert "Good at" not in page
        return
    for words in (card.title.en, card.idea.en, card.good.en, card.bad.en, card.formula.full):
        assert words in page
    kept = (ROOT / "checkpoints" / name / releases.CARD).read_text(encoding="utf-8")
    assert kept == page


def test_what_is_written_here_is_all_there_is():
    """A field of the card that nobody checks would be a field that may lie empty."""
    checked = {"key", "title", "year", "paper", "paper_url", "release", "tab", "place", "formula"}
    checked |= {"idea", "good", "bad", "after", "pace", "tour"}
    assert {f.name for f in fields(ModelCard)} == checked
    assert {f.name for f in fields(TourStep)} == {"title", "look", "attempt", "parts"}
    assert {f.name for f in fields(Formula)} == {"short", "full"}
