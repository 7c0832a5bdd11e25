"""GAN: a generator that learns from a critic alone.

Goodfellow et al., "Generative Adversarial Nets", NIPS 2014 (arXiv:1406.2661).

    min_G max_D  V(D, G) = E_x log D(x) + E_{z ~ p(z)} log(1 - D(G(z)))

For a fixed G the best critic is D(x) = p(x) / (p(x) + q(x)), where p is the density of the data
and q that of G(z); V is then 2 JS(p, q) - log 4, least where q = p. The losses are in
`genzoo.objectives.adversarial`.

Differs from the paper: leaky ReLUs in both networks instead of ReLUs in G and dropout
and maxout in D; z is Gaussian, not uniform; Adam instead of SGD with momentum.
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from genzoo.nn.conv import SLOPE
from genzoo.roles import Adversarial, check_latents


def perceptron(n_in: int, n_hidden: int, n_layers: int, n_out: int) -> nn.Sequential:
    """(B, n_in) to (B, n_out), by n_layers of n_hidden units."""
    sizes = [n_in, *[n_hidden] * n_layers]
    layers: list[nn.Module] = []
    for i, o in itertools.pairwise(sizes):
        layers += [nn.Linear(i, o), nn.LeakyReLU(SLOPE, inplace=True)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_out))


class GAN(Adversarial):
    """Images of any shape, by a perceptron of z (K,).

    Args:
        event_shape: shape of an image.
        n_latent: K, numbers of z.
        n_hidden: units of each layer.
        n_layers: layers between z and the image; the critic has as many.
    """

    traceable = True
    keeps_growth = True

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_latent: int = 64,
        n_hidden: int = 512,
        n_layers: int = 3,
    ):
        super().__init__()
        if min(*event_shape, n_latent, n_hidden, n_layers) < 1:
            raise ValueError("Sizes of a GAN must be at least 1.")
        self.event_shape, self.latent_shape = tuple(event_shape), (n_latent,)
        self.n_layers = n_layers
        self.generator = perceptron(n_latent, n_hidden, n_layers, math.prod(event_shape))

    def generate(self, z: Tensor) -> Tensor:
        check_latents(z, self.latent_shape)
        return torch.sigmoid(self.generator(z).to(z.dtype)).view(-1, *self.event_shape)

    def critic(self, width: int) -> nn.Module:
        D = math.prod(self.event_shape)
        return nn.Sequential(nn.Flatten(), *perceptron(D, width, self.n_layers, 1))
