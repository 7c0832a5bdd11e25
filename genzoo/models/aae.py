"""AAE: the adversarial auto-encoder, and the three steps of its training.

Makhzani et al., "Adversarial Autoencoders", 2015 (arXiv:1511.05644).

    z = f(x),  or  z = mu(x) + sigma(x) * eps,  eps ~ N(0, I)
    1. reconstruction      encoder, decoder: minimize  E -log p(x | z)
    2. regularization      discriminator:    maximize  E_{z ~ p(z)} log D(z) + E_x log(1 - D(f(x)))
    3. regularization      encoder:          maximize  E_x log D(f(x))

Steps 2 and 3 pull the aggregated posterior q(z), where the codes of all images lie together,
towards the prior p(z). They need samples of p(z) alone: no density, and no reparameterization of
q(z | x). So the prior may have any shape. With labels, the discriminator is told the class of a
code's image, and the prior's part that the class is to have (the paper's section 2.3).

Differs from the paper: steps 1 and 3 are one, down a weighted sum of their losses. Adam scales
every gradient to the size of its step; alone, where the discriminator is undecided, step 3 would
be noise as large as what step 1 has learned. Encoder and decoder are the residual
convolutional networks of the VAE here, so that the two compare; a pixel is a Bernoulli, not a
Gaussian; Adam with a cosine schedule instead of SGD with momentum.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.nn.conv import decoder, encoder, image_shape
from genzoo.objectives.adversarial import critic_loss, generator_loss
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Autoencoder, check_images, check_latents

PRIORS = ("gaussian", "ring", "swiss roll")
ENCODERS = ("deterministic", "gaussian")
N_PARTS = 10
"""Gaussians of the ring, and segments of the swiss roll: one for each class of ten."""


PETAL = (2.0, 0.45, 0.13)
"""The ring's Gaussians: radius of their means, standard deviations outwards and across."""

ARM = (2.5, 0.05)
"""The swiss roll: radius of the end of its arm, and the standard deviation about it."""


def prior_of(name: str, normal: Tensor, uniform: Tensor, part: Tensor | None = None) -> Tensor:
    """Samples of a prior as a function of their noise.

    Args:
        name: "gaussian", N(0, I) in any dimension; "ring", ten Gaussians in the plane, as petals;
            "swiss roll", an arm of one and a half turns in the plane.
        normal: standard normal noise (n, K).
        uniform: noise in [0, 1) (n, 2): which part, and where along it.
        part: (n,) 0 to 9, the part to sample from; chosen at random when None. A Gaussian has
            but one.
    """
    if name == "gaussian":
        return normal
    if part is None:
        part = (uniform[:, 0] * N_PARTS).long()
    if name == "ring":
        radius, out, across = PETAL
        turn = part / N_PARTS
        return _turned(radius + out * normal[:, 0], across * normal[:, 1], turn)
    return spine(name, (part + uniform[:, 1]) / N_PARTS) + ARM[1] * normal


def spine(name: str, t: Tensor) -> Tensor:
    """A way through the shape of a prior in the plane, (n, 2), for t (n,) in [0, 1]: along the
    first axis so that each step has the same probability, from 1 % to 99 %; once around the ring;
    the arm of the swiss roll from the inside out."""
    if name == "gaussian":
        x = torch.special.ndtri(0.01 + 0.98 * t)
        return torch.stack([x, torch.zeros_like(x)], dim=1)
    if name == "ring":
        return _turned(torch.full_like(t, PETAL[0]), torch.zeros_like(t), t)
    r = torch.sqrt(0.04 + 0.96 * t)  # even along the arm, which is longer further out
    return _turned(ARM[0] * r, torch.zeros_like(r), 1.5 * r)


def log_prior(name: str, z: Tensor) -> Tensor:
    """log p(z) in nats, (n,), at z (n, K); K is 2 for all but the Gaussian. For pictures and for
    a bound on log p(x): the training needs samples alone. That of the swiss roll is an integral
    along its arm, as a sum over 2,000 places: they are so close (0.01, a sixth of the standard
    deviation) that the sum is the integral."""
    if name == "gaussian":
        return -0.5 * z.square().sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)
    if name == "ring":
        radius, out, across = PETAL
        back = -torch.arange(N_PARTS, device=z.device) / N_PARTS
        petal = _turned(z[:, :1], z[:, 1:], back)  # (n, 10, 2), each in its petal's own axes
        u, v = (petal[..., 0] - radius) / out, petal[..., 1] / across
        log_p = -0.5 * (u**2 + v**2) - math.log(2 * math.pi * out * across)
    else:  # the arm as so many Gaussians that they are one
        centers = spine(name, (torch.arange(2000, device=z.device) + 0.5) / 2000)
        log_p = -0.5 * torch.cdist(z, centers.to(z)).div(ARM[1]).square()
        log_p = log_p - math.log(2 * math.pi * ARM[1] ** 2)
    return torch.logsumexp(log_p, 1) - math.log(log_p.shape[1])


def _turned(x: Tensor, y: Tensor, turn: Tensor) -> Tensor:
    """Places (x, y), on a new last axis, after `turn` turns about the origin."""
    cos, sin = torch.cos(2 * math.pi * turn), torch.sin(2 * math.pi * turn)
    return torch.stack([cos * x - sin * y, sin * x + cos * y], dim=-1)


class AAE(Autoencoder):
    """Binary images (C, H, W), H and W multiples of four, and codes (K,).

    Args:
        event_shape: shape of an image.
        n_latent: K, numbers of a code.
        prior: "gaussian", or in the plane (K = 2) "ring" or "swiss roll"; see `prior_of`.
        q: "deterministic", z = f(x), or "gaussian", z = mu(x) + sigma(x) * eps.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks at each of the two resolutions, in the encoder and the decoder.
        n_hidden: units of the dense layer on either side of z.
    """

    traceable = True

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_latent: int = 2,
        prior: str = "gaussian",
        q: str = "deterministic",
        width: int = 32,
        n_blocks: int = 1,
        n_hidden: int = 256,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, n_latent, width, n_hidden) < 1 or n_blocks < 0:
            raise ValueError("Sizes of an AAE must be at least 1, and n_blocks at least 0.")
        if prior not in PRIORS:
            raise ValueError(f"Unknown prior {prior!r}; there are: {', '.join(PRIORS)}.")
        if prior != "gaussian" and n_latent != 2:
            raise ValueError(f"The prior {prior!r} lies in the plane; n_latent is {n_latent}.")
        if q not in ENCODERS:
            raise ValueError(f"Unknown encoder {q!r}; there are: {', '.join(ENCODERS)}.")
        self.event_shape, self.latent_shape = (C, H, W), (n_latent,)
        self.prior, self.q = prior, q
        n_out = {"deterministic": 1, "gaussian": 2}[q] * n_latent
        self.encoder = encoder((C, H, W), width, n_blocks, n_hidden, n_out)
        self.decoder = decoder(n_latent, (C, H, W), width, n_blocks, n_hidden)

    def draw_z(
        self,
        n: int,
        generator: torch.Generator | None = None,
        part: Tensor | None = None,
    ) -> Tensor:
        """n samples of p(z), (n, K); of one `part` (n,) of it each, when that is given."""
        normal = torch.randn(n, *self.latent_shape, generator=generator)
        uniform = torch.rand(n, 2, generator=generator)
        return prior_of(self.prior, normal, uniform, part).to(next(self.parameters()))

    def encode(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        check_images(x, self.event_shape, binary=True)
        out = self.encoder(2 * x - 1).to(x.dtype)
        if self.q == "deterministic":
            return out
        q = self._gaussian(out)
        return q.mean if eps is None else q.mean + q.stddev * eps

    def posterior(self, x: Tensor) -> Normal | None:
        check_images(x, self.event_shape, binary=True)
        if self.q == "deterministic":
            return None
        return self._gaussian(self.encoder(2 * x - 1).to(x.dtype))

    def log_prior(self, z: Tensor) -> Tensor:
        return log_prior(self.prior, z)

    @staticmethod
    def _gaussian(out: Tensor) -> Normal:
        mu, s = out.chunk(2, dim=1)
        return Normal(mu, F.softplus(s) + 1e-4, validate_args=False)

    def decode(self, z: Tensor) -> Bernoulli:
        check_latents(z, self.latent_shape)
        return Bernoulli(logits=self.decoder(z).to(z.dtype), validate_args=False)


class AdversarialAutoencoding(Objective):
    """The paper's three steps, of which the third is one with the first.

    Args:
        model: encoder and decoder.
        lr, lr_discriminator: Adam's learning rates, above 0.
        weight: weight of the third step's loss at the end of the training, in nats of
            reconstruction for each nat, at least 0. It grows from 0 in proportion to the images
            seen: with the full weight from the start, the encoder matches the prior sooner by
            forgetting the image.
        n_hidden: units of each of the discriminator's two layers, at least 1.
        n_labels: with 10, the discriminator is told the class and the prior has a part for each;
            with 0, neither.
    """

    model: AAE
    scheduled = True  # the weight of the third step grows

    def __init__(
        self,
        model: AAE,
        lr: float,
        lr_discriminator: float,
        weight: float,
        n_hidden: int = 512,
        n_labels: int = 0,
    ):
        super().__init__()
        if n_labels not in (0, N_PARTS):
            raise ValueError(f"The number of labels must be 0 or {N_PARTS}, not {n_labels}.")
        if n_labels and model.prior == "gaussian":
            raise ValueError("A Gaussian prior has no parts for the labels to choose from.")
        if not 0 <= weight < math.inf:
            raise ValueError(f"The weight must be at least 0 and finite, not {weight}.")
        self.model = model
        self.lr, self.lr_discriminator, self.weight = lr, lr_discriminator, weight
        self.n_labels = n_labels
        self.discriminator = nn.Sequential(
            nn.Linear(model.latent_shape[0] + n_labels, n_hidden),
            nn.SiLU(),
            nn.Linear(n_hidden, n_hidden),
            nn.SiLU(),
            nn.Linear(n_hidden, 1),
        )

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "autoencoder": adam(self.model.parameters(), self.lr),
            "discriminator": adam(
                self.discriminator.parameters(), self.lr_discriminator, beta1=0.5, beta2=0.99
            ),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        model, x, B = self.model, batch.x, len(batch.x)
        label = batch.label if self.n_labels else None
        z = model.encode(x, at.randn(B, *model.latent_shape, device=x.device))

        normal = at.randn(B, *model.latent_shape, device=x.device)
        uniform = at.rand(B, 2, device=x.device)
        real = self.logit(prior_of(model.prior, normal, uniform, label), label)
        fake = self.logit(z.detach(), label)
        loss = critic_loss("non-saturating", real, fake).mean()
        update("discriminator", loss)

        reconstruction = self._reconstruction(x, z).mean()
        adversarial = generator_loss("non-saturating", self.logit(z, label)).mean()
        update("autoencoder", reconstruction + self.weight * at.fraction * adversarial)
        return {
            "reconstruction": reconstruction.detach(),
            "discriminator": loss.detach(),
            "adversarial": adversarial.detach(),
        }

    def logit(self, z: Tensor, label: Tensor | None) -> Tensor:
        """The discriminator's, (B,), that a code (B, K) is a sample of the prior."""
        if label is not None:
            z = torch.cat([z, F.one_hot(label, self.n_labels).to(z)], dim=1)
        return self.discriminator(z).squeeze(1).float()

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        z = self.model.encode(batch.x)
        label = batch.label if self.n_labels else None
        return {
            "reconstruction": self._reconstruction(batch.x, z),
            "adversarial": generator_loss("non-saturating", self.logit(z, label)),
        }

    def _reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """-log p(x | z) in nats, (B,)."""
        return -self.model.decode(z).log_prob(x).flatten(1).sum(1)
