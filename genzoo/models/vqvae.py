"""VQ-VAE: an auto-encoder whose code is a grid of discrete codes.

van den Oord, Vinyals and Kavukcuoglu, "Neural Discrete Representation Learning", NIPS 2017
(arXiv:1711.00937).

    z_e = encoder(x),    z_q = the code nearest to z_e,    x' = decoder(z_q)

The nearest code is chosen at each place of a grid of an eighth of the image's height and width.
Choosing has no gradient, so that of the decoder's input is copied to the encoder's output. What
was an image is then a short sequence of tokens, which a Transformer can learn.

Differs from the paper in how it quantizes: there a codebook is learned by a loss of its own, and
codes that no encoding is nearest to are never learned again. Here the codes are fixed, all points
of a small grid (Mentzer et al., "Finite Scalar Quantization: VQ-VAE Made Simple", 2023,
arXiv:2309.15505; see `genzoo.nn.codec`), so that the squared error is the whole loss. (With the
absolute error codes can stop telling images apart: the median of what several images have at a
pixel is a best guess that no small change of the codes improves, where the mean always is.)
The encoder sees the eight by eight pixels of a code alone, not what is around them: few attributes
of a face then decide a code, which makes the codes easier for a Transformer to learn. The decoder
does see a code's neighbors, and knows its place.
"""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer

from genzoo.data.batches import Batch
from genzoo.metrics.tokens import psnr
from genzoo.nn.codec import Codec
from genzoo.objectives.base import Objective, Progress, Update, adam
from genzoo.roles import ImageTokenizer, check_images


class VQVAE(ImageTokenizer):
    """Images as grids of codes.

    Args:
        event_shape: shape of an image (C, H, W), H and W multiples of eight.
        levels: levels of each number of a code, odd and at least 3; their product is the number of
            codes.
        width: channels of the decoder at half the resolution; see `genzoo.nn.codec.Codec`.
        n_blocks: residual blocks of the decoder at the grid's resolution.
    """

    def __init__(
        self,
        event_shape: tuple[int, ...] = (3, 64, 64),
        levels: tuple[int, ...] = (5, 5, 5, 5),
        width: int = 32,
        n_blocks: int = 2,
    ):
        super().__init__()
        self.codec = Codec(event_shape, levels, width, n_blocks)
        self.event_shape, self.code_shape = self.codec.event_shape, self.codec.code_shape
        self.n_codes = self.codec.quantizer.n_codes

    def codes(self, x: Tensor) -> Tensor:
        check_images(x, self.event_shape)
        return self.codec.quantizer.index(self.codec.encode(x))

    def decode(self, codes: Tensor) -> Tensor:
        self.check_codes(codes)
        q = self.codec.quantizer.values(codes).to(self.codec.place.dtype)
        return self.codec.decode(q).clamp(0, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`reconstruct` with a gradient, of pixels that may lie outside of [0, 1]."""
        return self.codec.decode(self.codec.encode(x))


class Reconstruction(Objective):
    """Minimize E(x - x')^2, the mean squared error of pixels in [0, 1].

    Args:
        model: the VQ-VAE.
        lr: Adam's learning rate, above 0.
    """

    model: VQVAE

    def __init__(self, model: VQVAE, lr: float):
        super().__init__()
        self.model, self.lr = model, lr

    def optimizers(self) -> dict[str, Optimizer]:
        return {"model": adam(self.model.parameters(), self.lr)}

    def step(self, batch: Batch, update: Update, at: Progress) -> dict[str, Tensor]:
        mse = (self.model(batch.x) - batch.x).square().mean()
        update("model", mse)
        return {"mse": mse.detach()}

    def evaluate(self, batch: Batch) -> dict[str, Tensor]:
        again = self.model.reconstruct(batch.x)
        return {"mse": (again - batch.x).square().flatten(1).mean(1), "psnr": psnr(again, batch.x)}
