"""Proxies: what the address of one says, and what is said to one before it opens a way to an upstream.

Bytes in, bytes out. Addresses hold passwords and a proxy may repeat what it was told, so no error holds a part of either.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from dataplane.clients.http1 import OK, Unreachable

# What a proxy may say before the way is open.
HEAD_BYTES = 16 * 1024
# The longest user, password or name that SOCKS has room for (RFC 1928, 5; RFC 1929, 2).
LONGEST = 255
# The proxy wants another user or password, or one at all (RFC 9110, 15.5.8).
LOGIN_WANTED = 407

_is_url = re.compile(r"[\x21-\x7e]+").fullmatch
_begins = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r\n]").match
# A lone line feed ends a line as well (RFC 9112, 2.2).
_blank = re.compile(rb"\r?\n\r?\n").search


@dataclass(frozen=True, slots=True)
class Proxy:
    """Whom a way leads through; the host of an IPv6 literal is without its brackets, and no user and no password is no sign-in."""

    scheme: str
    host: str
    port: int
    user: bytes = field(default=b"", repr=False)
    password: bytes = field(default=b"", repr=False)

    @property
    def forwards(self) -> bool:
        """Whether it can pass requests on that it reads itself."""
        return self.scheme in ("http", "https")

    @property
    def authorization(self) -> str:
        """The header by which HTTP signs in, as a line; empty without a user (RFC 7617)."""
        if not self.user and not self.password:
            return ""
        return f"proxy-authorization: Basic {b64encode(self.user + b':' + self.password).decode()}\r\n"


@lru_cache(maxsize=1000)
def parse(url: str) -> Proxy:
    """The proxy that an address names: `http`, `https`, `socks5` or `socks5h`, a host and a port. Raises Unreachable."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Unreachable(MALFORMED) from None  # the reason quotes the address
    if parts.scheme not in HANDSHAKES or not parts.hostname or not port or not _bare(url, parts.path):
        raise Unreachable(MALFORMED)
    user, password = unquote_to_bytes(parts.username or ""), unquote_to_bytes(parts.password or "")
    if max(len(user), len(password)) > LONGEST:
        raise Unreachable(MALFORMED)
    return Proxy(parts.scheme, parts.hostname, port, user, password)


def _bare(url: str, path: str) -> bool:
    """Whether nothing follows the port. The standard library forgives blanks and line breaks, which are refused here."""
    return path in ("", "/") and "?" not in url and "#" not in url and _is_url(url) is not None


class Handshake(Protocol):
    """What is said to a proxy: `opening`, then what `feed` gives, until it has `ended` and the way is open."""

    opening: bytes
    ended: bool

    def feed(self, data: bytes) -> bytes:
        """What to say to what came, often nothing. Raises Unreachable; after that, and after the end, nothing is fed."""
        ...


class Connect:
    """A tunnel through an HTTP proxy (RFC 9110, 9.3.6)."""

    def __init__(self, proxy: Proxy, host: str, port: int) -> None:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.opening = f"CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n{proxy.authorization}\r\n".encode()
        self.ended = False
        self._head = b""

    def feed(self, data: bytes) -> bytes:
        self._head += data
        while not self.ended and (end := _blank(self._head)):
            self._opened(self._head[: end.end()])
            self._head = self._head[end.end() :]
        # Of a tunnel that is open only TLS makes use, in which an upstream never speaks first.
        if self.ended and self._head:
            raise Unreachable(NONSENSE)
        if len(self._head) > HEAD_BYTES or self._head[: len(HTTP)] != HTTP[: len(self._head)]:
            raise Unreachable(NONSENSE)
        return b""

    def _opened(self, head: bytes) -> None:
        """Take one answer in: an interim one, the one that opens, or a refusal."""
        begun = _begins(head)
        if begun is None:
            raise Unreachable(NONSENSE)
        status = int(begun[1])
        if status >= 300:
            raise refused(status)
        self.ended = status >= OK


def refused(status: int) -> Unreachable:
    """What an HTTP proxy means that answers with `status` instead of passing on."""
    return Unreachable(f"the proxy {STATUSES.get(status, 'refuses to open a way to the upstream')} (status {status})")


class Socks:
    """A way through a SOCKS proxy, which looks the name up itself (RFC 1928, RFC 1929)."""

    def __init__(self, proxy: Proxy, host: str, port: int) -> None:
        self._talk = _talk(_login(proxy), _place(host) + port.to_bytes(2, "big"))
        self.opening, self._due = next(self._talk)
        self.ended = False
        self._came = b""

    def feed(self, data: bytes) -> bytes:
        self._came += data
        said = b""
        while not self.ended and len(self._came) >= self._due:
            piece, self._came = self._came[: self._due], self._came[self._due :]
            try:
                more, self._due = self._talk.send(piece)
                said += more
            except StopIteration:
                self.ended = True
        # Neither TLS nor HTTP has an upstream that speaks first.
        if self.ended and self._came:
            raise Unreachable(NONSENSE)
        return said


def _talk(login: bytes, place: bytes) -> Generator[tuple[bytes, int], bytes, None]:
    """Yields what to say and how many bytes are then due, and is sent those. Without `login` none is offered."""
    version, method = yield (bytes((VERSION, 2, OPEN, LOGIN)) if login else bytes((VERSION, 1, OPEN))), 2
    if version == VERSION and method == NO_METHOD:
        raise Unreachable(f"the proxy {'takes neither a user and a password nor none' if login else 'wants a user and a password'}")
    if version != VERSION or method not in ((OPEN, LOGIN) if login else (OPEN,)):
        raise Unreachable(NONSENSE)
    if method == LOGIN:
        _, verdict = yield login, 2
        if verdict:
            raise Unreachable("the proxy refuses the user or the password")
    version, verdict = yield bytes((VERSION, 1, 0)) + place, 2
    if version != VERSION:
        raise Unreachable(NONSENSE)
    if verdict:
        raise Unreachable(f"the proxy {REPLIES.get(verdict, 'refuses for a reason of its own')} (SOCKS reply {verdict})")
    # Where the way begins is told as well, and of no use here; one byte of it says how long a name is.
    _, kind, first = yield b"", 3
    if kind not in LENGTHS:
        raise Unreachable(NONSENSE)
    yield b"", LENGTHS[kind](first) - 1 + 2


def _login(proxy: Proxy) -> bytes:
    """The message that signs in (RFC 1929, 2), or nothing."""
    if not proxy.user and not proxy.password:
        return b""
    return b"\1" + bytes((len(proxy.user),)) + proxy.user + bytes((len(proxy.password),)) + proxy.password


def _place(host: str) -> bytes:
    """A host as SOCKS has it (RFC 1928, 5). Raises Unreachable."""
    try:
        found = ip_address(host)
    except ValueError:
        name = host.encode()
        if len(name) > LONGEST:
            raise Unreachable("the upstream's name is too long") from None
        return bytes((NAME, len(name))) + name
    return bytes((IPV4 if found.version == 4 else IPV6,)) + found.packed


MALFORMED = "the address of the account's proxy is not valid"
NONSENSE = "the proxy answers nonsense"
HTTP = b"HTTP/1."

HANDSHAKES: dict[str, Callable[[Proxy, str, int], Handshake]] = {"http": Connect, "https": Connect, "socks5": Socks, "socks5h": Socks}

STATUSES = {
    403: "does not allow this upstream",
    405: "opens no tunnels",
    LOGIN_WANTED: "refuses the user or the password, or wants them",
    429: "is asked too often",
    501: "opens no tunnels",
    502: "cannot reach the upstream",
    503: "cannot reach the upstream now",
    504: "did not reach the upstream in time",
}

# SOCKS: its version, ways to sign in, kinds of addresses with the bytes they take (a name begins with its length).
VERSION = 5
OPEN, LOGIN, NO_METHOD = 0, 2, 255
IPV4, NAME, IPV6 = 1, 3, 4
LENGTHS: dict[int, Callable[[int], int]] = {IPV4: lambda _: 4, NAME: lambda length: 1 + length, IPV6: lambda _: 16}
REPLIES = {
    1: "has failed",
    2: "does not allow this upstream",
    3: "finds no way to the upstream's network",
    4: "finds no way to the upstream",
    5: "was refused by the upstream",
    6: "did not reach the upstream in time",
    7: "opens no ways",
    8: "knows no addresses of this kind",
}
