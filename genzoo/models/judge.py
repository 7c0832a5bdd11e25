"""A judge: a small classifier whose features tell how far samples are from the real thing.

Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium",
NIPS 2017, measured samples by the Frechet distance between the features of a classifier.

Differs from the paper: its classifier, Inception, was trained on ImageNet's photographs and knows
nothing of digits. This one is trained on the data that it judges. Half of what it sees is binary,
each pixel 1 with the probability of its gray value, so that it can judge models of either kind.
Distances between the features of different classifiers do not compare.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.nn.conv import ResidualBlock, downsample, encoder, image_shape, strided_encoder
from genzoo.objectives.attributes import attribute_cross_entropy
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import AttributeClassifier, Classifier, check_images


class Judge(Classifier):
    """Residual convolutions, one dense layer of features, and a class for each image.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of four.
        n_classes: how many classes there are.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks at each of the two.
        n_hidden: units of the layer below the features.
        n_features: F, numbers that the last layer decides by.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_classes: int = 10,
        width: int = 32,
        n_blocks: int = 1,
        n_hidden: int = 256,
        n_features: int = 64,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, n_classes, width, n_hidden, n_features) < 1 or n_blocks < 0:
            raise ValueError("Sizes of a judge must be at least 1, and n_blocks at least 0.")
        self.event_shape, self.n_classes = (C, H, W), n_classes
        self.body = encoder((C, H, W), width, n_blocks, n_hidden, n_features)
        self.head = nn.Linear(n_features, n_classes)

    def features(self, x: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return F.silu(self.body(2 * x - 1).to(x.dtype))

    def classify(self, features: Tensor) -> Tensor:
        return self.head(features).to(features.dtype)


class PlainJudge(Classifier):
    """A second opinion of digits: strided convolutions without residuals, half as deep as those of
    `Judge`, and a class for each image.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of four.
        n_classes: how many classes there are.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_features: F, numbers that the last layer decides by.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_classes: int = 10,
        width: int = 16,
        n_features: int = 64,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, n_classes, width, n_features) < 1:
            raise ValueError("Sizes of a judge must be at least 1.")
        self.event_shape, self.n_classes = (C, H, W), n_classes
        self.body = strided_encoder((C, H, W), width, n_features)
        self.head = nn.Linear(n_features, n_classes)

    def features(self, x: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return self.body(2 * x - 1).to(x.dtype)

    def classify(self, features: Tensor) -> Tensor:
        return self.head(features).to(features.dtype)


class Classification(Objective):
    """Minimize the cross-entropy of the true class, in nats, on images half of which are binary
    and all of which are shifted by up to two pixels.

    Args:
        model: the classifier.
        lr: Adam's learning rate, above 0.
        weight_decay: decoupled weight decay of matrices, a fraction of lr a step, at least 0.
        smoothing: label smoothing, 0 to 1: the probability that is spread over all classes.
    """

    model: Classifier

    def __init__(
        self, model: Classifier, lr: float, weight_decay: float = 0.0, smoothing: float = 0.0
    ):
        super().__init__()
        self.model = model
        self.lr, self.weight_decay, self.smoothing = lr, weight_decay, smoothing

    def optimizers(self) -> dict[str, Optimizer]:
        return {"model": adam(self.model.parameters(), self.lr, weight_decay=self.weight_decay)}

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        B = len(batch.x)
        x = shifted(batch.x, (4 * at.rand(B, 2) - 2).round().long())
        u = at.rand(B, *x.shape[1:], device=x.device)
        half = at.rand(B, 1, 1, 1, device=x.device) < 0.5
        x = torch.where(half, (u < x).to(x.dtype), x)
        logits = self.model.logits(x)
        loss = F.cross_entropy(logits, batch.label, label_smoothing=self.smoothing)
        update("model", loss)
        return {"cross_entropy": loss.detach(), "error": _wrong(logits, batch.label).mean()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        logits = self.model.logits(batch.x)
        return {
            "cross_entropy": F.cross_entropy(logits, batch.label, reduction="none"),
            "error": _wrong(logits, batch.label),
        }


class AttributeJudge(AttributeClassifier):
    """Residual convolutions at a half, a quarter and an eighth of the resolution, one dense layer
    of features, and a value for each attribute.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of eight.
        n_values: how many values each attribute has.
        width: channels at half the resolution; two and four times as many further down.
        n_hidden: units of the layer below the features.
        n_features: F, numbers that the last layer decides by.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        n_values: tuple[int, ...] = (2,),
        width: int = 32,
        n_hidden: int = 256,
        n_features: int = 64,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, width, n_hidden, n_features, *n_values) < 1 or not n_values:
            raise ValueError("Sizes of a judge must be at least 1.")
        if H % 8 or W % 8:
            raise ValueError(f"Height and width must be multiples of eight, not {H} and {W}.")
        self.event_shape, self.n_values = (C, H, W), tuple(n_values)
        self.body = nn.Sequential(
            downsample(C, width),
            ResidualBlock(width),
            downsample(width, 2 * width),
            ResidualBlock(2 * width),
            downsample(2 * width, 4 * width),
            ResidualBlock(4 * width),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(4 * width * (H // 8) * (W // 8), n_hidden),
            nn.SiLU(),
            nn.Linear(n_hidden, n_features),
        )
        self.head = nn.Linear(n_features, sum(n_values))

    def features(self, x: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return F.silu(self.body(2 * x - 1).to(x.dtype))

    def classify(self, features: Tensor) -> Tensor:
        return self.head(features).to(features.dtype)


NOISE = 0.08
"""Largest standard deviation of the noise on what an `AttributeJudge` learns by."""


class AttributeClassification(Objective):
    """Minimize the cross-entropy of each attribute's true value, in nats and summed, on images
    shifted by up to two pixels and a little noisy: generated images are never as clean as
    rendered ones.

    Args:
        model: the classifier.
        lr: Adam's learning rate, above 0.
        weight_decay: decoupled weight decay of matrices, a fraction of lr a step, at least 0.
    """

    model: AttributeJudge

    def __init__(self, model: AttributeJudge, lr: float, weight_decay: float = 0.0):
        super().__init__()
        self.model = model
        self.lr, self.weight_decay = lr, weight_decay

    def optimizers(self) -> dict[str, Optimizer]:
        return {"model": adam(self.model.parameters(), self.lr, weight_decay=self.weight_decay)}

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        B, device = len(batch.x), batch.x.device
        x = shifted(batch.x, (4 * at.rand(B, 2) - 2).round().long())
        deviation = NOISE * at.rand(B, 1, 1, 1, device=device)
        noise = at.randn(B, *x.shape[1:], device=device)
        logits = self.model.logits((x + deviation * noise).clamp(0, 1))
        loss = attribute_cross_entropy(logits, batch.label).mean()
        update("model", loss)
        return {"cross_entropy": loss.detach(), "error": _any_wrong(logits, batch.label).mean()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        logits = self.model.logits(batch.x)
        return {
            "cross_entropy": attribute_cross_entropy(logits, batch.label),
            "error": _any_wrong(logits, batch.label),
        }


def _any_wrong(logits: Sequence[Tensor], label: Tensor) -> Tensor:
    """1 where any attribute is misread, (B,)."""
    read = torch.stack([a.detach().argmax(1) for a in logits], dim=1)
    return (read != label).any(1).to(logits[0].dtype)


def shifted(x: Tensor, by: Tensor) -> Tensor:
    """Images x (B, C, H, W) moved by (B, 2) whole pixels down and right; what comes in over the
    edge is 0."""
    B, _, H, W = x.shape
    down, right = by.to(x.device).unbind(1)
    pad = int(by.abs().max())
    padded = F.pad(x, (pad, pad, pad, pad))
    rows = (torch.arange(H, device=x.device) + pad).view(1, H) - down.view(B, 1)
    columns = (torch.arange(W, device=x.device) + pad).view(1, W) - right.view(B, 1)
    image = torch.arange(B, device=x.device).view(B, 1, 1)
    return padded.permute(0, 2, 3, 1)[image, rows.unsqueeze(2), columns.unsqueeze(1)].permute(
        0, 3, 1, 2
    )


def _wrong(logits: Tensor, label: Tensor) -> Tensor:
    return (logits.detach().argmax(1) != label).to(logits.dtype)
