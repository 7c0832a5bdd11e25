"""The data sets on which models are compared, each described once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from genzoo.data import avatars


@dataclass(frozen=True)
class DataSet:
    """All that is particular to a data set where models of it are compared.

    Attributes:
        name: one of `genzoo.data.DATA_SETS`; what is known of its real pictures lies beside the
            release "judge-<name>", which knows no model of it.
        shape: of a picture, (C, H, W).
        levels: of a pixel, in the models that say how likely a picture is.
        labels: what a label says: "digit" and "clothes" are classes, "attributes" a value of each
            attribute.
        attributes: the values of each attribute, by name.
        n_bits: of a pixel, in which real pictures are kept; None where a picture is a function of
            its label and can be drawn again (`demo_app.services.real`).
        k: samples of z in the bound of a latent variable model; fewer where each costs more.
    """

    name: str
    shape: tuple[int, int, int]
    levels: int
    labels: str
    attributes: dict[str, tuple[str, ...]] | None = None
    n_bits: int | None = None
    k: int = 50

    @property
    def D(self) -> int:
        """Numbers of a picture."""
        return math.prod(self.shape)

    @property
    def judge(self) -> str:
        """The release beside which it is kept what all models of the data are compared by."""
        return f"judge-{self.name}"

    def about(self) -> dict[str, Any]:
        """What the page needs to know of it, as JSON has it: data (its name), shape, levels,
        labels, attributes, kept ("levels" or "drawn", see `n_bits`), and k."""
        schema = self.attributes
        return {
            "data": self.name,
            "shape": list(self.shape),
            "levels": self.levels,
            "labels": self.labels,
            "attributes": schema and {name: list(values) for name, values in schema.items()},
            "kept": "drawn" if self.n_bits is None else "levels",
            "k": self.k,
        }


DATA = {
    data.name: data
    for data in (
        DataSet("mnist", (1, 28, 28), levels=2, labels="digit", n_bits=1),
        DataSet("fashion", (1, 28, 28), levels=256, labels="clothes", n_bits=2),
        DataSet(
            "avatars",
            (3, avatars.SIDE, avatars.SIDE),
            levels=256,
            labels="attributes",
            attributes=avatars.SCHEMA,
            k=10,
        ),
    )
}
"""By name, in the order in which the page has them."""
