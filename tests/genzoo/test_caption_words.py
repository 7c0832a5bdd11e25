from __future__ import annotations

import unicodedata

import pytest
import torch

from genzoo.data.avatars import SCHEMA, changed, face, named
from genzoo.data.captions import LANGUAGES, caption, parse, phrases
from genzoo.data.words import (
    BEGIN,
    COMMA,
    LENGTH,
    N_NOISE,
    PADDING,
    UNKNOWN,
    batch,
    captions_of,
    decode,
    encode,
    reading,
    sample_captions,
    sample_said,
    vocabulary,
)


def words(text: str) -> list[str]:
    return [vocabulary()[i] for i in encode(text)[0]]


def test_the_order_of_the_words_stays_as_releases_know_it():
    assert vocabulary()[:8] == (
        *("<padding>", "<begin>", "<unknown>", ","),
        *("short", "hair", "curly", "bobbed"),
    )
    assert len(vocabulary()) == len(set(vocabulary())) == 84
    # Any other order makes nonsense of every release: a word's place is pinned through them all.
    assert [vocabulary().index(w) for w in ("no", "hat", "rose", "짧은", "모자", "장미색")] == [
        *(18, 30, 43, 44, 71, 83)
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_caption_has_its_words_and_nothing_unknown(language):
    longest = 0
    for seed in range(60):
        text = caption(face(seed), language)
        numbers, unknown = encode(text)
        assert not unknown
        longest = max(longest, 1 + len(numbers))
        assert parse(text, language) == {
            name: value for phrase in reading(text) for name, value in phrase.says.items()
        }
    assert longest <= LENGTH


def test_no_two_phrases_are_of_the_same_words():
    every = [(lang, phrase) for lang in LANGUAGES for phrase in phrases(lang)]
    assert len({tuple(encode(phrase)[0]) for _, phrase in every}) == len(every)
    for lang, phrase in every:
        assert reading(phrase)[0].says == parse(phrase, lang)


def test_negation_is_a_word_of_its_own():
    assert words("no hat, a hat") == ["no", "hat", ",", "hat"]
    assert words("모자 없음") == ["모자", "없음"]
    assert [phrase.says["hat"] for phrase in reading("no hat, a hat")] == ["none", "hat"]


def test_what_says_nothing_is_left_out_and_what_is_unknown_is_told():
    text = "A FACE with a Purple hat;, and   안경 없음 🙂."
    assert words(text) == ["<unknown>", "hat", ",", "안경", "없음", "<unknown>"]
    numbers, unknown = encode(text)
    assert [u.word for u in unknown] == ["Purple", "🙂"]
    assert all(text[u.start : u.end] == u.word for u in unknown)
    assert numbers.count(UNKNOWN) == 2
    phrases = reading(text)
    assert [text[p.start : p.end] for p in phrases] == ["Purple hat", "안경 없음 🙂"]
    assert [p.says for p in phrases] == [{}, {}]


@pytest.mark.parametrize("text", ["", "   \n\t", ",,;,\n", "A face with .", "얼굴: ."])
def test_a_text_without_words_says_nothing(text):
    assert encode(text) == ([], [])
    assert reading(text) == []
    assert batch([text]).tolist() == [[BEGIN, *[PADDING] * (LENGTH - 1)]]


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "<script>alert(1)</script>",
        "帽子",
        "قبعة",
        "\u200b",
        "🧑🏽‍🦱",
        "<padding>",
        "\x00",
        "ー" * 50,
    ],
)
def test_any_other_word_is_unknown(text):
    numbers, unknown = encode(text)
    assert numbers
    assert set(numbers) == {UNKNOWN}
    assert "".join(u.word for u in unknown) == "".join(c for c in text if c not in "()")


def test_a_word_is_the_same_in_every_form_of_its_letters():
    text = "모자 없음, Short hair"
    apart = unicodedata.normalize("NFD", text)
    assert len(apart) > len(text)
    assert encode(apart)[0] == encode(text)[0] == encode("모자 없음, ＳＨＯＲＴ hair")[0]


def test_a_batch_is_padded_and_too_long_a_text_refused_in_a_sentence():
    rows = batch(["a hat", "no hat, glasses"], length=6)
    assert rows[:, 0].tolist() == [BEGIN, BEGIN]
    assert rows[0, 2:].tolist() == [PADDING] * 4
    assert decode(rows[1].tolist()) == "no hat, glasses"
    assert rows[1, 3] == COMMA
    with pytest.raises(ValueError, match="at most, not 5000"):
        batch(["hat " * 5000])
    assert len(batch(["hat " * (LENGTH - 1)])) == 1


def test_what_is_said_in_training_is_any_part_in_either_language():
    u = torch.rand(20_000, N_NOISE, generator=torch.Generator().manual_seed(0))
    said, language = sample_said(u)
    K = len(SCHEMA)
    n = said.sum(1)
    assert (n.bincount(minlength=K + 1)[1:] / len(u) - 1 / K).abs().max() < 0.01
    assert (said.double().mean(0) - (K + 1) / (2 * K)).abs().max() < 0.015
    assert abs(language.double().mean() - 0.5) < 0.015
    ends = torch.tensor([[0.0] * N_NOISE, [1 - 2**-24] * N_NOISE])
    said, language = sample_said(ends)
    assert said.sum(1).tolist() == [1, K]
    assert language.tolist() == [0, 1]


def test_captions_of_training_say_what_the_faces_are():
    labels = torch.tensor([face(seed) for seed in range(40)])
    u = torch.rand(40, N_NOISE, generator=torch.Generator().manual_seed(1))
    said, language = sample_said(u)
    texts = captions_of(labels, said, language)
    for text, one, some, lang in zip(texts, labels.tolist(), said, language, strict=True):
        expected = {k: v for (k, v), on in zip(named(one).items(), some, strict=True) if on}
        assert parse(text, LANGUAGES[lang]) == expected
    assert torch.equal(sample_captions(labels, u), batch(texts))
    # Row by row: several processes see what one would see.
    assert torch.equal(sample_captions(labels[7:9], u[7:9]), sample_captions(labels, u)[7:9])


def test_faces_that_differ_in_one_word_differ_in_the_captions_of_it():
    one = face(0, hat="none")
    a, b = (batch([caption(f, "ko", ["hat"])]) for f in (one, changed(one, hat="hat")))
    assert not torch.equal(a, b)
