"""VAE: the variational auto-encoder, and its objective, the evidence lower bound.

Kingma and Welling, "Auto-Encoding Variational Bayes", ICLR 2014.

    p(z) = N(0, I),   p(x) = integral of p(z) p(x | z) dz
    log p(x) >= E_{q(z|x)}[log p(x | z)] - KL(q(z | x) || p(z)),   the ELBO
    q(z | x) = N(mu(x), sigma(x)^2),   z = mu + sigma * eps,   eps ~ N(0, I)

The likelihood p(x | z) of a pixel is a Bernoulli for binary images, and for 8-bit gray ones a
discretized logistic with a location and a scale of its own, so that every figure is a
log-probability of the data themselves.

Differs from the paper: encoder and decoder are residual convolutional networks, not one hidden
layer; Adam instead of Adagrad.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Distribution, Normal, kl_divergence
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.metrics import bits_per_dim
from genzoo.nn.conv import decoder, encoder, image_shape
from genzoo.nn.distributions import DiscretizedLogistic
from genzoo.nn.processes import gathered
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import LatentVariable, check_images

LIKELIHOODS = ("bernoulli", "logistic")


class VAE(LatentVariable):
    """Images (C, H, W), H and W multiples of four and of 2^n_levels, and a Gaussian latent (K,).

    Args:
        event_shape: shape of an image.
        n_latent: K, latent dimensions.
        width: channels at half the resolution; twice as many at each further level.
        n_blocks: residual blocks at each level, in the encoder and the decoder.
        n_hidden: units of the dense layer on either side of z.
        likelihood: "bernoulli" for binary images, "logistic" for 8-bit gray or color ones.
        n_levels: how often the encoder halves an image and the decoder doubles one, at least 1.
    """

    traceable = True

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_latent: int = 32,
        width: int = 32,
        n_blocks: int = 1,
        n_hidden: int = 256,
        likelihood: str = "bernoulli",
        n_levels: int = 2,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, n_latent, width, n_hidden) < 1 or n_blocks < 0:
            raise ValueError("Sizes of a VAE must be at least 1, and n_blocks at least 0.")
        if likelihood not in LIKELIHOODS:
            raise ValueError(
                f"Unknown likelihood {likelihood!r}; there are: {', '.join(LIKELIHOODS)}."
            )
        self.event_shape, self.latent_shape = (C, H, W), (n_latent,)
        self.likelihood = likelihood
        n_parameters = {"bernoulli": 1, "logistic": 2}[likelihood]  # of p(x_i | z), a pixel
        self.encoder = encoder((C, H, W), width, n_blocks, n_hidden, 2 * n_latent, n_levels)
        shape = (C * n_parameters, H, W)
        self.decoder = decoder(n_latent, shape, width, n_blocks, n_hidden, n_levels)

    def prior(self) -> Normal:
        """p(z) = N(0, I), batch shape (K,)."""
        zero = next(self.parameters()).new_zeros(self.latent_shape)
        return Normal(zero, zero + 1)

    def encode(self, x: Tensor) -> Normal:
        """q(z | x), batch shape (B, K), of images x (B, C, H, W)."""
        check_images(x, self.event_shape, binary=self.likelihood == "bernoulli")
        # Centered: what is mostly black would else reach the first layer as a shift.
        mu, s = self.encoder(2 * x - 1).to(x.dtype).chunk(2, dim=1)
        return Normal(mu, F.softplus(s) + 1e-4, validate_args=False)

    def decode(self, z: Tensor) -> Distribution:
        """p(x | z), batch shape (B, C, H, W), of latents z (B, K)."""
        if z.ndim != 2 or tuple(z.shape[1:]) != self.latent_shape:
            raise ValueError(
                f"Latents must have shape (B, {self.latent_shape[0]}), not {tuple(z.shape)}."
            )
        parameters = self.decoder(z).to(z.dtype)
        if self.likelihood == "bernoulli":
            return Bernoulli(logits=parameters, validate_args=False)
        loc, log_scale = parameters.chunk(2, dim=1)
        # A start in mid-gray with a scale of about 1/8; the floor of exp(-7) is a quarter of a bin
        return DiscretizedLogistic(0.5 + loc, (log_scale - 2).clamp(min=-7))

    def elbo_terms(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
        """The ELBO's two sides, in nats: E_q[log p(x | z)] by one z (B,), and the KL of each
        latent (B, K), in closed form; z = mu + sigma * eps for the noise eps (B, K)."""
        q = self.encode(x)
        reconstruction = self.decode(q.loc + q.scale * eps).log_prob(x).flatten(1).sum(1)
        return reconstruction, kl_divergence(q, self.prior())

    def log_weights(self, x: Tensor, eps: Tensor) -> Tensor:
        """log p(z) p(x | z) / q(z | x) in nats, (B, k), for the noise eps (B, k, K)."""
        B, k, K = eps.shape
        q, prior = self.encode(x), self.prior()
        loc, scale = q.loc.unsqueeze(1), q.scale.unsqueeze(1)
        z = loc + scale * eps
        p = self.decode(z.view(B * k, K))
        log_p = p.log_prob(x.repeat_interleave(k, 0)).flatten(1).sum(1).view(B, k)
        log_q = Normal(loc, scale, validate_args=False).log_prob(z)
        return log_p + (prior.log_prob(z) - log_q).sum(2)


class ELBO(Objective):
    """Maximize the evidence lower bound of a VAE, or E_q[log p(x | z)] - beta KL.

    Args:
        model: the VAE.
        lr: Adam's learning rate, above 0.
        beta: weight of the KL term, at least 0; above 1 the code is kept simpler and the
            reconstruction is worse (Higgins et al., "beta-VAE", 2017).
        free_bits: nats of KL of each latent, on average over a batch, that are not penalized, at
            least 0, so that no latent is given up early (Kingma et al., 2016).
    """

    model: VAE

    def __init__(self, model: VAE, lr: float, beta: float = 1.0, free_bits: float = 0.0):
        super().__init__()
        if not (0 <= beta < math.inf and 0 <= free_bits < math.inf):
            raise ValueError(
                f"beta and free_bits must be at least 0 and finite, not {beta} and {free_bits}."
            )
        self.model = model
        self.lr, self.beta, self.free_bits = lr, beta, free_bits

    def optimizers(self) -> dict[str, Optimizer]:
        return {"model": adam(self.model.parameters(), self.lr)}

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x = batch.x
        eps = at.randn(len(x), *self.model.latent_shape, device=x.device)
        reconstruction, kl = self.model.elbo_terms(x, eps)
        charged = gathered(kl).mean(0).clamp(min=self.free_bits).sum()
        update("model", self.beta * charged - reconstruction.mean())
        reconstruction, kl = reconstruction.detach().mean(), kl.detach().sum(1).mean()
        return {"negative_elbo": kl - reconstruction, "reconstruction": reconstruction, "kl": kl}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x = batch.x
        eps = torch.randn(len(x), *self.model.latent_shape, generator=seeded(0)).to(x)
        reconstruction, kl = self.model.elbo_terms(x, eps)
        negative_elbo = kl.sum(1) - reconstruction
        return {
            "negative_elbo": negative_elbo,
            "reconstruction": reconstruction,
            "kl": kl.sum(1),
            "bits_per_dim": bits_per_dim(negative_elbo, x[0].numel()),
        }


class ImportanceWeighted(ELBO):
    """Maximize the bound of k samples of q(z | x), log (1/k) sum_j w_j with
    w_j = p(z_j) p(x | z_j) / q(z_j | x), which is the ELBO for k = 1 and log p(x) in the limit
    (Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016).

    Args:
        model: the VAE.
        lr: Adam's learning rate, above 0.
        k: samples for each image, at least 1; a step costs the decoder k times as much.
    """

    def __init__(self, model: VAE, lr: float, k: int):
        super().__init__(model, lr)
        if k < 1:
            raise ValueError(f"The number of importance samples must be at least 1, not {k}.")
        self.k = k

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x, k = batch.x, self.k
        eps = at.randn(len(x), k, *self.model.latent_shape, device=x.device)
        log_w = self.model.log_weights(x, eps)
        bound = (torch.logsumexp(log_w, dim=1) - math.log(k)).mean()
        update("model", -bound)
        return {"nll_bound": -bound.detach(), "negative_elbo": -log_w.detach().mean()}
