"""What each refusal deserves, as tables: who is to blame, what may be tried, what the client is told.

Words decide where they are known, then the error's type, then the status: compatible endpoints agree with
Anthropic in the statuses at best. Errors inside a stream have no status and are read by their type. Source:
Anthropic's page on errors, and what compatible endpoints answer.
"""

import re
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
    """What the endpoint said; `type` is Anthropic's word for the kind of error, `retry_after` in seconds."""

    message: str = ""
    type: str = ""
    retry_after: int | None = None


class Flaw(Enum):
    """What a refused request can be mended of and sent once more."""

    # Earlier thinking: its signature, or its place beside calls.
    THINKING = auto()
    # Pages of a search that somebody else encrypted.
    SEARCH = auto()


def flaw(status: int, words: Words) -> Flaw | None:
    """What may be wrong with a request that was refused, None for what cannot be mended."""
    message = words.message.lower()
    return next((found for phrase, found in _FLAWS if phrase in message), None) if status == 400 else None


def classify(status: int, words: Words) -> Fate:
    """`status` 200 is a stream's, and says nothing."""
    if status < 400:
        status = _TYPES.get(words.type, 500)
    message = words.message.lower()
    for statuses, phrase, fate in _PHRASES:
        if status in statuses and phrase in message:
            return fate
    return _STATUSES.get(status) or (_UNAVAILABLE if status >= 500 else _REJECTED)


def _too_long(scene: Scene) -> GatewayError:
    """With the endpoint's own figures, where it told any."""
    if found := _TOKENS.search(scene.said):
        return errors.ContextTooLong(int(found[1]) + int(found[2] or 0), int(found[3]))
    return too_long(scene)


def _rejected(scene: Scene) -> GatewayError:
    message = scene.said.lower()
    what = next((told for phrase, told in _KNOWN_FLAWS if phrase in message), "the request")
    return errors.UpstreamRejected(f"The upstream calls {what} invalid.")


# "prompt is too long: 210000 tokens > 200000 maximum"; "... exceed context limit: 195000 + 8192 > 200000".
_TOKENS = re.compile(r"(\d{1,9})(?: \+ (\d{1,9}))?(?: tokens)? > (\d{1,9})")

# There is nothing to renew: keys stay as they are, and clients must not hear of them.
_CREDENTIAL = Fate(Cause.CREDENTIAL_REJECTED, Retry.OTHER_ACCOUNT, bad_upstream)
_FORBIDDEN = Fate(Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, bad_upstream)
_SUSPENDED = Fate(Cause.SUSPENDED, Retry.OTHER_ACCOUNT, no_account, wait=300)
_QUOTA = Fate(Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, exhausted, wait=3600)
_THROTTLED = Fate(Cause.THROTTLED, Retry.OTHER_ACCOUNT, busy, wait=10)
_OVERLOADED = Fate(Cause.OVERLOADED, Retry.OTHER_ACCOUNT, overloaded, wait=10)
_UNAVAILABLE = Fate(Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, failed)
_TIMEOUT = Fate(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, timeout)
# The network before the service has waited for long already; nobody waits as long again.
_GIVEN_UP = Fate(Cause.TIMEOUT, Retry.NONE, timeout)
_UNKNOWN_MODEL = Fate(Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, not_found)
_TOO_LONG = Fate(Cause.TOO_LONG, Retry.NONE, _too_long)
_REJECTED = Fate(Cause.BAD_REQUEST, Retry.NONE, _rejected)

# Wordings in lower case, by the statuses they come with.
_PHRASES: tuple[tuple[tuple[int, ...], str, Fate], ...] = (
    ((400, 413), "prompt is too long", _TOO_LONG),
    ((400,), "exceed context limit", _TOO_LONG),
    ((400,), "context window", _TOO_LONG),
    ((400,), "context length", _TOO_LONG),
    ((400, 403), "credit balance is too low", _QUOTA),
    ((400,), "usage limits", _QUOTA),
    ((400, 403), "organization has been disabled", _SUSPENDED),
    ((400,), "does not exist", _UNKNOWN_MODEL),
    ((404,), "model", _UNKNOWN_MODEL),
    ((429,), "quota", _QUOTA),
    ((429,), "insufficient balance", _QUOTA),
    ((429,), "billing", _QUOTA),
    ((500, 502, 503), "overloaded", _OVERLOADED),
)

# Statuses by themselves. Others: 5xx is unavailable, 4xx is the body's fault.
_STATUSES: dict[int, Fate] = {
    401: _CREDENTIAL,
    402: _QUOTA,
    403: _FORBIDDEN,
    404: _UNAVAILABLE,
    408: _TIMEOUT,
    413: _TOO_LONG,
    429: _THROTTLED,
    503: _OVERLOADED,
    504: _TIMEOUT,
    522: _TIMEOUT,
    524: _GIVEN_UP,
    529: _OVERLOADED,
}

# The status that a type stands for, where the error came inside a stream.
_TYPES: dict[str, int] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}

# Words of a 400, in lower case; the first that is found counts.
_FLAWS: tuple[tuple[str, Flaw], ...] = (
    ("encrypted_content", Flaw.SEARCH),
    ("`signature` in `thinking`", Flaw.THINKING),
    ("signature in thinking", Flaw.THINKING),
    ("thinking.signature", Flaw.THINKING),
    ("`data` in `redacted_thinking`", Flaw.THINKING),
    ("expected `thinking` or `redacted_thinking`", Flaw.THINKING),
    ("`redacted_thinking` blocks in the latest assistant message cannot be modified", Flaw.THINKING),
)

# The same in our own words, for the client.
_KNOWN_FLAWS = (
    ("signature", "the signature of earlier reasoning"),
    ("`tool_use` ids were found without", "the pairing of tool calls and results"),
    ("unexpected `tool_use_id`", "the pairing of tool calls and results"),
    ("input_schema", "a tool's schema"),
    ("output_config", "the output configuration"),
    ("max_tokens", "max_tokens"),
    ("temperature", "temperature"),
    ("thinking", "the thinking configuration"),
    ("image", "a picture"),
    ("pdf", "a document"),
    ("anthropic-beta", "a beta header"),
)
