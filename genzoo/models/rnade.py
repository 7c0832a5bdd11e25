"""RNADE: the real-valued neural autoregressive density estimator.

Uria, Murray and Larochelle, "RNADE: The real-valued neural autoregressive density-estimator",
NIPS 2013.

    p(x) = prod_i p(x_i | x_<i)
    p(x_i | x_<i) = sum_k alpha_ik N(x_i; mu_ik, sigma_ik^2)
    alpha_i = softmax(V^alpha_i h_i + b^alpha_i)
    mu_i    = V^mu_i h_i + b^mu_i
    sigma_i = exp(V^sigma_i h_i + b^sigma_i)
    h_i     = rho_i relu(a_i),   a_i = c + sum_{j < i} x_j W_j

As in NADE the D hidden layers share W. The factor rho_i keeps h_i in range while a_i grows with i.

Differs from the paper: values lie in [0, 1], so each Gaussian is cut off at 0 and 1 and made whole
again, and mu and sigma pass through a sigmoid, which keeps them in [0, 1] and in (MIN_SCALE, 1).
Nothing is then lost beyond the edges, where half of the pixels of dark images lie, and a sample is
an image as it is. The hidden layer reads 2 x - 1. Adam, which needs no gradient of mu scaled down
by sigma.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.nn.distributions import TruncatedGaussianMixture
from genzoo.roles import Autoregressive, check_images

CHUNK = 28
"""Dimensions whose hidden layers are computed at once."""

MIN_SCALE = 1e-3
"""The least sigma: a quarter of a step of 8-bit gray, so that no dequantized value needs less."""


class RNADE(Autoregressive):
    """Images in [0, 1], or points in the unit square as images (1, 1, 2), in raster order.

    Args:
        event_shape: shape of an image; D is its number of dimensions.
        n_hidden: H, hidden units.
        n_components: K, Gaussians in each conditional.
    """

    order: Tensor

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 1, 2),
        n_hidden: int = 100,
        n_components: int = 10,
    ):
        super().__init__()
        self.event_shape = tuple(event_shape)
        if min(*self.event_shape, n_hidden, n_components) < 1:
            raise ValueError("Sizes of an RNADE must be at least 1.")
        D, H, K = torch.Size(self.event_shape).numel(), n_hidden, n_components
        self.n_components = K
        self.W = nn.Parameter(torch.randn(D, H) / math.sqrt(D))
        self.c = nn.Parameter(torch.randn(H) / math.sqrt(D))
        self.rho = nn.Parameter(torch.rsqrt((1 + torch.arange(D)) / D))
        # Rows of V_i and b_i: K of alpha, K of mu, K of sigma.
        self.V = nn.Parameter(0.1 * torch.randn(D, 3 * K, H) / math.sqrt(H))
        spread = torch.logit((torch.arange(K) + 0.5) / K)  # at first evenly over [0, 1]
        width = torch.logit(torch.full((K,), 1 / (K + 1)))
        self.b = nn.Parameter(torch.cat([torch.zeros(K), spread, width]).repeat(D, 1))
        self.register_buffer("order", torch.arange(D), persistent=False)

    def _mixture(self, output: Tensor) -> TruncatedGaussianMixture:
        """Of rho_i V_i relu(a_i) + b_i, (..., 3K)."""
        alpha, mu, sigma = output.chunk(3, dim=-1)
        scale = MIN_SCALE + (1 - MIN_SCALE) * torch.sigmoid(sigma)
        return TruncatedGaussianMixture(alpha, torch.sigmoid(mu), scale)

    def conditionals(self, x: Tensor) -> TruncatedGaussianMixture:
        """p(x_i | x_<i), batch shape (B, *event_shape), of images x (B, *event_shape)."""
        check_images(x, self.event_shape)
        z = (2 * x - 1).flatten(1).to(self.W.dtype)
        B = len(z)
        before = torch.tril(z.new_ones(CHUNK, CHUNK), -1)  # j < i
        # In chunks of dimensions, whose h stay in cache: within one, a_i - a is a product of the
        # values before i with the chunk's rows of W; from one to the next a is carried along.
        a = self.c.expand(B, -1)
        outputs = []
        for z_s, W_s, V_s in zip(
            z.split(CHUNK, 1), self.W.split(CHUNK), self.V.split(CHUNK), strict=True
        ):
            k = len(W_s)
            past = (z_s * before[:k, None, :k]).view(k * B, k)
            within = (past @ W_s).view(k, B, -1)
            h = F.relu(within + a.to(within.dtype))
            outputs.append(torch.bmm(h, V_s.mT))  # (k, B, 3K)
            a = a + z_s @ W_s
        output = torch.cat(outputs).transpose(0, 1).to(z.dtype)
        output = self.rho.unsqueeze(1) * output + self.b
        return self._mixture(output.view(*x.shape, -1))

    def _conditional(self, i: int, a: Tensor) -> TruncatedGaussianMixture:
        """p(x_i | x_<i) for a_i (B, H); batch shape (B,)."""
        return self._mixture(self.rho[i] * (F.relu(a) @ self.V[i].t()) + self.b[i])

    def conditional(self, past: Tensor) -> TruncatedGaussianMixture:
        """p(x_i | x_<i) of one dimension, with its components: batch shape (B,).

        Args:
            past: the values of the first i dimensions, (B, i), 0 <= i < D.
        """
        i, D = past.shape[1], self.order.numel()
        if i >= D:
            raise ValueError(f"At most {D - 1} of the {D} dimensions can be past, not {i}.")
        check_images(past, (i,))
        z = (2 * past - 1).to(self.W.dtype)
        return self._conditional(i, self.c + z @ self.W[:i])

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        a = self.c.expand(u.shape[1], -1)
        for i, (u_i, W_i) in enumerate(zip(u, self.W, strict=True)):
            x_i = self._conditional(i, a).icdf(u_i.to(W_i.dtype))
            if given is not None:
                x_i = torch.where(given[i].isnan(), x_i, given[i].to(x_i))
            a = torch.addcmul(a, (2 * x_i - 1).unsqueeze(1), W_i)
            yield x_i

    @torch.inference_mode()
    def density_on_grid(self, n: int) -> Tensor:
        """p(x_1, x_2) at the centers of n x n cells of the unit square, (n, n): x_1 grows along a
        row, x_2 from the first row to the last.

        Raises:
            ValueError: when the model is not of points in the plane, or n is below 1.
        """
        if self.order.numel() != 2:
            raise ValueError(f"Only two dimensions make a plane, not {self.order.numel()}.")
        if n < 1:
            raise ValueError(f"The grid must have at least 1 cell a side, not {n}.")
        centers = (torch.arange(n, device=self.W.device, dtype=self.W.dtype) + 0.5) / n
        points = torch.cartesian_prod(centers, centers).flip(1)  # (x_2, x_1) turned round
        return self.log_prob(points.view(n * n, *self.event_shape)).exp().view(n, n)
