"""The results tables, generated from the releases' configs, for the README."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genzoo import releases

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"

TITLES = {
    "mnist": "MNIST, each pixel 0 or 1",
    "mnist-4x4": "MNIST, the 4x4 pixels at the center, each 0 or 1",
    "fashion": "Fashion-MNIST, 8-bit gray",
    "moons": "Points in the plane, moons",
    "rings": "Points in the plane, rings",
    "spirals": "Points in the plane, spirals",
}
"""A table each, in this order: figures on different data do not compare."""

BITS = {"nll": "bits_per_dim", "nll_bound": "bits_per_dim_bound", "nll_ensemble": None}
"""The figures in nats that say how good a model is, and the same in bits / dim."""

HEAD = "| recipe | parameters | images seen | NLL, nats | 95 % interval | bits / dim | setting |"


def tables() -> str:
    """Markdown: a table for each data set, a row for each density of each release, with interval
    and setting, the best last."""
    rows: dict[str, list[tuple[float, str]]] = {title: [] for title in TITLES.values()}
    for name in releases.names():
        config = releases.info(name)
        rows[TITLES[config["hyperparameters"]["data"]]] += _rows(config)
    return "\n\n".join(
        "\n".join([f"**{title}**", "", HEAD, "|---" * 7 + "|", *(row for _, row in sorted(of))])
        for title, of in rows.items()
        if of
    )


def _rows(config: dict[str, Any]) -> Iterator[tuple[float, str]]:
    """(-NLL, the row) of each density of a release."""
    figures = {figure["name"]: figure for figure in config["figures"]}
    for name, bits in BITS.items():
        if not (figure := figures.get(name)):
            continue
        bound = "≤ " if name == "nll_bound" else ""
        cells = [
            f"[`{config['recipe']}`](checkpoints/{config['recipe']})",
            f"{config['n_parameters']:,}",
            f"{config['images_seen']:,}",
            f"{bound}{figure['value']:.2f}",
            f"{figure['low']:.2f} to {figure['high']:.2f}",
            f"{bound}{figures[bits]['value']:.4f}" if bits in figures else "",
            figure["setting"],
        ]
        yield -figure["value"], "| " + " | ".join(cells) + " |"


def written_into(page: str) -> str:
    """`page` with the tables between its two marks.

    Raises:
        ValueError: when the page lacks the marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"The page has no place for the results: {BEGIN} ... {END}.")
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def write(path: Path) -> None:
    """Bring the results in the page at `path` up to date."""
    path.write_text(written_into(path.read_text(encoding="utf-8")), encoding="utf-8")
