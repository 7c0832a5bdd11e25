"""The game of a GAN in the unit square, small enough to be played live, step by step.

Both sides are perceptrons whose gradients are written out here. A page that shows each step waits
for it, and autograd takes twice as long: most of that time goes into code that has left the
processor's caches since the step before. The tests compare every step, with every loss and
penalty, with that of `AdversarialGame` and torch's own Adam. Nothing but the page needs this:
`genzoo` itself differentiates by autograd.
"""

from __future__ import annotations

import copy
import itertools
import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genzoo.data.batches import seeded
from genzoo.nn.conv import SLOPE
from genzoo.objectives.adversarial import check_game, critic_loss, generator_loss
from genzoo.objectives.base import TrainingError

BETA1, BETA2, EPSILON = 0.5, 0.99, 1e-8
"""Adam's constants, as in `AdversarialGame`."""


class Perceptron:
    """(B, n_in) to (B, n_out), with leaky ReLUs; its gradients, and Adam.

    Args:
        sizes: n_in, units of each layer, n_out; each at least 1.
        lr: Adam's learning rate, at least 0.
        generator: source of the initial weights.
    """

    def __init__(self, sizes: list[int], lr: float, generator: torch.Generator):
        self.lr = lr
        # All in one vector each: a step of Adam is then a few operations, whatever the layers.
        n = sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))
        self.parameters, self.gradient = torch.zeros(n), torch.zeros(n)
        self.layers = _layers(self.parameters, sizes)
        self.gradients = _layers(self.gradient, sizes)
        self._mean, self._square, self._n_steps = torch.zeros(n), torch.zeros(n), 0
        self._last = torch.zeros(n)  # the gradient of the last step
        self._last_gradients = _layers(self._last, sizes)
        for W, _ in self.layers:
            nn.init.kaiming_normal_(W, SLOPE, generator=generator)

    def __call__(self, x: Tensor) -> Tensor:
        *hidden, (W, b) = self.layers
        for V, c in hidden:
            x = F.leaky_relu_(torch.addmm(c, x, V.t()), SLOPE)
        return torch.addmm(b, x, W.t())

    def forward(self, x: Tensor) -> tuple[Tensor, Tape]:
        """The same, and what its gradients need."""
        *hidden, (W, b) = self.layers
        inputs, activation_grads = [x], []
        for V, c in hidden:
            a = torch.addmm(c, inputs[-1], V.t())
            activation_grads.append(torch.where(a > 0, 1.0, SLOPE))
            inputs.append(a.mul_(activation_grads[-1]))
        return torch.addmm(b, inputs[-1], W.t()), Tape(self, inputs, activation_grads)

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
        self._last.copy_(g)
        self._n_steps += 1
        self._mean.lerp_(g, 1 - BETA1)
        self._square.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
        scale = self._square.sqrt().div_(math.sqrt(1 - BETA2**self._n_steps)).add_(EPSILON)
        self.parameters.addcdiv_(self._mean, scale, value=-self.lr / (1 - BETA1**self._n_steps))
        g.zero_()

    def last_gradient(self) -> dict[str, Any] | None:
        """How large the gradient of the last step was: norm, its length over all parameters, and
        layers, the root mean square over the weights and biases of each layer, from the input to
        the output. None before the first step."""
        if not self._n_steps:
            return None
        layers = [
            math.sqrt((W.square().sum() + b.square().sum()).item() / (W.numel() + b.numel()))
            for W, b in self._last_gradients
        ]
        return {"norm": self._last.norm().item(), "layers": layers}


class Tape:
    """One forward pass of points through a perceptron.

    Args:
        net: the perceptron.
        inputs: the input of each layer, (B, n) each.
        activation_grads: the derivatives of the leaky ReLUs before each layer but the first.
    """

    def __init__(self, net: Perceptron, inputs: list[Tensor], activation_grads: list[Tensor]):
        self.net, self.inputs, self.activation_grads = net, inputs, activation_grads

    def rows(self, first: int, end: int) -> Tape:
        """The tape of these points alone."""
        both = (self.inputs, self.activation_grads)
        inputs, activation_grads = ([x[first:end] for x in one] for one in both)
        return Tape(self.net, inputs, activation_grads)

    def backward(self, d: Tensor, *, learn: bool = True) -> Tensor:
        """The gradient with respect to the points (B, n_in) of a cost whose gradient with respect
        to the output is d (B, n_out). With `learn`, the gradient with respect to the parameters
        is added to the perceptron's."""
        net = self.net
        for k in reversed(range(len(net.layers))):
            if learn:
                W, b = net.gradients[k]
                W.addmm_(d.t(), self.inputs[k])
                b.add_(d.sum(0))
            d = d @ net.layers[k][0]
            if k:
                d.mul_(self.activation_grads[k - 1])
        return d

    def input_gradient(self) -> tuple[Tensor, list[Tensor]]:
        """The gradient of the single output with respect to the points, (B, n_in), and with
        respect to the output of each layer before its leaky ReLUs."""
        net, u = self.net, [torch.ones(len(self.inputs[0]), 1)]
        for k in reversed(range(1, len(net.layers))):
            u.append((u[-1] @ net.layers[k][0]).mul_(self.activation_grads[k - 1]))
        return u[-1] @ net.layers[0][0], u[::-1]

    def backward_input_gradient(self, v: Tensor, u: list[Tensor]) -> None:
        """Add the gradient of a cost whose gradient with respect to `input_gradient` is v
        (B, n_in). Biases have no effect on it, and the leaky ReLUs' second derivative is zero."""
        net = self.net
        for k, (W, _) in enumerate(net.layers):
            net.gradients[k][0].addmm_(u[k].t(), v)
            if k < len(self.activation_grads):
                v = (v @ W.t()).mul_(self.activation_grads[k])


def _layers(vector: Tensor, sizes: list[int]) -> list[tuple[Tensor, Tensor]]:
    """The weights (n_out, n_in) and biases (n_out,) that lie one behind the other in `vector`."""
    layers = []
    for n_in, n_out in itertools.pairwise(sizes):
        W, b, vector = vector.split([n_in * n_out, n_out, len(vector) - (n_in + 1) * n_out])
        layers.append((W.view(n_out, n_in), b))
    return layers


class PlaneGame:
    """A generator of points in the unit square against a critic.

    On one machine a game is a function of its seed, its steps and their points, to the last bit.

    Args:
        seed: of the initial weights and of all noise, 0 to 2^63 - 1.
        loss: one of `objectives.adversarial.LOSSES`, until `set_loss`.
        penalty: on the critic's gradient, one of its PENALTIES; likewise.
        weight: of the penalty, at least 0, as in `AdversarialGame`; likewise.
        lr, lr_critic: Adam's learning rates, at least 0, until `set_lr`.
        n_latent: dimensions of z, at least 1.
        n_hidden: units of each layer, at least 1.
        n_layers: hidden layers of the generator, and of the critic, at least 1.

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
        """Parameters of both sides together."""
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
        logits, tape = self.critic.forward(_signed(torch.cat(x)))
        d = _critic_gradient(self.loss, *_finite(logits[: 2 * n]).split(n))
        tape.rows(0, 2 * n).backward(d)
        if self.penalty != "none":
            first = 0 if self.penalty == "r1" else 2 * n
            penalized = tape.rows(first, first + n)
            gradient, by_layer = penalized.input_gradient()
            if self.penalty == "r1":
                by = self.weight * gradient
            else:  # of points in [0, 1], where it is twice the gradient in [-1, 1]
                norm = (4 * gradient.square().sum(1, keepdim=True) + 1e-12).sqrt_()
                by = (8 * self.weight * gradient).mul_(1 - 1 / norm)
            penalized.backward_input_gradient(by, by_layer)
        self.critic.step(n)

    @torch.inference_mode()
    def step_generator(self, n: int) -> None:
        """One step of the generator, on n points of its own; raises as `step_critic`."""
        out, tape = self.generator.forward(self._z(n))
        points = torch.sigmoid(out)
        tape.backward(self.generator_gradient(points).mul_(points * (1 - points)))
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

    @torch.inference_mode()
    def logits_and_slopes(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The critic's logits, (n,), at points (n, 2) of the square, and how steep it is there:
        the length of its gradient, (n,), in units of the square's side."""
        logits, tape = self.critic.forward(_signed(points))
        return logits.squeeze(1), tape.input_gradient()[0].norm(dim=1).mul_(2)

    def value(self, real: Tensor, fake: Tensor) -> tuple[float, float]:
        """V of the game to the critic, without its penalty, and the generator's loss, at points
        (n, 2) of the data and as many of the generator."""
        return self.value_of(self.logits(real), self.logits(fake))

    def value_of(self, on_real: Tensor, on_fake: Tensor) -> tuple[float, float]:
        """The same, of the critic's logits (n,) at those points."""
        value = -critic_loss(self.loss, on_real, on_fake).mean()
        return value.item(), generator_loss(self.loss, on_fake).mean().item()

    @torch.inference_mode()
    def generator_gradient(self, points: Tensor) -> Tensor:
        """The gradient of the generator's loss, summed over its points (n, 2), with respect to
        each of them: (n, 2)."""
        logits, tape = self.critic.forward(_signed(points))
        d = _generator_gradient(self.loss, _finite(logits))
        return tape.backward(d, learn=False).mul_(2)

    def gradients(self) -> dict[str, dict[str, Any] | None]:
        """How large the gradients of the last steps of "critic" and "generator" were, by what
        each side minimizes; see `Perceptron.last_gradient`."""
        return {
            "critic": self.critic.last_gradient(),
            "generator": self.generator.last_gradient(),
        }

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
    """The gradient of the sum of `critic_loss` with respect to the logits (n, 1) of real, then of
    generated points."""
    if loss == "wasserstein":
        return torch.cat([-torch.ones_like(real), torch.ones_like(fake)])
    if loss == "least-squares":
        return torch.cat([real - 1, fake])
    return torch.cat([torch.sigmoid(real) - 1, torch.sigmoid(fake)])


def _generator_gradient(loss: str, fake: Tensor) -> Tensor:
    """The gradient of the sum of `generator_loss` with respect to the logits (n, 1)."""
    if loss == "wasserstein":
        return -torch.ones_like(fake)
    if loss == "least-squares":
        return 2 * (fake - 1)
    D = torch.sigmoid(fake)
    return D - 1 if loss == "non-saturating" else -D
