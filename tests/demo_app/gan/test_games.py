"""Turns and keeping, by a clock that the test holds."""

from __future__ import annotations

import threading

import pytest

from demo_app.services import games
from demo_app.services.games import Pace, SessionRegistry
from demo_app.work import Visitor

ANN, BOB, CAT = (Visitor(page=name) for name in ("ann", "bob", "cat"))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def work():
    return Clock()


@pytest.fixture
def pace(clock, work):
    return Pace(clock, work)


def turns(pace, clock, work, players, seconds, steps=2, cost=0.004):
    """Every player asks every 10 ms; how many steps each was given."""
    done = dict.fromkeys(players, 0)
    for _ in range(round(seconds / 0.01)):
        clock.now += 0.01
        for player in players:
            with pace.turn(player) as turn:
                if turn.wait == 0:
                    work.now += cost
                    turn.steps = steps
                    done[player] += steps
    return done


def test_one_player_is_held_to_so_many_steps_a_second(pace, clock, work):
    done = turns(pace, clock, work, ["a"], 10, steps=4, cost=0.0)
    assert done["a"] == pytest.approx(10 * games.STEPS_A_SECOND, rel=0.05)


@pytest.mark.parametrize("n", [1, 5, 20])
def test_all_players_together_are_held_to_their_share_and_get_the_same(pace, clock, work, n):
    turns(pace, clock, work, [f"p{k}" for k in range(n)], 1)
    begun = work.now
    done = turns(pace, clock, work, [f"p{k}" for k in range(n)], 10, steps=1, cost=0.02)
    assert work.now - begun == pytest.approx(10 * games.SHARE, rel=0.15)
    assert max(done.values()) - min(done.values()) <= max(2, 0.1 * max(done.values()))


def test_those_who_left_leave_their_share(pace, clock, work):
    turns(pace, clock, work, ["a", "b"], 3)
    assert pace.n_active() == 2
    clock.now += games.ACTIVE
    alone = turns(pace, clock, work, ["a"], 5, steps=1, cost=0.02)["a"]
    assert pace.n_active() == 1
    assert alone * 0.02 == pytest.approx(5 * games.SHARE, rel=0.1)


def test_a_refusal_tells_when_to_come_again(pace, clock, work):
    with pace.turn("a") as turn:
        turn.steps, work.now = 1, 0.4
    with pace.turn("a") as turn:
        wait = turn.wait
    assert wait == pytest.approx(0.4 / games.SHARE - games.BURST)
    clock.now += wait + 1e-9
    with pace.turn("a") as turn:
        assert turn.wait == 0


def test_one_turn_at_a_time(pace):
    began, end = threading.Event(), threading.Event()

    def hold():
        with pace.turn("a"):
            began.set()
            end.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert began.wait(10)
    with pace.turn("b") as turn:
        assert turn.wait == games.PATIENCE
    end.set()
    thread.join()
    with pace.turn("b") as turn:
        assert turn.wait == 0


def test_a_turn_that_fails_is_over(pace):
    with pytest.raises(RuntimeError), pace.turn("a"):
        raise RuntimeError
    with pace.turn("b") as turn:
        assert turn.wait == 0


def test_the_least_lately_used_goes_first(clock):
    gone = []
    kept = SessionRegistry(2, 100, gone.append, clock)
    first, second = kept.add("one", ANN), kept.add("two", BOB)
    assert kept.get(first) == "one"
    third = kept.add("three", CAT)
    assert gone == [second]
    assert [kept.get(name) for name in (first, second, third)] == ["one", None, "three"]
    assert len(kept) == 2


def test_what_rests_too_long_goes(clock):
    gone = []
    kept = SessionRegistry(5, 100, gone.append, clock)
    first, second = kept.add("one", ANN), kept.add("two", BOB)
    clock.now = 99
    assert kept.get(first) == "one"
    clock.now = 101
    assert kept.get(second) is None
    assert kept.get(first) == "one"
    assert gone == [second]


def test_a_page_that_begins_many_ends_its_own_alone(clock):
    gone = []
    kept = SessionRegistry(64, 100, gone.append, clock, of_page=4)
    others = [kept.add(k, Visitor(page=f"other {k}")) for k in range(30)]
    mine = [kept.add(k, ANN) for k in range(64)]
    assert gone == mine[:-4]
    assert all(kept.get(name) is not None for name in others + mine[-4:])


def test_an_address_with_many_pages_ends_its_own_alone(clock):
    kept = SessionRegistry(64, 100, clock=clock, of_page=4)
    lone = kept.add("lone", Visitor("1.1.1.1", "p"))
    for k in range(400):
        kept.add(k, Visitor("6.6.6.6", f"p{k // 3}"))
    assert kept.get(lone) == "lone"
    assert len(kept) == 64
    # The other way around: who comes when all is taken has room, too.
    late = kept.add("late", Visitor("2.2.2.2", "p"))
    assert kept.get(late) == "late"
    assert kept.get(lone) == "lone"


def test_in_a_class_that_shares_an_address_the_page_with_most_gives_way(clock):
    kept = SessionRegistry(64, 100, clock=clock, of_page=4)
    pupils = [kept.add(k, Visitor("school", f"pupil {k}")) for k in range(30)]
    for k in range(200):
        kept.add(k, Visitor("school", f"bad {k % 20}"))
    assert all(kept.get(name) is not None for name in pupils)


def test_names_cannot_be_guessed():
    kept = SessionRegistry(500, 100)
    names = {kept.add(k, Visitor(page=str(k))) for k in range(400)}
    assert len(names) == 400
    assert min(map(len, names)) >= 16
