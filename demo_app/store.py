"""Released models, loaded when they are first asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Set
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np

from demo_app.errors import Unavailable
from genzoo import releases
from genzoo.roles import Model

ASSETS = "demo.npz"
"""What a tab shows before anyone has drawn; MAKE makes it."""

MAKE = "python -m demo_app.assets"

PIECE = 28
"""Pixels that are drawn before a model is let go: no stroke waits for a whole sheet."""

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Store:
    """Keeps the `size` models used last; each is used by one thread at a time.

    Args:
        size: how many models stay in memory.
        load: a release's name to its model.
    """

    def __init__(self, size: int = 32, load: Callable[[str], Model] = releases.load):
        self._size = size
        self._load = load
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._assets: dict[str, dict[str, np.ndarray]] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()

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
        with self._guard:
            lock = self._locks.setdefault(name, threading.RLock())
        with lock:
            with self._guard:
                model = self._models.get(name)
                if model is not None:
                    self._models.move_to_end(name)
            if model is None:
                try:
                    model = self._load(name)
                except releases.ReleaseError as error:
                    raise _unavailable(name, error) from error
                with self._guard:
                    self._models[name] = model
                    while len(self._models) > self._size:
                        self._models.popitem(last=False)
            try:
                held = model if role is None else releases.of_role(name, model, role)
            except releases.ReleaseError as error:
                raise _unavailable(name, error) from error
            yield held

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
        try:
            return releases.info(name)
        except releases.ReleaseError as error:
            raise _unavailable(name, error) from error

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
        try:
            kept = releases.snapshots(name)
        except releases.ReleaseError as error:
            raise _unavailable(name, error) from error
        if not kept:
            command = f"python -m genzoo train {name}"
            raise Unavailable(f"{name} keeps nothing of its training; {command} does.", command)
        return {seen: x.numpy() for seen, x in kept.items()}


def _read_assets(name: str) -> dict[str, np.ndarray]:
    path: Path | str = ASSETS
    try:
        path = releases.find(name) / ASSETS
        with np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except releases.ReleaseError as error:
        raise _unavailable(name, error) from error
    except FileNotFoundError as error:
        raise Unavailable(f"{path} is missing; {MAKE} makes it.", MAKE) from error
    except Exception as error:  # a truncated zip, a pickle, a foreign file: all are damage
        sentence = f"{path} is damaged ({error}); {MAKE} makes a new one."
        raise Unavailable(sentence, MAKE) from error


def _unavailable(name: str, error: Exception) -> Unavailable:
    return Unavailable(str(error), f"python -m genzoo train {name}")
