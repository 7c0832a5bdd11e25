"""Binary pixels by counting: independent, a Markov chain, and the full joint distribution.

Shannon, "A Mathematical Theory of Communication", 1948, section 3, who so approximated English:
letters independent, each given the one before, and so on.

A distribution over n binary pixels is a table of 2^n - 1 free parameters. Each assumption is a
smaller table, and what it forgets can be seen in its samples:

    independent     p(x) = prod_i p(x_i)                            n free parameters
    Markov chain    p(x) = p(x_1) prod_{i > 1} p(x_i | x_{i-1})     2n - 1
    full joint distribution
                    p(x), a number for every image                  2^n - 1

The likelihood is maximal at the relative frequencies, so fitting is counting, and exact. With N
images seen, c of them showing an event that has K alternatives, its probability is

    (c + s) / (N + K s)

where the smoothing s is a count that every event is given before any image is seen (Laplace's rule
of succession, 1774, at s = 1; the mean under a Dirichlet prior), so that nothing is impossible.

Differs from the paper: pixels in raster order for letters, with a table of its own at each place.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.distributions import Bernoulli

from genzoo.roles import Autoregressive, Counted, check_images, check_known_binary

MAX_JOINT = 16
"""Pixels of the largest joint table, a patch of 4x4: 65,535 free parameters."""


class _Pixels(Autoregressive, Counted):
    """Binary images in raster order, and the counts of what was seen in them.

    Args:
        event_shape: shape of an image; n is its number of pixels.
        smoothing: s, the count that every event is given beforehand; above 0.
    """

    order: Tensor

    def __init__(self, event_shape: tuple[int, ...], smoothing: float):
        super().__init__()
        if not (smoothing > 0 and math.isfinite(smoothing)):
            raise ValueError(f"The smoothing must be above 0, not {smoothing}.")
        if min(event_shape, default=0) < 1:
            raise ValueError(f"An image has at least one pixel, not shape {tuple(event_shape)}.")
        self.event_shape, self.smoothing = tuple(event_shape), smoothing
        n = torch.Size(self.event_shape).numel()
        self.register_buffer("order", torch.arange(n), persistent=False)

    def tally(self, x: Tensor) -> Tensor:
        check_images(x, self.event_shape, binary=True)
        return self._tally(x.flatten(1).long())

    def conditionals(self, x: Tensor) -> Bernoulli:
        """p(x_i = 1 | x_<i), logits (B, *event_shape), of binary images x (B, *event_shape)."""
        check_images(x, self.event_shape, binary=True)
        logits = self._logits(x.flatten(1).long(), x.dtype)
        return Bernoulli(logits=logits.view_as(x), validate_args=False)

    @abstractmethod
    def _tally(self, x: Tensor) -> Tensor:
        """The counts of pixels x (B, n), int64."""

    @abstractmethod
    def _logits(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """logit p(x_i = 1 | x_<i) of pixels x (B, n), int64; (B, n) in `dtype`."""

    def _smoothed(self, dtype: torch.dtype) -> Tensor:
        return self.counts.to(dtype) + self.smoothing


class IndependentPixels(_Pixels):
    """p(x) = prod_i p(x_i): n free parameters. counts (n, 2): of pixel i being 0 and 1.

    Args:
        event_shape: shape of an image; n is its number of pixels.
        smoothing: s, the count that every event is given beforehand; above 0.
    """

    def __init__(self, event_shape: tuple[int, ...] = (1, 28, 28), smoothing: float = 1.0):
        super().__init__(event_shape, smoothing)
        self.register_buffer("counts", torch.zeros(len(self.order), 2, dtype=torch.long))

    @property
    def n_free(self) -> int:
        return len(self.order)

    def _tally(self, x: Tensor) -> Tensor:
        return _how_often(x, 2)

    def _logits(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        return _logit(self._smoothed(dtype)).expand(x.shape)

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        check_known_binary(given)
        p = torch.sigmoid(_logit(self._smoothed(u.dtype)))
        for i in range(len(u)):
            yield _drawn(p[i], u, given, i)


class MarkovPixels(_Pixels):
    """p(x) = p(x_1) prod p(x_i | x_{i-1}): 2n - 1 free parameters.

    counts (n, 2, 2): of pixel i - 1 being a and pixel i being b, at [i, a, b]. The first pixel
    is counted as following a 0.

    Args:
        event_shape: shape of an image; n is its number of pixels.
        smoothing: s, the count that every event is given beforehand; above 0.
    """

    def __init__(self, event_shape: tuple[int, ...] = (1, 28, 28), smoothing: float = 1.0):
        super().__init__(event_shape, smoothing)
        self.register_buffer("counts", torch.zeros(len(self.order), 2, 2, dtype=torch.long))

    @property
    def n_free(self) -> int:
        return 2 * len(self.order) - 1

    def _tally(self, x: Tensor) -> Tensor:
        return _how_often(2 * _before(x) + x, 4).view(-1, 2, 2)

    def _logits(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        l = _logit(self._smoothed(dtype))  # (n, 2): of pixel i after a 0, after a 1
        return torch.where(_before(x) == 1, l[:, 1], l[:, 0])

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        check_known_binary(given)
        p = torch.sigmoid(_logit(self._smoothed(u.dtype)))
        x_i = torch.zeros_like(u[0], dtype=torch.bool)
        for i in range(len(u)):
            x_i = _drawn(torch.where(x_i, p[i, 1], p[i, 0]), u, given, i)
            yield x_i


class JointPixels(_Pixels):
    """A number for every image: 2^n - 1 free parameters, for patches of at most 16 pixels.

    counts (2^n,): of each image, at the number that its pixels spell in binary, the first pixel
    being the highest digit. All images that share their first i pixels then lie side by side, and
    p(x_i | x_<i) is the ratio of two neighboring sums.

    Args:
        event_shape: shape of an image; n is its number of pixels, at most 16.
        smoothing: s, the count that every event is given beforehand; above 0.
    """

    def __init__(self, event_shape: tuple[int, ...] = (1, 4, 4), smoothing: float = 1.0):
        super().__init__(event_shape, smoothing)
        n = len(self.order)
        if n > MAX_JOINT:
            raise ValueError(
                f"The table of {n} pixels has 2^{n} entries: at most {MAX_JOINT} pixels, such as "
                "a patch of 4x4, are counted jointly."
            )
        self.register_buffer("counts", torch.zeros(2**n, dtype=torch.long))

    @property
    def n_free(self) -> int:
        return 2 ** len(self.order) - 1

    def _tally(self, x: Tensor) -> Tensor:
        digits = 2 ** self.order.flip(0)
        return torch.bincount((x * digits).sum(1), minlength=len(self.counts))

    def _logits(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        prefix = torch.zeros_like(x[:, 0])  # the number that the pixels so far spell
        logits = []
        for i, l in enumerate(self._levels(dtype)):
            logits.append(l[prefix])
            prefix = 2 * prefix + x[:, i]
        return torch.stack(logits, dim=1)

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        check_known_binary(given)
        prefix = torch.zeros_like(u[0], dtype=torch.long)
        for i, l in enumerate(self._levels(u.dtype)):
            x_i = _drawn(torch.sigmoid(l[prefix]), u, given, i)
            prefix = 2 * prefix + x_i
            yield x_i

    def _levels(self, dtype: torch.dtype) -> list[Tensor]:
        """logit p(x_i = 1 | x_<i) for every x_<i: the i-th item, from 0, is (2^i,)."""
        levels = []
        mass = self._smoothed(dtype)
        for _ in range(len(self.order)):
            pairs = mass.view(-1, 2)  # x_i = 0 beside x_i = 1, for every x_<i
            levels.append(_logit(pairs))
            mass = pairs.sum(1)
        return levels[::-1]


def _how_often(values: Tensor, K: int) -> Tensor:
    """How often each column of values (B, n), in 0 .. K - 1, has each value: (n, K), int64."""
    return (values.unsqueeze(2) == torch.arange(K, device=values.device)).sum(0)


def _before(x: Tensor) -> Tensor:
    """The pixel before each one, x (B, n), with a 0 before the first."""
    return torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], dim=1)


def _logit(mass: Tensor) -> Tensor:
    """The log-odds of 1 against 0 from their masses (..., 2)."""
    return mass[..., 1].log() - mass[..., 0].log()


def _drawn(p_i: Tensor, u: Tensor, given: Tensor | None, i: int) -> Tensor:
    """Pixel i of every image, bool: 1 with probability p_i, unless it is known."""
    x_i = u[i] < p_i
    return x_i if given is None else torch.where(given[i].isnan(), x_i, given[i] == 1)
