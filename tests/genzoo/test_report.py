"""The results table: what it says is what the releases' configs say, and the README has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo import recipes, releases, report
from genzoo.data.images import DATA_SETS
from genzoo.roles import Classifier

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _real_releases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(ROOT / "checkpoints"))


def test_the_readme_has_the_table_of_the_releases_that_are_here():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert report.written_into(page) == page, (
        "README.md is stale: python -m genzoo report --write README.md"
    )


def test_a_row_says_value_interval_and_setting_as_the_config_does():
    tables = report.tables()
    for name in releases.names():
        rows = [row for row in tables.splitlines() if f"`{name}`" in row]
        shown = [f for f in releases.info(name)["figures"] if f["name"] in report.BITS]
        assert len(rows) == len(shown)
        assert shown or issubclass(recipes.get(name).model, Classifier)
        for row, figure in zip(rows, sorted(shown, key=lambda f: -f["value"]), strict=True):
            assert f" {figure['value']:.2f} |" in row
            assert f"| {figure['low']:.2f} to {figure['high']:.2f} |" in row
            assert row.endswith(f"| {figure['setting']} |")
            assert ("≤" in row) == (figure["name"] == "nll_bound")


def test_a_table_holds_one_data_set_and_ends_with_the_best():
    table = report.tables().split(report.HEAD)[1]
    rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| [")]
    nll = [float(cells[3].removeprefix("≤ ")) for cells in rows]
    assert len(nll) > 1
    assert nll == sorted(nll, reverse=True)
    for cells in rows:
        name = cells[0].partition("`")[2].partition("`")[0]
        assert releases.info(name)["hyperparameters"]["data"] == "mnist"


def test_every_data_set_has_a_table():
    assert set(report.TITLES) == set(DATA_SETS)


def test_a_page_without_the_marks_is_refused_and_left_alone(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("no place here")
    with pytest.raises(ValueError, match="no place for the results"):
        report.write(page)
    assert page.read_text() == "no place here"
