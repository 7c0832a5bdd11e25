"""The VAE service against the models themselves."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch.distributions import Normal

import genzoo
from demo_app import pictures
from demo_app.errors import BadInput, Unavailable
from demo_app.services.vae import VAEService
from demo_app.store import ASSETS, Store

K = 32
PLANES = tuple(VAEService.planes)


@pytest.fixture
def service(folder):
    return VAEService(Store())


def digit(service, index=0):
    return service.images("vae-mnist")[0][index] / 255


@pytest.mark.parametrize(
    ("model", "n"), [*[(name, 2) for name in PLANES], ("vae-mnist", K), ("vae-fashion", K)]
)
def test_decode_is_the_picture_of_the_decoder(service, model, n):
    z = np.linspace(-2, 2, n)
    image = service.decode(model, z.tolist())["image"]
    with torch.inference_mode():
        p = genzoo.load(model).decode(torch.tensor(z, dtype=torch.float32)[None])
        expected = p.loc.clamp(0, 1) if model == "vae-fashion" else p.probs
    np.testing.assert_allclose(image, expected.flatten(), atol=1e-6)


@pytest.mark.parametrize("model", ["vae-mnist", "vae-fashion"])
def test_log_likelihood_is_of_the_image_given(service, model):
    x = service.images(model)[0][5] / 255
    z = np.full(K, 0.3)
    answer = service.decode(model, z, x)["log_likelihood"]
    with torch.inference_mode():
        p = genzoo.load(model).decode(torch.full((1, K), 0.3))
        expected = p.log_prob(torch.tensor(x, dtype=torch.float32).view(1, 1, 28, 28)).sum()
    assert answer == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("model", ["vae-mnist", "vae-fashion"])
def test_encode_gives_the_posterior_and_its_bound(service, model):
    x = service.images(model)[0][7] / 255
    answer = service.encode(model, x)
    vae = genzoo.load(model)
    batch = torch.tensor(x, dtype=torch.float32).view(1, 1, 28, 28)
    with torch.inference_mode():
        q = vae.encode(batch)
        np.testing.assert_allclose(answer["mean"], q.mean[0], atol=1e-5)
        np.testing.assert_allclose(answer["deviation"], q.stddev[0], rtol=1e-5)
        # KL by its definition, on many draws, instead of its closed form
        z = q.sample((200_000,))
        kl = (q.log_prob(z) - Normal(0, 1).log_prob(z)).mean(0)[0]
        np.testing.assert_allclose(answer["kl"], kl, atol=0.02)
        many = vae.decode(q.sample((2000,))[:, 0]).log_prob(batch).flatten(1).sum(1)
    error = float(many.std() / 8**0.5)  # of a mean of 8
    assert answer["reconstruction"] == pytest.approx(float(many.mean()), abs=4 * error + 1e-3)
    assert answer["elbo"] == pytest.approx(answer["reconstruction"] - answer["kl"].sum(), rel=1e-6)
    assert answer["bits_per_dim"] == pytest.approx(-answer["elbo"] / 784 / math.log(2))
    at_mean = service.decode(model, answer["mean"], x)
    np.testing.assert_allclose(answer["image"], at_mean["image"], atol=1e-5)
    assert answer["log_likelihood"] == pytest.approx(at_mean["log_likelihood"], rel=1e-5)


def test_an_image_always_reads_the_same(service):
    first = service.encode("vae-mnist", digit(service))
    torch.manual_seed(99)
    assert service.encode("vae-mnist", digit(service))["elbo"] == first["elbo"]


def test_traversal_moves_one_latent_and_holds_the_others(service):
    z = np.linspace(-1, 1, K)
    answer = service.traverse("vae-mnist", z, rows=3, steps=5)
    assert answer["latents"].tolist() == [31, 30, 29]  # by KL, the most used first
    assert answer["values"].tolist() == [-3, -1.5, 0, 1.5, 3]
    moved = z.copy()
    moved[30] = -1.5
    expected = service.decode("vae-mnist", moved)["image"]
    np.testing.assert_allclose(answer["images"][1, 1], expected, atol=1e-5)


def test_interpolation_is_straight_between_the_means(service):
    first, second = digit(service, 1), digit(service, 9)
    answer = service.interpolate("vae-mnist", 1, 9, frames=5)
    ends = [service.encode("vae-mnist", x)["mean"] for x in (first, second)]
    np.testing.assert_allclose(answer["z"][[0, -1]], ends, atol=1e-5)
    np.testing.assert_allclose(answer["z"][1], 0.75 * ends[0] + 0.25 * ends[1], atol=1e-5)
    expected = service.decode("vae-mnist", answer["z"][3])["image"]
    np.testing.assert_allclose(answer["images"][3], expected, atol=1e-5)
    by_pixels = service.interpolate("vae-mnist", first, second, frames=5)
    np.testing.assert_array_equal(by_pixels["images"], answer["images"])


def test_gif_plays_there_and_back_forever(service):
    file = Image.open(io.BytesIO(service.gif("vae-mnist", 0, 20, frames=6)))
    assert file.format == "GIF"
    assert file.size == (224, 224)
    assert file.info["loop"] == 0
    assert file.n_frames == 2 * 6 - 2
    first = 255 - np.asarray(file.convert("L"))[4::8, 4::8].astype(int)
    expected = service.interpolate("vae-mnist", 0, 20, frames=6)["images"][0].reshape(28, 28)
    np.testing.assert_allclose(first, expected * 255, atol=3)  # a GIF has 256 colors in all


def test_png_holds_the_levels():
    levels = np.arange(12).reshape(3, 4) * 20
    read = np.asarray(Image.open(io.BytesIO(pictures.png(levels))))
    np.testing.assert_array_equal(read, levels)


@pytest.mark.parametrize("model", PLANES)
def test_map_holds_nearly_all_points(service, folder, model):
    plane = service.map(model)
    points = np.load(folder / model / ASSETS)["points"]
    np.testing.assert_array_equal(plane["points"], points)
    assert (np.abs(points) <= plane["extent"]).mean() > 0.98
    assert plane["digits"].shape == (200, 784)


@pytest.mark.parametrize("model", PLANES)
def test_manifold_has_up_as_up(service, model):
    extent = 2.0
    picture = service.manifold(model, extent)
    assert picture.shape == (560, 560)
    # The tile in the top right corner: both latents at the last center, 1.9.
    expected = service.decode(model, [1.9, 1.9])["image"].reshape(28, 28)
    np.testing.assert_allclose(picture[:28, -28:], expected, atol=1e-5)
    expected = service.decode(model, [-1.9, 1.7])["image"].reshape(28, 28)
    np.testing.assert_allclose(picture[28:56, :28], expected, atol=1e-5)


def test_latents_in_the_order_of_their_use(service):
    latents = service.latents("vae-mnist")
    assert latents["order"].tolist() == list(range(31, -1, -1))
    assert latents["n_active"] == 31  # the first one's KL is 0


@pytest.mark.parametrize(
    ("model", "beta", "k"),
    [("vae-mnist", 1.0, 1), ("vae-mnist-beta4", 4.0, 1), ("iwae-mnist", 1.0, 5)],
)
def test_about_tells_the_objective_as_it_was_trained(service, model, beta, k):
    about = service.about(model)
    assert (about["beta"], about["k"], about["data"], about["binary"]) == (beta, k, "mnist", True)


def means_of(service, model="vae-mnist"):
    """Posterior means (N, K) of all test images, one by one."""
    images = service.images(model)[0] / 255
    return np.stack([service.encode(model, x)["mean"] for x in images])


def test_combining_adds_and_subtracts_posterior_means(service):
    codes = means_of(service)
    answer = service.combine("vae-mnist", 9, 10, 14, strength=0.5)
    expected = codes[9] + 0.5 * (codes[14] - codes[10])
    np.testing.assert_allclose(answer["z"], expected, atol=1e-5)
    for image, z in zip(answer["images"], [*codes[[9, 10, 14]], expected], strict=True):
        np.testing.assert_allclose(image, service.decode("vae-mnist", z)["image"], atol=1e-5)
    np.testing.assert_allclose(
        service.combine("vae-mnist", 9, 10, 14, 0)["z"], codes[9], atol=1e-5
    )


def test_combining_takes_an_image_that_is_no_test_image(service):
    drawn = np.zeros(784)
    drawn[300:420] = 1
    answer = service.combine("vae-mnist", drawn, 10, 14)
    codes = means_of(service)
    expected = service.encode("vae-mnist", drawn)["mean"] - codes[10] + codes[14]
    np.testing.assert_allclose(answer["z"], expected, atol=1e-5)


def test_combining_with_means_takes_the_mean_codes_of_the_classes(service):
    codes, labels = means_of(service), service.images("vae-mnist")[1]
    answer = service.combine("vae-mnist", 9, 10, 14, means=True)
    two, three = (codes[labels == label].mean(0) for label in (2, 3))  # the classes of 10 and 14
    np.testing.assert_allclose(answer["z"], codes[9] - two + three, atol=1e-5)
    np.testing.assert_allclose(
        answer["images"][2], service.decode("vae-mnist", three)["image"], atol=1e-5
    )


def test_nearest_code_is_none_of_those_combined(service):
    codes = means_of(service)
    answer = service.combine("vae-mnist", 9, 10, 14, strength=0)  # the code of 9 itself
    distances = np.linalg.norm(codes - codes[9], axis=1)
    distances[[9, 10, 14]] = np.inf
    assert answer["nearest"] == distances.argmin()
    assert answer["distance"] == pytest.approx(distances.min(), rel=1e-4)
    apart = np.linalg.norm(codes[:, None] - codes[None], axis=2) + np.diag([np.inf] * len(codes))
    spacing = np.sort(apart.min(1))[(len(codes) - 1) // 2]  # torch's median: the lower of the two
    assert answer["typical"] == pytest.approx(spacing, rel=1e-3)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.decode("vae-mnist", [0.0] * 31), "must be 32 numbers; 31 were given"),
        (lambda s: s.decode("vae-mnist", [math.nan] * K), "NaN"),
        (lambda s: s.decode("vae-mnist", [0.0] * 31 + [6.5]), "between -6 and 6; 6.5 does not"),
        (lambda s: s.decode("vae-mnist", "zero"), "list of numbers"),
        (
            lambda s: s.decode("gan-mnist", [0.0]),
            "no model 'gan-mnist' here; there are: vae-mnist",
        ),
        (lambda s: s.decode(["vae-mnist"], [0.0]), "no model"),
        (lambda s: s.encode("vae-mnist", [0.5] * 784), "0 or 1; 0.5 is neither"),
        (lambda s: s.encode("vae-mnist", [0] * 783), "784 numbers; 783"),
        (lambda s: s.encode("vae-fashion", [1.5] * 784), "between 0 and 1; 1.5"),
        (lambda s: s.map("vae-mnist"), "no model 'vae-mnist' here; there are: vae-mnist-2d"),
        (lambda s: s.manifold(["vae-mnist-2d"], 2.0), "no model"),
        (lambda s: s.images("vae-mnist-2d"), "no model 'vae-mnist-2d' here"),
        (lambda s: s.traverse("vae-mnist", [0.0] * K, rows=33), "rows must lie between 1 and 32"),
        (lambda s: s.traverse("vae-mnist", [0.0] * K, steps=1), "steps must lie between 2 and 25"),
        (lambda s: s.interpolate("vae-mnist", 0, 40), "between 0 and 39; 40 does not"),
        (lambda s: s.interpolate("vae-mnist", 0.5, 1), "whole number"),
        (lambda s: s.interpolate("vae-mnist", 0, 1, frames=1000), "between 2 and 64"),
        (lambda s: s.interpolate("vae-mnist", "three", 1), "list of numbers"),
        (lambda s: s.combine("vae-mnist", 0, 1, 40), "between 0 and 39; 40 does not"),
        (lambda s: s.combine("vae-mnist", -1, 1, 2), "between 0 and 39; -1 does not"),
        (lambda s: s.combine("vae-mnist", [0] * 783, 1, 2), "784 numbers; 783"),
        (lambda s: s.combine("vae-mnist", 0, [0] * 784, 2), "index of a test image"),
        (lambda s: s.combine("vae-mnist", 0, 1, 2, 1.6), "between 0 and 1.5; 1.6 does not"),
        (lambda s: s.combine("vae-mnist", 0, 1, 2, math.nan), "strength must be a number"),
        (lambda s: s.combine("vae-mnist", 0, 1, 2, 1, "yes"), "true or false, not 'yes'"),
        (lambda s: s.combine("vae-mnist-2d", 0, 1, 2), "no model 'vae-mnist-2d' here"),
    ],
)
def test_bad_input_is_told_in_a_sentence(service, call, sentence):
    with pytest.raises(BadInput) as error:
        call(service)
    assert sentence in str(error.value)


def test_missing_release_names_its_command(service, folder):
    (folder / "vae-fashion" / "model.safetensors").unlink()
    (folder / "vae-fashion" / "config.json").unlink()
    error = service.missing("vae-fashion")
    assert isinstance(error, Unavailable)
    assert error.command == "python -m genzoo train vae-fashion"
    assert service.missing("vae-mnist") is None
    assert isinstance(service.missing("vae-mnist-beta025"), Unavailable)  # not made in conftest


def test_assets_of_another_kind_are_refused(service, folder):
    np.savez(folder / "vae-mnist" / ASSETS, images=np.zeros(3))
    error = service.missing("vae-mnist")
    assert "lack kl, labels, reconstruction" in str(error)
    assert error.command == "python -m demo_app.assets"
