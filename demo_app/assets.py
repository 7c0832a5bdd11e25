"""Make what the tabs show before anyone has drawn: `python -m demo_app.assets [NAME ...]`.

Each release's `demo.npz` lies beside its weights and holds plain arrays, no pickles; the app
itself then needs no data set. Reads the releases (GENZOO_CHECKPOINTS) and the test sets
(GENZOO_DATA).
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import genzoo
from demo_app.services.dcgan import N_SHEET, sheet_of_z, spherical
from demo_app.store import ASSETS
from genzoo import releases
from genzoo.data import load_images
from genzoo.data.batches import some_of
from genzoo.data.binarize import binarize_once
from genzoo.data.plane import CURVES
from genzoo.metrics.bounds import elbo_split
from genzoo.metrics.matching import tally
from genzoo.metrics.samples import distance_from_draws, features
from genzoo.models import AAE, DCGAN, NADE, RNADE, VAE, InfoGAN, JointPixels, OrderlessNADE
from genzoo.roles import Adversarial, Autoregressive, Classifier

PER_CLASS = 30

GRID = torch.linspace(-4, 4, 161)
"""Places on either axis of a plane of latents where the density of codes is known."""

BANDWIDTH = 0.06
"""Deviation of the Gaussian about each code, where codes are points and their density is to be
estimated."""


def nade_mnist(nade: NADE) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw; log p of the whole test set; and for scale
    the median log p of coin-flip noise and of test digits with their pixels shuffled."""
    x = binarize_once(load_images("mnist", "test").scaled(), "dynamic")
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
    x = binarize_once(load_images("mnist-4x4", "test").scaled(), "dynamic").flatten(1).numpy()
    numbers = x.astype(np.int64) @ (2 ** np.arange(x.shape[1])[::-1])
    patterns, counts = np.unique(numbers, return_counts=True)
    return {"patterns": patterns.astype(np.uint16), "counts": counts.astype(np.uint16)}


def orderless_mnist(model: OrderlessNADE) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw."""
    return binary_digits()


def raster_mnist(model: Autoregressive) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw; log p of the first 2,000."""
    x = binarize_once(load_images("mnist", "test").scaled(), "dynamic")
    return {**binary_digits(), "log_prob": _log_prob(model, x[:2000])}


def vae_mnist_2d(vae: VAE) -> dict[str, np.ndarray]:
    """The first 2,000 test digits on the one fixed draw, and the means of their posteriors; and
    log_q, the logarithm of the aggregated posterior of the training digits on a grid, a row for
    each value of the second latent, both from -4 to 4."""
    test = load_images("mnist", "test")
    x = binarize_once(test.scaled(), "dynamic")[:2000]
    with torch.inference_mode():
        points = torch.cat([vae.encode(b).mean for b in x.split(250)])
        train = binarize_once(load_images("mnist", "train").scaled(), "dynamic")
        posteriors = [vae.encode(b) for b in train.split(250)]
    mean, deviation = (
        torch.cat([getattr(q, name) for q in posteriors]) for name in ("mean", "stddev")
    )
    return {
        "points": points.numpy(),
        "log_q": log_aggregated(mean, deviation, GRID).half().numpy(),
        "labels": test.labels[:2000].byte().numpy(),
        "digits": np.packbits(x.flatten(1).byte().numpy(), axis=1),
    }


def aae_plane(aae: AAE, name: str) -> dict[str, np.ndarray]:
    """The 2,000 test digits whose codes the release has kept, on the one fixed draw; these codes
    (S, 2000, 2) at S moments of the training, by images_seen (S,), the energy distance (S,) of
    each from as many draws of the prior, and its floor, between two sets of draws; and log_q, as
    of `vae_mnist_2d`, of the codes of the training digits.

    Raises:
        ReleaseError: when the release kept no codes.
    """
    if not (kept := releases.snapshots(name)):
        raise releases.ReleaseError(f"{name} has kept no codes of its training: train it anew.")
    test = load_images("mnist", "test")
    chosen = some_of(len(test), len(next(iter(kept.values()))))
    x = binarize_once(test.scaled(), "dynamic")[chosen]
    generator = torch.Generator().manual_seed(0)
    far = [
        distance_from_draws(z.float(), lambda n: aae.draw_z(n, generator)) for z in kept.values()
    ]
    train = binarize_once(load_images("mnist", "train").scaled(), "dynamic")
    with torch.inference_mode():
        codes = torch.cat(
            [aae.encode(b, torch.randn(len(b), 2, generator=generator)) for b in train.split(250)]
        )
    return {
        "images_seen": np.array(list(kept), dtype=np.int64),
        "codes": torch.stack(list(kept.values())).numpy(),
        "distance": np.array([distance for distance, _ in far], dtype=np.float32),
        "floor": np.array([floor for _, floor in far], dtype=np.float32).mean(),
        "log_q": log_aggregated(codes, torch.full_like(codes, BANDWIDTH), GRID).half().numpy(),
        "labels": test.labels[chosen].byte().numpy(),
        "digits": np.packbits(x.flatten(1).byte().numpy(), axis=1),
    }


def vae_mnist(vae: VAE) -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw; how the model codes the whole test set."""
    return _coded(vae, "mnist", "dynamic", PER_CLASS)


def vae_fashion(vae: VAE) -> dict[str, np.ndarray]:
    """Test clothes, 10 a class, and how the model codes the whole test set."""
    return _coded(vae, "fashion", "none", 10)


def infogan_mnist(model: InfoGAN) -> dict[str, np.ndarray]:
    """Test digits, gray, 20 a class; counts (K, L), how many test images of each class are given
    each category; and up to 8 examples of each such pair, sorted by it."""
    test = load_images("mnist", "test")
    with torch.inference_mode():
        inferred = torch.cat([model.infer(b)[0].probs.argmax(1) for b in test.scaled().split(250)])
    pair = inferred * len(test.classes) + test.labels
    chosen, examples = first_of_each_class(test.labels, 20), first_of_each_class(pair, 8)
    levels = test.images.flatten(1).byte().numpy()
    return {
        "digits": levels[chosen],
        "labels": test.labels[chosen].byte().numpy(),
        "counts": tally(inferred, test.labels, model.n_categories, len(test.classes)).numpy(),
        "examples": levels[examples],
        "example_categories": inferred[examples].byte().numpy(),
        "example_labels": test.labels[examples].byte().numpy(),
    }


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


N_SEARCHED = 8
"""Sheets of a DCGAN, by the seeds from 0, whose nearest training images are searched for."""

N_NEAREST = 3
N_DIRECTIONS = 8


def dcgan(model: DCGAN, data: str) -> dict[str, np.ndarray]:
    """What the DCGAN tab shows of one model; see `DCGANService.known` and `neighbours`.

    Distances are between the features of the data's judge. pictures (U, 784) holds each training
    image once that is among the nearest of any cell, and neighbours (S, 64, 3) its number there.
    """
    judge = genzoo.load(f"judge-{data}")
    train, test = load_images(data, "train"), load_images(data, "test")
    z = torch.from_numpy(
        np.concatenate([sheet_of_z(seed, *model.latent_shape) for seed in range(N_SEARCHED)])
    )
    made, of_train = _features_of(judge, model, z), features(judge, train.scaled())
    distances, nearest = (
        x.view(N_SEARCHED, N_SHEET, N_NEAREST) for x in _nearest(made, of_train, N_NEAREST)
    )
    used, neighbours = nearest.unique(return_inverse=True)
    real, _ = _nearest(features(judge, test.scaled()), of_train, 1)
    directions, gains = principal_directions(model, N_DIRECTIONS)
    example, classes = sum_of_means(model, judge, z)
    return {
        "pictures": train.images[used].flatten(1).numpy(),
        "labels": train.labels[used].byte().numpy(),
        "neighbours": neighbours.numpy().astype(np.uint16),
        "distances": distances.half().numpy(),
        "real_distances": real.quantile(torch.linspace(0, 1, 201).double()).half().numpy(),
        "directions": directions.half().numpy(),
        "gains": gains.half().numpy(),
        "example": np.stack(np.divmod(example.numpy(), N_SHEET), -1).astype(np.uint16),
        "example_classes": np.array(classes, np.uint8),
        "ends": best_ends(model, judge, z[:N_SHEET]),
    }


def principal_directions(model: Adversarial, n: int, n_z: int = 64) -> tuple[Tensor, Tensor]:
    """Along which directions of z pictures change most: the first n eigenvectors (n, K) of the
    mean of J'J over n_z draws, J being the pictures' derivative by z; and by how much they do, the
    roots of the eigenvalues (n,) as multiples of that of all eigenvalues' mean, which is what a
    direction at random does."""
    z = model.draw_z(n_z, torch.Generator().manual_seed(0))
    K = z.shape[1]
    total = torch.zeros(K, K)
    step = 0.05
    for one in z:
        by = step * torch.eye(K)
        with torch.inference_mode():
            J = (model.generate(one + by) - model.generate(one - by)).flatten(1) / (2 * step)
        total += J @ J.T
    values, vectors = torch.linalg.eigh(total)
    gains = (values / values.mean()).clamp(min=0).sqrt()
    # An eigenvector has no sign; this one has more ink on its positive side.
    directions = vectors.T.flip(0)[:n]
    with torch.inference_mode():
        for u in directions:
            if model.generate(z + u).mean() < model.generate(z - u).mean():
                u.neg_()
    return directions, gains.flip(0)[:n]


N_PICKS = 3
"""Draws in each mean of the example, as in the paper."""


def sum_of_means(
    model: Adversarial, judge: Classifier, z: Tensor, n_tries: int = 4
) -> tuple[Tensor, tuple[int, int]]:
    """An example of A - B + C: A bold pictures of a class, B thin ones of the same, C thin ones of
    another, so that the sum ought to be of C's class and bold.

    Of all pairs of classes, and a few choices among the boldest and thinnest of each, the one
    whose sum is best: the judge's probability of C's class, over the sum and eight places around
    it, times the share of pictures of the class that are less bold.

    Returns:
        the numbers (3, N_PICKS) of A, B and C among the draws z, and the two classes.
    """
    probability, ink = _read(judge, model, z)
    certainty, label = probability.max(1)
    generator = torch.Generator().manual_seed(0)
    bold, thin = {}, {}
    for c in label.unique().tolist():
        members = ((label == c) & (certainty > 0.9)).nonzero().flatten()
        if len(members) < 2 * N_PICKS:
            continue
        ranked, few = members[ink[members].argsort()], max(N_PICKS, len(members) // 4)
        thin[c], bold[c] = ranked[:few], ranked[-few:]

    def some(few: Tensor) -> Tensor:
        return few[torch.randperm(len(few), generator=generator)[:N_PICKS]]

    eps = 0.25 * torch.randn(9, z.shape[1], generator=generator)
    eps[0] = 0
    best, found = -1.0, (torch.arange(3 * N_PICKS).view(3, N_PICKS) % len(z), (0, 0))
    for p, q in itertools.permutations(bold, 2):
        for _ in range(n_tries):
            picks = torch.stack([some(bold[p]), some(thin[p]), some(thin[q])])
            a, b, c = z[picks].mean(1)
            read, ink_of = _read(judge, model, a - b + c + eps)
            bolder = (ink[label == q] < ink_of[0]).double().mean()
            score = float(read[:, q].mean() * bolder)
            if score > best:
                best, found = score, (picks, (p, q))
    return found


def best_ends(model: Adversarial, judge: Classifier, z: Tensor) -> np.ndarray:
    """Two cells of the first sheet, of different classes, (2, 2) as seed and cell: those between
    which the judge is surest, on the way, of what it sees."""
    label = _read(judge, model, z)[0].argmax(1)
    best, found = -1.0, (0, 1)
    for i in range(len(z) - 1):
        others = [j for j in range(i + 1, len(z)) if label[j] != label[i]]
        ways = [
            [spherical(z[i].numpy(), z[j].numpy(), t) for t in (0.0, 0.3, 0.5, 0.7, 1.0)]
            for j in others
        ]
        if not others:
            continue
        places = torch.from_numpy(np.array(ways))  # (n, 5, K)
        sure = _read(judge, model, places.flatten(0, 1))[0].amax(1).view(len(others), -1).amin(1)
        if sure.max() > best:
            best, found = float(sure.max()), (i, others[int(sure.argmax())])
    return np.array([[0, found[0]], [0, found[1]]], np.uint16)


@torch.inference_mode()
def _read(judge: Classifier, model: Adversarial, z: Tensor) -> tuple[Tensor, Tensor]:
    """What the judge says of the pictures of z (N, K): probabilities (N, n_classes); and their
    ink, the mean of their pixels (N,)."""
    x = model.generate(z)
    return torch.softmax(judge.logits(x), 1), x.flatten(1).mean(1)


@torch.inference_mode()
def _features_of(judge: Classifier, model: Adversarial, z: Tensor) -> Tensor:
    return torch.cat([features(judge, model.generate(few)) for few in z.split(64)])


def _nearest(x: Tensor, among: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """Distances (N, n) of x (N, F) from the nearest of `among` (M, F), nearest first, and the
    numbers (N, n) of those."""
    found = [torch.cdist(few, among).topk(n, largest=False) for few in x.split(250)]
    return torch.cat([d for d, _ in found]), torch.cat([i for _, i in found])


def _coded(vae: VAE, data: str, binarization: str, n: int) -> dict[str, np.ndarray]:
    """images of 0 to 255, n a class, and their labels; over the test set the mean kl of each
    latent and the mean reconstruction term, in nats."""
    test = load_images(data, "test")
    x = binarize_once(test.scaled(), binarization)
    terms = [elbo_split(vae, b, seed=i) for i, b in enumerate(x.split(250))]
    chosen = first_of_each_class(test.labels, n)
    return {
        "images": (x[chosen] * 255).round().flatten(1).byte().numpy(),
        "labels": test.labels[chosen].byte().numpy(),
        "kl": torch.cat([kl for _, kl in terms]).mean(0).numpy(),
        "reconstruction": torch.cat([r for r, _ in terms]).mean().numpy(),
    }


MAKERS: dict[str, Callable[[Any], dict[str, np.ndarray]]] = {
    "nade-mnist": nade_mnist,
    "nade-orderless-mnist": orderless_mnist,
    "pixels-joint-mnist": pixels_joint_mnist,
    "row-lstm-mnist": raster_mnist,
    "diagonal-bilstm-mnist": raster_mnist,
    "transformer-mnist": raster_mnist,
    "rnade-moons": partial(rnade_plane, data="moons"),
    "rnade-rings": partial(rnade_plane, data="rings"),
    "rnade-spirals": partial(rnade_plane, data="spirals"),
    "vae-mnist-2d": vae_mnist_2d,
    "vae-mnist-2d-beta01": vae_mnist_2d,
    "vae-mnist-2d-beta4": vae_mnist_2d,
    "vae-mnist": vae_mnist,
    "vae-mnist-beta025": vae_mnist,
    "vae-mnist-beta4": vae_mnist,
    "iwae-mnist": vae_mnist,
    "aae-mnist": partial(aae_plane, name="aae-mnist"),
    "aae-mnist-deterministic": partial(aae_plane, name="aae-mnist-deterministic"),
    "aae-mnist-ring": partial(aae_plane, name="aae-mnist-ring"),
    "aae-mnist-swiss-roll": partial(aae_plane, name="aae-mnist-swiss-roll"),
    "dcgan-mnist": partial(dcgan, data="mnist"),
    "dcgan-fashion": partial(dcgan, data="fashion"),
    "infogan-mnist": infogan_mnist,
    "vae-fashion": vae_fashion,
    "vae-fashion-beta4": vae_fashion,
}


def binary_digits() -> dict[str, np.ndarray]:
    """Test digits, 30 a class, on the one fixed draw, and their labels."""
    test = load_images("mnist", "test")
    x = binarize_once(test.scaled(), "dynamic")
    chosen = first_of_each_class(test.labels, PER_CLASS)
    return {
        "digits": np.packbits(x[chosen].flatten(1).byte().numpy(), axis=1),
        "labels": test.labels[chosen].byte().numpy(),
    }


def log_aggregated(mean: Tensor, deviation: Tensor, axis: Tensor) -> Tensor:
    """log q(z) (G, G) at all places of a grid, the first latent along a row, of the mean of the
    Gaussians q(z | x_n) with `mean` and `deviation` (N, 2); not below -30."""
    total = torch.zeros(len(axis), len(axis), dtype=torch.float64)
    for m, s in zip(mean.split(5000), deviation.split(5000), strict=True):
        # Each Gaussian is a product of one along each axis, so the sum is a matrix product.
        z = (axis.view(-1, 1, 1) - m) / s
        along = (torch.exp(-0.5 * z**2) / (s * math.sqrt(2 * math.pi))).double()  # (G, n, 2)
        total += along[..., 1] @ along[..., 0].T
    return (total / len(mean)).log().clamp(min=-30)


def first_of_each_class(labels: Tensor, n: int) -> Tensor:
    """Indices of the first n of each label, sorted by label."""
    return torch.cat([(labels == label).nonzero()[:n, 0] for label in labels.unique()])


def make(name: str) -> Path:
    """Write the assets of one release; returns the file."""
    path = releases.find(name) / ASSETS
    arrays: dict[str, Any] = MAKERS[name](genzoo.load(name))
    np.savez_compressed(path, **arrays)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="releases; all that are there when left out")
    for name in parser.parse_args().names or [n for n in releases.names() if n in MAKERS]:
        if name not in MAKERS:
            parser.error(f"{name} has no assets; there are: {', '.join(MAKERS)}")
        path = make(name)
        print(f"{path}  {path.stat().st_size / 1024:.0f} kB")


@torch.inference_mode()
def _log_prob(model: Autoregressive, x: Tensor) -> np.ndarray:
    return torch.cat([model.log_prob(b) for b in x.split(250)]).numpy()


if __name__ == "__main__":
    main()
