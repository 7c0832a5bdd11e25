"""From which pages the app may be asked, and the names that it knows by itself."""

from __future__ import annotations

import pytest

from demo_app import hosts, shell


def scope(host, origin=None, server="127.0.0.1"):
    headers = [(b"host", host.encode())]
    if origin is not None:
        headers.append((b"origin", origin.encode()))
    return {"type": "websocket", "headers": headers, "server": (server, 7860)}


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    for name in ("GENZOO_HOSTS", "SPACE_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("host", "origin", "refused"),
    [
        ("127.0.0.1:7860", "http://127.0.0.1:7860", False),
        ("localhost:7860", None, False),
        ("127.0.0.1:7860", "http://evil.example.org", True),
        ("127.0.0.1:7860", "http://127.0.0.1:8000", True),
        ("evil.example.org:7860", "http://evil.example.org:7860", True),
        ("127.0.0.1:7860", "null", True),
    ],
)
def test_only_its_own_page_may_ask(host, origin, refused):
    assert hosts.refused(scope(host, origin)) == refused


SHARED = "https://0123abc.gradio.live"


def test_the_name_of_a_shared_link_is_known_while_it_is_shared():
    """The tunnel's end is at this machine, and forwards the name by which people ask."""
    asked = scope("0123abc.gradio.live", SHARED)
    assert hosts.refused(asked)
    app, other = shell.App(), shell.App()
    app.share_url = SHARED
    assert not hosts.refused(asked)
    assert hosts.refused(scope("0123abc.gradio.live", "https://evil.example.org"))
    assert hosts.refused(scope("other.gradio.live", "https://other.gradio.live"))
    other.share_url = None
    shell.App()
    assert not hosts.refused(asked)
    app.share_url = None
    assert hosts.refused(asked)


def test_gradio_tells_the_app_its_shared_link(monkeypatch):
    def tunnel(**_):
        return "http://0123abc.gradio.live"

    monkeypatch.setattr("gradio.networking.setup_tunnel", tunnel)
    app = shell.build(tabs=[])
    app.launch(share=True, prevent_thread_lock=True, quiet=True)
    try:
        assert app.share_url == SHARED
        assert not hosts.refused(scope("0123abc.gradio.live", SHARED))
    finally:
        app.close()
        app.share_url = None
