"""Tables of the report: what their columns are, and the cells of a release.

A cell of a measured number keeps the metrics that it shows. By these the report sees to it that a
column holds figures of one setting, tells of how many seeds each is, and puts targets beside them.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genzoo.metrics.metric import called

Config = dict[str, Any]
"""The config of a release; see `genzoo.releases`."""

SEEDLESS = re.compile("_reference$|^seconds_")
"""Metrics that say nothing of one training: references, and the time that pictures take."""

BINARIZATION = r"(?<=images), \w+ binarization"
"""The part of a setting that says how pictures and the images beside them were binarized."""

KIND = r"(?<=\d )(samples|(means|medians) of the decoder)\b"
"""The part of a setting that says what pictures are: samples of p(x), or for sampled z the means
or medians of p(x | z), which look otherwise."""

WHICH = r"^(class|\w+ value) \d+, "
"""The part of a setting that says which class or value of an attribute has been found to be the
one that is generated least often, or most."""

LESS_IS_BETTER = (
    "fid",
    "nll",
    "nll_bound",
    "unsupervised_error",
    "error",
    "reconstruction",
    "kid",
)
"""Metrics by which the trainings of a recipe are ranked, the first one of those in a row."""


class Cell(str):
    """The text of a cell that keeps the metrics that it shows."""

    shown: tuple[Mapping[str, Any], ...]

    def __new__(cls, text: str, *shown: Mapping[str, Any]) -> Cell:
        cell = super().__new__(cls, text)
        cell.shown = shown
        return cell


Row = tuple[float, list[str]]
"""What a row is sorted by, the largest last, and its cells after the name and the size."""


@dataclass(frozen=True)
class Table:
    """One kind of result, for the releases that have it.

    Args:
        title: of the table of one data set; {name} is the data set's name and {densities} says
            what probabilities of its images are of.
        columns: heads after the name and the size, with " | " between them. A column that stays
            empty is left out; those of the seeds and of the targets are added.
        rows: the rows of a release, none where it was not measured.
        split: heads of the columns that become several where settings differ, one for each
            setting. In every other column, figures of another setting than most have a footnote.
        may_differ: parts of the settings, as regular expressions, that may differ within a
            column, and the head of the column in which a row says what it has; "" for what is
            said by the column's own head.
    """

    title: str
    columns: str
    rows: Callable[[Config], Iterator[Row]]
    split: tuple[str, ...] = ()
    may_differ: Mapping[str, str] = field(default_factory=dict, hash=False)


class Metrics(dict[str, dict[str, Any]]):
    """The metrics of a release by name, and those of its recipe's other trainings.

    Attributes:
        seed: of the release.
        seeds: the metrics by seed, the release's own among them; empty where there is one
            training. A metric of another setting than the release's own is left out.
    """

    def __init__(
        self,
        metrics: Mapping[str, dict[str, Any]] | None = None,
        seed: str = "0",
        seeds: Mapping[str, dict[str, dict[str, Any]]] | None = None,
    ):
        super().__init__(metrics or {})
        self.seed, self.seeds = seed, dict(seeds or {})

    def over_seeds(self, name: str) -> list[float]:
        """The values of a metric in order of size, one for each training that it was measured
        of: the release's own at least."""
        found = sorted(each[name]["value"] for each in self.seeds.values() if name in each)
        return found or [self[name]["value"]]

    def median(self, name: str) -> float:
        return statistics.median(self.over_seeds(name))


def by_name(config: Config, setting: str = "") -> Metrics:
    """The metrics of a release whose setting ends with `setting`."""
    own = {m["name"]: m for m in config["figures"] if m["setting"].endswith(setting)}
    seeds = {
        seed: {m["name"]: m for m in figures if m["name"] in own and _alike(m, own[m["name"]])}
        for seed, figures in config.get("seeds", {}).items()
    }
    return Metrics(own, str(config["hyperparameters"].get("seed", 0)), seeds)


def value(metrics: Metrics, name: str, digits: int = 2, sign: str = "") -> Cell:
    """The value after a sign, or nothing where it was not measured. Where there are other seeds it
    is the median and the range over them, or says of which seed it is."""
    if name not in metrics:
        return Cell("")
    metric = metrics[name]
    text = f"{sign}{metric['value']:.{digits}f}"
    if metrics.seeds and not SEEDLESS.search(name):
        values = metrics.over_seeds(name)
        text = f"{sign}{metrics.median(name):.{digits}f} ({_range(metrics, values, digits)})"
        if len(values) < 2:
            text = f"{sign}{metric['value']:.{digits}f} (seed {metrics.seed})"
    return Cell(text, metric)


def interval(metrics: Metrics, name: str, digits: int = 2) -> Cell:
    """The ends of the 95 % interval, with the seed that it is of where there are others."""
    if name not in metrics:
        return Cell("")
    ends = _ends(metrics[name], digits)
    of = f" (seed {metrics.seed})" if metrics.seeds else ""
    return Cell(f"{ends}{of}", metrics[name])


def with_interval(metrics: Metrics, name: str, digits: int, sign: str = "") -> Cell:
    """The value and its 95 % interval, or nothing where it was not measured; where there are other
    seeds, the median and the range over them."""
    if name not in metrics:
        return Cell("")
    metric = metrics[name]
    text = f"{sign}{metric['value']:.{digits}f} ({_ends(metric, digits)}"
    if metrics.seeds:
        values = metrics.over_seeds(name)
        n = len(values)
        over = f"{_range(metrics, values, digits)} over {n} seeds"
        text = f"{sign}{metrics.median(name):.{digits}f} ({over}"
        if n < 2:
            text = f"{sign}{metric['value']:.{digits}f} ({_ends(metric, digits)}, "
            text += f"seed {metrics.seed}"
    return Cell(f"{text})", metric)


def least(metrics: Metrics, prefix: str, digits: int = 2) -> Cell:
    """The least of the metrics whose names begin so, and in words the rest of its name; nothing
    where there are none."""
    names = [name for name in metrics if name.startswith(prefix)]
    if not names:
        return Cell("")
    name = min(names, key=metrics.median)
    return told(value(metrics, name, digits), f" ({name.removeprefix(prefix).replace('_', ' ')})")


def joined(between: str, *cells: Cell) -> Cell:
    """Cells as one; nothing where the first is empty."""
    text = between.join(cells) if cells[0] else ""
    return Cell(text, *(metric for cell in cells for metric in cell.shown))


def told(cell: Cell, more: str) -> Cell:
    """A cell with more words after it."""
    return Cell(cell + more, *cell.shown)


def setting(metrics: Metrics, name: str) -> str:
    """The setting of a metric."""
    return str(metrics[name]["setting"])


def seeds(config: Config, names: Sequence[str]) -> str:
    """How many seeds the metrics `names` of a release are of, and where the released one is among
    them by the first of these that trainings are ranked by. Where each was measured of one alone,
    the others do not count: nothing that is shown tells of them."""
    metrics = by_name(config)
    if not any(sum(name in each for each in metrics.seeds.values()) > 1 for name in names):
        return f"1 (seed {metrics.seed})"
    n = len(metrics.seeds)
    text = f"{n}; released: seed {metrics.seed}"
    own = metrics.seeds.get(metrics.seed, {})
    for name in LESS_IS_BETTER:
        if name in names and name in own and len(values := metrics.over_seeds(name)) == n:
            return f"{text}, {_place(own[name]['value'], values)} by {called(name)}"
    return text


def _alike(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two metrics are of one setting, whichever class or value of an attribute is the one
    that is generated least often, or most."""
    return re.sub(WHICH, "", a["setting"]) == re.sub(WHICH, "", b["setting"])


def _place(value: float, values: list[float]) -> str:
    n, rank = len(values), values.index(value)
    if n % 2 and rank == n // 2:
        return f"the median of {n}"
    return {0: "best", n - 1: "worst"}.get(rank, f"number {rank + 1}") + f" of {n}"


def _ends(metric: Mapping[str, Any], digits: int) -> str:
    return f"{metric['low']:.{digits}f} to {metric['high']:.{digits}f}"


def _range(metrics: Metrics, values: list[float], digits: int) -> str:
    """The least and the largest, and of how many where these are not all."""
    ends = f"{values[0]:.{digits}f} to {values[-1]:.{digits}f}"
    return ends if len(values) == len(metrics.seeds) else f"{ends}, {len(values)} seeds"
