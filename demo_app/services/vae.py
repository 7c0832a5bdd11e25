"""What the VAE tab asks: the code of an image, the image of a code, and the bound between them."""

from __future__ import annotations

import math
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import kl_divergence

from demo_app import pictures
from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.services.digits import D, test_digits
from demo_app.services.near import NearTraining
from demo_app.store import Store
from genzoo.models import VAE
from genzoo.roles import picture_of

MAX_Z = 6.0
"""The prior is N(0, I): six deviations out there is nothing that a decoder was ever asked for."""

HALF_DRAWS = 4
"""Draws of z from q(z | x) for the reconstruction term; each is used with its mirror image about
the mean, which cancels what is linear in the noise."""

ACTIVE = 0.01
"""Mean KL in nats above which a latent counts as used (Burda et al., 2016, count alike)."""

TILES = 20
MAX_FRAMES = 64
MAX_STEPS = 25
MAX_STRENGTH = 1.5


class VAEService(Service):
    """An image is 784 numbers in [0, 1] (0 or 1 for digits), row by row; a code z is one number
    for each latent, -6 to 6; log-probabilities are in nats."""

    planes = ("vae-mnist-2d-beta01", "vae-mnist-2d", "vae-mnist-2d-beta4")
    """Those of two latents, by rising beta."""

    models = (
        *("vae-mnist-beta025", "vae-mnist", "vae-mnist-beta4", "iwae-mnist"),
        *("vae-fashion", "vae-fashion-beta4", "vae-fashion-beta16"),
    )

    variants = (
        *("vae-mnist-2d-beta01", "vae-mnist-2d-beta4"),
        *("vae-mnist-beta025", "vae-mnist-beta4", "iwae-mnist"),
        *("vae-fashion-beta4", "vae-fashion-beta16"),
    )
    """Under other objectives, offered where they are released."""

    needs: ClassVar = {
        **dict.fromkeys(planes, frozenset(("points", "log_q", "labels", "digits"))),
        **dict.fromkeys(models, frozenset(("images", "labels", "kl", "reconstruction"))),
    }

    def __init__(self, store: Store):
        super().__init__(store)
        self._codes = lru_cache(maxsize=None)(self._codes_of)

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; and binary, whether its pixels are 0 or 1; beta, the weight of the KL
        term in training; k, of how many weights the bound was that was trained, 1 for the ELBO."""
        about, settings = super().about(model), self._info(model)["hyperparameters"]
        return {
            **about,
            "beta": settings.get("objective.beta", 1.0),
            "k": settings.get("objective.k", 1),
            "binary": about.get("likelihood", "bernoulli") == "bernoulli",
        }

    def map(self, model: str) -> dict[str, Any]:
        """A plane: posterior means of test digits, points (N, 2), their labels (N,), the digits
        themselves (N, 784) of 0 and 1, and extent: the map reaches from -extent to extent. log_q
        (G, G) is the logarithm of the aggregated posterior q(z), the mean of q(z | x) over the
        training digits, on a grid from -4 to 4, a row for each value of the second latent."""
        assets = self._assets(self._plane(model))
        points = assets["points"].astype(np.float32)
        extent = float(np.ceil(2 * np.quantile(np.abs(points), 0.985)) / 2)
        return {
            "points": points,
            "log_q": assets["log_q"].astype(np.float32),
            "labels": assets["labels"],
            "digits": test_digits(self._store, model)[0],
            "extent": min(max(extent, 2.0), MAX_Z),
        }

    def manifold(self, model: str, extent: float) -> np.ndarray:
        """A plane decoded at the centers of 20 x 20 tiles, one picture (560, 560) in [0, 1]; up
        is the second latent's positive side."""
        centers = (torch.arange(TILES) + 0.5) / TILES * 2 * extent - extent
        y, x = torch.meshgrid(centers.flip(0), centers, indexing="ij")
        with self._store.model(self._plane(model), VAE) as vae, torch.inference_mode():
            images = picture_of(vae.decode(torch.stack([x, y], -1).view(-1, 2)))
        tiles = images.view(TILES, TILES, 28, 28).permute(0, 2, 1, 3)
        return tiles.reshape(TILES * 28, TILES * 28).numpy()

    def images(self, model: str) -> tuple[np.ndarray, np.ndarray]:
        """Test images (N, 784) uint8, 0 to 255, sorted by label, and their labels (N,)."""
        assets = self._assets(self._large(model))
        return assets["images"], assets["labels"]

    def latents(self, model: str) -> dict[str, Any]:
        """How the latents are used on the test set: order (K,), the most used first; kl (K,), the
        mean KL of each in nats; n_active; and the mean reconstruction term in nats."""
        assets = self._assets(self._large(model))
        kl = assets["kl"].astype(np.float64)
        return {
            "order": np.argsort(-kl, kind="stable"),
            "kl": kl,
            "n_active": int((kl > ACTIVE).sum()),
            "reconstruction": float(assets["reconstruction"]),
        }

    def decode(self, model: str, z: Any, pixels: Any = None) -> dict[str, Any]:
        """The picture of a code.

        Args:
            z: the code, a number for each latent.
            pixels: an image, or None.

        Returns:
            image (784,) in [0, 1], the picture of p(x | z); log_likelihood, log p(x | z) of the
            image given, or None.
        """
        code = self._code(model, z)
        x = None if pixels is None else self._image(model, pixels)
        with self._store.model(model, VAE) as vae, torch.inference_mode():
            p = vae.decode(code)
            log_likelihood = None if x is None else float(p.log_prob(x).sum())
            return {"image": picture_of(p).flatten().numpy(), "log_likelihood": log_likelihood}

    def encode(self, model: str, pixels: Any) -> dict[str, Any]:
        """The posterior q(z | x) of an image, and the bound on log p(x) that it gives.

        Returns:
            mean (K,), deviation (K,) and kl (K,) of each latent; reconstruction, E_q[log p(x | z)]
            by 8 draws of fixed noise, so that the same image always reads the same; elbo =
            reconstruction - kl.sum(); bits_per_dim; image (784,) decoded from the mean, and
            log_likelihood, log p(x | z) there.
        """
        x = self._image(model, pixels)
        with self._store.model(model, VAE) as vae, torch.inference_mode():
            q = vae.encode(x)
            kl = kl_divergence(q, vae.prior())[0]
            half = torch.randn(
                HALF_DRAWS, *vae.latent_shape, generator=torch.Generator().manual_seed(0)
            )
            eps = torch.cat([torch.zeros_like(half[:1]), half, -half])
            p = vae.decode(q.mean + q.stddev * eps)
            log_likelihood = p.log_prob(x.expand(len(eps), *x.shape[1:])).flatten(1).sum(1)
            reconstruction = float(log_likelihood[1:].mean())
            elbo = reconstruction - float(kl.sum())
            return {
                "mean": q.mean[0].numpy(),
                "deviation": q.stddev[0].numpy(),
                "kl": kl.numpy(),
                "reconstruction": reconstruction,
                "elbo": elbo,
                "bits_per_dim": -elbo / D / math.log(2),
                "image": picture_of(p)[0].flatten().numpy(),
                "log_likelihood": float(log_likelihood[0]),
            }

    def near(self, pixels: Any) -> dict[str, Any]:
        """How far a binary image is from the training digits: distance, limit and is_far (see
        `NearTraining.about`); nothing where their sample is not there."""
        x = torch.from_numpy(checks.numbers("The pixels", pixels, D, 0, 1)).view(1, 1, 28, 28)
        return self._near.about(x) if self._near else {}

    @cached_property
    def _near(self) -> NearTraining | None:
        return NearTraining.if_kept(self._store, "binary digits")

    def traverse(self, model: str, z: Any, rows: Any = 10, steps: Any = 13) -> dict[str, Any]:
        """Walk along one latent at a time from a code, all others held.

        Args:
            rows: how many latents, the most used first.
            steps: how many values from -3 to 3, deviations of the prior.

        Returns:
            latents (rows,), values (steps,), images (rows, steps, 784) in [0, 1].
        """
        code = self._code(model, z)
        rows = checks.integer("The number of rows", rows, 1, code.shape[1])
        steps = checks.integer("The number of steps", steps, 2, MAX_STEPS)
        latents = self.latents(model)["order"][:rows]
        values = torch.linspace(-3, 3, steps)
        codes = code.repeat(rows, steps, 1)
        for row, latent in enumerate(latents):
            codes[row, :, int(latent)] = values
        images = self._pictures(model, codes.flatten(0, 1))
        return {
            "latents": latents,
            "values": values.numpy(),
            "images": images.reshape(rows, steps, D),
        }

    def interpolate(
        self, model: str, first: Any, second: Any, frames: Any = 33
    ) -> dict[str, np.ndarray]:
        """Go from one image to another, straight through the latent space, from mean to mean.

        Args:
            first, second: an image, or the index of a test image.
            frames: how many pictures, 2 to 64, both ends among them.

        Returns:
            z (frames, K) and images (frames, 784) in [0, 1].
        """
        x = torch.cat([self._chosen(model, first), self._chosen(model, second)])
        frames = checks.integer("The number of frames", frames, 2, MAX_FRAMES)
        with self._store.model(model, VAE) as vae, torch.inference_mode():
            start, end = vae.encode(x).mean
        t = torch.linspace(0, 1, frames).unsqueeze(1)
        z = (1 - t) * start + t * end
        return {"z": z.numpy(), "images": self._pictures(model, z)}

    def gif(self, model: str, first: Any, second: Any, frames: Any = 33) -> bytes:
        """`interpolate` as an animated GIF."""
        images = self.interpolate(model, first, second, frames)["images"]
        return pictures.gif(np.rint(images.reshape(-1, 28, 28) * 255))

    def combine(
        self, model: str, a: Any, b: Any, c: Any, strength: Any = 1.0, means: Any = False
    ) -> dict[str, Any]:
        """Arithmetic on codes: a + strength (c - b), each the posterior mean of its image, so that
        strength 1 is a - b + c and strength 0 is a.

        Args:
            a: an image, or the index of a test image.
            b, c: indices of test images.
            strength: 0 to 1.5.
            means: take for b and c the mean code of all test images here of their class, which
                holds what these have in common and little of the one image.

        Returns:
            z (K,); images (4, 784) in [0, 1], the codes of a, b, c and the result decoded;
            nearest, the index of the test image with the nearest code, those of a, b and c not
            counted; distance, how far off that code is; and typical, how far a test image's code
            is from the one nearest to it, by the median.
        """
        (_, labels), (codes, typical) = self.images(model), self._codes(model)
        strength = checks.number("The strength", strength, 0, MAX_STRENGTH)
        if not isinstance(means, bool):
            raise BadInput(f"means must be true or false, not {checks.shown(means)}.")
        given = [self._index(model, i) for i in (b, c)]
        start = self._mean(model, a)
        minus, plus = (codes[labels == labels[i]].mean(0) if means else codes[i] for i in given)
        z = start + np.float32(strength) * (plus - minus)
        distances = np.linalg.norm(codes - z, axis=1)
        distances[[*given, int(a)] if _is_index(a) else given] = np.inf
        nearest = int(distances.argmin())
        return {
            "z": z,
            "images": self._pictures(model, torch.from_numpy(np.stack([start, minus, plus, z]))),
            "nearest": nearest,
            "distance": float(distances[nearest]),
            "typical": typical,
        }

    def _pictures(self, model: str, z: Tensor) -> np.ndarray:
        """The pictures of p(x | z), (N, 784), of codes (N, K). The model is let go of every few,
        so that a slider in someone's hand never waits for a sheet."""
        images = self._store.in_pieces(
            model, VAE, lambda vae, few: picture_of(vae.decode(few)).flatten(1), z, 16
        )
        return images.numpy()

    def _plane(self, model: object) -> str:
        return checks.model(model, self.planes)

    def _large(self, model: object) -> str:
        return checks.model(model, self.models)

    def _code(self, model: object, z: object) -> Tensor:
        """z as (1, K)."""
        with self._store.model(self._model(model), VAE) as vae:
            (n,) = vae.latent_shape
        return torch.from_numpy(checks.numbers("The latents", z, n, -MAX_Z, MAX_Z)).view(1, n)

    def _image(self, model: object, pixels: object) -> Tensor:
        """Pixels as (1, 1, 28, 28)."""
        with self._store.model(self._model(model), VAE) as vae:
            binary = vae.likelihood == "bernoulli"
        if binary:
            x = checks.bits("The pixels", pixels, D)
        else:
            # The likelihood is of 8-bit values, so to the nearest of those.
            x = np.rint(checks.numbers("The pixels", pixels, D, 0, 1) * 255) / np.float32(255)
        return torch.from_numpy(x).view(1, 1, 28, 28)

    def _chosen(self, model: object, choice: object) -> Tensor:
        """The image given, or the test image of that index, as (1, 1, 28, 28)."""
        if not _is_index(choice):
            return self._image(model, choice)
        images, _ = self.images(model)  # type: ignore[arg-type]
        i = self._index(model, choice)  # type: ignore[arg-type]
        return self._image(model, images[i].astype(np.float32) / 255)

    def _index(self, model: str, choice: object) -> int:
        images, _ = self.images(model)
        return checks.integer("The index of a test image", choice, 0, len(images) - 1)

    def _mean(self, model: str, choice: object) -> np.ndarray:
        """The posterior mean (K,) of the image given, or of the test image of that index."""
        if _is_index(choice):
            return self._codes(model)[0][self._index(model, choice)]
        x = self._image(model, choice)
        with self._store.model(model, VAE) as vae, torch.inference_mode():
            return vae.encode(x).mean[0].numpy()

    def _codes_of(self, model: str) -> tuple[np.ndarray, float]:
        """The posterior means (N, K) of all test images here, and the median distance from one to
        the nearest other; as `_pictures`, it lets go of the model every few."""
        images = torch.from_numpy(self.images(model)[0]).view(-1, 1, 28, 28)
        codes = self._store.in_pieces(
            model, VAE, lambda vae, few: vae.encode(few / 255).mean, images, 16
        )
        nearest = torch.cdist(codes, codes).fill_diagonal_(torch.inf).amin(1)
        return codes.numpy(), float(nearest.median())


def _is_index(choice: object) -> bool:
    """Is a test image meant, not an image given? Whether there is such a one is yet to be seen."""
    return isinstance(choice, (int, float, np.integer))
