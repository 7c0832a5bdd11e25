"""How far an image is from the training data: by hand, and with what is released."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from demo_app.errors import Unavailable
from demo_app.services.cyclegan import CycleGANService
from demo_app.services.infogan import InfoGANService
from demo_app.services.near import NEEDED, NearTraining
from demo_app.services.stargan import StarGANService
from demo_app.store import Store
from genzoo.data import avatars


def spot(row: int, column: int, ink: float = 1.0) -> torch.Tensor:
    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, row, column] = ink
    return x


def test_the_distance_is_that_of_the_nearest_by_the_larger_of_both():
    train = torch.cat([spot(1, 1), spot(5, 5) + spot(5, 6)])
    near = NearTraining(NearTraining.packed(train, train))
    assert near.limit == pytest.approx(0, abs=1e-3)
    # Nothing in common with two pixels of ink: 3 of 2.
    cases = ((spot(1, 1), 0), (spot(1, 1, 0.5), 0.5), (spot(3, 3, 0), 1), (spot(3, 3), 1.5**0.5))
    for x, distance in cases:
        assert near.distance(x).item() == pytest.approx(distance, abs=1e-3)
    half = near.about(spot(5, 5))
    assert half["distance"] == pytest.approx(0.5**0.5, abs=1e-3)
    assert half["is_far"]


def test_the_limit_is_the_validation_images_99th_percentile():
    generator = torch.Generator().manual_seed(0)
    train, validation = (torch.rand(n, 3, 8, 8, generator=generator) for n in (20, 200))
    arrays = NearTraining.packed(train, validation)
    near = NearTraining(arrays)
    assert set(arrays) == NEEDED
    assert near.limit == pytest.approx(np.percentile(near.distance(validation).numpy(), 99))
    assert (near.distance(validation) > near.limit).sum() == 2


def released(service, x):
    try:
        return NearTraining(service._assets()).about(x)
    except Unavailable as error:
        pytest.skip(str(error))


NOISE = torch.Generator().manual_seed(0)


def test_digits_are_near_and_a_blank_or_noise_is_far():
    service = InfoGANService(Store())
    digits, _ = (torch.from_numpy(one) for one in service.digits())
    digits = digits.float().view(-1, 1, 28, 28) / 255
    far = [released(service, x[None])["is_far"] for x in digits]
    assert np.mean(far) < 0.05  # test digits
    for x in (
        torch.zeros(1, 1, 28, 28),
        torch.ones(1, 1, 28, 28),
        torch.rand(1, 1, 28, 28, generator=NOISE),
        torch.roll(digits[:1], 7, 3),  # off the middle
    ):
        assert released(service, x)["is_far"]


def test_faces_are_near_and_a_red_square_or_noise_is_far():
    service = StarGANService(Store())
    faces = [torch.from_numpy(service.truth(list(avatars.face(k)))) for k in range(60)]
    far = [released(service, x.view(1, 3, 64, 64))["is_far"] for x in faces]
    assert np.mean(far) < 0.08
    red = torch.zeros(1, 3, 64, 64)
    red[:, 0] = 1
    noise = torch.rand(1, 3, 64, 64, generator=NOISE)
    for x in (red, noise, torch.zeros_like(red), torch.ones_like(red)):
        assert released(service, x)["is_far"]


def test_sketches_are_near_and_a_blank_or_noise_is_far():
    service = CycleGANService(Store())
    sketches = [
        1 - torch.from_numpy(service.pair(k)["sketch"]).view(1, 1, 64, 64) for k in range(60)
    ]
    assert np.mean([released(service, x)["is_far"] for x in sketches]) < 0.08
    line = torch.zeros(1, 1, 64, 64)
    line[..., 20:44, 32] = 1
    for x in (torch.zeros_like(line), line, torch.rand(1, 1, 64, 64, generator=NOISE)):
        assert released(service, x)["is_far"]
