"""RNADE's panel: a density in the plane, cut through where one points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint, notices

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
        functions = calls([start, sample], service) | calls([service.conditional])
        widgets.Widget("rnade", functions=functions, data={"models": models})
    notices(*missing.values())
    if models:
        widgets.explanation("rnade", **numbers(service, models))
        endpoints(service)


def numbers(service: RNADEService, models: list[str]) -> dict[str, str]:
    """The numbers of the explanation; every model has the same sizes."""
    about = {
        name.removeprefix("rnade-"): service.about(name) if name in models else None
        for name in service.models
    }
    sizes = dict.fromkeys(("n_parameters", "n_hidden", "n_components"), ",")
    first = service.about(models[0])
    return {**text.numbers(first, **sizes), **text.numbers_of(about, nll=".2f")}


def start(service: RNADEService, name: str) -> dict[str, Any]:
    """What does not change while one plays with a model."""
    density, about = service.density(name), service.about(name)
    high = float(density.max())
    return {
        "density": wire.pack_bytes(density / high),
        "cells": len(density),
        "high": high,
        "marginal": service.marginal(name),
        "points": wire.pack_int16(service.points(name), SCALE),
        "about": {key: about[key] for key in ("gaussian", "nll", "truth")},
    }


def sample(service: RNADEService, name: str, n: int, seed: int) -> dict[str, Any]:
    return {"points": wire.pack_int16(service.samples(name, n, seed), SCALE)}


def endpoints(service: RNADEService) -> None:
    """The same for programs."""
    models = f"Models: {', '.join(service.models)}."

    @endpoint(
        "Points [x_1, x_2] of the unit square -> first, log p(x_1); second, log p(x_2 | x_1); "
        f"total, their sum log p(x); in nats. {models}"
    )
    def rnade_density(points: list[list[float]], name: str = "rnade-moons") -> dict[str, Any]:
        return service.log_prob(name, points)

    @endpoint(
        "x_1 in [0, 1] -> the mixture p(x_2 | x_1): weights, means and deviations of its "
        "Gaussians, cut off at 0 and 1, and heights: what each adds to the density at its mean. "
        f"{models}"
    )
    def rnade_conditional(x1: float, name: str = "rnade-moons") -> dict[str, Any]:
        return service.conditional(name, x1)

    @endpoint(f"`count` points [x_1, x_2] sampled from the model with a seed. {models}")
    def rnade_sample(
        count: int = 100, seed: int = 0, name: str = "rnade-moons"
    ) -> list[list[float]]:
        return service.samples(name, count, seed).tolist()
