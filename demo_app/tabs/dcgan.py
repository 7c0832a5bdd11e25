"""The DCGAN tab: a sheet of draws and their neighbours, ways between them, sums and sweeps."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, text, widgets, wire
from demo_app.tabs import calls, endpoint, notices
from demo_app.work import slow

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

VARIANTS = ("paper", "none", "short")
"""Trainings of digits that the explanation puts beside the release, by their keys in its recipe's
ablation."""

Place = list[int]
"""A draw: a seed and a cell of its sheet."""


def build(service: DCGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. A model that is missing is a
    notice in its place; the other goes on."""
    missing = {name: service.missing(name) for name in service.models}
    models = [name for name in service.models if not missing[name]]
    if models:
        first = cache(lambda model: start(service, model))
        functions = calls([samples, picture, neighbours], service)
        functions["start"] = lambda model: first(str(model))
        data = [about(service, model) for model in models]
        widgets.Widget("dcgan_sheet", functions=functions, data=data)
        widgets.Widget("dcgan_between", functions=calls([between, ways, gif], service))
        functions = {"place": partial(trip_place, service), "stops": partial(trip_stops, service)}
        widgets.Widget("dcgan_trip", functions=functions)
        functions = {"pictures": partial(pictures_of, service), "sum": partial(add, service)}
        widgets.Widget("dcgan_sum", functions=functions)
        functions = {
            "place": partial(sweep_place, service),
            "sheet": partial(sweep_sheet, service),
            "directions": partial(directions, service),
        }
        widgets.Widget("dcgan_sweep", functions=functions)
    notices(*missing.values())
    widgets.explanation("dcgan", **numbers(service, models))
    endpoints(service)


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


def numbers(service: DCGANService, names: list[str]) -> dict[str, str]:
    """The numbers of the explanation; behind an FID the range over several trainings."""
    models = {
        name.removeprefix("dcgan-"): service.about(name) if name in names else None
        for name in service.models
    }
    forms = {
        "n_parameters": ",",
        "images_seen": ",",
        "precision": ".1f",
        "recall": ".1f",
        "near_copies": ".1f",
    }
    forms |= {"fid": ".2f", "fid_train_reference": ".2f"}
    forms |= {"nearest": ".2f", "nearest_test_reference": ".2f"}
    forms |= {"share_smallest": ".2f", "share_largest": ".2f"}
    shown = text.numbers_of(models, **forms)
    for key, known in models.items():
        if known and len(fids := known["fids"]) > 1:
            shown[f"fid_{key}"] += f" [{min(fids):.2f}–{max(fids):.2f}]"
    digits = models["mnist"] or {}
    shown["fids_mnist"] = text.spread(digits.get("fids"))
    for key in VARIANTS:
        shown["fid_" + key] = text.spread(digits.get("variants", {}).get(key))
    penalty = service.about(names[0]) if names else None
    return {**shown, **text.numbers(penalty, r1_interval="", gamma="")}


def start(service: DCGANService, model: str) -> dict[str, Any]:
    """What does not change while one plays with a model."""
    known = service.known(model)
    known["gains"] = wire.rounded(known["gains"], 2)
    return wire.pack(known, real_distances=wire.rounded)


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
    images = wire.encode(found["images"].tobytes())
    return {"found": True, **wire.pack(found, distances=wire.rounded), "images": images}


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
            "z": wire.rounded(answer["z"]),
        }
        for way, answer in answers.items()
    }


@slow
def gif(service: DCGANService, model: str, a: Place, b: Place, scale: float) -> dict[str, Any]:
    start, end = service.draws(model, [a, b], scale)
    return {"gif": wire.encode(service.gif(model, start, end))}


def trip_place(
    service: DCGANService, model: str, seed: int, scale: float, at: float
) -> dict[str, Any]:
    answer = service.trip(model, [at], seed, scale)
    return {"image": wire.pack_bytes(answer["images"]), "length": lengths(answer["z"])[0]}


def trip_stops(service: DCGANService, model: str, seed: int, scale: float) -> dict[str, Any]:
    at = np.arange(STOPS) * (SIDE / STOPS)
    answer = service.trip(model, at, seed, scale)
    return {"strip": sheet_of(answer["images"], STOPS // 2), "z": wire.rounded(answer["z"])}


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
        "z": wire.rounded(answer["z"]),
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
        "z": wire.rounded(answer["z"]),
    }


def directions(service: DCGANService, model: str) -> dict[str, Any]:
    """All principal directions of z, one after the other, for a page that sweeps by itself."""
    return {"directions": wire.pack_float32(service.directions(model))}


def sweep_sheet(
    service: DCGANService, model: str, draw: Place, scale: float, u: int, v: int, seed: int
) -> dict[str, Any]:
    z = service.draws(model, [draw], scale)[0]
    images = service.sweep_sheet(model, z, u, v, REACH, STEPS, seed)["images"]
    return {"sheet": sheet_of(images.reshape(STEPS**2, -1), STEPS)}


def sheet_of(images: np.ndarray, columns: int) -> str:
    return wire.pack_bytes(pictures.sheet(images, columns))


def lengths(z: np.ndarray) -> list[float]:
    return wire.rounded(np.linalg.norm(z.astype(float), axis=1), 3)


def endpoints(service: DCGANService) -> None:
    """The same for programs."""
    default, models = service.models[0], f"Models: {', '.join(service.models)}."

    @endpoint(f"z, 64 numbers, in training standard normal -> 784 pixels in [0, 1]. {models}")
    def dcgan_generate(z: list[float], model: str = default) -> list[float]:
        return service.generate(model, z).tolist()

    @endpoint(
        "The first n draws, 1 to 64, of a seed, multiplied by scale, 0 to 1.5 -> z and images "
        f"(n x 784). {models}"
    )
    def dcgan_samples(
        model: str = default, n: int = 64, seed: int = 0, scale: float = 1.0
    ) -> dict[str, Any]:
        return service.samples(model, n, seed, scale)

    @endpoint(
        "From z = a to z = b in n pictures, 2 to 64, along the great circle (way: spherical) or "
        f"the line (straight) -> t, z, length of each z, and images (n x 784). {models}"
    )
    def dcgan_interpolate(
        a: list[float], b: list[float], model: str = default, n: int = 11, way: str = "spherical"
    ) -> dict[str, Any]:
        return service.interpolate(model, a, b, n, way)

    @endpoint(
        "mean(a) - mean(b) + mean(c), up to five z each -> z, length and images of the three "
        "means and the result, and around, n images with noise of this size (0 to 1) added to "
        f"the result, the middle one without. {models}"
    )
    def dcgan_arithmetic(
        a: list[list[float]],
        b: list[list[float]],
        c: list[list[float]],
        model: str = default,
        noise: float = 0.25,
        seed: int = 0,
        n: int = 9,
    ) -> dict[str, Any]:
        return service.arithmetic(model, a, b, c, noise, seed, n)

    @endpoint(
        "z + a u + b v for a and b from -reach to reach, up to 6, in 2 to 9 steps -> values and "
        "images (steps x steps x 784), a row for each b, the greatest first. u and v: principal "
        f"directions 1 to 8, or 0 for one at random by the seed. {models}"
    )
    def dcgan_sweep(
        z: list[float],
        model: str = default,
        u: int = 1,
        v: int = 2,
        reach: float = 4.0,
        steps: int = 9,
        seed: int = 0,
    ) -> dict[str, Any]:
        return service.sweep_sheet(model, z, u, v, reach, steps, seed)

    @endpoint(
        "The training images nearest to a cell, 0 to 63, of a seed's sheet, by the judge's "
        "features -> found, and if so distances, images of 0 to 255 and labels; only the first "
        f"seeds were searched. {models}"
    )
    def dcgan_neighbours(seed: int, cell: int, model: str = default) -> dict[str, Any]:
        found = service.neighbours(model, seed, cell)
        return {"found": found is not None, **(found or {})}
