"""The Compare tab's service on tiny releases; and one number of the real ones, reckoned anew."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services.compare import CompareService
from demo_app.services.gallery import Gallery
from demo_app.store import ASSETS, Store
from demo_app.tabs import compare
from genzoo import recipes, releases
from genzoo.data.preprocessing import FIXED_SEED
from genzoo.metrics import importance_weighted_bound
from tests.demo_app.compare.conftest import SECONDS, training_images
from tests.demo_app.released import TRAIN, by_the_elbo, faces, write_release

ROOT = Path(__file__).parents[3]


def test_each_model_is_of_its_kind_and_says_whether_it_can_be_asked(service):
    assert service.data == ("mnist", "fashion", "avatars")
    known = {model["name"]: model for model in service.models("mnist")}
    assert list(known) == [n for n in releases.names() if n in SECONDS and "mnist" in n]
    kinds = {name: model["kind"] for name, model in known.items()}
    assert kinds == {
        "gan-mnist": "implicit",
        "nade-mnist": "tractable",
        "nade-orderless-mnist": "tractable",
        "vae-mnist": "approximate",
        "vae-mnist-beta4": "approximate",
    }
    # An orderless NADE could only by hundreds of passes; a VAE of another beta was not trained to.
    assert {n for n, m in known.items() if m["believes"]} == {"nade-mnist", "vae-mnist"}
    assert {n for n, m in known.items() if m["before"]} == {"nade-orderless-mnist"}
    shown = {name: model["shown"] for name, model in known.items()}
    assert shown == {name: "means" if name.startswith("vae") else "samples" for name in known}, (
        "what a VAE shows is no sample"
    )
    assert known["gan-mnist"]["tab"] == "gan"
    assert known["gan-mnist"]["figures"]["fid"] == 3.0
    assert {n for n, m in known.items() if m["missed"]} == {"nade-mnist"}
    assert known["nade-mnist"]["missed"]["nll"]["bound"] == "≤ 83.5"
    assert known["gan-mnist"]["n_parameters"] == releases.info("gan-mnist")["n_parameters"]


def test_each_data_set_is_described_once(service):
    about = service.about("mnist")
    assert about["shape"] == [1, 28, 28]
    assert (about["levels"], about["labels"], about["kept"]) == (2, "digit", "levels")
    about = service.about("avatars")
    assert about["shape"] == [3, 64, 64]
    assert about["kept"] == "drawn"
    assert about["attributes"]["glasses"] == ["none", "glasses"]
    json.dumps(about)


def test_models_of_faces_sample_or_are_given_captions(service):
    known = {model["name"]: model for model in service.models("avatars")}
    assert set(known) == {"transformer-avatars", "dcgan-avatars", "text2image-avatars"}
    assert not any(model["believes"] or model["before"] for model in known.values())
    for name, model in known.items():
        card = recipes.get(name).card
        assert model["tab"] == (card.tab if card else "")
    # Editors and translators need a picture, and the judge makes none.
    for name in ("stargan-avatars", "cyclegan-avatars", "judge-avatars"):
        with pytest.raises(BadInput, match="There is no model"):
            service.sheet(name, 0)


@pytest.mark.parametrize(
    "name",
    [
        "gan-mnist",
        "nade-mnist",
        "vae-mnist",
        "rnade-fashion",
        "dcgan-avatars",
        "text2image-avatars",
        "transformer-avatars",
    ],
)
def test_a_sheet_is_what_the_model_draws_by_the_seed(service, name):
    sheet = service.sheet(name, 7)
    generator = torch.Generator().manual_seed(7)
    drawn = releases.load(name).pictures(64, generator=generator)
    assert sheet["images"].shape == (64, 12288 if "avatars" in name else 784)
    assert sheet["shape"] == list(drawn.shape[1:])
    np.testing.assert_allclose(sheet["images"], drawn.flatten(1), atol=1e-6)
    assert sheet["seed"] == 7
    assert sheet["seconds"] > 0
    other = service.sheet(name, 8)["images"]
    assert np.abs(other - sheet["images"]).max() > (1e-3 if "avatars" in name else 0.05)


def test_a_sheet_comes_about_a_row_of_pixels_at_a_time(store):
    steps = list(Gallery(store).drawing("nade-mnist", 3))
    assert len(steps) == 28
    for row, step in enumerate(steps):
        drawn = ~np.isnan(step)
        assert drawn[:, : 28 * (row + 1)].all()
        assert not drawn[:, 28 * (row + 1) :].any()
    assert len(list(Gallery(store).drawing("gan-mnist", 3))) == 1


def test_a_slow_sheet_was_drawn_beforehand(service, folder):
    with np.load(folder / "judge-mnist" / ASSETS) as assets:
        kept = assets["sheets"][0] / 255
    sheet = service.sheet("nade-orderless-mnist", 5)
    assert sheet["seed"] == 0
    np.testing.assert_allclose(sheet["images"], kept)


@pytest.mark.parametrize(("name", "n_bits"), [("gan-mnist", 1), ("rnade-fashion", 2)])
def test_the_nearest_training_image_is_the_nearest(service, name, n_bits):
    train = training_images(n_bits)
    images = service.sheet(name, 1)["images"].astype(float)
    for cell in (0, 9, 63):
        distance = np.sqrt(((train - images[cell]) ** 2).sum(1))
        answer = service.look(name, cell, 1)
        assert answer["distance"] == pytest.approx(distance.min(), rel=1e-4)
        np.testing.assert_allclose(answer["nearest"], train[distance.argmin()], atol=1e-6)
        assert answer["label"] == distance.argmin() % 10
        np.testing.assert_allclose(answer["image"], images[cell], atol=1e-6)


@pytest.mark.parametrize("name", ["dcgan-avatars", "transformer-avatars"])
def test_the_nearest_face_is_the_nearest_and_told_by_its_attributes(service, name):
    train = faces(*TRAIN)
    x = train.scaled().flatten(1).double().numpy()
    images = service.sheet(name, 1)["images"].astype(float)
    for cell in (0, 9, 63):
        distance = np.sqrt(((x - images[cell]) ** 2).sum(1))
        answer = service.look(name, cell, 1)
        assert answer["distance"] == pytest.approx(distance.min(), rel=1e-5)
        at = int(distance.argmin())
        np.testing.assert_allclose(answer["nearest"], x[at], atol=1e-6)
        assert answer["label"] == train.labels[at].tolist()
        np.testing.assert_allclose(answer["image"], images[cell], atol=1e-6)


def test_a_bound_on_faces_is_of_fewer_samples(folder, monkeypatch):
    by_the_elbo("vae-avatars", monkeypatch)
    sizes = {"model.width": 2, "model.n_hidden": 8}
    write_release(folder, "vae-avatars", sizes, {"seconds_64": 0.1, "nll_bound": 9.0}, seed=3)
    service = CompareService(Store())
    assert {m["name"] for m in service.models("avatars") if m["believes"]} == {"vae-avatars"}
    x = torch.from_numpy(service.sheet("dcgan-avatars", 2)["images"][[5]]).view(1, 3, 64, 64)
    believed = service.believed("dcgan-avatars", 5, 2)
    bound = float(importance_weighted_bound(releases.load("vae-avatars"), x, 10))
    assert believed == {"vae-avatars": pytest.approx(bound, rel=1e-6)}
    assert service.about("avatars")["k"] == 10


def test_where_nobody_believes_there_is_no_matrix(service):
    matrix = service.matrix("avatars")
    assert matrix["rows"] == []
    assert service.believed("dcgan-avatars", 3) == {}
    json.dumps(compare.matrix(service, "avatars"))


def test_what_is_believed_is_log_p_of_the_picture_as_pixels_of_0_and_1(service):
    gray = torch.from_numpy(service.sheet("gan-mnist", 2)["images"][[5]]).view(1, 1, 28, 28)
    u = torch.rand(gray.shape, generator=torch.Generator().manual_seed(FIXED_SEED))
    binary = (u < gray).float()
    nade, vae = releases.load("nade-mnist"), releases.load("vae-mnist")
    believed = service.believed("gan-mnist", 5, 2)
    assert set(believed) == {"nade-mnist", "vae-mnist"}
    with torch.inference_mode():
        assert believed["nade-mnist"] == pytest.approx(float(nade.log_prob(binary)), abs=1e-3)
    bound = float(importance_weighted_bound(vae, binary, 50))
    assert believed["vae-mnist"] == pytest.approx(bound, abs=1e-3)


def test_a_density_of_gray_levels_is_told_as_a_probability(service):
    """Of pixels of 256 levels: a density of dequantized ones, in units of a level."""
    image = np.zeros((1, 784), np.float32)
    u = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(FIXED_SEED)) / 256
    with torch.inference_mode():
        density = float(releases.load("rnade-fashion").log_prob(u))
    told = service.log_prob("rnade-fashion", image)[0]
    assert told == pytest.approx(density - 784 * math.log(256), abs=0.01)


def test_the_matrix_is_of_the_models_that_are_there(service):
    matrix = service.matrix("mnist")
    assert matrix["rows"] == ["nade-mnist", "vae-mnist"]
    assert matrix["columns"] == ["gan-mnist", "nade-mnist"]
    np.testing.assert_allclose(matrix["mean"], [[-80, -90], [-110, -120]])
    np.testing.assert_allclose(matrix["deviation"], 1)
    np.testing.assert_allclose(matrix["real"], [-84, -90])


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda s: s.models("cifar"), "The data set must be one of mnist, fashion, avatars"),
        (lambda s: s.about(None), "The data set must be one of"),
        (lambda s: s.look("dcgan-avatars", 64), "The number of the picture"),
        (lambda s: s.sheet("nobody", 0), "There is no model 'nobody'"),
        (lambda s: s.sheet("aae-mnist", 0), "There is no model 'aae-mnist'"),
        (lambda s: s.sheet("gan-mnist", -1), "The seed must lie between 0 and"),
        (lambda s: s.sheet("gan-mnist", math.nan), "The seed must be a whole number"),
        (lambda s: s.look("gan-mnist", 64), "The number of the picture must lie between 0 and 63"),
        (lambda s: s.believed("gan-mnist", "0"), "must be a whole number from 0 to 63"),
        (lambda s: s.log_prob("gan-mnist", np.zeros((1, 784))), "cannot say how likely"),
        (lambda s: s.matrix(3), "The data set must be one of"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(service, ask, sentence):
    with pytest.raises(BadInput, match=sentence):
        ask(service)


def test_without_the_judge_there_are_sheets_and_nothing_to_hold_them_against(folder):
    (folder / "judge-mnist" / ASSETS).unlink()
    service = CompareService(Store())
    assert service.sheet("gan-mnist", 0)["images"].shape == (64, 784)
    assert not any(model["before"] for model in service.models("mnist"))
    for ask in (lambda: service.matrix("mnist"), lambda: service.look("gan-mnist", 0)):
        with pytest.raises(Unavailable, match=r"python -m demo_app\.assets makes it"):
            ask()


def test_an_entry_of_the_real_matrix_is_what_a_plain_loop_over_pixels_gives(monkeypatch):
    """NADE on the GAN's pictures, from the weights alone."""
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(ROOT / "checkpoints"))
    gan, nade = releases.load("gan-mnist"), releases.load("nade-mnist")
    gray = gan.pictures(64, generator=torch.Generator().manual_seed(0)).flatten(1)
    u = torch.rand(1, 784, generator=torch.Generator().manual_seed(FIXED_SEED))
    x = (u < gray).double().numpy()
    W, V = nade.W.detach().double().numpy(), nade.V.detach().double().numpy()
    b, c = nade.b.detach().double().numpy(), nade.c.detach().double().numpy()
    a = np.tile(c, (64, 1))
    log_p = np.zeros(64)
    for i in range(784):
        h = 1 / (1 + np.exp(-a))
        p = 1 / (1 + np.exp(-(b[i] + h @ V[i])))
        log_p += np.log(np.where(x[:, i] == 1, p, 1 - p))
        a += np.outer(x[:, i], W[i])
    matrix = CompareService(Store()).matrix("mnist")
    row, column = matrix["rows"].index("nade-mnist"), matrix["columns"].index("gan-mnist")
    assert matrix["mean"][row, column] == pytest.approx(log_p.mean(), abs=0.02)
    assert matrix["deviation"][row, column] == pytest.approx(log_p.std(), abs=0.02)
