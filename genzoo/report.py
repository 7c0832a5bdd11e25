"""The results, generated from the releases' configs: tables for the README, and JSON."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genzoo import recipes, releases
from genzoo.roles import (
    JUDGES,
    Adversarial,
    Autoencoder,
    Autoregressive,
    Coded,
    Editor,
    ExplicitDensity,
    Implicit,
    LatentVariable,
    OrderAgnostic,
    UnpairedTranslator,
    knowledge,
)
from genzoo.train.run_state import write_atomically

DATA = {
    "mnist": ("MNIST", "each pixel 0 or 1"),
    "mnist-4x4": ("MNIST", "the 4x4 pixels at the center, each 0 or 1"),
    "fashion": ("Fashion-MNIST", "8-bit gray"),
    "avatars": ("Avatars", "64x64, 8-bit color"),
    "avatars-sketch": ("Avatars", "sketches of 64x64, 8-bit gray"),
    "avatars-unpaired": ("Avatars", "64x64, in color and as sketches"),
    "celeba": ("CelebA", "64x64, 8-bit color"),
    "moons": ("Points in the plane", "moons"),
    "rings": ("Points in the plane", "rings"),
    "spirals": ("Points in the plane", "spirals"),
}
"""The name of each data set and what densities are of, in the order of their tables: figures on
different data do not compare."""

BITS = {"nll": "bits_per_dim", "nll_bound": "bits_per_dim_bound", "nll_ensemble": None}
"""The figures in nats that say how good a model is, and the same in bits / dim."""

ROLES: tuple[type, ...] = (
    *(OrderAgnostic, Autoregressive, ExplicitDensity, LatentVariable, Autoencoder, Coded),
    *(Adversarial, Implicit, Editor, UnpairedTranslator),
)
"""A model is told of by the first of these that it has: the narrowest."""

Row = tuple[float, list[str]]
"""What a row is sorted by, the largest last, and its cells after the name and the size."""


@dataclass(frozen=True)
class Table:
    """One kind of result: the tables' titles, for a data set's name and what its densities are of;
    the columns; and the rows of a release, by its config."""

    title: str
    columns: str
    rows: Callable[[dict[str, Any]], Iterator[Row]]

    def titles(self) -> list[str]:
        """Of all data sets, each once: figures under the same title do compare."""
        return list(dict.fromkeys(self._titled(data) for data in DATA))

    def _titled(self, data: str) -> str:
        return self.title.format(name=DATA[data][0], densities=DATA[data][1])

    def of(self, title: str, configs: list[dict[str, Any]]) -> str | None:
        """As Markdown, of the releases that are of this title; None when no row is."""
        rows = []
        for config in configs:
            if self._titled(config["hyperparameters"]["data"]) != title:
                continue
            name, size = config["recipe"], f"{config['n_parameters']:,}"
            link = f"[`{name}`](checkpoints/{name})"
            rows += [(by, [link, size, *cells]) for by, cells in self.rows(config)]
        if not rows:
            return None
        columns = f"| recipe | parameters | {self.columns} |"
        lines = [f"**{title}**", "", columns, "|---" * (columns.count("|") - 1) + "|"]
        return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for _, cells in sorted(rows))])


OVERVIEWS = {
    "MNIST": ("mnist",),
    "Fashion-MNIST": ("fashion",),
    "Avatars": ("avatars", "avatars-unpaired"),
}
"""The tables in which all models of a data set stand side by side, and whose they are."""

KNOWN = {"tractable": "explicit", "approximate": "explicit, by a bound", "implicit": "implicit"}
"""What is known of p(x), in words (`genzoo.roles.KNOWLEDGE`)."""


def tables() -> str:
    """Markdown: for each data set a table of all its models; then, folded, for each kind of result
    a table for each data set, the best last."""
    configs = [releases.info(name) for name in releases.names()]
    made = (table.of(title, configs) for table in TABLES for title in table.titles())
    details = "\n\n".join(table for table in made if table)
    folded = (
        f"<details>\n<summary>{DETAILS}</summary>\n\n{details}\n\n</details>" if details else ""
    )
    return "\n\n".join(part for part in (*_overviews(), folded) if part)


DETAILS = "Each figure with its interval and its setting"


def results() -> dict[str, list[dict[str, Any]]]:
    """The same as numbers: for each data set its models, in the order of their recipes, with all
    that was measured of each."""
    return {title: [_result(config) for config in configs] for title, configs in _makers()}


def _makers() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The configs of all releases that make images, for each data set of OVERVIEWS."""
    configs = [releases.info(name) for name in releases.names()]
    for title, data in OVERVIEWS.items():
        of = [config for config in configs if config["hyperparameters"]["data"] in data]
        yield title, [c for c in of if not issubclass(recipes.get(c["recipe"]).model, JUDGES)]


def _result(config: dict[str, Any]) -> dict[str, Any]:
    model = recipes.get(config["recipe"]).model
    kept = ("summary", "n_parameters", "images_seen", "training_seconds", "machine")
    return {
        "name": config["recipe"],
        "role": next(role.__name__ for role in ROLES if issubclass(model, role)),
        "knowledge": knowledge(model),
        **{key: config.get(key) for key in (*kept, "paper", "paper_url", "figures")},
    }


def _overviews() -> Iterator[str]:
    columns = (
        "| recipe | role | p(x) | parameters | images seen | training, min | NLL, nats | FID "
        "| KID | precision, % | recall, % | 1 picture, s | 64, s | paper |"
    )
    for title, configs in _makers():
        if not configs:
            continue
        lines = [f"**{title}, all models**", "", columns, "|---" * (columns.count("|") - 1) + "|"]
        for config in configs:
            figures, result = _figures(config), _result(config)
            bound = "≤ " if "nll_bound" in figures else ""
            nll = _value(figures, "nll_bound" if bound else "nll")
            cells = [
                f"[`{result['name']}`](checkpoints/{result['name']})",
                result["role"],
                KNOWN[result["knowledge"]],
                f"{result['n_parameters']:,}",
                f"{result['images_seen']:,}",
                f"{(result['training_seconds'] or 0) / 60:.0f}",
                bound + nll,
                *(_value(figures, name) for name in ("fid", "kid", "precision", "recall")),
                *(_value(figures, f"seconds_{n}", 3) for n in (1, 64)),
                f"[{result['paper']}]({result['paper_url']})",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines += _train_references(configs, columns.count("|") - 1)
        yield "\n".join(lines)


def _train_references(configs: list[dict[str, Any]], n_columns: int) -> list[str]:
    """Rows of what training images themselves measure, those of each kind."""
    rows = {}
    for config in configs:
        figures = _figures(config)
        if reference := figures.get("fid_train_reference"):
            color = "color" in DATA[config["hyperparameters"]["data"]][1]
            kind = "color" if color else "gray"
            kind = "binary" if "binarization" in reference["setting"] else kind
            cells = [
                _value(figures, f"{n}_train_reference")
                for n in ("fid", "kid", "precision", "recall")
            ]
            cells = [f"*training images, {kind}*", *[""] * 6, *cells]
            rows[kind] = f"| {' | '.join([*cells, *[''] * (n_columns - len(cells))])} |"
    return [rows[kind] for kind in sorted(rows, reverse=True)]


def _densities(config: dict[str, Any]) -> Iterator[Row]:
    figures = _figures(config)
    for name, bits in BITS.items():
        if not (figure := figures.get(name)):
            continue
        bound = "≤ " if name == "nll_bound" else ""
        yield (
            -figure["value"],
            [
                f"{config['images_seen']:,}",
                f"{bound}{figure['value']:.2f}",
                f"{figure['low']:.2f} to {figure['high']:.2f}",
                f"{bound}{figures[bits]['value']:.4f}" if bits in figures else "",
                figure["setting"],
            ],
        )


def _samples(config: dict[str, Any]) -> Iterator[Row]:
    figures = _figures(config)
    if fid := figures.get("fid"):
        cells = [
            f"{config['images_seen']:,}",
            f"{fid['value']:.2f}",
            _over_seeds(config, "fid")[1],
            *(
                _value(figures, name)
                for name in ("fid_train_reference", "kid", "precision", "recall")
            ),
            " to ".join(_value(figures, f"share_{end}") for end in ("smallest", "largest"))
            if "share_smallest" in figures
            else "",
            fid["setting"],
        ]
        yield -fid["value"], cells


def _categories(config: dict[str, Any]) -> Iterator[Row]:
    figures = _figures(config)
    if error := figures.get("unsupervised_error"):
        median, spread = _over_seeds(config, "unsupervised_error")
        cells = [
            f"{config['images_seen']:,}",
            f"{error['value']:.2f} %",
            f"{error['low']:.2f} to {error['high']:.2f}",
            f"{median:.2f} %" if spread else "",
            spread,
            error["setting"],
        ]
        yield -error["value"], cells


def _over_seeds(config: dict[str, Any], name: str) -> tuple[float, str]:
    """The median of a figure over seeds, and its range in words; no words where there is but the
    release itself."""
    seeds = [_figures({"figures": each})[name] for each in config.get("seeds", {}).values()]
    values = sorted(each["value"] for each in seeds)
    if not values:
        return math.nan, ""
    spread = f"{values[0]:.2f} to {values[-1]:.2f}, {len(values)} seeds"
    return statistics.median(values), spread


def _value(figures: dict[str, dict[str, Any]], name: str, digits: int = 2) -> str:
    """Nothing where it was not measured."""
    return f"{figures[name]['value']:.{digits}f}" if name in figures else ""


def _codes(config: dict[str, Any]) -> Iterator[Row]:
    figures = _figures(config)
    if distance := figures.get("prior_distance"):
        cells = [
            str(config["model"]["prior"]),
            str(config["model"]["q"]),
            f"{figures['reconstruction']['value']:.1f}",
            f"{distance['value']:.4f}",
            f"{figures['prior_distance_reference']['value']:.4f}",
            f"{figures['prior_p_value']['value']:.3f}",
        ]
        yield -distance["value"], cells


def _judges(config: dict[str, Any]) -> Iterator[Row]:
    for figure in config["figures"]:
        if figure["name"] == "error":
            reference = next(
                f
                for f in config["figures"]
                if f["name"] == "fid_train_reference" and f["setting"].endswith(figure["setting"])
            )
            cells = [
                f"{figure['value']:.2f} %",
                f"{figure['low']:.2f} to {figure['high']:.2f}",
                f"{reference['value']:.2f}",
                figure["setting"],
            ]
            yield -figure["value"], cells


def _attributes(config: dict[str, Any]) -> Iterator[Row]:
    """Of a judge that reads attributes: their mean, the one that it reads least well, and all."""
    figures = _figures(config)
    names = [n.removeprefix("accuracy_") for n in figures if n.startswith("accuracy_")]
    names = [name for name in names if not name.endswith("novel")]
    for suffix in ("", "_novel"):
        if not (mean := figures.get(f"accuracy{suffix}")):
            continue
        each = {name: figures[f"accuracy_{name}{suffix}"]["value"] for name in names}
        worst = min(each, key=lambda name: each[name])
        cells = [
            figures[f"all_right{suffix}"]["setting"],
            f"{mean['value']:.2f} %",
            f"{each[worst]:.2f} % ({worst.replace('_', ' ')})",
            f"{_value(figures, f'all_right{suffix}')} %",
        ]
        yield mean["value"], cells


def _edits(config: dict[str, Any]) -> Iterator[Row]:
    figures = _figures(config)
    if read := figures.get("edit_read"):
        digits = {"edit_read": 2, "edit_kept": 2, "edit_psnr": 1, "edit_return": 4}
        cells = [_with_interval(figures, name, n) for name, n in digits.items()]
        yield read["value"], [f"{config['images_seen']:,}", *cells]


def _translations(config: dict[str, Any]) -> Iterator[Row]:
    figures = _figures(config)
    if forth := figures.get("forth_error"):
        names = ("forth_error", "cycle_error", "cycle_error_other")
        cells = [_with_interval(figures, name, 4) for name in names]
        yield -forth["value"], [f"{config['images_seen']:,}", *cells]


def _with_interval(figures: dict[str, dict[str, Any]], name: str, digits: int) -> str:
    """Nothing where it was not measured."""
    if not (figure := figures.get(name)):
        return ""
    value, low, high = (f"{figure[key]:.{digits}f}" for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


TABLES = [
    Table(
        "{name}, {densities}",
        "images seen | NLL, nats | 95 % interval | bits / dim | setting",
        _densities,
    ),
    Table(
        "{name}, pictures, by the features of its judge",
        "images seen | FID | over seeds | FID of training images | KID | precision, % "
        "| recall, % | classes' shares, times their own | setting",
        _samples,
    ),
    Table(
        "{name}, classes found without labels",
        "images seen | error | 95 % interval | median | over seeds | setting",
        _categories,
    ),
    Table(
        "{name}, codes drawn to a prior",
        "prior | encoder | reconstruction, nats | energy distance | reference | p",
        _codes,
    ),
    Table(
        "{name}, the judge",
        "error | 95 % interval | FID of training images | setting",
        _judges,
    ),
    Table(
        "{name}, edits, as the judge reads them",
        "images seen | asked for and read, % | kept, % | from the true edit, dB "
        "| there and back, error of 1",
        _edits,
    ),
    Table(
        "{name}, translations without pairs",
        "images seen | error of the sketch, of 1 | in color again | as a sketch again",
        _translations,
    ),
    Table(
        "{name}, the judge of attributes",
        "faces | read right | least well | all of them",
        _attributes,
    ),
]


def _figures(config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {figure["name"]: figure for figure in config["figures"]}


def models() -> str:
    """Markdown: a table of all models that have a card, with what it says of them."""
    columns = "| model | year | paper | tab | good at | bad at |"
    lines = [columns, "|---" * (columns.count("|") - 1) + "|"]
    for card in recipes.cards():
        cells = [
            f"[{card.title.en}](checkpoints/{card.release})",
            str(card.year),
            f"[{card.paper}]({card.paper_url})",
            f"[`{card.tab}`](http://127.0.0.1:7860/#tab={card.tab})",
            card.good.en,
            card.bad.en,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


WRITTEN = {"results": tables, "models": models}
"""The parts of a page that are generated, by the name in their two marks."""


def written_into(page: str) -> str:
    """`page` with each generated part between its two marks.

    Raises:
        ValueError: when the page lacks the marks of a part.
    """
    for name, made in WRITTEN.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, found, rest = page.partition(begin)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise ValueError(f"The page has no place for the {name}: {begin} ... {end}.")
        page = f"{before}{begin}\n{made()}\n{end}{after}"
    return page


def write(path: Path) -> None:
    """Bring the generated parts of the page at `path` up to date."""
    _write(path, written_into(path.read_text(encoding="utf-8")))


def write_json(path: Path) -> None:
    """Write the results as JSON."""
    _write(path, releases.to_json(results()))


def _write(path: Path, text: str) -> None:
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8"))
