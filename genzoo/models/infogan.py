"""InfoGAN: a GAN with codes among its latents that can be inferred from its images.

Chen et al., "InfoGAN: Interpretable Representation Learning by Information Maximizing Generative
Adversarial Nets", NIPS 2016 (arXiv:1606.03657).

    min_{G, Q} max_D  V(D, G) - lambda L_I(G, Q),
    L_I(G, Q) = E_{c ~ p(c), noise} log Q(c | G(c, noise)) + H(c)  <=  I(c; G(c, noise))

The codes c are one of ten categories and two numbers in [-1, 1], all uniform; no label is ever
seen. Q shares all its convolutions with the critic, so inferring the codes costs next to nothing.
-log Q(c | x) is the cross-entropy of the category's logits plus the negative log-density of the
two numbers under a Gaussian of fixed standard deviation about where Q takes them to be.

Generator, trunk and Q are the model, so that it can also read an image that someone draws; the
critic is one more layer on the trunk, and only the game has it. As in the authors' code, L_I moves
the generator in the generator's update, and Q and the trunk in the critic's.

Differs from the paper: generator and critic are those of the DCGAN here, with no batch
normalization and a penalty on the critic's slope at real images. And Q may be asked besides to
give a real image the category that it gives the same image a little turned, slanted, scaled and
moved, and to find all categories alike often among real images (as Ojha et al., "Elastic-InfoGAN",
2020, and Hu et al., "IMSAT", 2017): what the category then means is the shape that all of this
leaves as it is, where the game alone may settle on a slant, or on two digits for one. So that it
does, Q may learn this alone for a while, before the game begins.

With `batch_norm` the networks are the paper's for MNIST: batch normalization in all layers but the
first and the last, a dense layer before and after the convolutions, weights that begin as
N(0, 0.02^2). What is left of the differences are Gaussian noise, and dense layers of 256 units in
place of 1,024, by which a release stays small.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Normal
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.nn.conv import SLOPE, begin_small, image_shape, strided_decoder, strided_encoder
from genzoo.nn.processes import gathered
from genzoo.objectives.adversarial import critic_loss, generator_loss, r1_penalty
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Coded, check_images, check_latents

N_FEATURES = 256
"""Units of the trunk's last layer; in the paper's networks also of the generator's first one."""

SURE, EVEN = 0.1, 0.4
"""Weights of the entropy of an image's category and of minus the entropy of the category over
all images, as in IMSAT (Hu et al., 2017)."""

DEVIATION = 0.3
"""Standard deviation of a continuous code under Q, which the paper leaves open."""


class InfoGAN(Coded):
    """Images (C, H, W), H and W multiples of four.

    Args:
        event_shape: shape of an image.
        n_categories: values of the categorical code.
        n_continuous: continuous codes.
        n_noise: numbers of z that are no code.
        width: channels of the generator at half the resolution; twice as many at a quarter of it.
        width_trunk: likewise of the trunk of critic and Q.
        n_hidden: units of Q's own layer.
        batch_norm: whether the networks are the paper's.
    """

    traceable = True

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_categories: int = 10,
        n_continuous: int = 2,
        n_noise: int = 62,
        width: int = 64,
        width_trunk: int = 48,
        n_hidden: int = 128,
        batch_norm: bool = False,
    ):
        super().__init__()
        sizes = (n_categories, n_continuous, n_noise, width, width_trunk, n_hidden)
        shape = image_shape(event_shape)
        if min(*shape, *sizes) < 1:
            raise ValueError("Sizes of an InfoGAN must be at least 1.")
        self.event_shape, self.latent_shape = shape, (n_categories + n_continuous + n_noise,)
        self.n_categories, self.n_continuous = n_categories, n_continuous
        self.n_noise = n_noise
        n_in, first = self.latent_shape[0], list[nn.Module]()
        if batch_norm:
            first = [nn.Linear(n_in, N_FEATURES), nn.BatchNorm1d(N_FEATURES), nn.ReLU()]
            n_in = N_FEATURES
        decoder = strided_decoder(n_in, shape, width, batch_norm=batch_norm)
        self.generator = nn.Sequential(*first, *decoder)
        self.trunk = strided_encoder(shape, width_trunk, N_FEATURES, batch_norm=batch_norm)
        self.q = nn.Sequential(
            nn.Linear(N_FEATURES, n_hidden),
            *([nn.BatchNorm1d(n_hidden)] if batch_norm else []),
            nn.LeakyReLU(SLOPE),
            nn.Linear(n_hidden, n_categories + n_continuous),
        )
        if batch_norm:
            begin_small(self)

    def generate(self, z: Tensor) -> Tensor:
        check_latents(z, self.latent_shape)
        return torch.sigmoid(self.generator(z).to(z.dtype))

    def features(self, x: Tensor) -> Tensor:
        """What critic and Q share, (B, N_FEATURES), of images x (B, *event_shape)."""
        return self.trunk(2 * x - 1)

    def posterior(self, features: Tensor) -> tuple[Categorical, Normal]:
        """q(c | x) by the features of x: of the category, and of the continuous codes."""
        logits, mean = self.q(features).float().split([self.n_categories, self.n_continuous], 1)
        return (
            Categorical(logits=logits, validate_args=False),
            Normal(mean, torch.full_like(mean, DEVIATION), validate_args=False),
        )

    def infer(self, x: Tensor) -> tuple[Categorical, Normal]:
        check_images(x, self.event_shape)
        return self.posterior(self.features(x))

    def z_of(self, uniform: Tensor, normal: Tensor) -> Tensor:
        """z as a function of uniform noise in [0, 1) (n, 1 + n_continuous) and normal noise
        (n, n_noise)."""
        category = (uniform[:, 0] * self.n_categories).long()
        return self.join(category, 2 * uniform[:, 1:] - 1, normal)

    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        uniform = torch.rand(n, 1 + self.n_continuous, generator=generator)
        normal = torch.randn(n, self.n_noise, generator=generator)
        return self.z_of(uniform, normal).to(next(self.parameters()))


class InformationGame(Objective):
    """The GAN's game with its non-saturating loss, and the codes to be read besides.

    Args:
        model: generator, trunk and Q.
        lr, lr_critic: Adam's learning rates of generator and critic, above 0.
        information: lambda of the category, at least 0.
        information_continuous: lambda of the continuous codes, at least 0.
        gamma: weight of R1, at least 0; see `genzoo.objectives.adversarial.r1_penalty`.
        r1_interval: steps from one with R1 to the next, at least 1; R1 is multiplied by it.
        invariance: weight of `imsat_loss`, at least 0.
        pretrain_fraction: fraction of the training, at its start, in which Q alone learns, by
            `imsat_loss`, 0 to 1 (exclusive): what real images have in common is found before the
            game holds Q to a choice.
        warmup_fraction: fraction of the training, from the game's beginning, over which the
            category's cost to Q grows from 0 to its weight; at least 0, and at most 1 with
            `pretrain_fraction`. The first generated images show nothing, and reading them would
            take apart what Q found in real ones. The generator pays the whole cost from the
            beginning, so that it learns to draw what Q reads.
        beta2: of Adam, at least 0 and below 1.
    """

    model: InfoGAN
    scheduled = True  # it begins with `pretrain_fraction` of the training

    def __init__(
        self,
        model: InfoGAN,
        lr: float,
        lr_critic: float,
        information: float = 1.0,
        information_continuous: float = 0.1,
        gamma: float = 0.0,
        r1_interval: int = 1,
        invariance: float = 0.0,
        pretrain_fraction: float = 0.0,
        warmup_fraction: float = 0.0,
        beta2: float = 0.99,
    ):
        super().__init__()
        weights = (information, information_continuous, gamma, invariance)
        if not all(0 <= weight < math.inf for weight in weights) or r1_interval < 1:
            raise ValueError("Weights must be at least 0 and finite, and r1_interval at least 1.")
        if not 0 <= pretrain_fraction < 1 or (pretrain_fraction and not invariance):
            raise ValueError(
                "pretrain_fraction, a share of the training, must be at least 0 and less than 1, "
                "and needs an invariance to train by."
            )
        if not 0 <= warmup_fraction <= 1 - pretrain_fraction:
            raise ValueError(
                "warmup_fraction, a share of the training, must be at least 0 and at most what "
                "pretrain_fraction leaves."
            )
        self.model = model
        self.lr, self.lr_critic = lr, lr_critic
        self.information, self.information_continuous = information, information_continuous
        self.gamma, self.r1_interval, self.invariance = gamma, r1_interval, invariance
        self.pretrain_fraction, self.warmup_fraction = pretrain_fraction, warmup_fraction
        self.beta2 = beta2
        self.critic = nn.Linear(N_FEATURES, 1)

    def optimizers(self) -> dict[str, Optimizer]:
        model = self.model
        critic = [*model.trunk.parameters(), *model.q.parameters(), *self.critic.parameters()]
        return {
            "critic": adam(critic, self.lr_critic, beta1=0.5, beta2=self.beta2),
            "generator": adam(model.generator.parameters(), self.lr, beta1=0.5, beta2=self.beta2),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        model, x, B = self.model, batch.x, len(batch.x)
        uniform = at.rand(B, 1 + model.n_continuous, device=x.device)
        z = model.z_of(uniform, at.randn(B, model.n_noise, device=x.device))
        playing = at.fraction >= self.pretrain_fraction
        with torch.set_grad_enabled(playing):
            fake = model.generate(z)

        has_r1 = self.gamma > 0 and playing and at.step % self.r1_interval == 0
        signed = (2 * x - 1).requires_grad_(has_r1)
        real, features = model.trunk(signed), model.features(fake.detach())
        on_real = self._logit(real)
        loss = critic_loss("non-saturating", on_real, self._logit(features)).mean()
        category, continuous = self.code_nll(z, features)
        report = {"value": -loss, "category": category.mean(), "continuous": continuous.mean()}
        cost = torch.zeros(())
        if playing:
            cost = loss + self._weighted(self._warmth(at) * category, continuous)
        if has_r1:
            cost = cost + r1_penalty(on_real, signed, self.gamma * self.r1_interval)
        if self.invariance:
            again = model.features(warped(x, at.rand(B, 6, device=x.device)))
            report["imsat_loss"] = self.imsat_loss(real, again)
            cost = cost + self.invariance * report["imsat_loss"]
        update("critic", cost)

        with torch.set_grad_enabled(playing):
            features = model.features(fake)
            report["generator"] = generator_loss("non-saturating", self._logit(features)).mean()
        if playing:
            cost = report["generator"] + self._weighted(*self.code_nll(z, features))
            update("generator", cost)
        return {name: value.detach() for name, value in report.items()}

    def logit(self, x: Tensor) -> Tensor:
        """The critic's, (B,), that images x (B, *event_shape) in [0, 1] are real."""
        return self._logit(self.model.features(x))

    def _logit(self, features: Tensor) -> Tensor:
        return self.critic(features).squeeze(1).float()

    def code_nll(self, z: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """-log Q(c | x) in nats, (B,), of the category and of the continuous codes that z
        (B, *latent_shape) holds, by the features of x = G(z)."""
        category, continuous, _ = self.model.split(z)
        q_category, q_continuous = self.model.posterior(features)
        return -q_category.log_prob(category), -q_continuous.log_prob(continuous).sum(1)

    def imsat_loss(self, features: Tensor, again: Tensor) -> Tensor:
        """Of the category of real images, in nats, by their features (B, N_FEATURES) and those of
        the same images warped:

            E KL(q(c | x), q(c | warped x)) + 0.1 E H(q(c | x)) - 0.4 H(E q(c | x))

        with the weights of IMSAT; q(c | x) is what the warped image is held to and does not move
        towards it. It is least, -0.4 log n_categories, where each image has one category, warped
        or not, and all are alike often."""
        one, other = (self.model.posterior(f)[0] for f in (features, again))
        p = one.probs.detach()
        unlike = (p * (one.logits.detach() - other.logits)).sum(1).mean()
        overall = Categorical(probs=gathered(one.probs).mean(0), validate_args=False)
        return unlike + SURE * one.entropy().mean() - EVEN * overall.entropy()

    def _warmth(self, at: Progress) -> float:
        """The share of the category's cost that Q pays, once the game has begun."""
        if not self.warmup_fraction:
            return 1.0
        return min(1.0, (at.fraction - self.pretrain_fraction) / self.warmup_fraction)

    def _weighted(self, category: Tensor, continuous: Tensor) -> Tensor:
        return (self.information * category + self.information_continuous * continuous).mean()

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        z = self.model.draw_z(len(batch.x), seeded(0))
        features = self.model.features(self.model.generate(z))
        made = self._logit(features)
        category, continuous = self.code_nll(z, features)
        return {
            "value": -critic_loss("non-saturating", self.logit(batch.x), made),
            "generator": generator_loss("non-saturating", made),
            "category": category,
            "continuous": continuous,
        }


def warped(x: Tensor, u: Tensor) -> Tensor:
    """Images x (B, C, H, W) turned by up to 20 degrees, slanted by up to 0.3, made up to a seventh
    larger or smaller along each axis, and moved by up to a fourteenth of their size, by uniform
    noise u (B, 6) in [0, 1); what comes in over the edge is 0."""
    v = 2 * u - 1
    turn, slant = math.radians(20) * v[:, 0], 0.3 * v[:, 1]
    across, along = torch.exp(0.14 * v[:, 2:4]).unbind(1)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [
        torch.stack([across * cos, across * (slant * cos - sin), v[:, 4] / 7], dim=1),
        torch.stack([along * sin, along * (slant * sin + cos), v[:, 5] / 7], dim=1),
    ]
    grid = F.affine_grid(torch.stack(rows, dim=1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)
