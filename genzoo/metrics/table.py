"""Tables of the report: what their columns are, and the cells of a release."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Config = dict[str, Any]
"""The config of a release; see `genzoo.releases`."""

Row = tuple[float, list[str]]
"""What a row is sorted by, the largest last, and its cells after the name and the size."""


@dataclass(frozen=True)
class Table:
    """One kind of result, for the releases that have it.

    Args:
        title: of the table of one data set; {name} is the data set's name and {densities} says
            what probabilities of its images are of.
        columns: heads after the name and the size, with " | " between them.
        rows: the rows of a release, none where it was not measured.
    """

    title: str
    columns: str
    rows: Callable[[Config], Iterator[Row]]


def by_name(config: Config) -> dict[str, dict[str, Any]]:
    """The metrics of a release."""
    return {metric["name"]: metric for metric in config["figures"]}


def value(metrics: dict[str, dict[str, Any]], name: str, digits: int = 2) -> str:
    """A cell: the value, or nothing where it was not measured."""
    return f"{metrics[name]['value']:.{digits}f}" if name in metrics else ""


def interval(metric: dict[str, Any], digits: int = 2) -> str:
    """A cell: the ends of the 95 % interval."""
    return f"{metric['low']:.{digits}f} to {metric['high']:.{digits}f}"


def with_interval(metrics: dict[str, dict[str, Any]], name: str, digits: int) -> str:
    """A cell: the value and its interval, or nothing where it was not measured."""
    if name not in metrics:
        return ""
    return f"{value(metrics, name, digits)} ({interval(metrics[name], digits)})"


def over_seeds(config: Config, name: str) -> tuple[float, str]:
    """The median of a metric over seeds, and its range in words; NaN and no words where the
    release has no other seeds beside it."""
    seeds = [by_name({"figures": each})[name] for each in config.get("seeds", {}).values()]
    values = sorted(each["value"] for each in seeds)
    if not values:
        return math.nan, ""
    spread = f"{values[0]:.2f} to {values[-1]:.2f}, {len(values)} seeds"
    return statistics.median(values), spread
