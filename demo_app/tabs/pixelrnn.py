"""The PixelRNN tab: what two recurrent models of one image can see, and how they go on from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.pixelrnn import PixelRNNService

D = 28 * 28


def build(service: PixelRNNService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. A missing release is a
    notice; the other one goes on alone."""
    missing = {name: service.missing(name) for name in service.models}
    models = [name for name in service.models if not missing[name]]
    if models:
        functions: dict[str, Callable[..., dict[str, Any]]] = {
            "start": lambda: start(service, models),
            "look": lambda x, i: look(service, models, x, i),
            "complete": lambda x, known, n, seed: complete(service, models, x, known, n, seed),
        }
        widgets.Widget("pixelrnn", functions=functions, data={"models": models})
    for error in missing.values():
        if error:
            widgets.notice(error)
    if models:
        widgets.explanation("pixelrnn", **figures(service, models))
        endpoints(service, models)


def figures(service: PixelRNNService, models: Sequence[str]) -> dict[str, str]:
    """What the explanation tells of each model; a dash for what is not known."""
    shown = {}
    for name in service.models:
        about = service.about(name) if name in models else {"n_parameters": None, "nll": None}
        key = name.split("-")[0]
        n, nll = about["n_parameters"], about["nll"]
        shown[f"n_parameters_{key}"] = "—" if n is None else f"{n:,}"
        shown[f"nll_{key}"] = "—" if nll is None else f"{nll:.2f}"
    return shown


def start(service: PixelRNNService, models: Sequence[str]) -> dict[str, Any]:
    """What does not change while one plays: test digits."""
    digits, labels = service.digits(models[0])
    return {"digits": [wire.pack_bits(digit) for digit in digits], "labels": labels.tolist()}


def look(service: PixelRNNService, models: Sequence[str], x: str, i: int) -> dict[str, Any]:
    pixels = wire.unpack_bits(x, D)
    answers = [service.look(model, pixels, i) for model in models]
    packed = [
        {key: wire.pack_float32(answer[key]) for key in ("logits", "field")} for answer in answers
    ]
    return {"answers": [{**a, **p} for a, p in zip(answers, packed, strict=True)]}


def complete(
    service: PixelRNNService, models: Sequence[str], x: str, known: int, n: int, seed: int
) -> dict[str, Any]:
    pixels = wire.unpack_bits(x, D)
    rows = []
    for model in models:
        answer = service.complete(model, pixels, known, n, seed)
        images = [wire.pack_bits(image) for image in answer["images"]]
        rows.append({"images": images, "log_prob": answer["log_prob"].tolist()})
    return {"rows": rows}


def endpoints(service: PixelRNNService, models: Sequence[str]) -> None:
    """The same for programs: /pixelrnn_conditionals, /pixelrnn_field and /pixelrnn_complete."""

    def conditionals(pixels: list[int], model: str = models[0]) -> dict[str, Any]:
        answer = service.look(model, pixels)
        del answer["field"]
        return {**answer, "logits": answer["logits"].tolist()}

    def field(pixels: list[int], pixel: int, model: str = models[0]) -> list[float]:
        return service.look(model, pixels, pixel)["field"].tolist()

    def completions(
        pixels: list[int], known: int, count: int = 8, seed: int = 0, model: str = models[0]
    ) -> dict[str, Any]:
        answer = service.complete(model, pixels, known, count, seed)
        return {key: value.tolist() for key, value in answer.items()}

    there = f"Models: {', '.join(models)}."
    widgets.endpoint(
        "pixelrnn_conditionals",
        conditionals,
        "784 pixels, 0 or 1, row by row -> logits of p(x_i = 1 | x_<i), log_prob in nats, "
        f"bits_per_dim, and percentile: the share of test digits that are less likely. {there}",
    )
    widgets.endpoint(
        "pixelrnn_field",
        field,
        "784 pixels and the index i of one -> |d logit_i / d x_j| for each pixel j: exactly zero "
        f"where the model cannot look. {there}",
    )
    widgets.endpoint(
        "pixelrnn_complete",
        completions,
        "Keep the first `known` of 784 pixels and sample the rest `count` times -> images of 784 "
        f"pixels each, and their log_prob in nats. {there}",
    )
