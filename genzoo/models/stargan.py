"""StarGAN: one generator that gives a face other values of any of its attributes.

Choi et al., "StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image
Translation", CVPR 2018 (arXiv:1711.09020).

The generator never sees the same face with other attributes. A critic learns to tell real images
from edited ones, and which attributes real images have. The generator's G(x, c) must look like a
real image with the attributes c, and editing it with x's own attributes c' must give x again.

Differs from the paper in the critic, which there has one output for real or edited (WGAN-GP) and
a classifier D_cls of attributes. D_cls never sees an edited image, so that what it reads there
need not be there: the generator learns to please it. Here the critic has a branch for each value
instead, which says whether an image is a real one *with that value* (Mescheder et al., 2018; Liu
et al., "FUNIT", 2019; Choi et al., "StarGAN v2", 2020). It is told so of three kinds: real images
with their own values c', edited ones with those asked for, and real images with values w that are
not theirs (Reed et al., 2016):

    L_D = E[s(-D_c'(x)) + (1 - a) s(D_c(G(x, c))) + a s(D_w(x))] + (gamma / 2) E|grad D_c'(x)|^2
    L_G = E[s(-D_c(G(x, c)))] + lambda_rec E|x - G(y, c')|_1,    y = G(x, c) or x in turn

with s(t) = log(1 + e^t), the mean over attributes in the first parts, and the sum of their
branches in the penalty. y = x asks that nothing be changed where nothing is asked for: with
y = G(x, c) alone the generator may change anything, as long as it knows how to change it back.

Attributes have several values each, the code is all their one-hot vectors, and c changes anything
from none to all of them, at random. The generator's network is smaller than the paper's (see
`genzoo.nn.translate`), and so is the critic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.nn.conv import image_shape
from genzoo.nn.translate import Translator, patch_critic
from genzoo.objectives.adversarial import r1_penalty
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import Editor, check_images

LEVELS = 4
"""Levels of the critic: how often it halves an image."""


class StarGAN(Editor):
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
        self.generator = Translator(C, C, sum(n_values), width, n_blocks)

    def edit(self, x: Tensor, values: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return self.paint(x, self.code(values).to(x))

    def paint(self, x: Tensor, code: Tensor) -> Tensor:
        """`edit` by a code (B, sum(n_values)), of which no attribute need be one value alone:
        between two one-hot vectors lies what is between two values, though none was ever asked
        for in training."""
        return torch.sigmoid(self.generator(2 * x - 1, code).to(x.dtype))

    def code(self, values: Tensor) -> Tensor:
        """The one-hot vectors of values (B, attributes), one after the other, as floats."""
        self.check_values(values)
        pairs = zip(values.unbind(1), self.n_values, strict=True)
        return torch.cat([F.one_hot(v, n) for v, n in pairs], dim=1).float()


class AttributeCritic(nn.Module):
    """A logit for each value of each attribute: whether an image is a real one that has it.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of 16.
        n_values: how many values each attribute has, at least 2 each.
        width: channels at half the resolution, at least 1.
    """

    def __init__(self, event_shape: tuple[int, int, int], n_values: Sequence[int], width: int):
        super().__init__()
        C, H, W = event_shape
        n, size = width * 2 ** (LEVELS - 1), (H >> LEVELS, W >> LEVELS)
        self.trunk = patch_critic(C, width, LEVELS)
        self.values = nn.Conv2d(n, sum(n_values), size)
        firsts = [0, *accumulate(n_values)][:-1]
        self.register_buffer("firsts", torch.tensor(firsts), persistent=False)

    firsts: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Of images x (B, C, H, W) in [0, 1]: the logits of all values, one attribute after the
        other, (B, sum(n_values))."""
        return self.logits(2 * x - 1)

    def logits(self, signed: Tensor) -> Tensor:
        """The same of images in [-1, 1]."""
        return self.values(self.trunk(signed)).flatten(1).to(signed.dtype)

    def of(self, logits: Tensor, values: Tensor) -> Tensor:
        """The logits of these values (B, attributes), one of each attribute."""
        return logits.gather(1, values + self.firsts)


class AttributeGame(Objective):
    """The game of both.

    Args:
        model: the generator.
        lr, lr_critic: Adam's learning rates of generator and critic, above 0.
        width: channels of the critic at half the resolution, at least 1.
        mismatch_weight: a, the weight of real images with values that are not theirs among what
            the critic is told is not real, 0 to 1.
        lambda_rec: weight of the reconstruction loss, at least 0, on the mean absolute error of
            pixels in [-1, 1].
        gamma: weight of R1, at least 0; see `genzoo.objectives.adversarial.r1_penalty`.
        r1_interval: steps from one with R1 to the next, at least 1; R1 is multiplied by it.
    """

    model: StarGAN

    def __init__(
        self,
        model: StarGAN,
        lr: float,
        lr_critic: float,
        width: int = 48,
        mismatch_weight: float = 0.5,
        lambda_rec: float = 8.0,
        gamma: float = 1.0,
        r1_interval: int = 8,
    ):
        super().__init__()
        if not (0 <= lambda_rec < math.inf and 0 <= gamma < math.inf):
            raise ValueError("Weights must be at least 0 and finite.")
        if not 0 <= mismatch_weight <= 1 or r1_interval < 1:
            raise ValueError("mismatch_weight must be 0 to 1, and r1_interval at least 1.")
        self.model, self.lr, self.lr_critic = model, lr, lr_critic
        self.mismatch_weight, self.lambda_rec = mismatch_weight, lambda_rec
        self.gamma, self.r1_interval = gamma, r1_interval
        self.critic = AttributeCritic(image_shape(model.event_shape), model.n_values, width)

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic.parameters(), self.lr_critic, beta1=0.5),
            "generator": adam(self.model.parameters(), self.lr, beta1=0.5),
        }

    def own(self, batch: Batch) -> Tensor:
        """The values (B, attributes) that the images have."""
        return batch.label[:, self.model.columns]

    def wanted(self, own: Tensor, u: Tensor) -> Tensor:
        """Values to ask for in place of an image's own (B, attributes), by uniform noise u
        (B, 1 + 2 attributes) in [0, 1): u_0 is how likely each is to change, from not at all to
        certainly, and to any of its values, all equally likely."""
        K = own.shape[1]
        drawn = (u[:, 1 + K :] * self._n(own)).long()
        return torch.where(u[:, 1 : 1 + K] < u[:, :1], drawn, own)

    def mismatched(self, own: Tensor, u: Tensor) -> Tensor:
        """Values (B, attributes) none of which is an image's own, by uniform noise u of that
        shape, in [0, 1): each other one is as likely."""
        n = self._n(own)
        return (own + 1 + (u * (n - 1)).long()) % n

    def _n(self, own: Tensor) -> Tensor:
        return torch.tensor(self.model.n_values, device=own.device)

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x, own = batch.x, self.own(batch)
        B, K = own.shape
        values = self.wanted(own, at.rand(B, 1 + 2 * K, device=x.device))
        mismatched = self.mismatched(own, at.rand(B, K, device=x.device))
        fake = self.model.edit(x, values)

        cost = critic = self._critic(x, own, fake.detach(), values, mismatched).mean()
        if self.gamma and at.step % self.r1_interval == 0:
            signed = (2 * x - 1).requires_grad_()
            logits = self.critic.of(self.critic.logits(signed), own).sum(1)
            cost = cost + r1_penalty(logits, signed, self.gamma * self.r1_interval)
        update("critic", cost)

        generator = F.softplus(-self.critic.of(self.critic(fake), values)).mean()
        again = self.model.edit(fake if at.step % 2 else x, own)
        reconstruction = 2 * (again - x).abs().mean()
        update("generator", generator + self.lambda_rec * reconstruction)
        report = {"critic": critic, "generator": generator, "reconstruction": reconstruction}
        return {name: figure.detach() for name, figure in report.items()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x, own = batch.x, self.own(batch)
        u = torch.rand(len(x), 1 + 3 * own.shape[1], generator=seeded(0)).to(x.device)
        values = self.wanted(own, u[:, : 1 + 2 * own.shape[1]])
        mismatched = self.mismatched(own, u[:, 1 + 2 * own.shape[1] :])
        fake = self.model.edit(x, values)
        return {
            "critic": self._critic(x, own, fake, values, mismatched),
            "generator": F.softplus(-self.critic.of(self.critic(fake), values)).mean(1),
            "reconstruction": (self.model.edit(fake, own) - x).abs().flatten(1).mean(1),
        }

    def _critic(
        self, x: Tensor, own: Tensor, fake: Tensor, values: Tensor, mismatched: Tensor
    ) -> Tensor:
        """The critic's loss without the penalty, (B,)."""
        of, logits = self.critic.of, self.critic(x)
        no = (1 - self.mismatch_weight) * F.softplus(of(self.critic(fake), values))
        no = no + self.mismatch_weight * F.softplus(of(logits, mismatched))
        return (F.softplus(-of(logits, own)) + no).mean(1)
