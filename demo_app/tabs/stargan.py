"""The StarGAN tab: faces with other attributes, beside the truth of the same edit."""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import pictures, text, widgets, wire
from demo_app.errors import BadInput
from demo_app.tabs import calls, endpoint
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.stargan import StarGANService

SIDE = 64
N_FACES = 6
"""Rows of the sheet."""

EACH = {
    "hair": "long",
    "hair_color": "red",
    "skin": "brown",
    "glasses": "glasses",
    "beard": "beard",
    "mouth": "smiling",
    "hat": "hat",
}
"""What the sheet's columns ask for at first."""

AT_FIRST = ("hair_color", "glasses", "mouth")
"""Of these the first face is given the next value."""


def build(service: StarGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where a release is missing a
    notice stands for all but the explanation."""
    missing = service.missing()
    if missing:
        widgets.notice(missing)
    else:
        edited = service.about()["edited"]
        schema = {name: list(values) for name, values in service.schema.items()}
        known = {"schema": schema, "edited": edited, "examples": examples(service, edited)}
        functions = calls([face, edit, cycle, upload], service)
        widgets.Widget("stargan_edit", functions=functions, data=known)
        functions = calls([grid], service)
        widgets.Widget("stargan_grid", functions=functions, data={**known, "n_faces": N_FACES})
    widgets.explanation("stargan", **numbers(None if missing else service.about()))
    endpoints(service)


def examples(service: StarGANService, edited: Sequence[str]) -> dict[str, str]:
    """What is asked for at first, a digit for each attribute: `values` of the first face, `each`
    of the columns of the sheet."""
    first = dict(zip(service.schema, service.face(0), strict=True))
    for name in AT_FIRST:
        if name in edited:
            first[name] = (first[name] + 1) % len(service.schema[name])
    each = [service.schema[name].index(EACH.get(name, service.schema[name][0])) for name in edited]
    return {
        "values": "".join(str(first[name]) for name in edited),
        "each": "".join(map(str, each)),
    }


def numbers(about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation."""
    edits = {"edit_read": ".1f", "edit_kept": ".1f", "edit_psnr": ".1f", "edit_return": ".4f"}
    return text.numbers(about, n_parameters=",", images_seen=",", **edits)


def face(service: StarGANService, seed: int = 0, face: str = "") -> dict[str, Any]:
    """The face of the digits `face`, or, where there are none, of the seed."""
    if not isinstance(face, str) or not set(face) <= set("0123456789"):
        raise BadInput("A face must be text of digits, one for each attribute.")
    values = [int(digit) for digit in face] if face else list(service.face(seed))
    return {"face": values, "image": wire.pack_bytes(service.truth(values))}


def edit(
    service: StarGANService,
    values: object,
    amount: object,
    face: object = None,
    image: object = None,
    own: object = None,
) -> dict[str, Any]:
    answer = service.edit(values, amount, face, _pixels(image), own)
    return {key: wire.pack_bytes(pixels) for key, pixels in answer.items()}


def cycle(
    service: StarGANService,
    values: object,
    face: object = None,
    image: object = None,
    own: object = None,
) -> dict[str, Any]:
    answer = service.cycle(values, face, _pixels(image), own)
    return {"image": wire.pack_bytes(answer["image"]), "error": round(answer["error"], 5)}


@slow
def grid(service: StarGANService, seed: int, values: object) -> dict[str, Any]:
    """A row for each face, as one PNG, and the values of the faces."""
    sheet = service.grid(values, seed, N_FACES)
    rows, columns, _ = sheet.shape
    cells = np.rint(255 * sheet.clip(0, 1)).reshape(rows, columns, 3, SIDE, SIDE)
    picture = cells.transpose(0, 3, 1, 4, 2).reshape(rows * SIDE, columns * SIDE, 3)
    faces = [list(service.face(seed + k)) for k in range(rows)]
    return {"sheet": wire.encode(pictures.png(picture)), "faces": faces}


@slow
def upload(service: StarGANService, file: object) -> dict[str, Any]:
    answer = service.upload(wire.decode(file, "The file"))
    return {
        **{key: answer[key] for key in ("face", "notes", "is_far")},
        "image": wire.pack_bytes(answer["image"]),
        **{key: round(answer[key], 4) for key in ("distance", "limit")},
    }


def _pixels(image: object) -> np.ndarray | None:
    return None if image is None else wire.unpack_bytes(image, 3 * SIDE * SIDE)


def endpoints(service: StarGANService) -> None:
    """The same for programs."""
    pixels = "12288 pixels in [0, 1], channel by channel and row by row"

    @endpoint(
        "A seed, and values of some attributes by name -> face, a number for each attribute, "
        f"named, the same in words, and image, {pixels}."
    )
    def stargan_face(seed: int = 0, values: dict[str, str] | None = None) -> dict[str, Any]:
        if not isinstance(values, (dict, NoneType)):
            raise BadInput("The values must be named: a value by the name of each attribute.")
        face = service.face(seed, **(values or {}))
        named = {n: of[i] for (n, of), i in zip(service.schema.items(), face, strict=True)}
        return {"face": list(face), "named": named, "image": service.truth(face)}

    @endpoint(
        "A value for each attribute that can be edited (hair, hair color, skin, glasses, beard, "
        f"mouth, hat), and a face, or an image, {pixels}, with its own values -> image, change, "
        "how far each pixel is from what it was, and of a face that is edited all the way truth, "
        "the same edit as it is drawn."
    )
    def stargan_edit(
        values: list[int],
        face: list[int] | None = None,
        image: list[float] | None = None,
        own: list[int] | None = None,
        amount: float = 1.0,
    ) -> dict[str, Any]:
        return service.edit(values, amount, face, image, own)

    @endpoint(
        f"An image, {pixels} -> face, the most likely value of each attribute, certain, how "
        "likely, decibels, the PSNR against that face as it is drawn, and distance, limit and "
        "is_far: whether the image is further from the training faces than 99 % of validation "
        "faces."
    )
    def stargan_read(image: list[float]) -> dict[str, Any]:
        return service.read(image)
