"""What can go wrong in a way that a person can mend. Every message is a sentence to show."""

from __future__ import annotations


class BadInput(ValueError):
    """An input that is refused: what is wrong with it, and what is expected."""


class Unavailable(RuntimeError):
    """A release or its assets are missing or damaged; `command` makes new ones."""

    def __init__(self, sentence: str, command: str):
        super().__init__(sentence)
        self.command = command
