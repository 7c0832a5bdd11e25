"""Tiny releases of some of the map's models; the others are missing."""

from __future__ import annotations

from pathlib import Path

from tests.demo_app.conftest import write_nade
from tests.demo_app.cyclegan.conftest import write_releases as write_cyclegan
from tests.demo_app.gan.conftest import write_releases as write_gan
from tests.demo_app.puzzle.conftest import write_releases as write_puzzle
from tests.demo_app.released import TINY_VAE, folders, write_release
from tests.demo_app.stargan.conftest import write_releases as write_stargan

HERE = ("nade", "vae", "gan", "cyclegan", "stargan", "puzzle")
GRAY = HERE[:3]


def write_releases(folder: Path) -> None:
    """NADE and the games as their own tabs have them, and a VAE without assets."""
    write_nade(folder)
    write_gan(folder)
    write_cyclegan(folder)
    write_stargan(folder)
    write_puzzle(folder)
    write_release(folder, "vae-mnist", TINY_VAE, {"nll_bound": 90.5, "fid": 12.25}, scale=3)


folder, module_folder = folders(write_releases)
