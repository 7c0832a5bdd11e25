"""One paper, one file: the model and, where it has one of its own, its objective."""

from genzoo.models.nade import NADE
from genzoo.models.transformer import Tempered, Transformer
from genzoo.models.vae import ELBO, VAE

__all__ = ["ELBO", "NADE", "VAE", "Tempered", "Transformer"]
