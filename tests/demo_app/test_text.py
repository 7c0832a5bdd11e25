"""Both languages say the same things, and every label that is asked for is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import demo_app
from demo_app import text

ROOT = Path(demo_app.__file__).parent
FIELD = re.compile(r"\{(\w+)\}")


def test_both_languages_have_the_same_labels_with_the_same_fields():
    english, korean = text.labels("en"), text.labels("ko")
    assert english.keys() == korean.keys()
    for key in english:
        assert set(FIELD.findall(english[key])) == set(FIELD.findall(korean[key])), key


def test_every_label_that_the_page_names_exists():
    labels = text.labels("en")
    prefixes = {key.split(".")[0] for key in labels}
    named = set()
    for path in [*ROOT.glob("widgets/**/*.js"), *ROOT.glob("widgets/**/*.html")]:
        named |= set(re.findall(r"[\"'](\w+\.\w+)[\"']", path.read_text(encoding="utf-8")))
    named = {name for name in named if name.split(".")[0] in prefixes}
    named = {name for name in named if not name.endswith((".png", ".json", ".gif"))}
    assert len(named) > 50
    beginnings = {name for name in named if name.endswith("_")}  # a choice is appended
    assert named - beginnings <= labels.keys()
    assert all(any(key.startswith(name) for key in labels) for name in beginnings)


@pytest.mark.parametrize("tab", sorted(path.stem for path in (ROOT / "text" / "en").glob("*.md")))
def test_both_explanations_ask_for_the_same_figures(tab):
    english, korean = (text.markdown(tab, language) for language in ("en", "ko"))
    prose = [re.sub(r"\$.*?\$", "", t.replace("$$", "$"), flags=re.S) for t in (english, korean)]
    assert set(FIELD.findall(prose[0])) == set(FIELD.findall(prose[1])) != set()
    assert english.count("$$") == korean.count("$$") > 0


def test_figures_are_filled_in():
    filled = text.markdown("nade", "en", n_parameters="1,234", n_hidden="7", nll="84.00")
    assert "7 hidden units, 1,234 parameters" in filled
    assert "84.00 nats" in filled
