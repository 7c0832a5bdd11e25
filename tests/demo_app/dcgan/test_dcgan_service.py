"""The DCGAN service against the models themselves."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

import genzoo
from demo_app.errors import BadInput, Unavailable
from demo_app.services.dcgan import DCGANService, sheet_of_z, spherical
from demo_app.store import ASSETS, Store
from genzoo.releases import CONFIG
from tests.demo_app.dcgan.conftest import ENDS, EXAMPLE, FIDS

MODEL, OTHER = DCGANService.models


@pytest.fixture
def service(folder):
    return DCGANService(Store())


@pytest.fixture(scope="module")
def kept(module_folder):
    """For tests that change nothing."""
    return DCGANService(Store())


def made(model, z):
    with torch.inference_mode():
        return genzoo.load(model).generate(torch.as_tensor(np.atleast_2d(z))).flatten(1).numpy()


def z_of(*places):
    return np.stack([sheet_of_z(seed, 64)[cell] for seed, cell in places])


@pytest.mark.parametrize("model", DCGANService.models)
def test_generate_is_the_generator(kept, model):
    z = z_of([3, 5])[0]
    np.testing.assert_allclose(kept.generate(model, z.tolist()), made(model, z)[0], atol=1e-5)


def test_a_sheet_is_a_function_of_its_seed_whatever_is_asked_of_it(kept):
    expected = torch.randn(64, 64, generator=torch.Generator().manual_seed(5)).numpy()
    all_of_it, few = kept.samples(MODEL, 64, 5), kept.samples(MODEL, 10, 5)
    np.testing.assert_array_equal(all_of_it["z"], expected)
    np.testing.assert_array_equal(few["z"], expected[:10])
    np.testing.assert_allclose(few["images"], all_of_it["images"][:10], atol=1e-5)
    np.testing.assert_allclose(all_of_it["images"], made(MODEL, expected), atol=1e-5)
    half = kept.samples(OTHER, 10, 5, 0.5)
    np.testing.assert_array_equal(half["z"], expected[:10] / 2)
    np.testing.assert_allclose(half["images"], made(OTHER, half["z"]), atol=1e-5)
    with pytest.raises(ValueError, match="read-only"):  # nobody may spoil it for the next one
        sheet_of_z(5, 64)[0] = 0


def test_draws_are_cells_of_their_sheets(kept):
    np.testing.assert_array_equal(
        kept.draws(MODEL, [[4, 63], [9, 0]], 1.5), np.float32(1.5) * z_of([4, 63], [9, 0])
    )
    assert kept.draws(MODEL, []).shape == (0, 64)


def test_the_spherical_way_turns_evenly_and_keeps_the_length(kept):
    a, b = z_of([0, 1], [0, 2])
    way = kept.interpolate(MODEL, a, 1.2 * b, 5)
    assert way["t"].tolist() == [0, 0.25, 0.5, 0.75, 1]
    np.testing.assert_allclose(way["z"][[0, 4]], [a, 1.2 * b], atol=1e-5)
    lengths = np.linspace(np.linalg.norm(a), 1.2 * np.linalg.norm(b), 5)
    np.testing.assert_allclose(way["length"], lengths, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(way["z"], axis=1), lengths, rtol=1e-5)
    unit = way["z"] / lengths[:, None]
    angles = np.arccos((unit[1:] * unit[:-1]).sum(1))
    np.testing.assert_allclose(angles, angles[0], rtol=1e-3)
    # All on one great circle: the way never leaves the plane of its ends.
    plane = np.linalg.svd(np.stack([a, b]), full_matrices=False)[2]
    np.testing.assert_allclose(way["z"] @ plane.T @ plane, way["z"], atol=1e-4)
    np.testing.assert_allclose(way["images"], made(MODEL, way["z"]), atol=1e-5)


def test_the_straight_way_is_shorter_inside(kept):
    a, b = z_of([0, 1], [0, 2])
    way = kept.interpolate(MODEL, a, b, 3, "straight")
    np.testing.assert_allclose(way["z"][1], (a + b) / 2, atol=1e-6)
    assert way["length"][1] < 0.9 * way["length"][[0, 2]].min()
    both = kept.between(MODEL, a, b, 0.5)
    np.testing.assert_allclose(both["straight"]["image"], way["images"][1], atol=1e-5)
    assert both["straight"]["length"] == pytest.approx(way["length"][1], rel=1e-5)
    round_about = kept.interpolate(MODEL, a, b, 3)
    np.testing.assert_allclose(both["spherical"]["image"], round_about["images"][1], atol=1e-5)
    assert both["spherical"]["length"] == pytest.approx(round_about["length"][1], rel=1e-5)


def test_ways_where_the_sphere_has_none(kept):
    a = z_of([0, 1])[0]
    np.testing.assert_allclose(spherical(a, 2 * a, 0.5), 1.5 * a, rtol=1e-5)
    np.testing.assert_allclose(spherical(0 * a, a, 0.25), 0.25 * a, rtol=1e-5)
    with pytest.raises(BadInput, match="opposite directions"):
        kept.interpolate(MODEL, a, -a)


def test_the_gif_goes_there_and_back(kept):
    a, b = z_of([0, 1], [0, 2])
    film = Image.open(io.BytesIO(kept.gif(MODEL, a, b, 9)))
    assert film.n_frames == 16
    film.seek(4)
    middle = 1 - np.asarray(film.convert("L").resize((28, 28), 0)) / 255
    expected = kept.interpolate(MODEL, a, b, 9)["images"][4].reshape(28, 28)
    np.testing.assert_allclose(middle, expected, atol=0.03)


def test_the_round_trip_visits_the_first_row_and_closes(kept):
    stops = z_of(*[[7, k] for k in range(8)])
    trip = kept.trip(MODEL, [0, 1, 7, 8, 7.25], 7)
    np.testing.assert_allclose(trip["z"][:4], stops[[0, 1, 7, 0]], atol=1e-5)
    np.testing.assert_allclose(trip["z"][4], spherical(stops[7], stops[0], 0.25), atol=1e-5)
    np.testing.assert_allclose(trip["images"], made(MODEL, trip["z"]), atol=1e-5)
    small = kept.trip(MODEL, [7.25], 7, 0.5)
    np.testing.assert_allclose(small["z"][0], trip["z"][4] / 2, atol=1e-5)


def test_arithmetic_is_on_means(kept):
    a, b, c = (z_of(*places) for places in EXAMPLE)
    answer = kept.arithmetic(MODEL, a, b, c[:1], noise=0.5, seed=3)
    means = [a.mean(0), b.mean(0), c[0]]
    expected = np.stack([*means, means[0] - means[1] + means[2]])
    np.testing.assert_allclose(answer["z"], expected, atol=1e-6)
    np.testing.assert_allclose(answer["length"], np.linalg.norm(expected, axis=1), rtol=1e-5)
    np.testing.assert_allclose(answer["images"], made(MODEL, expected), atol=1e-5)
    np.testing.assert_allclose(answer["around"][4], answer["images"][3], atol=1e-5)
    again = kept.arithmetic(MODEL, a, b, c[:1], noise=0.5, seed=3)
    np.testing.assert_array_equal(again["around"], answer["around"])
    other = kept.arithmetic(MODEL, a, b, c[:1], noise=0.5, seed=4)
    assert np.abs(other["around"] - answer["around"])[:4].max() > 0.01
    still = kept.arithmetic(MODEL, a, b, c[:1], noise=0)["around"]
    np.testing.assert_allclose(still, np.broadcast_to(still[0], still.shape), atol=1e-5)


def test_an_empty_term_counts_as_zero(kept):
    a, b, _ = (z_of(*places) for places in EXAMPLE)
    np.testing.assert_allclose(kept.arithmetic(MODEL, a, [], [])["z"][3], a.mean(0), atol=1e-6)
    minus = kept.arithmetic(MODEL, a, b, [])["z"][3]
    np.testing.assert_allclose(minus, a.mean(0) - b.mean(0), atol=1e-6)


def test_a_sweep_moves_along_its_directions(kept, module_folder):
    z = z_of([2, 2])[0]
    u, v = np.load(module_folder / MODEL / ASSETS)["directions"][[2, 0]].astype(np.float32)
    answer = kept.sweep(MODEL, z, 3, 1, 1.5, -2)
    np.testing.assert_allclose(answer["z"], z + 1.5 * u - 2 * v, atol=1e-5)
    np.testing.assert_allclose(answer["image"], made(MODEL, answer["z"])[0], atol=1e-5)
    assert answer["length"] == pytest.approx(np.linalg.norm(answer["z"]), rel=1e-5)
    sheet = kept.sweep_sheet(MODEL, z, 3, 1, 4, 9)
    assert sheet["values"].tolist() == list(range(-4, 5))
    # A row for each b, the greatest first: b = -2 is the seventh, a = 1 the sixth of it.
    np.testing.assert_allclose(sheet["images"][6, 5], made(MODEL, z + u - 2 * v)[0], atol=1e-5)
    np.testing.assert_allclose(sheet["images"][4, 4], made(MODEL, z)[0], atol=1e-5)


@pytest.mark.parametrize(("u", "v"), [(0, 0), (0, 2), (5, 0), (1, 8)])
def test_directions_have_length_one(kept, u, v):
    first = kept.direction(MODEL, u, 11)
    second = kept.direction(MODEL, v, 11, first)
    assert np.linalg.norm(first) == pytest.approx(1, abs=2e-3)
    assert np.linalg.norm(second) == pytest.approx(1, abs=2e-3)
    if v == 0 or u > 0:
        assert abs(first @ second) < 2e-3
    if u == 0:
        assert abs(first @ kept.direction(MODEL, 0, 12)) < 0.9


def test_neighbours_are_those_of_the_assets_or_none(kept, module_folder):
    assets = np.load(module_folder / OTHER / ASSETS)
    found = kept.neighbours(OTHER, 1, 9)
    np.testing.assert_array_equal(found["distances"], assets["distances"][1, 9])
    chosen = assets["neighbours"][1, 9]
    np.testing.assert_array_equal(found["images"], assets["pictures"][chosen])
    np.testing.assert_array_equal(found["labels"], assets["labels"][chosen])
    assert kept.neighbours(OTHER, 2, 9) is None


def test_what_is_known_of_a_model(kept):
    known = kept.known(MODEL)
    assert known["ends"].tolist() == ENDS
    assert known["example"].tolist() == EXAMPLE
    assert known["example_classes"].tolist() == [4, 2]
    assert known["real_distances"][100] == pytest.approx(1.1, abs=0.001)
    about = [kept.about(name) for name in kept.models]
    assert [a["data"] for a in about] == ["mnist", "fashion"]
    assert [a["fids"] for a in about] == [FIDS, [7.0]]
    assert about[0]["n_parameters"] == sum(p.numel() for p in genzoo.load(MODEL).parameters())
    assert (about[0]["r1_interval"], about[0]["n_searched"]) == (16, 2)


Z = [0.0] * 64


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.generate(MODEL, [0.0] * 63), "must be 64 numbers; 63 were given"),
        (lambda s: s.generate(MODEL, [math.nan] * 64), "NaN"),
        (lambda s: s.generate(MODEL, [21.0] * 64), "between -20 and 20; 21 does not"),
        (lambda s: s.generate(MODEL, "noise"), "list of numbers"),
        (
            lambda s: s.generate("gan-mnist", Z),
            "no model 'gan-mnist' here; there are: dcgan-mnist",
        ),
        (lambda s: s.samples(MODEL, 65), "images must lie between 1 and 64"),
        (lambda s: s.samples(MODEL, 4, 0.5), "seed must be a whole number"),
        (lambda s: s.samples(MODEL, 4, -1), "seed must lie between 0 and 2147483647"),
        (lambda s: s.samples(MODEL, 4, 0, 1.6), "scale of z must lie between 0 and 1.5"),
        (lambda s: s.draws(MODEL, [[0, 64]]), "cell must lie between 0 and 63"),
        (lambda s: s.draws(MODEL, [[0]]), "pair [seed, cell], not [0]"),
        (lambda s: s.draws(MODEL, 3), "list of pairs"),
        (lambda s: s.draws(MODEL, [[0, 0]] * 65), "64 draws at once, not 65"),
        (lambda s: s.interpolate(MODEL, Z, Z, 1), "pictures must lie between 2 and 64"),
        (lambda s: s.interpolate(MODEL, Z, Z, 5, "curved"), "one of spherical, straight"),
        (lambda s: s.interpolate(MODEL, Z, Z[1:], 5), "B must be 64 numbers; 63 were given"),
        (lambda s: s.between(MODEL, Z, Z, 1.1), "t must lie between 0 and 1; 1.1 does not"),
        (lambda s: s.trip(MODEL, [9.0]), "places must lie between 0 and 8; 9 does not"),
        (lambda s: s.trip(MODEL, []), "list of 1 to 64 numbers"),
        (lambda s: s.arithmetic(MODEL, [], [Z], [Z]), "A must hold at least one"),
        (lambda s: s.arithmetic(MODEL, [Z] * 6, [Z], [Z]), "A may hold 5 z at most; 6 were given"),
        (lambda s: s.arithmetic(MODEL, [Z], [Z[1:]], [Z]), "Each z of B must be 64 numbers"),
        (lambda s: s.arithmetic(MODEL, [Z], "b", [Z]), "B must be a list of z"),
        (lambda s: s.arithmetic(MODEL, [Z], [], [], 1.5), "noise must lie between 0 and 1"),
        (lambda s: s.sweep(MODEL, Z, 2, 2), "two directions must differ; both are 2"),
        (lambda s: s.sweep(MODEL, Z, 9, 2), "direction must lie between 0 and 8; 9 does not"),
        (lambda s: s.sweep(MODEL, Z, 1, 2, 7), "a must lie between -6 and 6; 7 does not"),
        (lambda s: s.sweep_sheet(MODEL, Z, 1, 2, 4, 10), "steps must lie between 2 and 9"),
        (lambda s: s.neighbours(MODEL, 0, 64), "cell must lie between 0 and 63"),
    ],
)
def test_bad_input_is_told_in_a_sentence(kept, call, sentence):
    with pytest.raises(BadInput) as error:
        call(kept)
    assert sentence in str(error.value)


def test_a_missing_release_names_its_command_and_the_other_goes_on(service, folder):
    for name in ("model.safetensors", CONFIG):
        (folder / OTHER / name).unlink()
    error = service.missing(OTHER)
    assert isinstance(error, Unavailable)
    assert error.command == "python -m genzoo train dcgan-fashion"
    assert service.missing(MODEL) is None


def test_assets_of_another_kind_are_refused(service, folder):
    np.savez(folder / MODEL / ASSETS, pictures=np.zeros(3), labels=np.zeros(3))
    error = service.missing(MODEL)
    assert "lack directions, distances, ends, example" in str(error)
    assert error.command == "python -m demo_app.assets"
