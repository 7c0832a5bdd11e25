"""What can go wrong with data that a person can mend."""

from __future__ import annotations


class DataError(RuntimeError):
    """A data set is absent and could not be brought; the sentence says what to do."""
