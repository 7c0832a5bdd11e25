"""Who works for whom, in which order, and when work stops."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from demo_app import live, work
from demo_app.live import Live
from demo_app.work import Busy, FairLock, Left, Pool, Visitor, go_on

ANN, BOB, CAT = (Visitor(page=name) for name in ("ann", "bob", "cat"))


class Gate:
    """Work that lasts until it is let go."""

    def __init__(self):
        self.begun, self.open = threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.open.wait(10)
        return "done"


def blocked(pool, visitor=ANN, kind=None):
    """A pool of one thread, which works on a gate."""
    gate = Gate()
    ticket = pool.submit(visitor, gate, kind)
    assert gate.begun.wait(5)
    return gate, ticket


def test_an_answer_and_an_error_are_told():
    pool = Pool("p", 1, 5)
    assert pool.submit(ANN, lambda: 7).future.result(5) == 7
    with pytest.raises(ZeroDivisionError):
        pool.submit(ANN, lambda: 1 // 0).future.result(5)
    assert pool.submit(ANN, work.visitor).future.result(5) == ANN


def test_visitors_take_turns_however_much_one_asks_for():
    pool, order = Pool("p", 1, 20), []
    gate, _ = blocked(pool)
    tickets = [
        pool.submit(visitor, lambda name=visitor.page, k=k: order.append((name, k)))
        for visitor, n in ((ANN, 4), (BOB, 2), (CAT, 1))
        for k in range(n)
    ]
    gate.open.set()
    for ticket in tickets:
        ticket.future.result(5)
    assert order == [
        *(("ann", 0), ("bob", 0), ("cat", 0)),
        *(("ann", 1), ("bob", 1), ("ann", 2), ("ann", 3)),
    ]


def test_many_pages_of_one_address_do_not_crowd_out_another():
    pool, order = Pool("p", 1, 20), []
    gate, _ = blocked(pool)
    tickets = [
        pool.submit(visitor, lambda name=visitor.page: order.append(name))
        for visitor in (
            *(Visitor("bad", f"bad {k}") for k in range(9)),
            *(Visitor("good", "good"),) * 3,
        )
    ]
    gate.open.set()
    for ticket in tickets:
        ticket.future.result(5)
    assert order[:6] == ["bad 0", "good", "bad 1", "good", "bad 2", "good"]


def test_an_address_that_is_new_does_not_go_before_all_others():
    pool, order = Pool("p", 1, 40), []
    gate, _ = blocked(pool, Visitor("first", ""))
    names = ["old", "old", *(f"new {k}" for k in range(6))]
    tickets = [
        pool.submit(Visitor(name, ""), lambda name=name: order.append(name)) for name in names
    ]
    gate.open.set()
    for ticket in tickets:
        ticket.future.result(5)
    assert order[0] == "old"
    assert order.index("old", 1) == len(order) - 1


def test_many_pages_of_one_address_give_way_in_a_full_queue():
    pool, done = Pool("p", 1, 4), []
    gate, _ = blocked(pool, CAT)
    bad = [pool.submit(Visitor("bad", str(k)), lambda: None) for k in range(4)]
    good = pool.submit(Visitor("good", ""), lambda: done.append("good"))
    assert sum(one.future.done() for one in bad) == 1
    with pytest.raises(Busy):
        pool.submit(Visitor("bad", "5"), lambda: None)
    gate.open.set()
    good.future.result(5)
    assert done == ["good"]


def test_a_waiter_holds_no_thread():
    before = threading.active_count()
    pool = Pool("p", 1, 50)
    gate, _ = blocked(pool)
    tickets = [pool.submit(Visitor(page=str(k)), lambda: None) for k in range(40)]
    assert threading.active_count() <= before + 1
    assert pool.n_waiting() == 40
    assert pool.n_running() == 1
    gate.open.set()
    for ticket in tickets:
        ticket.future.result(5)


def test_a_full_queue_says_when_there_will_be_room():
    pool = Pool("p", 1, 3)
    gate, _ = blocked(pool)
    for visitor in (ANN, BOB, CAT):
        pool.submit(visitor, lambda: None)
    with pytest.raises(Busy) as caught:
        pool.submit(Visitor(page="dan"), lambda: None)
    # Three before, and the one that runs, each 3 s as nothing is known of them yet.
    assert 6 <= caught.value.seconds <= 15
    gate.open.set()


def test_who_would_wait_too_long_is_told_at_once():
    """Nothing is known of how long these take, which counts as 3 s each."""
    pool = Pool("p", 1, 50, n_short=1, longest=10)
    pool.submit(ANN, lambda: None, "short").future.result(5)
    time.sleep(0.05)
    gate, _ = blocked(pool, kind="short")
    waiting = [pool.submit(Visitor(page=str(k)), lambda: None, "long") for k in range(3)]
    waiting.append(pool.submit(BOB, lambda: None, "long"))
    with pytest.raises(Busy) as caught:
        pool.submit(CAT, lambda: None, "long")
    assert 12 <= caught.value.seconds < 13
    waiting.append(pool.submit(CAT, lambda: "short", "short"))
    assert pool.n_waiting() == 5
    waiting[0].leave()
    waiting[1].leave()
    pool.submit(CAT, lambda: None, "long")
    gate.open.set()
    assert waiting[-1].future.result(5) == "short"


def test_who_has_most_in_a_full_queue_gives_up_the_newest_for_a_newcomer():
    pool, done = Pool("p", 1, 4), []
    gate, _ = blocked(pool, CAT)
    mine = [pool.submit(ANN, lambda k=k: done.append(k)) for k in range(4)]
    other = pool.submit(BOB, lambda: done.append("bob"))
    with pytest.raises(Busy):
        mine[3].future.result(1)
    with pytest.raises(Busy):  # and cannot take it back
        pool.submit(ANN, lambda: None)
    gate.open.set()
    other.future.result(5)
    mine[2].future.result(5)
    assert done == [0, "bob", 1, 2]


def test_who_leaves_is_taken_out_of_the_queue():
    pool, done = Pool("p", 1, 5), []
    gate, _ = blocked(pool)
    pool.submit(BOB, lambda: done.append(1)).leave()
    last = pool.submit(CAT, lambda: done.append(2))
    assert pool.n_waiting() == 1
    gate.open.set()
    last.future.result(5)
    assert done == [2]


def test_work_stops_at_its_next_step_when_its_visitor_leaves():
    pool, steps = Pool("p", 1, 5), []
    begun = threading.Event()

    def endless():
        while True:
            steps.append(1)
            begun.set()
            go_on()
            time.sleep(0.001)

    ticket = pool.submit(ANN, endless)
    assert begun.wait(5)
    ticket.leave()
    with pytest.raises(Left):
        ticket.future.result(5)
    n = len(steps)
    assert pool.submit(BOB, lambda: 3).future.result(5) == 3
    assert len(steps) == n


def test_work_that_takes_too_long_stops():
    pool = Pool("p", 1, 5, limit=0.05)

    def endless():
        while True:
            go_on()
            time.sleep(0.001)

    with pytest.raises(Left):
        pool.submit(ANN, endless).future.result(5)


def test_the_same_is_done_once_as_long_as_anyone_waits():
    pool, done = Pool("p", 1, 9), []
    gate, _ = blocked(pool)

    def once():
        go_on()
        done.append(1)
        return "it"

    first, second, third = (pool.submit(v, once, same="s") for v in (ANN, BOB, CAT))
    assert pool.n_waiting() == 1
    first.leave()
    second.leave()
    gate.open.set()
    assert third.future.result(5) == "it"
    assert done == [1]
    assert pool.submit(ANN, once, same="s").future.result(5) == "it"  # anew: nothing is kept
    assert done == [1, 1]


def test_a_thread_for_short_jobs_is_free_while_long_ones_run():
    now = [0.0]
    pool = Pool("p", 2, 9, n_short=1, clock=lambda: now[0])

    def long():
        now[0] += 10

    pool.submit(ANN, long, "long").future.result(5)
    time.sleep(0.05)  # that is noted when it is over
    first = Gate()
    pool.submit(ANN, first, "long")
    pool.submit(BOB, Gate(), "long")
    assert first.begun.wait(5)
    assert pool.submit(CAT, lambda: "short", "short").future.result(5) == "short"
    assert pool.n_waiting() == 1
    first.open.set()


def test_the_turn_is_told_and_is_there_when_it_has_come():
    now = [0.0]
    pool = Pool("p", 1, 9, clock=lambda: now[0])

    def step():
        now[0] += 4

    pool.submit(ANN, step, "k").future.result(5)
    time.sleep(0.05)
    gate, running = blocked(pool, ANN, "k")
    assert running.seconds() == 0
    mine = [pool.submit(BOB, lambda: None, "k") for _ in range(2)]
    theirs = pool.submit(CAT, lambda: None, "k")
    assert mine[0].seconds() == pytest.approx(4 + 4, abs=4.1)
    assert mine[1].seconds() > theirs.seconds() >= mine[0].seconds()
    gate.open.set()
    theirs.future.result(5)


def test_the_lock_goes_to_who_has_waited_longest():
    lock, order, waiting = FairLock(), [], threading.Event()

    def other():
        waiting.set()
        with lock:
            order.append("other")

    with lock, lock:  # may be taken again
        thread = threading.Thread(target=other)
        thread.start()
        assert waiting.wait(5)
        time.sleep(0.1)
    with lock:
        order.append("mine")
    thread.join(5)
    assert order == ["other", "mine"]


def test_what_hangs_is_overdue_and_is_not_waited_for_anew():
    """Whoever asks for the same has it done anew, as after one that nobody waited for."""
    now = [0.0]
    pool = Pool("p", 3, 5, limit=20, clock=lambda: now[0])
    gate, begun = threading.Event(), []

    def hanging():
        begun.append(1)
        gate.wait(10)

    first = pool.submit(ANN, hanging, same="s")
    soon = time.monotonic() + 5
    while not begun and time.monotonic() < soon:
        time.sleep(0.01)
    now[0] = 9
    pool.submit(BOB, hanging, same="s")
    assert len(begun) == 1
    for seconds, is_overdue in ((20, False), (29, False), (31, True)):
        now[0] = seconds
        assert first.overdue() is is_overdue
    second = pool.submit(BOB, hanging, same="s")
    while len(begun) < 2 and time.monotonic() < soon:
        time.sleep(0.01)
    assert not second.overdue()
    second.leave()
    pool.submit(CAT, hanging, same="s")
    while len(begun) < 3 and time.monotonic() < soon:
        time.sleep(0.01)
    assert len(begun) == 3
    gate.set()


def until(is_so, seconds=5.0):
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.005)
    assert is_so()


def test_another_thread_takes_the_place_of_one_that_hangs(caplog):
    now = [0.0]
    pool = Pool("pond", 1, 5, limit=20, clock=lambda: now[0])
    gate, hung = blocked(pool, kind="deep")
    other = pool.submit(BOB, lambda: "answer")
    now[0] = 29
    assert not other.overdue()
    time.sleep(0.02)
    assert not other.future.done()
    hung.leave()
    now[0] = 31
    assert not other.overdue()  # who waits asks this, and need do nothing more
    assert other.future.result(5) == "answer"
    assert pool.submit(CAT, lambda: "next").future.result(5) == "next"
    (told,) = caplog.records
    assert "pond" in told.getMessage()
    assert "'deep' for 31 s" in told.getMessage()
    gate.open.set()


def test_a_thread_that_does_stop_at_last_does_not_come_back_to_its_place():
    def n_threads():
        return sum(one.name.startswith("lake-") for one in threading.enumerate())

    now = [0.0]
    pool = Pool("lake", 2, 5, n_short=1, limit=20, clock=lambda: now[0])
    pool.submit(ANN, lambda: None).future.result(5)
    gate, hung = blocked(pool)
    pool.submit(BOB, lambda: None).future.result(5)
    assert n_threads() == 2
    now[0] = 31
    assert hung.overdue()
    assert n_threads() == 3
    gate.open.set()
    until(lambda: n_threads() == 2)
    assert pool.n_running() == 0
    assert pool.submit(CAT, lambda: 3).future.result(5) == 3


def test_threads_that_hang_are_replaced_so_often_and_no_more(caplog):
    now = [0.0]
    pool = Pool("sea", 1, 5, limit=20, clock=lambda: now[0])
    gates = []
    for _ in range(3):
        gates.append(blocked(pool)[0])
        now[0] += 31
    last = pool.submit(BOB, lambda: 1)
    for _ in range(3):
        assert not last.overdue()
    time.sleep(0.05)
    assert not last.future.done()
    assert [one.getMessage() for one in caplog.records].count(
        "sea: too many threads hang; restart the server"
    ) == 1
    assert sum(one.name.startswith("sea-") for one in threading.enumerate()) == 3
    for gate in gates:
        gate.open.set()
    assert last.future.result(5) == 1


def test_who_waits_for_a_lock_that_hangs_leaves_when_nobody_waits_for_him(monkeypatch):
    monkeypatch.setattr(FairLock, "LOOK", 0.01)
    lock, pool = FairLock(), Pool("p", 2, 5)

    def use():
        with lock:
            return "mine"

    with lock:
        left, stays = pool.submit(ANN, use), pool.submit(BOB, use)
        time.sleep(0.05)
        assert pool.n_running() == 2
        left.leave()
        with pytest.raises(Left):
            left.future.result(5)
        assert not stays.future.done()
    assert stays.future.result(5) == "mine"
    with lock:  # and nobody has it still
        pass


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority on Linux alone")
def test_threads_for_slow_calls_give_way_and_no_others():
    def priority():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def of(pool):
        return pool.submit(ANN, priority).future.result(5)

    before, served = priority(), Live({})
    assert of(served.slow) == live.SLOW_NICE > before
    assert of(served.quick) == of(Pool("p", 1, 5)) == before == priority()
