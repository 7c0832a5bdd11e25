"""The orderless part of the NADE tab: make a hole in a digit, and see it filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.orderless import OrderlessService

D = 28 * 28


def build(service: OrderlessService) -> None:
    """Lay out the part and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "start": lambda: start(service),
        "look": lambda x, hole: look(service, x, hole),
        "fill": lambda x, hole, n, seed, order: fill(service, x, hole, n, seed, order),
    }
    widgets.Widget("orderless", functions=functions)
    about = service.about()
    widgets.explanation(
        "orderless",
        n_parameters=f"{about['n_parameters']:,}",
        nll="—" if about["nll"] is None else f"{about['nll']:.2f}",
    )
    endpoints(service)


def start(service: OrderlessService) -> dict[str, Any]:
    """What does not change while one plays: test digits."""
    digits, labels = service.digits()
    return {"digits": [wire.pack_bits(digit) for digit in digits], "labels": labels.tolist()}


def look(service: OrderlessService, x: str, hole: str) -> dict[str, Any]:
    p = service.marginals(wire.unpack_bits(x, D), wire.unpack_bits(hole, D))
    return {"p": wire.pack_float32(p)}


def fill(
    service: OrderlessService, x: str, hole: str, n: int, seed: int, order: str
) -> dict[str, Any]:
    answer = service.fill(wire.unpack_bits(x, D), wire.unpack_bits(hole, D), n, seed, order)
    return {
        "images": [wire.pack_bits(image) for image in answer["images"]],
        "rank": wire.pack_int16(answer["rank"], 1),
    }


def endpoints(service: OrderlessService) -> None:
    """The same for programs: /orderless_marginals and /orderless_fill."""

    def marginals(pixels: list[int], hole: list[int]) -> list[float]:
        return service.marginals(pixels, hole).tolist()

    def filled(
        pixels: list[int], hole: list[int], count: int = 8, seed: int = 0, order: str = "random"
    ) -> dict[str, Any]:
        answer = service.fill(pixels, hole, count, seed, order)
        return {key: value.tolist() for key, value in answer.items()}

    widgets.endpoint(
        "orderless_marginals",
        marginals,
        "784 pixels, 0 or 1, row by row, and 784 numbers, 1 where a pixel is unknown -> "
        "p(x_i = 1 | the known pixels) of each; known pixels keep their values.",
    )
    widgets.endpoint(
        "orderless_fill",
        filled,
        "Fill the unknown pixels `count` times, one after the other, in a `random` order or by "
        "`rows` or `columns` -> images of 784 pixels each, and the rank at which each pixel is "
        "drawn, -1 where it is known.",
    )
