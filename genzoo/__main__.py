"""The command, which Ctrl-C ends without a traceback from its first moment to its last."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

INTERRUPTED = 130
"""What a shell expects of a command that Ctrl-C has ended."""


def main() -> int:
    """Run the command line; returns the status."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return _run()  # whoever started it wants no Ctrl-C here, such as nohup
    # Reading torch takes seconds, and what it is read by would catch a KeyboardInterrupt.
    signal.signal(signal.SIGINT, _stop)
    try:
        return _run(on_read=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    except KeyboardInterrupt:  # once more, while the first was told
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(on_read: Any = lambda: None) -> int:
    from genzoo.cli import main

    on_read()
    status = main()
    try:
        sys.stdout.flush()
    except OSError:  # it was told; at its end Python would tell it again, by a traceback
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


def _stop(*_: object) -> None:
    os.write(2, b"genzoo: interrupted before anything was done\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
