from __future__ import annotations

import itertools
import math
from functools import partial

import pytest
import torch
from torch import Tensor

from genzoo.data import Batch, ImageSet
from genzoo.data.batches import fixed_subset
from genzoo.metrics import Evaluation, Metric
from genzoo.metrics.tokens import perplexity, psnr
from genzoo.models import VQVAE, Reconstruction
from genzoo.nn.codec import FiniteScalars
from genzoo.objectives import Progress, Update
from genzoo.roles import AttributeClassifier, ImageTokenizer


def vqvae(seed: int = 0, **sizes) -> VQVAE:
    torch.manual_seed(seed)
    given = dict(event_shape=(3, 16, 16), levels=(5, 3, 3), width=4, n_blocks=1)
    model = VQVAE(**given | sizes)
    with torch.no_grad():  # at first all would have one code, and each block be the identity
        for name, p in model.named_parameters():
            if name.endswith("conv2.weight") or "place" in name:
                p.normal_(std=0.1)
        model.codec.encoder[-1].weight *= 8
    return model


def images(n: int, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def test_every_code_has_levels_of_its_own():
    quantizer = FiniteScalars((5, 3, 7))
    codes = torch.arange(105).view(1, 15, 7)
    values = quantizer.values(codes)
    assert values.shape == (1, 3, 15, 7)
    assert torch.equal(quantizer.index(values), codes)
    grid = [torch.linspace(-1, 1, n).tolist() for n in (5, 3, 7)]
    expected = {tuple(round(v, 5) for v in point) for point in itertools.product(*grid)}
    found = {tuple(round(v, 5) for v in p) for p in values[0].flatten(1).t().tolist()}
    assert found == expected


def test_a_quantizer_finds_the_nearest_point_of_the_grid():
    quantizer = FiniteScalars((5, 3))
    z = 2 * torch.randn(1, 2, 20, 20, generator=torch.Generator().manual_seed(0))
    points = quantizer.values(torch.arange(15).view(1, 15, 1)).squeeze().t()  # (15, 2)
    reach = torch.tensor([2.0, 1.0])  # steps of the grid to either side
    squeezed = torch.tanh(z).flatten(2)[0].t()
    nearest = torch.cdist(squeezed * reach, points * reach).argmin(1)
    assert torch.equal(quantizer.index(quantizer(z)).flatten(), nearest)
    assert len(nearest.unique()) == 15
    torch.testing.assert_close(quantizer(z).flatten(2)[0].t(), points[nearest])


def test_the_gradient_passes_the_rounding_as_if_it_were_not_there():
    quantizer = FiniteScalars((5, 3))
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(2, 2, 4, 4, generator=generator).double().requires_grad_()
    weight = torch.randn(2, 2, 4, 4, generator=generator).double()
    (weight * quantizer(z)).sum().backward()
    torch.testing.assert_close(z.grad, weight * (1 - torch.tanh(z.detach()).square()))


def test_codes_decode_to_what_they_encode():
    model, x = vqvae().double(), images(6).double()
    codes = model.codes(x)
    assert codes.shape == (6, 2, 2)
    assert codes.dtype == torch.int64
    assert 0 <= codes.min() < codes.max() < model.n_codes == 45
    again = model.reconstruct(x)
    assert torch.equal(again, model.decode(codes))
    torch.testing.assert_close(again, model(x).clamp(0, 1), rtol=0, atol=1e-12)
    assert (again - again.flip(0)).abs().flatten(1).mean(1).min() > 1e-4


def test_an_image_is_coded_and_decoded_alone():
    model, x = vqvae().double(), images(5).double()
    codes = model.codes(x)
    assert torch.equal(torch.cat([model.codes(one) for one in x.split(1)]), codes)
    alone = torch.cat([model.decode(one) for one in codes.split(1)])
    torch.testing.assert_close(alone, model.decode(codes), rtol=0, atol=1e-12)


def test_a_code_is_another_part_at_another_place():
    model, codes = vqvae(), torch.zeros(1, 2, 2, dtype=torch.long)
    before = model.decode(codes)
    with torch.no_grad():
        model.codec.place[:, 0, 1] += 1
    changed = (model.decode(codes) - before).abs().mean((0, 1))
    assert changed[:8, 8:].mean() > 3 * changed[8:, :8].mean() > 0


class Noted(Update):
    """The costs, in place of the steps."""

    def __init__(self):
        self.costs: dict[str, float] = {}

    def __call__(self, player: str, cost: Tensor) -> None:
        self.costs[player] = cost.item()


def test_the_loss_is_the_mean_squared_error_of_the_reconstruction():
    objective = Reconstruction(vqvae().double(), lr=1e-3)
    x, note = images(4).double(), Noted()
    batch = Batch(x, torch.zeros(4, 1))
    objective.step(batch, note, Progress(0, 0, 48, seed=0))
    codec = objective.model.codec
    made = codec.decode(codec.quantizer.values(objective.model.codes(x)).double())
    expected = sum(e * e for e in (made - x).flatten().tolist()) / x.numel()
    assert note.costs == {"model": pytest.approx(expected, rel=1e-9)}
    error = (objective.model.decode(objective.model.codes(x)) - x).flatten(1)
    figures = objective.evaluate(batch)
    torch.testing.assert_close(figures["mse"], error.square().mean(1))
    torch.testing.assert_close(figures["psnr"], -10 * figures["mse"].log10())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 12, 16)}, "multiples of eight, not 12 and 16"),
        ({"event_shape": (16, 16)}, "channels, height, width"),
        ({"levels": (4, 3)}, "odd and at least 3"),
        ({"levels": ()}, "odd and at least 3"),
        ({"width": 0}, "at least 1"),
    ],
)
def test_sizes_that_no_vqvae_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        vqvae(**change)


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        (torch.zeros(1, 2, 3, dtype=torch.long), r"shape \(B, 2, 2\), not torch.int64 of"),
        (torch.zeros(1, 2, 2), "whole numbers"),
        (torch.full((1, 2, 2), 45), "0 to 44"),
        (torch.full((1, 2, 2), -1), "0 to 44"),
    ],
)
def test_what_are_no_codes_is_refused(codes, sentence):
    with pytest.raises(ValueError, match=sentence):
        vqvae().decode(codes)


def flat(label: Tensor) -> Tensor:
    """The left half is dark or bright; the right one is of one of three colors."""
    x = torch.full((len(label), 3, 16, 16), 0.2)
    for image, (bright, color) in zip(x, label.tolist(), strict=True):
        image[:, :, :8] += 0.6 * bright
        image[color, :, 8:] += 0.6
    return x


LABEL = torch.cartesian_prod(torch.arange(2), torch.arange(3))


def test_it_learns_codes_that_tell_images_apart():
    torch.manual_seed(0)
    model = VQVAE((3, 16, 16), levels=(5, 3, 3), width=8, n_blocks=1)
    objective = Reconstruction(model, lr=3e-3)
    update, x = Update(objective.optimizers()), flat(LABEL)
    for step in range(150):
        objective.step(Batch(x, LABEL), update, Progress(step, 6 * step, 900, seed=0))
    with torch.inference_mode():
        codes = model.codes(x)
        again = model.decode(codes)
    assert psnr(again, x).min() > 20
    assert len(codes.flatten(1).unique(dim=0)) == 6


# Metrics


def test_psnr_and_perplexity_by_hand():
    a = torch.zeros(2, 1, 2, 2)
    b = torch.tensor([[0.1, 0.1, 0.1, 0.1], [1.0, 0.0, 0.0, 0.0]]).view(2, 1, 2, 2)
    expected = torch.tensor([20.0, 10 * math.log10(4)])
    torch.testing.assert_close(psnr(a, b), expected)
    assert psnr(a, a).tolist() == [60.0, 60.0]
    assert perplexity(torch.tensor([5, 5, 0, 5])) == pytest.approx(3)
    assert perplexity(torch.tensor([3, 1])) == pytest.approx(4 / 3**0.75)


class Halves(ImageTokenizer):
    """Two codes an image, one a half: dark or bright on the left, a color on the right; it forgets
    the last color."""

    event_shape, code_shape, n_codes = (3, 16, 16), (1, 2), 8

    def codes(self, x: Tensor) -> Tensor:
        bright = (x[:, :, :, :8].mean((1, 2, 3)) > 0.5).long()
        color = x[:, :, :, 8:].mean((2, 3)).argmax(1) % 2
        return torch.stack([bright, 4 + color], dim=1).unsqueeze(1)

    def decode(self, codes: Tensor) -> Tensor:
        return flat(torch.stack([codes[:, 0, 0], codes[:, 0, 1] - 4], dim=1))


class ReadsHalves(AttributeClassifier):
    event_shape, n_values = (3, 16, 16), (2, 3)

    def features(self, x: Tensor) -> Tensor:
        left, right = x[:, :, :, :8].mean((1, 2, 3)), x[:, :, :, 8:].mean((2, 3))
        return torch.cat([left.unsqueeze(1), right], dim=1)

    def classify(self, features: Tensor) -> Tensor:
        left = torch.stack([0.5 - features[:, 0], features[:, 0] - 0.5], dim=1)
        return torch.cat([left, features[:, 1:]], dim=1)


def data() -> ImageSet:
    return ImageSet((255 * flat(LABEL)).round().to(torch.uint8), LABEL, ("left", "right"), "test")


def measured(judge: AttributeClassifier | None, n: int | None = None) -> dict[str, Metric]:
    on = Evaluation(
        data="avatars",
        preprocessing="none",
        split="test",
        load=lambda split: data(),
        device=torch.device("cpu"),
        judge=judge,
        n_images=n,
    )
    return {metric.name: metric for metric in Halves().metrics(on)}


def test_what_codes_keep_is_measured():
    metrics = measured(ReadsHalves())
    # Of six images the two of the last color come back with the first one: 2 / 3 of half of the
    # pixels are off by 0.6.
    lost = -10 * math.log10(0.36 * 2 / 3 / 2)
    assert metrics["psnr"].value == pytest.approx((4 * 60 + 2 * lost) / 6, abs=1)
    assert metrics["attributes_kept"].value == pytest.approx(100 * 10 / 12)
    assert metrics["all_attributes_kept"].value == pytest.approx(100 * 4 / 6)
    assert metrics["kept_left"].value == 100
    assert metrics["kept_right"].value == pytest.approx(100 * 4 / 6)
    assert metrics["codebook_use"].value == 50
    p = [3 / 12, 3 / 12, 4 / 12, 2 / 12]
    assert metrics["perplexity"].value == pytest.approx(math.exp(-sum(q * math.log(q) for q in p)))
    assert metrics["codes_stable"].value == 100
    assert metrics["codebook_use"].setting == "of 8, 1 x 2 codes of each of 6 test images"
    assert "as the judge reads them" in metrics["attributes_kept"].setting
    assert "attributes_kept" not in measured(None)
    few = measured(None, 3)
    assert few["codebook_use"].setting == "of 8, 1 x 2 codes of each of 3 random test images"
    chosen = data().labels[fixed_subset(6, 3)]
    codes = {bright for bright, _ in chosen.tolist()} | {4 + c % 2 for _, c in chosen.tolist()}
    assert few["codebook_use"].value == 100 * len(codes) / 8


def test_a_sheet_has_reconstructions_below_images():
    few = data()
    many = ImageSet(few.images.repeat(6, 1, 1, 1), few.labels.repeat(6, 1), few.classes)
    sheet = Halves().preview(many, torch.Generator())
    assert sheet.shape == (64, 3, 16, 16)
    rows = sheet.split(8)
    close = partial(torch.testing.assert_close, rtol=0, atol=0.003)
    for k in range(4):
        close(rows[2 * k], many.scaled(slice(8 * k, 8 * k + 8)))
        close(rows[2 * k + 1], Halves().reconstruct(many.scaled(slice(8 * k, 8 * k + 8))))


def test_images_in_color_are_called_so():
    cpu = torch.device("cpu")
    color = Evaluation("avatars", "none", "test", lambda split: data(), cpu)
    assert color.setting == "8-bit color, 6 test images"
    gray = ImageSet(data().images[:, :1], LABEL, ("left", "right"), "test")
    assert Evaluation("mnist", "none", "test", lambda split: gray, cpu).setting == (
        "8-bit gray, 6 test images"
    )
