"""Models that give an image other attributes."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import final

import torch
from torch import Tensor

from genzoo.data import ImageSet, avatars
from genzoo.metrics import Evaluation, Metric, Table, edit_metrics
from genzoo.metrics.pictures import PICTURES
from genzoo.metrics.table import Config, Row, by_name, with_interval
from genzoo.roles.base import Model, probe_images
from genzoo.roles.evaluator import AttributeClassifier

TRUTHS = {"avatars": avatars.truth}
"""Of the data sets whose images can be rendered from any labels: what an edit should give."""


class Editor(Model):
    """Gives an image other values of some of its attributes, and leaves the rest as it is."""

    role = "Editor"
    does = "changes images and makes none of noise"
    knowledge = "implicit"

    columns: tuple[int, ...]
    """Which columns of the data's labels hold the attributes that it edits."""

    n_values: tuple[int, ...]
    """How many values each of them has."""

    @abstractmethod
    def edit(self, x: Tensor, values: Tensor) -> Tensor:
        """Images x (B, *event_shape) with `values` (B, len(columns)), whole numbers from 0, and
        otherwise as they are."""

    @final
    def check_values(self, values: Tensor) -> None:
        """Refuse values that no attribute has.

        Raises:
            ValueError: in a sentence.
        """
        if values.ndim != 2 or values.shape[1] != len(self.n_values):
            raise ValueError(
                f"Values must have shape (B, {len(self.n_values)}), not {tuple(values.shape)}."
            )
        for k, n in enumerate(self.n_values):
            if len(values) and not 0 <= int(values[:, k].min()) <= int(values[:, k].max()) < n:
                raise ValueError(f"Values of attribute {k} must be 0 to {n - 1}.")

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of four fixed images with the first or the last values of all attributes,
        in float64: each image is normalized again and again, which makes what float32 rounds off
        larger."""
        x = probe_images(self.event_shape).double()
        first, last = torch.zeros(len(self.n_values)), torch.tensor(self.n_values) - 1
        values = torch.stack([first, last, first, last]).long()
        return copy.deepcopy(self).double().edit(x, values).flatten(1).mean(1).tolist()

    def metrics(self, on: Evaluation) -> list[Metric]:
        """What edits are like, by a judge of attributes; nothing without one."""
        if not isinstance(on.judge, AttributeClassifier):
            return []
        truth, standardized = TRUTHS.get(on.data), on.standardize(on.judge)
        return edit_metrics(self, on.judge, on.images, on.train, truth, standardized, on.progress)

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        x, values = on.images.scaled(slice(64)), on.images.labels[:, self.columns].roll(1, 0)
        return lambda n: self.edit(x[:n].to(self.device), values[:n].to(self.device))

    @torch.inference_mode()
    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        """A row for each of the first eight images: itself, and with one attribute after the other
        changed to its next value, (8 (1 + attributes), *event_shape)."""
        x, own = data.scaled(slice(8)), data.labels[:8, self.columns]
        columns = [x]
        for k, n in enumerate(self.n_values):
            values = own.clone()
            values[:, k] = (own[:, k] + 1) % n
            columns.append(self.edit(x.to(self.device), values.to(self.device)))
        return torch.stack([column.cpu() for column in columns], dim=1).flatten(0, 1)

    @classmethod
    def tables(cls) -> list[Table]:
        return [PICTURES, EDITS]


def _edits(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if read := metrics.get("edit_read"):
        digits = {"edit_read": 2, "edit_kept": 2, "edit_psnr": 1, "edit_return": 4}
        cells = [with_interval(metrics, name, n) for name, n in digits.items()]
        yield read["value"], [f"{config['images_seen']:,}", *cells]


EDITS = Table(
    "{name}, edits, as the judge reads them",
    "images seen | target identified, % | others unchanged, % | PSNR from the true edit, dB "
    "| cycle-consistency error, of 1",
    _edits,
)
