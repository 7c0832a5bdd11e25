from __future__ import annotations

import math

import pytest
import torch

from genzoo.metrics import Metric, bits_per_dim, bootstrap


def test_a_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    generator = torch.Generator().manual_seed(0)
    covered = 0
    for seed in range(200):
        values = 3 + 2 * torch.randn(100, generator=generator)
        figure = bootstrap("x", values, "nats", "made", n_resamples=300, seed=seed)
        assert figure.low < figure.value < figure.high
        assert figure.value == pytest.approx(values.mean().item(), rel=1e-5)
        covered += figure.low <= 3 <= figure.high
    assert 0.88 * 200 <= covered <= 0.99 * 200


def test_a_figure_says_its_setting():
    figure = Metric("nll", 84.0, 83.5, 84.5, "nats", "10,000 test images")
    for part in ("nll", "84.000", "83.500", "84.500", "nats", "10,000 test images"):
        assert part in str(figure)
    assert Metric(**figure.to_dict()) == figure


def test_bits_per_dim_of_a_fair_coin_is_one():
    assert bits_per_dim(torch.tensor(7 * math.log(2)), 7).item() == pytest.approx(1)
