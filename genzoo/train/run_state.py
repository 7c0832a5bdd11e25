"""Run state: all that a resumed run needs to go on bit for bit, written atomically."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

if sys.platform != "win32":  # where a run's folder is not locked
    import fcntl

NEWER = {"hold_out": False}
"""Settings that older run states and releases do not name, and what they were in these."""

Kind = type | tuple[type, ...]

FIELDS: dict[str, Kind] = {
    "hyperparameters": dict,
    "step": int,
    "seconds": (int, float),
    "objective": dict,
    "optimizers": dict,
    "ema": dict,
    "snapshots": dict,
    "rng": Tensor,
}
"""What a run state holds, and of what type."""

NEWER_FIELDS: dict[str, Kind] = {"warmup": (int, float), "origin": (dict, type(None))}
"""What older run states lack."""

ORIGIN: dict[str, Kind] = {
    "release": str,
    "sha256": str,
    "images_seen": int,
    "training_seconds": (int, float),
}
"""What "origin" holds, where a run was started from a release."""

PLAIN = (str, int, float, tuple, list, type(None))
"""What a hyperparameter may be."""


class RunStateError(RuntimeError):
    """A run cannot be resumed; the sentence says why and what to do."""


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """An OSError within the context (a full disk, no right to write) names `path`."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call write(temporary path), then put the file in place in one step: all of it or none."""
    write_together({path: write})


def write_together(writes: Mapping[Path, Callable[[Path], object]]) -> None:
    """`write_atomically` for files that belong together: where one cannot be written, all stay as
    they were.

    Raises:
        OSError: with the file that could not be written.
    """
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in writes}
    try:
        for path, write in writes.items():
            with naming(path):
                write(temporary[path])
                with open(temporary[path], "rb+") as file:
                    os.fsync(file.fileno())
        for path, part in temporary.items():
            os.replace(part, path)
    finally:
        for part in temporary.values():
            part.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path, resume: bool) -> Iterator[None]:
    """Within the context no other run is in the folder, which is made for a new one. Processes
    that train together are one run, and the first holds the lock for them.

    The lock is on the folder itself and ends with the process, however that ends; where the system
    has no such locks (Windows, some network drives), there is none.

    Raises:
        RunStateError: when another run is in it.
    """
    if not resume:
        folder.mkdir(parents=True, exist_ok=True)
    first = not dist.is_initialized() or dist.get_rank() == 0
    descriptor = _locked(folder) if first and folder.is_dir() else None
    try:
        refused = [descriptor == REFUSED]
        if dist.is_initialized():  # or the others would wait for the first
            dist.broadcast_object_list(refused)
        if refused[0]:
            raise RunStateError(
                f"Another process is training in {folder}: wait until it has ended, or give "
                "another --run-dir."
            )
        if first:  # what a run that was killed was writing
            for stale in (*folder.glob(".*.part"), *folder.glob("samples/.*.part")):
                stale.unlink(missing_ok=True)
        yield
    finally:
        if descriptor is not None and descriptor != REFUSED:
            os.close(descriptor)


REFUSED = -1


def _locked(folder: Path) -> int | None:
    """The descriptor of a folder, locked until it is closed; REFUSED where another has locked it,
    None where it cannot be locked."""
    if sys.platform == "win32":
        return None
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        return REFUSED if error.errno in (errno.EAGAIN, errno.EACCES) else None
    return descriptor


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Write a run state, whole or not at all.

    Raises:
        OSError: when it cannot be written; the last one is then as it was.
    """

    path.parent.mkdir(parents=True, exist_ok=True)
    whole = io.BytesIO()  # when it writes a file itself, torch hides why it cannot
    torch.save(dict(state), whole)
    write_atomically(path, lambda temporary: temporary.write_bytes(whole.getbuffer()))


def load(path: Path, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """The state in `path`, refused by name where it was written under other hyperparameters; only
    "images" may be more than they were, which extends the run.

    Raises:
        RunStateError: when the file is absent, damaged, or of another run.
    """
    if not path.is_file():
        raise RunStateError(f"There is no run to resume: {path} does not exist.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # any damage: a short file, a bad zip, other types
        raise damaged(path, type(error).__name__) from error
    _check_types(path, state)
    written = state["hyperparameters"]
    for key in sorted(set(written) | set(hyperparameters)):
        was, asked = (values.get(key, NEWER.get(key)) for values in (written, hyperparameters))
        if was != asked and not (key == "images" and asked > was):
            raise RunStateError(
                f"The run in {path.parent} was started with {key} = {was!r}, and now "
                f"{key} = {asked!r} is asked for. Resume with the same value, "
                "or give another --run-dir."
            )
    return state


def damaged(path: Path, why: str) -> RunStateError:
    """What to raise of a run state that cannot be what a run has written."""
    return RunStateError(
        f"The run state {path} is damaged ({why}). Delete it and train from the start."
    )


def _check_types(path: Path, state: Any) -> None:
    """
    Raises:
        RunStateError: with the first field that is not as a run writes it.
    """

    def check(name: str, value: Any, kind: Kind) -> None:
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or isinstance(value, bool):
            names = " or ".join("None" if k is type(None) else k.__name__ for k in kinds)
            raise damaged(path, f"{name} must be of type {names}, not {type(value).__name__}")

    def check_fields(name: str, values: Any, fields: Mapping[str, Kind]) -> None:
        check(name, values, dict)
        for key, kind in fields.items():
            if key not in values:
                raise damaged(path, f"{name} lacks {key!r}")
            check(key, values[key], kind)

    def check_keys(name: str, kind: type) -> None:
        for key in state[name]:
            check(f"each key of {name}", key, kind)

    check_fields("it", state, FIELDS)
    check_fields("it", state, {k: v for k, v in NEWER_FIELDS.items() if k in state})
    if state.get("origin") is not None:
        check_fields("origin", state["origin"], ORIGIN)
    check_keys("hyperparameters", str)
    for key, value in state["hyperparameters"].items():
        if not isinstance(value, PLAIN):
            raise damaged(path, f"{key} is of type {type(value).__name__}")
    check("images", state["hyperparameters"].get("images", 0), int)
    check_keys("snapshots", int)
    for seen, kept in state["snapshots"].items():
        check(f"the snapshot at {seen} images", kept, Tensor)
