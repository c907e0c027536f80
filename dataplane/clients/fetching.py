"""Files of the open internet, fetched for clients and nobody else.

A URL in a request is a wish of somebody outside, so it must not reach what only this machine can
reach. A name is looked up once, every address it has must be public, and the connection goes to one
of those very addresses: a name that answers otherwise the next time gains nothing. A redirect is
judged like the first URL.
"""

import asyncio
import re
import socket
import ssl
import string
import zlib
from collections.abc import Callable, Iterator
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import quote, urljoin

from dataplane.clients.dialling import Address, Lookup, StrangeNames, dial, trust
from dataplane.clients.http1 import Connection, HttpError, Unreachable
from dataplane.clients.request import Origin, encode, target
from dataplane.errors import InvalidRequest
from dataplane.upstreams.base import HttpRequest

Ip = IPv4Address | IPv6Address

MAX_BYTES = 20 * 1024 * 1024
MAX_REDIRECTS = 3
# All of it: names, connections, redirects, body.
SECONDS = 15.0
# How much of a packed file is unpacked before others have their turn.
SLICE_BYTES = 256 * 1024
# The longest name that a host can have (RFC 1035, 2.3.4).
NAME_LENGTH = 253

HEADERS = {"accept": "image/*, application/pdf, text/*, */*;q=0.5", "accept-encoding": "identity", "user-agent": "headgate"}
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_divided = re.compile(r"(?P<name>[^/?#:]*)(?P<port>[^/?#]*)(?P<path>.*)", re.DOTALL).fullmatch
_is_name = re.compile(r"[0-9A-Za-z._-]+").fullmatch


class Fetched(NamedTuple):
    """A file; `content_type` as its server says, lower case, without parameters."""

    data: bytes
    content_type: str


class NotPublic(Exception):
    """An address that clients may not reach through this machine."""


class Refused(Exception):
    """Why there is no file, in words for the client."""


def public(ip: Ip) -> bool:
    """Whether anybody on the internet could reach `ip` as well. Addresses that carry others are judged by those.

    This machine's own are not public: what listens there may trust its own machine more than others.
    """
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in network for network in CLOSED) and not own(ip)
    carried = _carried(ip)
    if carried:
        return all(public(inner) for inner in carried)
    return ip in GLOBAL and not ip.is_private and not any(ip in network for network in CLOSED_6) and not own(ip)


def own(ip: Ip) -> bool:
    """Whether `ip` is an address of this machine, which a socket can be bound to. Nothing is sent to find out."""
    if not bindable(ip):
        return False
    # Where a socket can be bound to any address, the one is its own that would be spoken to from itself.
    return not bindable(NOBODYS[ip.version]) or source(ip) == ip


def bindable(ip: Ip) -> bool:
    with socket.socket(FAMILIES[ip.version], socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(ip), 0))
        except OSError:
            return False
        return True


def source(ip: Ip) -> Ip | None:
    """The address from which `ip` would be spoken to."""
    with socket.socket(FAMILIES[ip.version], socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(ip), 9))
        except OSError:  # no way leads there
            return None
        return ip_address(probe.getsockname()[0])


class Fetcher:
    """Fetches by http and https. `public` decides which addresses may be reached, `lookup` finds them."""

    def __init__(self, public: Callable[[Ip], bool] = public, lookup: Lookup | None = None) -> None:
        self._public = public
        self._names = StrangeNames()
        self._lookup = lookup or self._names.resolve

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

    def close(self) -> None:
        self._names.close()

    async def _follow(self, place: str) -> Fetched:
        url = ""
        for _ in range(MAX_REDIRECTS + 1):
            url = located(url, place)
            found = await self._get(url)
            if isinstance(found, Fetched):
                return found
            place = found
        raise Refused(f"it leads to more than {MAX_REDIRECTS} redirects")

    async def _get(self, url: str) -> Fetched | str:
        """The file, or the place to look instead."""
        try:
            origin = target("GET", url).way.origin
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
        # Headers come as Latin-1; what is beyond ASCII in a URL is UTF-8.
        return headers["location"].encode("latin-1").decode(errors="replace")
    if connection.status != 200:
        raise Refused(f"the server answered with status {connection.status}")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise Refused(TOO_LARGE)
    return Fetched(await _body(connection), headers.get("content-type", "").partition(";")[0].strip().lower())


async def _body(connection: Connection) -> bytes:
    packing = connection.headers.get("content-encoding", "").strip().lower()
    unpacker = None if packing in ("", "identity") else Unpacker(packing)
    pieces, came, size = [], 0, 0
    while piece := await connection.read():
        came += len(piece)
        for part in unpacker.feed(piece) if unpacker else (piece,):
            pieces.append(part)
            size += len(part)
            if max(came, size) > MAX_BYTES:
                raise Refused(TOO_LARGE)
            if unpacker:
                await asyncio.sleep(0)
    return b"".join([*pieces, unpacker.finish()] if unpacker else pieces)


class Unpacker:
    """A body that a server packed though it was not asked to, unpacked slice by slice, so that none swells unseen."""

    def __init__(self, packing: str) -> None:
        """`packing` is a content-encoding. Raises Refused."""
        if packing not in ("gzip", "x-gzip", "deflate"):
            raise Refused("its server sends it in an encoding that is not understood here")
        self._gzip = packing != "deflate"
        self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._begun = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Raises Refused."""
        if not self._begun and not self._gzip:
            # Meant is zlib's form, but some send what is within it (RFC 9110, 8.4.1.2). The other never begins so.
            self._inflater = zlib.decompressobj(zlib.MAX_WBITS if piece[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS)
        self._begun = True
        while piece:
            try:
                part = self._inflater.decompress(piece, SLICE_BYTES)
            except zlib.error as error:
                raise Refused(DAMAGED) from error
            piece = self._inflater.unconsumed_tail
            yield part
        if self._inflater.unused_data:
            raise Refused(DAMAGED)

    def finish(self) -> bytes:
        """What was held back, at most the few matches that fitted in no slice. Raises Refused."""
        rest = self._inflater.flush()
        if not self._inflater.eof:
            raise Refused(DAMAGED)
        return rest


def located(base: str, place: str) -> str:
    """The URL of `place` as seen from `base`, in ASCII. Raises Refused."""
    try:
        return spelled(urljoin(base, place))
    except ValueError as error:
        raise Refused("it is, or leads to, something that is no URL") from error


def spelled(url: str) -> str:
    """`url` in ASCII: an international name of a host as IDNA has it, and what follows the host escaped. Raises ValueError.

    Blanks and letters beyond ASCII are common in links.
    """
    scheme, mark, rest = url.strip().partition("://")
    name, port, path = _divided(rest).group("name", "port", "path")  # type: ignore[union-attr]  # it matches any text
    if not name.isascii():
        name = name.encode("idna").decode() if len(name) <= NAME_LENGTH else ""
        if not _is_name(name):
            raise ValueError("no name of a host, or more than one once it is ASCII")
    return scheme + mark + name + port + quote(path, safe=string.punctuation)


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
DAMAGED = "what came of it cannot be unpacked"

REASONS: dict[type[HttpError], str] = {Unreachable: "the server cannot be reached"}

FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
# What no machine has: of the class kept for the future, and of the block to discard (RFC 6666).
NOBODYS: dict[int, Ip] = {4: IPv4Address("240.0.0.1"), 6: IPv6Address("100::1")}

GLOBAL = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
# What the standard library's table of special addresses leaves open, or did in some of its versions: protocol
# assignments, relays to 6to4, the class that is kept for the future, and the platform's address within Azure's machines.
CLOSED = [IPv4Network(each) for each in ("192.0.0.0/24", "192.88.99.0/24", "100.64.0.0/10", "240.0.0.0/4", "168.63.129.16/32")]
CLOSED_6 = [IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "3fff::/20")]
