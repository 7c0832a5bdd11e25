"""What a model's pictures are like: near to real images, of all classes, and no copies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from genzoo.data.batches import fixed_subset, seeded, subset_of
from genzoo.data.images import ImageSet
from genzoo.metrics.metric import FEATURES, Metric, bootstrap, bootstrap_distance, outdated
from genzoo.metrics.samples import (
    Standardized,
    classified,
    features,
    frechet_distance,
    kernel_distance,
    precision_recall,
)
from genzoo.metrics.table import (
    BINARIZATION,
    KIND,
    WHICH,
    Config,
    Metrics,
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

SHOWN = "_shown"
"""What follows the names of the figures of a model's pictures where these are no samples."""


def image_metrics(
    judge: Evaluator,
    standardized: Standardized,
    pictures: Tensor,
    real: ImageSet,
    train: ImageSet,
    *,
    kind: str = "samples",
    of: str = "",
    suffix: str = "",
) -> list[Metric]:
    """How near pictures (N, *event_shape) are to as many real images, and how often each class is
    among them, or by a judge of attributes each value of each attribute.

    Distances are between the judge's standardized features (`nearness`). Shares are by its
    readings, and intervals of shares and means by resampling images. Real and training images are
    N at random (`subset_of`), where there are more. The settings call the pictures `kind`, and say
    with `of` what all images are; `suffix` follows the names.
    """
    n = len(pictures)
    held = subset_of(real, n)
    against = f"{held.counted(len(held))}{of}"
    seen, seen_real = features(judge, pictures), features(judge, held.scaled())
    seen_train = features(judge, subset_of(train, n).scaled())
    which = f"{n} {kind}"
    metrics = nearness(
        standardized(seen_real),
        standardized(seen),
        standardized(seen_train),
        which,
        against,
        suffix,
    )
    read, read_real = _readings(judge, seen), _readings(judge, seen_real)
    metrics += _shares(read, read_real, which, against, train, suffix)
    few = pictures[fixed_subset(n, N_NEAREST)]
    return metrics + _nearest(few, kind, real, train, of, suffix)


def nearness(
    real: Tensor,
    made: Tensor,
    train: Tensor,
    what: str,
    against: str,
    suffix: str = "",
    n_resamples: int = 100,
) -> list[Metric]:
    """FID, KID, precision and recall of standardized features `made` (M, F) beside real ones
    (N, F), and of training images' (M, F) as the reference. No image, nor anything that was made
    of it, may be in two of the three sets.

    Intervals: of FID by as many resamples of both sets, of KID by resampling blocks, of precision
    and recall by resampling images.

    Args:
        what: what was made, in words, such as "2000 samples".
        against: what the real ones are, in words.
        suffix: of the names, before that of the reference, "_train_reference".

    Raises:
        ValueError: where the training images are not as many.
    """
    if len(train) != len(made):
        raise ValueError(f"{len(made)} images need as many training images, not {len(train)}.")
    metrics = []
    for each, words, end in (
        (made, what, suffix),
        (train, f"{len(train)} random training images", f"{suffix}_train_reference"),
    ):
        setting = f"{FEATURES}, {words}, {against}"
        precision, recall = precision_recall(real, each)
        metrics += [
            bootstrap_distance(
                f"fid{end}", frechet_distance, real, each, "", setting, n_resamples
            ),
            _kernel_distance(f"kid{end}", real, each, setting),
            bootstrap(f"precision{end}", 100 * precision, "%", setting),
            bootstrap(f"recall{end}", 100 * recall, "%", setting),
        ]
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
    n = min(N_BLOCKS, len(real) // 2, len(other) // 2)
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


def _shares(
    made: Tensor, real: Tensor, which: str, against: str, train: ImageSet, suffix: str
) -> list[Metric]:
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
        setting = f"{what}, {which}, as the judge reads them and {against}"
        metrics.append(bootstrap(f"{name}{suffix}", times, "", setting))
    return metrics


def _nearest(
    pictures: Tensor, kind: str, real: ImageSet, train: ImageSet, of: str, suffix: str
) -> list[Metric]:
    """Does it remember? The distance of pictures from the nearest training image, and of as many
    real ones; and how many pictures are nearer to one than all but 1 % of the real ones are."""
    n = len(pictures)
    held = subset_of(real, n)
    made, others = (nearest_distance(x, train) for x in (pictures, held.scaled()))
    counted = f"{held.counted(len(held))}{of}"
    setting = "distance in pixels from the nearest of {} training images, {}"
    near = made < others.quantile(0.01)
    of_made = setting.format(len(train), f"{n} {kind}, {counted}")
    of_real = setting.format(len(train), counted)
    copies = f"nearer than 1 % of {real.split} images come, {of_made}"
    return [
        bootstrap(f"nearest{suffix}", made, "", of_made),
        bootstrap(f"nearest{suffix}_test_reference", others, "", of_real),
        bootstrap(f"near_copies{suffix}", 100.0 * near, "%", copies),
    ]


def kind_of(metrics: Metrics, name: str) -> str:
    """What the pictures are that a figure is of: "samples", "means" or "medians" (of the decoder);
    "" for what is changed, and for figures of training images."""
    found = re.search(KIND, setting(metrics, name))
    return found[0].partition(" ")[0] if found else ""


def shown_as(metrics: Metrics) -> tuple[str, ...]:
    """The suffixes under which a model's pictures are measured: "" for samples, and SHOWN."""
    return tuple(suffix for suffix in ("", SHOWN) if f"fid{suffix}" in metrics)


def _pictures(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    for suffix in shown_as(metrics):
        fid = f"fid{suffix}"
        relative = [value(metrics, f"share_{end}{suffix}") for end in ("smallest", "largest")]
        names = (fid, f"{fid}_train_reference", *(f"{n}{suffix}" for n in NEARNESS[1:]))
        cells = [
            f"{config['images_seen']:,}",
            *(value(metrics, name, 4 if "kid" in name else 2) for name in names),
            joined(" to ", *relative),
            setting(metrics, fid),
        ]
        # Those of an older version first: by their numbers they cannot be ranked among the others.
        yield -metrics.median(fid) - (OLDER if outdated(metrics[fid]) else 0), cells


OLDER = 1e9
"""More than any FID."""

NEARNESS = ("fid", "kid", "precision", "recall")
"""What `nearness` measures."""


PICTURES = Table(
    "{name}, pictures, by the features of its judge",
    "images seen | FID | FID, reference: training images scored the same way | KID "
    "| precision, % | recall, % | class frequency relative to the data (smallest to largest) "
    "| setting",
    _pictures,
    may_differ={
        BINARIZATION: "setting",
        KIND: "setting",
        WHICH: "",
    },
)
"""How near pictures are to real images, of every role that makes any."""
