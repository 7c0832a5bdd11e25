"""A release of a tiny CycleGAN, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import torch

from demo_app.services.cyclegan import CycleGANService
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance
from tests.demo_app.released import folders

NAME = CycleGANService.release


def write_release(folder: Path) -> None:
    """An untrained model under the recipe's own name, and figures that are made up."""
    recipe = recipes.override(recipes.get(NAME), {"model.width": 4, "model.n_blocks": 1})
    torch.manual_seed(0)
    model = recipe.build_model()
    with torch.no_grad():  # larger weights than at the start, so that images differ
        for parameter in model.parameters():
            parameter.mul_(1.5)
    values = {"forth_error": 0.05, "cycle_error": 0.04, "cycle_error_other": 0.03}
    figures = [Figure(key, v, v - 0.01, v + 0.01, "", "made up") for key, v in values.items()]
    releases.save(recipe, model, Provenance(1000, 0.0, "none"), figures, folder / NAME)


folder, module_folder = folders(write_release)
