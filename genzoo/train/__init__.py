"""The trainer: it knows no model."""

from genzoo.train.run_state import RunStateError
from genzoo.train.trainer import Settings, train

__all__ = ["RunStateError", "Settings", "train"]
