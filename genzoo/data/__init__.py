"""Data sets in memory, their binarizations, and batches as a function of (seed, step)."""

from genzoo.data.batches import Batch, Batches
from genzoo.data.binarize import BINARIZATIONS, binarize, binarize_once
from genzoo.data.errors import DataError
from genzoo.data.images import (
    DATA_SETS,
    PARTS,
    SPLITS,
    ImageSet,
    data_root,
    load_images,
)

__all__ = [
    "BINARIZATIONS",
    "DATA_SETS",
    "PARTS",
    "SPLITS",
    "Batch",
    "Batches",
    "DataError",
    "ImageSet",
    "binarize",
    "binarize_once",
    "data_root",
    "load_images",
]
