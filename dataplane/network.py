"""Who is at the other end: the client's address behind trusted proxies, and browser origins."""

import ipaddress
from collections.abc import Mapping, Sequence

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies whose X-Forwarded-For is believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(text, strict=False) for text in trusted]

    def client(self, peer: str, forwarded: str) -> str:
        """The nearest address that is no trusted proxy; `peer` when it is none itself.

        `forwarded` is the X-Forwarded-For header: each proxy appends whom it heard from, so only
        the right end, as far as proxies are trusted, is more than a claim.
        """
        address = peer
        for hop in reversed(forwarded.split(",")) if forwarded else ():
            if not self._trusts(address):
                break
            address = hop.strip()
        return address

    def _trusts(self, address: str) -> bool:
        if not self._networks:
            return False
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)


class Origins:
    """Which browser origins may call, as CORS response headers."""

    def __init__(self, allowed: Sequence[str]) -> None:
        self._any = "*" in allowed
        self._allowed = frozenset(origin.encode() for origin in allowed)

    def headers(self, request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """Headers for an answer; none for an origin that may not call."""
        if self._any:
            return ANY
        origin = request.get(b"origin")
        if origin is None or origin not in self._allowed:
            return []
        return [(b"access-control-allow-origin", origin), (b"vary", b"origin"), EXPOSE]

    def preflight(self, request: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        """Headers for an OPTIONS answer: all methods of ours, and whatever headers were asked for."""
        granted = self.headers(request)
        if not granted:
            return []
        asked = request.get(b"access-control-request-headers", b"*")
        return [
            *granted,
            (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
            (b"access-control-allow-headers", asked),
            (b"access-control-max-age", b"86400"),
        ]


OURS = (
    b"x-request-id, request-id, x-client-request-id, retry-after, x-headgate-model, x-headgate-dropped, "
    b"x-headgate-compressed, x-headgate-account, x-headgate-attempts, x-headgate-overhead-ms"
)
EXPOSE = (b"access-control-expose-headers", OURS)
ANY = [(b"access-control-allow-origin", b"*"), EXPOSE]
