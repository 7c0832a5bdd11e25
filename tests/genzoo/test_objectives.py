from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from genzoo.models import NADE
from genzoo.objectives import MaximumLikelihood, Progress, Update
from genzoo.objectives.base import TrainingError, learning_rate_factor


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(2, 1), nn.Linear(2, 1)

    def loss(self):
        x = torch.tensor([[1.0, 2.0]])
        return (self.a(x) * self.b(x) - 5).square().sum()


def two() -> tuple[Two, Update]:
    torch.manual_seed(0)
    module = Two()
    optimizers = {
        "a": torch.optim.SGD(module.a.parameters(), lr=0.1),
        "b": torch.optim.SGD(module.b.parameters(), lr=0.1),
    }
    return module, Update(optimizers)


def weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in module.named_parameters()}


def test_an_update_moves_its_own_parameters_and_nothing_else():
    module, update = two()
    before = weights(module)
    update("a", module.loss())
    after = weights(module)
    assert not torch.equal(after["a.weight"], before["a.weight"])
    assert not torch.equal(after["a.bias"], before["a.bias"])
    assert torch.equal(after["b.weight"], before["b.weight"])
    assert torch.equal(after["b.bias"], before["b.bias"])
    assert module.b.weight.grad is None, "a critic would find gradients that are not its own"


def test_an_update_is_a_step_of_its_optimizer():
    module, update = two()
    before = weights(module)
    (gradient,) = torch.autograd.grad(module.loss(), module.a.weight)
    update("a", module.loss())
    torch.testing.assert_close(module.a.weight.detach(), before["a.weight"] - 0.1 * gradient)


def test_under_autocast_too_what_follows_an_update_sees_its_weights():
    module, update = two()
    x = torch.tensor([[1.0, 2.0]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        update("a", module.a(x).float().square().sum())
        after = module.a(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(module.a(x), after)


def test_an_unknown_optimizer_is_named():
    module, update = two()
    with pytest.raises(KeyError, match="No optimizer 'critic'; there are: a, b"):
        update("critic", module.loss())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_is_refused_and_harms_nothing(value):
    module, update = two()
    update("a", module.loss())
    before = weights(module)
    update.at = Progress(7, 0, 1, 0)
    with pytest.raises(TrainingError, match=rf"'a' became {value} at step 7"):
        update("a", module.loss() * value)
    for name, p in module.named_parameters():
        assert torch.equal(p, before[name])


def test_a_gradient_that_is_not_finite_is_refused_though_the_loss_is():
    module, update = two()
    with torch.no_grad():
        module.a.weight.zero_()
    before = weights(module)
    with pytest.raises(TrainingError, match="The gradient of 'a' became nan"):
        update("a", module.a.weight.abs().sqrt().sum())  # 0 times a slope without bound
    for name, p in module.named_parameters():
        assert torch.equal(p, before[name])


def test_clipping_bounds_the_gradient_of_all_parameters_together():
    module, _ = two()
    before = weights(module)
    optimizer = torch.optim.SGD(module.parameters(), lr=1.0)
    gradients = torch.autograd.grad(module.loss(), list(module.parameters()))
    norm = math.sqrt(sum(g.square().sum() for g in gradients))
    assert norm > 0.5
    Update({"all": optimizer}, clip=0.5)("all", module.loss())
    moved = sum((p.detach() - before[n]).square().sum() for n, p in module.named_parameters())
    assert math.sqrt(moved) == pytest.approx(0.5, rel=1e-4)


def test_the_learning_rate_follows_its_schedule():
    module, _ = two()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    update = Update({"all": optimizer}, schedule="cosine", warmup=0.1)
    rates = []
    for images in range(0, 1000, 50):
        update.at = Progress(images // 50, images, 1000, 0)
        update("all", module.loss() * 0)
        rates.append(optimizer.param_groups[0]["lr"])
    assert 0 < rates[0] < 0.001, "the warm-up starts near zero, and not at it"
    assert rates[1] == pytest.approx(0.1 * 0.5 * (1 + math.cos(math.pi * 0.05)) * 0.501, rel=1e-6)
    for i in range(2, 20):
        assert rates[i] == pytest.approx(0.05 * (1 + math.cos(math.pi * i / 20)))
    assert learning_rate_factor("cosine", 0.1, 1.0) == pytest.approx(0, abs=1e-12)
    assert learning_rate_factor("constant", 0.0, 0.7) == 1
    with pytest.raises(ValueError, match="there are: constant, cosine"):
        learning_rate_factor("linear", 0.0, 0.5)


def test_noise_is_a_function_of_seed_step_and_place_and_shared_among_processes():
    whole = Progress(3, 0, 1, seed=5)
    first, second = whole.randn(6, 2), whole.randn(6, 2)
    assert not torch.equal(first, second)
    again = Progress(3, 0, 1, seed=5)
    assert torch.equal(again.randn(6, 2), first)
    assert torch.equal(again.randn(6, 2), second)
    assert not torch.equal(Progress(4, 0, 1, seed=5).randn(6, 2), first)
    assert not torch.equal(Progress(3, 0, 1, seed=6).randn(6, 2), first)
    shares = [Progress(3, 0, 1, seed=5, rank=rank, world=3).randn(2, 2) for rank in range(3)]
    assert torch.equal(torch.cat(shares), first)


def test_an_objective_is_not_called():
    with pytest.raises(TypeError, match="stepped or evaluated"):
        MaximumLikelihood(NADE((1, 2, 2), 2), lr=0.1)(torch.zeros(1))


def test_what_is_added_does_not_decay():
    model = NADE(event_shape=(1, 2, 2), n_hidden=3)
    with torch.no_grad():
        for p in model.parameters():
            p.fill_(1.0)
    (optimizer,) = MaximumLikelihood(model, lr=0.1, weight_decay=0.5).optimizers().values()
    for p in model.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    for p, expected in [(model.W, 0.95), (model.V, 0.95), (model.b, 1.0), (model.c, 1.0)]:
        torch.testing.assert_close(p.detach(), torch.full_like(p, expected))
