from __future__ import annotations

import hashlib
import itertools
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from genzoo.data import (
    WITHIN_TRAIN,
    Batches,
    DataError,
    ImageSet,
    data_root,
    load_images,
    preprocess_once,
)
from genzoo.data.batches import fixed_subset, parted, seeded, subset_of
from genzoo.data.plane import CURVES, MIXTURES, Mixture, mixture_of_cells


def image_set(n: int = 20) -> ImageSet:
    """Image i is told by its first pixel; the others are mid-gray."""
    images = torch.full((n, 1, 4, 4), 128, dtype=torch.uint8)
    images[:, 0, 0, 0] = torch.arange(n)
    return ImageSet(images, torch.arange(n) % 10, tuple("0123456789"))


@pytest.mark.parametrize("name", ["mnist", "fashion"])
def test_a_data_set_is_read_from_its_folder(name):
    train, test = load_images(name, "train"), load_images(name, "test")
    assert (len(train), len(test)) == (240, 60)
    assert train.images.shape == (240, 1, 28, 28)
    assert train.images.dtype == torch.uint8
    assert train.labels.tolist() == [i % 10 for i in range(240)]
    assert len(train.classes) == 10
    assert train.scaled().max() == 1
    assert train.scaled().dtype == torch.float32
    assert not torch.equal(train.images[:60], test.images)


def test_the_two_data_sets_are_two():
    assert not torch.equal(
        load_images("mnist", "test").images, load_images("fashion", "test").images
    )
    assert load_images("fashion", "test").classes[9] == "Ankle boot"


def test_the_patch_is_the_center_of_each_digit():
    for split in ("train", "test"):
        whole, patch = load_images("mnist", split), load_images("mnist-4x4", split)
        assert patch.images.shape == (len(whole), 1, 4, 4)
        assert torch.equal(whole.images[:, :, 12:16, 12:16], patch.images)
        assert torch.equal(whole.labels, patch.labels)


def test_unknown_names_are_refused():
    with pytest.raises(
        ValueError, match="Unknown data set 'cifar'; there are: mnist, mnist-4x4, fashion"
    ):
        load_images("cifar", "train")
    known = "Unknown split 'valid'; there are: train, validation, test"
    for name in ("mnist", "celeba", "moons"):
        with pytest.raises(ValueError, match=known):
            load_images(name, "valid")


@pytest.mark.parametrize("name", WITHIN_TRAIN)
def test_validation_images_are_the_last_training_images(name):
    train, validation, test = (load_images(name, s) for s in ("train", "validation", "test"))
    assert (len(train), len(validation), len(test)) == (240, 20, 60)
    assert torch.equal(validation.images, train.images[-20:])
    assert torch.equal(validation.labels, train.labels[-20:])
    # Held out, training is without them, and they are the same.
    rest = load_images(name, "train", hold_out=True)
    assert torch.equal(rest.images, train.images[:-20])
    assert torch.equal(rest.labels, train.labels[:-20])
    held_out = load_images(name, "validation", hold_out=True)
    assert torch.equal(held_out.images, validation.images)
    assert torch.equal(load_images(name, "test", hold_out=True).images, test.images)
    # What they are called says whether they are learned from.
    assert (validation.title, held_out.title) == ("train (last 20)", "validation")
    assert validation.counted(7) == "7 random validation images seen in training"
    assert held_out.counted(7) == "7 random validation images"
    assert [data.title for data in (train, rest, test)] == ["train", "train", "test"]
    assert test.counted(60) == "60 test images"


@pytest.mark.parametrize("name", ["moons", "avatars", "avatars-sketch", "avatars-unpaired"])
def test_other_validation_images_are_of_their_own(name, few_faces):
    parts = {s: load_images(name, s) for s in ("train", "validation", "test")}
    for hold_out in (False, True):
        for split, part in parts.items():
            again = load_images(name, split, hold_out=hold_out)
            assert torch.equal(again.images, part.images)
            assert again.title == split
            assert not again.seen
    rows = {split: {x.tobytes() for x in part.images.numpy()} for split, part in parts.items()}
    for a, b in itertools.combinations(rows, 2):
        assert not rows[a] & rows[b], (a, b)
    kind = "points" if name == "moons" else "images"
    assert parts["validation"].counted(3) == f"3 random validation {kind}"


def test_absent_data_that_cannot_be_downloaded_is_told_in_a_sentence(tmp_path, monkeypatch):
    from torchvision.datasets import mnist

    def no_network(*args, **kwargs):
        raise mnist.URLError("no route to host")

    monkeypatch.setattr(mnist, "download_and_extract_archive", no_network)
    monkeypatch.setenv("GENZOO_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load_images("mnist", "train")
    assert str(tmp_path) in str(caught.value)
    assert "Set GENZOO_DATA" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["short", "empty", "other"])
def test_damaged_data_is_told_in_a_sentence(tmp_path, monkeypatch, damage):
    shutil.copytree(data_root() / "MNIST", tmp_path / "MNIST")
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    whole = path.read_bytes()
    path.write_bytes({"short": whole[:5000], "empty": b"", "other": b"GIF89a" + whole}[damage])
    monkeypatch.setenv("GENZOO_DATA", str(tmp_path))
    with pytest.raises(DataError, match="could not be read from") as caught:
        load_images("mnist", "train")
    assert str(tmp_path) in str(caught.value)
    assert "(). Set" not in str(caught.value), "no reason is given"


def test_where_data_is_looked_for(monkeypatch):
    monkeypatch.setenv("GENZOO_DATA", "~/somewhere")
    assert data_root() == Path.home() / "somewhere"
    monkeypatch.delenv("GENZOO_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", "/cache")
    assert data_root() == Path("/cache/genzoo/data")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert data_root() == Path.home() / ".cache/genzoo/data"


def test_torchvision_is_imported_for_a_data_set_alone_and_beside_the_torch_that_is_here():
    """In a new process, where nothing has been declared yet. What merely starts the app or loads a
    release does not wait for it, nor for the compiler of PyTorch that it brings along."""
    code = (
        "import sys, genzoo.releases; from genzoo.data.vision import datasets; "
        "print(*('torchvision' in sys.modules, 'torch._dynamo' in sys.modules)); "
        "print(datasets().MNIST.__name__, datasets().CelebA.__name__)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["False", "False", "MNIST", "CelebA"]


def test_each_image_comes_once_an_epoch_in_another_order():
    batches = Batches(image_set(), 5, seed=0)
    epochs = [
        torch.cat([(255 * batches[step].x[:, 0, 0, 0]).round().long() for step in range(s, s + 4)])
        for s in (0, 4)
    ]
    for epoch in epochs:
        assert sorted(epoch.tolist()) == list(range(20))
    assert not torch.equal(*epochs)
    labels = torch.cat([batches[step].label for step in range(4)])
    assert torch.equal(labels, epochs[0] % 10)


def test_what_is_left_of_an_epoch_is_dropped():
    batches = Batches(image_set(), 6, seed=0)
    seen = torch.cat([batches[step].x[:, 0, 0, 0] for step in range(3)])
    assert len(seen.unique()) == 18
    second = torch.cat([batches[step].x[:, 0, 0, 0] for step in range(3, 6)])
    assert len(second.unique()) == 18


@pytest.mark.parametrize(
    "preprocessing", ["none", "dynamic", "static", "threshold", "dequantized"]
)
def test_a_batch_is_a_function_of_seed_and_step(preprocessing):
    forward = Batches(image_set(), 5, 1, preprocessing)
    expected = {step: forward[step].x for step in range(9)}
    other = Batches(image_set(), 5, 1, preprocessing)
    for step in (8, 0, 3, 3, 7):  # in any order, any number of times
        assert torch.equal(other[step].x, expected[step])
    assert not torch.equal(Batches(image_set(), 5, 2, preprocessing)[0].x, expected[0]) or (
        preprocessing == "threshold"  # of which all images here are alike
    )


@pytest.mark.parametrize(
    "preprocessing", ["none", "dynamic", "static", "threshold", "dequantized"]
)
def test_processes_share_what_one_would_see(preprocessing):
    whole = Batches(image_set(), 6, 1, preprocessing)
    shares = [Batches(image_set(), 6, 1, preprocessing, rank, 3) for rank in range(3)]
    for step in (0, 4):
        parts = [share[step] for share in shares]
        assert torch.equal(torch.cat([part.x for part in parts]), whole[step].x)
        assert torch.equal(torch.cat([part.label for part in parts]), whole[step].label)


def test_only_dynamic_binarization_is_drawn_anew():
    """Batches of the whole set, sorted by the label that tells each of ten images."""

    def epochs(preprocessing: str) -> list[torch.Tensor]:
        batches = Batches(image_set(10), 10, 0, preprocessing)
        return [batches[step].x[batches[step].label.argsort()] for step in range(3)]

    for preprocessing in ("dynamic", "static", "threshold"):
        for x in epochs(preprocessing):
            assert ((x == 0) | (x == 1)).all()
    first, second, third = epochs("dynamic")
    assert not torch.equal(first, second)
    assert not torch.equal(second, third)
    for preprocessing in ("static", "threshold", "none"):
        first, second, third = epochs(preprocessing)
        assert torch.equal(first, second)
        assert torch.equal(second, third)


def test_dynamic_binarization_is_on_as_often_as_it_is_gray():
    data = ImageSet(
        torch.full((50, 1, 20, 20), 51, dtype=torch.uint8), torch.zeros(50).long(), ("",)
    )
    batches = Batches(data, 50, 0, "dynamic")
    share = torch.stack([batches[step].x for step in range(20)]).mean().item()
    assert share == pytest.approx(0.2, abs=5 * (0.2 * 0.8 / (20 * 50 * 400)) ** 0.5)


def test_dequantization_spreads_each_gray_value_over_its_own_step():
    gray = torch.arange(256).view(1, 1, 16, 16).to(torch.uint8)
    data = ImageSet(gray.expand(60, 1, 16, 16).contiguous(), torch.zeros(60).long(), ("",))
    batches = Batches(data, 60, 0, "dequantized")
    x, again = batches[0].x, batches[1].x
    assert not torch.equal(x, again)
    noise = 256 * torch.cat([x, again]) - gray
    assert noise.min() >= 0
    assert noise.max() <= 1
    assert noise.mean().item() == pytest.approx(0.5, abs=5 * (1 / 12 / noise.numel()) ** 0.5)
    assert noise.std().item() == pytest.approx((1 / 12) ** 0.5, rel=0.02)
    once = preprocess_once(data.scaled(), "dequantized")
    assert torch.equal(once, preprocess_once(data.scaled(), "dequantized"))
    assert torch.equal((256 * once).floor().long(), gray.expand(60, 1, 16, 16).long())


@pytest.mark.parametrize("name", ["moons", "rings", "spirals"])
def test_points_lie_in_the_unit_square_and_are_always_the_same(name):
    train, test = load_images(name, "train"), load_images(name, "test")
    assert train.images.shape == (50_000, 1, 1, 2)
    assert len(test) == 10_000
    assert torch.equal(train.images, load_images(name, "train").images)
    assert not torch.equal(train.images[:10_000], test.images)
    for data in (train, test):
        x = data.scaled()
        assert x.dtype == torch.float32
        assert 0.0 < x.min() < 0.25  # scaled, but once only
        assert 0.75 < x.max() < 1
        assert x.mean((0, 1, 2)).sub(0.5).abs().max() < 0.02
        shares = torch.bincount(data.labels) / len(x)
        assert len(shares) == len(data.classes)
        assert shares.sub(1 / len(shares)).abs().max() < 0.02
    batch = Batches(train, 500, 0)[3]
    assert (train.images.unsqueeze(0) == batch.x[:1].unsqueeze(1)).all(-1).any()


def test_rings_and_spirals_have_their_shapes():
    """Distance from the center, in units of the half side, against how the points are made."""
    for name, reach, noise in (("rings", 3.6, 0.1), ("spirals", 1.12, 0.02)):
        data = load_images(name, "test")
        x, y = (data.images.flatten(1).double() * 2 * reach - reach).unbind(1)
        radius = torch.hypot(x, y)
        if name == "rings":
            off = radius - 1 - data.labels
        else:  # the angle tells how far along its arm a point is, up to whole turns
            turns = (torch.atan2(y, x) - math.pi * data.labels - 3 * math.pi * radius) / math.tau
            off = (turns - turns.round()) * math.tau * radius
            off = off / torch.hypot(torch.ones(()), 3 * math.pi * radius)  # across the arm
            off = off[radius > 0.2]
        assert off.std().item() == pytest.approx(noise, rel=0.05)


def test_the_test_sets_draw_is_fixed():
    """A figure is comparable with another only on this very draw: these bits must never change."""
    x = (torch.arange(10 * 28 * 28) % 256).view(10, 1, 28, 28).float() / 255
    drawn = preprocess_once(x, "dynamic")
    assert (
        hashlib.sha256(drawn.to(torch.uint8).numpy().tobytes()).hexdigest()[:16]
        == "6efb3d535ad6a025"
    )
    assert torch.equal(drawn, preprocess_once(x, "static"))
    assert torch.equal(preprocess_once(x, "threshold"), (x > 0.5).float())
    assert torch.equal(preprocess_once(x, "none"), x)
    with pytest.raises(ValueError, match="Unknown preprocessing 'round'"):
        preprocess_once(x, "round")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (dict(batch_size=0), "must be 1 to 20, not 0"),
        (dict(batch_size=21), "must be 1 to 20, not 21"),
        (dict(batch_size=5, world=2), "cannot be shared evenly by 2 processes"),
        (dict(batch_size=5, preprocessing="round"), "Unknown preprocessing 'round'"),
    ],
)
def test_batches_that_cannot_be_are_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        Batches(image_set(), seed=0, **arguments)


def test_a_fixed_subset_is_a_random_one_and_always_the_same():
    chosen = fixed_subset(1000, 100)
    expected = torch.randperm(1000, generator=seeded(1000))[:100].sort().values
    assert torch.equal(chosen, expected)
    assert len(chosen.unique()) == 100
    assert 400 < chosen.double().mean() < 600, "of the whole set, not of its beginning"
    assert fixed_subset(5, 9).tolist() == [0, 1, 2, 3, 4]


def test_a_part_of_a_set_says_that_it_is_a_random_one_and_is_apart_from_the_rest():
    images = torch.arange(40, dtype=torch.uint8).view(40, 1, 1, 1)
    data = ImageSet(images, torch.arange(40), ("",), "test")
    few = subset_of(data, 7)
    assert few.labels.tolist() == fixed_subset(40, 7).tolist()
    assert few.images.flatten().tolist() == few.labels.tolist()
    assert subset_of(data, None) is subset_of(data, 40) is data
    assert data.counted(40) == "40 test images"
    assert data.counted(7) == few.counted(7) == "7 random test images"
    part, rest = parted(data, 7)
    assert part.labels.tolist() == few.labels.tolist()
    assert sorted([*part.labels.tolist(), *rest.labels.tolist()]) == list(range(40))
    assert rest.counted(33) == "33 random test images"


def test_generators_differ_in_every_part():
    parts = [(0,), (1,), (0, 0), (0, 1), (1, 0), (0, 0, 1), (0, 1, 0), (2, 1)]
    draws = [torch.rand(4, generator=seeded(*p)) for p in parts]
    for i in range(len(parts)):
        assert torch.equal(draws[i], torch.rand(4, generator=seeded(*parts[i])))
        for j in range(i):
            assert not torch.equal(draws[i], draws[j]), (parts[i], parts[j])


@pytest.mark.parametrize("data", CURVES)
def test_the_true_density_is_that_of_the_points(data):
    """It has mass one, and its entropy, by quadrature, is the NLL of the test points."""
    n = 100  # cells not far above the noise's deviation: seven digits are right
    centers = (torch.arange(n) + 0.5) / n
    log_p = CURVES[data].log_density(torch.cartesian_prod(centers, centers))
    p = log_p.exp()
    assert float(p.mean()) == pytest.approx(1, abs=1e-3)
    entropy = float(-(p * log_p.clamp(min=-100)).mean())
    points = load_images(data, "test").scaled().flatten(1)[:4000]
    nll = -CURVES[data].log_density(points)
    assert float(nll.mean()) == pytest.approx(entropy, abs=4 * float(nll.std()) / math.sqrt(4000))


@pytest.mark.parametrize("name", MIXTURES)
def test_draws_of_a_mixture_are_of_its_density(name):
    mixture, n = MIXTURES[name](), 40
    points = mixture.draw(40_000, torch.Generator().manual_seed(0))
    assert points.min() > 0
    assert points.max() < 1  # nothing was brought back to the edge
    density = mixture.on_grid(n)
    # The middle of a cell stands for all of it: exact but for what bends within one.
    assert density.mean() == pytest.approx(1, abs=0.02)
    cell = (points * n).long()
    seen = torch.zeros(n, n).index_put_((cell[:, 1], cell[:, 0]), torch.tensor(1.0), True)
    blurred = mixture.on_grid(4 * n).view(n, 4, n, 4).mean((1, 3)) * len(points) / n**2
    assert (seen - blurred).abs().max() < 6 * blurred.clamp(min=1).sqrt().max()


def test_blur_is_noise_added_to_the_points():
    spot = Mixture(torch.tensor([[0.4, 0.7]]), 0.03)
    wider = Mixture(spot.centers, 0.05)
    torch.testing.assert_close(spot.on_grid(30, blur=0.04), wider.on_grid(30))
    row, column = divmod(int(spot.on_grid(30).argmax()), 30)
    assert ((column + 0.5) / 30, (row + 0.5) / 30) == pytest.approx((0.4, 0.7), abs=1 / 60)


@pytest.mark.parametrize(
    ("name", "n_parts"), [("ring", 8), ("grid", 25), ("moons", 8), ("one", 1)]
)
def test_a_mixtures_own_draws_reach_each_of_its_parts(name, n_parts):
    mixture = MIXTURES[name]()
    good, there = mixture.reached(mixture.draw(5_000, torch.Generator().manual_seed(1)))
    assert good > 0.98
    assert len(there) == n_parts
    assert there.min() > 0.7
    assert there.max() < 1.3


def test_points_at_one_part_reach_no_other():
    ring = MIXTURES["ring"]()
    good, there = ring.reached(torch.cat([ring.centers[3].expand(9, 2), torch.zeros(1, 2)]))
    assert good == pytest.approx(0.9)
    assert there[3] == pytest.approx(0.9 * 8)
    assert there.sum() == there[3]


def test_a_drawing_is_a_mixture_of_its_cells():
    ink = torch.zeros(8, 8)
    ink[0, 0] = ink[0, 1] = ink[7, 6] = 1
    mixture = mixture_of_cells(ink, 4)
    expected = [[0.5 / 8, 7.5 / 8], [1.5 / 8, 7.5 / 8], [6.5 / 8, 0.5 / 8]]
    torch.testing.assert_close(mixture.centers, torch.tensor(expected))
    assert mixture.parts.tolist() == [0, 0, 1]
    with pytest.raises(ValueError, match="Nothing is drawn"):
        mixture_of_cells(torch.zeros(8, 8), 4)
