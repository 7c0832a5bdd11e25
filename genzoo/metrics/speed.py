"""How long pictures take to make."""

from __future__ import annotations

import statistics
import time

from torch import get_num_threads, nn, set_num_threads

from genzoo.data.batches import seeded
from genzoo.metrics.figures import Figure
from genzoo.roles import pictures

N_THREADS = 2
ENOUGH = 2.0
"""Seconds after which no more sheets are timed; one is, at any rate, and five at most."""


def figures_of_speed(model: nn.Module) -> list[Figure]:
    """Seconds for one picture and for 64, on two threads of the processor (on whatever device the
    model is, besides): the median, the least and the most of up to five, after one to warm up."""
    before = get_num_threads()
    set_num_threads(N_THREADS)
    try:
        return [_seconds(model, n) for n in (1, 64)]
    finally:
        set_num_threads(before)


def _seconds(model: nn.Module, n: int) -> Figure:
    times: list[float] = []
    pictures(model, min(n, 4), seeded(0))
    while not times or (len(times) < 5 and sum(times) < ENOUGH):
        start = time.perf_counter()
        pictures(model, n, seeded(0)).cpu()
        times.append(time.perf_counter() - start)
    setting = f"{N_THREADS} CPU threads, median of {len(times)}, least and most"
    return Figure(f"seconds_{n}", statistics.median(times), min(times), max(times), "s", setting)
