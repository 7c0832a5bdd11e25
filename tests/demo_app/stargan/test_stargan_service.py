"""The StarGAN service against the model and the renderer themselves."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

import genzoo
from demo_app.errors import BadInput, Unavailable
from demo_app.services.stargan import PIXELS, StarGANService
from demo_app.store import Store
from demo_app.work import Left, Visitor, working
from genzoo.data import avatars
from genzoo.data.avatars import SCHEMA, changed, face
from genzoo.models import StarGAN
from tests.demo_app.stargan.conftest import NAME

EDITED = ("hair", "hair_color", "skin", "glasses", "beard", "mouth", "hat")
VALUES = [1, 2, 3, 1, 2, 0, 1]


@pytest.fixture(scope="module")
def kept(module_folder):
    """For tests that change nothing."""
    return StarGANService(Store())


@pytest.fixture(scope="module")
def model(module_folder):
    return genzoo.load(NAME)


def drawn(one) -> torch.Tensor:
    return torch.from_numpy(avatars.render(one).transpose(2, 0, 1).copy())[None].float() / 255


def own_of(one) -> torch.Tensor:
    return torch.tensor([[one[list(SCHEMA).index(name)] for name in EDITED]])


def asked(one) -> dict[str, str]:
    return {name: SCHEMA[name][v] for name, v in zip(EDITED, VALUES, strict=True)}


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, format="PNG")
    return file.getvalue()


def test_an_edit_is_the_models_and_beside_it_the_truth(kept, model):
    one = face(5)
    answer = kept.edit(VALUES, face=list(one))
    with torch.inference_mode():
        edited = model.edit(drawn(one), torch.tensor([VALUES]))
    np.testing.assert_allclose(answer["image"], edited.flatten(), atol=1e-5)
    change = (edited - drawn(one)).abs().mean(1)
    np.testing.assert_allclose(answer["change"], change.flatten(), atol=1e-5)
    np.testing.assert_array_equal(answer["truth"], drawn(changed(one, **asked(one))).flatten())
    # What cannot be edited stays: the truth has the eyes and clothes of the face.
    assert kept.about()["edited"] == list(EDITED)
    np.testing.assert_array_equal(kept.truth(list(one)), drawn(one).flatten())
    np.testing.assert_array_equal(kept.truth(avatars.named(one)), drawn(one).flatten())


def test_an_amount_goes_part_of_the_way_and_has_no_truth(kept, model):
    one = face(5)
    code = model.code(own_of(one)), model.code(torch.tensor([VALUES]))
    half = kept.edit(VALUES, amount=0.5, face=list(one))
    with torch.inference_mode():
        edited = model.paint(drawn(one), 0.5 * code[0] + 0.5 * code[1])
    np.testing.assert_allclose(half["image"], edited.flatten(), atol=1e-5)
    assert "truth" not in half
    # Of each attribute for itself: the first alone.
    first = kept.edit(VALUES, amount=[1, 0, 0, 0, 0, 0, 0], face=list(one))
    values = own_of(one)
    values[0, 0] = VALUES[0]
    with torch.inference_mode():
        np.testing.assert_allclose(
            first["image"], model.edit(drawn(one), values).flatten(), atol=1e-5
        )


def test_an_image_is_edited_by_what_it_is_said_to_be(kept, model):
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    own = [0, 1, 2, 0, 1, 2, 0]
    answer = kept.edit(VALUES, image=x.flatten().tolist(), own=own, amount=0.25)
    code = 0.75 * model.code(torch.tensor([own])) + 0.25 * model.code(torch.tensor([VALUES]))
    with torch.inference_mode():
        np.testing.assert_allclose(answer["image"], model.paint(x, code).flatten(), atol=1e-5)
    assert "truth" not in kept.edit(VALUES, image=x.flatten().tolist(), own=own)


def test_the_way_back_is_an_edit_of_the_edit(kept, model):
    one = face(6)
    answer = kept.cycle(VALUES, face=list(one))
    with torch.inference_mode():
        there = model.edit(drawn(one), torch.tensor([VALUES]))
        back = model.edit(there, own_of(one))
    np.testing.assert_allclose(answer["image"], back.flatten(), atol=1e-5)
    assert answer["error"] == pytest.approx((back - drawn(one)).abs().mean().item(), abs=1e-6)


@pytest.mark.parametrize("n_asked", [1, 3])
def test_between_the_columns_of_a_grid_it_asks_whether_anyone_waits(kept, monkeypatch, n_asked):
    edited = []
    edit = StarGAN.edit

    def counted(self, *given):
        edited.append(1)
        return edit(self, *given)

    monkeypatch.setattr(StarGAN, "edit", counted)
    with working(Visitor(), lambda: len(edited) < n_asked), pytest.raises(Left):
        kept.grid(VALUES, seed=3, n=2)
    assert len(edited) == n_asked


def test_a_grid_changes_one_attribute_a_column(kept, model):
    sheet = kept.grid(VALUES, seed=3, n=2)
    assert sheet.shape == (2, 1 + len(EDITED), PIXELS)
    one = face(4)
    np.testing.assert_allclose(sheet[1, 0], drawn(one).flatten())
    values = own_of(one)
    values[0, 3] = VALUES[3]
    with torch.inference_mode():
        expected = model.edit(drawn(one), values).flatten()
    np.testing.assert_allclose(sheet[1, 4], expected, atol=1e-5)


def test_reading_is_the_judges_and_told_how_near_it_comes(kept, module_folder):
    judge = genzoo.load(StarGANService.judge)
    one = face(7)
    answer = kept.read(drawn(one).flatten().tolist())
    with torch.inference_mode():
        assert answer["face"] == judge.read(drawn(one))[0].tolist()
    assert answer["certain"].shape == (len(SCHEMA),)
    assert ((answer["certain"] > 0) & (answer["certain"] <= 1)).all()
    error = float((drawn(tuple(answer["face"])) - drawn(one)).square().mean())
    assert answer["decibels"] == pytest.approx(-10 * np.log10(error), rel=1e-5)


def test_an_upload_that_is_no_face_is_told_to_be_far(kept):
    near = kept.upload(png(avatars.render(face(1))))  # a training face
    assert not near["is_far"]
    assert near["distance"] < 0.01
    red = np.zeros((1, 1, 3), np.uint8)
    red[..., 0] = 255
    far = kept.upload(png(red))
    assert far["is_far"]
    assert far["distance"] > far["limit"] == near["limit"] > 0


def test_an_upload_is_cut_to_its_middle_square(kept):
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:, 32:96] = (200, 100, 50)
    answer = kept.upload(png(picture))
    assert answer["notes"] == ["cut"]
    image = answer["image"].reshape(3, 64, 64)
    np.testing.assert_allclose(image[0], 200 / 255, atol=1e-6)
    np.testing.assert_allclose(image[2], 50 / 255, atol=1e-6)
    whole = kept.upload(png(avatars.render(face(1))))
    assert whole["notes"] == []
    np.testing.assert_allclose(whole["image"], drawn(face(1)).flatten(), atol=1e-6)
    one_pixel = kept.upload(png(np.full((1, 1, 3), 255, np.uint8)))
    assert (one_pixel["image"] == 1).all()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"no picture", "not a picture"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 99, "not a picture"),
        (png(np.zeros((64, 64, 3), np.uint8))[:50], "damaged"),
    ],
)
def test_what_is_no_picture_is_refused(kept, data, sentence):
    with pytest.raises(BadInput, match=sentence):
        kept.upload(data)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"values": VALUES}, "either a face or an image"),
        ({"values": VALUES, "face": [0] * 11, "image": [0.0] * PIXELS}, "either a face or an"),
        ({"values": VALUES[:6], "face": [0] * 11}, "7 whole numbers"),
        ({"values": "1234567", "face": [0] * 11}, "7 whole numbers"),
        ({"values": [9, *VALUES[1:]], "face": [0] * 11}, "hair must lie between 0 and 3"),
        ({"values": VALUES, "face": [0] * 10}, "11 numbers"),
        ({"values": VALUES, "face": [0.5] * 11}, "hair must be a whole number"),
        ({"values": VALUES, "face": {"hair": "short"}}, "missing: hair_color, "),
        ({"values": VALUES, "face": [0] * 11, "amount": 2}, "amount must lie between 0 and 1"),
        ({"values": VALUES, "face": [0] * 11, "amount": [1, 0]}, "must be 7 numbers"),
        ({"values": VALUES, "face": [0] * 11, "amount": True}, "amount"),
        ({"values": VALUES, "image": [0.0] * 9, "own": VALUES}, "12288 numbers"),
        ({"values": VALUES, "image": [2.0] * PIXELS, "own": VALUES}, "between 0 and 1"),
        ({"values": VALUES, "image": [0.0] * PIXELS}, "image's values must be 7"),
    ],
)
def test_bad_input_gets_a_sentence(kept, given, sentence):
    with pytest.raises(BadInput, match=sentence):
        kept.edit(**given)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.face(-1), "seed must lie"),
        (lambda s: s.face(0, nose="long"), "attribute must be one of hair, "),
        (lambda s: s.face(0, hair="blue"), "hair must be one of short, "),
        (lambda s: s.grid(VALUES, n=0), "number of faces"),
        (lambda s: s.truth(7), "11 numbers"),
        (lambda s: s.read([0.0]), "12288 numbers"),
    ],
)
def test_so_does_what_no_face_is(kept, call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call(kept)


def test_without_a_release_it_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    service = StarGANService(Store())
    assert service.missing() is not None
    with pytest.raises(Unavailable, match=NAME):
        service.edit(VALUES, face=[0] * 11)
