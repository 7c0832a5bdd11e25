"""The results, generated from the releases' configs: tables for the README, and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from genzoo import recipes, releases
from genzoo.metrics.table import Config, Table, by_name, value
from genzoo.roles import KNOWLEDGE, Model
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

OVERVIEWS = {
    "MNIST": ("mnist",),
    "Fashion-MNIST": ("fashion",),
    "Avatars": ("avatars", "avatars-unpaired"),
}
"""The tables in which all models of a data set stand side by side, and whose they are."""

KNOWN = {"tractable": "explicit", "approximate": "explicit, by a bound", "implicit": "implicit"}
"""What is known of p(x), in words (`genzoo.roles.KNOWLEDGE`)."""


DETAILS = "Each figure with its interval and its setting"


def tables() -> str:
    """Markdown: for each data set a table of all its models; then, folded, for each kind of result
    a table for each data set, the best last."""
    configs = [releases.info(name) for name in releases.names()]
    made = (_table(table, title, configs) for table in _kinds() for title in _titles(table))
    details = "\n\n".join(table for table in made if table)
    folded = (
        f"<details>\n<summary>{DETAILS}</summary>\n\n{details}\n\n</details>" if details else ""
    )
    return "\n\n".join(part for part in (*_overviews(), folded) if part)


def results() -> dict[str, list[dict[str, Any]]]:
    """The same as numbers: for each data set its models, in the order of their recipes, with all
    that was measured of each."""
    return {title: [_result(config) for config in configs] for title, configs in _makers()}


def _kinds() -> list[Table]:
    """The tables of all roles, those of models first of which more is known."""
    models = (recipes.get(name).model for name in recipes.names())
    known = (*KNOWLEDGE, None)
    ordered = sorted(models, key=lambda model: known.index(model.knowledge))
    return list(dict.fromkeys(table for model in ordered for table in model.tables()))


def _titles(table: Table) -> list[str]:
    """Of all data sets, each once: results under the same title do compare."""
    return list(dict.fromkeys(_titled(table, data) for data in DATA))


def _titled(table: Table, data: str) -> str:
    return table.title.format(name=DATA[data][0], densities=DATA[data][1])


def _table(table: Table, title: str, configs: list[Config]) -> str | None:
    """As Markdown, of the releases that are of this title; None when it has no row."""
    rows = []
    for config in configs:
        if _titled(table, config["hyperparameters"]["data"]) != title:
            continue
        name, size = config["recipe"], f"{config['n_parameters']:,}"
        link = f"[`{name}`](checkpoints/{name})"
        rows += [(by, [link, size, *cells]) for by, cells in table.rows(config)]
    if not rows:
        return None
    columns = f"| recipe | parameters | {table.columns} |"
    lines = [f"**{title}**", "", columns, "|---" * (columns.count("|") - 1) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for _, cells in sorted(rows))])


def _makers() -> Iterator[tuple[str, list[Config]]]:
    """The configs of all releases that make images, for each data set of OVERVIEWS."""
    configs = [releases.info(name) for name in releases.names()]
    for title, data in OVERVIEWS.items():
        of = [config for config in configs if config["hyperparameters"]["data"] in data]
        yield title, [config for config in of if _model(config).knowledge is not None]


def _model(config: Config) -> type[Model]:
    return recipes.get(config["recipe"]).model


def _result(config: Config) -> dict[str, Any]:
    kept = ("summary", "n_parameters", "images_seen", "training_seconds", "machine")
    return {
        "name": config["recipe"],
        "role": _model(config).role,
        "knowledge": _model(config).knowledge,
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
            metrics, result = by_name(config), _result(config)
            bound = "≤ " if "nll_bound" in metrics else ""
            nll = value(metrics, "nll_bound" if bound else "nll")
            cells = [
                f"[`{result['name']}`](checkpoints/{result['name']})",
                result["role"],
                KNOWN[result["knowledge"]],
                f"{result['n_parameters']:,}",
                f"{result['images_seen']:,}",
                f"{(result['training_seconds'] or 0) / 60:.0f}",
                bound + nll,
                *(value(metrics, name) for name in ("fid", "kid", "precision", "recall")),
                *(value(metrics, f"seconds_{n}", 3) for n in (1, 64)),
                f"[{result['paper']}]({result['paper_url']})",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines += _train_references(configs, columns.count("|") - 1)
        yield "\n".join(lines)


def _train_references(configs: list[Config], n_columns: int) -> list[str]:
    """Rows of training images scored the same way, those of each kind."""
    rows = {}
    for config in configs:
        metrics = by_name(config)
        if reference := metrics.get("fid_train_reference"):
            color = "color" in DATA[config["hyperparameters"]["data"]][1]
            kind = "color" if color else "gray"
            kind = "binary" if "binarization" in reference["setting"] else kind
            names = [f"{n}_train_reference" for n in ("fid", "kid", "precision", "recall")]
            cells = [
                f"*reference: training images scored the same way, {kind}*",
                *[""] * 6,
                *(value(metrics, name) for name in names),
            ]
            rows[kind] = f"| {' | '.join([*cells, *[''] * (n_columns - len(cells))])} |"
    return [rows[kind] for kind in sorted(rows, reverse=True)]


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
