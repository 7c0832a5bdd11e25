"""RNADE's panel: a density in the plane, cut through where one points."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.rnade import RNADEService

SCALE = 30_000
"""A coordinate in [0, 1] goes to the page as an integer, this many to the unit."""


def build(service: RNADEService) -> None:
    """Lay out the panel and its endpoints; `service` answers for both. A missing release is a
    notice; the others go on."""
    missing = {name: service.missing(name) for name in service.models}
    models = [name for name in service.models if not missing[name]]
    if models:
        functions: dict[str, Callable[..., dict[str, Any]]] = {
            "start": lambda name: start(service, name),
            "conditional": lambda name, x1: conditional(service, name, x1),
            "sample": lambda name, n, seed: sample(service, name, n, seed),
        }
        widgets.Widget("rnade", functions=functions, data={"models": models})
    for error in missing.values():
        if error:
            widgets.notice(error)
    if models:
        widgets.explanation("rnade", **figures(service, models))
        endpoints(service)


def figures(service: RNADEService, models: list[str]) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    about = {name: service.about(name) for name in models}
    sizes = about[models[0]]
    shown = {key: f"{sizes[key]:,}" for key in ("n_parameters", "n_hidden", "n_components")}
    for name in service.models:
        nll = about[name]["nll"] if name in about else None
        shown[name.removeprefix("rnade-")] = "—" if nll is None else f"{nll:.2f}"
    return shown


def start(service: RNADEService, name: str) -> dict[str, Any]:
    """What does not change while one plays with a model."""
    density = service.density(name)
    high = float(density.max())
    return {
        "density": wire.pack_bytes(density / high),
        "cells": len(density),
        "high": high,
        "marginal": wire.plain(service.marginal(name)),
        "points": wire.pack_int16(service.points(name), SCALE),
        "about": service.about(name),
    }


def conditional(service: RNADEService, name: str, x1: float) -> dict[str, Any]:
    return wire.plain(service.conditional(name, x1))


def sample(service: RNADEService, name: str, n: int, seed: int) -> dict[str, Any]:
    return {"points": wire.pack_int16(service.samples(name, n, seed), SCALE)}


def endpoints(service: RNADEService) -> None:
    """The same for programs: /rnade_density, /rnade_conditional and /rnade_sample."""

    def density(points: list[list[float]], name: str = "rnade-moons") -> dict[str, Any]:
        return wire.plain(service.log_prob(name, points))

    def mixture(x1: float, name: str = "rnade-moons") -> dict[str, Any]:
        return wire.plain(service.conditional(name, x1))

    def draw(count: int = 100, seed: int = 0, name: str = "rnade-moons") -> list[list[float]]:
        return service.samples(name, count, seed).tolist()

    models = f"Models: {', '.join(service.models)}."
    widgets.endpoint(
        "rnade_density",
        density,
        "Points [x_1, x_2] of the unit square -> first, log p(x_1); second, log p(x_2 | x_1); "
        f"total, their sum log p(x); in nats. {models}",
    )
    widgets.endpoint(
        "rnade_conditional",
        mixture,
        "x_1 in [0, 1] -> the mixture p(x_2 | x_1): weights, means and deviations of its "
        "Gaussians, cut off at 0 and 1, and heights: what each adds to the density at its mean. "
        f"{models}",
    )
    widgets.endpoint(
        "rnade_sample",
        draw,
        f"`count` points [x_1, x_2] drawn from the model with a seed. {models}",
    )
