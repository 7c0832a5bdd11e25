"""The results table: what it says is what the releases' configs say, and the README has it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from genzoo import releases, report
from genzoo.data.images import DATA_SETS
from genzoo.metrics.likelihood import BITS, DENSITIES, UNTRAINED
from genzoo.metrics.metric import VERSION, version
from genzoo.metrics.table import WHICH

ROOT = Path(__file__).parents[2]


pytestmark = pytest.mark.usefixtures("_real_releases")


def test_the_readme_has_the_table_of_the_releases_that_are_here():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert report.written_into(page) == page, (
        "README.md is stale: python -m genzoo report --write README.md"
    )


def test_the_numbers_are_those_of_the_releases_that_are_here():
    kept = (ROOT / "docs" / "results.json").read_text(encoding="utf-8")
    assert kept == releases.to_json(report.results()), (
        "docs/results.json is stale: python -m genzoo report --json docs/results.json"
    )


def test_every_model_that_makes_images_is_in_the_table_of_its_data():
    found = {row["name"]: row for rows in report.results().values() for row in rows}
    makers = [n for n in releases.names() if "judge" not in n and "4x4" not in n]
    of = {n: releases.info(n)["hyperparameters"]["data"] for n in makers}
    assert set(found) == {n for n in makers if of[n] in ("mnist", "fashion") or "avatars" in of[n]}
    assert found["nade-mnist"]["role"] == "Autoregressive"
    assert found["vae-mnist"]["knowledge"] == "approximate"
    assert found["gan-mnist"]["figures"] == releases.info("gan-mnist")["figures"]
    nll = next(f for f in found["vae-mnist"]["figures"] if f["name"] == "nll_bound")
    [sheet] = [sheet for sheet in report.overviews() if sheet.title == "MNIST, all models"]
    row = dict(zip(sheet.heads, sheet.rows[sheet.releases.index("vae-mnist")], strict=True))
    assert row["role"] == "LatentVariable"
    assert row["NLL, nats: importance-weighted bound, k = 500"] == f"≤ {nll['value']:.2f}"


def test_what_training_images_measure_stands_below(monkeypatch):
    setting = "judge features v2, 60 training images, 60 test images"
    gray = figure("fid_train_reference", 0.25, setting)
    binary = figure("fid_train_reference", 0.5, f"{setting}, dynamic binarization")
    monkeypatch.setattr(releases, "names", lambda: ["aae-mnist", "nade-mnist"])
    configs = {
        "aae-mnist": config_of([figure("fid", 1.0), gray]),
        "nade-mnist": config_of([figure("fid", 2.0), binary], recipe="nade-mnist"),
    }
    monkeypatch.setattr(releases, "info", lambda name: configs[name])
    [sheet] = report.overviews()
    rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
    found = [(row["recipe"][:11], row["pictures"], row["FID"]) for row in rows[2:]]
    assert found == [("*reference:", "gray", "0.25"), ("*reference:", "binary", "0.50")]


def rows_of(name: str) -> list[list[str]]:
    """The cells of each row about a release."""
    return [
        row.strip("| ").split(" | ")
        for row in report.tables().splitlines()
        if row.startswith(f"| [`{name}`]")
    ]


def table(title: str) -> list[list[str]]:
    """The cells of each row of a table."""
    part = report.tables().split(f"**{title}**\n\n")[1].split("\n\n")[0]
    return [row.strip("| ").split(" | ") for row in part.splitlines()[2:]]


def test_every_release_has_a_row():
    for name in releases.names():
        assert rows_of(name), name


def test_a_row_of_densities_says_value_interval_and_setting_as_the_config_does():
    of = {
        name: (sheet, row)
        for sheet in report.detailed()
        if sheet.table is DENSITIES
        for name, row in zip(sheet.releases, sheet.rows, strict=True)
    }
    for name in releases.names():
        config = releases.info(name)
        [*shown] = [f for f in config["figures"] if f["name"] in BITS]
        assert bool(shown) == (name in of)
        for figure in shown if "seeds" not in config else []:
            sheet, row = of[name]
            bound = "≤ " if figure["name"] == "nll_bound" else ""
            ends = f"{figure['low']:.2f} to {figure['high']:.2f}"
            [cell] = [c for h, c in zip(sheet.heads, row, strict=True) if h[:3] == "NLL" and c]
            assert cell.startswith(f"{bound}{figure['value']:.2f} ({ends}), {bound}")
            assert row[sheet.heads.index("setting")] == figure["setting"]


def test_a_table_holds_one_data_set_and_ends_with_the_best():
    rows = table("MNIST, each pixel 0 or 1")
    nll = [
        float(next(c for c in cells[3:7] if c.strip()).removeprefix("≤ ").partition(" ")[0])
        for cells in rows
    ]
    assert len(nll) > 1
    assert nll == sorted(nll, reverse=True)
    for cells in rows:
        name = cells[0].partition("`")[2].partition("`")[0]
        assert releases.info(name)["hyperparameters"]["data"] == "mnist"


def config_of(figures: list[dict], **more: object) -> dict:
    return {
        "recipe": "aae-mnist",
        "n_parameters": 1234,
        "images_seen": 5678,
        "hyperparameters": {"data": "mnist"},
        "model": {"prior": "ring", "q": "gaussian"},
        "figures": figures,
        **more,
    }


def figure(name: str, value: float, setting: str = "so measured") -> dict:
    return {"name": name, "value": value, "low": value, "high": value, "setting": setting}


def tables_of(monkeypatch: pytest.MonkeyPatch, config: dict) -> str:
    monkeypatch.setattr(releases, "names", lambda: ["aae-mnist"])
    monkeypatch.setattr(releases, "info", lambda name: config)
    return report.tables()


def row_of(monkeypatch: pytest.MonkeyPatch, title: str, config: dict) -> dict[str, str]:
    """The one row of a table, by the heads."""
    monkeypatch.setattr(releases, "names", lambda: ["aae-mnist"])
    monkeypatch.setattr(releases, "info", lambda name: config)
    [sheet] = [sheet for sheet in report.detailed() if sheet.title == f"MNIST, {title}"]
    [row] = sheet.rows
    return dict(zip(sheet.heads, row, strict=True))


PICTURES = "pictures, by the features of its judge"


def test_pictures_are_shown_by_the_median_seed_and_the_range(monkeypatch):
    seeds = {str(k): [figure("fid", value)] for k, value in enumerate([3.25, 2.5, 4.0])}
    figures = [figure("fid", 3.25), figure("kid", 1.5), figure("fid_train_reference", 0.5)]
    row = row_of(monkeypatch, PICTURES, config_of(figures, seeds=seeds))
    assert row["FID"] == "3.25 (2.50 to 4.00)"
    assert row["KID"] == "1.5000 (seed 0)"
    assert row["FID, reference: training images scored the same way"] == "0.50"
    assert row["seeds"] == "3; released: seed 0, the median of 3 by FID"
    alone = row_of(monkeypatch, PICTURES, config_of(figures))
    assert (alone["FID"], alone["KID"]) == ("3.25", "1.5000")
    assert "seeds" not in alone


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([2.0, 3.0, 4.0], "3; released: seed 0, best of 3 by FID"),
        ([4.0, 3.0, 2.0], "3; released: seed 0, worst of 3 by FID"),
        ([2.0, 3.0], "2; released: seed 0, best of 2 by FID"),
        ([3.0, 2.0, 4.0, 5.0], "4; released: seed 0, number 2 of 4 by FID"),
    ],
)
def test_the_released_seed_is_told_where_it_is_not_the_median(monkeypatch, values, words):
    seeds = {str(k): [figure("fid", value)] for k, value in enumerate(values)}
    row = row_of(monkeypatch, PICTURES, config_of([figure("fid", values[0])], seeds=seeds))
    assert row["seeds"] == words


def test_a_seed_that_was_measured_otherwise_does_not_count(monkeypatch):
    seeds = {
        "0": [figure("fid", 3.0), figure("share_smallest", 0.5, "class 1, so")],
        "1": [
            figure("fid", 5.0, "on fewer images"),
            figure("share_smallest", 0.75, "class 2, so"),
        ],
        "2": [figure("fid", 4.0), figure("share_smallest", 0.25, "class 1, otherwise")],
    }
    more = [figure("share_largest", 2.0)]
    row = row_of(monkeypatch, PICTURES, config_of([*seeds["0"], *more], seeds=seeds))
    assert row["FID"] == "3.50 (3.00 to 4.00, 2 seeds)"
    [shares] = [cell for head, cell in row.items() if head.startswith("class frequency")]
    assert shares == "0.62 (0.50 to 0.75, 2 seeds) to 2.00 (seed 0)"


def test_pictures_are_shown_with_all_that_was_measured_of_them(monkeypatch):
    values = {
        "fid": 0.5,
        "fid_train_reference": 0.25,
        "kid": 1.125,
        "precision": 71.5,
        "recall": 60.25,
        "share_smallest": 0.875,
        "share_largest": 1.25,
    }
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    cells = "0.50 | 0.25 | 1.1250 | 71.50 | 60.25 | 0.88 to 1.25 | so measured"
    assert f"| 5,678 | {cells} |" in shown


def test_classes_found_are_shown_with_the_median_over_seeds(monkeypatch):
    errors = [[figure("unsupervised_error", value)] for value in (3.5, 2.75, 6.0)]
    seeds = {str(k): each for k, each in enumerate(errors)}
    title = "classes found without labels"
    row = row_of(monkeypatch, title, config_of(errors[0], seeds=seeds))
    assert row["error"] == "3.50 (2.75 to 6.00) %"
    assert row["95 % interval"] == "3.50 to 3.50 (seed 0)"
    assert row["seeds"] == "3; released: seed 0, the median of 3 by error without labels"
    alone = row_of(monkeypatch, title, config_of(errors[0]))
    assert (alone["error"], alone["95 % interval"]) == ("3.50 %", "3.50 to 3.50")


def test_codes_are_shown_with_the_test_against_the_prior(monkeypatch):
    values = {
        "reconstruction": 130.25,
        "prior_distance": 0.0123,
        "prior_distance_reference": 0.0011,
        "prior_p_value": 0.31,
        "off_prior": 1.25,
    }
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    assert "MNIST, codes pulled towards a prior" in shown
    assert "| 1,234 | ring | gaussian | 130.2 | 0.0123 | 0.0011 | 0.310 | 1.25 |" in shown


def test_a_bound_that_is_not_trained_on_stands_beside_the_others_and_is_told_so(monkeypatch):
    bound, data = "importance-weighted bound, k = 500", "dynamic binarization, 10 test images"
    vae = figure("nll_bound", 90.0, f"{bound}, {data}")
    aae = figure("nll_bound", 95.0, f"{bound}, {UNTRAINED}, {data}")
    bits = [figure("bits_per_dim_bound", 0.1)]
    monkeypatch.setattr(releases, "names", lambda: ["vae-mnist", "aae-mnist"])
    configs = {
        "vae-mnist": config_of([vae, *bits], recipe="vae-mnist"),
        "aae-mnist": config_of([aae, *bits]),
    }
    monkeypatch.setattr(releases, "info", lambda name: configs[name])
    [sheet] = report.overviews()
    rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
    assert [row["NLL, nats"] for row in rows] == ["≤ 90.00", "≤ 95.00"]
    assert [row["p(x)"] for row in rows] == [
        "explicit, by a bound",
        "implicit; bound: not trained on it",
    ]
    [sheet] = [sheet for sheet in report.detailed() if sheet.table is DENSITIES]
    rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
    assert [row["NLL, nats"][:7] for row in rows] == ["≤ 95.00", "≤ 90.00"]
    assert [UNTRAINED in row["setting"] for row in rows] == [True, False]


def test_edits_and_translations_are_shown_with_their_intervals(monkeypatch):
    values = {"edit_read": 98.765, "edit_kept": 97.5, "edit_psnr": 26.25, "edit_return": 0.01234}
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    assert "MNIST, edits, as the judge reads them" in shown
    cells = "98.77 (98.77 to 98.77) | 97.50 (97.50 to 97.50) | 26.2 (26.2 to 26.2)"
    assert f"| 5,678 | {cells} | 0.0123 (0.0123 to 0.0123) |" in shown
    some = [figure("edit_read", 50.0), figure("edit_return", 0.5)]  # with no truth to be had
    shown = tables_of(monkeypatch, config_of(some))
    assert "| 50.00 (50.00 to 50.00) | 0.5000 (0.5000 to 0.5000) |" in shown
    values = {"forth_error": 0.05, "cycle_error": 0.04, "cycle_error_other": 0.03}
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    assert "MNIST, translations without pairs" in shown
    assert "| 0.0500 (0.0500 to 0.0500) | 0.0400 (0.0400 to 0.0400) |" in shown


def test_a_judge_of_attributes_is_shown_with_the_one_that_it_reads_least_well(monkeypatch):
    values = {
        **{"accuracy": 99.5, "all_right": 96.25, "accuracy_hair": 99.75, "accuracy_skin": 98.5},
        **{"accuracy_novel": 90.0, "all_right_novel": 80.0},
        **{"accuracy_hair_novel": 85.0, "accuracy_skin_novel": 95.0},
    }
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    assert "MNIST, the evaluator network of attributes (the judge)" in shown
    assert "| so measured | 99.50 % | 98.50 % (skin) | 96.25 % |" in shown
    assert "| so measured | 90.00 % | 85.00 % (hair) | 80.00 % |" in shown


def test_every_data_set_has_a_table():
    assert set(report.DATA) == set(DATA_SETS)


def test_a_page_without_the_marks_is_refused_and_left_alone(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("no place here")
    with pytest.raises(ValueError, match="no place for the results"):
        report.write(page)
    assert page.read_text() == "no place here"


# ---- settings, seeds and targets of the releases that are here


def sheets() -> list[report.Sheet]:
    return [*report.overviews(), *report.detailed()]


def columns(sheet: report.Sheet) -> list[tuple[str, list[tuple[str, str]]]]:
    """For each head the releases and cells below it, without references."""
    rows = [(n, row) for n, row in zip(sheet.releases, sheet.rows, strict=True) if n]
    return [(head, [(n, row[i]) for n, row in rows]) for i, head in enumerate(sheet.heads)]


def settings(cell: str) -> list[str]:
    return [metric["setting"] for metric in report.metrics_of(cell)]


MARK = re.compile(r"<sup>\[\d+\]</sup>")


def test_no_column_mixes_settings():
    """Figures of another setting than the others of their column have a note, which names it."""
    mixed = 0
    for sheet in sheets():
        for head, cells in columns(sheet):
            without: dict[str, list[str]] = {}
            for _, cell in cells:
                for setting in dict.fromkeys(settings(cell)):
                    for pattern in sheet.table.may_differ:
                        setting = re.sub(pattern, "", setting)
                    marks = MARK.findall(cell)
                    if marks:
                        assert sheet.notes[marks[0]] == setting, (sheet.title, head, cell)
                        mixed += 1
                    else:
                        without.setdefault(setting, []).append(cell)
            assert len(without) <= 1, (sheet.title, head, without)
    assert mixed  # edits and captions are not as many as test images


def test_no_column_has_bounds_of_two_numbers_of_samples_or_figures_of_two_numbers_of_images():
    """The same, without asking the tables what may differ."""
    seen = set()
    for sheet in sheets():
        for head, cells in columns(sheet):
            plain = [text for _, cell in cells if not MARK.search(cell) for text in settings(cell)]
            k = {text for setting in plain for text in re.findall(r"\bk = \d+", setting)}
            assert len(k) <= 1, (sheet.title, head, k)
            seen |= k
            if "faces" in sheet.heads:  # which says how many
                continue
            of = r"(\d+) (?:random )?test images"
            numbers = {tuple(re.findall(of, setting)) for setting in plain}
            assert len(numbers) <= 1, (sheet.title, head, numbers)
            few = {"first" in setting for setting in plain}
            assert len(few) <= 1, (sheet.title, head)
    assert seen == {"k = 50", "k = 500"}


def test_what_may_differ_in_a_column_is_said_in_another():
    said = 0
    for sheet in sheets():
        for pattern, by in sheet.table.may_differ.items():
            if not by:  # which class is rarest, and how often it was timed: nothing else
                assert pattern in (WHICH, r"median of \d+")
                continue
            told = dict(columns(sheet)).get(by)
            for head, cells in columns(sheet):
                words: dict[str, set[str]] = {}
                for i, (_, cell) in enumerate(cells):
                    for setting in settings(cell):
                        found = re.search(pattern, setting)
                        assert not found or told, (sheet.title, by)
                        words.setdefault(found[0] if found else "", set()).add(told[i][1])
                said += len(words) > 1
                kinds = list(words.values())
                for k, one in enumerate(kinds):
                    assert not any(one & other for other in kinds[k + 1 :]), (sheet.title, head)
    assert said > 4


def test_a_measured_number_knows_what_it_is():
    """A cell without its metrics would escape the tests of settings and of seeds."""
    words = ("setting", "target", "seeds", "paper", "training, min", "faces", "pieces")
    for sheet in sheets():
        for head, cells in columns(sheet):
            for name, cell in cells:
                if head not in words and not report.metrics_of(cell):
                    assert not re.search(r"\d\.\d", cell), (sheet.title, head, name, cell)


def test_a_figure_of_one_seed_is_not_among_medians_without_saying_so():
    several = 0
    for sheet in sheets():
        # The second row of a release, of the pictures that are shown of it, has no seeds.
        told = dict(dict(columns(sheet)).get("seeds", [])[::-1])
        for head, cells in columns(sheet):
            if head in ("seeds", "target"):
                continue
            over = []
            for name, cell in cells:
                seeds = releases.info(name).get("seeds", {})
                for metric in report.metrics_of(cell):
                    if not seeds or re.search("_reference$|^seconds_", metric["name"]):
                        continue
                    values = sorted(
                        f["value"]
                        for each in seeds.values()
                        for f in each
                        if f["name"] == metric["name"]
                    )
                    if len(values) < 2 or "interval" in head:
                        assert "(seed " in cell or ", seed " in cell, (sheet.title, name, cell)
                    else:
                        ranges = re.findall(r"\((-?[\d.]+) to (-?[\d.]+)", cell)
                        true = values[0], values[-1]
                        assert any(
                            [f"{v:.{len(low.split('.')[1])}f}" for v in true] == [low, high]
                            for low, high in ranges
                        ), (sheet.title, name, cell)
                        over.append(name)
            if over:
                several += 1
                for name, _ in cells:
                    assert re.match(r"1 \(seed \d+\)|\d+; released: seed \d+, ", told[name])
    assert several > 8


def test_the_place_of_the_infogan_that_is_released_is_told():
    """Its place among three trainings, by what all of them were measured on."""
    [sheet] = [sheet for sheet in report.overviews() if sheet.title.startswith("MNIST")]
    row = dict(zip(sheet.heads, sheet.rows[sheet.releases.index("infogan-mnist")], strict=True))
    config = releases.info("infogan-mnist")
    fids = [f["value"] for s in config["seeds"].values() for f in s if f["name"] == "fid"]
    low, median, high = sorted(fids)
    [cell] = [cell for head, cell in row.items() if head.startswith("FID") and cell]
    assert cell == f"{median:.2f} ({low:.2f} to {high:.2f})"
    assert fids[list(config["seeds"]).index("0")] == median
    assert row["seeds"] == "3; released: seed 0, the median of 3 by FID"
    [result] = [r for r in report.results()["MNIST"] if r["name"] == "infogan-mnist"]
    assert result["over_seeds"]["fid"] == {"n": 3, "median": median, "low": low, "high": high}
    assert "released: seed 0, the median of 3 by FID" in releases.card(config)
    errors = sorted(
        f["value"]
        for s in config["seeds"].values()
        for f in s
        if f["name"] == "unsupervised_error"
    )
    [table] = [sheet for sheet in report.detailed() if "without labels" in sheet.title]
    row = dict(zip(table.heads, table.rows[0], strict=True))
    assert row["error"] == f"{errors[1]:.2f} ({errors[0]:.2f} to {errors[2]:.2f}) %"
    assert row["seeds"].startswith("3; released: seed 0, ")


def test_the_average_over_orders_is_in_a_table_of_its_own():
    [sheet] = [sheet for sheet in report.detailed() if "several orders" in sheet.title]
    assert sheet.releases == ["nade-orderless-mnist"]
    others = [other for other in sheets() if other.title != sheet.title]
    shown = {
        m["name"] for s in others for row in s.rows for c in row for m in report.metrics_of(c)
    }
    assert not {"nll_ensemble", "nll_orders"} & shown


def densities(monkeypatch: pytest.MonkeyPatch, **figures: dict) -> report.Sheet:
    configs = {name: config_of([f], recipe=name) for name, f in figures.items()}
    monkeypatch.setattr(releases, "names", lambda: list(configs))
    monkeypatch.setattr(releases, "info", lambda name: configs[name])
    [sheet] = report.overviews()
    return sheet


def test_columns_are_as_many_as_settings(monkeypatch):
    on = "dynamic binarization, 60 test images"
    sheet = densities(
        monkeypatch,
        **{
            "nade-mnist": figure("nll", 80.0, on),
            "nade-orderless-mnist": figure("nll", 81.0, on),
            "vae-mnist": figure("nll_bound", 90.0, f"importance-weighted bound, k = 5, {on}"),
            "iwae-mnist": figure("nll_bound", 91.0, f"importance-weighted bound, k = 50, {on}"),
        },
    )
    head = "NLL, nats"
    bound = f"{head}: importance-weighted bound, k ="
    assert [h for h in sheet.heads if h.startswith(head)] == [head, f"{bound} 5", f"{bound} 50"]
    cells = {
        n: [c for c in row if "0" in c and report.metrics_of(c)]
        for n, row in zip(sheet.releases, sheet.rows, strict=True)
    }
    assert cells == {
        "nade-mnist": ["80.00"],
        "nade-orderless-mnist": ["81.00"],
        "vae-mnist": ["≤ 90.00"],
        "iwae-mnist": ["≤ 91.00"],
    }


def test_a_figure_that_was_measured_otherwise_has_a_note(monkeypatch):
    same = "judge features v2, 60 samples, 60 test images"
    other = "judge features v2, 20 samples"
    sheet = densities(
        monkeypatch,
        **{
            "gan-mnist": figure("fid", 1.0, same),
            "dcgan-mnist": figure("fid", 2.0, same),
            "aae-mnist": figure("fid", 3.0, other),
            "nade-mnist": figure("fid", 4.0, f"{same}, dynamic binarization"),
        },
    )
    fid = dict(columns(sheet))["FID"]
    assert [cell for _, cell in fid] == ["1.00", "2.00", "3.00 <sup>[1]</sup>", "4.00"]
    without = other.removesuffix("samples")  # which may differ, and is said elsewhere
    assert sheet.notes == {"<sup>[1]</sup>": without}
    assert f"\n\n<sup>[1]</sup> {without}" in sheet.markdown()
    two = densities(
        monkeypatch,
        **{"gan-mnist": figure("fid", 1.0, same), "dcgan-mnist": figure("fid", 2.0, other)},
    )
    marked = ["1.00 <sup>[1]</sup>", "2.00 <sup>[2]</sup>"]
    assert [cell for _, cell in dict(columns(two))["FID"]] == marked


def test_figures_of_two_versions_never_share_a_column():
    """Whatever the tables say may differ, and whatever has a note."""
    told = set()
    for sheet in sheets():
        for head, *cells in zip(sheet.heads, *sheet.rows, strict=True):
            if head in ("setting", "target"):
                continue
            shown = [metric for cell in cells for metric in report.metrics_of(cell)]
            found = {version(metric) for metric in shown} - {None}
            assert len(found) <= 1, (sheet.title, head, found)
            assert head.endswith("(v1)") == (found == {1}), (sheet.title, head)
            told |= found
    assert told
    assert all(v is None or v <= VERSION for v in told)


def test_a_figure_of_an_older_version_has_a_column_of_its_own(monkeypatch):
    old = "judge features, 60 pictures, 60 test images"
    new = "judge features v2, 60 samples, 60 test images"
    sheet = densities(
        monkeypatch,
        **{
            "gan-mnist": figure("fid", 1.0, old),
            "dcgan-mnist": figure("fid", 2.0, new),
            "aae-mnist": figure("fid", 3.0, f"{new}, dynamic binarization"),
            "nade-mnist": figure("nll", 80.0),
        },
    )
    found = dict(columns(sheet))
    assert [cell for _, cell in found["FID"]] == ["", "2.00", "3.00", ""]
    assert [cell for _, cell in found["FID (v1)"]] == ["1.00", "", "", ""]
    assert [cell for _, cell in found["NLL, nats"]] == ["", "", "", "80.00"]
    assert not sheet.notes


def test_pictures_that_are_no_samples_have_a_row_of_their_own(monkeypatch):
    of = "60 test images"
    samples = f"judge features v2, 60 samples, {of}, dynamic binarization"
    means = f"judge features v2, 60 means of the decoder, {of}"
    figures = [
        figure("fid", 4.0, samples),
        figure("fid_train_reference", 0.5, f"judge features v2, 60 random training images, {of}"),
        figure("fid_shown", 3.0, means),
        figure("kid_shown", 0.125, means),
    ]
    monkeypatch.setattr(releases, "names", lambda: ["aae-mnist"])
    monkeypatch.setattr(releases, "info", lambda name: config_of(figures))
    [sheet] = report.overviews()
    rows = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
    found = [(row["pictures"], row["FID"], row["KID"]) for row in rows]
    assert found[:2] == [("binary, samples", "4.00", ""), ("gray, means", "3.00", "0.1250")]
    assert rows[0]["role"] == "Autoencoder"
    assert rows[1]["role"] == ""
    [sheet] = [s for s in report.detailed() if s.title == f"MNIST, {PICTURES}"]
    told = [dict(zip(sheet.heads, row, strict=True)) for row in sheet.rows]
    assert [(row["FID"], row["setting"]) for row in told] == [("4.00", samples), ("3.00", means)]
    assert not sheet.notes


def test_a_missed_target_is_said_wherever_its_figure_is():
    missed = {
        name: [v for v in releases.verdicts(releases.info(name)) if v.met is False]
        for name in releases.names()
    }
    assert any(missed.values())
    results = {row["name"]: row for rows in report.results().values() for row in rows}
    said = 0
    for sheet in sheets():
        for i, name in enumerate(sheet.releases):
            if not name or name in sheet.releases[:i]:  # its second row has no targets
                continue
            row = dict(zip(sheet.heads, sheet.rows[i], strict=True))
            shown = [m for cell in sheet.rows[i] for m in report.metrics_of(cell)]
            for verdict in missed[name]:
                about = [
                    m
                    for m in shown
                    if m["name"] in verdict.target.names and verdict.target.setting in m["setting"]
                ]
                if about or sheet.title.endswith("all models"):
                    said += 1
                    assert f"{verdict.wanted}: missed (" in row["target"], (sheet.title, name)
    assert said > 20
    for name, verdicts in missed.items():
        page = releases.card(releases.info(name))
        for verdict in verdicts:
            assert ": missed (" in page
            if name in results:
                told = [t for t in results[name]["targets"] if t["words"] == str(verdict)]
                assert [t["met"] for t in told] == [False]
