"""Of models of pixels: test digits to begin with, and how probable they are."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genzoo.data import load_images
from genzoo.data.plane import CURVES
from genzoo.data.preprocessing import preprocess_once
from genzoo.models import NADE, RNADE, JointPixels, OrderlessNADE
from genzoo.roles import Autoregressive

PER_CLASS = 30


def nade_mnist(nade: NADE) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw; log p of the whole test set; and for scale
    the median log p of coin-flip noise and of test digits with their pixels shuffled."""
    x = preprocess_once(load_images("mnist", "test").scaled(), "dynamic")
    generator = torch.Generator().manual_seed(0)
    noise = (torch.rand(200, 1, 28, 28, generator=generator) < 0.5).float()
    shuffled = x[:200].flatten(1)[:, torch.randperm(784, generator=generator)].view(-1, 1, 28, 28)
    return {
        **binary_digits(),
        "log_prob": _log_prob(nade, x),
        "noise": np.median(_log_prob(nade, noise)),
        "shuffled": np.median(_log_prob(nade, shuffled)),
    }


def pixels_joint_mnist(joint: JointPixels) -> dict[str, np.ndarray]:
    """The test set's patches: which patterns occur, as the numbers that their pixels spell (the
    first the highest digit), and how often."""
    x = preprocess_once(load_images("mnist-4x4", "test").scaled(), "dynamic").flatten(1).numpy()
    numbers = x.astype(np.int64) @ (2 ** np.arange(x.shape[1])[::-1])
    patterns, counts = np.unique(numbers, return_counts=True)
    return {"patterns": patterns.astype(np.uint16), "counts": counts.astype(np.uint16)}


def orderless_mnist(model: OrderlessNADE) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw."""
    return binary_digits()


def raster_mnist(model: Autoregressive) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw; log p of the first 2,000."""
    x = preprocess_once(load_images("mnist", "test").scaled(), "dynamic")
    return {**binary_digits(), "log_prob": _log_prob(model, x[:2000])}


def rnade_plane(rnade: RNADE, data: str) -> dict[str, np.ndarray]:
    """The first 1,500 test points; and in nats per test point, for scale, the NLL of one Gaussian
    fitted to the training points and that of the density which the points were drawn from."""
    train, test = (load_images(data, split).scaled().flatten(1) for split in ("train", "test"))
    one = torch.distributions.MultivariateNormal(train.mean(0), torch.cov(train.T))
    return {
        "points": test[:1500].half().numpy(),
        "gaussian": (-one.log_prob(test).mean()).numpy(),
        "truth": (-CURVES[data].log_density(test).mean()).numpy(),
    }


def binary_digits() -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw, and their labels."""
    test = load_images("mnist", "test")
    x = preprocess_once(test.scaled(), "dynamic")
    chosen = first_of_each_class(test.labels, PER_CLASS)
    return {
        "digits": np.packbits(x[chosen].flatten(1).byte().numpy(), axis=1),
        "labels": test.labels[chosen].byte().numpy(),
    }


def first_of_each_class(labels: Tensor, n: int) -> Tensor:
    """Indices of the first n of each label, sorted by label."""
    return torch.cat([(labels == label).nonzero()[:n, 0] for label in labels.unique()])


@torch.inference_mode()
def _log_prob(model: Autoregressive, x: Tensor) -> np.ndarray:
    return torch.cat([model.log_prob(b) for b in x.split(250)]).numpy()
