from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli, Normal
from torch.overrides import TorchFunctionMode

from genzoo import recipes
from genzoo.metrics import Metric, bits_per_dim, bootstrap, importance_weighted_bound
from genzoo.metrics.samples import classified, features
from genzoo.roles import Classifier, LatentVariable


def test_a_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    generator = torch.Generator().manual_seed(0)
    covered = 0
    for seed in range(200):
        values = 3 + 2 * torch.randn(100, generator=generator)
        figure = bootstrap("x", values, "nats", "made", n_resamples=300, seed=seed)
        assert figure.low < figure.value < figure.high
        assert figure.value == pytest.approx(values.mean().item(), rel=1e-5)
        covered += figure.low <= 3 <= figure.high
    assert 0.88 * 200 <= covered <= 0.99 * 200


def test_a_figure_says_its_setting():
    figure = Metric("nll", 84.0, 83.5, 84.5, "nats", "10,000 test images")
    for part in ("nll", "84.000", "83.500", "84.500", "nats", "10,000 test images"):
        assert part in str(figure)
    assert Metric(**figure.to_dict()) == figure


def test_bits_per_dim_of_a_fair_coin_is_one():
    assert bits_per_dim(torch.tensor(7 * math.log(2)), 7).item() == pytest.approx(1)


AWAY = torch.device("meta")


class Away(Tensor):
    """Numbers of a device that has no float64 and reckons with its own numbers alone."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        values = [*args, *(kwargs or {}).values()]
        if func is Tensor.double or any(value is torch.float64 for value in values):
            raise TypeError("This device has no float64.")
        with torch._C.DisableTorchFunctionSubclass():
            if func is Tensor.cpu:
                return args[0].as_subclass(Tensor)
            tensors = [value for value in values if isinstance(value, Tensor) and value.ndim]
            if not all(isinstance(value, Away) for value in tensors):
                raise RuntimeError("Tensors of two devices were put together.")
            found = func(*args, **(kwargs or {}))
        return found.as_subclass(Away) if isinstance(found, Tensor) else found


class ADeviceElsewhere(TorchFunctionMode):
    """What is put on AWAY becomes Away."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is Tensor.to and (isinstance(args[1], Away) or _is_away(args[1])):
            with torch._C.DisableTorchFunctionSubclass():
                return args[0].as_subclass(Away)
        return func(*args, **(kwargs or {}))


def _is_away(value: object) -> bool:
    return isinstance(value, torch.device) and value == AWAY


class Elsewhere(Classifier):
    """An evaluator network of that device: the class of the brighter half, by the mean of each."""

    event_shape, n_classes = (1, 28, 28), 10

    def __init__(self):
        super().__init__()
        self.register_buffer("place", torch.zeros(1, device=AWAY))

    def features(self, x: Tensor) -> Tensor:
        assert type(x) is Away
        return torch.nn.functional.avg_pool2d(x, 7).flatten(1)

    def classify(self, features: Tensor) -> Tensor:
        assert type(features) is Away
        return features[:, :10]


def test_an_evaluator_network_is_asked_where_it_is_and_without_float64():
    judge = Elsewhere()
    assert judge.device == AWAY
    x = torch.rand(30, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    with ADeviceElsewhere():
        found = features(judge, x)
        logits = classified(judge, found)
        recipe = recipes.get("judge-mnist")
        errors = recipes.evaluate(recipe, judge, device="meta", parts=["model"])
        gan = recipes.override(recipes.get("gan-mnist"), recipes.get("gan-mnist").smoke)
        infogan = recipes.override(
            recipes.get("infogan-mnist"), recipes.get("infogan-mnist").smoke
        )
        pictures = recipes.evaluate(gan, gan.build_model(), judge=judge, parts=["pictures"])
        codes = recipes.evaluate(infogan, infogan.build_model(), judge=judge, parts=["model"])
    expected = torch.nn.functional.avg_pool2d(x, 7).flatten(1)
    assert type(found) is type(logits) is Tensor
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, expected.double(), rtol=0, atol=0)
    torch.testing.assert_close(logits, expected[:, :10], rtol=0, atol=0)
    assert {m.name for m in errors} == {"error", "fid_train_reference"}
    assert {"fid", "kid", "share_smallest"} <= {m.name for m in pictures}
    assert {m.name for m in codes} == {"unsupervised_error", "category_error"}


class Near(LatentVariable):
    """x ~ Bernoulli(sigmoid(z)) of each of two pixels, z ~ N(0, I), q(z | x) = N(x, I); for x of
    the device away, all of it is there."""

    event_shape, latent_shape = (1, 1, 2), (2,)

    def __init__(self, away: bool):
        super().__init__()
        self.away = away

    def _placed(self, x: Tensor) -> Tensor:
        return x.as_subclass(Away) if self.away else x

    def prior(self) -> Normal:
        return Normal(self._placed(torch.zeros(2)), self._placed(torch.ones(2)))

    def encode(self, x: Tensor) -> Normal:
        return Normal(x.flatten(1), self._placed(torch.ones(len(x), 2)), validate_args=False)

    def decode(self, z: Tensor) -> Bernoulli:
        return Bernoulli(logits=z.view(-1, 1, 1, 2), validate_args=False)


def test_the_bound_is_the_same_on_a_device_without_float64():
    x = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]).view(3, 1, 1, 2)
    here = importance_weighted_bound(Near(away=False), x, 20)
    with ADeviceElsewhere():
        away = importance_weighted_bound(Near(away=True), x.as_subclass(Away), 20)
        metric = bootstrap("x", torch.arange(4.0).as_subclass(Away), "", "made")
    assert type(away) is Tensor
    torch.testing.assert_close(away, here, rtol=0, atol=0)
    assert metric.value == 1.5
