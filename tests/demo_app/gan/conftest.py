"""A release of a tiny GAN with pictures of its training, for tests of the service and the page."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.demo_app.released import folders, write_release

NAME = "gan-mnist"
SEEN = [0, 640, 4_000, 60_032]


def pictures(moment: int) -> torch.Tensor:
    """36 pictures, all of one gray for each place of a sheet and each moment."""
    gray = (40 * moment + torch.arange(36)).view(36, 1, 1, 1)
    return gray.expand(36, 1, 28, 28).to(torch.uint8).contiguous()


def write_releases(folder: Path) -> None:
    figures = {"fid": 7.25, "fid_train_reference": 0.5}
    kept = {seen: pictures(k) for k, seen in enumerate(SEEN)}
    write_release(folder, NAME, {"model.n_hidden": 16}, figures, scale=3, snapshots=kept)


folder, module_folder = folders(write_releases)
