"""Games of tiny real models: who takes part, and that nothing but chance decides."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services.blind import ROUNDS, BlindService
from demo_app.store import ASSETS, Store
from genzoo import releases
from genzoo.data import avatars
from genzoo.recipes import base, code_transformer
from tests.demo_app.blind.conftest import BINARY, GRAY, REFERENCE
from tests.demo_app.released import TEST, faces, write_release

GAMES = (("mnist", "binary"), ("mnist", "gray"), ("fashion", "gray"), ("avatars", "color"))


def real(folder, game):
    if game == GAMES[3]:
        return faces(*TEST).images.flatten(1).numpy()
    name, key = {
        ("mnist", "binary"): ("nade-mnist", "digits"),
        ("mnist", "gray"): ("infogan-mnist", "digits"),
        ("fashion", "gray"): ("vae-fashion", "images"),
    }[game]
    images = np.load(folder / name / ASSETS)[key]
    return 255 * np.unpackbits(images, axis=1) if game[1] == "binary" else images


def truths(service, game, seeds):
    return [service.reveal(*game, seed, k) for seed in seeds for k in range(ROUNDS)]


def test_models_play_where_their_pixels_are_of_the_kind_and_their_pictures_good(service):
    gray, color = [1, 28, 28], [3, 64, 64]
    assert service.games() == [
        {"data": "mnist", "kind": "binary", "shape": gray, "families": ["nade", "vae", "aae"]},
        {"data": "mnist", "kind": "gray", "shape": gray, "families": ["gan", "dcgan"]},
        {"data": "fashion", "kind": "gray", "shape": gray, "families": ["dcgan"]},
        # A VAE's pictures are means, which would give themselves away.
        {"data": "avatars", "kind": "color", "shape": color, "families": ["dcgan"]},
    ]
    made = {t.maker.name: t.maker.family for t in truths(service, GAMES[0], range(8)) if t.maker}
    assert made == BINARY
    made = {t.maker.name: t.maker.family for t in truths(service, GAMES[1], range(8)) if t.maker}
    assert made == GRAY


@pytest.mark.parametrize(("off", "plays"), [(29.0, True), (31.0, False)])
def test_a_picture_is_as_good_as_its_fid_is_near_that_of_training_images(folder, off, plays):
    figures = {"fid": REFERENCE + off, "fid_train_reference": REFERENCE}
    write_release(folder, "dcgan-avatars", {"model.width": 4}, figures)
    assert (("avatars", "color") in BlindService(Store())._games) is plays


def test_a_model_of_captions_plays_with_captions_as_in_training(folder, monkeypatch):
    make = base._REGISTRY["transformer-avatars"]
    with_card = replace(make(), card=code_transformer.CARD)
    monkeypatch.setitem(base._REGISTRY, "transformer-avatars", lambda: with_card)
    figures = {"fid": 154.0, "fid_train_reference": REFERENCE}
    sizes = {k: v for k, v in with_card.smoke.items() if k.startswith("model.")}
    write_release(folder, "transformer-avatars", sizes, figures, scale=2)
    service = BlindService(Store())
    assert service.games()[3]["families"] == ["text2image", "dcgan"]
    of = {t.maker.name: k for k, t in enumerate(truths(service, GAMES[3], [4])) if t.maker}
    assert set(of) == {"dcgan-avatars", "transformer-avatars"}
    random = np.random.default_rng([3, 4, of["transformer-avatars"]])
    for n in (2, 2, 1):
        random.integers(n)
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    model = releases.load("transformer-avatars")
    expected = (255 * model.pictures(1, generator=generator)).round().flatten()
    shown = service.round(*GAMES[3], 4, of["transformer-avatars"])
    assert shown.tolist() == expected.tolist()


def test_half_are_real_and_families_come_evenly(service):
    all_of_them = [
        t.maker.family if t.maker else None for t in truths(service, GAMES[0], range(60))
    ]
    counts = Counter(all_of_them)
    assert abs(counts[None] - 300) < 4 * np.sqrt(600 / 4)
    for family in ("nade", "vae", "aae"):
        assert abs(counts[family] - 100) < 4 * np.sqrt(600 * 5 / 36)


@pytest.mark.parametrize("game", GAMES)
def test_what_is_real_is_of_the_test_images_and_comes_once(service, module_folder, game):
    known = {x.tobytes() for x in real(module_folder, game).astype(np.uint8)}
    for seed in range(3):
        shown = [service.round(*game, seed, k) for k in range(ROUNDS)]
        told = [service.reveal(*game, seed, k).maker is None for k in range(ROUNDS)]
        assert [x.tobytes() in known for x in shown] == told
        reals = [x.tobytes() for x, is_real in zip(shown, told, strict=True) if is_real]
        assert len(set(reals)) == len(reals)


def test_all_pictures_of_a_game_have_the_same_kind_of_pixels(service):
    for seed in range(3):
        for k in range(ROUNDS):
            assert set(np.unique(service.round("mnist", "binary", seed, k))) <= {0, 255}
    gray = [service.round("mnist", "gray", 1, k) for k in range(ROUNDS)]
    assert all(((x > 0) & (x < 255)).mean() > 0.1 for x in gray)
    assert gray[0].dtype == np.uint8


def test_a_round_is_a_function_of_data_kind_seed_and_number(service, module_folder):
    other = BlindService(Store())
    for k in (7, 2, 5):  # in any order
        np.testing.assert_array_equal(
            other.round("mnist", "binary", 3, k), service.round("mnist", "binary", 3, k)
        )
        a, b = (one.reveal("mnist", "binary", 3, k) for one in (other, service))
        assert (a.maker, a.nearest_by) == (b.maker, b.nearest_by)
        np.testing.assert_array_equal(a.nearest, b.nearest)
    games = [
        np.stack([service.round(*game, seed, k) for k in range(ROUNDS)])
        for game, seed in ((GAMES[0], 3), (GAMES[0], 4), (GAMES[1], 3))
    ]
    assert (games[0] != games[1]).any()
    assert (games[0] != games[2]).any()


def test_a_real_round_makes_a_picture_too_so_that_time_tells_nothing(folder, monkeypatch):
    service, made, drawn = BlindService(Store()), [], []
    draw, render = service._draw, avatars.render
    monkeypatch.setattr(service, "_draw", lambda *given: made.append(1) or draw(*given))
    monkeypatch.setattr(avatars, "render", lambda *face: drawn.append(1) or render(*face))
    for k in range(ROUNDS):
        service.round("mnist", "gray", 1, k)
        service.round("mnist", "gray", 1, k)
        assert len(made) == k + 1
    for k in range(ROUNDS):  # a real face is drawn anew, whether it is shown or not
        service.round("avatars", "color", 1, k)
        assert len(drawn) == k + 1
    assert len(made) == 2 * ROUNDS


@pytest.mark.parametrize("game", [GAMES[1], GAMES[3]])
def test_the_alternative_is_the_nearest_of_the_other_side(service, module_folder, game):
    images = real(module_folder, game).astype(float)
    seen = set()
    for k in range(ROUNDS):
        picture = service.round(*game, 2, k).astype(float)
        truth = service.reveal(*game, 2, k)
        distance = ((truth.nearest - picture) ** 2).sum()
        if truth.maker:
            assert truth.nearest_by is None
            assert distance == ((images - picture) ** 2).sum(1).min()
        else:
            assert truth.nearest_by in (*GRAY, "dcgan-avatars")
            sheet = service._sheet(game, truth.nearest_by).astype(float)
            assert sheet.shape == (64, len(picture))
            assert distance == ((sheet - picture) ** 2).sum(1).min()
        seen.add(truth.maker is None)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("celeba", "gray", 1, 0), "The data set must be one of"),
        (("mnist", "cyan", 1, 0), "The kind of pixels"),
        (("avatars", "gray", 1, 0), "There is no game of avatars with gray pixels"),
        (("fashion", "binary", 1, 0), "There is no game of fashion with binary pixels"),
        (("mnist", "gray", -1, 0), "The seed"),
        (("mnist", "gray", 1, 10), "between 0 and 9"),
        (("mnist", "gray", 1, 0.5), "The round"),
    ],
)
def test_bad_input_is_refused(service, given, sentence):
    for ask in (service.round, service.reveal):
        with pytest.raises(BadInput, match=sentence):
            ask(*given)


def test_a_game_without_its_images_or_models_is_left_out(folder):
    (folder / "infogan-mnist" / ASSETS).unlink()
    (folder / "dcgan-fashion" / "config.json").write_text("{")
    (folder / "judge-avatars" / ASSETS).unlink()
    service = BlindService(Store())
    assert [(game["data"], game["kind"]) for game in service.games()] == [("mnist", "binary")]
    assert service.missing() is None
    (folder / "nade-mnist" / ASSETS).unlink()
    assert isinstance(BlindService(Store()).missing(), Unavailable)
