"""One card per model: all that is said of it, in both languages, wherever it is shown.

The map, the guided tour, the Compare tab, the README and the releases' model cards read a model's
name, formula and words here and nowhere else. A card stands in the file of the model's recipes,
and each of these names it (`Recipe.card`); `genzoo.recipes.cards` lists them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Text:
    """The same words in English and in Korean."""

    en: str
    ko: str


@dataclass(frozen=True)
class Formula:
    """What a model computes, as HTML: `short` fits on a node of the map, `full` may have several
    lines, which <br> separates."""

    short: str
    full: str


@dataclass(frozen=True)
class TourStep:
    """One step of the guided tour, in the tab of its model.

    Attributes:
        title: the heading.
        look: what there is to see, in full sentences.
        attempt: one thing to try; it continues "Try it: ".
        parts: the `data-testid`s of what the step speaks of, the most important first. The tour
            outlines the first one, and the others as far as there is room for them.
    """

    title: Text
    look: Text
    attempt: Text
    parts: tuple[str, ...]


@dataclass(frozen=True)
class ModelCard:
    """All that is said of one model.

    Attributes:
        key: the model's name in addresses and in `after`: lower case, digits and underscores.
        title: its name.
        year: the year of its paper, which `paper` ends with.
        paper: authors, title and year.
        paper_url: the address of the paper.
        release: the recipe whose release stands for the model on the map.
        tab: the key of the tab in which the model is explored.
        place: row and column on the map, from 1, in the box of what is known of p(x).
        formula: what it computes.
        idea: what is new in it, in full sentences.
        good: what it is good at; in English it continues "Good at: ".
        bad: what it is bad at; in English it continues "Bad at: ".
        after: for the key of each earlier model that it builds on, in a few words what is new.
        pace: how long its pictures take: 0 for at once, 1 for seconds a sheet of 64, 2 for longer.
        tour: its step of the guided tour, if it has one.
    """

    key: str
    title: Text
    year: int
    paper: str
    paper_url: str
    release: str
    tab: str
    place: tuple[int, int]
    formula: Formula
    idea: Text
    good: Text
    bad: Text
    after: Mapping[str, Text] = field(default_factory=dict)
    pace: int = 0
    tour: TourStep | None = None
