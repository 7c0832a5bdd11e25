"""CelebA: 202,599 photographs of faces with 40 attributes each (Liu et al., "Deep Learning Face
Attributes in the Wild", ICCV 2015). For research only, so every user brings a copy of their own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from genzoo.data.vision import datasets

SIDE = 64
CROP = 178
"""The square in the middle that is brought to SIDE."""


def read(root: Path, split: str) -> tuple[Tensor, Tensor, tuple[str, ...]]:
    """(images (N, 3, 64, 64) uint8, labels (N, 40) of 0 and 1, the attributes' names); root/celeba
    has the files, as torchvision's class wants them."""
    name = "valid" if split == "validation" else split  # torchvision's word
    raw = datasets().CelebA(str(root), name, target_type="attr", transform=_small, download=False)
    images = torch.empty(len(raw), 3, SIDE, SIDE, dtype=torch.uint8)
    for i in tqdm(range(len(raw)), desc=f"celeba-{split}", unit="face"):
        images[i] = raw[i][0]
    return images, raw.attr.long(), tuple(name for name in raw.attr_names if name)


def _small(photo: Image.Image) -> Tensor:
    left, top = ((size - CROP) // 2 for size in photo.size)
    square = photo.convert("RGB").crop((left, top, left + CROP, top + CROP))
    return torch.from_numpy(np.array(square.resize((SIDE, SIDE), 1))).permute(2, 0, 1)
