"""Of generators that learned from a critic: what their pictures are near to, and mean."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor

import genzoo
from demo_app.assets import near
from demo_app.assets.digits import first_of_each_class
from demo_app.services.dcgan import N_SHEET, sheet_of_z, spherical
from genzoo.data import load_images
from genzoo.metrics.matching import tally
from genzoo.metrics.samples import features
from genzoo.models import DCGAN, InfoGAN
from genzoo.roles import Adversarial, Classifier

N_SEARCHED = 8
"""Sheets of a DCGAN, by the seeds from 0, whose nearest training images are searched for."""

N_NEAREST = 3

N_DIRECTIONS = 8


def dcgan(model: DCGAN, data: str) -> dict[str, np.ndarray]:
    """What the DCGAN tab shows of one model; see `DCGANService.known` and `neighbours`.

    Distances are between the features of the data's judge. pictures (U, 784) holds each training
    image once that is among the nearest of any cell, and neighbours (S, 64, 3) its number there.
    """
    judge = genzoo.load(f"judge-{data}", role=Classifier)
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
    which the way looks best, which is where the judge, at its least sure, is surest: of the first
    class up to 0.3, of the second from 0.7, and of any at all in the middle."""
    label = _read(judge, model, z)[0].argmax(1)
    best, found = -1.0, (0, 1)
    for i in range(len(z)):
        others = [j for j in range(len(z)) if label[j] != label[i]]
        if not others:
            continue
        ways = [
            [spherical(z[i].numpy(), z[j].numpy(), t) for t in (0.0, 0.3, 0.5, 0.7, 1.0)]
            for j in others
        ]
        places = torch.from_numpy(np.array(ways)).flatten(0, 1)
        read = _read(judge, model, places)[0].view(len(others), 5, -1)
        first = read[:, :2, label[i]].amin(1)
        second = read[:, 3:].gather(2, label[others].view(-1, 1, 1).expand(-1, 2, 1)).amin((1, 2))
        sure = torch.minimum(torch.minimum(first, second), read[:, 2].amax(1))
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


def infogan_mnist(model: InfoGAN) -> dict[str, np.ndarray]:
    """Test digits, gray, 20 a class; counts (K, L), how many test images of each class are given
    each category; up to 8 examples of each such pair, sorted by it; and training digits, see
    `demo_app.services.near`."""
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
        **near.digits(),
    }
