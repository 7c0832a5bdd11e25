"""The tabs: each lays out its widgets and its explanation, and offers its endpoints to programs.

What they do alike stands here. A tab is handed its service and never reaches torch or genzoo.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from demo_app import widgets, wire
from demo_app.errors import Unavailable
from demo_app.work import slow_where

Function = Callable[..., Any]
Functions = dict[str, Function]


def calls(functions: list[Function], *given: Any) -> Functions:
    """What a widget may call: the functions by their names, their first arguments given. Arrays in
    an answer become lists."""
    return {function.__name__: _call(function, *given) for function in functions}


def endpoint(description: str) -> Callable[[Function], Function]:
    """Offer the decorated function to API clients as /<its name>; its signature must be fully
    typed. Arrays in an answer become lists."""

    def offer(function: Function) -> Function:
        widgets.endpoint(function.__name__, function, description)
        return function

    return offer


def _call(function: Function, *given: Any) -> Function:
    call = _plain(partial(function, *given))
    if hasattr(function, "is_slow"):
        call = slow_where(partial(function.is_slow, *given))(call)
    return call


def _plain(function: Function) -> Function:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return wire.plain(function(*args, **kwargs))

    return call


def notices(*errors: Unavailable | None) -> None:
    """One notice for each thing that is missing, however many need it."""
    for error in {str(error): error for error in errors if error}.values():
        widgets.notice(error)


def first_digits(service: Any) -> dict[str, Any]:
    """Test digits of a service, as bits, and their labels, which do not change while one plays."""
    digits, labels = service.digits()
    return {"digits": wire.pack_each(digits), "labels": labels.tolist()}
