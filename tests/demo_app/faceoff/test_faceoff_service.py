"""Completions of tiny real models: exact where they say so, and near the target where not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch.distributions import Bernoulli

from demo_app.errors import BadInput, Unavailable
from demo_app.services import faceoff
from demo_app.services.faceoff import FaceOffService
from demo_app.store import Store

D = 784
ROWS = (np.arange(D) < 12 * 28).astype(int)
LEFT = (np.arange(D) % 28 < 14).astype(int)
RASTER = ("nade-mnist", "ar1-mnist", "row-lstm-mnist")
ANY = "nade-orderless-mnist"
CODED = ("vae-mnist-2d", "aae-mnist")


def test_all_that_complete_digits_take_part_and_say_how(service):
    kinds = {one.name: one.kind for one in service.contestants()}
    assert kinds == {
        **dict.fromkeys(RASTER, "raster"),
        ANY: "any",
        "vae-mnist-2d": "vae",
        "aae-mnist": "aae",
    }
    slow = [one.slow for one in service.contestants()]
    assert slow == sorted(slow)
    assert service.contestants()[-1].name == ANY


def test_a_damaged_release_is_left_out(folder):
    (folder / "ar1-mnist" / "config.json").write_text("{")
    service = FaceOffService(Store())
    assert service.missing() is None
    assert "ar1-mnist" not in [one.name for one in service.contestants()]


def test_without_digits_there_is_no_faceoff(folder):
    (folder / "nade-mnist" / "demo.npz").unlink()
    assert isinstance(FaceOffService(Store()).missing(), Unavailable)


@pytest.mark.parametrize("model", RASTER)
def test_what_a_raster_model_foresees_is_the_rest_of_its_log_prob(service, store, model):
    x = service.digits()[0][7]
    with store.model(model) as held, torch.inference_mode():
        image = torch.tensor(x, dtype=torch.float32).view(1, 1, 28, 28)
        log_p = held.conditionals(image).log_prob(image).view(28, 28).sum(1).numpy()
        whole = float(held.log_prob(image))
    by_row = service.by_row(model, x)
    assert by_row[0] == pytest.approx(whole, rel=1e-5)
    assert by_row[28] == 0
    np.testing.assert_allclose(by_row[:-1] - by_row[1:], log_p, rtol=1e-4)
    assert service.complete(model, x, ROWS)["log_prob"] == pytest.approx(by_row[12], abs=1e-6)


@pytest.mark.parametrize(
    ("model", "hidden"), [("nade-mnist", (781, 782, 783)), (ANY, (3, 400, 783))]
)
def test_probabilities_of_all_rests_sum_to_one(service, model, hidden):
    x, known = service.digits()[0][4].copy(), np.ones(D, int)
    known[list(hidden)] = 0
    total = 0.0
    for bits in itertools.product((0, 1), repeat=3):
        x[list(hidden)] = bits
        total += np.exp(service.complete(model, x, known, 1)["log_prob"])
    assert total == pytest.approx(1, abs=1e-4)


def test_the_orderless_one_foresees_rows_as_any_known_pixels(service):
    x = service.digits()[0][2]
    score = service.complete(ANY, x, ROWS, 1)["log_prob"]
    assert score == pytest.approx(service.by_row(ANY, x)[12], rel=1e-5)


@pytest.mark.parametrize("model", [*RASTER, ANY, *CODED])
def test_known_pixels_are_kept_and_the_seed_says_the_rest(service, model):
    x = service.digits()[0][11]
    first, same, other = (service.complete(model, x, ROWS, 3, seed) for seed in (5, 5, 6))
    assert first["images"].shape == (3, D)
    assert (first["images"][:, ROWS == 1] == x[ROWS == 1]).all()
    np.testing.assert_array_equal(first["images"], same["images"])
    assert (first["images"] != other["images"]).any()
    assert (first["log_prob"] is None) == (model in CODED)
    if model not in CODED:
        assert set(np.unique(first["images"])) <= {0, 1}


def test_only_what_comes_first_can_be_given_in_raster_order(service):
    x = service.digits()[0][0]
    with pytest.raises(BadInput, match="must come first"):
        service.complete("nade-mnist", x, LEFT)
    for model in (ANY, *CODED):
        images = service.complete(model, x, LEFT, 2)["images"]
        assert (images[:, LEFT == 1] == x[LEFT == 1]).all()


@pytest.mark.parametrize(
    ("model", "chain"), [("vae-mnist-2d", "_vae_chain"), ("aae-mnist", "_aae_chain")]
)
def test_chains_come_to_the_posterior_of_the_code(service, store, monkeypatch, model, chain):
    """The mean picture of 600 chains against 20,000 draws of p(z) weighted by p(known | z)."""
    monkeypatch.setattr(faceoff, "N_CHAIN", 60)
    monkeypatch.setattr(faceoff, "STEP", 1.0)
    generator = torch.Generator().manual_seed(0)
    x = torch.tensor(service.digits()[0][1], dtype=torch.float32).view(1, 1, 28, 28)
    known = (torch.arange(D) % 20 == 0).view(1, 28, 28)  # few, so that the weights are even
    with store.model(model) as held, torch.inference_mode():
        z = torch.randn(20_000, 2, generator=generator)
        logits = torch.cat([held.decode(few).logits for few in z.split(500)])
        p = Bernoulli(logits=logits)
        log_w = faceoff._log_known(p, x, known)
        weights = torch.softmax(log_w.double(), 0)
        assert 1 / weights.square().sum() > 1000
        expected = (weights @ p.mean.flatten(1).double()).float()
        blind = p.mean.flatten(1).mean(0)
        start = torch.randn(600, 2, generator=generator)
        *_, last = getattr(faceoff, chain)(held, x, known, start, generator)
        mean = last.mean.flatten(1).mean(0)
    spread = last.mean.flatten(1).std(0) / 600**0.5
    error = (mean - expected).abs().mean()
    assert error < 2 * spread.mean()
    assert error < 0.5 * (mean - blind).abs().mean()  # and that is not the prior's


@pytest.mark.parametrize("model", ["nade-mnist", ANY, *CODED])
def test_work_stops_when_it_is_told_to(service, model):
    x = service.digits()[0][20]
    asked = []

    def go_on():
        asked.append(1)
        return len(asked) < 3

    assert service.complete(model, x, ROWS, 2, 1, go_on) is None
    assert len(asked) == 3
    assert service.complete(model, x, ROWS, 2, 1) is not None  # nothing half done was kept


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "dcgan-mnist"}, "There is no model"),
        ({"model": "vae-fashion"}, "There is no model"),
        ({"pixels": [0] * 783}, "784 numbers"),
        ({"pixels": [0.5] * 784}, "0 or 1"),
        ({"known": [1] * 10}, "784 numbers"),
        ({"count": 0}, "between 1 and 8"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input_is_refused(service, change, sentence):
    given = {"model": "nade-mnist", "pixels": [0] * D, "known": ROWS, "count": 1, "seed": 0}
    with pytest.raises(BadInput, match=sentence):
        service.complete(**{**given, **change})


def test_a_code_has_no_exact_foresight(service):
    with pytest.raises(BadInput, match="no exact probability"):
        service.by_row("vae-mnist-2d", [0] * D)
