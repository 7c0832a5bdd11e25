"""One game of points in the plane, as a visitor plays it, and all that is to be seen of it."""

from __future__ import annotations

import copy
import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from demo_app.services.plane_game import PlaneGame
from demo_app.services.transport import earth_movers_distance
from genzoo.data.batches import seeded
from genzoo.data.plane import Mixture

BATCH = 128
"""Points of each side in a step."""

N_SHOWN = 400
"""Points of the generator that are shown, always of the same z."""

N_ARROWS = 120
"""The first of them, at which it is shown where the generator would have them go."""

N_VALUED = 256
"""Points of each side, always the same draws, by which V is told before and after a step."""

N_MEASURED = 1200
"""Points of the generator by which its density is estimated, and which parts it reaches."""

CELLS = 48
"""Of the square, a side, where the critic and the densities are told."""

BLUR = 0.02
"""Deviation of the Gaussian about each point in the estimate of the generator's density, and by
which the data's own is blurred beside it."""

FAIR = 0.25
"""A part is covered when it holds so much of its own share of the points."""

MAX_LATENT = 16
"""Dimensions of z in a game, at most."""

N_MOVED = 100
"""Points of each side whose earth mover's distance is computed."""

TOGETHER = 0.12
"""Of the square's side: points that are no further from one of them lie in one place. Neighboring
spots of the ring are twice as far apart."""

SPREAD = 0.035
"""Deviation of the points about a visitor's hand that plays the generator."""

LINES, PER_LINE, REACH = 13, 41, 2.25
"""The grid of z that is carried to the plane: lines in either direction, places on each, and how
far from zero they go."""


VERDICTS = (
    "start",
    "hand",
    "collapsed",
    "vanishing",
    "saturated",
    "diverging",
    "balanced",
    "unconverged",
)
"""How a game can stand; see `GameSession.measure`."""

FEW_STEPS = 100
"""Steps up to which a game has just begun."""

LOW, HIGH = 0.25, 0.9
"""A generator has collapsed when it covers at most this share of the parts, with at least that
share of its points in one place."""

SURE = 0.8
"""D has won when it gives real points at least this probability on average, and generated ones at
most what is left to 1."""

FLAT = 0.05
"""G's gradient vanishes where it is this share of the slope of D's logit, or less."""

LARGE = 10.0
"""The critic diverges when the slope of f is as large as this, where for a distance it may be 1 at
most, or when D's logits are: a probability of 0.99995."""

NEAR_EQUAL = 0.1
"""A game is balanced when V is no further than this from its value where p = q: 0 of a Wasserstein
game, -log 4 of the others."""


@dataclass(frozen=True)
class Rules:
    """What both sides play for, and how fast they learn; see `PlaneGame`."""

    loss: str = "non-saturating"
    penalty: str = "none"
    weight: float = 0.0
    lr: float = 0.002
    lr_critic: float = 0.002
    n_critic: int = 1


@dataclass(frozen=True)
class Networks:
    """How large both networks are; see `PlaneGame`."""

    n_layers: int = 2
    n_hidden: int = 64
    n_latent: int = 2


def _about(hand: Tensor, noise: Tensor) -> Tensor:
    """Points (n, 2) about a hand (2,), by standard normal noise (n, 2)."""
    return (hand + SPREAD * noise).clamp(0, 1)


@dataclass(frozen=True)
class _Look:
    """What `GameSession.look` told, where the hand was, and the critic's logits of the real
    points."""

    hand: list[float] | None
    on_real: Tensor
    told: dict[str, Any]


def _together(points: Tensor) -> float:
    """The largest share of points (n, 2) that lie within TOGETHER of one of them."""
    return float((torch.cdist(points, points) <= TOGETHER).double().mean(1).max())


def _place(hand: Tensor | None) -> list[float] | None:
    return None if hand is None else hand.tolist()


def _axis() -> Tensor:
    return (torch.arange(CELLS) + 0.5) / CELLS


def _mesh() -> Tensor:
    """z along the lines of a grid, (2 LINES PER_LINE, 2): the lines of one direction, then those
    of the other."""
    fixed, along = torch.linspace(-REACH, REACH, LINES), torch.linspace(-REACH, REACH, PER_LINE)
    lines = torch.cartesian_prod(fixed, along)
    return torch.cat([lines, lines.flip(1)])


class GameSession:
    """A game towards a target, a function of the seed and of what is asked of it in its order.

    Args:
        target: where the real points come from, until `aim`.
        rules: until `follow`.
        seed: of the first weights and of all noise.
        networks: how large they are; z has at most MAX_LATENT dimensions.
    """

    _z = torch.randn(N_MEASURED, 2, generator=seeded(20140610))
    _more_z = torch.randn(N_MEASURED, MAX_LATENT - 2, generator=seeded(20140610, 3))
    _grid = torch.cartesian_prod(_axis(), _axis()).flip(1)
    _lines = _mesh()

    def __init__(self, target: Mixture, rules: Rules, seed: int, networks: Networks | None = None):
        networks = networks or Networks()
        # Those that see z in more dimensions see the same two first.
        self._z = torch.cat([self._z, self._more_z], 1)[:, : networks.n_latent].contiguous()
        self.game = PlaneGame(
            seed,
            loss=rules.loss,
            penalty=rules.penalty,
            weight=rules.weight,
            lr=rules.lr,
            lr_critic=rules.lr_critic,
            n_latent=networks.n_latent,
            n_hidden=networks.n_hidden,
            n_layers=networks.n_layers,
        )
        self.rules = rules
        self.n_steps = {"critic": 0, "generator": 0}
        self._noise = seeded(seed, 5)
        self._critic_steps = 0  # since the generator's last
        self._seen: _Look | None = None  # the last, if nobody has moved since
        self.aim(target)

    def aim(self, target: Mixture) -> None:
        """Go on towards another target."""
        self.target = target
        self.real = target.draw(N_VALUED, seeded(20140610, 1))
        self.density = target.on_grid(CELLS, BLUR)
        self._data_distance: float | None = None  # W1 of two draws of it, when it is asked for
        self._seen = None

    def follow(self, rules: Rules) -> None:
        """Go on by other rules."""
        if rules == self.rules:
            return
        self.rules = rules
        self.game.set_loss(rules.loss, rules.penalty, rules.weight)
        self.game.set_lr("generator", rules.lr)
        self.game.set_lr("critic", rules.lr_critic)
        self._seen = None

    @property
    def n_played(self) -> int:
        """Steps of both sides together."""
        return sum(self.n_steps.values())

    def step(self, who: str, hand: Tensor | None = None) -> str:
        """One step of "critic" or "generator", or of whose turn it is, where `who` is "both":
        n_critic of the one, then one of the other. A `hand` (2,) plays the generator: the critic
        alone learns, against points about it. Returns who moved."""
        self._seen = None
        if who == "both" and hand is None:
            who = "critic" if self._critic_steps < self.rules.n_critic else "generator"
            self._critic_steps = self._critic_steps + 1 if who == "critic" else 0
        if who == "generator":
            self.game.step_generator(BATCH)
        else:
            who = "critic"
            real, fake = self.target.draw(BATCH, self._noise), None
            if hand is not None:
                fake = _about(hand, torch.randn(BATCH, 2, generator=self._noise))
            self.game.step_critic(real, fake)
        self.n_steps[who] += 1
        return who

    def play(self, who: str, n: int, hand: Tensor | None = None) -> dict[str, Any]:
        """n steps.

        Returns:
            what `look` tells after them, and moves, of the last two steps, or the only one: who
            moved, and V before and after.
        """
        for _ in range(n - 2):
            self.step(who, hand)
        values, moved = [], []
        for _ in range(min(n, 2)):
            values.append(self.value(hand))
            moved.append(self.step(who, hand))
        told = self.look(hand)
        values.append(told["value"])
        moves = [
            {"who": one, "before": before, "after": after}
            for one, (before, after) in zip(moved, itertools.pairwise(values), strict=True)
        ]
        return {**told, "moves": moves}

    @torch.inference_mode()
    def look(self, hand: Tensor | None = None) -> dict[str, Any]:
        """How the game stands, on points that stay the same.

        Returns:
            value, V, and generator, the generator's loss; gradients of "critic" and "generator",
            see `Perceptron.last_gradient`; points (N_SHOWN, 2), the generator's, or the hand's;
            field (CELLS, CELLS), the critic's logits at the centers of the cells: x_1
            grows along a row, x_2 from the first row to the last.
        """
        if self._seen is None or self._seen.hand != _place(hand):
            points = self.points(N_SHOWN, hand)
            # All at once: to call the critic takes longer than it takes to answer.
            at = torch.cat([self.real, points[:N_VALUED], self._grid])
            on_real, on_fake, field = self.game.logits(at).split([N_VALUED, N_VALUED, CELLS**2])
            value, generator = self.game.value_of(on_real, on_fake)
            told = {
                "value": value,
                "generator": generator,
                "gradients": self.game.gradients(),
                "points": points.numpy(),
                "field": field.view(CELLS, CELLS).numpy(),
            }
            self._seen = _Look(_place(hand), on_real, told)
        return self._seen.told

    @torch.inference_mode()
    def value(self, hand: Tensor | None = None) -> float:
        """V alone, as `look` tells it."""
        if self._seen is not None and self._seen.hand == _place(hand):
            return float(self._seen.told["value"])
        on_real = self.game.logits(self.real) if self._seen is None else self._seen.on_real
        on_fake = self.game.logits(self.points(N_VALUED, hand))
        return self.game.value_of(on_real, on_fake)[0]

    def points(self, n: int, hand: Tensor | None = None) -> Tensor:
        """The generator's, or the hand's, of the first n of the same z, (n, 2)."""
        if hand is None:
            return self.game.points(self._z[:n])
        return _about(hand, GameSession._z[:n])

    def pull(self, points: Tensor) -> np.ndarray:
        """Where the generator would have points (n, 2) go: the negative gradient of its loss."""
        return -self.game.generator_gradient(points).numpy()

    def mesh(self) -> np.ndarray:
        """The lines of a grid of z, as the generator lays them in the plane, (2 LINES, PER_LINE,
        2): those along z_2, then those along z_1. Where z has more dimensions the others are 0;
        where it has one, the lines along z_2 are points."""
        z = torch.zeros(len(self._lines), self.game.n_latent)
        z[:, :2] = self._lines[:, : self.game.n_latent]
        return self.game.points(z).view(2 * LINES, PER_LINE, 2).numpy()

    def measure(self, hand: Tensor | None = None) -> dict[str, Any]:
        """How far the generator has come.

        Returns:
            best (CELLS, CELLS), p / (p + q) of the densities of data and generator, both blurred,
            and half where there is next to nothing of either; best_value, V for the best critic,
            2 JS - log 4; divergence, JS, that of Jensen and Shannon, in nats; good, how many of
            the points lie within 3 deviations of the target's centers, 0 to 1; covered of n_parts
            parts of the target; together, the largest share of the points that lie within TOGETHER
            of one of them; d_real and d_fake, D's mean probability of the points of either side,
            None in a Wasserstein game;
            gain, the median over the generated points of the length of the gradient of G's loss
            as a share of that of D's logit; steepness, the mean slope of f at the points of either
            side, in a Wasserstein game, and in another the mean size of D's logits there; of a
            Wasserstein game, distance, the earth mover's distance W1 of N_MOVED points of either
            side, exactly, in units of the square's side, and distance_data, that of two draws of
            the data, else None for both; verdict, one of VERDICTS.
        """
        points = self.points(N_MEASURED, hand)
        p, q = (d / d.sum() for d in (self.density, Mixture(points, BLUR).on_grid(CELLS)))
        both = (p + q).clamp(min=1e-30)
        value = float((torch.xlogy(p, p / both) + torch.xlogy(q, q / both)).sum())
        nothing = 1e-3 / CELLS**2
        good, there = self.target.reached(points)
        told = {
            "best": ((p + nothing) / (p + q + 2 * nothing)).numpy(),
            "best_value": value,
            "divergence": max(0.0, (value + math.log(4)) / 2),
            "good": good,
            "covered": int((there >= FAIR).sum()),
            "n_parts": len(there),
            "together": _together(points[:N_SHOWN]),
            **self._of_critic(points[:N_VALUED]),
            **self._distances(points[:N_MOVED]),
        }
        return {**told, "verdict": self._verdict(told, self.value(hand), hand is not None)}

    def _of_critic(self, points: Tensor) -> dict[str, float | None]:
        """What `measure` tells of the critic, at points (N_VALUED, 2)."""
        game = self.game
        logits, slopes = game.logits_and_slopes(torch.cat([self.real, points]))
        real, fake = torch.sigmoid(logits).split(N_VALUED)
        by = game.generator_gradient(points).norm(dim=1)
        is_wasserstein = game.loss == "wasserstein"
        size = slopes if is_wasserstein else logits.abs()
        return {
            "d_real": None if is_wasserstein else real.mean().item(),
            "d_fake": None if is_wasserstein else fake.mean().item(),
            "gain": (by / slopes[N_VALUED:].clamp(min=1e-12)).median().item(),
            "steepness": size.mean().item(),
        }

    def _distances(self, points: Tensor) -> dict[str, float | None]:
        if self.game.loss != "wasserstein":
            return {"distance": None, "distance_data": None}
        if self._data_distance is None:
            other = self.target.draw(N_MOVED, seeded(20140610, 2))
            self._data_distance = earth_movers_distance(self.real[:N_MOVED], other)
        distance = earth_movers_distance(self.real[:N_MOVED], points)
        return {"distance": distance, "distance_data": self._data_distance}

    def _verdict(self, told: dict[str, Any], value: float, by_hand: bool) -> str:
        """How the game stands, by what `measure` tells and V."""
        covered, n_parts = told["covered"], told["n_parts"]
        is_wasserstein = self.game.loss == "wasserstein"
        if by_hand:
            return "hand"
        if self.n_played < FEW_STEPS:
            return "start"
        if n_parts > 1 and covered <= LOW * n_parts and told["together"] >= HIGH:
            return "collapsed"
        if not is_wasserstein and told["d_real"] >= SURE and told["d_fake"] <= 1 - SURE:
            return "vanishing" if told["gain"] <= FLAT else "saturated"
        if told["steepness"] >= LARGE:
            return "diverging"
        equal = 0.0 if is_wasserstein else -math.log(4)
        is_near = covered == n_parts and told["good"] > 0.5
        return "balanced" if is_near and abs(value - equal) <= NEAR_EQUAL else "unconverged"

    def copy(self) -> GameSession:
        """Another session that stands where this one does."""
        return copy.deepcopy(self)
