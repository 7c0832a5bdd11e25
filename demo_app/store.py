"""Released models, loaded when they are first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any, TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from demo_app.cache import LRUCache
from demo_app.errors import Unavailable
from genzoo import releases
from genzoo.roles import Model

ASSETS = "demo.npz"
"""What a tab shows before anyone has drawn; MAKE makes it."""

MAKE = "python -m demo_app.assets"

PIECE = 28
"""Pixels that are drawn before a model is let go: no stroke waits for a whole sheet."""

T = TypeVar("T")
M = TypeVar("M")


class Store:
    """Keeps the `size` models used last; each is used by one thread at a time.

    Args:
        size: how many models stay in memory.
        load: a release's name to its model.
    """

    def __init__(self, size: int = 32, load: Callable[[str], Model] = releases.load):
        self._load = load
        self._models = LRUCache(size)
        self._assets: dict[str, dict[str, np.ndarray]] = {}
        self._locks: dict[str, threading.RLock] = {}

    @overload
    def model(self, name: str) -> AbstractContextManager[Model]: ...
    @overload
    def model(self, name: str, role: type[M]) -> AbstractContextManager[M]: ...
    @contextmanager
    def model(self, name: str, role: type[Any] | None = None) -> Iterator[Any]:
        """The model, held by this thread alone until the block ends; typed as `role`, which may be
        a class of models too.

        Raises:
            Unavailable: when there is no such release, it is damaged, or it is of another role.
        """
        with self._locks.setdefault(name, threading.RLock()):
            model = self._models.get(name, lambda: _read(name, self._load))
            if role is not None:
                _read(name, lambda name: releases.of_role(name, model, role))
            yield model

    def in_pieces(
        self, name: str, role: type[M], ask: Callable[[M, Tensor], Tensor], x: Tensor, piece: int
    ) -> Tensor:
        """ask(model, x), without gradients and `piece` rows of x at a time. In between the model
        is let go, and others have their turn.

        Raises:
            Unavailable: as `model`.
        """
        parts = []
        for few in x.split(piece):
            with self.model(name, role) as model, torch.inference_mode():
                parts.append(ask(model, few))
        return torch.cat(parts)

    def steps(
        self, name: str, role: type[M], begin: Callable[[M], Iterator[T]], piece: int = PIECE
    ) -> Iterator[T]:
        """What begin(model) goes through, the last of every `piece` steps and of all. In between
        the model is let go, and others have their turn.

        Raises:
            Unavailable: as `model`.
        """
        with self.model(name, role) as model:
            steps = begin(model)
        while True:
            with self.model(name):
                few = list(islice(steps, piece))
            if not few:
                return
            yield few[-1]

    def info(self, name: str) -> dict[str, Any]:
        """The release's config, read from disk.

        Raises:
            Unavailable: as `model`.
        """
        return _read(name, releases.info)

    def assets(self, name: str, needed: Set[str] = frozenset()) -> dict[str, np.ndarray]:
        """The arrays of the release's demo.npz, read once and kept.

        Raises:
            Unavailable: when the release or the file is missing or damaged, or lacks one of the
                arrays `needed`.
        """
        arrays = self._assets.get(name)
        if arrays is None:
            arrays = self._assets[name] = _read_assets(name)
        if lacking := needed - set(arrays):
            lacks = ", ".join(sorted(lacking))
            raise Unavailable(f"The assets of {name} lack {lacks}; {MAKE} makes new ones.", MAKE)
        return arrays

    def snapshots(self, name: str) -> dict[int, np.ndarray]:
        """What the release keeps of its training, by the number of images seen, in that order.

        Raises:
            Unavailable: when the release is missing or damaged, or keeps nothing.
        """
        kept = _read(name, releases.snapshots)
        if not kept:
            command = f"python -m genzoo train {name}"
            raise Unavailable(f"{name} keeps nothing of its training; {command} does.", command)
        return {seen: x.numpy() for seen, x in kept.items()}


def _read(name: str, read: Callable[[str], T]) -> T:
    """read(name), where a release that cannot be read is Unavailable."""
    try:
        return read(name)
    except releases.ReleaseError as error:
        raise _unavailable(name, str(error)) from error


def _read_assets(name: str) -> dict[str, np.ndarray]:
    path = _read(name, releases.find) / ASSETS
    try:
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise Unavailable(f"{path} is missing; {MAKE} makes it.", MAKE) from error
    except Exception as error:  # a truncated zip, a pickle, a foreign file: all are damage
        sentence = f"{path} is damaged ({error}); {MAKE} makes a new one."
        raise Unavailable(sentence, MAKE) from error


def _unavailable(name: str, sentence: str) -> Unavailable:
    return Unavailable(sentence, f"python -m genzoo train {name}")
