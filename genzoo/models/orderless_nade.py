"""Orderless NADE: one network for every order of the pixels, and ensembles of it (EoNADE).

Uria, Murray and Larochelle, "A Deep and Tractable Density Estimator", ICML 2014; also Uria, Cote,
Gregor, Murray and Larochelle, "Neural Autoregressive Distribution Estimation", JMLR 2016.

    p_o(x) = prod_i p(x_{o_i} | x_{o_<i})      for an order o
    p(x_i = 1 | x_known) = sigmoid(b_i + V_i . h),   h = h(x * m, m)

The network sees the known pixels x * m and which they are, m, and answers for all others at once.
It is trained on the mean of -log p_o(x) over all D! orders, of which a random number d - 1 of
known pixels, and a random set of so many, give an unbiased estimate at the cost of one pass:

    J(x) = D / (D - d + 1) * sum_{i unknown} -log p(x_i | x_known)

So any pixels can be given and any others filled. The orders disagree about p(x), for nothing makes
the network consistent; an ensemble averages their densities, which is a density again:

    p(x) = 1/K sum_k p_{o_k}(x)

Differs from the papers: the network, two dense layers in the first and two networks added up, a
convolutional and a dense one, in the second (ConvNADE + DeepNADE), is one U-shaped convolutional
network with dense layers at its bottom, which see the whole image. Adam; the numbers of known
pixels in a batch are spread evenly, each uniform still, which steadies the estimate.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.metrics import bits_per_dim
from genzoo.nn.conv import ResidualBlock, downsample, upsample
from genzoo.nn.processes import gathered, own_rows
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import ExplicitDensity, OrderAgnostic, check_images, check_known_binary

ROWS = 1024
"""Passes of the network computed at once in `conditionals`, which takes D of them an image."""


class UNet(nn.Module):
    """Any pixels' values and mask to a logit for every pixel; (B, 2, H, W) to (B, 1, H, W).

    Below a quarter of the resolution there is a dense bottleneck.

    Args:
        H, W: height and width, multiples of four.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks at each resolution on the way down, and on the way up.
        n_hidden: units of the bottleneck.
    """

    def __init__(self, H: int, W: int, width: int, n_blocks: int, n_hidden: int):
        super().__init__()

        def blocks(n_channels: int) -> nn.Module:
            return nn.Sequential(*(ResidualBlock(n_channels) for _ in range(n_blocks)))

        self.reach = 2 * n_blocks  # cells at half the resolution that blocks see on each side
        n_deep = 2 * width * (H // 4) * (W // 4)
        self.to_half = nn.Sequential(downsample(2, width), blocks(width))
        self.to_quarter = nn.Sequential(downsample(width, 2 * width), blocks(2 * width))
        self.bottom = nn.Sequential(
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(n_deep, n_hidden),
            nn.SiLU(),
            nn.Linear(n_hidden, n_deep),
            nn.Unflatten(1, (2 * width, H // 4, W // 4)),
        )
        self.back_to_half = upsample(2 * width, width)
        self.out = nn.Sequential(blocks(width), nn.SiLU(), upsample(width, 1))

    def forward(self, z: Tensor) -> Tensor:
        return self.out(self._whole(self.to_half(z)))

    def logit(self, half: Tensor, row: int, column: int) -> Tensor:
        """Of one pixel, (B,), by half = to_half(z): the last blocks see only what is around it."""
        whole = self._whole(half)
        rows = _around(row // 2, self.reach, whole.shape[2])
        columns = _around(column // 2, self.reach, whole.shape[3])
        part = self.out(whole[:, :, rows, columns])
        return part[:, 0, row - 2 * rows.start, column - 2 * columns.start]

    def renew(self, half: Tensor, z: Tensor, row: int, column: int) -> None:
        """Make `half` to_half(z) again, in place, where one pixel of z has changed since."""
        H, W = half.shape[2:]
        r, c, reach = row // 2, column // 2, self.reach
        rows, columns = _around(r, reach, H), _around(c, reach, W)  # what has changed
        seen = _around(r, 2 * reach, H), _around(c, 2 * reach, W)  # and what it depends on
        part = self.to_half(z[:, :, _doubled(seen[0]), _doubled(seen[1])])
        inside = (_shifted(rows, seen[0].start), _shifted(columns, seen[1].start))
        half[:, :, rows, columns] = part[:, :, inside[0], inside[1]]

    def _whole(self, half: Tensor) -> Tensor:
        quarter = self.to_quarter(half)
        quarter = quarter + self.bottom(quarter)
        return half + self.back_to_half(quarter)


def _around(i: int, reach: int, n: int) -> slice:
    return slice(max(0, i - reach), min(n, i + reach + 1))


def _doubled(part: slice) -> slice:
    return slice(2 * part.start, 2 * part.stop)


def _shifted(part: slice, by: int) -> slice:
    return slice(part.start - by, part.stop - by)


class OrderlessNADE(OrderAgnostic):
    """Binary images, in one random order (from a fixed seed) where no other is asked for.

    Args:
        event_shape: shape of an image, (1, H, W); D is its number of pixels.
        width: channels at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks at each resolution on the way down, and on the way up.
        n_hidden: units of the dense layer at the bottom.
    """

    order: Tensor

    traceable = True

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        width: int = 32,
        n_blocks: int = 1,
        n_hidden: int = 256,
    ):
        super().__init__()
        if len(event_shape) != 3 or event_shape[0] != 1:
            raise ValueError(f"An image's shape is 1, height, width, not {event_shape}.")
        if min(*event_shape, width, n_hidden) < 1 or n_blocks < 0:
            raise ValueError(
                "Sizes of an orderless NADE must be at least 1, and n_blocks at least 0."
            )
        _, H, W = self.event_shape = tuple(event_shape)
        self.margin = (0, -W % 4, 0, -H % 4)  # to the next multiples of four, as F.pad takes it
        self.network = UNet(H + -H % 4, W + -W % 4, width, n_blocks, n_hidden)
        order = torch.randperm(H * W, generator=torch.Generator().manual_seed(2014))
        self.register_buffer("order", order, persistent=False)

    def logits(self, x: Tensor, known: Tensor) -> Tensor:
        """Of p(x_i = 1 | x_known) for every pixel: (B, D).

        Args:
            x: values (B, D); where unknown, any number: they have no effect.
            known: mask (B, D), bool. At known pixels the logits mean nothing.
        """
        _, H, W = self.event_shape
        z = self._seen(x, known)
        return self.network(z)[..., :H, :W].flatten(1).to(z)

    def _seen(self, x: Tensor, known: Tensor) -> Tensor:
        """What the network sees of values x (B, D) where `known` (B, D): (B, 2, H, W)."""
        _, H, W = self.event_shape
        x = x.to(next(self.parameters()).dtype)
        values = torch.where(known, 2 * x - 1, 0.0)  # off and on are -1 and 1, unknown between
        z = torch.stack([values, known.to(values)], dim=1)
        z = z.view(x.shape[0], 2, H, W)  # a trace would take len(x) for a constant
        return F.pad(z, self.margin).contiguous(memory_format=torch.channels_last)

    def nll_of_unknown(self, x: Tensor, known: Tensor) -> Tensor:
        """J(x), (B,), in nats: an unbiased estimate of -log p_o(x) averaged over all orders o.

        Args:
            x: binary images (B, *event_shape).
            known: the first n pixels of a random order, n uniform in 0 .. D - 1: (B, D), bool.
        """
        check_images(x, self.event_shape, binary=True)
        flat = x.flatten(1)
        p = Bernoulli(logits=self.logits(flat, known), validate_args=False)
        nll = torch.where(known, 0.0, -p.log_prob(flat)).sum(1)
        return nll * flat.shape[1] / (~known).sum(1)

    def marginals(self, given: Tensor) -> Tensor:
        """p(x_i = 1 | known), (B, *event_shape), in one pass; a known pixel's own value is kept.

        Args:
            given: binary images (B, *event_shape), NaN where unknown.
        """
        check_images(torch.nan_to_num(given, nan=0.0), self.event_shape)
        check_known_binary(given)
        known = ~given.isnan()
        p = torch.sigmoid(self.logits(given.flatten(1), known.flatten(1)))
        return torch.where(known, given, p.view_as(given).to(given))

    def conditionals(self, x: Tensor) -> Bernoulli:
        """p(x_i = 1 | those before it in `order`), logits (B, *event_shape), of binary images x
        (B, *event_shape): exactly, by D passes of the network for each."""
        check_images(x, self.event_shape, binary=True)
        B, D = len(x), self.order.numel()
        flat, place = x.flatten(1), self.order.argsort()
        columns = []
        for steps in torch.arange(D, device=x.device).split(max(1, ROWS // max(1, B))):
            k = len(steps)
            known = place < steps.unsqueeze(1)  # (k, D)
            rows = self.logits(flat.repeat(k, 1), known.repeat_interleave(B, 0)).view(k, B, D)
            columns.append(rows[torch.arange(k), :, self.order[steps]])  # (k, B)
        l = torch.cat(columns)[place].t()
        return Bernoulli(logits=l.reshape(x.shape), validate_args=False)

    def draws(self, u: Tensor, given: Tensor | None) -> Iterator[Tensor]:
        # All known pixels are put first, and `order` is that of the others: a known pixel has its
        # effect from the first draw on, so the result follows p(rest | given) of that order.
        check_known_binary(given)
        x = torch.zeros_like(u).t().contiguous()  # (n, D), pixels in their places
        known = torch.zeros_like(x, dtype=torch.bool)
        if given is not None:
            known[:, self.order] = ~given.isnan().t()
            x[:, self.order] = given.nan_to_num(0.0).t()
        missing = (~known).any(0).tolist()
        z = self._seen(x, known)
        half = self.network.to_half(z)
        for u_i, d in zip(u, self.order.tolist(), strict=True):
            if missing[d]:
                row, column = divmod(d, self.event_shape[2])
                x_d = (u_i < torch.sigmoid(self.network.logit(half, row, column))).to(x)
                x[:, d] = torch.where(known[:, d], x[:, d], x_d)
                z[:, 0, row, column], z[:, 1, row, column] = 2 * x[:, d] - 1, 1.0
                self.network.renew(half, z, row, column)
            yield x[:, d]

    def with_order(self, order: Tensor) -> OrderlessNADE:
        """This model with another `order`, a permutation (D,) of 0 .. D - 1: weights are shared.

        Raises:
            ValueError: when it is not a permutation.
        """
        D = self.order.numel()
        if order.shape != (D,) or order.sort().values.tolist() != list(range(D)):
            raise ValueError(f"An order must be a permutation of 0 to {D - 1}, of shape ({D},).")
        other = copy.copy(self)  # which shares the parameters and modules
        other._buffers = {**self._buffers, "order": order.to(self.order)}
        return other


class EoNADE(ExplicitDensity):
    """The mean of the densities of an order-agnostic model under several orders.

    Densities of whole images are averaged, which makes a density; logits or conditionals averaged
    under different orders would not.

    Args:
        model: the network.
        orders: (K, D), a permutation in each row.
    """

    def __init__(self, model: OrderAgnostic, orders: Tensor):
        super().__init__()
        if orders.ndim != 2 or len(orders) < 1:
            raise ValueError(f"Orders must have shape (K, D), K >= 1, not {tuple(orders.shape)}.")
        self.event_shape = model.event_shape
        self.members = [model.with_order(order) for order in orders]

    def log_prob(self, x: Tensor) -> Tensor:
        log_p = torch.stack([member.log_prob(x) for member in self.members])  # (K, B)
        return torch.logsumexp(log_p, 0) - math.log(len(self.members))

    def sampling(
        self, n: int, given: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Iterator[Tensor]:
        """Each image is sampled in one of the orders, chosen at random."""
        if n < 1:
            raise ValueError(f"The number of samples must be at least 1, not {n}.")
        if given is not None and len(given) not in (1, n):
            raise ValueError(f"`given` must hold 1 or {n} images, not {len(given)}.")
        chosen = torch.randint(len(self.members), (n,), generator=generator)
        groups = []
        for k, member in enumerate(self.members):
            rows = (chosen == k).nonzero().flatten()
            if len(rows):
                theirs = given[rows] if given is not None and len(given) > 1 else given
                groups.append((rows, member.sampling(len(rows), theirs, generator)))
        x = torch.full((n, *self.event_shape), torch.nan)
        for _ in range(x[0].numel()):
            for rows, steps in groups:
                step = next(steps)
                x = x.to(step.device)
                x[rows.to(step.device)] = step
            yield x

    def sample(
        self, n: int, given: Tensor | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        *_, last = self.sampling(n, given, generator)  # one tensor, filled step by step
        return last


def first_of_random_orders(noise: Tensor) -> Tensor:
    """Masks (B, D), bool: the first n pixels of a random order each, n uniform in 0 .. D - 1.

    The noise (B, D + 1) is standard normal. The numbers n lie evenly over the batch, by one common
    shift that is random.
    """
    B, D = noise.shape[0], noise.shape[1] - 1
    shift = torch.special.ndtr(noise[0, 0])  # uniform in (0, 1)
    position = (shift + torch.arange(B, device=noise.device) / B) % 1
    n = (D * position).long().clamp(max=D - 1)
    rank = noise[:, 1:].argsort(1).argsort(1)
    return rank < n.unsqueeze(1)


class OrderAgnosticLikelihood(Objective):
    """Minimize -log p_o(x), in nats an image, averaged over all orders o.

    Args:
        model: the network.
        lr: Adam's learning rate, above 0.
        beta2: Adam's beta_2, 0 to 1.
        weight_decay: decoupled weight decay of matrices, a fraction of lr a step, at least 0.
    """

    model: OrderlessNADE

    def __init__(
        self, model: OrderlessNADE, lr: float, beta2: float = 0.999, weight_decay: float = 0.0
    ):
        super().__init__()
        self.model = model
        self.lr, self.beta2, self.weight_decay = lr, beta2, weight_decay

    def optimizers(self) -> dict[str, Optimizer]:
        parameters = self.model.parameters()
        return {
            "model": adam(parameters, self.lr, beta2=self.beta2, weight_decay=self.weight_decay)
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x = batch.x
        noise = at.randn(len(x), x[0].numel() + 1, device=x.device)
        # Spread evenly over the batch of all processes.
        known = own_rows(first_of_random_orders(gathered(noise)))
        nll = self.model.nll_of_unknown(x, known).mean()
        update("model", nll)
        return {"nll": nll.detach()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x = batch.x
        noise = torch.randn(len(x), x[0].numel() + 1, generator=seeded(0)).to(x.device)
        nll = self.model.nll_of_unknown(x, first_of_random_orders(noise))
        return {"nll": nll, "bits_per_dim": bits_per_dim(nll, x[0].numel())}
