"""What was found out once, whoever asked, and is kept as long as it is used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class LRUCache:
    """The `size` answers used last; each is found out once, whoever asks."""

    def __init__(self, size: int):
        self._size = size
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
                while len(self._answers) > self._size:
                    old, _ = self._answers.popitem(last=False)
                    self._locks.pop(old, None)
            return answer
