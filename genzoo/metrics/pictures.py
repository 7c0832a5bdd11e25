"""What a model's pictures are like: near to real images, of all classes, and no copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from genzoo.data.batches import seeded
from genzoo.data.images import ImageSet
from genzoo.metrics.metric import Metric, bootstrap, bootstrap_distance
from genzoo.metrics.samples import (
    classified,
    features,
    frechet_distance,
    kernel_distance,
    precision_recall,
)
from genzoo.metrics.table import (
    BINARIZATION,
    WHICH,
    Config,
    Row,
    Table,
    by_name,
    joined,
    setting,
    value,
)

if TYPE_CHECKING:
    from genzoo.roles import AttributeClassifier, Evaluator

N_BLOCKS = 10
"""In the kernel distance, which is the mean over blocks of the images."""

N_NEAREST = 2000
"""Pictures whose nearest training images are looked for."""


def image_metrics(
    judge: Evaluator,
    pictures: Tensor,
    real: ImageSet,
    train: ImageSet,
    of: str = "",
) -> list[Metric]:
    """How near pictures (N, *event_shape) are to as many real images, and how often each class is
    among them, or by a judge of attributes each value of each attribute.

    Distances are between the judge's features; those named "train_reference" are of the first N
    training images instead of the pictures. Intervals: of FID by resampling both sets, of KID by
    resampling blocks, of shares and means by resampling images. `of` says in the settings what all
    are. There is no KID by a judge of attributes: the cube of features that nothing bounds is
    noise.
    """
    n = len(pictures)
    against = f"{real.counted(n)}{of}"
    of_real = features(judge, real.scaled(slice(n)))
    metrics = []
    for suffix, x in (("", pictures), ("_train_reference", train.scaled(slice(n)))):
        what = f"{len(x)} {'training images' if suffix else 'pictures'}"
        setting = f"judge features, {what}, {against}"
        other = features(judge, x)
        metrics += nearness(of_real, other, setting, suffix)
        if judge.tells_classes:
            metrics.append(_kernel_distance(f"kid{suffix}", of_real, other, setting))
        if not suffix:
            metrics += _shares(_readings(judge, other), _readings(judge, of_real), against, train)
    return metrics + _nearest(pictures[:N_NEAREST], real, train)


def nearness(
    real: Tensor, other: Tensor, setting: str, suffix: str = "", n_resamples: int = 100
) -> list[Metric]:
    """FID, precision and recall of features (M, F) beside real ones (N, F), under these names and
    `suffix`; the interval of FID by as many resamples."""
    precision, recall = precision_recall(real, other)
    distance = bootstrap_distance(
        f"fid{suffix}", frechet_distance, real, other, "", setting, n_resamples
    )
    return [
        distance,
        bootstrap(f"precision{suffix}", 100 * precision, "%", setting),
        bootstrap(f"recall{suffix}", 100 * recall, "%", setting),
    ]


def nearness_of_changed(
    judge: AttributeClassifier,
    real: Tensor,
    made: Tensor,
    train: Tensor,
    what: str,
    against: str,
) -> list[Metric]:
    """How near the features `made` (M, F) of changed images, `what`, are to those of real images
    (N, *event_shape), `against`, and those of as many training images.

    Not by the kernel distance: the cube of features that nothing bounds is noise."""
    of_real = features(judge, real)
    metrics = []
    for suffix, other, name in (
        ("", made, what),
        (
            "_train_reference",
            features(judge, train[: len(of_real)]),
            f"{len(of_real)} training images",
        ),
    ):
        setting = f"judge features, {name}, {against}"
        metrics += nearness(of_real, other, setting, suffix, n_resamples=20)
    return metrics


def read_by(judge: Evaluator, features: Tensor) -> Tensor:
    """The class of each image (N,), by the judge's features of it (N, F)."""
    return classified(judge, features).argmax(1)


def nearest_distance(x: Tensor, among: ImageSet, batch: int = 5000) -> Tensor:
    """Of each image (N, *event_shape) from the nearest one of a set, the root of the sum of the
    pixels' squared differences, (N,)."""
    flat = x.flatten(1)
    nearest = torch.full((len(x),), torch.inf)
    for s in range(0, len(among), batch):
        few = among.scaled(slice(s, s + batch)).flatten(1)
        nearest = torch.minimum(nearest, torch.cdist(flat, few).amin(1))
    return nearest


def _kernel_distance(name: str, real: Tensor, other: Tensor, setting: str) -> Metric:
    n = min(N_BLOCKS, len(real) // 2)
    # At random: the first test digits are by other, neater writers.
    blocks = (
        x[torch.randperm(len(x), generator=seeded(0))].tensor_split(n) for x in (real, other)
    )
    values = [kernel_distance(a, b) for a, b in zip(*blocks, strict=True)]
    blocked = f"{setting}, mean of {n} blocks"
    return bootstrap(name, torch.tensor(values), "", blocked)


def _readings(judge: Evaluator, features: Tensor) -> Tensor:
    """What the judge reads by its features (N, F): the class, (N, 1), or the value of each
    attribute, (N, attributes)."""
    if judge.tells_classes:
        return read_by(judge, features).unsqueeze(1)
    n_values = cast("AttributeClassifier", judge).n_values
    logits = classified(judge, features).split(n_values, dim=1)
    return torch.stack([each.argmax(1) for each in logits], dim=1)


def _shares(made: Tensor, real: Tensor, against: str, train: ImageSet) -> list[Metric]:
    """What is made least often, and what most, as multiples of its share of the real images, both
    as the judge reads them, (N, readings): a class, or a value of an attribute."""
    every = []
    for k in range(made.shape[1]):
        share = real[:, k].bincount(minlength=int(made[:, k].max()) + 1) / len(real)
        what = "class" if made.shape[1] == 1 else f"{train.classes[k]} value"
        for c in share.nonzero().flatten().tolist():
            every.append(((made[:, k] == c).double() / share[c], f"{what} {c}"))
    ends = [times.mean().item() for times, _ in every]
    metrics = []
    for name, end in (("share_smallest", min(ends)), ("share_largest", max(ends))):
        times, what = every[ends.index(end)]
        setting = f"{what}, {len(made)} pictures, as the judge reads them and {against}"
        metrics.append(bootstrap(name, times, "", setting))
    return metrics


def _nearest(pictures: Tensor, real: ImageSet, train: ImageSet) -> list[Metric]:
    """Does it remember? The distance of pictures from the nearest training image, and of as many
    real ones; and how many pictures are nearer to one than all but 1 % of the real ones are."""
    n = len(pictures)
    made, others = (nearest_distance(x, train) for x in (pictures, real.scaled(slice(n))))
    setting = "distance in pixels from the nearest of {} training images, {}"
    near = made < others.quantile(0.01)
    of_made = setting.format(len(train), f"{n} pictures, {real.counted(n)}")
    of_real = setting.format(len(train), real.counted(n))
    copies = f"nearer than 1 % of {real.split} images come, {of_made}"
    return [
        bootstrap("nearest", made, "", of_made),
        bootstrap("nearest_test_reference", others, "", of_real),
        bootstrap("near_copies", 100.0 * near, "%", copies),
    ]


def _pictures(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if "fid" in metrics:
        relative = [value(metrics, f"share_{end}") for end in ("smallest", "largest")]
        names = ("fid", "fid_train_reference", "kid", "precision", "recall")
        cells = [
            f"{config['images_seen']:,}",
            *(value(metrics, name) for name in names),
            joined(" to ", *relative),
            setting(metrics, "fid"),
        ]
        yield -metrics.median("fid"), cells


PICTURES = Table(
    "{name}, pictures, by the features of its judge",
    "images seen | FID | FID, reference: training images scored the same way | KID "
    "| precision, % | recall, % | class frequency relative to the data (smallest to largest) "
    "| setting",
    _pictures,
    may_differ={
        BINARIZATION: "setting",
        WHICH: "",
    },
)
"""How near pictures are to real images, of every role that makes any."""
