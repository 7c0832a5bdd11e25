from __future__ import annotations

import math
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from genzoo import recipes
from genzoo.data import DATA_SETS, DataError, avatars, load_images


class Statistics:
    """Does a sample follow a distribution?"""

    @staticmethod
    def chi_square_z(counts: Tensor, p: Tensor) -> float:
        """Pearson's statistic of counts (K,) under probabilities p (K,), standardized: about
        N(0, 1) where they agree. Outcomes expected less than five times are taken together."""
        assert math.isclose(float(p.sum()), 1, rel_tol=1e-6), "p must be a distribution"
        n = counts.sum()
        rare = p * n < 5
        expected = torch.cat([(p * n)[~rare], (p * n)[rare].sum().view(1)])
        observed = torch.cat([counts[~rare], counts[rare].sum().view(1)]).to(p.dtype)
        if expected[-1] < 5:  # too rare even together: they count with the rarest other
            expected[-2] += expected[-1]
            observed[-2] += observed[-1]
            expected, observed = expected[:-1], observed[:-1]
        dof = len(expected) - 1
        assert dof >= 1, "one outcome alone tells nothing"
        chi2 = ((observed - expected) ** 2 / expected).sum()
        return float((chi2 - dof) / math.sqrt(2 * dof))

    @staticmethod
    def total_variation(counts: Tensor, p: Tensor) -> float:
        return 0.5 * float((counts / counts.sum() - p).abs().sum())


@pytest.fixture(scope="session")
def statistics():
    return Statistics


@pytest.fixture
def few_faces(monkeypatch):
    """Avatars, but not twenty thousand: those take minutes to draw."""
    few = {"train": 160, "validation": 20, "test": 40, "novel": 20}
    monkeypatch.setattr(avatars, "N_FACES", few)


@pytest.fixture
def no_test_images(monkeypatch):
    """A context in which no split of any data set can be read but those that one trains and
    chooses by."""

    def guarded(read):
        def reading(root, split):
            assert split in ("train", "validation"), f"the {split} split was read"
            return read(root, split)

        return reading

    @contextmanager
    def closed():
        with monkeypatch.context() as patched:
            for name, read in DATA_SETS.items():
                patched.setitem(DATA_SETS, name, guarded(read))
            with pytest.raises(DataError, match="the test split was read"):
                load_images("mnist", "test")
            yield

    return closed


@pytest.fixture(params=recipes.names())
def smoke_recipe(request, few_faces):
    """Every recipe, at the size that it names for a smoke run."""
    recipe = recipes.get(request.param)
    return recipes.override(recipe, recipe.smoke)


@pytest.fixture
def checkpoints(tmp_path, monkeypatch) -> Path:
    """No release to begin with, and an empty working folder; returns where releases go."""
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path / "checkpoints"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return tmp_path / "checkpoints"
