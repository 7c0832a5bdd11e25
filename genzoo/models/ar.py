"""AR(n): each pixel a logistic regression on the n pixels before it.

Frey, Hinton and Dayan, "Does the Wake-sleep Algorithm Produce Good Density Estimators?", NIPS 8,
1996, where n is all of them and the name is fully visible belief network: a sigmoid belief network
(Neal, 1992) without hidden units.

    p(x) = prod_i p(x_i | x_{i-n} .. x_{i-1})
    p(x_i = 1 | x_<i) = sigmoid(b_i + sum_{j = max(0, i - n)}^{i - 1} W_ij x_j)

Between a Markov chain (n = 1) and everything before (n = D - 1) n says how far a pixel looks back.
A table of the n pixels before would need 2^n numbers at each pixel; a logistic regression needs
n + 1. Its limit: log-odds are a sum, so no pixel can change what another one means.

-log p(x) is convex in the parameters, and the D regressions share none of them: there is one
optimum, and training only has to come near it.

Differs from the paper: any n; Adam on minibatches.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F

from genzoo.roles import Autoregressive, FreeParameters, check_images, check_known_binary


class AR(Autoregressive, FreeParameters):
    """Binary images in raster order.

    W (D, n) holds the weights of the n pixels before each one, in raster order: W[i, k] is that of
    pixel i - n + k. Where this is before the first pixel, the weight has no effect and is not
    counted among the free parameters.

    Args:
        event_shape: shape of an image; D is its number of pixels.
        n: how many pixels a pixel looks back, 1 to D - 1.
    """

    order: Tensor

    def __init__(self, event_shape: tuple[int, ...] = (1, 28, 28), n: int = 28):
        super().__init__()
        self.event_shape = tuple(event_shape)
        D = torch.Size(self.event_shape).numel()
        if not 1 <= n < D:
            raise ValueError(f"A pixel looks back 1 to {D - 1} pixels, not {n}.")
        self.n = n
        self.W = nn.Parameter(torch.zeros(D, n))
        self.b = nn.Parameter(torch.zeros(D))
        self.register_buffer("order", torch.arange(D), persistent=False)

    @property
    def n_free(self) -> int:
        D, n = self.W.shape
        return D + n * D - n * (n + 1) // 2  # the i-th pixel, from 0, has only i before it

    def conditionals(self, x: Tensor) -> Bernoulli:
        """p(x_i = 1 | x_<i), logits (B, *event_shape), of binary images x (B, *event_shape)."""
        check_images(x, self.event_shape, binary=True)
        l = F.linear(x.flatten(1).to(self.W.dtype), self._matrix(), self.b)
        return Bernoulli(logits=l.to(x.dtype).view_as(x), validate_args=False)

    def _matrix(self) -> Tensor:
        """W as (D, D): in row i the weight of pixel j at column j, and 0 where there is none."""
        D, n = self.W.shape
        # Rows of D + n + 1 read in rows of D + n: each starts one further to the right.
        band = F.pad(self.W, (0, D + 1)).flatten()[: D * (D + n)].view(D, D + n)
        return band[:, n:]  # without the n columns before the first pixel

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        check_known_binary(given)
        x = torch.empty_like(u, dtype=self.W.dtype)
        for i, (W_i, b_i) in enumerate(zip(self.W, self.b, strict=True)):
            k = min(i, self.n)
            p_i = torch.sigmoid(b_i + W_i[self.n - k :] @ x[i - k : i])
            x[i] = u[i] < p_i
            if given is not None:
                x[i] = torch.where(given[i].isnan(), x[i], given[i].to(x))
            yield x[i]
