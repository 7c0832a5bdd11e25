"""What the InfoGAN tab asks: pictures of codes, codes of pictures, and what the codes mean."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.services import Service, checks, over_seeds, variants
from demo_app.services.digits import D
from demo_app.services.near import NEEDED, NearTraining
from genzoo.metrics.matching import matched
from genzoo.models import InfoGAN
from genzoo.models.infogan import DEVIATION

LIMIT = 2.0
"""Of the continuous codes: training draws them from -1 to 1, and the paper shows twice that."""

MAX_NOISE = 6.0
KINDS = ("category", "first", "second", "both")
MIN_STEPS, MAX_STEPS = 2, 13
N_ROWS = 8
"""Noises of a sheet of all categories."""

MAX_IMAGES = 16
AT_ONCE = 5
"""Pictures made before the model is let go of, so that a pointer never waits for a sheet."""


class InfoGANService(Service):
    """An image is 784 numbers in [0, 1], row by row; a category a whole number from 0 to 9; the
    continuous codes are two numbers from -2 to 2. Noise is 62 standard normal numbers, a function
    of a seed."""

    limit = LIMIT
    needs: ClassVar = {
        "infogan-mnist": frozenset(
            ("digits", "labels", "counts", "examples", "example_categories", "example_labels")
        )
        | NEEDED
    }

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; deviation, q's standard deviation of a continuous code;
        pretrain_fraction, the share of the training in which Q learned from real images alone, and
        warmup_fraction, the share in which it came to learn the category from generated ones;
        intervals, {value, low, high} of each metric by name; errors, the unsupervised error of
        each seed, and variant_errors, the same of each variant of its recipe's ablation."""
        info = self._info(model)
        return {
            **super().about(model),
            "deviation": DEVIATION,
            **{
                share: info["hyperparameters"].get("objective." + share, 0.0)
                for share in ("pretrain_fraction", "warmup_fraction")
            },
            "intervals": {
                f["name"]: {key: f[key] for key in ("value", "low", "high")}
                for f in info["figures"]
            },
            "errors": over_seeds(info, "unsupervised_error"),
            "variant_errors": variants(info, "unsupervised_error"),
        }

    def matching(self) -> dict[str, np.ndarray]:
        """counts (K, L), how many test images of each class Q gives each category; meaning (K,),
        the class of each category, so that as many as can be are right."""
        counts = self._assets()["counts"].astype(np.int64)
        return {"counts": counts, "meaning": matched(torch.from_numpy(counts)).numpy()}

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 to 255, as gray as they are, and their labels (N,)."""
        assets = self._assets()
        return assets["digits"], assets["labels"]

    def examples(self, category: Any, label: Any) -> np.ndarray:
        """A few test images (n, 784) of 0 to 255 of that class to which Q gives that category;
        n is 0 where there are none."""
        assets = self._assets()
        K, L = assets["counts"].shape
        category = checks.integer("The category", category, 0, K - 1)
        label = checks.integer("The class", label, 0, L - 1)
        these = (assets["example_categories"] == category) & (assets["example_labels"] == label)
        return assets["examples"][these]

    def generate(
        self, category: Any, continuous: Any, seed: Any = 0, noise: Any = None
    ) -> dict[str, np.ndarray]:
        """The picture of codes and noise, and what Q reads of it.

        Args:
            category: 0 to 9.
            continuous: two numbers, -2 to 2.
            seed: of the noise.
            noise: 62 numbers, -6 to 6, in place of those of the seed.

        Returns:
            image (784,); probabilities (10,), q of each category; mean (2,) of q of the continuous
            codes.
        """
        with self._store.model(self.release, InfoGAN) as model:
            c = self._category(model, category)
            v = checks.numbers("The continuous codes", continuous, 2, -LIMIT, LIMIT)
            if noise is None:
                eps = self._noise(model, [checks.seed(seed)])
            else:
                n = model.n_noise
                given = checks.numbers("The noise", noise, n, -MAX_NOISE, MAX_NOISE)
                eps = torch.from_numpy(given).view(1, n)
            with torch.inference_mode():
                z = model.join(torch.tensor([c]), torch.from_numpy(v).view(1, 2), eps)
                x = model.generate(z)
                return {"image": x.flatten().numpy(), **_named(_read(model, x)[0])}

    def noises(self, category: Any, continuous: Any, seed: Any = 0, n: Any = 5) -> np.ndarray:
        """Pictures (n, 784) of the same codes and of the noise of n seeds, `seed` the first."""
        with self._store.model(self.release, InfoGAN) as model:
            c = self._category(model, category)
            v = checks.numbers("The continuous codes", continuous, 2, -LIMIT, LIMIT)
            n = checks.integer("The number of pictures", n, 1, MAX_IMAGES)
            seeds = checks.seeds(seed, n)
            z = model.join(
                torch.full((n,), c), torch.from_numpy(v).repeat(n, 1), self._noise(model, seeds)
            )
        return self._pictures(z)

    def categories(self, continuous: Any, seed: Any = 0) -> np.ndarray:
        """What each category makes at the same continuous codes and noise, (10, 784)."""
        v = checks.numbers("The continuous codes", continuous, 2, -LIMIT, LIMIT)
        with self._store.model(self.release, InfoGAN) as model:
            K = model.n_categories
            noise = self._noise(model, [checks.seed(seed)])
            z = model.join(torch.arange(K), torch.from_numpy(v).repeat(K, 1), noise.expand(K, -1))
        return self._pictures(z)

    def infer(self, pixels: Any) -> dict[str, Any]:
        """q(c | x) of an image: probabilities (10,) of the categories, and the mean (2,) of the
        continuous codes."""
        x = _image(pixels)
        with self._store.model(self.release, InfoGAN) as model, torch.inference_mode():
            return _named(_read(model, x)[0])

    def near(self, pixels: Any) -> dict[str, Any]:
        """Whether an image is far from the training digits, so that what is read of it is a guess:
        distance, limit and is_far (see `NearTraining.about`)."""
        return self._near.about(_image(pixels))

    @cached_property
    def _near(self) -> NearTraining:
        return NearTraining.kept(self._store, "digits")

    def sheet(
        self, kind: Any, category: Any, continuous: Any, seed: Any = 0, steps: Any = 9
    ) -> dict[str, Any]:
        """Pictures row by row, one code a column, and what Q reads of each.

        Args:
            kind: "category", a row for each of 8 noises, a column for each category; "first" or
                "second", a row for each category, that continuous code from -2 to 2 along it; or
                "both", the first code along a row, the second from 2 to -2 down the rows.
            category, continuous, seed: of what does not vary; the noises have the seeds from
                `seed` on.
            steps: values of a continuous code.

        Returns:
            rows and columns, N = rows x columns; of each cell images (N, 784), category (N,),
            continuous (N, 2) and seed (N,), as set; probability (N,), q of the category that was
            set; read (N,), the likeliest category, and mean (N, 2) of the continuous codes.
        """
        kind = checks.choice("The kind of sheet", kind, KINDS)
        v = checks.numbers("The continuous codes", continuous, 2, -LIMIT, LIMIT)
        steps = checks.integer("The number of steps", steps, MIN_STEPS, MAX_STEPS)
        first = checks.seed(seed)
        axis = torch.linspace(-LIMIT, LIMIT, steps)
        with self._store.model(self.release, InfoGAN) as model:
            K = model.n_categories
            c = self._category(model, category)
            rows = {"category": N_ROWS, "both": steps}.get(kind, K)
            columns = K if kind == "category" else steps
            row, column = (
                i.flatten()
                for i in torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            )
            N = rows * columns
            categories = {"category": column, "both": torch.full((N,), c)}.get(kind, row)
            codes = torch.from_numpy(v).repeat(N, 1)
            if kind in ("first", "both"):
                codes[:, 0] = axis[column]
            if kind == "second":
                codes[:, 1] = axis[column]
            if kind == "both":
                codes[:, 1] = axis.flip(0)[row]
            seeds = checks.seeds(first, rows) if kind == "category" else [first] * rows
            noise = self._noise(model, seeds)[row]
            z = model.join(categories, codes, noise)
        images = self._pictures(z)
        x = torch.from_numpy(images).view(-1, 1, 28, 28)
        q = _named(self._store.in_pieces(self.release, InfoGAN, _read, x, AT_ONCE))
        probabilities = q["probabilities"]
        return {
            "rows": rows,
            "columns": columns,
            "images": images,
            "category": categories.numpy(),
            "continuous": codes.numpy(),
            "seed": np.array(seeds)[row.numpy()],
            "probability": probabilities[np.arange(N), categories.numpy()],
            "read": probabilities.argmax(1),
            "mean": q["mean"],
        }

    @staticmethod
    def _category(model: InfoGAN, category: Any) -> int:
        return checks.integer("The category", category, 0, model.n_categories - 1)

    @staticmethod
    def _noise(model: InfoGAN, seeds: list[int]) -> Tensor:
        """The noise of each seed, (n, n_noise)."""
        noise = [torch.randn(model.n_noise, generator=checks.generator(seed)) for seed in seeds]
        return torch.stack(noise)

    def _pictures(self, z: Tensor) -> np.ndarray:
        """The pictures (N, 784) of z (N, K)."""
        images = self._store.in_pieces(
            self.release, InfoGAN, lambda model, few: model.generate(few).flatten(1), z, AT_ONCE
        )
        return images.numpy()


def _image(pixels: Any) -> Tensor:
    """784 numbers in [0, 1] as (1, 1, 28, 28)."""
    return torch.from_numpy(checks.numbers("The pixels", pixels, D, 0, 1)).view(1, 1, 28, 28)


def _read(model: InfoGAN, x: Tensor) -> Tensor:
    """q(c | x) of pictures (N, 1, 28, 28), (N, K + 2): the probabilities of the categories, and
    the means of the continuous codes."""
    category, continuous = model.infer(x)
    return torch.cat([category.probs, continuous.mean], 1)


def _named(read: Tensor) -> dict[str, np.ndarray]:
    return {"probabilities": read[..., :-2].numpy(), "mean": read[..., -2:].numpy()}
