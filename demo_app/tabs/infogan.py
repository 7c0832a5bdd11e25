"""The InfoGAN tab: codes that nobody named, set by hand and read off pictures again."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, widgets, wire

if TYPE_CHECKING:
    from demo_app.services.infogan import InfoGANService

D = 28 * 28
STEPS = 9
"""Values of a continuous code on a sheet."""

N_OTHERS = 5
"""Pictures of the codes that were read, by other noise."""

Functions = dict[str, Callable[..., dict[str, Any]]]


def build(service: InfoGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where the release is missing
    a notice stands for all but the explanation."""
    if error := service.missing():
        widgets.notice(error)
        widgets.explanation("infogan", **figures(None))
        endpoints(service)
        return
    about, matching = service.about(), service.matching()
    known = {"meaning": matching["meaning"].tolist(), "deviation": about["deviation"]}
    functions: Functions = {
        "generate": lambda category, continuous, seed: generate(
            service, category, continuous, seed
        ),
        "categories": lambda continuous, seed: {
            "images": wire.pack_bytes(service.categories(continuous, seed))
        },
    }
    widgets.Widget("infogan_codes", functions=functions, data=known)
    functions = {
        "sheet": lambda kind, category, continuous, seed: sheet(
            service, kind, category, continuous, seed
        )
    }
    widgets.Widget("infogan_sheet", functions=functions, data=known)
    functions = {
        "start": lambda: digits(service),
        "read": lambda x, seed: read(service, x, seed),
        "others": lambda category, continuous, seed: {
            "images": wire.pack_bytes(service.noises(category, continuous, seed, N_OTHERS))
        },
    }
    widgets.Widget("infogan_read", functions=functions, data=known)
    functions = {"examples": lambda category, label: examples(service, category, label)}
    data = {
        **known,
        "counts": matching["counts"].tolist(),
        "figures": about["figures"],
        "errors": about["errors"],
    }
    widgets.Widget("infogan_matching", functions=functions, data=data)
    widgets.explanation("infogan", **figures(about))
    endpoints(service)


def figures(about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    measured = {} if about is None else about["figures"]

    def shown(name: str, digits: int = 2, of: str = "value") -> str:
        return f"{measured[name][of]:.{digits}f}" if name in measured else "—"

    def spread(key: str) -> str:
        values = [] if about is None else about[key]
        if len(values) < 2:
            return "—"
        middle = statistics.median(values)
        return f"{middle:.2f} ({min(values):.2f}–{max(values):.2f})"

    return {
        "n_parameters": "—" if about is None else f"{about['n_parameters']:,}",
        "images_seen": "—" if about is None else f"{about['images_seen']:,}",
        "pretrain_fraction": "—" if about is None else f"{100 * about['pretrain_fraction']:.0f}",
        "error": shown("unsupervised_error"),
        "error_low": shown("unsupervised_error", of="low"),
        "error_high": shown("unsupervised_error", of="high"),
        "category_error": shown("category_error"),
        "fid": shown("fid"),
        "fid_train_reference": shown("fid_train_reference"),
        "precision": shown("precision", 1),
        "recall": shown("recall", 1),
        "errors": spread("errors"),
        "fids": spread("fids"),
    }


def generate(
    service: InfoGANService, category: int, continuous: list[float], seed: int
) -> dict[str, Any]:
    answer = service.generate(category, continuous, seed)
    return {"image": wire.pack_bytes(answer["image"]), **_codes(answer)}


def sheet(
    service: InfoGANService, kind: str, category: int, continuous: list[float], seed: int
) -> dict[str, Any]:
    """One picture of all rows and columns, 28 pixels to a cell, and the codes cell by cell."""
    answer = service.sheet(kind, category, continuous, seed, STEPS)
    levels = pictures.sheet(answer["images"], answer["columns"])
    return {
        **{key: answer[key] for key in ("rows", "columns")},
        "sheet": wire.pack_bytes(levels),
        **{key: answer[key].tolist() for key in ("category", "seed", "read")},
        **{key: _rounded(answer[key]) for key in ("continuous", "probability", "mean")},
    }


def digits(service: InfoGANService) -> dict[str, Any]:
    """Test digits to begin with, one byte a pixel."""
    images, labels = service.digits()
    return {"images": wire.pack_bytes(images / 255), "labels": labels.tolist()}


def read(service: InfoGANService, x: str, seed: int) -> dict[str, Any]:
    """The codes of an image, and what is made of them and of the noise of `seed`: of the likeliest
    category, and of the continuous codes as far as they reach."""
    answer = service.infer(wire.unpack_bytes(x, D) / 255)
    category = int(answer["probabilities"].argmax())
    continuous = np.clip(answer["mean"], -service.limit, service.limit)
    (image,) = service.noises(category, continuous, seed, 1)
    return {
        **_codes(answer),
        "category": category,
        "continuous": _rounded(continuous),
        "image": wire.pack_bytes(image),
    }


def examples(service: InfoGANService, category: int, label: int) -> dict[str, Any]:
    images = service.examples(category, label)
    return {"n": len(images), "images": wire.pack_bytes(images / 255)}


def _codes(answer: dict[str, np.ndarray]) -> dict[str, Any]:
    """What Q says, in few digits; of a small probability those that count in its logarithm."""
    return {
        "probabilities": [float(f"{p:.5g}") for p in answer["probabilities"]],
        "mean": _rounded(answer["mean"]),
    }


def _rounded(x: np.ndarray) -> Any:
    return x.astype(float).round(4).tolist()


def endpoints(service: InfoGANService) -> None:
    """The same for programs: /infogan_generate, _infer and _sheet."""

    def infogan_generate(
        category: int,
        continuous: list[float],
        seed: int = 0,
        noise: list[float] | None = None,
    ) -> dict[str, Any]:
        return wire.plain(service.generate(category, continuous, seed, noise))

    def infogan_infer(pixels: list[float]) -> dict[str, Any]:
        answer = service.infer(pixels)
        category = int(answer["probabilities"].argmax())
        digit = int(service.matching()["meaning"][category])
        return {**wire.plain(answer), "category": category, "digit": digit}

    def infogan_sheet(
        kind: str,
        category: int = 0,
        continuous: list[float] | None = None,
        seed: int = 0,
        steps: int = STEPS,
    ) -> dict[str, Any]:
        return wire.plain(service.sheet(kind, category, continuous or [0, 0], seed, steps))

    widgets.endpoint(
        "infogan_generate",
        infogan_generate,
        "A category, 0 to 9, two continuous codes, -2 to 2, and noise, by a seed or as 62 numbers "
        "-> image, 784 pixels in [0, 1], row by row; and what Q reads of it: probabilities of the "
        "categories, and mean of the continuous codes.",
    )
    widgets.endpoint(
        "infogan_infer",
        infogan_infer,
        "784 pixels in [0, 1], row by row -> q(c | x): probabilities of the categories, mean of "
        "the continuous codes; the likeliest category, and the digit that it was matched to.",
    )
    widgets.endpoint(
        "infogan_sheet",
        infogan_sheet,
        "kind: category (a row for each of 8 noises), first or second (that continuous code from "
        "-2 to 2, a row for each category), or both -> rows, columns and, cell by cell, images "
        "(N x 784), category, continuous, seed, and what Q reads: probability of the category "
        "set, read, mean.",
    )
