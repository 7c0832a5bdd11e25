"""The Transformer tab: where each head looks, tempered completions, and what a cache saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint, first_digits
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.transformer import TransformerService

D = 28 * 28


def build(service: TransformerService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions = calls([start, look, complete], service) | calls([service.timing])
    widgets.Widget("transformer", functions=functions)
    forms = {"n_parameters": ",", "nll": ".2f", "n_layers": "", "n_heads": "", "patch": ""}
    widgets.explanation("transformer", **text.numbers(service.about(), **forms))
    endpoints(service)


def start(service: TransformerService) -> dict[str, Any]:
    """What does not change while one plays: test digits, the model's sizes."""
    about = service.about()
    sizes = {key: about[key] for key in ("n_layers", "n_heads", "patch")}
    return {**first_digits(service), "about": sizes}


def look(service: TransformerService, x: str, i: int) -> dict[str, Any]:
    """The attention is that of positions: layers x heads x tokens."""
    patch = service.about()["patch"]
    return wire.pack(
        service.look(wire.unpack_bits(x, D), i),
        logits=wire.pack_float32,
        attention=lambda weights: wire.pack_float32(weights[..., ::patch] * patch),
    )


@slow
def complete(
    service: TransformerService,
    x: str,
    known: int,
    n: int,
    seed: int,
    temperature: float,
    top_p: float,
) -> dict[str, Any]:
    answer = service.complete(wire.unpack_bits(x, D), known, n, seed, temperature, top_p)
    return {"rows": [wire.pack(answer, images=wire.pack_each)]}


def endpoints(service: TransformerService) -> None:
    """The same for programs."""

    @endpoint(
        "784 pixels, 0 or 1, row by row -> logits of p(x_i = 1 | x_<i), log_prob in nats, "
        "bits_per_dim, and percentile: the share of test digits that are less likely."
    )
    def transformer_conditionals(pixels: list[int]) -> dict[str, Any]:
        answer = service.look(pixels)
        del answer["attention"]
        return answer

    @endpoint(
        "784 pixels and the index of one -> where it looks: layers x heads x 784 weights, each "
        "map's sum is one; a token's weight is shared evenly by its pixels."
    )
    def transformer_attention(pixels: list[int], pixel: int) -> list[list[list[float]]]:
        return service.look(pixels, pixel)["attention"]

    @endpoint(
        "Keep the first `known` of 784 pixels and sample the rest `count` times, at a temperature "
        "of 0.1 to 3 and from the most likely tokens that have `top_p` (0.05 to 1) together -> "
        "images of 784 pixels each, and their log_prob in nats at temperature 1."
    )
    def transformer_complete(
        pixels: list[int],
        known: int,
        count: int = 8,
        seed: int = 0,
        temperature: float = 1.0,
        top_p: float = 1.0,
    ) -> dict[str, Any]:
        return service.complete(pixels, known, count, seed, temperature, top_p)

    @endpoint(
        "How long one digit takes to sample, in ms: cached, uncached (a few passes, scaled up), "
        "and their ratio."
    )
    def transformer_timing() -> dict[str, float]:
        return service.timing()
