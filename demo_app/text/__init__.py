"""The words of the app, in every language it speaks.

`<language>/labels.json` holds the shell's and the shared parts' labels, `<language>/<tab>.json` a
tab's, `<language>/<tab>.md` its explanation. A label `draw` of the tab `nade` is `nade.draw`.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

LANGUAGES = {"en": "English", "ko": "한국어"}

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
