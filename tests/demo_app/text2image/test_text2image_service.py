"""The Text2Image service against the model and the grammar themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import genzoo
from demo_app.errors import BadInput, Unavailable
from demo_app.services.text2image import MAX_CHARACTERS, PIXELS, Text2ImageService
from demo_app.store import Store
from genzoo.data import words
from genzoo.data.avatars import SCHEMA, face, named
from genzoo.data.captions import caption, parse
from tests.demo_app.text2image.conftest import GAN, JUDGE, TRANSFORMER, write_releases

TEXT, OTHER = "A face with red hair, a hat.", "얼굴: 안경 없음, 모자 없음."


@pytest.fixture(scope="module")
def kept(module_folder):
    """For tests that change nothing."""
    return Text2ImageService(Store())


@pytest.fixture(scope="module", params=[GAN, TRANSFORMER])
def model(request, module_folder):
    """Each that makes faces of a caption, under its release's name."""
    model = genzoo.load(request.param)
    model.name = request.param
    return model


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_faces_are_the_models_each_of_its_own_seed(kept, model):
    answer = kept.faces(TEXT, seed=5, n=3, model=model.name)
    assert answer["images"].shape == (3, PIXELS)
    for k in range(3):
        expected = model.images_of([TEXT], generator=seeded(5 + k)).flatten()
        np.testing.assert_allclose(answer["images"][k], expected, atol=1e-5)
    judge = genzoo.load(Text2ImageService.judge)
    with torch.inference_mode():
        read = judge.read(torch.from_numpy(answer["images"]).view(3, 3, 64, 64))
    np.testing.assert_array_equal(answer["read"], read)
    assert answer["problem"] == ""
    assert [p["says"] for p in answer["phrases"]] == [{"hair_color": "red"}, {"hat": "hat"}]
    assert [p["text"] for p in answer["phrases"]] == ["red hair", "hat"]


def test_faces_are_made_in_one_batch_in_which_a_seed_means_what_it_means_alone(
    kept, model, monkeypatch
):
    sizes = []
    made = type(model).images_in_steps

    def images_in_steps(self, tokens, z):
        sizes.append((len(tokens), len(z)))
        return made(self, tokens, z)

    monkeypatch.setattr(type(model), "images_in_steps", images_in_steps)
    batch = kept.faces(TEXT, seed=2**31 - 3, n=8, model=model.name)["images"]
    assert sizes == [(8, 8)]
    for k, seed in enumerate([2**31 - 3, 2**31 - 2, 2**31 - 1, 0, 1]):
        alone = kept.faces(TEXT, seed=seed, n=1, model=model.name)["images"][0]
        np.testing.assert_allclose(batch[k], alone, atol=1e-5)
    assert np.abs(np.diff(batch, axis=0)).max(1).min() > 0.01


def test_what_is_not_understood_is_told_and_no_error(kept):
    text = "a purple hat, no hat, 안경, 🙂 <b>x</b>, a hat, red hat"
    told = kept.read(text)
    assert [u["text"] for u in told["unknown"]] == ["purple", "🙂", "<b>x</b>"]
    assert all(text[u["start"] : u["end"]] == u["text"] for u in told["unknown"])
    assert [list(p["says"].items()) for p in told["phrases"]] == [
        *([], [("hat", "none")], [("glasses", "glasses")], [], [("hat", "hat")], [])
    ]
    assert (told["twice"], told["problem"], told["n_unknown"]) == (["hat"], "", 3)
    assert len(kept.faces(text, n=1)["images"]) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "empty"), (" ,. \n", "empty"), ("A face with .", "empty"), ("hat " * 99, "long")],
)
def test_of_some_texts_there_are_no_faces(kept, text, problem):
    answer = kept.faces(text, n=2)
    assert answer["problem"] == problem
    assert answer["images"].shape == (0, PIXELS)
    assert kept.walk(TEXT, text)["other_problem"] == problem
    assert kept.walk(text, TEXT)["problem"] == problem
    assert len(kept.walk(text, TEXT)["read"]) == 0


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "hat, " * 2_000,
        "漢字 " * 3_000,
        "🙂" * 5_000,
        "<script>alert(1)</script>" * 99,
    ],
)
def test_a_long_text_is_answered_shortly(kept, text):
    told = kept.read(text)
    assert len(str(told)) < 6_000
    assert all(len(u["text"]) <= 40 for u in told["unknown"])
    assert kept.faces(text, n=1)["problem"] in ("", "long")


def test_a_caption_is_written_in_either_language(kept):
    one = face(4)
    for language in ("en", "ko"):
        assert kept.write(named(one), language) == caption(one, language)
        text = kept.write({"hat": "none", "skin": "dark"}, language)
        assert parse(text, language) == {"hat": "none", "skin": "dark"}
    assert kept.write({}, "en") == ""


def test_the_same_noise_with_every_value_of_an_attribute(kept, model):
    answer = kept.others(TEXT, "mouth", seed=7, model=model.name)
    says = {"hair_color": "red", "hat": "hat"}
    for k, value in enumerate(SCHEMA["mouth"]):
        assert parse(answer["texts"][k], "en") == {**says, "mouth": value}
        expected = model.images_of([answer["texts"][k]], generator=seeded(7)).flatten()
        np.testing.assert_allclose(answer["images"][k], expected, atol=1e-5)
    assert abs(answer["images"][0] - answer["images"][1]).max() > 0.01
    # In place of what is said, and in the language of the text.
    korean = kept.others(OTHER, "hat")
    assert parse(korean["texts"][1], "ko") == {"glasses": "none", "hat": "hat"}
    assert len(kept.others("", "hat")["images"]) == 2


def test_a_walk_of_the_gan_leads_from_one_caption_to_the_other(kept):
    model, answer = genzoo.load(GAN), kept.walk(TEXT, OTHER, seed=3, n=5)
    ends = [model.images_of([t], generator=seeded(3)).flatten() for t in (TEXT, OTHER)]
    np.testing.assert_allclose(answer["images"][0], ends[0], atol=1e-5)
    np.testing.assert_allclose(answer["images"][-1], ends[1], atol=1e-5)
    with torch.inference_mode():
        middle = model.embed(words.batch([TEXT, OTHER])).mean(0, keepdim=True)
        expected = model.paint(model.draw_z(1, seeded(3)), middle).flatten()
    np.testing.assert_allclose(answer["images"][2], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.faces(7), "must be text, not int"),
        (lambda s: s.faces("x" * (MAX_CHARACTERS + 1)), "20,000 characters; this one has 20,001"),
        (lambda s: s.faces(TEXT, n=9), "number of faces must lie between 1 and 8"),
        (lambda s: s.faces(TEXT, seed=-1), "seed must lie"),
        (lambda s: s.faces(TEXT, model="x"), "no model 'x' here; there are: text2image-avatars, "),
        (lambda s: s.others(TEXT, "nose"), "attribute must be one of hair, "),
        (lambda s: s.walk(TEXT, None), "must be text, not NoneType"),
        (lambda s: s.walk(TEXT, OTHER, n=1), "number of steps must lie"),
        (lambda s: s.write({"nose": "long"}, "en"), "attribute must be one of hair, "),
        (lambda s: s.write({"hat": "blue"}, "en"), "hat must be one of none, hat"),
        (lambda s: s.write([], "en"), "values by the names"),
        (lambda s: s.write({}, "fr"), "language must be one of en, ko"),
    ],
)
def test_bad_input_gets_a_sentence(kept, call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call(kept)


def test_without_a_release_it_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    service = Text2ImageService(Store())
    assert service.missing() is not None
    assert service.there() == []
    with pytest.raises(Unavailable, match=GAN):
        service.faces(TEXT)


@pytest.mark.parametrize(("gone", "there"), [(GAN, TRANSFORMER), (TRANSFORMER, GAN)])
def test_one_model_goes_on_without_the_other(tmp_path, monkeypatch, gone, there):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    write_releases(tmp_path, but=gone)
    service = Text2ImageService(Store())
    assert service.there() == [there]
    expected = genzoo.load(there).images_of([TEXT], generator=seeded(2)).flatten()
    np.testing.assert_allclose(service.faces(TEXT, 2, 1)["images"][0], expected, atol=1e-5)
    assert len(service.others(TEXT, "hat", 2)["images"]) == 2
    with pytest.raises(Unavailable, match=gone):
        service.faces(TEXT, 2, 1, gone)
    (tmp_path / JUDGE / "model.safetensors").unlink()
    with pytest.raises(Unavailable, match=JUDGE):
        Text2ImageService(Store()).faces(TEXT)
