"""Memory that the process has had for large work, and gives back when that is done.

glibc keeps what is freed, and for each thread that allocates an arena of its own: after a busy
hour the process was twice as large as what it held.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
"""Of mallopt(3)."""

SOME_SECONDS = 2.0
"""At least so long from one time that memory is given back to the next: it takes milliseconds."""

_last = 0.0


def settle() -> None:
    """Two arenas for all threads, which keep what a hot path frees and takes again: the system
    takes a third of the time of a small network to map fresh pages for its activations."""
    if libc := _libc():
        for option, value in (
            (_ARENA_MAX, 2),
            (_MMAP_THRESHOLD, 32 << 20),  # the most that glibc takes
            (_TRIM_THRESHOLD, 64 << 20),
        ):
            libc.mallopt(option, value)


def give_back(clock: Callable[[], float] = time.monotonic) -> None:
    """Give back what is freed, if it was not done just now."""
    global _last
    if clock() - _last < SOME_SECONDS:
        return
    _last = clock()
    if libc := _libc():
        libc.malloc_trim(0)


def _libc() -> ctypes.CDLL | None:
    """glibc, where there is one."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
