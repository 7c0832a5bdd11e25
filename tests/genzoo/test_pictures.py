"""What is said of a model's pictures, on pictures of which it is known."""

from __future__ import annotations

import itertools
import re

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical, Normal

from genzoo import recipes
from genzoo.data import ImageSet, load_images
from genzoo.metrics import Metric, image_metrics, matched
from genzoo.metrics.matching import tally
from genzoo.metrics.metric import bootstrap_distance
from genzoo.metrics.pictures import nearest_distance
from genzoo.metrics.samples import Standardized, features, frechet_distance
from genzoo.models import InfoGAN
from genzoo.roles import AttributeClassifier, Classifier


class Corners(Classifier):
    """The class is the brightest of four corners; the features are how bright each is."""

    event_shape = (1, 4, 4)
    n_classes = 4

    def features(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(x, 2).flatten(1)

    def classify(self, features: Tensor) -> Tensor:
        return features


def corners(shares: list[int], seed: int) -> Tensor:
    """So many images (1, 4, 4) of each class, in random order, of 256 grays."""
    generator = torch.Generator().manual_seed(seed)
    label = torch.arange(4).repeat_interleave(torch.tensor(shares))
    label = label[torch.randperm(len(label), generator=generator)]
    x = 0.4 * torch.rand(len(label), 1, 4, 4, generator=generator)
    for image, k in zip(x, label.tolist(), strict=True):
        image[0, 2 * (k // 2) : 2 * (k // 2) + 2, 2 * (k % 2) : 2 * (k % 2) + 2] += 0.5
    return (255 * x).round() / 255


def images(shares: list[int], seed: int) -> ImageSet:
    x = (255 * corners(shares, seed)).round().to(torch.uint8)
    return ImageSet(x, torch.zeros(len(x), dtype=torch.int64), ("",), "test")


TRAIN = images([200, 200, 200, 200], seed=0)
TEST = images([50, 50, 50, 50], seed=1)


def figures_of(pictures: Tensor) -> dict[str, Metric]:
    standardized = Standardized.by(Corners(), TRAIN)
    figures = image_metrics(Corners(), standardized, pictures, TEST, TRAIN)
    named = {figure.name: figure for figure in figures}
    assert len(named) == len(figures)
    for figure in figures:
        assert figure.low <= figure.value <= figure.high, figure
        assert "200 test images" in figure.setting
    return named


def test_pictures_as_good_as_training_images_are_as_near():
    figures = figures_of(corners([50, 50, 50, 50], seed=2))
    references = {
        name: f"{name}_train_reference" for name in ("fid", "kid", "precision", "recall")
    }
    for name, its in {**references, "nearest": "nearest_test_reference"}.items():
        made, reference = figures[name], figures[its]
        assert made.low <= reference.high, name
        assert reference.low <= made.high, name
    assert figures["share_smallest"].value == figures["share_largest"].value == 1
    assert figures["precision"].value > 80
    assert figures["near_copies"].value < 6


def test_a_class_that_is_missed_is_found_missing():
    figures = figures_of(corners([100, 50, 50, 0], seed=2))
    assert figures["share_smallest"].value == 0
    assert "class 3" in figures["share_smallest"].setting
    assert figures["share_largest"].value == pytest.approx(2)
    assert "class 0" in figures["share_largest"].setting
    assert figures["recall"].high < figures["recall_train_reference"].low
    assert figures["precision"].value > 80
    assert figures["fid"].low > figures["fid_train_reference"].high
    assert figures["kid"].value > figures["kid_train_reference"].value + 0.001


def test_copies_are_told_and_new_images_are_not_called_copies():
    copies = TRAIN.scaled(slice(400, 600))
    copied = figures_of(copies)
    assert copied["nearest"].value < 1e-3
    assert copied["near_copies"].value == 100
    assert copied["nearest_test_reference"].low > 0.1
    assert copied["fid"].value < 1, "that copies are near the data is just the point"


class Halves(AttributeClassifier):
    """Two attributes: whether the upper half is the brighter one, and which of the two lower
    corners and neither is bright; the features are how bright each corner is."""

    event_shape = (1, 4, 4)
    n_values = (2, 3)

    def features(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(x, 2).flatten(1)

    def classify(self, features: Tensor) -> Tensor:
        a, b, c, d = features.unbind(1)
        return torch.stack([torch.maximum(a, b), torch.maximum(c, d), c, d, 0 * c + 0.45], 1)


def test_a_value_of_an_attribute_that_is_made_too_often_is_found():
    """Of 200 test images 100 have the lower half bright, 50 each corner; of the pictures 50, 10 in
    one corner and 40 in the other."""
    train = ImageSet(TRAIN.images, torch.zeros(800, 2, dtype=torch.int64), ("half", "corner"))
    standardized = Standardized.by(Halves(), train)
    made = corners([100, 50, 10, 40], seed=2)
    figures = image_metrics(Halves(), standardized, made, TEST, train)
    named = {figure.name: figure for figure in figures}
    assert named["share_smallest"].value == pytest.approx(10 / 50)
    assert named["share_smallest"].setting.startswith("corner value 0, 200 samples")
    assert named["share_largest"].value == pytest.approx(150 / 100)
    assert named["share_largest"].setting.startswith("half value 0, 200 samples")
    assert {"fid", "kid", "precision", "recall", "near_copies"} <= set(named)


def test_nearest_distances_are_those_of_all_pairs():
    x = TEST.scaled(slice(7))
    every = TRAIN.scaled().flatten(1).double()
    expected = (x.flatten(1).double().unsqueeze(1) - every).square().sum(2).sqrt().amin(1)
    torch.testing.assert_close(
        nearest_distance(x, TRAIN, batch=130).double(), expected, rtol=1e-4, atol=1e-4
    )


def test_the_interval_of_a_distance_covers_as_often_as_it_says():
    """The mean of the estimate over samples of this size lies in about 95 of 100 intervals."""

    def normal(seed: int, mean: float) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return mean + torch.randn(100, 2, generator=generator, dtype=torch.float64)

    pairs = [(normal(s, 0.0), normal(1000 + s, 0.5)) for s in range(60)]
    center = sum(frechet_distance(a, b) for a, b in pairs) / len(pairs)
    figures = [bootstrap_distance("fid", frechet_distance, a, b, "", "") for a, b in pairs]
    assert sum(f.low <= center <= f.high for f in figures) >= 52
    widths = [f.high - f.low for f in figures]
    assert sum(widths) / len(widths) < 4 * torch.tensor([f.value for f in figures]).std() * 1.5


def test_the_matching_is_the_best_of_all():
    generator = torch.Generator().manual_seed(0)
    for K, L in [(1, 1), (3, 3), (4, 4), (3, 5), (5, 5)]:
        counts = torch.randint(30, (K, L), generator=generator)
        chosen = matched(counts).tolist()
        assert len(set(chosen)) == K
        best = max(
            sum(int(counts[k, c]) for k, c in enumerate(classes))
            for classes in itertools.permutations(range(L), K)
        )
        assert sum(int(counts[k, c]) for k, c in enumerate(chosen)) == best
    with pytest.raises(ValueError, match="3 codes cannot have a class each: there are 2"):
        matched(torch.zeros(3, 2))


def test_a_tally_counts_each_image_once():
    code, label = torch.tensor([0, 1, 1, 2, 1]), torch.tensor([1, 0, 0, 1, 1])
    assert tally(code, label, 4, 2).tolist() == [[0, 1], [2, 1], [0, 1], [0, 0]]


class Lookup(InfoGAN):
    """Infers the classes of the test images, in an order of its own, but for five that are of the
    classes 1 to 5 and are taken to be of class 0."""

    def infer(self, x: Tensor) -> tuple[Categorical, Normal]:
        test = load_images("mnist", "test")
        nearest = torch.cdist(x.flatten(1), test.scaled().flatten(1)).argmin(1)
        label = test.labels[nearest].masked_fill(nearest < 6, 0)
        code = torch.nn.functional.one_hot((7 * label + 3) % 10, 10).float()
        return Categorical(logits=10 * code), Normal(torch.zeros(len(x), 2), 1.0)


def test_the_unsupervised_error_is_what_no_matching_can_mend():
    recipe = recipes.override(recipes.get("infogan-mnist"), recipes.get("infogan-mnist").smoke)
    model = Lookup(**recipe.model_kwargs)
    figures = recipes.evaluate(recipe, model)
    [error] = [f for f in figures if f.name == "unsupervised_error"]
    assert error.value == pytest.approx(100 * 5 / 60)
    assert error.low < error.value < error.high
    assert "60 test images" in error.setting


def test_every_picture_maker_has_the_same_figures():
    """VAE, AAE, GAN, InfoGAN and NADE, by one judge."""
    judge_recipe = recipes.get("judge-mnist")
    judge = recipes.override(judge_recipe, judge_recipe.smoke).build_model()
    assert features(judge, torch.rand(2, 1, 28, 28)).shape == (2, 64)
    named = []
    for name in ("vae-mnist-2d", "aae-mnist", "gan-mnist", "infogan-mnist", "nade-mnist"):
        recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
        figures = recipes.evaluate(recipe, recipe.build_model(), n_images=20, k=5, judge=judge)
        found = {f.name: f for f in figures}
        of_pictures = {
            n
            for n in found
            if n.split("_")[0] in ("fid", "kid", "precision", "recall", "share", "nearest", "near")
        }
        shown = {n for n in of_pictures if "_shown" in n}
        named.append(of_pictures - shown)
        assert ("category_error" in found) == (name == "infogan-mnist")
        binary = name in ("vae-mnist-2d", "aae-mnist", "nade-mnist")
        assert ("binarization" in found["fid"].setting) == binary
        assert "20 samples, 20 random test images" in found["fid"].setting
        if name in ("vae-mnist-2d", "aae-mnist"):
            assert {n.replace("_shown", "") for n in shown} == named[-1]
            setting = found["fid_shown"].setting
            assert setting.endswith("20 means of the decoder, 20 random test images")
        else:
            assert not shown
        assert found["seconds_1"].value > 0
        assert found["seconds_64"].low <= found["seconds_64"].value <= found["seconds_64"].high
    assert len(named[0]) == 13
    assert all(names == named[0] for names in named)


def test_who_changes_pictures_is_measured_beside_the_same_reference(few_faces):
    """StarGAN and CycleGAN, by one judge of attributes."""
    judge_recipe = recipes.get("judge-avatars")
    judge = recipes.override(judge_recipe, judge_recipe.smoke).build_model()
    named = ("fid", "kid", "precision", "recall")
    for name in ("stargan-avatars", "cyclegan-avatars"):
        recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
        figures = recipes.evaluate(recipe, recipe.build_model(), n_images=16, judge=judge)
        found = {f.name: f for f in figures}
        assert len(found) == len(figures)
        assert {f"{n}{suffix}" for n in named for suffix in ("", "_train_reference")} <= set(found)
        assert "training images" in found["fid_train_reference"].setting
        for n in (1, 64):
            assert 0 < found[f"seconds_{n}"].low <= found[f"seconds_{n}"].value


def test_who_makes_faces_of_noise_is_measured_by_attributes(few_faces):
    """Progressive GAN, DCGAN and VAE, by one judge of attributes."""
    judge_recipe = recipes.get("judge-avatars")
    judge = recipes.override(judge_recipe, judge_recipe.smoke).build_model()
    for name in ("progan-avatars", "dcgan-avatars", "vae-avatars"):
        recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
        figures = recipes.evaluate(recipe, recipe.build_model(), n_images=20, k=2, judge=judge)
        found = {f.name: f for f in figures}
        assert "20 samples, 20 random test images" in found["fid"].setting
        assert ("fid_shown" in found) == (name == "vae-avatars")
        assert {
            "kid",
            "fid_train_reference",
            "share_smallest",
            "share_largest",
            "near_copies",
        } <= set(found)
        assert re.match(r"[a-z_]+ value \d, 20 samples", found["share_smallest"].setting)


@pytest.mark.parametrize(
    "name",
    [
        "nade-mnist",
        "infogan-mnist",
        "stargan-avatars",
        "cyclegan-avatars",
        "text2image-avatars",
        "vqvae-avatars",
    ],
)
def test_what_is_chosen_by_is_held_against_validation_images(name, few_faces, no_test_images):
    """With a judge, whose figures have other settings; and no image is its own reference."""
    recipe = recipes.override(recipes.get(name), recipes.get(name).smoke)
    within = recipe.data == "mnist"
    judge_recipe = recipes.get("judge-mnist" if within else "judge-avatars")
    judge = recipes.override(judge_recipe, judge_recipe.smoke).build_model().eval()
    with no_test_images():
        figures = recipes.evaluate(
            recipe,
            recipe.build_model(),
            split="validation",
            n_images=16,
            judge=judge,
            parts=["model", "pictures"],
        )
    assert len(figures) > 5
    seen = " seen in training" if within else ""
    for figure in figures:
        assert "test" not in figure.setting, figure
        assert re.search(rf"\d (random )?validation images{seen}\b", figure.setting), figure
        assert ("seen" in figure.setting) == within
    if within:
        [nearest] = [f for f in figures if f.name == "nearest_test_reference"]
        assert "nearest of 220 training images" in nearest.setting
        assert nearest.low > 0
    with pytest.raises(ValueError, match="test or validation images, not 'train'"):
        recipes.evaluate(recipe, recipe.build_model(), split="train")
