from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from genzoo.data import DataError, avatars, celeba, load_images
from genzoo.data.avatars import HELD_OUT, SCHEMA, changed, face, faces, held_out, named, render
from genzoo.data.captions import GROUPS, LANGUAGES, caption, parse

FIRST_HUNDRED = "38019b018aedadf8a4fe2079c0156144421ffe99021c7a0258a2e41d4041e54b"
"""SHA-256 of the pictures of the first hundred seeds: another is another data set, and VERSION and
every model trained on it must change."""


@pytest.fixture(scope="module")
def few():
    return [face(seed) for seed in range(12)]


@pytest.fixture
def small(tmp_path, monkeypatch):
    """The data set in a folder of its own, with few faces."""
    monkeypatch.setenv("GENZOO_DATA", str(tmp_path))
    monkeypatch.setattr(avatars, "N_FACES", {"train": 6, "validation": 2, "test": 4, "novel": 3})
    return tmp_path / "avatars"


def test_the_first_hundred_faces_are_the_same_everywhere():
    digest = hashlib.sha256()
    for seed in range(100):
        digest.update(render(face(seed)).tobytes())
    assert digest.hexdigest() == FIRST_HUNDRED


def test_another_process_draws_the_same(few):
    script = (
        "import hashlib; from genzoo.data.avatars import face, render, sketch\n"
        "d = hashlib.sha256()\n"
        "for s in range(12): d.update(render(face(s)).tobytes() + sketch(face(s)).tobytes())\n"
        "print(d.hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    digest = hashlib.sha256()
    for one in few:
        digest.update(render(one).tobytes() + avatars.sketch(one).tobytes())
    assert other.stdout.strip() == digest.hexdigest(), other.stderr


def test_every_attribute_can_be_seen(few):
    """Each value of each attribute makes a picture of its own, whatever the others are: under a
    hat, behind glasses and over a beard too."""
    for hat, glasses, beard in [("none", "none", "none"), ("hat", "glasses", "beard")]:
        worn = changed(few[0], hat=hat, glasses=glasses, beard=beard)
        for name, values in SCHEMA.items():
            pictures = [render(changed(worn, **{name: v})).astype(int) for v in values]
            for a, b in itertools.combinations(pictures, 2):
                assert (np.abs(a - b).max(2) > 25).sum() >= 6, (name, hat, glasses, beard)


def test_an_edit_changes_only_its_place(few):
    """Glasses leave all but the eyes' height as it is, and a background all but itself."""
    bare, worn = (render(changed(few[1], glasses=g)) for g in SCHEMA["glasses"])
    rows = np.nonzero((bare != worn).any((1, 2)))[0]
    assert len(rows) > 5
    assert 20 < rows.min() < rows.max() < 40
    sky, mint = (render(changed(few[1], background=b)) for b in ("sky", "mint"))
    assert (sky[0, 0] != mint[0, 0]).any()
    assert (sky[40, 32] == mint[40, 32]).all()


def test_sampled_labels_are_those_of_faces_that_training_might_have():
    u = torch.rand(40_000, len(SCHEMA), generator=torch.Generator().manual_seed(0))
    labels = avatars.sample_labels(u)
    assert not any(held_out(tuple(label)) for label in labels.tolist())
    for column, values in zip(labels.unbind(1), SCHEMA.values(), strict=True):
        share = column.bincount(minlength=len(values)) / len(labels)
        assert len(share) == len(values)
        assert (share - 1 / len(values)).abs().max() < 0.012
    # All combinations of those that may be held out but the eight, equally often.
    columns = [list(SCHEMA).index(name) for name in HELD_OUT]
    combinations, counts = labels[:, columns].unique(dim=0, return_counts=True)
    assert len(combinations) == 72
    assert (counts / len(labels) * 72 - 1).abs().max() < 0.2
    ends = torch.stack([torch.zeros(len(SCHEMA)), torch.full((len(SCHEMA),), 1 - 2**-24)])
    low, high = avatars.sample_labels(ends).tolist()
    assert named(low)
    assert named(high)["background"] == "rose"


def test_values_are_alike_often_and_tell_nothing_of_each_other():
    drawn = torch.tensor(faces("train"))
    N = len(drawn)
    assert N == 20_000
    for (i, a), (j, b) in itertools.combinations(enumerate(SCHEMA.values()), 2):
        counts = torch.zeros(len(a), len(b)).index_put_(
            (drawn[:, i], drawn[:, j]), torch.ones(()), accumulate=True
        )
        p = counts / N
        apart = p.sum(1, keepdim=True) * p.sum(0, keepdim=True)
        information = (p * (p / apart).log()).sum()
        if {list(SCHEMA)[i], list(SCHEMA)[j]} <= set(HELD_OUT):
            assert information < 0.01, (i, j)  # of 1.4 nats or more that either has
            continue
        # Independent values make 2 N of it a chi-square variable: its mean, and far beyond it.
        freedom = (len(a) - 1) * (len(b) - 1)
        assert 2 * N * information < freedom + 5 * (2 * freedom) ** 0.5 + 5, (i, j)
        assert (p.sum(1) * len(a)).sub(1).abs().max() < 0.1


def test_splits_share_no_face_and_training_lacks_what_is_held_out():
    splits = {name: set(faces(name)) for name in avatars.N_FACES}
    combinations = {name: {held(f) for f in of} for name, of in splits.items()}
    assert len(combinations["novel"]) == 8
    assert not combinations["novel"] & combinations["train"]
    assert combinations["test"] == combinations["train"]
    assert all(held_out(f) for f in splits["novel"])
    assert all(not splits["train"] & of for name, of in splits.items() if name != "train")
    # Of two of the three attributes each pair of values is seen.
    seen, unseen = (
        {pair for f in splits[name] for pair in pairs(held(f))} for name in ("train", "novel")
    )
    assert unseen <= seen


def held(face):
    return tuple(face[list(SCHEMA).index(name)] for name in HELD_OUT)


def pairs(held):
    return [(i, j, held[i], held[j]) for i, j in itertools.combinations(range(len(held)), 2)]


def test_a_face_is_named_and_changed_by_name(few):
    other = changed(few[0], hat="hat", beard="mustache")
    assert named(other)["hat"] == "hat"
    assert named(other)["beard"] == "mustache"
    assert {k for k in SCHEMA if named(other)[k] != named(few[0])[k]} <= {"hat", "beard"}
    assert face(0, skin="dark") == changed(few[0], skin="dark")


def test_what_is_no_face_is_refused(few):
    with pytest.raises(ValueError, match="Unknown attribute 'nose'; there are: hair, "):
        changed(few[0], nose="big")
    with pytest.raises(ValueError, match="Unknown skin 'green'; there are: pale, tan"):
        changed(few[0], skin="green")
    with pytest.raises(ValueError, match="A face has 11 attributes, not 3"):
        render((0, 0, 0))
    with pytest.raises(ValueError, match="The hair must be 0 to 3, not 7"):
        render((7, *few[0][1:]))
    with pytest.raises(ValueError, match="Unknown split 'dev'; there are: train, validation"):
        faces("dev")


def test_a_sketch_has_lines_where_colors_meet_and_knows_no_color(few):
    """White but for its lines; and of two faces that differ in their colors alone nearly equal."""
    one = avatars.sketch(few[1])
    assert one.shape == (64, 64)
    assert one[0, 0] == 255
    assert 0.05 < (one < 128).mean() < 0.3
    red, blue = (avatars.sketch(changed(few[1], clothes_color=c)) for c in ("red", "blue"))
    assert ((red < 128) != (blue < 128)).mean() < 0.01
    short, long = (avatars.sketch(changed(few[1], hair=h)) for h in ("short", "long"))
    assert ((short < 128) != (long < 128)).mean() > 0.03


def test_pictures_are_drawn_once_and_kept(small, monkeypatch):
    first = load_images("avatars", "train")
    assert first.images.shape == (6, 3, 64, 64)
    assert first.images.dtype == torch.uint8
    assert first.classes == tuple(SCHEMA)
    for i, one in enumerate(faces("train")):
        assert tuple(first.labels[i].tolist()) == one
        assert np.array_equal(first.images[i].permute(1, 2, 0).numpy(), render(one))
    assert [p.name for p in small.iterdir()] == [f"color-train-{avatars.VERSION}.npy"]
    monkeypatch.setattr(avatars, "render", None)  # nothing is drawn again
    assert torch.equal(load_images("avatars", "train").images, first.images)
    with pytest.raises(DataError):
        load_images("avatars", "test")
    assert len(list(small.iterdir())) == 1  # no half-written file


def test_sketches_are_of_the_same_faces(small):
    sketches = load_images("avatars-sketch", "novel")
    assert sketches.images.shape == (3, 1, 64, 64)
    assert torch.equal(sketches.labels, load_images("avatars", "novel").labels)
    one = avatars.sketch(faces("novel")[0])
    assert np.array_equal(sketches.images[0, 0].numpy(), one)


def test_in_training_no_face_is_there_in_color_and_as_a_sketch(small):
    both = load_images("avatars-unpaired", "train")
    color = load_images("avatars", "train")
    assert both.images.shape == (3, 4, 64, 64)
    assert torch.equal(both.images[:, :3], color.images[:3])
    assert torch.equal(both.labels, color.labels[:3])
    for drawn, one in zip(both.images[:, 3], faces("train")[3:], strict=True):
        assert np.array_equal(drawn.numpy(), avatars.sketch(one))
    pairs = load_images("avatars-unpaired", "novel")
    assert torch.equal(pairs.images[:, :3], load_images("avatars", "novel").images)
    assert torch.equal(pairs.images[:, 3:], load_images("avatars-sketch", "novel").images)


def test_the_truth_is_what_is_drawn(few):
    images = avatars.truth(torch.tensor(few[:3]))
    assert images.shape == (3, 3, 64, 64)
    drawn = np.stack([render(one).transpose(2, 0, 1) for one in few[:3]])
    assert np.array_equal((255 * images).round().numpy(), drawn)
    with pytest.raises(ValueError, match="hair must be 0 to 3"):
        avatars.truth(torch.tensor([few[0], (9, *few[1][1:])]))


@pytest.mark.parametrize("damage", ["short", "others"])
def test_a_damaged_file_is_told_in_a_sentence(small, damage):
    load_images("avatars", "test")
    (path,) = small.iterdir()
    if damage == "short":
        path.write_bytes(path.read_bytes()[:100])
    else:
        np.save(path, np.zeros((2, 3, 64, 64), np.uint8))
    with pytest.raises(DataError) as caught:
        load_images("avatars", "test")
    assert "\n" not in str(caught.value)
    assert str(path.parent.parent) in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_caption_says_all_that_is_known(few, language):
    for one in few:
        assert parse(caption(one, language), language) == named(one)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_read_back_alone(few, language):
    for group in GROUPS:
        for values in itertools.product(*(SCHEMA[name] for name in group)):
            one = changed(few[0], **dict(zip(group, values, strict=True)))
            for n in range(1, len(group) + 1):
                for said in itertools.combinations(group, n):
                    expected = {name: named(one)[name] for name in said}
                    assert parse(caption(one, language, said), language) == expected


def test_captions_read_as_people_write(few):
    one = changed(few[0], hair="long", hair_color="red", clothes="overall", clothes_color="blue")
    said = ("hair", "hair_color", "clothes", "clothes_color", "hat")
    one = changed(one, hat="hat")
    assert caption(one, "en", said) == "A face with long red hair, a hat, blue overalls."
    assert caption(one, "ko", said) == "얼굴: 긴 빨간 머리, 모자, 파란 멜빵바지."


def test_a_caption_that_is_none_is_refused(few):
    with pytest.raises(ValueError, match="No phrase of a caption: 'a purple dog'"):
        parse("A face with a hat, a purple dog.", "en")
    with pytest.raises(ValueError, match="two things of the hat"):
        parse("A face with a hat, no hat.", "en")
    with pytest.raises(ValueError, match="Unknown language 'fr'; there are: en, ko"):
        caption(few[0], "fr")
    with pytest.raises(ValueError, match="Unknown attribute 'nose'"):
        caption(few[0], "en", ["nose"])
    with pytest.raises(ValueError, match="must say something"):
        caption(few[0], "en", [])


NAMES = ("Bald", "Smiling", *(f"Other_{k}" for k in range(38)))


@pytest.fixture
def celeba_copy(tmp_path, monkeypatch):
    """Seven photographs in the layout of the real ones: three to train, two each of the others."""
    folder = tmp_path / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    files = [f"{i:06d}.jpg" for i in range(1, 8)]
    for i, file in enumerate(files):
        photo = Image.new("RGB", (178, 218), (30 * i, 0, 0))
        photo.save(folder / "img_align_celeba" / file, quality=100)
    on = [[1 if (i + k) % 2 else -1 for k in range(40)] for i in range(7)]
    lines = [f"{f} " + " ".join(map(str, row)) for f, row in zip(files, on, strict=True)]
    table = [str(len(files)), " ".join(NAMES), *lines]
    (folder / "list_attr_celeba.txt").write_text("\n".join(table) + "\n")
    for name in ("identity_CelebA", "list_bbox_celeba", "list_landmarks_align_celeba"):
        head = [] if name.startswith("identity") else ["7", "a b c d"]
        rows = [f"{f} 1" if not head else f"{f} 1 2 3 4" for f in files]
        (folder / f"{name}.txt").write_text("\n".join([*head, *rows]) + "\n")
    parts = [f"{f} {part}" for f, part in zip(files, (0, 0, 0, 1, 1, 2, 2), strict=True)]
    (folder / "list_eval_partition.txt").write_text("\n".join(parts) + "\n")
    # torchvision knows the real files by their checksums.
    monkeypatch.setattr(celeba.datasets().CelebA, "_check_integrity", lambda self: True)
    monkeypatch.setenv("GENZOO_DATA", str(tmp_path))


def test_celeba_is_read_from_the_users_copy(celeba_copy):
    train, valid = load_images("celeba", "train"), load_images("celeba", "validation")
    assert train.images.shape == (3, 3, 64, 64)
    assert train.images.dtype == torch.uint8
    assert train.images[:, 0, 32, 32].tolist() == pytest.approx([0, 30, 60], abs=3)
    assert train.classes == NAMES
    assert train.labels[:, :2].tolist() == [[0, 1], [1, 0], [0, 1]]
    assert len(valid) == 2
    assert int(valid.images[0, 0, 0, 0]) == pytest.approx(90, abs=3)


def test_celeba_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_DATA", str(tmp_path))
    with pytest.raises(DataError, match="celeba"):
        load_images("celeba", "train")


@pytest.mark.parametrize("package", ["python_avatars", "resvg_py"])
def test_what_draws_must_be_installed(package, small, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DataError, match=r"pip install python-avatars resvg-py$"):
        load_images("avatars", "test")
    assert list(small.iterdir()) == []
