"""The CycleGAN tab: sketches in color while one draws, faces as sketches, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.cyclegan import CycleGANService

PIXELS = 64 * 64
N_FACES = 8
"""Columns of the sheet."""

Functions = dict[str, Callable[..., dict[str, Any]]]


def build(service: CycleGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where the release is missing
    a notice stands for all but the explanation."""
    if error := service.missing():
        widgets.notice(error)
        widgets.explanation("cyclegan", **figures(None))
        endpoints(service)
        return
    functions: Functions = {
        "draw": lambda sketch: draw(service, sketch),
        "face": lambda seed: {"sketch": wire.pack_bytes(service.pair(seed)["sketch"])},
    }
    widgets.Widget("cyclegan_draw", functions=functions)
    functions = {"cycle": lambda seed, levels: cycle(service, seed, levels)}
    widgets.Widget("cyclegan_cycle", functions=functions)
    functions = {"several": lambda seed: several(service, seed)}
    widgets.Widget("cyclegan_many", functions=functions, data={"n_faces": N_FACES})
    widgets.explanation("cyclegan", **figures(service.about()))
    endpoints(service)


def figures(about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation; a dash for what is not there."""
    measured = {} if about is None else about["figures"]

    def shown(name: str) -> str:
        return f"{measured[name]['value']:.4f}" if name in measured else "—"

    return {
        "n_parameters": "—" if about is None else f"{about['n_parameters']:,}",
        "images_seen": "—" if about is None else f"{about['images_seen']:,}",
        "forth": shown("forth_error"),
        "cycle": shown("cycle_error"),
        "other": shown("cycle_error_other"),
    }


def draw(service: CycleGANService, sketch: object) -> dict[str, Any]:
    """A sketch in color, and what is made of that again."""
    answer = service.cycle(sketch=wire.unpack_bytes(sketch, PIXELS) / 255)
    return {
        "colored": wire.pack_bytes(answer["between"]),
        "again": wire.pack_bytes(answer["back"]),
        "error": round(answer["error"], 5),
    }


def cycle(service: CycleGANService, seed: int, levels: int) -> dict[str, Any]:
    """The face of a seed as it is drawn both ways, as a sketch, and in color again."""
    pair = service.pair(seed)
    answer = service.cycle(color=pair["color"], levels=levels)
    images = {**pair, "between": answer["between"], "back": answer["back"]}
    return {
        **{key: wire.pack_bytes(image) for key, image in images.items()},
        "error": round(answer["error"], 5),
    }


def several(service: CycleGANService, seed: int) -> dict[str, Any]:
    return {key: wire.pack_bytes(x) for key, x in service.several(seed, N_FACES).items()}


def endpoints(service: CycleGANService) -> None:
    """The same for programs: /cyclegan_color, _sketch and _cycle."""

    def cyclegan_color(sketch: list[float]) -> dict[str, Any]:
        return wire.plain({"image": service.colored(sketch)})

    def cyclegan_sketch(image: list[float]) -> dict[str, Any]:
        return wire.plain({"sketch": service.sketched(image)})

    def cyclegan_cycle(
        image: list[float] | None = None,
        sketch: list[float] | None = None,
        levels: int = 256,
    ) -> dict[str, Any]:
        return wire.plain(service.cycle(image, sketch, levels))

    sketch = "4096 pixels in [0, 1], black lines on white, row by row"
    color = "12288 pixels in [0, 1], channel by channel and row by row"
    widgets.endpoint("cyclegan_color", cyclegan_color, f"A sketch, {sketch} -> image, {color}.")
    widgets.endpoint("cyclegan_sketch", cyclegan_sketch, f"A face, {color} -> sketch, {sketch}.")
    widgets.endpoint(
        "cyclegan_cycle",
        cyclegan_cycle,
        f"A face, {color}, or a sketch, {sketch}, and the levels, 2 to 256, of the image between "
        "-> between, back, and error, the mean absolute difference from the first.",
    )
