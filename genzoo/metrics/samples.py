"""How far one set of images is from another, by the features of an evaluator network, the judge.

The distances depend on the judge and on how many images there are: say both, and give the same
distance between two sets of real images as a reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data.batches import subset_of
from genzoo.data.images import ImageSet

if TYPE_CHECKING:
    from genzoo.roles import Evaluator

N_STANDARD = 2000
"""Training images by whose features all others are standardized."""


@torch.inference_mode()
def features(judge: Evaluator, x: Tensor, batch: int = 250) -> Tensor:
    """The judge's features (N, F) of images x (N, *event_shape) on any device, computed where the
    judge is; in float64 on the CPU."""
    found = [judge.features(b.to(judge.device)).cpu() for b in x.split(batch)]
    return torch.cat(found).double()  # not every device has float64


@dataclass(frozen=True)
class Standardized:
    """A judge's features, standardized: their units mean nothing, and those that vary most would
    decide alone how far two sets are apart.

    Args:
        mean, deviation: (F,), the mean and the standard deviation of each feature over training
            images; a feature that is the same for all of these is left in its own unit.
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def by(cls, judge: Evaluator, train: ImageSet) -> Standardized:
        """By N_STANDARD training images, always the same; of what the judge does not see of them
        (the sketch below a face), without it."""
        x = subset_of(train, N_STANDARD).scaled()[:, : judge.event_shape[0]]
        raw = features(judge, x)
        deviation = raw.std(0)
        return cls(raw.mean(0), torch.where(deviation > 1e-6, deviation, torch.ones(())))

    def __call__(self, features: Tensor) -> Tensor:
        """Features (N, F) in units of the training images' deviations from their mean."""
        return (features - self.mean) / self.deviation


@torch.inference_mode()
def classified(judge: Evaluator, features: Tensor) -> Tensor:
    """The judge's logits (N, L), by its features of the images (N, F), computed where the judge
    is; in float32 on the CPU."""
    return judge.classify(features.float().to(judge.device)).cpu()


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Between the Gaussians of two sets of features (N, F) and (M, F), squared (FID):

    |mu_a - mu_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))  (Heusel et al., 2017).

    The trace of the root is the sum of the singular values of S_a^(1/2) S_b^(1/2), which needs no
    root of a matrix that is not symmetric.
    """
    _check(a, b, at_least=2)
    mean = (a.mean(0) - b.mean(0)).square().sum()
    S_a, S_b = (torch.atleast_2d(torch.cov(x.T)) for x in (a, b))
    root = torch.linalg.svdvals(_root(S_a) @ _root(S_b)).sum()
    return float((mean + S_a.trace() + S_b.trace() - 2 * root).clamp(min=0))


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy under the kernel
    (a . b / F + 1)^3 (KID; Binkowski et al., 2018). It may be below 0 where there is none. Memory
    grows with the square of the sizes: average it over blocks, as KID's authors do."""
    _check(a, b, at_least=2)

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1) ** 3

    def within(x: Tensor) -> Tensor:
        K = kernel(x, x)
        return (K.sum() - K.diagonal().sum()) / (len(x) * (len(x) - 1))

    return float(within(a) + within(b) - 2 * kernel(a, b).mean())


def precision_recall(real: Tensor, fake: Tensor, k: int = 3) -> tuple[Tensor, Tensor]:
    """Which of `fake` (M, F) lie where the real ones do, (M,), and which of `real` (N, F) lie
    where the fake ones do, (N,): ones and zeros, whose means are precision and recall. Where a set
    lies: within the distance of a member to its k-th nearest other member (Kynkaanniemi et al.,
    2019)."""
    _check(real, fake, at_least=k + 1)

    def covered(x: Tensor, by: Tensor) -> Tensor:
        reach = torch.cat([torch.cdist(b, by).kthvalue(k + 1).values for b in by.split(500)])
        return torch.cat([(torch.cdist(b, by) <= reach).any(1) for b in x.split(500)]).double()

    return covered(fake, real), covered(real, fake)


@dataclass(frozen=True)
class EnergyTest:
    """Whether a sample a is of the distribution of a sample b, as `energy_test` finds it.

    Args:
        distance: the energy distance of the two.
        interval: its 95 % interval by resampling a, with b fixed.
        reference: the mean distance over random divisions of all points into two sets of these
            sizes, which is what chance alone leaves.
        reference_interval: where 95 % of these distances lie.
        p: the share of the divisions that lie at least as far apart as a and b, the test's
            p-value; a and b themselves count as one more division.
        p_interval: its 95 % interval, because only so many divisions are tried (Wilson, 1927).
    """

    distance: float
    interval: tuple[float, float]
    reference: float
    reference_interval: tuple[float, float]
    p: float
    p_interval: tuple[float, float]


def energy_distances(samples: Sequence[Tensor], b: Tensor) -> list[float]:
    """The energy distance of each of some samples (N, K) from the sample b (M, K),

    2 E|a - b| - E|a - a'| - E|b - b'|,

    which for distributions is zero only where they are the same (Szekely and Rizzo, 2004). Two
    finite samples of one distribution are some distance apart: see `EnergyTest.reference`.
    """
    for a in samples:
        _check(a, b, at_least=2)

    def mean(x: Tensor, y: Tensor) -> float:
        return float(_distances(x, y).mean()) / len(y)

    within = mean(b, b)  # of the largest matrix, once
    return [2 * mean(a, b) - mean(a, a) - within for a in samples]


def energy_distance(a: Tensor, b: Tensor) -> float:
    """The energy distance of two samples; see `energy_distances`."""
    return energy_distances([a], b)[0]


def energy_test(
    a: Tensor,
    b: Tensor,
    n_permutations: int = 499,
    n_resamples: int = 1000,
    generator: torch.Generator | None = None,
) -> EnergyTest:
    """The two-sample test by the energy distance (Szekely and Rizzo, 2004): are two samples (N, K)
    and (M, K) of one distribution? Time grows with (N + M)^2 + `n_permutations` N^2, so that b may
    be much the larger one: the larger it is, the less the answer depends on it.

    Args:
        n_permutations: random divisions of all points, at least 1.
        n_resamples: resampled sets a, for the interval of the distance, at least 1.
        generator: of the divisions and of what is resampled; the global one when None.
    """
    _check(a, b, at_least=2)
    n, m = len(a), len(b)
    both = torch.cat([a, b]).double()
    to_all = _distances(both, both)  # sum of the distances of each point from all points
    total = to_all.sum()

    def distance(within: Tensor, to_all: Tensor) -> Tensor:
        """Of n points, by the sum of the distances among them and that from them to all points;
        the m others hold the rest of the total."""
        across, rest = to_all - within, total - 2 * to_all + within
        return 2 * across / (n * m) - within / n**2 - rest / m**2

    D = torch.cdist(both[:n], both[:n])
    value = distance(D.sum(), to_all[:n].sum())
    divided = []
    for _ in range(n_permutations):
        chosen = torch.randperm(n + m, generator=generator)[:n]
        divided.append(
            distance(torch.cdist(both[chosen], both[chosen]).sum(), to_all[chosen].sum())
        )
    divisions = torch.stack(divided)

    picked = torch.randint(n, (n_resamples, n), generator=generator)
    times = torch.zeros(n_resamples, n).double()
    times.scatter_add_(1, picked, torch.ones_like(times))
    to_b = to_all[:n] - D.sum(1)
    # What is constant, the distances within b, is left out: as in `bootstrap_distance`, a set with
    # members twice over is too far from everything, and only the differences count.
    resampled = 2 * times @ to_b / (n * m) - ((times @ D) * times).sum(1) / n**2
    spread = _ends(resampled - resampled.mean())
    as_far = int((divisions >= value * (1 - 1e-12)).sum())
    p = (1 + as_far) / (1 + n_permutations)
    return EnergyTest(
        distance=float(value),
        interval=(float(value) + min(spread[0], 0.0), float(value) + max(spread[1], 0.0)),
        reference=float(divisions.mean()),
        reference_interval=_ends(divisions),
        p=p,
        p_interval=_wilson(p, 1 + n_permutations),
    )


def outliers(x: Tensor, known: Tensor, fresh: Tensor, level: float = 0.99) -> Tensor:
    """Which of x (N, K) lie off the support of the distribution that `known` (M, K) and `fresh`
    (L, K) are samples of: those farther from their nearest neighbor among `known` than the share
    `level` of `fresh` is. Ones and zeros, (N,).

    The distance from the nearest neighbor is a common score of outliers (Ramaswamy, Rastogi and
    Shim, 2000). Fresh samples make a test of it that is right for every distribution: what is of
    the distribution itself is named an outlier with probability 1 - level, up to 1 / (L + 1)
    (conformal p-values; Bates et al., "Testing for Outliers with Conformal p-Values", 2023).
    """
    _check(x, known, at_least=1)
    _check(fresh, known, at_least=1)

    def nearest(y: Tensor) -> Tensor:
        to = known.double()
        return torch.cat([torch.cdist(b.double(), to).amin(1) for b in y.split(_BLOCK)])

    return (nearest(x) > nearest(fresh).quantile(level)).double()


def rank_correlation(a: Tensor, b: Tensor) -> float:
    """Spearman's rank correlation of two series of numbers (N,) without ties, -1 to 1: 1 where
    both have the same order, -1 where one is in the reverse order of the other."""
    ranks = torch.stack([x.argsort().argsort() for x in (a, b)]).double()
    return float(torch.corrcoef(ranks)[0, 1])


_BLOCK = 200
"""Rows of a matrix of distances that are held at once."""


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """The sum of the distances of each of a (N, K) from all of b (M, K): (N,), in float64."""
    b = b.double()
    return torch.cat([torch.cdist(few.double(), b).sum(1) for few in a.split(_BLOCK)])


def _ends(values: Tensor) -> tuple[float, float]:
    """Where 95 % of the values lie."""
    low, high = values.quantile(torch.tensor([0.025, 0.975], dtype=values.dtype)).tolist()
    return low, high


def _wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a probability by a share of n trials (Wilson, 1927)."""
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _root(S: Tensor) -> Tensor:
    """Of a covariance: symmetric and positive."""
    values, vectors = torch.linalg.eigh(S)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def _check(a: Tensor, b: Tensor, at_least: int) -> None:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            f"Two sets of features must be (N, F) and (M, F), not {tuple(a.shape)} and "
            f"{tuple(b.shape)}."
        )
    if min(len(a), len(b)) < at_least:
        raise ValueError(
            f"A set must hold at least {at_least} features, not {min(len(a), len(b))}."
        )
