"""Errors in OpenAI's shape.

Clients act on these words: a `type` of server_error makes some repeat a request that can never
succeed, and `context_length_exceeded` makes them shorten the conversation by themselves.
"""

from dataplane.errors import GatewayError, Kind
from dataplane.wire.jsontext import dumps


def status(error: GatewayError) -> int:
    """The HTTP status of `error`."""
    return ROWS[error.kind][0]


def render(error: GatewayError) -> bytes:
    """The error object: a whole body, or the data of the event that ends a broken stream."""
    _, kind, code = ROWS[error.kind]
    return dumps({"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code or code}})


# Status, type and code.
ROWS: dict[Kind, tuple[int, str, str | None]] = {
    Kind.INVALID_REQUEST: (400, "invalid_request_error", None),
    Kind.CONTEXT_TOO_LONG: (400, "invalid_request_error", "context_length_exceeded"),
    Kind.UPSTREAM_REJECTED: (400, "invalid_request_error", "upstream_rejected"),
    Kind.UNAUTHENTICATED: (401, "authentication_error", "invalid_api_key"),
    Kind.MODEL_NOT_ALLOWED: (403, "permission_error", "model_not_allowed"),
    Kind.ADDRESS_NOT_ALLOWED: (403, "permission_error", "address_not_allowed"),
    Kind.MODEL_NOT_FOUND: (404, "not_found_error", "model_not_found"),
    # A missing route is not a missing model; the code is the one OpenAI itself gives.
    Kind.ROUTE_NOT_FOUND: (404, "not_found_error", "unknown_url"),
    Kind.NOT_KEPT: (404, "not_found_error", "not_found"),
    Kind.METHOD_NOT_ALLOWED: (405, "invalid_request_error", "method_not_allowed"),
    Kind.TOO_LARGE: (413, "request_too_large", "request_too_large"),
    Kind.RATE_LIMITED: (429, "rate_limit_error", "rate_limit_exceeded"),
    Kind.QUOTA_EXHAUSTED: (429, "rate_limit_error", "insufficient_quota"),
    Kind.ACCOUNTS_BUSY: (429, "rate_limit_error", "rate_limit_exceeded"),
    Kind.ACCOUNTS_EXHAUSTED: (429, "rate_limit_error", "insufficient_quota"),
    Kind.NO_ACCOUNT: (503, "api_error", "no_account"),
    Kind.OVERLOADED: (503, "overloaded_error", "server_overloaded"),
    Kind.UPSTREAM_ERROR: (502, "api_error", "upstream_error"),
    Kind.UPSTREAM_TIMEOUT: (504, "api_error", "timeout_error"),
    Kind.STANDBY: (503, "api_error", "standby"),
    Kind.STORE_AWAY: (503, "api_error", "store_unavailable"),
    Kind.INTERNAL: (500, "api_error", "internal_error"),
}
