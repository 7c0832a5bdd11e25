"""DCGAN: generator and critic of strided convolutions.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016 (arXiv:1511.06434).

No pooling: 4x4 convolutions of stride two on the way down, 4x4 transposed convolutions of stride
two on the way up; rectifiers in the generator, leaky ones in the critic.

Differs from the paper: made for 28x28, so there are two levels instead of four. No batch
normalization, which lets an image depend on the others of its batch: the generator normalizes each
image by itself, over all channels and pixels (Ba et al., 2016; by groups of channels costs ten
times as much on a processor), and the critic nothing; what keeps the game stable is a penalty on
its slope at real images (Mescheder et al., 2018). The critic's last features pass through dense
layers, and beside them how much each of them varies over the batch: a generator that makes some
kinds of images too seldom is told so (Salimans et al., 2016; as a deviation, Karras et al., 2018).
z is Gaussian, not uniform; pixels lie in [0, 1], by a sigmoid instead of tanh.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genzoo.nn.conv import SLOPE, BatchDeviation, image_shape, strided_decoder, strided_encoder
from genzoo.roles import Adversarial, check_latents

N_FEATURES, N_HIDDEN = 256, 128
"""Of the critic's trunk, and units of its last layer but one."""


class DCGAN(Adversarial):
    """Images (C, H, W), H and W multiples of four, of z (K,).

    Args:
        event_shape: shape of an image.
        n_latent: K, numbers of z.
        width: channels at half the resolution; twice as many at a quarter of it.
    """

    def __init__(
        self, event_shape: tuple[int, ...] = (1, 28, 28), n_latent: int = 64, width: int = 64
    ):
        super().__init__()
        shape = image_shape(event_shape)
        if min(*shape, n_latent, width) < 1:
            raise ValueError("Sizes of a DCGAN must be at least 1.")
        self.event_shape, self.latent_shape = shape, (n_latent,)
        self.generator = strided_decoder(n_latent, shape, width)

    def generate(self, z: Tensor) -> Tensor:
        check_latents(z, self.latent_shape)
        return torch.sigmoid(self.generator(z).to(z.dtype))

    def critic(self, width: int) -> nn.Module:
        """`width` channels at half the resolution, twice as many at a quarter of it."""
        trunk = strided_encoder(image_shape(self.event_shape), width, N_FEATURES)
        return nn.Sequential(
            trunk,
            BatchDeviation(),
            nn.Linear(2 * N_FEATURES, N_HIDDEN),
            nn.LeakyReLU(SLOPE),
            nn.Linear(N_HIDDEN, 1),
        )
