"""Captions as words of one closed vocabulary, which has both languages.

A model is given the words of a caption as whole numbers. What says nothing is left out: the
opening of a caption, articles and full stops. A word that the grammar of `genzoo.data.captions`
does not have becomes UNKNOWN, and whoever asks is told which word it was and where it stands.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from genzoo.data.avatars import SCHEMA
from genzoo.data.captions import LANGUAGES, caption, parse, phrases

PADDING, BEGIN, UNKNOWN, COMMA = 0, 1, 2, 3
"""What fills up the shorter captions of a batch; what every caption begins with; what stands for
a word that is not in the vocabulary; and what stands between two phrases."""

LENGTH = 32
"""Numbers of a caption in a batch, the beginning and the padding included: the longest caption of
the grammar has 29."""

SILENT = frozenset(["a", "an", "the", "face", "with", "얼굴"])
"""Words that say nothing."""

AND = frozenset(["and", "그리고"])
"""Words that stand between two phrases, as a comma does."""

COMMAS = ",、，;；\n"
"""Signs that all count as a comma."""

_PIECE = re.compile(rf"[{COMMAS}]|[^\s{COMMAS}.。:：!?\"“”()]+")


@cache
def vocabulary() -> tuple[str, ...]:
    """All words: those that are none, then those of all phrases of both languages, in the order in
    which the grammar has them. A release depends on the order."""
    found = ["<padding>", "<begin>", "<unknown>", ","]
    for language in LANGUAGES:
        for phrase in phrases(language):
            found += [word for word in phrase.split() if word not in SILENT]
    return tuple(dict.fromkeys(found))


@cache
def _numbers() -> dict[str, int]:
    return {word: i for i, word in enumerate(vocabulary()) if not word.startswith("<")}


@dataclass(frozen=True)
class Unknown:
    """A word that is not in the vocabulary.

    Args:
        word: as it was written.
        start, end: of the text, so that text[start:end] is the word.
    """

    word: str
    start: int
    end: int


def encode(text: str) -> tuple[list[int], list[Unknown]]:
    """The numbers of a text's words, in order, and the words among them that are unknown. Any text
    will do, of any length: it may be empty, or have no word of any caption.

    Upper case and the form in which letters are composed make no difference. The beginning and the
    padding are not among the numbers; see `batch`.
    """
    pieces = _pieces(text)
    unknown = [Unknown(text[s:e], s, e) for number, s, e in pieces if number == UNKNOWN]
    return [number for number, _, _ in pieces], unknown


def _pieces(text: str) -> list[tuple[int, int, int]]:
    """The number of each word that says something, or of a comma between two, with the word's
    start and end."""
    found: list[tuple[int, int, int]] = []
    for piece in _PIECE.finditer(text):
        word = unicodedata.normalize("NFKC", piece.group()).casefold()
        if word in SILENT:
            continue
        if word in AND or piece.group() in COMMAS:
            if found and found[-1][0] != COMMA:
                found.append((COMMA, *piece.span()))
        else:
            found.append((_numbers().get(word, UNKNOWN), *piece.span()))
    return found[:-1] if found and found[-1][0] == COMMA else found


def batch(texts: Sequence[str], length: int = LENGTH) -> Tensor:
    """The words of texts as (B, length) int64: BEGIN, the numbers of `encode`, then PADDING. An
    empty text is a caption that says nothing.

    Raises:
        ValueError: in a sentence, when a text has more words than there is room for.
    """
    rows = torch.full((len(texts), length), PADDING)
    for row, text in zip(rows, texts, strict=True):
        numbers, _ = encode(text)
        if len(numbers) >= length:
            raise ValueError(
                f"A caption can have {length - 1} words and commas at most, not {len(numbers)}."
            )
        row[: 1 + len(numbers)] = torch.tensor([BEGIN, *numbers])
    return rows


def decode(numbers: Sequence[int]) -> str:
    """The words of numbers, without what is none: "long red hair, no hat"."""
    words = [vocabulary()[i] for i in numbers if i not in (PADDING, BEGIN)]
    return " ".join(words).replace(" ,", ",")


@dataclass(frozen=True)
class Phrase:
    """The words of a text between two commas.

    Args:
        start, end: of the text, so that text[start:end] is the phrase.
        says: the value of each attribute that it speaks of; none where the grammar does not have
            it.
    """

    start: int
    end: int
    says: dict[str, str]


def reading(text: str) -> list[Phrase]:
    """The phrases of a text and what each says, in whichever language it is. Two of them may say
    different things of one attribute."""
    found = []
    for comma, group in itertools.groupby(_pieces(text), lambda piece: piece[0] == COMMA):
        if not comma:
            words = list(group)
            says = _says().get(tuple(number for number, _, _ in words), {})
            found.append(Phrase(words[0][1], words[-1][2], dict(says)))
    return found


@cache
def _says() -> dict[tuple[int, ...], dict[str, str]]:
    """What the words of each phrase of either language say."""
    return {
        tuple(encode(phrase)[0]): parse(phrase, language)
        for language in LANGUAGES
        for phrase in phrases(language)
    }


# What is said in training

N_NOISE = 2 + len(SCHEMA)
"""Numbers of noise that decide what is said of a face."""


def sample_said(u: Tensor) -> tuple[Tensor, Tensor]:
    """What is said: which attributes (B, attributes) bool, and in which language (B,), an index of
    LANGUAGES, by uniform noise u (B, N_NOISE) in [0, 1).

    How many attributes are said is any number from one to all of them, all equally likely; which
    ones, any as likely; each language half the time.
    """
    K = len(SCHEMA)
    language = (u[:, 0] * len(LANGUAGES)).long()
    n = 1 + (u[:, 1:2] * K).long()
    rank = u[:, 2:].argsort(1).argsort(1)
    return rank < n, language


def captions_of(labels: Tensor, said: Tensor, language: Tensor) -> list[str]:
    """The captions of faces `labels` (B, attributes) that say `said` (B, attributes) in `language`
    (B,), in the order of the grammar.

    Raises:
        ValueError: when one is no face, or nothing is said of it.
    """
    rows = zip(labels.tolist(), said.tolist(), language.tolist(), strict=True)
    return [
        caption(face, LANGUAGES[lang], [name for name, on in zip(SCHEMA, some, strict=True) if on])
        for face, some, lang in rows
    ]


def sample_captions(labels: Tensor, u: Tensor) -> Tensor:
    """Captions of faces `labels` (B, attributes) as a training sees them, (B, LENGTH) int64 as of
    `batch`, by uniform noise u (B, N_NOISE) in [0, 1); see `sample_said`."""
    return batch(captions_of(labels, *sample_said(u)))
