"""The face-off, a tab of Compare: one digit, partly known, and what each model makes of it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire
from demo_app.errors import BadInput
from demo_app.tabs import endpoint, first_digits
from demo_app.work import slow_where

if TYPE_CHECKING:
    from demo_app.services.faceoff import FaceOffService

D = 28 * 28
COUNT = 4
"""Completions of each model on the page."""

MAX_PAGES = 500


class Turns:
    """Which of a page's turns is the newest: work for an older one may stop."""

    def __init__(self) -> None:
        self._newest: OrderedDict[str, int] = OrderedDict()
        self._guard = threading.Lock()

    def take(self, page: object, turn: object) -> Callable[[], bool]:
        """A turn of a page, and a function that says whether it is still the newest.

        Raises:
            BadInput: when they are no short text and no whole number.
        """
        if not isinstance(page, str) or len(page) > 40 or not isinstance(turn, int):
            raise BadInput("A page must be a short text, and its turn a whole number.")
        with self._guard:
            self._newest[page] = max(turn, self._newest.get(page, turn))
            self._newest.move_to_end(page)
            while len(self._newest) > MAX_PAGES:
                self._newest.popitem(last=False)
        return lambda: self._newest.get(page, turn) <= turn


def build(service: FaceOffService) -> None:
    """Lay out the part and its endpoint; `service` answers for both."""
    if missing := service.missing():
        widgets.notice(missing)
        return
    turns = Turns()
    is_slow = slow_where(lambda data: service.is_slow(data.get("model")))
    functions: dict[str, Callable[..., dict[str, Any]]] = {
        "start": lambda: first_digits(service),
        "foresee": is_slow(
            lambda model, x, page, turn: foresee(service, model, x, turns.take(page, turn))
        ),
        "complete": is_slow(
            lambda model, x, known, seed, page, turn: complete(
                service, model, x, known, seed, turns.take(page, turn)
            )
        ),
    }
    models = [asdict(one) for one in service.contestants()]
    widgets.Widget("faceoff", functions=functions, data={"models": models, "count": COUNT})
    endpoints(service)


def foresee(
    service: FaceOffService, model: str, x: str, go_on: Callable[[], bool]
) -> dict[str, Any]:
    by_row = service.by_row(model, wire.unpack_bits(x, D), go_on)
    return {"by_row": None if by_row is None else by_row.tolist()}


def complete(
    service: FaceOffService, model: str, x: str, known: str, seed: int, go_on: Callable[[], bool]
) -> dict[str, Any]:
    """`images` is None where a newer turn has stopped the work."""
    pixels, mask = (wire.unpack_bits(text, D) for text in (x, known))
    answer = service.complete(model, pixels, mask, COUNT, seed, go_on)
    if answer is None:
        return {"images": None, "log_prob": None}
    return {"images": wire.pack_bytes(answer["images"]), "log_prob": answer["log_prob"]}


def endpoints(service: FaceOffService) -> None:
    """The same for programs."""
    names = ", ".join(one.name for one in service.contestants())

    @endpoint(
        "784 pixels, 0 or 1, row by row, and 784 numbers, 1 where a pixel is known -> `count` "
        "completions by a model, images of 784 numbers in [0, 1]; and log_prob, the "
        "log-probability in nats of the unknown pixels as they were given, null where a model has "
        "none that is exact. Models in raster order can be given the first pixels alone. Models: "
        f"{names}."
    )
    def compare_complete(
        pixels: list[int], known: list[int], model: str, count: int = COUNT, seed: int = 0
    ) -> dict[str, Any]:
        answer = service.complete(model, pixels, known, count, seed)
        assert answer is not None  # nobody stops it
        return answer
