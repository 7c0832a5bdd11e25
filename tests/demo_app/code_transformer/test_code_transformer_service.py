"""What the page is told of the Transformer's attention, against the model itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import genzoo
from demo_app.errors import BadInput
from demo_app.services.code_transformer import MAX_CHARACTERS, CodeTransformerService
from demo_app.services.text2image import Text2ImageService
from demo_app.store import Store
from demo_app.work import Left, Visitor, working
from genzoo.data import words
from genzoo.models import CodeTransformer
from genzoo.roles import TextToImage
from tests.demo_app.released import folders, write_release

NAME = "transformer-avatars"
SMALL = {"model.codec_width": 4, "model.codec_blocks": 1, "model.width": 8, "model.n_heads": 2}
TEXT = "purple hair, 모자 and glasses"

folder, module_folder = folders(lambda folder: write_release(folder, NAME, SMALL, {}, scale=1.5))


@pytest.fixture(scope="module")
def kept(module_folder):
    return CodeTransformerService(Store())


def test_attention_is_that_of_the_face_of_the_seed(kept):
    answer = kept.attention(TEXT, seed=3)
    model, tokens = genzoo.load(NAME), words.batch([TEXT])
    generator = torch.Generator().manual_seed(3)
    image = model.generate(tokens, generator=generator).flatten()
    np.testing.assert_allclose(answer["image"], image, atol=1e-5)
    assert answer["words"] == ["purple", "hair", ",", "모자", ",", "glasses"]
    codes = torch.from_numpy(answer["codes"]).unsqueeze(0)
    maps = model.attention(tokens, codes)
    assert answer["attention"].shape == (4, 8, 8, 6)
    np.testing.assert_allclose(answer["attention"], maps.mean(1)[..., 1:7], atol=1e-6)
    assert 0 < answer["attention"].sum(-1).max() <= 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (3, "must be text, not int"),
        ("", "1 to 31 words and commas, not 0"),
        ("the face with a", "not 0"),
        ("hat " * 40, "not 40"),
        ("x" * (MAX_CHARACTERS + 1), "20,000 characters; this one has 20,001"),
    ],
)
def test_what_is_no_caption_is_refused_in_a_sentence(kept, text, sentence):
    with pytest.raises(BadInput, match=sentence):
        kept.attention(text)


def test_a_long_unknown_word_is_cut(kept):
    (word,) = kept.attention("x" * 300)["words"]
    assert len(word) == 40


@pytest.mark.parametrize("n_asked", [1, 5, 20, 60])
@pytest.mark.parametrize("what", ["attention", "faces", "gallery"])
def test_between_codes_it_asks_whether_anyone_waits(what, n_asked, kept, monkeypatch):
    """It stops at the first code after nobody does; a face has 64."""
    written = []
    pick = CodeTransformer.pick

    def counted(logits, u):
        written.append(len(u))
        return pick(logits, u)

    monkeypatch.setattr(CodeTransformer, "pick", staticmethod(counted))
    ask = {
        "attention": lambda: kept.attention(TEXT, seed=3),
        "faces": lambda: Text2ImageService(kept._store).faces(TEXT, n=2, model=NAME),
        "gallery": lambda: list(
            kept._store.steps(NAME, TextToImage, lambda model: model.drawing(2))
        ),
    }[what]
    with working(Visitor(), lambda: len(written) < n_asked), pytest.raises(Left):
        ask()
    assert len(written) == n_asked
