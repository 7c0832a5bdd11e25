"""How far one set of images is from another, by the features of an evaluator network, the judge.

The distances depend on the judge and on how many images there are: say both, and give the same
distance between two sets of real images as a reference.
"""

from __future__ import annotations

from collections.abc import Callable
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


def energy_test(
    a: Tensor, b: Tensor, n_permutations: int = 200, generator: torch.Generator | None = None
) -> tuple[float, float]:
    """Are two samples (N, K) and (M, K) of one distribution? The energy distance

    2 E|a - b| - E|a - a'| - E|b - b'|,

    which is zero only where they are (Szekely and Rizzo, 2004), and the share of `n_permutations`
    random divisions of all the points that lie at least as far apart: the test's p-value.
    """
    _check(a, b, at_least=2)
    both = torch.cat([a, b]).double()
    n, total = len(a), len(a) + len(b)
    distance = torch.cdist(both, both)

    def energy(sign: Tensor) -> Tensor:
        """For weights (T, R) of 1/n on one side and -1/m on the other: -w' D w."""
        return -(sign * (distance @ sign)).sum(0)

    w = torch.cat([both.new_full((n,), 1 / n), both.new_full((total - n,), 1 / (n - total))])
    shuffled = [w[torch.randperm(total, generator=generator)] for _ in range(n_permutations)]
    values = energy(torch.stack([w, *shuffled], dim=1))
    as_far = int((values[1:] >= values[0]).sum())
    return float(values[0]), (1 + as_far) / (1 + n_permutations)


def distance_from_draws(
    a: Tensor, draw: Callable[[int], Tensor], n_draws: int = 5
) -> tuple[float, float]:
    """The energy distance of a sample (N, K) from N samples of a distribution, and the distance
    between two sets of N samples, which is what chance alone leaves; each the mean over `n_draws`
    such sets. `draw(n)` gives n samples, (n, K)."""
    pairs = [(draw(len(a)), draw(len(a))) for _ in range(n_draws)]
    distances = [(energy_test(a, b, 0)[0], energy_test(b, c, 0)[0]) for b, c in pairs]
    distance, reference = torch.tensor(distances, dtype=torch.float64).mean(0).tolist()
    return distance, reference


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
