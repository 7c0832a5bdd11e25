"""The AAE tab: codes drawn to a prior of any shape, and samples beside a VAE's."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from demo_app import pictures, widgets, wire

if TYPE_CHECKING:
    from demo_app.services.aae import AAEService

CELLS = 16
"""Pictures of the strip along a prior's shape."""

PLACES = (CELLS - 1) * 16 + 1
"""Places on the way through it, those of the cells among them."""

SIDE = 6
"""Pictures along the side of a sheet of samples."""

Functions = dict[str, Callable[..., dict[str, Any]]]


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
            "prior": lambda model, seed: prior(service, model, seed),
        }
        data = {"planes": [plane(service, name) for name in planes], "vae": held}
        widgets.Widget("aae_plane", functions=functions, data=data)
    for name in (*service.planes, service.vae):
        if error := missing[name]:
            widgets.notice(error)
    if not any(missing[name] for name in service.pair):
        functions = {"samples": lambda seed, scale: samples(service, seed, scale)}
        widgets.Widget("aae_samples", functions=functions, data={"pair": pair(service)})
    for name in service.pair:
        if error := missing[name]:
            widgets.notice(error)
    widgets.explanation(
        "aae", **figures(service, [n for n, error in missing.items() if not error])
    )
    endpoints(service)


def plane(service: AAEService, model: str) -> dict[str, Any]:
    """What the page knows of a plane before it is opened."""
    about = service.about(model)
    measured = about["figures"]
    test = {
        key: measured.get("prior_" + key) for key in ("distance", "distance_reference", "p_value")
    }
    return {"model": model, "prior": about["prior"].replace(" ", "_"), "q": about["q"], **test}


def pair(service: AAEService) -> list[dict[str, Any]]:
    return [{"model": name, "fids": service.about(name)["fids"]} for name in service.pair]


def figures(service: AAEService, names: list[str]) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    shown = {}
    for name in (*service.planes, *service.pair):
        about = service.about(name) if name in names else {"figures": {}}
        measured = about["figures"]
        key = name.replace("-mnist", "").replace("-", "_")
        n = about.get("n_parameters")
        shown[f"n_{key}"] = "—" if n is None else f"{n:,}"
        for figure, digits in (
            *(("reconstruction", 1), ("prior_distance", 4), ("prior_distance_reference", 4)),
            *(("prior_p_value", 2), ("fid", 2)),
        ):
            value = measured.get(figure)
            shown[f"{figure}_{key}"] = "—" if value is None else f"{value:.{digits}f}"
    return shown


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
        **{key: known[key] for key in ("reference", "peak", "rare", "extent")},
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
        "z": answers[0]["z"].astype(float).round(4).tolist(),
        "sheets": [wire.pack_bytes(pictures.sheet(answer["images"], SIDE)) for answer in answers],
    }


def endpoints(service: AAEService) -> None:
    """The same for programs: /aae_decode, _encode, _prior, _walk and _samples."""

    def aae_decode(z: list[float], model: str = "aae-mnist") -> list[float]:
        return service.decode(model, z).tolist()

    def aae_encode(pixels: list[float], model: str = "aae-mnist") -> dict[str, Any]:
        return wire.plain(service.encode(model, pixels))

    def aae_prior(model: str = "aae-mnist", n: int = 100, seed: int = 0) -> list[list[float]]:
        return service.prior(model, n, seed).tolist()

    def aae_walk(model: str = "aae-mnist", n: int = 16) -> dict[str, Any]:
        return wire.plain(service.walk(model, n))

    def aae_samples(
        model: str = "aae-mnist-8", n: int = 36, seed: int = 0, scale: float = 1.0
    ) -> dict[str, Any]:
        return wire.plain(service.samples(model, n, seed, scale))

    planes, pair = ", ".join(service.planes), ", ".join(service.pair)
    widgets.endpoint(
        "aae_decode",
        aae_decode,
        "A number for each latent, -6 to 6 -> 784 pixels in [0, 1], row by row: the mean of "
        f"p(x | z). Models: {planes}, {service.vae}, {pair}.",
    )
    widgets.endpoint(
        "aae_encode",
        aae_encode,
        "784 pixels, each 0 or 1, row by row -> z, its code; image decoded from it, and "
        f"log_likelihood, log p(x | z) in nats. Models: {planes}, {service.pair[1]}.",
    )
    widgets.endpoint(
        "aae_prior",
        aae_prior,
        f"Draws of the prior p(z) of a plane, n pairs, by a seed. Models: {planes}.",
    )
    widgets.endpoint(
        "aae_walk",
        aae_walk,
        "Through the shape of a plane's prior from one end to the other -> t from 0 to 1, z, and "
        f"images (n x 784), 2 to 64 of them. Models: {planes}.",
    )
    widgets.endpoint(
        "aae_samples",
        aae_samples,
        "n codes of N(0, I), 1 to 64 by a seed, multiplied by scale, 0 to 1.5 -> z and images "
        f"(n x 784); the same seed is the same z for either model. Models: {pair}.",
    )
