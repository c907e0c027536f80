"""Scripted refusals: statuses and bodies as the API words them."""

from typing import Any

from tests.simulators.serving.service import page
from tests.simulators.serving.state import Body


def error(kind: str, message: str, request_id: str = "req_011CSim") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def worded(status: int, reason: str | None, message: str | None) -> Body:
    """The body of a fault; a page for the statuses a load balancer gives. Raises KeyError when there is no wording for it."""
    row = WORDINGS.get((status, reason))
    if message is not None:
        return error(row[0] if row and row[0] != HTML else TYPES.get(status, "api_error"), message)
    if row is None:
        raise KeyError((status, reason))
    kind, words = row
    return page(words) if kind == HTML else error(kind, words)


HTML = "html"
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}

# (status, reason) -> type and message.
WORDINGS: dict[tuple[int, str | None], tuple[str, str]] = {
    (400, None): ("invalid_request_error", "Invalid request"),
    (400, "context"): ("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"),
    (400, "credit"): (
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    (400, "limit"): ("invalid_request_error", "You have reached your specified API usage limits. You will regain access on 2026-12-01."),
    (400, "policy"): ("invalid_request_error", "Output blocked by content filtering policy"),
    (401, None): ("authentication_error", "invalid x-api-key"),
    (402, None): ("billing_error", "There is an issue with your billing or payment information."),
    (403, None): ("permission_error", "Your API key does not have permission to use the specified resource."),
    (403, "disabled"): ("permission_error", "This organization has been disabled."),
    (404, None): ("not_found_error", "model: claude-2"),
    (408, None): ("timeout_error", "Request timed out"),
    (413, None): ("request_too_large", "Request exceeds the maximum size"),
    (429, None): (
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 50 requests per minute.",
    ),
    (429, "tokens"): (
        "rate_limit_error",
        "This request would exceed your organization's rate limit of 30,000 input tokens per minute.",
    ),
    (429, "acceleration"): ("rate_limit_error", "Usage is being ramped up too quickly; please scale up gradually."),
    (429, "context"): ("rate_limit_error", "Extra usage is required for long context requests."),
    (500, None): ("api_error", "Internal server error"),
    (502, None): (HTML, "502 Bad Gateway"),
    (503, None): ("overloaded_error", "Overloaded"),
    (504, None): ("timeout_error", "Request timed out"),
    (520, None): (HTML, "520: Web server is returning an unknown error"),
    (524, None): (HTML, "524: A timeout occurred"),
    (529, None): ("overloaded_error", "Overloaded"),
}
