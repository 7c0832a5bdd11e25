"""The log of a run: a plain CSV and TensorBoard event files."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor

from genzoo.train.run_state import RunStateError, naming, write_atomically

COLUMNS = ("step", "images", "split", "name", "value")


class Log:
    """One row a number: step, images seen, split ("train", or what it is
    evaluated on, see `ImageSet.title`), name, value.

    A resumed run passes the step it goes on from, and what was logged after it is dropped: the
    curve of a run that was killed is the curve of one that was not.

    Args:
        folder: of the run, made where it is missing.
        resume_step: the step from which the run goes on, 0 at the start.

    Raises:
        RunStateError: when the log that is to go on is damaged.
        OSError: here and by `write` and `close`, with the file that cannot be written.
    """

    def __init__(self, folder: Path, resume_step: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "log.csv"
        rows = _rows(self._path, resume_step) if resume_step and self._path.is_file() else []

        def write(temporary: Path) -> None:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(rows)

        write_atomically(self._path, write)
        try:
            self._events: _Events | None = _Events(folder, resume_step)
        except ImportError:  # tensorboard comes with the [train] extra; the CSV has it all
            self._events = None
        self._file = open(  # noqa: SIM115, closed by close()
            self._path, "a", newline="", buffering=1, encoding="utf-8"
        )
        self._csv = csv.DictWriter(self._file, COLUMNS)

    def write(self, step: int, images: int, split: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            row = (step, images, split, name, f"{value:.6g}")
            with naming(self._path):
                self._csv.writerow(dict(zip(COLUMNS, row, strict=True)))
            if self._events is not None:
                self._events.number(f"{split}/{name}", value, step)

    def picture(self, step: int, name: str, image: Tensor) -> None:
        """image: (C, H, W) in [0, 1], for TensorBoard."""
        if self._events is not None:
            self._events.picture(name, image, step)

    def close(self) -> None:
        try:
            if self._events is not None:
                self._events.close()
        finally:
            with naming(self._path):
                self._file.close()


def _rows(path: Path, last: int) -> list[dict[str, str]]:
    """What was logged up to the step `last`."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            # A line cut short by a kill lacks its value.
            return [
                row
                for row in csv.DictReader(file)
                if row["value"] and row["step"].isdecimal() and int(row["step"]) <= last
            ]
    except (KeyError, ValueError, csv.Error) as error:
        raise RunStateError(
            f"The log {path} is damaged ({error}). Move it away; the run goes on with a new one."
        ) from error


class _Events:
    """An event file for TensorBoard. Its own writer, which torch's uses, leaves the writing to a
    thread, and that ends by a traceback of its own when the disk is full."""

    def __init__(self, folder: Path, resume_step: int):
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.record_writer import RecordWriter
        from torch.utils.tensorboard import summary

        self._event, self._summary = Event, summary
        self._path = folder / f"events.out.tfevents.{time.time_ns()}"
        with naming(self._path):
            self._writer = RecordWriter(open(self._path, "wb"))  # noqa: SIM115
        try:
            self._write(file_version="brain.Event:2")
            if resume_step:  # what other files hold from this step on is dropped
                start = SessionLog(status=SessionLog.START)
                self._write(step=resume_step + 1, session_log=start)
        except OSError:
            with suppress(OSError):
                self.close()
            raise

    def number(self, name: str, value: float, step: int) -> None:
        self._write(step=step, summary=self._summary.scalar(name, value))

    def picture(self, name: str, image: Tensor, step: int) -> None:
        self._write(step=step, summary=self._summary.image(name, image, dataformats="CHW"))

    def _write(self, **what: Any) -> None:
        with naming(self._path):
            event = self._event(wall_time=time.time(), **what)
            self._writer.write(event.SerializeToString())
            self._writer.flush()

    def close(self) -> None:
        with naming(self._path):
            self._writer.close()
