"""Models that write images as a grid of discrete codes, and read them again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import final

import torch
from torch import Tensor

from genzoo.data import ImageSet
from genzoo.metrics import Evaluation, Metric, Table
from genzoo.metrics.table import Config, Row, by_name, least, setting, value, with_interval
from genzoo.metrics.tokens import reconstruction_metrics
from genzoo.roles.base import Model, probe_images
from genzoo.roles.evaluator import AttributeClassifier


class ImageTokenizer(Model):
    """Writes an image as a grid of codes, whole numbers from 0, and reads it again."""

    role = "ImageTokenizer"
    does = "turns images into discrete codes and back"
    knowledge = "approximate"

    n_codes: int
    """How many codes there are: the size of the codebook."""

    code_shape: tuple[int, int]
    """Rows and columns of the grid, (h, w)."""

    @abstractmethod
    def codes(self, x: Tensor) -> Tensor:
        """The codes (B, h, w), int64 from 0 to n_codes - 1, of images x (B, *event_shape)."""

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """The images (B, *event_shape) of codes (B, h, w)."""

    @final
    def reconstruct(self, x: Tensor) -> Tensor:
        """What the codes of images x (B, *event_shape) keep of them, of the same shape."""
        return self.decode(self.codes(x))

    @final
    def check_codes(self, codes: Tensor) -> None:
        """Refuse what are no codes of an image.

        Raises:
            ValueError: in a sentence.
        """
        h, w = self.code_shape
        if codes.is_floating_point() or tuple(codes.shape[1:]) != (h, w):
            raise ValueError(
                f"Codes must be whole numbers of shape (B, {h}, {w}), not {codes.dtype} of "
                f"{tuple(codes.shape)}."
            )
        if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < self.n_codes:
            raise ValueError(f"Codes must be 0 to {self.n_codes - 1}.")

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of the images of four fixed grids of codes, and the mean of the codes of
        four fixed images."""
        h, w = self.code_shape
        generator = torch.Generator().manual_seed(0)
        codes = torch.randint(self.n_codes, (4, h, w), generator=generator)
        x = probe_images(self.event_shape)
        means = self.codes(x).double().flatten(1).mean(1)
        return [*self.decode(codes).flatten(1).mean(1).tolist(), *means.tolist()]

    def metrics(self, on: Evaluation) -> list[Metric]:
        """What is left of images after a reconstruction, and how the codes are used."""
        judge = on.judge if isinstance(on.judge, AttributeClassifier) else None
        return reconstruction_metrics(self, judge, on)

    def maker(self, on: Evaluation) -> Callable[[int], Tensor] | None:
        codes = self.codes(on.images.scaled(slice(64)).to(self.device))
        return lambda n: self.decode(codes[:n])

    @torch.inference_mode()
    def preview(self, data: ImageSet, generator: torch.Generator) -> Tensor | None:
        """Four times a row of eight images of `data` above a row of their reconstructions,
        (64, *event_shape)."""
        x = data.scaled(slice(32))
        again = self.reconstruct(x.to(self.device)).cpu()
        rows = zip(x.split(8), again.split(8), strict=True)
        return torch.cat([image for row in rows for image in row])

    @classmethod
    def tables(cls) -> list[Table]:
        return [CODES]


def _codes(config: Config) -> Iterator[Row]:
    metrics = by_name(config)
    if psnr := metrics.get("psnr"):
        cells = [
            f"{config['images_seen']:,}",
            with_interval(metrics, "psnr", 1),
            with_interval(metrics, "attributes_kept", 2),
            least(metrics, "kept_"),
            *(value(metrics, name, 1) for name in ("codebook_use", "perplexity")),
            setting(metrics, "psnr"),
        ]
        yield psnr["value"], cells


CODES = Table(
    "{name}, images as discrete codes",
    "images seen | PSNR of the reconstruction, dB | attributes that the judge still reads, % "
    "| least well, % | codes in use, % | perplexity of the codes | setting",
    _codes,
)
