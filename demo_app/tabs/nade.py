"""The NADE tab: draw, and watch every pixel's probability given the pixels before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.nade import NADEService

D = 28 * 28


def build(service: NADEService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "start": lambda: start(service),
        "look": lambda x, i=None, among="all": look(service, x, i, among),
        "complete": lambda x, known, n, seed: complete(service, x, known, n, seed),
    }
    widgets.Widget("nade", functions=functions)
    about = service.about()
    widgets.explanation(
        "nade",
        n_parameters=f"{about['n_parameters']:,}",
        n_hidden=str(about["model"]["n_hidden"]),
        nll="—" if about["nll"] is None else f"{about['nll']:.2f}",
    )
    endpoints(service)


def start(service: NADEService) -> dict[str, Any]:
    """What does not change while one plays: test digits, their scores, the model's size."""
    digits, labels = service.digits()
    histogram = {key: value.tolist() for key, value in service.histogram().items()}
    return {
        "digits": [wire.pack_bits(digit) for digit in digits],
        "labels": labels.tolist(),
        "histogram": histogram,
        "about": service.about(),
    }


def look(service: NADEService, x: str, i: int | None, among: str) -> dict[str, Any]:
    answer = service.look(wire.unpack_bits(x, D), i, among)
    influence = answer["influence"]
    return {
        **answer,
        "logits": wire.pack_float32(answer["logits"]),
        "influence": None if influence is None else wire.pack_float32(influence),
    }


def complete(service: NADEService, x: str, known: int, n: int, seed: int) -> dict[str, Any]:
    answer = service.complete(wire.unpack_bits(x, D), known, n, seed)
    return {
        "images": [wire.pack_bits(image) for image in answer["images"]],
        "log_prob": answer["log_prob"].tolist(),
    }


def endpoints(service: NADEService) -> None:
    """The same for programs: /nade_conditionals, /nade_influence and /nade_complete."""

    def conditionals(pixels: list[int]) -> dict[str, Any]:
        answer = service.look(pixels)
        del answer["influence"]
        return {**answer, "logits": answer["logits"].tolist()}

    def influence(pixels: list[int], pixel: int) -> list[float]:
        return service.look(pixels, pixel)["influence"].tolist()

    def completions(
        pixels: list[int], known: int, count: int = 8, seed: int = 0
    ) -> dict[str, Any]:
        answer = service.complete(pixels, known, count, seed)
        return {key: value.tolist() for key, value in answer.items()}

    widgets.endpoint(
        "nade_conditionals",
        conditionals,
        "784 pixels, 0 or 1, row by row -> logits of p(x_i = 1 | x_<i), log_prob in nats, "
        "bits_per_dim, and percentile: the share of test digits that are less likely.",
    )
    widgets.endpoint(
        "nade_influence",
        influence,
        "784 pixels and the index of one -> for each pixel, by how many nats of log-odds it makes "
        "that one likelier as it stands, against being flipped.",
    )
    widgets.endpoint(
        "nade_complete",
        completions,
        "Keep the first `known` of 784 pixels and sample the rest `count` times -> images of 784 "
        "pixels each, and their log_prob in nats.",
    )
