"""What a release's model offers, as ONNX graphs that other programs run without torch.

A graph holds operations alone: each of its weights is external data, by offset, in the release's
own `model.safetensors`, which must lie beside it. So a graph has a few kB, and no weight is stored
twice; those in half precision are cast by the graph. Which functions there are says the role
(`genzoo.roles.Model.offers`). Inputs are one batch each, of any size, in float32; nothing checks
their values.
"""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genzoo import releases
from genzoo.releases import GRAPH, WEIGHTS
from genzoo.roles import Model, Offer
from genzoo.train.run_state import write_atomically

FORMATS = ("onnx",)

LARGEST = 16
"""Numbers of a constant that a graph may hold: shapes and the like, and no weights."""


class ExportError(RuntimeError):
    """Nothing can be exported; the sentence says why."""


def offers(model: Model) -> dict[str, Offer]:
    """What can be exported of a model, by name."""
    return {**model.offers(), **model.own_offers} if model.traceable else {}


def write(name: str, folder: Path | None = None) -> list[Path]:
    """Write the graphs of a release, as OFFER.onnx.

    Args:
        name: of the release.
        folder: where to; by default the release's own, where the weights lie.

    Returns:
        the files.

    Raises:
        genzoo.releases.ReleaseError: when there is no such release, or it is damaged.
        ExportError: when the model offers nothing, or the packages for it are not installed.
    """
    there = offers(model := releases.load(name))
    if not there:
        raise ExportError(f"{name} {model.does}; none of its functions can be exported yet.")
    release = releases.find(name)
    folder = folder or release
    about = {"recipe": name, "sha256": str(releases.info(name)["sha256"])}
    made = {offer: graph(model, offer, release / WEIGHTS, about) for offer in there}
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{offer}{GRAPH}": content for offer, content in made.items()}
    for path, content in paths.items():
        write_atomically(path, partial(Path.write_bytes, data=content))
    return list(paths)


def graph(model: Model, offer: str, weights: Path, about: dict[str, str]) -> bytes:
    """One function of a model as an ONNX graph over the file of its weights.

    Args:
        model: in evaluation mode, with the weights of the file.
        offer: the name of the function.
        weights: the file, whose name alone the graph knows.
        about: what the graph says of itself, by name.

    Raises:
        ExportError: when the packages for it are not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 - by which torch makes the graph
    except ImportError as error:
        raise ExportError(
            "An export needs the packages onnx and onnxscript: pip install 'genzoo[export]'."
        ) from error
    made = _traced(model, offers(model)[offer])
    _refer(onnx, made.graph, model, weights)
    _strip(made)
    made.graph.name = offer
    for key, value in about.items():
        made.metadata_props.add(key=key, value=value)
    return bytes(made.SerializeToString(deterministic=True))


class _Function(nn.Module):
    """One function of a model, as a module that has the model's weights under their names."""

    def __init__(self, model: Model, function: Callable[..., Tensor | tuple[Tensor, ...]]):
        super().__init__()
        self.model, self._function = model, function

    def forward(self, *inputs: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self._function(*inputs)


def _traced(model: Model, offer: Offer) -> Any:
    """The graph with its weights in it."""
    example = tuple(torch.zeros(2, *shape) for shape in offer.inputs.values())
    batch = torch.export.Dim("n", min=1)
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own, of its own parts
            program = torch.onnx.export(
                _Function(model, offer.function).eval(),
                example,
                dynamo=True,
                input_names=list(offer.inputs),
                output_names=list(offer.outputs),
                dynamic_shapes=(tuple({0: batch} for _ in example),),
                custom_translation_table=_exact(),
                verbose=False,
            )
    finally:
        log.setLevel(level)
    assert program is not None  # dynamo gives one
    return program.model_proto


def _exact() -> dict[Any, Callable[..., Any]]:
    """Operations that the exporter writes in forms that overflow or cancel, in exact ones."""
    from onnxscript import opset20 as op

    def log_sigmoid(x: Any) -> Any:
        return op.Neg(op.Softplus(op.Neg(x)))

    def expm1(x: Any) -> Any:
        half = op.Tanh(op.Mul(x, op.Constant(value_float=0.5)))
        one = op.Constant(value_float=1.0)
        return op.Div(op.Add(half, half), op.Sub(one, half))

    aten = torch.ops.aten
    return {aten.log_sigmoid.default: log_sigmoid, aten.expm1.default: expm1}


def _places(weights: Path) -> dict[str, tuple[str, int, int]]:
    """Of each tensor in a safetensors file its type, and where it lies: from, and how many bytes.

    The file is a length as 8 bytes, so many bytes of JSON, and the tensors' bytes.
    """
    with weights.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    places = {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        places[name] = tensor["dtype"], 8 + length + begin, end - begin
    return places


def _refer(onnx: Any, graph: Any, model: Model, weights: Path) -> None:
    """Put references to the file of the weights in place of the weights of a graph."""
    kinds, casts, places = onnx.TensorProto, [], _places(weights)
    types = {"F32": kinds.FLOAT, "F16": kinds.FLOAT16, "BF16": kinds.BFLOAT16}
    for tensor in graph.initializer:
        if math.prod(tensor.dims) <= LARGEST and tensor.name.removeprefix("model.") not in places:
            continue
        dtype, offset, length = places[_key(onnx, tensor, model)]
        name = tensor.name
        if dtype != "F32":
            tensor.name = f"{name}.stored"
            casts.append(onnx.helper.make_node("Cast", [tensor.name], [name], to=kinds.FLOAT))
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_type = types[dtype]
        tensor.data_location = kinds.EXTERNAL
        entries = {"location": weights.name, "offset": offset, "length": length}
        for entry, value in entries.items():
            tensor.external_data.add(key=entry, value=str(value))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _key(onnx: Any, tensor: Any, model: Model) -> str:
    """Which of the model's weights a constant of a graph is, in whatever shape: that of its name,
    else the one of the same values."""
    state, name = model.state_dict(), str(tensor.name).removeprefix("model.")
    value = torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()).flatten()
    for key in (name, *state):
        if key in state and torch.equal(state[key].flatten().cpu(), value):
            return key
    raise AssertionError(f"{name} is no weight of the model, and too large for a graph")


def _strip(made: Any) -> None:
    """Leave out what no one runs: names of Python's code, and shapes that follow from others."""
    for part in (made, made.graph):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    del made.graph.value_info[:]
    for node in made.graph.node:
        del node.metadata_props[:]
        node.ClearField("doc_string")
        node.ClearField("name")
    for value in (*made.graph.input, *made.graph.output, *made.graph.initializer):
        del value.metadata_props[:]
        value.ClearField("doc_string")
