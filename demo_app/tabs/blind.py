"""The blind test, a tab of Compare: is a picture real, and who made it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import widgets, wire
from demo_app.tabs import calls, endpoint
from demo_app.work import slow

if TYPE_CHECKING:
    from demo_app.services.blind import BlindService


def build(service: BlindService) -> None:
    """Lay out the part and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions = {"round": calls([picture], service)["picture"], **calls([reveal], service)}
    widgets.Widget("blind", functions=functions, data={"games": service.games()})
    endpoints(service)


@slow
def picture(service: BlindService, data: str, kind: str, seed: int, k: int) -> dict[str, Any]:
    return {"image": packed(service.round(data, kind, seed, k))}


@slow
def reveal(service: BlindService, data: str, kind: str, seed: int, k: int) -> dict[str, Any]:
    truth = told(service, data, kind, seed, k)
    return {**truth, "nearest": packed(truth["nearest"])}


def told(service: BlindService, data: str, kind: str, seed: int, k: int) -> dict[str, Any]:
    truth = service.reveal(data, kind, seed, k)
    return {
        "real": truth.maker is None,
        "model": truth.maker and truth.maker.name,
        "family": truth.maker and truth.maker.family,
        "nearest": truth.nearest,
        "nearest_by": truth.nearest_by,
    }


def packed(levels: np.ndarray) -> str:
    """Levels 0 to 255 as the page reads bytes."""
    return wire.encode(levels.astype(np.uint8).tobytes())


def endpoints(service: BlindService) -> None:
    """The same for programs."""
    games = "; ".join(f"{game['data']}, {game['kind']}" for game in service.games())

    @endpoint(
        "The picture of a round k, 0 to 9, of the game of that seed -> 784 gray levels, 0 to 255, "
        "255 is ink, or 12288 in color, channel by channel: a real test image, or one that a "
        f"model has made. Games: {games}."
    )
    def blind_round(
        data: str = "mnist", kind: str = "binary", seed: int = 1, k: int = 0
    ) -> list[int]:
        return service.round(data, kind, seed, k).tolist()

    @endpoint(
        "What the picture of that round was -> real; the model and its family, null where it is "
        "real; nearest, the real test image nearest to a made picture, or of a real one the "
        "nearest among 64 by the model nearest_by."
    )
    def blind_reveal(
        data: str = "mnist", kind: str = "binary", seed: int = 1, k: int = 0
    ) -> dict[str, Any]:
        return told(service, data, kind, seed, k)
