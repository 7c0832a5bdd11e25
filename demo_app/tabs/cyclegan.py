"""The CycleGAN tab: sketches in color while one draws, faces as sketches, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import text, widgets, wire
from demo_app.tabs import calls, endpoint
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.cyclegan import CycleGANService

PIXELS = 64 * 64
N_FACES = 8
"""Columns of the sheet."""

READ = "back_read_"
"""What the names of these figures begin with: how often the judge reads an attribute rightly."""

SHOWN = ("hair", "glasses", "beard", "mouth", "eyes", "hat", "clothes")
"""The attributes that a sketch shows: all but colors."""


def build(service: CycleGANService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both. Where the release is missing
    a notice stands for all but the explanation."""
    missing = service.missing()
    if missing:
        widgets.notice(missing)
    else:
        data = {"kept": kept(service)}
        widgets.Widget("cyclegan_draw", functions=calls([draw, face], service), data=data)
        widgets.Widget("cyclegan_cycle", functions=calls([cycle], service))
        functions = calls([several], service)
        widgets.Widget("cyclegan_many", functions=functions, data={"n_faces": N_FACES})
    widgets.explanation("cyclegan", **numbers(None if missing else service.about()))
    endpoints(service)


def numbers(about: dict[str, Any] | None) -> dict[str, str]:
    """The numbers of the explanation."""
    errors = dict.fromkeys(("forth_error", "cycle_error", "cycle_error_other"), ".4f")
    read = dict.fromkeys((READ + name for name in SHOWN), ".1f")
    return text.numbers(about, n_parameters=",", images_seen=",", **errors, **read)


def kept(service: CycleGANService) -> dict[str, float] | None:
    """How often the judge reads in F(y) what the sketch y shows, in %, by attribute; None where it
    was not measured."""
    figures = service.about()["figures"]
    read = {name: figures[READ + name] for name in SHOWN if READ + name in figures}
    return read if len(read) == len(SHOWN) else None


def draw(service: CycleGANService, sketch: object) -> dict[str, Any]:
    """A sketch in color, and what is made of that again."""
    answer = service.cycle(sketch=wire.unpack_bytes(sketch, PIXELS))
    return {
        "colored": wire.pack_bytes(answer["between"]),
        "again": wire.pack_bytes(answer["back"]),
        **{key: answer[key] for key in ("error", "distance", "limit", "is_far")},
    }


def face(service: CycleGANService, seed: int) -> dict[str, Any]:
    """The sketch of a seed's face."""
    return {"sketch": wire.pack_bytes(service.pair(seed)["sketch"])}


def cycle(service: CycleGANService, seed: int, levels: int) -> dict[str, Any]:
    """The face of a seed as it is drawn both ways, as a sketch, and in color again."""
    pair = service.pair(seed)
    answer = service.cycle(color=pair["color"], levels=levels)
    images = dict.fromkeys(("color", "sketch", "between", "back"), wire.pack_bytes)
    return wire.pack({**pair, **answer, "error": round(answer["error"], 5)}, **images)


@slow
def several(service: CycleGANService, seed: int) -> dict[str, Any]:
    return {key: wire.pack_bytes(x) for key, x in service.several(seed, N_FACES).items()}


def endpoints(service: CycleGANService) -> None:
    """The same for programs."""
    sketch_is = "4096 pixels in [0, 1], black lines on white, row by row"
    color_is = "12288 pixels in [0, 1], channel by channel and row by row"

    @endpoint(f"A sketch, {sketch_is} -> image, {color_is}.")
    def cyclegan_color(sketch: list[float]) -> dict[str, Any]:
        return {"image": service.colored(sketch)}

    @endpoint(f"A face, {color_is} -> sketch, {sketch_is}.")
    def cyclegan_sketch(image: list[float]) -> dict[str, Any]:
        return {"sketch": service.sketched(image)}

    @endpoint(
        f"A face, {color_is}, or a sketch, {sketch_is}, and the levels, 2 to 256, of the image "
        "between -> between, back, and error, the mean absolute difference from the first; of a "
        "sketch distance, limit and is_far: whether it is further from the training sketches than "
        "99 % of validation sketches."
    )
    def cyclegan_cycle(
        image: list[float] | None = None,
        sketch: list[float] | None = None,
        levels: int = 256,
    ) -> dict[str, Any]:
        return service.cycle(image, sketch, levels)
