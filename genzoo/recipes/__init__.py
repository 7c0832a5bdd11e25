"""The registry: the only place where model, objective, data and schedule meet."""

from genzoo.recipes import nade, transformer, vae  # noqa: F401, importing a file registers its recipes
from genzoo.recipes.base import Recipe, RecipeError, get, names, override
from genzoo.recipes.evaluate import evaluate
from genzoo.recipes.run import run

__all__ = ["Recipe", "RecipeError", "evaluate", "get", "names", "override", "run"]
