"""Real pictures that generated ones are held against, in less room than the pictures take."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from demo_app.cache import LRUCache
from demo_app.errors import Unavailable
from demo_app.services.datasets import DataSet
from demo_app.store import Store
from genzoo.data import DataError, ImageSet, avatars

NEARBY = 6000
"""Pictures that are compared at once."""

N_CODE, N_BASIS = 64, 2000
"""Numbers of a code, and pictures by which its basis is found."""

STEP = 0.18
"""The least step in which the numbers of a code are kept."""

N_DRAWN = 500
"""Pictures that are kept when they were drawn, 12 kB each."""


class RealPictures(ABC):
    """Some real pictures of D numbers in [0, 1]: `labels` (N,) or (N, attributes)."""

    at_once: ClassVar[bool]
    """Whether the nearest ones to many pictures are found in about the time that one takes."""

    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @abstractmethod
    def picture(self, i: int) -> np.ndarray:
        """One of them, (D,) float32."""

    @abstractmethod
    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of pictures x (M, D): the number of the nearest real one, (M,), and how far it is, the
        root of the sum of squared differences, (M,)."""


class Kept(RealPictures):
    """Pictures that are there.

    Args:
        levels: (N, D) uint8, from 0 to `white`.
        labels: of each; 0 for all where they are not told.
    """

    at_once = True

    def __init__(self, levels: np.ndarray, white: int, labels: np.ndarray | None = None):
        self._levels, self._white = levels, white
        self.labels = np.zeros(len(levels), np.uint8) if labels is None else labels

    def picture(self, i: int) -> np.ndarray:
        return self._levels[i].astype(np.float32) / self._white

    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        given = torch.from_numpy(np.asarray(x, np.float32))
        best, index = torch.full((len(x),), torch.inf), torch.zeros(len(x), dtype=torch.long)
        for s in range(0, len(self._levels), NEARBY):
            some = torch.from_numpy(self._levels[s : s + NEARBY]).float() / self._white
            near, at = (some.square().sum(1) - 2 * given @ some.T).min(1)
            index = torch.where(near < best, at + s, index)
            best = torch.minimum(near, best)
        distance = (best + given.square().sum(1)).clamp(min=0).sqrt()
        return index.numpy(), distance.numpy()

    @classmethod
    def unpacked(cls, assets: Mapping[str, np.ndarray], D: int) -> Kept:
        """Of the arrays that `packed` made."""
        n_bits = int(assets["train_bits"])
        weights = 2 ** np.arange(n_bits - 1, -1, -1, dtype=np.uint8)
        levels = np.empty((len(assets["train"]), D), np.uint8)
        for s in range(0, len(levels), NEARBY):  # all at once would take four times as much
            packed = assets["train"][s : s + NEARBY]
            bits = np.unpackbits(packed, axis=1)[:, : D * n_bits].reshape(-1, D, n_bits)
            levels[s : s + NEARBY] = (bits * weights).sum(2, dtype=np.uint8)
        return cls(levels, 2**n_bits - 1, assets["train_labels"])

    @staticmethod
    def packed(train: ImageSet, n_bits: int) -> dict[str, np.ndarray]:
        """The training pictures in 2^n_bits levels, which a nearest one needs no more than."""
        levels = 2**n_bits - 1
        gray = train.images.flatten(1).numpy().astype(np.uint16)
        rounded = ((gray * levels + 127) // 255).astype(np.uint8)
        bits = np.unpackbits(rounded[:, :, None], axis=2)[:, :, 8 - n_bits :]
        return {
            "train": np.packbits(bits.reshape(len(bits), -1), axis=1),
            "train_bits": np.array(n_bits),
            "train_labels": train.labels.numpy().astype(np.uint8),
        }


class Drawn(RealPictures):
    """Faces of `genzoo.data.avatars`, which are drawn from their labels when they are asked for.

    The nearest one is found without drawing them all, and exactly. Of each face t there is a code
    c = B (t - m), for an orthonormal basis B of few rows, and r, the length of what B leaves of
    t - m. With c_x and r_x of a picture x, since what lies along B and what does not are at right
    angles,

        |x - t|^2 >= |c_x - c|^2 + (r_x - r)^2.

    Faces are drawn and compared in the order of this bound, until it is above the least distance
    that was found: after about two of the 20,000.

    Args:
        assets: the arrays that `packed` made.
        split: "train" or "test", whose faces they are.
    """

    at_once = False

    def __init__(self, assets: Mapping[str, np.ndarray], split: str):
        self.labels = assets[f"{split}_labels"]
        self._mean = torch.from_numpy(assets["mean"]).float() / 255
        self._basis = _orthonormal(assets["basis"], assets["basis_steps"])
        steps = torch.from_numpy(assets["code_steps"])
        self._codes = torch.from_numpy(assets[f"{split}_codes"]).T * steps
        self._rest = torch.from_numpy(assets[f"{split}_rest"]).float()
        self._off = float(assets[f"{split}_off"])
        self._drawn = LRUCache(N_DRAWN)

    def picture(self, i: int) -> np.ndarray:
        return self._drawn.get(int(i), lambda: self._draw(i)).astype(np.float32) / 255

    def nearest(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [self._nearest(one) for one in np.asarray(x, np.float32)]
        return np.array([i for i, _ in found]), np.array([distance for _, distance in found])

    def _nearest(self, x: np.ndarray) -> tuple[int, float]:
        bound = self._at_least(torch.from_numpy(x)).numpy()
        best, index = np.inf, 0
        for i in bound.argsort():
            if bound[i] > best:
                break
            distance = float(np.linalg.norm(x - self.picture(i)))
            if distance < best:
                best, index = distance, int(i)
        return index, best

    def _at_least(self, x: Tensor) -> Tensor:
        """How far x (D,) is from each at least, (N,)."""
        code, rest = _split(self._basis, x[None] - self._mean)
        along = (torch.cdist(code, self._codes)[0] - self._off).clamp(min=0)
        # The rests are kept in half precision.
        beside = ((rest - self._rest).abs() - 2**-10 * self._rest).clamp(min=0)
        return (along.square() + beside.square()).sqrt() - 1e-3

    def _draw(self, i: int) -> np.ndarray:
        try:
            picture = avatars.render(tuple(self.labels[i].tolist()))
        except DataError as error:
            command = "pip install python-avatars resvg-py"
            raise Unavailable(str(error), command) from error
        return picture.transpose(2, 0, 1).ravel()

    @staticmethod
    def packed(**splits: ImageSet) -> dict[str, np.ndarray]:
        """The codes of the faces of some splits, "train" among them, and their labels; the basis
        has the principal directions of training faces, kept in 8 bits."""
        train = splits["train"]
        mean = np.rint(train.images.float().mean(0).flatten().numpy()).astype(np.uint8)
        m = torch.from_numpy(mean).float() / 255
        few = slice(0, None, -(-len(train) // N_BASIS))
        A = train.scaled(few).flatten(1) - m
        # Of fewer pictures than numbers: by their products, which are fewer.
        values, vectors = torch.linalg.eigh((A @ A.T).double())
        n = min(N_CODE, int((values > 1e-6 * values[-1]).sum()))
        directions = (vectors[:, -n:].flip(1).float().T @ A) / values[-n:].flip(0).sqrt()[:, None]
        basis_steps = (directions.abs().amax(1) / 127).float().numpy()
        basis = np.rint(directions.numpy() / basis_steps[:, None]).astype(np.int8)
        B = _orthonormal(basis, basis_steps)
        parts = {split: _split_all(B, m, data) for split, data in splits.items()}
        code_steps = torch.stack([code.abs().amax(0) for code, _ in parts.values()]).amax(0) / 127
        code_steps = code_steps.clamp(min=STEP)
        arrays = {
            "mean": mean,
            "basis": basis,
            "basis_steps": basis_steps.astype(np.float32),
            "code_steps": code_steps.numpy(),
        }
        for split, (code, rest) in parts.items():
            codes = (code / code_steps).round()
            arrays |= {
                f"{split}_codes": codes.T.to(torch.int8).numpy(),
                f"{split}_off": (code - codes * code_steps).norm(dim=1).amax().numpy(),
                f"{split}_rest": rest.half().numpy(),
                f"{split}_labels": splits[split].labels.numpy().astype(np.uint8),
            }
        return arrays


def training(store: Store, data: DataSet) -> RealPictures:
    """The training pictures of a data set.

    Raises:
        Unavailable: when the judge or its assets are missing.
    """
    if data.n_bits is None:
        return drawn(store, data, "train")
    needed = {"train", "train_labels", "train_bits"}
    return Kept.unpacked(store.assets(data.judge, needed), data.D)


def packed(data: DataSet, train: ImageSet, test: ImageSet) -> dict[str, np.ndarray]:
    """What is kept of the real pictures of a data set: of the training split; and, where they can
    be drawn again, of the test split too."""
    if data.n_bits is None:
        return Drawn.packed(train=train, test=test)
    return Kept.packed(train, data.n_bits)


def drawn(store: Store, data: DataSet, split: str) -> Drawn:
    """The pictures of a split of a data set that are drawn from their labels.

    Raises:
        Unavailable: when the judge or its assets are missing.
    """
    of_split = {f"{split}_{name}" for name in ("codes", "off", "rest", "labels")}
    needed = of_split | {"mean", "basis", "basis_steps", "code_steps"}
    return Drawn(store.assets(data.judge, needed), split)


def _orthonormal(basis: np.ndarray, steps: np.ndarray) -> Tensor:
    """The rows of a basis (K, D) of whole steps (K,) made orthonormal, one after the other: the
    same on every machine, which decompositions are but for a sign."""
    B = torch.from_numpy(basis).double() * torch.from_numpy(steps).double()[:, None]
    L = torch.linalg.cholesky(B @ B.T)
    return torch.linalg.solve_triangular(L, B, upper=False)


def _split(B: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """The codes (N, K) of x (N, D), and the lengths (N,) of what is not along B; the difference of
    two large numbers, and so in float64."""
    x = x.double()
    code = x @ B.T
    rest = (x.square().sum(1) - code.square().sum(1)).clamp(min=0).sqrt()
    return code.float(), rest.float()


def _split_all(B: Tensor, mean: Tensor, data: ImageSet, batch: int = 1000) -> tuple[Tensor, ...]:
    parts = [
        _split(B, data.scaled(slice(s, s + batch)).flatten(1) - mean)
        for s in range(0, len(data), batch)
    ]
    return tuple(torch.cat(each) for each in zip(*parts, strict=True))
