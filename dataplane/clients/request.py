"""A request in the bytes of HTTP/1.1, and the address that they go to.

What is the same in every request to one place (request line, host, spelling of header names) is worked out once and kept.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from dataplane.clients.http1 import Unreachable
from dataplane.clients.proxying import Proxy, parse
from dataplane.upstreams.base import HttpRequest

PORTS = {"http": 80, "https": 443}
# These decide where a message ends and whom it is for: a second opinion on them is how requests are smuggled.
RESERVED = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
        "expect",
        "te",
        "trailer",
        "proxy-authorization",
        "proxy-connection",
    }
)
# Bodiless requests of these methods announce a length all the same (RFC 9110 8.6).
ANNOUNCING = frozenset({"POST", "PUT", "PATCH"})

_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_is_url = re.compile(r"[\x21-\x7e]+").fullmatch


class Origin(NamedTuple):
    """Whom a connection is to; the host of an IPv6 literal is without its brackets."""

    scheme: str
    host: str
    port: int


class Way(NamedTuple):
    """Where a connection leads, and through whom. None can take the place of one with another way."""

    origin: Origin
    proxy: Proxy | None = None

    @property
    def forwarded(self) -> bool:
        """Whether the proxy reads the requests and passes them on. Tunnels are only for TLS: many proxies open none to other ports."""
        return self.proxy is not None and self.proxy.forwards and self.origin.scheme == "http"

    @property
    def authorization(self) -> str:
        """The line by which each request signs in to a proxy that reads it; empty where there is no need."""
        return self.proxy.authorization if self.proxy is not None and self.forwarded else ""


class Target(NamedTuple):
    """Where a request goes: the way, and the request line with the host header."""

    way: Way
    opening: str


def encode(request: HttpRequest, proxy_url: str = "") -> tuple[Way, bytes]:
    """Where to send it, and all its bytes. Raises ValueError for a header that would not arrive as the one it is, and
    Unreachable for a URL, or the address of a proxy, that leads nowhere.
    """
    way, opening = target(request.method, request.url, proxy_url)
    lines = [opening]
    if proxy_url and (authorization := way.authorization):
        lines.append(authorization)
    for name, value in request.headers.items():
        lines.append(f"{checked(name)}: {value}\r\n")
    if request.body or request.method in ANNOUNCING:
        lines.append(f"content-length: {len(request.body)}\r\n")
    lines.append("\r\n")
    head = "".join(lines)
    # Each line brings one of each, the opening two: any more came in with a value.
    ends = len(lines) + 1
    if head.count("\n") != ends or head.count("\r") != ends or "\0" in head:
        raise ValueError("a header value contains a line break or a NUL")
    return way, head.encode() + request.body


@lru_cache(maxsize=1000)
def checked(name: str) -> str:
    """The name of a header that may be set. Raises ValueError."""
    if not _is_token(name):
        raise ValueError(f"{name!r} is no name of a header")
    if name.lower() in RESERVED:
        raise ValueError(f"{name!r} is for the connection to set")
    return name


@lru_cache(maxsize=1000)
def target(method: str, url: str, proxy_url: str = "") -> Target:
    """Without `proxy_url` the way is straight. Raises Unreachable."""
    if not _is_token(method):
        raise ValueError(f"{method!r} is no method")
    # The standard library forgives what must not be forgiven here: it drops line breaks silently.
    if not _is_url(url):
        raise Unreachable("a URL has no blanks, control characters or letters beyond ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise Unreachable("the URL is not one of http or https with a host and a valid port") from error
    if not parts.hostname or "@" in parts.netloc:
        raise Unreachable("the URL has no host, or a user name before it")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port != PORTS[parts.scheme]:
        host += f":{port}"
    way = Way(Origin(parts.scheme, parts.hostname, port), parse(proxy_url) if proxy_url else None)
    asked = f"http://{host}{path}" if way.forwarded else path
    return Target(way, f"{method} {asked} HTTP/1.1\r\nhost: {host}\r\n")
