"""One RGB pixel: the first distribution one would write down, and the first assumption.

    joint       p(r, g, b), a number for every color        256^3 - 1 = 16,777,215 free parameters
    channels    p(r) p(g) p(b)                               3 * 255 = 765

Both are fitted by counting the pixels of an image: N of them, c of which have one color (or value
of a channel) out of K = 256^3 (or 256). The counts are smoothed by mixing in what is uniform,

    p = (1 - s) c / N + s / K

so that a color that was not seen is improbable and not impossible. (That is Laplace's rule, with
N s / (1 - s) counts spread evenly beforehand.) Of colors that the image has not shown the joint
knows nothing; the channels say something of every color, and are wrong where channels go together.

No image has 16 million colors, so the joint keeps the counts of those that were seen. A color is a
row of three whole numbers from 0 to 255, (N, 3), of any integer type.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import torch
from torch import Tensor

from genzoo.roles import FreeParameters

LEVELS = 256
"""Values of a channel."""


class _Color(FreeParameters):
    """A distribution over colors.

    Args:
        colors: (N, 3), what is counted: every pixel of an image.
        smoothing: s, the share of the probability that is spread evenly, above 0 and at most 1.
    """

    def __init__(self, colors: Tensor, smoothing: float = 0.01):
        if not 0 < smoothing <= 1:
            raise ValueError(f"The smoothing is a share, above 0 and at most 1, not {smoothing}.")
        colors = _checked(colors)
        if len(colors) == 0:
            raise ValueError("There must be at least one pixel to count.")
        self.smoothing, self.n_counted = smoothing, len(colors)
        self._count(colors)

    @abstractmethod
    def _count(self, colors: Tensor) -> None:
        """Keep the counts of colors (N, 3), int64."""

    @abstractmethod
    def _log_prob(self, colors: Tensor) -> Tensor: ...

    @abstractmethod
    def _sample(self, n: int, generator: torch.Generator | None) -> Tensor: ...

    @final
    def log_prob(self, colors: Tensor) -> Tensor:
        """log p in nats, (B,) in float64, of colors (B, 3)."""
        return self._log_prob(_checked(colors))

    @final
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n colors, (n, 3) in uint8."""
        if n < 1:
            raise ValueError(f"The number of samples must be at least 1, not {n}.")
        return self._sample(n, generator).to(torch.uint8)

    def _smoothed_log(self, count: Tensor, K: int) -> Tensor:
        p = (1 - self.smoothing) * count.double() / self.n_counted + self.smoothing / K
        return p.log()

    def _even(self, generator: torch.Generator | None, *shape: int) -> Tensor:
        """Which of the draws are even ones, over all that there is: a share s of them."""
        u = torch.rand(shape, generator=generator, dtype=torch.float64)
        return u < self.smoothing


class ColorJoint(_Color):
    """p(r, g, b). `colors` (K, 3) are those seen, `counts` (K,) how often."""

    colors: Tensor
    counts: Tensor

    @property
    def n_free(self) -> int:
        return LEVELS**3 - 1

    def _count(self, colors: Tensor) -> None:
        self._keys, self.counts = _key(colors).unique(return_counts=True)  # in order
        self._up_to = self.counts.cumsum(0)
        self.colors = _color(self._keys)

    def _log_prob(self, colors: Tensor) -> Tensor:
        key = _key(colors)
        at = torch.searchsorted(self._keys, key).clamp(max=len(self._keys) - 1)
        seen = self._keys[at] == key
        return self._smoothed_log(torch.where(seen, self.counts[at], 0), LEVELS**3)

    def _sample(self, n: int, generator: torch.Generator | None) -> Tensor:
        # One of the pixels that were counted, or any color.
        pixel = torch.randint(self.n_counted, (n,), generator=generator)
        key = self._keys[torch.searchsorted(self._up_to, pixel, right=True)]
        any_key = torch.randint(LEVELS**3, (n,), generator=generator)
        return _color(torch.where(self._even(generator, n), any_key, key))


class ColorChannels(_Color):
    """p(r) p(g) p(b). `counts` (3, 256) are those of each channel's values."""

    counts: Tensor

    @property
    def n_free(self) -> int:
        return 3 * (LEVELS - 1)

    def _count(self, colors: Tensor) -> None:
        self.counts = torch.stack([c.bincount(minlength=LEVELS) for c in colors.unbind(1)])
        self._up_to = self.counts.cumsum(1)

    def _log_prob(self, colors: Tensor) -> Tensor:
        count = self.counts.gather(1, colors.t())
        return self._smoothed_log(count, LEVELS).sum(0)

    def _sample(self, n: int, generator: torch.Generator | None) -> Tensor:
        # In each channel the value of one of the pixels that were counted, or any value.
        pixel = torch.randint(self.n_counted, (3, n), generator=generator)
        value = torch.searchsorted(self._up_to, pixel, right=True)
        any_value = torch.randint(LEVELS, (3, n), generator=generator)
        return torch.where(self._even(generator, 3, n), any_value, value).t()


def _checked(colors: Tensor) -> Tensor:
    """Colors (N, 3) as int64; anything else is refused in a sentence."""
    if not isinstance(colors, Tensor) or colors.is_floating_point() or colors.is_complex():
        kind = colors.dtype if isinstance(colors, Tensor) else type(colors).__name__
        raise ValueError(f"Colors must be a tensor of whole numbers, (N, 3), not {kind}.")
    if colors.ndim != 2 or colors.shape[1] != 3:
        raise ValueError(f"Colors must have shape (N, 3), not {tuple(colors.shape)}.")
    colors = colors.long()
    if bool(((colors < 0) | (colors >= LEVELS)).any()):
        raise ValueError("The channels of a color must lie in 0 to 255.")
    return colors


def _key(colors: Tensor) -> Tensor:
    """Colors (N, 3) as one number each, (N,)."""
    r, g, b = colors.unbind(1)
    return (r * LEVELS + g) * LEVELS + b


def _color(key: Tensor) -> Tensor:
    """The inverse of `_key`: (N,) to (N, 3)."""
    return torch.stack([key // LEVELS**2, key // LEVELS % LEVELS, key % LEVELS], dim=1)
