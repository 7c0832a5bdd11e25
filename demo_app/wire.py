"""Arrays as short text, between the page and a service: base64 of bits, integers or floats."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from demo_app.errors import BadInput


def encode(data: bytes) -> str:
    """Bytes as base64."""
    return base64.b64encode(data).decode()


def decode(text: object, name: str, n: int | None = None) -> bytes:
    """The bytes that `encode` wrote: exactly `n`, where that is known.

    Raises:
        BadInput: when `text` is something else; the sentence calls it `name`.
    """
    expected = "expected base64" if n is None else f"expected base64 of {n} bytes"
    if not isinstance(text, str):
        raise BadInput(f"{name} must be text, not {type(text).__name__}; {expected}.")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"{name} must be valid base64; {expected}.") from error
    if n not in (None, len(data)):
        raise BadInput(f"{name} must not be {len(data)} bytes long; {expected}.")
    return data


def pack_bits(x: np.ndarray) -> str:
    """0/1 values of any shape, flattened: eight to a byte, the first in the highest bit."""
    return encode(np.packbits(np.asarray(x, dtype=bool).ravel()).tobytes())


def pack_each(images: np.ndarray) -> list[str]:
    """The bits of each image by itself."""
    return [pack_bits(image) for image in images]


def unpack_bits(text: object, n: int, name: str = "The pixels") -> np.ndarray:
    """The first `n` bits that `pack_bits` wrote, (n,) uint8.

    Raises:
        BadInput: when `text` is not base64 of as many bytes as `n` bits need.
    """
    return np.unpackbits(np.frombuffer(decode(text, name, -(-n // 8)), dtype=np.uint8))[:n]


def pack_float32(x: np.ndarray) -> str:
    """Little-endian 32-bit floats, flattened: a quarter of the length of JSON's digits."""
    return encode(np.asarray(x).ravel().astype("<f4").tobytes())


def pack_int16(x: np.ndarray, scale: float) -> str:
    """round(x * scale) as little-endian 16-bit integers, clipped to their range, flattened."""
    integers = np.clip(np.rint(np.asarray(x, dtype=np.float64).ravel() * scale), -32767, 32767)
    return encode(integers.astype("<i2").tobytes())


def pack_bytes(x: np.ndarray) -> str:
    """Values in [0, 1] as bytes 0 to 255, flattened."""
    data = np.clip(np.rint(np.asarray(x, dtype=np.float64).ravel() * 255), 0, 255)
    return encode(data.astype(np.uint8).tobytes())


def unpack_bytes(text: object, n: int) -> np.ndarray:
    """The n values in [0, 1] that the page sends as bytes, (n,) float32.

    Raises:
        BadInput: when `text` is not base64 of n bytes.
    """
    data = np.frombuffer(decode(text, "The pixels", n), dtype=np.uint8)
    return data.astype(np.float32) / 255


def rounded(x: np.ndarray, digits: int = 4) -> Any:
    """Lists of numbers with so many digits after the point."""
    return np.asarray(x, dtype=np.float64).round(digits).tolist()


def plain(answer: Any) -> Any:
    """The same with every array as lists, as JSON has them."""
    if isinstance(answer, dict):
        return {key: plain(value) for key, value in answer.items()}
    return answer.tolist() if isinstance(answer, np.ndarray) else answer


def pack(answer: dict[str, Any], **how: Callable[[Any], Any]) -> dict[str, Any]:
    """The answer as the page reads it: what is named goes through its function, unless it is None
    or not there, and every other array becomes lists."""
    there = {key: f for key, f in how.items() if answer.get(key) is not None}
    return plain({**answer, **{key: f(answer[key]) for key, f in there.items()}})


_MARK = secrets.token_hex(16)
"""Nobody else can write it."""


def as_text(answer: Any) -> Any:
    """The same with every array or list of numbers as one text, for Gradio, whose server looks at
    each number of an answer by itself, several times, and at nothing else meanwhile: with a sheet
    of faces for seconds. `as_lists` makes lists of them again; a number has as many digits as its
    type needs."""
    if isinstance(answer, dict):
        return {key: as_text(value) for key, value in answer.items()}
    if isinstance(answer, np.ndarray):
        if not answer.ndim or answer.dtype.kind not in "iuf" or not np.isfinite(answer).all():
            return answer.tolist()
        return f"{_MARK}{_digits(answer)}{_MARK}"
    if isinstance(answer, list):
        text = _json(answer)
        return answer if text is None else f"{_MARK}{text}{_MARK}"
    return answer


def as_lists(body: bytes) -> bytes:
    """JSON in which the texts of `as_text` are the lists that they were."""
    mark = _MARK.encode()
    return body.replace(b'"' + mark, b"").replace(mark + b'"', b"")


def _digits(x: np.ndarray) -> str:
    """Finite numbers as JSON; row by row, so that other threads have their turn."""
    if x.ndim > 1:
        return f"[{','.join(map(_digits, x))}]"
    return orjson.dumps(np.ascontiguousarray(x), option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _json(numbers: list[Any]) -> str | None:
    """Row by row, so that other threads have their turn; None where there is something else in it
    than finite numbers."""
    if numbers and isinstance(numbers[0], list):
        rows = [_json(row) if isinstance(row, list) else None for row in numbers]
        return None if None in rows else f"[{','.join(map(str, rows))}]"
    try:
        text = orjson.dumps(numbers).decode()  # 30 times as fast as json
    except TypeError:  # Gradio tells
        return None
    return text if re.fullmatch(r"[][0-9eE., +-]*", text) else None
