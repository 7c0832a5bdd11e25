"""The RNADE service on real tiny models: its slices are the model's density, cut."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services.rnade import CELLS, RNADEService
from demo_app.store import ASSETS, Store

NAME = "rnade-rings"
X1 = [0.0, 0.137, 0.5, 1.0]


def curve(mixture, x):
    """The density of a mixture at x (N,), and its components' shares (N, K), as documented."""
    z = (x[:, None] - mixture["means"]) / mixture["deviations"]
    shares = mixture["heights"] * np.exp(-0.5 * z**2)
    return shares.sum(1), shares


@pytest.mark.parametrize("name", RNADEService.models)
@pytest.mark.parametrize("x1", X1)
def test_the_slice_and_the_marginal_make_the_models_density(store, service, name, x1):
    x2 = np.linspace(0, 1, 21)
    points = np.stack([np.full_like(x2, x1), x2], 1).astype(np.float32)
    with store.model(name) as rnade:
        expected = rnade.log_prob(torch.from_numpy(points).view(-1, 1, 1, 2)).numpy()
    first = curve(service.marginal(name), np.array([x1]))[0]
    second = curve(service.conditional(name, x1), x2)[0]
    np.testing.assert_allclose(np.log(first) + np.log(second), expected, rtol=1e-4, atol=1e-4)
    answer = service.log_prob(name, points.tolist())
    np.testing.assert_allclose(answer["total"], expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(answer["first"], np.log(first[0]), rtol=1e-4)
    np.testing.assert_allclose(answer["second"], np.log(second), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("x1", X1)
def test_a_slice_has_area_one_and_each_component_its_weight(service, x1):
    mixture = service.conditional(NAME, x1)
    assert mixture["weights"].sum() == pytest.approx(1, abs=1e-6)
    edges = np.linspace(0, 1, 20_001)
    middles = (edges[1:] + edges[:-1]) / 2
    total, shares = curve(mixture, middles)
    assert total.mean() == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(shares.mean(0), mixture["weights"], atol=1e-4)


def test_slices_differ_from_place_to_place(service):
    slices = [service.conditional(NAME, x1)["means"] for x1 in X1]
    assert all(np.abs(a - b).max() > 0.01 for a, b in pairwise(slices))


def test_the_picture_is_the_density_at_the_cells_centers(service):
    density = service.density(NAME)
    assert density.shape == (CELLS, CELLS)
    row, column = 31, 100
    center = [(column + 0.5) / CELLS, (row + 0.5) / CELLS]
    expected = math.exp(service.log_prob(NAME, [center])["total"][0])
    assert density[row, column] == pytest.approx(expected, rel=1e-4)
    assert density.mean() == pytest.approx(1, abs=0.02)
    assert service.density(NAME) is density  # made once


def test_samples_depend_on_the_seed_and_follow_the_marginal(service):
    points = service.samples(NAME, 4000, 3)
    np.testing.assert_array_equal(points, service.samples(NAME, 4000, 3))
    assert (points != service.samples(NAME, 4000, 4)).any()
    assert points.min() >= 0
    assert points.max() <= 1
    x = (np.arange(1000) + 0.5) / 1000
    below = curve(service.marginal(NAME), x)[0][:500].mean() / 2
    spread = math.sqrt(below * (1 - below) / 4000)
    assert (points[:, 0] < 0.5).mean() == pytest.approx(below, abs=4 * spread)


@pytest.mark.parametrize(
    ("x1", "complaint"),
    [
        (-0.1, "x_1 must lie between 0 and 1; -0.1 does not"),
        (1.5, "1.5 does not"),
        (math.nan, "x_1 must be a number from 0 to 1, not nan"),
        ("0.5", "not '0.5'"),
        (None, "not None"),
    ],
)
def test_a_bad_place_is_refused(service, x1, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.conditional(NAME, x1)


@pytest.mark.parametrize("name", ["rnade-fashion", "", None, ["rnade-moons"]])
def test_another_model_is_refused(service, name):
    for call in (
        lambda: service.conditional(name, 0.5),
        lambda: service.density(name),
        lambda: service.samples(name, 3, 0),
        lambda: service.log_prob(name, [[0, 0]]),
    ):
        with pytest.raises(BadInput, match="there are: rnade-moons, rnade-rings"):
            call()


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ([], "1 to 5000 pairs"),
        (0.5, "1 to 5000 pairs"),
        ([[0.5]], "must be 2 numbers; 1 were given"),
        ([[0.5, 2]], "between 0 and 1; 2 does not"),
        ([[0.5, math.nan]], "NaN"),
        (["ab"], "must be a list of numbers"),
    ],
)
def test_bad_points_are_refused(service, points, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.log_prob(NAME, points)


@pytest.mark.parametrize(
    ("n", "seed", "complaint"),
    [(0, 0, "number of points must lie"), (5001, 0, "5001 does not"), (1, -1, "seed must lie"),
     (1, 0.5, "seed must be a whole number")],
)  # fmt: skip
def test_bad_samples_are_refused(service, n, seed, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.samples(NAME, n, seed)


def test_figures_of_a_release(service):
    assert service.missing(NAME) is None
    about = service.about(NAME)
    assert (about["n_hidden"], about["n_components"]) == (12, 4)
    assert (about["nll"], about["gaussian"], about["truth"]) == (-1.25, -0.5, -1.5)
    assert service.points(NAME).shape == (200, 2)


def test_what_is_missing_names_its_command(folder):
    (folder / "rnade-moons" / ASSETS).unlink()
    np.savez(folder / "rnade-rings" / ASSETS, points=np.zeros((1, 2), np.float16))
    for path in (folder / "rnade-spirals").iterdir():
        path.unlink()
    service = RNADEService(Store())
    moons, rings, spirals = (service.missing(name) for name in service.models)
    assert isinstance(moons, Unavailable)
    assert moons.command == "python -m demo_app.assets"
    assert "lack gaussian, truth" in str(rings)
    assert spirals.command == "python -m genzoo train rnade-spirals"
