"""The results, generated from the releases' configs: tables for the README, and JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genzoo import recipes, releases
from genzoo.metrics import Table, Verdict
from genzoo.metrics.likelihood import NATS, UNTRAINED, nats
from genzoo.metrics.metric import VERSION, outdated, version
from genzoo.metrics.pictures import NEARNESS, SHOWN, kind_of
from genzoo.metrics.table import (
    BINARIZATION,
    KIND,
    SEEDLESS,
    Cell,
    Config,
    Metrics,
    by_name,
    seeds,
    value,
)
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


OF_PICTURES_HEADS = ("FID", "KID", "precision, %", "recall, %")
OF_PICTURES = dict(zip(NEARNESS, (2, 4, 2, 2), strict=True))
"""What is told of pictures side by side, under these heads, and with how many digits."""

DETAILS = "Each figure with its interval and its setting"

SEEDS, TARGET = "seeds", "target"
"""Heads of the columns that are added to a table where a row has something to say there."""

ALL_MODELS = Table(
    "{name}, all models",
    f"role | p(x) | parameters | images seen | training, min | pictures | {NATS} | FID | KID "
    f"| precision, % | recall, % | 1 picture, s | 64, s | {SEEDS} | {TARGET} | paper",
    lambda config: iter([(0.0, cells) for cells in (_about(config), *_shown(config))]),
    split=(NATS,),
    may_differ={
        BINARIZATION: "pictures",
        KIND: "pictures",
        f", {UNTRAINED}": "p(x)",
        r"median of \d+": "",  # times are of up to five sheets, as many as there was time for
    },
)
"""The table in which all models of a data set stand side by side."""


ABLATION = Table(
    "{name}: what each difference from the paper bought",
    "training | images seen | seeds | unsupervised error, % | FID | KID "
    "| precision, % | recall, %",
    lambda config: iter([(0.0, cells) for cells in _variants(config)]),
)
"""The table of a recipe's ablation."""


@dataclass(frozen=True)
class Sheet:
    """A table of one data set, as it is shown.

    Attributes:
        table: what it is made of.
        title: its own.
        heads: of the columns.
        releases: of which each row is; "" for a row of references.
        rows: a cell for each column.
        notes: settings of figures that are not of that of their column, by their mark.
    """

    table: Table
    title: str
    heads: list[str]
    releases: list[str]
    rows: list[list[str]]
    notes: dict[str, str]

    def markdown(self) -> str:
        notes = [f"{mark} {setting}" for mark, setting in self.notes.items()]
        table = releases.markdown(self.heads, self.rows)
        below = ["", "<br>".join(notes)] if notes else []
        return "\n".join([f"**{self.title}**", "", table, *below])


def tables() -> str:
    """Markdown: for each data set a table of all its models; then, folded, for each kind of result
    a table for each data set, the best last."""
    details = "\n\n".join(sheet.markdown() for sheet in detailed())
    folded = (
        f"<details>\n<summary>{DETAILS}</summary>\n\n{details}\n\n</details>" if details else ""
    )
    parts = (*(sheet.markdown() for sheet in overviews()), folded)
    return "\n\n".join(part for part in parts if part)


def overviews() -> list[Sheet]:
    """For each data set all its models side by side, and references below."""
    made = []
    for title, configs in _makers():
        made_of = [(config, cells) for config in configs for _, cells in ALL_MODELS.rows(config)]
        rows = [[_link(config), *cells] for config, cells in made_of]
        if rows:
            names = [config["recipe"] for config, _ in made_of]
            references = _train_references(configs)
            heads = ["recipe", *ALL_MODELS.columns.split(" | ")]
            rows += [[row.get(head, "") for head in heads] for row in references]
            names += [""] * len(references)
            named = ALL_MODELS.title.format(name=title)
            made.append(_laid_out(ALL_MODELS, named, heads, names, rows))
    return made


def ablations() -> str:
    """Markdown: a table for each release of whose recipe variants were measured, which says what
    each difference from the paper bought."""
    sheets = []
    for config in map(releases.info, releases.names()):
        rows = [cells for _, cells in ABLATION.rows(config)]
        if rows:
            title = ABLATION.title.format(name=f"`{config['recipe']}`")
            heads = ABLATION.columns.split(" | ")
            names = [config["recipe"]] * len(rows)
            sheets.append(_laid_out(ABLATION, title, heads, names, rows))
    return "\n\n".join(sheet.markdown() for sheet in sheets)


def _variants(config: Config) -> Iterator[list[str]]:
    """The rows of a release's ablation: its variants, then itself."""
    measured = releases.ablation(config)
    recipe = recipes.get(config["recipe"])
    trained = [(v.what, measured[v.key]) for v in recipe.ablation if v.key in measured]
    for what, each in [*trained, (f"`{recipe.name}`", config)] if trained else []:
        metrics = by_name(each)
        digits = {"unsupervised_error": 2, **OF_PICTURES}
        shown = [value(metrics, name, n) for name, n in digits.items()]
        yield [what, f"{each['images_seen']:,}", str(max(1, len(metrics.seeds))), *shown]


def detailed() -> list[Sheet]:
    """For each kind of result a table for each data set, the best last."""
    configs = [releases.info(name) for name in releases.names()]
    made = (_sheet(table, title, configs) for table in _kinds() for title in _titles(table))
    return [sheet for sheet in made if sheet is not None]


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


def _sheet(table: Table, title: str, configs: list[Config]) -> Sheet | None:
    """Of the releases that are of this title; None when it has no row."""
    rows = []
    for config in configs:
        if _titled(table, config["hyperparameters"]["data"]) == title:
            for by, cells in table.rows(config):
                shown = [metric for cell in cells for metric in metrics_of(cell)]
                verdicts = [v for v in releases.verdicts(config) if any(map(v.target.of, shown))]
                row = [_link(config), f"{config['n_parameters']:,}", *cells]
                row += [seeds(config, [m["name"] for m in shown]), _words(verdicts)]
                rows.append((by, config["recipe"], row))
    if not rows:
        return None
    rows.sort(key=lambda row: (row[0], row[1], row[2]))
    heads = ["recipe", "parameters", *table.columns.split(" | "), SEEDS, TARGET]
    names = [name for _, name, _ in rows]
    return _laid_out(table, title, heads, names, [cells for *_, cells in rows])


def _link(config: Config) -> str:
    return f"[`{config['recipe']}`](checkpoints/{config['recipe']})"


def _words(verdicts: list[Verdict]) -> str:
    return "; ".join(map(str, verdicts))


def _laid_out(
    table: Table, title: str, heads: list[str], names: list[str], rows: list[list[str]]
) -> Sheet:
    """With the columns that the settings ask for, and without empty ones."""
    notes: dict[str, str] = {}
    columns: list[tuple[str, list[str]]] = []
    for all_of, *every in zip(heads, *rows, strict=True):
        for head, cells in _by_version(all_of, every):
            # References stand below, in rows of their own.
            kinds = [
                kind(cell, table.may_differ) if name else ""
                for name, cell in zip(names, cells, strict=True)
            ]
            if all_of in table.split:
                columns += _split(head, cells, kinds)
            else:
                columns.append((head, _noted(cells, kinds, notes)))
    # Where every release is of one training there is nothing to tell apart.
    several = any(
        head == SEEDS and any(c and c[:2] != "1 " for c in cells) for head, cells in columns
    )
    kept = [(head, cells) for head, cells in columns if any(cells) and (head != SEEDS or several)]
    turned = [list(row) for row in zip(*(cells for _, cells in kept), strict=True)]
    return Sheet(table, title, [head for head, _ in kept], names, turned, notes)


def metrics_of(cell: str) -> tuple[Mapping[str, Any], ...]:
    """What a cell shows that was measured."""
    return cell.shown if isinstance(cell, Cell) else ()


def kind(cell: str, may_differ: Mapping[str, str]) -> str:
    """The setting of what a cell shows, without what may differ in a column; "" where it shows
    nothing that was measured."""
    settings = [str(metric["setting"]) for metric in metrics_of(cell)]
    for pattern in may_differ:
        settings = [re.sub(pattern, "", setting) for setting in settings]
    return "; ".join(dict.fromkeys(settings))


def versions(cell: str) -> set[int]:
    """Of the measuring of what a cell shows."""
    return {v for metric in metrics_of(cell) if (v := version(metric)) is not None}


def _by_version(head: str, cells: list[str]) -> list[tuple[str, list[str]]]:
    """A column for each version of the measuring, the present one first; the heads of others say
    which. What has no version stays in the first."""
    found = sorted(set().union(*map(versions, cells)), reverse=True)
    columns = []
    for k, of in enumerate(found or [VERSION]):
        own = [c if max(versions(c), default=(of if not k else None)) == of else "" for c in cells]
        columns.append((head if of == VERSION else f"{head} (v{of})", own))
    return columns


def _split(head: str, cells: list[str], kinds: list[str]) -> list[tuple[str, list[str]]]:
    """A column for each setting, the most frequent one first; each head says what it alone has."""
    found = Counter(kind for kind in kinds if kind)
    if len(found) < 2:
        return [(head, cells)]
    parts = {kind: kind.split(", ") for kind in found}
    common = set.intersection(*(set(p) for p in parts.values()))
    columns = []
    for kind in sorted(found, key=lambda kind: (-found[kind], kind)):
        own = ", ".join(part for part in parts[kind] if part not in common)
        of_kind = [c if k == kind else "" for c, k in zip(cells, kinds, strict=True)]
        columns.append((f"{head}: {own}" if own else head, of_kind))
    return columns


def _noted(cells: list[str], kinds: list[str], notes: dict[str, str]) -> list[str]:
    """A column with a mark at the figures whose setting is another one than most have; `notes`
    gets what the marks stand for."""
    found = Counter(kind for kind in kinds if kind).most_common()
    if len(found) < 2:
        return cells
    most = found[0][0] if found[0][1] > found[1][1] else None
    marked = []
    for cell, of in zip(cells, kinds, strict=True):
        if of and of != most:
            mark = next((mark for mark, setting in notes.items() if setting == of), None)
            mark = mark or f"<sup>[{len(notes) + 1}]</sup>"
            notes[mark] = of
            cell = Cell(f"{cell} {mark}", *metrics_of(cell))
        marked.append(cell)
    return marked


def _makers() -> Iterator[tuple[str, list[Config]]]:
    """The configs of all releases that make images, for each data set of OVERVIEWS."""
    configs = [releases.info(name) for name in releases.names()]
    for title, data in OVERVIEWS.items():
        of = [config for config in configs if config["hyperparameters"]["data"] in data]
        yield title, [config for config in of if _model(config).knowledge is not None]


def _model(config: Config) -> type[Model]:
    return recipes.get(config["recipe"]).model


def _result(config: Config) -> dict[str, Any]:
    metrics = by_name(config)
    kept = ("summary", "n_parameters", "images_seen", "training_seconds", "machine")
    return {
        "name": config["recipe"],
        "role": _model(config).role,
        "knowledge": _model(config).knowledge,
        **{key: config.get(key) for key in (*kept, "paper", "paper_url", "figures")},
        "seed": int(metrics.seed),
        "over_seeds": {
            name: _spread(metrics, name)
            for name in metrics
            if metrics.seeds and not SEEDLESS.search(name)
        },
        "targets": [verdict.to_dict() for verdict in releases.verdicts(config)],
        "ablation": {
            key: {name: _spread(by_name(each), name) for name in by_name(each)}
            for key, each in releases.ablation(config).items()
        },
    }


def _spread(metrics: Metrics, name: str) -> dict[str, float]:
    values = metrics.over_seeds(name)
    median = metrics.median(name)
    return {"n": len(values), "median": median, "low": values[0], "high": values[-1]}


def _about(config: Config) -> list[str]:
    """The cells of a release in the table of all models of its data set, after its name."""
    metrics, result, made = by_name(config), _result(config), _pictures(config)
    measured = [nats(metrics)]
    measured += [value(metrics, name, digits) for name, digits in OF_PICTURES.items()]
    measured += [value(metrics, f"seconds_{n}", 3) for n in (1, 64)]
    names = [metric["name"] for cell in measured for metric in cell.shown]
    return [
        result["role"],
        _known(config),
        f"{result['n_parameters']:,}",
        f"{result['images_seen']:,}",
        f"{(result['training_seconds'] or 0) / 60:.0f}",
        made,
        *measured,
        seeds(config, names),
        _words(releases.verdicts(config)),
        f"[{result['paper']}]({result['paper_url']})",
    ]


def _known(config: Config) -> str:
    """What is known of p(x), and whether a bound is told that the model was not trained on."""
    known = KNOWN[str(_model(config).knowledge)]
    untrained = UNTRAINED in by_name(config).get("nll_bound", {}).get("setting", "")
    return f"{known}; bound: {UNTRAINED}" if untrained else known


def _shown(config: Config) -> Iterator[list[str]]:
    """The cells of a second row, of the pictures that are shown of a model, where these are no
    samples."""
    metrics, made = by_name(config), _pictures(config, SHOWN)
    if made:
        cells = [value(metrics, f"{name}{SHOWN}", n) for name, n in OF_PICTURES.items()]
        heads = ALL_MODELS.columns.split(" | ")
        row: dict[str, str] = dict(zip(OF_PICTURES_HEADS, cells, strict=True))
        yield [row.get(head, made if head == "pictures" else "") for head in heads]


def _pictures(config: Config, suffix: str = "") -> str:
    """What the pictures are that are measured, if any are: of which pixels, and whether they are
    samples; the images that they are compared with are of the same pixels."""
    metrics, name = by_name(config), f"fid{suffix}"
    if name not in metrics:
        return ""
    kind = kind_of(metrics, name)
    if outdated(metrics[name]) and not getattr(_model(config), "pictures_are_samples", True):
        kind = "means"  # or medians: the first version did not tell
    return _pixels(config, metrics[name]) + (f", {kind}" if kind else "")


def _pixels(config: Config, metric: Mapping[str, Any]) -> str:
    if re.search(BINARIZATION, metric["setting"]):
        return "binary"
    return "color" if "color" in DATA[config["hyperparameters"]["data"]][1] else "gray"


def _train_references(configs: list[Config]) -> list[dict[str, str]]:
    """Rows of training images scored the same way, a cell for each head that has one: those of
    each kind of pixels, and of each number of images."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for config in configs:
        metrics = by_name(config)
        if reference := metrics.get("fid_train_reference"):
            heads = zip(OF_PICTURES_HEADS, OF_PICTURES.items(), strict=True)
            cells = {h: value(metrics, f"{n}_train_reference", d) for h, (n, d) in heads}
            pixels = _pixels(config, reference)
            head = "*reference: training images scored the same way*"
            row: dict[str, str] = {"recipe": head, "pictures": pixels, **cells}
            rows[(pixels, *cells.values())] = row
    return [rows[key] for key in sorted(rows, reverse=True)]


def models() -> str:
    """Markdown: a table of all models that have a card, with what it says of them."""
    heads = ["model", "year", "paper", "tab", "good at", "bad at"]
    rows = [
        [
            f"[{card.title.en}](checkpoints/{card.release})",
            str(card.year),
            f"[{card.paper}]({card.paper_url})",
            f"[`{card.tab}`](http://127.0.0.1:7860/#tab={card.tab})",
            card.good.en,
            card.bad.en,
        ]
        for card in recipes.cards()
    ]
    return releases.markdown(heads, rows)


WRITTEN = {"results": tables, "ablations": ablations, "models": models}
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
