"""The earth mover's distance, against scipy's assignment and what is known by hand."""

from __future__ import annotations

import pytest
import torch
from scipy.optimize import linear_sum_assignment

from demo_app.services.transport import earth_movers_distance


@pytest.mark.parametrize("n", [1, 2, 7, 60])
def test_it_is_the_cheapest_assignment(n):
    generator = torch.Generator().manual_seed(n)
    for scale in (0.1, 1.0):
        x, y = torch.rand(n, 2, generator=generator), 0.4 + scale * torch.rand(n, 2)
        cost = torch.cdist(x.double(), y.double()).numpy()
        best = cost[linear_sum_assignment(cost)].mean()
        assert earth_movers_distance(x, y) == pytest.approx(best, abs=1e-6)


def test_shifted_points_travel_by_the_shift():
    x = torch.rand(30, 2, generator=torch.Generator().manual_seed(0))
    shift = torch.tensor([0.3, -0.4])
    assert earth_movers_distance(x, (x + shift).flip(0)) == pytest.approx(0.5, abs=1e-6)
    assert earth_movers_distance(x, x.flip(0)) == pytest.approx(0, abs=1e-6)
