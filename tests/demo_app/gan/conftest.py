"""A release of a tiny GAN with pictures of its training, for tests of the service and the page."""

from __future__ import annotations

from pathlib import Path

import torch

from genzoo import recipes, releases
from genzoo.metrics import Figure
from genzoo.releases import Provenance
from tests.demo_app.released import folders

NAME = "gan-mnist"
SEEN = [0, 640, 4_000, 60_032]


def pictures(moment: int) -> torch.Tensor:
    """36 pictures, all of one gray for each place of a sheet and each moment."""
    gray = (40 * moment + torch.arange(36)).view(36, 1, 1, 1)
    return gray.expand(36, 1, 28, 28).to(torch.uint8).contiguous()


def write_releases(folder: Path) -> None:
    recipe = recipes.override(recipes.get(NAME), {"model.n_hidden": 16})
    torch.manual_seed(0)
    model = recipe.build_model()
    with torch.no_grad():  # larger weights than at the start, so that pictures differ
        for parameter in model.parameters():
            parameter.mul_(3)
    values = {"fid": 7.25, "fid_floor": 0.5}
    figures = [Figure(key, value, value, value, "", "made up") for key, value in values.items()]
    kept = {seen: pictures(k) for k, seen in enumerate(SEEN)}
    releases.save(recipe, model, Provenance(0, 0.0, "none"), figures, folder / NAME, kept)


folder, module_folder = folders(write_releases)
