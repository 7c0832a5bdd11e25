"""The PixelRNN tab: what two recurrent models of one image can see, and how they go on from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint, first_digits, notices
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.pixelrnn import PixelRNNService

D = 28 * 28


def build(service: PixelRNNService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. A missing release is a
    notice; the other one goes on alone."""
    missing = {name: service.missing(name) for name in service.models}
    models = [name for name in service.models if not missing[name]]
    if models:
        functions = {
            "start": lambda: first_digits(service.of(models[0])),
            **calls([look, complete], service, models),
        }
        widgets.Widget("pixelrnn", functions=functions, data={"models": models})
    notices(*missing.values())
    if models:
        widgets.explanation("pixelrnn", **numbers(service, models))
        endpoints(service, models)


def numbers(service: PixelRNNService, models: Sequence[str]) -> dict[str, str]:
    """The numbers of the explanation."""
    each = {
        name.split("-")[0]: service.about(name) if name in models else None
        for name in service.models
    }
    return text.numbers_of(each, n_parameters=",", nll=".2f")


def look(service: PixelRNNService, models: Sequence[str], x: str, i: int) -> dict[str, Any]:
    pixels = wire.unpack_bits(x, D)
    answers = [service.of(model).look(pixels, i) for model in models]
    how = {"logits": wire.pack_float32, "field": wire.pack_float32}
    return {"answers": [wire.pack(answer, **how) for answer in answers]}


@slow
def complete(
    service: PixelRNNService, models: Sequence[str], x: str, known: int, n: int, seed: int
) -> dict[str, Any]:
    pixels = wire.unpack_bits(x, D)
    answers = [service.of(model).complete(pixels, known, n, seed) for model in models]
    return {"rows": [wire.pack(answer, images=wire.pack_each) for answer in answers]}


def endpoints(service: PixelRNNService, models: Sequence[str]) -> None:
    """The same for programs."""
    there = f"Models: {', '.join(models)}."

    @endpoint(
        "784 pixels, 0 or 1, row by row -> logits of p(x_i = 1 | x_<i), log_prob in nats, "
        f"bits_per_dim, and percentile: the share of test digits that are less likely. {there}"
    )
    def pixelrnn_conditionals(pixels: list[int], model: str = models[0]) -> dict[str, Any]:
        answer = service.of(model).look(pixels)
        del answer["field"]
        return answer

    @endpoint(
        "784 pixels and the index i of one -> |d logit_i / d x_j| for each pixel j: exactly zero "
        f"where the model cannot look. {there}"
    )
    def pixelrnn_field(pixels: list[int], pixel: int, model: str = models[0]) -> list[float]:
        return service.of(model).look(pixels, pixel)["field"]

    @endpoint(
        "Keep the first `known` of 784 pixels and sample the rest `count` times -> images of 784 "
        f"pixels each, and their log_prob in nats. {there}"
    )
    def pixelrnn_complete(
        pixels: list[int], known: int, count: int = 8, seed: int = 0, model: str = models[0]
    ) -> dict[str, Any]:
        return service.of(model).complete(pixels, known, count, seed)
