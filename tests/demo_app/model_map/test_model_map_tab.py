"""The map's tab on a made service: what it lays out and sends."""

from __future__ import annotations

import base64
import json

import gradio as gr
import numpy as np
import pytest

from demo_app.tabs import model_map


class MadeService:
    def nodes(self):
        return [
            {"key": "nade", "kind": "tractable", "missing": None},
            {"key": "fvbn", "kind": "tractable", "missing": {"sentence": "Gone.", "command": "m"}},
            {"key": "gan", "kind": "implicit", "missing": None},
        ]

    def pictures(self, node, n, seed):
        images = np.repeat(np.arange(n)[:, None] / 255, 784, 1)
        return images if node == "nade" else np.repeat(images[:, :1], 12288, 1)


@pytest.mark.parametrize(("n", "columns"), [(3, 3), (4, 4), (16, 4), (6, 6)])
def test_pictures_are_sent_as_one_sheet(n, columns):
    answer = model_map.few(MadeService(), "nade", n, 0)
    assert answer["columns"] == columns
    width = 28 * columns
    sheet = np.frombuffer(base64.b64decode(answer["sheet"]), np.uint8).reshape(-1, width)
    np.testing.assert_array_equal(sheet[14::28, 14::28].ravel(), np.arange(n))
    json.dumps(answer)
    answer = model_map.few(MadeService(), "stargan", n, 0)
    sheets = np.frombuffer(base64.b64decode(answer["sheet"]), np.uint8)
    sheets = sheets.reshape(3, -1, 64 * columns)
    for sheet in sheets:
        np.testing.assert_array_equal(sheet[32::64, 32::64].ravel(), np.arange(n))


def test_the_page_is_given_the_nodes():
    with gr.Blocks(analytics_enabled=False) as blocks:
        model_map.build(MadeService())
    widget = next(b for b in blocks.blocks.values() if getattr(b, "name", "") == "map")
    assert widget.props["data"] == {"nodes": MadeService().nodes(), "columns": 4}
    assert list(widget.functions) == ["pictures"]


def test_the_explanation_counts_the_nodes():
    figures = model_map.figures(MadeService().nodes())
    assert figures == {"n_tractable": "2", "n_implicit": "1", "n_nodes": "3", "n_here": "2"}
