"""What the Pixels tab asks: how many numbers a distribution needs, one RGB pixel, and binary
pixels under each assumption, from coins of their own to a regression on all before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app import photos
from demo_app.errors import BadInput, Unavailable
from demo_app.services import Service, checks
from demo_app.services.digits import D, image, missing_digits, test_digits
from genzoo.models import (
    ColorChannels,
    ColorJoint,
    IndependentPixels,
    JointPixels,
    MarkovPixels,
)
from genzoo.models.color import LEVELS
from genzoo.roles import Autoregressive

PATCH = 4
CORNER = 12
"""The patch is rows and columns 12 to 15, as the data set mnist-4x4 has it."""

MAX_COLORS = photos.SIDE**2
MAX_SAMPLES = 4096
MAX_DIGITS = 64
SMOOTHING = 0.01
"""The share of a color model's probability that is spread evenly over all colors."""

Patch = IndependentPixels | MarkovPixels | JointPixels


class PixelsService(Service):
    """Binary images are 784 numbers, 0 or 1, row by row; colors are rows of three whole numbers,
    0 to 255; log-probabilities are in nats."""

    whole: ClassVar = {
        "independent": "pixels-independent-mnist",
        "markov": "pixels-markov-mnist",
        "ar-1": "ar1-mnist",
        "ar-28": "ar28-mnist",
        "ar-783": "fvbn-mnist",
    }
    """Models of whole images, and their releases."""

    patch: ClassVar = ("independent", "markov", "joint")
    """Models of the 4x4 pixels at the center, all from one release: its table has the counts of
    every pattern, and so those of all smaller tables."""

    joint = "pixels-joint-mnist"
    shared = "nade-mnist"
    """The release whose assets hold the test digits."""

    needs: ClassVar = {
        **dict.fromkeys(whole.values(), frozenset()),
        joint: frozenset(("patterns", "counts")),
    }

    # How many numbers

    def count(self, n: Any) -> dict[str, int]:
        """Free parameters of a distribution over n binary pixels, 1 to 784: the full joint, a
        Markov chain, and independent pixels. Exact."""
        n = checks.integer("The number of pixels", n, 1, D)
        return {"joint": 2**n - 1, "markov": 2 * n - 1, "independent": n}

    # One RGB pixel

    def sample_picture(self) -> np.ndarray:
        """The picture of the first paint, (H, W, 3) uint8."""
        return photos.balloons()

    def open(self, file: bytes) -> dict[str, Any]:
        """A picture file as pixels (H, W, 3) uint8, 128 on the longer side at most, and notes:
        what was done to it, in the words of `photos.opened`. Nothing is kept."""
        pixels, notes = photos.opened(file)
        return {"pixels": pixels, "notes": notes}

    def fit(self, colors: Any, count: Any, seed: Any) -> dict[str, Any]:
        """Both distributions over a color, fitted to the pixels of a picture.

        Args:
            colors: (N, 3), the pixels.
            count: how many samples, 1 to 4,096.
            seed: 0 to 2^31 - 1.

        Returns:
            counts (3, 256) of each channel's values; channels (3, 256), log p of each;
            colors (K, 3) that occur, joint (K,), log p of each under the joint, and unseen, that
            of any other color; samples of both, (count, 3) uint8, and new, the share of them that
            do not occur; average, the mean log p of the picture's own pixels under both; n_free.
        """
        counted = self._colors(colors)
        count = checks.integer("The number of samples", count, 1, MAX_SAMPLES)
        seed = checks.seed(seed)
        models = self._color_models(counted)
        joint, channels = models["joint"], models["channels"]
        seen = joint.colors
        samples = {
            name: model.sample(count, checks.generator(seed)) for name, model in models.items()
        }
        known = _keys(seen)
        return {
            "counts": channels.counts.numpy(),
            "channels": self._by_channel(channels).numpy(),
            "colors": seen.byte().numpy(),
            "joint": joint.log_prob(seen).numpy(),
            "unseen": float(joint.log_prob(_not_among(known))),
            "samples": {name: drawn.numpy() for name, drawn in samples.items()},
            "new": {
                name: float((~torch.isin(_keys(drawn.long()), known)).double().mean())
                for name, drawn in samples.items()
            },
            "average": {
                name: float(model.log_prob(counted).mean()) for name, model in models.items()
            },
            "n_free": {name: model.n_free for name, model in models.items()},
        }

    def color(self, colors: Any, color: Any) -> dict[str, Any]:
        """log p of one color under both distributions fitted to the pixels (N, 3) of a picture,
        and n_seen, how many of its pixels have that color."""
        counted = self._colors(colors)
        rgb = [checks.integer("A channel of the color", v, 0, LEVELS - 1) for v in _three(color)]
        wanted = torch.tensor([rgb])
        answer: dict[str, Any] = {
            name: float(model.log_prob(wanted))
            for name, model in self._color_models(counted).items()
        }
        return {**answer, "n_seen": int((counted == wanted).all(1).sum())}

    # Binary pixels

    def missing(self, *models: str) -> Unavailable | None:
        """Why one of the models, by its key or "joint", cannot be shown, if one cannot; reads no
        weights."""
        releases = [self.whole.get(name, self.joint) for name in models]
        return super().missing(*releases) or missing_digits(self._store, self.shared)

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return test_digits(self._store, self.shared)

    def about(self, model: str | None = None) -> dict[str, Any]:
        """What is known of a model of whole images, by its key: n_free, its free parameters, and
        nll, nats on the test set (None when not measured)."""
        about = super().about(self._release(model))
        return {"n_free": about["n_parameters"], "nll": about["figures"].get("nll")}

    def about_patch(self) -> dict[str, dict[str, Any]]:
        """The same of each model of the patch, on the patches of the test set."""
        patches, counts = (self._assets(self.joint)[key] for key in ("patterns", "counts"))
        share = torch.from_numpy(counts / counts.sum())
        answer = {}
        for name in self.patch:
            with self._patch_model(name) as model, torch.inference_mode():
                log_prob = model.log_prob(_patterns(patches)).double()
            answer[name] = {"n_free": model.n_free, "nll": float(-(share * log_prob).sum())}
        return answer

    def look(self, pixels: Any, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What models of whole images say of one.

        Returns:
            for each name log_prob, and probability (784,), p(x_i = 1 | x_<i).
        """
        x = image(pixels)
        answer = {}
        for name in names:
            with (
                self._store.model(self._release(name), Autoregressive) as model,
                torch.inference_mode(),
            ):
                p = model.conditionals(x)
                answer[name] = {
                    "log_prob": float(p.log_prob(x).sum()),
                    "probability": p.mean.flatten().numpy(),
                }
        return answer

    def look_patch(self, pixels: Any) -> dict[str, float]:
        """log p of the 4x4 pixels at an image's center under each model of the patch."""
        x = image(pixels)
        end = CORNER + PATCH
        patch = x[..., CORNER:end, CORNER:end]
        answer = {}
        for name in self.patch:
            with self._patch_model(name) as model, torch.inference_mode():
                answer[name] = float(model.log_prob(patch))
        return answer

    def samples(self, name: str, count: Any, seed: Any) -> np.ndarray:
        """Images drawn from a model of whole images, (count, 784) uint8."""
        return _samples(self._store.model(self._release(name), Autoregressive), count, seed)

    def patch_samples(self, name: str, count: Any, seed: Any) -> np.ndarray:
        """Patches drawn from a model of the patch, (count, 16) uint8."""
        return _samples(self._patch_model(name), count, seed)

    # Inside

    def _release(self, name: object) -> str:
        return self.whole[checks.model(name, tuple(self.whole))]

    @contextmanager
    def _patch_model(self, name: object) -> Iterator[Patch]:
        name = checks.model(name, self.patch)
        if name == "joint":
            with self._store.model(self.joint, JointPixels) as model:
                yield model
        else:
            yield self._smaller[name]

    @cached_property
    def _smaller(self) -> dict[str, IndependentPixels | MarkovPixels]:
        """The smaller tables of the patch, from the images that the joint table has counted."""
        with self._store.model(self.joint, JointPixels) as joint:
            counts = joint.counts.clone()
        models: dict[str, IndependentPixels | MarkovPixels] = {
            "independent": IndependentPixels(joint.event_shape, smoothing=0.5),
            "markov": MarkovPixels(joint.event_shape, smoothing=0.5),
        }
        # An image that was counted c times is tallied once for each binary digit of c.
        for power in range(int(counts.max()).bit_length()):
            images = _patterns((counts >> power & 1).nonzero()[:, 0].numpy())
            for model in models.values():
                model.counts += 2**power * model.tally(images)
        return models

    def _colors(self, colors: Any) -> Tensor:
        """Pixels (N, 3) as int64."""
        try:
            array = np.asarray(colors)
        except ValueError as error:  # ragged rows
            raise BadInput("The colors must be rows of three numbers.") from error
        if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "biuf":
            raise BadInput("The colors must be rows of three numbers.")
        if not 1 <= len(array) <= MAX_COLORS:
            raise BadInput(f"There must be 1 to {MAX_COLORS} colors; {len(array)} were given.")
        checks.numbers("The channels", array.ravel(), array.size, 0, LEVELS - 1)
        if (array != np.rint(array)).any():
            raise BadInput("The channels must be whole numbers from 0 to 255.")
        return torch.from_numpy(array.astype(np.int64))

    def _color_models(self, colors: Tensor) -> dict[str, Any]:
        return {
            "joint": ColorJoint(colors, SMOOTHING),
            "channels": ColorChannels(colors, SMOOTHING),
        }

    def _by_channel(self, model: ColorChannels) -> Tensor:
        """log p of each value of each channel, (3, 256): what is left of p(r) p(g) p(b) when two
        channels are held and the third has every value, up to its sum."""
        values = torch.zeros(3, LEVELS, 3, dtype=torch.long)
        for c in range(3):
            values[c, :, c] = torch.arange(LEVELS)
        return model.log_prob(values.view(-1, 3)).view(3, LEVELS).log_softmax(1)


def _patterns(numbers: np.ndarray) -> Tensor:
    """Patches (N, 1, 4, 4) from the numbers that their pixels spell, the first pixel highest."""
    bits = numbers.astype(np.int64)[:, None] >> np.arange(PATCH**2)[::-1] & 1
    return torch.from_numpy(bits.astype(np.float32)).view(-1, 1, PATCH, PATCH)


def _keys(colors: Tensor) -> Tensor:
    """Colors (N, 3) as one number each."""
    return colors @ torch.tensor([LEVELS**2, LEVELS, 1])


def _not_among(keys: Tensor) -> Tensor:
    """A color (1, 3) whose key is not among those, fewer than all."""
    few = torch.arange(len(keys) + 1)
    key = few[~torch.isin(few, keys)][0]
    return torch.stack([key // LEVELS**2, key // LEVELS % LEVELS, key % LEVELS])[None]


def _three(color: object) -> Sequence[Any]:
    if not isinstance(color, (list, tuple, np.ndarray)) or len(color) != 3:
        raise BadInput("The color must be three whole numbers: red, green and blue.")
    return color  # type: ignore[return-value]


def _samples(model: AbstractContextManager[Autoregressive], count: Any, seed: Any) -> np.ndarray:
    """Images (count, D) uint8 of a model that is held while they are drawn."""
    count = checks.integer("The number of samples", count, 1, MAX_DIGITS)
    generator = checks.generator(seed)
    with model as held:
        return held.sample(count, generator=generator).flatten(1).byte().numpy()
