"""From which pages the app may be asked: its own.

A browser sends the address of the page that asks, `Origin`, and the name by which it has reached
the server, `Host`. They must be the same, or any page that somebody looks at could use this
server through his browser. And a server that is reached at this machine's own address alone is
called by one of that address's names: any other name was bent to point here.

Behind a proxy both may be other than the server sees them: GENZOO_HOSTS has the names by which
people know the app, as in "zoo.example.org,lab.example.org", or "*" for any. The name of a Space
and that of a link that Gradio shares are known by themselves.
"""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

SETTING = "GENZOO_HOSTS"
SENTENCE = (
    "The app is asked from a page that is not its own. Whoever runs it behind a proxy can say by "
    f"which names it is known: {SETTING}=zoo.example.org"
)
LOOPBACK = ("localhost", "127.0.0.1", "::1")

_shared: list[str] = []


def refused(scope: Scope) -> bool:
    """Whether a request or a socket comes from another's page."""
    known = names()
    if "*" in known:
        return False
    headers = Headers(scope=scope)
    host, origin = _name(headers.get("host")), _name(headers.get("origin"), is_url=True)
    if origin and origin[0] in known:
        return False
    if _is_loopback((scope.get("server") or ("",))[0]):
        named = host is not None and (host[0] in (*LOOPBACK, *known) or _is_loopback(host[0]))
    else:
        named = not known or (host is not None and (host[0] in known or _is_address(host[0])))
    return not named or (headers.get("origin") is not None and origin != host)


def address_of(scope: Scope) -> str:
    """Who asks. Behind a proxy that uvicorn trusts (FORWARDED_ALLOW_IPS), whom that speaks for."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def names() -> tuple[str, ...]:
    """Those of GENZOO_HOSTS, the one that a Space has, and those of shared links."""
    given = [*os.environ.get(SETTING, "").split(","), os.environ.get("SPACE_HOST", ""), *_shared]
    return tuple(name.strip().lower() for name in given if name.strip())


def share(url: str | None, before: str | None = None) -> None:
    """Know the name of the link under which Gradio shares an app, and no longer that of the link
    that it had before; None where there is no link."""
    old, new = (_name(link, is_url=True) for link in (before, url))
    if old and old[0] in _shared:
        _shared.remove(old[0])
    if new:
        _shared.append(new[0])


def _name(text: str | None, is_url: bool = False) -> tuple[str, int | None] | None:
    """The name and the port of a header, None where it is not there or is something else."""
    if not text:
        return None
    try:
        parts = urlsplit(text if is_url else f"//{text}")
        if parts.hostname is None:
            return None
        port = parts.port
    except ValueError:
        return None
    # The port that goes without saying is left out of both.
    return parts.hostname.lower(), None if port in (80, 443) else port


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback
