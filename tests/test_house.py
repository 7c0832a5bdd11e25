"""The house rules are tests: lint, format, types, and who may import whom."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

COMMANDS = {
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "--diff", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
}


@pytest.mark.parametrize("rule", COMMANDS)
def test_the_house_rules_are_kept(rule):
    command, *arguments = COMMANDS[rule]
    # Gradio writes a stub beside each file with a component in it, and never renews it.
    for stub in (ROOT / "demo_app" / "widgets").glob("*.pyi"):
        stub.unlink(missing_ok=True)
    # Beside this Python, so that an unactivated environment's tools are found too.
    tool = Path(sys.executable).with_name(command)
    result = subprocess.run(
        [tool, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
