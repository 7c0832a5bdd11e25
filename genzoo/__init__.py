"""genzoo: the generative models of a first course, implemented, trained and released.

>>> import genzoo
>>> nade = genzoo.load("nade-mnist", role=genzoo.roles.Generative)
>>> digits = nade.sample(16)  # (16, 1, 28, 28), float32 in [0, 1]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genzoo import roles
    from genzoo.releases import ReleaseError, info, load

__version__ = "0.1.0"
__all__ = ["ReleaseError", "__version__", "info", "load", "roles"]


def __getattr__(name: str) -> Any:
    """What is in `__all__`, imported when it is asked for: the package is there at once, and its
    command can be broken off while torch is still being read."""
    if name == "roles":
        return import_module("genzoo.roles")
    if name in __all__:
        return getattr(import_module("genzoo.releases"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
