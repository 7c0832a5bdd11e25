"""Refuse what a service cannot answer, in a sentence that says what would do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from demo_app.errors import BadInput

MAX_SEED = 2**31 - 1


def integer(name: str, value: Any, low: int, high: int) -> int:
    """`value` as an int in [low, high]; whole floats pass, since JSON knows only numbers.

    Raises:
        BadInput: on anything else.
    """
    if not _is_number(value) or value != int(value):
        raise BadInput(f"{name} must be a whole number from {low} to {high}, not {shown(value)}.")
    if not low <= value <= high:
        raise BadInput(f"{name} must lie between {low} and {high}; {shown(value)} does not.")
    return int(value)


def seed(value: Any, highest: int = MAX_SEED) -> int:
    """`value` as a seed, an int in [0, highest].

    Raises:
        BadInput: on anything else.
    """
    return integer("The seed", value, 0, highest)


def seeds(first: Any, n: int) -> list[int]:
    """`first` and the n - 1 seeds that follow it; after the last of all comes 0.

    Raises:
        BadInput: when `first` is no seed.
    """
    start = seed(first)
    return [(start + k) % (MAX_SEED + 1) for k in range(n)]


def generator(value: Any) -> torch.Generator:
    """The noise of a seed, from its beginning.

    Raises:
        BadInput: when `value` is no seed.
    """
    return torch.Generator().manual_seed(seed(value))


def number(name: str, value: Any, low: float, high: float) -> float:
    """`value` as a float in [low, high].

    Raises:
        BadInput: on anything else.
    """
    if not _is_number(value):
        raise BadInput(f"{name} must be a number from {low:g} to {high:g}, not {shown(value)}.")
    if not low <= value <= high:
        raise BadInput(f"{name} must lie between {low:g} and {high:g}; {shown(value)} does not.")
    return float(value)


def choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """`value`, one of `choices`.

    Raises:
        BadInput: on anything else.
    """
    if not isinstance(value, str) or value not in choices:
        raise BadInput(f"{name} must be one of {', '.join(choices)}, not {shown(value)}.")
    return value


def model(name: Any, known: Sequence[str]) -> str:
    """`name`, one of the models `known`.

    Raises:
        BadInput: on anything else.
    """
    if not isinstance(name, str) or name not in known:
        raise BadInput(f"There is no model {shown(name)} here; there are: {', '.join(known)}.")
    return name


def numbers(name: str, value: object, n: int, low: float, high: float) -> np.ndarray:
    """`value` as (n,) float32, every number in [low, high].

    Raises:
        BadInput: on another length or type, NaN, or a number out of range.
    """
    x = _array(name, value)
    if x.size != n:
        raise BadInput(f"{name} must be {n} numbers; {x.size} were given.")
    if not np.isfinite(x).all():
        raise BadInput(f"{name} must not hold NaN or infinity.")
    if x.min() < low or x.max() > high:
        wrong = x[(x < low) | (x > high)][0]
        raise BadInput(f"{name} must lie between {low:g} and {high:g}; {wrong:g} does not.")
    return x.astype(np.float32)


def bits(name: str, value: object, n: int) -> np.ndarray:
    """`value` as (n,) float32, every number 0 or 1; rows of rows are read row by row.

    Raises:
        BadInput: on another length or type, NaN, or any other number.
    """
    x = numbers(name, value, n, 0, 1)
    if not ((x == 0) | (x == 1)).all():
        wrong = x[(x != 0) & (x != 1)][0]
        raise BadInput(f"{name} must each be 0 or 1; {wrong:g} is neither.")
    return x


def shown(value: Any) -> str:
    """What was given, as a sentence can say it: its first characters."""
    try:
        return repr(float(value) if isinstance(value, np.floating) else value)[:40]
    except (ValueError, RecursionError):  # Python writes no number of more than 4300 digits
        return "that"


def _is_number(value: Any) -> bool:
    """Any finite one; an int is, whatever its size, which `math.isfinite` does not take."""
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, np.integer)):
        return True
    return isinstance(value, (float, np.floating)) and math.isfinite(value)


def _array(name: str, value: object) -> np.ndarray:
    if not isinstance(value, (Sequence, np.ndarray)) or isinstance(value, (str, bytes)):
        raise BadInput(f"{name} must be a list of numbers, not {type(value).__name__}.")
    try:
        x = np.asarray(value)
        if x.dtype.kind not in "biuf":
            raise ValueError
    except ValueError as error:  # ragged lists end here too
        raise BadInput(f"{name} must be a list of numbers, row by row.") from error
    return x.astype(np.float64).ravel()
