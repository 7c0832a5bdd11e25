"""A release of a tiny Progressive GAN, for tests of the service and of the page."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from demo_app.services.progan import RIVAL, ProGANService
from tests.demo_app.released import folders, write_release

NAME = ProGANService.release
SEEN = (0, 7_000, 12_000, 73_000)
"""Images seen at the moments that are kept: 4x4; a fourth of the block of 8x8; all of it; all."""


def write_releases(folder: Path) -> None:
    figures = {"fid": 5.5, "fid_train_reference": 0.5, "share_smallest": 0.75, "precision": 81.5}
    sizes = {"model.width": 2, "model.max_width": 6, "model.n_latent": 8}
    generator = torch.Generator().manual_seed(0)
    moments = torch.randint(256, (len(SEEN), 12, 3, 64, 64), generator=generator).byte()
    kept = {seen: moment.contiguous() for seen, moment in zip(SEEN, moments, strict=True)}
    write_release(folder, NAME, sizes, figures, snapshots=kept)
    write_release(folder, RIVAL, {"model.width": 2}, {"fid": 15.25})


folder, module_folder = folders(write_releases)


@pytest.fixture(scope="module")
def service(store):
    return ProGANService(store)
