"""The files with which a page computes by itself."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from demo_app import runtime, weights
from demo_app.widgets import files
from genzoo import releases
from genzoo.releases import CONFIG, GRAPH, WEIGHTS

NAME = "nade-mnist"
MB = 2**20


@pytest.fixture
def client(folder) -> TestClient:
    sha256 = releases.info(NAME)["sha256"]
    (folder / NAME / f"conditionals{GRAPH}").write_bytes(b"a graph of " + sha256.encode())
    (folder / NAME / f"old{GRAPH}").write_bytes(b"a graph of " + b"0" * 64)
    (folder / "secret.txt").write_text("secret")
    return TestClient(Starlette(routes=[files.route(), weights.route()]))


def test_graphs_and_weights_are_served_under_their_hashes(client, folder):
    one = weights.index()[NAME]
    assert set(one["graphs"]) == {"conditionals"}  # the other is of other weights
    hashes = {WEIGHTS: one["weights"], f"conditionals{GRAPH}": one["graphs"]["conditionals"]}
    for file, sha256 in hashes.items():
        answer = client.get(f"/weights/{sha256}/{NAME}/{file}")
        assert answer.status_code == 200
        assert answer.content == (folder / NAME / file).read_bytes()
        assert hashlib.sha256(answer.content).hexdigest() == sha256
        assert "immutable" in answer.headers["cache-control"]
        assert client.get(f"/weights/{'0' * 64}/{NAME}/{file}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        f"{NAME}/{CONFIG}",
        f"{NAME}/demo.npz",
        f"{NAME}/..%2fsecret.txt",
        f"..%2f{NAME}/{WEIGHTS}",
        f"../{NAME}/{WEIGHTS}",
        f"{NAME}%2f..%2f{NAME}/{WEIGHTS}",
        f"gan-mnist/{WEIGHTS}",
        f"constructor/{WEIGHTS}",
    ],
)
def test_nothing_else_is(client, path):
    sha256 = weights.index()[NAME]["weights"]
    assert client.get(f"/weights/{sha256}/{path}").status_code == 404


def test_a_release_without_graphs_or_with_a_damaged_config_is_not_listed(client, folder):
    (folder / NAME / CONFIG).write_text("{")
    assert weights.index() == {}
    for graph in (folder / NAME).glob(f"*{GRAPH}"):
        graph.unlink()
    assert weights.index() == {}


def test_the_runtime_is_the_package_that_it_says():
    for name, sha256 in runtime.FILES.items():
        assert hashlib.sha256(runtime.content(name)).hexdigest() == sha256
    assert f"{runtime.PACKAGE}" in (runtime.FOLDER / "LICENSE").read_text()
    assert runtime.VERSION in (runtime.FOLDER / "LICENSE").read_text()
    assert sum(path.stat().st_size for path in runtime.FOLDER.iterdir()) < 4 * MB


def test_the_module_is_sent_compressed_to_those_who_can_read_it(client):
    path = files.address("widgets/shared/runtime/vendor/ort-wasm-simd-threaded.wasm")[1:]
    with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"] == "application/wasm"
        sent = b"".join(answer.iter_raw())
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(sent) == plain.content == runtime.content(Path(path).name)


def test_no_page_loads_the_runtime_before_it_needs_it():
    assert not [path for path in files.scripts() if "/runtime/" in path]
