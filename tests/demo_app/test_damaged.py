"""A release that is damaged or missing is told of in its own tab, and the rest goes on."""

from __future__ import annotations

import json
import shutil

import pytest

from demo_app import shell, widgets
from demo_app.store import Store
from genzoo.releases import CONFIG
from tests.demo_app.conftest import write_nade

TABS = [tab for tab in shell.TABS if tab.key in ("map", "pixels", "nade", "gan", "compare")]


def notices(app):
    return [
        block.props["data"]
        for block in app.blocks.values()
        if isinstance(block, widgets.Widget) and block.name == "notice"
    ]


def there(app):
    return {block.name for block in app.blocks.values() if isinstance(block, widgets.Widget)}


def damage(folder, kind):
    path = folder / "nade-mnist" / CONFIG
    config = json.loads(path.read_text())
    if kind == "missing":
        shutil.rmtree(path.parent)
    elif kind == "figures":
        config["figures"] = [{"name": 1}]
    elif kind == "model":
        config["model"] = {"event_shape": "x", "n_hidden": [1, "b"]}
    elif kind == "numbers":
        config["n_parameters"] = -1
        config["hyperparameters"] = {"data": "no such data set"}
    elif kind == "list":
        config = [1]
    elif kind == "deep":
        path.write_text("[" * 100_000)
        return
    if kind != "missing":
        path.write_text(json.dumps(config))


@pytest.mark.parametrize("kind", ["missing", "figures", "model", "numbers", "list", "deep"])
def test_the_app_is_built_and_names_what_is_wrong(tmp_path, monkeypatch, kind):
    write_nade(tmp_path)
    monkeypatch.setenv("GENZOO_CHECKPOINTS", str(tmp_path))
    damage(tmp_path, kind)
    app = shell.build(TABS, Store())
    told = notices(app)
    if kind in ("missing", "figures", "list", "deep"):
        assert any("nade-mnist" in each["sentence"] for each in told)
        assert "nade" not in there(app)
    assert {"map", "gan_game", "pixels_count", "pixels_color"} <= there(app)
    for each in told:
        assert str(tmp_path) not in each["sentence"]
        assert "Traceback" not in each["sentence"]
    for name, function in app.functions().items():
        if name.startswith("nade.") and kind in ("model", "numbers"):
            answer = function({"x": "", "i": 3} if name == "nade.look" else None)
            assert answer["ok"] or len(answer["error"].split()) > 3


def test_a_part_that_cannot_be_laid_out_is_a_notice(caplog):
    def fails(service):
        raise TypeError("no such thing")

    tabs = [shell.Tab("gan", [(lambda store: None, fails)]), shell.Tab("map", shell.TABS[0].parts)]
    app = shell.build(tabs, Store())
    (told,) = notices(app)
    assert "TypeError (no such thing)" in told["sentence"]
    assert "cannot be laid out" in caplog.text
    assert "map" in there(app)
