"""The AAE tab: codes drawn to a prior of any shape, and samples beside a VAE's."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from demo_app import pictures, text, widgets, wire
from demo_app.tabs import Functions, calls, endpoint, notices

if TYPE_CHECKING:
    from demo_app.services.aae import AAEService

CELLS = 16
"""Pictures of the strip along a prior's shape."""

PLACES = (CELLS - 1) * 16 + 1
"""Places on the way through it, those of the cells among them."""

SIDE = 6
"""Pictures along the side of a sheet of samples."""


FIGURES = (
    "prior_distance",
    "prior_distance_reference",
    "prior_p_value",
    "off_prior",
    "nll_bound",
)
"""What the page tells of a plane's release, where it was measured."""


def build(service: AAEService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. What a missing release would
    feed is a notice in its place; the rest goes on."""
    missing = {n: service.missing(n) for n in (*service.planes, service.vae, *service.pair)}
    planes = [name for name in service.planes if not missing[name]]
    if planes:
        held = None if missing[service.vae] else service.vae
        first = cache(lambda model: start(service, model))
        functions: Functions = {
            "start": lambda model: first(str(model)),
            "decode": lambda model, z: decode(service, model, z, held),
            **calls([prior], service),
        }
        data = {"planes": [plane(service, name) for name in planes], "vae": held}
        widgets.Widget("aae_plane", functions=functions, data=data)
    notices(*(missing[name] for name in (*service.planes, service.vae)))
    if not any(missing[name] for name in service.pair):
        data = {"pair": pair(service)}
        widgets.Widget("aae_samples", functions=calls([samples], service), data=data)
    notices(*(missing[name] for name in service.pair))
    there = [name for name, error in missing.items() if not error]
    widgets.explanation("aae", **numbers(service, there))
    endpoints(service)


def plane(service: AAEService, model: str) -> dict[str, Any]:
    """What the page knows of a plane before it is opened."""
    about = service.about(model)
    measured = about["figures"]
    return {
        "model": model,
        "prior": about["prior"].replace(" ", "_"),
        "q": about["q"],
        "of": service.codes_of(model),
        "figures": {key: measured.get(key) for key in FIGURES},
    }


def pair(service: AAEService) -> list[dict[str, Any]]:
    return [{"model": name, "fids": service.about(name)["fids"]} for name in service.pair]


def numbers(service: AAEService, names: list[str]) -> dict[str, str]:
    """The numbers of the explanation."""
    models = {
        name.replace("-mnist", ""): service.about(name) if name in names else None
        for name in (*service.planes, *service.pair)
    }
    forms = {"n_parameters": ",", "reconstruction": ".1f", "prior_distance": ".4f"}
    forms |= {"prior_distance_reference": ".4f", "prior_p_value": ".3f", "off_prior": ".1f"}
    forms |= {"nll_bound": ".1f", "fid": ".2f"}
    return text.numbers_of(models, **forms)


def start(service: AAEService, model: str) -> dict[str, Any]:
    """What does not change while one plays with a plane; codes and ways in thousandths, log
    densities in hundredths."""
    known = service.plane(model)
    return {
        "codes": wire.pack_int16(known["codes"], 1000),
        "images_seen": known["images_seen"].tolist(),
        "distance": known["distance"].tolist(),
        "labels": known["labels"].tolist(),
        "digits": wire.pack_bits(known["digits"]),
        "log_q": wire.pack_int16(known["log_q"], 100),
        "log_p": wire.pack_int16(known["log_p"], 100),
        "way": wire.pack_int16(service.way(model, PLACES), 1000),
        "strip": wire.pack_bytes(pictures.sheet(service.walk(model, CELLS)["images"], CELLS)),
        **{key: known[key] for key in ("peak", "rare", "extent")},
    }


def decode(service: AAEService, model: str, z: list[float], vae: str | None) -> dict[str, Any]:
    """The picture of z by the AAE, and by the VAE where there is one."""
    return {
        "image": wire.pack_bytes(service.decode(model, z)),
        "vae": None if vae is None else wire.pack_bytes(service.decode(vae, z)),
    }


def prior(service: AAEService, model: str, seed: int) -> dict[str, Any]:
    return {"z": service.prior(model, 1, seed)[0].tolist()}


def samples(service: AAEService, seed: int, scale: float) -> dict[str, Any]:
    """A sheet by each of the pair, in its order."""
    answers = [service.samples(name, SIDE**2, seed, scale) for name in service.pair]
    return {
        "z": wire.rounded(answers[0]["z"]),
        "sheets": [wire.pack_bytes(pictures.sheet(answer["images"], SIDE)) for answer in answers],
    }


def endpoints(service: AAEService) -> None:
    """The same for programs."""
    planes, pair = ", ".join(service.planes), ", ".join(service.pair)

    @endpoint(
        "A number for each latent, -6 to 6 -> 784 pixels in [0, 1], row by row: the mean of "
        f"p(x | z). Models: {planes}, {service.vae}, {pair}."
    )
    def aae_decode(z: list[float], model: str = "aae-mnist") -> list[float]:
        return service.decode(model, z).tolist()

    @endpoint(
        "784 pixels, each 0 or 1, row by row -> z, its code; image decoded from it, and "
        f"log_likelihood, log p(x | z) in nats. Models: {planes}, {service.pair[1]}."
    )
    def aae_encode(pixels: list[float], model: str = "aae-mnist") -> dict[str, Any]:
        return service.encode(model, pixels)

    @endpoint(f"Samples of the prior p(z) of a plane, n pairs, by a seed. Models: {planes}.")
    def aae_prior(model: str = "aae-mnist", n: int = 100, seed: int = 0) -> list[list[float]]:
        return service.prior(model, n, seed).tolist()

    @endpoint(
        "Through the shape of a plane's prior from one end to the other -> t from 0 to 1, z, and "
        f"images (n x 784), 2 to 64 of them. Models: {planes}."
    )
    def aae_walk(model: str = "aae-mnist", n: int = 16) -> dict[str, Any]:
        return service.walk(model, n)

    @endpoint(
        "n codes of N(0, I), 1 to 64 by a seed, multiplied by scale, 0 to 1.5 -> z and images "
        f"(n x 784); the same seed is the same z for either model. Models: {pair}."
    )
    def aae_samples(
        model: str = "aae-mnist-8", n: int = 36, seed: int = 0, scale: float = 1.0
    ) -> dict[str, Any]:
        return service.samples(model, n, seed, scale)
