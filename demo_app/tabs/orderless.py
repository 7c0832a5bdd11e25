"""The orderless part of the NADE tab: make a hole in a digit, and see it filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint, first_digits
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.orderless import OrderlessService

D = 28 * 28


def build(service: OrderlessService) -> None:
    """Lay out the part and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions = {"start": lambda: first_digits(service), **calls([look, fill], service)}
    widgets.Widget("orderless", functions=functions)
    numbers = text.numbers(service.about(), n_parameters=",", nll=".2f")
    widgets.explanation("orderless", **numbers)
    endpoints(service)


def look(service: OrderlessService, x: str, hole: str) -> dict[str, Any]:
    p = service.marginals(wire.unpack_bits(x, D), wire.unpack_bits(hole, D))
    return {"p": wire.pack_float32(p)}


@slow
def fill(
    service: OrderlessService, x: str, hole: str, n: int, seed: int, order: str
) -> dict[str, Any]:
    answer = service.fill(wire.unpack_bits(x, D), wire.unpack_bits(hole, D), n, seed, order)
    return wire.pack(answer, images=wire.pack_each, rank=lambda rank: wire.pack_int16(rank, 1))


def endpoints(service: OrderlessService) -> None:
    """The same for programs."""

    @endpoint(
        "784 pixels, 0 or 1, row by row, and 784 numbers, 1 where a pixel is unknown -> "
        "p(x_i = 1 | the known pixels) of each; known pixels keep their values."
    )
    def orderless_marginals(pixels: list[int], hole: list[int]) -> list[float]:
        return service.marginals(pixels, hole).tolist()

    @endpoint(
        "Fill the unknown pixels `count` times, one after the other, in a `random` order or by "
        "`rows` or `columns` -> images of 784 pixels each, and the rank at which each pixel is "
        "drawn, -1 where it is known."
    )
    def orderless_fill(
        pixels: list[int], hole: list[int], count: int = 8, seed: int = 0, order: str = "random"
    ) -> dict[str, Any]:
        return service.fill(pixels, hole, count, seed, order)
