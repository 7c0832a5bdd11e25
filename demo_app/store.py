"""Released models, loaded when they are first asked for."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, TypeVar, overload

import numpy as np
import torch
from torch import Tensor

from demo_app.cache import LRUCache
from demo_app.errors import Unavailable
from demo_app.work import FairLock, go_on
from genzoo import releases
from genzoo.roles import Model

ASSETS = "demo.npz"
"""What a tab shows before anyone has drawn; MAKE makes it."""

MAKE = "python -m demo_app.assets"

PIECE = 28
"""Pixels from one picture of a drawing to the next."""

HOLD = 0.03
"""Seconds after which a model is let go between two steps: no stroke waits for a whole sheet."""

T = TypeVar("T")
M = TypeVar("M")


MAX_WEIGHTS = 250_000_000
"""Bytes of models that are kept; each of the releases has 4 to 12 MB."""


class Store:
    """Keeps the models used last; each is used by one thread at a time.

    Args:
        size: bytes of the weights of the models that stay in memory, at least those of one.
        load: a release's name to its model.
    """

    def __init__(self, size: int = MAX_WEIGHTS, load: Callable[[str], Model] = releases.load):
        self._load = load
        self._models = LRUCache(size, _weight)
        self._assets: dict[str, dict[str, np.ndarray]] = {}
        self._infos: dict[str, tuple[Any, _Config]] = {}
        self._locks: dict[str, FairLock] = {}

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
            demo_app.work.Left: when nobody waits any more for what it is to do.
        """
        with self._locks.setdefault(name, FairLock()):
            go_on()
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
        """What begin(model) goes through, the last of every `piece` steps and of all. In between,
        and after HOLD seconds, the model is let go, and others have their turn.

        Raises:
            Unavailable: as `model`.
        """
        with self.model(name, role) as model:
            steps = begin(model)
        n, is_done = 0, False
        while not is_done:
            with self.model(name):
                end = time.perf_counter() + HOLD
                while not (is_done := (step := next(steps, None)) is None):
                    last, n = step, n + 1
                    go_on()
                    if n == piece or time.perf_counter() > end:
                        break
            if n == piece or (is_done and n):
                yield last
                n = 0

    def info(self, name: str) -> dict[str, Any]:
        """The release's config, read from disk anew where the file is another one.

        Raises:
            Unavailable: as `model`.
        """
        path = _read(name, releases.find) / releases.CONFIG
        with suppress(OSError):  # which `releases.info` tells
            stat = path.stat()
            key = (path, stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if name not in self._infos or self._infos[name][0] != key:
                self._infos[name] = key, _Config(name, _read(name, releases.info))
            return self._infos[name][1]
        return _Config(name, _read(name, releases.info))

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


def _weight(model: torch.nn.Module) -> int:
    """Bytes of a model, at least one."""
    return max(1, sum(x.nbytes for x in (*model.parameters(), *model.buffers())))


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
        raise Unavailable(f"{name}/{ASSETS} is missing; {MAKE} makes it.", MAKE) from error
    except OSError as error:
        sentence = f"{name}/{ASSETS} cannot be read ({error.strerror})."
        raise Unavailable(sentence, MAKE) from error
    except Exception as error:  # a truncated zip, a pickle, a foreign file: all are damage
        problem = _without_folders(str(error))
        sentence = f"{name}/{ASSETS} is damaged ({problem}); {MAKE} makes a new one."
        raise Unavailable(sentence, MAKE) from error


class _Config(dict[str, Any]):
    """A part of a release's config, in which a key that is missing is damage: who reads it relies
    on it."""

    def __init__(self, name: str, values: Mapping[str, Any]):
        parts = {k: _Config(name, v) if isinstance(v, dict) else v for k, v in values.items()}
        super().__init__(parts)
        self._name = name

    def __missing__(self, key: str) -> Any:
        raise _unavailable(self._name, f"{self._name}/{releases.CONFIG} is damaged: no {key!r}.")


def _unavailable(name: str, sentence: str) -> Unavailable:
    return Unavailable(_without_folders(sentence), f"python -m genzoo train {name}")


def _without_folders(sentence: str) -> str:
    """The sentence with the last two parts of each path alone, NAME/FILE: where this machine keeps
    its releases is nobody's business."""
    here = str(releases.folder())
    sentence = sentence.replace(f"{here}{os.sep}", "")
    return re.sub(r"(?<![\w:/])(?:/[\w.~+@-]+)+/([\w.-]+/[\w.-]+)", r"\1", sentence)
