"""The results table: what it says is what the releases' configs say, and the README has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from genzoo import releases, report

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
    table = report.table()
    for name in releases.names():
        rows = [row for row in table.splitlines() if f"`{name}`" in row]
        shown = [f for f in releases.info(name)["figures"] if f["name"] in report.SHOWN]
        assert len(rows) == len(shown) > 0
        for row, figure in zip(rows, shown, strict=True):
            digits = 2 if figure["unit"] == "nats" else 4
            assert f"| {figure['value']:.{digits}f} {figure['unit']} |" in row
            assert row.endswith(f"| {figure['setting']} |")


def test_a_page_without_the_marks_is_refused_and_left_alone(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text("no place here")
    with pytest.raises(ValueError, match="no place for the results"):
        report.write(page)
    assert page.read_text() == "no place here"
