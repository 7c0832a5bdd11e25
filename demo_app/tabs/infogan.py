"""The InfoGAN tab: codes that nobody named, set by hand and read off pictures again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, text, widgets, wire
from demo_app.tabs import calls, endpoint
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.infogan import InfoGANService

D = 28 * 28
STEPS = 9
"""Values of a continuous code on a sheet."""

VARIANTS = ("paper", "game")
"""Trainings that the explanation puts beside the release, by their keys in its recipe's
ablation."""

N_OTHERS = 5
"""Pictures of the codes that were read, by other noise."""


def build(service: InfoGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where the release is missing
    a notice stands for all but the explanation."""
    about = None
    if missing := service.missing():
        widgets.notice(missing)
    else:
        about, matching = service.about(), wire.plain(service.matching())
        known = {"meaning": matching["meaning"], "deviation": about["deviation"]}
        functions = calls([generate, categories], service)
        widgets.Widget("infogan_codes", functions=functions, data=known)
        widgets.Widget("infogan_sheet", functions=calls([sheet], service), data=known)
        functions = calls([start, read, near, others], service)
        widgets.Widget("infogan_read", functions=functions, data=known)
        data = {**matching, **known, "figures": about["intervals"], "errors": about["errors"]}
        widgets.Widget("infogan_matching", functions=calls([examples], service), data=data)
    widgets.explanation("infogan", **numbers(about))
    endpoints(service)


def numbers(about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation; several trainings as their median and range."""
    known = dict(about or {})
    if about:
        error = about["intervals"].get("unsupervised_error", {})
        known |= {"error_" + end: error.get(end) for end in ("low", "high")}
        for share in ("pretrain_fraction", "warmup_fraction"):
            known[share] = 100 * about[share]

    return {
        **text.numbers(known, n_parameters=",", images_seen=",", pretrain_fraction=".0f"),
        **text.numbers(known, warmup_fraction=".0f"),
        **text.numbers(known, unsupervised_error=".2f", error_low=".2f", error_high=".2f"),
        **text.numbers(known, category_error=".2f", fid=".2f", fid_train_reference=".2f"),
        **text.numbers(known, precision=".1f", recall=".1f"),
        **{key: text.spread(known.get(key)) for key in ("errors", "fids")},
        **{
            f"{key}_{name}": text.spread(known.get(of, {}).get(key))
            for name, of in (("fid", "variants"), ("error", "variant_errors"))
            for key in VARIANTS
        },
    }


def generate(
    service: InfoGANService, category: int, continuous: list[float], seed: int
) -> dict[str, Any]:
    answer = service.generate(category, continuous, seed)
    return {"image": wire.pack_bytes(answer["image"]), **_codes(answer)}


def categories(service: InfoGANService, continuous: list[float], seed: int) -> dict[str, Any]:
    return {"images": wire.pack_bytes(service.categories(continuous, seed))}


@slow
def sheet(
    service: InfoGANService, kind: str, category: int, continuous: list[float], seed: int
) -> dict[str, Any]:
    """One picture of all rows and columns, 28 pixels to a cell, and the codes cell by cell."""
    answer = service.sheet(kind, category, continuous, seed, STEPS)
    answer["sheet"] = pictures.sheet(answer.pop("images"), answer["columns"])
    few = dict.fromkeys(("continuous", "probability", "mean"), wire.rounded)
    return wire.pack(answer, sheet=wire.pack_bytes, **few)


def start(service: InfoGANService) -> dict[str, Any]:
    """Test digits to begin with, one byte a pixel."""
    images, labels = service.digits()
    return {"images": wire.encode(images.tobytes()), "labels": labels}


def read(service: InfoGANService, x: str, seed: int) -> dict[str, Any]:
    """The codes of an image, and the picture of the most likely category, of the continuous codes
    as far as they reach, and of the noise of `seed`."""
    answer = service.infer(wire.unpack_bytes(x, D))
    category = int(answer["probabilities"].argmax())
    continuous = np.clip(answer["mean"], -service.limit, service.limit)
    (image,) = service.noises(category, continuous, seed, 1)
    return {
        **_codes(answer),
        "category": category,
        "continuous": wire.rounded(continuous),
        "image": wire.pack_bytes(image),
    }


def near(service: InfoGANService, x: str) -> dict[str, Any]:
    """How far a drawing is from the training digits."""
    return wire.plain(service.near(wire.unpack_bytes(x, D)))


def others(
    service: InfoGANService, category: int, continuous: list[float], seed: int
) -> dict[str, Any]:
    """Pictures of the same codes and of other noise."""
    return {"images": wire.pack_bytes(service.noises(category, continuous, seed, N_OTHERS))}


def examples(service: InfoGANService, category: int, label: int) -> dict[str, Any]:
    images = service.examples(category, label)
    return {"n": len(images), "images": wire.encode(images.tobytes())}


def _codes(answer: dict[str, np.ndarray]) -> dict[str, Any]:
    """What Q says, in few digits; of a small probability those that count in its logarithm."""
    return {
        "probabilities": [float(f"{p:.5g}") for p in answer["probabilities"]],
        "mean": wire.rounded(answer["mean"]),
    }


def endpoints(service: InfoGANService) -> None:
    """The same for programs."""

    @endpoint(
        "A category, 0 to 9, two continuous codes, -2 to 2, and noise, by a seed or as 62 numbers "
        "-> image, 784 pixels in [0, 1], row by row; and what Q reads of it: probabilities of the "
        "categories, and mean of the continuous codes."
    )
    def infogan_generate(
        category: int,
        continuous: list[float],
        seed: int = 0,
        noise: list[float] | None = None,
    ) -> dict[str, Any]:
        return service.generate(category, continuous, seed, noise)

    @endpoint(
        "784 pixels in [0, 1], row by row -> q(c | x): probabilities of the categories, mean of "
        "the continuous codes; the most likely category, and the digit that it was matched to."
    )
    def infogan_infer(pixels: list[float]) -> dict[str, Any]:
        answer = {**service.infer(pixels), **service.near(pixels)}
        category = int(answer["probabilities"].argmax())
        digit = int(service.matching()["meaning"][category])
        return {**answer, "category": category, "digit": digit}

    @endpoint(
        "kind: category (a row for each of 8 noises), first or second (that continuous code from "
        "-2 to 2, a row for each category), or both -> rows, columns and, cell by cell, images "
        "(N x 784), category, continuous, seed, and what Q reads: probability of the category "
        "set, read, mean."
    )
    def infogan_sheet(
        kind: str,
        category: int = 0,
        continuous: list[float] | None = None,
        seed: int = 0,
        steps: int = STEPS,
    ) -> dict[str, Any]:
        return service.sheet(kind, category, continuous or [0, 0], seed, steps)
