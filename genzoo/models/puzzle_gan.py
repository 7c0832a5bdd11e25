"""Puzzle-GAN: the image of a set of shuffled pieces, some of them missing.

Li et al., "JigsawGAN: Auxiliary Learning for Solving Jigsaw Puzzles with Generative Adversarial
Networks", IEEE Transactions on Image Processing 31, 2022 (arXiv:2101.07555). The placement is that
of Mena et al., "Learning Latent Permutations with Gumbel-Sinkhorn Networks", ICLR 2018
(arXiv:1802.08665); the set is read as in Lee et al., "Set Transformer", ICML 2019
(arXiv:1810.00825); the missing parts are filled in as in Pathak et al., "Context Encoders: Feature
Learning by Inpainting", CVPR 2016 (arXiv:1604.07379).

A set of N = n^2 pieces p_i, in no order; a learned token stands for each missing one:

    h = Attention({f(p_1), ..., f(p_N)}),   f convolutional, the same for all, without positions
    S_ij = h_i . e_j / sqrt(d),   log P = Sinkhorn(S),   pi* = argmax_pi sum_i S_i,pi(i)
    G = the pieces in their cells pi, and where there is none what the generator paints
    L_D = E[s(-D(x)) + s(D(G))] + (gamma / 2) E|grad D(x)|^2
    L_G = E[s(-D(G))] + lambda_rec E|x - G|_1 - lambda_place E log P_i,c(i)

with s(t) = log(1 + e^t), e_j the learned query of cell j, and c(i) the true cell of piece i. The
generator is trained with the pieces in their true cells; in use they lie in those of pi*, the
assignment with the largest sum.

Differs from the paper:
- There a shuffled image is classified as one of a few hundred permutations; here each piece is
  placed, so that all N! are possible, pieces may be missing, and the order in which they come
  means nothing.
- There the true images are of other motifs than the puzzles, and pseudo-labels from the pieces'
  borders tell the permutation. Here each puzzle is cut from a training image, which is known.
- Pixels of pieces come through as they are. The generator paints the rest of the image, of which
  the discriminator sees all.
- One model for puzzles of 2 x 2, 3 x 3 and 4 x 4 cells: f sees every piece at the same size.
  64 = 3 x 21 + 1: the last row and column of a 3 x 3 puzzle are in no piece, and are painted.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data.batches import Batch, seeded
from genzoo.data.puzzles import Puzzle, in_cells, laid, max_missing, puzzle
from genzoo.nn.assignment import sinkhorn
from genzoo.nn.conv import image_shape, strided_encoder
from genzoo.nn.translate import Translator, patch_critic
from genzoo.objectives.adversarial import critic_loss, generator_loss, r1_penalty
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import PuzzleSolver

SEEN = 24
"""Pixels each way at which f sees a piece, whatever its size."""

LEVELS = 4
"""Levels of the discriminator: how often it halves an image."""

N_HINTS, HINTS = 8, 8
"""Channels, and places each way, of what the tokens tell the generator of each cell."""


class SetBlock(nn.Module):
    """Attention among the members of a set, then a network of one hidden layer; (B, N, d) to the
    same. It knows no order: a permutation of its input permutes its output.

    Args:
        d: numbers of a member, a multiple of `n_heads`.
        n_heads: heads of the attention, at least 1.
    """

    def __init__(self, d: int, n_heads: int):
        super().__init__()
        self.n_heads = n_heads
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.out = nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.up, self.down = nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

    def forward(self, h: Tensor) -> Tensor:
        qkv = self.qkv(self.norm1(h)).unflatten(2, (3, self.n_heads, -1))
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        weights = torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), dim=-1)
        h = h + self.out((weights @ v).transpose(1, 2).flatten(2))
        return h + self.down(F.gelu(self.up(self.norm2(h))))


class PuzzleGAN(PuzzleSolver):
    """The encoder of the pieces, their placement, and the generator.

    Args:
        event_shape: shape of an image (C, H, H), H a multiple of 16.
        grids: the n of its puzzles, cells each way, at least 2.
        d: numbers by which a piece is known, a multiple of `n_heads`.
        n_heads, n_layers: heads and blocks of the attention among pieces.
        encoder_width: channels of f at half a piece's resolution; twice as many at a quarter.
        width: channels of the generator at half the resolution; twice as many at a quarter of it.
        n_blocks: residual blocks there.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        grids: tuple[int, ...] = (2, 3, 4),
        d: int = 128,
        n_heads: int = 4,
        n_layers: int = 3,
        encoder_width: int = 32,
        width: int = 48,
        n_blocks: int = 4,
    ):
        super().__init__()
        C, H, W = image_shape(event_shape)
        if min(C, d, n_heads, n_layers, encoder_width, width, n_blocks) < 1 or not grids:
            raise ValueError("Sizes of a Puzzle-GAN must be at least 1, with one grid or more.")
        if H != W or H % 2**LEVELS:
            raise ValueError(f"An image must be square, its side a multiple of 16, not {H} x {W}.")
        if min(grids) < 2 or max(grids) > H // 4:
            raise ValueError(f"A puzzle must have 2 to {H // 4} cells each way, not {grids}.")
        if d % n_heads:
            raise ValueError(f"d must be a multiple of {n_heads} heads, not {d}.")
        self.event_shape, self.grids, self.d = (C, H, W), tuple(grids), d
        self.f = strided_encoder((C, SEEN, SEEN), encoder_width, d)
        self.missing = nn.Parameter(torch.randn(d))
        self.size = nn.ParameterDict({str(n): nn.Parameter(torch.randn(d)) for n in grids})
        self.among_pieces = nn.Sequential(*(SetBlock(d, n_heads) for _ in range(n_layers)))
        self.key = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, d))
        self.e = nn.ParameterDict({str(n): nn.Parameter(torch.randn(n * n, d)) for n in grids})
        self.where = nn.ParameterDict({str(n): nn.Parameter(torch.randn(n * n, d)) for n in grids})
        self.among_cells = nn.Sequential(SetBlock(d, n_heads), SetBlock(d, n_heads))
        self.hints = nn.Sequential(nn.LayerNorm(d), nn.Linear(d, N_HINTS * HINTS**2))
        self.generator = Translator(C + 1 + N_HINTS, C, 0, width, n_blocks)

    def encode(self, pieces: Tensor, present: Tensor) -> Tensor:
        """h (B, N, d) of pieces (B, N, C, s, s) in [0, 1], of which those `present` (B, N) are
        there: a permutation of them permutes h, and nothing else."""
        n = math.isqrt(pieces.shape[1])
        seen = F.interpolate(pieces.flatten(0, 1), (SEEN, SEEN), mode="bilinear")
        h = self.f(2 * seen - 1).unflatten(0, pieces.shape[:2])
        h = torch.where(present.unsqueeze(2), h, self.missing.to(h)) + self.size[str(n)]
        return self.among_pieces(h)

    def scores(self, pieces: Tensor, present: Tensor) -> Tensor:
        return self.scores_of(self.encode(pieces, present), present).to(pieces.dtype)

    def scores_of(self, h: Tensor, present: Tensor) -> Tensor:
        """`scores` by h (B, N, d): zero for all cells where there is no piece."""
        e = self.e[str(math.isqrt(h.shape[1]))]
        S = self.key(h) @ e.mT / math.sqrt(self.d)
        return S.to(torch.promote_types(S.dtype, torch.float32)) * present.unsqueeze(2)

    def paint(self, pieces: Tensor, present: Tensor, cell: Tensor) -> Tensor:
        return self.paint_by(self.encode(pieces, present), pieces, present, cell)

    def paint_by(self, h: Tensor, pieces: Tensor, present: Tensor, cell: Tensor) -> Tensor:
        """`paint` by h (B, N, d)."""
        n, side, s = math.isqrt(h.shape[1]), self.event_shape[1], pieces.shape[-1]
        there = present[..., None, None, None].expand(-1, -1, 1, s, s).to(pieces.dtype)
        canvas = laid(in_cells(torch.cat([pieces, there], 2), cell), side)
        x, known = canvas[:, :-1], canvas[:, -1:]
        tokens = self.among_cells(in_cells(h, cell) + self.where[str(n)])
        hints = self.hints(tokens).view(-1, N_HINTS, HINTS, HINTS)
        hints = F.interpolate(hints, (s, s), mode="bilinear").unflatten(0, h.shape[:2])
        seen = torch.cat([(2 * x - 1) * known, known, laid(hints, side).to(x.dtype)], dim=1)
        painted = torch.sigmoid(self.generator(seen).to(x.dtype))
        return known * x + (1 - known) * painted


class Discriminator(nn.Module):
    """A logit for each image (B, C, H, H) in [-1, 1]: whether it is a real one, whole.

    Args:
        event_shape: shape of an image (C, H, H), H a multiple of 16.
        width: channels at half the resolution, at least 1.
    """

    def __init__(self, event_shape: tuple[int, int, int], width: int):
        super().__init__()
        C, H, _ = event_shape
        self.trunk = patch_critic(C, width, LEVELS)
        self.logit = nn.Conv2d(width * 2 ** (LEVELS - 1), 1, H >> LEVELS)

    def forward(self, signed: Tensor) -> Tensor:
        return self.logit(self.trunk(signed)).flatten().to(signed.dtype)


class PuzzleGame(Objective):
    """The game of both. A step is of puzzles of one size; how many pieces are missing is sampled
    for each image, from none to a third (`puzzles`).

    Args:
        model: encoder, placement and generator.
        lr, lr_critic: Adam's learning rates of the model and the discriminator, above 0.
        width: channels of the discriminator at half the resolution, at least 1.
        turns: the n of the puzzles of one step after the other, each one of the model's grids.
        lambda_rec: weight of the reconstruction loss, at least 0, on the mean absolute error of
            pixels in [-1, 1], known ones included.
        lambda_place: weight of the placement loss, at least 0, in nats a piece.
        gamma: weight of R1, at least 0; see `genzoo.objectives.adversarial.r1_penalty`.
        r1_interval: steps from one with R1 to the next, at least 1; R1 is multiplied by it.
    """

    model: PuzzleGAN

    def __init__(
        self,
        model: PuzzleGAN,
        lr: float,
        lr_critic: float,
        width: int = 32,
        turns: tuple[int, ...] = (3, 2, 3, 4),
        lambda_rec: float = 20.0,
        lambda_place: float = 1.0,
        gamma: float = 1.0,
        r1_interval: int = 8,
    ):
        super().__init__()
        weights = (lambda_rec, lambda_place, gamma)
        if not all(0 <= weight < math.inf for weight in weights):
            raise ValueError("Weights must be at least 0 and finite.")
        if r1_interval < 1:
            raise ValueError(f"r1_interval must be at least 1, not {r1_interval}.")
        if not turns or not set(turns) <= set(model.grids):
            raise ValueError(f"turns must be of the model's grids {model.grids}, not {turns}.")
        self.model, self.lr, self.lr_critic, self.turns = model, lr, lr_critic, tuple(turns)
        self.lambda_rec, self.lambda_place = lambda_rec, lambda_place
        self.gamma, self.r1_interval = gamma, r1_interval
        self.critic = Discriminator(image_shape(model.event_shape), width)

    def optimizers(self) -> dict[str, Optimizer]:
        return {
            "critic": adam(self.critic.parameters(), self.lr_critic, beta1=0.5, beta2=0.99),
            "model": adam(self.model.parameters(), self.lr, beta1=0.5, beta2=0.99),
        }

    def puzzles(self, x: Tensor, n: int, u: Tensor) -> Puzzle:
        """Images x as puzzles by uniform noise u (B, 1 + n^2) in [0, 1): u_0 says how many pieces
        are missing, 0 to `max_missing`, the rest the order. The more, the more likely, for the
        generator learns nothing where none are missing."""
        return puzzle(x, n, (u[:, 0].sqrt() * (max_missing(n) + 1)).long(), u[:, 1:])

    def placement(self, h: Tensor, given: Puzzle) -> Tensor:
        """-log P_i,c(i), the mean over the pieces that are there, (B,)."""
        log_p = sinkhorn(self.model.scores_of(h, given.present))
        right = log_p.gather(2, given.cell.unsqueeze(2)).squeeze(2)
        return -(right * given.present).sum(1) / given.present.sum(1)

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        x, n = batch.x, self.turns[at.step % len(self.turns)]
        given = self.puzzles(x, n, at.rand(len(x), 1 + n * n, device=x.device))
        h = self.model.encode(given.pieces, given.present)
        fake = self.model.paint_by(h, given.pieces, given.present, given.cell)

        signed = (2 * x - 1).requires_grad_()
        real = self.critic(signed)
        critic = critic_loss("non-saturating", real, self.critic(2 * fake.detach() - 1)).mean()
        cost = critic
        if self.gamma and at.step % self.r1_interval == 0:
            cost = cost + r1_penalty(real, signed, self.gamma * self.r1_interval)
        update("critic", cost)

        adversarial = generator_loss("non-saturating", self.critic(2 * fake - 1)).mean()
        reconstruction = 2 * (fake - x).abs().mean()
        placement = self.placement(h, given).mean()
        weighted = self.lambda_rec * reconstruction + self.lambda_place * placement
        update("model", adversarial + weighted)
        report = {
            "critic": critic,
            "generator": adversarial,
            "reconstruction": reconstruction,
            "placement": placement,
        }
        return {name: figure.detach() for name, figure in report.items()}

    @torch.no_grad()
    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        x, n = batch.x, self.turns[0]
        u = torch.rand(len(x), 1 + n * n, generator=seeded(0)).to(x.device)
        given = self.puzzles(x, n, u)
        h = self.model.encode(given.pieces, given.present)
        fake = self.model.paint_by(h, given.pieces, given.present, given.cell)
        real, judged = self.critic(2 * x - 1), self.critic(2 * fake - 1)
        return {
            "critic": critic_loss("non-saturating", real, judged),
            "generator": generator_loss("non-saturating", judged),
            "reconstruction": 2 * (fake - x).abs().flatten(1).mean(1),
            "placement": self.placement(h, given),
        }
