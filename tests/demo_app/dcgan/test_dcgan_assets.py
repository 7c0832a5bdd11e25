"""What the DCGAN tab knows beforehand is what a search by other means finds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import genzoo
from demo_app import assets
from demo_app.services.dcgan import DCGANService, sheet_of_z
from demo_app.store import ASSETS, Store
from genzoo import recipes, releases
from genzoo.data import load_images
from genzoo.metrics.samples import features
from genzoo.models import DCGAN
from genzoo.releases import Provenance

MODEL = "dcgan-mnist"


@pytest.fixture(scope="module")
def made(module_folder):
    """The service, on assets made by the command's own function."""
    recipe = recipes.override(recipes.get("judge-mnist"), {"model.width": 2})
    torch.manual_seed(0)
    judge = recipe.build_model()
    releases.save(recipe, judge, Provenance(0, 0.0, "none"), [], module_folder / recipe.name)
    (module_folder / MODEL / ASSETS).unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assets.games, "N_SEARCHED", 2)
        assets.make(MODEL)
    return DCGANService(Store())


def test_neighbours_are_the_nearest_of_all_training_images(made):
    judge, train = genzoo.load("judge-mnist"), load_images("mnist", "train")
    picture = torch.from_numpy(made.samples(MODEL, 64, 1)["images"][17]).view(1, 1, 28, 28)
    distance = (features(judge, train.scaled()) - features(judge, picture)).norm(dim=1)
    order = distance.argsort()[:3]
    found = made.neighbours(MODEL, 1, 17)
    np.testing.assert_allclose(found["distances"], distance[order], rtol=2e-3, atol=1e-4)
    np.testing.assert_array_equal(found["images"], train.images[order].flatten(1))
    np.testing.assert_array_equal(found["labels"], train.labels[order])


def test_real_distances_are_of_test_images(made):
    judge = genzoo.load("judge-mnist")
    test, train = (features(judge, load_images("mnist", s).scaled()) for s in ("test", "train"))
    nearest = np.sort(torch.cdist(test, train).amin(1).numpy())
    known = made.known(MODEL)["real_distances"]
    assert known[0] == pytest.approx(nearest[0], rel=2e-3, abs=1e-4)
    assert known[-1] == pytest.approx(nearest[-1], rel=2e-3)
    assert known[100] == pytest.approx(np.median(nearest), rel=2e-3)


@pytest.mark.filterwarnings("ignore:.torch.jit.script")  # functorch's own
def test_principal_directions_change_a_picture_most():
    torch.manual_seed(1)
    model = DCGAN(n_latent=6, width=3).eval().requires_grad_(False)
    with torch.no_grad():
        model.generator[0].weight[:, 2] *= 8  # one latent weighs far more than the others
    directions, gains = assets.games.principal_directions(model, 3, n_z=40)
    assert directions.shape == (3, 6)
    torch.testing.assert_close(directions @ directions.T, torch.eye(3), atol=1e-4, rtol=0)
    assert abs(float(directions[0, 2])) > 0.9
    assert list(gains) == sorted(gains, reverse=True)
    # The derivative by another way: a Jacobian of its own for each draw.
    z = model.draw_z(40, torch.Generator().manual_seed(0))
    J = torch.stack([torch.func.jacfwd(lambda x: model.generate(x[None]).flatten())(x) for x in z])
    change = (J @ directions.T).square().sum((0, 1))
    average = J.square().sum((0, 1)).mean()
    torch.testing.assert_close(gains, (change / average).sqrt(), rtol=0.1, atol=0.02)
    for u in directions:
        assert model.generate(z + u).mean() >= model.generate(z - u).mean()


class Stripes(DCGAN):
    """z = (class, boldness) as far as they are above zero: a stripe at the class's place."""

    def __init__(self):
        super().__init__(n_latent=2, width=1)

    def generate(self, z):
        at = (z[:, 0] > 0).long()
        x = torch.zeros(len(z), 1, 28, 28)
        for i, a in enumerate(at):
            x[i, :, :, 4 + 14 * a : 8 + 14 * a] = 0.5 + 0.4 * torch.tanh(z[i, 1])
        return x


class Reader:
    """Which half of the image has more ink."""

    def logits(self, x):
        left, right = x[..., :14].flatten(1).sum(1), x[..., 14:].flatten(1).sum(1)
        return 10 * torch.stack([left, right], 1).sub(20).clamp(max=5)


def test_the_example_goes_from_bold_to_bold_of_another_class():
    z = torch.from_numpy(sheet_of_z(0, 2).copy())
    picks, (p, q) = assets.games.sum_of_means(Stripes(), Reader(), z)
    assert {p, q} == {0, 1}
    assert picks.shape == (3, 3)
    for row, c in zip(picks, (p, p, q), strict=True):
        assert ((z[row, 0] > 0).long() == c).all()
    assert z[picks[0], 1].min() > z[picks[1], 1].max()
    a, b, c = z[picks].mean(1)
    assert int((a - b + c)[0] > 0) == q
    assert (a - b + c)[1] > c[1] + 0.5


def test_ends_are_of_different_classes():
    ends = assets.games.best_ends(
        Stripes(), Reader(), torch.from_numpy(sheet_of_z(0, 2)[:12].copy())
    )
    assert ends.shape == (2, 2)
    assert (ends[:, 0] == 0).all()
    a, b = (torch.tensor(sheet_of_z(0, 2)[cell]) for cell in ends[:, 1])
    assert (a[0] > 0) != (b[0] > 0)
    # Each has its share of the way.
    way = [assets.games.spherical(a.numpy(), b.numpy(), t)[0] > 0 for t in (0.3, 0.7)]
    assert way == [bool(a[0] > 0), bool(b[0] > 0)]
