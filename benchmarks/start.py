"""From `python app.py` to its first answer, beside the bare imports of Gradio and PyTorch.

    python -m benchmarks.start [-n RUNS] [--json FILE] [--check]

Runs in turns, RUNS times each after one that is not counted, `python -c "import gradio, torch"`
until it ends, and `python app.py` until it has answered a request for the page.

Prints the medians in seconds and their ratio, of the wall clock and of the processor time, which
a machine that is busy with other things disturbs less; and the same as JSON, or writes that to
FILE. With --check it fails where the first ratio is above the target.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

TARGET = 1.5
"""Times the bare imports."""

Times = tuple[float, float]
"""Seconds by the wall clock, and of the processor."""


def bare() -> Times:
    """The imports alone."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", "import gradio, torch"])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit("Gradio or PyTorch cannot be imported.")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def app() -> Times:
    """`python app.py` until it has answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "app.py"], env=environment, stdout=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
                page.read()
                return time.perf_counter() - start, processor_time(process.pid)
            time.sleep(0.02)
        sys.exit("The app did not start.")
    finally:
        process.terminate()
        process.wait()


def processor_time(pid: int) -> float:
    """Seconds for which the processor has worked for a process that runs, as Linux counts them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=5, help="counted runs of each")
    parser.add_argument("--json", help="also write the figures to this file")
    parser.add_argument("--check", action="store_true", help="fail when the target is missed")
    arguments = parser.parse_args()

    runs = [(bare(), app()) for _ in range(1 + arguments.n)][1:]
    result: dict[str, Any] = {"unit": "s", "target": TARGET, "load": os.getloadavg()[0]}
    for k, clock in enumerate(("wall clock", "processor")):
        imports, answered = (statistics.median(run[j][k] for run in runs) for j in (0, 1))
        result[clock] = {"imports": imports, "answer": answered, "ratio": answered / imports}
        print(
            f"{clock:<12} imports {imports:6.2f} s   first answer {answered:6.2f} s   "
            f"ratio {answered / imports:.2f}"
        )
    result["runs"] = runs
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(result, indent=2) + "\n")
    if arguments.check and result["wall clock"]["ratio"] > TARGET:
        sys.exit(f"The start takes more than {TARGET} times the imports.")


if __name__ == "__main__":
    main()
