"""Many visitors' games on one machine: who is kept, for how long, and whose turn it is.

What is played does not matter here. A turn is a few milliseconds of work; all turns together get
a share of one processor, divided evenly among those who play, so that one visitor's training
delays neither the others' nor what the other tabs ask.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from demo_app.work import Visitor

T = TypeVar("T")

SHARE = 0.5
"""Seconds of work a second, of all players together."""

STEPS_A_SECOND = 240.0
"""Of one player, however idle the machine is."""

BURST = 0.1
"""Seconds that a player may be ahead of its pace: the frames of a page are not evenly spaced."""

ACTIVE = 1.5
"""Seconds after its last question for which a player counts among those who play."""

PATIENCE = 0.05
"""Seconds that a turn waits for the one under way, before its player is told to come again."""


class Pace:
    """Turns, one at a time, each player's at its own rate.

    Args:
        clock: seconds, ever growing.
        work: seconds that the processor has worked for the thread that asks. Not those gone by: a
            machine that is busy with other things would slow the games down twice.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        work: Callable[[], float] = time.thread_time,
    ):
        self._clock, self._work = clock, work
        self._turn = threading.Lock()
        self._guard = threading.Lock()
        self._due: dict[str, float] = {}  # when each player's next turn is
        self._seen: dict[str, float] = {}  # when it last asked

    @contextmanager
    def turn(self, player: str) -> Iterator[Turn]:
        """Ask for a turn, which lasts until the block ends. `Turn.wait` is the seconds in which to
        ask again, 0 when it is this player's turn; the work done is told to `Turn.steps`."""
        turn = Turn(self._until(player))
        if turn.wait > 0:
            yield turn
            return
        if not self._turn.acquire(timeout=PATIENCE):
            turn.wait = PATIENCE
            yield turn
            return
        start = self._work()
        try:
            yield turn
        finally:
            self._turn.release()
            self._charge(player, turn.steps, self._work() - start)

    def n_active(self) -> int:
        """How many play at present, at least 1."""
        with self._guard:
            return max(1, len(self._seen))

    def forget(self, player: str) -> None:
        with self._guard:
            self._due.pop(player, None)
            self._seen.pop(player, None)

    def _until(self, player: str) -> float:
        with self._guard:
            now = self._clock()
            self._seen[player] = now
            for other in [p for p, seen in self._seen.items() if seen < now - ACTIVE]:
                del self._seen[other]
                self._due.pop(other, None)
            return max(0.0, self._due.get(player, now) - now - BURST)

    def _charge(self, player: str, steps: int, seconds: float) -> None:
        with self._guard:
            now = self._clock()
            cost = max(steps / STEPS_A_SECOND, seconds * max(1, len(self._seen)) / SHARE)
            self._due[player] = max(self._due.get(player, now), now) + cost


class Turn:
    """See `Pace.turn`."""

    def __init__(self, wait: float):
        self.wait = wait
        self.steps = 0


@dataclass
class _Kept(Generic[T]):
    visitor: Visitor
    seen: float
    item: T


class SessionRegistry(Generic[T]):
    """What is kept of each visitor, by a name that only the visitor knows.

    Nobody loses anything to another who takes more: a page that has `of_page` gives up its own
    least lately used one for the next; and where all are too many, the address that has the most,
    and of it the page that has the most.

    Args:
        size: how many are kept.
        idle: seconds after which one that is not asked for is dropped.
        dropped: told the name of each that goes.
        clock: as of `Pace`.
        of_page: how many are kept of one page.
    """

    def __init__(
        self,
        size: int,
        idle: float,
        dropped: Callable[[str], None] = lambda name: None,
        clock: Callable[[], float] = time.monotonic,
        of_page: int = 4,
    ):
        self._size, self._idle, self._of_page = size, idle, of_page
        self._dropped, self._clock = dropped, clock
        self._guard = threading.Lock()
        self._items: OrderedDict[str, _Kept[T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: T, visitor: Visitor) -> str:
        """Keep `item`; returns its name."""
        name = secrets.token_urlsafe(12)
        with self._guard:
            gone = self._sweep()
            if sum(kept.visitor == visitor for kept in self._items.values()) >= self._of_page:
                gone.append(self._drop(visitor))
            elif len(self._items) >= self._size:
                gone.append(self._drop(self._greediest(visitor)))
            self._items[name] = _Kept(visitor, self._clock(), item)
        for other in gone:
            self._dropped(other)
        return name

    def get(self, name: str) -> T | None:
        """What is kept by this name, None when it has gone."""
        with self._guard:
            gone = self._sweep()
            found = self._items.get(name)
            if found is not None:
                found.seen = self._clock()
                self._items.move_to_end(name)
        for other in gone:
            self._dropped(other)
        return None if found is None else found.item

    def _sweep(self) -> list[str]:
        """Drop what is too old; returns the names."""
        gone = []
        while self._items:
            name, kept = next(iter(self._items.items()))
            if kept.seen >= self._clock() - self._idle:
                break
            del self._items[name]
            gone.append(name)
        return gone

    def _greediest(self, newcomer: Visitor) -> Visitor:
        """Of the address that would have the most, the page that would have the most; the one
        whose latest question is the oldest where several have."""
        visitors = [kept.visitor for kept in self._items.values()]
        addresses = Counter(one.address for one in [*visitors, newcomer])
        most = max(addresses.values())
        pages = Counter(one for one in visitors if addresses[one.address] == most)
        return pages.most_common(1)[0][0] if pages else visitors[0]

    def _drop(self, visitor: Visitor) -> str:
        """Drop what the visitor has asked for least lately; returns its name."""
        name = next(name for name, kept in self._items.items() if kept.visitor == visitor)
        del self._items[name]
        return name
