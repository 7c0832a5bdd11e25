"""Tiny data sets in torchvision's layout: no test needs the real ones, or a network."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path

import pytest

# The models of the tests are tiny: a second thread costs them more than it brings. Set before
# torch is imported, and inherited by the processes that tests start.
os.environ["OMP_NUM_THREADS"] = "1"

N_IMAGES = {"train": 240, "t10k": 60}


LONGEST = ("test_house.py", "test_page_scripts.py", "test_cli.py", "test_train.py")


def write_idx(path: Path, shape: tuple[int, ...], values: bytes) -> None:
    """The files' format: a magic number (unsigned bytes, so many axes), the sizes, the values."""
    path.write_bytes(struct.pack(f">{1 + len(shape)}i", 0x800 + len(shape), *shape) + values)


def write_data_set(folder: Path, seed: int) -> None:
    """Gray discs, their place and size by their class, in the files of MNIST."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    folder.mkdir(parents=True)
    y, x = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    for split, n in N_IMAGES.items():
        labels = torch.arange(n) % 10
        center = 8 + 1.2 * labels.view(n, 1, 1) + torch.randn(n, 1, 1, generator=generator)
        radius = 4 + labels.view(n, 1, 1) % 3
        distance = ((x - center) ** 2 + (y - 14) ** 2).sqrt()
        images = (255 * (radius + 0.5 - distance).clamp(0, 1)).to(torch.uint8)
        write_idx(folder / f"{split}-images-idx3-ubyte", (n, 28, 28), images.numpy().tobytes())
        write_idx(
            folder / f"{split}-labels-idx1-ubyte", (n,), labels.to(torch.uint8).numpy().tobytes()
        )


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return  # all processes of a run have the data of the one that started them
    folder = tempfile.TemporaryDirectory(prefix="genzoo-data-")
    config.add_cleanup(folder.cleanup)
    for seed, name in enumerate(("MNIST", "FashionMNIST")):
        write_data_set(Path(folder.name) / name / "raw", seed)
    os.environ["GENZOO_DATA"] = folder.name


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than there are processors: a test in a browser waits now and then."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that none is left alone at the end; and let a
    report tell which tests were in a browser."""
    items.sort(key=lambda item: item.path.name not in LONGEST)
    for item in items:
        if item.get_closest_marker("browser"):
            item.user_properties.append(("browser", True))


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch):
    """Nothing of this machine's settings, and no network, reaches a test."""
    monkeypatch.delenv("GENZOO_HUB", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def _real_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    """The releases of the repository, in place of a test's own."""
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(Path(__file__).parents[1] / "checkpoints"))
