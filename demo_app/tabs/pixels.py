"""The Pixels tab: how many numbers pixels need, the colors of a photo, and what each assumption
about black and white pixels loses."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import widgets, wire
from demo_app.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from demo_app.services.pixels import PixelsService

D = 28 * 28
COLORS = 28 * 28
"""Samples of each color model in the page."""

SAMPLES = {"whole": 16, "patch": 49}

Functions = dict[str, Callable[..., dict[str, Any]]]


def build(service: PixelsService) -> None:
    """Lay out the tab and its endpoints. What a missing release would feed is left out, with a
    notice; the rest goes on, and the first two parts need none."""
    missing = {name: service.missing(name) for name in (*service.whole, "joint")}
    widgets.Widget("pixels_count", data={"digit": digit(service)})
    functions: Functions = {
        "sample": cache(lambda: picture(service.sample_picture(), [])),
        "open": lambda file: photo(service, file),
        "fit": lambda pixels, seed: fit(service, pixels, seed),
    }
    widgets.Widget("pixels_color", functions=functions)
    whole = [name for name in service.whole if not missing[name]]
    patch = [] if missing["joint"] else list(service.patch)
    if whole:
        functions = {
            "start": cache(lambda: start(service, whole, patch)),
            "look": lambda x: look(service, x, whole, patch),
            "samples": lambda kind, model, seed: samples(service, kind, model, seed),
        }
        widgets.Widget("pixels_models", functions=functions)
    notices(missing)
    widgets.explanation("pixels", **figures(service, whole, patch))
    endpoints(service)


def digit(service: PixelsService) -> str:
    """A test digit for the picture of n pixels; empty where there is none."""
    try:
        digits, labels = service.digits()
    except Unavailable:
        return ""
    return wire.pack_bits(digits[np.flatnonzero(labels == 8)[0]])


def notices(missing: dict[str, Unavailable | None]) -> None:
    """One notice for each thing that is missing, however many models lack it."""
    told = set()
    for error in missing.values():
        if error and str(error) not in told:
            told.add(str(error))
            widgets.notice(error)


def figures(service: PixelsService, whole: list[str], patch: list[str]) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    known = {f"whole-{name}": service.about(name) for name in whole}
    if patch:
        known |= {f"patch-{name}": about for name, about in service.about_patch().items()}
    shown = {}
    for name in [*(f"whole-{n}" for n in service.whole), *(f"patch-{n}" for n in service.patch)]:
        about = known.get(name, {"n_free": None, "nll": None})
        n, nll = about["n_free"], about["nll"]
        shown[f"n-{name}"] = "—" if n is None else f"{n:,}"
        shown[f"nll-{name}"] = "—" if nll is None else f"{nll:.2f}"
    return {key.replace("-", "_"): value for key, value in shown.items()}


def picture(pixels: np.ndarray, notes: list[str]) -> dict[str, Any]:
    H, W = pixels.shape[:2]
    return {"pixels": _text(pixels.tobytes()), "height": H, "width": W, "notes": notes}


def photo(service: PixelsService, file: object) -> dict[str, Any]:
    opened = service.open(_bytes(file, "The file"))
    return picture(opened["pixels"], opened["notes"])


def fit(service: PixelsService, pixels: object, seed: int) -> dict[str, Any]:
    """All that the page shows of a picture; the colors that occur as bytes, the rest as floats."""
    answer = service.fit(rgb(pixels), COLORS, seed)
    return {
        **answer,
        "counts": answer["counts"].tolist(),
        "channels": wire.pack_float32(answer["channels"]),
        "colors": _text(answer["colors"].tobytes()),
        "joint": wire.pack_float32(answer["joint"]),
        "samples": {name: _text(drawn.tobytes()) for name, drawn in answer["samples"].items()},
    }


def start(service: PixelsService, whole: list[str], patch: list[str]) -> dict[str, Any]:
    """What does not change while one plays: test digits, the models' sizes and test figures."""
    digits, labels = service.digits()
    return {
        "digits": wire.pack_bits(digits),
        "labels": labels.tolist(),
        "whole": {name: service.about(name) for name in whole},
        "patch": service.about_patch() if patch else {},
    }


def look(service: PixelsService, x: str, whole: list[str], patch: list[str]) -> dict[str, Any]:
    pixels = wire.unpack_bits(x, D)
    answer = service.look(pixels, whole)
    return {
        "log_prob": {name: said["log_prob"] for name, said in answer.items()},
        "probability": {n: wire.pack_bytes(said["probability"]) for n, said in answer.items()},
        "patch": service.look_patch(pixels) if patch else {},
    }


def samples(service: PixelsService, kind: str, model: str, seed: int) -> dict[str, Any]:
    if kind not in SAMPLES:
        raise BadInput(f"Samples are of: {', '.join(SAMPLES)}; not {kind!r:.40}.")
    draw = service.samples if kind == "whole" else service.patch_samples
    return {"images": wire.pack_bits(draw(model, SAMPLES[kind], seed))}


def rgb(text: object) -> np.ndarray:
    """The pixels (N, 3) that the page sends as base64 of three bytes each.

    Raises:
        BadInput: when `text` is not that.
    """
    data = _bytes(text, "The pixels")
    if not data or len(data) % 3:
        raise BadInput(f"The pixels must be three bytes each; {len(data)} bytes were given.")
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)


def endpoints(service: PixelsService) -> None:
    """The same for programs: /pixels_count, /pixels_color, /pixels_colors, /pixels_log_prob and
    /pixels_sample."""

    def count(n: int) -> dict[str, str]:
        return {name: str(number) for name, number in service.count(n).items()}

    def color(rgb: list[int], file: str = "") -> dict[str, Any]:
        return service.color(_colors(service, file), rgb)

    def colors(file: str = "", count: int = 16, seed: int = 0) -> dict[str, Any]:
        answer = service.fit(_colors(service, file), count, seed)
        drawn = {name: drawn.tolist() for name, drawn in answer["samples"].items()}
        kept = {key: answer[key] for key in ("new", "average", "n_free")}
        return {"samples": drawn, "counts": answer["counts"].tolist(), **kept}

    def log_prob(pixels: list[int], model: str = "markov") -> dict[str, Any]:
        said = service.look(pixels, [model])[model]
        return {"log_prob": said["log_prob"], "probability": said["probability"].tolist()}

    def sample(model: str = "markov", count: int = 8, seed: int = 0) -> list[list[int]]:
        if model == "joint":
            return service.patch_samples(model, count, seed).tolist()
        return service.samples(model, count, seed).tolist()

    models = ", ".join(service.whole)
    widgets.endpoint(
        "pixels_count",
        count,
        "A number of binary pixels, 1 to 784 -> free parameters of the full joint, a Markov chain "
        "and independent pixels, as decimal digits.",
    )
    widgets.endpoint(
        "pixels_color",
        color,
        "A color [r, g, b], 0 to 255, and a picture file as base64 (the built-in picture when "
        "empty) -> log p of it in nats under the joint and the independent channels fitted to the "
        "picture, and how many pixels have it.",
    )
    widgets.endpoint(
        "pixels_colors",
        colors,
        "A picture file as base64 (the built-in picture when empty) -> samples of both models, "
        "(count, 3) each, counts of the channels' values, new: the share of samples that the "
        "picture does not have, and average log p of its own pixels.",
    )
    widgets.endpoint(
        "pixels_log_prob",
        log_prob,
        "784 pixels, 0 or 1, row by row -> log_prob in nats, and probability of ink at each pixel "
        f"given those before it. Models: {models}.",
    )
    widgets.endpoint(
        "pixels_sample",
        sample,
        f"Images of 784 pixels each drawn from a model ({models}), or patches of 16 from joint.",
    )


def _colors(service: PixelsService, file: str) -> np.ndarray:
    if not file:
        return service.sample_picture().reshape(-1, 3)
    return service.open(_bytes(file, "The file"))["pixels"].reshape(-1, 3)


def _bytes(text: object, name: str) -> bytes:
    if not isinstance(text, str):
        raise BadInput(f"{name} must be base64 text, not {type(text).__name__}.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"{name} must be valid base64.") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
