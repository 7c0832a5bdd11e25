"""GAN: a generator that learns from a critic alone; and the same game in the plane.

Goodfellow et al., "Generative Adversarial Nets", NIPS 2014 (arXiv:1406.2661).

    min_G max_D  V(D, G) = E_x log D(x) + E_{z ~ p(z)} log(1 - D(G(z)))

For a fixed G the best critic is D(x) = p(x) / (p(x) + q(x)), where p is the density of the data
and q that of G(z); V is then 2 JS(p, q) - log 4, least where q = p. The losses are in
`genzoo.objectives.adversarial`.

Differs from the paper: leaky rectifiers in both networks instead of rectifiers in G and dropout
and maxout in D; z is Gaussian, not uniform; Adam instead of SGD with momentum.
"""

from __future__ import annotations

import copy
import itertools
import math

import torch
from torch import Tensor, nn

from genzoo.data.batches import seeded
from genzoo.objectives.adversarial import AdversarialGame, critic_loss, generator_loss
from genzoo.objectives.base import Update
from genzoo.roles import Adversarial, check_latents

SLOPE = 0.2
"""Of the leaky rectifiers, below zero."""


def perceptron(n_in: int, n_hidden: int, n_layers: int, n_out: int) -> nn.Sequential:
    """(B, n_in) to (B, n_out), by n_layers of n_hidden units."""
    sizes = [n_in, *[n_hidden] * n_layers]
    layers: list[nn.Module] = []
    for i, o in itertools.pairwise(sizes):
        layers += [nn.Linear(i, o), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], n_out))


class GAN(Adversarial):
    """Images of any shape, by a perceptron of z (K,).

    Args:
        event_shape: shape of an image.
        n_latent: K, numbers of z.
        n_hidden: units of each layer.
        n_layers: layers between z and the image; the critic has as many.
    """

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


class PlaneGame:
    """The game of points in the unit square, small enough to be played live, step by step.

    What it does is a function of the seed and of the steps asked for, in their order, with the
    points that they were given; on one machine, to the last bit.

    Args:
        seed: of the first weights and of all noise.
        loss: "non-saturating", "minimax" or "wasserstein", until `set_loss`.
        penalty: on the critic's slope, "none", "real" or "between"; likewise.
        weight: of the penalty; likewise.
        lr, lr_critic: Adam's steps, until `set_lr`.
        n_latent: numbers of z.
        n_hidden: units of each layer.
        n_layers: of the generator, and of the critic.

    Raises:
        ValueError: in a sentence, on what none of the losses, penalties or sizes is.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        loss: str = "non-saturating",
        penalty: str = "none",
        weight: float = 1.0,
        lr: float = 0.001,
        lr_critic: float = 0.001,
        n_latent: int = 2,
        n_hidden: int = 64,
        n_layers: int = 2,
    ):
        self.model = GAN((1, 1, 2), n_latent, n_hidden, n_layers)
        self.objective = AdversarialGame(
            self.model, lr, lr_critic, n_hidden, loss, penalty=penalty, weight=weight
        )
        self._noise = seeded(seed, 1)
        # Not by the generator of all threads: another visitor's game may be made meanwhile.
        weights = seeded(seed, 0)
        for p in self.objective.parameters():
            if p.ndim > 1:
                nn.init.kaiming_normal_(p, SLOPE, generator=weights)
            else:
                nn.init.zeros_(p)
        self._update = Update(self.objective.optimizers())

    def step_critic(self, real: Tensor, fake: Tensor | None = None) -> dict[str, float]:
        """One step of the critic, on points (n, 2) of the data and as many of the generator, or
        the points `fake` (n, 2) of whoever plays in its place; returns the value V of the game
        and the generator's loss, before the step."""
        if fake is None:
            with torch.no_grad():
                made = self.model.generate(self._z(len(real)))
        else:
            made = _images(fake)
        u = torch.rand(len(real), generator=self._noise)
        weight = self.objective.weight
        report = self.objective.step_critic(_images(real), made, u, self._update, weight)
        return {name: value.item() for name, value in report.items()}

    def step_generator(self, n: int) -> None:
        """One step of the generator, on n points of its own."""
        self.objective.step_generator(self.model.generate(self._z(n)), self._update)

    def set_loss(self, loss: str, penalty: str = "none", weight: float = 1.0) -> None:
        """Go on under another loss, or with another penalty."""
        self.objective.set_loss(loss, penalty, weight)

    def set_lr(self, who: str, lr: float) -> None:
        """Go on with steps of another size; `who` is "critic" or "generator"."""
        for group in self._update.optimizers[who].param_groups:
            group["lr"] = lr

    @torch.inference_mode()
    def points(self, z: Tensor) -> Tensor:
        """Where the generator puts z (n, n_latent): (n, 2)."""
        return self.model.generate(z).view(-1, 2)

    @torch.inference_mode()
    def logits(self, points: Tensor) -> Tensor:
        """The critic's, (n,), at points (n, 2)."""
        return self.objective.logit(_images(points))

    @torch.inference_mode()
    def value(self, real: Tensor, fake: Tensor) -> tuple[float, float]:
        """V of the game to the critic, without its penalty, and the generator's loss, at points
        (n, 2) of the data and as many of the generator."""
        return self.value_of(self.logits(real), self.logits(fake))

    def value_of(self, on_real: Tensor, on_fake: Tensor) -> tuple[float, float]:
        """The same, of the critic's logits (n,) at those points."""
        loss = self.objective.loss
        value = -critic_loss(loss, on_real, on_fake).mean()
        return value.item(), generator_loss(loss, on_fake).mean().item()

    def pull(self, points: Tensor) -> Tensor:
        """Where the generator would have each of its points (n, 2) go: the negative gradient of
        its loss there, (n, 2)."""
        x = points.detach().clone().requires_grad_()
        loss = generator_loss(self.objective.loss, self.objective.logit(_images(x))).sum()
        return -torch.autograd.grad(loss, x)[0]

    def copy(self) -> PlaneGame:
        """Another game that stands where this one does; played alike, they go on alike."""
        return copy.deepcopy(self)

    def _z(self, n: int) -> Tensor:
        return self.model.draw_z(n, self._noise)


def _images(points: Tensor) -> Tensor:
    """Points (n, 2) as the images (n, 1, 1, 2) that the models are of."""
    return points.view(-1, 1, 1, 2)
