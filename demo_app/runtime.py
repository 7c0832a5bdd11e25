"""The runtime with which a page computes by itself: ONNX Runtime Web, its plain WebAssembly alone.

    python -m demo_app.runtime

fetches it again from npm, checks it, and writes the two files that the page loads when it first
needs them (`widgets/shared/runtime/vendor`): the script as it is, and the module compressed, as
the app sends it.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE, VERSION = "onnxruntime-web", "1.30.0"

FILES = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}
"""By its name in the package's `dist`, the SHA-256 of a file."""

FOLDER = Path(__file__).parent / "widgets" / "shared" / "runtime" / "vendor"


def kept(name: str) -> Path:
    """Where a file of the package is kept: a module compressed."""
    return FOLDER / (name + ".gz" * name.endswith(".wasm"))


def content(name: str) -> bytes:
    """A file of the package, from where it is kept."""
    path = kept(name)
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def fetch() -> None:
    """Fetch the package, check its files, and keep them.

    Raises:
        ValueError: when a file is not the one that is known.
        subprocess.CalledProcessError: when npm cannot fetch it.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            found = {}
            for name, known in FILES.items():
                file = package.extractfile(f"package/dist/{name}")
                assert file is not None  # no folder has such a name
                found[name] = file.read()
                if hashlib.sha256(found[name]).hexdigest() != known:
                    raise ValueError(f"{name} of {PACKAGE} {VERSION} is another file than before.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in found.items():
        path = kept(name)
        path.write_bytes(gzip.compress(data, 9, mtime=0) if path.suffix == ".gz" else data)
        print(f"{path} ({path.stat().st_size:,} bytes)")


if __name__ == "__main__":
    fetch()
