"""The NADE tab: draw, and watch every pixel's probability given the pixels before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint, first_digits

if TYPE_CHECKING:
    from demo_app.services.nade import NADEService

D = 28 * 28


def build(service: NADEService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    widgets.Widget("nade", functions=calls([start, look, scores, complete], service))
    forms = {"n_parameters": ",", "n_hidden": "", "nll": ".2f"}
    widgets.explanation("nade", **text.numbers(service.about(), **forms))
    endpoints(service)


def start(service: NADEService) -> dict[str, Any]:
    """What does not change while one plays: test digits and their scores."""
    return {**first_digits(service), "histogram": service.histogram()}


def look(service: NADEService, x: str, i: int | None = None, among: str = "all") -> dict[str, Any]:
    answer = service.look(wire.unpack_bits(x, D), i, among)
    packed = dict.fromkeys(("logits", "influence", "terms"), wire.pack_float32)
    return wire.pack(answer, **packed, hidden=wire.pack_bytes)


def scores(service: NADEService) -> dict[str, Any]:
    """What a page needs to find a percentile by itself."""
    return {"scores": wire.pack_float32(service.scores())}


def complete(service: NADEService, x: str, known: int, n: int, seed: int) -> dict[str, Any]:
    answer = service.complete(wire.unpack_bits(x, D), known, n, seed)
    return wire.pack(answer, images=wire.pack_each)


def endpoints(service: NADEService) -> None:
    """The same for programs."""

    @endpoint(
        "784 pixels, 0 or 1, row by row -> logits of p(x_i = 1 | x_<i), log_prob in nats, "
        "bits_per_dim, and percentile: the share of test digits that are less likely."
    )
    def nade_conditionals(pixels: list[int]) -> dict[str, Any]:
        answer = service.look(pixels)
        for of_a_pixel in ("influence", "hidden", "terms"):
            del answer[of_a_pixel]
        return answer

    @endpoint(
        "784 pixels and the index of one -> for each pixel, by how many nats of log-odds it makes "
        "that one more likely as it stands, against being flipped."
    )
    def nade_influence(pixels: list[int], pixel: int) -> list[float]:
        return service.look(pixels, pixel)["influence"].tolist()

    @endpoint(
        "Keep the first `known` of 784 pixels and sample the rest `count` times -> images of 784 "
        "pixels each, and their log_prob in nats."
    )
    def nade_complete(
        pixels: list[int], known: int, count: int = 8, seed: int = 0
    ) -> dict[str, Any]:
        return service.complete(pixels, known, count, seed)
