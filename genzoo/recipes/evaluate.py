"""Measure a model of a recipe on the test split, by what roles it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

import torch
from torch import Tensor, nn

from genzoo.data import PARTS, SPLITS, ImageSet, avatars, load_images
from genzoo.data.batches import fixed_subset, seeded
from genzoo.data.plane import CURVES
from genzoo.data.preprocessing import preprocess_once
from genzoo.metrics import (
    Metric,
    active_latents,
    bootstrap,
    edit_metrics,
    elbo_split,
    image_metrics,
    importance_weighted_bound,
    matched,
    speed_metrics,
    translation_metrics,
)
from genzoo.metrics.matching import tally
from genzoo.metrics.samples import distance_from_draws, energy_test, features, frechet_distance
from genzoo.objectives.likelihood import bits_per_dim
from genzoo.recipes.base import Recipe
from genzoo.roles import (
    AttributeClassifier,
    Autoencoder,
    Classifier,
    Coded,
    Editor,
    ExplicitDensity,
    Implicit,
    LatentVariable,
    OrderAgnostic,
    UnpairedTranslator,
    pictures,
)

PREPROCESSING = {
    "none": "8-bit gray",
    "dynamic": "dynamic binarization",
    "static": "static binarization",
    "threshold": "threshold binarization",
    "dequantized": "uniformly dequantized 8-bit gray",
}

BINARY = ("dynamic", "static", "threshold")

N_ORDERS = 8
"""Orders of an order-agnostic model's ensemble."""

N_ORDERED = 100
"""The first so many test images are measured in it exactly, by D passes an image and an order."""

N_CODES = 2000
"""Codes in the two-sample test: its matrix of distances grows with their square."""

N_MASKS = 20
"""Sets of known pixels for each image, in the estimate over all orders."""


PARTS_OF_FIGURES = ("model", "pictures", "speed")
"""What is measured: by the model's role; its pictures, by a judge; how long these take."""

MAKERS = (ExplicitDensity, LatentVariable, Implicit)
"""The roles that make pictures out of nothing."""


def evaluate(
    recipe: Recipe,
    model: nn.Module,
    *,
    device: str = "cpu",
    n_images: int | None = None,
    k: int = 500,
    judge: Classifier | AttributeClassifier | None = None,
    parts: Collection[str] = PARTS_OF_FIGURES,
    progress: Callable[[float], None] = lambda fraction: None,
) -> list[Metric]:
    """Figures on the test split, drawn once from the fixed seed.

    Args:
        n_images: only the first so many; the setting then says so.
        k: samples of the importance-weighted bound.
        judge: of the same data, whose features measure pictures and edits; without it they are
            not measured.
        parts: of PARTS_OF_FIGURES, those that are wanted.
        progress: told the fraction done.
    """
    figures: list[Metric] = []
    model = model.to(device).eval()
    if "model" in parts:
        figures += _of_model(recipe, model, device, n_images, k, judge, progress)
    if "pictures" in parts and judge is not None and isinstance(model, MAKERS):
        figures += _of_pictures(model, judge, recipe, n_images, progress)
    if "speed" in parts and (make := _maker(recipe, model, device)) is not None:
        figures += speed_metrics(make)
    return figures


def _maker(recipe: Recipe, model: nn.Module, device: str) -> Callable[[int], Tensor] | None:
    """What makes n pictures by a model: out of nothing, or of n test images; None when none are
    made."""
    if isinstance(model, MAKERS) and recipe.data not in CURVES:
        return lambda n: pictures(model, n, seeded(0))
    if isinstance(model, Editor):
        data = load_images(recipe.data, "test")
        faces, values = data.scaled(slice(64)), data.labels[:, model.columns].roll(1, 0)
        return lambda n: model.edit(faces[:n].to(device), values[:n].to(device))
    if isinstance(model, UnpairedTranslator):
        both = load_images(recipe.data, "test")
        x = both.scaled(slice(64))[:, : model.event_shape[0]]
        return lambda n: model.forth(x[:n].to(device))
    return None


def _of_model(
    recipe: Recipe,
    model: nn.Module,
    device: str,
    n_images: int | None,
    k: int,
    judge: Classifier | AttributeClassifier | None,
    progress: Callable[[float], None],
) -> list[Metric]:
    """What is measured by the model's role."""
    data = load_images(recipe.data, "test")
    if isinstance(model, Classifier):
        return _of_classifier(recipe.data, model, data, device, n_images)
    if isinstance(model, AttributeClassifier):
        return _of_attributes(recipe.data, model, device, n_images)
    if isinstance(model, Editor):
        if judge is None:
            return []
        assert isinstance(judge, AttributeClassifier)
        truth = avatars.truth if recipe.data == "avatars" else None
        train = load_images(recipe.data, "train")
        return edit_metrics(model, judge, data, train, truth, n_images, progress)
    if isinstance(model, UnpairedTranslator):
        assert judge is None or isinstance(judge, AttributeClassifier)
        train = load_images(recipe.data, "train")
        return translation_metrics(model, judge, data, train, n_images, progress)
    x = preprocess_once(data.scaled(), recipe.settings.preprocessing)[:n_images]
    D = x[0].numel()
    if data.images.is_floating_point():
        setting = f"density on the unit square, {len(x)} test points"
    else:
        setting = f"{PREPROCESSING[recipe.settings.preprocessing]}, {len(x)} test images"
    if recipe.data in PARTS:
        setting += f", {PARTS[recipe.data]}"

    def over_batches(function: Callable[[Tensor], Tensor], batch: int) -> Tensor:
        values = []
        for s in range(0, len(x), batch):
            values.append(function(x[s : s + batch].to(device)).cpu())
            progress(min(1.0, (s + batch) / len(x)))
        return torch.cat(values)

    if isinstance(model, OrderAgnostic):
        with torch.inference_mode():
            return _over_orders(model, x, over_batches, setting)
    if isinstance(model, ExplicitDensity):
        with torch.inference_mode():
            nll = -over_batches(model.log_prob, 250)
        if recipe.settings.preprocessing == "dequantized":  # density in units of a gray step
            nll = nll + D * math.log(256)
            return [
                bootstrap("nll_bound", nll, "nats", setting),
                bootstrap("bits_per_dim_bound", bits_per_dim(nll, D), "bits", setting),
            ]
        return [
            bootstrap("nll", nll, "nats", setting),
            bootstrap("bits_per_dim", bits_per_dim(nll, D), "bits", setting),
        ]
    if isinstance(model, LatentVariable):
        split = over_batches(
            lambda b: torch.cat([t.view(len(b), -1) for t in elbo_split(model, b)], dim=1), 250
        )
        reconstruction, kl = split[:, 0], split[:, 1:]
        bound = -over_batches(lambda b: importance_weighted_bound(model, b, k), 50)
        weighted = f"importance-weighted bound, k = {k}, {setting}"
        return [
            bootstrap("nll_bound", bound, "nats", weighted),
            bootstrap("bits_per_dim_bound", bits_per_dim(bound, D), "bits", weighted),
            bootstrap("negative_elbo", kl.sum(1) - reconstruction, "nats", setting),
            bootstrap("reconstruction", -reconstruction, "nats", setting),
            bootstrap("kl", kl.sum(1), "nats", setting),
            Metric("active_latents", n := float(active_latents(kl).sum()), n, n, "", setting),
        ]
    if isinstance(model, Autoencoder):
        with torch.inference_mode():
            return _of_codes(model, x, over_batches, setting)
    if isinstance(model, Coded):
        assert judge is None or isinstance(judge, Classifier)
        label, n_classes = data.labels[: len(x)], len(data.classes)
        return _of_categories(model, judge, label, n_classes, over_batches, setting)
    if isinstance(model, Implicit):
        return []
    raise TypeError(f"No figures are defined for {type(model).__name__}.")


def _of_codes(
    model: Autoencoder,
    x: Tensor,
    over_batches: Callable[[Callable[[Tensor], Tensor], int], Tensor],
    setting: str,
) -> list[Metric]:
    """How well images are made again, and how well their codes lie as p(z) does."""
    generator = seeded(0)

    def noise(b: Tensor) -> Tensor:
        return torch.randn(len(b), *model.latent_shape, generator=generator).to(b)

    def wrong(b: Tensor) -> Tensor:
        return -model.decode(model.encode(b, noise(b))).log_prob(b).flatten(1).sum(1)

    reconstruction = bootstrap("reconstruction", over_batches(wrong, 250), "nats", setting)
    codes = over_batches(lambda b: model.encode(b, noise(b)), 250).flatten(1)
    codes = codes[fixed_subset(len(codes), N_CODES)]
    n = len(codes)

    def draw(n: int) -> Tensor:
        return model.draw_z(n, generator).cpu().flatten(1)

    distance, reference = distance_from_draws(codes, draw)
    _, p = energy_test(codes, draw(n), generator=generator)
    draws = f"{n} draws of p(z)"
    test = f"energy distance of the codes of {n} of the images from {draws}, {setting}"
    between = f"energy distance of {draws} from as many others, {setting}"
    return [
        reconstruction,
        Metric("prior_distance", distance, distance, distance, "", test),
        Metric("prior_distance_reference", reference, reference, reference, "", between),
        Metric("prior_p_value", p, p, p, "", f"{test}, 200 permutations"),
    ]


def _of_pictures(
    model: object,
    judge: Classifier | AttributeClassifier,
    recipe: Recipe,
    n_images: int | None,
    progress: Callable[[float], None],
    batch: int = 250,
) -> list[Metric]:
    """What pictures of a model are like, beside as many test images: binary ones beside binary
    ones, of a model that draws them, and gray ones else."""
    test, train = (load_images(recipe.data, split) for split in ("test", "train"))
    preprocessing = recipe.settings.preprocessing
    setting = ""
    if isinstance(model, ExplicitDensity) and preprocessing in BINARY:
        test, train = (_binary(images, preprocessing) for images in (test, train))
        setting = f", {PREPROCESSING[preprocessing]}"
    n = len(test) if n_images is None else min(n_images, len(test))
    generator = seeded(0)
    made = []
    for s in range(0, n, batch):
        made.append(pictures(model, min(batch, n - s), generator).cpu())
        progress(s / n)
    return image_metrics(judge, torch.cat(made), test.scaled(slice(n)), train, setting)


def _binary(data: ImageSet, preprocessing: str) -> ImageSet:
    images = preprocess_once(data.scaled(), preprocessing)
    return ImageSet((255 * images).byte(), data.labels, data.classes)


@torch.inference_mode()
def _of_categories(
    model: Coded,
    judge: Classifier | None,
    label: Tensor,
    n_classes: int,
    over_batches: Callable[[Callable[[Tensor], Tensor], int], Tensor],
    setting: str,
) -> list[Metric]:
    """How well the categories that no one named are classes: of test images, by what is inferred
    of them; of pictures, by what the judge takes those of each category to be."""
    inferred = over_batches(lambda b: model.infer(b)[0].logits.argmax(1), 250)
    meaning = matched(tally(inferred, label, model.n_categories, n_classes))
    each = f"categories matched one to one to classes on the same images, {setting}"
    figures = [bootstrap("unsupervised_error", 100.0 * (meaning[inferred] != label), "%", each)]
    if judge is not None:
        z = model.draw_z(len(label), seeded(0))
        category = model.split(z)[0].cpu()
        read = torch.cat([judge.logits(model.generate(b).cpu()).argmax(1) for b in z.split(250)])
        made = f"{len(z)} pictures that the judge reads as another class than its category's, "
        wrong = 100.0 * (meaning[category] != read)
        figures.append(bootstrap("category_error", wrong, "%", made + each))
    return figures


def _of_classifier(
    name: str, model: Classifier, test: ImageSet, device: str, n_images: int | None
) -> list[Metric]:
    """The share of images that it gets wrong, gray and binary; and the reference of its
    distances: of as many training images from the test images."""
    n = len(test) if n_images is None else n_images
    train = load_images(name, "train")
    figures = []
    for preprocessing in ("none", "dynamic"):
        x, real = (preprocess_once(d.scaled(slice(n)), preprocessing) for d in (test, train))
        a, b = (features(model, part.to(device)) for part in (x, real))
        with torch.inference_mode():
            wrong = model.classify(a.to(x)).argmax(1).cpu() != test.labels[:n]
        setting = f"{PREPROCESSING[preprocessing]}, {len(x)} test images"
        figures.append(bootstrap("error", 100.0 * wrong, "%", setting))
        reference = frechet_distance(a, b)
        against = f"{len(real)} training images, {setting}"
        figures.append(Metric("fid_train_reference", reference, reference, reference, "", against))
    return figures


@torch.inference_mode()
def _of_attributes(
    name: str, model: AttributeClassifier, device: str, n_images: int | None, batch: int = 250
) -> list[Metric]:
    """How often each attribute is read right, on each split that is not trained on; and the
    reference of the judge's distances: of as many training images from the test images."""
    figures = []
    for split in SPLITS[name]:
        if split in ("train", "validation"):
            continue
        data = load_images(name, split)
        x, label = data.scaled(slice(n_images)), data.labels[:n_images]
        read = torch.cat([model.read(b.to(device)).cpu() for b in x.split(batch)])
        right = 100.0 * (read == label)
        setting = f"{len(x)} {split} images"
        of = "" if split == "test" else f"_{split}"
        figures.append(bootstrap(f"accuracy{of}", right.mean(1), "%", f"mean of {setting}"))
        figures.append(bootstrap(f"all_right{of}", 100.0 * (read == label).all(1), "%", setting))
        columns = zip(data.classes, right.unbind(1), strict=True)
        figures += [bootstrap(f"accuracy_{a}{of}", column, "%", setting) for a, column in columns]
    train, test = (load_images(name, split).scaled(slice(n_images)) for split in ("train", "test"))
    n = len(test)
    reference = frechet_distance(*(features(model, part[:n].to(device)) for part in (train, test)))
    against = f"{n} training images, {n} test images"
    return [*figures, Metric("fid_train_reference", reference, reference, reference, "", against)]


def _over_orders(
    model: OrderAgnostic,
    x: Tensor,
    over_batches: Callable[[Callable[[Tensor], Tensor], int], Tensor],
    setting: str,
) -> list[Metric]:
    """-log p averaged over all orders, estimated on all of x; and exactly, on its first images,
    -log of the density averaged over some orders."""
    D = x[0].numel()
    generator = seeded(0)

    def estimate(b: Tensor) -> Tensor:
        # Numbers of known pixels that lie evenly over each image's masks: still uniform each.
        shift = torch.rand(len(b), 1, generator=generator)
        n = ((shift + torch.arange(N_MASKS) / N_MASKS) % 1 * D).long().clamp(max=D - 1)
        rank = torch.rand(len(b), N_MASKS, D, generator=generator).argsort(2).argsort(2)
        known = (rank < n.unsqueeze(2)).flatten(0, 1).to(b.device)
        nll = model.nll_of_unknown(b.repeat_interleave(N_MASKS, 0), known)
        return nll.view(len(b), N_MASKS).mean(1)

    nll = over_batches(estimate, 50)
    orders = torch.stack([torch.randperm(D, generator=generator) for _ in range(N_ORDERS)])
    first = x[:N_ORDERED].to(model.order.device)
    log_p = torch.stack([model.with_order(order).log_prob(first) for order in orders])  # (K, B)
    ensemble = math.log(N_ORDERS) - torch.logsumexp(log_p, 0)
    each = f"mean over all orders, by {N_MASKS} sets of known pixels an image, {setting}"
    joint = f"density averaged over {N_ORDERS} orders, {setting}, the first {len(first)} measured"
    return [
        bootstrap("nll", nll, "nats", each),
        bootstrap("bits_per_dim", bits_per_dim(nll, D), "bits", each),
        bootstrap("nll_ensemble", ensemble, "nats", joint),
        bootstrap("nll_orders", -log_p.mean(0), "nats", joint.replace("density", "NLL")),
    ]
