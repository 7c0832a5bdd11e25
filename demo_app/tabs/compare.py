"""The sheets and the figures of all models: the same data, judged in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import pictures, widgets, wire
from demo_app.errors import Unavailable
from demo_app.tabs import calls, endpoint
from demo_app.work import slow, slow_where

if TYPE_CHECKING:
    from demo_app.services.compare import CompareService

FIGURES = (
    "nll",
    "nll_bound",
    "bits_per_dim",
    "bits_per_dim_bound",
    "fid",
    "fid_train_reference",
    "kid",
)
COLUMNS = 8
"""Pictures in a row of a sheet."""

SHOWN = (
    *FIGURES,
    "precision",
    "recall",
    *("fid_shown", "fid_shown_train_reference", "precision_shown", "recall_shown"),
    *("seconds_1", "seconds_64"),
)


def build(service: CompareService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    if not (data := known(service)):
        return
    widgets.Widget("compare_sheets", functions=calls([sheet, look, believed], service), data=data)
    widgets.explanation("compare", **counts(service, data))
    endpoints(service)


def build_figures(service: CompareService) -> None:
    """Lay out the tab of the models' figures, which has what it needs from the same service."""
    if not (data := known(service)):
        return
    widgets.Widget("compare_plot", data=data)
    names = [each["data"] for each in data]
    # Where no model can say how likely a picture is, nobody believes anything.
    rows = [each["data"] for each in data if any(model["believes"] for model in each["models"])]
    told = {"data": names, "believed": rows}
    widgets.Widget("compare_matrix", functions=calls([matrix], service), data=told)
    widgets.explanation("figures", **counts(service, data))


def known(service: CompareService) -> list[dict[str, Any]]:
    """Each data set with its models; with a notice on the page where there is none."""
    data = [{**service.about(name), "models": models(service, name)} for name in service.data]
    if not data:
        command = "python -m genzoo train gan-mnist"
        sentence = f"There is no release whose pictures could be compared; {command} makes one."
        widgets.notice(Unavailable(sentence, command))
    return data


def counts(service: CompareService, data: list[dict[str, Any]]) -> dict[str, str]:
    """How many models of each data set there are, for the explanations."""
    n = {each["data"]: len(each["models"]) for each in data}
    return {f"n_{key}": str(n.get(key, 0)) for key in service.all}


def models(service: CompareService, data: str) -> list[dict[str, Any]]:
    """What the page knows of each model before it is asked for anything."""
    return [
        {**known, "figures": {k: v for k, v in known["figures"].items() if k in SHOWN}}
        for known in service.models(data)
    ]


@slow_where(lambda service, data: service.is_slow(data.get("model")))
def sheet(service: CompareService, model: str, seed: int) -> dict[str, Any]:
    """A sheet, eight pictures to a row; in color channel by channel."""
    answer = {**service.sheet(model, seed)}
    shape = answer.pop("shape")
    images = wire.pack_bytes(pictures.sheet(answer["images"], COLUMNS, shape[-1]))
    return {**answer, "images": images, "seconds": round(answer["seconds"], 4)}


@slow
def look(service: CompareService, model: str, cell: int, seed: int) -> dict[str, Any]:
    answer = service.look(model, cell, seed)
    answer["distance"] = round(answer["distance"], 3)
    return wire.pack(answer, image=wire.pack_bytes, nearest=wire.pack_bytes)


@slow
def believed(service: CompareService, model: str, cell: int, seed: int) -> dict[str, Any]:
    return {"log_p": service.believed(model, cell, seed)}


def matrix(service: CompareService, data: str) -> dict[str, Any]:
    few = dict.fromkeys(("mean", "deviation", "real"), lambda x: wire.rounded(x, 2))
    return wire.pack(service.matrix(data), **few)


def endpoints(service: CompareService) -> None:
    """What the widgets can do, for programs."""

    @endpoint(
        "Every model of a data set that makes pictures, and what was measured of it. Data: "
        f"{', '.join(service.data)}."
    )
    def compare_models(data: str = "mnist") -> list[dict[str, Any]]:
        return models(service, data)

    @endpoint(
        "64 pictures of a model by a seed -> images (64 x D) in [0, 1], channel by channel and "
        "row by row; shape, [C, H, W] of each, with D numbers; the seed that they are of; seconds."
    )
    def compare_sheet(model: str = "gan-mnist", seed: int = 0) -> dict[str, Any]:
        return service.sheet(model, seed)

    @endpoint(
        "A picture of a model's sheet, 0 to 63 -> image; nearest, the training image nearest to "
        "it, its label (of a face a value of each attribute) and its distance."
    )
    def compare_nearest(model: str = "gan-mnist", cell: int = 0, seed: int = 0) -> dict[str, Any]:
        return service.look(model, cell, seed)

    @endpoint(
        "A picture of a model's sheet, 0 to 63 -> log p in nats by every model that can say it."
    )
    def compare_log_prob(
        model: str = "gan-mnist", cell: int = 0, seed: int = 0
    ) -> dict[str, float]:
        return service.believed(model, cell, seed)

    @endpoint(
        "Mean log p in nats of the sheets of all models (columns) by every model that can say it "
        "(rows), their deviations, and those of 64 test images."
    )
    def compare_matrix(data: str = "mnist") -> dict[str, Any]:
        return service.matrix(data)
