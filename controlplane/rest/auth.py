"""Who may come in: the administrator's password as a bearer, and few guesses at it.

This stands before routing and before the body is read: a stranger learns nothing about routes
and costs nothing.
"""

import ipaddress
import logging
import math
from collections import deque
from collections.abc import Sequence

from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from controlplane.rest import errors
from controlplane.service.audit import ADMIN, Actor
from controlplane.service.services import Services
from headgate.forwarding import Proxies, parsed

GUESSES = 10
WINDOW_SECONDS = 60.0
ADDRESSES = 10_000  # remembered at a time; beyond it the oldest is forgotten
UNKNOWN = "unknown"
OPEN = frozenset({"/api/proxy/status", "/api/proxy/health"})
log = logging.getLogger(__name__)

# Declares the scheme in the OpenAPI document; the gate below is what checks.
password = HTTPBearer(scheme_name="password", description="The administrator's password", auto_error=False)


class Gate:
    """Lets requests below /api pass when they carry the password, and tells routes who asks
    (`request.state.actor`).
    """

    def __init__(self, app: ASGIApp, services: Services, trusted_proxies: Sequence[str]) -> None:
        self._app = app
        self._services = services
        self._proxies = Proxies(trusted_proxies)
        self._guesses = Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" and _guarded(scope["path"]) else None
        await (self._app if refusal is None else refusal)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        presented = _bearer(headers.get("authorization", ""))
        if presented is None:
            return _unauthenticated("send the administrator's password as Authorization: Bearer PASSWORD")
        client = self._proxies.client(scope["client"][0] if scope.get("client") else "", ",".join(headers.getlist("x-forwarded-for")))
        address = _group(client)
        now = self._services.clock.now()
        wait = self._guesses.wait(address, now)
        if wait > 0:
            return _throttled(wait)
        if self._services.administration.password_is(presented):
            self._guesses.forget(address)
            scope.setdefault("state", {})["actor"] = Actor(ADMIN, str(parsed(client) or UNKNOWN))
            return None
        self._guesses.add(address, now)
        log.warning("wrong administrator password address=%s", address)
        return _unauthenticated("the administrator's password is wrong")


class Guesses:
    """Wrong passwords by address, for the last minute."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def wait(self, address: str, now: float) -> float:
        """Seconds until `address` may guess again; 0 when it may."""
        times = self._times.get(address)
        if times is None or len(times) < GUESSES:
            return 0.0
        return max(0.0, times[0] + WINDOW_SECONDS - now)

    def add(self, address: str, now: float) -> None:
        """Count a wrong password."""
        # Reinserted, so that the first key is the address that was quiet for longest.
        times = self._times.pop(address, None) or deque(maxlen=GUESSES)
        times.append(now)
        self._times[address] = times
        if len(self._times) > ADDRESSES:
            del self._times[next(iter(self._times))]

    def forget(self, address: str) -> None:
        """A right password clears the count."""
        self._times.pop(address, None)


def _guarded(path: str) -> bool:
    return (path == "/api" or path.startswith("/api/")) and path not in OPEN


def _bearer(header: str) -> str | None:
    """The presented password, None when there is none. Headers are read as latin-1, passwords are UTF-8."""
    scheme, _, presented = header.partition(" ")
    if scheme.lower() != "bearer" or not presented.strip():
        return None
    try:
        return presented.strip().encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return presented.strip()


def _group(address: str) -> str:
    """Whom guesses are counted for: an IPv6 host owns a whole /64."""
    found = parsed(address)
    if found is None:
        return UNKNOWN
    return str(found if found.version == 4 else ipaddress.ip_network((found, 64), strict=False))


def _unauthenticated(message: str) -> Response:
    return errors.answer(401, "unauthenticated", message, headers={"www-authenticate": "Bearer"})


def _throttled(wait: float) -> Response:
    headers = {"retry-after": str(max(1, math.ceil(wait)))}
    return errors.answer(429, "too_many_attempts", "too many wrong passwords from this address", headers=headers)
