"""Arrays as short text, between the page and a service: base64 of bits, integers or floats."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np

from demo_app.errors import BadInput


def pack_bits(x: np.ndarray) -> str:
    """0/1 values of any shape, flattened: eight to a byte, the first in the highest bit."""
    return base64.b64encode(np.packbits(np.asarray(x, dtype=bool).ravel()).tobytes()).decode()


def unpack_bits(text: object, n: int) -> np.ndarray:
    """The first `n` bits that `pack_bits` wrote, (n,) uint8.

    Raises:
        BadInput: when `text` is not base64 of as many bytes as `n` bits need.
    """
    expected = f"expected base64 of {n} bits, {-(-n // 8)} bytes"
    if not isinstance(text, str):
        raise BadInput(f"The pixels must be text, not {type(text).__name__}; {expected}.")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"The pixels are not valid base64; {expected}.") from error
    if len(data) != -(-n // 8):
        raise BadInput(f"The pixels are {len(data)} bytes long; {expected}.")
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8))[:n]


def pack_float32(x: np.ndarray) -> str:
    """Little-endian 32-bit floats, flattened: a quarter of the length of JSON's digits."""
    return base64.b64encode(np.asarray(x).ravel().astype("<f4").tobytes()).decode()


def pack_int16(x: np.ndarray, scale: float) -> str:
    """round(x * scale) as little-endian 16-bit integers, clipped to their range, flattened."""
    integers = np.clip(np.rint(np.asarray(x, dtype=np.float64).ravel() * scale), -32767, 32767)
    return base64.b64encode(integers.astype("<i2").tobytes()).decode()


def pack_bytes(x: np.ndarray) -> str:
    """Values in [0, 1] as bytes 0 to 255, flattened."""
    data = np.clip(np.rint(np.asarray(x, dtype=np.float64).ravel() * 255), 0, 255)
    return base64.b64encode(data.astype(np.uint8).tobytes()).decode()


def unpack_bytes(text: object, n: int) -> np.ndarray:
    """The n bytes that the page sends as base64, (n,) uint8.

    Raises:
        BadInput: when `text` is not base64 of n bytes.
    """
    expected = f"expected base64 of {n} bytes"
    if not isinstance(text, str):
        raise BadInput(f"The pixels must be text, not {type(text).__name__}; {expected}.")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"The pixels are not valid base64; {expected}.") from error
    if len(data) != n:
        raise BadInput(f"The pixels are {len(data)} bytes long; {expected}.")
    return np.frombuffer(data, dtype=np.uint8)


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """The same with every array as lists, as JSON has them."""
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in answer.items()}
