"""Both languages say the same things, and every label that is asked for is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import demo_app
from demo_app import text
from tests.test_words import FIELDS_WORD

ROOT = Path(demo_app.__file__).parent
FIELD = re.compile(r"\{(\w+)\}")


def test_both_languages_have_the_same_labels_with_the_same_fields():
    english, korean = text.labels("en"), text.labels("ko")
    assert english.keys() == korean.keys()
    for key in english:
        assert set(FIELD.findall(english[key])) == set(FIELD.findall(korean[key])), key


def test_every_label_that_the_page_names_exists():
    labels = text.labels("en")
    prefixes = {key.split(".")[0] for key in labels}
    named = set()
    for path in [*ROOT.glob("widgets/**/*.js"), *ROOT.glob("widgets/**/*.html")]:
        named |= set(re.findall(r"[\"'](\w+\.\w+)[\"']", path.read_text(encoding="utf-8")))
    named = {name for name in named if name.split(".")[0] in prefixes}
    named = {name for name in named if not name.endswith((".png", ".json", ".gif"))}
    assert len(named) > 50
    beginnings = {name for name in named if name.endswith("_")}  # a choice is appended
    assert named - beginnings <= labels.keys()
    assert all(any(key.startswith(name) for key in labels) for name in beginnings)


@pytest.mark.parametrize("tab", sorted(path.stem for path in (ROOT / "text" / "en").glob("*.md")))
def test_both_explanations_ask_for_the_same_figures(tab):
    english, korean = (text.markdown(tab, language) for language in ("en", "ko"))
    prose = [re.sub(r"\$.*?\$", "", t.replace("$$", "$"), flags=re.S) for t in (english, korean)]
    assert set(FIELD.findall(prose[0])) == set(FIELD.findall(prose[1])) != set()
    assert english.count("$$") == korean.count("$$") > 0


def test_figures_are_filled_in():
    filled = text.markdown("nade", "en", n_parameters="1,234", n_hidden="7", nll="84.00")
    assert "7 hidden units, 1,234 parameters" in filled
    assert "84.00 nats" in filled


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_terms_are_defined_where_they_are_listed(language):
    said = text.labels(language)
    terms = {key for key in said if key.startswith("glossary.")} - {"glossary.title"}
    listed = {f"glossary.{word}" for words in text.WORDS.values() for word in words}
    assert terms == listed | {f"{word}_means" for word in listed}, "each is used, and defined"
    for tab, words in text.WORDS.items():
        written = text.markdown(tab, language)
        for word in words:
            term, means = said[f"glossary.{word}"], said[f"glossary.{word}_means"]
            assert f"\n- **{term}**: {means}\n" in written


NOT_KOREAN = {
    r"기호": "토큰",
    r"주의(를 나누|의 \{|가 닿)": "어텐션",
    r"시험 (숫자|이미지|점|집합|NLL)": "테스트",
    r"자유로운 수": "자유 매개변수 수",
    r"이미지 묶음|묶음": "미니배치",
    r"평균과 폭": "표준편차",
    r"합친 사후 분포": "집계 사후 분포",
    r"벌점": "페널티",
    r"(?<!뒷)걸음": "스텝, 단계",
    r"눈가림": "블라인드 테스트",
    r"부탁": "목표 속성",
    r"경사로": "경사 하강법으로",
    r"심판": "판정 모델",
    r"(?<!가능도\()우도": "가능도",
    r"확률을 말": "확률을 계산합니다, 예측합니다",
    r"(?<!색을 )셉니다": "계산합니다",
    r"바라는 값": "목표 값",
    r"반달|두 달": "초승달 두 개",
    r"숫자 두 개": "실수 두 개",
    r"[\d}] %": "%, without a space",
    r"이\(가\)|을\(를\)|은\(는\)": "a sentence that needs no choice between particles",
}
"""What is not said, as a pattern, and the word of the field."""

NOT_ENGLISH = {
    **{p: w for p, w in FIELDS_WORD.items() if "symbol" not in p and "made" not in p},
    r"(?<!arrows )(?<!Space )\bdraws\b|\bdrawn on its own\b": "samples",
    r"\bfull joint\b(?! distribution)": "full joint distribution",
    r"\blikeli(er|est)\b": "more likely, most likely",
    r"\b(a|and) deviation\b": "standard deviation",
    r"\bholds? (its|the|their) (own )?pictures\b": "assigns its pictures ... nats",
    r"\b(held|holds?) .{0,30}\b(more likely|unlikely|very likely)\b": "under this model it is ...",
    r"\bwhat (is|was) asked for\b": "target",
    r"\b(for ever|seldom|auto-encoder|commonest)\b": "plain words of today",
    r"\bpixels? (is|are) drawn\b|\bimage \$x\$ is made\b": "sampled, generated",
}


CRITIC = {"en": r"\bcritics?\b", "ko": r"비평자"}
WASSERSTEIN = re.compile(r"(gan|progan)\.(md|\w+)")
"""Where a loss is Wasserstein's, what stands against the generator has no probability."""


@pytest.mark.parametrize("language", ["en", "ko"])
def test_what_has_a_logit_is_a_discriminator(language):
    texts = dict(text.labels(language))
    texts |= {path.name: path.read_text() for path in (ROOT / "text" / language).glob("*.md")}
    said = {
        key
        for key, written in texts.items()
        if re.search(CRITIC[language], written, re.IGNORECASE) and not WASSERSTEIN.fullmatch(key)
    }
    assert not said
    assert not WASSERSTEIN.fullmatch("dcgan.md")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_words_are_those_of_the_field(language):
    words = {"en": NOT_ENGLISH, "ko": NOT_KOREAN}[language]
    texts = dict(text.labels(language))
    texts |= {path.name: path.read_text() for path in (ROOT / "text" / language).glob("*.md")}
    said = [
        f"{key}: {found.group()!r}, the field says {right!r}"
        for key, written in texts.items()
        for pattern, right in words.items()
        for found in re.finditer(pattern, re.sub(r"`[^`]*`", "", written), re.IGNORECASE)
    ]
    assert not said, "\n".join(said)


PARTICLES = {"을": True, "를": False, "과": True, "와": False}
"""Particles of Korean, and whether the syllable before each ends in a consonant."""


def test_particles_of_korean_fit_the_word_before_them():
    wrong = []
    for path in sorted((ROOT / "text" / "ko").iterdir()):
        written = path.read_text(encoding="utf-8")
        for found in re.finditer(r"([가-힣]+)([을를과와])(?=[\s.,)])", written):
            word, particle = found.groups()
            closed = (ord(word[-1]) - ord("가")) % 28 != 0
            if closed != PARTICLES[particle] and word + particle != "나을":  # a verb
                wrong.append(f"{path.name}: {word}{particle}")
    assert not wrong
