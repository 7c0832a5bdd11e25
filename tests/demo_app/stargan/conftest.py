"""Releases of a tiny StarGAN and judge, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import torch

from demo_app.services.stargan import StarGANService
from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance
from tests.demo_app.released import folders

NAME, JUDGE = StarGANService.release, StarGANService.judge


def write_releases(folder: Path) -> None:
    """Untrained models under the recipes' own names, and figures that are made up."""
    for name, tiny in (
        (NAME, {"model.width": 4, "model.n_blocks": 1}),
        (JUDGE, {"model.width": 4}),
    ):
        recipe = recipes.override(recipes.get(name), tiny)
        torch.manual_seed(0)
        model = recipe.build_model()
        with torch.no_grad():  # larger weights than at the start, so that edits can be seen
            for parameter in model.parameters():
                parameter.mul_(1.5)
        values = {"edit_read": 98.5, "edit_kept": 97.5, "edit_psnr": 25.5, "edit_return": 0.02}
        figures = [Figure(key, v, v - 0.01, v + 0.01, "", "made up") for key, v in values.items()]
        releases.save(recipe, model, Provenance(1000, 0.0, "none"), figures, folder / name)


folder, module_folder = folders(write_releases)
