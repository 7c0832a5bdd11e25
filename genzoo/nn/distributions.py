"""Distributions that torch does not have."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.distributions import Distribution, constraints
from torch.nn import functional as F


class DiscretizedLogistic(Distribution):
    """A logistic on 8-bit gray values in [0, 1], its mass collected in 256 bins.

    P(x = k / 255) = F(k + 1/2) - F(k - 1/2), the outer bins taking the tails, where F is the
    logistic cdf (Kingma et al., "Improved variational inference with inverse autoregressive
    flow", 2016; Salimans et al., "PixelCNN++", 2017).

    Args:
        loc: location, in units of the image's [0, 1].
        log_scale: log of the logistic's scale in the same units, of loc's shape.
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = False

    def __init__(self, loc: Tensor, log_scale: Tensor):
        self.loc, self.log_scale = loc, log_scale
        super().__init__(loc.shape, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """E[x], of loc's shape. By its tails: 255 x is the number of k = 1 .. 255 that it
        reaches, so the mean is the sum over k of P(255 x >= k), divided by 255."""
        inverse_scale = torch.exp(-self.log_scale)
        total = torch.zeros_like(self.loc)
        for k in range(1, 256):
            total = total + torch.sigmoid((self.loc - (k - 0.5) / 255) * inverse_scale)
        return total / 255

    @property
    def median(self) -> Tensor:
        """The location, brought into [0, 1]: the median, up to its rounding to a gray value. A
        wide scale does not pull it towards mid-gray, as it does the mean."""
        return self.loc.clamp(0, 1)

    def log_prob(self, value: Tensor) -> Tensor:
        """log P in nats of values that are multiples of 1/255."""
        inverse_scale = torch.exp(-self.log_scale)
        upper = (value - self.loc + 0.5 / 255) * inverse_scale
        lower = (value - self.loc - 0.5 / 255) * inverse_scale
        # log(sigmoid(upper) - sigmoid(lower)), in a form that does not cancel far from the center
        width = inverse_scale / 255
        inside = F.logsigmoid(upper) + F.logsigmoid(-lower) + torch.log(-torch.expm1(-width))
        return torch.where(
            value < 0.5 / 255,
            F.logsigmoid(upper),
            torch.where(value > 1 - 0.5 / 255, F.logsigmoid(-lower), inside),
        )

    def sample(self, sample_shape: torch.Size | list[int] | tuple[int, ...] = ()) -> Tensor:
        return self.icdf(
            torch.rand(torch.Size(sample_shape) + self.loc.shape, device=self.loc.device)
        )

    def icdf(self, value: Tensor) -> Tensor:
        """The gray value, a multiple of 1/255, below and at which there is the mass `value`."""
        x = self.loc + torch.exp(self.log_scale) * torch.logit(value, eps=1e-6)
        return (x * 255).round().div(255).clamp(0, 1)


class TruncatedGaussianMixture(Distribution):
    """A mixture of Gaussians, each cut off at 0 and 1: a density on [0, 1].

    p(x) = sum_k w_k N(x; mu_k, sigma_k^2) / Z_k,   Z_k the mass of the k-th Gaussian in [0, 1]

    Args:
        logits: of the weights w, up to a constant, (..., K); what stands before K is the batch.
        loc: mu (..., K), in [0, 1]: at least a third of each Gaussian is then left.
        scale: sigma (..., K), in (0, 1].
    """

    arg_constraints: ClassVar[dict[str, constraints.Constraint]] = {}
    has_rsample = False

    def __init__(self, logits: Tensor, loc: Tensor, scale: Tensor):
        self.log_weights = torch.log_softmax(logits, -1)
        self.loc, self.scale = loc, scale
        self._below = torch.special.ndtr(-loc / scale)
        self._inside = torch.special.ndtr((1 - loc) / scale) - self._below  # Z
        super().__init__(logits.shape[:-1], validate_args=False)

    @property
    def weights(self) -> Tensor:
        """w (..., K), which sum to one."""
        return self.log_weights.exp()

    def component_log_probs(self, value: Tensor) -> Tensor:
        """log w_k N(x; mu_k, sigma_k^2) / Z_k of values (...) in [0, 1]: (..., K)."""
        z = (value.unsqueeze(-1) - self.loc) / self.scale
        log_norm = torch.log(self.scale * self._inside) + 0.5 * math.log(2 * math.pi)
        return self.log_weights - 0.5 * z * z - log_norm

    def log_prob(self, value: Tensor) -> Tensor:
        """log p of values in [0, 1], in nats."""
        return torch.logsumexp(self.component_log_probs(value), -1)

    def cdf(self, value: Tensor) -> Tensor:
        """The mass below values in [0, 1]."""
        below = torch.special.ndtr((value.unsqueeze(-1) - self.loc) / self.scale) - self._below
        return (self.weights * below / self._inside).sum(-1)

    def icdf(self, value: Tensor) -> Tensor:
        """The x in [0, 1] that has the mass `value` below it, by halving the interval."""
        low, width = torch.zeros_like(self.cdf(value)), 1.0
        while width > torch.finfo(low.dtype).eps / 4:
            width /= 2
            low = torch.where(self.cdf(low + width) <= value, low + width, low)
        return low
