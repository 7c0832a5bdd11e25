"""The NADE service on a real tiny model, against the paper's equations written out in a loop."""

from __future__ import annotations

import math

import numpy as np
import pytest

from demo_app.errors import BadInput, Unavailable
from demo_app.services.nade import NADEService
from demo_app.store import ASSETS, Store

D = 784


@pytest.fixture(scope="module")
def image(service):
    return service.digits()[0][4]


@pytest.fixture(scope="module")
def reference(store):
    """logits(x), by the definition, in float64."""
    with store.model("nade-mnist") as nade:
        W, V, b, c = (p.numpy().astype(float) for p in (nade.W, nade.V, nade.b, nade.c))

    def logits(x):
        a, result = c.copy(), np.empty(D)
        for i in range(D):
            result[i] = b[i] + V[i] @ (1 / (1 + np.exp(-a)))
            a += x[i] * W[i]
        return result

    return logits


def log_prob(logits, x):
    return -np.log1p(np.exp(np.where(x == 1, -logits, logits))).sum()


def test_conditionals_and_score_are_the_papers(service, reference, image):
    answer = service.look(image)
    expected = reference(image)
    np.testing.assert_allclose(answer["logits"], expected, atol=1e-4)
    assert answer["log_prob"] == pytest.approx(log_prob(expected, image), abs=1e-2)
    bits = -log_prob(expected, image) / D / math.log(2)
    assert answer["bits_per_dim"] == pytest.approx(bits, rel=1e-4)
    for of_a_pixel in ("influence", "hidden", "terms"):
        assert answer[of_a_pixel] is None


@pytest.mark.parametrize("i", [0, 1, 400, 783])
def test_the_hidden_layer_of_a_pixel_is_the_masked_sum(service, store, image, i):
    answer = service.look(image, i, "ink")
    with store.model("nade-mnist") as nade:
        W, V, b, c = (p.numpy().astype(float) for p in (nade.W, nade.V, nade.b, nade.c))
    hidden = 1 / (1 + np.exp(-(c + image[:i] @ W[:i])))
    np.testing.assert_allclose(answer["hidden"], hidden, atol=1e-5)
    np.testing.assert_allclose(answer["terms"], V[i] * hidden, atol=1e-5)
    assert answer["terms"].sum() + b[i] == pytest.approx(answer["logits"][i], abs=1e-4)


@pytest.mark.parametrize("i", [0, 1, 400, 783])
def test_influence_is_what_flipping_a_pixel_does(service, reference, image, i):
    influence = service.look(image, i)["influence"]
    here = reference(image)[i]
    for j in (0, 1, i // 2, i - 1):
        if 0 <= j < i:
            flipped = image.copy()
            flipped[j] = 1 - flipped[j]
            assert influence[j] == pytest.approx(here - reference(flipped)[i], abs=1e-4)
    assert not influence[i:].any()
    of_ink = service.look(image, i, "ink")["influence"]
    np.testing.assert_allclose(of_ink, np.where(image == 1, influence, 0), atol=1e-5)


def test_percentile_is_the_share_of_less_likely_test_digits(service, image):
    scores = service._assets()["log_prob"]
    answer = service.look(image)
    assert answer["percentile"] == pytest.approx((scores < answer["log_prob"]).mean())
    assert service.percentile(-1e9) == 0
    assert service.percentile(0.0) == 1


def test_histogram_counts_every_test_digit(service):
    histogram = service.histogram()
    assert histogram["counts"].sum() == 500
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1
    assert histogram["edges"][0] == -10_000
    assert -5 < histogram["edges"][-1] < -3


@pytest.mark.parametrize("known", [0, 1, 300, 783, 784])
def test_completions_keep_what_is_known(service, image, known):
    answer = service.complete(image, known, 5, 3)
    assert answer["images"].shape == (5, D)
    assert (answer["images"][:, :known] == image[:known]).all()
    for completion, score in zip(answer["images"], answer["log_prob"], strict=True):
        assert score == pytest.approx(service.look(completion)["log_prob"], abs=1e-2)
    if known < 300:
        assert len({completion.tobytes() for completion in answer["images"]}) == 5


def test_completions_depend_on_the_seed_and_not_on_what_comes_after_the_line(service, image):
    other_rest = image.copy()
    other_rest[300:] = 1 - other_rest[300:]
    first = service.complete(image, 300, 4, 7)["images"]
    np.testing.assert_array_equal(first, service.complete(other_rest, 300, 4, 7)["images"])
    assert (first != service.complete(image, 300, 4, 8)["images"]).any()


def test_completions_follow_the_conditional(service, image):
    """The first pixel after the line is on as often as its conditional says."""
    p = 1 / (1 + np.exp(-service.look(image)["logits"]))
    i = int(np.abs(p - 0.4).argmin())
    draws = [service.complete(image, i, 16, seed)["images"][:, i] for seed in range(12)]
    n = 16 * 12
    spread = math.sqrt(p[i] * (1 - p[i]) / n)
    assert np.mean(draws) == pytest.approx(p[i], abs=4 * spread)


BAD_PIXELS = [
    ([0] * 783, "784 numbers; 783 were given"),
    ([0] * 783 + [2], "between 0 and 1; 2 does not"),
    ([0] * 783 + [0.5], "0 or 1; 0.5 is neither"),
    ([0] * 783 + [math.nan], "NaN"),
    ("0" * 784, "a list of numbers, not str"),
    (None, "not NoneType"),
]


@pytest.mark.parametrize(("pixels", "complaint"), BAD_PIXELS)
def test_bad_pixels_are_refused(service, pixels, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.look(pixels)
    with pytest.raises(BadInput, match=complaint):
        service.complete(pixels, 0, 1, 0)


@pytest.mark.parametrize("pixel", [-1, 784, 1.5, "a", math.nan])
def test_a_bad_pixel_index_is_refused(service, image, pixel):
    with pytest.raises(BadInput, match="The pixel must"):
        service.look(image, pixel)


@pytest.mark.parametrize(
    ("known", "count", "seed", "complaint"),
    [
        (-1, 1, 0, "known pixels must lie between 0 and 784"),
        (785, 1, 0, "known pixels must lie between 0 and 784"),
        ("all", 1, 0, "known pixels must be a whole number"),
        (0, 0, 0, "completions must lie between 1 and 16"),
        (0, 17, 0, "completions must lie between 1 and 16"),
        (0, 1, -1, "seed must lie between 0 and 2147483647"),
        (0, 1, 2**31, "seed must lie between 0 and 2147483647"),
        (0, 1, 0.5, "seed must be a whole number"),
    ],
)
def test_bad_completions_are_refused(service, image, known, count, seed, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.complete(image, known, count, seed)


def test_a_whole_release_is_not_missing(folder):
    service = NADEService(Store())
    assert service.missing() is None
    about = service.about()
    assert (about["n_parameters"], about["figures"]["nll"]) == (2 * D * 6 + D + 6, 123.4)
    assert about["n_hidden"] == 6


def test_a_missing_release_names_the_command_that_trains_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    missing = NADEService(Store()).missing()
    assert isinstance(missing, Unavailable)
    assert missing.command == "python -m genzoo train nade-mnist"


def test_assets_of_another_kind_are_named(folder):
    np.savez(folder / "nade-mnist" / ASSETS, digits=np.zeros((1, 98), np.uint8))
    missing = NADEService(Store()).missing()
    assert "lack labels, log_prob, noise, shuffled" in str(missing)
