"""What a caller may ask of a model: a file for each role, see `genzoo.roles.base`."""

from genzoo.roles.autoencoder import Autoencoder
from genzoo.roles.base import (
    KNOWLEDGE,
    FreeParameters,
    Generative,
    Model,
    Offer,
    PictureSource,
    check_images,
    check_known_binary,
    check_latents,
    draw,
    n_parameters,
    picture_of,
    probe_images,
)
from genzoo.roles.coded import Coded
from genzoo.roles.editor import Editor
from genzoo.roles.evaluator import AttributeClassifier, Classifier, Evaluator
from genzoo.roles.explicit import Autoregressive, Counted, ExplicitDensity, teacher_forced_draws
from genzoo.roles.implicit import Adversarial, Implicit
from genzoo.roles.latent import LatentVariable
from genzoo.roles.order_agnostic import OrderAgnostic
from genzoo.roles.puzzle_solver import PuzzleSolver
from genzoo.roles.text_to_image import TextToImage
from genzoo.roles.tokenizer import ImageTokenizer
from genzoo.roles.translator import UnpairedTranslator

__all__ = [
    "KNOWLEDGE",
    "Adversarial",
    "AttributeClassifier",
    "Autoencoder",
    "Autoregressive",
    "Classifier",
    "Coded",
    "Counted",
    "Editor",
    "Evaluator",
    "ExplicitDensity",
    "FreeParameters",
    "Generative",
    "ImageTokenizer",
    "Implicit",
    "LatentVariable",
    "Model",
    "Offer",
    "OrderAgnostic",
    "PictureSource",
    "PuzzleSolver",
    "TextToImage",
    "UnpairedTranslator",
    "check_images",
    "check_known_binary",
    "check_latents",
    "draw",
    "n_parameters",
    "picture_of",
    "probe_images",
    "teacher_forced_draws",
]
