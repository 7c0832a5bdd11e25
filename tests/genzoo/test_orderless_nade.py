from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo import recipes
from genzoo.data import Batch, load_images, preprocess_once
from genzoo.data.batches import fixed_subset
from genzoo.models import EoNADE, OrderAgnosticLikelihood, OrderlessNADE
from genzoo.models.orderless_nade import ROWS, UNet, first_of_random_orders
from genzoo.objectives import Progress, Update
from genzoo.roles import Autoregressive, order_agnostic, teacher_forced_draws
from tests.genzoo.binary_images import binary, counts_of, every_image


def orderless(*event_shape: int, seed: int = 0) -> OrderlessNADE:
    """In float64, with weights so large that pixels depend on each other."""
    torch.manual_seed(seed)
    model = OrderlessNADE(event_shape, width=2, n_blocks=1, n_hidden=6).double()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.4)
    return model.requires_grad_(False)


def every_order(D: int) -> Tensor:
    return torch.tensor(list(itertools.permutations(range(D))))


def some_orders(K: int, D: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randperm(D, generator=generator) for _ in range(K)])


def chain_rule(model: OrderlessNADE, x: Tensor, order: list[int], first: int = 0) -> Tensor:
    """The density written out, (B,): a pass of the network for each pixel of `order` in turn, the
    first so many of which are known and not counted."""
    flat = x.flatten(1)
    known = torch.zeros_like(flat, dtype=torch.bool)
    log_p = torch.zeros(len(x), dtype=x.dtype)
    for i, d in enumerate(order):
        l = model.logits(flat, known)[:, d]
        if i >= first:
            log_p += F.logsigmoid(torch.where(flat[:, d] == 1, l, -l))
        known[:, d] = True
    return log_p


@pytest.mark.parametrize("event_shape", [(1, 1, 1), (1, 2, 4), (1, 3, 3)])
def test_probabilities_of_all_images_sum_to_one_under_any_order(event_shape):
    model = orderless(*event_shape)
    for order in (model.order, *some_orders(2, torch.Size(event_shape).numel())):
        total = model.with_order(order).log_prob(every_image(*event_shape)).exp().sum()
        assert total.item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("n_images", [1, 3, ROWS + 7])
def test_the_density_is_the_chain_rule_in_the_order(n_images):
    model = orderless(1, 3, 3)
    x = every_image(1, 3, 3)[torch.arange(n_images) % 512]
    for order in (model.order, some_orders(1, 9)[0]):
        expected = chain_rule(model, x, order.tolist())
        torch.testing.assert_close(
            model.with_order(order).log_prob(x), expected, rtol=0, atol=1e-11
        )


def test_orders_disagree_and_share_their_weights():
    model = orderless(1, 2, 3)
    x = binary(5, 1, 2, 3)
    other = model.with_order(model.order.flip(0))
    assert not torch.allclose(other.log_prob(x), model.log_prob(x), atol=0.01)
    assert torch.equal(model.order, orderless(1, 2, 3).order), "asking for another changed it"
    before = other.log_prob(x)
    with torch.no_grad():
        next(model.parameters()).add_(1.0)
    assert not torch.allclose(other.log_prob(x), before)
    assert torch.equal(other.with_order(model.order).log_prob(x), model.log_prob(x))


def test_a_conditional_depends_on_earlier_pixels_only():
    model = orderless(1, 3, 4)
    D = 12
    x = binary(1, 1, 3, 4)
    logits = model.conditionals(x.expand(2, 1, 3, 4)).logits[0].flatten()
    flipped = x.repeat(D, 1, 1, 1).flatten(1)
    flipped[torch.arange(D), torch.arange(D)] = 1 - flipped.diagonal()
    change = model.conditionals(flipped.view(D, 1, 3, 4)).logits.flatten(1) - logits  # (j, i)
    change = change[model.order][:, model.order]
    assert change.tril().abs().max() < 1e-12, "pixel i is changed by itself or a later one"
    assert (change[torch.ones(D, D).triu(1).bool()].abs() > 1e-9).all(), "an earlier one is unseen"


def test_logits_do_not_depend_on_unknown_values():
    model = orderless(1, 3, 4)
    known = torch.rand(6, 12, generator=torch.Generator().manual_seed(0)) < 0.5
    x = binary(6, 12)
    other = torch.where(known, x, 1 - x)
    assert torch.equal(model.logits(x, known), model.logits(other, known))
    assert not torch.allclose(model.logits(1 - x, known), model.logits(x, known))


def test_samples_follow_the_density(statistics):
    model = orderless(1, 2, 4)
    p = model.log_prob(every_image(1, 2, 4)).exp()
    counts = counts_of(model.sample(20_000, generator=torch.Generator().manual_seed(0)))
    assert statistics.chi_square_z(counts, p) < 5
    assert statistics.total_variation(counts, p) < 0.05


@pytest.mark.parametrize("known", [[6, 7], [1, 4, 6], [0, 2, 3, 5]])
def test_samples_given_any_pixels_follow_the_density_that_has_them_first(statistics, known):
    model = orderless(1, 2, 4, seed=1)
    order = some_orders(1, 8, seed=5)[0]
    images = every_image(1, 2, 4)
    given = torch.full((1, 1, 2, 4), torch.nan)
    given.view(-1)[known] = torch.arange(len(known)).float() % 2
    fits = (images.flatten(1)[:, known] == given.view(-1)[known]).all(1)
    rest = [d for d in order.tolist() if d not in known]
    p = chain_rule(model, images, known + rest, first=len(known)).exp() * fits
    assert p.sum().item() == pytest.approx(1, abs=1e-12)
    # The same of the joint density whose order has the known pixels first, by Bayes' rule.
    joint = model.with_order(torch.tensor(known + rest)).log_prob(images).exp() * fits
    torch.testing.assert_close(p, joint / joint.sum(), rtol=0, atol=1e-12)
    samples = model.with_order(order).sample(10_000, given, torch.Generator().manual_seed(0))
    assert statistics.chi_square_z(counts_of(samples), p) < 5


def test_draws_equal_the_slow_ones():
    model = orderless(1, 3, 4)
    u = torch.rand(12, 9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    fast = torch.stack(list(model.draws(u, None)))
    assert torch.equal(fast, torch.stack(list(teacher_forced_draws(model, u, None))))
    assert 0.1 < fast.mean() < 0.9


def test_draws_equal_the_slow_ones_with_the_known_pixels_first():
    """Each image has known pixels of its own: in the slow way, an order of its own."""
    model = orderless(1, 3, 4)
    generator = torch.Generator().manual_seed(3)
    u = torch.rand(12, 7, generator=generator, dtype=torch.float64)
    known = torch.rand(12, 7, generator=generator) < 0.4  # rows in the model's order
    given = torch.where(known, binary(12, 7, seed=4), torch.nan)
    fast = torch.stack(list(model.draws(u, given)))
    assert torch.equal(fast[known], given[known])
    for n in range(7):
        places = torch.cat([known[:, n].nonzero(), (~known[:, n]).nonzero()]).flatten()
        first = model.with_order(model.order[places])
        slow = torch.stack(
            list(teacher_forced_draws(first, u[places, n : n + 1], given[places, n : n + 1]))
        )
        assert torch.equal(fast[places, n], slow[:, 0])


@pytest.mark.parametrize("n_blocks", [0, 1, 2])
def test_what_a_pixel_changes_is_all_that_is_computed_again(n_blocks):
    """On images so large that most of them is not."""
    torch.manual_seed(0)
    network = UNet(20, 28, width=3, n_blocks=n_blocks, n_hidden=6).double().requires_grad_(False)
    for p in network.parameters():
        p.normal_(std=0.4)
    z = torch.randn(2, 2, 20, 28, dtype=torch.float64)
    half = network.to_half(z)
    corners = [(0, 0), (0, 27), (19, 0), (19, 27)]
    inside = torch.rand(20, 2).mul(torch.tensor([20, 28])).long().tolist()
    for row, column in corners + inside:
        z[:, :, row, column] += 3.0
        network.renew(half, z, row, column)
        torch.testing.assert_close(half, network.to_half(z), rtol=0, atol=1e-9)
        logit = network.logit(half, row, column)
        torch.testing.assert_close(logit, network(z)[:, 0, row, column], rtol=1e-9, atol=1e-9)


def test_the_steps_of_sampling_end_in_the_sample_and_keep_what_is_given():
    model = orderless(1, 3, 4).float()
    known = torch.rand(5, 1, 3, 4, generator=torch.Generator().manual_seed(0)) < 0.5
    given = torch.where(known, binary(5, 1, 3, 4, seed=1).float(), torch.nan)
    for asked in (model, EoNADE(model, some_orders(3, 12))):
        *_, last = asked.sampling(5, given, torch.Generator().manual_seed(7))
        sample = asked.sample(5, given, torch.Generator().manual_seed(7))
        assert torch.equal(last, sample)
        assert torch.equal(sample[known], given[known])
        assert ((sample == 0) | (sample == 1)).all()
        assert sample.dtype == torch.float32
        other = asked.sample(5, given, torch.Generator().manual_seed(8))
        assert not torch.equal(sample, other)


def test_marginals_are_those_of_each_pixel_drawn_next():
    model = orderless(1, 2, 4)
    known = torch.tensor([1, 0, 0, 1, 0, 1, 0, 0]).bool().view(1, 2, 4)
    images = every_image(1, 2, 4)
    given = torch.where(known, images[[5, 200]], torch.nan)
    marginals = model.marginals(given)
    assert torch.equal(marginals[:, known], given[:, known])
    for d in (~known).flatten().nonzero().flatten().tolist():
        before = known.flatten().nonzero().flatten().tolist()
        after = [j for j in range(8) if j not in (d, *before)]
        for row, image in zip(marginals, given, strict=True):
            fits = ((images == image) | ~known).flatten(1).all(1)
            p = model.with_order(torch.tensor([*before, d, *after])).log_prob(images).exp() * fits
            p_d = (p * images.flatten(1)[:, d]).sum() / p.sum()
            assert row.flatten()[d].item() == pytest.approx(p_d.item(), abs=1e-12)


def test_the_objective_is_unbiased_for_the_mean_over_all_orders():
    """Exhaustively: the mean over every number and every set of known pixels, each number as
    likely as another and each set as another of its size, against the mean over all 24 orders."""
    model = orderless(1, 2, 2)
    x = every_image(1, 2, 2)
    mean_over_orders = torch.stack(
        [-chain_rule(model, x, order) for order in every_order(4).tolist()]
    ).mean(0)
    estimate = torch.zeros(16, dtype=torch.float64)
    for n in range(4):
        for chosen in itertools.combinations(range(4), n):
            known = torch.zeros(16, 4, dtype=torch.bool)
            known[:, chosen] = True
            estimate += model.nll_of_unknown(x, known) / (4 * math.comb(4, n))
    torch.testing.assert_close(estimate, mean_over_orders, rtol=0, atol=1e-12)


@pytest.mark.parametrize("row", [0, 2])
def test_known_pixels_are_drawn_as_the_objective_needs_them(statistics, row):
    """Any row of a batch: each number of known pixels equally often, and each set of a size."""
    D, n_draws = 4, 6_000
    generator = torch.Generator().manual_seed(0)
    masks = torch.stack(
        [
            first_of_random_orders(torch.randn(3, D + 1, generator=generator))[row]
            for _ in range(n_draws)
        ]
    )
    p = torch.tensor(
        [
            1 / (D * math.comb(D, sum(bits))) if sum(bits) < D else 0.0
            for bits in itertools.product([0, 1], repeat=D)
        ],
        dtype=torch.float64,
    )
    counts = counts_of(masks)
    assert counts[-1] == 0, "nothing was left to predict"
    assert statistics.chi_square_z(counts[:-1], p[:-1]) < 5


def test_numbers_of_known_pixels_lie_evenly_over_a_batch():
    noise = torch.randn(20, 11, generator=torch.Generator().manual_seed(0))
    n = first_of_random_orders(noise).sum(1)
    assert torch.equal(torch.bincount(n, minlength=10), torch.full((10,), 2))


def test_an_ensemble_is_the_mean_of_densities_and_a_density():
    model = orderless(1, 2, 4)
    orders = some_orders(5, 8)
    images = every_image(1, 2, 4)
    ensemble = EoNADE(model, orders)
    p = torch.stack([chain_rule(model, images, order).exp() for order in orders.tolist()]).mean(0)
    torch.testing.assert_close(ensemble.log_prob(images).exp(), p, rtol=0, atol=1e-13)
    assert p.sum().item() == pytest.approx(1, abs=1e-12)


def test_mean_logits_over_orders_would_not_be_a_density():
    """The fault to fear: conditionals under different orders, averaged pixel by pixel."""
    model = orderless(1, 2, 4)
    images = every_image(1, 2, 4)
    logits = torch.stack(
        [model.with_order(order).conditionals(images).logits for order in some_orders(5, 8)]
    ).mean(0)
    log_p = torch.distributions.Bernoulli(logits=logits).log_prob(images).flatten(1).sum(1)
    assert abs(log_p.exp().sum().item() - 1) > 1e-5


def test_samples_of_an_ensemble_follow_its_density(statistics):
    model = orderless(1, 2, 3, seed=2)
    ensemble = EoNADE(model, some_orders(3, 6))
    images = every_image(1, 2, 3)
    counts = counts_of(ensemble.sample(15_000, generator=torch.Generator().manual_seed(0)))
    p = ensemble.log_prob(images).exp()
    assert statistics.chi_square_z(counts, p) < 5
    one_alone = model.log_prob(images).exp()
    assert statistics.chi_square_z(counts, one_alone) > 10, "the check cannot tell them apart"


def test_training_lowers_the_mean_over_orders():
    torch.manual_seed(0)
    objective = OrderAgnosticLikelihood(OrderlessNADE((1, 2, 2), 8, 1, 16), lr=0.02)
    # Two pictures, each with one pixel of four turned over at times: far from uniform.
    x = torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 0]]).repeat(16, 1).view(-1, 1, 2, 2)
    x = (x + (torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) < 0.05)) % 2
    batch = Batch(x, torch.zeros(len(x)).long())

    def mean_over_orders() -> float:
        with torch.no_grad():
            return (
                torch.stack(
                    [
                        -objective.model.with_order(order).log_prob(x).mean()
                        for order in every_order(4)
                    ]
                )
                .mean()
                .item()
            )

    update = Update(objective.optimizers())
    before = mean_over_orders()
    for step in range(100):
        objective.step(batch, update, Progress(step, step, 100, seed=0))
    after = mean_over_orders()
    assert before == pytest.approx(4 * math.log(2), abs=0.5)
    assert after < 1.75  # one choice of two and four coins of 0.05 have 1.49 nats
    values = objective.evaluate(batch)
    assert values["nll"].shape == (32,)
    assert values["nll"].mean().item() == pytest.approx(after, abs=0.3)


def test_its_figures_are_the_mean_over_orders_and_an_ensemble():
    recipe = recipes.get("nade-orderless-mnist")
    recipe = recipes.override(recipe, recipe.smoke)
    model = orderless(1, 4, 4).float()
    figures = {f.name: f for f in recipes.evaluate(recipe, model)}
    nll, ensemble, orders = (figures[k] for k in ("nll", "nll_ensemble", "nll_orders"))
    assert ensemble.value < orders.value - 0.01, "the log of a mean is above the mean of logs"
    # 60 images by 20 sets of known pixels against 8 orders: all orders, and some of them.
    assert nll.value == pytest.approx(orders.value, rel=0.1)
    assert "60 test images" in nll.setting
    assert "8 orders" in ensemble.setting
    gain = figures["ensemble_gain"]
    assert gain.value == pytest.approx(orders.value - ensemble.value)
    assert 0 < gain.low < gain.high
    # Image by image: far narrower than the two intervals that it is the difference of.
    assert gain.high - gain.low < 0.5 * (orders.high - orders.low)


def test_an_ensemble_is_measured_on_random_images_and_not_on_the_first(monkeypatch):
    monkeypatch.setattr(order_agnostic, "N_ORDERED", 5)
    asked, plain = [], Autoregressive.log_prob
    monkeypatch.setattr(
        Autoregressive, "log_prob", lambda model, x: asked.append(x) or plain(model, x)
    )
    recipe = recipes.get("nade-orderless-mnist")
    recipe = recipes.override(recipe, recipe.smoke)
    model = orderless(1, 4, 4).float()
    figures = {f.name: f for f in recipes.evaluate(recipe, model, parts=["model"])}
    x = preprocess_once(load_images("mnist-4x4", "test").scaled(), "dynamic")
    assert len(x) == 60
    assert len(asked) == 8
    assert all(torch.equal(few, x[fixed_subset(60, 5)]) for few in asked)
    for name in ("nll_ensemble", "nll_orders", "ensemble_gain"):
        assert "5 random test images" in figures[name].setting


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (dict(event_shape=(1, 4)), "shape is 1, height, width"),
        (dict(event_shape=(3, 4, 4)), "shape is 1, height, width"),
        (dict(width=0), "must be at least 1"),
        (dict(n_blocks=-1), "n_blocks at least 0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        OrderlessNADE(**arguments)


def test_bad_requests_are_refused_in_a_sentence():
    model = orderless(1, 2, 2).float()
    for order in ([0, 1, 2, 2], [0, 1, 2], [1, 2, 3, 4], [[0, 1, 2, 3]]):
        with pytest.raises(ValueError, match="must be a permutation of 0 to 3"):
            model.with_order(torch.tensor(order))
    with pytest.raises(ValueError, match="must have shape"):
        EoNADE(model, torch.arange(4))
    gray = torch.full((1, 1, 2, 2), 0.5)
    for ask in (model.log_prob, model.marginals, lambda x: model.sample(1, x)):
        with pytest.raises(ValueError, match="must be 0 or 1"):
            ask(gray)
    ensemble = EoNADE(model, some_orders(2, 4))
    with pytest.raises(ValueError, match="at least 1, not 0"):
        ensemble.sample(0)
    with pytest.raises(ValueError, match="must hold 1 or 3 images, not 2"):
        ensemble.sample(3, torch.zeros(2, 1, 2, 2))
