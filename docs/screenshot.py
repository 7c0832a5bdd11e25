"""Take the README's pictures of the app, all or those of some tabs (with requirements-dev.txt):

python docs/screenshot.py [TAB ...]
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent

PICTURES = {
    "map": "",
    "pixels": "",
    "nade": "",
    "transformer": "",
    "vae": "",
    "aae": "&aae.prior=ring",
    "gan": "",
    "dcgan": "&dcgan.model=dcgan-fashion",
    "infogan": "",
    "progan": "",
    "stargan": "",
    "cyclegan": "",
    "text2image": "",
    "puzzle": "",
    "compare": "&compare.model=infogan-mnist&compare.cell=12",
}
"""The tabs, and what of their state is not as at the start."""


def main(tabs: list[str]) -> None:
    wanted = {key: state for key, state in PICTURES.items() if not tabs or key in tabs}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
    try:
        _wait(url)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                args=["--no-sandbox", "--disable-gpu"],
            )
            for key, state in wanted.items():
                page = browser.new_page(
                    viewport={"width": 1280, "height": 860}, locale="en", device_scale_factor=1.5
                )
                page.goto(f"{url}#tab={key}{state}")
                page.get_by_test_id("lang-en").wait_for()
                page.wait_for_timeout(12_000)  # completions drawn, a game played
                if key == "map":  # below the first question, when its slowest model has sampled
                    page.wait_for_timeout(20_000)
                    page.locator("[data-widget=map]").evaluate("(map) => map.scrollIntoView()")
                    page.wait_for_timeout(1000)
                _keep(page.screenshot(), ROOT / "docs" / f"{key}.png")
            browser.close()
    finally:
        app.terminate()
        app.wait()


def _keep(png: bytes, path: Path) -> None:
    """In 256 colors: every clone has every version of it."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    method, dither = Image.Quantize.MEDIANCUT, Image.Dither.NONE
    picture.quantize(256, method, dither=dither).save(path, optimize=True)


def _wait(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"{url} did not answer within {seconds:.0f} s.")


if __name__ == "__main__":
    main(sys.argv[1:])
