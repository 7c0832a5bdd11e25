"""The InfoGAN service against the model itself."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

import genzoo
from demo_app import assets
from demo_app.errors import BadInput, Unavailable
from demo_app.services.infogan import InfoGANService
from demo_app.store import ASSETS, Store
from genzoo import recipes
from genzoo.data import load_images
from genzoo.metrics import matched
from genzoo.releases import CONFIG
from tests.demo_app.infogan.conftest import ERRORS, MEANING, N_EXAMPLES, NAME, counts


@pytest.fixture
def service(folder):
    return InfoGANService(Store())


@pytest.fixture(scope="module")
def kept(module_folder):
    """For tests that change nothing."""
    return InfoGANService(Store())


@pytest.fixture(scope="module")
def model(module_folder):
    return genzoo.load(NAME)


def noise_of(seed):
    return torch.randn(62, generator=torch.Generator().manual_seed(seed))


def test_generate_makes_the_picture_and_reads_it_again(kept, model):
    answer = kept.generate(3, [0.5, -1.5], seed=7)
    with torch.inference_mode():
        z = model.join(torch.tensor([3]), torch.tensor([[0.5, -1.5]]), noise_of(7)[None])
        x = model.generate(z)
        category, continuous = model.infer(x)
    np.testing.assert_allclose(answer["image"], x.flatten(), atol=1e-6)
    np.testing.assert_allclose(answer["probabilities"], category.probs[0], atol=1e-6)
    np.testing.assert_allclose(answer["mean"], continuous.mean[0], atol=1e-6)


def test_an_image_may_be_far_from_training(kept):
    digits, _ = kept.digits()
    near, blank = kept.near(digits[0] / 255), kept.near(np.zeros(784))
    assert (near["is_far"], blank["is_far"]) == (False, True)
    assert blank["distance"] == pytest.approx(1)
    assert blank["limit"] == near["limit"]


def test_noise_that_is_given_takes_the_place_of_the_seeds(kept):
    seeded = kept.generate(1, [0, 0], seed=4)
    given = kept.generate(1, [0, 0], seed=99, noise=noise_of(4).tolist())
    np.testing.assert_allclose(given["image"], seeded["image"], atol=1e-6)
    other = kept.generate(1, [0, 0], seed=5)
    assert np.abs(other["image"] - seeded["image"]).max() > 0.01


def test_categories_are_at_the_same_codes_and_noise(kept):
    images = kept.categories([0.25, -0.5], seed=3)
    for k in range(10):
        np.testing.assert_allclose(
            images[k], kept.generate(k, [0.25, -0.5], 3)["image"], atol=1e-5
        )


def test_noises_are_of_the_seeds_that_follow(kept):
    images = kept.noises(2, [1, 1], seed=2**31 - 2, n=3)
    for image, seed in zip(images, [2**31 - 2, 2**31 - 1, 0], strict=True):
        np.testing.assert_allclose(image, kept.generate(2, [1, 1], seed)["image"], atol=1e-5)


def test_infer_is_q(kept, model):
    x = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    answer = kept.infer(x.flatten().tolist())
    with torch.inference_mode():
        category, continuous = model.infer(x)
    np.testing.assert_allclose(answer["probabilities"], category.probs[0], atol=1e-6)
    assert answer["probabilities"].sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(answer["mean"], continuous.mean[0], atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "rows", "columns", "cell", "set"),
    [
        ("category", 8, 10, (6, 3), (3, [0.5, -1.0], 11)),
        ("first", 10, 5, (6, 3), (6, [1.0, -1.0], 5)),
        ("second", 10, 5, (6, 3), (6, [0.5, 1.0], 5)),
        ("both", 5, 5, (1, 4), (4, [2.0, 1.0], 5)),
    ],
)
def test_a_sheet_varies_what_it_says(kept, kind, rows, columns, cell, set):
    sheet = kept.sheet(kind, 4, [0.5, -1.0], seed=5, steps=5)
    assert (sheet["rows"], sheet["columns"]) == (rows, columns)
    i = cell[0] * columns + cell[1]
    category, continuous, seed = set
    assert (sheet["category"][i], sheet["seed"][i]) == (category, seed)
    np.testing.assert_allclose(sheet["continuous"][i], continuous, atol=1e-6)
    for i in (0, cell[0] * columns + cell[1], rows * columns - 1):
        c, v, s = (sheet[key][i] for key in ("category", "continuous", "seed"))
        one = kept.generate(int(c), v, int(s))
        np.testing.assert_allclose(sheet["images"][i], one["image"], atol=1e-5)
        assert sheet["probability"][i] == pytest.approx(one["probabilities"][c], abs=1e-5)
        assert sheet["read"][i] == one["probabilities"].argmax()
        np.testing.assert_allclose(sheet["mean"][i], one["mean"], atol=1e-4)


def test_categories_mean_the_digits_that_most_of_their_images_are(kept):
    matching = kept.matching()
    np.testing.assert_array_equal(matching["counts"], counts())
    assert matching["meaning"].tolist() == MEANING


def test_examples_are_of_their_category_and_class(kept):
    k, c = 2, MEANING[2] + 1
    examples = kept.examples(k, c)
    assert examples[:, :2].tolist() == [[20 * k, 20 * c]] * N_EXAMPLES
    assert len(kept.examples(2, (MEANING[2] + 5) % 10)) == 0


def test_figures_are_those_of_the_release(kept):
    about = kept.about()
    assert about["intervals"]["unsupervised_error"] == {"value": 2.5, "low": 2.25, "high": 2.75}
    assert about["errors"] == ERRORS
    assert about["fids"] == []  # not measured for the seeds
    assert (about["n_noise"], about["deviation"]) == (62, 0.3)
    for share in ("pretrain_fraction", "warmup_fraction"):
        assert about[share] == recipes.get(NAME).objective_kwargs[share]


def test_without_other_seeds_the_release_is_the_only_one(service, folder):
    path = folder / NAME / CONFIG
    path.write_text(path.read_text().replace('"seeds"', '"other"'))
    assert service.about()["errors"] == [2.5]
    assert service.about()["fids"] == [0.75]
    assert service.about()["variants"] == service.about()["variant_errors"] == {}


def test_variants_stand_beside_the_release(service, folder):
    path = folder / NAME / CONFIG
    config = json.loads(path.read_text())
    of = config["figures"]
    other = [{**figure, "value": 9.5, "high": 10.0} for figure in of]
    config["ablation"] = {"paper": {"images_seen": 1, "seeds": {"3": of, "1": other}}}
    path.write_text(json.dumps(config))
    assert service.about()["variants"] == {"paper": [0.75, 9.5]}
    assert service.about()["variant_errors"] == {"paper": [2.5, 9.5]}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.generate(10, [0, 0]), "category must lie between 0 and 9; 10 does not"),
        (lambda s: s.generate(0.5, [0, 0]), "category must be a whole number"),
        (lambda s: s.generate(0, [0]), "continuous codes must be 2 numbers; 1 were given"),
        (lambda s: s.generate(0, [0, 2.1]), "codes must lie between -2 and 2; 2.1 does not"),
        (lambda s: s.generate(0, [0, math.nan]), "must not hold NaN"),
        (lambda s: s.generate(0, [0, 0], -1), "seed must lie between 0 and 2147483647"),
        (lambda s: s.generate(0, [0, 0], 0, [1.0] * 61), "noise must be 62 numbers; 61"),
        (lambda s: s.generate(0, [0, 0], 0, [7.0] * 62), "noise must lie between -6 and 6"),
        (lambda s: s.noises(0, [0, 0], 0, 17), "pictures must lie between 1 and 16"),
        (lambda s: s.categories("00"), "must be a list of numbers, not str"),
        (lambda s: s.infer([0.5] * 783), "pixels must be 784 numbers; 783"),
        (lambda s: s.infer([1.5] * 784), "pixels must lie between 0 and 1"),
        (lambda s: s.sheet("third", 0, [0, 0]), "must be one of category, first, second, both"),
        (lambda s: s.sheet("first", 0, [0, 0], 0, 14), "steps must lie between 2 and 13"),
        (lambda s: s.examples(0, 10), "class must lie between 0 and 9"),
    ],
)
def test_bad_input_is_told_in_a_sentence(kept, call, sentence):
    with pytest.raises(BadInput) as error:
        call(kept)
    assert sentence in str(error.value)


def test_missing_release_names_its_command(service, folder):
    for file in ("model.safetensors", CONFIG):
        (folder / NAME / file).unlink()
    error = service.missing()
    assert isinstance(error, Unavailable)
    assert error.command == f"python -m genzoo train {NAME}"


def test_assets_of_another_kind_are_refused(service, folder):
    assert service.missing() is None
    np.savez(folder / NAME / ASSETS, digits=np.zeros(3))
    error = InfoGANService(Store()).missing()
    assert "lack counts, example_categories, example_labels, examples, labels" in str(error)
    assert error.command == "python -m demo_app.assets"


def test_assets_count_the_whole_test_set_as_q_reads_it(folder):
    (folder / NAME / ASSETS).unlink()
    assert assets.make(NAME).stat().st_size < 1e6
    made = Store().assets(NAME)
    test = load_images("mnist", "test")
    model = genzoo.load(NAME)
    with torch.inference_mode():
        read = torch.cat(
            [model.infer(b)[0].logits.argmax(1) for b in test.scaled().split(1000)]
        ).numpy()
    labels = test.labels.numpy()
    assert made["counts"].sum() == len(test)
    k, c = read[0], labels[0]
    assert made["counts"][k, c] == ((read == k) & (labels == c)).sum()
    meaning = matched(torch.from_numpy(made["counts"])).numpy()
    service = InfoGANService(Store())
    assert service.matching()["meaning"].tolist() == meaning.tolist()
    images = test.images.flatten(1).numpy()
    for k, c in np.argwhere(made["counts"])[:4]:
        of_pair = images[(read == k) & (labels == c)]
        np.testing.assert_array_equal(service.examples(int(k), int(c)), of_pair[:8])
    digits, classes = service.digits()
    assert sorted(set(classes)) == list(range(10))
    np.testing.assert_array_equal(digits[0], images[labels == 0][0])
