"""The CycleGAN service against the model and the renderer themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import genzoo
from demo_app.errors import BadInput, Unavailable
from demo_app.services.cyclegan import CycleGANService
from demo_app.store import Store
from genzoo.data import avatars
from genzoo.data.avatars import face
from tests.demo_app.cyclegan.conftest import NAME


@pytest.fixture(scope="module")
def kept(module_folder):
    """For tests that change nothing."""
    return CycleGANService(Store())


@pytest.fixture(scope="module")
def model(module_folder):
    return genzoo.load(NAME)


def color(pair) -> torch.Tensor:
    return torch.from_numpy(pair["color"]).view(1, 3, 64, 64)


def sketch(pair) -> torch.Tensor:
    return torch.from_numpy(pair["sketch"]).view(1, 1, 64, 64)


def test_a_pair_is_one_face_both_ways(kept):
    pair = kept.pair(3)
    drawn = pair["color"].reshape(3, 64, 64).transpose(1, 2, 0)
    np.testing.assert_allclose(drawn, avatars.render(face(3)) / 255, atol=1e-6)
    np.testing.assert_allclose(
        pair["sketch"].reshape(64, 64), avatars.sketch(face(3)) / 255, atol=1e-6
    )


def test_each_way_is_the_models(kept, model):
    pair = kept.pair(3)
    with torch.inference_mode():
        there, here = model.forth(color(pair)), model.back(sketch(pair))
    np.testing.assert_allclose(kept.sketched(pair["color"]), there.flatten(), atol=1e-6)
    np.testing.assert_allclose(kept.colored(pair["sketch"]), here.flatten(), atol=1e-6)


def test_the_way_back_can_go_through_fewer_levels(kept, model):
    pair = kept.pair(4)
    with torch.inference_mode():
        between = (model.forth(color(pair)) * 255).round() / 255
        back = model.back(between)
        coarse = (model.forth(color(pair)) * 3).round() / 3
        lost = model.back(coarse)
        other = (model.back(sketch(pair)) * 255).round() / 255
        again = model.forth(other)
    answer = kept.cycle(color=pair["color"])
    np.testing.assert_allclose(answer["between"], between.flatten(), atol=1e-6)
    np.testing.assert_allclose(answer["back"], back.flatten(), atol=1e-5)
    assert answer["error"] == pytest.approx((back - color(pair)).abs().mean().item(), rel=1e-4)
    few = kept.cycle(color=pair["color"], levels=4)
    assert len(np.unique(few["between"])) <= 4
    np.testing.assert_allclose(few["back"], lost.flatten(), atol=1e-5)
    assert "is_far" not in answer
    from_sketch = kept.cycle(sketch=pair["sketch"])
    assert not from_sketch["is_far"]
    assert kept.cycle(sketch=np.ones(64 * 64).tolist())["is_far"]
    np.testing.assert_allclose(from_sketch["back"], again.flatten(), atol=1e-5)
    assert from_sketch["between"].shape == (3 * 64 * 64,)


def test_several_faces_at_once_are_each_by_itself(kept):
    many = kept.several(seed=5, n=3)
    assert many["colored"].shape == (3, 3 * 64 * 64)
    assert many["sketched"].shape == (3, 64 * 64)
    pair = kept.pair(7)
    np.testing.assert_allclose(many["color"][2], pair["color"])
    np.testing.assert_allclose(many["colored"][2], kept.colored(pair["sketch"]), atol=1e-6)
    np.testing.assert_allclose(many["sketched"][2], kept.sketched(pair["color"]), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda s: s.pair(-1), "seed must lie"),
        (lambda s: s.colored([0.5] * 10), "sketch's pixels must be 4096 numbers"),
        (lambda s: s.sketched([0.5] * 4096), "face's pixels must be 12288 numbers"),
        (lambda s: s.colored([2.0] * 4096), "between 0 and 1"),
        (lambda s: s.colored("drawing"), "list of numbers"),
        (lambda s: s.cycle(), "list of numbers"),
        (lambda s: s.cycle(sketch=[0.0] * 4096, levels=1), "levels must lie between 2 and 256"),
        (lambda s: s.several(n=99), "number of faces"),
    ],
)
def test_bad_input_gets_a_sentence(kept, call, sentence):
    with pytest.raises(BadInput, match=sentence):
        call(kept)


def test_without_a_release_it_says_which(tmp_path, monkeypatch):
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    service = CycleGANService(Store())
    assert service.missing() is not None
    with pytest.raises(Unavailable, match=NAME):
        service.colored([1.0] * 4096)
