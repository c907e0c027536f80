"""Files of the open internet, fetched for clients and nobody else.

A URL in a request is a wish of somebody outside, so it must not reach what only this machine can
reach. A name is looked up once, every address it has must be public, and the connection goes to one
of those very addresses: a name that answers otherwise the next time gains nothing. A redirect is
judged like the first URL.
"""

import asyncio
import ssl
import string
from collections.abc import Callable
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import quote, urljoin

from dataplane.clients.dialling import Address, Lookup, dial, resolve, trust
from dataplane.clients.http1 import Connection, HttpError, Unreachable
from dataplane.clients.request import Origin, encode, target
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import HttpRequest

Ip = IPv4Address | IPv6Address

MAX_BYTES = 20 * 1024 * 1024
MAX_REDIRECTS = 3
# All of it: names, connections, redirects, body.
SECONDS = 15.0

HEADERS = {"accept": "image/*, application/pdf, text/*, */*;q=0.5", "accept-encoding": "identity", "user-agent": "headgate"}
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Fetched(NamedTuple):
    """A file; `content_type` as its server says, lower case, without parameters."""

    data: bytes
    content_type: str


class NotPublic(Exception):
    """An address that clients may not reach through this machine."""


class Refused(Exception):
    """Why there is no file, in words for the client."""


def public(ip: Ip) -> bool:
    """Whether anybody on the internet could reach `ip` as well. Addresses that carry others are judged by those."""
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in CLOSED)
    carried = _carried(ip)
    if carried:
        return all(public(inner) for inner in carried)
    return ip in GLOBAL and not ip.is_private and not any(ip in network for network in CLOSED_6)


class Fetcher:
    """Fetches by http and https. `public` decides which addresses may be reached, `lookup` finds them."""

    def __init__(self, public: Callable[[Ip], bool] = public, lookup: Lookup = resolve) -> None:
        self._public = public
        self._lookup = lookup

    async def fetch(self, url: str, where: str = "") -> Fetched:
        """The file at `url`. Raises InvalidRequest, naming `where` as the path at fault; no word of it is the server's."""
        try:
            async with asyncio.timeout(SECONDS):
                return await self._follow(url)
        except TimeoutError:
            reason = f"it did not come within {SECONDS:g} seconds"
        except NotPublic:
            reason = "its address is not a public one"
        except Refused as error:
            reason = str(error)
        except HttpError as error:
            reason = REASONS.get(type(error), "the connection broke off")
        raise InvalidRequest(f"{where or 'url'}: the URL cannot be fetched: {reason}", param=where or None)

    async def _follow(self, url: str) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            url = quote(url.strip(), safe=string.punctuation)  # blanks and letters beyond ASCII are common in links
            found = await self._get(url)
            if isinstance(found, Fetched):
                return found
            url = urljoin(url, found)
        raise Refused(f"it leads to more than {MAX_REDIRECTS} redirects")

    async def _get(self, url: str) -> Fetched | str:
        """The file, or the place to look instead."""
        try:
            origin, _ = target("GET", url)
        except Unreachable as error:
            raise Refused(str(error)) from error
        _, request = encode(HttpRequest("GET", url, HEADERS))
        connection = await dial(origin, self._tls if origin.scheme == "https" else None, self._make, self._vetted)
        try:
            await connection.ask(request)
            return await _answer(connection)
        finally:
            connection.close()

    async def _vetted(self, origin: Origin) -> list[Address]:
        """The addresses of a name. Raises NotPublic if one of them is not: which one is tried is chance."""
        found = await self._lookup(origin)
        if not all(self._public(ip_address(place[0])) for _, place in found):
            raise NotPublic
        return found

    def _make(self) -> Connection:
        return Connection(SECONDS, _forget)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return trust()


async def _answer(connection: Connection) -> Fetched | str:
    headers = connection.headers
    if connection.status in REDIRECTS and headers.get("location"):
        return headers["location"]
    if connection.status != 200:
        raise Refused(f"the server answered with status {connection.status}")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    pieces, size = [], 0
    while piece := await connection.read():
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise Refused(TOO_LARGE)
    return Fetched(b"".join(pieces), headers.get("content-type", "").partition(";")[0].strip().lower())


def _carried(ip: IPv6Address) -> list[Ip]:
    """The IPv4 addresses that packets to `ip` end up at."""
    if ip.ipv4_mapped:
        return [ip.ipv4_mapped]
    if ip.sixtofour:
        return [ip.sixtofour]
    if ip.teredo:
        return list(ip.teredo)
    return [IPv4Address(ip.packed[12:])] if ip in NAT64 else []


def _forget(_: Connection) -> None:
    """Connections are not kept here."""


TOO_LARGE = f"it is larger than {MAX_BYTES // 2**20} MiB"

REASONS: dict[type[HttpError], str] = {Unreachable: "the server cannot be reached"}

GLOBAL = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
# What the standard library's table of special addresses leaves open, or did in some of its versions: protocol
# assignments, relays to 6to4, the class that is kept for the future, and the platform's address within Azure's machines.
CLOSED = [IPv4Network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "240.0.0.0/4", "168.63.129.16/32")]
CLOSED_6 = [IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20")]
