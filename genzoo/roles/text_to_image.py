"""Models that generate images of captions."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import final

import torch
from torch import Tensor

from genzoo.data import ImageSet, words
from genzoo.data.avatars import HELD_OUT, SCHEMA, sample_labels
from genzoo.data.batches import seeded
from genzoo.data.captions import LANGUAGES
from genzoo.metrics import Evaluation, Metric, Table, caption_metrics
from genzoo.metrics.pictures import PICTURES
from genzoo.metrics.table import Config, Row, by_name, told, value, with_interval
from genzoo.roles.base import PictureSource, check_number
from genzoo.roles.evaluator import AttributeClassifier

PROBES = (
    "",
    "a hat, glasses",
    "모자 없음",
    "A face with long red hair, pale skin, no glasses, a beard, a smile, a blue hoodie.",
)
"""The captions of the probe: nothing said, a part, both languages."""

N_ROWS = 8
"""Captions of a sheet, and images in each of its rows."""


class TextToImage(PictureSource):
    """Generates images of captions. What a caption does not say is left to noise z; where there
    is none, the caption is, too."""

    role = "TextToImage"
    does = "generates images of captions"

    n_tokens: int = words.LENGTH
    """Numbers of a caption, as `genzoo.data.words.batch` has them."""

    @abstractmethod
    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """The noise of n images, the first dimension n, from a generator on the CPU; from the
        global one when None."""

    @abstractmethod
    def images_in_steps(self, tokens: Tensor, z: Tensor) -> Iterator[Tensor]:
        """The image of each caption (B, n_tokens) and its noise z, as `draw_z` draws it for B
        images, (B, *event_shape). It depends on no other caption or noise of the batch. A model
        that writes images bit by bit yields NaN where nothing is there yet, and the images at
        last; any other yields these alone."""

    @final
    def images_from(self, tokens: Tensor, z: Tensor) -> Tensor:
        """The last of `images_in_steps`."""
        *_, images = self.images_in_steps(tokens, z)
        return images

    @final
    def generate(self, tokens: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """One image of each caption, sampled, (B, *event_shape).

        Args:
            tokens: (B, n_tokens) int64; see `genzoo.data.words`.
            generator: a source of noise on the CPU, so that a seed means the same images on every
                device; the global one when None.
        """
        return self.images_from(tokens, self.draw_z(len(tokens), generator))

    @final
    @torch.no_grad()
    def images_of(
        self, texts: Sequence[str], *, generator: torch.Generator | None = None
    ) -> Tensor:
        """One image of each text, (B, *event_shape). A word that is not in the vocabulary counts
        as unknown; `genzoo.data.words.encode` tells which ones are.

        Raises:
            ValueError: in a sentence, when a text has too many words.
        """
        tokens = words.batch(texts, self.n_tokens).to(self.device)
        return self.generate(tokens, generator=generator)

    @final
    def pictures(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """n pictures, (n, *event_shape), of captions that are sampled as in training, of faces
        that might be in it."""
        *_, images = self.drawing(n, generator)
        return images

    @final
    @torch.no_grad()
    def drawing(self, n: int, generator: torch.Generator | None = None) -> Iterator[Tensor]:
        check_number(n)
        K = len(SCHEMA)
        u = torch.rand(n, K + words.N_NOISE, generator=generator)
        tokens = words.sample_captions(sample_labels(u[:, :K]), u[:, K:]).to(self.device)
        for images in self.images_in_steps(tokens, self.draw_z(n, generator)):
            yield images.clamp(0, 1)

    @final
    def check_tokens(self, tokens: Tensor) -> None:
        """Refuse what are no captions.

        Raises:
            ValueError: in a sentence.
        """
        if tokens.ndim != 2 or tokens.shape[1] != self.n_tokens or tokens.is_floating_point():
            raise ValueError(
                f"Captions must be whole numbers of shape (B, {self.n_tokens}), not "
                f"{tokens.dtype} of shape {tuple(tokens.shape)}."
            )
        n = len(words.vocabulary())
        if len(tokens) and not 0 <= int(tokens.min()) <= int(tokens.max()) < n:
            raise ValueError(f"Words must be 0 to {n - 1}.")

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of the images of four fixed captions, in float64."""
        double = copy.deepcopy(self).double()
        return double.images_of(PROBES, generator=seeded(0)).flatten(1).mean(1).tolist()

    def metrics(self, on: Evaluation) -> list[Metric]:
        """How much of a caption a judge of attributes finds in its image; nothing without one. On
        faces whose combinations of attributes are held out of training, where there are any."""
        if not isinstance(on.judge, AttributeClassifier):
            return []
        data = on.images if on.novel is None else on.novel
        return caption_metrics(self, on.judge, data, on.train, HELD_OUT, on.progress)

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        texts = _captions(on.images, 64)
        return lambda n: self.images_of(texts[:n], generator=seeded(0))

    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        """A row for each of eight captions, the languages in turn: the image that it was written
        of, and seven that are generated."""
        texts = [text for text in _captions(data, N_ROWS) for _ in range(N_ROWS - 1)]
        made = self.images_of(texts, generator=generator).cpu()
        rows = made.unflatten(0, (N_ROWS, N_ROWS - 1))
        real = data.scaled(slice(N_ROWS)).unsqueeze(1)
        return torch.cat([real, rows], dim=1).flatten(0, 1)

    @classmethod
    def tables(cls) -> list[Table]:
        return [PICTURES, CAPTIONS]


def _captions(data: ImageSet, n: int) -> list[str]:
    """Captions of the first n images, each of a part, always the same."""
    u = torch.rand(n, words.N_NOISE, generator=seeded(0))
    said, _ = words.sample_said(u)
    return words.captions_of(data.labels[:n], said, torch.arange(n) % len(LANGUAGES))


def _rows(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if read := metrics.get("text_read"):
        kinds = ("read_partial", "read", *(f"read_{lang}" for lang in LANGUAGES), "all_right")
        named = [
            name
            for name in metrics
            if name.startswith("text_read_") and name.removeprefix("text_") not in kinds
        ]
        worst = min(named, key=lambda name: metrics[name]["value"])
        attribute = worst.removeprefix("text_read_").replace("_", " ")
        cells = [
            f"{config['images_seen']:,}",
            *(with_interval(metrics, f"text_read_{lang}", 2) for lang in LANGUAGES),
            with_interval(metrics, "text_read_partial", 2),
            told(value(metrics, worst), f" ({attribute})"),
            with_interval(metrics, "text_entropy", 1),
        ]
        yield read["value"], cells


CAPTIONS = Table(
    "{name}, images of captions, held-out combinations of attributes, as the judge reads them",
    "images seen | attributes identified, English, % | Korean, % | a part said, both, % "
    "| least well, % | entropy of what is not said, relative to the data, %",
    _rows,
)
