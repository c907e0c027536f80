"""Scripted refusals: statuses and bodies as the service words them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Fault:
    """An answer instead of the real one, `times` times. `account` and `endpoint` None stand for all. `delay` is seconds."""

    route: str
    account: str | None
    status: int
    body: dict[str, Any] | str
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    delay: float = 0.0
    endpoint: str | None = None


def worded(status: int, reason: str | None, message: str | None) -> dict[str, Any] | str:
    """The body of a fault; text for the statuses a load balancer gives. Raises KeyError when there is no wording for it."""
    if message is not None:
        return {"message": message, "reason": reason}
    kind, words = WORDINGS[status, reason]
    if kind == HTML:
        return f"<html><head><title>{words}</title></head><body><h1>{words}</h1></body></html>"
    body: dict[str, Any] = {"message": words, "reason": reason}
    return {"__type": f"com.amazon.aws.codewhisperer#{kind}", **body} if kind else body


HTML = "html"
VALIDATION = "ValidationException"
DENIED = "AccessDeniedException"
QUOTA = "ServiceQuotaExceededException"
THROTTLED = "ThrottlingException"
INTERNAL = "InternalServerException"
NO_TYPE = ""

# (status, reason) -> exception type and message.
WORDINGS: dict[tuple[int, str | None], tuple[str, str]] = {
    (400, None): (NO_TYPE, "Improperly formed request."),
    (400, "REQUEST_BODY_INVALID"): (NO_TYPE, "Improperly formed request."),
    (400, "CONTENT_LENGTH_EXCEEDS_THRESHOLD"): (VALIDATION, "Input is too long."),
    (400, "INVALID_MODEL_ID"): (VALIDATION, "Invalid model ID. Please select a different model to continue."),
    (400, "INVALID_CONVERSATION_ID"): (VALIDATION, "Improperly formed request."),
    (400, "THINKING_SIGNATURE_INVALID"): (VALIDATION, "Invalid signature in thinking block"),
    (400, "MONTHLY_REQUEST_COUNT"): (THROTTLED, "Maximum Request reached for this month."),
    (401, None): (DENIED, "The bearer token included in the request is invalid."),
    (402, "MONTHLY_REQUEST_COUNT"): (QUOTA, "You have reached the limit."),
    (402, "OVERAGE_REQUEST_LIMIT_EXCEEDED"): (QUOTA, "You have reached the limit for overages."),
    (402, "CONVERSATION_LIMIT_EXCEEDED"): (QUOTA, "Context window is full."),
    (403, None): (DENIED, "The bearer token included in the request is invalid."),
    (403, "TEMPORARILY_SUSPENDED"): (
        DENIED,
        "Your User ID (d-9067.0000) temporarily is suspended. We've locked your account as a security precaution.",
    ),
    (403, "FEATURE_NOT_SUPPORTED"): (DENIED, "Feature is not supported"),
    (408, None): (NO_TYPE, "Request timed out."),
    (413, None): (NO_TYPE, "Input is too long."),
    (423, None): ("AccountSuspendedException", "Your account is suspended."),
    (429, None): (THROTTLED, "Too many requests, please wait before trying again."),
    (429, "USER_REQUEST_RATE_EXCEEDED"): (THROTTLED, "Too many requests, please wait before trying again."),
    (429, "SERVICE_REQUEST_RATE_EXCEEDED"): (THROTTLED, "Too many requests, please wait before trying again."),
    (429, "CREDIT_CONSUMPTION_RATE_EXCEEDED"): (THROTTLED, "Credits are being used too quickly."),
    (429, "INSUFFICIENT_MODEL_CAPACITY"): (THROTTLED, "I am experiencing high traffic, please try again shortly."),
    (429, "DAILY_REQUEST_COUNT"): (THROTTLED, "Maximum Request reached for today."),
    (429, "MONTHLY_REQUEST_COUNT"): (THROTTLED, "Maximum Request reached for this month."),
    (500, None): (INTERNAL, "Encountered unexpectedly high load when processing the request, please try again."),
    (500, "MODEL_TEMPORARILY_UNAVAILABLE"): (INTERNAL, "Encountered an unexpected error when processing the request, please try again."),
    (500, "INSUFFICIENT_MODEL_CAPACITY"): (INTERNAL, "Encountered unexpectedly high load when processing the request, please try again."),
    (502, None): (HTML, "502 Bad Gateway"),
    (503, None): ("ServiceUnavailableException", "Service unavailable."),
    (503, "MODEL_TEMPORARILY_UNAVAILABLE"): (INTERNAL, "The model is temporarily unavailable."),
    (503, "INSUFFICIENT_MODEL_CAPACITY"): (INTERNAL, "Encountered unexpectedly high load when processing the request, please try again."),
    (504, None): (HTML, "504 Gateway Time-out"),
    (524, None): (HTML, "524: A timeout occurred"),
}
