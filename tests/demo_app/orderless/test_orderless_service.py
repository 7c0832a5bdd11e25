"""The orderless service against the model's own density, and against bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services.orderless import ORDERS, OrderlessService
from demo_app.store import Store

X = (np.arange(784) % 5 == 0).astype(int)
HOLE = ((np.arange(784) // 28 > 9) & (np.arange(784) // 28 < 13)).astype(int)  # three rows


def test_marginals_are_the_models_conditionals_given_the_known(service):
    """The first pixel of the hole, put first of all unknown ones in an order, has exactly its
    marginal as its conditional there."""
    p = service.marginals(X, HOLE)
    known, unknown = np.flatnonzero(HOLE == 0), np.flatnonzero(HOLE)
    np.testing.assert_array_equal(p[known], X[known])
    with service.model() as model, torch.inference_mode():
        x = torch.from_numpy(X).float().view(1, 1, 28, 28)
        for first in unknown[::40]:
            order = torch.from_numpy(np.r_[known, first, unknown[unknown != first]])
            mask = torch.from_numpy(HOLE == 0).view(1, 784)
            logit = model.with_order(order).logits(x.flatten(1), mask)[0, first]
            np.testing.assert_allclose(p[first], torch.sigmoid(logit), rtol=1e-5)


def test_hidden_values_have_no_effect(service):
    other = np.where(HOLE == 1, 1 - X, X)
    np.testing.assert_array_equal(service.marginals(X, HOLE), service.marginals(other, HOLE))
    mine, theirs = (service.fill(x, HOLE, 3, 1)["images"] for x in (X, other))
    np.testing.assert_array_equal(mine, theirs)


def test_what_is_known_is_kept_and_the_rest_is_drawn(service):
    images = service.fill(X, HOLE, 16, 0)["images"]
    assert images.shape == (16, 784)
    assert (images[:, HOLE == 0] == X[HOLE == 0]).all()
    assert np.unique(images[:, HOLE == 1], axis=0).shape[0] > 1


@pytest.mark.parametrize("order", ORDERS)
def test_the_rank_is_the_order_in_which_the_hole_is_filled(service, order):
    rank = service.fill(X, HOLE, 1, 3, order)["rank"]
    assert (rank[HOLE == 0] == -1).all()
    drawn = np.argsort(rank)[(HOLE == 0).sum() :]
    np.testing.assert_array_equal(np.sort(rank[HOLE == 1]), np.arange(HOLE.sum()))
    if order == "rows":
        assert (np.diff(drawn) > 0).all()
    elif order == "columns":
        assert (np.diff(drawn % 28 * 28 + drawn // 28) > 0).all()
    else:
        assert (rank != service.fill(X, HOLE, 1, 4, order)["rank"]).any()


def test_pixels_are_drawn_in_that_order(service):
    """The first pixel drawn follows its marginal, which knows nothing of the others."""
    first = 10 * 28
    fills = [service.fill(X, HOLE, 16, seed, "rows") for seed in range(40)]
    assert all(f["rank"][first] == 0 for f in fills)
    share = np.concatenate([f["images"][:, first] for f in fills]).mean()
    p = service.marginals(X, HOLE)[first]
    assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 640) + 1e-6


def test_a_seed_means_the_same_filling(service):
    one, two = (service.fill(X, HOLE, 4, 9) for _ in range(2))
    np.testing.assert_array_equal(one["images"], two["images"])
    assert (one["images"] != service.fill(X, HOLE, 4, 10)["images"]).any()


@pytest.mark.parametrize("hole", [np.zeros(784, int), np.ones(784, int)], ids=["none", "all"])
def test_nothing_and_everything_may_be_hidden(service, hole):
    answer = service.fill(X, hole, 2, 0, "rows")
    np.testing.assert_array_equal(answer["rank"], np.where(hole == 1, np.arange(784), -1))
    if not hole.any():
        np.testing.assert_array_equal(answer["images"], np.tile(X, (2, 1)))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((X[:-1], HOLE, 1, 0), "The pixels must be 784 numbers; 783 were given"),
        ((X, HOLE * 2, 1, 0), "The hole must lie between 0 and 1; 2 does not"),
        ((X, HOLE * 0.5, 1, 0), "The hole must each be 0 or 1; 0.5 is neither"),
        ((X, [np.nan] * 784, 1, 0), "The hole must not hold NaN"),
        ((X, "hole", 1, 0), "The hole must be a list of numbers, not str"),
        ((X, HOLE, 17, 0), "The number of fillings must lie between 1 and 16; 17 does not"),
        ((X, HOLE, 1, -1), "The seed must lie between 0 and"),
        ((X, HOLE, 1, 0, "diagonal"), "must be one of random, rows, columns, not 'diagonal'"),
        ((X, HOLE, 1, 0, None), "must be one of random, rows, columns, not None"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(service, arguments, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.fill(*arguments)


def test_a_missing_release_names_the_command(tmp_path, monkeypatch, service):
    assert service.missing() is None
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    missing = OrderlessService(Store()).missing()
    assert isinstance(missing, Unavailable)
    assert missing.command == "python -m genzoo train nade-orderless-mnist"
