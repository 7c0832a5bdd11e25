"""The registry: the only place where model, objective, data and schedule meet."""

# Importing a file registers its recipes.
from genzoo.recipes import (  # noqa: F401
    aae,
    ar,
    code_transformer,
    cyclegan,
    dcgan,
    gan,
    infogan,
    judge,
    nade,
    orderless_nade,
    pixel_rnn,
    pixels,
    progan,
    puzzle_gan,
    rnade,
    stargan,
    text2image,
    transformer,
    vae,
    vqvae,
)
from genzoo.recipes.base import Recipe, RecipeError, Variant, cards, get, names, override
from genzoo.recipes.evaluate import METRIC_PARTS, SPLITS, evaluate, judged_as
from genzoo.recipes.rank import rank
from genzoo.recipes.run import Origin, run

__all__ = [
    "METRIC_PARTS",
    "SPLITS",
    "Origin",
    "Recipe",
    "RecipeError",
    "Variant",
    "cards",
    "evaluate",
    "get",
    "judged_as",
    "names",
    "override",
    "rank",
    "run",
]
