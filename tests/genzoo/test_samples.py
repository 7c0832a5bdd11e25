"""Distances between sets of features, against what is known of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from genzoo.metrics.samples import (
    energy_distance,
    energy_test,
    frechet_distance,
    kernel_distance,
    outliers,
    precision_recall,
)


def normal(n: int, F: int, seed: int, mean: float = 0.0, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return mean + scale * torch.randn(n, F, generator=generator, dtype=torch.float64)


def test_the_frechet_distance_of_two_gaussians():
    """In closed form where the covariances commute: sum of (mean)^2 + (s_a - s_b)^2."""
    a, b = normal(200_000, 3, 0), normal(200_000, 3, 1, mean=0.5, scale=2.0)
    assert frechet_distance(a, b) == pytest.approx(3 * (0.25 + 1.0), rel=0.02)


def test_the_frechet_distance_by_the_root_of_the_product():
    """As it is usually written, with the eigenvalues of S_a S_b."""
    generator = torch.Generator().manual_seed(2)
    a = normal(400, 5, 3) @ torch.rand(5, 5, generator=generator).double()
    b = normal(300, 5, 4) @ torch.rand(5, 5, generator=generator).double() + 0.3
    S_a, S_b = torch.cov(a.T), torch.cov(b.T)
    root = torch.linalg.eigvals(S_a @ S_b).sqrt().sum().real
    expected = (a.mean(0) - b.mean(0)).square().sum() + S_a.trace() + S_b.trace() - 2 * root
    assert frechet_distance(a, b) == pytest.approx(float(expected), rel=1e-9)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


def test_the_kernel_distance_is_unbiased():
    same = [kernel_distance(normal(60, 4, s), normal(60, 4, 100 + s)) for s in range(100)]
    mean, spread = torch.tensor(same).mean(), torch.tensor(same).std()
    assert abs(float(mean)) < 4 * float(spread) / 10
    assert min(same) < 0 < max(same)
    # One dimension, k(x, y) = (xy + 1)^3, N(0, 1) against N(m, 1): by the moments of both.
    m = 0.7
    moments = [m, m**2, m**3 + 3 * m]  # differences of the first three
    expected = 3 * moments[0] ** 2 + 3 * moments[1] ** 2 + moments[2] ** 2
    apart = [kernel_distance(normal(2000, 1, s), normal(2000, 1, 50 + s, m)) for s in range(20)]
    assert sum(apart) / 20 == pytest.approx(expected, rel=0.05)


def test_precision_is_of_what_is_made_and_recall_of_what_is_real():
    real = torch.cat([normal(300, 2, 0), normal(300, 2, 1, mean=50)])
    one_mode = normal(600, 2, 2)
    precision, recall = precision_recall(real, one_mode)
    assert (len(precision), len(recall)) == (600, 600)
    assert precision.mean() > 0.9
    assert recall[:300].mean() == pytest.approx(1, abs=0.1)
    assert recall[300:].sum() == 0
    too_wide = torch.cat([real + 0.0, normal(600, 2, 3, mean=-500)])
    precision, recall = precision_recall(real, too_wide)
    assert (precision.mean(), recall.mean()) == (0.5, 1.0)
    assert precision[:600].all()


def test_the_energy_distance_by_its_definition_and_its_p_value():
    a, b = normal(40, 2, 0), normal(50, 2, 1, mean=0.2)
    expected = 2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean()
    assert energy_distance(a, b) == pytest.approx(float(expected), rel=1e-9)
    generator = torch.Generator().manual_seed(0)
    assert energy_test(a, b, 9, 9, generator).distance == pytest.approx(float(expected), rel=1e-9)
    sets = [(normal(50, 2, s), normal(80, 2, 200 + s)) for s in range(100)]
    ps = [energy_test(a, b, 99, 9, generator).p for a, b in sets]
    assert torch.tensor(ps).mean() == pytest.approx(0.5, abs=4 / math.sqrt(12 * 100))
    far = energy_test(normal(200, 2, 0), normal(200, 2, 1, mean=0.5), 99, 9, generator)
    assert far.p == 0.01
    assert far.p_interval[0] < 0.01 < far.p_interval[1] < 0.06


def test_the_reference_of_the_energy_distance_is_what_chance_alone_leaves():
    """The mean distance of two samples of one distribution, and where 95 % of them lie."""
    generator = torch.Generator().manual_seed(0)
    by_chance = torch.tensor(
        [energy_distance(normal(60, 2, s), normal(240, 2, 500 + s)) for s in range(200)]
    )
    found = energy_test(normal(60, 2, 900), normal(240, 2, 901), 499, 9, generator)
    assert found.reference == pytest.approx(float(by_chance.mean()), rel=0.1)
    low, high = found.reference_interval
    assert ((by_chance >= low) & (by_chance <= high)).double().mean() == pytest.approx(
        0.95, abs=0.06
    )


def test_the_interval_of_the_energy_distance_is_as_wide_as_other_samples_are_apart():
    generator = torch.Generator().manual_seed(0)
    b = normal(2000, 1, 1)
    others = torch.tensor([energy_distance(normal(100, 1, s, mean=1.0), b) for s in range(2, 102)])
    a = normal(100, 1, 2, mean=1.0)
    found = energy_test(a, b, 1, 1000, generator)
    low, high = found.interval
    assert low < found.distance < high
    assert (high - low) / (4 * float(others.std())) == pytest.approx(1, abs=0.25)


def test_outliers_are_farther_from_their_nearest_neighbor_than_fresh_samples_are():
    known, fresh = torch.tensor([[0.0], [10.0]]), torch.arange(1.0, 5.0).view(4, 1)
    x = torch.tensor([[-3.9], [-4.1], [6.1], [5.0], [14.5]])
    # Fresh samples are 1, 2, 3 and 4 away: the level 1 asks for more than 4, one half for 2.5.
    assert outliers(x, known, fresh, 1.0).tolist() == [0, 1, 0, 1, 1]
    assert outliers(x, known, fresh, 0.5).tolist() == [1, 1, 1, 1, 1]
    assert outliers(torch.tensor([[2.4], [2.6]]), known, fresh, 0.5).tolist() == [0, 1]


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance, precision_recall])
def test_sets_that_do_not_fit_are_refused_in_a_sentence(distance):
    with pytest.raises(ValueError, match=r"not \(5, 3\) and \(5, 2\)"):
        distance(torch.zeros(5, 3), torch.zeros(5, 2))
    with pytest.raises(ValueError, match="at least"):
        distance(torch.zeros(1, 3), torch.zeros(5, 3))
