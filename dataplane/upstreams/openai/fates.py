"""What each refusal deserves, as tables: who is to blame, what may be tried, what the client is told.

The error's own code decides, then its type, then its wording, the status last. Sources: OpenAI's list of error codes;
Kimi wire notes, section 2; DeepSeek's list; what vLLM, Ollama and llama.cpp were seen to answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

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
    rejected,
    timeout,
    too_long,
)

# The window of a model that nobody names one for.
USUAL_WINDOW = 128_000


@dataclass(slots=True)
class Words:
    """What the endpoint said. `param` is the member it blames."""

    message: str = ""
    code: str = ""
    type: str = ""
    param: str = ""
    retry_after: int | None = None


def classify(status: int, words: Words) -> Fate:
    """The fate of a refusal; of one without an explanation that is known, that of its status."""
    if fate := _CODES.get(words.code) or _CODES.get(words.type):
        return fate
    message = words.message.lower()
    for statuses, phrase, fate in _PHRASES:
        if (status in statuses or not statuses) and phrase in message:
            return fate
    return _STATUSES.get(status) or (_UNAVAILABLE if status >= 500 else _REJECTED)


@dataclass(slots=True, frozen=True)
class Sizes:
    """Tokens of a prompt that was refused and of the window, 0 for what was not told."""

    prompt: int = 0
    window: int = 0


def sizes(message: str) -> Sizes:
    """The figures in a refusal for length."""
    for pattern in _SIZES:
        if found := pattern.search(message):
            return Sizes(**{name: int(text.replace(",", "")) for name, text in found.groupdict().items()})
    return Sizes()


def greedy(message: str) -> bool:
    """Whether it is the wished length of the answer that does not fit, and not the prompt."""
    told = sizes(message)
    return bool(_TOO_LARGE(message.lower()) or (0 < told.prompt < told.window))


def _too_long(scene: Scene) -> GatewayError:
    told = sizes(scene.said)
    return too_long(scene, told.prompt, told.window or scene.lease.context_window or USUAL_WINDOW)


def _filtered(_: Scene) -> GatewayError:
    return errors.UpstreamRejected("The upstream's content filter refuses the request.")


# A key cannot be renewed; another account's may work.
_CREDENTIAL = Fate(Cause.CREDENTIAL_REJECTED, Retry.OTHER_ACCOUNT, bad_upstream)
_FORBIDDEN = Fate(Cause.FORBIDDEN, Retry.OTHER_ACCOUNT, bad_upstream)
_SUSPENDED = Fate(Cause.SUSPENDED, Retry.OTHER_ACCOUNT, no_account, wait=300)
_QUOTA = Fate(Cause.QUOTA_EXHAUSTED, Retry.OTHER_ACCOUNT, exhausted, wait=3600)
_THROTTLED = Fate(Cause.THROTTLED, Retry.OTHER_ACCOUNT, busy, wait=10)
_OVERLOADED = Fate(Cause.OVERLOADED, Retry.OTHER_ACCOUNT, overloaded, wait=10)
_UNAVAILABLE = Fate(Cause.UNAVAILABLE, Retry.OTHER_ACCOUNT, failed)
_UNREACHABLE = Fate(Cause.UNREACHABLE, Retry.OTHER_ACCOUNT, failed)
_TIMEOUT = Fate(Cause.TIMEOUT, Retry.OTHER_ACCOUNT, timeout)
# The network before the endpoint has waited for long already; nobody waits as long again.
_GIVEN_UP = Fate(Cause.TIMEOUT, Retry.NONE, timeout)
_UNKNOWN_MODEL = Fate(Cause.MODEL_UNKNOWN, Retry.OTHER_ACCOUNT, not_found)
_TOO_LONG = Fate(Cause.TOO_LONG, Retry.NONE, _too_long)
_REJECTED = Fate(Cause.BAD_REQUEST, Retry.NONE, rejected)
_FILTERED = Fate(Cause.BAD_REQUEST, Retry.NONE, _filtered)

# `error.code` and `error.type`.
_CODES: Mapping[str, Fate] = {
    "invalid_api_key": _CREDENTIAL,
    "invalid_authentication_error": _CREDENTIAL,
    "incorrect_api_key_error": _CREDENTIAL,
    "authentication_error": _CREDENTIAL,
    "account_deactivated": _SUSPENDED,
    "insufficient_quota": _QUOTA,
    "exceeded_current_quota_error": _QUOTA,
    "billing_hard_limit_reached": _QUOTA,
    "billing_not_active": _QUOTA,
    "insufficient_balance": _QUOTA,
    "insufficient_credits": _QUOTA,
    "rate_limit_exceeded": _THROTTLED,
    "rate_limit_reached_error": _THROTTLED,
    "engine_overloaded_error": _OVERLOADED,
    "engine_overloaded": _OVERLOADED,
    "overloaded_error": _OVERLOADED,
    "server_overloaded": _OVERLOADED,
    "unsupported_country_region_territory": _FORBIDDEN,
    "permission_denied_error": _FORBIDDEN,
    "access_terminated_error": _FORBIDDEN,
    "model_not_found": _UNKNOWN_MODEL,
    "resource_not_found_error": _UNKNOWN_MODEL,
    "context_length_exceeded": _TOO_LONG,
    "exceed_context_size_error": _TOO_LONG,
    "request_too_large": _TOO_LONG,
    "content_filter": _FILTERED,
    "content_policy_violation": _FILTERED,
}

_REFUSALS = (400, 413, 422, 500)
# Wordings in lower case, by the statuses they were seen with; () for any.
_PHRASES: tuple[tuple[tuple[int, ...], str, Fate], ...] = (
    (_REFUSALS, "maximum context length", _TOO_LONG),
    (_REFUSALS, "context length", _TOO_LONG),
    (_REFUSALS, "context size", _TOO_LONG),
    (_REFUSALS, "context window", _TOO_LONG),
    (_REFUSALS, "prompt is too long", _TOO_LONG),
    (_REFUSALS, "prompt too long", _TOO_LONG),
    (_REFUSALS, "input is too long", _TOO_LONG),
    (_REFUSALS, "longer than the maximum model length", _TOO_LONG),
    (_REFUSALS, "exceeded model token limit", _TOO_LONG),
    (_REFUSALS, "too many tokens", _TOO_LONG),
    # What is left of the window for the answer, in older vLLM.
    (_REFUSALS, "max_tokens must be at least 1, got -", _TOO_LONG),
    # Google's words for a limit by the minute, which begin with those for a quota.
    ((429,), "please retry in", _THROTTLED),
    ((400, 402, 403, 429), "insufficient balance", _QUOTA),
    ((400, 402, 403, 429), "exceeded your current quota", _QUOTA),
    ((400, 402, 403, 429), "insufficient credits", _QUOTA),
    ((403, 429), "suspended due to insufficient", _QUOTA),
    ((401, 403), "deactivated", _SUSPENDED),
    ((401, 403), "suspended", _SUSPENDED),
    ((400, 403, 404), "does not have access to model", _UNKNOWN_MODEL),
    ((400, 404), "model not exist", _UNKNOWN_MODEL),
    ((400, 404), "model not found", _UNKNOWN_MODEL),
    ((400, 404), "not found the model", _UNKNOWN_MODEL),
    ((404,), "model", _UNKNOWN_MODEL),
    ((429,), "overloaded", _OVERLOADED),
    ((429,), "server is busy", _OVERLOADED),
    ((500,), "server had an error while processing", _OVERLOADED),
    ((500, 502), "overloaded", _OVERLOADED),
)

# Statuses by themselves. Others: 5xx is unavailable, 4xx is the body's fault. 52x are Cloudflare's own.
_STATUSES: Mapping[int, Fate] = {
    401: _CREDENTIAL,
    402: _QUOTA,
    403: _FORBIDDEN,
    404: _UNAVAILABLE,
    405: _UNAVAILABLE,
    407: _FORBIDDEN,
    408: _TIMEOUT,
    413: _TOO_LONG,
    429: _THROTTLED,
    451: _FORBIDDEN,
    503: _OVERLOADED,
    504: _TIMEOUT,
    521: _UNREACHABLE,
    522: _UNREACHABLE,
    523: _UNREACHABLE,
    524: _GIVEN_UP,
    529: _OVERLOADED,
    530: _UNREACHABLE,
}

# Reasons for the end of a stream that is no answer.
BROKEN: Mapping[str, Fate] = {
    "abort": _UNAVAILABLE,
    "error": _UNAVAILABLE,
    "network_error": _UNAVAILABLE,
    "insufficient_system_resource": _OVERLOADED,
}

_TOO_LARGE = re.compile(
    r"max(?:_completion)?_tokens.{0,40}too large|valid range of max_tokens|max(?:_completion)?_tokens[`'\"]? must be less"
).search
_SIZES = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        r"context length is (?P<window>[\d,]+) tokens.{1,200}?\((?P<prompt>[\d,]+) in the messages",
        r"context length is (?P<window>[\d,]+) tokens.{1,200}?(?P<prompt>[\d,]+) input tokens",
        r"context length is (?P<window>[\d,]+) tokens.{1,200}?resulted in (?P<prompt>[\d,]+) tokens",
        r"request \((?P<prompt>\d+) tokens\) exceeds the available context size \((?P<window>\d+) tokens",
        r"prompt is too long: (?P<prompt>\d+) tokens > (?P<window>\d+)",
        r"prompt \(length (?P<prompt>\d+)\) is longer than the maximum model length of (?P<window>\d+)",
        r"model token limit: (?P<window>\d+) \(requested: (?P<prompt>\d+)\)",
        r"(?:model token limit:|context length is) (?P<window>[\d,]+)",
    )
)
