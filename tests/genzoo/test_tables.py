from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from genzoo.data.batches import Batch
from genzoo.models import IndependentPixels, JointPixels, MarkovPixels
from genzoo.objectives import Counting, Progress, Update
from genzoo.roles import n_parameters, teacher_forced_draws
from genzoo.train.ema import EMA
from tests.genzoo.binary_images import counts_of, every_image

TABLES = [IndependentPixels, MarkovPixels, JointPixels]
SHAPE, D = (1, 2, 3), 6


def some_images(n: int = 300, seed: int = 0) -> Tensor:
    """Images in which pixels depend on many others: noisy copies of three of them."""
    generator = torch.Generator().manual_seed(seed)
    prototypes = (torch.rand(3, D, generator=generator) < 0.5).double()
    x = prototypes[torch.randint(3, (n,), generator=generator)]
    flip = (torch.rand(n, D, generator=generator) < 0.15).double()
    return ((x - flip).abs()).view(n, *SHAPE)


def fitted(kind, smoothing: float = 0.5, x: Tensor | None = None):
    model = kind(SHAPE, smoothing)
    objective = Counting(model)
    for step, batch in enumerate((some_images() if x is None else x).split(70)):
        at = Progress(step, 70 * step, 300, seed=0)
        objective.step(Batch(batch, torch.zeros(len(batch))), Update({}), at)
    return model


def brute_force(kind, x: Tensor, smoothing: float) -> Tensor:
    """p of each of the 64 images, from the definition, by looping over images in Python."""
    rows = [tuple(int(v) for v in image.flatten()) for image in x]

    def share(event, condition, n_alternatives: int) -> float:
        among = [row for row in rows if condition(row)]
        seen = sum(event(row) for row in among)
        return (seen + smoothing) / (len(among) + n_alternatives * smoothing)

    def p(image: tuple[int, ...]) -> float:
        if kind is JointPixels:
            return share(lambda row: row == image, lambda row: True, 2**D)
        result = 1.0
        for i in range(D):
            follows = kind is MarkovPixels and i > 0
            result *= share(
                lambda row, i=i: row[i] == image[i],
                lambda row, i=i, f=follows: not f or row[i - 1] == image[i - 1],
                2,
            )
        return result

    table = [p(image) for image in itertools.product([0, 1], repeat=D)]
    return torch.tensor(table, dtype=torch.float64)


@pytest.mark.parametrize("smoothing", [1.0, 0.01])
@pytest.mark.parametrize("kind", TABLES)
def test_probabilities_are_those_of_a_table_made_by_brute_force(kind, smoothing):
    p = fitted(kind, smoothing).log_prob(every_image(*SHAPE)).exp()
    torch.testing.assert_close(p, brute_force(kind, some_images(), smoothing), rtol=1e-9, atol=0)
    assert p.sum().item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("kind", TABLES)
def test_before_anything_is_counted_all_images_are_equally_likely(kind):
    log_p = kind(SHAPE).log_prob(every_image(*SHAPE))
    torch.testing.assert_close(log_p, torch.full_like(log_p, -D * math.log(2)))


def test_each_assumption_costs_likelihood():
    x = some_images()
    independent, markov, joint = (fitted(k, 1e-6).log_prob(x).mean().item() for k in TABLES)
    assert independent < markov - 0.05
    assert markov < joint - 0.1
    # With next to no smoothing the joint table is the empirical distribution.
    frequency = counts_of(x).double() / len(x)
    entropy = -(frequency[frequency > 0] * frequency[frequency > 0].log()).sum()
    assert -joint == pytest.approx(entropy.item(), abs=1e-4)


@pytest.mark.parametrize("kind", TABLES)
def test_samples_follow_the_density(kind, statistics):
    model = fitted(kind)
    p = model.log_prob(every_image(*SHAPE)).exp()
    x = model.sample(40_000, generator=torch.Generator().manual_seed(0))
    assert x.dtype == torch.float32
    counts = counts_of(x)
    assert statistics.chi_square_z(counts, p) < 5
    assert statistics.total_variation(counts, p) < 0.04
    # and what the tables differ in is large enough for this to see
    others = [fitted(k).log_prob(every_image(*SHAPE)).exp() for k in TABLES if k is not kind]
    assert all(statistics.chi_square_z(counts, other) > 50 for other in others)


@pytest.mark.parametrize("kind", TABLES)
def test_completions_follow_the_conditional_density(kind, statistics):
    model, images = fitted(kind), every_image(*SHAPE)
    prefix = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    given = torch.full((1, *SHAPE), torch.nan)
    given.view(-1)[:3] = prefix
    p = model.log_prob(images).exp() * (images.flatten(1)[:, :3] == prefix).all(1)
    x = model.sample(20_000, given, torch.Generator().manual_seed(0))
    counts = counts_of(x)
    assert statistics.chi_square_z(counts, p / p.sum()) < 5


@pytest.mark.parametrize("kind", TABLES)
def test_a_conditional_depends_on_the_pixels_it_may_and_on_no_other(kind):
    model = fitted(kind)
    x = some_images(1, seed=5)
    logits = model.conditionals(x).logits.flatten()
    flipped = x.repeat(D, 1, 1, 1).flatten(1)
    flipped[torch.arange(D), torch.arange(D)] = 1 - flipped.diagonal()
    changed = model.conditionals(flipped.view(D, *SHAPE)).logits.flatten(1) != logits  # (j, i)
    expected = {
        IndependentPixels: torch.zeros(D, D),
        MarkovPixels: torch.ones(D, D).triu(1).tril(1),
        JointPixels: torch.ones(D, D).triu(1),
    }[kind]
    assert torch.equal(changed, expected.bool())


@pytest.mark.parametrize("with_given", [False, True])
@pytest.mark.parametrize("kind", TABLES)
def test_incremental_draws_equal_the_slow_ones(kind, with_given):
    model = fitted(kind)
    generator = torch.Generator().manual_seed(3)
    u = torch.rand(D, 200, generator=generator, dtype=torch.float64)
    given = None
    if with_given:
        known = torch.rand(D, 200, generator=generator) < 0.4
        values = (torch.rand(D, 200, generator=generator) < 0.5).double()
        given = torch.where(known, values, torch.nan)
    fast = torch.stack(list(model.draws(u, given))).to(u)
    assert torch.equal(fast, torch.stack(list(teacher_forced_draws(model, u, given))))
    assert 0.1 < fast.mean() < 0.9
    if given is not None:
        assert torch.equal(fast[known], given[known])


@pytest.mark.parametrize(
    ("kind", "n_free"),
    [(IndependentPixels, 6), (MarkovPixels, 11), (JointPixels, 63)],
)
def test_free_parameters_are_told_and_true(kind, n_free):
    """As many as the directions in which log p can move when the counts do."""
    model = kind(SHAPE)
    assert n_parameters(model) == n_free
    generator = torch.Generator().manual_seed(0)
    counts = 1 + torch.rand(model.counts.shape, generator=generator, dtype=torch.float64)

    def log_p(counts: Tensor) -> Tensor:
        model.counts = counts
        return model.log_prob(every_image(*SHAPE))

    jacobian = torch.autograd.functional.jacobian(log_p, counts).view(2**D, -1)
    assert torch.linalg.matrix_rank(jacobian, rtol=1e-9) == n_free


def test_the_largest_joint_table_is_a_4x4_patch():
    model = JointPixels((1, 4, 4))
    assert n_parameters(model) == 2**16 - 1
    x = (torch.rand(100, 1, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    model.counts += model.tally(x)
    assert model.counts.sum() == 100
    torch.testing.assert_close(
        model.log_prob(x[:1]).exp(), torch.tensor([2.0 / (100 + 2**16)]), rtol=1e-4, atol=0
    )
    with pytest.raises(ValueError, match="table of 17 pixels has 2\\^17 entries: at most 16"):
        JointPixels((1, 1, 17))


@pytest.mark.parametrize("kind", TABLES)
def test_counting_is_told_batch_by_batch_before_each_is_counted(kind):
    x = some_images()
    model = kind(SHAPE)
    objective, told = Counting(model), []
    assert objective.optimizers() == {}
    for step, batch in enumerate(x.split(100)):
        before = fitted(kind, 1.0, x[: 100 * step]) if step else kind(SHAPE)
        at = Progress(step, 100 * step, 300, seed=0)
        values = objective.step(Batch(batch, torch.zeros(100)), Update({}), at)
        told.append(values["nll"].item())
        assert told[-1] == pytest.approx(-before.log_prob(batch).mean().item(), rel=1e-12)
    assert told[0] > told[-1]
    values = objective.evaluate(Batch(x, torch.zeros(300)))
    torch.testing.assert_close(values["nll"], -model.log_prob(x))
    torch.testing.assert_close(values["bits_per_dim"], values["nll"] / D / math.log(2))


def test_an_average_of_no_weights_is_nothing():
    model = IndependentPixels(SHAPE)
    ema = EMA(model, decay=0.9)
    ema.update(model)
    with ema.swapped_into(model):
        assert ema.average == {}
    assert ema.n_updates == 1


@pytest.mark.parametrize("kind", TABLES)
def test_bad_requests_are_refused_in_a_sentence(kind):
    model = kind(SHAPE)
    for ask in (model.log_prob, model.tally):
        with pytest.raises(ValueError, match="must be 0 or 1"):
            ask(torch.full((1, *SHAPE), 0.5))
        with pytest.raises(ValueError, match="must have shape"):
            ask(torch.zeros(1, 1, 3, 2))
    for draw in (model.sample, lambda n, given: next(model.sampling(n, given))):
        with pytest.raises(ValueError, match="known values must be 0 or 1"):
            draw(2, torch.full((1, *SHAPE), 0.5))
    for smoothing in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match=f"above 0, not {smoothing}"):
            kind(SHAPE, smoothing)
    with pytest.raises(ValueError, match="at least one pixel"):
        kind((1, 0, 4))
