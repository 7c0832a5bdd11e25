"""How far an image is from the training data: by hand, and with what is released."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from demo_app.services.cyclegan import CycleGANService
from demo_app.services.infogan import InfoGANService
from demo_app.services.near import NEEDED, NearTraining
from demo_app.services.puzzle import PuzzleService
from demo_app.services.stargan import StarGANService
from demo_app.services.vae import VAEService
from demo_app.store import Store
from genzoo.data import avatars


def spot(row: int, column: int, ink: float = 1.0) -> torch.Tensor:
    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, row, column] = ink
    return x


def test_the_distance_is_that_of_the_nearest_by_the_larger_of_both():
    train = torch.cat([spot(1, 1), spot(5, 5) + spot(5, 6)])
    near = NearTraining(NearTraining.packed(train, near_limit=train))
    assert near.limit == pytest.approx(0, abs=1e-3)
    # n pixels of ink are n - n^2 / 64 without their mean. The last has nothing in common with the
    # two pixels: a difference of 1, -1 and -1, so 3 - 1/64.
    two = 2 - 4 / 64
    cases = (
        *((spot(1, 1), 0), (spot(1, 1, 0.5), 0.5), (spot(3, 3, 0), 1), (spot(3, 3, 0) + 0.7, 1)),
        (spot(3, 3), ((3 - 1 / 64) / two) ** 0.5),
    )
    for x, distance in cases:
        assert near.distance(x).item() == pytest.approx(distance, abs=1e-3)
    half = near.about(spot(5, 5))
    assert half["distance"] == pytest.approx(((1 - 1 / 64) / two) ** 0.5, abs=1e-3)
    assert half["is_far"]


def test_the_limit_is_the_validation_images_99th_percentile():
    generator = torch.Generator().manual_seed(0)
    train, validation = (torch.rand(n, 3, 8, 8, generator=generator) for n in (20, 200))
    arrays = NearTraining.packed(train, near_limit=validation)
    near = NearTraining(arrays)
    assert set(arrays) == NEEDED
    assert near.limit == pytest.approx(np.percentile(near.distance(validation).numpy(), 99))
    assert (near.distance(validation) > near.limit).sum() == 2


NOISE = torch.Generator().manual_seed(0)


def test_digits_are_near_and_a_blank_or_noise_is_far():
    service = InfoGANService(Store())
    digits = torch.from_numpy(service.digits()[0]).float().view(-1, 28, 28) / 255

    def is_far(x):
        return service.near(x.flatten().numpy())["is_far"]

    assert np.mean([is_far(x) for x in digits]) < 0.05  # test digits
    for x in (
        torch.zeros(28, 28),
        torch.ones(28, 28),
        torch.rand(28, 28, generator=NOISE),
        torch.roll(digits[0], 7, 1),  # off the middle
    ):
        assert is_far(x)


def test_binary_digits_are_near_by_a_limit_of_their_own_and_a_scribble_is_far():
    service = VAEService(Store())
    digits = torch.from_numpy(service.images("vae-mnist")[0]).float() / 255
    assert set(digits.unique().tolist()) == {0, 1}
    answers = [service.near(x.numpy()) for x in digits]
    assert np.mean([answer["is_far"] for answer in answers]) < 0.02  # test digits
    assert answers[0]["limit"] > NearTraining.kept(Store(), "digits").limit
    scribble = torch.zeros(28, 28)
    scribble[5:9] = scribble[:, 20:23] = 1
    for x in (torch.zeros(784), torch.ones(784), scribble.flatten()):
        assert service.near(x.numpy())["is_far"]


def test_without_the_sample_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    assert VAEService(Store()).near(np.zeros(784)) == {}
    assert set(PuzzleService(Store()).upload(file_of("gray"))) == {"image", "notes"}


def file_of(picture):
    """A PNG of a picture (64, 64, 3), or of one color."""
    plain = isinstance(picture, (str, tuple))
    image = Image.new("RGB", (64, 64), picture) if plain else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


SKIN = (199, 148, 115)


@pytest.mark.parametrize("make", [StarGANService, PuzzleService])
def test_faces_are_near_and_a_plain_picture_or_noise_is_far(make):
    service = make(Store())

    def is_far(picture):
        return service.upload(file_of(picture))["is_far"]

    faces = [avatars.render(avatars.face(7_000_000 + k)) for k in range(60)]
    assert np.mean([is_far(face) for face in faces]) < 0.08
    noise = (255 * torch.rand(64, 64, 3, generator=NOISE)).byte().numpy()
    for picture in ("red", "black", "white", "gray", "silver", SKIN, noise):
        assert is_far(picture), picture


def test_sketches_are_near_and_a_blank_or_noise_is_far():
    service = CycleGANService(Store())

    def is_far(ink):
        return service.cycle(sketch=(1 - ink).flatten().numpy())["is_far"]

    sketches = [1 - torch.from_numpy(service.pair(k)["sketch"]) for k in range(60)]
    assert np.mean([is_far(x) for x in sketches]) < 0.08
    line = torch.zeros(64, 64)
    line[20:44, 32] = 1
    for x in (torch.zeros(64, 64), line, torch.rand(64, 64, generator=NOISE)):
        assert is_far(x)
