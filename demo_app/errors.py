"""What can go wrong in a way that a person can mend. Every message is a sentence to show."""

from __future__ import annotations

from demo_app import text


class BadInput(ValueError):
    """An input that is refused: what is wrong with it, and what is expected.

    Attributes:
        key: of the label that says it in the visitor's language, and `values`, what fills its
            places. Without one the page says in other languages than English no more than that
            the input was refused: nobody who uses the page's own controls sees it.
    """

    key: str | None = None
    values: dict[str, str]

    @classmethod
    def said(cls, key: str, **values: str) -> BadInput:
        """What the label `errors.<key>` says."""
        error = cls(text.labels("en")[f"errors.{key}"].format(**values))
        error.key, error.values = f"errors.{key}", values
        return error


class Unavailable(RuntimeError):
    """A release or its assets are missing or damaged; `command` makes new ones."""

    def __init__(self, sentence: str, command: str):
        super().__init__(sentence)
        self.command = command


def told(error: BadInput | Unavailable) -> dict[str, object]:
    """The error as the page shows it: its English sentence, and where there is one the label that
    says it in every language."""
    if isinstance(error, Unavailable):
        label: dict[str, object] = {"key": "errors.missing", "values": {"command": error.command}}
    else:
        label = {"key": error.key, "values": error.values} if error.key else {}
    return {"error": str(error), **label}
