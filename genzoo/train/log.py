"""The log of a run: a plain CSV and TensorBoard event files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from genzoo.train.run_state import write_atomically

COLUMNS = ("step", "images", "split", "name", "value")


class Log:
    """One row a number: step, images seen, split ("train", or what it is
    evaluated on, see `ImageSet.title`), name, value.

    A resumed run passes the step it goes on from, and what was logged after it is dropped: the
    curve of a run that was killed is the curve of one that was not.

    Args:
        folder: of the run, made where it is missing.
        resume_step: the step from which the run goes on, 0 at the start.
    """

    def __init__(self, folder: Path, resume_step: int = 0):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "log.csv"
        rows = []
        if resume_step and path.is_file():
            with open(path, newline="") as file:
                for row in csv.DictReader(file):
                    # A line cut short by a kill lacks its value.
                    if row["value"] and row["step"].isdigit() and int(row["step"]) <= resume_step:
                        rows.append(row)

        def write(temporary: Path) -> None:
            with open(temporary, "w", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(rows)

        write_atomically(path, write)
        self._file = open(path, "a", newline="", buffering=1)  # noqa: SIM115, closed by close()
        self._csv = csv.DictWriter(self._file, COLUMNS)
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:  # tensorboard comes with the [train] extra; the CSV has it all
            self._events = None
        else:
            self._events = SummaryWriter(str(folder), purge_step=resume_step or None)

    def write(self, step: int, images: int, split: str, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            row = (step, images, split, name, f"{value:.6g}")
            self._csv.writerow(dict(zip(COLUMNS, row, strict=True)))
            if self._events is not None:
                self._events.add_scalar(f"{split}/{name}", value, step)

    def picture(self, step: int, name: str, image: Tensor) -> None:
        """image: (C, H, W) in [0, 1], for TensorBoard."""
        if self._events is not None:
            self._events.add_image(name, image, step)

    def close(self) -> None:
        self._file.close()
        if self._events is not None:
            self._events.close()
