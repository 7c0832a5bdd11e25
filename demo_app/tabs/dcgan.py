"""The DCGAN tab: a sheet of draws and their neighbours, ways between them, sums and sweeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, widgets, wire

if TYPE_CHECKING:
    from demo_app.services.dcgan import DCGANService

SIDE = 8
"""Cells along the side of a sheet."""

KEYS = 11
"""Pictures in the strip of a way."""

STOPS = 24
"""Pictures in the strip of the round trip, three for each of its draws."""

REACH, STEPS = 4, 9
"""The sheet of a sweep: so far each way, in so many steps."""

Place = list[int]
"""A draw: a seed and a cell of its sheet."""

Functions = dict[str, Callable[..., dict[str, Any]]]


def build(service: DCGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. A model that is missing is a
    notice in its place; the other goes on."""
    missing = {name: service.missing(name) for name in service.models}
    models = [name for name in service.models if not missing[name]]
    if models:
        first = cache(lambda model: start(service, model))
        one: Functions = {
            "start": lambda model: first(str(model)),
            "samples": partial(samples, service),
            "picture": partial(picture, service),
            "neighbours": partial(neighbours, service),
        }
        widgets.Widget("dcgan_sheet", functions=one, data=[about(service, m) for m in models])
        for name, functions in functions_of(service).items():
            widgets.Widget(name, functions=functions)
    for error in missing.values():
        if error:
            widgets.notice(error)
    widgets.explanation("dcgan", **figures(service, models))
    endpoints(service)


def functions_of(service: DCGANService) -> dict[str, Functions]:
    """What each of the widgets below the sheet may ask."""
    return {
        "dcgan_between": {
            "between": partial(between, service),
            "ways": partial(ways, service),
            "gif": partial(gif, service),
        },
        "dcgan_trip": {
            "place": partial(trip_place, service),
            "stops": partial(trip_stops, service),
        },
        "dcgan_sum": {
            "pictures": partial(pictures_of, service),
            "sum": partial(add, service),
        },
        "dcgan_sweep": {
            "place": partial(sweep_place, service),
            "sheet": partial(sweep_sheet, service),
        },
    }


def about(service: DCGANService, model: str) -> dict[str, Any]:
    """What the page knows of a model before it is opened."""
    known = service.about(model)
    figures = known["figures"]
    return {
        "model": model,
        "data": known["data"],
        "searched": known["n_searched"],
        "fid": figures.get("fid"),
        "reference": figures.get("fid_train_reference"),
    }


def figures(service: DCGANService, names: list[str]) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    shown = {}
    for name in service.models:
        known = service.about(name) if name in names else {"figures": {}, "fids": []}
        key = name.removeprefix("dcgan-")
        n = known.get("n_parameters")
        shown[f"n_{key}"] = "—" if n is None else f"{n:,}"
        for figure, digits in (
            *(("fid", 2), ("fid_train_reference", 2), ("precision", 1), ("recall", 1)),
            *(("share_smallest", 2), ("share_largest", 2)),
            *(("nearest", 2), ("nearest_test_reference", 2), ("near_copies", 1)),
        ):
            value = known["figures"].get(figure)
            shown[f"{figure}_{key}"] = "—" if value is None else f"{value:.{digits}f}"
        if len(fids := known["fids"]) > 1:
            shown[f"fid_{key}"] += f" [{min(fids):.2f}–{max(fids):.2f}]"
    known = service.about(names[0]) if names else {}
    return {**shown, **{name: str(known.get(name, "—")) for name in ("r1_interval", "gamma")}}


def start(service: DCGANService, model: str) -> dict[str, Any]:
    """What does not change while one plays with a model."""
    known = service.known(model)
    return {
        "ends": known["ends"].tolist(),
        "example": known["example"].tolist(),
        "example_classes": known["example_classes"].tolist(),
        "real_distances": known["real_distances"].astype(float).round(4).tolist(),
        "gains": known["gains"].astype(float).round(2).tolist(),
    }


def samples(service: DCGANService, model: str, seed: int, scale: float) -> dict[str, Any]:
    answer = service.samples(model, SIDE**2, seed, scale)
    return {"sheet": sheet_of(answer["images"], SIDE), "lengths": lengths(answer["z"])}


def picture(
    service: DCGANService, model: str, seed: int, cell: int, scale: float
) -> dict[str, Any]:
    z = service.draws(model, [[seed, cell]], scale)
    image = service.generate(model, z[0])
    return {"image": wire.pack_bytes(image), "length": lengths(z)[0]}


def neighbours(service: DCGANService, model: str, seed: int, cell: int) -> dict[str, Any]:
    found = service.neighbours(model, seed, cell)
    if found is None:
        return {"found": False}
    return {
        "found": True,
        "distances": found["distances"].astype(float).round(4).tolist(),
        "images": wire.pack_bytes(found["images"] / 255),
        "labels": found["labels"].tolist(),
    }


def between(
    service: DCGANService, model: str, a: Place, b: Place, scale: float, t: float
) -> dict[str, Any]:
    """The place t of both ways."""
    start, end = service.draws(model, [a, b], scale)
    answer = service.between(model, start, end, t)
    return {
        way: {"image": wire.pack_bytes(place["image"]), "length": round(place["length"], 3)}
        for way, place in answer.items()
    }


def ways(service: DCGANService, model: str, a: Place, b: Place, scale: float) -> dict[str, Any]:
    """Both ways as strips of pictures."""
    start, end = service.draws(model, [a, b], scale)
    answers = {
        way: service.interpolate(model, start, end, KEYS, way) for way in ("spherical", "straight")
    }
    return {
        way: {
            "strip": sheet_of(answer["images"], KEYS),
            "lengths": lengths(answer["z"]),
            "z": plain(answer["z"]),
        }
        for way, answer in answers.items()
    }


def gif(service: DCGANService, model: str, a: Place, b: Place, scale: float) -> dict[str, Any]:
    start, end = service.draws(model, [a, b], scale)
    file = service.gif(model, start, end)
    return {"gif": wire.pack_bytes(np.frombuffer(file, np.uint8) / 255)}


def trip_place(
    service: DCGANService, model: str, seed: int, scale: float, at: float
) -> dict[str, Any]:
    answer = service.trip(model, [at], seed, scale)
    return {"image": wire.pack_bytes(answer["images"]), "length": lengths(answer["z"])[0]}


def trip_stops(service: DCGANService, model: str, seed: int, scale: float) -> dict[str, Any]:
    at = np.arange(STOPS) * (SIDE / STOPS)
    answer = service.trip(model, at, seed, scale)
    return {"strip": sheet_of(answer["images"], STOPS // 2), "z": plain(answer["z"])}


def pictures_of(
    service: DCGANService, model: str, places: list[Place], scale: float
) -> dict[str, Any]:
    """The pictures of draws, one after the other."""
    z = service.draws(model, places, scale)
    images = [service.generate(model, one) for one in z]
    return {"images": wire.pack_bytes(np.stack(images)) if images else ""}


def add(
    service: DCGANService,
    model: str,
    a: list[Place],
    b: list[Place],
    c: list[Place],
    scale: float,
    noise: float,
    seed: int,
) -> dict[str, Any]:
    """A - B + C of the means of draws."""
    A, B, C = (service.draws(model, places, scale) for places in (a, b, c))
    answer = service.arithmetic(model, A, B, C, noise, seed)
    return {
        "images": wire.pack_bytes(answer["images"]),
        "around": sheet_of(answer["around"], 3),
        "lengths": lengths(answer["z"]),
        "z": plain(answer["z"]),
    }


def sweep_place(
    service: DCGANService,
    model: str,
    draw: Place,
    scale: float,
    u: int,
    v: int,
    a: float,
    b: float,
    seed: int,
) -> dict[str, Any]:
    z = service.draws(model, [draw], scale)[0]
    answer = service.sweep(model, z, u, v, a, b, seed)
    return {
        "image": wire.pack_bytes(answer["image"]),
        "length": round(answer["length"], 3),
        "z": plain(answer["z"]),
    }


def sweep_sheet(
    service: DCGANService, model: str, draw: Place, scale: float, u: int, v: int, seed: int
) -> dict[str, Any]:
    z = service.draws(model, [draw], scale)[0]
    images = service.sweep_sheet(model, z, u, v, REACH, STEPS, seed)["images"]
    return {"sheet": sheet_of(images.reshape(STEPS**2, -1), STEPS)}


def sheet_of(images: np.ndarray, columns: int) -> str:
    return wire.pack_bytes(pictures.sheet(images, columns))


def lengths(z: np.ndarray) -> list[float]:
    return np.linalg.norm(z.astype(float), axis=1).round(3).tolist()


def plain(z: np.ndarray) -> list[Any]:
    return z.astype(float).round(4).tolist()


def endpoints(service: DCGANService) -> None:
    """The same for programs: /dcgan_generate, _samples, _interpolate, _arithmetic, _sweep and
    _neighbours."""
    default = service.models[0]

    def dcgan_generate(z: list[float], model: str = default) -> list[float]:
        return service.generate(model, z).tolist()

    def dcgan_samples(
        model: str = default, n: int = 64, seed: int = 0, scale: float = 1.0
    ) -> dict[str, Any]:
        return wire.plain(service.samples(model, n, seed, scale))

    def dcgan_interpolate(
        a: list[float], b: list[float], model: str = default, n: int = 11, way: str = "spherical"
    ) -> dict[str, Any]:
        return wire.plain(service.interpolate(model, a, b, n, way))

    def dcgan_arithmetic(
        a: list[list[float]],
        b: list[list[float]],
        c: list[list[float]],
        model: str = default,
        noise: float = 0.25,
        seed: int = 0,
        n: int = 9,
    ) -> dict[str, Any]:
        return wire.plain(service.arithmetic(model, a, b, c, noise, seed, n))

    def dcgan_sweep(
        z: list[float],
        model: str = default,
        u: int = 1,
        v: int = 2,
        reach: float = 4.0,
        steps: int = 9,
        seed: int = 0,
    ) -> dict[str, Any]:
        return wire.plain(service.sweep_sheet(model, z, u, v, reach, steps, seed))

    def dcgan_neighbours(seed: int, cell: int, model: str = default) -> dict[str, Any]:
        found = service.neighbours(model, seed, cell)
        return {"found": found is not None, **wire.plain(found or {})}

    models = f"Models: {', '.join(service.models)}."
    widgets.endpoint(
        "dcgan_generate",
        dcgan_generate,
        f"z, 64 numbers, in training standard normal -> 784 pixels in [0, 1]. {models}",
    )
    widgets.endpoint(
        "dcgan_samples",
        dcgan_samples,
        "The first n draws, 1 to 64, of a seed, multiplied by scale, 0 to 1.5 -> z and images "
        f"(n x 784). {models}",
    )
    widgets.endpoint(
        "dcgan_interpolate",
        dcgan_interpolate,
        "From z = a to z = b in n pictures, 2 to 64, along the great circle (way: spherical) or "
        f"the line (straight) -> t, z, length of each z, and images (n x 784). {models}",
    )
    widgets.endpoint(
        "dcgan_arithmetic",
        dcgan_arithmetic,
        "mean(a) - mean(b) + mean(c), up to five z each -> z, length and images of the three "
        "means and the result, and around, n images with noise of this size (0 to 1) added to "
        f"the result, the middle one without. {models}",
    )
    widgets.endpoint(
        "dcgan_sweep",
        dcgan_sweep,
        "z + a u + b v for a and b from -reach to reach, up to 6, in 2 to 9 steps -> values and "
        "images (steps x steps x 784), a row for each b, the greatest first. u and v: principal "
        f"directions 1 to 8, or 0 for one at random by the seed. {models}",
    )
    widgets.endpoint(
        "dcgan_neighbours",
        dcgan_neighbours,
        "The training images nearest to a cell, 0 to 63, of a seed's sheet, by the judge's "
        "features -> found, and if so distances, images of 0 to 255 and labels; only the first "
        f"seeds were searched. {models}",
    )
