"""Errors in the shape of the Messages API."""

from typing import Any

from dataplane.errors import GatewayError, Kind
from dataplane.wire import jsontext


def status(error: GatewayError) -> int:
    return TABLE[error.kind][0]


def body(error: GatewayError, request_id: str) -> bytes:
    """The error's JSON. The place at fault is in the message; the shape has no member for it."""
    told: dict[str, Any] = {"type": TABLE[error.kind][1], "message": error.message}
    if error.code:
        told["details"] = {"error_code": error.code}
    return jsontext.dumps({"type": "error", "error": told, "request_id": request_id})


# Status and type of each kind (outside contract, section 2).
TABLE: dict[Kind, tuple[int, str]] = {
    Kind.INVALID_REQUEST: (400, "invalid_request_error"),
    Kind.CONTEXT_TOO_LONG: (400, "invalid_request_error"),
    Kind.UPSTREAM_REJECTED: (400, "invalid_request_error"),
    Kind.UNAUTHENTICATED: (401, "authentication_error"),
    Kind.MODEL_NOT_ALLOWED: (403, "permission_error"),
    Kind.ADDRESS_NOT_ALLOWED: (403, "permission_error"),
    Kind.MODEL_NOT_FOUND: (404, "not_found_error"),
    Kind.ROUTE_NOT_FOUND: (404, "not_found_error"),
    Kind.NOT_KEPT: (404, "not_found_error"),
    Kind.METHOD_NOT_ALLOWED: (405, "invalid_request_error"),
    Kind.TOO_LARGE: (413, "request_too_large"),
    Kind.RATE_LIMITED: (429, "rate_limit_error"),
    Kind.QUOTA_EXHAUSTED: (429, "rate_limit_error"),
    Kind.ACCOUNTS_BUSY: (429, "rate_limit_error"),
    Kind.ACCOUNTS_EXHAUSTED: (429, "rate_limit_error"),
    Kind.NO_ACCOUNT: (503, "api_error"),
    Kind.OVERLOADED: (529, "overloaded_error"),
    Kind.UPSTREAM_ERROR: (502, "api_error"),
    Kind.UPSTREAM_TIMEOUT: (504, "timeout_error"),
    Kind.STANDBY: (503, "api_error"),
    Kind.STORE_AWAY: (503, "api_error"),
    Kind.INTERNAL: (500, "api_error"),
}
