"""The page's scripts: their types, the rules of their house, and what they share, under Node."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent / "widgets"
ROOT = FOLDER.parent.parent
WIDGETS = ROOT / "demo_app" / "widgets"

# Node comes with requirements-dev.txt, beside this Python.
PATHS = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def run(*command: str) -> None:
    done = subprocess.run(
        command,
        cwd=FOLDER,
        env={**os.environ, "PATH": PATHS},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="module")
def tools() -> Path:
    """The compiler, the linter and a page without a screen, as package-lock.json has them."""
    lock, installed = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        run("npm", "ci", "--no-audit", "--no-fund")
    return FOLDER / "node_modules" / ".bin"


def test_the_types_fit(tools):
    run(str(tools / "tsc"), "-p", "tsconfig.json")


def test_the_rules_are_kept(tools):
    run(str(tools / "biome"), "lint", "--error-on-warnings", "../../demo_app/widgets", ".")


def test_what_the_widgets_share_does_what_it_says(tools):
    run(
        "node", "--import", "./dom.js", "--test", *sorted(p.name for p in FOLDER.glob("*.test.js"))
    )


def test_every_script_is_checked():
    own = [path for path in WIDGETS.rglob("*.js") if "vendor" not in path.parts]
    assert len(own) > 50
    unchecked = [p for p in own if not p.read_text(encoding="utf-8").startswith("// @ts-check\n")]
    assert unchecked == []


ASKS = re.compile(r"""[\w$)\]"'] in [\w$(\[{]""")
LOOP = re.compile(r"for \((?:const|let) [^)]* in |in window")


def test_whether_an_object_has_a_key_is_asked_of_itself_alone():
    """`"constructor" in {}` is true, and an address may hold any word: Object.hasOwn says what is
    meant. A loop over keys and what a browser can do, as in `"x" in window`, are no such question.
    """
    found = []
    for path in sorted(WIDGETS.rglob("*.js")):
        code = re.sub(r"/\*.*?\*/|//.*|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.S)
        code = re.sub(r'"[^"\n]* [^"\n]*"', '""', code)  # sentences
        for line in code.splitlines():
            if ASKS.search(LOOP.sub("", line)):
                found.append(f"{path.name}: {line.strip()}")
    assert found == []
