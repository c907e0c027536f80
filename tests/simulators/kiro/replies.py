"""Answers that are plain JSON, and who is asking."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.simulators.kiro.faults import Fault
from tests.simulators.kiro.state import Account, State

INVALID_BEARER = {"message": "The bearer token included in the request is invalid.", "reason": None}
DENIED_BEARER = {"__type": "com.amazon.aws.codewhisperer#AccessDeniedException", **INVALID_BEARER}


def reply(status: int, body: Mapping[str, Any] | str, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON, or HTML when `body` is text. The type of an error goes into its header as well."""
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)
    named = {"x-amzn-errortype": body["__type"].partition("#")[2]} if "__type" in body else {}
    return web.json_response(body, status=status, headers={**named, **(headers or {})})


async def fail(fault: Fault) -> web.Response:
    await asyncio.sleep(fault.delay)
    return reply(fault.status, fault.body, fault.headers)


async def members(request: web.Request) -> dict[str, Any] | None:
    """The JSON object of the body; None when there is none."""
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def bearer(request: web.Request, state: State) -> Account | None:
    """The account whose live token is presented. An API key must say what it is."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    account = state.bearer(token) if scheme == "Bearer" else None
    if account and account.method == "api-key" and request.headers.get("tokentype", "").upper() != "API_KEY":
        return None
    return account
