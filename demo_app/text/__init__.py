"""The words of the app, in every language it speaks.

`<language>/labels.json` holds the shell's and the shared parts' labels, `<language>/<tab>.json` a
tab's, `<language>/<tab>.md` its explanation. A label `draw` of the tab `nade` is `nade.draw`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "ko": "한국어"}

MISSING = "—"
"""What stands for a number that is not known."""

_FOLDER = Path(__file__).parent


@cache
def labels(language: str) -> dict[str, str]:
    """All labels of a language, flat; those of labels.json under `zoo`."""
    flat = {}
    for path in sorted((_FOLDER / language).glob("*.json")):
        prefix = "zoo" if path.stem == "labels" else path.stem
        for key, text in json.loads(path.read_text(encoding="utf-8")).items():
            flat[f"{prefix}.{key}"] = text
    return flat


def markdown(tab: str, language: str, **figures: str) -> str:
    """The explanation of a tab; `{name}` in it stands for the figure of that name."""
    text = (_FOLDER / language / f"{tab}.md").read_text(encoding="utf-8")
    for name, figure in figures.items():
        text = text.replace("{" + name + "}", figure)
    return text


def numbers(known: Mapping[str, Any] | None, suffix: str = "", **forms: str) -> dict[str, str]:
    """The numbers of an explanation, by their names with the suffix; a dash for what is not known.

    Args:
        known: what a service tells about a release, the measured figures among it; None where the
            release is missing.
        forms: the format of each number, by its name.
    """
    about = known or {}
    values = {**about, **about.get("figures", {})}
    return {
        name + suffix: MISSING if values.get(name) is None else format(values[name], form)
        for name, form in forms.items()
    }


def numbers_of(models: Mapping[str, Mapping[str, Any] | None], **forms: str) -> dict[str, str]:
    """`numbers` of several models, each with the model's own suffix after a "_"."""
    each = (numbers(about, "_" + key.replace("-", "_"), **forms) for key, about in models.items())
    return {name: number for few in each for name, number in few.items()}
