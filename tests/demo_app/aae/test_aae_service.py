"""The AAE service against the models themselves."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

import genzoo
from demo_app.errors import BadInput, Unavailable
from demo_app.services.aae import AAEService
from demo_app.store import ASSETS, Store
from genzoo.models.aae import log_prior
from genzoo.releases import CONFIG
from tests.genzoo.binary_images import binary

PLANES = AAEService.planes
PRIORS = {"aae-mnist": "gaussian", "aae-mnist-ring": "ring", "aae-mnist-swiss-roll": "swiss roll"}


@pytest.fixture
def service(folder):
    return AAEService(Store())


@pytest.fixture(scope="module")
def kept(module_folder):
    """For tests that change nothing."""
    return AAEService(Store())


@pytest.mark.parametrize(
    ("model", "n"), [*[(name, 2) for name in (*PLANES, "vae-mnist-2d")], ("aae-mnist-8", 8)]
)
def test_decode_is_the_mean_of_the_decoder(kept, model, n):
    z = np.linspace(-2, 1, n)
    with torch.inference_mode():
        expected = genzoo.load(model).decode(torch.tensor(z, dtype=torch.float32)[None]).mean
    np.testing.assert_allclose(kept.decode(model, z.tolist()), expected.flatten(), atol=1e-6)


@pytest.mark.parametrize("model", [*PLANES, "aae-mnist-8"])
def test_encode_gives_the_code_and_what_comes_back(kept, model):
    x = binary(1, 1, 28, 28, seed=3).float()
    answer = kept.encode(model, x.flatten().tolist())
    aae = genzoo.load(model)
    with torch.inference_mode():
        z = aae.encode(x)
        expected = float(aae.decode(z).log_prob(x).sum())
    np.testing.assert_allclose(answer["z"], z[0], atol=1e-6)
    assert answer["log_likelihood"] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(answer["image"], kept.decode(model, answer["z"]), atol=1e-5)


@pytest.mark.parametrize("model", PLANES)
def test_plane_holds_the_assets(kept, module_folder, model):
    plane, assets = kept.plane(model), np.load(module_folder / model / ASSETS)
    for key in ("codes", "labels", "images_seen", "log_q"):
        np.testing.assert_array_equal(plane[key], assets[key])
    # The distance at the end is the release's figure, where it has one.
    figure = kept.about(model)["figures"].get("prior_distance", assets["distance"][-1])
    assert plane["distance"].tolist() == pytest.approx([*assets["distance"][:-1], figure])
    np.testing.assert_array_equal(np.packbits(plane["digits"], axis=1), assets["digits"])


def test_it_is_told_which_digits_the_codes_are_of(service, folder):
    path = folder / "aae-mnist" / CONFIG
    config = json.loads(path.read_text())
    told = []
    for of, hold_out in ((None, False), ("validation", False), ("validation", True)):
        config["hyperparameters"]["hold_out"] = hold_out
        config.pop("snapshots_of", None)
        if of is not None:
            config["snapshots_of"] = of
        path.write_text(json.dumps(config))
        told.append(service.codes_of("aae-mnist"))
    assert told == ["test", "train", "validation"]


@pytest.mark.parametrize("model", PRIORS)
def test_the_priors_density_is_of_its_draws(kept, model):
    plane = kept.plane(model)
    # All probability lies on the grid, whose step is 0.05, up to what a Gaussian has beyond 4.
    assert np.exp(plane["log_p"]).sum() * 0.05**2 == pytest.approx(1, abs=0.01)
    draws = torch.from_numpy(kept.prior(model, 4000, seed=99))
    density = log_prior(PRIORS[model], draws).exp().numpy()
    assert (density < plane["rare"]).mean() == pytest.approx(0.01, abs=0.007)
    assert np.quantile(density, 0.999) <= plane["peak"] * 1.02
    assert 0.995 < (draws.abs() <= plane["extent"]).float().mean() <= 1
    # A row for each value of the second latent: (column, row) of (1, -2) is (100, 40).
    expected = float(log_prior(PRIORS[model], torch.tensor([[1.0, -2.0]])))
    assert plane["log_p"][40, 100] == pytest.approx(max(expected, -30), abs=1e-3)


def test_draws_of_a_prior_are_a_function_of_the_seed_and_of_its_shape(kept):
    draws = kept.prior("aae-mnist-ring", 500, 3)
    np.testing.assert_array_equal(draws, kept.prior("aae-mnist-ring", 500, 3))
    assert not np.allclose(draws, kept.prior("aae-mnist-ring", 500, 4))
    radius = np.hypot(*draws.T)
    assert radius.mean() == pytest.approx(2.0, abs=0.1)
    assert np.hypot(*kept.prior("aae-mnist", 2000, 3).T).mean() == pytest.approx(1.25, abs=0.06)


def test_the_walk_follows_the_shape_and_decodes_it(kept):
    walk = kept.walk("aae-mnist-swiss-roll", 5)
    assert walk["t"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    radius = np.hypot(*walk["z"].T)
    assert (np.diff(radius) > 0).all()  # from the inside out
    for z, image in zip(walk["z"], walk["images"], strict=True):
        np.testing.assert_allclose(image, kept.decode("aae-mnist-swiss-roll", z), atol=1e-5)
    np.testing.assert_allclose(np.hypot(*kept.walk("aae-mnist-ring", 7)["z"].T), 2, atol=1e-5)
    np.testing.assert_allclose(kept.walk("aae-mnist", 3)["z"][1], [0, 0], atol=1e-6)


def test_both_of_the_pair_draw_from_the_same_codes(kept):
    vae, aae = (kept.samples(name, 5, 7, 0.5) for name in kept.pair)
    np.testing.assert_array_equal(vae["z"], aae["z"])
    np.testing.assert_allclose(
        aae["images"][4], kept.decode("aae-mnist-8", aae["z"][4]), atol=1e-5
    )
    np.testing.assert_allclose(
        vae["images"][4], kept.decode("vae-mnist-8", vae["z"][4]), atol=1e-5
    )
    assert np.abs(vae["images"] - aae["images"]).max() > 0.01
    full = kept.samples("aae-mnist-8", 5, 7)
    np.testing.assert_allclose(aae["z"], 0.5 * full["z"], atol=1e-6)
    assert not np.allclose(full["z"], kept.samples("aae-mnist-8", 5, 8)["z"])
    middle = kept.samples("aae-mnist-8", 20, 7, 0)["images"]
    np.testing.assert_allclose(middle, np.broadcast_to(middle[0], middle.shape), atol=1e-5)
    assert kept.samples("aae-mnist-8", 64, 0)["z"].std() == pytest.approx(1, abs=0.1)


def test_fids_are_of_every_seed_or_of_the_one_training_or_none(service, folder):
    assert service.about("aae-mnist-8")["fids"] == [8.0, 9.0, 10.0]
    path = folder / "aae-mnist-8" / CONFIG
    config = json.loads(path.read_text())
    del config["seeds"]
    path.write_text(json.dumps(config))
    assert service.about("aae-mnist-8")["fids"] == [8.0]
    path.write_text(json.dumps({**config, "figures": []}))
    assert service.about("aae-mnist-8")["fids"] == []


def test_about_tells_prior_and_encoder(kept):
    about = [kept.about(name) for name in PLANES]
    assert [(a["prior"], a["q"]) for a in about] == [
        ("gaussian", "gaussian"),
        ("gaussian", "deterministic"),
        ("ring", "gaussian"),
        ("swiss roll", "gaussian"),
    ]
    assert about[0]["figures"]["prior_p_value"] == 0.31
    assert about[0]["n_parameters"] == sum(p.numel() for p in genzoo.load(PLANES[0]).parameters())


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.decode("aae-mnist", [0.0] * 3), "must be 2 numbers; 3 were given"),
        (lambda s: s.decode("aae-mnist", [0.0, math.nan]), "NaN"),
        (lambda s: s.decode("aae-mnist-8", [0.0] * 7 + [6.5]), "between -6 and 6; 6.5 does not"),
        (lambda s: s.decode("aae-mnist", "origin"), "list of numbers"),
        (lambda s: s.decode("gan-mnist", [0.0, 0.0]), "no model 'gan-mnist' here"),
        (lambda s: s.encode("aae-mnist", [0.5] * 784), "0 or 1; 0.5 is neither"),
        (lambda s: s.encode("aae-mnist", [0] * 783), "784 numbers; 783"),
        (lambda s: s.encode("vae-mnist-8", [0] * 784), "no model 'vae-mnist-8' here"),
        (lambda s: s.plane(["aae-mnist"]), "no model"),
        (lambda s: s.plane("aae-mnist-8"), "no model 'aae-mnist-8' here; there are: aae-mnist,"),
        (lambda s: s.prior("aae-mnist", 0), "draws must lie between 1 and 10000"),
        (lambda s: s.prior("aae-mnist", 1, -1), "seed must lie between 0 and 2147483647"),
        (lambda s: s.walk("aae-mnist", 1), "pictures must lie between 2 and 64"),
        (lambda s: s.walk("aae-mnist", 2.5), "whole number"),
        (lambda s: s.samples("aae-mnist", 4), "no model 'aae-mnist' here; there are: vae-mnist-8"),
        (lambda s: s.samples("aae-mnist-8", 65), "images must lie between 1 and 64"),
        (lambda s: s.samples("aae-mnist-8", 4, 0.5), "seed must be a whole number"),
        (lambda s: s.samples("aae-mnist-8", 4, 0, 1.6), "scale of z must lie between 0 and 1.5"),
        (lambda s: s.samples("aae-mnist-8", 4, 0, math.nan), "scale of z must be a number"),
    ],
)
def test_bad_input_is_told_in_a_sentence(kept, call, sentence):
    with pytest.raises(BadInput) as error:
        call(kept)
    assert sentence in str(error.value)


def test_missing_release_names_its_command(service, folder):
    for name in ("model.safetensors", CONFIG):
        (folder / "aae-mnist-ring" / name).unlink()
    error = service.missing("aae-mnist-ring")
    assert isinstance(error, Unavailable)
    assert error.command == "python -m genzoo train aae-mnist-ring"
    assert service.missing("aae-mnist") is None
    assert service.missing("aae-mnist-8") is None  # which has no assets


def test_assets_of_another_kind_are_refused(service, folder):
    np.savez(folder / "aae-mnist" / ASSETS, codes=np.zeros(3), labels=np.zeros(3))
    error = service.missing("aae-mnist")
    assert "lack digits, distance, images_seen, log_q" in str(error)
    assert error.command == "python -m demo_app.assets"
