"""Auto-encoders whose codes are meant to lie as a prior does."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import final

import torch
from torch import Tensor
from torch.distributions import Distribution

from genzoo.data import ImageSet
from genzoo.data.batches import fixed_subset, seeded
from genzoo.data.preprocessing import preprocess_once
from genzoo.metrics import Evaluation, Metric, Table, bootstrap
from genzoo.metrics.samples import distance_from_draws, energy_test
from genzoo.metrics.table import Config, Row, by_name, value
from genzoo.roles.base import check_number, draw, probe_images
from genzoo.roles.implicit import Implicit

N_CODES = 2000
"""Codes in the two-sample test (its matrix of distances grows with their square), and codes that
are kept at each of some moments of the training."""


class Autoencoder(Implicit):
    """Codes images, too: where the codes of all images lie together is meant to be p(z)."""

    role = "Autoencoder"
    pictures_are_samples = False
    pictures_are = "means"

    @abstractmethod
    def encode(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        """The codes (B, *latent_shape) of images x (B, *event_shape): samples of q(z | x) for the
        standard normal noise eps of that shape, or its means. Some heed no noise."""

    @abstractmethod
    def decode(self, z: Tensor) -> Distribution:
        """p(x | z), batch shape (B, *event_shape)."""

    @final
    def generate(self, z: Tensor) -> Tensor:
        return self.decode(z).mean

    @final
    @torch.no_grad()
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """n samples, (n, *event_shape): z ~ p(z), then x ~ p(x | z), each pixel with a noise of
        its own."""
        check_number(n)
        p = self.decode(self.draw_z(n, generator))
        return draw(p, torch.rand(p.batch_shape, generator=generator).to(self.device))

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """log p(x | z) of four fixed images, in nats, at the mean of their codes."""
        x = probe_images(self.event_shape)
        return self.decode(self.encode(x)).log_prob(x).flatten(1).sum(1).tolist()

    @torch.inference_mode()
    def metrics(self, on: Evaluation) -> list[Metric]:
        """How well images are reconstructed, and whether their codes lie as p(z) does."""
        generator, setting = seeded(0), on.setting

        def noise(b: Tensor) -> Tensor:
            return torch.randn(len(b), *self.latent_shape, generator=generator).to(b)

        def nll(b: Tensor) -> Tensor:
            return -self.decode(self.encode(b, noise(b))).log_prob(b).flatten(1).sum(1)

        reconstruction = bootstrap("reconstruction", on.over_batches(nll, 250), "nats", setting)
        codes = on.over_batches(lambda b: self.encode(b, noise(b)), 250).flatten(1)
        codes = codes[fixed_subset(len(codes), N_CODES)]
        n = len(codes)

        def prior(n: int) -> Tensor:
            return self.draw_z(n, generator).cpu().flatten(1)

        distance, reference = distance_from_draws(codes, prior)
        _, p = energy_test(codes, prior(n), generator=generator)
        draws = f"{n} draws of p(z)"
        test = f"energy distance of the codes of {n} of the images from {draws}, {setting}"
        between = f"energy distance of {draws} from as many others, {setting}"
        return [
            reconstruction,
            Metric("prior_distance", distance, distance, distance, "", test),
            Metric("prior_distance_reference", reference, reference, reference, "", between),
            Metric("prior_p_value", p, p, p, "", f"{test}, 200 permutations"),
        ]

    def snapshot(
        self, data: ImageSet, preprocessing: str, seed: int
    ) -> Callable[[], Tensor] | None:
        """The codes of some 2,000 images (`fixed_subset`), (2000, *latent_shape) in float16."""
        x = preprocess_once(data.scaled(), preprocessing)
        x = x[fixed_subset(len(x), N_CODES)]
        eps = torch.randn(len(x), *self.latent_shape, generator=seeded(seed, 4))

        @torch.inference_mode()
        def keep() -> Tensor:
            few = zip(x.split(250), eps.split(250), strict=True)
            codes = [self.encode(b.to(self.device), e.to(self.device)) for b, e in few]
            return torch.cat(codes).half()

        return keep

    @classmethod
    def tables(cls) -> list[Table]:
        return [*super().tables(), CODES]


def _codes(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if "prior_distance" in metrics:
        cells = [
            str(config["model"].get("prior", "")),
            str(config["model"].get("q", "")),
            value(metrics, "reconstruction", 1),
            value(metrics, "prior_distance", 4),
            value(metrics, "prior_distance_reference", 4),
            value(metrics, "prior_p_value", 3),
        ]
        yield -metrics.median("prior_distance"), cells


CODES = Table(
    "{name}, codes pulled towards a prior",
    "prior | encoder | reconstruction, nats | energy distance "
    "| reference: samples of the prior scored the same way | p",
    _codes,
)
