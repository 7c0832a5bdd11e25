"""The words of the app, in every language it speaks.

`<language>/labels.json` holds the shell's and the shared parts' labels, `<language>/<tab>.json` a
tab's, `<language>/<tab>.md` its explanation. A label `draw` of the tab `nade` is `nade.draw`.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = {"en": "English", "ko": "한국어"}

MISSING = "—"
"""What stands for a number that is not known."""

_FOLDER = Path(__file__).parent

WORDS: dict[str, tuple[str, ...]] = {
    "map": ("likelihood", "nll", "nat", "autoregressive", "latent_variable", "fid"),
    "pixels": ("likelihood", "nll", "nat"),
    "nade": ("autoregressive", "nll", "nat", "teacher_forcing", "ancestral_sampling"),
    "orderless": ("autoregressive", "ancestral_sampling"),
    "rnade": ("likelihood", "dequantization"),
    "pixelrnn": ("receptive_field", "teacher_forcing", "ancestral_sampling", "nat"),
    "transformer": ("attention", "teacher_forcing", "ancestral_sampling", "nat"),
    "vae": (
        *("latent_variable", "prior", "posterior", "elbo", "kl", "amortized_inference"),
        *("reparameterization", "posterior_collapse"),
    ),
    "aae": ("prior", "posterior", "kl", "latent_variable"),
    "gan": ("nash", "mode_collapse", "vanishing_gradient", "lipschitz", "earth_mover"),
    "dcgan": ("latent_variable", "prior", "mode_collapse", "fid"),
    "infogan": ("latent_variable", "posterior", "mode_collapse"),
    "progan": ("truncation", "mode_collapse", "lipschitz", "fid"),
    "stargan": ("cycle", "fid"),
    "cyclegan": ("cycle", "fid"),
    "text2image": ("attention", "autoregressive", "mode_collapse", "fid"),
    "puzzle": ("attention",),
    "figures": ("nll", "nat", "fid", "bootstrap", "validation"),
}
"""By explanation, the terms of `glossary.json` that are defined at its end."""


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
    return text + _words(WORDS.get(tab, ()), language)


def _words(words: Sequence[str], language: str) -> str:
    """The definitions of these terms, as a section."""
    if not words:
        return ""
    said = labels(language)
    terms = ((said[f"glossary.{word}"], said[f"glossary.{word}_means"]) for word in words)
    listed = "\n".join(f"- **{term}**: {means}" for term, means in terms)
    return f"\n\n### {said['glossary.title']}\n\n{listed}\n"


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


def spread(values: Sequence[float] | None, form: str = ".2f") -> str:
    """The median of several trainings and their range, or the value of one; a dash for none."""
    if not values:
        return MISSING
    middle = format(statistics.median(values), form)
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):{form}}\u2013{max(values):{form}})"


def numbers_of(models: Mapping[str, Mapping[str, Any] | None], **forms: str) -> dict[str, str]:
    """`numbers` of several models, each with the model's own suffix after a "_"."""
    each = (numbers(about, "_" + key.replace("-", "_"), **forms) for key, about in models.items())
    return {name: number for few in each for name, number in few.items()}
