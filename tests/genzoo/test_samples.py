"""Distances between sets of features, against what is known of them."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from genzoo.metrics.samples import (
    distance_from_draws,
    energy_test,
    frechet_distance,
    kernel_distance,
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
    value, _ = energy_test(a, b)
    assert value == pytest.approx(float(expected), rel=1e-9)

    generator = torch.Generator().manual_seed(0)
    ps = [
        energy_test(normal(50, 2, s), normal(50, 2, 200 + s), 99, generator)[1] for s in range(100)
    ]
    assert torch.tensor(ps).mean() == pytest.approx(0.5, abs=4 / math.sqrt(12 * 100))
    assert energy_test(normal(200, 2, 0), normal(200, 2, 1, mean=0.5), 99, generator)[1] == 0.01


def test_the_distance_from_draws_is_the_mean_over_several_sets_and_so_is_its_reference():
    a = normal(300, 2, 0, mean=0.5)
    sets = iter(range(1, 100))

    def draw(n: int) -> Tensor:
        return normal(n, 2, next(sets))

    distance, reference = distance_from_draws(a, draw, n_draws=3)
    each = [energy_test(a, normal(300, 2, s), 0)[0] for s in (1, 3, 5)]
    between = [energy_test(normal(300, 2, s), normal(300, 2, s + 1), 0)[0] for s in (1, 3, 5)]
    assert distance == pytest.approx(sum(each) / 3)
    assert reference == pytest.approx(sum(between) / 3)
    assert distance > 5 * reference


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance, precision_recall])
def test_sets_that_do_not_fit_are_refused_in_a_sentence(distance):
    with pytest.raises(ValueError, match=r"not \(5, 3\) and \(5, 2\)"):
        distance(torch.zeros(5, 3), torch.zeros(5, 2))
    with pytest.raises(ValueError, match="at least"):
        distance(torch.zeros(1, 3), torch.zeros(5, 3))
