"""What is said of an avatar, in English and in Korean, and read back again.

A caption is a list of phrases, each of one attribute or of two that belong together ("long red
hair"). One grammar both writes and reads, so a caption says exactly what it was made of:

    caption   = opening phrase {", " phrase} closing
    phrase    = the words for the values of one group of GROUPS, or of a part of the group
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from genzoo.data.avatars import SCHEMA, Face, named

LANGUAGES = ("en", "ko")

GROUPS = (
    ("hair", "hair_color"),
    ("skin",),
    ("glasses",),
    ("beard",),
    ("mouth",),
    ("eyes",),
    ("hat",),
    ("clothes", "clothes_color"),
    ("background",),
)
"""Attributes that share a phrase."""

_FRAME = {"en": ("A face with ", "."), "ko": ("얼굴: ", ".")}

_WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "hair": ("short", "curly", "bobbed", "long"),
        "hair_color": ("black", "brown", "blonde", "red", "gray"),
        "skin": ("pale skin", "tan skin", "brown skin", "dark skin"),
        "glasses": ("no glasses", "glasses"),
        "beard": ("no beard", "a mustache", "a beard"),
        "mouth": ("a serious mouth", "a smile", "an open mouth"),
        "eyes": ("open eyes", "closed eyes", "a wink", "wide eyes"),
        "hat": ("no hat", "a hat"),
        "clothes": ("shirt", "hoodie", "blazer", "overalls"),
        "clothes_color": ("red", "blue", "green", "white", "black"),
        "background": (
            "a sky blue background",
            "a mint background",
            "a sand background",
            "a rose background",
        ),
    },
    "ko": {
        "hair": ("짧은", "곱슬곱슬한", "단발인", "긴"),
        "hair_color": ("검은", "갈색", "금색", "빨간", "회색"),
        "skin": ("흰 피부", "그을린 피부", "갈색 피부", "검은 피부"),
        "glasses": ("안경 없음", "안경"),
        "beard": ("수염 없음", "콧수염", "턱수염"),
        "mouth": ("다문 입", "미소", "벌린 입"),
        "eyes": ("뜬 눈", "감은 눈", "윙크", "크게 뜬 눈"),
        "hat": ("모자 없음", "모자"),
        "clothes": ("셔츠", "후드티", "재킷", "멜빵바지"),
        "clothes_color": ("빨간", "파란", "초록", "흰", "검은"),
        "background": ("하늘색 배경", "민트색 배경", "모래색 배경", "장미색 배경"),
    },
}


def caption(face: Face, language: str, attributes: Iterable[str] | None = None) -> str:
    """What is said of `attributes` of a face (of all of them, without), in the order of GROUPS.

    Raises:
        ValueError: on an unknown language or attribute, when that is no face, or when nothing
            would be said.
    """
    if language not in LANGUAGES:
        raise ValueError(f"Unknown language {language!r}; there are: {', '.join(LANGUAGES)}.")
    said = set(SCHEMA if attributes is None else attributes)
    if unknown := said - set(SCHEMA):
        raise ValueError(f"Unknown attribute {min(unknown)!r}; there are: {', '.join(SCHEMA)}.")
    if not said:
        raise ValueError("A caption must say something: name at least one attribute.")
    values = named(face)
    opening, closing = _FRAME[language]
    parts = [{name: values[name] for name in group if name in said} for group in GROUPS]
    return opening + ", ".join(_phrase(language, part) for part in parts if part) + closing


def parse(text: str, language: str) -> dict[str, str]:
    """What a caption says, by attribute.

    Raises:
        ValueError: in a sentence, on a phrase that the grammar does not have, and when two
            phrases are of the same attribute.
    """
    if language not in LANGUAGES:
        raise ValueError(f"Unknown language {language!r}; there are: {', '.join(LANGUAGES)}.")
    opening, closing = _FRAME[language]
    said: dict[str, str] = {}
    for phrase in text.strip().removeprefix(opening).removesuffix(closing).split(", "):
        values = _readings(language).get(phrase.strip())
        if values is None:
            raise ValueError(f"No phrase of a caption: {phrase.strip()!r:.60}.")
        if twice := set(said) & set(values):
            raise ValueError(f"The caption says two things of the {min(twice)}.")
        said |= values
    return said


def phrases(language: str) -> list[str]:
    """All that one phrase can say, in the order of GROUPS."""
    return list(_readings(language))


def _phrase(language: str, values: Mapping[str, str]) -> str:
    """The words of one group, or of a part of it."""
    word = {
        name: _WORDS[language][name][SCHEMA[name].index(value)] for name, value in values.items()
    }
    if "hair" in word or "hair_color" in word:
        # 단발인 빨간 머리, 긴 머리, 빨간 머리; bobbed red hair, long hair, red hair.
        words = [word[name] for name in ("hair", "hair_color") if name in word]
        return " ".join([*words, {"en": "hair", "ko": "머리"}[language]])
    if "clothes" in word or "clothes_color" in word:
        color = [word["clothes_color"]] if "clothes_color" in word else []
        thing = word.get("clothes", {"en": "clothes", "ko": "옷"}[language])
        words = [*color, thing]
        if language == "en" and not thing.endswith("s"):
            words.insert(0, "a")
        return " ".join(words)
    (only,) = word.values()
    return only


@cache
def _readings(language: str) -> dict[str, dict[str, str]]:
    """What each phrase says."""
    return {_phrase(language, values): values for values in _sayings()}


def _sayings() -> Iterator[dict[str, str]]:
    """All that one phrase can say."""
    for group in GROUPS:
        for n in range(1, len(group) + 1):
            for names in itertools.combinations(group, n):
                for values in itertools.product(*(SCHEMA[name] for name in names)):
                    yield dict(zip(names, values, strict=True))
