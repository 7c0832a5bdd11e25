"""The results table, generated from the releases' configs, for the README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genzoo import releases

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"

SHOWN = {
    "nll": "nats",
    "nll_bound": "nats",
    "nll_ensemble": "nats",
    "bits_per_dim": "bits",
    "bits_per_dim_bound": "bits",
}
"""The figures that say how good a model is, as they are named in a release."""


def table() -> str:
    """Markdown: a row for each figure of each release, with interval and setting."""
    rows = [
        "| recipe | parameters | images seen | figure | value | 95 % interval | setting |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in releases.names():
        config = releases.info(name)
        for figure in config["figures"]:
            if figure["name"] in SHOWN:
                rows.append(_row(config, figure))
    return "\n".join(rows)


def _row(config: dict[str, Any], figure: dict[str, Any]) -> str:
    digits = 2 if figure["unit"] == "nats" else 4
    value, low, high = (f"{figure[key]:.{digits}f}" for key in ("value", "low", "high"))
    cells = [
        f"[`{config['recipe']}`](checkpoints/{config['recipe']})",
        f"{config['n_parameters']:,}",
        f"{config['images_seen']:,}",
        figure["name"].replace("_", " ").replace("nll", "NLL").replace("per dim", "/ dim"),
        f"{value} {figure['unit']}",
        f"{low} to {high}",
        figure["setting"],
    ]
    return "| " + " | ".join(cells) + " |"


def written_into(page: str) -> str:
    """`page` with the table between its two marks.

    Raises:
        ValueError: when the page lacks the marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page has no place for the results: {BEGIN} ... {END}.")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def write(path: Path) -> None:
    """Bring the results in the page at `path` up to date."""
    path.write_text(written_into(path.read_text(encoding="utf-8")), encoding="utf-8")
