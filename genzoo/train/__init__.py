"""The trainer: it knows no model."""

from genzoo.train.precision import has_bfloat16
from genzoo.train.run_state import RunStateError, alone_in
from genzoo.train.trainer import Settings, train

__all__ = ["RunStateError", "Settings", "alone_in", "has_bfloat16", "train"]
