"""Scripted refusals: statuses and bodies as each vendor words them."""

from typing import Any

from tests.simulators.openai.vendors import Vendor
from tests.simulators.serving.service import page
from tests.simulators.serving.state import Body


def worded(vendor: Vendor, status: int, reason: str | None, message: str | None) -> Body:
    """The body of a fault; a page for the statuses a load balancer gives. Raises KeyError when there is no wording for it."""
    row = WORDINGS[vendor.name].get((status, reason)) or COMMON.get((status, reason))
    if message is not None:
        kind, code = row[:2] if row else ("invalid_request_error" if status < 500 else "server_error", reason)
        return error(vendor, message, kind, code=code, status=status)
    if row is None:
        raise KeyError((status, reason))
    kind, code, words = row
    return page(words) if kind == HTML else error(vendor, words, kind, code=code, status=status)


def error(
    vendor: Vendor,
    message: str,
    kind: str = "invalid_request_error",
    *,
    param: str | None = None,
    code: str | None = None,
    status: int = 400,
) -> dict[str, Any]:
    """An error in the vendor's shape."""
    if vendor.name == "kimi":
        return {"error": {"message": message, "type": kind}}
    if vendor.name == "vllm":
        return {"error": {"message": message, "type": VLLM_TYPES.get(status, "BadRequestError"), "param": param, "code": status}}
    if vendor.name == "deepseek":
        return {"error": {"message": message, "type": kind, "param": None, "code": code or "invalid_request_error"}}
    if vendor.name == "ollama":
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


HTML = "html"
VLLM_TYPES = {
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}

Row = tuple[str, str | None, str]
"""Type, code, message."""

# (status, reason) -> what all vendors say that have no words of their own for it.
COMMON: dict[tuple[int, str | None], Row] = {
    (400, None): ("invalid_request_error", None, "Invalid request."),
    (400, "context"): (
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens.",
    ),
    (400, "content_policy"): ("invalid_request_error", "content_policy_violation", "Your request was rejected by our safety system."),
    (401, None): ("invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-proj-****abcd."),
    (402, None): ("insufficient_quota", "billing_hard_limit_reached", "Billing hard limit has been reached."),
    (403, None): (
        "request_forbidden",
        "unsupported_country_region_territory",
        "Country, region, or territory not supported",
    ),
    (403, "model"): ("invalid_request_error", "model_not_found", "Project does not have access to this model."),
    (404, None): ("invalid_request_error", "model_not_found", "The model does not exist or you do not have access to it."),
    (408, None): ("timeout", None, "Request timed out."),
    (413, None): ("invalid_request_error", None, "Request too large."),
    (429, None): ("requests", "rate_limit_exceeded", "Rate limit reached for requests per min (RPM): Limit 500, Used 500, Requested 1."),
    (429, "tokens"): (
        "tokens",
        "rate_limit_exceeded",
        "Rate limit reached for tokens per min (TPM): Limit 30000, Used 29900, Requested 900.",
    ),
    (429, "quota"): (
        "insufficient_quota",
        "insufficient_quota",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    (429, "overloaded"): ("server_error", "overloaded", "The engine is currently overloaded, please try again later."),
    (500, None): ("server_error", None, "The server had an error while processing your request. Sorry about that!"),
    (502, None): (HTML, None, "502 Bad Gateway"),
    (503, None): ("server_error", "overloaded", "The engine is currently overloaded, please try again later."),
    (504, None): (HTML, None, "504 Gateway Time-out"),
    (522, None): (HTML, None, "522: Connection timed out"),
    (524, None): (HTML, None, "524: A timeout occurred"),
    (529, None): ("server_error", "overloaded", "The service is overloaded."),
}

WORDINGS: dict[str, dict[tuple[int, str | None], Row]] = {
    "openai": {},
    "kimi": {
        (400, "context"): ("invalid_request_error", None, "Invalid request: Your request exceeded model token limit: 262144"),
        (400, "content_policy"): ("content_filter", None, "The request was rejected because it was considered high risk"),
        (401, None): ("invalid_authentication_error", None, "Invalid Authentication"),
        (403, None): ("permission_denied_error", None, "The API you are accessing is not open"),
        (403, "client"): ("access_terminated_error", None, "This endpoint is only available to recognised coding clients."),
        (404, None): ("resource_not_found_error", None, "Not found the model or Permission denied"),
        (429, None): ("rate_limit_reached_error", None, "Your account reached organization max RPM: 3, please try again after 1 seconds"),
        (429, "concurrency"): (
            "rate_limit_reached_error",
            None,
            "Your account reached organization max concurrency: 1, please try again later",
        ),
        (429, "tokens"): (
            "rate_limit_reached_error",
            None,
            "Your account reached organization TPM rate limit, current: 32001, limit: 32000",
        ),
        (429, "quota"): (
            "exceeded_current_quota_error",
            None,
            "You exceeded your current token quota, please check your account balance",
        ),
        (429, "overloaded"): ("engine_overloaded_error", None, "The engine is currently overloaded, please try again later"),
        (500, None): ("server_error", None, "Failed to generate: unexpected output"),
    },
    "deepseek": {
        (401, None): ("authentication_error", "invalid_request_error", "Authentication Fails, Your api key: ****abcd is invalid"),
        (402, None): ("unknown_error", "invalid_request_error", "Insufficient Balance"),
        (422, None): ("invalid_request_error", "invalid_request_error", "Failed to deserialize the JSON body into the target type"),
        (429, None): ("rate_limit_error", "rate_limit_exceeded", "Rate limit reached"),
        (503, None): ("service_unavailable_error", "service_unavailable", "Service is too busy. We advise users to temporarily switch."),
    },
    "vllm": {(401, None): ("AuthenticationError", None, "Unauthorized")},
    "ollama": {
        (404, None): ("not_found_error", None, 'model "llama9" not found, try pulling it first'),
        (500, None): ("api_error", None, "llama runner process has terminated: exit status 2"),
        (503, None): ("api_error", None, "server busy, please try again.  maximum pending requests exceeded"),
    },
}
