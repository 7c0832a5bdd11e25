"""Implicit models some of whose z are codes that can be inferred from an image."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor
from torch.distributions import Categorical, Normal
from torch.nn import functional as F

from genzoo.data.batches import seeded
from genzoo.metrics import Evaluation, Metric, Table, bootstrap, matched
from genzoo.metrics.matching import tally
from genzoo.metrics.pictures import read_by
from genzoo.metrics.samples import features
from genzoo.metrics.table import Config, Row, by_name, interval, setting, told, value
from genzoo.roles.base import Offer, probe_images
from genzoo.roles.implicit import Implicit


class Coded(Implicit):
    """Some of z are codes that can be read off an image again: z = (one of n_categories as so
    many zeros and a one, n_continuous numbers in [-1, 1], n_noise standard normal numbers)."""

    role = "Coded"

    n_categories: int
    n_continuous: int
    n_noise: int

    @abstractmethod
    def infer(self, x: Tensor) -> tuple[Categorical, Normal]:
        """q(c | x) of images x (B, *event_shape): of the category, batch shape (B,), and of the
        continuous codes, (B, n_continuous)."""

    @final
    def join(self, category: Tensor, continuous: Tensor, noise: Tensor) -> Tensor:
        """z (n, *latent_shape) of categories (n,), whole numbers from 0, continuous codes
        (n, n_continuous) and noise (n, n_noise)."""
        return torch.cat([F.one_hot(category, self.n_categories).to(noise), continuous, noise], 1)

    @final
    def split(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What `join` took."""
        kinds = z.split([self.n_categories, self.n_continuous, self.n_noise], dim=1)
        return kinds[0].argmax(1), kinds[1], kinds[2]

    def offers(self) -> dict[str, Offer]:
        """generate, z to its image; and infer, x to the log-probability of each category,
        (B, n_categories), and the means of the continuous codes, (B, n_continuous)."""

        def infer(x: Tensor) -> tuple[Tensor, Tensor]:
            category, continuous = self.infer(x)
            return category.logits, continuous.mean

        outputs = ("category", "continuous")
        return {**super().offers(), "infer": Offer(infer, {"x": self.event_shape}, outputs)}

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of the images of four fixed z; and the log-probability of the least
        likely category of four fixed images (that of the most likely may be all but zero)."""
        category, _ = self.infer(probe_images(self.event_shape))
        return [*super().probe(), *category.logits.amin(1).tolist()]

    @torch.inference_mode()
    def metrics(self, on: Evaluation) -> list[Metric]:
        """How well the categories that no one named are classes: of real images, by what is
        inferred of them; of generated images, by what the judge takes those of each category to
        be."""
        label = on.images.labels
        inferred = on.over_batches(lambda b: self.infer(b)[0].logits.argmax(1), 250)
        counts = tally(inferred, label, self.n_categories, len(on.images.classes))
        meaning = matched(counts)
        each = f"categories matched one to one to classes on the same images, {on.setting}"
        wrong = 100.0 * (meaning[inferred] != label)
        metrics = [bootstrap("unsupervised_error", wrong, "%", each)]
        if on.judge is not None and on.judge.tells_classes:
            z = self.draw_z(len(label), seeded(0))
            category = self.split(z)[0].cpu()
            made = torch.cat([self.generate(b).cpu() for b in z.split(250)])
            read = read_by(on.judge, features(on.judge, made))
            what = f"{len(z)} pictures that the judge reads as another class than its category's, "
            wrong = 100.0 * (meaning[category] != read)
            metrics.append(bootstrap("category_error", wrong, "%", what + each))
        return metrics

    @classmethod
    def tables(cls) -> list[Table]:
        return [*super().tables(), CATEGORIES]


def _categories(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if "unsupervised_error" in metrics:
        cells = [
            f"{config['images_seen']:,}",
            told(value(metrics, "unsupervised_error"), " %"),
            interval(metrics, "unsupervised_error"),
            setting(metrics, "unsupervised_error"),
        ]
        yield -metrics.median("unsupervised_error"), cells


CATEGORIES = Table(
    "{name}, classes found without labels",
    "images seen | error | 95 % interval | setting",
    _categories,
)
