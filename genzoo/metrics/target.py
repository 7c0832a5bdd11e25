"""What a recipe is to reach, as data, and whether its release does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from genzoo.metrics.metric import called
from genzoo.metrics.table import Config, Metrics, by_name


@dataclass(frozen=True)
class Target:
    """A bound for a metric of a release: `value`, or more where it is relative.

    Args:
        metric: name of the metric, as a release's config has it.
        comparison: whether it is to be at most or at least the bound.
        value: in the metric's unit; it is added to what the bound is relative to.
        times_reference: so many times the metric of training images scored the same way, the
            release's own metric named "train_reference", is a part of the bound.
        than: the recipe whose release's same metric is a part of the bound; both must be measured
            in the same setting.
        each: the metrics are several, those with these words after their name and a "_", and the
            worst of them counts.
        seeds: whether the "median" over seeds counts or the "worst" of them.
        n_seeds: of how many seeds the release must have figures before the target can be met.
        setting: words that the metric's setting must hold.
        unit: of the value, where it is to be said.
        called: what the metric is called in words, where its name would not do.
    """

    metric: str
    comparison: Literal["<=", ">="]
    value: float = 0.0
    times_reference: float = 0.0
    than: str = ""
    each: tuple[str, ...] = ()
    seeds: Literal["median", "worst"] = "median"
    n_seeds: int = 1
    setting: str = ""
    unit: str = ""
    called: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that it is about."""
        return tuple(f"{self.metric}_{end}" for end in self.each) or (self.metric,)

    def of(self, metric: Mapping[str, Any]) -> Target | None:
        """The target for this metric alone, one of `names` in its setting; None for any other."""
        if metric["name"] not in self.names or self.setting not in metric["setting"]:
            return None
        called = "" if self.each else self.called
        return replace(self, metric=metric["name"], each=(), called=called)


@dataclass(frozen=True)
class Verdict:
    """Whether a release meets a target.

    Args:
        target: what was to be reached.
        bound: what the metric is compared with; None where that was not measured.
        measured: the metric's value, over seeds where there are several; None where it was not
            measured.
        metric: its name, of several that of the worst.
        n_seeds: how many seeds it is of.
        met: None where it cannot be said: something was not measured, or not in the same setting,
            or of too few seeds to be met.
    """

    target: Target
    bound: float | None
    measured: float | None
    metric: str
    n_seeds: int
    met: bool | None

    @property
    def state(self) -> str:
        """In a word or two."""
        unsaid = "not measured" if self.measured is None else "open"
        return {True: "met", False: "missed", None: unsaid}[self.met]

    def __str__(self) -> str:
        """Such as "NLL <= 78.5: missed (79.39)"."""
        return f"{self.wanted}: {self.state}{self._found()}"

    @property
    def limit(self) -> str:
        """The number that the metric is compared with, as one writes it."""
        if self.bound is None or not (self.target.times_reference or self.target.than):
            return f"{self.target.value:g}"
        return self._number(self.bound)

    @property
    def wanted(self) -> str:
        """The target in words, with what its bound comes to."""
        target, bound = self.target, ""
        relative = []
        if target.times_reference:
            relative.append(f"{target.times_reference:g} x reference")
        if target.than:
            relative.append(f"that of {target.than}")
        if relative:
            offset = [f"{target.value:g}"] if target.value else []
            bound = " + ".join([*relative, *offset])
            if self.bound is not None:
                bound += f" ({self.limit})"
        else:
            bound = f"{target.value:g} {target.unit}".rstrip()
        text = f"{target.called or called(target.metric)} {target.comparison} {bound}"
        if target.seeds == "worst":
            return f"{text} by every seed"
        return f"{text}, median of {target.n_seeds} seeds" if target.n_seeds > 1 else text

    def _found(self) -> str:
        if self.measured is None:
            return ""
        found = [self._number(self.measured)]
        if self.target.each:
            found.append(self.metric.removeprefix(f"{self.target.metric}_").replace("_", " "))
        if self.n_seeds == 1 < self.target.n_seeds:
            found.append("1 seed")
        elif self.n_seeds != self.target.n_seeds:
            found.append(f"{self.target.seeds} of {self.n_seeds} seeds")
        return f" ({', '.join(found)})"

    def _number(self, value: float) -> str:
        """With so many digits that what is not equal to the bound does not look so."""
        other = self.bound if value == self.measured else self.measured
        digits = 2 if abs(value) >= 1 else 3
        while (
            other not in (None, value)
            and digits < 9
            and f"{other:.{digits}f}" == (f"{value:.{digits}f}")
        ):
            digits += 1
        return f"{value:.{digits}f}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: the target, and what was found."""
        said = {key: given for key, given in asdict(self.target).items() if given}
        found = {"bound": self.bound, "measured": self.measured, "n_seeds": self.n_seeds}
        return {"target": said, **found, "met": self.met, "words": str(self)}


def judged(target: Target, config: Config, release: Callable[[str], Config | None]) -> Verdict:
    """Whether the release of a config meets a target, by the point estimate.

    Args:
        release: the config of another release, by its recipe's name; None where there is none.
    """
    metrics = _within(config, target.setting)
    names = [name for name in target.names if name in metrics]
    if len(names) < len(target.names):
        bounds = {_bound(target, metrics, name, release) for name in target.names}
        bound = bounds.pop() if len(bounds) == 1 else None
        return Verdict(target, bound, None, target.metric, 0, None)
    verdicts = [_judged(target, metrics, name, release) for name in names]
    order = {False: 0, None: 1, True: 2}
    sign = 1 if target.comparison == ">=" else -1
    return min(verdicts, key=lambda v: (order[v.met], sign * (v.measured or 0.0)))


def _judged(
    target: Target, metrics: Metrics, name: str, release: Callable[[str], Config | None]
) -> Verdict:
    values = metrics.over_seeds(name)
    worst = values[0] if target.comparison == ">=" else values[-1]
    measured = worst if target.seeds == "worst" else metrics.median(name)
    bound = _bound(target, metrics, name, release)
    met: bool | None = None
    if bound is not None:
        met = measured <= bound if target.comparison == "<=" else measured >= bound
    if met and len(values) < target.n_seeds:
        met = None
    return Verdict(target, bound, measured, name, len(values), met)


def _bound(
    target: Target, metrics: Metrics, name: str, release: Callable[[str], Config | None]
) -> float | None:
    bound = target.value
    if target.times_reference:
        reference = metrics.get(f"{name}_train_reference")
        if reference is None:
            return None
        bound += target.times_reference * reference["value"]
    if target.than:
        config = release(target.than)
        other = Metrics() if config is None else _within(config, target.setting)
        if name not in other:
            return None
        if name in metrics and other[name]["setting"] != metrics[name]["setting"]:
            return None
        bound += other.median(name)
    return bound


def _within(config: Config, setting: str) -> Metrics:
    """The metrics whose setting holds these words."""
    figures = [m for m in config["figures"] if setting in m["setting"]]
    return by_name({**config, "figures": figures})
