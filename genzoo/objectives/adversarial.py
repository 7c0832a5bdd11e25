"""Adversarial training: the losses of the game, the penalties on its critic, and the game.

Everything is a function of logits: D(x) = sigmoid(logit(x)) where a loss asks for a probability,
and the logit itself where it asks for any number. Losses are given for each image.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Adversarial

LOSSES = ("non-saturating", "minimax", "wasserstein", "least-squares")
PENALTIES = ("none", "r1", "wgan-gp")

Critic = Callable[[Tensor], Tensor]
"""Images (B, *event_shape) to logits (B,), each of its own image alone."""


def critic_loss(loss: str, real: Tensor, fake: Tensor) -> Tensor:
    """What the critic minimizes, (B,), by its logits (B,) of real and generated images, or of
    patches of them.

    -log D(x) - log(1 - D(G(z))) for "minimax" and "non-saturating" (Goodfellow et al., 2014);
    f(G(z)) - f(x) for "wasserstein" (Arjovsky et al., 2017); and (1 - f(x))^2 / 2 + f(G(z))^2 / 2
    for "least-squares" (Mao et al., 2017).
    """
    if loss == "wasserstein":
        return fake - real
    if loss == "least-squares":
        return 0.5 * ((1 - real).square() + fake.square())
    return F.softplus(-real) + F.softplus(fake)


def generator_loss(loss: str, fake: Tensor) -> Tensor:
    """What the generator minimizes, (B,), by the critic's logits (B,) of what it makes.

    log(1 - D(G(z))) for "minimax"; -log D(G(z)) for "non-saturating", which has the same fixed
    point and a gradient where the critic is sure (Goodfellow et al., 2014, section 3); -f(G(z))
    for "wasserstein"; (1 - f(G(z)))^2 for "least-squares", twice what the critic's sum has of it,
    as CycleGAN weighs them.
    """
    if loss == "wasserstein":
        return -fake
    if loss == "least-squares":
        return (1 - fake).square()
    return F.softplus(-fake) if loss == "non-saturating" else -F.softplus(fake)


def squared_grad_norm(logits: Tensor, x: Tensor) -> Tensor:
    """|d logit(x) / d x|^2, (B,), from the logits (B,) of images x (B, *event_shape) that require
    a gradient. It can be differentiated again with respect to the critic's parameters."""
    (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return gradient.flatten(1).square().sum(1)


def r1_penalty(logits: Tensor, x: Tensor, gamma: float) -> Tensor:
    """R1, (gamma / 2) E |d logit(x) / d x|^2, a scalar: a critic that cannot win comes to rest
    (Mescheder et al., 2018).

    Every model here has it in the same units, so that values of gamma compare.

    Args:
        logits: (B,), of the images x.
        x: real images (B, *event_shape) in [-1, 1] that require a gradient.
        gamma: the weight, at least 0.
    """
    return gamma / 2 * squared_grad_norm(logits, x).mean()


def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, u: Tensor) -> Tensor:
    """WGAN-GP's (|d f(x) / d x| - 1)^2, (B,), at x = u real + (1 - u) fake, u (B,) in [0, 1]: a
    critic whose slope is one wherever the one turns into the other (Gulrajani et al., 2017)."""
    u = u.view(-1, *[1] * (real.ndim - 1))
    x = (u * real + (1 - u) * fake).detach().requires_grad_()
    # Away from zero by what is nothing to a slope of one: at zero a root has no derivative.
    return ((squared_grad_norm(critic(x), x) + 1e-12).sqrt() - 1).square()


def check_game(loss: str, penalty: str, weight: float) -> None:
    """What a game may be played for.

    Raises:
        ValueError: in a sentence, on an unknown loss or penalty, or no weight.
    """
    if loss not in LOSSES:
        raise ValueError(f"Unknown loss {loss!r}; there are: {', '.join(LOSSES)}.")
    if penalty not in PENALTIES:
        raise ValueError(f"Unknown penalty {penalty!r}; there are: {', '.join(PENALTIES)}.")
    if not 0 <= weight < math.inf:
        raise ValueError(f"The weight must be at least 0 and finite, not {weight}.")


class AdversarialGame(Objective):
    """A generator, which is the model, against the critic that it asks for.

    Args:
        model: the generator.
        lr, lr_critic: Adam's learning rates of generator and critic, above 0.
        width: width of the critic, at least 1; see `Adversarial.critic`.
        loss: one of LOSSES.
        n_critic: steps of the critic for each step of the generator, at least 1.
        penalty: on the critic's gradient, one of PENALTIES: "none"; "r1", `r1_penalty` of real
            images in [-1, 1]; or "wgan-gp", `gradient_penalty` between real and generated images
            in [0, 1], so that a Wasserstein loss is a distance in the units of the images.
        weight: of the penalty, at least 0: gamma of R1, lambda of WGAN-GP.
        r1_interval: steps from one with the penalty to the next, at least 1. The penalty is
            multiplied by it, so that it counts as much as one in every step would (Karras et al.,
            2020): it costs as much as all the rest of a step.
        beta2: of Adam, at least 0 and below 1.
    """

    model: Adversarial

    def __init__(
        self,
        model: Adversarial,
        lr: float,
        lr_critic: float,
        width: int,
        loss: str = "non-saturating",
        n_critic: int = 1,
        penalty: str = "none",
        weight: float = 0.0,
        r1_interval: int = 1,
        beta2: float = 0.99,
    ):
        super().__init__()
        if n_critic < 1 or r1_interval < 1:
            raise ValueError("n_critic and r1_interval must be at least 1.")
        self.model = model
        self.lr, self.lr_critic = lr, lr_critic
        self.n_critic, self.r1_interval, self.beta2 = n_critic, r1_interval, beta2
        self.set_loss(loss, penalty, weight)
        self.critic = model.critic(width)

    def set_loss(self, loss: str, penalty: str, weight: float) -> None:
        """What is played for; raises as `check_game`."""
        check_game(loss, penalty, weight)
        self.loss, self.penalty, self.weight = loss, penalty, weight

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic.parameters(), self.lr_critic, beta1=0.5, beta2=self.beta2),
            "generator": adam(self.model.parameters(), self.lr, beta1=0.5, beta2=self.beta2),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        B, device = len(batch.x), batch.x.device
        fake = self.model.generate(at.randn(B, *self.model.latent_shape, device=device))
        weight = self.weight * self.r1_interval if at.step % self.r1_interval == 0 else 0.0
        report = self.step_critic(batch.x, fake, at.rand(B, device=device), update, weight)
        if (at.step + 1) % self.n_critic == 0:
            self.step_generator(fake, update)
        return report

    def step_critic(
        self, real: Tensor, fake: Tensor, u: Tensor, update: Update, weight: float
    ) -> dict[str, Tensor]:
        """The critic's, at images real and fake (B, *event_shape), its penalty multiplied by
        `weight` and, where it is between them, at u (B,); returns the value of the game to the
        critic, V, and the generator's loss, as they were before."""
        has_r1 = weight > 0 and self.penalty == "r1"
        real, fake = real.detach(), fake.detach()
        signed = (2 * real - 1).requires_grad_(has_r1)
        on_real, on_fake = self._logit(signed), self.logit(fake)
        value = -critic_loss(self.loss, on_real, on_fake).mean()
        cost = -value
        if has_r1:
            cost = cost + r1_penalty(on_real, signed, weight)
        elif weight and self.penalty == "wgan-gp":
            cost = cost + weight * gradient_penalty(self.logit, real, fake, u).mean()
        update("critic", cost)
        generator = generator_loss(self.loss, on_fake.detach()).mean()
        return {"value": value.detach(), "generator": generator}

    def step_generator(self, fake: Tensor, update: Update) -> None:
        """The generator's, at images of its own, which still know how they were made."""
        update("generator", generator_loss(self.loss, self.logit(fake)).mean())

    def logit(self, x: Tensor) -> Tensor:
        """The critic's, (B,), that images x (B, *event_shape) in [0, 1] are real."""
        return self._logit(2 * x - 1)

    def _logit(self, signed: Tensor) -> Tensor:
        """The same of images in [-1, 1], as the critic takes them."""
        return self.critic(signed).squeeze(1).to(signed.dtype)

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        fake = self.model.generate(self.model.draw_z(len(batch.x), seeded(0)))
        real, made = self.logit(batch.x), self.logit(fake)
        return {
            "value": -critic_loss(self.loss, real, made),
            "generator": generator_loss(self.loss, made),
        }
