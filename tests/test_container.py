"""The container, without Docker: its files name what is there, and it serves what is tested."""

from __future__ import annotations

import fnmatch
import re
import shlex
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent


def instructions():
    """Those of the Dockerfile, as (name, what it is given)."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def ignored(path):
    """Whether .dockerignore keeps a path at the top out; its last line that fits decides."""
    is_ignored = False
    for line in (ROOT / ".dockerignore").read_text().split():
        if fnmatch.fnmatch(path, line.removeprefix("!")):
            is_ignored = not line.startswith("!")
    return is_ignored


def test_what_is_copied_is_there_and_is_all_that_the_app_needs():
    copied = set()
    for name, given in instructions():
        if name == "COPY":
            *sources, target = shlex.split(given)
            assert target in ("./", *sources)
            copied |= set(sources)
    assert copied == {"LICENSE", "app.py", "requirements.txt", "genzoo", "demo_app", "checkpoints"}
    assert all((ROOT / path).exists() for path in copied)
    assert not [path for path in copied if ignored(path)]
    assert ignored("runs")
    assert ignored(".git")


def test_its_packages_are_the_pinned_ones_on_the_cpu_build_of_pytorch():
    (install,) = [given for name, given in instructions() if name == "RUN" and "pip" in given]
    index = "--extra-index-url https://download.pytorch.org/whl/cpu"
    assert f"{index} -r requirements.txt" in install
    assert f"pip install {index} -r requirements.txt" in (ROOT / "README.md").read_text()
    (image,) = [given for name, given in instructions() if name == "FROM"]
    assert image == "python:3.11-slim"  # a version on which the pins are tested


def test_the_pins_are_for_every_python_that_the_package_is_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (lowest,) = re.findall(r"^>=(\d+\.\d+)$", project["requires-python"])
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    names = [line.partition("==")[0] for line in lines if not line.startswith("#")]
    told = {name: metadata.metadata(name).get("Requires-Python") or "" for name in names}
    assert len(told) > 5
    assert {name for name, of in told.items() if f"{lowest}.0" not in SpecifierSet(of)} == set()


def test_it_serves_the_app_where_others_reach_it():
    told = dict(instructions())
    assert told["CMD"] == '["python", "app.py"]'
    settings = dict(one.split("=") for one in told["ENV"].split())
    assert settings["GRADIO_SERVER_NAME"] == "0.0.0.0"
    assert settings["GRADIO_SERVER_PORT"] == told["EXPOSE"] == "7860"
    assert told["USER"] == "zoo"


def test_the_balancer_is_the_one_that_compose_starts():
    compose = (ROOT / "compose.yaml").read_text()
    (config,) = re.findall(r"\./(docs/\S+?):/etc/nginx/conf\.d/default\.conf", compose)
    balancer = (ROOT / config).read_text()
    (upstream,) = re.findall(r"server (\w+):(\d+);", balancer)
    assert upstream == ("zoo", "7860")
    assert re.search(rf"^  {upstream[0]}:\n    build: \.$", compose, re.MULTILINE)
    assert "hash $remote_addr$http_user_agent consistent;" in balancer
    assert 'ports: ["7860:7860"]' in compose
    assert "listen 7860;" in balancer
