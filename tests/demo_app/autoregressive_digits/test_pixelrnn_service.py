"""The PixelRNN service on two real tiny models, held against the models themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from demo_app.errors import BadInput, Unavailable
from demo_app.services.pixelrnn import PixelRNNService
from demo_app.store import Store

D = 784
ROW, DIAGONAL = PixelRNNService.models


@pytest.fixture(scope="module")
def service(store):
    return PixelRNNService(store)


@pytest.fixture(scope="module")
def image(service):
    return service.of(ROW).digits()[0][4]


def as_tensor(pixels):
    return torch.tensor(pixels, dtype=torch.float32).view(1, 1, 28, 28)


@pytest.mark.parametrize("model", [ROW, DIAGONAL])
def test_the_score_is_that_models(service, store, image, model):
    answer = service.of(model).look(image)
    with store.model(model) as rnn, torch.inference_mode():
        p = rnn.conditionals(as_tensor(image))
        expected = float(rnn.log_prob(as_tensor(image)))
    np.testing.assert_allclose(answer["logits"], p.logits.flatten(), atol=1e-5)
    assert answer["log_prob"] == pytest.approx(expected, abs=1e-2)
    assert answer["bits_per_dim"] == pytest.approx(-expected / D / math.log(2), rel=1e-4)
    assert answer["field"] is None


@pytest.mark.parametrize("i", [0, 1, 400, 783])
def test_fields_hold_nothing_of_the_future_and_the_diagonal_ones_all_of_the_past(
    service, image, i
):
    row = service.of(ROW).look(image, i)["field"]
    diagonal = service.of(DIAGONAL).look(image, i)["field"]
    assert not row[i:].any()
    assert not diagonal[i:].any()
    assert (row >= 0).all()
    assert (diagonal[:i] > 0).all()


def test_the_row_lstm_is_blind_outside_its_triangle(service, image):
    i = 14 * 28 + 27
    field = service.of(ROW).look(image, i)["field"].reshape(28, 28)
    assert not field[10:14, 0:10].any()
    assert field[13, 24:].all()


@pytest.mark.parametrize("model", [ROW, DIAGONAL])
def test_completions_keep_what_is_known_and_follow_the_seed(service, image, model):
    answer = service.of(model).complete(image, 300, 3, 7)
    assert (answer["images"][:, :300] == image[:300]).all()
    other = image.copy()
    other[300:] = 1 - other[300:]
    np.testing.assert_array_equal(
        answer["images"], service.of(model).complete(other, 300, 3, 7)["images"]
    )
    assert (answer["images"] != service.of(model).complete(image, 300, 3, 8)["images"]).any()
    score = service.of(model).look(answer["images"][1])["log_prob"]
    assert answer["log_prob"][1] == pytest.approx(score, abs=1e-2)


@pytest.mark.parametrize("model", ["pixelrnn", None, 3])
def test_an_unknown_model_is_refused(service, image, model):
    with pytest.raises(BadInput, match="there are: row-lstm-mnist, diagonal-bilstm-mnist"):
        service.of(model)


def test_bad_input_is_refused(service, image):
    with pytest.raises(BadInput, match="784 numbers; 3 were given"):
        service.of(ROW).look([0, 1, 0])
    with pytest.raises(BadInput, match=r"0 or 1; 0\.5 is neither"):
        service.of(ROW).complete([0.5] * D, 0, 1, 0)
    with pytest.raises(BadInput, match="The pixel must lie between 0 and 783"):
        service.of(ROW).look(image, 784)
    with pytest.raises(BadInput, match="completions must lie between 1 and 16"):
        service.of(ROW).complete(image, 0, 17, 0)


def test_one_missing_release_does_not_hide_the_other(folder):
    (folder / ROW / "config.json").unlink()
    (folder / ROW / "model.safetensors").unlink()
    service = PixelRNNService(Store())
    missing = service.missing(ROW)
    assert isinstance(missing, Unavailable)
    assert missing.command == "python -m genzoo train row-lstm-mnist"
    assert service.missing(DIAGONAL) is None
    assert service.about(DIAGONAL)["figures"]["nll"] == 123.4
