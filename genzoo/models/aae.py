"""AAE: the adversarial auto-encoder, and the three steps of its training.

Makhzani et al., "Adversarial Autoencoders", 2015 (arXiv:1511.05644).

    z = f(x),  or  z = mu(x) + sigma(x) * eps,  eps ~ N(0, I)
    1. reconstruction      encoder, decoder: minimize  E -log p(x | z)
    2. regularization      discriminator:    maximize  E_{z ~ p(z)} log D(z) + E_x log(1 - D(f(x)))
    3. regularization      encoder:          maximize  E_x log D(f(x))

Steps 2 and 3 draw the aggregated posterior q(z), where the codes of all images lie together,
towards the prior p(z). They need draws of p(z) alone: no density, and no reparameterization of
q(z | x). So the prior may have any shape. With labels, the discriminator is told the class of a
code's image, and the prior's part that the class is to have (the paper's section 2.3).

Differs from the paper: encoder and decoder are the residual convolutional networks of the VAE
here, so that the two compare; a pixel is a Bernoulli, not a Gaussian; Adam with a cosine schedule
instead of SGD with momentum.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.nn.conv import decoder, encoder, image_shape
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Autoencoder, check_images

PRIORS = ("gaussian", "ring", "swiss roll")
ENCODERS = ("deterministic", "gaussian")
N_PARTS = 10
"""Gaussians of the ring, and segments of the swiss roll: one for each class of ten."""


def prior_of(name: str, normal: Tensor, uniform: Tensor, part: Tensor | None = None) -> Tensor:
    """Draws of a prior as a function of their noise.

    Args:
        name: "gaussian", N(0, I) in any dimension; "ring", ten Gaussians in the plane, as petals;
            "swiss roll", an arm of one and a half turns in the plane.
        normal: standard normal noise (n, K).
        uniform: noise in [0, 1) (n, 2): which part, and where along it.
        part: (n,) 0 to 9, the part to draw from; drawn when None. A Gaussian has but one.
    """
    if name == "gaussian":
        return normal
    if part is None:
        part = (uniform[:, 0] * N_PARTS).long()
    if name == "ring":
        t = 2 * math.pi * part / N_PARTS
        out, along = 2 + 0.45 * normal[:, 0], 0.13 * normal[:, 1]
        x, y = torch.cos(t), torch.sin(t)
        return torch.stack([out * x - along * y, out * y + along * x], dim=1)
    u = (part + uniform[:, 1]) / N_PARTS
    r = torch.sqrt(0.04 + 0.96 * u)  # even along the arm, which is longer further out
    t = 3 * math.pi * r
    arm = 2.5 * r.unsqueeze(1) * torch.stack([torch.cos(t), torch.sin(t)], dim=1)
    return arm + 0.05 * normal


class AAE(nn.Module, Autoencoder):
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
        """n draws of p(z), (n, K); of one `part` (n,) of it each, when that is given."""
        normal = torch.randn(n, *self.latent_shape, generator=generator)
        uniform = torch.rand(n, 2, generator=generator)
        return prior_of(self.prior, normal, uniform, part).to(next(self.parameters()))

    def encode(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        check_images(x, self.event_shape, binary=True)
        out = self.encoder(2 * x - 1).to(x.dtype)
        if self.q == "deterministic":
            return out
        mu, s = out.chunk(2, dim=1)
        return mu if eps is None else mu + (F.softplus(s) + 1e-4) * eps

    def decode(self, z: Tensor) -> Bernoulli:
        if z.ndim != 2 or tuple(z.shape[1:]) != self.latent_shape:
            raise ValueError(
                f"Codes must have shape (B, {self.latent_shape[0]}), not {tuple(z.shape)}."
            )
        return Bernoulli(logits=self.decoder(z).to(z.dtype), validate_args=False)


class AdversarialAutoencoding(Objective):
    """The paper's three steps.

    Args:
        lr, lr_discriminator: Adam's step, of steps 1 and 3 and of step 2.
        n_hidden: units of each of the discriminator's two layers.
        n_labels: with 10, the discriminator is told the class and the prior has a part for each;
            with 0, neither.
    """

    model: AAE

    def __init__(
        self,
        model: AAE,
        lr: float,
        lr_discriminator: float,
        n_hidden: int = 512,
        n_labels: int = 0,
    ):
        super().__init__()
        if n_labels not in (0, N_PARTS):
            raise ValueError(f"The number of labels must be 0 or {N_PARTS}, not {n_labels}.")
        if n_labels and model.prior == "gaussian":
            raise ValueError("A Gaussian prior has no parts for the labels to choose from.")
        self.model = model
        self.lr, self.lr_discriminator, self.n_labels = lr, lr_discriminator, n_labels
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
            "discriminator": adam(self.discriminator.parameters(), self.lr_discriminator, 0.99),
            # Its own, for the two ends of the encoder have gradients of very different size.
            "encoder": adam(self.model.encoder.parameters(), self.lr, 0.99),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        model, x, B = self.model, batch.x, len(batch.x)
        eps = at.randn(B, *model.latent_shape, device=x.device)
        label = batch.label if self.n_labels else None

        reconstruction = self._reconstruction(x, model.encode(x, eps)).mean()
        update("autoencoder", reconstruction)

        normal = at.randn(B, *model.latent_shape, device=x.device)
        uniform = at.rand(B, 2, device=x.device)
        real = self.logit(prior_of(model.prior, normal, uniform, label), label)
        z = model.encode(x, eps)
        fake = self.logit(z.detach(), label)
        loss = F.softplus(-real).mean() + F.softplus(fake).mean()  # -log D, -log(1 - D)
        update("discriminator", loss)

        confusion = F.softplus(-self.logit(z, label)).mean()
        update("encoder", confusion)
        return {
            "reconstruction": reconstruction.detach(),
            "discriminator": loss.detach(),
            "confusion": confusion.detach(),
        }

    def logit(self, z: Tensor, label: Tensor | None) -> Tensor:
        """The discriminator's, (B,), that a code (B, K) was drawn from the prior."""
        if label is not None:
            z = torch.cat([z, F.one_hot(label, self.n_labels).to(z)], dim=1)
        return self.discriminator(z).squeeze(1).float()

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        z = self.model.encode(batch.x)
        label = batch.label if self.n_labels else None
        return {
            "reconstruction": self._reconstruction(batch.x, z),
            "confusion": F.softplus(-self.logit(z, label)),
        }

    def _reconstruction(self, x: Tensor, z: Tensor) -> Tensor:
        """-log p(x | z) in nats, (B,)."""
        return -self.model.decode(z).log_prob(x).flatten(1).sum(1)
