"""The Transformer tab: where each head looks, tempered completions, and what a cache saves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.transformer import TransformerService

D = 28 * 28


def build(service: TransformerService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "start": lambda: start(service),
        "look": lambda x, i: look(service, x, i),
        "complete": lambda x, known, n, seed, temperature, top_p: complete(
            service, x, known, n, seed, temperature, top_p
        ),
        "timing": lambda again: service.timing(again),
    }
    widgets.Widget("transformer", functions=functions)
    about = service.about()
    widgets.explanation(
        "transformer",
        n_parameters=f"{about['n_parameters']:,}",
        nll="—" if about["nll"] is None else f"{about['nll']:.2f}",
        **{key: str(about[key]) for key in ("n_layers", "n_heads", "patch")},
    )
    endpoints(service)


def start(service: TransformerService) -> dict[str, Any]:
    """What does not change while one plays: test digits, the model's size."""
    digits, labels = service.digits()
    return {
        "digits": [wire.pack_bits(digit) for digit in digits],
        "labels": labels.tolist(),
        "about": service.about(),
    }


def look(service: TransformerService, x: str, i: int) -> dict[str, Any]:
    """The attention is that of positions: layers x heads x symbols."""
    answer = service.look(wire.unpack_bits(x, D), i)
    patch = service.about()["patch"]
    attention = np.asarray(answer["attention"])[..., ::patch] * patch
    return {
        **answer,
        "logits": wire.pack_float32(answer["logits"]),
        "attention": wire.pack_float32(attention),
    }


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
    images = [wire.pack_bits(image) for image in answer["images"]]
    return {"rows": [{"images": images, "log_prob": answer["log_prob"].tolist()}]}


def endpoints(service: TransformerService) -> None:
    """The same for programs: /transformer_conditionals, /transformer_attention,
    /transformer_complete and /transformer_timing."""

    def conditionals(pixels: list[int]) -> dict[str, Any]:
        answer = service.look(pixels)
        del answer["attention"]
        return {**answer, "logits": answer["logits"].tolist()}

    def attention(pixels: list[int], pixel: int) -> list[list[list[float]]]:
        return service.look(pixels, pixel)["attention"].tolist()

    def completions(
        pixels: list[int],
        known: int,
        count: int = 8,
        seed: int = 0,
        temperature: float = 1.0,
        top_p: float = 1.0,
    ) -> dict[str, Any]:
        answer = service.complete(pixels, known, count, seed, temperature, top_p)
        return {key: value.tolist() for key, value in answer.items()}

    def timing() -> dict[str, float]:
        return service.timing()

    widgets.endpoint(
        "transformer_conditionals",
        conditionals,
        "784 pixels, 0 or 1, row by row -> logits of p(x_i = 1 | x_<i), log_prob in nats, "
        "bits_per_dim, and percentile: the share of test digits that are less likely.",
    )
    widgets.endpoint(
        "transformer_attention",
        attention,
        "784 pixels and the index of one -> where it looks: layers x heads x 784 weights, each "
        "map's sum is one; a symbol's weight is shared evenly by its pixels.",
    )
    widgets.endpoint(
        "transformer_complete",
        completions,
        "Keep the first `known` of 784 pixels and sample the rest `count` times, at a temperature "
        "of 0.1 to 3 and from the likeliest symbols that have `top_p` (0.05 to 1) together -> "
        "images of 784 pixels each, and their log_prob in nats at temperature 1.",
    )
    widgets.endpoint(
        "transformer_timing",
        timing,
        "How long one digit takes to sample, in ms: cached, uncached (a few passes, scaled up), "
        "and their ratio.",
    )
