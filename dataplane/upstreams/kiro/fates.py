"""What each refusal of Kiro deserves, as tables: who is to blame, what may be tried, what the client is told.

The structured `reason` decides; the wording, which has changed more than once, only where there is
none; the status last. Exceptions inside a 200 stream are read like the status they stand for. Source:
Kiro wire notes, error bodies and what they deserve.
"""

from dataclasses import dataclass
from enum import Enum, auto

from dataplane import errors
from dataplane.errors import Cause, GatewayError, Retry
from dataplane.upstreams.refusals import (
    Fate,
    Scene,
    bad_upstream,
    busy,
    exhausted,
    failed,
    no_account,
    not_found,
    overloaded,
    timeout,
    too_long,
)


@dataclass(slots=True)
class Words:
    """What Kiro said. `exception` is the short name of its exception in lower case, "" when there is none."""

    message: str = ""
    reason: str = ""
    exception: str = ""
    retry_after: int | None = None


class Flaw(Enum):
    """What a refused request can be mended of and sent once more."""

    # The signatures of earlier reasoning (R01).
    SIGNATURE = auto()
    # The body's form, perhaps a tool's schema (S08).
    SHAPE = auto()
    # The profile is missing, or not the account's, which then may do nothing (E04).
    PROFILE = auto()


def flaw(status: int, words: Words) -> Flaw | None:
    """What may be wrong with a request that was refused, None for what cannot be mended."""
    message = words.message.lower()
    for reason, phrase, found in _FLAWS:
        if status == 400 and reason in {words.reason, ANY} and phrase in message:
            return found
    return Flaw.PROFILE if status == 403 and classify(status, words).cause is Cause.FORBIDDEN else None


def classify(status: int, words: Words) -> Fate:
    """`status` is the HTTP status; where it says little, the exception's own one counts."""
    if status in _VAGUE:
        status = _EXCEPTIONS.get(words.exception, 500 if status == 200 else status)
    if fate := _REASONS.get(words.reason) or _REASONS.get(words.exception.upper()):
        return fate
    message = words.message.lower()
    for statuses, phrase, fate in _PHRASES:
        if status in statuses and phrase in message:
            return fate
    return _STATUSES.get(status) or (_UNAVAILABLE if status >= 500 else _REJECTED)


def _rejected(scene: Scene) -> GatewayError:
    what = _KNOWN_FLAWS.get(scene.said, "the request")
    return errors.UpstreamRejected(f"The upstream calls {what} invalid.")


_CREDENTIAL = Fate(Cause.CREDENTIAL_REJECTED, Retry.RENEWED, bad_upstream)
_FORBIDDEN = Fate(Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, bad_upstream)
_SUSPENDED = Fate(Cause.SUSPENDED, Retry.OTHER_ACCOUNT, no_account, wait=300)
_QUOTA = Fate(Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, exhausted, wait=3600)
_THROTTLED = Fate(Cause.THROTTLED, Retry.OTHER_ACCOUNT, busy, wait=10)
_BURNING = Fate(Cause.THROTTLED, Retry.OTHER_ACCOUNT, busy, wait=300, park=300)
_SUSPICIOUS = Fate(Cause.THROTTLED, Retry.OTHER_ACCOUNT, busy, wait=600, park=600, least=600)
_OVERLOADED = Fate(Cause.OVERLOADED, Retry.OTHER_ACCOUNT, overloaded, wait=10)
_UNAVAILABLE = Fate(Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, failed)
_TIMEOUT = Fate(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, timeout)
# The network before the service has waited for long already; nobody waits as long again.
_GIVEN_UP = Fate(Cause.TIMEOUT, Retry.NONE, timeout)
_UNKNOWN_MODEL = Fate(Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, not_found)
_TOO_LONG = Fate(Cause.TOO_LONG, Retry.NONE, too_long)
_REJECTED = Fate(Cause.BAD_REQUEST, Retry.NONE, _rejected)

# The `reason` member. A body's flaw is never taken for one of the account.
_REASONS: dict[str, Fate] = {
    "CONTENT_LENGTH_EXCEEDS_THRESHOLD": _TOO_LONG,
    "CONVERSATION_LIMIT_EXCEEDED": _TOO_LONG,
    "INVALID_MODEL_ID": _UNKNOWN_MODEL,
    "MONTHLY_REQUEST_COUNT": _QUOTA,
    "DAILY_REQUEST_COUNT": _QUOTA,
    "OVERAGE_REQUEST_LIMIT_EXCEEDED": _QUOTA,
    "USER_REQUEST_RATE_EXCEEDED": _THROTTLED,
    "CREDIT_CONSUMPTION_RATE_EXCEEDED": _BURNING,
    "SERVICE_REQUEST_RATE_EXCEEDED": _OVERLOADED,
    "INSUFFICIENT_MODEL_CAPACITY": _OVERLOADED,
    "MODEL_TEMPORARILY_UNAVAILABLE": _OVERLOADED,
    "TEMPORARILY_SUSPENDED": _SUSPENDED,
    "FEATURE_NOT_SUPPORTED": _FORBIDDEN,
    "UNAUTHORIZED_CUSTOMIZATION_RESOURCE_ACCESS": _FORBIDDEN,
    "UNAUTHORIZED_WORKSPACE_CONTEXT_FEATURE_ACCESS": _FORBIDDEN,
    "INVALID_KMS_GRANT": _FORBIDDEN,
    "CUSTOMER_KMS_KEY_DISABLED": _FORBIDDEN,
    "CUSTOMER_KMS_KEY_INVALID_KEY_POLICY": _FORBIDDEN,
    "MISMATCHED_KMS_KEY": _FORBIDDEN,
    "REQUEST_BODY_INVALID": _REJECTED,
    "INVALID_CONVERSATION_ID": _REJECTED,
    "TOOL_USE_RESULT_MISMATCH": _REJECTED,
    "TOOL_SCHEMA_INVALID": _REJECTED,
    "TOOL_DUPLICATE": _REJECTED,
    "THINKING_SIGNATURE_INVALID": _REJECTED,
    "IMAGE_MIME_MISMATCH": _REJECTED,
    "IMAGE_FORMAT_UNSUPPORTED": _REJECTED,
    "IMAGE_DIMENSION_EXCEEDED": _REJECTED,
    "IMAGE_COUNT_EXCEEDED": _REJECTED,
}

# Wordings without a reason that decides, in lower case, by the statuses they were seen with.
_PHRASES: tuple[tuple[tuple[int, ...], str, Fate], ...] = (
    ((400,), "input is too long", _TOO_LONG),
    ((400, 402), "context window is full", _TOO_LONG),
    ((400,), "invalid model", _UNKNOWN_MODEL),
    ((400,), "profilearn is required", _FORBIDDEN),
    ((400,), "invalid profilearn", _FORBIDDEN),
    ((400, 429), "maximum request reached for this month", _QUOTA),
    ((401, 403), "suspended", _SUSPENDED),
    # The sign-in family and the profile do not fit together; renewing would not help.
    ((403,), "invalid token", _FORBIDDEN),
    ((403,), "token", _CREDENTIAL),
    ((403,), "expired", _CREDENTIAL),
    ((403,), "unauthorized", _CREDENTIAL),
    ((429,), "suspicious activity", _SUSPICIOUS),
    ((429, 500), "unexpectedly high load", _OVERLOADED),
    # A flaw of the body that the service behind Kiro found.
    ((500, 502, 503), "toolresult blocks", _REJECTED),
    ((500, 502, 503), "ids were found without", _REJECTED),
    ((429, 500), "unexpected error when processing the request", _OVERLOADED),
)

# Statuses by themselves. Others: 5xx is unavailable, 4xx is the body's fault.
_STATUSES: dict[int, Fate] = {
    401: _CREDENTIAL,
    402: _QUOTA,
    403: _FORBIDDEN,
    404: _UNAVAILABLE,
    408: _TIMEOUT,
    409: _FORBIDDEN,
    413: _TOO_LONG,
    423: _SUSPENDED,
    429: _THROTTLED,
    503: _OVERLOADED,
    504: _TIMEOUT,
    524: _GIVEN_UP,
    529: _OVERLOADED,
}

# HTTP statuses that may carry any exception; 200 is a stream's.
_VAGUE = frozenset({200, 400, 500})

# The status that an exception stands for. "error" is the one exception the stream's model names.
_EXCEPTIONS: dict[str, int] = {
    "accessdenied": 403,
    "accountsuspended": 423,
    "conflict": 409,
    "contentlengthexceeded": 413,
    "error": 500,
    "expiredtoken": 401,
    "internalserver": 500,
    "resourcenotfound": 404,
    "servicequotaexceeded": 402,
    "serviceunavailable": 503,
    "throttling": 429,
    "validation": 400,
}

# Reasons in our own words, for the client.
_KNOWN_FLAWS = {
    "TOOL_USE_RESULT_MISMATCH": "the pairing of tool calls and results",
    "TOOL_SCHEMA_INVALID": "a tool's schema",
    "TOOL_DUPLICATE": "the list of tools",
    "THINKING_SIGNATURE_INVALID": "the signature of earlier reasoning",
    "INVALID_CONVERSATION_ID": "the conversation's id",
    "IMAGE_MIME_MISMATCH": "the format of a picture",
    "IMAGE_FORMAT_UNSUPPORTED": "the format of a picture",
    "IMAGE_DIMENSION_EXCEEDED": "the size of a picture",
    "IMAGE_COUNT_EXCEEDED": "the number of pictures",
}

ANY = "*"
# Reason of a 400, and words of its message in lower case. The same fault was worded in three ways over time,
# with and without a reason; but the reason alone also stands for fields that the model does not take (E06).
_FLAWS: tuple[tuple[str, str, Flaw], ...] = (
    ("THINKING_SIGNATURE_INVALID", "", Flaw.SIGNATURE),
    ("", "signature in thinking block", Flaw.SIGNATURE),
    ("TOOL_SCHEMA_INVALID", "", Flaw.SHAPE),
    ("REQUEST_BODY_INVALID", "improperly formed request", Flaw.SHAPE),
    ("REQUEST_BODY_INVALID", "invalid tool use format", Flaw.SHAPE),
    ("", "improperly formed request", Flaw.SHAPE),
    ("", "invalid tool use format", Flaw.SHAPE),
    (ANY, "profilearn is required", Flaw.PROFILE),
    (ANY, "invalid profilearn", Flaw.PROFILE),
)
