"""Commands of genzoo in processes of their own, whose interpreter has imported torch already."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The server of forks is a process without threads, started once; a fork of it is there at once,
# where a new interpreter imports for seconds.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["genzoo.cli"])


def start(words: list[str], output: str = "output.txt", **environment: str) -> BaseProcess:
    """`python -m genzoo` with these words, in this folder and environment and with
    `environment` in addition; what it prints goes to a file."""
    settings = {**os.environ, **environment}
    process = CONTEXT.Process(target=_main, args=(words, Path.cwd() / output, settings))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))  # where the server of forks finds what it imports
        process.start()
    return process


def start_two(words: list[str]) -> list[BaseProcess]:
    """Two that train together, with what torchrun tells each of them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [
        start(words, f"output-{rank}.txt", RANK=str(rank), LOCAL_RANK=str(rank), **shared)
        for rank in range(2)
    ]


def finish(*processes: BaseProcess) -> None:
    """Wait for them; each must succeed."""
    for process in processes:
        process.join(timeout=300)
    said = "\n".join(path.read_text() for path in sorted(Path.cwd().glob("output*.txt")))
    assert [process.exitcode for process in processes] == [0] * len(processes), said


def _main(words: list[str], output: Path, environment: Mapping[str, str]) -> None:
    os.chdir(output.parent)
    os.environ.clear()
    os.environ.update(environment)
    with open(output, "w") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    from genzoo.cli import main

    raise SystemExit(main(words))
