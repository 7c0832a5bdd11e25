"""How long pictures take to make."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, get_num_threads, set_num_threads

from genzoo.metrics.metric import Metric

N_THREADS = 2
ENOUGH = 2.0
"""Seconds after which no more sheets are timed; one is, at any rate, and five at most."""


def speed_metrics(make: Callable[[int], Tensor]) -> list[Metric]:
    """Seconds for one picture and for 64 by make(n), on two threads of the processor (on whatever
    device a model is, besides): the median, the least and the most of up to five, after one to
    warm up."""
    before = get_num_threads()
    set_num_threads(N_THREADS)
    try:
        with torch.inference_mode():
            return [_seconds(make, n) for n in (1, 64)]
    finally:
        set_num_threads(before)


def _seconds(make: Callable[[int], Tensor], n: int) -> Metric:
    times: list[float] = []
    make(min(n, 4))
    while not times or (len(times) < 5 and sum(times) < ENOUGH):
        start = time.perf_counter()
        make(n).cpu()
        times.append(time.perf_counter() - start)
    setting = f"{N_THREADS} CPU threads, median of {len(times)}, least and most"
    return Metric(f"seconds_{n}", statistics.median(times), min(times), max(times), "s", setting)
