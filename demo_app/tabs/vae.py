"""The VAE tab: a map of digits, a code to move by hand, and walks through the latent space."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, text, widgets, wire
from demo_app.tabs import Functions, calls, endpoint, notices
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.vae import VAEService

D = 28 * 28

FIGURES = ("reconstruction", "kl", "active_latents", "nll_bound", "fid")
"""Of a model beside the others."""


def build(service: VAEService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. What a missing release would
    feed is a notice in its place; the rest goes on."""
    missing = {name: service.missing(name) for name in (*service.planes, *service.models)}
    planes = [name for name in service.planes if not missing[name]]
    if planes:
        first = cache(lambda model: start_map(service, model))
        functions: Functions = {"start": lambda model: first(str(model))}
        functions |= calls([decode], service)
        data = [{"model": name, "beta": service.about(name)["beta"]} for name in planes]
        widgets.Widget("vae_map", functions=functions, data={"planes": data})
    notices(*(missing[name] for name in service.planes if name not in service.variants))
    models = [name for name in service.models if not missing[name]]
    if models:
        functions = calls([start, encode, decode, near], service)
        compared = [compare(service, name) for name in models]
        widgets.Widget("vae_code", functions=functions, data={"models": compared})
        widgets.Widget("vae_walk", functions=calls([traverse, interpolate, gif], service))
        widgets.Widget("vae_sum", functions=calls([combine], service))
    notices(*(missing[name] for name in service.models if name not in service.variants))
    widgets.explanation("vae", **numbers(service, [*planes, *models]))
    endpoints(service)


def numbers(service: VAEService, names: list[str]) -> dict[str, str]:
    """The numbers of the explanation."""
    models = {
        name.removeprefix("vae-"): service.about(name) if name in names else None
        for name in (*service.planes, *service.models)
    }
    forms = {"n_parameters": ",", "nll_bound": ".2f", "bits_per_dim_bound": ".2f"}
    return text.numbers_of(models, **forms)


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
        "manifold": wire.encode(pictures.png(np.rint(manifold * 255))),
    }


def start(service: VAEService, model: str) -> dict[str, Any]:
    """What does not change while one plays with a model."""
    images, labels = service.images(model)
    binary, latents = service.about(model)["binary"], service.latents(model)
    return {
        "binary": binary,
        "images": wire.pack_bits(images > 127) if binary else wire.encode(images.tobytes()),
        "labels": labels,
        **latents,
        "kl": wire.rounded(latents["kl"]),
    }


def decode(
    service: VAEService, model: str, z: list[float], x: str | None = None
) -> dict[str, Any]:
    pixels = None if x is None else wire.unpack_bytes(x, D)
    return wire.pack(service.decode(model, z, pixels), image=wire.pack_bytes)


def encode(service: VAEService, model: str, x: str) -> dict[str, Any]:
    answer = service.encode(model, wire.unpack_bytes(x, D))
    few = dict.fromkeys(("mean", "deviation", "kl"), wire.rounded)
    return wire.pack(answer, image=wire.pack_bytes, **few)


def near(service: VAEService, x: str) -> dict[str, Any]:
    return wire.plain(service.near(wire.unpack_bytes(x, D)))


def traverse(
    service: VAEService, model: str, z: list[float], rows: int, steps: int
) -> dict[str, Any]:
    """One picture of all rows and steps, 28 pixels to a cell."""
    answer = service.traverse(model, z, rows, steps)
    images = answer.pop("images")
    sheet = pictures.sheet(images.reshape(-1, D), images.shape[1])
    return wire.plain({**answer, "sheet": wire.encode(pictures.png(np.rint(sheet * 255)))})


def interpolate(service: VAEService, model: str, a: str, b: str, n: int) -> dict[str, Any]:
    answer = service.interpolate(model, wire.unpack_bytes(a, D), wire.unpack_bytes(b, D), n)
    return wire.pack(answer, images=wire.pack_bytes, z=wire.rounded)


@slow
def gif(service: VAEService, model: str, a: str, b: str) -> dict[str, Any]:
    file = service.gif(model, wire.unpack_bytes(a, D), wire.unpack_bytes(b, D))
    return {"gif": wire.encode(file)}


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
    first = wire.unpack_bytes(a, D) if isinstance(a, str) else a
    answer = service.combine(model, first, b, c, s, means)
    return wire.pack(answer, images=wire.pack_bytes, z=wire.rounded)


def endpoints(service: VAEService) -> None:
    """The same for programs."""
    models, planes = ", ".join(service.models), ", ".join(service.planes)

    @endpoint(
        "A number for each latent, -6 to 6 -> 784 pixels in [0, 1], row by row: the mean of "
        f"p(x | z). Models: {models}, {planes}."
    )
    def vae_decode(z: list[float], model: str = "vae-mnist") -> list[float]:
        return service.decode(model, z)["image"]

    @endpoint(
        "784 pixels, row by row, 0 or 1 for digits and 0 to 1 for clothes -> mean, deviation and "
        "kl of each latent; reconstruction, elbo (nats) and bits_per_dim; image and "
        f"log_likelihood at the mean. Models: {models}, {planes}."
    )
    def vae_encode(pixels: list[float], model: str = "vae-mnist") -> dict[str, Any]:
        return service.encode(model, pixels)

    @endpoint(
        "From a code, move one latent at a time from -3 to 3, the most used latents first -> "
        f"latents, values, and images (rows x steps x 784). Models: {models}."
    )
    def vae_traverse(
        z: list[float], model: str = "vae-mnist", rows: int = 10, steps: int = 13
    ) -> dict[str, Any]:
        return service.traverse(model, z, rows, steps)

    @endpoint(
        "Indices of two of the app's test images (0 to 299 digits, 0 to 99 clothes, sorted by "
        "class) -> z and images along the straight line between their posterior means. "
        f"Models: {models}."
    )
    def vae_interpolate(
        first: int, second: int, model: str = "vae-mnist", frames: int = 9
    ) -> dict[str, Any]:
        return service.interpolate(model, first, second, frames)

    @endpoint(
        "Indices of three of the app's test images -> z = a + strength (c - b) of their posterior "
        "means, strength 0 to 1.5; images (4 x 784) of a, b, c and z; nearest, the test image of "
        "the nearest code, its distance, and the distance typical of test images. With means, b "
        f"and c stand for the mean codes of their classes. Models: {models}."
    )
    def vae_combine(
        a: int,
        b: int,
        c: int,
        model: str = "vae-mnist",
        strength: float = 1.0,
        means: bool = False,
    ) -> dict[str, Any]:
        return service.combine(model, a, b, c, strength, means)
