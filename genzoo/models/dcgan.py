"""DCGAN: generator and critic of strided convolutions.

Radford, Metz and Chintala, "Unsupervised Representation Learning with Deep Convolutional
Generative Adversarial Networks", ICLR 2016 (arXiv:1511.06434).

No pooling: 4x4 convolutions of stride two on the way down, 4x4 transposed convolutions of stride
two on the way up; ReLUs in the generator, leaky ReLUs in the critic.

Differs from the paper: for 28x28 there are two levels instead of four. No batch
normalization, which lets an image depend on the others of its batch: the generator normalizes each
image separately, over all channels and pixels (Ba et al., 2016; by groups of channels costs ten
times as much on a processor), and the critic nothing; what keeps the game stable is a penalty on
its slope at real images (Mescheder et al., 2018). The critic's last features and their standard
deviations over the batch pass through dense layers: so the critic notices when some kinds of
images are generated too rarely (Salimans et al., 2016; as a standard deviation, Karras et al.,
2018). z is Gaussian, not uniform, and passes through dense layers first (as in Karras et al.,
2019): a generator of three layers has no other way to go from one digit to another within a short
stretch of z, and what lies on a long one is no digit; z itself may go on beside what they make of
it, so that they can tell kinds apart and need not carry what varies within one. Pixels lie in [0,
1], by a sigmoid instead of tanh.

With `batch_norm` the networks are the paper's: batch normalization in both but for the critic's
first layer and the two last ones, nothing dense but the first and the last layer, weights that
begin as N(0, 0.02^2). What is left of the differences are the two levels, Gaussian z and the
sigmoid.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from genzoo.nn.conv import (
    SLOPE,
    BatchDeviation,
    begin_small,
    image_shape,
    level_widths,
    strided_convolutions,
    strided_decoder,
    strided_encoder,
)
from genzoo.roles import Adversarial, check_latents

N_FEATURES, N_HIDDEN = 256, 128
"""Features of the critic's trunk, and units of its last hidden layer."""


class DCGAN(Adversarial):
    """Images (C, H, W), H and W multiples of four and of 2^n_levels, of z (K,).

    Args:
        event_shape: shape of an image.
        n_latent: K, numbers of z.
        width: channels at half the resolution; twice as many at each further level.
        n_dense: dense layers that z passes through first, at least 0.
        skip_z: whether z itself is appended to the output of the dense layers.
        n_hidden: units of each dense layer, at least 1.
        n_levels: how often the critic halves an image and the generator doubles one, at least 1.
        batch_norm: whether both networks are the paper's.
    """

    traceable = True

    def __init__(
        self,
        event_shape: tuple[int, ...] = (1, 28, 28),
        n_latent: int = 64,
        width: int = 64,
        n_dense: int = 0,
        skip_z: bool = False,
        n_hidden: int = 256,
        n_levels: int = 2,
        batch_norm: bool = False,
    ):
        super().__init__()
        shape = image_shape(event_shape)
        if min(*shape, n_latent, width, n_hidden) < 1 or n_dense < 0:
            raise ValueError("Sizes of a DCGAN must be at least 1, and n_dense at least 0.")
        self.event_shape, self.latent_shape, self.n_levels = shape, (n_latent,), n_levels
        layers: list[nn.Module] = []
        for n_in in [n_latent, *[n_hidden] * (n_dense - 1)][:n_dense]:
            layers += [_dense(n_in, n_hidden), nn.LeakyReLU(SLOPE)]
        self.dense = nn.Sequential(*layers)
        self.skip_z = skip_z
        n_made = n_hidden if n_dense else n_latent
        n_in = n_made + n_latent * skip_z
        self.generator = strided_decoder(n_in, shape, width, n_levels, batch_norm)
        self.batch_norm = batch_norm
        if batch_norm:
            begin_small(self)

    def generate(self, z: Tensor) -> Tensor:
        check_latents(z, self.latent_shape)
        made = self.dense(z)
        if self.skip_z:
            made = torch.cat([made, z.to(made)], 1)
        return torch.sigmoid(self.generator(made).to(z.dtype))

    def critic(self, width: int) -> nn.Module:
        """`width` channels at half the resolution, twice as many at each further level."""
        shape = image_shape(self.event_shape)
        if self.batch_norm:
            convolutions = strided_convolutions(shape, width, self.n_levels, batch_norm=True)
            _, deep = level_widths(shape, width, self.n_levels)
            critic = nn.Sequential(*convolutions, nn.Linear(math.prod(deep), 1))
            begin_small(critic)
            return critic
        trunk = strided_encoder(shape, width, N_FEATURES, self.n_levels)
        return nn.Sequential(
            trunk,
            BatchDeviation(),
            nn.Linear(2 * N_FEATURES, N_HIDDEN),
            nn.LeakyReLU(SLOPE),
            nn.Linear(N_HIDDEN, 1),
        )


def _dense(n_in: int, n_out: int) -> nn.Linear:
    """A layer whose units vary as much as what it is of (He et al., 2015). By the framework's own
    first weights they vary a third as much, layer after layer, and the generator's images are, and
    to some degree stay, all alike."""
    layer = nn.Linear(n_in, n_out)
    nn.init.kaiming_normal_(layer.weight, SLOPE)
    nn.init.zeros_(layer.bias)
    return layer
