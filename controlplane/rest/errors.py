"""Every error answer, in one shape and made in one place: `{"error":{"code","message","field"}}`.

What a caller sent is never repeated: it may be a secret.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from controlplane.domain import errors as domain


class ErrorDetail(BaseModel):
    """`code` is for programs, `message` for people; `field` names what of the request is at fault."""

    code: str
    message: str
    field: str | None


class ErrorBody(BaseModel):
    """Every answer with a status of 400 and more."""

    error: ErrorDetail


def answer(status: int, code: str, message: str, field: str | None = None, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """An error answer."""
    body = ErrorBody(error=ErrorDetail(code=code, message=message, field=field))
    return JSONResponse(body.model_dump(), status, headers)


def unavailable() -> JSONResponse:
    """The answer while the database is away."""
    message = "the database does not answer; try again in a moment"
    return answer(503, "unavailable", message, headers={"retry-after": str(AWAY_SECONDS)})


def defect() -> JSONResponse:
    """The answer to what nobody foresaw; what it was is for the log only."""
    return answer(500, "internal", "this is a defect of the gateway; its log says more")


def unnoted() -> JSONResponse:
    """The answer while nothing may be changed that could not be noted."""
    return answer(503, *HTTP[503], headers={"retry-after": str(AWAY_SECONDS)})


def environment() -> JSONResponse:
    """The answer to who wants to change a password that is not ours to change."""
    return answer(409, "set_by_environment", "ADMIN_PASSWORD says what this password is; it can only be changed there")


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Have `app` answer every foreseen error in our shape. What is left is a defect: see `edge`."""
    app.state.routes = routes
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(domain.ControlError, _control)
    app.add_exception_handler(domain.ProviderError, _provider)


def detail(error: domain.ControlError) -> ErrorDetail:
    """What `error` says to an administrator."""
    return ErrorDetail(code=CONTROL[type(error)][1], message=error.message, field=error.field)


def complaint(faults: Sequence[Any]) -> ErrorDetail:
    """The first of pydantic's complaints in our words."""
    fault = faults[0]
    path = [part for part in fault["loc"] if part not in PLACES]
    # A body that is not JSON is complained about at a place in its text, which is no field.
    if fault["type"] in NOT_AN_OBJECT and (not path or fault["type"] == "json_invalid"):
        return ErrorDetail(code="invalid", message=NOT_AN_OBJECT[fault["type"]], field=None)
    field = named(re.sub(r"\.(\d+)", r"[\1]", ".".join(str(part) for part in path))) or None
    said = WORDS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return ErrorDetail(code="invalid", message=f"{field} {said[:1].lower()}{said[1:]}" if field else said, field=field)


def named(name: str) -> str:
    """A member's name as a caller chose it, fit to be shown: short, and nothing that UTF-8 cannot carry."""
    return name[:LONGEST].encode("ascii", "backslashreplace").decode()


def camel(name: str) -> str:
    """`refresh_token` as it is called in JSON: `refreshToken`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    said = complaint(cast("RequestValidationError", error).errors())
    return answer(400, said.code, said.message, said.field)


async def _http(request: Request, error: Exception) -> JSONResponse:
    fault = cast("HTTPException", error)
    code, message = HTTP.get(fault.status_code, ("invalid", str(fault.detail)))
    headers = dict(fault.headers or {})
    if fault.status_code == 405 and (methods := _methods(request)):
        headers["Allow"] = methods
    return answer(fault.status_code, code, message, headers=headers)


def _methods(request: Request) -> str:
    """What the address takes: each method is a route of its own, and routing saw only the first."""
    routes = [route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE]
    return ", ".join(sorted({method for route in routes for method in getattr(route, "methods", None) or ()}))


async def _control(_request: Request, error: Exception) -> JSONResponse:
    fault = cast("domain.ControlError", error)
    said = detail(fault)
    return answer(CONTROL[type(fault)][0], said.code, said.message, said.field)


async def _provider(_request: Request, error: Exception) -> JSONResponse:
    status, code = provider_row(cast("domain.ProviderError", error))
    wait = getattr(error, "retry_after", None)
    headers = {"retry-after": str(max(1, math.ceil(wait)))} if wait is not None else None
    return answer(status, code, cast("domain.ProviderError", error).message, headers=headers)


def provider_row(error: domain.ProviderError) -> tuple[int, str]:
    """Status and code of what an account's provider did; an adapter's own subclass counts as its parent."""
    return next(PROVIDER[kind] for kind in type(error).__mro__ if kind in PROVIDER)


LONGEST = 100
AWAY_SECONDS = 5
CONTROL: dict[type[domain.ControlError], tuple[int, str]] = {
    domain.Absent: (404, "not_found"),
    domain.Duplicate: (409, "duplicate"),
    domain.Invalid: (400, "invalid"),
}
# Never 401: that one is about the administrator's own password.
PROVIDER: dict[type, tuple[int, str]] = {
    domain.GrantRejected: (502, "needs_login"),
    domain.AccessRejected: (502, "access_rejected"),
    domain.CallForbidden: (502, "call_forbidden"),
    domain.AccountSuspended: (502, "suspended"),
    domain.Overtaken: (503, "provider_unavailable"),
    domain.ProviderUnavailable: (503, "provider_unavailable"),
}
HTTP = {
    401: ("unauthenticated", "your session has ended; sign in again"),
    404: ("not_found", "there is nothing at this address; /openapi.json lists what there is"),
    405: ("method_not_allowed", "this address does not take this method"),
    503: ("unavailable", "too many changes wait to be written to the audit log; try again in a moment"),
    408: ("too_slow", "the body did not arrive in time"),
    413: ("too_large", "the body is larger than this interface takes"),
}
PLACES = ("body", "query", "path", "header")
NOT_JSON = "the body must be a JSON object, sent with content-type: application/json"
NOT_AN_OBJECT = {
    "json_invalid": "the body is not valid JSON",
    "missing": NOT_JSON,
    "model_attributes_type": NOT_JSON,
    "model_type": NOT_JSON,
    "dict_type": NOT_JSON,
}
WORDS = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is required",
    "string_unicode": "is not valid text",
}
# What every guarded route may answer besides its own answer; for the OpenAPI document.
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "The request is not valid; the field at fault is named"},
    401: {"model": ErrorBody, "description": "Not signed in, or with a password, token or session that is not good"},
    403: {"model": ErrorBody, "description": "The role does not allow it, or a write of a session lacks its x-csrf-token"},
    429: {"model": ErrorBody, "description": "Too many wrong passwords from this address"},
    503: {"model": ErrorBody, "description": "The database does not answer"},
}
ABSENT: dict[int | str, dict[str, Any]] = {404: {"model": ErrorBody, "description": "There is no such record"}}
TAKEN: dict[int | str, dict[str, Any]] = {409: {"model": ErrorBody, "description": "The record exists already"}}
REFUSED: dict[int | str, dict[str, Any]] = {
    502: {"model": ErrorBody, "description": "The account's provider refused"},
    503: {"model": ErrorBody, "description": "The account's provider, or the database, did not answer"},
}
