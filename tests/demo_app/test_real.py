"""Real pictures in less room than they take: the nearest one is the nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from demo_app.errors import Unavailable
from demo_app.services import real
from demo_app.services.datasets import DATA
from demo_app.services.real import Drawn, Kept
from demo_app.store import Store
from genzoo.data import DataError, ImageSet, avatars
from tests.demo_app.released import faces

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def train():
    return faces(150, 0)


@pytest.fixture(scope="module")
def test():
    return faces(40, 5000)


@pytest.fixture(scope="module")
def assets(train, test):
    return Drawn.packed(train=train, test=test)


@pytest.fixture
def drawn(assets, monkeypatch):
    """The training faces, and the numbers of those that were drawn."""
    of = Drawn(assets, "train")
    of.asked = []
    draw = of._draw
    monkeypatch.setattr(of, "_draw", lambda i: of.asked.append(int(i)) or draw(i))
    return of


def hard(train: ImageSet, test: ImageSet) -> np.ndarray:
    """Other faces, blurred ones, half of one and half of another, noise, and faces themselves."""
    x = test.scaled(slice(12))
    blurred = F.avg_pool2d(x, 9, 1, 4, count_include_pad=False)
    noise = torch.rand(3, *x.shape[1:], generator=torch.Generator().manual_seed(0))
    own = train.scaled(slice(3))
    return torch.cat([x, blurred, (x + x.roll(1, 0)) / 2, noise, own]).flatten(1).numpy()


def distances(x: np.ndarray, to: ImageSet) -> np.ndarray:
    all_of_them = to.scaled().flatten(1).double().numpy()
    return np.stack([np.sqrt(((all_of_them - one) ** 2).sum(1)) for one in x.astype(float)])


def test_a_face_is_drawn_as_it_is(drawn, train):
    for i in (0, 7, 149):
        picture = drawn.picture(i)
        assert picture.dtype == np.float32
        np.testing.assert_allclose(picture, train.scaled([i]).flatten(), atol=1e-7)
    assert len(drawn) == 150
    assert drawn.labels.tolist() == train.labels.tolist()
    drawn.picture(7)
    assert drawn.asked == [0, 7, 149]  # and kept


def test_the_nearest_face_is_the_nearest_and_few_are_drawn(drawn, train, test):
    x = hard(train, test)
    truth = distances(x, train)
    index, distance = drawn.nearest(x)
    np.testing.assert_allclose(distance, truth.min(1), rtol=1e-5, atol=1e-5)
    assert index.tolist() == truth.argmin(1).tolist()
    one = Drawn.nearest(drawn, x[:1])
    assert (one[0][0], one[1][0]) == (index[0], distance[0])
    drawn.asked.clear()
    drawn._drawn = real.LRUCache(500)
    drawn.nearest(x[:12])
    assert len(drawn.asked) < 12 * 8


def test_a_face_is_never_nearer_than_its_bound(drawn, train, test):
    x = hard(train, test)
    truth = distances(x, train)
    bounds = np.stack([drawn._at_least(torch.from_numpy(one)).numpy() for one in x])
    assert (bounds <= truth).all()
    # And it says something: of faces nearly all of the distance.
    assert np.median(bounds[:12] / truth[:12]) > 0.95


def test_another_split_has_the_same_basis(assets, train, test):
    of_test = Drawn(assets, "test")
    x = hard(train, test)[:6]
    index, distance = of_test.nearest(x)
    assert index.tolist() == list(range(6))
    assert distance.max() < 1e-5
    index, distance = of_test.nearest(train.scaled(slice(6)).flatten(1).numpy())
    truth = distances(train.scaled(slice(6)).flatten(1).numpy(), test)
    assert index.tolist() == truth.argmin(1).tolist()


def test_without_the_packages_that_draw_a_sentence_says_so(drawn, monkeypatch):
    def lacking(face):
        raise DataError("Faces are drawn by python-avatars, which is not installed")

    monkeypatch.setattr(avatars, "render", lacking)
    with pytest.raises(Unavailable, match="not installed") as error:
        drawn.picture(3)
    assert error.value.command == "pip install python-avatars resvg-py"


@pytest.mark.parametrize("n_bits", [1, 2])
def test_levels_are_kept_in_bits(n_bits):
    random = np.random.default_rng(n_bits)
    images = torch.from_numpy(random.integers(0, 256, (50, 1, 4, 3)).astype(np.uint8))
    data = ImageSet(images, torch.arange(50) % 10, ())
    kept = Kept.unpacked(Kept.packed(data, n_bits), 12)
    steps = 2**n_bits - 1
    expected = np.floor(images.flatten(1).numpy() / 255 * steps + 0.4999) / steps
    for i in range(50):
        np.testing.assert_allclose(kept.picture(i), expected[i], atol=1e-6)
    assert kept.labels.tolist() == data.labels.tolist()
    x = random.random((7, 12)).astype(np.float32)
    truth = np.sqrt(((x[:, None] - expected[None]) ** 2).sum(2))
    index, distance = kept.nearest(x)
    np.testing.assert_allclose(distance, truth.min(1), rtol=1e-4)
    assert index.tolist() == truth.argmin(1).tolist()


def test_the_kept_faces_are_those_of_the_data_and_each_is_nearest_to_itself(monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(ROOT / "checkpoints"))
    for split in ("train", "test"):
        of = real.drawn(Store(), DATA["avatars"], split)
        assert [tuple(face) for face in of.labels.tolist()] == avatars.faces(split)
        some = np.random.default_rng(0).integers(len(of), size=5)
        index, distance = of.nearest(np.stack([of.picture(i) for i in some]))
        same = [of.labels[i].tolist() for i in index]
        assert same == [of.labels[i].tolist() for i in some]
        assert distance.max() < 1e-5
