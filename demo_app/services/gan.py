"""What the GAN tab asks: a game that is trained while one looks on, and digits over a training."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.errors import BadInput
from demo_app.services import Service, checks
from demo_app.services.games import Pace, SessionRegistry
from demo_app.services.plane_game import PlaneGame
from demo_app.services.session import MAX_LATENT, N_ARROWS, GameSession, Networks, Rules
from demo_app.store import Store
from demo_app.work import go_on, visitor
from genzoo.data.plane import MIXTURES, Mixture, mixture_of_cells
from genzoo.models import GAN
from genzoo.objectives.adversarial import PENALTIES
from genzoo.objectives.base import TrainingError

LOSSES = ("non-saturating", "minimax", "wasserstein")
"""Of the game, as the course has them."""

DRAWN = "drawn"
SIDE = 28
"""Cells of a drawing, a side."""

BLOCK = 4
"""Cells of a drawing, a side, that are one part of it."""

MAX_GAMES, MAX_GAMES_A_PAGE = 64, 4
"""Kept at once, of all pages and of one, a few hundred kilobytes each."""

IDLE = 600.0
"""Seconds without a question after which a game is dropped."""

MAX_STEPS = 20_000
"""Of one game, both sides together."""

MAX_STEPS_A_CALL = 6
MAX_ENDPOINT_STEPS = 2_000
MAX_LR = 0.05
MAX_WEIGHT = 100.0
MAX_N_CRITIC = 10
MAX_IMAGES = 64

LAYERS, HIDDEN, LATENT = (1, 3), (4, 128), (1, MAX_LATENT)
"""Hidden layers of either network, units of each, and dimensions of z: the least and the most."""

DEFAULTS = Rules("non-saturating", "r1", 0.024, 0.002, 0.004, 1)
"""By which the page's own game is played."""

EXHIBIT = 1200
"""Steps of that game after which a copy of it is kept, for all who come later."""

MEASURED = (
    "divergence",
    "good",
    "covered",
    "n_parts",
    "together",
    "d_real",
    "d_fake",
    "steepness",
    "distance",
    "distance_data",
    "verdict",
)
"""What an endpoint tells of what `GameSession.measure` does."""

_WHY = {
    "gone": "it was not asked for anything for a while, or others needed its place.",
    "steps": f"a game has {MAX_STEPS} steps.",
    "diverged": "its numbers grew beyond all bounds; smaller learning rates help.",
}


@dataclass
class _Game:
    """One visitor's."""

    session: GameSession
    is_exhibit: bool
    """Whether it is the page's own game, and nothing but turns of both sides was asked of it."""

    history: list[dict[str, Any]] = field(default_factory=list)
    """Of the exhibit: what was told of it at each step of the way, but for arrays."""

    beside: GameSession | None = None
    """A second game on the same seed, which is asked the same, but for its penalty."""

    penalty: tuple[str, float] = ("none", 0.0)
    """Of the second game, and its weight."""

    lock: threading.Lock = field(default_factory=threading.Lock)


class GANService(Service):
    """Points are in the unit square; an image is 784 numbers in [0, 1], row by row."""

    needs: ClassVar = {"gan-mnist": frozenset()}
    targets = (*MIXTURES, DRAWN)
    losses = LOSSES
    penalties = PENALTIES
    defaults = DEFAULTS
    exhibit = EXHIBIT
    sizes: ClassVar = {
        "n_layers": (1, 2, 3),
        "n_hidden": (4, 16, 64, 128),
        "n_latent": (1, 2, 8, 16),
    }
    """Of the networks, those that the page offers."""

    n_plane = PlaneGame().n_parameters
    """Parameters of both sides of the game."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic):
        super().__init__(store)
        self._pace = Pace(clock)
        self._games = SessionRegistry[_Game](
            MAX_GAMES, IDLE, self._pace.forget, clock, MAX_GAMES_A_PAGE
        )
        self._shown: _Game | None = None

    def _assets(self, model: str | None = None) -> dict[str, np.ndarray]:
        """What the release keeps of its training, in place of a file."""
        return {str(seen): x for seen, x in self._snapshots.items()}

    # The game

    def begin(
        self,
        target: Any = "ring",
        ink: Any = None,
        seed: Any = 0,
        rules: Any = None,
        exhibit: Any = False,
        networks: Any = None,
        beside: Any = None,
    ) -> dict[str, Any]:
        """A new game.

        Args:
            target: one of `targets`; "drawn" is what `ink` shows.
            ink: 784 numbers, each 0 or 1, row by row from the top.
            seed: of the first weights and of all noise.
            rules: a dict of those of `Rules` that differ from `defaults`.
            exhibit: begin where the page's own game stands after its first `exhibit` steps, if
                this is that game and someone has played it so far.
            networks: a dict of those of `Networks` that differ from its own.
            beside: (penalty, weight) of a second game beside it, of the same networks, seed, data
                and steps; None for none.

        Returns:
            game, its name in `play`; n_steps of each side that are done, and history, what `play`
            told of them but for arrays; real (N, 2), points of the target, and density (CELLS,
            CELLS), its own.
        """
        mixture = self._mixture(target, ink)
        seed = checks.seed(seed)
        by, of = self._rules(rules), self._networks(networks)
        penalty = None if beside is None else self._penalty(beside)
        is_exhibit = (target, seed, by, of) == ("ring", 0, DEFAULTS, Networks()) and not penalty
        shown = self._shown if exhibit and is_exhibit else None
        session = shown.session.copy() if shown else GameSession(mixture, by, seed, of)
        game = _Game(session, is_exhibit, list(shown.history) if shown else [])
        if penalty:
            game.beside = GameSession(mixture, _with(by, penalty), seed, of)
            game.penalty = penalty
        name, history = self._games.add(game, visitor()), game.history
        return {
            "game": name,
            "n_steps": dict(session.n_steps),
            "history": history,
            **_board(session),
        }

    def play(
        self,
        game: Any,
        who: Any = "both",
        n: Any = 0,
        rules: Any = None,
        hand: Any = None,
        aim: Any = None,
        show: Any = (),
    ) -> dict[str, Any]:
        """A few steps of a game, and how it looks then.

        Args:
            game: its name.
            who: "critic", "generator", or "both" in turns.
            n: steps, 0 to 6.
            rules: as of `begin`, of these steps and all later ones; None for those before.
            hand: (x_1, x_2), where the visitor's own hand holds the points that the critic learns
                to tell from the real ones, in place of the generator.
            aim: (target, ink) from now on, as of `begin`; None for that before.
            show: what else to tell, any of "measure", "pull" and "mesh".

        Returns:
            ended: None, or why there is no such game any more, "gone", "steps" or "diverged", and
            then nothing else. wait: seconds in which to ask again; when it is not 0 nothing was
            done, and only n_active, how many play now, is told as well. n_steps of each side since
            the beginning; value, generator, points, field and moves, see `GameSession.play`; real
            and density, when there is a new aim; what `GameSession.measure` tells, pull
            (N_ARROWS, 2) and mesh. beside: of the second game, if there is one, the same of
            `GameSession.play` and, if it is asked for, `measure`; None once it has diverged.
        """
        who = checks.choice("Who moves", who, ("both", "critic", "generator"))
        n = checks.integer("The number of steps", n, 0, MAX_STEPS_A_CALL)
        by = None if rules is None else self._rules(rules)
        at = None if hand is None else torch.from_numpy(checks.numbers("The hand", hand, 2, 0, 1))
        new = None if aim is None else self._mixture(*_sequence("The aim", aim, 2))
        for one in _sequence("What to show", show):
            checks.choice("What to show", one, ("measure", "pull", "mesh"))
        found = self._games.get(game) if isinstance(game, str) else None
        if found is None:
            return {"ended": "gone"}
        # One page asks one thing after the other; the lock is for those that do not.
        with found.lock, self._pace.turn(game) as turn:
            n_active = self._pace.n_active()
            if turn.wait > 0:
                return {"ended": None, "wait": turn.wait, "n_active": n_active}
            session = found.session
            found.is_exhibit &= by in (None, DEFAULTS) and new is None
            found.is_exhibit &= n == 0 or (who == "both" and at is None)
            if by is not None:
                session.follow(by)
                if found.beside:
                    found.beside.follow(_with(by, found.penalty))
            if new is not None:
                session.aim(new)
                if found.beside:
                    found.beside.aim(new)
            if session.n_played + n > MAX_STEPS:
                return {"ended": "steps"}
            try:
                played = session.play(who, n, at)
                if "pull" in show:
                    played["pull"] = session.pull(session.points(N_ARROWS, at))
            except TrainingError:
                return {"ended": "diverged"}
            turn.steps = 2 * n if found.beside else n
            answer: dict[str, Any] = {
                "ended": None,
                "wait": 0.0,
                "n_active": n_active,
                "n_steps": dict(session.n_steps),
                **played,
            }
            if new is not None:
                answer |= _board(session)
            if "measure" in show:
                answer |= session.measure(at)
            if "mesh" in show:
                answer["mesh"] = session.mesh()
            if found.beside:
                answer["beside"] = _played(found, who, n, at, "measure" in show)
            if found.is_exhibit and n:
                self._remember(found, answer)
            return answer

    def _remember(self, game: _Game, answer: dict[str, Any]) -> None:
        """Note an answer of the page's own game, which is kept when it has come far enough."""
        if self._shown is not None or game.session.n_played > EXHIBIT:
            return
        plain = {k: v for k, v in answer.items() if not isinstance(v, np.ndarray)}
        game.history.append(plain)
        if game.session.n_played == EXHIBIT:
            self._shown = _Game(game.session.copy(), True, list(game.history))

    def game(
        self,
        target: Any = "ring",
        ink: Any = None,
        seed: Any = 0,
        rules: Any = None,
        n: Any = 600,
        networks: Any = None,
    ) -> dict[str, Any]:
        """A whole game of n steps, both sides in turns, as one visitor among the others: it waits
        for its turns; `networks` as of `begin`.

        Returns:
            n_steps, value, generator, points and field as of `play`, values (K, 2), steps done
            and V on the way, and MEASURED.
        """
        n = checks.integer("The number of steps", n, 0, MAX_ENDPOINT_STEPS)
        name = self.begin(target, ink, seed, rules, networks=networks)["game"]
        values: list[tuple[int, float]] = []
        done = 0
        while True:
            few = min(n - done, MAX_STEPS_A_CALL)
            last = done + few == n
            answer = self.play(name, n=few, show=("measure",) if last else ())
            if answer["ended"]:
                raise BadInput(f"The game ended after {done} steps: {_WHY[answer['ended']]}")
            go_on()
            if answer["wait"] > 0:
                time.sleep(answer["wait"])
                continue
            done += few
            values.append((done, answer["value"]))
            if last:
                break
        kept = ("n_steps", "value", "generator", "points", "field")
        told = {key: answer[key] for key in (*kept, *MEASURED)}
        return {**told, "values": np.array(values)}

    # Digits over a training

    def about(self, model: str | None = None) -> dict[str, Any]:
        """As every release; images_seen (S,) at each of the moments of its training that it
        keeps."""
        return {**super().about(model), "images_seen": list(self._snapshots)}

    def training(self) -> np.ndarray:
        """Pictures of the same 36 z at every moment, (S, 36, 784), 0 to 255."""
        pictures = np.stack(list(self._snapshots.values()))
        return pictures.reshape(*pictures.shape[:2], SIDE * SIDE)

    def samples(self, n: Any = 36, seed: Any = 0) -> dict[str, np.ndarray]:
        """n pictures by the release, 1 to 64, a function of the seed: z (n, K), and images
        (n, 784) in [0, 1]."""
        n = checks.integer("The number of images", n, 1, MAX_IMAGES)
        generator = checks.generator(seed)
        with self._store.model(self.release, GAN) as gan, torch.inference_mode():
            z = gan.draw_z(n, generator)
            return {"z": z.numpy(), "images": gan.generate(z).flatten(1).numpy()}

    def _mixture(self, target: Any, ink: Any) -> Mixture:
        target = checks.choice("The target", target, self.targets)
        if target != DRAWN:
            return MIXTURES[target]()
        x = checks.bits("The drawing", ink, SIDE * SIDE)
        if not x.any():
            raise BadInput.said("nothing_drawn")
        return mixture_of_cells(torch.from_numpy(x).view(SIDE, SIDE), BLOCK)

    @staticmethod
    def _rules(given: Any) -> Rules:
        if given is None:
            return DEFAULTS
        known = vars(DEFAULTS)
        if not isinstance(given, dict) or not given.keys() <= known.keys():
            raise BadInput(f"The rules must be named values of: {', '.join(known)}.")
        rules = {**known, **given}
        return Rules(
            checks.choice("The loss", rules["loss"], LOSSES),
            checks.choice("The penalty", rules["penalty"], PENALTIES),
            checks.number("The penalty's weight", rules["weight"], 0, MAX_WEIGHT),
            checks.number("The generator's learning rate", rules["lr"], 0, MAX_LR),
            checks.number("The critic's learning rate", rules["lr_critic"], 0, MAX_LR),
            checks.integer("The critic's steps a round", rules["n_critic"], 1, MAX_N_CRITIC),
        )

    @staticmethod
    def _networks(given: Any) -> Networks:
        known = vars(Networks())
        if given is None:
            return Networks()
        if not isinstance(given, dict) or not given.keys() <= known.keys():
            raise BadInput(f"The networks must be named values of: {', '.join(known)}.")
        sizes = {**known, **given}
        return Networks(
            checks.integer("The number of hidden layers", sizes["n_layers"], *LAYERS),
            checks.integer("The number of units", sizes["n_hidden"], *HIDDEN),
            checks.integer("The dimension of z", sizes["n_latent"], *LATENT),
        )

    @staticmethod
    def _penalty(given: Any) -> tuple[str, float]:
        penalty, weight = _sequence("The game beside it", given, 2)
        return (
            checks.choice("The penalty", penalty, PENALTIES),
            checks.number("The penalty's weight", weight, 0, MAX_WEIGHT),
        )

    @cached_property
    def _snapshots(self) -> dict[int, np.ndarray]:
        return self._store.snapshots(self.release)


def _with(rules: Rules, penalty: tuple[str, float]) -> Rules:
    """The same rules, but for the penalty and its weight."""
    return replace(rules, penalty=penalty[0], weight=penalty[1])


def _played(
    game: _Game, who: str, n: int, hand: Tensor | None, measured: bool
) -> dict[str, Any] | None:
    """The same n steps of the game beside it, and how it looks then; None, and it is over, when
    it has diverged: the first game goes on."""
    assert game.beside is not None
    try:
        told = game.beside.play(who, n, hand)
    except TrainingError:
        game.beside = None
        return None
    return told | (game.beside.measure(hand) if measured else {})


def _board(session: GameSession) -> dict[str, np.ndarray]:
    """What the target is."""
    return {"real": session.real.numpy(), "density": session.density.numpy()}


def _sequence(name: str, value: Any, n: int | None = None) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or n not in (None, len(value)):
        raise BadInput(f"{name} must be a list{'' if n is None else f' of {n}'}.")
    return value
