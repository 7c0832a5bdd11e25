from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from genzoo.data import Batch, ImageSet, words
from genzoo.data.avatars import SCHEMA, changed, face
from genzoo.data.captions import GROUPS, LANGUAGES, caption
from genzoo.metrics.captions import caption_metrics, entropies
from genzoo.models import Text2Image, TextGame
from genzoo.models.text2image import (
    N_PHRASES,
    N_WRONG,
    mode_seeking,
    one_apart,
    wrong_labels,
)
from genzoo.objectives import Progress, Update
from genzoo.roles import AttributeClassifier, TextToImage

K = len(SCHEMA)
COLUMN = {name: k for k, name in enumerate(SCHEMA)}


def tiny(seed: int = 0) -> Text2Image:
    torch.manual_seed(seed)
    return Text2Image((3, 16, 16), n_latent=4, n_text=6, n_embedding=5, n_hidden=12, width=4)


def game(model: Text2Image | None = None, **settings) -> TextGame:
    given = dict(lr=1e-3, lr_critic=1e-3, width=2, n_wrong=2)
    return TextGame(model or tiny(), **given | settings)


def images(n: int, seed: int = 0) -> Tensor:
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def labels(n: int) -> Tensor:
    return torch.tensor([face(seed) for seed in range(n)])


def uniform(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_an_image_is_of_its_caption_and_its_noise_and_of_no_other_image():
    model = tiny().double()
    texts = ["a hat", "no hat", "모자", "long red hair, a hat"]
    phi = model.embed(words.batch(texts))
    z = model.draw_z(4, torch.Generator().manual_seed(0))
    made = model.paint(z, phi)
    assert made.shape == (4, 3, 16, 16)
    assert 0 <= made.min() < made.max() <= 1
    alone = torch.cat([model.paint(z[i : i + 1], phi[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(alone, made, rtol=1e-12, atol=1e-12)
    for other in (model.paint(z.flip(0), phi), model.paint(z, phi.flip(0))):
        assert (other - made).abs().flatten(1).mean(1).min() > 1e-3
    one, again = (model.images_of(texts, generator=torch.Generator().manual_seed(3)) for _ in "ab")
    assert torch.equal(one, again)
    z = model.draw_z(4, torch.Generator().manual_seed(3))
    assert torch.equal(one, model.images_from(words.batch(texts), z))


def test_an_embedding_knows_negation_but_neither_padding_nor_the_order_of_phrases():
    model = tiny().double()

    def phi(text: str, length: int = words.LENGTH) -> Tensor:
        phrases, _ = model.text(words.batch([text], length))
        return model.text.whole(phrases)[0]

    assert (phi("no hat") - phi("a hat")).abs().max() > 0.01
    assert (phi("모자 없음") - phi("모자")).abs().max() > 0.01
    assert (phi("red hair, a blue shirt") - phi("blue hair, a red shirt")).abs().max() > 0.01
    torch.testing.assert_close(phi("no hat", 5), phi("no hat", 20))
    a = phi("red hair, no hat, glasses")
    torch.testing.assert_close(a, phi("glasses, red hair, no hat"))
    torch.testing.assert_close(a, phi("red hair") + phi("no hat") + phi("glasses"))
    for text in ("", "purple", ","):
        assert not phi(text).any()


def test_each_phrase_has_an_embedding_of_its_own_words():
    model = tiny().double()
    texts = ["long red hair, no hat", "no hat", "", "no hat, purple, 안경", "no hat, purple frog"]
    phrases, there = model.text(words.batch(texts))
    assert phrases.shape == (5, 3, 6)
    expected = [[True, True, False], [True, False, False], [False] * 3]
    assert there.tolist() == [*expected, [True, False, True], [True, False, False]]
    for row, place in ((0, 1), (3, 0), (4, 0)):
        torch.testing.assert_close(phrases[row, place], phrases[1, 0])
    torch.testing.assert_close(phrases[0, 0], model.text(words.batch(["long red hair"]))[0][0, 0])
    assert not phrases[~there].any()
    longest = phrases[:1, :1].expand(1, N_PHRASES, 6)
    torch.testing.assert_close(model.text.whole(longest), 3 * phrases[:1, 0])


def test_an_unknown_word_leaves_a_gap():
    model = tiny()
    texts = ["a hat", "purple hat", "hat 🙂, frog", "no hat"]
    a, *same, other = model.embed(words.batch(texts))
    for phi in same:
        torch.testing.assert_close(phi, a)
    assert not torch.equal(other, a)


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (torch.zeros(2, 5, dtype=torch.long), r"shape \(B, 32\), not torch.int64 of shape \(2, 5"),
        (torch.zeros(2, 32), "whole numbers"),
        (torch.full((2, 32), 84), "Words must be 0 to 83"),
        (torch.full((2, 32), -1), "Words must be 0 to 83"),
    ],
)
def test_what_is_no_caption_is_refused(tokens, sentence):
    with pytest.raises(ValueError, match=sentence):
        tiny().generate(tokens)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"event_shape": (3, 24, 16)}, "multiples of 16, not 24 and 16"),
        ({"width": 0}, "at least 1"),
    ],
)
def test_sizes_that_no_generator_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        Text2Image(**change)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"gamma": -1.0}, "at least 0"),
        ({"lambda_ms": float("inf")}, "finite"),
        ({"lambda_read": -0.5}, "at least 0"),
        ({"mismatch_weight": 1.5}, "0 to 1"),
        ({"interpolated": -0.1}, "0 to 1"),
        ({"n_wrong": 0}, "at least 1"),
    ],
)
def test_settings_that_no_game_has_are_refused(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        game(**change)


def test_no_phrase_of_a_wrong_caption_is_true_and_many_are_nearly():
    n = 4000
    label = labels(1).expand(n, K)
    said, _ = words.sample_said(uniform(n, words.N_NOISE))
    wrong = wrong_labels(label, said, uniform(n, N_WRONG, seed=1))
    sizes = torch.tensor([len(values) for values in SCHEMA.values()])
    assert ((wrong >= 0) & (wrong < sizes)).all()
    differ = wrong != label
    for group in GROUPS:
        columns = [COLUMN[name] for name in group]
        spoken = said[:, columns].any(1)
        assert (differ & said)[spoken][:, columns].any(1).all()
    # Of a phrase about two attributes one at least differs, either as likely, and half the time
    # both do.
    both = said[:, 0] & said[:, 1]
    assert differ[both][:, :2].all(1).double().mean() == pytest.approx(0.5, abs=0.06)
    assert differ[both, 0].double().mean() == pytest.approx(0.75, abs=0.06)
    # Any other value is as likely.
    changed_to = wrong[differ[:, 1], 1].bincount(minlength=5)
    assert changed_to[label[0, 1]] == 0
    assert (changed_to / changed_to.sum()).sort().values[1:].sub(0.25).abs().max() < 0.04


def test_captions_of_a_step_are_right_and_wrong_in_the_same_words():
    play, label = game(), labels(5)
    u, v = uniform(5, words.N_NOISE), uniform(5, 3, N_WRONG, seed=1)
    none = torch.full((5,), 0.9)
    right, wrong, said = play.captions(label, u, v, none)
    assert torch.equal(right, words.sample_captions(label, u))
    assert wrong.shape == (15, words.LENGTH)
    for i, j in itertools.product(range(5), range(3)):
        expected = wrong_labels(label[i : i + 1], said[i : i + 1], v[i : i + 1, j])
        language = (u[i : i + 1, 0] * 2).long()
        [text] = words.captions_of(expected, said[i : i + 1], language)
        assert words.encode(text)[0] == [t for t in wrong[5 * j + i].tolist() if t > 1]
        assert not torch.equal(wrong[5 * j + i], right[i])


def test_one_attribute_may_have_a_phrase_of_its_own():
    """At the end, and of the same face; the longest caption still has room."""
    one = face(3, hair="long", hair_color="red", clothes="hoodie", clothes_color="blue")
    label = torch.tensor([one] * 3)
    u = torch.full((3, words.N_NOISE), 1 - 1e-6)  # all is said, in Korean
    u[:, 0] = 0  # in English
    w = torch.tensor([0.1, 0.5, 0.9])
    right, wrong, said = game().captions(label, u, uniform(3, 2, N_WRONG), w)
    assert said.all()
    texts = [words.decode(row) for row in right.tolist()]
    assert texts[0].startswith("long hair, ")
    assert texts[0].endswith(", red hair")
    assert "long red hair" in texts[1]
    assert ", hoodie, " in texts[1]
    assert texts[1].endswith(", blue clothes")
    assert "long red hair" in texts[2]
    assert "blue hoodie" in texts[2]
    for text, row in zip(texts, wrong[:3].tolist(), strict=True):
        assert len(words.decode(row).split(", ")) == len(text.split(", "))
        assert not set(words.decode(row).split(", ")) & set(text.split(", "))


def test_an_attribute_is_put_apart_only_where_it_would_share_a_phrase():
    said, _ = words.sample_said(uniform(3000, words.N_NOISE))
    w = uniform(3000, seed=1)
    apart = one_apart(said, w)
    assert not (apart & ~said).any()
    assert apart.sum(1).max() == 1
    for k, (first, second) in enumerate((("hair", "hair_color"), ("clothes", "clothes_color"))):
        both = said[:, COLUMN[first]] & said[:, COLUMN[second]]
        chosen = (w >= k / 3) & (w < (k + 1) / 3)
        assert torch.equal(apart[:, COLUMN[second]], both & chosen)


@pytest.mark.parametrize("B", [4, 5])
def test_two_images_are_of_each_caption_and_some_half_way_between_two(B):
    first, second, halfway = game(interpolated=0.5).pairs(
        B, torch.tensor([0.4, 0.6, 0.7, 0.1, 0.2][:B])
    )
    expected = {4: [0, 1, 0, 1], 5: [0, 1, 2, 0, 1]}[B]
    assert first.tolist() == expected
    half = (B + 1) // 2
    assert second.tolist() == [(i - 1) % half for i in expected]
    assert halfway.tolist() == [[True, False, False][i] for i in expected]


class Noted(Update):
    """The costs, in place of the steps."""

    def __init__(self):
        self.costs: dict[str, float] = {}

    def __call__(self, player: str, cost: Tensor) -> None:
        self.costs[player] = cost.item()


@pytest.mark.parametrize("step", [0, 1])
def test_what_both_minimize(step):
    play = game(
        tiny().double(), mismatch_weight=0.25, lambda_ms=0.3, lambda_read=2.0, gamma=0.7,
        r1_interval=4, interpolated=0.5,
    ).double()  # fmt: skip
    x, label, note = images(4).double(), labels(4), Noted()
    play.step(Batch(x, label), note, Progress(step, 4 * step, 48, seed=1))

    at, model = Progress(step, 4 * step, 48, seed=1), play.model
    right, wrong, said = play.captions(
        label, at.rand(4, words.N_NOISE), at.rand(4, 2, N_WRONG), at.rand(4)
    )
    halfway = (at.rand(4) < 0.5)[:2].tolist()
    assert sorted(halfway) == [False, True]
    z = at.randn(4, 4)

    def phrases(tokens: Tensor) -> list[Tensor]:
        """The embeddings of the phrases of each caption, one by one."""
        return [e[there] for e, there in zip(*model.text(tokens), strict=True)]

    def s(logits: Tensor, sign: int) -> float:
        return (1 + (sign * logits).exp()).log().mean().item()

    def seen(image: Tensor, of: Tensor) -> tuple[Tensor, Tensor]:
        """The logits of one image, and of it with each phrase."""
        f = play.critic.trunk(2 * image[None] - 1)[0]
        alone = play.critic.real.weight[0] @ f + play.critic.real.bias[0]
        return alone, torch.stack([alone + (play.critic.project.weight @ p) @ f for p in of])

    def read(image: Tensor, of: Tensor) -> Tensor:
        """What the reader says of one image with each phrase."""
        f = play.critic.trunk(2 * image[None] - 1)[0]
        return torch.stack([(play.critic.reader.weight @ p) @ f for p in of])

    def whole(image: Tensor, of: Tensor) -> Tensor:
        alone, each = seen(image, of)
        return torch.cat([alone[None], each])

    told, first, second = phrases(right), *(phrases(w) for w in wrong.split(4))
    phi = [p.sum(0) / 3 for p in told]
    given = [(phi[i] + phi[1 - i]) / 2 if halfway[i] else phi[i] for i in (0, 1)] * 2
    fake = model.paint(z.double(), torch.stack(given))
    of_fake = [told[i % 2][: 0 if halfway[i % 2] else None] for i in range(4)]

    critic = generator = 0.0
    for i in range(4):
        on_fake = whole(fake[i], of_fake[i]) if len(of_fake[i]) else seen(fake[i], told[0])[0]
        critic += s(whole(x[i], told[i]), -1) + 0.75 * s(on_fake, 1)
        critic += 0.25 * (s(seen(x[i], first[i])[1], 1) + s(seen(x[i], second[i])[1], 1)) / 2
        critic += s(read(x[i], told[i]), -1)
        critic += (s(read(x[i], first[i]), 1) + s(read(x[i], second[i]), 1)) / 2
        generator += s(on_fake, -1)
        if len(of_fake[i]):
            generator += 2.0 * s(read(fake[i], of_fake[i]), -1)
        if step == 0:
            signed = (2 * x[i] - 1).requires_grad_()
            total = whole((signed + 1) / 2, told[i]).sum()
            (gradient,) = torch.autograd.grad(total, signed)
            critic += 0.7 / 2 * 4 * gradient.square().sum().item()
    assert note.costs["critic"] == pytest.approx(critic / 4, rel=1e-6)

    alike = 0.0
    for i in range(2):
        apart = 2 * (fake[i] - fake[2 + i]).abs().mean() / (z[i] - z[2 + i]).abs().mean()
        alike += (~said[i]).double().mean().item() / (apart.item() + 0.01) / 2
    assert note.costs["generator"] == pytest.approx(generator / 4 + 0.3 * alike, rel=1e-6)


def test_images_that_differ_less_than_their_noise_cost_more():
    z, weight = uniform(4, 3), torch.ones(2)
    x = images(4)
    nearer = torch.cat([x[:2], x[:2] + 0.1 * (x[2:] - x[:2])])
    assert mode_seeking(z, nearer, weight) > mode_seeking(z, x, weight)
    assert mode_seeking(z, x, 0 * weight) == 0
    assert mode_seeking(z[:1], x[:1], weight[:0]) == 0


def test_each_player_moves_only_its_own():
    play = game()
    moved = {}

    class Traced(Update):
        def __call__(self, player: str, cost: Tensor) -> None:
            before = {k: v.clone() for k, v in play.state_dict().items()}
            super().__call__(player, cost)
            moved[player] = {
                ".".join(k.split(".")[:2])
                for k, v in play.state_dict().items()
                if not torch.equal(v, before[k])
            }

    step = Progress(0, 0, 48, seed=0)
    play.step(Batch(images(8), labels(8)), Traced(play.optimizers()), step)
    assert moved["generator"] == {"model.generator"}
    critic = ("critic.trunk", "critic.real", "critic.project", "critic.reader")
    assert moved["critic"] == {"model.text", *critic}


def test_text_encoder_and_reader_learn_by_real_images_alone(monkeypatch):
    play = game()
    by_encoder: dict[str, list[bool]] = {"logits": [], "read": []}

    def noted(name: str) -> None:
        real = getattr(play.critic, name)

        def call(f: Tensor, phrases: Tensor) -> Tensor:
            by_encoder[name].append(phrases.requires_grad)
            return real(f, phrases)

        monkeypatch.setattr(play.critic, name, call)

    noted("logits")
    noted("read")
    play.step(Batch(images(4), labels(4)), Noted(), Progress(1, 4, 48, seed=0))
    # By right and wrong captions of real images, then by generated ones for each of the players.
    assert by_encoder["logits"] == [True, True, False, False]
    assert by_encoder["read"] == [True, True, False]  # the reader itself sees none of those


def hats(n: int, generator: torch.Generator) -> Batch:
    """The upper half is bright where there is a hat; the lower one is of one of the five colors of
    the clothes."""
    label = torch.stack(
        [torch.randint(len(v), (n,), generator=generator) for v in SCHEMA.values()]
    )
    label = label.T.contiguous()
    return Batch(flat(label), label)


def flat(label: Tensor) -> Tensor:
    x = torch.full((len(label), 3, 16, 16), 0.2)
    x[:, :, :8] += 0.6 * label[:, COLUMN["hat"], None, None, None]
    gray = 0.15 * label[:, COLUMN["clothes_color"], None, None]
    x[:, 0, 8:] += gray
    return x


def test_it_learns_to_read_and_a_wrong_caption_lowers_the_score(monkeypatch):
    """Only the hat is said, in either language."""

    def sample_said(u: Tensor) -> tuple[Tensor, Tensor]:
        said = torch.zeros(len(u), K, dtype=torch.bool)
        said[:, COLUMN["hat"]] = True
        return said, (u[:, 0] * 2).long()

    monkeypatch.setattr(words, "sample_said", sample_said)
    play = game(tiny(), lr=2e-3, lr_critic=2e-3, width=4, gamma=0.1)
    update, generator = Update(play.optimizers()), torch.Generator().manual_seed(0)
    for step in range(150):
        report = play.step(hats(16, generator), update, Progress(step, 0, 48, seed=0))
    assert all(value.ndim == 0 for value in report.values())
    test = hats(60, generator)
    figures = play.evaluate(test)
    assert all(value.shape == (60,) for value in figures.values())
    assert figures["matched"].mean() > 0.95
    hat = test.label[:, COLUMN["hat"]].bool()
    for texts in (("no hat", "a hat"), ("모자 없음", "모자")):
        phrases, _ = play.model.text(words.batch(texts))
        none, on = (play.logits(test.x, p.expand(60, -1, -1))[:, 1] for p in phrases)
        assert ((on > none) == hat).float().mean() > 0.95
        made = play.model.images_of([t for t in texts for _ in range(20)])
        bright = made[:, :, 1:7].mean((1, 2, 3))
        assert bright[:20].mean() + 0.3 < bright[20:].mean()


# What is measured


class Paints(TextToImage):
    """Rows of the values that are said; what is not said is the first value, or any."""

    knowledge = "implicit"
    event_shape = (3, 16, 16)

    def __init__(self, fixed: bool, deaf: tuple[str, ...] = (), korean: bool = True):
        super().__init__()
        self.fixed, self.deaf, self.korean = fixed, deaf, korean

    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        return torch.rand(n, K, generator=generator) * (not self.fixed)

    def images_in_steps(self, tokens: Tensor, z: Tensor) -> Iterator[Tensor]:
        rows = []
        for row, u in zip(tokens.tolist(), z, strict=True):
            label = (u * torch.tensor([len(v) for v in SCHEMA.values()])).long()
            text = words.decode(row)
            if not self.korean and not text.isascii():
                text = ""
            for phrase in words.reading(text):
                for name, value in phrase.says.items():
                    if name not in self.deaf:
                        label[COLUMN[name]] = SCHEMA[name].index(value)
            rows.append(label)
        yield coded(torch.stack(rows))


def coded(label: Tensor) -> Tensor:
    """Attribute k as the brightness of row k."""
    x = torch.zeros(len(label), 3, 16, 16)
    x[:, :, :K] = (label / 8)[:, None, :, None]
    return x


class ReadsRows(AttributeClassifier):
    event_shape, n_values = (3, 16, 16), tuple(len(v) for v in SCHEMA.values())

    def features(self, x: Tensor) -> Tensor:
        return 8 * x[:, 0, :K, 0]

    def classify(self, features: Tensor) -> Tensor:
        each = zip(features.unbind(1), self.n_values, strict=True)
        return torch.cat([-(f[:, None] - torch.arange(n)).abs() for f, n in each], dim=1)


def few(n: int) -> ImageSet:
    label = labels(n)
    return ImageSet((255 * coded(label)).round().to(torch.uint8), label, tuple(SCHEMA))


def measured(model: TextToImage) -> dict[str, float]:
    novel = replace(few(30), split="novel")
    figures = caption_metrics(model, ReadsRows(), novel, few(500), ("hair",))
    assert all("30 novel images" in f.setting for f in figures)
    return {f.name: f.value for f in figures}


def test_a_painter_of_the_truth_is_measured_as_one():
    figures = measured(Paints(fixed=False))
    assert {f"text_read_{name}" for name in SCHEMA} < set(figures)
    for name, value in figures.items():
        if name != "text_entropy":
            assert value == 100, name
    assert figures["text_entropy"] == pytest.approx(100, abs=2.5)


def test_what_is_not_heeded_or_does_not_vary_is_measured():
    figures = measured(Paints(fixed=True, deaf=("hat",)))
    assert figures["text_entropy"] == 0
    without = 100 * (labels(30)[:, COLUMN["hat"]] == 0).double().mean().item()
    assert figures["text_read_hat"] == pytest.approx(without)
    assert figures["text_all_right"] == pytest.approx(without)
    assert figures["text_read_glasses"] == 100
    for name in ("text_read", "text_read_en", "text_read_ko"):
        assert figures[name] == pytest.approx((10 * 100 + without) / 11)
    assert without / 11 < figures["text_read_partial"] < 100


def test_each_language_is_measured_by_itself():
    figures = measured(Paints(fixed=True, korean=False))
    assert figures["text_read_en"] == 100
    assert figures["text_read_ko"] == pytest.approx(100 * (labels(30) == 0).double().mean().item())
    assert figures["text_read"] == pytest.approx(
        (figures["text_read_en"] + figures["text_read_ko"]) / 2
    )


def test_entropy_is_that_of_the_shares():
    values = torch.tensor([[[0, 1], [0, 0], [1, 1], [1, 2]]])
    expected = [0.6931471805599453, 1.0397207708399179]
    torch.testing.assert_close(entropies(values, (2, 3))[0].tolist(), expected)


def test_a_sheet_has_a_row_for_each_caption_that_begins_with_the_real_image():
    data = few(8)
    model = Paints(fixed=True)
    sheet = model.preview(data, torch.Generator().manual_seed(0))
    assert sheet.shape == (64, 3, 16, 16)
    rows = sheet.unflatten(0, (8, 8))
    torch.testing.assert_close(rows[:, 0], data.scaled(), rtol=0, atol=0)
    assert torch.equal(rows[:, 1], rows[:, 7])


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_of_every_phrase_matters(language):
    """No two values of an attribute have the same embedding at the start."""
    model = tiny().double()
    one = face(3)
    for group in GROUPS:
        name = group[0]
        texts = [caption(changed(one, **{name: v}), language, [name]) for v in SCHEMA[name]]
        phi = model.embed(words.batch(texts))
        apart = torch.cdist(phi, phi) + torch.eye(len(phi))
        assert apart.min() > 1e-3
