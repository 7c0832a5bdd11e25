"""Models that turn images of one kind into images of another, learned without pairs."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from genzoo.data import ImageSet
from genzoo.metrics import Evaluation, Metric, Table, translation_metrics
from genzoo.metrics.pictures import PICTURES
from genzoo.metrics.table import Config, Row, by_name, with_interval
from genzoo.roles.base import Model, probe_images
from genzoo.roles.evaluator import AttributeClassifier


class UnpairedTranslator(Model):
    """Turns images x of one kind into images y of another, and back."""

    role = "UnpairedTranslator"
    does = "changes images and makes none of noise"
    knowledge = "implicit"

    other_shape: tuple[int, ...]
    """Shape of an image y; `event_shape` is that of x."""

    @abstractmethod
    def forth(self, x: Tensor) -> Tensor:
        """Images x (B, *event_shape) as images y (B, *other_shape)."""

    @abstractmethod
    def back(self, y: Tensor) -> Tensor:
        """Images y (B, *other_shape) as images x (B, *event_shape)."""

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of what it makes of four fixed images either way, in float64: each image
        is normalized again and again, which makes what float32 rounds off larger."""
        double = copy.deepcopy(self).double()
        x, y = (probe_images(shape).double() for shape in (self.event_shape, self.other_shape))
        return [image.mean().item() for image in [*double.forth(x), *double.back(y)]]

    def metrics(self, on: Evaluation) -> list[Metric]:
        """How far translations are from the true pairs and from the way back; what is made of y
        has no one truth, and is read by a judge of attributes where there is one."""
        judge = on.judge if isinstance(on.judge, AttributeClassifier) else None
        standardized = None if judge is None else on.standardize(judge)
        return translation_metrics(self, judge, on.images, on.train, standardized, on.progress)

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        x = on.images.scaled(slice(64))[:, : self.event_shape[0]]
        return lambda n: self.forth(x[:n].to(self.device))

    @torch.inference_mode()
    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        """A row for each of six pairs: x, G(x), F(G(x)), y, F(y), G(F(y)), (36, 3, H, W)."""
        both = data.scaled(slice(6)).to(self.device)
        x, y = both.split([self.event_shape[0], self.other_shape[0]], dim=1)
        made_y, made_x = self.forth(x), self.back(y)
        columns = [x, made_y, self.back(made_y), y, made_x, self.forth(made_x)]
        colored = [column.cpu().expand(-1, 3, -1, -1) for column in columns]
        return torch.stack(colored, dim=1).flatten(0, 1)

    @classmethod
    def tables(cls) -> list[Table]:
        return [PICTURES, TRANSLATIONS]


def _translations(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if forth := metrics.get("forth_error"):
        names = ("forth_error", "cycle_error", "cycle_error_other")
        cells = [with_interval(metrics, name, 4) for name in names]
        yield -forth["value"], [f"{config['images_seen']:,}", *cells]


TRANSLATIONS = Table(
    "{name}, translations without pairs",
    "images seen | error of the sketch, of 1 | cycle-consistency error, in color "
    "| cycle-consistency error, as a sketch",
    _translations,
)
