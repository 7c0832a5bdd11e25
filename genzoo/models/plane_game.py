"""The game of a GAN in the unit square, small enough to be played live, step by step.

Both sides are perceptrons whose gradients are written out here. A page that shows each step waits
for it, and autograd takes twice as long: most of that goes by on its way through code that has
left the processor's caches since the step before. The tests hold every step, by every loss and
penalty, to that of `AdversarialGame` with torch's own Adam.
"""

from __future__ import annotations

import copy
import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.data.batches import seeded
from genzoo.objectives.adversarial import check_game, critic_loss, generator_loss
from genzoo.objectives.base import TrainingError

SLOPE = 0.2
"""Of the leaky rectifiers, below zero."""

BETA1, BETA2, EPSILON = 0.5, 0.99, 1e-8
"""Of Adam, as `AdversarialGame` has it."""


class Perceptron:
    """(B, n_in) to (B, n_out), with leaky rectifiers; its gradients, and Adam.

    Args:
        sizes: n_in, units of each layer, n_out.
        lr: Adam's step.
        generator: of the first weights.
    """

    def __init__(self, sizes: list[int], lr: float, generator: torch.Generator):
        self.lr = lr
        # All in one vector each: a step of Adam is then a few operations, whatever the layers.
        n = sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))
        self.parameters, self.gradient = torch.zeros(n), torch.zeros(n)
        self.layers = _layers(self.parameters, sizes)
        self.gradients = _layers(self.gradient, sizes)
        self._mean, self._square, self._n_steps = torch.zeros(n), torch.zeros(n), 0
        for W, _ in self.layers:
            nn.init.kaiming_normal_(W, SLOPE, generator=generator)

    def __call__(self, x: Tensor) -> Tensor:
        *hidden, (W, b) = self.layers
        for V, c in hidden:
            x = F.leaky_relu_(torch.addmm(c, x, V.t()), SLOPE)
        return torch.addmm(b, x, W.t())

    def follow(self, x: Tensor) -> tuple[Tensor, Pass]:
        """The same, and what its gradients need."""
        *hidden, (W, b) = self.layers
        inputs, bends = [x], []
        for V, c in hidden:
            a = torch.addmm(c, inputs[-1], V.t())
            bends.append(torch.where(a > 0, 1.0, SLOPE))
            inputs.append(a.mul_(bends[-1]))
        return torch.addmm(b, inputs[-1], W.t()), Pass(self, inputs, bends)

    def step(self, n: int) -> None:
        """One step of Adam (Kingma and Ba, 2015) against the gradient over n, which is then zero
        again.

        Raises:
            TrainingError: in a sentence, when it is not finite; nothing is moved.
        """
        g = self.gradient.div_(n)
        if not math.isfinite(g.norm().item()):
            g.zero_()
            raise TrainingError("The gradient is no longer finite. Try a smaller step.")
        self._n_steps += 1
        self._mean.lerp_(g, 1 - BETA1)
        self._square.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
        scale = self._square.sqrt().div_(math.sqrt(1 - BETA2**self._n_steps)).add_(EPSILON)
        self.parameters.addcdiv_(self._mean, scale, value=-self.lr / (1 - BETA1**self._n_steps))
        g.zero_()


class Pass:
    """Of points through a perceptron: what entered each layer, (B, n) each, and the slopes of the
    rectifiers in front of each but the first."""

    def __init__(self, net: Perceptron, inputs: list[Tensor], bends: list[Tensor]):
        self.net, self.inputs, self.bends = net, inputs, bends

    def rows(self, first: int, end: int) -> Pass:
        """Of those points alone."""
        inputs, bends = ([x[first:end] for x in one] for one in (self.inputs, self.bends))
        return Pass(self.net, inputs, bends)

    def back(self, d: Tensor, *, learn: bool = True) -> Tensor:
        """The gradient by the points (B, n_in) of a cost whose gradient by what came out is d
        (B, n_out); with `learn`, that by the parameters is added to the perceptron's."""
        net = self.net
        for k in reversed(range(len(net.layers))):
            if learn:
                W, b = net.gradients[k]
                W.addmm_(d.t(), self.inputs[k])
                b.add_(d.sum(0))
            d = d @ net.layers[k][0]
            if k:
                d.mul_(self.bends[k - 1])
        return d

    def slopes(self) -> tuple[Tensor, list[Tensor]]:
        """Of the one number that comes out, by the points: (B, n_in); and by what comes out of
        each layer, before its rectifiers."""
        net, u = self.net, [torch.ones(len(self.inputs[0]), 1)]
        for k in reversed(range(1, len(net.layers))):
            u.append((u[-1] @ net.layers[k][0]).mul_(self.bends[k - 1]))
        return u[-1] @ net.layers[0][0], u[::-1]

    def back_slopes(self, v: Tensor, u: list[Tensor]) -> None:
        """Add the gradient of a cost whose gradient by `slopes` is v (B, n_in). Biases do not
        change slopes, nor do the rectifiers by bending elsewhere."""
        net = self.net
        for k, (W, _) in enumerate(net.layers):
            net.gradients[k][0].addmm_(u[k].t(), v)
            if k < len(self.bends):
                v = (v @ W.t()).mul_(self.bends[k])


def _layers(vector: Tensor, sizes: list[int]) -> list[tuple[Tensor, Tensor]]:
    """The weights (n_out, n_in) and biases (n_out,) that lie one behind the other in `vector`."""
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        W, b, vector = vector.split([n_in * n_out, n_out, len(vector) - (n_in + 1) * n_out])
        layers.append((W.view(n_out, n_in), b))
    return layers


class PlaneGame:
    """Points of the unit square, a generator of them, and a critic.

    What it does is a function of the seed and of the steps asked for, in their order, with the
    points that they were given; on one machine, to the last bit.

    Args:
        seed: of the first weights and of all noise.
        loss: one of `objectives.adversarial.LOSSES`, until `set_loss`.
        penalty: on the critic's slope, one of its PENALTIES; likewise.
        weight: of the penalty, as of `AdversarialGame`; likewise.
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
        if min(n_latent, n_hidden, n_layers) < 1:
            raise ValueError("Sizes of a game must be at least 1.")
        self.set_loss(loss, penalty, weight)
        # Not by the generator of all threads: another visitor's game may be made meanwhile.
        weights, hidden = seeded(seed, 0), [n_hidden] * n_layers
        self.generator = Perceptron([n_latent, *hidden, 2], lr, weights)
        self.critic = Perceptron([2, *hidden, 1], lr_critic, weights)
        self.n_latent, self._noise = n_latent, seeded(seed, 1)

    @property
    def n_parameters(self) -> int:
        """Of both sides."""
        return self.generator.parameters.numel() + self.critic.parameters.numel()

    @torch.inference_mode()
    def step_critic(self, real: Tensor, fake: Tensor | None = None) -> None:
        """One step of the critic, on points (n, 2) of the data and as many of the generator, or
        the points `fake` (n, 2) of whoever plays in its place.

        Raises:
            TrainingError: in a sentence, when the numbers are no longer finite.
        """
        n = len(real)
        if fake is None:
            fake = self.points(self._z(n))
        # Whatever the penalty: games that differ by it alone are to see the same noise.
        u = torch.rand(n, 1, generator=self._noise)
        x = [real, fake, u * real + (1 - u) * fake][: 3 if self.penalty == "wgan-gp" else 2]
        logits, passed = self.critic.follow(_signed(torch.cat(x)))
        passed.rows(0, 2 * n).back(_critic_gradient(self.loss, *_finite(logits[: 2 * n]).split(n)))
        if self.penalty != "none":
            first = 0 if self.penalty == "r1" else 2 * n
            steep = passed.rows(first, first + n)
            slopes, flows = steep.slopes()
            if self.penalty == "r1":
                by = self.weight * slopes
            else:  # of points in [0, 1], where a slope is twice as steep as in [-1, 1]
                norm = (4 * slopes.square().sum(1, keepdim=True) + 1e-12).sqrt_()
                by = (8 * self.weight * slopes).mul_(1 - 1 / norm)
            steep.back_slopes(by, flows)
        self.critic.step(n)

    @torch.inference_mode()
    def step_generator(self, n: int) -> None:
        """One step of the generator, on n points of its own; raises as `step_critic`."""
        out, made = self.generator.follow(self._z(n))
        points = torch.sigmoid(out)
        made.back(self.pull(points).mul_(points * (points - 1)))
        self.generator.step(n)

    def set_loss(self, loss: str, penalty: str = "none", weight: float = 1.0) -> None:
        """Go on under another loss, or with another penalty."""
        check_game(loss, penalty, weight)
        self.loss, self.penalty, self.weight = loss, penalty, weight

    def set_lr(self, who: str, lr: float) -> None:
        """Go on with steps of another size; `who` is "critic" or "generator"."""
        {"critic": self.critic, "generator": self.generator}[who].lr = lr

    @torch.inference_mode()
    def points(self, z: Tensor) -> Tensor:
        """Where the generator puts z (n, n_latent): (n, 2)."""
        return torch.sigmoid(self.generator(z))

    @torch.inference_mode()
    def logits(self, points: Tensor) -> Tensor:
        """The critic's, (n,), at points (n, 2)."""
        return self.critic(_signed(points)).squeeze(1)

    def value(self, real: Tensor, fake: Tensor) -> tuple[float, float]:
        """V of the game to the critic, without its penalty, and the generator's loss, at points
        (n, 2) of the data and as many of the generator."""
        return self.value_of(self.logits(real), self.logits(fake))

    def value_of(self, on_real: Tensor, on_fake: Tensor) -> tuple[float, float]:
        """The same, of the critic's logits (n,) at those points."""
        value = -critic_loss(self.loss, on_real, on_fake).mean()
        return value.item(), generator_loss(self.loss, on_fake).mean().item()

    @torch.inference_mode()
    def pull(self, points: Tensor) -> Tensor:
        """Where the generator would have each of its points (n, 2) go: the negative gradient of
        its loss there, (n, 2)."""
        logits, passed = self.critic.follow(_signed(points))
        return passed.back(_generator_gradient(self.loss, _finite(logits)), learn=False).mul_(-2)

    def copy(self) -> PlaneGame:
        """Another game that stands where this one does; played alike, they go on alike."""
        return copy.deepcopy(self)

    def _z(self, n: int) -> Tensor:
        return torch.randn(n, self.n_latent, generator=self._noise)


def _signed(points: Tensor) -> Tensor:
    """From [0, 1] to [-1, 1], as the critic takes them."""
    return 2 * points - 1


def _finite(logits: Tensor) -> Tensor:
    if not math.isfinite(logits.sum().item()):
        raise TrainingError("The critic's logits are no longer finite. Try smaller steps.")
    return logits


def _critic_gradient(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    """Of the sum of `critic_loss` by the logits (n, 1) of real and then of made points."""
    if loss == "wasserstein":
        return torch.cat([-torch.ones_like(real), torch.ones_like(fake)])
    if loss == "least-squares":
        return torch.cat([real - 1, fake])
    return torch.cat([torch.sigmoid(real) - 1, torch.sigmoid(fake)])


def _generator_gradient(loss: str, fake: Tensor) -> Tensor:
    """Of the sum of `generator_loss` by the logits (n, 1)."""
    if loss == "wasserstein":
        return -torch.ones_like(fake)
    if loss == "least-squares":
        return 2 * (fake - 1)
    D = torch.sigmoid(fake)
    return D - 1 if loss == "non-saturating" else -D
