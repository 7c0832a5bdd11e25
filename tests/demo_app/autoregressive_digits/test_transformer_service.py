"""The Transformer service on a real tiny model, held against the model itself."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services import transformer
from demo_app.services.transformer import TransformerService
from demo_app.store import ASSETS, Store

D = 784


@pytest.fixture(scope="module")
def service(store):
    return TransformerService(store)


@pytest.fixture(scope="module")
def image(service):
    return service.digits()[0][4]


def as_tensor(pixels):
    return torch.tensor(pixels, dtype=torch.float32).view(1, 1, 28, 28)


def test_the_score_is_the_models_and_the_sum_of_its_conditionals(service, store, image):
    answer = service.look(image)
    with store.model("transformer-mnist") as model, torch.inference_mode():
        p = model.conditionals(as_tensor(image))
        expected = float(model.log_prob(as_tensor(image)))
    np.testing.assert_allclose(answer["logits"], p.logits.flatten(), atol=1e-5)
    assert answer["log_prob"] == pytest.approx(expected, abs=1e-2)
    assert answer["bits_per_dim"] == pytest.approx(-expected / D / math.log(2), rel=1e-4)
    assert answer["attention"] is None


def test_the_answer_for_one_image_is_not_kept_for_another(service, image):
    first = service.look(image)["log_prob"]
    assert service.look(1 - image)["log_prob"] != pytest.approx(first, abs=1.0)
    assert service.look(image)["log_prob"] == first


@pytest.mark.parametrize("i", [0, 6, 7, 400, 783])
def test_attention_is_a_share_of_what_came_before(service, image, i):
    attention = service.look(image, i)["attention"]
    assert attention.shape == (2, 3, D)
    np.testing.assert_allclose(attention.sum(2), 1, atol=1e-5)
    end = (i // 7 + 1) * 7
    assert not attention[:, :, end:].any()
    assert (attention >= 0).all()


def test_attention_follows_the_image_before_the_pixel_only(service, image):
    here = service.look(image, 400)["attention"]
    later, earlier = image.copy(), image.copy()
    later[402:] = 1 - later[402:]
    earlier[300:390] = 1 - earlier[300:390]
    np.testing.assert_allclose(service.look(later, 400)["attention"], here, atol=1e-6)
    assert np.abs(service.look(earlier, 400)["attention"] - here).max() > 1e-4


def test_percentile_is_the_share_of_less_likely_test_digits(service, store, image):
    scores = store.assets("transformer-mnist")["log_prob"]
    answer = service.look(image)
    assert answer["percentile"] == pytest.approx((scores < answer["log_prob"]).mean(), abs=0.04)
    assert service.look(np.zeros(D, int))["percentile"] in (0.0, 1.0)


@pytest.mark.parametrize("known", [0, 1, 300, 783, 784])
def test_completions_keep_what_is_known_and_are_scored_by_the_model(service, image, known):
    answer = service.complete(image, known, 5, 3, 0.7, 0.9)
    assert answer["images"].shape == (5, D)
    assert (answer["images"][:, :known] == image[:known]).all()
    for completion, score in zip(answer["images"], answer["log_prob"], strict=True):
        assert score == pytest.approx(service.look(completion)["log_prob"], abs=1e-2)


def test_completions_depend_on_the_seed_and_not_on_what_comes_after_the_line(service, image):
    other = image.copy()
    other[300:] = 1 - other[300:]
    first = service.complete(image, 300, 4, 7)["images"]
    np.testing.assert_array_equal(first, service.complete(other, 300, 4, 7)["images"])
    assert (first != service.complete(image, 300, 4, 8)["images"]).any()


def test_completions_are_the_tempered_models_samples(service, store, image):
    given = as_tensor(image)
    given.view(-1)[200:] = torch.nan
    answer = service.complete(image, 200, 3, 5, 0.5, 0.6)["images"]
    generator = torch.Generator().manual_seed(5)
    with store.model("transformer-mnist") as model:
        expected = model.tempered(0.5, 0.6).sample(3, given, generator)
    np.testing.assert_array_equal(answer, expected.flatten(1).numpy())


def test_a_low_temperature_makes_likelier_images(service, image):
    cold = service.complete(image, 0, 16, 1, temperature=0.1)["log_prob"].mean()
    warm = service.complete(image, 0, 16, 1)["log_prob"].mean()
    hot = service.complete(image, 0, 16, 1, temperature=3)["log_prob"].mean()
    narrow = service.complete(image, 0, 16, 1, top_p=0.05)["log_prob"].mean()
    assert cold > warm > hot
    assert narrow > warm


def test_timing_scales_few_passes_up_to_a_digit(store, monkeypatch):
    service = TransformerService(store)
    clock = iter(range(10_000))  # whatever is timed takes a second
    monkeypatch.setattr(transformer.time, "perf_counter", lambda: next(clock))
    answer = service.timing()
    assert answer["tokens"] == 112
    assert answer["cached"] == 1000 * D / transformer.PIECE
    assert answer["uncached"] == 1000 * 112
    assert answer["ratio"] == pytest.approx(112 * transformer.PIECE / D)
    assert service.timing(again=False) is answer
    assert service.timing(again=True) is not answer


def test_one_measurement_runs_at_a_time(service, monkeypatch):
    begun, end = threading.Event(), threading.Event()

    def slow():
        begun.set()
        end.wait(10)
        return {}

    monkeypatch.setattr(service, "_measure", slow)
    thread = threading.Thread(target=service.timing)
    thread.start()
    assert begun.wait(10)
    with pytest.raises(BadInput, match="A measurement is running"):
        service.timing()
    end.set()
    thread.join()
    assert service.timing() == {}
    service._timed = None


@pytest.mark.parametrize(
    ("pixels", "complaint"),
    [
        ([0] * 783, "784 numbers; 783 were given"),
        ([0] * 783 + [0.5], "0 or 1; 0.5 is neither"),
        ([0] * 783 + [math.nan], "NaN"),
        ("0" * 784, "a list of numbers, not str"),
    ],
)
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
    ("arguments", "complaint"),
    [
        ((785, 1, 0), "known pixels must lie between 0 and 784"),
        ((0, 17, 0), "completions must lie between 1 and 16"),
        ((0, 1, -1), "seed must lie between 0 and 2147483647"),
        ((0, 1, 0, 0), "temperature must lie between 0.1 and 3; 0 does not"),
        ((0, 1, 0, 3.5), "temperature must lie between 0.1 and 3; 3.5 does not"),
        ((0, 1, 0, math.nan), "temperature must be a number from 0.1 to 3, not nan"),
        ((0, 1, 0, "hot"), "temperature must be a number from 0.1 to 3, not 'hot'"),
        ((0, 1, 0, 1, 0), "top_p must lie between 0.05 and 1; 0 does not"),
        ((0, 1, 0, 1, 1.1), "top_p must lie between 0.05 and 1; 1.1 does not"),
    ],
)
def test_bad_completions_are_refused(service, image, arguments, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.complete(image, *arguments)


def test_a_whole_release_is_not_missing(folder):
    service = TransformerService(Store())
    assert service.missing() is None
    about = service.about()
    assert about["figures"]["nll"] == 123.4
    assert (about["n_layers"], about["n_heads"], about["patch"]) == (2, 3, 7)


def test_a_missing_release_names_the_command_that_trains_it(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    missing = TransformerService(Store()).missing()
    assert isinstance(missing, Unavailable)
    assert missing.command == "python -m genzoo train transformer-mnist"


def test_assets_of_another_kind_are_named(folder):
    np.savez(folder / "transformer-mnist" / ASSETS, digits=np.zeros((1, 98), np.uint8))
    assert "lack labels, log_prob" in str(TransformerService(Store()).missing())
