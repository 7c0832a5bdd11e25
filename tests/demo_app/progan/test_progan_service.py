"""The Progressive GAN tab's service on a tiny release."""

from __future__ import annotations

import math

import gradio as gr
import numpy as np
import pytest
import torch

import genzoo
from demo_app import text, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.services.dcgan import sheet_of_z
from demo_app.services.progan import ProGANService
from demo_app.store import Store
from demo_app.tabs import progan
from genzoo.models import ProGAN
from tests.demo_app.progan.conftest import NAME, SEEN


@pytest.fixture(scope="module")
def model(module_folder):
    return genzoo.load(NAME)


def z_of(seed: int, cell: int) -> torch.Tensor:
    return torch.from_numpy(sheet_of_z(seed, 8)[[cell]])


def close(a, b):
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_what_is_known_of_the_release(service):
    about = service.about()
    assert about["resolutions"] == [4, 8, 16, 32, 64]
    assert (about["stay"], about["fade"]) == (6_000, 4_000)
    assert (about["weight"], about["interval"], about["drift"]) == (2.5, 4, 0.001)
    assert about["figures"]["fid"] == 5.5
    assert service.rival()["figures"]["fid"] == 15.25


def test_a_face_at_each_level(service, model):
    for level, asked in ((4, (64, 1.0)), (2, (16, 1.0)), (1.25, (16, 0.25)), (0, (4, 1.0))):
        image = service.face(3, 5, level)
        close(image, model.generate(z_of(3, 5), *asked)[0])
        assert image.shape == (3, asked[0], asked[0])


def test_stages_and_the_sheet_are_the_same_faces(service):
    stages = service.stages(3, 5)
    assert [image.shape[-1] for image in stages] == [4, 8, 16, 32, 64]
    for k, image in enumerate(stages):
        close(service.face(3, 5, k), image)
    close(service.sheet(3, 2, n=7)[5], stages[2])
    assert len(service.sheet(0, 0)) == 16


def test_truncation_goes_to_one_average_face(service):
    own, other = (service.face(0, cell, 4) for cell in (0, 1))
    half = [service.face(0, cell, 4, 0.5) for cell in (0, 1)]
    mean = [service.face(0, cell, 4, 0) for cell in (0, 1)]
    close(mean[0], mean[1])
    assert np.abs(own - other).mean() > np.abs(half[0] - half[1]).mean() > 1e-4
    close(service.face(0, 0, 4, 1), own)
    np.testing.assert_allclose(service.face(0, 0, 4, 0.99999), own, atol=0.01)


def test_the_walk_goes_through_its_samples_and_back(service):
    for k in range(8):
        close(service.walk(2, k, 3), service.face(2, k, 3))
    close(service.walk(2, 8, 3), service.face(2, 0, 3))
    between = service.walk(2, 0.5, 3)
    ends = [service.face(2, k, 3) for k in (0, 1)]
    assert all(np.abs(between - end).mean() > 1e-4 for end in ends)


def test_the_growth_is_told_by_the_schedule(service):
    grown = service.growth()
    assert grown["images_seen"].tolist() == list(SEEN)
    assert grown["level"].tolist() == pytest.approx([0, 1_000 / 4_000, 1, 4])
    assert service.moment(1).shape == (12, 3, 64, 64)
    assert (service.moment(1) != service.moment(2)).any()


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda s: s.face(-1, 0, 1), "seed must lie between"),
        (lambda s: s.face(0, 64, 1), "cell must lie between 0 and 63"),
        (lambda s: s.face(0, 0, 4.01), "level must lie between 0 and 4"),
        (lambda s: s.face(0, 0, math.nan), "level must be a number"),
        (lambda s: s.face(0, 0, 1, 1.5), "truncation must lie between 0 and 1"),
        (lambda s: s.face(0, "5", 1), "cell must be a whole number"),
        (lambda s: s.sheet(0, 1, n=0), "number of faces must lie between 1 and 64"),
        (lambda s: s.walk(0, 8.5, 1), "place must lie between 0 and 8"),
        (lambda s: s.moment(4), "moment must lie between 0 and 3"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_sentence(service, ask, sentence):
    with pytest.raises(BadInput, match=sentence):
        ask(service)


def test_without_a_release_there_is_a_notice(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    lone = ProGANService(Store())
    assert isinstance(lone.missing(), Unavailable)
    with gr.Blocks() as blocks:
        progan.build(lone)
    names = {block.name for block in blocks.blocks.values() if hasattr(block, "name")}
    assert "notice" in names
    assert "progan_stages" not in names


def test_what_the_page_is_sent(service):
    with gr.Blocks() as blocks:
        progan.build(service)
    found = {block.name: block for block in blocks.blocks.values() if hasattr(block, "name")}
    assert {"progan_stages", "progan_walk", "progan_growth", "fold"} <= found.keys()
    data = found["progan_growth"].props["data"]
    assert data["images_seen"] == list(SEEN)
    assert data["resolutions"] == [4, 8, 16, 32, 64]
    answer = progan.face(service, 3, 5, 1.25, 1.0)
    assert answer["side"] == 16
    sent = wire.unpack_bytes(answer["image"], 3 * 16 * 16)
    np.testing.assert_allclose(sent, service.face(3, 5, 1.25).ravel(), atol=0.003)
    shown = progan.numbers(service.about(), service.rival())
    assert (shown["fid"], shown["stay"], shown["fid_dcgan"]) == ("5.50", "6,000", "15.25")
    for language in text.LANGUAGES:
        assert "6,000" in text.markdown("progan", language, **shown)


def test_the_model_is_what_the_service_takes_it_for(model):
    assert isinstance(model, ProGAN)
    assert float(model.level) == 4
