"""Models that only sample: p(x) is not known."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from genzoo.data import ImageSet
from genzoo.data.batches import seeded
from genzoo.metrics import Evaluation, Metric
from genzoo.roles.base import Generative, Offer, check_number

N_KEPT, KEPT_BYTES = 36, 150_000
"""Pictures that are kept at each of some moments of the training, and how much they may weigh: of
64x64 pixels in color there are twelve."""


class Implicit(Generative):
    """Generates an image of each z ~ p(z); the images' probability is not known."""

    role = "Implicit"
    does = "generates images without saying how likely they are"
    knowledge = "implicit"

    latent_shape: tuple[int, ...]
    """Shape of z, (K,)."""

    keeps_growth: ClassVar[bool] = False
    """Whether a release keeps what the model drew at some moments of its training: where the page
    replays them."""

    @abstractmethod
    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n samples of p(z), (n, *latent_shape)."""

    @abstractmethod
    def generate(self, z: Tensor) -> Tensor:
        """The image of each z (n, *latent_shape), (n, *event_shape)."""

    @final
    @torch.no_grad()
    def pictures(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """The images (n, *event_shape) of sampled z."""
        check_number(n)
        return self.generate(self.draw_z(n, generator))

    def sample(self, n: int, *, generator: torch.Generator | None = None) -> Tensor:
        """n samples of p(x), (n, *event_shape): the images of z ~ p(z)."""
        return self.pictures(n, generator=generator)

    @torch.inference_mode()
    def probe(self) -> list[float]:
        """The mean pixel of the images of four fixed z."""
        z = self.draw_z(4, torch.Generator().manual_seed(0))
        return self.generate(z).flatten(1).mean(1).tolist()

    def offers(self) -> dict[str, Offer]:
        """generate, z to its image."""
        return {"generate": Offer(self.generate, {"z": self.latent_shape}, ("image",))}

    def metrics(self, on: Evaluation) -> list[Metric]:
        """Nothing: all that can be measured are its pictures."""
        return []

    def snapshot(
        self, data: ImageSet, preprocessing: str, seed: int
    ) -> Callable[[], Tensor] | None:
        """The images of the first z of a seed, (36 or fewer, *event_shape) in 8 bits, where
        `keeps_growth`."""
        if not self.keeps_growth:
            return None
        n = min(N_KEPT, max(1, KEPT_BYTES // math.prod(self.event_shape)))
        z = self.draw_z(n, seeded(seed, 4))

        @torch.inference_mode()
        def keep() -> Tensor:
            return (255 * self.generate(z.to(self.device))).round().to(torch.uint8)

        return keep


class Adversarial(Implicit):
    """Learns in a game against a critic, whose logits are all that it is told; p(z) = N(0, I)."""

    role = "Adversarial"

    @abstractmethod
    def critic(self, width: int) -> nn.Module:
        """A new critic for this generator's images: (B, *event_shape) in [-1, 1] to (B, 1)."""

    @final
    def draw_z(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        z = torch.randn(n, *self.latent_shape, generator=generator)
        return z.to(next(self.parameters()))
