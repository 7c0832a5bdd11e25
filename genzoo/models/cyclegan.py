"""CycleGAN: from images of one kind to those of another and back, with no pair ever seen.

Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
ICCV 2017 (arXiv:1703.10593).

G translates images x of a domain X into images of a domain Y, and F images of Y into images of X.
Each domain has a critic, for which the translations into it must look real; and translating to the
other domain and back must give the image itself:

    L = L_GAN(G, D_Y) + L_GAN(F, D_X) + lambda L_cyc(G, F) + lambda_id L_id(G, F)
    L_cyc = E|F(G(x)) - x|_1 + E|G(F(y)) - y|_1
    L_id  = E|G(y) - y|_1 + E|F(x) - x|_1

L_GAN is the least-squares loss (Mao et al., 2017): a critic's target is 1 for real images and 0
for generated ones, and a generator's target for its images is 1. A critic also learns from
generated images of earlier steps, which are kept in a pool (Shrivastava et al., 2017).

All that G(x) must show of x is what F needs to recover it. Where Y has no room for something, such
as a color in a sketch, G learns to hide it there (Chu et al., "CycleGAN, a Master of
Steganography", 2017).

Differs from the paper: smaller networks (see `genzoo.nn.translate`), for images of 64x64.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.nn.conv import image_shape
from genzoo.nn.processes import gathered, own_rows
from genzoo.nn.translate import Translator, patch_critic
from genzoo.objectives.adversarial import critic_loss, generator_loss
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import UnpairedTranslator, check_images

LOSS = "least-squares"

LEVELS = 3
"""Levels of a critic, which judges patches of an eighth of the image, and what is about them."""

CHANNELS = 3
"""Channels of the networks' images; a gray image is repeated three times."""


class CycleGAN(UnpairedTranslator):
    """Both generators.

    Args:
        event_shape: shape (C_x, H, W) of images of X, C_x 1 or 3, H and W multiples of eight.
        other_channels: C_y, 1 or 3, of those of Y, of the same height and width.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks there.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        other_channels: int = 1,
        width: int = 64,
        n_blocks: int = 4,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(H, W, width, n_blocks) < 1 or not {C, other_channels} <= {1, CHANNELS}:
            raise ValueError(
                "Sizes of a CycleGAN must be at least 1, and images have 1 or 3 channels."
            )
        if H % 2**LEVELS or W % 2**LEVELS:
            raise ValueError(f"Height and width must be multiples of eight, not {H} and {W}.")
        self.event_shape, self.other_shape = (C, H, W), (other_channels, H, W)
        self.G = Translator(CHANNELS, CHANNELS, 0, width, n_blocks)
        self.F = Translator(CHANNELS, CHANNELS, 0, width, n_blocks)

    def forth(self, x: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return self.to_y(x)

    def back(self, y: Tensor) -> Tensor:
        check_images(y, self.other_shape)
        return self.to_x(y)

    def to_y(self, x: Tensor) -> Tensor:
        """G, of images of either kind."""
        return _made(self.G, x, self.other_shape[0])

    def to_x(self, y: Tensor) -> Tensor:
        """F, of images of either kind."""
        return _made(self.F, y, self.event_shape[0])


def _made(net: Translator, x: Tensor, channels: int) -> Tensor:
    seen = x.expand(-1, CHANNELS, -1, -1)
    y = torch.sigmoid(net(2 * seen - 1).to(x.dtype))
    return y if channels == CHANNELS else y.mean(1, keepdim=True)


class Pool(nn.Module):
    """A pool of generated images of earlier steps, to be shown to a critic again.

    `exchange` returns one image for each that it is given: with probability one half the image
    itself, else one from the pool, whose place it takes. Until the pool is full, images are added
    to it and returned.

    Args:
        size: images in the pool, at least 0; with 0 every image is returned.
        event_shape: shape of an image.
    """

    images: Tensor
    n_filled: Tensor

    def __init__(self, size: int, event_shape: tuple[int, ...]):
        super().__init__()
        self.register_buffer("images", torch.zeros(size, *event_shape))
        self.register_buffer("n_filled", torch.zeros((), dtype=torch.long))

    def exchange(self, made: Tensor, u: Tensor) -> Tensor:
        """Images to show in place of made (B, *event_shape), by uniform noise u (B, 2) in [0, 1)
        on the same device. All processes keep the same pool, of the images of all of them."""
        size = len(self.images)
        if not size:
            return made
        made, u = gathered(made), gathered(u)
        result = made.clone()
        for k, (chance, place) in enumerate(u.tolist()):
            if self.n_filled < size:
                self.images[int(self.n_filled)] = made[k]
                self.n_filled += 1
            elif chance < 0.5:
                i = int(place * size)
                result[k] = self.images[i]
                self.images[i] = made[k]
        return own_rows(result)


class CycleGame(Objective):
    """The game of two generators and two critics. A batch holds images of both kinds, each x above
    a y that has nothing to do with it, along the channels.

    Args:
        model: both generators.
        lr, lr_critic: Adam's learning rates of generators and critics, above 0.
        width: channels of a critic at half the resolution, at least 1.
        weight_cycle: lambda, at least 0, on mean absolute errors of pixels in [-1, 1].
        weight_identity: lambda_id, likewise.
        pool: images of either kind that are kept for the critics, at least 0.
    """

    model: CycleGAN

    def __init__(
        self,
        model: CycleGAN,
        lr: float,
        lr_critic: float,
        width: int = 32,
        weight_cycle: float = 10.0,
        weight_identity: float = 5.0,
        pool: int = 50,
    ):
        super().__init__()
        weights = (weight_cycle, weight_identity)
        if not all(0 <= weight < math.inf for weight in weights) or pool < 0:
            raise ValueError("Weights must be at least 0 and finite, and the pool at least 0.")
        self.model = model
        self.lr, self.lr_critic = lr, lr_critic
        self.weight_cycle, self.weight_identity = weight_cycle, weight_identity
        self.critic_x = _critic(model.event_shape[0], width)
        self.critic_y = _critic(model.other_shape[0], width)
        self.pool_x = Pool(pool, model.event_shape)
        self.pool_y = Pool(pool, model.other_shape)

    def optimizers(self) -> dict[str, Optimizer]:
        critics = [*self.critic_x.parameters(), *self.critic_y.parameters()]
        return {
            "critic": adam(critics, self.lr_critic, beta1=0.5),
            "generator": adam(self.model.parameters(), self.lr, beta1=0.5),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x, y = self.kinds(batch.x)
        model = self.model
        made_y, made_x = model.to_y(x), model.to_x(y)
        cycle = l1(model.to_x(made_y), x) + l1(model.to_y(made_x), y)
        identity = l1(model.to_y(y), y) + l1(model.to_x(x), x)
        adversarial = generator_loss(LOSS, self.critic_y(_signed(made_y))).mean()
        adversarial = adversarial + generator_loss(LOSS, self.critic_x(_signed(made_x))).mean()
        cost = adversarial + self.weight_cycle * cycle + self.weight_identity * identity
        update("generator", cost)

        u = at.rand(len(x), 4, device=x.device)
        shown_y = self.pool_y.exchange(made_y.detach(), u[:, :2])
        shown_x = self.pool_x.exchange(made_x.detach(), u[:, 2:])
        critic = discriminator_loss(self.critic_y, y, shown_y) + discriminator_loss(
            self.critic_x, x, shown_x
        )
        update("critic", critic)
        report = {
            "critic": critic,
            "adversarial": adversarial,
            "cycle": cycle,
            "identity": identity,
        }
        return {name: value.detach() for name, value in report.items()}

    def kinds(self, both: Tensor) -> tuple[Tensor, Tensor]:
        """x and y of a batch."""
        C_x, C_y = self.model.event_shape[0], self.model.other_shape[0]
        x, y = both.split([C_x, C_y], dim=1)
        return x, y

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x, y = self.kinds(batch.x)
        made_y, made_x = self.model.to_y(x), self.model.to_x(y)

        def error(a: Tensor, b: Tensor) -> Tensor:
            return (a - b).abs().flatten(1).mean(1)

        return {
            "cycle_x": error(self.model.to_x(made_y), x),
            "cycle_y": error(self.model.to_y(made_x), y),
            "critic_y": self.critic_y(_signed(made_y)).flatten(1).mean(1),
            "critic_x": self.critic_x(_signed(made_x)).flatten(1).mean(1),
        }


def _critic(channels: int, width: int) -> nn.Sequential:
    """Images (B, channels, H, W) in [-1, 1] to a number for each patch, (B, 1, H / 8, W / 8)."""
    deep = width * 2 ** (LEVELS - 1)
    return nn.Sequential(patch_critic(channels, width, LEVELS), nn.Conv2d(deep, 1, 3, padding=1))


def _signed(x: Tensor) -> Tensor:
    return 2 * x - 1


def l1(a: Tensor, b: Tensor) -> Tensor:
    """The mean absolute error of pixels in [-1, 1], for which the paper's weights are meant."""
    return 2 * (a - b).abs().mean()


def discriminator_loss(critic: nn.Module, real: Tensor, made: Tensor) -> Tensor:
    return critic_loss(LOSS, critic(_signed(real)), critic(_signed(made))).mean()
