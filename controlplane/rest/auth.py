"""Who may come in: a bearer or a session's cookie, and what each may ask for.

This stands before routing and before the body is read: a stranger learns nothing about routes
and costs nothing. Who may write is asked again when the whole body is there: it may have been on its way for long.
"""

import hmac
import ipaddress
import math
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controlplane.domain.user import Origin, Refused, Who
from controlplane.policy import rights
from controlplane.rest import errors
from controlplane.rest.wired import Wired
from controlplane.service.audit import Actor
from controlplane.service.services import Services
from headgate.forwarding import Proxies, parsed

UNKNOWN = "unknown"
COOKIE = "headgate_session"
CSRF = "x-csrf-token"
# Declare the schemes in the OpenAPI document; the gate below is what checks.
bearer = HTTPBearer(scheme_name="bearer", description="The administrator's password, or a token hg-...", auto_error=False)
cookie = APIKeyCookie(name=COOKIE, scheme_name="cookie", description=f"A session; writes need {CSRF} as well", auto_error=False)
SCHEMES = (Depends(bearer), Depends(cookie))


class Gate:
    """Lets requests below /api pass when their sender may make them, and tells routes who asks: `request.state.who`,
    as the audit log says it `request.state.actor`, and from where `request.state.origin`.
    """

    def __init__(self, app: ASGIApp, services: Services, trusted_proxies: Sequence[str]) -> None:
        self._app = app
        self._administration = services.administration
        self._proxies = Proxies(trusted_proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _below_api(scope["path"]):
            await self._app(scope, receive, send)
        elif (refusal := await self._refusal(scope)) is not None:
            await refusal(scope, receive, send)
        else:
            who = scope["state"].get("who")
            held = receive if who is None or not rights.writes(scope["method"]) else self._lasting(who, receive)
            await self._app(scope, held, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        connection = HTTPConnection(scope)
        state = scope.setdefault("state", {})
        state["origin"] = origin = self._origin(connection)
        state["secure"] = self._secure(connection)
        if rights.open_to_all(scope["method"], scope["path"]):
            return None
        who = await self._who(connection, origin)
        if isinstance(who, Refused):
            return refused(who, clear=None if who.wait else connection)
        state["who"], state["actor"] = who, Actor(who.name, origin.address)
        return _forbidden(who, scope["method"], scope["path"], connection.headers)

    async def _who(self, connection: HTTPConnection, origin: Origin) -> Who | Refused:
        presented, session = _bearer(connection.headers.get("authorization", "")), connection.cookies.get(COOKIE)
        if presented is not None:
            return await self._administration.bearer(presented, origin)
        if session:
            return await self._administration.cookie(session, origin)
        return Refused("unauthenticated", "sign in, or send the administrator's password or a token as Authorization: Bearer ...")

    def _lasting(self, who: Who, receive: Receive) -> Receive:
        """`receive` that gives out the end of the body only to who still may come in."""

        async def inward() -> Message:
            message = await receive()
            if message["type"] == "http.request" and not message.get("more_body") and not self._administration.lasts(who):
                raise _ended()
            return message

        return inward

    def _origin(self, connection: HTTPConnection) -> Origin:
        client = self._proxies.client(_peer(connection), ",".join(connection.headers.getlist("x-forwarded-for")))
        return Origin(str(parsed(client) or UNKNOWN), _group(client), connection.headers.get("user-agent", ""))

    def _secure(self, connection: HTTPConnection) -> bool:
        """Whether the browser speaks TLS, to us or to a proxy that may say so."""
        forwarded = connection.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
        return connection.scope.get("scheme") == "https" or (forwarded == "https" and self._proxies.trusts(_peer(connection)))


async def asking(request: Request) -> Who:
    """Whom the gate let in."""
    who: Who = request.state.who
    return who


async def place(request: Request) -> Origin:
    """Where the request comes from."""
    origin: Origin = request.state.origin
    return origin


Asking = Annotated[Who, Depends(asking)]
Coming = Annotated[Origin, Depends(place)]


async def confirmed(request: Request, services: Wired, who: Asking) -> None:
    """See that the database, too, still knows who writes: another control plane may have ended that a moment ago."""
    if rights.writes(request.method) and not await services.administration.confirmed(who):
        raise _ended()


CONFIRMED = Depends(confirmed)


def refused(why: Refused, clear: HTTPConnection | None = None) -> Response:
    """The answer to somebody who is not let in. A cookie of `clear` that opens nothing is taken back, so that the browser
    does not present it again.
    """
    if why.wait > 0:
        return errors.answer(429, why.code, why.message, headers={"retry-after": str(max(1, math.ceil(why.wait)))})
    answer = errors.answer(401, why.code, why.message, headers={"www-authenticate": "Bearer"})
    if clear is not None and COOKIE in clear.cookies and "authorization" not in clear.headers:
        let_go(answer, secure=clear.state.secure)
    return answer


def hand_out(response: Response, session: str, seconds: int, *, secure: bool) -> None:
    """Give a session's cookie to the browser."""
    response.set_cookie(COOKIE, session, max_age=seconds, path="/", secure=secure, httponly=True, samesite="strict")


def let_go(response: Response, *, secure: bool) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="strict")


def _forbidden(who: Who, method: str, path: str, headers: Headers) -> Response | None:
    """Why somebody whom we know may not do this; None: it may."""
    # Another site can make the browser send the cookie, but does not know the word that goes with it.
    meant = hmac.compare_digest(headers.get(CSRF, "").encode("latin-1"), who.csrf.encode())
    if who.session is not None and rights.writes(method) and not meant:
        return errors.answer(403, "csrf", f"writes of a session need its csrfToken in the header {CSRF}")
    if rights.allowed(who.role, method, path):
        return None
    return errors.answer(403, "forbidden", f"the role {who.role} does not allow this; it takes an administrator")


def _ended() -> HTTPException:
    return HTTPException(401, headers={"www-authenticate": "Bearer"})


def _below_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def _peer(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""


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
