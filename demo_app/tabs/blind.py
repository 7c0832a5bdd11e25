"""The blind test of the Compare tab: is a picture real, and who made it?"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from demo_app import widgets, wire

if TYPE_CHECKING:
    from demo_app.services.blind import BlindService


def build(service: BlindService) -> None:
    """Lay out the part and its endpoints; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "round": lambda data, kind, seed, k: picture(service, data, kind, seed, k),
        "reveal": lambda data, kind, seed, k: reveal(service, data, kind, seed, k),
    }
    widgets.Widget("blind", functions=functions, data={"games": service.games()})
    endpoints(service)


def picture(service: BlindService, data: str, kind: str, seed: int, k: int) -> dict[str, Any]:
    return {"image": packed(service.round(data, kind, seed, k))}


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
    """Gray levels 0 to 255 as the page reads bytes."""
    return base64.b64encode(levels.astype(np.uint8).tobytes()).decode()


def endpoints(service: BlindService) -> None:
    """The same for programs: /blind_round and /blind_reveal."""

    def blind_round(
        data: str = "mnist", kind: str = "binary", seed: int = 1, k: int = 0
    ) -> list[int]:
        return service.round(data, kind, seed, k).tolist()

    def blind_reveal(
        data: str = "mnist", kind: str = "binary", seed: int = 1, k: int = 0
    ) -> dict[str, Any]:
        return wire.plain(told(service, data, kind, seed, k))

    games = "; ".join(f"{game['data']}, {game['kind']}" for game in service.games())
    widgets.endpoint(
        "blind_round",
        blind_round,
        "The picture of a round k, 0 to 9, of the game of that seed -> 784 gray levels, 0 to 255, "
        f"255 is ink: a real test image, or one that a model has made. Games: {games}.",
    )
    widgets.endpoint(
        "blind_reveal",
        blind_reveal,
        "What the picture of that round was -> real; the model and its family, null where it is "
        "real; nearest, the real test image nearest to a made picture, or of a real one the "
        "nearest among 64 by the model nearest_by.",
    )
