"""What the face-off asks: one digit of which some is known, and what models make of the rest.

Three ways to a completion:

- Models in raster order draw pixel after pixel. Where the known pixels come first this follows
  p(rest | known) exactly, and the probability of the true rest is the product of its conditionals.
- The orderless NADE takes any known pixels first: exact too, for the order in which it draws the
  rest, which here is raster order.
- Auto-encoders (VAE, IWAE, AAE) have a code for the whole image, and p(z | known) is not theirs to
  draw from. The draws here are approximate. A chain for each completion begins at one of 512 draws
  of p(z), resampled by p(known | z) (sampling importance resampling), goes through some rounds of
  pseudo-Gibbs (fill the unknown by p(x | z), encode, repeat: Rezende, Mohamed and Wierstra, 2014,
  appendix F) and then through rounds of Metropolis steps that have p(z, rest | known) as their
  stationary distribution: a VAE proposes by q(z | filled) (Mattei and Frellsen, "Leveraging the
  Exact Likelihood of Deep Latent Variable Models", 2018, algorithm 2); an AAE, whose encoder may
  have no density, by a random walk on p(z) p(known | z). What is shown is the mean of p(x | z) at
  the end, with the known pixels kept. Chains this short are near the target, not at it. Weights
  alone (256 codes of VAEs, four rounds of proposals) were as true to the known pixels, but in 32
  dimensions one or two of them had all the weight, so that the completions were all the same.

GANs have neither a density nor an encoder here, and are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Distribution

from demo_app.cache import LRUCache
from demo_app.errors import BadInput, Unavailable
from demo_app.services import checks
from demo_app.services.digits import D, image, missing_digits, test_digits
from demo_app.store import PIECE, Store
from genzoo import recipes, releases
from genzoo.models import AAE, VAE, OrderlessNADE
from genzoo.models.aae import log_prior
from genzoo.roles import Autoregressive, Model, OrderAgnostic

SIDE = 28
MAX_COUNT = 8
N_BANK = 512
"""Draws of p(z), decoded once, at which chains begin."""

N_GIBBS, N_CHAIN = 5, 25
"""Rounds of pseudo-Gibbs, and of Metropolis steps after them."""

STEP = 0.25
"""Deviation of the random walk of an AAE's code; its priors have a deviation of about 1."""

N_KEPT = 400
"""Of models' readings of a digit, 3 kB each."""

BY_CODE: dict[str, type[VAE] | type[AAE]] = {"vae": VAE, "aae": AAE}
"""The kinds of contestants that have a code for the whole image."""

GoOn = Callable[[], bool]
T = TypeVar("T")


@dataclass(frozen=True)
class Contestant:
    """A release that completes digits. `kind` is "raster" (exact, known pixels first in raster
    order), "any" (exact, any known pixels), "vae" or "aae" (any, approximate). The completions of
    a slow one take half a second or more."""

    name: str
    kind: str
    tab: str
    slow: bool


class _Stopped(Exception):
    """Raised where `go_on` says no, so that half a reading is not kept."""


class FaceOffService:
    """Images are 784 numbers, 0 or 1, row by row; so is what is known: 1 where a pixel is. log p
    is in nats. Refuses bad input with BadInput, a missing or damaged release with Unavailable.

    Where a function takes `go_on`, it is asked from piece to piece, and None is returned as soon
    as it says no.
    """

    source = "nade-mnist"
    """Whose test digits are shown."""

    def __init__(self, store: Store):
        self._store = store
        self._readings = LRUCache(N_KEPT)
        self._banks: dict[str, tuple[Tensor, Tensor]] = {}

    def missing(self) -> Unavailable | None:
        """Why there can be no face-off, if there can be none; reads no weights."""
        return missing_digits(self._store, self.source)

    def contestants(self) -> list[Contestant]:
        """All that can take part, the quickest first; a damaged release is left out."""
        places = {card.key: (card.pace, k) for k, card in enumerate(recipes.cards())}
        found = []
        for name in releases.names():
            recipe = recipes.get(name)
            kind, card = _kind(recipe.model), recipe.card
            if kind is None or card is None:
                continue
            try:
                info = self._store.info(name)
            except Unavailable:
                continue
            if info["hyperparameters"]["data"] == "mnist":
                one = Contestant(name, kind, card.tab, card.pace > 0)
                found.append((places[card.key], one))
        return [one for _, one in sorted(found, key=lambda placed: placed[0])]

    def digits(self) -> tuple[np.ndarray, np.ndarray]:
        """Test digits (N, 784) of 0 and 1, and their labels (N,), sorted by label."""
        return test_digits(self._store, self.source)

    def is_slow(self, model: Any) -> bool:
        """Whether what this model makes of a digit takes long: a tenth of a second or more."""
        one = self._contestant(model)
        return one.slow or one.kind in BY_CODE

    def by_row(self, model: Any, pixels: Any, go_on: GoOn = lambda: True) -> np.ndarray | None:
        """How well an exact model foresees a digit: (29,), the r-th log p(rows from r on | the r
        rows before), 0 for r = 28."""
        one = self._contestant(model)
        if one.kind not in ("raster", "any"):
            raise BadInput(f"{one.name} has no exact probability of the rest of a digit.")
        x = image(pixels)
        read = self._read(one, x, go_on)
        if read is None:
            return None
        rows = read.reshape(SIDE, SIDE).sum(1, dtype=np.float64)
        return np.append(rows[::-1].cumsum()[::-1], 0.0)

    def complete(
        self,
        model: Any,
        pixels: Any,
        known: Any,
        count: Any = 4,
        seed: Any = 0,
        go_on: GoOn = lambda: True,
    ) -> dict[str, Any] | None:
        """Keep the known pixels of a digit and draw the rest, several times.

        Args:
            model: the name of a contestant.
            pixels: 784 numbers, 0 or 1; the unknown ones matter for log_prob alone.
            known: 784 numbers, 1 where a pixel is known. A model in raster order can only be given
                the first pixels.
            count: how many completions, 1 to 8.
            seed: 0 to 2^31 - 1.

        Returns:
            images (count, 784) in [0, 1]: 0 or 1 by an exact model, means by an approximate one;
            log_prob, log p(the rest of these pixels | known), or None where it is not exact.
        """
        one = self._contestant(model)
        x = image(pixels)
        given = image(known, "The known pixels").flatten().bool()
        count = checks.integer("The number of completions", count, 1, MAX_COUNT)
        generator = checks.generator(seed)
        n_first = int(given.sum())
        is_first = bool(given[:n_first].all())
        if one.kind == "raster" and not is_first:
            raise BadInput(
                f"{one.name} draws in raster order and cannot be given pixels further on: the "
                "known pixels must come first."
            )
        if one.kind in ("vae", "aae"):
            images = self._by_code(one, x, given.view(1, SIDE, SIDE), count, generator, go_on)
            return None if images is None else {"images": images, "log_prob": None}
        read = self._read(one, x, go_on, None if is_first else given)
        if read is None:
            return None
        images = self._by_pixel(one, x, given, count, generator, go_on)
        if images is None:
            return None
        log_prob = float(read[~given.numpy()].sum(dtype=np.float64))
        return {"images": images, "log_prob": log_prob}

    def _by_pixel(
        self,
        one: Contestant,
        x: Tensor,
        given: Tensor,
        count: int,
        generator: torch.Generator,
        go_on: GoOn,
    ) -> np.ndarray | None:
        start = torch.where(given.view_as(x), x, torch.nan)

        def in_order(model: Autoregressive) -> Iterator[Tensor]:
            return model.sampling(count, given=start, generator=generator)

        def in_any(model: OrderAgnostic) -> Iterator[Tensor]:
            return in_order(model.with_order(torch.arange(D)))

        steps = (
            self._store.steps(one.name, OrderAgnostic, in_any)
            if one.kind == "any"
            else self._store.steps(one.name, Autoregressive, in_order)
        )
        images = _last(steps, go_on)
        return None if images is None else images.flatten(1).numpy().copy()

    def _read(
        self, one: Contestant, x: Tensor, go_on: GoOn, given: Tensor | None = None
    ) -> np.ndarray | None:
        """log p of each pixel given those before it in raster order, (784,); by a model in any
        order the `given` ones are before all others, and have 0."""
        known = torch.zeros(D, dtype=torch.bool) if given is None else given
        key = (one.name, np.packbits([x.numpy().ravel() == 1, known.numpy()]).tobytes())

        def find() -> np.ndarray:
            if one.kind == "any":
                parts = []
                for places in (~known).nonzero().flatten().split(PIECE):
                    if not go_on():
                        raise _Stopped
                    parts.append(self._piece(one, x, known, places))
                read = np.zeros(D, np.float32)
                read[~known.numpy()] = np.concatenate(parts) if parts else []
                return read
            with self._store.model(one.name, Autoregressive) as model, torch.inference_mode():
                return model.conditionals(x).log_prob(x).flatten().numpy()

        try:
            return self._readings.get(key, find)
        except _Stopped:
            return None

    def _piece(self, one: Contestant, x: Tensor, known: Tensor, places: Tensor) -> np.ndarray:
        """log p of the pixels at `places` (k,), each given `known` (784,) and all before it."""
        before = known | (torch.arange(D) < places.unsqueeze(1))
        flat = x.view(1, D)
        with self._store.model(one.name, OrderlessNADE) as model, torch.inference_mode():
            logits = model.logits(flat.expand(len(places), D), before)
            p = Bernoulli(logits=logits.gather(1, places.unsqueeze(1)).squeeze(1))
            return p.log_prob(flat[0, places]).numpy()

    @torch.inference_mode()
    def _by_code(
        self,
        one: Contestant,
        x: Tensor,
        known: Tensor,
        count: int,
        generator: torch.Generator,
        go_on: GoOn,
    ) -> np.ndarray | None:
        bank = self._bank(one, go_on)
        if bank is None:
            return None
        log_w = _log_known(Bernoulli(logits=bank[1].float()), x, known)
        z = bank[0][_resample(log_w, count, generator)]

        steps = (
            self._store.steps(
                one.name, VAE, lambda vae: _vae_chain(vae, x, known, z, generator), piece=6
            )
            if one.kind == "vae"
            else self._store.steps(
                one.name, AAE, lambda aae: _aae_chain(aae, x, known, z, generator), piece=6
            )
        )
        p = _last(steps, go_on)
        return None if p is None else torch.where(known, x, p.mean).flatten(1).numpy()

    def _bank(self, one: Contestant, go_on: GoOn) -> tuple[Tensor, Tensor] | None:
        """Draws of p(z) (512, K), the same for ever, and the logits of their pixels."""
        name, kind = one.name, BY_CODE[one.kind]
        if name in self._banks:
            return self._banks[name]
        with self._store.model(name, kind) as model:
            z = model.draw_z(N_BANK, torch.Generator().manual_seed(0))
        parts = []
        for few in z.split(64):
            if not go_on():
                return None
            with self._store.model(name, kind) as model:
                parts.append(model.decode(few).logits.half())  # type: ignore[attr-defined]
        self._banks[name] = z, torch.cat(parts)
        return self._banks[name]

    def _contestant(self, name: Any) -> Contestant:
        return self._there[checks.model(name, list(self._there))]

    @cached_property
    def _there(self) -> dict[str, Contestant]:
        return {one.name: one for one in self.contestants()}


def _last(steps: Iterator[T], go_on: GoOn) -> T | None:
    """The last one, or None as soon as it is not to go on."""
    last = None
    for last in steps:  # noqa: B007 - what is wanted is the last
        if not go_on():
            return None
    return last


def _kind(model: type[Model]) -> str | None:
    """Of a class of models, as in Contestant; None for one that completes nothing."""
    return next((kind for kind, of in BY_CODE.items() if model is of), model.completes)


def _log_known(p: Distribution, x: Tensor, known: Tensor) -> Tensor:
    """log p(known | z), (n,)."""
    return torch.where(known, p.log_prob(x), 0.0).flatten(1).sum(1)


def _resample(log_w: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Which of the weighted ones are kept, (n,): systematic resampling."""
    w = torch.softmax(log_w.double(), 0).cumsum(0)
    u = (torch.arange(n) + torch.rand(1, generator=generator)) / n
    return torch.searchsorted(w, u.double()).clamp(max=len(w) - 1)


def _fill(p: Distribution, x: Tensor, known: Tensor, generator: torch.Generator) -> Tensor:
    drawn = torch.rand(p.mean.shape, generator=generator) < p.mean
    return torch.where(known, x, drawn.to(x))


def _vae_chain(
    vae: VAE, x: Tensor, known: Tensor, z: Tensor, generator: torch.Generator
) -> Iterator[Distribution]:
    """p(x | z) after each round, from the codes z (n, K)."""
    prior, p = vae.prior(), vae.decode(z)

    def log_w(z: Tensor, p: Distribution, filled: Tensor, q: Distribution) -> Tensor:
        log_p = p.log_prob(filled).flatten(1).sum(1)
        return log_p + (prior.log_prob(z) - q.log_prob(z)).sum(1)

    for n in range(N_GIBBS + N_CHAIN):
        filled = _fill(p, x, known, generator)
        q = vae.encode(filled)
        new = q.mean + q.stddev * torch.randn(z.shape, generator=generator)
        p_new = vae.decode(new)
        taken = torch.ones(len(z), dtype=torch.bool)
        if n >= N_GIBBS:
            log_ratio = log_w(new, p_new, filled, q) - log_w(z, p, filled, q)
            taken = torch.rand(len(z), generator=generator).log() < log_ratio
        z, p = _take(taken, new, p_new, z, p)
        yield p


def _aae_chain(
    aae: AAE, x: Tensor, known: Tensor, z: Tensor, generator: torch.Generator
) -> Iterator[Distribution]:
    """As `_vae_chain`; after the rounds of pseudo-Gibbs, a random walk on p(z) p(known | z)."""
    p: Distribution = aae.decode(z)

    def log_w(z: Tensor, p: Distribution) -> Tensor:
        return log_prior(aae.prior, z) + _log_known(p, x, known)

    for n in range(N_GIBBS + N_CHAIN):
        noise = torch.randn(z.shape, generator=generator)
        new = z + STEP * noise
        if n < N_GIBBS:
            new = aae.encode(_fill(p, x, known, generator), noise)
        p_new = aae.decode(new)
        taken = torch.ones(len(z), dtype=torch.bool)
        if n >= N_GIBBS:
            log_ratio = log_w(new, p_new) - log_w(z, p)
            taken = torch.rand(len(z), generator=generator).log() < log_ratio
        z, p = _take(taken, new, p_new, z, p)
        yield p


def _take(
    taken: Tensor, new: Tensor, p_new: Distribution, z: Tensor, p: Distribution
) -> tuple[Tensor, Distribution]:
    """The new codes and their pictures where `taken` (n,), else the old ones."""
    logits = torch.where(
        taken.view(-1, 1, 1, 1),
        p_new.logits,  # type: ignore[attr-defined]
        p.logits,  # type: ignore[attr-defined]
    )
    return torch.where(taken.view(-1, 1), new, z), Bernoulli(logits=logits, validate_args=False)
