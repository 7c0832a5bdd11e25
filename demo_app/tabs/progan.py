"""The Progressive GAN tab: one z at every resolution, walks, and the growth replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, text, widgets, wire
from demo_app.tabs import calls, endpoint

if TYPE_CHECKING:
    from demo_app.services.progan import ProGANService

COLUMNS, MOMENT_COLUMNS = 8, 6
"""Faces in a row of a sheet, and of a moment of the training."""


def build(service: ProGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where the release is missing
    a notice stands for all but the explanation."""
    missing = service.missing()
    if missing:
        widgets.notice(missing)
    else:
        about = service.about()
        known = {key: about[key] for key in ("resolutions", "images_seen", "stay", "fade")}
        functions = calls([face, stages, sheet], service)
        widgets.Widget("progan_stages", functions=functions, data=known)
        widgets.Widget("progan_walk", functions=calls([walk], service), data=known)
        grown = wire.plain(service.growth())
        functions = calls([moment], service)
        widgets.Widget("progan_growth", functions=functions, data={**known, **grown})
    widgets.explanation("progan", **numbers(None if missing else service.about(), service.rival()))
    endpoints(service)


def numbers(about: dict[str, Any] | None, rival: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation, those of the DCGAN with the suffix "_dcgan"; behind an FID
    the range over several trainings."""
    forms = {"n_parameters": ",", "images_seen": ",", "fid": ".2f", "near_copies": ".1f"}
    forms |= {"precision": ".1f", "recall": ".1f"}
    forms |= {"share_smallest": ".2f", "share_largest": ".2f"}
    own = {"stay": ",", "fade": ",", "weight": "g", "interval": "", "drift": "g"}
    own["fid_train_reference"] = ".2f"
    shown = text.numbers(about, **own)
    for known, suffix in ((about, ""), (rival, "_dcgan")):
        shown |= text.numbers(known, suffix, **forms)
        if known and len(fids := known["fids"]) > 1:
            shown["fid" + suffix] += f" [{min(fids):.2f}–{max(fids):.2f}]"
    return shown


def face(
    service: ProGANService, seed: int, cell: int, level: float, truncation: float
) -> dict[str, Any]:
    return _packed(service.face(seed, cell, level, truncation))


def stages(service: ProGANService, seed: int, cell: int, truncation: float) -> dict[str, Any]:
    return {"stages": [_packed(image) for image in service.stages(seed, cell, truncation)]}


def sheet(service: ProGANService, seed: int, level: float, truncation: float) -> dict[str, Any]:
    """Faces as one PNG, eight to a row."""
    images = service.sheet(seed, level, truncation)
    return {"sheet": _png(255 * images, COLUMNS), "side": images.shape[-1]}


def walk(
    service: ProGANService, seed: int, at: float, level: float, truncation: float
) -> dict[str, Any]:
    return _packed(service.walk(seed, at, level, truncation))


def moment(service: ProGANService, k: int) -> dict[str, Any]:
    """Faces as one PNG, six to a row."""
    return {"sheet": _png(service.moment(k), MOMENT_COLUMNS)}


def _packed(image: np.ndarray) -> dict[str, Any]:
    """An image (3, S, S)."""
    return {"image": wire.pack_bytes(image), "side": image.shape[-1]}


def _png(levels: np.ndarray, columns: int) -> str:
    """Images (N, 3, S, S) of 0 to 255, row by row."""
    n, _, side, _ = levels.shape
    rows = -(-n // columns)
    cells = np.zeros((rows * columns, 3, side, side), np.uint8)
    cells[:n] = np.rint(levels)
    laid = cells.reshape(rows, columns, 3, side, side).transpose(0, 3, 1, 4, 2)
    return wire.encode(pictures.png(laid.reshape(rows * side, columns * side, 3)))


def endpoints(service: ProGANService) -> None:
    """The same for programs."""
    face = "a face, 3 x S x S numbers in [0, 1], channel by channel and row by row"
    level = (
        "level: how far the generator has grown, 0 for 4x4 pixels to 4 for 64x64, a fraction is "
        "the alpha of the next block; truncation: 1 for the model's own distribution, 0 for the "
        "mean of its coarsest features"
    )

    @endpoint(f"A draw, a seed and its cell, 0 to 63 -> image, {face}, and side S. {level}.")
    def progan_face(
        seed: int = 0, cell: int = 0, level: float = 4.0, truncation: float = 1.0
    ) -> dict[str, Any]:
        image = service.face(seed, cell, level, truncation)
        return {"image": image.ravel(), "side": image.shape[-1]}

    @endpoint(f"A draw -> for each resolution, 4 first, {face}.")
    def progan_stages(seed: int = 0, cell: int = 0, truncation: float = 1.0) -> list[list[float]]:
        return [image.ravel().tolist() for image in service.stages(seed, cell, truncation)]

    @endpoint(
        "The walk of a seed by great circles through its first eight draws, and a place on it, 0 "
        f"to 8 -> image, {face}, and side S. {level}."
    )
    def progan_walk(
        seed: int = 0, at: float = 0.0, level: float = 4.0, truncation: float = 1.0
    ) -> dict[str, Any]:
        image = service.walk(seed, at, level, truncation)
        return {"image": image.ravel(), "side": image.shape[-1]}

    @endpoint(
        "Some moments of the training -> images_seen, and level, how far the generator had grown."
    )
    def progan_growth() -> dict[str, Any]:
        return service.growth()
