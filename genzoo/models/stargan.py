"""StarGAN: one generator that gives a face other values of any of its attributes.

Choi et al., "StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image
Translation", CVPR 2018 (arXiv:1711.09020).

Nobody shows the generator the same face twice. A critic tells real images from edited ones and, of
the real ones, learns to read their attributes. The generator G(x, c) is to be taken for real, to
have the attributes c read off what it makes, and to come back to x where it is given x's own
attributes c' again:

    L_D = - L_adv + lambda_cls E[-log D_cls(c' | x)]
    L_G =   L_adv + lambda_cls E[-log D_cls(c | G(x, c))] + lambda_rec E|x - G(G(x, c), c')|_1
    L_adv = E D(x) - E D(G(x, c)) - lambda_gp E[(|grad D(x^)| - 1)^2]   (WGAN-GP)

Differs from the paper: the generator also says where it paints: its image is m y + (1 - m) x with
a color y and a mask m at each pixel (as Pumarola et al., "GANimation", 2018), so that what is no
part of an edit need not be made again. Attributes have several values each, the code is all
their one-hot vectors, and c changes anything from none to all of them, at random. The
generator's network is smaller (see `genzoo.nn.translate`), and so is the critic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.nn.conv import image_shape
from genzoo.nn.translate import Translator, patch_critic
from genzoo.objectives.adversarial import between_penalty, critic_loss, generator_loss
from genzoo.objectives.attributes import attribute_cross_entropy
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Editor, check_images

LEVELS = 4
"""Of the critic: an image is halved so often."""


class StarGAN(nn.Module, Editor):
    """The generator.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of 16.
        columns: which columns of the labels it edits.
        n_values: how many values each of them has.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks there.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        columns: tuple[int, ...] = (0,),
        n_values: tuple[int, ...] = (2,),
        width: int = 64,
        n_blocks: int = 4,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, H, W, width, n_blocks, *n_values) < 1 or len(columns) != len(n_values):
            raise ValueError("Sizes of a StarGAN must be at least 1, and each column have values.")
        if H % 2**LEVELS or W % 2**LEVELS:
            raise ValueError(f"Height and width must be multiples of 16, not {H} and {W}.")
        self.event_shape, self.columns, self.n_values = (C, H, W), tuple(columns), tuple(n_values)
        self.generator = Translator(C, C + 1, sum(n_values), width, n_blocks)

    def edit(self, x: Tensor, values: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return self.painted(x, values)[0]

    def painted(self, x: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """`edit`, and where it paints: the mask (B, 1, H, W) in [0, 1]."""
        return self.paint(x, self.code(values).to(x))

    def paint(self, x: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """`painted` by a code (B, sum(n_values)), of which no attribute need be one value alone:
        between two one-hot vectors lies what is between two values, though none was ever asked
        for in training."""
        made = self.generator(2 * x - 1, code).to(x.dtype)
        color, mask = torch.sigmoid(made).split([x.shape[1], 1], dim=1)
        return x + mask * (color - x), mask

    def code(self, values: Tensor) -> Tensor:
        """The one-hot vectors of values (B, attributes), one after the other, as floats."""
        self.check_values(values)
        pairs = zip(values.unbind(1), self.n_values, strict=True)
        return torch.cat([F.one_hot(v, n) for v, n in pairs], dim=1).float()


class AttributeCritic(nn.Module):
    """Features of patches; by them whether an image is real, and the values of its attributes."""

    def __init__(self, event_shape: tuple[int, int, int], n_values: Sequence[int], width: int):
        super().__init__()
        C, H, W = event_shape
        n, size = width * 2 ** (LEVELS - 1), (H >> LEVELS, W >> LEVELS)
        self.trunk = patch_critic(C, width, LEVELS)
        self.real = nn.Conv2d(n, 1, 3, padding=1)
        self.values = nn.Conv2d(n, sum(n_values), size)
        self.n_values = tuple(n_values)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Of images x (B, C, H, W) in [0, 1]: how real, (B,), the mean over patches, and the
        logits of each attribute's values (B, n_values[k])."""
        features = self.trunk(2 * x - 1)
        logits = self.values(features).flatten(1).to(x.dtype)
        return self._real(features).to(x.dtype), logits.split(self.n_values, dim=1)

    def reality(self, x: Tensor) -> Tensor:
        """How real, (B,), alone."""
        return self._real(self.trunk(2 * x - 1)).to(x.dtype)

    def _real(self, features: Tensor) -> Tensor:
        return self.real(features).flatten(1).mean(1)


class AttributeGame(Objective):
    """The game of both.

    Args:
        lr, lr_critic: Adam's steps.
        width: channels of the critic at half the resolution.
        n_critic: steps of the critic for one of the generator.
        weight_values: lambda_cls.
        weight_return: lambda_rec, on the mean over pixels in [-1, 1].
        penalty: lambda_gp, on the slope by pixels in [-1, 1].
    """

    model: StarGAN

    def __init__(
        self,
        model: StarGAN,
        lr: float,
        lr_critic: float,
        width: int = 48,
        n_critic: int = 5,
        weight_values: float = 1.0,
        weight_return: float = 10.0,
        penalty: float = 10.0,
    ):
        super().__init__()
        weights = (weight_values, weight_return, penalty)
        if not all(0 <= weight < math.inf for weight in weights) or n_critic < 1:
            raise ValueError("Weights must be at least 0 and finite, and n_critic at least 1.")
        self.model = model
        self.lr, self.lr_critic, self.n_critic = lr, lr_critic, n_critic
        self.weight_values, self.weight_return = weight_values, weight_return
        self.penalty = penalty
        self.critic = AttributeCritic(image_shape(model.event_shape), model.n_values, width)

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic.parameters(), self.lr_critic, beta1=0.5),
            "generator": adam(self.model.parameters(), self.lr, beta1=0.5),
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x, B = batch.x, len(batch.x)
        own = batch.label[:, self.model.columns]
        values = self.wanted(own, at.rand(B, 1 + 2 * own.shape[1], device=x.device))
        playing = (at.step + 1) % self.n_critic == 0
        with torch.set_grad_enabled(playing):
            fake, mask = self.model.painted(x, values)

        real, read = self.critic(x)
        value = (self.critic.reality(fake.detach()) - real).mean()
        misread = attribute_cross_entropy(read, own).mean()
        u = at.rand(B, device=x.device)
        steep = between_penalty(self._by_signed, 2 * x - 1, 2 * fake.detach() - 1, u).mean()
        update("critic", value + self.penalty * steep + self.weight_values * misread)

        if playing:
            real, read = self.critic(fake)
            asked = attribute_cross_entropy(read, values).mean()
            again, _ = self.model.painted(fake, own)
            returned = 2 * (again - x).abs().mean()
            cost = generator_loss("wasserstein", real).mean()
            update("generator", cost + self.weight_values * asked + self.weight_return * returned)
        report = {"value": -value, "misread": misread, "slope": steep, "mask": mask.mean()}
        return {name: figure.detach() for name, figure in report.items()}

    def wanted(self, own: Tensor, u: Tensor) -> Tensor:
        """Values to ask for in place of an image's own (B, attributes), by uniform noise u
        (B, 1 + 2 attributes) in [0, 1): u_0 is how likely each is to change, from not at all to
        certainly, and what to is drawn of all values."""
        K = own.shape[1]
        n = torch.tensor(self.model.n_values, device=own.device)
        drawn = (u[:, 1 + K :] * n).long()
        return torch.where(u[:, 1 : 1 + K] < u[:, :1], drawn, own)

    def _by_signed(self, x: Tensor) -> Tensor:
        """`AttributeCritic.reality` of images with pixels in [-1, 1], as the paper's penalty has
        them."""
        return self.critic.reality((x + 1) / 2)

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x, own = batch.x, batch.label[:, self.model.columns]
        u = torch.rand(len(x), 1 + 2 * own.shape[1], generator=seeded(0)).to(x.device)
        values = self.wanted(own, u)
        fake, mask = self.model.painted(x, values)
        real, read = self.critic(fake)
        again, _ = self.model.painted(fake, own)
        return {
            "value": -critic_loss("wasserstein", self.critic.reality(x), real),
            "asked": attribute_cross_entropy(read, values),
            "returned": (again - x).abs().flatten(1).mean(1),
            "mask": mask.flatten(1).mean(1),
        }
