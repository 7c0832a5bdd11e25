"""The app as a Hugging Face Space: a folder of what it needs and nothing else, and its upload.

A plain `git push` of the repository is refused by the Hub, because its history holds binary files;
`huggingface_hub` stores them as the Hub wants them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from demo_app.store import ASSETS
from genzoo import releases

ROOT = Path(__file__).resolve().parent.parent


class SpaceError(RuntimeError):
    """There can be no Space, or it cannot be uploaded; the sentence says what would mend it."""


@dataclass(frozen=True)
class Kind:
    """What is particular to the hardware that a Space runs on.

    Attributes:
        python: the version of Python.
        pins: versions of packages, by name, that are other than those of requirements.txt.
        more: further lines of requirements.txt.
        start: what `app.py` does first.
        hardware: its name at the Hub; None for what a Space has by default.
    """

    python: str
    pins: Mapping[str, str] = field(default_factory=dict)
    more: Sequence[str] = ()
    start: str = ""
    hardware: str | None = None


KINDS = {
    "cpu": Kind(
        python="3.11",
        # PyTorch from PyPI has several GB of CUDA with it.
        more=["--extra-index-url https://download.pytorch.org/whl/cpu"],
    ),
    "zerogpu": Kind(
        # Of those that ZeroGPU has, the newest.
        python="3.12.12",
        pins={"torch": "2.11.0", "torchvision": "0.26.0"},
        more=["spaces"],  # not pinned: it must fit the machine that it runs on
        start='''
import spaces  # before torch


@spaces.GPU
def unused() -> None:
    """ZeroGPU starts no Space without such a function. The models here need no GPU."""

''',
        hardware="zero-a10g",
    ),
}

STATIC = (
    "A static Space is a folder of files: write it by `python -m demo_app static --to DIR`, and "
    "upload it by `hf upload OWNER/NAME DIR . --repo-type space`."
)

PACKAGES = {
    "genzoo": ("*.py",),
    "demo_app": (
        *("*.py", "*.html", "*.css", "*.js", "*.json", "*.md", "*.png"),
        *("*.mjs", "*.gz", "LICENSE"),  # what is of others, as a page loads it
    ),
}
"""The files of the packages."""

NOT_SERVED = (
    "demo_app/assets/",
    "demo_app/space.py",
    "demo_app/static/",
    "demo_app/__main__.py",
    "demo_app/README.md",
)
"""What of them is for who makes the app."""

NOT_ASKED = ("judge-mnist-second", "vqvae-avatars")
"""Releases that the app never reads: one was trained to check `judge-mnist`, and another is a
part of `transformer-avatars`."""

WITHOUT_WEIGHTS = ("judge-mnist", "judge-fashion")
"""Releases of which the app reads the assets alone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the status: 0, 1 for what the user can mend, 130 for Ctrl-C."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except (SpaceError, releases.ReleaseError, OSError) as error:
        print(f"demo_app: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo_app: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo_app", description="Bring the app to where others see it."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    told = "Make a Hugging Face Space of the app, and upload it."
    sub = commands.add_parser("space", help=told, description=told)
    sub.add_argument("name", metavar="OWNER/NAME")
    sub.add_argument(
        "--kind",
        choices=[*KINDS, "static"],
        default="cpu",
        help="what it runs on: a processor, ZeroGPU, or the visitor's browser (%(default)s)",
    )
    sub.add_argument(
        "--to", type=Path, metavar="DIR", help="write it to a new folder and upload nothing"
    )
    sub.set_defaults(run=lambda asked: space(asked.name, asked.kind, asked.to))
    told = "Write the zoo as files that any web server shows, without Python."
    sub = commands.add_parser("static", help=told, description=told)
    sub.add_argument("--to", type=Path, metavar="DIR", required=True, help="a new folder")
    sub.set_defaults(run=lambda asked: files(asked.to))
    return parser


def files(to: Path) -> None:
    """Write the zoo as files to the folder `to`, which must be new or empty; see `static`."""
    with new_folder(to) as made:
        from demo_app import static  # only for this, since it lays out the whole app

        n, size = static.write(made)
    print(f"{to}: {n} files, {size / 1e6:.0f} MB")


@contextmanager
def new_folder(to: Path) -> Iterator[Path]:
    """A folder to write to, which is renamed to `to` when all is in it.

    Raises:
        SpaceError: when `to` is a file, or has something in it.
    """
    if to.exists() and not (to.is_dir() and not any(to.iterdir())):
        raise SpaceError(f"{to} exists and is not an empty folder; name a new one.")
    parent = to.absolute().parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        beside = tempfile.TemporaryDirectory(dir=parent, prefix=f".{to.name}.")
    except OSError as error:
        raise SpaceError(f"{to} cannot be written: {error.strerror}.") from error
    with beside as staging:
        made = Path(staging) / "made"
        made.mkdir()
        yield made
        made.rename(to)  # over the empty folder, where there is one


def space(name: str, kind: str, to: Path | None = None) -> None:
    """Make the Space `name`, as "owner/name", of a kind of KINDS; upload it, or write it to the
    folder `to`, which must be new or empty. All or nothing is written.

    Raises:
        SpaceError: when it cannot be made or uploaded.
        genzoo.releases.ReleaseError: when a release is damaged.
    """
    owner = _owner(name)
    if kind == "static":
        raise SpaceError(STATIC)
    if to is not None:
        with new_folder(to) as made:
            n, size = _write(made, kind)
        print(f"{to}: {n} files, {size / 1e6:.0f} MB")
        return
    _check_token(owner)
    with tempfile.TemporaryDirectory() as staging:
        made = Path(staging) / "space"
        n, size = _write(made, kind)
        print(f"Uploading {n} files, {size / 1e6:.0f} MB, to {name}.")
        print(_upload(name, made, KINDS[kind]))


def _owner(name: str) -> str:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        owner, _ = name.split("/")
        validate_repo_id(name)
    except (ValueError, HFValidationError):
        raise SpaceError(
            f"{name!r:.100} cannot be the name of a Space: it is OWNER/NAME, each of letters, "
            "digits, '-', '_' and '.', such as someone/genzoo."
        ) from None
    return owner


def _check_token(owner: str) -> None:
    from huggingface_hub import get_token

    if not get_token():
        raise SpaceError(
            f"There is no token of the Hub. Log in as {owner} by `hf auth login`, or set HF_TOKEN "
            "to a token that may write."
        )


def _write(folder: Path, kind: str) -> tuple[int, int]:
    """Write the Space to a new folder; how many files it has, and bytes."""
    asked = KINDS[kind]
    for source, path in _files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    pins = _pins()
    text = {
        "README.md": _readme(pins, asked),
        "requirements.txt": _requirements(pins, asked),
        "app.py": _app(asked),
    }
    for path, content in text.items():
        (folder / path).write_text(content, encoding="utf-8")
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def _files() -> Iterator[tuple[Path, str]]:
    """What is copied as it is, and where to."""
    for name in ("app.py", "requirements.txt", "LICENSE"):
        if not (ROOT / name).is_file():
            raise SpaceError(
                f"There is no {name} beside the packages; run this in a clone of the repository."
            )
    yield ROOT / "LICENSE", "LICENSE"
    for package, patterns in PACKAGES.items():
        for pattern in patterns:
            for source in sorted((ROOT / package).rglob(pattern)):
                path = source.relative_to(ROOT).as_posix()
                if not path.startswith(NOT_SERVED):
                    yield source, path
    names = [name for name in releases.names() if name not in NOT_ASKED]
    if not names:
        raise SpaceError(f"There are no releases in {releases.folder()}.")
    for name in names:
        yield from _release(name)


def _release(name: str) -> Iterator[tuple[Path, str]]:
    """The files of a release that the app reads.

    Raises:
        ReleaseError: when it is damaged.
    """
    folder, files = releases.folder() / name, [releases.CONFIG, ASSETS, releases.SNAPSHOTS]
    config = releases.info(name)
    if name not in WITHOUT_WEIGHTS:
        weights = folder / releases.WEIGHTS
        if not weights.is_file() or _sha256(weights) != config["sha256"]:
            raise releases.ReleaseError(
                f"{weights} is missing or damaged. Make a new one with: "
                f"python -m genzoo train {name}"
            )
        files.append(releases.WEIGHTS)
        files += sorted(path.name for path in folder.glob(f"*{releases.GRAPH}"))
    for file in files:
        if (folder / file).is_file():
            yield folder / file, f"checkpoints/{name}/{file}"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pins() -> dict[str, str]:
    """The versions of requirements.txt, by package."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w-]+)==(\S+)$", text, re.MULTILINE))


def _requirements(pins: Mapping[str, str], kind: Kind) -> str:
    versions = {**pins, **kind.pins}
    lines = [*kind.more, *(f"{name}=={version}" for name, version in versions.items())]
    return "\n".join(lines) + "\n"


def _app(kind: Kind) -> str:
    """`app.py`, with what this kind does before all else below its docstring."""
    docstring, _, rest = (ROOT / "app.py").read_text(encoding="utf-8").partition("\n")
    return f"{docstring}\n{kind.start}{rest}"


def _readme(pins: Mapping[str, str], kind: Kind) -> str:
    """The Space's configuration, and what it says of itself."""
    head = {
        "title": "genzoo",
        "emoji": "🦓",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "gradio",
        "sdk_version": pins["gradio"],
        "app_file": "app.py",
        "python_version": kind.python,
        "license": "mit",
        "short_description": "A living zoo of generative models",
        **({"suggested_hardware": kind.hardware} if kind.hardware else {}),
    }
    # JSON's strings are YAML's too; a version in quotes is no number.
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    return "\n".join(
        [
            "---",
            *lines,
            "---",
            "",
            "# genzoo",
            "",
            "A living zoo of generative models, to be explored by hand in a browser: from tables",
            "of pixels to Transformers, VAEs and GANs, in English and Korean.",
            "",
            "Code and weights: MIT. MNIST: CC BY-SA 3.0 (LeCun, Cortes, Burges). Fashion-MNIST:",
            "MIT (Zalando SE).",
            "",
        ]
    )


def _upload(name: str, folder: Path, kind: Kind) -> str:
    """Upload a Space, in one commit; returns its address. What an older one had of the app and is
    no longer a part of it goes."""
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        api.create_repo(
            name,
            repo_type="space",
            space_sdk="gradio",
            space_hardware=kind.hardware,  # type: ignore[arg-type]
            exist_ok=True,
        )
        api.upload_folder(
            repo_id=name,
            repo_type="space",
            folder_path=folder,
            commit_message="genzoo",
            delete_patterns=["genzoo/*", "demo_app/*", "checkpoints/*"],
        )
    except Exception as error:  # no network, no right, no such hardware: all of them end here
        raise SpaceError(f"{name} could not be uploaded ({_first_line(error)}).") from error
    return f"https://huggingface.co/spaces/{name}"


def _first_line(error: Exception) -> str:
    """What an error says, without its details; the server's own reason where it gave one."""
    reason = getattr(error, "server_message", None)
    lines = [line.strip() for line in (reason or str(error)).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
