from __future__ import annotations

import pytest
import scipy.stats
import torch

from genzoo import recipes
from genzoo.data import Batch, load_images
from genzoo.data.batches import seeded
from genzoo.metrics.samples import Standardized, features, frechet_distance, rank_correlation
from genzoo.models import AttributeClassification, AttributeJudge, Classification, Judge
from genzoo.models.judge import shifted
from genzoo.objectives import Progress, Update
from genzoo.objectives.attributes import attribute_cross_entropy
from genzoo.roles import Classifier, Generative


def judge(seed: int = 0) -> Judge:
    torch.manual_seed(seed)
    return Judge((1, 8, 8), n_classes=3, width=4, n_blocks=1, n_hidden=8, n_features=6)


def test_what_the_last_layer_sees_is_the_features():
    model = judge().double()
    x = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    features = model.features(x)
    assert features.shape == (5, 6)
    torch.testing.assert_close(
        model.logits(x), features @ model.head.weight.T + model.head.bias, rtol=1e-12, atol=1e-12
    )
    alone = torch.cat([model.logits(image) for image in x.split(1)])
    torch.testing.assert_close(alone, model.logits(x), rtol=1e-12, atol=1e-12)


def test_it_learns_which_corner_is_lit():
    model = judge()
    objective = Classification(model, lr=0.01)
    update = Update(objective.optimizers())
    generator = torch.Generator().manual_seed(1)
    for step in range(120):
        label = torch.randint(3, (32,), generator=generator)
        x = torch.zeros(32, 1, 8, 8)
        for image, k in zip(x, label.tolist(), strict=True):
            image[0, 4 * (k // 2) : 4 * (k // 2) + 4, 4 * (k % 2) : 4 * (k % 2) + 4] = 0.8
        report = objective.step(Batch(x, label), update, Progress(step, 32 * step, 3840, seed=0))
    assert report["error"] <= 0.1
    with torch.inference_mode():
        assert (model.logits(x).argmax(1) == label).float().mean() > 0.95
        x = (x > 0).float()
        assert (model.logits(x).argmax(1) == label).float().mean() > 0.95


def test_images_are_moved_by_whole_pixels():
    x = torch.arange(12.0).view(1, 1, 3, 4)
    moved = shifted(x.repeat(3, 1, 1, 1), torch.tensor([[1, 0], [0, -2], [0, 0]]))
    assert moved[0, 0].tolist() == [[0, 0, 0, 0], [0, 1, 2, 3], [4, 5, 6, 7]]
    assert moved[1, 0].tolist() == [[2, 3, 0, 0], [6, 7, 0, 0], [10, 11, 0, 0]]
    assert torch.equal(moved[2], x[0])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (8, 8)}, "channels, height, width"),
        ({"event_shape": (1, 6, 8)}, "multiples of four, not 6 and 8"),
        ({"n_features": 0}, "at least 1"),
        ({"n_blocks": -1}, "at least 0"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_a_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Judge(**{"event_shape": (1, 8, 8), **change})


def test_what_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        judge().logits(torch.full((1, 1, 8, 8), 2.0))


def attribute_judge(seed: int = 0) -> AttributeJudge:
    torch.manual_seed(seed)
    return AttributeJudge((3, 8, 8), n_values=(2, 3), width=4, n_hidden=16, n_features=8)


def test_each_attribute_has_logits_of_its_own():
    model = attribute_judge().double()
    x = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0)).double()
    first, second = (logits.detach() for logits in model.logits(x))
    assert first.shape == (5, 2)
    assert second.shape == (5, 3)
    read = model.read(x)
    assert torch.equal(read, torch.stack([first.argmax(1), second.argmax(1)], dim=1))
    label = torch.tensor([[0, 2], [1, 0], [0, 1], [1, 1], [0, 0]])
    # -log p of both true values: the attributes are independent given the image.
    expected = [
        -float(first[i].log_softmax(0)[a] + second[i].log_softmax(0)[b])
        for i, (a, b) in enumerate(label.tolist())
    ]
    given = attribute_cross_entropy((first, second), label)
    torch.testing.assert_close(given, torch.tensor(expected).double())


def test_it_learns_two_attributes_at_once():
    model = attribute_judge()
    objective = AttributeClassification(model, lr=0.01)
    update = Update(objective.optimizers())
    generator = torch.Generator().manual_seed(1)
    for step in range(300):
        label = torch.stack([torch.randint(n, (32,), generator=generator) for n in (2, 3)], dim=1)
        x = torch.full((32, 3, 8, 8), 0.1)
        for image, (bright, channel) in zip(x, label.tolist(), strict=True):
            image[channel] = 0.5 + 0.4 * bright
        report = objective.step(Batch(x, label), update, Progress(step, 32 * step, 9600, seed=0))
    assert report["error"] <= 0.1
    with torch.inference_mode():
        assert (model.read(x) == label).float().mean() > 0.97
        assert objective.evaluate(Batch(x, label))["error"].shape == (32,)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 12, 8)}, "multiples of eight, not 12 and 8"),
        ({"n_values": ()}, "at least 1"),
        ({"n_values": (2, 0)}, "at least 1"),
    ],
)
def test_sizes_that_no_attribute_judge_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        AttributeJudge(**{"event_shape": (3, 8, 8), "n_values": (2,)} | change)


def test_the_rank_correlation_is_spearmans():
    generator = torch.Generator().manual_seed(0)
    a, b = torch.randn(2, 30, generator=generator, dtype=torch.float64)
    expected = scipy.stats.spearmanr(a.numpy(), (a + b).numpy()).statistic
    assert rank_correlation(a, a + b) == pytest.approx(expected)
    assert rank_correlation(a, a**3) == pytest.approx(1)
    assert rank_correlation(a, -a.exp()) == pytest.approx(-1)


class Gray(Generative):
    """Pictures of one gray value, and of noise of another deviation for each model."""

    role, does, knowledge = "Gray", "is gray", "implicit"

    def __init__(self, level: float, deviation: float):
        super().__init__()
        self.event_shape, self.level, self.deviation = (1, 28, 28), level, deviation

    def sample(self, n, *, generator=None):
        noise = torch.randn(n, 1, 28, 28, generator=generator)
        return (self.level + self.deviation * noise).clamp(0, 1)

    pictures = sample

    def probe(self):
        return []

    def metrics(self, on):
        return []


class ByMoment(Classifier):
    """Its features are a power of the mean pixel, and noise that every image has."""

    n_classes, event_shape = 2, (1, 28, 28)

    def __init__(self, sign: float):
        super().__init__()
        self.sign = sign

    def features(self, x):
        ink = x.flatten(1)
        return torch.stack([ink.mean(1), self.sign * ink.std(1)], dim=1)

    def classify(self, features):
        return features


def test_a_ranking_is_by_the_same_samples_of_each_model():
    models = {f"gray-{k}": (lambda k=k: Gray(0.1 * k, 0.05)) for k in (8, 2, 5)}
    plain = dict.fromkeys(models, "none")
    told: list[str] = []
    first, second = ByMoment(1.0), ByMoment(-3.0)
    found = recipes.rank(models, first, second, "mnist", preprocessing=plain, told=told.append)
    assert told == list(models)
    assert list(found.distances) == ["gray-2", "gray-5", "gray-8"], "in the order of the first"
    standardized = Standardized.by(first, load_images("mnist", "train", hold_out=True))
    for name, (a, b) in found.distances.items():
        x = models[name]().sample(60, generator=seeded(0))
        real = load_images("mnist", "test").scaled()
        pair = [standardized(features(first, images)) for images in (x, real)]
        assert a == pytest.approx(frechet_distance(*pair), rel=1e-6)
        assert a == pytest.approx(b, rel=1e-6), "a sign and a unit change no distance"
    assert found.agreement.value == pytest.approx(1)
    assert found.agreement.setting == (
        "FIDs of 3 models by both judges, judge features v2, 60 samples and test images"
    )
    one = {"gray": models["gray-2"]}
    with pytest.raises(ValueError, match="at least two models; there are 1"):
        recipes.rank(one, first, first, "mnist", preprocessing=plain)


def test_a_ranking_holds_binary_samples_against_binary_images():
    models = {f"gray-{k}": (lambda k=k: Gray(0.1 * k, 0.05)) for k in (2, 5)}
    of = {"gray-2": "none", "gray-5": "threshold"}
    judges = ByMoment(1.0), ByMoment(-1.0)
    found = recipes.rank(models, *judges, "mnist", preprocessing=of).distances
    plain = recipes.rank(models, *judges, "mnist", preprocessing=dict.fromkeys(of, "none"))
    assert found["gray-2"] == plain.distances["gray-2"]
    assert found["gray-5"] != plain.distances["gray-5"]
