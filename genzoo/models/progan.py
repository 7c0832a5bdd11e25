"""Progressive GAN: generator and critic that grow, from images of 4x4 pixels to large ones.

Karras, Aila, Laine and Lehtinen, "Progressive Growing of GANs for Improved Quality, Stability, and
Variation", ICLR 2018 (arXiv:1710.10196).

Both networks begin at 4x4. Each time they have been trained there for a while, both get a block
for twice the resolution, which is faded in, so that what was learned is not shaken: with alpha
going from 0 to 1,

    G(z) = (1 - alpha) up(rgb_k(h_k)) + alpha rgb_k+1(h_k+1)
    D(x) = D_k((1 - alpha) rgb'_k(down(x)) + alpha block_k+1(rgb'_k+1(x)))
    real images: (1 - alpha) up(down(x)) + alpha x

where rgb makes colors of features, rgb' features of colors, up doubles and down halves the
resolution. `level` says how far both have grown: the number of blocks, the last of them by its
alpha, so that 2.25 is 16x16 with a quarter of the block of 32x32. It is a function of the number
of images seen, and of nothing else (`grown`).

    L_D = E[D(G(z)) - D(x)] + lambda E[(|grad D(u x + (1 - u) G(z))| - 1)^2] + drift E[D(x)^2]
    L_G = -E[D(G(z))],   u ~ U[0, 1], one for each image

These losses are the paper's, WGAN-GP. Growth does not depend on them: every other loss of the game
can be played for, with the penalty that goes with it.

Weights are N(0, 1) and are scaled at run time, so that all learn as fast (`Scaled`); each pixel's
features are normalized in the generator (`pixel_norm`), and the critic sees how much the images of
a minibatch differ (`deviation`). Colors are linear: nothing squashes them.

Differs from the paper: 64x64, fewer channels, a minibatch of one size. The paper's critic sees
one number of how much a minibatch differs, ours one for each feature, so that it notices which
kinds of images are generated too rarely. z passes through dense
layers first, as in this library's DCGAN (and in Karras et al., 2019), and goes on beside what they
make of it. And a generator keeps every resolution: in the paper rgb_k is left behind when alpha is
1, while the layers below it go on learning; here it learns from then on to show what the whole
network shows, halved to its resolution, by a least-squares loss that moves nothing else. So one z
can be seen at every resolution of one release. The gradient penalty is computed every few steps
and is multiplied by as many (Karras et al., 2020); lambda is smaller then, since Adam divides by
the largest gradients, and those of a penalty of 40 in every fourth step leave little of the rest.
"""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.nn.conv import SLOPE
from genzoo.nn.processes import gathered
from genzoo.objectives.adversarial import (
    check_game,
    critic_loss,
    generator_loss,
    gradient_penalty,
    r1_penalty,
)
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Adversarial, check_latents

FIRST = 4
"""Height and width of the first images."""


# What both networks are made of


class Scaled(nn.Module):
    """A convolution, or a dense layer where `kernel` is 0, with equalized learning rate: weights
    N(0, 1), multiplied at run time by gain / sqrt(inputs of a unit), He's constant. Adam's steps
    do not depend on a gradient's size, so weights of one size all learn as fast.

    Args:
        n_in, n_out: channels, at least 1.
        kernel: height and width, odd; 0 for a dense layer.
        gain: sqrt(2) before a leaky ReLU, else 1.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int = 3, gain: float = math.sqrt(2)):
        super().__init__()
        shape = (n_out, n_in, kernel, kernel) if kernel else (n_out, n_in)
        self.weight = nn.Parameter(torch.randn(shape))
        self.bias = nn.Parameter(torch.zeros(n_out))
        self.scale = gain / math.sqrt(self.weight[0].numel())
        self.kernel = kernel

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight * self.scale
        if self.kernel:
            return F.conv2d(x, weight, self.bias, padding=self.kernel // 2)
        return F.linear(x, weight, self.bias)


def pixel_norm(h: Tensor) -> Tensor:
    """h (B, C, ...) over the root of the mean square of its C features, pixel by pixel."""
    return h * torch.rsqrt(h.square().mean(1, keepdim=True) + 1e-8)


def deviation(h: Tensor, training: bool = False) -> Tensor:
    """The minibatch's standard deviation (1, C, 1, 1) of features h (B, C, H, W): at each place
    over the images, and the mean over places; in training over those of all processes."""
    h = h.to(torch.promote_types(h.dtype, torch.float32))  # a small difference of large numbers
    h = gathered(h) if training else h
    return (h.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2)).view(1, -1, 1, 1)


def up(x: Tensor) -> Tensor:
    """Twice the height and width: each pixel four times."""
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def down(x: Tensor, times: int = 1) -> Tensor:
    """Half the height and width, so many times: the mean of each 2x2 pixels."""
    return F.avg_pool2d(x, 2**times) if times else x


def faded(x: Tensor, alpha: float) -> Tensor:
    """Images x as they are shown while their resolution is faded in: what half of it leaves of
    them, and alpha of the rest."""
    return x if alpha == 1 else torch.lerp(up(down(x)), x, alpha)


def blend(alpha: float, old: Tensor, new: Tensor) -> Tensor:
    return torch.lerp(old, new.to(old), alpha)


def stage_of(level: float) -> tuple[int, float]:
    """(k, alpha): the last block and how much of it there is, above 0; (0, 1) without any."""
    k = math.ceil(level)
    return k, 1 + level - k


def grown(images: int, stay: int, fade: int, last: int) -> float:
    """The level after so many images: `stay` at 4x4, then again and again `fade` in which the next
    block comes, alpha growing evenly to 1, and `stay` with all of it; and from `last` on no more.
    """
    blocks, since = divmod(images, stay + fade)
    return min(float(last), blocks + max(0, since - stay) / fade)


def _relu(h: Tensor) -> Tensor:
    return F.leaky_relu(h, SLOPE)


# The networks


class ProGAN(Adversarial):
    """Images (C, S, S), S = 4, 8, 16 ..., of z (K,).

    `level` is how far it has grown, from 0 to `last`; a new one is whole.

    Args:
        event_shape: shape of an image at the last resolution.
        n_latent: K, numbers of z.
        width: channels at the last resolution, twice as many at half of it, and so on.
        max_width: the most channels.
        n_dense: dense layers that z passes through first, at least 0; z itself goes on beside what
            they make of it.
        n_hidden: units of each dense layer, at least 1.
    """

    keeps_growth = snapshot_evenly = True
    level: Tensor

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        n_latent: int = 128,
        width: int = 16,
        max_width: int = 128,
        n_dense: int = 0,
        n_hidden: int = 256,
    ):
        super().__init__()
        self.event_shape, self.latent_shape = _square(event_shape), (n_latent,)
        self.last = _last(self.event_shape)
        if min(self.event_shape[0], n_latent, width, max_width, n_hidden) < 1 or n_dense < 0:
            raise ValueError("Sizes of a ProGAN must be at least 1, and n_dense at least 0.")
        n = _channels(self.last, width, max_width)
        sizes = [n_latent, *[n_hidden] * n_dense]
        self.dense = nn.ModuleList(Scaled(a, b, 0) for a, b in pairwise(sizes))
        self.first = Scaled(n_latent + n_hidden * (n_dense > 0), n[0] * FIRST**2, 0)
        self.first_conv = Scaled(n[0], n[0])
        self.blocks = nn.ModuleList(
            nn.ModuleList([Scaled(a, b), Scaled(b, b)]) for a, b in pairwise(n)
        )
        self.rgb = nn.ModuleList(Scaled(m, self.event_shape[0], 1, gain=1.0) for m in n)
        self.register_buffer("level", torch.tensor(float(self.last)))

    @property
    def resolutions(self) -> list[int]:
        """Height and width of its images at each level, 4 first."""
        return [FIRST * 2**k for k in range(self.last + 1)]

    def features(self, z: Tensor, k: int) -> list[Tensor]:
        """h_0 .. h_k of z (B, K): the features (B, n_j, 4 * 2^j, 4 * 2^j) of each resolution."""
        return self.finer(self.coarse(z), k)

    def coarse(self, z: Tensor) -> Tensor:
        """h_0 of z (B, K), (B, n_0, 4, 4)."""
        z = made = pixel_norm(z)
        for layer in self.dense:
            made = pixel_norm(_relu(layer(made)))
        h = self.first(torch.cat([z.to(made), made], 1) if len(self.dense) else z)
        h = h.view(len(z), -1, FIRST, FIRST)
        return pixel_norm(_relu(self.first_conv(pixel_norm(_relu(h)))))

    def finer(self, h: Tensor, k: int) -> list[Tensor]:
        """h_0 .. h_k of h_0 (B, n_0, 4, 4)."""
        every = [h]
        for convs in self.blocks[:k]:
            h = up(h)
            for conv in convs.children():
                h = pixel_norm(_relu(conv(h)))
            every.append(h)
        return every

    def colors(self, h: list[Tensor], level: float) -> Tensor:
        """The images (B, C, S, S) in [-1, 1], and somewhat beyond, that features h make at this
        level, at the resolution that it has."""
        k, alpha = stage_of(level)
        x = self.rgb[k](h[k])
        return x if alpha == 1 else blend(alpha, up(self.rgb[k - 1](h[k - 1])), x)

    def generate(
        self, z: Tensor, resolution: int | None = None, fade: float | None = None
    ) -> Tensor:
        """The image of each z (n, K), in [0, 1].

        Args:
            resolution: one of `resolutions`; None for what the level says, enlarged to
                `event_shape`.
            fade: alpha of its block, 0 to 1; 0 is the resolution before, enlarged; None for all.

        Raises:
            ValueError: in a sentence.
        """
        check_latents(z, self.latent_shape)
        level = float(self.level)
        if resolution is not None:
            if resolution not in self.resolutions:
                known = ", ".join(map(str, self.resolutions))
                raise ValueError(f"The resolution must be one of {known}, not {resolution}.")
            alpha = 1.0 if fade is None else fade
            if not 0 <= alpha <= 1:
                raise ValueError(f"The fade must be 0 to 1, not {fade}.")
            level = self.resolutions.index(resolution) - 1 + alpha
            if level < 0:  # nothing is before the first
                level = 0.0
        elif fade is not None:
            raise ValueError("A fade is of a resolution: say which.")
        x = self.shown(self.features(z, stage_of(level)[0]), level).to(z.dtype)
        side = self.event_shape[1] if resolution is None else resolution
        return F.interpolate(x, size=(side, side), mode="nearest")

    def shown(self, h: list[Tensor], level: float) -> Tensor:
        """`colors` as an image in [0, 1]: what is darker than black or lighter than white is cut
        off."""
        return (0.5 + 0.5 * self.colors(h, level)).clamp(0, 1)

    def critic(self, width: int) -> ProgressiveCritic:
        """The mirror of a generator of this width."""
        return ProgressiveCritic(self.event_shape, width)


class ProgressiveCritic(nn.Module):
    """Scores of images (B, C, S, S) in [-1, 1], (B, 1), at any of the resolutions.

    Args:
        event_shape: shape of an image at the last resolution.
        width: channels there, twice as many at half of it, and so on.
        max_width: the most channels.
    """

    def __init__(self, event_shape: tuple[int, ...], width: int = 16, max_width: int = 128):
        super().__init__()
        shape = _square(event_shape)
        n = _channels(_last(shape), width, max_width)
        self.rgb = nn.ModuleList(Scaled(shape[0], m, 1) for m in n)
        self.blocks = nn.ModuleList(
            nn.ModuleList([Scaled(b, b), Scaled(b, a)]) for a, b in pairwise(n)
        )
        self.last_conv = Scaled(2 * n[0], n[0])
        self.dense = Scaled(n[0] * FIRST**2, n[0], 0)
        self.score = Scaled(n[0], 1, 0, gain=1.0)

    def forward(self, x: Tensor, level: float | None = None) -> Tensor:
        """`level` as the generator has it; by default that of whole images of x's size."""
        if level is None:
            level = _last(_square(tuple(x.shape[1:])))
        k, alpha = stage_of(level)
        h = _relu(self.rgb[k](x))
        for j in range(k, 0, -1):
            for conv in self.blocks[j - 1].children():
                h = _relu(conv(h))
            h = down(h)
            if j == k and alpha < 1:
                h = blend(alpha, _relu(self.rgb[k - 1](down(x))), h)
        differ = deviation(h, self.training).to(h).expand_as(h)
        h = _relu(self.last_conv(torch.cat([h, differ], 1)))
        return self.score(_relu(self.dense(h.flatten(1))))


def _square(event_shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(event_shape) == 3:
        C, H, W = event_shape
        if H == W and H >= FIRST and H & (H - 1) == 0:
            return C, H, W
    raise ValueError(
        f"An image's shape is channels, side, side, a power of two from {FIRST} on, "
        f"not {event_shape}."
    )


def _last(event_shape: tuple[int, int, int]) -> int:
    """The level of the whole network: how often 4 is doubled."""
    return event_shape[1].bit_length() - FIRST.bit_length()


def _channels(last: int, width: int, max_width: int) -> list[int]:
    """Of each resolution, 4x4 first."""
    return [min(max_width, width * 2 ** (last - k)) for k in range(last + 1)]


# The game


class ProgressiveGame(Objective):
    """The game of two networks that grow; by default WGAN-GP's.

    Args:
        model: the generator, which is made small again.
        lr, lr_critic: Adam's learning rates of generator and critic, above 0.
        width: channels of the critic at the last resolution, at least 1.
        stay: images seen at each resolution without a fade, at least 1.
        fade: images seen while a block is faded in, at least 1.
        loss: one of `genzoo.objectives.adversarial.LOSSES`.
        penalty: on the critic's gradient, one of `genzoo.objectives.adversarial.PENALTIES`, by
            images in [-1, 1] at the resolution that there is.
        weight: of the penalty, at least 0: lambda of WGAN-GP, gamma of R1.
        penalty_interval: steps from one with the penalty to the next, at least 1; it is multiplied
            by as many.
        drift: weight of the square of the scores of real images, at least 0: in a Wasserstein loss
            nothing else says where zero is.
    """

    model: ProGAN

    def __init__(
        self,
        model: ProGAN,
        lr: float,
        lr_critic: float,
        width: int = 16,
        stay: int = 40_000,
        fade: int = 40_000,
        loss: str = "wasserstein",
        penalty: str = "wgan-gp",
        weight: float = 10.0,
        penalty_interval: int = 1,
        drift: float = 0.001,
    ):
        super().__init__()
        if min(stay, fade, penalty_interval) < 1:
            raise ValueError("stay, fade and penalty_interval must be at least 1.")
        check_game(loss, penalty, weight)
        if not 0 <= drift < math.inf:
            raise ValueError(f"The drift must be at least 0 and finite, not {drift}.")
        self.model, self.lr, self.lr_critic = model, lr, lr_critic
        self.stay, self.fade = stay, fade
        self.loss, self.penalty, self.weight = loss, penalty, weight
        self.penalty_interval, self.drift = penalty_interval, drift
        self.critic = model.critic(width)
        model.level.zero_()

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic.parameters(), self.lr_critic, beta1=0.0, beta2=0.99),
            "generator": adam(self.model.parameters(), self.lr, beta1=0.0, beta2=0.99),
        }

    def real(self, x: Tensor, level: float) -> Tensor:
        """Images x (B, *event_shape) in [0, 1] as the critic sees them at this level, in
        [-1, 1]."""
        k, alpha = stage_of(level)
        return faded(down(2 * x - 1, self.model.last - k), alpha)

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        model, B, device = self.model, len(batch.x), batch.x.device
        level = grown(at.images, self.stay, self.fade, model.last)
        model.level.fill_(level)
        k, alpha = stage_of(level)
        h = model.features(at.randn(B, *model.latent_shape, device=device), k)
        fake = model.colors(h, level).to(batch.x.dtype)
        weight = self.weight * self.penalty_interval * (at.step % self.penalty_interval == 0)
        has_r1 = weight > 0 and self.penalty == "r1"
        real = self.real(batch.x, level).requires_grad_(has_r1)

        on_real, on_fake = self.score(real, level), self.score(fake.detach(), level)
        value = -critic_loss(self.loss, on_real, on_fake).mean()
        cost = -value + self.drift * on_real.square().mean()
        if has_r1:
            cost = cost + r1_penalty(on_real, real, weight)
        elif weight and self.penalty == "wgan-gp":
            u = at.rand(B, device=device)
            slope = gradient_penalty(lambda x: self.score(x, level), real, fake.detach(), u)
            cost = cost + weight * slope.mean()
        update("critic", cost)

        generator = generator_loss(self.loss, self.score(fake, level)).mean()
        update("generator", generator + self._left_behind(h, fake, k, alpha))
        report = {"value": value, "generator": generator, "level": model.level}
        return {name: figure.detach().clone() for name, figure in report.items()}

    def _left_behind(self, h: list[Tensor], fake: Tensor, k: int, alpha: float) -> Tensor:
        """The squared error with which the resolutions that are no longer played for show the
        images, moving nothing but their colors."""
        n = k if alpha == 1 else k - 1
        loss = fake.new_zeros(())
        for j in range(n):
            error = self.model.rgb[j](h[j].detach()) - down(fake.detach(), k - j)
            loss = loss + error.square().mean()
        return loss

    def score(self, x: Tensor, level: float) -> Tensor:
        """The critic's, (B,), of images in [-1, 1] at this level."""
        return self.critic(x, level).squeeze(1).to(x.dtype)

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        model, level = self.model, float(self.model.level)
        z = model.draw_z(len(batch.x), seeded(0))
        fake = model.colors(model.features(z, stage_of(level)[0]), level)
        real, made = self.score(self.real(batch.x, level), level), self.score(fake, level)
        return {
            "value": -critic_loss(self.loss, real, made),
            "generator": generator_loss(self.loss, made),
        }
