"""The VAE tab: a map of digits, a code to move by hand, and walks through the latent space."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, widgets, wire

if TYPE_CHECKING:
    from demo_app.services.vae import VAEService

D = 28 * 28

FIGURES = ("reconstruction", "kl", "active_latents", "nll_bound", "fid")
"""Of a model beside the others."""

Functions = dict[str, Callable[..., dict[str, Any]]]


def build(service: VAEService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. What a missing release would
    feed is a notice in its place; the rest goes on."""
    missing = {name: service.missing(name) for name in (*service.planes, *service.models)}
    planes = [name for name in service.planes if not missing[name]]
    if planes:
        first = cache(lambda model: start_map(service, model))
        functions: Functions = {
            "start": lambda model: first(str(model)),
            "decode": lambda model, z: decode(service, model, z),
        }
        data = [{"model": name, "beta": service.about(name)["beta"]} for name in planes]
        widgets.Widget("vae_map", functions=functions, data={"planes": data})
    for name in service.planes:
        if (error := missing[name]) and name not in service.variants:
            widgets.notice(error)
    models = [name for name in service.models if not missing[name]]
    if models:
        functions = {
            "start": lambda model: start(service, model),
            "encode": lambda model, x: encode(service, model, x),
            "decode": lambda model, z, x=None: decode(service, model, z, x),
        }
        compared = [compare(service, name) for name in models]
        widgets.Widget("vae_code", functions=functions, data={"models": compared})
        functions = {
            "traverse": lambda model, z, rows, steps: traverse(service, model, z, rows, steps),
            "interpolate": lambda model, a, b, n: interpolate(service, model, a, b, n),
            "gif": lambda model, a, b: gif(service, model, a, b),
        }
        widgets.Widget("vae_walk", functions=functions)
        functions = {
            "combine": lambda model, a, b, c, s, means: combine(service, model, a, b, c, s, means),
        }
        widgets.Widget("vae_sum", functions=functions)
    for name in service.models:
        if (error := missing[name]) and name not in service.variants:
            widgets.notice(error)
    widgets.explanation(
        "vae", **figures(service, [n for n, error in missing.items() if not error])
    )
    endpoints(service)


def figures(service: VAEService, names: list[str]) -> dict[str, str]:
    """The numbers of the explanation; a dash for a model that is not there."""
    shown = {}
    for name in (*service.planes, *service.models):
        about = service.about(name) if name in names else {"figures": {}}
        key = name.removeprefix("vae-").replace("-", "_")
        n = about.get("n_parameters")
        bound = about["figures"].get("nll_bound")
        bits = about["figures"].get("bits_per_dim_bound")
        shown[f"n_{key}"] = "—" if n is None else f"{n:,}"
        shown[f"bound_{key}"] = "—" if bound is None else f"{bound:.2f}"
        shown[f"bits_{key}"] = "—" if bits is None else f"{bits:.2f}"
    return shown


def compare(service: VAEService, name: str) -> dict[str, Any]:
    """A model as the page lists it beside the others on the same data: its objective, and what was
    measured on the test set; a figure that was not measured is None."""
    about = service.about(name)
    measured = about["figures"].get
    return {
        "name": name,
        **{key: about[key] for key in ("data", "beta", "k", "n_latent", "images_seen")},
        **{key: measured(key) for key in FIGURES},
    }


def start_map(service: VAEService, model: str) -> dict[str, Any]:
    """A plane as it is first seen; points in thousandths, log_q in hundredths."""
    plane = service.map(model)
    manifold = service.manifold(model, plane["extent"])
    return {
        "points": wire.pack_int16(plane["points"], 1000),
        "log_q": wire.pack_int16(plane["log_q"], 100),
        "labels": plane["labels"].tolist(),
        "digits": wire.pack_bits(plane["digits"]),
        "extent": plane["extent"],
        "manifold": _text(pictures.png(np.rint(manifold * 255))),
    }


def start(service: VAEService, model: str) -> dict[str, Any]:
    """What does not change while one plays with a model."""
    images, labels = service.images(model)
    about, latents = service.about(model), service.latents(model)
    return {
        "binary": about["binary"],
        "images": wire.pack_bits(images > 127) if about["binary"] else _text(images.tobytes()),
        "labels": labels.tolist(),
        "order": latents["order"].tolist(),
        "kl": latents["kl"].round(4).tolist(),
        "n_active": latents["n_active"],
        "reconstruction": latents["reconstruction"],
    }


def decode(
    service: VAEService, model: str, z: list[float], x: str | None = None
) -> dict[str, Any]:
    answer = service.decode(model, z, None if x is None else levels(x) / 255)
    return {**answer, "image": wire.pack_bytes(answer["image"])}


def encode(service: VAEService, model: str, x: str) -> dict[str, Any]:
    answer = service.encode(model, levels(x) / 255)
    for key in ("mean", "deviation", "kl"):
        answer[key] = answer[key].astype(float).round(4).tolist()
    return {**answer, "image": wire.pack_bytes(answer["image"])}


def traverse(
    service: VAEService, model: str, z: list[float], rows: int, steps: int
) -> dict[str, Any]:
    """One picture of all rows and steps, 28 pixels to a cell."""
    answer = service.traverse(model, z, rows, steps)
    sheet = pictures.sheet(answer["images"].reshape(rows * steps, D), steps)
    return {
        "latents": answer["latents"].tolist(),
        "values": answer["values"].tolist(),
        "sheet": _text(pictures.png(np.rint(sheet * 255))),
    }


def interpolate(service: VAEService, model: str, a: str, b: str, n: int) -> dict[str, Any]:
    answer = service.interpolate(model, levels(a) / 255, levels(b) / 255, n)
    return {
        "images": wire.pack_bytes(answer["images"]),
        "z": answer["z"].astype(float).round(4).tolist(),
    }


def gif(service: VAEService, model: str, a: str, b: str) -> dict[str, Any]:
    return {"gif": _text(service.gif(model, levels(a) / 255, levels(b) / 255))}


def combine(
    service: VAEService,
    model: str,
    a: str | int,
    b: int,
    c: int,
    s: float,
    means: bool,
) -> dict[str, Any]:
    """a is an image as base64, or as b and c the index of a test image."""
    answer = service.combine(model, levels(a) / 255 if isinstance(a, str) else a, b, c, s, means)
    return {
        **answer,
        "images": wire.pack_bytes(answer["images"]),
        "z": answer["z"].astype(float).round(4).tolist(),
    }


def levels(text: object) -> np.ndarray:
    """The 784 gray levels, 0 to 255, of an image that the page sends as base64.

    Raises:
        BadInput: when `text` is not base64 of 784 bytes.
    """
    return wire.unpack_bytes(text, D).astype(np.float32)


def endpoints(service: VAEService) -> None:
    """The same for programs: /vae_decode, /vae_encode, /vae_traverse, /vae_interpolate and
    /vae_combine."""

    def vae_decode(z: list[float], model: str = "vae-mnist") -> list[float]:
        return service.decode(model, z)["image"].tolist()

    def vae_encode(pixels: list[float], model: str = "vae-mnist") -> dict[str, Any]:
        return wire.plain(service.encode(model, pixels))

    def vae_traverse(
        z: list[float], model: str = "vae-mnist", rows: int = 10, steps: int = 13
    ) -> dict[str, Any]:
        return wire.plain(service.traverse(model, z, rows, steps))

    def vae_interpolate(
        first: int, second: int, model: str = "vae-mnist", frames: int = 9
    ) -> dict[str, Any]:
        return wire.plain(service.interpolate(model, first, second, frames))

    def vae_combine(
        a: int,
        b: int,
        c: int,
        model: str = "vae-mnist",
        strength: float = 1.0,
        means: bool = False,
    ) -> dict[str, Any]:
        return wire.plain(service.combine(model, a, b, c, strength, means))

    models = "Models: " + ", ".join(service.models)
    planes = ", ".join(service.planes)
    widgets.endpoint(
        "vae_decode",
        vae_decode,
        "A number for each latent, -6 to 6 -> 784 pixels in [0, 1], row by row: the mean of "
        f"p(x | z). {models}, {planes}.",
    )
    widgets.endpoint(
        "vae_encode",
        vae_encode,
        "784 pixels, row by row, 0 or 1 for digits and 0 to 1 for clothes -> mean, deviation and "
        "kl of each latent; reconstruction, elbo (nats) and bits_per_dim; image and "
        f"log_likelihood at the mean. {models}, {planes}.",
    )
    widgets.endpoint(
        "vae_traverse",
        vae_traverse,
        "From a code, move one latent at a time from -3 to 3, the most used latents first -> "
        f"latents, values, and images (rows x steps x 784). {models}.",
    )
    widgets.endpoint(
        "vae_interpolate",
        vae_interpolate,
        "Indices of two of the app's test images (0 to 299 digits, 0 to 99 clothes, sorted by "
        "class) -> z and images along the straight line between their posterior means. "
        f"{models}.",
    )
    widgets.endpoint(
        "vae_combine",
        vae_combine,
        "Indices of three of the app's test images -> z = a + strength (c - b) of their posterior "
        "means, strength 0 to 1.5; images (4 x 784) of a, b, c and z; nearest, the test image of "
        "the nearest code, its distance, and the distance typical of test images. With means, b "
        f"and c stand for the mean codes of their classes. {models}.",
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
