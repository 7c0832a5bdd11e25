"""Every metric against a golden value: a closed form, a double loop, or another library's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.spatial
import scipy.special
import scipy.stats
import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Normal

from genzoo import recipes
from genzoo.data import ImageSet, load_images
from genzoo.data.batches import seeded
from genzoo.metrics import (
    Metric,
    active_latents,
    bootstrap,
    edit_metrics,
    elbo_split,
    image_metrics,
    importance_weighted_bound,
    matched,
    translation_metrics,
)
from genzoo.metrics.metric import bootstrap_distance
from genzoo.metrics.samples import (
    Standardized,
    energy_distance,
    energy_test,
    features,
    frechet_distance,
    kernel_distance,
    precision_recall,
)
from genzoo.models import AAE, AR, GAN, RNADE, VAE, InfoGAN, Judge
from genzoo.models.aae import log_prior
from genzoo.roles import (
    AttributeClassifier,
    Classifier,
    Editor,
    ExplicitDensity,
    UnpairedTranslator,
)


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def some(total: int, n: int) -> Tensor:
    """The fixed random part of a set that is measured on."""
    return torch.randperm(total, generator=seeded(total))[:n].sort().values


def named(metrics: list[Metric]) -> dict[str, Metric]:
    result = {metric.name: metric for metric in metrics}
    assert len(result) == len(metrics)
    return result


# Distances between sets of features


def four_points(mean: list[float], covariance: list[list[float]]) -> Tensor:
    """Whose mean and covariance are exactly these."""
    L = torch.linalg.cholesky(torch.tensor(covariance, dtype=torch.float64))
    arms = math.sqrt(1.5) * L.T
    return torch.cat([arms, -arms]) + torch.tensor(mean, dtype=torch.float64)


def test_the_frechet_distance_of_correlated_features():
    """In two dimensions tr (S_a S_b)^(1/2) is the root of tr S_a S_b + 2 (det S_a S_b)^(1/2);
    here S_a S_b = [[5, -1], [1, 1]]."""
    a = four_points([0.0, 0.0], [[2.0, 1.0], [1.0, 2.0]])
    b = four_points([1.0, -2.0], [[3.0, -1.0], [-1.0, 1.0]])
    expected = 5 + 4 + 4 - 2 * math.sqrt(6 + 2 * math.sqrt(6))
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-12)


def test_the_frechet_distance_by_the_root_of_scipy():
    a, b = normal(40, 4) @ normal(4, 4, seed=1), normal(30, 4, seed=2) @ normal(4, 4, seed=3) + 1
    S_a, S_b = np.cov(a.numpy().T), np.cov(b.numpy().T)
    root = scipy.linalg.sqrtm(S_a @ S_b).real
    apart = a.numpy().mean(0) - b.numpy().mean(0)
    expected = apart @ apart + np.trace(S_a + S_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def kid(a: np.ndarray, b: np.ndarray) -> float:
    """The unbiased squared maximum mean discrepancy, pair by pair."""

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return (float(x @ y) / len(x) + 1) ** 3

    within = [
        np.mean([k(x[i], x[j]) for i in range(len(x)) for j in range(len(x)) if i != j])
        for x in (a, b)
    ]
    return float(within[0] + within[1] - 2 * np.mean([[k(x, y) for y in b] for x in a]))


def test_the_kernel_distance_pair_by_pair():
    a, b = normal(7, 3), 0.5 + normal(5, 3, seed=1)
    assert kernel_distance(a, b) == pytest.approx(kid(a.numpy(), b.numpy()), rel=1e-12)


def covered(x: np.ndarray, by: np.ndarray, k: int) -> list[float]:
    """Which of x lie within the distance of a member of `by` to its k-th nearest other one."""
    result = []
    for point in x:
        inside = False
        for i, center in enumerate(by):
            others = sorted(np.linalg.norm(center - y) for j, y in enumerate(by) if j != i)
            inside |= bool(np.linalg.norm(point - center) <= others[k - 1])
        result.append(float(inside))
    return result


@pytest.mark.parametrize("k", [1, 2, 3])
def test_precision_and_recall_neighbor_by_neighbor(k):
    real, fake = normal(40, 2), 1.3 * normal(30, 2, seed=1) + 0.5
    precision, recall = precision_recall(real, fake, k)
    assert precision.tolist() == covered(fake.numpy(), real.numpy(), k)
    assert recall.tolist() == covered(real.numpy(), fake.numpy(), k)
    other = precision_recall(real, fake, k + 1)
    assert not all(torch.equal(a, b) for a, b in zip((precision, recall), other, strict=True))
    if k == 3:  # as Kynkaanniemi et al. have it
        assert torch.equal(precision, precision_recall(real, fake)[0])


def test_precision_and_recall_on_a_line():
    """The second nearest others of 0, 1, 3, 7 are 3, 2, 3, 6 away."""
    real = torch.tensor([[0.0], [1.0], [3.0], [7.0]], dtype=torch.float64)
    fake = torch.tensor([[-3.0], [-3.1], [13.0], [13.1]], dtype=torch.float64)
    precision, recall = precision_recall(real, fake, 2)
    assert precision.tolist() == [1, 0, 1, 0]
    assert recall.tolist() == [1, 1, 1, 1]
    assert precision_recall(real, fake, 1)[1].tolist() == [0, 0, 0, 0]


def test_the_energy_distance_pair_by_pair_and_by_scipy():
    a, b = normal(12, 2), normal(9, 2, seed=1) + 0.3

    def mean(x: Tensor, y: Tensor) -> float:
        return float(np.mean([[math.dist(p, q) for q in y.tolist()] for p in x.tolist()]))

    expected = 2 * mean(a, b) - mean(a, a) - mean(b, b)
    assert energy_distance(a, b) == pytest.approx(expected, rel=1e-9)
    of_scipy = scipy.stats.energy_distance(a[:, 0].numpy(), b[:, 0].numpy()) ** 2
    assert energy_distance(a[:, :1], b[:, :1]) == pytest.approx(of_scipy, rel=1e-9)


def test_the_p_value_counts_divisions_that_lie_as_far_apart():
    a, b = normal(6, 1), normal(5, 1, seed=1) + 0.3
    both = torch.cat([a, b])
    found = energy_test(a, b, 50, 40, torch.Generator().manual_seed(0))
    generator, divided = torch.Generator().manual_seed(0), []
    for _ in range(50):
        order = torch.randperm(11, generator=generator)
        divided.append(energy_distance(both[order[:6]], both[order[6:]]))
    as_far = sum(value >= found.distance - 1e-12 for value in divided)
    assert 0 < as_far < 50
    assert found.distance == pytest.approx(energy_distance(a, b), rel=1e-9)
    assert found.p == pytest.approx((1 + as_far) / 51)
    assert found.reference == pytest.approx(np.mean(divided), rel=1e-9)
    assert found.reference_interval == pytest.approx(np.quantile(divided, [0.025, 0.975]))
    alike = torch.zeros(3, 1)
    assert energy_test(alike, alike, 9, 9).p == 1, "as far counts"
    of_scipy = scipy.stats.binomtest(1 + as_far, 51).proportion_ci(method="wilson")
    assert found.p_interval == pytest.approx(tuple(of_scipy), rel=1e-3)
    picked = torch.randint(6, (40, 6), generator=generator)
    resampled = np.array([energy_distance(a[few], b) for few in picked])
    ends = found.distance + np.quantile(resampled - resampled.mean(), [0.025, 0.975])
    assert found.interval == pytest.approx(ends, rel=1e-9)


# Intervals


def test_the_interval_of_a_mean_is_that_of_scipys_bootstrap():
    values = normal(60).exp()
    metric = bootstrap("x", values, "", "", n_resamples=20_000)
    expected = scipy.stats.bootstrap(
        (values.numpy(),), np.mean, n_resamples=20_000, method="percentile", rng=0
    ).confidence_interval
    width = expected.high - expected.low
    assert metric.value == pytest.approx(values.numpy().mean())
    assert metric.low == pytest.approx(expected.low, abs=0.03 * width)
    assert metric.high == pytest.approx(expected.high, abs=0.03 * width)
    assert width == pytest.approx(2 * 1.96 * values.numpy().std() / math.sqrt(60), rel=0.1)


def test_the_interval_of_a_distance_is_as_wide_as_it_varies():
    """A difference of means, whose spread is known, and which grows with every member that is
    there twice: that must not move the interval."""
    a, b = normal(80, 1), 2 * normal(50, 1, seed=1) + 3

    def distance(a: Tensor, b: Tensor) -> float:
        return float(b.mean() - a.mean()) + 10 * (len(a) - len(a.unique()))

    def plain(a: Tensor, b: Tensor) -> float:
        return float(b.mean() - a.mean())

    metric = bootstrap_distance("x", plain, a, b, "", "", n_resamples=2000)
    sigma = math.sqrt(a.var(unbiased=False).item() / 80 + b.var(unbiased=False).item() / 50)
    assert metric.value == pytest.approx(plain(a, b))
    assert metric.value - metric.low == pytest.approx(1.96 * sigma, rel=0.08)
    assert metric.high - metric.value == pytest.approx(1.96 * sigma, rel=0.08)
    metric = bootstrap_distance("x", distance, a, b, "", "", n_resamples=200)
    assert metric.low < metric.value < metric.high


# Bounds


def small_vae() -> VAE:
    torch.manual_seed(0)
    model = VAE((1, 4, 8), 3, width=2, n_hidden=4).double()
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(1.5).add_(torch.randn_like(p), alpha=0.1)
    return model.requires_grad_(False)


def binary(*shape: int, seed: int = 0) -> Tensor:
    return (torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) < 0.4).double()


def log_normal(x: Tensor, mean: Tensor | float, sigma: Tensor | float) -> Tensor:
    sigma = torch.as_tensor(sigma)
    return -0.5 * ((x - mean) / sigma) ** 2 - sigma.log() - 0.5 * math.log(2 * math.pi)


def log_likelihood(model: VAE, x: Tensor, z: Tensor) -> Tensor:
    p = torch.sigmoid(model.decoder(z))
    return torch.where(x == 1, p, 1 - p).log().flatten(1).sum(1)


def posterior(model: VAE, x: Tensor) -> tuple[Tensor, Tensor]:
    mu, s = model.encoder(2 * x - 1).chunk(2, 1)
    return mu, (1 + s.exp()).log() + 1e-4


def test_the_importance_weighted_bound_weight_by_weight():
    model, x = small_vae(), binary(4, 1, 4, 8)
    mu, sigma = posterior(model, x)
    generator = seeded(5)
    weights = []
    for _ in range(7):
        z = mu + sigma * torch.randn(4, 3, generator=generator).double()
        log_w = log_likelihood(model, x, z) + log_normal(z, 0.0, 1.0).sum(1)
        weights.append((log_w - log_normal(z, mu, sigma).sum(1)).exp())
    expected = (sum(weights) / 7).log()
    found = importance_weighted_bound(model, x, 7, seed=5, decode_batch=9)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_the_split_of_the_elbo_term_by_term():
    model, x = small_vae(), binary(4, 1, 4, 8)
    mu, sigma = posterior(model, x)
    z = mu + sigma * torch.randn(4, 3, generator=seeded(5)).double()
    reconstruction, kl = elbo_split(model, x, seed=5)
    torch.testing.assert_close(reconstruction, log_likelihood(model, x, z))
    torch.testing.assert_close(kl, 0.5 * (mu**2 + sigma**2 - 1) - sigma.log())
    means = [math.fsum(kl[:, k].tolist()) / 4 for k in range(3)]
    threshold = sorted(means)[1]
    assert active_latents(kl, threshold - 1e-9).tolist() == [m >= threshold for m in means]
    assert active_latents(kl, threshold + 1e-9).tolist() == [m > threshold for m in means]


def as_recipe(name: str, **model_kwargs: object) -> recipes.Recipe:
    recipe = recipes.get(name)
    return recipes.override(recipe, {f"model.{k}": v for k, v in model_kwargs.items()})


def test_what_is_reported_of_a_vae_is_in_nats_and_bits():
    torch.manual_seed(0)
    recipe = as_recipe("vae-mnist-2d", width=2, n_hidden=4)
    model = recipe.build_model().requires_grad_(False)
    assert isinstance(model, VAE)
    data = load_images("mnist", "test")
    found = named(recipes.evaluate(recipe, model, n_images=30, k=3, parts=["model", "bound"]))
    fixed = torch.Generator().manual_seed(20080705)
    x = (torch.rand(60, 1, 28, 28, generator=fixed) < data.images / 255).float()[some(60, 30)]
    reconstruction, kl = elbo_split(model, x)
    bound = importance_weighted_bound(model, x, 3)
    expected = {
        "nll_bound": -bound.mean(),
        "bits_per_dim_bound": -bound.mean() / 784 / math.log(2),
        "negative_elbo": (kl.sum(1) - reconstruction).mean(),
        "reconstruction": -reconstruction.mean(),
        "kl": kl.sum(1).mean(),
        "active_latents": (kl.mean(0) > 0.01).sum(),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value.item(), rel=1e-5), name


# Densities


def test_what_is_reported_of_a_density_is_in_nats_and_bits():
    torch.manual_seed(0)
    recipe = as_recipe("ar28-mnist")
    model = AR(n=28)
    with torch.no_grad():
        model.W.normal_(0, 0.3)
        model.b.normal_(-1, 0.3)
    data = load_images("mnist", "test")
    fixed = torch.Generator().manual_seed(20080705)
    x = (torch.rand(60, 784, generator=fixed) < (data.images / 255).flatten(1)).double()[
        some(60, 25)
    ]
    nll = torch.zeros(25, dtype=torch.float64)
    for i in range(784):
        l = model.b[i].double().detach().repeat(25)
        for k in range(28):
            j = i - 28 + k
            if j >= 0:
                l += model.W[i, k].double().detach() * x[:, j]
        nll += torch.where(x[:, i] == 1, (1 + (-l).exp()).log(), (1 + l.exp()).log())
    found = named(recipes.evaluate(recipe, model, n_images=25, parts=["model"]))
    assert found["nll"].value == pytest.approx(nll.mean().item(), rel=1e-6)
    bits = nll.mean().item() / 784 / math.log(2)
    assert found["bits_per_dim"].value == pytest.approx(bits, rel=1e-6)


def test_a_dequantized_density_is_a_bound_in_units_of_a_gray_step():
    """Of pixels that are uniform on [0, 1] whatever is before them: 8 bits each."""
    recipe = as_recipe("rnade-fashion", n_hidden=2, n_components=1)
    model = RNADE((1, 28, 28), n_hidden=2, n_components=1)
    with torch.no_grad():
        for p in (model.V, model.b):
            p.zero_()
        model.b[:, 2] = 20.0  # the widest that it has, sigma = 1
    found = named(recipes.evaluate(recipe, model, n_images=20, parts=["model"]))
    x = (255 * load_images("fashion", "test").scaled().flatten(1)).round()
    fixed = torch.Generator().manual_seed(20080705)
    y = (x + torch.rand(60, 1, 28, 28, generator=fixed).flatten(1)) / 256
    y = y[some(60, 20)].double()
    # N(1/2, 1) cut off at 0 and 1.
    inside = scipy.stats.norm.cdf(0.5) - scipy.stats.norm.cdf(-0.5)
    log_p = -0.5 * (y - 0.5) ** 2 - math.log(inside * math.sqrt(2 * math.pi))
    nll = (784 * math.log(256) - log_p.sum(1)).mean().item()
    assert found["nll_bound"].value == pytest.approx(nll, rel=1e-6)
    assert found["bits_per_dim_bound"].value == pytest.approx(nll / 784 / math.log(2), rel=1e-6)
    assert found["bits_per_dim_bound"].value == pytest.approx(8, abs=0.2)


# Pictures


class Corners(Classifier):
    """The class is the brightest of four corners; the features are how bright each is."""

    event_shape = (1, 4, 4)
    n_classes = 4

    def features(self, x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool2d(x, 2).flatten(1)

    def classify(self, features: Tensor) -> Tensor:
        return features


def corners(n: int, seed: int) -> Tensor:
    """n images (1, 4, 4) of 256 grays, of the classes 0 to 3 by unequal shares."""
    generator = torch.Generator().manual_seed(seed)
    x = 0.4 * torch.rand(n, 1, 4, 4, generator=generator)
    label = (torch.rand(n, generator=generator) ** 2 * 4).long()
    for image, k in zip(x, label.tolist(), strict=True):
        image[0, 2 * (k // 2) : 2 * (k // 2) + 2, 2 * (k % 2) : 2 * (k % 2) + 2] += 0.5
    return (255 * x).round() / 255


def test_every_metric_of_pictures():
    made, test, train = corners(50, 0), corners(50, 1), corners(90, 2)
    train_set, test_set = (
        ImageSet((255 * x).round().to(torch.uint8), torch.zeros(len(x), dtype=torch.long), ("",))
        for x in (train, test)
    )
    standardized = Standardized.by(Corners(), train_set)
    found = named(image_metrics(Corners(), standardized, made, test_set, train_set))

    def seen(x: Tensor) -> np.ndarray:
        f = x.double().view(-1, 2, 2, 2, 2).mean((2, 4)).reshape(-1, 4).numpy()
        return (f - raw.mean(0)) / raw.std(0, ddof=1)

    raw = train.double().view(-1, 2, 2, 2, 2).mean((2, 4)).reshape(-1, 4).numpy()
    real = seen(test)
    for suffix, x in {"": made, "_train_reference": train[some(90, 50)]}.items():
        other = seen(x)
        apart = real.mean(0) - other.mean(0)
        S, T = np.cov(real.T), np.cov(other.T)
        fid = apart @ apart + np.trace(S + T - 2 * scipy.linalg.sqrtm(S @ T).real)
        assert found[f"fid{suffix}"].value == pytest.approx(fid, rel=1e-5)
        precision, recall = covered(other, real, 3), covered(real, other, 3)
        assert found[f"precision{suffix}"].value == pytest.approx(100 * np.mean(precision))
        assert found[f"recall{suffix}"].value == pytest.approx(100 * np.mean(recall))
        blocks = [
            np.array_split(f[torch.randperm(50, generator=seeded(0)).numpy()], 10)
            for f in (real, other)
        ]
        of_blocks = [kid(a, b) for a, b in zip(*blocks, strict=True)]
        assert found[f"kid{suffix}"].value == pytest.approx(np.mean(of_blocks), rel=1e-5)
    assert found["precision"].value < 100
    assert found["recall"].value < 100

    counts = [
        np.bincount((raw.std(0, ddof=1) * seen(x) + raw.mean(0)).argmax(1), minlength=4)
        for x in (made, test)
    ]
    shares = counts[0] / counts[1]
    for name, k in {"smallest": shares.argmin(), "largest": shares.argmax()}.items():
        assert found[f"share_{name}"].value == pytest.approx(shares[k])
        assert f"class {k}," in found[f"share_{name}"].setting
    assert shares.min() < 1 < shares.max()

    def nearest(x: Tensor) -> np.ndarray:
        flat, among = x.flatten(1).double().numpy(), train.flatten(1).double().numpy()
        return np.array([min(np.linalg.norm(p - q) for q in among) for p in flat])

    of_made, of_test = nearest(made), nearest(test)
    assert found["nearest"].value == pytest.approx(of_made.mean(), rel=1e-4)
    assert found["nearest_test_reference"].value == pytest.approx(of_test.mean(), rel=1e-4)
    near = 100 * (of_made < np.quantile(of_test, 0.01)).mean()
    assert found["near_copies"].value == pytest.approx(near)
    assert near > 0


class Replays(ExplicitDensity):
    """Its samples are the test images, binary."""

    event_shape = (1, 28, 28)

    def log_prob(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def sampling(self, n, given=None, generator=None):
        raise NotImplementedError

    def sample(self, n, given=None, generator=None) -> Tensor:
        gray = load_images("mnist", "test").scaled()
        fixed = torch.Generator().manual_seed(20080705)
        return (torch.rand(gray.shape, generator=fixed) < gray).float()[:n]


class ReplaysBoth(Replays):
    """And what it shows are no samples, but the test images as they are."""

    pictures_are_samples, pictures_are = False, "means"

    def pictures(self, n, *, generator=None) -> Tensor:
        return load_images("mnist", "test").scaled()[:n]


class ReplaysGray(GAN):
    """Its images are the test images."""

    def generate(self, z: Tensor) -> Tensor:
        return load_images("mnist", "test").scaled()[: len(z)]


def test_pictures_are_held_against_test_images_of_their_own_kind():
    """Binary ones against binary ones, by the fixed draw; and the nearest training image is not
    the image itself."""
    recipe = recipes.get("judge-mnist")
    judge = recipes.override(recipe, recipe.smoke).build_model().eval()
    for name, model in (("nade-mnist", Replays()), ("gan-mnist", ReplaysGray(n_hidden=2))):
        found = named(recipes.evaluate(recipes.get(name), model, judge=judge, parts=["pictures"]))
        assert found["fid"].value == pytest.approx(0, abs=1e-6)
        assert found["precision"].value == found["recall"].value == 100
        assert found["share_smallest"].value == found["share_largest"].value == 1
        assert found["fid_train_reference"].value > 1e-6
        assert found["nearest"].value == found["nearest_test_reference"].value > 0.1


def test_samples_and_means_are_each_held_against_what_they_should_look_like():
    torch.manual_seed(0)
    recipe = recipes.get("judge-mnist")
    judge = recipes.override(recipe, recipe.smoke).build_model().eval()
    model = ReplaysBoth()
    of = recipes.get("vae-mnist")
    found = named(recipes.evaluate(of, model, judge=judge, parts=["pictures"]))
    for suffix in ("", "_shown"):
        assert found[f"fid{suffix}"].value == pytest.approx(0, abs=1e-6)
        assert found[f"precision{suffix}"].value == found[f"recall{suffix}"].value == 100
    assert found["fid"].setting == (
        "judge features v2, 60 samples, 60 test images, dynamic binarization"
    )
    shown = found["fid_shown"].setting
    assert shown == "judge features v2, 60 means of the decoder, 60 test images"
    assert found["fid_shown_train_reference"].value != found["fid_train_reference"].value
    assert found["nearest"].value > found["nearest_shown"].value > 0.1, "binary ones are further"
    standardized = Standardized.by(judge, load_images("mnist", "train"))
    of_both = [standardized(features(judge, x)) for x in (model.pictures(60), model.sample(60))]
    assert frechet_distance(*of_both) > 1, "held against the other kind, neither is near"


def test_features_are_in_units_of_training_images():
    """Not of those that are judged, nor of binary ones, and whether or not some are held out."""
    generator = torch.Generator().manual_seed(0)
    train = ImageSet(
        (255 * torch.rand(2500, 1, 4, 4, generator=generator)).byte(), torch.zeros(2500), ()
    )
    standardized = Standardized.by(Corners(), train)
    raw = features(Corners(), train.scaled(some(2500, 2000)))
    x = torch.rand(7, 4, generator=generator).double()
    torch.testing.assert_close(standardized(x), (x - raw.mean(0)) / raw.std(0))
    dead = ImageSet(torch.zeros(50, 1, 4, 4, dtype=torch.uint8), torch.zeros(50), ())
    assert torch.equal(Standardized.by(Corners(), dead)(x), x), "what never varies has no unit"


def test_the_best_matching_is_that_of_scipy():
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        counts = torch.randint(100, (6, 8), generator=generator)
        rows, columns = scipy.optimize.linear_sum_assignment(counts.numpy(), maximize=True)
        found = matched(counts)
        assert len(set(found.tolist())) == 6
        assert counts[range(6), found].sum() == counts.numpy()[rows, columns].sum()


class Told(InfoGAN):
    """Infers a category that is the class, but for two classes that it confuses by halves; and
    makes of the category k a picture that the judge reads as `reads[k]`."""

    reads = (6, 7, 8, 9, 0, 9, 2, 2, 6, 5)

    def infer(self, x: Tensor) -> tuple[Categorical, Normal]:
        data = load_images("mnist", "test")
        at = torch.cdist(x.flatten(1), data.scaled().flatten(1)).argmin(1)
        label = data.labels[at]
        label = torch.where((label == 8) & (at % 20 == 8), 2, label)
        code = (label + 4) % 10
        hot = torch.nn.functional.one_hot(code, 10).float()
        return Categorical(logits=10 * hot), Normal(torch.zeros(len(x), 2), 1.0)

    def generate(self, z: Tensor) -> Tensor:
        read = torch.tensor(self.reads)[z[:, :10].argmax(1)]
        return (read / 10 + 0.05).view(-1, 1, 1, 1).expand(-1, 1, 28, 28)


class ByBrightness(Classifier):
    event_shape, n_classes = (1, 28, 28), 10

    def features(self, x: Tensor) -> Tensor:
        return x.mean((1, 2, 3)).view(-1, 1)

    def classify(self, features: Tensor) -> Tensor:
        return -((features * 10 - 0.5 - torch.arange(10)) ** 2)


def test_categories_are_matched_to_classes_on_test_images_and_held_to_it():
    recipe = recipes.override(recipes.get("infogan-mnist"), recipes.get("infogan-mnist").smoke)
    model = Told(**recipe.model_kwargs)
    metrics = recipes.evaluate(recipe, model, judge=ByBrightness(), parts=["model"])
    found = {metric.name: metric for metric in metrics}
    assert found["unsupervised_error"].value == pytest.approx(100 * 3 / 60)
    category = model.draw_z(60, seeded(0))[:, :10].argmax(1)
    wrong = [Told.reads[k] != (k - 4) % 10 for k in category.tolist()]
    assert 0 < sum(wrong) < 60
    assert found["category_error"].value == pytest.approx(100 * np.mean(wrong))


# Codes


def test_what_is_reported_of_an_auto_encoder():
    torch.manual_seed(0)
    recipe = as_recipe("aae-mnist", width=2, n_hidden=4)
    model = recipe.build_model().requires_grad_(False)
    assert isinstance(model, AAE)
    found = named(recipes.evaluate(recipe, model, parts=["model"]))
    fixed = torch.Generator().manual_seed(20080705)
    data = load_images("mnist", "test")
    x = (torch.rand(60, 1, 28, 28, generator=fixed) < data.images / 255).float()
    generator = seeded(0)
    mu, s = model.encoder(2 * x - 1).chunk(2, 1)
    sigma = (1 + s.exp()).log() + 1e-4
    z = mu + sigma * torch.randn(60, 2, generator=generator)
    p = torch.sigmoid(model.decoder(z)).double()
    nll = -torch.where(x == 1, p, 1 - p).log().flatten(1).sum(1)
    assert found["reconstruction"].value == pytest.approx(nll.mean().item(), rel=1e-5)
    codes = mu + sigma * torch.randn(60, 2, generator=generator)
    fixed = seeded(0, 5)
    draws, fresh = model.draw_z(1200, fixed), model.draw_z(10_000, fixed)

    def distances(a: Tensor, b: Tensor) -> np.ndarray:
        return scipy.spatial.distance.cdist(a.numpy(), b.numpy())

    both = torch.cat([codes, draws])
    assert found["prior_distance"].value == pytest.approx(energy_distance(codes, draws), rel=1e-6)
    divisions = [torch.randperm(1260, generator=g) for g in [seeded(0, 6)] for _ in range(499)]
    divided = [energy_distance(both[order[:60]], both[order[60:]]) for order in divisions]
    reference = found["prior_distance_reference"]
    assert reference.value == pytest.approx(np.mean(divided), rel=1e-6)
    assert (reference.low, reference.high) == pytest.approx(
        tuple(np.quantile(divided, [0.025, 0.975])), rel=1e-4
    )
    as_far = sum(value >= found["prior_distance"].value for value in divided)
    assert found["prior_p_value"].value == pytest.approx((1 + as_far) / 500)
    farther = distances(codes, draws).min(1) > np.quantile(distances(fresh, draws).min(1), 0.99)
    assert found["off_prior"].value == pytest.approx(100 * farther.mean())
    setting = "dynamic binarization, 60 test images"
    assert all(metric.setting.endswith(setting) for metric in found.values())
    assert "the codes of 60 of the images and 1200 fixed samples" in reference.setting


@pytest.mark.parametrize("prior", ["gaussian", "ring", "swiss roll"])
def test_the_bound_of_an_auto_encoder_weight_by_weight(prior):
    torch.manual_seed(0)
    recipe = as_recipe("aae-mnist", width=2, n_hidden=4, prior=prior)
    model = recipe.build_model().requires_grad_(False)
    assert isinstance(model, AAE)
    metrics = recipes.evaluate(recipe, model, n_images=30, k=3, parts=["bound"])
    found = named(metrics)
    fixed = torch.Generator().manual_seed(20080705)
    images = load_images("mnist", "test").images
    x = (torch.rand(60, 1, 28, 28, generator=fixed) < images / 255).float()[some(60, 30)]
    mu, s = model.encoder(2 * x - 1).chunk(2, 1)
    sigma = (1 + s.exp()).log() + 1e-4
    generator, log_w = seeded(0), []
    for _ in range(3):
        z = mu + sigma * torch.randn(30, 2, generator=generator)
        p = torch.sigmoid(model.decoder(z)).double()
        log_p = torch.where(x == 1, p, 1 - p).log().flatten(1).sum(1)
        log_q = scipy.stats.norm.logpdf(z.numpy(), mu.numpy(), sigma.numpy()).sum(1)
        log_w.append(log_p.numpy() + log_prior(prior, z).double().numpy() - log_q)
    bound = scipy.special.logsumexp(log_w, axis=0) - math.log(3)
    assert found["nll_bound"].value == pytest.approx(-bound.mean(), rel=1e-5)
    assert found["bits_per_dim_bound"].value == pytest.approx(
        -bound.mean() / 784 / math.log(2), rel=1e-5
    )
    assert found["negative_elbo"].value == pytest.approx(-log_w[0].mean(), rel=1e-5)
    setting = "not trained on it, dynamic binarization, 30 random test images"
    weighted = f"importance-weighted bound, k = 3, {setting}"
    assert [metric.setting for metric in metrics] == [weighted, weighted, setting]


# Judges


def test_the_error_of_a_classifier_is_of_gray_and_of_binary_images():
    torch.manual_seed(0)
    recipe = as_recipe("judge-mnist", width=2)
    model = recipe.build_model().requires_grad_(False)
    assert isinstance(model, Judge)
    metrics = recipes.evaluate(recipe, model, n_images=40, parts=["model"])
    errors = [m.value for m in metrics if m.name == "error"]
    distances = [m.value for m in metrics if m.name == "fid_train_reference"]
    test, train = load_images("mnist", "test"), load_images("mnist", "train")
    judged = load_images("mnist", "train", hold_out=True)
    h = model.body(2 * (judged.images / 255) - 1)
    deviation = (h * torch.sigmoid(h)).double().std(0)
    for k in range(2):
        seen = []
        for data in (test, train):
            x = data.images / 255
            if k:
                fixed = torch.Generator().manual_seed(20080705)
                x = (torch.rand(x.shape, generator=fixed) < x).float()
            h = model.body(2 * x[some(len(x), 40)] - 1)
            seen.append((h * torch.sigmoid(h)).double())
        logits = seen[0].float() @ model.head.weight.t() + model.head.bias
        wrong = (logits.argmax(1) != test.labels[some(60, 40)]).double().mean().item()
        assert errors[k] == pytest.approx(100 * wrong)
        seen = [f / deviation for f in seen]
        S, T = (np.cov(f.numpy().T) for f in seen)
        apart = (seen[0].mean(0) - seen[1].mean(0)).numpy()
        root = np.sqrt(np.abs(np.linalg.eigvals(S @ T))).sum()
        fid = apart @ apart + np.trace(S) + np.trace(T) - 2 * root
        assert distances[k] == pytest.approx(fid, rel=1e-3)


def test_a_judge_of_attributes_is_measured_on_each_split_by_itself(few_faces):
    torch.manual_seed(0)
    recipe = recipes.override(recipes.get("judge-avatars"), recipes.get("judge-avatars").smoke)
    model = recipe.build_model().requires_grad_(False)
    found = named(recipes.evaluate(recipe, model, n_images=15, parts=["model"]))
    for split, suffix in (("test", ""), ("novel", "_novel")):
        data = load_images("avatars", split)
        chosen = some(len(data), 15)
        h = model.body(2 * (data.images[chosen] / 255) - 1)
        out = (h * torch.sigmoid(h)) @ model.head.weight.t() + model.head.bias
        read = torch.stack([p.argmax(1) for p in out.split(model.n_values, 1)], 1)
        right = (read == data.labels[chosen]).double()
        expected = {f"accuracy{suffix}": right.mean(), f"all_right{suffix}": right.prod(1).mean()}
        for name, column in zip(data.classes, right.unbind(1), strict=True):
            expected[f"accuracy_{name}{suffix}"] = column.mean()
        for name, value in expected.items():
            assert found[name].value == pytest.approx(100 * value.item()), name
            assert f"15 random {split} images" in found[name].setting
    assert found["accuracy"].value != found["accuracy_novel"].value, "they are different faces"


class Reader(AttributeClassifier):
    """Reads two attributes by the brightness of each half; whether it is right is by chance."""

    event_shape, n_values = (3, 16, 16), (2, 3)

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def features(self, x: Tensor) -> Tensor:
        return torch.stack([x[..., :8].mean((1, 2, 3)), x[..., 8:].mean((1, 2, 3))], 1)

    def classify(self, features: Tensor) -> Tensor:
        left, right = features[:, :1], features[:, 1:]
        middles = torch.tensor([0.2, 0.5, 0.8])
        return torch.cat([0.5 - left, left - 0.5, -((right - middles) ** 2)], dim=1)


class Repaint(Editor):
    """Brightens the half of an attribute according to its new value, and adds what depends on
    the image."""

    event_shape, columns, n_values = (3, 16, 16), (0, 1), (2, 3)

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def edit(self, x: Tensor, values: Tensor) -> Tensor:
        y = x.clone()
        y[..., :8] = 0.7 * (0.25 + 0.5 * values[:, 0].view(-1, 1, 1, 1)) + 0.3 * x[..., :8]
        y[..., 8:] = 0.7 * (0.2 + 0.3 * values[:, 1].view(-1, 1, 1, 1)) + 0.4 * x[..., 8:]
        return y


def faces(n: int, seed: int) -> ImageSet:
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(n, 3, 16, 16, generator=generator) * torch.rand(n, 1, 1, 1, generator=generator)
    label = torch.stack([torch.randint(m, (n,), generator=generator) for m in (2, 3)], 1)
    return ImageSet((255 * x).round().to(torch.uint8), label, ("left", "right"))


def seen_by_reader(x: Tensor) -> np.ndarray:
    return Reader().features(x).double().numpy()


def read_by_reader(x: Tensor) -> np.ndarray:
    left, right = Reader().features(x).unbind(1)
    values = (left > 0.5).long(), (right > 0.35).long() + (right > 0.65).long()
    return torch.stack(values, 1).numpy()


def fid_of(real: np.ndarray, other: np.ndarray) -> float:
    S, T = np.cov(real.T), np.cov(other.T)
    apart = real.mean(0) - other.mean(0)
    root = scipy.linalg.sqrtm(S @ T).real
    return float(apart @ apart + np.trace(S + T - 2 * root))


def test_every_metric_of_edits():
    """Of five faces of twenty, at random; what they are compared with are the other fifteen, and
    as many training faces as there are edits, ten."""
    data, train = faces(20, 0), faces(30, 1)
    model, n = Repaint(), 5

    def truth(label: Tensor) -> Tensor:
        return (0.1 + 0.2 * label.sum(1).view(-1, 1, 1, 1)).expand(-1, 3, 16, 16)

    standardized = Standardized.by(Reader(), train)
    found = named(edit_metrics(model, Reader(), data, train, truth, standardized, batch=3))
    random = torch.randperm(20, generator=seeded(20))
    chosen = random[:n].sort().values
    x, own = data.images[chosen] / 255, data.labels[chosen]
    generator = seeded(0)
    edits, asked, kept, psnr, back = [], [], [], [], []
    for k, n_values in enumerate((2, 3)):
        values = own.clone()
        step = torch.randint(1, n_values, (n,), generator=generator)
        values[:, k] = (own[:, k] + step) % n_values
        assert (values[:, k] != own[:, k]).all()
        y = model.edit(x, values).clamp(0, 1)
        right = read_by_reader(y) == values.numpy()
        asked.append(right[:, k])
        kept.append(right[:, 1 - k])
        mse = ((y - truth(values)) ** 2).double().mean((1, 2, 3)).numpy()
        psnr.append(10 * np.log10(1 / mse))
        back.append((model.edit(y, own) - x).abs().double().mean((1, 2, 3)).numpy())
        edits.append(y)
    expected = {
        "edit_read": 100 * np.mean(asked),
        "edit_read_left": 100 * np.mean(asked[0]),
        "edit_read_right": 100 * np.mean(asked[1]),
        "edit_kept": 100 * np.mean(kept),
        "edit_psnr": np.mean(psnr),
        "edit_return": np.mean(back),
    }
    assert 0 < expected["edit_kept"] < 100
    for name, value in expected.items():
        assert found[name].value == pytest.approx(value, rel=1e-5), name
    raw = seen_by_reader(train.images / 255)

    def seen(x: Tensor) -> np.ndarray:
        return (seen_by_reader(x) - raw.mean(0)) / raw.std(0, ddof=1)

    others = random[n:].sort().values
    real, made = seen(data.images[others] / 255), seen(torch.cat(edits))
    reference = seen(train.images[some(30, 10)] / 255)
    for suffix, other in {"": made, "_train_reference": reference}.items():
        assert found[f"fid{suffix}"].value == pytest.approx(fid_of(real, other), rel=1e-4)
        precision, recall = covered(other, real, 3), covered(real, other, 3)
        assert found[f"precision{suffix}"].value == pytest.approx(100 * np.mean(precision))
        assert found[f"recall{suffix}"].value == pytest.approx(100 * np.mean(recall))
    assert found["fid"].setting == (
        "judge features v2, 10 edits of 5 random given images, "
        "15 random given images that were not edited"
    )
    assert found["fid_train_reference"].setting.startswith("judge features v2, 10 random training")


class Turn(UnpairedTranslator):
    """Gray by a weighted mean, less bright; color by a tint."""

    event_shape, other_shape = (3, 16, 16), (1, 16, 16)

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Parameter(torch.zeros(1))

    def forth(self, x: Tensor) -> Tensor:
        return 0.8 * x[:, :1] + 0.1 * x[:, 1:2] + 0.3 * x[:, 2:]

    def back(self, y: Tensor) -> Tensor:
        return torch.cat([y, 0.9 * y, 1.4 * y], 1)


def test_every_metric_of_translations():
    color, gray = faces(14, 0), faces(14, 5)
    both = torch.cat([color.images, gray.images[:, :1]], 1)
    data = ImageSet(both, color.labels, ("left", "right"))
    train = ImageSet(torch.cat([faces(20, 1).images, faces(20, 6).images[:, :1]], 1), *_labels(20))
    standardized = Standardized.by(Reader(), train)
    found = named(translation_metrics(Turn(), Reader(), data, train, standardized, batch=3))
    x, y = color.images / 255, gray.images[:, :1] / 255
    model = Turn()
    made_y, made_x = model.forth(x).clamp(0, 1), model.back(y).clamp(0, 1)
    errors = {
        "forth_error": made_y - y,
        "cycle_error": model.back(made_y) - x,
        "cycle_error_other": model.forth(made_x) - y,
    }
    for name, error in errors.items():
        assert found[name].value == pytest.approx(error.abs().double().mean().item(), rel=1e-5)
    right = read_by_reader(made_x) == color.labels.numpy()
    for k, name in enumerate(("left", "right")):
        assert found[f"back_read_{name}"].value == pytest.approx(100 * right[:, k].mean())
    raw = seen_by_reader(train.images[:, :3] / 255)

    def seen(x: Tensor) -> np.ndarray:
        return (seen_by_reader(x) - raw.mean(0)) / raw.std(0, ddof=1)

    random = torch.randperm(14, generator=seeded(14))
    translated, others = random[:7].sort().values, random[7:].sort().values
    real, reference = seen(x[others]), seen(train.images[some(20, 7), :3] / 255)
    for suffix, other in {"": seen(made_x[translated]), "_train_reference": reference}.items():
        assert found[f"fid{suffix}"].value == pytest.approx(fid_of(real, other), rel=1e-4)
        precision, recall = covered(other, real, 3), covered(real, other, 3)
        assert found[f"precision{suffix}"].value == pytest.approx(100 * np.mean(precision))
        assert found[f"recall{suffix}"].value == pytest.approx(100 * np.mean(recall))


def _labels(n: int) -> tuple[Tensor, tuple[str, ...]]:
    return torch.zeros(n, 2, dtype=torch.long), ("left", "right")
