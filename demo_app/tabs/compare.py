"""The Compare tab: every model's pictures on the same data, judged in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo_app import widgets, wire
from demo_app.errors import Unavailable

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
SHOWN = (*FIGURES, "precision", "recall", "seconds_1", "seconds_64")


def build(service: CompareService) -> None:
    """Lay out the tab and its endpoints; `service` answers for both."""
    data = [{"data": name, "models": models(service, name)} for name in service.data]
    if not data:
        command = "python -m genzoo train gan-mnist"
        sentence = f"There is no release whose pictures could be compared; {command} makes one."
        widgets.notice(Unavailable(sentence, command))
        return
    widgets.Widget(
        "compare_sheets",
        functions={
            "sheet": lambda model, seed: sheet(service, model, seed),
            "look": lambda model, cell, seed: look(service, model, cell, seed),
            "believed": lambda model, cell, seed: {
                "log_p": service.believed(model, cell, seed),
            },
        },
        data=data,
    )
    widgets.Widget(
        "compare_matrix",
        functions={"matrix": lambda data: matrix(service, data)},
        data=[each["data"] for each in data],
    )
    n = {each["data"]: len(each["models"]) for each in data}
    widgets.explanation(
        "compare", **{f"n_{key}": str(n.get(key, 0)) for key in ("mnist", "fashion")}
    )
    endpoints(service)


def models(service: CompareService, data: str) -> list[dict[str, Any]]:
    """What the page knows of each model before it is asked for anything."""
    return [
        {**known, "figures": {k: v for k, v in known["figures"].items() if k in SHOWN}}
        for known in service.models(data)
    ]


def sheet(service: CompareService, model: str, seed: int) -> dict[str, Any]:
    """A sheet, eight pictures to a row."""
    answer = service.sheet(model, seed)
    images = answer["images"].reshape(8, 8, 28, 28).transpose(0, 2, 1, 3)
    return {
        "images": wire.pack_bytes(images),
        "seed": answer["seed"],
        "seconds": round(answer["seconds"], 4),
    }


def look(service: CompareService, model: str, cell: int, seed: int) -> dict[str, Any]:
    answer = service.look(model, cell, seed)
    packed = {key: wire.pack_bytes(answer[key]) for key in ("image", "nearest")}
    return {**packed, "label": answer["label"], "distance": round(answer["distance"], 3)}


def matrix(service: CompareService, data: str) -> dict[str, Any]:
    answer = service.matrix(data)
    rounded = {key: answer[key].round(2).tolist() for key in ("mean", "deviation", "real")}
    return {"rows": answer["rows"], "columns": answer["columns"], **rounded}


def endpoints(service: CompareService) -> None:
    """What the widgets can do, for programs."""

    def compare_models(data: str = "mnist") -> list[dict[str, Any]]:
        return models(service, data)

    def compare_sheet(model: str = "gan-mnist", seed: int = 0) -> dict[str, Any]:
        return wire.plain(service.sheet(model, seed))

    def compare_nearest(model: str = "gan-mnist", cell: int = 0, seed: int = 0) -> dict[str, Any]:
        return wire.plain(service.look(model, cell, seed))

    def compare_log_prob(
        model: str = "gan-mnist", cell: int = 0, seed: int = 0
    ) -> dict[str, float]:
        return service.believed(model, cell, seed)

    def compare_matrix(data: str = "mnist") -> dict[str, Any]:
        return wire.plain(service.matrix(data))

    widgets.endpoint(
        "compare_models",
        compare_models,
        "Every model of a data set that makes pictures, and what was measured of it. Data: "
        f"{', '.join(service.data)}.",
    )
    widgets.endpoint(
        "compare_sheet",
        compare_sheet,
        "64 pictures of a model by a seed -> images (64 x 784) in [0, 1]; the seed that they are "
        "of; seconds.",
    )
    widgets.endpoint(
        "compare_nearest",
        compare_nearest,
        "A picture of a model's sheet, 0 to 63 -> image; nearest, the training image nearest to "
        "it, its label and its distance.",
    )
    widgets.endpoint(
        "compare_log_prob",
        compare_log_prob,
        "A picture of a model's sheet, 0 to 63 -> log p in nats by every model that can say it.",
    )
    widgets.endpoint(
        "compare_matrix",
        compare_matrix,
        "Mean log p in nats of the sheets of all models (columns) by every model that can say it "
        "(rows), their deviations, and those of 64 test images.",
    )
