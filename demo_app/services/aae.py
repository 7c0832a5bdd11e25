"""What the AAE tab asks: codes drawn to a prior of any shape, and what is decoded from it."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Distribution

from demo_app.services import Service, checks
from demo_app.services.digits import image, test_digits
from genzoo.models import AAE
from genzoo.models.aae import log_prior, prior_of, spine

MAX_Z = 6.0
"""No prior here draws as far out, and no decoder was ever asked for what lies there."""

MAX_SCALE = 1.5
MAX_IMAGES = 64
MAX_DRAWS = 10_000
LOWEST = -30.0
"""Of a log density on the grid."""

N_DRAWS = 5_000
"""Draws of a prior by which its reach and its tail are told."""


ARRAYS = frozenset(("labels", "digits", "images_seen", "codes", "distance", "log_q"))
"""What is known of a plane."""


@runtime_checkable
class Decoder(Protocol):
    """What an AAE and a VAE have in common."""

    latent_shape: tuple[int, ...]

    def decode(self, z: Tensor) -> Distribution:
        """p(x | z) of codes (B, *latent_shape)."""


class AAEService(Service):
    """An image is 784 numbers in [0, 1], row by row (0 or 1 where it is to be encoded); a code z
    is one number for each latent, -6 to 6."""

    planes = ("aae-mnist", "aae-mnist-deterministic", "aae-mnist-ring", "aae-mnist-swiss-roll")
    """Those of two latents."""

    vae = "vae-mnist-2d"
    """What they are held against, place by place: two latents as well, prior N(0, I)."""

    pair = ("vae-mnist-8", "aae-mnist-8")
    """A VAE and an AAE of the same size, whose samples are compared."""

    needs: ClassVar = {
        **dict.fromkeys(planes, ARRAYS),
        **dict.fromkeys((vae, *pair), frozenset()),
    }

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; prior and q are names, "gaussian" where the model has no other."""
        return {"prior": "gaussian", "q": "gaussian", **super().about(model)}

    def plane(self, model: str) -> dict[str, Any]:
        """What is known of a plane.

        Returns:
            codes (S, N, 2) of N digits at S moments of the training, the last of them the
            release; images_seen (S,); distance (S,), the energy distance of the codes from the
            prior, the last of them the release's own figure where it was measured. labels (N,)
            and digits (N, 784) of 0 and 1. log_q and log_p (G, G): log density of the codes of all
            training digits, and of the prior, on a grid from -4 to 4, a row for each value of the
            second latent. peak: the prior's highest density; rare: one of its draws in a hundred
            falls where it is lower. extent: nearly all of its draws lie from -extent to extent.
        """
        assets = self._assets(self._plane(model))
        prior = self.about(model)["prior"]
        draws = self._draws(prior, N_DRAWS, 0)
        log_p = _log_prior(prior, draws)
        axis = torch.linspace(-4, 4, len(assets["log_q"]))
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        grid = _log_prior(prior, torch.stack([x, y], -1).view(-1, 2)).view(len(axis), -1)
        distance = assets["distance"].astype(np.float32)
        distance[-1] = self.about(model)["figures"].get("prior_distance", distance[-1])
        return {
            **{key: assets[key].astype(np.float32) for key in ("codes", "log_q")},
            "images_seen": assets["images_seen"],
            "distance": distance,
            "labels": assets["labels"],
            "digits": test_digits(self._store, model)[0],
            "log_p": grid.clamp(min=LOWEST).numpy(),
            "peak": float(log_p.max().exp()),
            "rare": float(log_p.quantile(0.01).exp()),
            "extent": math.ceil(2 * float(draws.abs().quantile(0.999))) / 2,
        }

    def codes_of(self, model: str) -> str:
        """Which digits the codes of a plane are of: "test"; "validation", which it did not learn
        from; or "train", the same where it has learned from them, too."""
        info = self._info(self._plane(model))
        of = info.get("snapshots_of", "test")
        held_out = info["hyperparameters"].get("hold_out", False)
        return "train" if of == "validation" and not held_out else str(of)

    def decode(self, model: str, z: Any) -> np.ndarray:
        """The picture of a code, (784,) in [0, 1]: the mean of p(x | z)."""
        name = self._model(model)
        with self._store.model(name, Decoder) as held, torch.inference_mode():
            (n,) = held.latent_shape
            code = torch.from_numpy(checks.numbers("The latents", z, n, -MAX_Z, MAX_Z))
            return held.decode(code.view(1, n)).mean.flatten().numpy()

    def encode(self, model: str, pixels: Any) -> dict[str, Any]:
        """The code of an image by an AAE.

        Returns:
            z (K,), the mean of q(z | x) where it is a Gaussian; image (784,) decoded from it, and
            log_likelihood, log p(x | z) of the image given, in nats.
        """
        name = checks.model(model, (*self.planes, self.pair[1]))
        x = image(pixels)
        with self._store.model(name, AAE) as aae, torch.inference_mode():
            z = aae.encode(x)
            p = aae.decode(z)
            return {
                "z": z[0].numpy(),
                "image": p.mean.flatten().numpy(),
                "log_likelihood": float(p.log_prob(x).sum()),
            }

    def prior(self, model: str, n: Any = 1, seed: Any = 0) -> np.ndarray:
        """n draws of a plane's prior, (n, 2), a function of the seed."""
        prior = self.about(self._plane(model))["prior"]
        n = checks.integer("The number of draws", n, 1, MAX_DRAWS)
        return self._draws(prior, n, seed).numpy()

    def way(self, model: str, n: int) -> np.ndarray:
        """n places through the shape of a plane's prior, from one end to the other, (n, 2)."""
        return spine(self.about(self._plane(model))["prior"], torch.linspace(0, 1, n)).numpy()

    def walk(self, model: str, n: Any = 16) -> dict[str, np.ndarray]:
        """What is decoded on the way through the shape of a plane's prior: t (n,) from 0 to 1,
        z (n, 2) and images (n, 784) in [0, 1]."""
        n = checks.integer("The number of pictures", n, 2, MAX_IMAGES)
        z = self.way(model, n)
        images = self._pictures(model, torch.from_numpy(z))
        return {"t": np.linspace(0, 1, n, dtype=np.float32), "z": z, "images": images}

    def samples(self, model: str, n: Any = 36, seed: Any = 0, scale: Any = 1.0) -> dict[str, Any]:
        """Pictures by one of the pair, of the same codes by either.

        Args:
            n: how many, 1 to 64.
            seed: z is drawn from N(0, I) by it.
            scale: what z is multiplied by, 0 to 1.5.

        Returns:
            z (n, K), and images (n, 784) in [0, 1].
        """
        name = checks.model(model, self.pair)
        n = checks.integer("The number of images", n, 1, MAX_IMAGES)
        scale = checks.number("The scale of z", scale, 0, MAX_SCALE)
        n_latent = self.about(name)["n_latent"]
        z = scale * torch.randn(n, n_latent, generator=checks.generator(seed))
        return {"z": z.numpy(), "images": self._pictures(name, z)}

    @staticmethod
    def _draws(prior: str, n: int, seed: Any) -> Tensor:
        generator = checks.generator(seed)
        normal = torch.randn(n, 2, generator=generator)
        return prior_of(prior, normal, torch.rand(n, 2, generator=generator))

    def _pictures(self, model: str, z: Tensor) -> np.ndarray:
        """The means of p(x | z), (N, 784), of codes (N, K). The model is let go of every few, so
        that a pointer on the plane never waits for a sheet."""
        images = self._store.in_pieces(
            model, Decoder, lambda held, few: held.decode(few).mean.flatten(1), z, 12
        )
        return images.numpy()

    def _plane(self, model: object) -> str:
        return checks.model(model, self.planes)


def _log_prior(prior: str, z: Tensor) -> Tensor:
    """Of many places (n, 2), a few at a time: that of the roll is a sum over all of its arm."""
    return torch.cat([log_prior(prior, few) for few in z.split(1000)])
