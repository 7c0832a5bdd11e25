"""The registry: the only place where model, objective, data and schedule meet."""

# Importing a file registers its recipes.
from genzoo.recipes import ar, nade, pixel_rnn, pixels, transformer, vae  # noqa: F401
from genzoo.recipes.base import Recipe, RecipeError, get, names, override
from genzoo.recipes.evaluate import evaluate
from genzoo.recipes.run import run

__all__ = ["Recipe", "RecipeError", "evaluate", "get", "names", "override", "run"]
