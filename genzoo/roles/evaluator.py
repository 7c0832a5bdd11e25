"""Evaluator networks: small classifiers trained here, the judges of what others generate."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, final

import torch
from torch import Tensor

from genzoo.data.batches import subset_of
from genzoo.data.images import ImageSet
from genzoo.metrics import Evaluation, Metric, Table, bootstrap
from genzoo.metrics.evaluation import PREPROCESSING
from genzoo.metrics.metric import FEATURES
from genzoo.metrics.pictures import read_by
from genzoo.metrics.samples import Standardized, features, frechet_distance
from genzoo.metrics.table import Config, Row, by_name, interval, setting, told, value
from genzoo.roles.base import Model, probe_images


class Evaluator(Model):
    """Reads images; its features say how alike images are."""

    does = "judges images and makes none"
    knowledge = None

    tells_classes: ClassVar[bool]
    """Whether what `classify` decides between are classes, one of which an image is of."""

    @abstractmethod
    def features(self, x: Tensor) -> Tensor:
        """What the last layer decides by, (B, F), of images x (B, *event_shape)."""

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """Logits, (B, L), of features (B, F)."""

    @final
    def distance_metric(
        self, real: Tensor, train: ImageSet, standardized: Standardized, setting: str
    ) -> Metric:
        """The reference of the judge's distances: FID of as many training images, at random, from
        the real images, by whose features (N, F) they are judged."""
        other = features(self, subset_of(train, len(real)).scaled())
        distance = frechet_distance(standardized(real), standardized(other))
        against = f"{FEATURES}, {len(other)} random training images, {setting}"
        return Metric("fid_train_reference", distance, distance, distance, "", against)


class Classifier(Evaluator):
    """Says which class an image is of."""

    role = "Classifier"
    tells_classes = True

    n_classes: int

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """Logits of the classes, (B, n_classes), of features (B, F)."""

    @final
    def logits(self, x: Tensor) -> Tensor:
        """Of the classes, (B, n_classes), of images x (B, *event_shape)."""
        return self.classify(self.features(x))

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The log-probability of the most likely class of four fixed images."""
        logits = self.logits(probe_images(self.event_shape))
        return torch.log_softmax(logits, dim=1).amax(1).tolist()

    def metrics(self, on: Evaluation) -> list[Metric]:
        """The share of images that are classified wrongly, gray and binary, and the reference
        of the distances."""
        metrics, standardized = [], on.standardize(self)
        for preprocessing in ("none", "dynamic"):
            data, train = on.with_pixels(preprocessing)
            real = features(self, data.scaled())
            wrong = read_by(self, real) != data.labels
            setting = f"{PREPROCESSING[preprocessing]}, {data.counted(len(data))}"
            metrics.append(bootstrap("error", 100.0 * wrong, "%", setting))
            metrics.append(self.distance_metric(real, train, standardized, setting))
        return metrics

    @classmethod
    def tables(cls) -> list[Table]:
        return [ERRORS]


class AttributeClassifier(Evaluator):
    """Says which value each of several attributes of an image has."""

    role = "AttributeClassifier"
    tells_classes = False

    n_values: tuple[int, ...]
    """How many values each attribute has."""

    @abstractmethod
    def classify(self, features: Tensor) -> Tensor:
        """Logits of all values, (B, sum(n_values)), attribute after attribute, of features
        (B, F)."""

    @final
    def logits(self, x: Tensor) -> tuple[Tensor, ...]:
        """Of the values of each attribute, (B, n_values[k]), of images x (B, *event_shape)."""
        return self.classify(self.features(x)).split(self.n_values, dim=1)

    @final
    def read(self, x: Tensor) -> Tensor:
        """The likeliest value of each attribute, (B, attributes), of images x."""
        return torch.stack([logits.argmax(1) for logits in self.logits(x)], dim=1)

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The log-probability of the most likely values of all attributes of four fixed images."""
        each = self.logits(probe_images(self.event_shape))
        most_likely = [torch.log_softmax(logits, dim=1).amax(1) for logits in each]
        return torch.stack(most_likely).sum(0).tolist()

    @torch.inference_mode()
    def metrics(self, on: Evaluation) -> list[Metric]:
        """How often each attribute is read rightly, also on combinations of them that were in no
        training image, and the reference of the distances."""
        metrics = []
        for data in (on.images, on.novel):
            if data is None:
                continue
            x, label = data.scaled(), data.labels
            read = torch.cat([self.read(b.to(self.device)).cpu() for b in x.split(250)])
            right = 100.0 * (read == label)
            setting = data.counted(len(x))
            of = "" if data is on.images else f"_{data.split}"
            metrics.append(bootstrap(f"accuracy{of}", right.mean(1), "%", f"mean of {setting}"))
            together = 100.0 * (read == label).all(1)
            metrics.append(bootstrap(f"all_right{of}", together, "%", setting))
            for name, column in zip(data.classes, right.unbind(1), strict=True):
                metrics.append(bootstrap(f"accuracy_{name}{of}", column, "%", setting))
        real, setting = features(self, on.images.scaled()), on.images.counted(len(on.images))
        standardized = on.standardize(self)
        return [*metrics, self.distance_metric(real, on.train, standardized, setting)]

    @classmethod
    def tables(cls) -> list[Table]:
        return [ATTRIBUTES]


def _errors(config: Config) -> Iterator[Row]:
    """One for each kind of pixels."""
    for error in config["figures"]:
        if error["name"] == "error":
            metrics = by_name(config, error["setting"])
            cells = [
                told(value(metrics, "error"), " %"),
                interval(metrics, "error"),
                value(metrics, "fid_train_reference"),
                value(by_name(config), "rank_correlation"),
                error["setting"],
            ]
            yield -metrics.median("error"), cells


def _attributes(config: Config) -> Iterator[Row]:
    """The mean over attributes, the one that is identified least well, and all of them."""
    metrics = by_name(config)
    names = [n.removeprefix("accuracy_") for n in metrics if n.startswith("accuracy_")]
    names = [name for name in names if not name.endswith("novel")]
    for suffix in ("", "_novel"):
        if not (mean := metrics.get(f"accuracy{suffix}")):
            continue
        worst = min(names, key=lambda name: metrics[f"accuracy_{name}{suffix}"]["value"])
        least = value(metrics, f"accuracy_{worst}{suffix}")
        cells = [
            setting(metrics, f"all_right{suffix}"),
            told(value(metrics, f"accuracy{suffix}"), " %"),
            told(least, f" % ({worst.replace('_', ' ')})"),
            told(value(metrics, f"all_right{suffix}"), " %"),
        ]
        yield mean["value"], cells


ERRORS = Table(
    "{name}, the evaluator network (the judge)",
    "error | 95 % interval | FID, reference: training images scored the same way "
    "| rank correlation with the first judge | setting",
    _errors,
    may_differ={r"(8-bit gray|\w+ binarization), ": "setting"},
)
ATTRIBUTES = Table(
    "{name}, the evaluator network of attributes (the judge)",
    "faces | identified | least well | all of them",
    _attributes,
    may_differ={r"\d+ \w+ images": "faces"},
)
