"""The outermost layer: limits on what comes in, headers on what goes out, and no detail of a defect."""

import asyncio
import logging
from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controlplane.rest import errors

MAX_BODY_BYTES = 8 * 1024 * 1024  # an import of some thousand accounts
BODY_SECONDS = 30.0  # for all of a body to arrive
log = logging.getLogger(__name__)


class Edge:
    """Wraps the whole application; the one place where any exception is caught."""

    def __init__(self, app: ASGIApp, away: Callable[[Exception], bool]) -> None:
        self._app = app
        self._away = away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def outward(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _guard(scope, MutableHeaders(scope=message))
            await send(message)

        if _announced(scope) > MAX_BODY_BYTES:
            await errors.answer(413, *errors.HTTP[413])(scope, receive, outward)
            return
        try:
            await self._app(scope, _timely(_limited(receive), lambda: started), outward)
        except Exception as error:
            log.exception("request failed method=%s path=%s", scope["method"], scope["path"])
            if not started:
                await (errors.unavailable() if self._away(error) else errors.defect())(scope, receive, outward)


def _guard(scope: Scope, headers: MutableHeaders) -> None:
    headers["x-content-type-options"] = "nosniff"
    headers.setdefault("referrer-policy", "no-referrer")
    headers.setdefault("content-security-policy", NO_CONTENT)
    if scope["path"].startswith("/api"):
        headers.setdefault("cache-control", "no-store")


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else 0


def _limited(receive: Receive) -> Receive:
    """`receive` that ends a body which turns out larger than announced, or was not announced."""
    size = 0

    async def inward() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            raise HTTPException(413)
        return message

    return inward


def _timely(receive: Receive, answered: Callable[[], bool]) -> Receive:
    """`receive` that ends a body which takes too long: nobody may hold a request open with it."""
    until = asyncio.get_running_loop().time() + BODY_SECONDS
    whole = False

    async def inward() -> Message:
        nonlocal whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError:
            if answered():
                return {"type": "http.disconnect"}
            raise HTTPException(408, headers={"connection": "close"}) from None
        whole = message["type"] != "http.request" or not message.get("more_body")
        return message

    return inward


NO_CONTENT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
