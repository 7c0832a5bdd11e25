from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from genzoo.data import Batch
from genzoo.models import InfoGAN, InformationGame
from genzoo.models.infogan import DEVIATION
from genzoo.objectives import Progress, Update
from tests.genzoo.test_adversarial import Recording, images


def infogan(seed: int = 0) -> InfoGAN:
    torch.manual_seed(seed)
    return InfoGAN((1, 8, 8), n_noise=3, width=4, width_trunk=4, n_hidden=8)


def test_z_is_its_codes_and_noise_and_back():
    model = infogan()
    z = model.draw_z(3000, torch.Generator().manual_seed(0))
    category, continuous, noise = model.split(z)
    assert z.shape == (3000, *model.latent_shape) == (3000, 15)
    assert torch.equal(model.join(category, continuous, noise), z)
    assert category.bincount(minlength=10).min() > 230
    assert -1 <= continuous.min() < -0.99
    assert 0.99 < continuous.max() <= 1
    assert continuous.std(0).tolist() == pytest.approx([1 / math.sqrt(3)] * 2, rel=0.05)
    assert noise.std(0).tolist() == pytest.approx([1] * 3, rel=0.05)
    assert torch.equal(z, model.draw_z(3000, torch.Generator().manual_seed(0)))


def test_each_update_moves_only_its_own():
    objective = InformationGame(infogan(), lr=0.01, lr_critic=0.01, penalty=1.0)
    update = Recording(objective)
    objective.step(images(12), update, Progress(0, 0, 1000, seed=0))
    assert update.seen == [("critic", {"trunk", "q", "critic"}), ("generator", {"generator"})]


def gradients(information: float, continuous: float) -> dict[str, Tensor]:
    objective = InformationGame(infogan(), 0.0, 0.0, information, continuous)
    objective.step(images(12), Update(objective.optimizers()), Progress(0, 0, 1000, seed=0))
    return {name: p.grad for name, p in objective.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("weights", [(1.0, 0.0), (0.0, 1.0)])
def test_what_q_learns_reaches_generator_trunk_and_head(weights):
    """By the gradient of what it adds to the game; the critic's own layer has no part in it."""
    with_it, without = gradients(*weights), gradients(0.0, 0.0)
    reached = {
        name.removeprefix("model.").split(".")[0]
        for name, gradient in with_it.items()
        if (gradient - without.get(name, torch.zeros_like(gradient))).abs().max() > 1e-5
    }
    assert reached == {"generator", "trunk", "q"}
    for name, gradient in without.items():
        if name.startswith("critic."):
            torch.testing.assert_close(with_it[name], gradient)


def test_what_is_unread_is_a_cross_entropy_and_a_gaussian():
    model = infogan()
    objective = InformationGame(model, 0.0, 0.0)
    z = model.draw_z(20, torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = model.features(model.generate(z))
        category, continuous = objective.unread(z, features)
        out = model.q(features)
    k, c, _ = model.split(z)
    torch.testing.assert_close(category, F.cross_entropy(out[:, :10], k, reduction="none"))
    apart = (c - out[:, 10:]) / DEVIATION
    log_q = -0.5 * apart.square() - math.log(DEVIATION * math.sqrt(2 * math.pi))
    torch.testing.assert_close(continuous, -log_q.sum(1))


def test_its_codes_come_to_be_read():
    """On images of one of two kinds, a lit half: both codes carry information within a few steps,
    which starts at none."""
    torch.manual_seed(0)
    model = InfoGAN((1, 8, 8), 2, 1, n_noise=2, width=8, width_trunk=8, n_hidden=16)
    objective = InformationGame(model, 0.002, 0.002, information_continuous=1.0, penalty=0.1)
    update = Update(objective.optimizers())
    generator = torch.Generator().manual_seed(1)
    for step in range(150):
        label = torch.randint(2, (32,), generator=generator)
        x = torch.zeros(32, 1, 8, 8)
        brightness = 0.4 + 0.6 * torch.rand(32, generator=generator)
        for image, k, b in zip(x, label.tolist(), brightness.tolist(), strict=True):
            image[0, :, 4 * k : 4 * k + 4] = b
        report = objective.step(Batch(x, label), update, Progress(step, 0, 1000, seed=0))
        if step == 0:
            assert float(report["category"]) == pytest.approx(math.log(2), abs=0.1)
    assert float(report["category"]) < 0.2
    with torch.inference_mode():
        z = model.draw_z(500, torch.Generator().manual_seed(2))
        read, at = model.infer(model.generate(z))
    category, continuous, _ = model.split(z)
    assert (read.logits.argmax(1) == category).float().mean() > 0.9
    r = torch.corrcoef(torch.stack([at.mean[:, 0], continuous[:, 0]]))[0, 1]
    assert r > 0.8


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: InfoGAN((1, 8, 8), n_categories=0), "at least 1"),
        (lambda: InfoGAN((1, 8, 6)), "multiples of four, not 8 and 6"),
        (lambda: infogan().generate(torch.zeros(2, 14)), r"\(B, 15\), not \(2, 14\)"),
        (lambda: infogan().infer(torch.full((1, 1, 8, 8), 2.0)), r"must lie in \[0, 1\]"),
        (lambda: InformationGame(infogan(), 0.1, 0.1, information=-1.0), "at least 0"),
        (lambda: InformationGame(infogan(), 0.1, 0.1, every=0), "at least 1"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()
