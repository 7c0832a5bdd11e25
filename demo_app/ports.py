"""Where the app is served, before Gradio is loaded: it reads some of this as it is imported, and
fails by a traceback."""

from __future__ import annotations

import errno
import os
import re
import socket

PORT, NAME, PREFIX = "GRADIO_SERVER_PORT", "GRADIO_SERVER_NAME", "GRADIO_ROOT_PATH"
FIRST, LAST = 7860, 7959
"""Ports that are tried where none is asked for."""


def asked() -> int | None:
    """The port of GRADIO_SERVER_PORT, None where that is not set.

    Raises:
        SystemExit: with a sentence, when it is no port.
    """
    text = os.environ.get(PORT, "").strip()
    if not text:
        os.environ.pop(PORT, None)  # Gradio takes "" for a number, too
        return None
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= 65535):
        raise SystemExit(f"{PORT} must be a whole number from 1 to 65535, not {text!r:.40}.")
    return int(text)


def name() -> str:
    """The address of GRADIO_SERVER_NAME; that of this machine alone where it is not set."""
    return os.environ.get(NAME, "").strip() or "127.0.0.1"


def root_path() -> str:
    """The path of GRADIO_ROOT_PATH, under which a proxy has the app, such as "/zoo"; or a whole
    address. "" where it is not set.

    Raises:
        SystemExit: with a sentence, when it is neither.
    """
    text = os.environ.get(PREFIX, "").strip().rstrip("/")
    is_url = text.startswith(("http://", "https://"))
    if text and not is_url and (not text.startswith("/") or re.search(r"//|[\s?#\\]", text)):
        raise SystemExit(f"{PREFIX} must be a path such as /zoo, not {text!r:.40}.")
    return text


def free(host: str, port: int | None = None) -> int:
    """A port of the address `host` that nobody uses: `port`, where one is asked for, else the
    first from 7860 on.

    Raises:
        SystemExit: with a sentence, when there is none.
    """
    if port is not None:
        if problem := _problem(host, port):
            raise SystemExit(
                f"Port {port} of {host} {problem}. Choose another with {PORT}, or leave that out "
                f"for the next one that is free."
            )
        return port
    for each in range(FIRST, LAST + 1):
        if not _problem(host, each):
            return each
    raise SystemExit(f"All ports of {host} from {FIRST} to {LAST} are taken; choose one: {PORT}.")


def _problem(host: str, port: int) -> str:
    """Why nothing can be served there, "" where it can."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family):
            return ""
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return "is taken"
        if error.errno == errno.EACCES:
            return "may not be used by this user"
        raise SystemExit(
            f"{host!r} is no address of this machine ({error.strerror}); see {NAME}."
        ) from error
