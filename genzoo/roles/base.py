"""What a caller may ask of a model.

At every public boundary an image is float32 in [0, 1], NCHW; `log_prob` is in nats, one number for
each image. The model alone defines its distribution: objectives, metrics and the demo only ask.

A role is an abstract class of models, in a file of its own that holds everything asked of it: how
it samples, its probe, what is shown and kept of its training, what is measured of it and how the
report tells it. A class here is abstract or final to a model, which fills in the abstract methods
and never overrides a concrete one. A narrower role may answer a question of `Model` in its own
way.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Distribution

from genzoo.data import ImageSet
from genzoo.data.batches import seeded
from genzoo.metrics import Evaluation, Metric, Table, image_metrics
from genzoo.metrics.evaluation import BINARY, PREPROCESSING
from genzoo.metrics.pictures import PICTURES, SHOWN

KNOWLEDGE = ("tractable", "approximate", "implicit")
"""What can be known of p(x): itself; a bound on it; nothing but samples (the taxonomy of
Goodfellow, "NIPS 2016 Tutorial: Generative Adversarial Networks", arXiv:1701.00160)."""


@dataclass(frozen=True)
class Offer:
    """A function of a model that can be computed without the model's code, as a graph with its
    weights (`genzoo.export`).

    Args:
        function: of one batch of each input, in their order, to one of each output.
        inputs: their names, each with its shape without the batch; float32 all.
        outputs: their names.
    """

    function: Callable[..., Tensor | tuple[Tensor, ...]]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: tuple[str, ...]


class Model(nn.Module, ABC):
    """A model of images, and the questions that every role answers about its models."""

    role: ClassVar[str]
    """The role's name in the report."""

    does: ClassVar[str]
    """What a model of this role does: a predicate that follows a model's name in a sentence."""

    knowledge: ClassVar[str | None]
    """One of KNOWLEDGE, what is known of p(x); None where no images are generated."""

    from_noise: ClassVar[bool] = False
    """Whether it generates pictures out of nothing but noise (see `PictureSource`)."""

    snapshot_evenly: ClassVar[bool] = False
    """Whether what `snapshot` keeps is looked at in equal distances of the training: most models
    change ever more slowly, and are looked at in equal ratios."""

    event_shape: tuple[int, ...]
    """Shape of an image, (C, H, W)."""

    quick_likelihood: ClassVar[bool] = False
    """Whether `Generative.log_likelihood` is known, without a pass for each dimension."""

    traceable: ClassVar[bool] = False
    """Whether what it `offers` can be traced: no value of a tensor decides what is computed, but
    for the checks of this module, which a trace leaves out."""

    completes: ClassVar[str | None] = None
    """Which known pixels it can be given to sample the rest exactly: "raster", the first ones in
    its order; "any"; or None, where it cannot."""

    @property
    def device(self) -> torch.device:
        """Where the parameters are, or the buffers; the CPU where there are neither."""
        for tensor in itertools.chain(self.parameters(), self.buffers()):
            return tensor.device
        return torch.device("cpu")

    @abstractmethod
    def probe(self) -> list[float]:
        """The model's answer to a few fixed questions, most about `probe_images`. A release holds
        it and a test reproduces it from the files, so that none can rot unseen. On the CPU."""

    @abstractmethod
    def metrics(self, on: Evaluation) -> list[Metric]:
        """What is measured of a model by its role."""

    def bound_metrics(self, on: Evaluation) -> list[Metric]:
        """A bound on log p(x) by `on.k` samples of z for each image, where one is known."""
        return []

    def picture_metrics(self, on: Evaluation) -> list[Metric]:
        """What is measured of the pictures that it generates from noise, by `on.judge`."""
        return []

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        """A function whose time is measured: it makes n pictures, 1 to 64. None where the model
        makes none."""
        return None

    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        """Pictures (N, C, H, W) for the sheets of a training, by images of `data` or noise of
        `generator`; None where there is nothing to see."""
        return None

    def snapshot(
        self, data: ImageSet, preprocessing: str, seed: int
    ) -> Callable[[], Tensor] | None:
        """A function that tells what a release keeps of the model at some moments of its training
        (`genzoo.train.train`), always for the same images of `data` or the same noise of `seed`;
        None where nothing is kept."""
        return None

    def offers(self) -> dict[str, Offer]:
        """What can be exported of a model of this role that is `traceable`, by name."""
        return {}

    @property
    def own_offers(self) -> dict[str, Offer]:
        """What can be exported besides of this model alone: its own methods, which no role has."""
        return {}

    @classmethod
    def tables(cls) -> list[Table]:
        """The tables of the report in which models of this role may have rows."""
        return []


class PictureSource(Model):
    """Generates pictures to look at out of nothing but noise."""

    from_noise = True

    pictures_are_samples: ClassVar[bool] = True
    """Whether `pictures` are samples of p(x), or what stands for p(x | z)."""

    @property
    def pictures_are(self) -> str:
        """What `pictures` are: "samples", or else "means" or "medians" of p(x | z)."""
        return "samples"

    @abstractmethod
    def pictures(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """n pictures to look at, (n, *event_shape): samples, or for sampled z the means or medians
        of p(x | z), as `pictures_are` says. These are what sheets show.

        Args:
            n: at least 1.
            generator: a source of noise on the CPU, so that a seed means the same pictures on
                every device; the global one when None.
        """

    def drawing(self, n: int, generator: torch.Generator | None = None) -> Iterator[Tensor]:
        """`pictures` as they come about, the last of them whole: pixel after pixel, NaN where
        nothing is drawn yet, where the model draws them in some order. The tensor may be reused
        from step to step."""
        yield self.pictures(n, generator=generator)

    def picture_metrics(self, on: Evaluation) -> list[Metric]:
        """How near pictures are to as many real images, and training images as a reference."""
        if on.judge is None:
            return []
        made = _made(self.pictures, on)
        standardized = on.standardize(on.judge)
        return image_metrics(on.judge, standardized, made, on.images, on.train)


class Generative(PictureSource):
    """Generates images out of noise."""

    @abstractmethod
    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """n samples of p(x), (n, *event_shape); arguments as of `pictures`."""

    def log_likelihood(self, x: Tensor, k: int) -> Tensor:
        """log p(x) in nats, (B,), of images x (B, *event_shape), or a lower bound of it on average
        by k samples of z.

        Raises:
            TypeError: when nothing is known of p(x).
        """
        raise TypeError(f"{type(self).__name__} {self.does}: p(x) is not known.")

    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        return self.pictures(64, generator=generator)

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        if on.images.images.is_floating_point():
            return None  # points of the plane are no pictures
        return lambda n: self.pictures(n, generator=seeded(0))

    def picture_metrics(self, on: Evaluation) -> list[Metric]:
        """How near samples are to as many real images, and training images as a reference: to
        binary ones where samples are of binary pixels, else to gray ones. And how near to gray
        ones the pictures to look at are, under names of their own, where these are no samples."""
        if on.judge is None:
            return []
        how = f", {PREPROCESSING[on.preprocessing]}" if on.preprocessing in BINARY else ""
        samples = _made(self.sample, on)
        standardized, held = on.standardize(on.judge), on.with_pixels(on.preprocessing)
        metrics = image_metrics(on.judge, standardized, samples, *held, of=how)
        if self.pictures_are_samples:
            return metrics
        shown = _made(self.pictures, on)
        return metrics + image_metrics(
            on.judge,
            standardized,
            shown,
            on.images,
            on.train,
            kind=f"{self.pictures_are} of the decoder",
            suffix=SHOWN,
        )

    @classmethod
    def tables(cls) -> list[Table]:
        return [PICTURES]


def _made(make: Callable[..., Tensor], on: Evaluation, batch: int = 250) -> Tensor:
    """As many pictures as there are images, on the CPU, by the noise of a fixed seed."""
    n, generator = len(on.images), seeded(0)
    made = []
    for s in range(0, n, batch):
        made.append(make(min(batch, n - s), generator=generator).cpu())
        on.progress(s / n)
    return torch.cat(made)


class FreeParameters(ABC):
    """A model whose tensors do not tell how many numbers it is free to choose: it says so."""

    @property
    @abstractmethod
    def n_free(self) -> int:
        """How many free parameters the distribution has."""


def n_parameters(model: nn.Module) -> int:
    """The free parameters of a model: those it states, else the size of its parameters."""
    if isinstance(model, FreeParameters):
        return model.n_free
    return sum(p.numel() for p in model.parameters())


def probe_images(event_shape: tuple[int, ...]) -> Tensor:
    """Four fixed binary images, (4, *event_shape): empty, full, a disc, and noise."""
    H, W = event_shape[-2:]
    y, x = torch.meshgrid(torch.linspace(-1, 1, H), torch.linspace(-1, 1, W), indexing="ij")
    disc = (x**2 + y**2 < 0.4).float()
    noise = (torch.rand(H, W, generator=torch.Generator().manual_seed(0)) < 0.2).float()
    images = torch.stack([torch.zeros(H, W), torch.ones(H, W), disc, noise])
    return images.unsqueeze(1).expand(4, *event_shape).contiguous()


def picture_of(p: Distribution) -> Tensor:
    """The picture that stands for p(x | z), of p's batch shape: the mean, or the median where p
    has one (a discretized logistic's mean turns gray where its scale is wide)."""
    median = getattr(p, "median", None)
    return p.mean if median is None else median


def check_images(x: Tensor, event_shape: tuple[int, ...], *, binary: bool = False) -> None:
    """Refuse anything but float images of `event_shape` with values in [0, 1] (or in {0, 1}).

    Raises:
        ValueError: in a sentence that says what is wrong and what is expected.
    """
    expected = "(B, " + ", ".join(map(str, event_shape)) + ")"
    if not isinstance(x, Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"Images must be a float tensor of shape {expected}, not {kind}.")
    if tuple(x.shape[1:]) != tuple(event_shape):
        raise ValueError(f"Images must have shape {expected}, not {tuple(x.shape)}.")
    if torch.compiler.is_exporting():
        return  # a graph has no values yet; whoever runs it checks them
    if binary:
        if not bool(((x == 0) | (x == 1)).all()):
            raise ValueError("This model is of binary pixels: every value must be 0 or 1.")
    elif not bool(((x >= 0) & (x <= 1)).all()):  # also false for NaN
        raise ValueError("Image values must lie in [0, 1], without NaN.")


def check_number(n: int) -> None:
    """Refuse to sample fewer than one image.

    Raises:
        ValueError: in a sentence.
    """
    if n < 1:
        raise ValueError(f"The number of samples must be at least 1, not {n}.")


def check_latents(z: Tensor, latent_shape: tuple[int, ...]) -> None:
    """Refuse codes of another shape than (B, *latent_shape).

    Raises:
        ValueError: in a sentence.
    """
    if tuple(z.shape[1:]) != tuple(latent_shape) or z.ndim != 1 + len(latent_shape):
        expected = "(B, " + ", ".join(map(str, latent_shape)) + ")"
        raise ValueError(f"Codes must have shape {expected}, not {tuple(z.shape)}.")


def check_known_binary(given: Tensor | None) -> None:
    """Refuse known values of binary pixels other than 0, 1 and NaN for unknown.

    Raises:
        ValueError: in a sentence.
    """
    if torch.compiler.is_exporting():
        return  # as `check_images`
    if given is not None and not bool(((given == 0) | (given == 1) | given.isnan()).all()):
        raise ValueError("This model is of binary pixels: known values must be 0 or 1.")


def draw(p: Distribution, u: Tensor) -> Tensor:
    """The value of `p` at the uniform noise `u` in [0, 1): a sample as a function of its noise.

    One number determines one draw, so two samplers of the same model can be held equal draw by
    draw, and a seed means the same picture on every path.
    """
    if isinstance(p, Bernoulli):
        return (u < p.probs).to(u.dtype)
    try:
        return p.icdf(u)
    except NotImplementedError:
        problem = f"No draw from uniform noise is defined for {type(p).__name__}."
        raise TypeError(problem) from None
