"""What was found out once, whoever asked, and is kept as long as it is used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class LRUCache:
    """The answers used last, the newest of all among them; each is found out once, whoever asks.

    Args:
        size: how many are kept, or what they may weigh together.
        weigh: an answer to its weight; by default each is one.
    """

    def __init__(self, size: int, weigh: Callable[[Any], int] = lambda answer: 1):
        self._size, self._weigh = size, weigh
        self._weights: dict[Hashable, int] = {}
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def get(self, key: Hashable, find: Callable[[], T]) -> T:
        """The answer kept under `key`, else what find() says; what it raises is not kept."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            with self._guard:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    return self._answers[key]
            try:
                answer = find()
            except Exception:
                with self._guard:
                    self._locks.pop(key, None)
                raise
            with self._guard:
                self._answers[key] = answer
                self._weights[key] = self._weigh(answer)
                while len(self._answers) > 1 and sum(self._weights.values()) > self._size:
                    old, _ = self._answers.popitem(last=False)
                    del self._weights[old]
                    self._locks.pop(old, None)
            return answer
