"""Work that visitors ask for: who works on it, in which order, and whether anyone still waits.

A `Pool` has a few threads and a bounded queue in which those who ask take turns: one who asks for
much waits behind himself, not before others. A waiter is an entry of the queue and holds no
thread. Whoever computes for longer calls `go_on` between its steps, which ends the work that
nobody waits for any more.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any, TypeVar

_log = logging.getLogger(__name__)


class Left(Exception):
    """Raised by `go_on` where nobody waits any more, or the work has taken too long."""


class Busy(Exception):
    """There is no room for more work; `seconds` is when there may be."""

    def __init__(self, seconds: float):
        super().__init__(f"busy for about {seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Visitor:
    """Who asks: an address, which many people may share (a class, a proxy), and one page of it."""

    address: str = "here"
    page: str = ""


_visitor: ContextVar[Visitor] = ContextVar("visitor", default=Visitor())  # noqa: B039 - frozen
_wanted: ContextVar[Callable[[], bool]] = ContextVar("wanted", default=lambda: True)


def visitor() -> Visitor:
    """For whom this thread works at present."""
    return _visitor.get()


def go_on() -> None:
    """Called between the steps of whatever takes long.

    Raises:
        Left: when nobody waits for the answer any more.
    """
    if not _wanted.get()():
        raise Left


@contextmanager
def working(visitor: Visitor, wanted: Callable[[], bool]) -> Iterator[None]:
    """What this thread does meanwhile is for this visitor, as long as `wanted` says so."""
    tokens = _visitor.set(visitor), _wanted.set(wanted)
    try:
        yield
    finally:
        _visitor.reset(tokens[0])
        _wanted.reset(tokens[1])


@dataclass(eq=False)
class _Job:
    visitor: Visitor
    function: Callable[[], Any]
    kind: Hashable
    future: Future[Any] = field(default_factory=Future)
    n_waiting: int = 1
    started: float | None = None


class Ticket:
    """One who waits for a job, alone or with others who have asked the same."""

    def __init__(self, pool: Pool, job: _Job):
        self._pool, self._job = pool, job
        self.future = job.future

    def leave(self) -> None:
        """Wait no longer. Where nobody else does, the job is taken out of the queue, or stops at
        its next step."""
        self._pool._leave(self._job)

    def seconds(self) -> float:
        """About how long it is until the turn of the job; 0 when it has begun."""
        return self._pool._until(self._job)

    def overdue(self) -> bool:
        """Whether the job has taken too long and yet does not stop: it will hardly ever end, and
        whoever waits for it should be told."""
        return self._pool._overdue(self._job)


class Pool:
    """Threads, and a queue in which addresses take turns, and of each address its pages. A thread
    whose job is overdue and does not stop loses its place to a new one.

    Args:
        name: of the threads.
        n_threads: how many there are.
        size: how many jobs may wait. When there are more, the visitor who has the most of them
            gives up the newest of these, whose future raises `Busy`.
        n_short: so many of the threads take no job of a kind that takes longer than SHORT.
        limit: seconds after which a job is no longer wanted.
        longest: seconds that a job may have to wait for its turn, as far as one can tell; one that
            would wait longer is refused, unless it is of a short kind and there are threads for
            these.
        nice: how far the threads give way to others where processors are few, 0 to 19 (Linux).
        after: called by the thread after each job.
        clock: seconds, ever growing.
    """

    SHORT = 2.0
    """Seconds."""

    GRACE = 10.0
    """Seconds from a job's limit in which it may come to a step at which it stops."""

    FIRST_GUESS = 3.0
    """Seconds of a kind of job that was never done, where it is asked how long one must wait."""

    def __init__(
        self,
        name: str,
        n_threads: int,
        size: int,
        n_short: int = 0,
        limit: float = 120.0,
        longest: float = math.inf,
        nice: int = 0,
        after: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._name, self._n_threads, self._size = name, n_threads, size
        self._n_short, self._limit, self._after, self._clock = n_short, limit, after, clock
        self._longest, self._nice = longest, nice
        self._change = threading.Condition()
        self._queues: OrderedDict[Visitor, deque[_Job]] = OrderedDict()
        # Of each address the number of its next turn, no less than that of the turn which is now
        # (start-time fair queuing).
        self._turns: dict[str, int] = {}
        self._now = 0
        self._shared: dict[Hashable, _Job] = {}
        self._seconds: dict[Hashable, float] = {}
        # Each with whether its thread takes short jobs only.
        self._running: dict[_Job, bool] = {}
        # Those of them whose place another thread has taken.
        self._replaced: set[_Job] = set()
        self._n_started = 0
        self._is_full = False

    def submit(
        self,
        visitor: Visitor,
        function: Callable[[], Any],
        kind: Hashable = None,
        same: Hashable = None,
    ) -> Ticket:
        """Have `function` called by a thread when it is this visitor's turn.

        Args:
            kind: what takes about as long as this does.
            same: equal for jobs that have the same answer, which is then found once; None where
                each is to be done.

        Raises:
            Busy: when there is no room.
        """
        with self._change:
            shared = None if same is None else self._shared.get(same)
            # One that nobody waits for is about to stop; one that may hang is not waited for anew.
            if (
                shared is not None
                and not shared.future.done()
                and shared.n_waiting > 0
                and self._age(shared) < self._limit / 2
            ):
                shared.n_waiting += 1
                return Ticket(self, shared)
            job = _Job(visitor, function, kind)
            is_short = self._n_short and self._seconds.get(kind, self.FIRST_GUESS) <= self.SHORT
            seconds = self._until_turn(visitor, len(self._queues.get(visitor, ())))
            if seconds > self._longest and not is_short:
                raise Busy(seconds)
            if self._n_queued() >= self._size:
                self._make_room(visitor)
            address = visitor.address
            if all(other.address != address for other in self._queues):
                self._turns[address] = max(self._turns.get(address, 0), self._now)
            self._queues.setdefault(visitor, deque()).append(job)
            if same is not None:
                self._shared[same] = job
                job.future.add_done_callback(lambda _: self._forget(same, job))
            if self._n_started < self._n_threads:  # they are started when they are needed
                self._start(self._n_started < self._n_short)
            self._replace()
            self._wake()
            return Ticket(self, job)

    def n_waiting(self) -> int:
        """Jobs in the queue."""
        with self._change:
            return self._n_queued()

    def n_running(self) -> int:
        """Jobs that are worked on."""
        with self._change:
            return len(self._running)

    def _n_queued(self) -> int:
        return sum(map(len, self._queues.values()))

    def _make_room(self, newcomer: Visitor) -> None:
        """Take the newest job of the page that has the most in the queue, of the address that has
        the most.

        Raises:
            Busy: when these have no more than the newcomer would have.
        """
        own = len(self._queues.get(newcomer, ()))
        seconds = self._until_turn(newcomer, own)
        each = {visitor: len(jobs) for visitor, jobs in self._queues.items()}
        n: Counter[str] = Counter()
        for visitor, length in each.items():
            n[visitor.address] += length
        most = max(n.values())
        if most > n[newcomer.address] + 1:
            each = {one: length for one, length in each.items() if n[one.address] == most}
            own = 0
        greedy = max(each, key=lambda one: each[one])
        if each[greedy] <= own + 1 and most <= n[newcomer.address] + 1:
            raise Busy(seconds)
        taken = self._queues[greedy].pop()
        if not self._queues[greedy]:
            del self._queues[greedy]
        taken.future.set_exception(Busy(seconds))

    def _forget(self, same: Hashable, job: _Job) -> None:
        with self._change:
            if self._shared.get(same) is job:
                del self._shared[same]

    def _start(self, is_short: bool) -> None:
        name = f"{self._name}-{self._n_started}"
        self._n_started += 1
        threading.Thread(target=self._work, args=(is_short,), name=name, daemon=True).start()

    def _replace(self) -> None:
        """Give the place of each thread that hangs to a new one. There are never more of these
        than twice the threads of the pool: what hangs keeps its memory."""
        for job, is_short in self._running.items():
            if job in self._replaced or not self._is_overdue(job):
                continue
            if len(self._replaced) >= 2 * self._n_threads:
                if not self._is_full:
                    _log.error("%s: too many threads hang; restart the server", self._name)
                self._is_full = True
                return
            self._replaced.add(job)
            _log.error(
                "%s: a thread has worked on %r for %.0f s and does not stop; another takes its "
                "place, as for %d others",
                *(self._name, job.kind, self._age(job), len(self._replaced) - 1),
            )
            self._start(is_short)
        self._is_full = False

    def _wake(self) -> None:
        """One thread; all where one may be woken that takes short jobs only."""
        if self._n_short:
            self._change.notify_all()
        else:
            self._change.notify()

    def _work(self, is_short: bool) -> None:
        if self._nice and sys.platform == "linux":  # elsewhere it would be of the whole process
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._nice)
        while True:
            with self._change:
                while (job := self._next(is_short)) is None:
                    self._change.wait()
                job.started = self._clock()
                self._running[job] = is_short
            # A context of its own: what a job sets is gone with it.
            copy_context().run(self._do, job)
            with self._change:
                del self._running[job]
                seconds = self._clock() - job.started
                before = self._seconds.get(job.kind, seconds)
                self._seconds[job.kind] = (before + seconds) / 2
                while len(self._seconds) > 1000:  # kinds are of few functions and models
                    self._seconds.pop(next(iter(self._seconds)))
                if self._n_short:  # which may have refused what is now known as short
                    self._wake()
                if job in self._replaced:
                    self._replaced.discard(job)
                    return
            del job
            self._after()

    def _next(self, is_short: bool) -> _Job | None:
        able = [
            visitor
            for visitor, jobs in self._queues.items()
            if not is_short or self._seconds.get(jobs[0].kind, 0.0) <= self.SHORT
        ]
        if not able:
            return None
        # Addresses take turns, and of each its pages: many pages of one do not crowd out another.
        visitor = min(able, key=lambda one: self._turns[one.address])
        self._now = self._turns[visitor.address]
        self._turns[visitor.address] += 1
        jobs = self._queues[visitor]
        job = jobs.popleft()
        if jobs:
            self._queues.move_to_end(visitor)
        else:
            del self._queues[visitor]
        if len(self._turns) > 1000:
            waiting = {one.address for one in self._queues}
            self._turns = {a: t for a, t in self._turns.items() if t > self._now or a in waiting}
        return job

    def _do(self, job: _Job) -> None:
        def wanted() -> bool:
            return job.n_waiting > 0 and self._clock() - (job.started or 0.0) < self._limit

        try:
            with working(job.visitor, wanted):
                answer = job.function()
        except BaseException as error:  # told to whoever waits
            job.future.set_exception(error)
        else:
            job.future.set_result(answer)

    def _leave(self, job: _Job) -> None:
        with self._change:
            job.n_waiting -= 1
            jobs = self._queues.get(job.visitor)
            if job.n_waiting > 0 or jobs is None or job not in jobs:
                return
            jobs.remove(job)
            if not jobs:
                del self._queues[job.visitor]
        job.future.set_exception(Left())

    def _overdue(self, job: _Job) -> bool:
        with self._change:
            self._replace()  # whoever waits, also in the queue, asks this now and then
            return self._is_overdue(job)

    def _is_overdue(self, job: _Job) -> bool:
        return self._age(job) > self._limit + self.GRACE

    def _age(self, job: _Job) -> float:
        """Seconds for which it is worked on; 0 before."""
        return 0.0 if job.started is None else self._clock() - job.started

    def _until(self, job: _Job) -> float:
        with self._change:
            jobs = self._queues.get(job.visitor, deque())
            return self._until_turn(job.visitor, jobs.index(job)) if job in jobs else 0.0

    def _until_turn(self, visitor: Visitor, n_own: int) -> float:
        """Seconds until the turn of a job before which its visitor has so many of his own."""
        ahead = [
            job
            for other, jobs in self._queues.items()
            for job in list(jobs)[: n_own + (other != visitor)]
        ]
        seconds = sum(self._seconds.get(job.kind, self.FIRST_GUESS) for job in ahead)
        for job in self._running:
            own = self._seconds.get(job.kind, self.FIRST_GUESS)
            seconds += max(0.5, own - (self._clock() - (job.started or 0.0)))
        return max(1.0, seconds / self._n_threads)


class FairLock:
    """A lock that goes to whoever has waited longest; whoever holds it may take it again.

    Python's own goes to the thread that runs, which is the one that has just let it go: with that
    others wait for all of a long work that lets go of its model between its steps.

    Raises:
        Left: by the block's beginning, when nobody waits any more for what it is to do: whoever
            holds the lock may hang.
    """

    LOOK = 1.0
    """Seconds after which one who waits for the lock asks whether anyone waits for him."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._holder, self._depth = 0, 0
        self._queue: deque[tuple[int, threading.Lock]] = deque()

    def __enter__(self) -> FairLock:
        me = threading.get_ident()
        with self._guard:
            if self._depth == 0 or self._holder == me:
                self._holder, self._depth = me, self._depth + 1
                return self
            turn = threading.Lock()
            turn.acquire()
            self._queue.append((me, turn))
        while not turn.acquire(timeout=self.LOOK):  # it is handed over
            if not _wanted.get()():
                self._give_up(me, turn)
        return self

    def _give_up(self, me: int, turn: threading.Lock) -> None:
        with self._guard:
            if (me, turn) in self._queue:
                self._queue.remove((me, turn))
                raise Left
        # It was handed over just now.

    def __exit__(self, *error: object) -> None:
        with self._guard:
            self._depth -= 1
            if self._depth == 0 and self._queue:
                (self._holder, turn), self._depth = self._queue.popleft(), 1
                turn.release()


F = TypeVar("F", bound=Callable[..., Any])


def slow(function: F) -> F:
    """Mark a live function that takes long, a tenth of a second or more."""
    return slow_where(lambda *given: True)(function)


def slow_where(is_slow: Callable[..., bool]) -> Callable[[F], F]:
    """Mark a live function that takes long where is_slow(..., data) says so, which is told the
    first arguments of the function that are given once (`tabs.calls`), and the others as a
    dict, unchecked."""

    def mark(function: F) -> F:
        function.is_slow = is_slow  # type: ignore[attr-defined]
        return function

    return mark
