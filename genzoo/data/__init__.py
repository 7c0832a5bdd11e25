"""Data sets in memory, their preprocessing, and batches as a function of (seed, step)."""

from genzoo.data.batches import Batch, Batches
from genzoo.data.errors import DataError
from genzoo.data.images import (
    DATA_SETS,
    PARTS,
    SPLITS,
    WITHIN_TRAIN,
    ImageSet,
    data_root,
    load_images,
)
from genzoo.data.preprocessing import PREPROCESSINGS, binarize, preprocess_once

__all__ = [
    "PREPROCESSINGS",
    "DATA_SETS",
    "PARTS",
    "SPLITS",
    "WITHIN_TRAIN",
    "Batch",
    "Batches",
    "DataError",
    "ImageSet",
    "binarize",
    "preprocess_once",
    "data_root",
    "load_images",
]
