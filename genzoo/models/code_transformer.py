"""A Transformer that writes images as codes, after a caption.

Ramesh, Pavlov, Goh, Gray, Voss, Radford, Chen and Sutskever, "Zero-Shot Text-to-Image Generation",
ICML 2021 (arXiv:2102.12092), which is DALL-E.

An image is a grid of discrete codes s_1 .. s_T, in raster order (see `genzoo.models.vqvae`), and a
caption is a sequence of words. One Transformer reads the words and then the codes so far,

    p(image | caption) = prod_t p(s_t | s_<t, caption)

and learns by maximum likelihood alone: there is no discriminator, and no noise but that by which a
code is sampled. What the caption does not say is as it is in the data, each way as often.

Differs from the paper:
- The caption is given, not modeled: there the words are predicted too, with a small weight.
- Positions after the end of a caption are read as padding that has a place of its own, as there;
  attention is over all earlier positions, in every layer.
- A position is told the place of the code that it predicts, not of the one that it has read.
- Of some images nothing is said, so that a sample can be guided: the code at t is sampled from

      log p(s_t | s_<t) + guidance (log p(s_t | s_<t, caption) - log p(s_t | s_<t)),

  normalized, which heeds the caption more than the likelihood alone asks for (Ho and Salimans,
  "Classifier-Free Diffusion Guidance", 2022, arXiv:2207.12598; of codes: Gafni et al.,
  "Make-A-Scene", 2022, arXiv:2203.13131).
- In training some of the codes that a position has read are those of another image. Else the
  skin, say, is told by the hair already written, and a combination that was in no training image
  cannot be asked for.
- The codes are of the VQ-VAE `vqvae-avatars`, whose weights do not move and are a part of the
  model, so that a release is whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer

from genzoo.data import words
from genzoo.data.batches import Batch, seeded
from genzoo.nn.attention import Block
from genzoo.nn.codec import Codec, frozen
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import ImageTokenizer, TextToImage, check_images


class CodeTransformer(TextToImage):
    """Images of captions, code after code.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of eight.
        levels, codec_width, codec_blocks: of the VQ-VAE whose codes they are; see
            `genzoo.nn.codec.Codec`.
        width: channels of a position, a multiple of `n_heads`.
        n_layers: blocks of attention and network.
        n_heads: heads of each attention.
        guidance: how much the caption counts when a code is sampled, at least 1; at 1 as in the
            likelihood.
    """

    knowledge = "approximate"

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        levels: tuple[int, ...] = (5, 5, 5, 5),
        codec_width: int = 32,
        codec_blocks: int = 2,
        width: int = 192,
        n_layers: int = 4,
        n_heads: int = 6,
        guidance: float = 1.0,
    ):
        super().__init__()
        if min(width, n_layers, n_heads) < 1 or width % n_heads:
            raise ValueError(
                "Sizes of a Transformer must be at least 1, and its width a multiple of its heads."
            )
        if not 1 <= guidance < math.inf:
            raise ValueError(f"guidance must be at least 1 and finite, not {guidance}.")
        self.guidance = guidance
        self.codec = frozen(Codec(event_shape, levels, codec_width, codec_blocks))
        self.event_shape, self.code_shape = self.codec.event_shape, self.codec.code_shape
        self.n_codes = self.codec.quantizer.n_codes
        h, w = self.code_shape
        self.words = nn.Embedding(len(words.vocabulary()), width)
        self.seen = nn.Embedding(self.n_codes, width)
        self.text_place = nn.Parameter(0.02 * torch.randn(self.n_tokens, width))
        self.row = nn.Parameter(0.02 * torch.randn(h, 1, width))
        self.column = nn.Parameter(0.02 * torch.randn(1, w, width))
        self.blocks: Any = nn.ModuleList(Block(width, n_heads, n_layers) for _ in range(n_layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, self.n_codes)
        for embedding in (self.words, self.seen):
            nn.init.normal_(embedding.weight, std=0.02)

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """The codes (B, h, w), int64 from 0 to n_codes - 1, of images x (B, *event_shape)."""
        check_images(x, self.event_shape)
        return self.codec.quantizer.index(self.codec.encode(x))

    def decode(self, codes: Tensor) -> Tensor:
        """The images (B, *event_shape) of codes (B, h, w)."""
        q = self.codec.quantizer.values(codes).to(self.row.dtype)
        return self.codec.decode(q).clamp(0, 1)

    def logits(self, tokens: Tensor, codes: Tensor) -> Tensor:
        """Of p(s_t | s_<t, caption), (B, T, n_codes), for captions (B, n_tokens) and codes
        (B, h, w)."""
        h, later = self._embedded(tokens, codes)
        for block in self.blocks:
            h, _ = block(h, later)
        return self.head(self.norm(h[:, self.n_tokens - 1 :])).to(self.row.dtype)

    def _embedded(self, tokens: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """What the blocks take: h (B, n_tokens + T - 1, C), and what hides the future. The last
        word's position predicts the first code, and the last code is read by none."""
        self.check_tokens(tokens)
        seen = self.seen(codes.flatten(1)[:, :-1])
        h = torch.cat([self.words(tokens) + self.text_place, seen], dim=1)
        first = self.n_tokens - 1
        h = torch.cat([h[:, :first], h[:, first:] + self._places], dim=1)
        return h, torch.full((h.shape[1],) * 2, -math.inf).triu(1).to(h)

    @property
    def _places(self) -> Tensor:
        """Of the codes, (T, C)."""
        return (self.row + self.column).flatten(0, 1)

    def sample_codes(self, tokens: Tensor, u: Tensor) -> Tensor:
        """Codes (B, h, w) for captions (B, n_tokens), the code at t by the uniform noise u[:, t]
        of u (B, T) in [0, 1)."""
        *_, codes = self.writing(tokens, u)
        return codes.unflatten(1, self.code_shape)

    @torch.no_grad()
    def writing(self, tokens: Tensor, u: Tensor) -> Iterator[Tensor]:
        """`sample_codes` code after code: the step t yields those up to t, (B, t + 1). The keys
        and values of earlier positions are kept. With guidance the codes are written after the
        caption and after none, side by side."""
        self.check_tokens(tokens)
        T, n_text = u.shape[1], self.n_tokens
        n_sides = 1 if self.guidance == 1 else 2
        if n_sides == 2:
            tokens = torch.cat([tokens, nothing_said(tokens)])
        places = self._places
        h = self.words(tokens) + self.text_place
        h = torch.cat([h[:, :-1], h[:, -1:] + places[0]], dim=1)
        kept: list[tuple[Tensor, Tensor]] = []
        for block in self.blocks:
            q, k, v = block.project(h)
            room = k.new_empty(2, *k.shape[:2], n_text + T - 1, k.shape[3])
            room[0, :, :, :n_text], room[1, :, :, :n_text] = k, v
            kept.append((room[0], room[1]))
            h = block.finish(h, F.scaled_dot_product_attention(q, k, v, is_causal=True))
        codes = torch.empty_like(u, dtype=torch.long)
        for t in range(T):
            if t > 0:
                at = n_text - 1 + t
                h = (self.seen(codes[:, t - 1]).repeat(n_sides, 1) + places[t]).unsqueeze(1)
                for block, (keys, values) in zip(self.blocks, kept, strict=True):
                    q, keys[:, :, at : at + 1], values[:, :, at : at + 1] = block.project(h)
                    past = keys[:, :, : at + 1], values[:, :, : at + 1]
                    h = block.finish(h, F.scaled_dot_product_attention(q, *past))
            logits = self.head(self.norm(h[:, -1]))
            if n_sides == 2:
                logits = self.guided(*logits.chunk(2))
            codes[:, t] = self.pick(logits, u[:, t])
            yield codes[:, : t + 1]

    def guided(self, logits: Tensor, unsaid: Tensor) -> Tensor:
        """The logits to sample from, by those after a caption and after none, (B, n_codes)."""
        said, unsaid = (torch.log_softmax(one, 1) for one in (logits, unsaid))
        return unsaid + self.guidance * (said - unsaid)

    @staticmethod
    def pick(logits: Tensor, u: Tensor) -> Tensor:
        """The code of each of logits (B, n_codes) at which their distribution function passes u
        (B,) in [0, 1)."""
        p = torch.softmax(logits.double(), dim=1)
        up_to = p.cumsum(1)
        return (up_to <= u.double().unsqueeze(1) * up_to[:, -1:]).sum(1)

    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """The uniform noise by which the codes of n images are sampled, (n, T) in [0, 1)."""
        return torch.rand(n, math.prod(self.code_shape), generator=generator).to(self.device)

    def draw_codes(self, tokens: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The codes (B, h, w) whose images `generate` returns for the same generator."""
        return self.sample_codes(tokens, self.draw_z(len(tokens), generator))

    def images_in_steps(self, tokens: Tensor, z: Tensor) -> Iterator[Tensor]:
        nothing = z.new_full((len(z), *self.event_shape), math.nan)
        for codes in self.writing(tokens, z):  # noqa: B007 - the last are all
            yield nothing
        yield self.decode(codes.unflatten(1, self.code_shape))

    @torch.no_grad()
    def attention(self, tokens: Tensor, codes: Tensor) -> Tensor:
        """How much each code of one image looked at each word when it was sampled, (n_layers,
        n_heads, h, w, n_tokens), of a caption (1, n_tokens) and codes (1, h, w). What is missing
        to a sum of one over the words went to earlier codes.

        Raises:
            ValueError: on more than one caption.
        """
        if len(tokens) != 1:
            raise ValueError(f"Attention is of one caption at a time, not of {len(tokens)}.")
        h, later = self._embedded(tokens, codes)
        maps = []
        for block in self.blocks:
            h, weights = block(h, later)
            maps.append(weights[0, :, self.n_tokens - 1 :, : self.n_tokens])
        return torch.stack(maps).unflatten(2, self.code_shape)


class CodeLikelihood(Objective):
    """Minimize -log p(s_t | s_<t, caption), in nats, the mean over codes; what is said of an image
    is sampled anew each time, and so is which of the codes s_<t are not its own.

    Args:
        model: the Transformer.
        lr: Adam's learning rate, above 0.
        beta2: Adam's beta_2, 0 to 1.
        weight_decay: decoupled weight decay of matrices, a fraction of lr a step, at least 0.
        unsaid: the share of images of which nothing is said, 0 to 1.
        corruption: the share of the codes that are read as those of another image of the batch at
            the same place, 0 to 1/2: of each image any share up to twice as many, all as likely.
        tokenizer: the VQ-VAE whose codes the model shall write, of the same sizes. Without one
            those of the model are as they are: random, unless they were loaded.
    """

    model: CodeTransformer

    def __init__(
        self,
        model: CodeTransformer,
        lr: float,
        beta2: float = 0.98,
        weight_decay: float = 0.0,
        unsaid: float = 0.1,
        corruption: float = 0.25,
        tokenizer: ImageTokenizer | None = None,
    ):
        super().__init__()
        if not (0 <= unsaid <= 1 and 0 <= corruption <= 0.5):
            raise ValueError("unsaid must be 0 to 1, and corruption 0 to 1/2.")
        self.model, self.unsaid, self.corruption = model, unsaid, corruption
        self.lr, self.beta2, self.weight_decay = lr, beta2, weight_decay
        if tokenizer is not None:
            state = tokenizer.state_dict()
            model.codec.load_state_dict({k.removeprefix("codec."): v for k, v in state.items()})

    def optimizers(self) -> dict[str, Optimizer]:
        parameters = self.model.parameters()
        return {
            "model": adam(parameters, self.lr, beta2=self.beta2, weight_decay=self.weight_decay)
        }

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        B, T, device = len(batch.x), math.prod(self.model.code_shape), batch.x.device
        tokens, codes = self.captions(batch, at.rand(B, words.N_NOISE)), self.codes(batch.x)
        silent = at.rand(B, 1, device=device) < self.unsaid
        tokens = torch.where(silent, nothing_said(tokens), tokens)
        read = self.corrupted(codes, at.rand(B, 1 + T, device=device))
        nll = self._nll(tokens, read, codes).mean()
        update("model", nll)
        return {"nll_code": nll.detach()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        u = torch.rand(len(batch.x), words.N_NOISE, generator=seeded(0))
        codes = self.codes(batch.x)
        return {"nll_code": self._nll(self.captions(batch, u), codes, codes)}

    def captions(self, batch: Batch, u: Tensor) -> Tensor:
        """Captions (B, n_tokens) of a batch by uniform noise u (B, N_NOISE) in [0, 1)."""
        return words.sample_captions(batch.label.cpu(), u.cpu()).to(batch.x.device)

    def codes(self, x: Tensor) -> Tensor:
        """The codes (B, h, w) of images x (B, *event_shape)."""
        with torch.autocast(x.device.type, enabled=False):  # in low precision some would be others
            return self.model.codes(x)

    def corrupted(self, codes: Tensor, u: Tensor) -> Tensor:
        """Codes (B, h, w) some of which are those of the image before in the batch, by uniform
        noise u (B, 1 + h w) in [0, 1): u_0 is how many, of 0 to twice `corruption`."""
        other = u[:, 1:].unflatten(1, codes.shape[1:]) < 2 * self.corruption * u[:, :1, None]
        return torch.where(other, codes.roll(1, 0), codes)

    def _nll(self, tokens: Tensor, read: Tensor, codes: Tensor) -> Tensor:
        """Of codes (B, h, w) after captions (B, n_tokens) and the codes `read` (B, h, w), the mean
        over the codes of each image, (B,)."""
        logits = self.model.logits(tokens, read).flatten(0, 1)
        nll = F.cross_entropy(logits, codes.flatten(), reduction="none")
        return nll.view(len(codes), -1).mean(1)


def nothing_said(tokens: Tensor) -> Tensor:
    """As many captions (B, n_tokens) that say nothing."""
    nothing = torch.full_like(tokens, words.PADDING)
    nothing[:, 0] = words.BEGIN
    return nothing
