"""Run state: all that a resumed run needs to go on bit for bit, written atomically."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

NEWER = {"hold_out": False}
"""Settings that older run states and releases do not name, and what they were in these."""


class RunStateError(RuntimeError):
    """A run cannot be resumed; the sentence says why and what to do."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call write(temporary path), then put the file in place in one step: all of it or none."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def save(path: Path, state: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A killed run may have left the file it was writing.
    for stale in path.parent.glob(f".{path.name}.*.part"):
        stale.unlink(missing_ok=True)
    write_atomically(path, lambda temporary: torch.save(dict(state), temporary))


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
        written = state["hyperparameters"]
    except Exception as error:  # any damage: a short file, a bad zip, other types, a missing key
        raise RunStateError(
            f"The run state {path} is damaged ({type(error).__name__}). "
            "Delete it and train from the start."
        ) from error
    for key in sorted(set(written) | set(hyperparameters)):
        was, asked = (values.get(key, NEWER.get(key)) for values in (written, hyperparameters))
        if was != asked and not (key == "images" and asked > was):
            raise RunStateError(
                f"The run in {path.parent} was started with {key} = {was!r}, and now "
                f"{key} = {asked!r} is asked for. Resume with the same value, "
                "or give another --run-dir."
            )
    return state
