"""A port that is none, or taken, is a sentence and no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from demo_app import ports

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("text", ["abc", "0", "65536", "-1", "7860.0", "٣", "9" * 400, "78 60"])
def test_what_is_no_port_is_a_sentence(monkeypatch, text):
    monkeypatch.setenv("GRADIO_SERVER_PORT", text)
    with pytest.raises(SystemExit) as caught:
        ports.asked()
    assert "GRADIO_SERVER_PORT must be a whole number from 1 to 65535, not" in str(caught.value)


@pytest.mark.parametrize(("text", "port"), [("7861", 7861), (" 80 ", 80), ("", None)])
def test_a_port_may_be_asked_for(monkeypatch, text, port):
    monkeypatch.setenv("GRADIO_SERVER_PORT", text)
    assert ports.asked() == port


def test_the_next_free_port_is_taken_where_none_is_asked_for(monkeypatch, taken):
    monkeypatch.setattr(ports, "FIRST", taken)
    monkeypatch.setattr(ports, "LAST", taken + 50)
    assert taken < ports.free("127.0.0.1") <= taken + 50
    monkeypatch.setattr(ports, "LAST", taken)
    with pytest.raises(SystemExit, match="are taken; choose one: GRADIO_SERVER_PORT"):
        ports.free("127.0.0.1")


def test_a_port_that_was_asked_for_and_is_taken_is_a_sentence(taken):
    with pytest.raises(SystemExit, match=f"Port {taken} of 127.0.0.1 is taken. Choose another"):
        ports.free("127.0.0.1", taken)


def test_a_name_that_is_none_is_a_sentence():
    with pytest.raises(SystemExit, match="'no such host' is no address of this machine"):
        ports.free("no such host")


def test_the_app_says_so_before_anything_else(tmp_path):
    """Gradio reads the port when it is imported, and fails by a traceback."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={**os.environ, "GRADIO_SERVER_PORT": "abc", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("GRADIO_SERVER_PORT must be")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text", ["zoo", "/a b", "//evil.example.org", "/zoo?x", "ftp://a/b", "\\zoo"]
)
def test_what_is_no_prefix_is_a_sentence(monkeypatch, text):
    monkeypatch.setenv("GRADIO_ROOT_PATH", text)
    with pytest.raises(SystemExit, match="GRADIO_ROOT_PATH must be a path such as /zoo, not"):
        ports.root_path()


@pytest.mark.parametrize(
    ("text", "path"),
    [("", ""), (" /zoo/ ", "/zoo"), ("/a/b", "/a/b"), ("https://x.org/zoo", "https://x.org/zoo")],
)
def test_a_prefix_may_be_told(monkeypatch, text, path):
    monkeypatch.setenv("GRADIO_ROOT_PATH", text)
    assert ports.root_path() == path
