"""The assets are made from the test set and the release, and are what the tab needs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import genzoo
from demo_app import assets, pictures
from demo_app.assets.__main__ import main
from demo_app.services.compare import CompareService
from demo_app.services.nade import NADEService
from demo_app.store import ASSETS, Store
from genzoo import recipes, releases
from genzoo.data import avatars, load_images
from genzoo.data.batches import subset_of
from genzoo.data.preprocessing import preprocess_once
from genzoo.releases import Provenance
from tests.demo_app.released import by_the_elbo, write_release


@pytest.fixture
def made(folder):
    (folder / "nade-mnist" / ASSETS).unlink()
    assets.make("nade-mnist")
    return Store().assets("nade-mnist")


def test_scores_are_those_of_the_whole_binarized_test_set(made):
    x = preprocess_once(load_images("mnist", "test").scaled(), "dynamic")
    with torch.inference_mode():
        expected = genzoo.load("nade-mnist").log_prob(x)
    np.testing.assert_allclose(made["log_prob"], expected, rtol=1e-5)


def test_digits_are_test_digits_in_order_of_their_class(made):
    test = load_images("mnist", "test")
    x = preprocess_once(test.scaled(), "dynamic").flatten(1).numpy()
    digits, labels = NADEService(Store()).digits()
    assert sorted(labels) == list(labels)
    assert set(labels) == set(range(10))
    for digit, label in zip(digits, labels, strict=True):
        assert (x[test.labels.numpy() == label] == digit).all(1).any()


def test_references_are_of_images_that_are_no_digits(made):
    with torch.inference_mode():
        nade = genzoo.load("nade-mnist")
        blank = float(nade.log_prob(torch.zeros(1, 1, 28, 28)))
    assert made["noise"] < made["shuffled"] < max(blank, made["log_prob"].max())


def test_first_of_each_class():
    chosen = assets.digits.first_of_each_class(torch.tensor([2, 0, 2, 2, 0, 1]), 2)
    assert chosen.tolist() == [1, 4, 5, 0, 2]


def test_the_command_names_what_there_is(folder, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["assets", "nade-cifar"])
    with pytest.raises(SystemExit):
        main()
    assert "nade-cifar has no assets; there are: nade-mnist" in capsys.readouterr().err


def test_the_command_makes_those_of_every_release_that_is_there(folder, monkeypatch, capsys):
    (folder / "nade-mnist" / ASSETS).unlink()
    monkeypatch.setattr("sys.argv", ["assets"])
    main()
    assert str(folder / "nade-mnist" / ASSETS) in capsys.readouterr().out
    assert NADEService(Store()).missing() is None


@pytest.mark.parametrize("split", ["validation", "test"])
def test_codes_of_a_training_are_of_the_digits_that_they_were_kept_of(
    split, tmp_path, monkeypatch
):
    """Validation digits; test digits, where the release is of before that."""
    recipe = recipes.override(recipes.get("aae-mnist"), recipes.get("aae-mnist").smoke)
    model = recipe.build_model().eval()
    data = load_images("mnist", split)
    keep = model.snapshot(data, "dynamic", 0)
    assert keep is not None
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    path = releases.save(recipe, model, Provenance(64, 1.0, "none"), [], snapshots={64: keep()})
    if split == "test":
        config = json.loads((path / "config.json").read_text())
        del config["snapshots_of"]
        (path / "config.json").write_text(json.dumps(config))
    made = assets.latents.aae_plane(model, "aae-mnist")
    x = preprocess_once(data.scaled(), "dynamic")
    digits = np.unpackbits(made["digits"], axis=1).reshape(-1, 1, 28, 28)
    assert (digits == x.numpy()).all()
    assert made["labels"].tolist() == data.labels.tolist()
    assert made["codes"].shape == (1, len(data), 2)


def test_what_models_of_faces_are_compared_by(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("GENZOO_DATA", str(tmp_path / "data"))
    few = {"train": 30, "validation": 1, "test": 70, "novel": 1}
    monkeypatch.setattr(avatars, "N_FACES", few)
    by_the_elbo("vae-avatars", monkeypatch)
    for name in ("judge-avatars", "dcgan-avatars", "vae-avatars"):
        sizes = {k: v for k, v in recipes.get(name).smoke.items() if k.startswith("model.")}
        write_release(tmp_path / "checkpoints", name, sizes, {"seconds_64": 6.0})
    assets.make("judge-avatars")
    made, service = Store().assets("judge-avatars"), CompareService(Store())
    assert made["rows"].tolist() == ["vae-avatars"]
    assert made["columns"].tolist() == ["dcgan-avatars", "vae-avatars"] == made["slow"].tolist()
    assert made["sheets"].shape == (2, 64, 12288)
    assert made["train_labels"].tolist() == [list(face) for face in avatars.faces("train")]
    assert made["test_labels"].tolist() == [list(face) for face in avatars.faces("test")]
    # Whose sheets take long they were drawn beforehand; the matrix is of these.
    images = genzoo.load("dcgan-avatars").pictures(64, generator=torch.Generator().manual_seed(0))
    shown = service.sheet("dcgan-avatars", 9)["images"]
    np.testing.assert_allclose(shown, images.flatten(1), atol=0.002)
    told = service.log_prob("vae-avatars", images.flatten(1).numpy()[:2])
    np.testing.assert_allclose(made["log_p"][0, 0, :2], told, rtol=1e-5)
    x = subset_of(load_images("avatars", "test"), 64).scaled(slice(1)).flatten(1).numpy()
    np.testing.assert_allclose(
        made["real"][0, 0], service.log_prob("vae-avatars", x)[0], rtol=1e-5
    )
    assert service.matrix("avatars")["rows"] == ["vae-avatars"]


def test_a_picture_of_several_is_laid_row_by_row():
    images = np.arange(4 * 3 * 4).reshape(4, 12)
    color = pictures.sheet(images, 2, side=2)
    assert color.shape == (3, 4, 4)
    for k in range(4):
        cell = color[:, 2 * (k // 2) :, 2 * (k % 2) :][:, :2, :2]
        assert cell.ravel().tolist() == images[k].tolist()
    gray = pictures.sheet(images[:, :4], 4, side=2)
    assert gray.shape == (2, 8)
    assert gray[:, 2:4].ravel().tolist() == images[1, :4].tolist()


def test_the_aggregated_posterior_is_the_mean_of_the_gaussians():
    generator = torch.Generator().manual_seed(0)
    mean = torch.randn(7, 2, generator=generator)
    deviation = 0.3 + torch.rand(7, 2, generator=generator)
    axis = torch.linspace(-4, 4, 5)
    log_q = assets.latents.log_aggregated(mean, deviation, axis)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    z = torch.stack([x, y], -1).unsqueeze(2)  # (G, G, 1, 2)
    each = torch.distributions.Normal(mean, deviation).log_prob(z).sum(-1)
    expected = torch.logsumexp(each.double(), -1) - np.log(7)
    torch.testing.assert_close(log_q, expected.clamp(min=-30), rtol=1e-4, atol=1e-4)
