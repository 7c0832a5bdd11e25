"""A release of a tiny CycleGAN, for tests of the service and of the page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from demo_app.services.cyclegan import CycleGANService
from genzoo.data import avatars
from tests.demo_app.released import folders, write_near, write_release

NAME = CycleGANService.release

READ = {
    "back_read_hair": 99.0,
    "back_read_glasses": 98.0,
    "back_read_beard": 56.0,
    "back_read_mouth": 11.0,
    "back_read_eyes": 97.0,
    "back_read_hat": 100.0,
    "back_read_clothes": 62.0,
}


def write_releases(folder: Path) -> None:
    figures = {"forth_error": 0.05, "cycle_error": 0.04, "cycle_error_other": 0.03, **READ}
    write_release(folder, NAME, {"model.width": 4, "model.n_blocks": 1}, figures, scale=1.5)
    write_near(folder, NAME, ink(range(40)), near_limit=ink(range(1000, 1020)))


@cache
def ink(seeds: range) -> Tensor:
    """Of the sketches of these faces, (N, 1, 64, 64)."""
    sketches = np.stack([avatars.sketch(avatars.face(seed)) for seed in seeds])
    return 1 - torch.from_numpy(sketches)[:, None].float() / 255


folder, module_folder = folders(write_releases)
