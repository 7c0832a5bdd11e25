"""The results table: what it says is what the releases' configs say, and the README has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo import releases, report
from genzoo.data.images import DATA_SETS
from genzoo.metrics.likelihood import BITS

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
    for row in rows_of("vae-mnist"):
        if "LatentVariable" in row:
            nll = next(f for f in found["vae-mnist"]["figures"] if f["name"] == "nll_bound")
            assert row[6] == f"≤ {nll['value']:.2f}"
            break
    else:
        pytest.fail("vae-mnist is in no table of all models")


def test_what_training_images_measure_stands_below():
    configs = [
        config_of([figure("fid_train_reference", 0.25)]),
        config_of([{**figure("fid_train_reference", 0.5), "setting": "dynamic binarization"}]),
    ]
    gray, binary = report._train_references(configs, 14)
    assert "gray" in gray
    assert "| 0.25 |" in gray
    assert "binary" in binary
    assert "| 0.50 |" in binary
    assert gray.count("|") == 15


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
    for name in releases.names():
        shown = [f for f in releases.info(name)["figures"] if f["name"] in BITS]
        rows = [row for row in rows_of(name) if len(row) == 7 and "FID" not in row]
        for figure in shown:
            bound = "≤ " if figure["name"] == "nll_bound" else ""
            [row] = [row for row in rows if row[6] == figure["setting"]]
            assert row[3] == f"{bound}{figure['value']:.2f}"
            assert row[4] == f"{figure['low']:.2f} to {figure['high']:.2f}"


def test_a_table_holds_one_data_set_and_ends_with_the_best():
    rows = table("MNIST, each pixel 0 or 1")
    nll = [float(cells[3].removeprefix("≤ ")) for cells in rows]
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


def figure(name: str, value: float) -> dict:
    return {"name": name, "value": value, "low": value, "high": value, "setting": "so measured"}


def tables_of(monkeypatch: pytest.MonkeyPatch, config: dict) -> str:
    monkeypatch.setattr(releases, "names", lambda: ["aae-mnist"])
    monkeypatch.setattr(releases, "info", lambda name: config)
    return report.tables()


def test_pictures_are_shown_with_their_spread_over_seeds(monkeypatch):
    seeds = {str(k): [figure("fid", value)] for k, value in enumerate([3.25, 2.5, 4.0])}
    shown = tables_of(monkeypatch, config_of([figure("fid", 3.25)], seeds=seeds))
    assert "| 5,678 | 3.25 | 2.50 to 4.00, 3 seeds |  |  |  |  |  | so measured |" in shown
    alone = tables_of(monkeypatch, config_of([figure("fid", 3.25)]))
    assert "| 5,678 | 3.25 |  |  |  |  |  |  | so measured |" in alone


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
    cells = "0.50 |  | 0.25 | 1.12 | 71.50 | 60.25 | 0.88 to 1.25 | so measured"
    assert f"| 5,678 | {cells} |" in shown


def test_classes_found_are_shown_with_the_median_over_seeds(monkeypatch):
    errors = [[figure("unsupervised_error", value)] for value in (3.5, 2.75, 6.0)]
    seeds = {str(k): each for k, each in enumerate(errors)}
    shown = tables_of(monkeypatch, config_of(errors[0], seeds=seeds))
    assert "MNIST, classes found without labels" in shown
    row = "3.50 % | 3.50 to 3.50 | 3.50 % | 2.75 to 6.00, 3 seeds | so measured"
    assert f"| 5,678 | {row} |" in shown
    alone = tables_of(monkeypatch, config_of(errors[0]))
    assert "| 5,678 | 3.50 % | 3.50 to 3.50 |  |  | so measured |" in alone


def test_codes_are_shown_with_the_test_against_the_prior(monkeypatch):
    values = {
        "reconstruction": 130.25,
        "prior_distance": 0.0123,
        "prior_distance_reference": 0.0011,
        "prior_p_value": 0.31,
    }
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    assert "MNIST, codes pulled towards a prior" in shown
    assert "| 1,234 | ring | gaussian | 130.2 | 0.0123 | 0.0011 | 0.310 |" in shown


def test_edits_and_translations_are_shown_with_their_intervals(monkeypatch):
    values = {"edit_read": 98.765, "edit_kept": 97.5, "edit_psnr": 26.25, "edit_return": 0.01234}
    shown = tables_of(monkeypatch, config_of([figure(*item) for item in values.items()]))
    assert "MNIST, edits, as the judge reads them" in shown
    cells = "98.77 (98.77 to 98.77) | 97.50 (97.50 to 97.50) | 26.2 (26.2 to 26.2)"
    assert f"| 5,678 | {cells} | 0.0123 (0.0123 to 0.0123) |" in shown
    some = [figure("edit_read", 50.0), figure("edit_return", 0.5)]  # with no truth to be had
    shown = tables_of(monkeypatch, config_of(some))
    assert "| 50.00 (50.00 to 50.00) |  |  | 0.5000 (0.5000 to 0.5000) |" in shown
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
