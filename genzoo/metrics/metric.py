"""A measured number with its spread and its setting."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Metric:
    """value and the ends of its 95 % bootstrap interval, the unit, and all that it depends on."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    setting: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        spread = f"[{self.low:.3f}, {self.high:.3f}]"
        return f"{self.name:<28} {self.value:10.3f} {self.unit:<5} {spread:<20} {self.setting}"


VERSION = 2
FEATURES = f"judge features v{VERSION}"
"""How the setting of a figure begins that is measured between a judge's features: FID, KID,
precision and recall. It names the version of the measuring. Version 1 was of features as they are,
with edits held against the very faces that were edited; in version 2 features are standardized
(`genzoo.metrics.samples.Standardized`), what is judged has no image in common with what it is held
against, and training images, the reference, are as many as what is judged. Figures of different
versions do not compare. Distances between pixels have no version: they know no judge."""


def version(metric: Mapping[str, Any]) -> int | None:
    """The version of the measuring that a figure, as a config has it, is of; None for those that
    have none."""
    found = re.search(r"judge features(?: v(\d+))?", metric.get("setting", ""))
    return None if found is None else int(found[1] or 1)


def outdated(metric: Mapping[str, Any]) -> bool:
    """Whether a figure is of an older version than this one."""
    return version(metric) not in (None, VERSION)


WORDS = {
    "accuracy": "attributes identified",
    "all_right": "all attributes identified",
    "error": "test error",
    "unsupervised_error": "error without labels",
    "off_prior": "codes off the prior",
    "prior_p_value": "p of the codes against the prior",
}
"""What a metric is called where its own name would not tell."""


def called(name: str) -> str:
    """A metric's name in words, as one writes them."""
    if name in WORDS:
        return WORDS[name]
    words = name.split("_")
    return " ".join(w.upper() if w in ("nll", "fid", "kid", "psnr") else w for w in words)


def bootstrap(
    name: str, values: Tensor, unit: str, setting: str, n_resamples: int = 1000, seed: int = 0
) -> Metric:
    """The mean of per-image values (N,) and its 95 % interval by resampling images."""
    values = values.cpu().double()  # not every device has float64
    N = len(values)
    generator = torch.Generator().manual_seed(seed)
    means = torch.stack(
        [values[torch.randint(N, (N,), generator=generator)].mean() for _ in range(n_resamples)]
    )
    low, high = torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype)).tolist()
    return Metric(name, values.mean().item(), low, high, unit, setting)


def bootstrap_distance(
    name: str,
    distance: Callable[[Tensor, Tensor], float],
    a: Tensor,
    b: Tensor,
    unit: str,
    setting: str,
    n_resamples: int = 100,
    seed: int = 0,
) -> Metric:
    """A distance between two sets (N, F) and (M, F), and its 95 % interval by resampling both.

    A set with members twice over is further from everything than the set itself; so the resampled
    distances tell how much the distance varies, by their differences from their own mean, and not
    how large it is.
    """
    generator = torch.Generator().manual_seed(seed)

    def resampled(x: Tensor) -> Tensor:
        return x[torch.randint(len(x), (len(x),), generator=generator)]

    value = distance(a, b)
    values = torch.tensor([distance(resampled(a), resampled(b)) for _ in range(n_resamples)])
    apart = torch.quantile(values - values.mean(), torch.tensor([0.025, 0.975])).tolist()
    return Metric(
        name, value, value + min(apart[0], 0.0), value + max(apart[1], 0.0), unit, setting
    )
