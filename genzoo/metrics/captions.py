"""What images of captions are like: what was said is there, and what was not said varies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genzoo.data.batches import seeded, subset_of
from genzoo.data.captions import LANGUAGES
from genzoo.data.images import ImageSet
from genzoo.data.words import N_NOISE, captions_of, sample_said
from genzoo.metrics.metric import Metric, bootstrap

if TYPE_CHECKING:
    from genzoo.roles import AttributeClassifier, TextToImage

N_CAPTIONED = 500
"""Faces at most, each captioned in full and in part, in every language."""

N_VARIED, N_EACH = 50, 20
"""Captions of a part whose unsaid attributes are looked at, and the images of each."""


@torch.inference_mode()
def caption_metrics(
    model: TextToImage,
    judge: AttributeClassifier,
    data: ImageSet,
    train: ImageSet,
    always: Sequence[str],
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Metric]:
    """The captions of some faces of `data`, at random: of all attributes, and of a part that is
    sampled as in training, but with the attributes `always` in it; both in every language.
    Intervals are by resampling faces.

    What is not said is measured by the entropy of what the judge reads of each unsaid attribute in
    N_EACH images of one caption, summed over attributes and captions, as a share of the same sum
    for as many random training faces' labels.
    """
    data = subset_of(data, N_CAPTIONED)
    n, labels, K = len(data), data.labels, data.labels.shape[1]
    generator, faces = seeded(0), f"captions of {data.counted(n)}"
    every = torch.ones(n, K, dtype=torch.bool)
    part = _partly(n, data.classes, always, generator)
    n_images, done = 2 * len(LANGUAGES) * n + N_VARIED * N_EACH, 0

    def read(texts: Sequence[str]) -> Tensor:
        nonlocal done
        values = []
        for s in range(0, len(texts), 50):
            x = model.images_of(texts[s : s + 50], generator=generator)
            values.append(judge.read(x.to(judge.device)).cpu())
            done += len(values[-1])
            progress(min(1.0, done / n_images))
        return torch.cat(values)

    right = {}
    for i, language in enumerate(LANGUAGES):
        in_it = torch.full((n,), i)
        for name, said in (("", every), ("_partial", part)):
            right[language, name] = read(captions_of(labels, said, in_it)) == labels
    whole = torch.stack([right[language, ""] for language in LANGUAGES]).double()
    setting = f"all {K} attributes said, as the judge reads them, {faces}"
    both = f"{setting}, in {' and '.join(LANGUAGES)}"
    metrics = [bootstrap("text_read", 100 * whole.mean((0, 2)), "%", both)]
    for language in LANGUAGES:
        one = right[language, ""].double().mean(1)
        metrics.append(bootstrap(f"text_read_{language}", 100 * one, "%", setting))
    partly = torch.stack([right[language, "_partial"] for language in LANGUAGES]).double()
    share = (partly * part).sum((0, 2)) / (len(LANGUAGES) * part.sum(1))
    some = f"a part of the attributes said, among them {', '.join(always)}, {faces}"
    metrics.append(bootstrap("text_read_partial", 100 * share, "%", some))
    metrics.append(bootstrap("text_all_right", 100 * whole.amin(2).mean(0), "%", both))
    for name, column in zip(data.classes, whole.mean(0).unbind(1), strict=True):
        metrics.append(bootstrap(f"text_read_{name}", 100 * column, "%", both))

    count = min(N_VARIED, n)
    said, languages = sample_said(torch.rand(count, N_NOISE, generator=generator))
    said[said.all(1), 0] = False  # something is left to vary
    texts = captions_of(labels[:count], said, languages)
    values = read([text for text in texts for _ in range(N_EACH)]).unflatten(0, (count, N_EACH))
    rows = torch.randint(len(train), (count * N_EACH,), generator=generator)
    real = train.labels[rows].unflatten(0, (count, N_EACH))
    made, expected = (entropies(v, judge.n_values) * ~said for v in (values, real))
    setting = (
        f"entropy of the unsaid attributes in {N_EACH} images of each caption, as the judge reads "
        f"them, relative to as many training images, captions of {data.counted(count)}"
    )
    relative = made.sum(1) / (expected.sum() / count)
    metrics.append(bootstrap("text_entropy", 100 * relative, "%", setting))
    return metrics


def entropies(values: Tensor, n_values: Sequence[int]) -> Tensor:
    """The entropy of values (N, n, attributes) over the n images of each of N captions, in nats,
    (N, attributes): of their shares, without a correction for few images."""
    columns = []
    for column, k in zip(values.unbind(2), n_values, strict=True):
        p = torch.nn.functional.one_hot(column, k).double().mean(1)
        columns.append(-torch.xlogy(p, p).sum(1))
    return torch.stack(columns, dim=1)


def _partly(
    n: int, names: Sequence[str], always: Sequence[str], generator: torch.Generator
) -> Tensor:
    """What is said of each of n faces (n, attributes), sampled as in training and with the
    attributes `always`."""
    said, _ = sample_said(torch.rand(n, N_NOISE, generator=generator))
    said[:, [names.index(name) for name in always]] = True
    return said
