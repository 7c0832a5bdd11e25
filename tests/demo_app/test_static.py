"""Where the zoo cannot be written as files: a sentence, and nothing half written."""

from __future__ import annotations

import re

import pytest

from demo_app import space, static


def refusal(capsys, to):
    assert space.main(["static", "--to", str(to)]) == 1
    told = capsys.readouterr().err
    assert told.startswith("demo_app: ")
    assert told.count("\n") == 1
    return told


def test_nothing_is_written_over(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert "is not an empty folder" in refusal(capsys, tmp_path)
    assert "is not an empty folder" in refusal(capsys, tmp_path / "notes.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_written_is_told_of(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert "file" in refusal(capsys, tmp_path / "file" / "zoo")
    assert "/proc/zoo" in refusal(capsys, "/proc/zoo")


def test_what_fails_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    def fail(folder):
        (folder / "index.html").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(static, "write", fail)
    assert "No space left on device" in refusal(capsys, tmp_path / "zoo")
    assert not list(tmp_path.iterdir())


def test_a_folder_must_be_named(capsys):
    with pytest.raises(SystemExit):
        space.main(["static"])
    assert "--to" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("a $x_1 * y$ b *c*", r"a <span><span class=.katex. data-tex=.inline.>x_1 \* y</span>"),
        ("$$p(x) = \\prod_i p(x_i)$$", "data-tex=.display.>p"),
        ("$a < b$ & c", "a &lt; b</span></span> &amp; c"),
        ("| a | $p(x \\mid z)$ |\n|---|---|\n| 1 | 2 |", "<th><span><span class=.katex."),
    ],
)
def test_formulas_are_kept_from_the_markdown(markdown, found):
    assert re.search(found, static.rendered(markdown))
