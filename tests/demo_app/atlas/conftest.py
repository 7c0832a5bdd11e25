"""Tiny releases of some of the map's models; the others are missing."""

from __future__ import annotations

from pathlib import Path

import torch

from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance
from tests.demo_app.conftest import write_nade
from tests.demo_app.cyclegan.conftest import write_release as write_cyclegan
from tests.demo_app.gan.conftest import write_releases as write_gan
from tests.demo_app.released import folders
from tests.demo_app.stargan.conftest import write_releases as write_stargan

HERE = ("nade", "vae", "gan", "cyclegan", "stargan")
GRAY = HERE[:3]
VAE = "vae-mnist"


def write_releases(folder: Path) -> None:
    """NADE and the games as their own tabs have them, and a VAE without assets."""
    write_nade(folder)
    write_gan(folder)
    write_cyclegan(folder)
    write_stargan(folder)
    recipe = recipes.override(recipes.get(VAE), {"model.width": 4, "model.n_hidden": 16})
    torch.manual_seed(0)
    model = recipe.build_model()
    with torch.no_grad():  # larger weights than at the start, so that pictures differ
        for parameter in model.parameters():
            parameter.mul_(3)
    values = {"nll_bound": 90.5, "fid": 12.25}
    figures = [Figure(key, value, value, value, "", "made up") for key, value in values.items()]
    releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / VAE)


folder, module_folder = folders(write_releases)
