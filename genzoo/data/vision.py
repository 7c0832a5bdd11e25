"""The one place that imports torchvision, when a data set is first read: that takes as long as
importing torch, and most of what uses a model reads none.

The usual torchvision wheel is built against a CUDA torch. Beside a CPU torch its compiled
operators do not load, and `import torchvision` dies with "operator torchvision::nms does not
exist". Only in that case the missing schemas are declared first; nothing here ever calls the
operators.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType

import torch

_schemas: torch.library.Library | None = None
"""Kept, because what a Library declares is undone when it is collected."""


@cache
def datasets() -> ModuleType:
    """torchvision.datasets"""
    try:
        from torchvision import datasets as module
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        import sys

        for name in [m for m in sys.modules if m.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        global _schemas
        _schemas = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            _schemas.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        from torchvision import datasets as module
    return module
