"""The Pixels service against the definitions, written out in loops."""

from __future__ import annotations

import math
import shutil

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services.pixels import PixelsService
from demo_app.store import ASSETS, Store

D = 784


def bits_of(probability, x):
    return float(np.log(np.where(x == 1, probability, 1 - probability)).sum())


# How many numbers


def test_counts_are_those_of_all_images_less_one():
    service = PixelsService(Store())
    assert service.count(3) == {"joint": 7, "markov": 5, "independent": 3}
    assert service.count(1) == {"joint": 1, "markov": 1, "independent": 1}
    joint = service.count(784)["joint"]
    assert len(str(joint)) == 237
    assert str(joint).startswith("1017458256970192607")
    assert joint % 2 == 1


@pytest.mark.parametrize("n", [0, 785, 2.5, "all", math.nan, None])
def test_a_bad_number_of_pixels_is_refused(n):
    with pytest.raises(BadInput, match="The number of pixels must"):
        PixelsService(Store()).count(n)


# One RGB pixel


@pytest.fixture(scope="module")
def colors():
    """300 pixels of few colors, whose channels depend on each other."""
    random = np.random.default_rng(0)
    palette = random.integers(0, 256, (20, 3))
    return palette[random.integers(0, 20, 300)]


@pytest.fixture(scope="module")
def fitted(service, colors):
    return service.fit(colors, 4000, 3)


def reference(colors, color):
    """log p under both, by counting: p = 0.99 c / N + 0.01 / K."""
    N = len(colors)
    joint = 0.99 * (colors == color).all(1).sum() / N + 0.01 / 256**3
    channels = [0.99 * (colors[:, c] == color[c]).sum() / N + 0.01 / 256 for c in range(3)]
    return math.log(joint), sum(math.log(p) for p in channels)


@pytest.mark.parametrize("which", ["seen", "mixed", "unseen"])
def test_a_colors_log_probability_is_by_counting(service, colors, which):
    mixed = [colors[0][0], colors[1][1], colors[2][2]]
    color = {"seen": colors[5].tolist(), "mixed": mixed, "unseen": [1, 2, 3]}[which]
    joint, channels = reference(colors, color)
    answer = service.color(colors, color)
    assert answer["joint"] == pytest.approx(joint)
    assert answer["channels"] == pytest.approx(channels)
    assert answer["n_seen"] == (colors == color).all(1).sum()


def test_the_tables_for_the_page_give_the_same_numbers(service, colors, fitted):
    np.testing.assert_allclose(np.exp(fitted["channels"]).sum(1), 1)
    for color, score in zip(fitted["colors"].tolist(), fitted["joint"], strict=True):
        joint, channels = reference(colors, color)
        assert score == pytest.approx(joint)
        total = sum(fitted["channels"][c, v] for c, v in enumerate(color))
        assert total == pytest.approx(channels)
    seen = np.exp(fitted["joint"]).sum()
    unseen = (256**3 - len(fitted["colors"])) * math.exp(fitted["unseen"])
    assert seen + unseen == pytest.approx(1)
    assert fitted["n_free"] == {"joint": 16_777_215, "channels": 765}


def test_independent_channels_make_colors_that_are_not_there(colors, fitted):
    palette = {tuple(color) for color in colors.tolist()}
    for name in ("joint", "channels"):
        drawn = [tuple(color) for color in fitted["samples"][name].tolist()]
        assert len(drawn) == 4000
        assert fitted["new"][name] == np.mean([color not in palette for color in drawn])
    assert fitted["new"]["joint"] < 0.02
    assert fitted["new"]["channels"] > 0.8


def test_the_average_is_over_the_pictures_pixels(colors, fitted):
    expected = np.mean([reference(colors, color) for color in colors], axis=0)
    assert fitted["average"]["joint"] == pytest.approx(expected[0])
    assert fitted["average"]["channels"] == pytest.approx(expected[1])


def test_colors_drawn_follow_the_seed(service, colors):
    first, again, other = (service.fit(colors, 50, seed)["samples"] for seed in (1, 1, 2))
    for name in ("joint", "channels"):
        np.testing.assert_array_equal(first[name], again[name])
        assert (first[name] != other[name]).any()


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ([], "rows of three numbers"),
        ([[1, 2]], "rows of three numbers"),
        ([[1, 2, 3], [4]], "rows of three numbers"),
        ("red", "rows of three numbers"),
        ([[0, 0, 256]], "between 0 and 255; 256 does not"),
        ([[0, 0, -1]], "between 0 and 255; -1 does not"),
        ([[0, 0, math.nan]], "NaN"),
        ([[0, 0, 0.5]], "whole numbers"),
        (np.zeros((0, 3)), "1 to 16384 colors; 0 were given"),
        (np.zeros((16385, 3)), "1 to 16384 colors; 16385 were given"),
    ],
)
def test_bad_pictures_are_refused(service, bad, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.fit(bad, 1, 0)
    with pytest.raises(BadInput, match=complaint):
        service.color(bad, [0, 0, 0])


@pytest.mark.parametrize("color", [[0, 0], 5, "red", [0, 0, 256], [0.5, 0, 0], None])
def test_a_bad_color_is_refused(service, colors, color):
    with pytest.raises(BadInput, match="color must"):
        service.color(colors, color)


# Binary pixels


@pytest.fixture(scope="module")
def image(service):
    return service.digits()[0][4]


def test_whole_images_are_scored_by_the_definitions(service, store, seen, image):
    answer = service.look(image, list(service.whole))
    x = seen.flatten(1).numpy()

    ones = (x.sum(0) + 0.5) / (len(x) + 1)
    assert answer["independent"]["log_prob"] == pytest.approx(bits_of(ones, image), rel=1e-4)

    p = np.empty(D)
    for i in range(D):
        before = np.zeros(len(x)) if i == 0 else x[:, i - 1]
        same = before == (0 if i == 0 else image[i - 1])
        p[i] = (x[same, i].sum() + 0.5) / (same.sum() + 1)
    assert answer["markov"]["log_prob"] == pytest.approx(bits_of(p, image), rel=1e-4)
    np.testing.assert_allclose(answer["markov"]["probability"], p, atol=1e-5)

    for name, n in (("ar-1", 1), ("ar-28", 28), ("ar-783", 783)):
        with store.model(service.whole[name]) as ar:
            W, b = ar.W.double().numpy(), ar.b.double().numpy()
        for i in range(D):
            k = min(i, n)
            p[i] = 1 / (1 + math.exp(-b[i] - W[i, n - k :] @ image[i - k : i]))
        assert answer[name]["log_prob"] == pytest.approx(bits_of(p, image), rel=1e-4)


def test_the_smaller_tables_of_the_patch_are_those_counted_on_its_images(service, seen, image):
    x = seen[..., 12:16, 12:16].flatten(1).numpy()
    patch = image.reshape(28, 28)[12:16, 12:16].ravel()
    answer = service.look_patch(image)
    ones = (x.sum(0) + 0.5) / (len(x) + 1)
    assert answer["independent"] == pytest.approx(bits_of(ones, patch), rel=1e-5)
    p = np.empty(16)
    for i in range(16):
        before = np.zeros(len(x)) if i == 0 else x[:, i - 1]
        same = before == (0 if i == 0 else patch[i - 1])
        p[i] = (x[same, i].sum() + 0.5) / (same.sum() + 1)
    assert answer["markov"] == pytest.approx(bits_of(p, patch), rel=1e-5)
    joint = ((x == patch).all(1).sum() + 0.1) / (len(x) + 0.1 * 2**16)
    assert answer["joint"] == pytest.approx(math.log(joint), rel=1e-4)


def test_figures_of_the_patch_are_averages_over_the_test_patches(service, module_folder):
    about = service.about_patch()
    assert [about[name]["n_free"] for name in service.patch] == [16, 31, 65_535]
    with np.load(module_folder / "pixels-joint-mnist" / ASSETS) as file:
        patterns, counts = file["patterns"], file["counts"]
    total = dict.fromkeys(service.patch, 0.0)
    for pattern, count in zip(patterns, counts, strict=True):
        image = np.zeros((28, 28))
        image[12:16, 12:16] = [[int(b) for b in f"{pattern:016b}"[4 * r : 4 * r + 4]]
                               for r in range(4)]  # fmt: skip
        for name, log_prob in service.look_patch(image.ravel()).items():
            total[name] -= count * log_prob
    for name in service.patch:
        assert about[name]["nll"] == pytest.approx(total[name] / counts.sum(), rel=1e-5)


def test_figures_of_whole_images_are_the_releases(service):
    assert service.about("markov") == {"n_free": 1567, "nll": 123.4}
    assert service.about("ar-28")["n_free"] == 784 + 28 * 784 - 28 * 29 // 2


@pytest.mark.parametrize("name", list(PixelsService.whole))
def test_samples_follow_the_model_and_the_seed(service, name):
    """The first pixels are on as often as their conditionals say, averaged over the draws."""
    first = service.samples(name, 64, 5)
    np.testing.assert_array_equal(first, service.samples(name, 64, 5))
    assert (first != service.samples(name, 64, 6)).any()
    p = np.array([service.look(x, [name])[name]["probability"] for x in first])
    spread = math.sqrt((p * (1 - p)).sum())
    assert first.sum() == pytest.approx(p.sum(), abs=4.5 * spread)


def test_patches_drawn_jointly_are_mostly_patches_that_were_seen(service, seen):
    known = {row.tobytes() for row in seen[..., 12:16, 12:16].flatten(1).byte().numpy()}
    drawn = np.concatenate([service.patch_samples("joint", 64, seed) for seed in range(8)])
    share = np.mean([row.tobytes() in known for row in drawn])
    mass = (len(seen) + 0.1 * len(known)) / (len(seen) + 0.1 * 2**16)
    assert share == pytest.approx(mass, abs=4.5 * math.sqrt(mass * (1 - mass) / len(drawn)))
    assert service.patch_samples("markov", 3, 0).shape == (3, 16)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda s: s.look([0] * 783, ["markov"]), "784 numbers; 783"),
        (lambda s: s.look([0] * 783 + [0.5], ["markov"]), "0 or 1; 0.5 is neither"),
        (lambda s: s.look_patch([0] * 783 + [math.nan]), "NaN"),
        (lambda s: s.look([0] * 784, ["gpt"]), "no model 'gpt' here; there are: independent"),
        (lambda s: s.samples("joint", 1, 0), "no model 'joint' here"),
        (lambda s: s.samples("markov", 0, 0), "samples must lie between 1 and 64"),
        (lambda s: s.samples("markov", 1, -1), "seed must lie between 0 and 2147483647"),
        (lambda s: s.patch_samples("ar-1", 1, 0), "there are: independent, markov, joint"),
        (lambda s: s.patch_samples(None, 1, 0), "no model None"),
    ],
)
def test_bad_questions_are_refused(service, call, complaint):
    with pytest.raises(BadInput, match=complaint):
        call(service)


def test_each_missing_release_is_named(folder):
    shutil.rmtree(folder / "ar28-mnist")
    service = PixelsService(Store())
    missing = service.missing("ar-28")
    assert isinstance(missing, Unavailable)
    assert missing.command == "python -m genzoo train ar28-mnist"
    assert service.missing("markov") is None
    assert service.missing("joint") is None
    (folder / "pixels-joint-mnist" / ASSETS).unlink()
    assert "demo.npz is missing" in str(PixelsService(Store()).missing("joint"))
    np.savez(folder / "nade-mnist" / ASSETS, digits=np.zeros((1, 98), np.uint8))
    assert "lack labels" in str(PixelsService(Store()).missing("markov"))


def test_the_patch_is_the_data_sets():
    """Rows and columns 12 to 15, as the assets and the release have it."""
    from genzoo.data import load_images

    whole, center = load_images("mnist", "test"), load_images("mnist-4x4", "test")
    assert torch.equal(whole.images[..., 12:16, 12:16], center.images)
