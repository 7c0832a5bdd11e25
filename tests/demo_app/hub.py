"""A stand-in of the Hub: of its HTTP interface the calls that an upload makes, without Xet."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

BINARY = (".safetensors", ".npz", ".png")


class Hub:
    """What was asked of it and what it keeps.

    Attributes:
        address: of the server.
        created: what each repository was asked for, by its name.
        files: the content of each file, by its path; of the one repository.
        tokens: those that were sent.
        refuses: a status and a sentence with which a repository is refused, if any.
    """

    def __init__(self) -> None:
        self.address = ""
        self.created: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.large: dict[str, bytes] = {}
        self.tokens: set[str] = set()
        self.refuses: tuple[int, str] | None = None

    def post(self, path: str, body: bytes) -> tuple[int, Any]:
        """The answer to a request, as JSON."""
        if path == "/api/repos/create":
            if self.refuses:
                return self.refuses[0], {"error": self.refuses[1]}
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            self.created[name] = asked
            return 200, {"url": f"{self.address}/spaces/{name}"}
        if path == "/api/validate-yaml":
            assert json.loads(body)["content"].startswith("---\n")
            return 200, {"errors": [], "warnings": []}
        if path.startswith("/api/spaces/") and "/preupload/" in path:
            paths = [file["path"] for file in json.loads(body)["files"]]
            modes = ["lfs" if path.endswith(BINARY) else "regular" for path in paths]
            told = zip(paths, modes, strict=True)
            return 200, {
                "files": [{"path": p, "uploadMode": m, "shouldIgnore": False} for p, m in told]
            }
        if path.endswith(".git/info/lfs/objects/batch"):
            objects = json.loads(body)["objects"]
            for one in objects:
                one["actions"] = {"upload": {"href": f"{self.address}/lfs/{one['oid']}"}}
            return 200, {"transfer": "basic", "objects": objects}
        if path.startswith("/api/spaces/") and "/commit/" in path:
            for line in body.splitlines():
                self._commit(**json.loads(line))
            owner, name = path.split("/")[3:5]
            url = f"{self.address}/spaces/{owner}/{name}/commit/0"
            return 200, {"success": True, "commitOid": "0", "commitUrl": url}
        return 404, {"error": f"No {path}"}

    def _commit(self, key: str, value: dict[str, Any]) -> None:
        if key == "file":
            self.files[value["path"]] = base64.b64decode(value["content"])
        elif key == "lfsFile":
            self.files[value["path"]] = self.large[value["oid"]]
        elif key == "deletedFile":
            del self.files[value["path"]]

    def tree(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": path, "size": len(content), "oid": "0"}
            for path, content in self.files.items()
        ]


@contextmanager
def hub() -> Iterator[Hub]:
    """A Hub at an address of this machine."""
    here = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            here.tokens.add(self.headers.get("Authorization", ""))
            self._answer(*here.post(urlsplit(self.path).path, self._body()))

        def do_PUT(self) -> None:
            here.large[self.path.rpartition("/")[2]] = self._body()
            self._answer(200, {})

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if "/tree/" in path:
                self._answer(200, here.tree())
            elif path.startswith("/api/spaces/") and here.refuses is None:
                files = [{"rfilename": path} for path in here.files]
                self._answer(200, {"id": path.removeprefix("/api/spaces/"), "siblings": files})
            else:
                self._answer(404, {"error": "Not found"})

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _answer(self, status: int, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if status >= 400:
                self.send_header("X-Error-Message", told["error"])
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield here
    server.shutdown()
    thread.join()
    server.server_close()
