"""python -m demo_app.assets"""

from __future__ import annotations

import argparse

import demo_app.assets
from demo_app.assets import MAKERS, make
from genzoo import releases


def main() -> None:
    parser = argparse.ArgumentParser(description=(demo_app.assets.__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="releases; all that are there when left out")
    for name in parser.parse_args().names or [n for n in releases.names() if n in MAKERS]:
        if name not in MAKERS:
            parser.error(f"{name} has no assets; there are: {', '.join(MAKERS)}")
        path = make(name)
        print(f"{path}  {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main()
