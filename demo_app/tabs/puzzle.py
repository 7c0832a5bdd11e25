"""The Puzzle-GAN tab: shuffle the pieces of a picture, take some away, and have it restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.puzzle import PuzzleService

PIXELS = 3 * 64 * 64


def build(service: PuzzleService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where the release is missing
    a notice stands for all but the explanation."""
    missing = service.missing()
    if missing:
        widgets.notice(missing)
    else:
        about = service.about()
        known = {key: list(about[key]) for key in ("grids", "missing")}
        functions = calls([face, upload, restore], service)
        widgets.Widget("puzzle", functions=functions, data=known)
    widgets.explanation("puzzle", **numbers(None if missing else service.about()))
    endpoints(service)


def numbers(about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation."""
    forms = {"n_parameters": ",", "images_seen": ","}
    for size in ("2x2", "3x3", "4x4"):
        forms |= {f"placed_{size}": ".1f", f"placed_{size}_missing": ".1f"}
        forms |= {f"psnr_{size}_missing": ".1f", f"psnr_{size}_mean": ".1f"}
    return text.numbers(about, **forms)


def face(service: PuzzleService, seed: int = 0) -> dict[str, Any]:
    return {"image": wire.pack_bytes(service.face(seed))}


@slow
def upload(service: PuzzleService, file: object) -> dict[str, Any]:
    return wire.pack(service.upload(wire.decode(file, "The file")), image=wire.pack_bytes)


def restore(service: PuzzleService, image: object, n: object, pieces: object) -> dict[str, Any]:
    answer = service.restore(wire.unpack_bytes(image, PIXELS), n, pieces)
    return {
        **answer,
        "image": wire.pack_bytes(answer["image"]),
        "probability": np.round(answer["probability"].astype(float), 4),
        "psnr": round(answer["psnr"], 2),
    }


def endpoints(service: PuzzleService) -> None:
    """The same for programs."""
    pixels = "12288 pixels in [0, 1], channel by channel and row by row"

    @endpoint(f"A seed -> image, a face that no training has seen, {pixels}.")
    def puzzle_face(seed: int = 0) -> dict[str, Any]:
        return {"image": service.face(seed)}

    @endpoint(
        f"An image, {pixels}; n, the pieces each way, 2, 3 or 4; and pieces, those that are there "
        "in any order, numbered row by row from 0 -> of each piece cell, where it is placed, "
        "probability, how sure the model is, and right, whether it belongs there; and image, the "
        "restored one, and psnr, how near it is to the true one, in dB."
    )
    def puzzle_restore(
        image: list[float], n: int = 3, pieces: list[int] | None = None
    ) -> dict[str, Any]:
        return service.restore(image, n, pieces)
