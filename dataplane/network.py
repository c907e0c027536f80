"""Who is at the other end: the client's address behind trusted proxies, and browser origins."""

from collections.abc import Mapping, Sequence

from headgate.forwarding import Proxies

__all__ = ["Origins", "Proxies"]


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
