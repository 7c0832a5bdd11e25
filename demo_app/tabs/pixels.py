"""The Pixels tab: how many numbers pixels need, the colors of a photo, and what each assumption
about black and white pixels loses."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import text, widgets, wire
from demo_app.errors import BadInput, Unavailable
from demo_app.tabs import Functions, calls, endpoint, notices
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.pixels import PixelsService

D = 28 * 28
COLORS = 28 * 28
"""Samples of each color model in the page."""

SAMPLES = {"whole": 16, "patch": 49}


def build(service: PixelsService) -> None:
    """Lay out the tab and its endpoints. What a missing release would feed is left out, with a
    notice; the rest goes on, and the first two parts need none."""
    missing = {name: service.missing(name) for name in (*service.whole, "joint")}
    widgets.Widget("pixels_count", data={"digit": digit(service)})
    functions: Functions = {
        "sample": cache(lambda: picture(service.sample_picture(), [])),
        "open": slow(lambda file: photo(service, file)),
        **calls([fit], service),
    }
    widgets.Widget("pixels_color", functions=functions)
    whole = [name for name in service.whole if not missing[name]]
    patch = [] if missing["joint"] else list(service.patch)
    if whole:
        functions = {
            "start": cache(lambda: start(service, whole, patch)),
            "look": lambda x: look(service, x, whole, patch),
            **calls([samples], service),
        }
        widgets.Widget("pixels_models", functions=functions)
    notices(*missing.values())
    widgets.explanation("pixels", **numbers(service, whole, patch))
    endpoints(service)


def digit(service: PixelsService) -> str:
    """A test digit for the picture of n pixels; empty where there is none."""
    try:
        digits, labels = service.digits()
    except Unavailable:
        return ""
    return wire.pack_bits(digits[np.flatnonzero(labels == 8)[0]])


def numbers(service: PixelsService, whole: list[str], patch: list[str]) -> dict[str, str]:
    """The numbers of the explanation."""
    patches = service.about_patch() if patch else {}
    known = {f"whole-{n}": service.about(n) if n in whole else None for n in service.whole}
    known |= {f"patch-{n}": patches.get(n) for n in service.patch}
    return text.numbers_of(known, n_free=",", nll=".2f")


def picture(pixels: np.ndarray, notes: list[str]) -> dict[str, Any]:
    H, W = pixels.shape[:2]
    return {"pixels": wire.encode(pixels.tobytes()), "height": H, "width": W, "notes": notes}


def photo(service: PixelsService, file: object) -> dict[str, Any]:
    opened = service.open(wire.decode(file, "The file"))
    return picture(opened["pixels"], opened["notes"])


def fit(service: PixelsService, pixels: object, seed: int) -> dict[str, Any]:
    """All that the page shows of a picture; the colors that occur as bytes, the rest as floats."""
    answer = service.fit(rgb(pixels), COLORS, seed)
    answer["samples"] = {n: wire.encode(x.tobytes()) for n, x in answer["samples"].items()}
    return wire.pack(
        answer,
        channels=wire.pack_float32,
        colors=lambda x: wire.encode(x.tobytes()),
        joint=wire.pack_float32,
    )


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
    if not isinstance(kind, str) or kind not in SAMPLES:
        raise BadInput(f"Samples are of: {', '.join(SAMPLES)}; not {kind!r:.40}.")
    draw = service.samples if kind == "whole" else service.patch_samples
    return {"images": wire.pack_bits(draw(model, SAMPLES[kind], seed))}


def rgb(sent: object) -> np.ndarray:
    """The pixels (N, 3) that the page sends as base64 of three bytes each.

    Raises:
        BadInput: when `sent` is not that.
    """
    data = wire.decode(sent, "The pixels")
    if not data or len(data) % 3:
        raise BadInput(f"The pixels must be three bytes each; {len(data)} bytes were given.")
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)


def endpoints(service: PixelsService) -> None:
    """The same for programs."""
    models = ", ".join(service.whole)

    @endpoint(
        "A number of binary pixels, 1 to 784 -> free parameters of the full joint distribution, a "
        "Markov chain and independent pixels, as decimal digits."
    )
    def pixels_count(n: int) -> dict[str, str]:
        return {name: str(number) for name, number in service.count(n).items()}

    @endpoint(
        "A color [r, g, b], 0 to 255, and a picture file as base64 (the built-in picture when "
        "empty) -> log p of it in nats under the joint and the independent channels fitted to the "
        "picture, and how many pixels have it."
    )
    def pixels_color(rgb: list[int], file: str = "") -> dict[str, Any]:
        return service.color(_colors(service, file), rgb)

    @endpoint(
        "A picture file as base64 (the built-in picture when empty) -> samples of both models, "
        "(count, 3) each, counts of the channels' values, new: the share of samples that the "
        "picture does not have, and average log p of its own pixels."
    )
    def pixels_colors(file: str = "", count: int = 16, seed: int = 0) -> dict[str, Any]:
        answer = service.fit(_colors(service, file), count, seed)
        return {key: answer[key] for key in ("samples", "counts", "new", "average", "n_free")}

    @endpoint(
        "784 pixels, 0 or 1, row by row -> log_prob in nats, and probability of ink at each pixel "
        f"given those before it. Models: {models}."
    )
    def pixels_log_prob(pixels: list[int], model: str = "markov") -> dict[str, Any]:
        return service.look(pixels, [model])[model]

    @endpoint(
        f"Images of 784 pixels each sampled from a model ({models}), or patches of 16 from joint."
    )
    def pixels_sample(model: str = "markov", count: int = 8, seed: int = 0) -> list[list[int]]:
        sampled = service.patch_samples if model == "joint" else service.samples
        return sampled(model, count, seed).tolist()


def _colors(service: PixelsService, file: str) -> np.ndarray:
    if not file:
        return service.sample_picture().reshape(-1, 3)
    return service.open(wire.decode(file, "The file"))["pixels"].reshape(-1, 3)
