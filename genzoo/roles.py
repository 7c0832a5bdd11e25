"""What a caller may ask of a model.

At every public boundary an image is float32 in [0, 1], NCHW; `log_prob` is in nats, one number for
each image. The model alone defines its distribution: objectives, metrics and the demo only ask.

A class here is abstract or final: a model fills in the abstract methods and never overrides a
concrete one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Categorical, Distribution, Normal
from torch.nn import functional as F


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
    if binary:
        if not bool(((x == 0) | (x == 1)).all()):
            raise ValueError("This model is of binary pixels: every value must be 0 or 1.")
    elif not bool(((x >= 0) & (x <= 1)).all()):  # also false for NaN
        raise ValueError("Image values must lie in [0, 1], without NaN.")


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


class ExplicitDensity(ABC):
    """A model whose probability of an image can be computed."""

    event_shape: tuple[int, ...]

    @abstractmethod
    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x) in nats, shape (B,), of images x (B, *event_shape)."""

    @abstractmethod
    def sampling(
        self, n: int, given: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Iterator[Tensor]:
        """Draw n images step by step, for animation.

        Yields (n, *event_shape) with NaN where nothing is drawn yet; the tensor is reused from
        step to step, so clone what you keep. `given` (1 or n, *event_shape) holds known values,
        NaN where unknown.
        """

    @abstractmethod
    def sample(
        self, n: int, given: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """n images, (n, *event_shape): the last step of `sampling`, which tells of `given`."""


class Autoregressive(ExplicitDensity):
    """p(x) = prod_i p(x_i | x_<i), the D = prod(event_shape) dimensions taken in `order`."""

    order: Tensor
    """(D,) flat indices: the i-th dimension to be drawn."""

    @abstractmethod
    def conditionals(self, x: Tensor) -> Distribution:
        """p(x_i | x_<i) of every dimension at once, teacher forced; batch shape as x."""

    @abstractmethod
    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        """Draw one dimension after the other: the i-th item is (n,), of dimension order[i], in
        any type that holds its values.

        u (D, n) is the uniform noise and `given` (D, n) the known values, NaN where unknown, rows
        in `order` both. `teacher_forced_draws` is the plain way; a model with a faster one
        (activations kept, keys cached) must give the same numbers.
        """

    @final
    def log_prob(self, x: Tensor) -> Tensor:
        return self.conditionals(x).log_prob(x).flatten(1).sum(1)

    @final
    def sampling(
        self, n: int, given: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Iterator[Tensor]:
        """Draw n images, a dimension at a step: the i-th step has drawn order[: i + 1].

        Known values in `given` are kept as the sampler passes them, so the result follows
        p(rest | given) exactly when the known dimensions come first in `order`; a known dimension
        further on cannot influence those drawn before it.
        """
        u, known = self._noise(n, given, generator)
        x = torch.full((n, len(u)), torch.nan, device=u.device)
        image = x.view(n, *self.event_shape)
        columns = x.unbind(1)
        with torch.inference_mode():
            draws = self.draws(u, known)
        # The context is entered anew for each step: a generator must not leave a caller who
        # pauses it in inference mode.
        for d in self.order.tolist():
            with torch.inference_mode():
                columns[d].copy_(next(draws))
            yield image

    @final
    def sample(
        self, n: int, given: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        u, known = self._noise(n, given, generator)
        x = torch.empty(n, len(u), device=u.device)
        with torch.inference_mode():  # entered once, and the image put together once
            rows = torch.cat(list(self.draws(u, known))).view(len(u), n)
            x[:, self.order] = rows.t().to(x)
        return x.view(n, *self.event_shape)

    def _noise(
        self, n: int, given: Tensor | None, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor | None]:
        """What `draws` takes: uniform noise and known values, (D, n) in `order` both."""
        if n < 1:
            raise ValueError(f"The number of samples must be at least 1, not {n}.")
        D = self.order.numel()
        u = torch.rand(D, n, generator=generator).to(self.order.device)
        if given is None:
            return u, None
        check_images(torch.nan_to_num(given, nan=0.0), self.event_shape)
        if given.shape[0] not in (1, n):
            raise ValueError(f"`given` must hold 1 or {n} images, not {given.shape[0]}.")
        return u, given.to(u).flatten(1)[:, self.order].expand(n, D).t()


class OrderAgnostic(Autoregressive):
    """One network for every order of the dimensions; `order` is the one now in use.

    Known values of `sampling` and `sample` are taken first and the others in `order`, so the
    result follows p(rest | given) whichever dimensions are known.
    """

    @abstractmethod
    def with_order(self, order: Tensor) -> OrderAgnostic:
        """This model, with shared weights, in another `order` (D,)."""

    @abstractmethod
    def nll_of_unknown(self, x: Tensor, known: Tensor) -> Tensor:
        """An unbiased estimate (B,) of -log p(x) in nats, averaged over all orders, where known
        (B, D) is the first n dimensions of a random order, n uniform in 0 .. D - 1."""

    @abstractmethod
    def marginals(self, given: Tensor) -> Tensor:
        """The mean of each dimension given the known ones, (B, *event_shape); `given` is of that
        shape too, NaN where unknown, and known values are kept."""


def teacher_forced_draws(
    model: Autoregressive, u: Tensor, given: Tensor | None
) -> Iterator[Tensor]:
    """`Autoregressive.draws` by one full pass over the image a dimension: slow and plain."""
    D, n = u.shape
    x = torch.zeros(n, D, dtype=u.dtype, device=u.device)
    for i, d in enumerate(model.order.tolist()):
        p = model.conditionals(x.view(n, *model.event_shape))
        noise = torch.zeros_like(x)
        noise[:, d] = u[i]
        x_i = draw(p, noise.view(n, *model.event_shape)).flatten(1)[:, d]
        if given is not None:
            x_i = torch.where(given[i].isnan(), x_i, given[i])
        x[:, d] = x_i
        yield x_i


class FreeParameters(ABC):
    """A model whose tensors do not tell how many numbers it is free to choose: it says so."""

    @property
    @abstractmethod
    def n_free(self) -> int:
        """How many free parameters the distribution has."""


class Counted(FreeParameters):
    """A model that is fitted by counting: it has counts, and nothing for an optimizer to move."""

    counts: Tensor
    """How often each event was seen, int64, any shape: a buffer of the module."""

    @abstractmethod
    def tally(self, x: Tensor) -> Tensor:
        """What images x (B, *event_shape) add to `counts`, of the same shape and type."""


def n_parameters(model: nn.Module) -> int:
    """The free parameters of a model: those it states, else the size of its parameters."""
    if isinstance(model, FreeParameters):
        return model.n_free
    return sum(p.numel() for p in model.parameters())


class LatentVariable(ABC):
    """p(x) = integral of p(z) p(x | z) dz, with an approximate posterior q(z | x)."""

    event_shape: tuple[int, ...]
    latent_shape: tuple[int, ...]

    @abstractmethod
    def prior(self) -> Distribution:
        """p(z), batch shape latent_shape."""

    @abstractmethod
    def encode(self, x: Tensor) -> Distribution:
        """q(z | x), batch shape (B, *latent_shape)."""

    @abstractmethod
    def decode(self, z: Tensor) -> Distribution:
        """p(x | z), batch shape (B, *event_shape); `picture_of` it is what is shown."""


class Implicit(ABC):
    """Makes images of noise, one for each z ~ p(z); the images' probability is not known."""

    event_shape: tuple[int, ...]
    latent_shape: tuple[int, ...]

    @abstractmethod
    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n draws of p(z), (n, *latent_shape)."""

    @abstractmethod
    def generate(self, z: Tensor) -> Tensor:
        """The image of each z (n, *latent_shape), (n, *event_shape)."""


class Autoencoder(Implicit):
    """Codes images, too: where the codes of all images lie together is meant to be p(z)."""

    @abstractmethod
    def encode(self, x: Tensor, eps: Tensor | None = None) -> Tensor:
        """The codes (B, *latent_shape) of images x (B, *event_shape): draws of q(z | x) for the
        standard normal noise eps of that shape, or its means. Some heed no noise."""

    @abstractmethod
    def decode(self, z: Tensor) -> Distribution:
        """p(x | z), batch shape (B, *event_shape)."""

    @final
    def generate(self, z: Tensor) -> Tensor:
        return self.decode(z).mean


class Adversarial(nn.Module, Implicit):
    """Learns in a game against a critic, whose logits are all that it is told; p(z) = N(0, I)."""

    @abstractmethod
    def critic(self, width: int) -> nn.Module:
        """A new critic for this generator's images: (B, *event_shape) in [-1, 1] to (B, 1)."""

    @final
    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        z = torch.randn(n, *self.latent_shape, generator=generator)
        return z.to(next(self.parameters()))


class Coded(Implicit):
    """Some of z are codes that can be read off an image again: z = (one of n_categories as so
    many zeros and a one, n_continuous numbers in [-1, 1], n_noise standard normal numbers)."""

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


class Classifier(ABC):
    """Says which class an image is of; its features say how alike images are."""

    event_shape: tuple[int, ...]
    n_classes: int

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """What the last layer decides by, (B, F), of images x (B, *event_shape)."""

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """Logits of the classes, (B, n_classes), of features (B, F)."""

    @final
    def logits(self, x: Tensor) -> Tensor:
        """Of the classes, (B, n_classes), of images x (B, *event_shape)."""
        return self.classify(self.features(x))


class AttributeClassifier(ABC):
    """Says which value each of several attributes of an image has; its features say how alike
    images are."""

    event_shape: tuple[int, ...]
    n_values: tuple[int, ...]
    """How many values each attribute has."""

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """What the last layer decides by, (B, F), of images x (B, *event_shape)."""

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """Logits of all values, (B, sum(n_values)), attribute after attribute, of features
        (B, F)."""

    @final
    def logits(self, x: Tensor) -> tuple[Tensor, ...]:
        """Of the values of each attribute, (B, n_values[k]), of images x (B, *event_shape)."""
        return self.classify(self.features(x)).split(self.n_values, dim=1)

    @final
    def read(self, x: Tensor) -> Tensor:
        """The likeliest value of each attribute, (B, attributes), of images x."""
        return torch.stack([logits.argmax(1) for logits in self.logits(x)], dim=1)


class Editor(ABC):
    """Gives an image other values of some of its attributes, and leaves the rest as it is."""

    event_shape: tuple[int, ...]
    columns: tuple[int, ...]
    """Which columns of the data's labels hold the attributes that it edits."""

    n_values: tuple[int, ...]
    """How many values each of them has."""

    @abstractmethod
    def edit(self, x: Tensor, values: Tensor) -> Tensor:
        """Images x (B, *event_shape) with `values` (B, len(columns)), whole numbers from 0, and
        otherwise as they are."""

    @final
    def check_values(self, values: Tensor) -> None:
        """Refuse values that no attribute has.

        Raises:
            ValueError: in a sentence.
        """
        if values.ndim != 2 or values.shape[1] != len(self.n_values):
            raise ValueError(
                f"Values must have shape (B, {len(self.n_values)}), not {tuple(values.shape)}."
            )
        for k, n in enumerate(self.n_values):
            if len(values) and not 0 <= int(values[:, k].min()) <= int(values[:, k].max()) < n:
                raise ValueError(f"Values of attribute {k} must be 0 to {n - 1}.")


class UnpairedTranslator(ABC):
    """Turns images x of one kind into images y of another, and back."""

    event_shape: tuple[int, ...]
    """Of an image x."""

    other_shape: tuple[int, ...]
    """Of an image y."""

    @abstractmethod
    def forth(self, x: Tensor) -> Tensor:
        """Images x (B, *event_shape) as images y (B, *other_shape)."""

    @abstractmethod
    def back(self, y: Tensor) -> Tensor:
        """Images y (B, *other_shape) as images x (B, *event_shape)."""


JUDGES = (Classifier, AttributeClassifier)
"""The roles that judge images and make none."""

KNOWLEDGE = {
    "tractable": (ExplicitDensity,),
    "approximate": (LatentVariable,),
    "implicit": (Implicit, Editor, UnpairedTranslator),
}
"""What is known of p(x), by role: itself; a bound on it; nothing but draws (the taxonomy of
Goodfellow, "NIPS 2016 Tutorial: Generative Adversarial Networks", arXiv:1701.00160)."""


def knowledge(model: type) -> str:
    """The key of KNOWLEDGE for a class of models.

    Raises:
        TypeError: when it has no role that makes images.
    """
    for kind, roles in KNOWLEDGE.items():
        if issubclass(model, roles):
            return kind
    raise TypeError(f"{model.__name__} has no role that makes images.")


def picture_of(p: Distribution) -> Tensor:
    """The picture that stands for p(x | z), of p's batch shape: the mean, or the median where p
    has one (a discretized logistic's mean turns gray where its scale is wide)."""
    median = getattr(p, "median", None)
    return p.mean if median is None else median


@torch.inference_mode()
def pictures(model: object, n: int, generator: torch.Generator | None = None) -> Tensor:
    """n pictures to look at, (n, *event_shape): samples, or what is made, or `picture_of`
    p(x | z), for drawn z."""
    if isinstance(model, ExplicitDensity):
        return model.sample(n, generator=generator)
    if isinstance(model, LatentVariable):
        prior = model.prior()
        device = prior.mean.device
        z = torch.randn(n, *model.latent_shape, generator=generator).to(device)
        return picture_of(model.decode(prior.mean + prior.stddev * z))
    if isinstance(model, Implicit):
        return model.generate(model.draw_z(n, generator))
    raise TypeError(f"{type(model).__name__} has no role that makes pictures.")
