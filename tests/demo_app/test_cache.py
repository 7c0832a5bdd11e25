"""What is kept of answers: the ones used last, each found out once."""

from __future__ import annotations

import threading

import pytest

from demo_app.cache import LRUCache


def test_an_answer_is_found_once_and_the_ones_used_last_are_kept():
    kept, found = LRUCache(2), []

    def find(key):
        return kept.get(key, lambda: found.append(key) or key.upper())

    assert [find(key) for key in "abab"] == ["A", "B", "A", "B"]
    assert found == ["a", "b"]
    find("a")  # so b is the one that was used longest ago
    find("c")
    find("a")
    assert found == ["a", "b", "c"]
    find("b")
    assert found == ["a", "b", "c", "b"]


def test_what_was_raised_is_not_kept_and_leaves_nothing_behind():
    kept = LRUCache(2)

    def fail():
        raise ValueError("not now")

    with pytest.raises(ValueError, match="not now"):
        kept.get("a", fail)
    assert not kept._locks
    assert kept.get("a", lambda: 1) == 1


def test_two_who_ask_at_once_get_the_one_answer():
    kept, begun, go_on, found = LRUCache(2), threading.Event(), threading.Event(), []

    def find():
        begun.set()
        assert go_on.wait(10)
        found.append(1)
        return object()

    answers = []
    askers = [threading.Thread(target=lambda: answers.append(kept.get("a", find))) for _ in "ab"]
    for asker in askers:
        asker.start()
    assert begun.wait(10)
    go_on.set()
    for asker in askers:
        asker.join()
    assert found == [1]
    assert answers[0] is answers[1]


def test_what_is_kept_weighs_no_more_than_it_may_and_the_newest_is_kept_all_the_same():
    kept, found = LRUCache(10, weigh=len), []

    def find(key):
        return kept.get(key, lambda: found.append(key) or key)

    for key in ("four", "five!", "4444", "x" * 50, "x" * 50, "four"):
        find(key)
    assert found == ["four", "five!", "4444", "x" * 50, "four"]
    assert sum(kept._weights.values()) <= 10
    assert set(kept._weights) == set(kept._answers) == set(kept._locks)
