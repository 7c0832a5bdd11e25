"""The map's service and the gallery's few pictures, on tiny releases."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from demo_app import shell, text
from demo_app.errors import BadInput, Unavailable
from demo_app.services import missed
from demo_app.services.blind import BlindService
from demo_app.services.checks import MAX_SEED
from demo_app.services.compare import CompareService
from demo_app.services.cyclegan import CycleGANService
from demo_app.services.faceoff import FaceOffService
from demo_app.services.gallery import DATA, Gallery
from demo_app.services.model_map import ModelMapService, tour
from demo_app.services.puzzle import PuzzleService
from demo_app.services.stargan import StarGANService
from demo_app.store import Store
from genzoo import recipes, releases, report
from genzoo.cards import Formula, ModelCard, Text, TourStep
from genzoo.data.avatars import SCHEMA
from genzoo.recipes import base
from genzoo.recipes.stargan import EDITED
from tests.demo_app.model_map.conftest import GRAY, HERE
from tests.demo_app.released import write_release

ALL = [card.key for card in recipes.cards()]


@pytest.fixture
def service(folder):
    return ModelMapService(Store())


def test_every_model_of_the_gallery_is_on_the_map_where_the_gallery_says(service):
    tabs = {node["release"]: node["tab"] for node in service.nodes()}
    gallery = Gallery(Store())
    found = {entry.name: entry.tab for data in DATA for entry in gallery.entries(data)}
    assert {name: tabs[name] for name in found if name in tabs} == {
        name: tab for name, tab in found.items() if name in tabs
    }
    assert {"nade-mnist", "vae-mnist", "gan-mnist"} <= found.keys() & tabs.keys()
    assert not {"stargan-avatars", "cyclegan-avatars"} & found.keys()  # they need a picture


def test_nodes_tell_what_is_measured_and_what_is_missing(service):
    nodes = {node["key"]: node for node in service.nodes()}
    assert list(nodes) == ALL
    assert [key for key, node in nodes.items() if node["missing"] is None] == list(HERE)
    assert nodes["nade"]["figures"] == {"nll": 123.4}
    assert nodes["vae"]["figures"] == {"nll_bound": 90.5, "fid": 12.25}
    assert nodes["gan"]["figures"] == {"fid": 7.25, "fid_train_reference": 0.5}
    nll = {"bound": "≤ 83.5", "value": 123.4, "n_seeds": 1, "over": "median"}
    assert nodes["nade"]["missed"] == {"nll": nll}
    assert {key for key, node in nodes.items() if node["missed"]} == {"nade"}
    kinds = [nodes[key]["kind"] for key in ("nade", "vae", "gan", "aae", "stargan", "cyclegan")]
    assert kinds == ["tractable", "approximate", *["implicit"] * 4]
    in_color = {key for key, node in nodes.items() if node["color"]}
    of_faces = {"code_transformer", "text2image", "cyclegan", "stargan", "puzzle", "progan"}
    assert in_color == of_faces
    missing = nodes["fvbn"]["missing"]
    assert missing["command"] == "python -m genzoo train fvbn-mnist"
    assert "fvbn-mnist" in missing["sentence"]
    card = recipes.get("fvbn-mnist").card
    assert nodes["fvbn"]["paper_url"] == card.paper_url
    assert nodes["fvbn"]["title"] == {"en": card.title.en, "ko": card.title.ko}
    assert nodes["fvbn"]["after"] == ["ar"]
    assert nodes["fvbn"]["news"]["ar"]["ko"] == card.after["ar"].ko
    assert nodes["fvbn"]["formula"]["short"] == card.formula.short
    json.dumps(list(nodes.values()))  # all of it goes to the page


def test_of_several_seeds_a_target_is_held_against_the_median(folder, monkeypatch):
    write_release(folder, "dcgan-mnist", {"model.width": 2}, {"fid": 0.5})
    path = folder / "dcgan-mnist" / releases.CONFIG
    config = json.loads(path.read_text())
    of = {
        k: {**config["figures"][0], "value": v}
        for k, v in zip("012", (0.5, 1.5, 9.0), strict=True)
    }
    reference = {**of["0"], "name": "fid_train_reference", "value": 0.25}
    config["figures"] = [of["0"], reference]
    config["seeds"] = {seed: [figure] for seed, figure in of.items()}
    path.write_text(json.dumps(config))
    assert missed(config) == {
        "fid": {"bound": "≤ 0.750", "value": 1.5, "n_seeds": 3, "over": "median"}
    }
    [node] = [n for n in ModelMapService(Store()).nodes() if n["key"] == "dcgan"]
    assert node["missed"] == missed(config)
    config["seeds"]["2"][0]["value"] = config["seeds"]["1"][0]["value"] = 0.25
    assert missed(config) == {}


@pytest.mark.parametrize("node", HERE)
def test_pictures_are_a_function_of_node_number_and_seed(service, node):
    first = service.pictures(node, 3, 5)
    assert first.shape == (3, 784 if node in GRAY else 12288)
    assert first.min() >= 0
    assert first.max() <= 1
    np.testing.assert_array_equal(first, ModelMapService(Store()).pictures(node, 3, 5))
    assert (first != service.pictures(node, 3, 6)).any()


def test_a_first_look_is_drawn_once(service, monkeypatch):
    first = service.pictures("gan", 4, 1)
    monkeypatch.setattr(service._gallery, "few", lambda *_: pytest.fail("drawn again"))
    np.testing.assert_array_equal(service.pictures("gan", 4, 1), first)


def test_what_is_kept_is_bounded(folder, monkeypatch):
    one = ModelMapService(Store()).pictures("gan", 1, 0).nbytes
    monkeypatch.setattr("demo_app.services.model_map.KEPT", 3 * one)
    service = ModelMapService(Store())
    drawn = []
    few = service._gallery.few
    monkeypatch.setattr(service._gallery, "few", lambda *of: drawn.append(of[2]) or few(*of))
    for seed in (0, 1, 2, 3, 3, 1, 0):
        service.pictures("gan", 1, seed)
    assert drawn == [0, 1, 2, 3, 0]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (("zebra", 4, 0), "must be one of independent, markov"),
        (("nade", 0, 0), "between 1 and 16"),
        (("nade", 17, 0), "between 1 and 16"),
        (("nade", 4, -1), "between 0 and"),
        (("nade", 4, "x"), "must be a whole number"),
    ],
)
def test_bad_input_is_refused(service, given, complaint):
    with pytest.raises(BadInput, match=complaint):
        service.pictures(*given)


def test_faces_are_made_of_drawn_ones(service, folder):
    seed = MAX_SEED - 1  # and on from 0
    stargan, cyclegan = StarGANService(Store()), CycleGANService(Store())
    edited, colored = service.pictures("stargan", 9, seed), service.pictures("cyclegan", 3, seed)
    for k, of in enumerate((seed, seed + 1, 0)):
        sketch = cyclegan.pair(of)["sketch"]
        np.testing.assert_array_equal(colored[k], cyclegan.colored(sketch))
    face = stargan.face(6)  # the ninth: of seven attributes the second is changed again
    values = [value for name, value in zip(SCHEMA, face, strict=True) if name in EDITED]
    values[1] = (values[1] + 1) % len(SCHEMA[EDITED[1]])
    np.testing.assert_array_equal(edited[8], stargan.edit(values, face=list(face))["image"])


def test_a_face_is_restored_of_six_pieces(service):
    puzzle = PuzzleService(Store())
    restored = service.pictures("puzzle", 2, 5)
    for seed, image in zip((5, 6), restored, strict=True):
        pieces = np.random.default_rng(seed).permutation(9)[:6].tolist()
        expected = puzzle.restore(puzzle.face(seed), 3, pieces)["image"]
        np.testing.assert_array_equal(image, expected)


@pytest.mark.usefixtures("_real_releases")
@pytest.mark.parametrize("key", [card.key for card in recipes.cards()])
def test_every_model_of_the_map_has_pictures(key):
    [image] = ModelMapService(Store()).pictures(key, 1, 0)
    assert image.shape in {(784,), (12288,)}
    assert 0 <= image.min() < image.max() <= 1


def test_a_missing_release_is_told(service):
    with pytest.raises(Unavailable, match="fvbn-mnist"):
        service.pictures("fvbn", 4, 0)


@pytest.mark.parametrize("name", ["nade-mnist", "gan-mnist", "vae-mnist"])
def test_a_sheet_is_few_pictures_that_are_many(folder, name):
    gallery = Gallery(Store())
    np.testing.assert_array_equal(gallery.few(name, 64, 3), gallery.sheet(name, 3))


def test_a_damaged_release_does_not_hinder_the_others(folder):
    (folder / "vae-mnist" / "config.json").write_text("{")
    service = ModelMapService(Store())
    nodes = {node["key"]: node for node in service.nodes()}
    assert nodes["vae"]["missing"]
    assert nodes["gan"]["missing"] is None
    assert service.pictures("gan", 2, 0).shape == (2, 784)
    with pytest.raises(Unavailable):
        service.pictures("vae", 2, 0)


TOY = ModelCard(
    key="toy",
    title=Text("Toy", "장난감"),
    year=2026,
    paper="Nobody, A Toy, 2026",
    paper_url="https://example.org/toy",
    release="toy-mnist",
    tab="toy",
    place=(9, 9),
    formula=Formula("p(x)", "p(x) = p(x)"),
    idea=Text("It is defined in a test.", "테스트에서 정의했습니다."),
    good=Text("being new.", "새롭습니다."),
    bad=Text("lasting.", "오래가지 않습니다."),
    after={"nade": Text("nothing", "없음")},
    tour=TourStep(Text("A toy", "장난감"), Text("L.", "L."), Text("t.", "t."), ("toy-part",)),
)


def test_a_new_model_with_a_card_is_everywhere_at_once(folder, monkeypatch):
    """Its card and its recipe are all that was written of it."""
    recipe = replace(
        recipes.get("nade-mnist"),
        model_kwargs=dict(event_shape=(1, 28, 28), n_hidden=4),
        card=TOY,
        paper="",
    )
    assert recipe.paper_url == TOY.paper_url
    monkeypatch.setitem(base._REGISTRY, "toy-mnist", lambda: recipe)
    write_release(folder, "toy-mnist", {}, {"nll": 99.5, "fid": 12.5})

    service = ModelMapService(Store())
    toy = next(node for node in service.nodes() if node["key"] == "toy")
    assert (toy["kind"], toy["after"], toy["color"]) == ("tractable", ["nade"], False)
    assert toy["title"] == {"en": "Toy", "ko": "장난감"}
    assert toy["figures"] == {"nll": 99.5, "fid": 12.5}
    assert service.pictures("toy", 2, 0).shape == (2, 784)
    steps = [step for step in tour() if step["tab"] == "toy"]
    assert [step["title"]["ko"] for step in steps] == ["장난감"]
    assert shell.titles()["ko"]["toy.tab"] == "장난감"

    assert Gallery(Store()).entry("toy-mnist").tab == "toy"
    compared = {model["name"]: model for model in CompareService(Store()).models("mnist")}
    assert compared["toy-mnist"]["paper"] == TOY.paper
    contestants = {one.name: one for one in FaceOffService(Store()).contestants()}
    assert (contestants["toy-mnist"].tab, contestants["toy-mnist"].slow) == ("toy", False)
    games = {(one["data"], one["kind"]): one for one in BlindService(Store()).games()}
    assert games["mnist", "binary"]["families"] == ["toy", "vae"]

    assert "| [Toy](checkpoints/toy-mnist) | 2026 | [Nobody, A Toy, 2026]" in report.models()
    page = (folder / "toy-mnist" / releases.CARD).read_text(encoding="utf-8")
    assert "## Toy (2026)" in page
    assert "- Good at: being new." in page
    assert TOY.paper in report.tables()


def test_every_tab_that_a_card_names_is_there_and_every_tab_has_a_title():
    tabs = [tab.key for tab in shell.TABS]
    for card in recipes.cards():
        assert card.tab in tabs
    for language, titles in shell.titles().items():
        known = {**titles, **text.labels(language)}
        assert all(known[f"{key}.tab"] for key in tabs)


def test_figures_say_what_they_are_of_so_that_only_like_ones_are_compared():
    """Of the releases themselves: a FID of edits, of sketches that were colored and of samples."""
    nodes = {node["key"]: node for node in ModelMapService(Store()).nodes()}
    expected = {
        ("infogan", "fid"): "gray",
        ("transformer", "fid"): "binary",
        ("cyclegan", "fid"): "colored",
        ("stargan", "fid"): "edits",
        ("text2image", "fid"): "captions",
        ("nade", "nll"): "binary",
        ("vae", "nll_bound"): "binary",
        ("rnade", "nll_bound"): "gray",
    }
    for (key, figure), of in expected.items():
        if figure in nodes[key]["figures"]:
            assert nodes[key]["of"][figure] == of, key
    for node in nodes.values():
        assert node["of"].keys() == node["figures"].keys()
        words = text.labels("en")
        for figure, of in node["of"].items():
            kind = "nll" if figure.startswith("nll") else "fid"
            assert f"map.{kind}_{of}" in words
        if "nll_bound" in node["figures"]:
            assert f"map.bound_{node['kind']}" in words
