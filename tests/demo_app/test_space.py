"""The app as a Space: whole and by itself, uploaded, or refused by a sentence."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest

from demo_app import space
from demo_app.services.datasets import DATA
from demo_app.services.faceoff import FaceOffService
from demo_app.services.gallery import Gallery
from demo_app.store import Store
from demo_app.wire import pack_bits
from genzoo import releases
from tests.demo_app.hub import hub

ROOT = Path(__file__).resolve().parents[2]

GUARD = """
import runpy, sys

root, kept = sys.argv[1:]

def guard(event, arguments):
    if event in ("open", "os.listdir", "os.scandir"):
        path = str(arguments[0])
        if path.startswith(root) and not path.startswith(kept):
            raise PermissionError(f"{path} is not of the Space")

sys.addaudithook(guard)
sys.path[0] = ""
runpy.run_path("app.py", run_name="__main__")
"""
"""Runs a Space where the repository cannot be read."""

NO_GPU = "def GPU(function):\n    print('no GPU for', function.__name__)\n    return function\n"
"""What stands for the package `spaces`, which only Spaces have."""


@pytest.fixture(scope="module", params=list(space.KINDS))
def made(request, module_folder, tmp_path_factory):
    """A Space with the one tiny release that there is; its folder."""
    folder = tmp_path_factory.mktemp("spaces") / request.param
    assert space.main(["space", "me/zoo", "--kind", request.param, "--to", str(folder)]) == 0
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]
    return folder


def head(folder):
    """The Space's configuration."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    _, lines, _ = text.split("---\n", 2)
    return {k: json.loads(v) for k, v in (line.split(": ", 1) for line in lines.splitlines())}


def pins(path):
    return dict(re.findall(r"^([\w-]+)==(\S+)$", path.read_text(), re.MULTILINE))


def test_a_space_has_what_the_app_needs_and_nothing_else(made):
    rooms = {path.name for path in made.iterdir()}
    assert rooms == {
        *("README.md", "LICENSE", "app.py", "requirements.txt"),
        *("genzoo", "demo_app", "checkpoints"),
    }
    files = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    kept = {path for path in files if path.startswith("checkpoints/")}
    assert kept == {
        f"checkpoints/nade-mnist/{file}"
        for file in ("config.json", "model.safetensors", "demo.npz")
    }
    assert not [path for path in files if "__pycache__" in path or path.endswith((".pyi", ".pyc"))]
    assert not [path for path in files if path.startswith(("demo_app/assets", "demo_app/space"))]
    # All that git knows of the packages is there, but for what is left out by name.
    known = subprocess.run(
        ["git", "ls-files", "genzoo", "demo_app"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {path for path in known if not path.startswith(space.NOT_SERVED)} - files <= {
        "genzoo/py.typed"
    }


def test_the_configuration_agrees_with_the_pins(made):
    kind, told, ours = space.KINDS[made.name], head(made), pins(ROOT / "requirements.txt")
    theirs = pins(made / "requirements.txt")
    assert told["sdk"] == "gradio"
    assert told["sdk_version"] == theirs["gradio"] == ours["gradio"]
    assert told["app_file"] == "app.py"
    assert told["python_version"] == kind.python
    assert theirs == {**ours, **kind.pins}
    lines = (made / "requirements.txt").read_text().splitlines()
    if made.name == "cpu":
        assert lines[0] == "--extra-index-url https://download.pytorch.org/whl/cpu"
    else:
        # What ZeroGPU has: Python 3.10.13 or 3.12.12, torch 2.8 to 2.11.
        assert told["python_version"] == "3.12.12"
        assert theirs["torch"] == "2.11.0"
        assert "spaces" in lines


def test_a_space_is_served_from_a_clean_process_and_answers(made, tmp_path):
    stub = tmp_path / "stub"
    stub.mkdir()
    if made.name == "zerogpu":
        (stub / "spaces.py").write_text(NO_GPU)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keep = {k: v for k, v in os.environ.items() if k in ("PATH", "LD_LIBRARY_PATH", "HOME")}
    # As Spaces set it, which must not matter.
    own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_SSR_MODE": "true", "PYTHONPATH": str(stub)}
    log = (tmp_path / "log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "-uB", "-c", GUARD, str(ROOT), sys.prefix],
        cwd=made,
        env={**keep, **own},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        page = wait_for(address, server, tmp_path / "log")
        assert "zoo-setup" in page
        digit = {"x": pack_bits(np.zeros(784, np.uint8)), "i": 400}
        answer = post(f"{address}/live/nade.look", digit)
        assert answer["ok"], answer
        event = post(f"{address}/gradio_api/call/nade_conditionals", {"data": [[0] * 784]})
        told = get(f"{address}/gradio_api/call/nade_conditionals/{event['event_id']}")
        assert "log_prob" in told, told
    finally:
        server.terminate()
        server.wait(60)
    told = (tmp_path / "log").read_text()
    assert ("no GPU for unused" in told) == (made.name == "zerogpu"), told
    assert "Traceback" not in told
    assert not list(made.rglob("__pycache__"))


def wait_for(address, server, log, seconds=300):
    """The page, once it is served."""
    end = time.monotonic() + seconds
    while True:
        try:
            return get(address)
        except urllib.error.URLError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.3)


def get(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        return answer.read().decode()


def post(address, given):
    request = urllib.request.Request(
        address, json.dumps(given).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_releases_that_are_left_out_are_not_asked_for(monkeypatch):
    """By the real releases: what the app names in its code, and what it finds by itself."""
    monkeypatch.delenv("GENZOO_CHECKPOINTS", raising=False)
    code = "".join(path.read_text() for path in (ROOT / "demo_app/services").glob("*.py"))
    store = Store()
    gallery = Gallery(store)
    found = {entry.name for data in DATA for entry in gallery.entries(data)}
    found |= {one.name for one in FaceOffService(store).contestants()}
    judges = {data.judge for data in DATA.values()}
    assert len(found) > 20
    for name in space.NOT_ASKED:
        assert name in releases.names()
        assert f'"{name}"' not in code
        assert name not in found | judges
    for name in space.WITHOUT_WEIGHTS:
        assert name in judges  # whose assets are asked for by this name
        assert f'"{name}"' not in code
        assert name not in found


@pytest.fixture
def at_hub(monkeypatch, tmp_path):
    """The stand-in of the Hub, where somebody is logged in."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with hub() as here:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", here.address)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        yield here


@pytest.mark.parametrize("kind", space.KINDS)
def test_a_space_is_uploaded_whole(at_hub, folder, tmp_path, capsys, kind):
    at_hub.files = {"checkpoints/old/config.json": b"{}", "notes.txt": b"the owner's"}
    assert space.main(["space", "me/zoo", "--kind", kind]) == 0
    assert capsys.readouterr().out.endswith("https://huggingface.co/spaces/me/zoo\n")
    asked = at_hub.created["me/zoo"]
    assert (asked["type"], asked["sdk"]) == ("space", "gradio")
    assert asked.get("hardware") == space.KINDS[kind].hardware
    assert at_hub.tokens == {"Bearer hf_secret"}
    to = tmp_path / "made" / "here"
    assert space.main(["space", "me/zoo", "--kind", kind, "--to", str(to)]) == 0
    made = {p.relative_to(to).as_posix(): p.read_bytes() for p in to.rglob("*") if p.is_file()}
    assert at_hub.files == {**made, "notes.txt": b"the owner's"}


def refusal(capsys, *arguments):
    """The sentence with which the command ends."""
    assert space.main(["space", *arguments]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("demo_app: ")
    assert told.err.count("\n") == 1, told.err
    return told.err


@pytest.mark.parametrize(
    "name", ["zoo", "a/b/c", "me/", "/zoo", "me/zo o", "me/..", "내/zoo", "me/" + "z" * 99]
)
def test_a_name_that_is_none_is_refused(folder, tmp_path, capsys, name):
    assert "cannot be the name of a Space" in refusal(capsys, name, "--to", str(tmp_path / "to"))
    assert not (tmp_path / "to").exists()


def test_a_static_space_is_written_by_another_command(folder, capsys):
    assert "python -m demo_app static" in refusal(capsys, "me/zoo", "--kind", "static")


def test_an_unknown_kind_is_refused(capsys):
    with pytest.raises(SystemExit):
        space.main(["space", "me/zoo", "--kind", "gpu"])
    assert "invalid choice: 'gpu' (choose from" in capsys.readouterr().err


def test_a_folder_that_is_not_empty_is_left_alone(folder, tmp_path, capsys):
    to = tmp_path / "to"
    to.mkdir()
    (to / "mine").write_text("mine")
    assert "is not an empty folder" in refusal(capsys, "me/zoo", "--to", str(to))
    assert [path.name for path in to.iterdir()] == ["mine"]
    assert "is not an empty folder" in refusal(capsys, "me/zoo", "--to", str(to / "mine"))
    (to / "mine").unlink()
    assert space.main(["space", "me/zoo", "--to", str(to)]) == 0  # into an empty one


def test_nothing_is_left_of_a_space_that_cannot_be_made(folder, tmp_path, capsys):
    before = sorted(path.name for path in tmp_path.iterdir())
    weights = folder / "nade-mnist" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    told = refusal(capsys, "me/zoo", "--to", str(tmp_path / "to"))
    assert "damaged" in told
    assert "python -m genzoo train nade-mnist" in told
    shutil.rmtree(folder / "nade-mnist")
    assert "There are no releases" in refusal(capsys, "me/zoo", "--to", str(tmp_path / "to"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        name for name in before if name != "nade-mnist"
    ]


def test_without_a_token_nothing_is_asked(at_hub, folder, capsys, monkeypatch):
    monkeypatch.setattr(huggingface_hub, "get_token", lambda: None)
    told = refusal(capsys, "me/zoo")
    assert "hf auth login" in told
    assert "HF_TOKEN" in told
    assert at_hub.tokens == set()


def test_what_the_hub_refuses_is_its_sentence(at_hub, folder, capsys):
    at_hub.refuses = 402, "A PRO account is needed for this."
    assert "A PRO account is needed for this" in refusal(capsys, "me/zoo")
    assert at_hub.files == {}


def test_without_a_network_there_is_a_sentence(at_hub, folder, capsys, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "me/zoo could not be uploaded" in refusal(capsys, "me/zoo")
