"""One paper, one file: the model and, where it has one of its own, its objective."""

from genzoo.models.aae import AAE, AdversarialAutoencoding
from genzoo.models.ar import AR
from genzoo.models.code_transformer import CodeLikelihood, CodeTransformer
from genzoo.models.color import ColorChannels, ColorJoint
from genzoo.models.cyclegan import CycleGame, CycleGAN
from genzoo.models.dcgan import DCGAN
from genzoo.models.gan import GAN
from genzoo.models.infogan import InfoGAN, InformationGame
from genzoo.models.judge import (
    AttributeClassification,
    AttributeJudge,
    Classification,
    Judge,
    PlainJudge,
)
from genzoo.models.nade import NADE
from genzoo.models.orderless_nade import EoNADE, OrderAgnosticLikelihood, OrderlessNADE
from genzoo.models.pixel_rnn import PixelRNN
from genzoo.models.progan import ProGAN, ProgressiveGame
from genzoo.models.puzzle_gan import PuzzleGame, PuzzleGAN
from genzoo.models.rnade import RNADE
from genzoo.models.stargan import AttributeGame, StarGAN
from genzoo.models.tables import IndependentPixels, JointPixels, MarkovPixels
from genzoo.models.text2image import Text2Image, TextGame
from genzoo.models.transformer import Tempered, Transformer
from genzoo.models.vae import ELBO, VAE, ImportanceWeighted
from genzoo.models.vqvae import VQVAE, Reconstruction

__all__ = [
    "AAE",
    "AR",
    "DCGAN",
    "ELBO",
    "GAN",
    "NADE",
    "RNADE",
    "StarGAN",
    "VAE",
    "VQVAE",
    "AdversarialAutoencoding",
    "AttributeClassification",
    "AttributeGame",
    "AttributeJudge",
    "Classification",
    "CodeLikelihood",
    "CodeTransformer",
    "ColorChannels",
    "ColorJoint",
    "CycleGAN",
    "CycleGame",
    "EoNADE",
    "ImportanceWeighted",
    "IndependentPixels",
    "InfoGAN",
    "InformationGame",
    "JointPixels",
    "Judge",
    "MarkovPixels",
    "OrderAgnosticLikelihood",
    "OrderlessNADE",
    "PixelRNN",
    "PlainJudge",
    "PuzzleGAN",
    "PuzzleGame",
    "ProGAN",
    "ProgressiveGame",
    "Reconstruction",
    "Tempered",
    "Text2Image",
    "TextGame",
    "Transformer",
]
