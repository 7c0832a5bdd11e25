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
from genzoo.metrics.likelihood import DENSITIES, UNTRAINED, nll_metrics, weighted_bound
from genzoo.metrics.samples import energy_test, outliers
from genzoo.metrics.table import Config, Row, by_name, value
from genzoo.roles.base import Offer, check_number, draw, probe_images
from genzoo.roles.implicit import Implicit

N_CODES = 2000
"""Codes in the two-sample test (its matrix of distances grows with their square), and codes that
are kept at each of some moments of the training."""

N_DRAWS = 20
"""Samples of the prior in the two-sample test for each code. The prior can be sampled at will: the
more samples, the less the answer depends on which they are."""

N_FRESH = 10_000
"""Further samples of the prior, which tell how far its samples are from each other."""

N_PERMUTATIONS = 499
"""Random divisions of codes and samples, by which the two-sample test finds its p-value."""

LEVEL = 0.99
"""A code is off the prior where it is farther from the samples of the prior than this share of
fresh samples is."""


def prior_draws(draw_z: Callable[[int, torch.Generator], Tensor], n: int) -> tuple[Tensor, Tensor]:
    """The samples of a prior that n codes are compared with, always the same: `N_DRAWS` n of them
    (M, K), and `N_FRESH` others (L, K), on the CPU."""
    generator = seeded(0, 5)
    draws, fresh = (draw_z(m, generator).cpu().flatten(1) for m in (N_DRAWS * n, N_FRESH))
    return draws, fresh


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

    @abstractmethod
    def posterior(self, x: Tensor) -> Distribution | None:
        """q(z | x), a Gaussian, batch shape (B, *latent_shape), whose samples are codes of x; None
        where the code is a function of the image, which has no density."""

    @abstractmethod
    def log_prior(self, z: Tensor) -> Tensor | None:
        """log p(z) in nats, (n,), at z (n, *latent_shape); None where only samples of the prior
        are known."""

    @final
    def bound(self, x: Tensor, k: int, seed: int = 0) -> Tensor | None:
        """A lower bound of log p(x), (B,), in nats (`weighted_bound`), which the model is not
        trained on: any q(z | x) with a density gives one. None where q or the prior has none."""
        q, at_origin = self.posterior(x), self.log_prior(x.new_zeros(1, *self.latent_shape))
        if q is None or at_origin is None:
            return None

        def log_prior(z: Tensor) -> Tensor:
            found = self.log_prior(z)
            assert found is not None  # a density is known everywhere or nowhere
            return found

        return weighted_bound(x, q, log_prior, self.decode, k, seed)

    @final
    def log_likelihood(self, x: Tensor, k: int) -> Tensor:
        each = [self.bound(one, k) for one in x.split(1)]
        found = [bound for bound in each if bound is not None]
        return torch.cat(found) if found else super().log_likelihood(x, k)

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

    def offers(self) -> dict[str, Offer]:
        """decode, z to the mean of p(x | z); and encode, x to its code, without noise."""
        return {
            "decode": Offer(self.generate, {"z": self.latent_shape}, ("image",)),
            "encode": Offer(self.encode, {"x": self.event_shape}, ("z",)),
        }

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
        return [reconstruction, *prior_metrics(codes, self.draw_z, setting)]

    @torch.inference_mode()
    def bound_metrics(self, on: Evaluation) -> list[Metric]:
        """The importance-weighted bound and the ELBO, neither of which the model is trained on."""
        if self.bound(on.x[:1].to(self.device), 1) is None:
            return []

        def negative(k: int) -> Tensor:
            def bound(b: Tensor) -> Tensor:
                found = self.bound(b, k)
                assert found is not None  # as above
                return -found

            return on.over_batches(bound, 50)

        weighted = f"importance-weighted bound, k = {on.k}, {UNTRAINED}, {on.setting}"
        nll = nll_metrics(negative(on.k), on.x[0].numel(), weighted, bound=True)
        elbo = bootstrap("negative_elbo", negative(1), "nats", f"{UNTRAINED}, {on.setting}")
        return [*nll, elbo]

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
        return [DENSITIES, *super().tables(), CODES]


def prior_metrics(
    codes: Tensor, draw_z: Callable[[int, torch.Generator], Tensor], setting: str
) -> list[Metric]:
    """Whether codes (N, K) are spread as samples of the prior are: one two-sample test, whose
    distance, reference and p-value are of the same codes and samples; and the share of codes off
    the prior, which the test does not see when they are few. `draw_z(n, generator)` gives n
    samples, (n, *latent_shape)."""
    n = len(codes)
    draws, fresh = prior_draws(draw_z, n)
    found = energy_test(codes, draws, N_PERMUTATIONS, generator=seeded(0, 6))
    both = f"the codes of {n} of the images and {len(draws)} fixed samples of p(z), {setting}"
    divisions = f"{N_PERMUTATIONS} random divisions of {both}"
    off = 100 * outliers(codes, draws, fresh, LEVEL)
    farther = (
        f"codes of {n} of the images that are farther from the nearest of {len(draws)} fixed "
        f"samples of p(z) than {100 * LEVEL:g} % of {len(fresh)} others, {setting}"
    )
    return [
        Metric(
            "prior_distance", found.distance, *found.interval, "", f"energy distance of {both}"
        ),
        Metric(
            "prior_distance_reference",
            found.reference,
            *found.reference_interval,
            "",
            f"energy distance, mean and 95 % of {divisions}",
        ),
        Metric("prior_p_value", found.p, *found.p_interval, "", f"energy distance, {divisions}"),
        bootstrap("off_prior", off, "%", farther),
    ]


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
            value(metrics, "off_prior"),
        ]
        yield -metrics.median("prior_distance"), cells


CODES = Table(
    "{name}, codes pulled towards a prior",
    "prior | encoder | reconstruction, nats | energy distance "
    "| reference: random divisions of codes and samples | p | codes off the prior, % (1 expected)",
    _codes,
)
