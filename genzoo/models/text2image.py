"""GAN-CLS: images of captions, by a game in which the discriminator knows the caption.

Reed, Akata, Yan, Logeswaran, Schiele and Lee, "Generative Adversarial Text to Image Synthesis",
ICML 2016 (arXiv:1605.05396).

The generator makes an image x^ = G(z, phi(t)) of noise z and the embedding phi(t) of a caption t.
The discriminator D(x, t) is told three kinds: real images with a right caption t, which it should
accept, real images with a wrong caption w, and generated images with the caption that they were
made of (GAN-CLS). Without the second kind it may tell real from generated and never read. Here it
judges each phrase of a caption separately: D_j(x, t) is its logit for "x is a real image, and
phrase j of t is true of it". With s(u) = log(1 + e^u), and means over the phrases:

    L_D = E[s(-D(x, t)) + (1 - a) s(D(x^, t)) + a s(D(x, w))] + (gamma / 2) E|grad_x D(x, t)|^2
          + E[s(-R(x, t)) + s(R(x, w))]
    L_G = E[s(-D(x^, t))] + lambda_read E[s(-R(x^, t))]
          + lambda_ms E[unsaid(t) d(z, z') / d(x^, x^')]

Some images are made of an embedding half way between those of two captions, which no caption need
have (GAN-INT), so that what lies between captions looks real too.

Differs from the paper:
- The paper's D has one logit for a whole caption. By that, one small part of a face that is not as
  it was said is one reason among eleven for the same answer.
- A reader R beside D, with the same features, says of each phrase whether it is true of an image,
  and learns by real images alone. D refuses what is generated whatever it shows, so to G a phrase
  that it followed looks hardly better than one that it did not; R tells them apart (Xu et al.,
  "AttnGAN", 2018, arXiv:1711.10485, train by a loss of matching for the same reason).
- The text encoder is small and learns with the discriminator, by real images alone (Reed et al.,
  "Learning Deep Representations of Fine-grained Visual Descriptions", 2016, learn it before): what
  the discriminator needs to tell right phrases from wrong ones is what an embedding has to say.
  Both may begin before the generator does. The embedding of a caption is the sum of those of its
  phrases, so that a combination that was never seen is made of parts that were.
- D is a projection (Miyato and Koyama, "cGANs with Projection Discriminator", 2018,
  arXiv:1802.05637), its slope at real images is penalized (Mescheder et al., 2018), and it
  normalizes nothing.
- The noise is easily ignored where the caption says much. The last part of L_G, of two images of
  one caption with noise z and z', asks that they differ, the more the less is said (Mao et al.,
  "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis", 2019,
  arXiv:1903.05628).
- The generator is told the embedding and z at every resolution, by a scale and a shift (Chen et
  al., "On Self Modulation for Generative Adversarial Networks", 2019), through dense layers and
  past them, so that a word can move a channel directly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data import words
from genzoo.data.avatars import SCHEMA
from genzoo.data.batches import Batch, seeded
from genzoo.data.captions import GROUPS
from genzoo.nn.conv import SLOPE, begin_smooth, image_shape
from genzoo.nn.translate import patch_critic
from genzoo.objectives.adversarial import r1_penalty
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import TextToImage

LEVELS = 4
"""How often the discriminator halves an image, and the generator doubles one."""

NEAR = 1e-2
"""Added to the distance of two images, relative to that of their noise: equal images would ask for
a difference with infinite force."""


N_WRONG = 3 * len(SCHEMA)
"""Numbers of noise that decide what is wrong of a face."""

N_PHRASES = len(GROUPS)
"""Phrases of the longest caption of the grammar."""


class TextEncoder(nn.Module):
    """phi: captions (B, L) to an embedding of each of their phrases.

    Each word is seen with its two neighbors in its phrase, so that "no hat" is not "hat" and a
    color belongs to what is named after it (Kim, "Convolutional Neural Networks for Sentence
    Classification", 2014). The embedding of a phrase is the sum over its words, so that "long red
    hair" is made of "long" and "red" from the start. An unknown word leaves a gap.

    Args:
        n_words: size of the vocabulary.
        n_embedding: numbers of each word.
        n_features: how many things are looked for.
        n_out: numbers of an embedding.
    """

    def __init__(self, n_words: int, n_embedding: int, n_features: int, n_out: int):
        super().__init__()
        self.words = nn.Embedding(n_words, n_embedding)
        self.see = nn.Linear(3 * n_embedding, n_features)
        self.say = nn.Linear(n_features, n_out)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The embeddings (B, P, n_out) of the phrases, and which of the P there are (B, P) bool.
        One without a known word is none, and its embedding is 0."""
        is_word = tokens > words.COMMA
        e = self.words(tokens) * is_word.unsqueeze(2)  # (B, L, E)
        around = F.pad(e, (0, 0, 1, 1))
        seen = F.relu(self.see(torch.cat([around[:, :-2], e, around[:, 2:]], dim=2)))
        said = self.say(seen).to(e.dtype)
        number = (tokens == words.COMMA).cumsum(1)  # of the phrase that a word stands in
        P = int(number.max()) + 1 if number.numel() else 1
        of = F.one_hot(number, P) * is_word.unsqueeze(2)  # (B, L, P)
        return of.mT.to(said) @ said, of.any(1)

    @staticmethod
    def whole(phrases: Tensor) -> Tensor:
        """The embedding (B, n_out) of captions by those of their phrases (B, P, n_out): their sum,
        over the square root of how many the longest caption has."""
        return phrases.sum(1) / math.sqrt(N_PHRASES)


class Modulated(nn.Module):
    """Twice the resolution, each image normalized separately, a scale and a shift of each channel
    by w, ReLU: (B, n_in, H, W) and w (B, n_w) to (B, n_out, 2H, 2W).

    Args:
        n_in, n_out: channels before and after.
        n_w: numbers of w.
    """

    def __init__(self, n_in: int, n_out: int, n_w: int):
        super().__init__()
        self.up = nn.ConvTranspose2d(n_in, n_out, 4, stride=2, padding=1, bias=False)
        self.norm = nn.GroupNorm(1, n_out)
        self.scale_shift = nn.Linear(n_w, 2 * n_out)
        nn.init.zeros_(self.scale_shift.bias)
        begin_smooth(self.up)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        scale, shift = self.scale_shift(w)[:, :, None, None].chunk(2, dim=1)
        return F.relu(self.norm(self.up(x)) * (1 + scale) + shift)


class Generator(nn.Module):
    """G: noise z (B, n_latent) and embeddings (B, n_text) to images (B, C, H, W) in [0, 1].

    Args:
        event_shape: (C, H, W), H and W multiples of 16.
        n_latent, n_text: numbers of z and of an embedding.
        n_hidden: units of the two dense layers that z and the embedding pass through together.
        width: channels at half the resolution; two, four and four times as many below it.
    """

    def __init__(
        self,
        event_shape: tuple[int, int, int],
        n_latent: int,
        n_text: int,
        n_hidden: int,
        width: int,
    ):
        super().__init__()
        C, H, W = event_shape
        layers: list[nn.Module] = []
        for n_in in (n_latent + n_text, n_hidden):
            dense = nn.Linear(n_in, n_hidden)
            nn.init.kaiming_normal_(dense.weight, SLOPE)
            nn.init.zeros_(dense.bias)
            layers += [dense, nn.LeakyReLU(SLOPE)]
        self.dense = nn.Sequential(*layers)
        n = [4 * width, 4 * width, 2 * width, width]
        deep = (n[0], H >> LEVELS, W >> LEVELS)
        n_w = n_hidden + n_latent + n_text
        self.start = nn.Sequential(nn.Linear(n_w, math.prod(deep)), nn.Unflatten(1, deep))
        self.levels = nn.ModuleList(Modulated(a, b, n_w) for a, b in itertools.pairwise(n))
        last = nn.Conv2d(width, 4 * C, 3, padding=1)
        begin_smooth(last)
        self.out = nn.Sequential(last, nn.PixelShuffle(2))

    def forward(self, z: Tensor, phi: Tensor) -> Tensor:
        told = torch.cat([z, phi], dim=1)
        w = torch.cat([self.dense(told), told], dim=1)
        x = F.relu(self.start(w))
        for level in self.levels:
            x = level(x, w)
        return torch.sigmoid(self.out(x).to(told.dtype))


class Text2Image(TextToImage):
    """The generator with its text encoder; p(z) = N(0, I).

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of 16.
        n_latent: numbers of z.
        n_text: numbers of an embedding.
        n_embedding: numbers of each word.
        n_hidden: units of the generator's dense layers, and what the text encoder looks for.
        width: channels at half the resolution.
    """

    knowledge = "implicit"

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        n_latent: int = 64,
        n_text: int = 128,
        n_embedding: int = 64,
        n_hidden: int = 256,
        width: int = 64,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, n_latent, n_text, n_embedding, n_hidden, width) < 1:
            raise ValueError("Sizes of a Text2Image must be at least 1.")
        if H % 2**LEVELS or W % 2**LEVELS:
            raise ValueError(f"Height and width must be multiples of 16, not {H} and {W}.")
        self.event_shape, self.latent_shape, self.n_text = (C, H, W), (n_latent,), n_text
        self.text = TextEncoder(len(words.vocabulary()), n_embedding, n_hidden, n_text)
        self.generator = Generator((C, H, W), n_latent, n_text, n_hidden, width)

    def images_in_steps(self, tokens: Tensor, z: Tensor) -> Iterator[Tensor]:
        yield self.paint(z, self.embed(tokens))

    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n samples of p(z), (n, n_latent)."""
        return torch.randn(n, *self.latent_shape, generator=generator).to(self.text.say.weight)

    def embed(self, tokens: Tensor) -> Tensor:
        """phi of captions (B, n_tokens), (B, n_text)."""
        self.check_tokens(tokens)
        phrases, _ = self.text(tokens)
        return self.text.whole(phrases)

    def paint(self, z: Tensor, phi: Tensor) -> Tensor:
        """The images (B, *event_shape) of noise z (B, n_latent) and embeddings phi (B, n_text),
        those of captions or any between them."""
        return self.generator(z, phi)


class TextDiscriminator(nn.Module):
    """D: a logit for an image and each phrase of a caption, in two steps, since one image is
    looked at with several captions: features f(x), then w . f(x) + b + (V p_j) . f(x) of the
    embedding p_j of phrase j. And R: (U p_j) . f(x), the logit for "phrase j is true of x".

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of 16.
        n_text: numbers of an embedding.
        width: channels at half the resolution; twice as many at each further level.
    """

    def __init__(self, event_shape: tuple[int, int, int], n_text: int, width: int):
        super().__init__()
        C, H, W = event_shape
        n = width * 2 ** (LEVELS - 1) * (H >> LEVELS) * (W >> LEVELS)
        self.trunk = nn.Sequential(patch_critic(C, width, LEVELS), nn.Flatten())
        self.real = nn.Linear(n, 1)
        self.project = nn.Linear(n_text, n, bias=False)
        self.reader = nn.Linear(n_text, n, bias=False)
        for layer in (self.project, self.reader):
            nn.init.normal_(layer.weight, std=1 / math.sqrt(n * n_text))

    def features(self, signed: Tensor) -> Tensor:
        """f (B, n_features) of images (B, C, H, W) in [-1, 1]."""
        return self.trunk(signed).to(signed.dtype)

    def logits(self, f: Tensor, phrases: Tensor) -> Tensor:
        """D, (B, 1 + P), by features f (B, n_features) and embeddings of phrases
        (B, P, n_text): the first of the image alone, then one for each phrase."""
        true = torch.einsum("bpn,bn->bp", self.project(phrases).to(f.dtype), f)
        real = self.real(f).to(f.dtype)
        return torch.cat([real, real + true], dim=1)

    def read(self, f: Tensor, phrases: Tensor) -> Tensor:
        """R, (B, P), by features f (B, n_features) and embeddings of phrases (B, P, n_text)."""
        return torch.einsum("bpn,bn->bp", self.reader(phrases).to(f.dtype), f)


class TextGame(Objective):
    """The game of both, on images whose labels are the attributes of avatars.

    Args:
        model: the generator and the text encoder.
        lr, lr_critic: Adam's learning rates of the generator, and of the discriminator and the
            text encoder, above 0.
        width: channels of the discriminator at half the resolution, at least 1.
        mismatch_weight: a, the weight of real images with wrong phrases among what the
            discriminator is to refuse, 0 to 1.
        n_wrong: wrong captions of each real image, at least 1.
        interpolated: the share of generated images whose embedding is half way between those of
            two captions, 0 to 1.
        lambda_ms: weight of the mode-seeking loss, at least 0.
        lambda_read: weight of what the reader says of generated images, at least 0.
        gamma: weight of R1, on the sum of an image's logits, at least 0; see
            `genzoo.objectives.adversarial.r1_penalty`.
        r1_interval: steps from one with R1 to the next, at least 1; R1 is multiplied by it.
        pretrain_fraction: fraction of the training, at its start, in which the discriminator
            learns to read by real images alone, and the generator rests, 0 to 1.
    """

    scheduled = True  # it begins with `pretrain_fraction` of the training

    model: Text2Image

    def __init__(
        self,
        model: Text2Image,
        lr: float,
        lr_critic: float,
        width: int = 48,
        mismatch_weight: float = 0.5,
        n_wrong: int = 2,
        interpolated: float = 0.25,
        lambda_ms: float = 0.1,
        lambda_read: float = 0.0,
        gamma: float = 1.0,
        r1_interval: int = 8,
        pretrain_fraction: float = 0.0,
    ):
        super().__init__()
        if not all(0 <= weight < math.inf for weight in (lambda_ms, lambda_read, gamma)):
            raise ValueError("Weights must be at least 0 and finite.")
        if not (0 <= mismatch_weight <= 1 and 0 <= interpolated <= 1):
            raise ValueError("mismatch_weight and interpolated must be 0 to 1.")
        if not 0 <= pretrain_fraction < 1:
            raise ValueError("pretrain_fraction must be at least 0 and below 1.")
        if r1_interval < 1 or n_wrong < 1:
            raise ValueError("r1_interval and n_wrong must be at least 1.")
        self.model, self.lr, self.lr_critic = model, lr, lr_critic
        self.mismatch_weight, self.n_wrong = mismatch_weight, n_wrong
        self.interpolated = interpolated
        self.lambda_ms, self.lambda_read = lambda_ms, lambda_read
        self.gamma, self.r1_interval = gamma, r1_interval
        self.pretrain_fraction = pretrain_fraction
        self.critic = TextDiscriminator(image_shape(model.event_shape), model.n_text, width)

    def optimizers(self) -> dict[str, Optimizer]:
        readers = [*self.critic.parameters(), *self.model.text.parameters()]
        return {
            "critic": adam(readers, self.lr_critic, beta1=0.5, beta2=0.99),
            "generator": adam(self.model.generator.parameters(), self.lr, beta1=0.5, beta2=0.99),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x, B, device = batch.x, len(batch.x), batch.x.device
        right, wrong, said = self.captions(
            batch.label, at.rand(B, words.N_NOISE), at.rand(B, self.n_wrong, N_WRONG), at.rand(B)
        )
        phrases, there = self.model.text(right)
        phrases_wrong, there_wrong = self.model.text(wrong)
        signed = (2 * x - 1).requires_grad_()
        f = self.critic.features(signed)
        on_real = self.critic.logits(f, phrases)
        on_wrong = self.critic.logits(f.repeat(self.n_wrong, 1), phrases_wrong)[:, 1:]
        critic = self._reading(on_real, there, on_wrong, there_wrong).mean()
        critic = critic + self._read(f, phrases, there, phrases_wrong, there_wrong).mean()
        matched = self.matched(on_real, on_wrong, there, there_wrong).mean()
        report = {"matched": matched}

        playing = at.fraction >= self.pretrain_fraction
        if playing:
            first, second, halfway = self.pairs(B, at.rand(B, device=device))
            fixed = phrases.detach()
            phi = self.model.text.whole(fixed)
            phi = torch.where(halfway[:, None], (phi[first] + phi[second]) / 2, phi[first])
            z = at.randn(B, *self.model.latent_shape, device=device)
            fake = self.model.paint(z, phi)
            told, counts = fixed[first], with_image(there[first] & ~halfway[:, None])
            on_fake = self.logits(fake.detach(), told)
            refused = mean_where(F.softplus(on_fake), counts).mean()
            critic = critic + (1 - self.mismatch_weight) * refused
        cost = critic
        if self.gamma and at.step % self.r1_interval == 0:
            total = (on_real * with_image(there)).sum(1)
            cost = cost + r1_penalty(total, signed, self.gamma * self.r1_interval)
        update("critic", cost)
        report["critic"] = critic

        if playing:
            seen = self.critic.features(2 * fake - 1)
            on_fake = self.critic.logits(seen, told)
            generator = mean_where(F.softplus(-on_fake), counts).mean()
            followed = mean_where(F.softplus(-self.critic.read(seen, told)), counts[:, 1:]).mean()
            unsaid = 1 - said.to(x.dtype).mean(1)[: B // 2]
            alike = mode_seeking(z, fake, unsaid)
            told_so = self.lambda_read * followed + self.lambda_ms * alike
            update("generator", generator + told_so)
            report |= {"generator": generator, "followed": followed, "alike": alike}
        return {name: figure.detach() for name, figure in report.items()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x, B, device = batch.x, len(batch.x), batch.x.device
        generator = seeded(0)
        right, wrong, _ = self.captions(
            batch.label,
            torch.rand(B, words.N_NOISE, generator=generator),
            torch.rand(B, self.n_wrong, N_WRONG, generator=generator),
            torch.rand(B, generator=generator),
        )
        (phrases, there), f = self.model.text(right), self.critic.features(2 * x - 1)
        z = self.model.draw_z(B, generator).to(device)
        on_fake = self.logits(self.model.paint(z, self.model.text.whole(phrases)), phrases)
        on_real = self.critic.logits(f, phrases)
        phrases_wrong, there_wrong = self.model.text(wrong)
        on_wrong = self.critic.logits(f.repeat(self.n_wrong, 1), phrases_wrong)[:, 1:]
        return {
            "critic": self._reading(on_real, there, on_wrong, there_wrong)
            + self._read(f, phrases, there, phrases_wrong, there_wrong)
            + (1 - self.mismatch_weight) * mean_where(F.softplus(on_fake), with_image(there)),
            "generator": mean_where(F.softplus(-on_fake), with_image(there)),
            "matched": self.matched(on_real, on_wrong, there, there_wrong),
        }

    def captions(
        self, label: Tensor, u: Tensor, v: Tensor, w: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Captions of faces `label` (B, attributes), by uniform noise u (B, N_NOISE) and
        v (B, n_wrong, N_WRONG) and w (B,) in [0, 1): right ones (B, L); wrong ones that speak of
        the same in the same language (n_wrong B, L), the first of every face before the second
        ones; and what is said (B, attributes). Where one of two attributes that could share a
        phrase has its own, see `one_apart`, it comes last."""
        device, label, n = label.device, label.cpu(), v.shape[1]
        said, language = words.sample_said(u.cpu())
        wrong = torch.cat([wrong_labels(label, said, w) for w in v.cpu().unbind(1)])
        apart = one_apart(said, w.cpu())
        faces, language = torch.cat([label, wrong]), language.repeat(1 + n)
        texts = words.captions_of(faces, (said & ~apart).repeat(1 + n, 1), language)
        rows = apart.any(1).repeat(1 + n)
        more = iter(words.captions_of(faces[rows], apart.repeat(1 + n, 1)[rows], language[rows]))
        texts = [
            f"{text}, {next(more)}" if row else text
            for text, row in zip(texts, rows.tolist(), strict=True)
        ]
        tokens = words.batch(texts, self.model.n_tokens).to(device)
        return tokens[: len(label)], tokens[len(label) :], said.to(device)

    def pairs(self, B: int, u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What B images are generated of: the caption of each (B,), those of the first half of
        the batch twice over, so that two images are of one; another caption (B,); and whether it
        is half way between the two (B,), which by u (B,) in [0, 1) are a share of `interpolated`.
        """
        half = B - B // 2
        i = torch.arange(half, device=u.device)
        twice = torch.cat([i, i[: B // 2]])
        return twice, i.roll(1)[twice], (u[:half] < self.interpolated)[twice]

    def logits(self, x: Tensor, phrases: Tensor) -> Tensor:
        """D, (B, 1 + P), of images x (B, *event_shape) in [0, 1] and embeddings of phrases
        (B, P, n_text)."""
        return self.critic.logits(self.critic.features(2 * x - 1), phrases)

    def matched(
        self, on_real: Tensor, on_wrong: Tensor, there: Tensor, there_wrong: Tensor
    ) -> Tensor:
        """The share of the phrases that is scored higher than a wrong one in its place, (B,)."""
        n = self.n_wrong
        higher = (on_real[:, 1:].repeat(n, 1) > on_wrong).to(on_real.dtype)
        return mean_where(higher, there_wrong).view(n, -1).mean(0)

    def _reading(
        self, on_real: Tensor, there: Tensor, on_wrong: Tensor, there_wrong: Tensor
    ) -> Tensor:
        """The discriminator's loss on real images, with right captions and with wrong ones,
        (B,)."""
        wrong = mean_where(F.softplus(on_wrong), there_wrong).view(self.n_wrong, -1).mean(0)
        yes = mean_where(F.softplus(-on_real), with_image(there))
        return yes + self.mismatch_weight * wrong

    def _read(
        self, f: Tensor, right: Tensor, there: Tensor, wrong: Tensor, there_wrong: Tensor
    ) -> Tensor:
        """The reader's loss by features f of real images, (B,)."""
        yes, no = self.critic.read(f, right), self.critic.read(f.repeat(self.n_wrong, 1), wrong)
        refused = mean_where(F.softplus(no), there_wrong).view(self.n_wrong, -1).mean(0)
        return mean_where(F.softplus(-yes), there) + refused


def with_image(there: Tensor) -> Tensor:
    """Which logits (B, 1 + P) count, where the phrases `there` (B, P) are: the image's always."""
    return F.pad(there, (1, 0), value=True)


def mean_where(figures: Tensor, there: Tensor) -> Tensor:
    """The mean of figures (B, P) over those that are there (B, P), (B,); 0 where none is."""
    return (figures * there).sum(1) / there.sum(1).clamp(min=1)


def one_apart(said: Tensor, w: Tensor) -> Tensor:
    """Which of the attributes that are said (B, attributes) has a phrase of its own, although it
    could share one, "long hair, red hair" in place of "long red hair": by uniform noise w (B,) in
    [0, 1) one of hair, one of clothes, or none; (B, attributes)."""
    apart = torch.zeros_like(said)
    pairs = [[list(SCHEMA).index(name) for name in group] for group in GROUPS if len(group) > 1]
    for k, (first, second) in enumerate(pairs):
        chosen = (w * (len(pairs) + 1)).long() == k
        apart[:, second] = chosen & said[:, first] & said[:, second]
    return apart


def wrong_labels(label: Tensor, said: Tensor, u: Tensor) -> Tensor:
    """Faces (B, attributes) of which no phrase about `label` is true, by uniform noise u
    (B, N_WRONG) in [0, 1): of the attributes that share a phrase one, at least, differs, and any
    other one does half the time; so a wrong phrase is often nearly right."""
    n = torch.tensor([len(values) for values in SCHEMA.values()])
    other, half, which = u.split(len(n), dim=1)
    changed = (label + 1 + (other * (n - 1)).long()) % n
    differs = half < 0.5
    for group in GROUPS:
        columns = [list(SCHEMA).index(name) for name in group]
        first = torch.where(said[:, columns], which[:, columns], -1.0).argmax(1)
        surely = F.one_hot(first, len(columns)).bool()
        differs[:, columns] |= surely
    return torch.where(differs, changed, label)


def mode_seeking(z: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """How alike images (B, *event_shape) in [0, 1] of different noise z (B, K) are, i and
    i + ceil(B / 2) of one caption each: d(z, z') / d(x, x'), distances being mean absolute
    differences of z and of pixels in [-1, 1], weighted by `weight` (B // 2,). A scalar."""
    n = len(weight)
    if n == 0:
        return x.new_zeros(())
    apart = 2 * (x[:n] - x[-n:]).abs().flatten(1).mean(1)
    ratio = apart / (z[:n] - z[-n:]).abs().mean(1)
    return (weight / (ratio + NEAR)).mean()
