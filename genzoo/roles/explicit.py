"""Models whose probability of an image can be computed."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Distribution

from genzoo.metrics import Evaluation, Metric, Table
from genzoo.metrics.likelihood import DENSITIES, nll_metrics
from genzoo.roles.base import (
    FreeParameters,
    Generative,
    Offer,
    check_images,
    check_number,
    draw,
    probe_images,
)


class ExplicitDensity(Generative):
    """A model whose probability of an image can be computed."""

    role = "ExplicitDensity"
    does = "says how likely an image is"
    knowledge = "tractable"
    quick_likelihood = True

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

    @final
    def pictures(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        return self.sample(n, generator=generator)

    @final
    def drawing(self, n: int, generator: torch.Generator | None = None) -> Iterator[Tensor]:
        return self.sampling(n, generator=generator)

    @final
    def log_likelihood(self, x: Tensor, k: int) -> Tensor:
        return self.log_prob(x)

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """log p(x) of four fixed images, in nats."""
        return self.log_prob(probe_images(self.event_shape)).tolist()

    @torch.inference_mode()
    def metrics(self, on: Evaluation) -> list[Metric]:
        """The negative log-likelihood of images."""
        nll, D = -on.over_batches(self.log_prob, 250), on.x[0].numel()
        if on.preprocessing == "dequantized":  # density in units of a gray step
            return nll_metrics(nll + D * math.log(256), D, on.setting, bound=True)
        return nll_metrics(nll, D, on.setting)

    @classmethod
    def tables(cls) -> list[Table]:
        return [DENSITIES, *super().tables()]


class Autoregressive(ExplicitDensity):
    """p(x) = prod_i p(x_i | x_<i), the D = prod(event_shape) dimensions taken in `order`."""

    role = "Autoregressive"

    completes = "raster"

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

    def offers(self) -> dict[str, Offer]:
        """conditionals, x of binary pixels to the logit of each p(x_i = 1 | x_<i), of x's shape.
        A model of other pixels is not `traceable`."""

        def conditionals(x: Tensor) -> Tensor:
            p = self.conditionals(x)
            assert isinstance(p, Bernoulli)
            return p.logits

        return {"conditionals": Offer(conditionals, {"x": self.event_shape}, ("logits",))}

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
        check_number(n)
        D = self.order.numel()
        u = torch.rand(D, n, generator=generator).to(self.order.device)
        if given is None:
            return u, None
        check_images(torch.nan_to_num(given, nan=0.0), self.event_shape)
        if given.shape[0] not in (1, n):
            raise ValueError(f"`given` must hold 1 or {n} images, not {given.shape[0]}.")
        return u, given.to(u).flatten(1)[:, self.order].expand(n, D).t()


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


class Counted(ExplicitDensity, FreeParameters):
    """A model that is fitted by counting: it has counts, and nothing for an optimizer to move."""

    counts: Tensor
    """How often each event was seen, int64, any shape: a buffer of the module."""

    @abstractmethod
    def tally(self, x: Tensor) -> Tensor:
        """What images x (B, *event_shape) add to `counts`, of the same shape and type."""
