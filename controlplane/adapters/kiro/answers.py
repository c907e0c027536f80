"""Kiro's answers as our values. Members may be missing, spelled in snake_case, or of another type.

Page: Kiro wire notes, sections on refresh, usage, models and profiles.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from controlplane.domain.account import Allowance, Tokens
from controlplane.domain.errors import ProviderUnavailable
from controlplane.domain.model import ModelFacts

TOKEN_SECONDS = 3600  # what every answer said that said anything
# Neither a header, a database nor a protobuf message takes these.
UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
# Figures beyond these are mistakes, and columns and messages have an end too.
MOST_TOKENS = 2**32 - 1
MOST_CREDITS = 1e12
LATEST = 253_402_300_799  # the last second of the year 9999, epoch seconds


def tokens(body: Any) -> Tokens:
    """A refresh's answer. Raises ProviderUnavailable when it holds no access token."""
    access = _text(body, "accessToken")
    if not access or not access.isascii():  # it becomes a header
        raise ProviderUnavailable("Kiro's answer to the token refresh holds no usable access token")
    seconds = _number(body, "expiresIn")
    return Tokens(
        access_token=access,
        expires_in=int(seconds) if seconds and seconds >= 1 else TOKEN_SECONDS,
        refresh_token=_text(body, "refreshToken"),
        profile_arn=_text(body, "profileArn"),
    )


def profiles(body: Any) -> list[str]:
    """ARNs of the profiles that are active, in the upstream's order."""
    rows = [row for row in _rows(body, "profiles") if _text(row, "status").upper() in ("", "ACTIVE")]
    return [arn for arn in (_text(row, "arn") for row in rows) if arn]


def models(body: Any) -> list[ModelFacts]:
    """One page of the model list. Raises ProviderUnavailable when it is none."""
    if not isinstance(_member(body, "models"), list):
        raise ProviderUnavailable("Kiro's answer holds no list of models")
    return [_model(row) for row in _rows(body, "models") if _text(row, "modelId")]


def next_page(body: Any) -> str:
    """The token of the next page, empty at the end."""
    return _text(body, "nextToken")


def allowance(body: Any) -> Allowance:
    """Plan, trial and bonuses together. Raises ProviderUnavailable when the answer names no limit."""
    part = _breakdown(body)
    if part is None:
        return _bare_limits(body)
    pools = [part, *_active(part)]
    return Allowance(
        used=sum(_exact(pool, "currentUsage") for pool in pools),
        limit=sum(_exact(pool, "usageLimit") for pool in pools),
        resets_at=_time(part, "nextDateReset") or _time(body, "nextDateReset"),
        unit=(_text(part, "unit") or _text(part, "resourceType") or "credit").lower(),
        **_owner(body),
    )


def plan(title: str) -> str:
    """The plan's short name; the order of the tests matters, for `PRO+` contains `PRO`."""
    upper = title.upper()
    return next((name for mark, name in PLANS if mark in upper), "Free" if title else "")


def _bare_limits(body: Any) -> Allowance:
    """The older answer, without breakdowns: the first row that is a limit of requests."""
    rows = _rows(body, "limits")
    row = next((row for row in rows if _text(row, "type") in ("CREDIT", "AGENTIC_REQUEST")), rows[0] if rows else None)
    if row is None:
        raise ProviderUnavailable("Kiro's answer names no limit")
    return Allowance(
        used=_exact(row, "currentUsage"),
        limit=_exact(row, "totalUsageLimit"),
        resets_at=_time(body, "nextDateReset"),
        unit=_text(row, "type").lower() or "credit",
        **_owner(body),
    )


def _owner(body: Any) -> dict[str, Any]:
    subscription = _member(body, "subscriptionInfo")
    return {
        "plan": plan(_text(subscription, "subscriptionTitle") or _text(subscription, "type")),
        "email": _text(_member(body, "userInfo"), "email"),
        "overage": _text(_member(body, "overageConfiguration"), "overageStatus").upper() == "ENABLED",
    }


def _breakdown(body: Any) -> Mapping[str, Any] | None:
    """The row that requests are charged to: credits, else requests, else whatever is listed first."""
    rows = _rows(body, "usageBreakdownList")
    single = _member(body, "usageBreakdown")
    if not rows and isinstance(single, dict):
        rows = [single]
    for wanted in ("CREDIT", "AGENTIC_REQUEST"):
        for row in rows:
            if _text(row, "resourceType").upper() == wanted:
                return row
    return rows[0] if rows else None


def _active(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The trial and the bonuses that still count."""
    trial = _member(part, "freeTrialInfo")
    found = [trial] if isinstance(trial, dict) and _text(trial, "freeTrialStatus").upper() == "ACTIVE" else []
    return found + [row for row in _rows(part, "bonuses") if _text(row, "status").upper() in ("", "ACTIVE")]


def _model(row: Mapping[str, Any]) -> ModelFacts:
    limits = _member(row, "tokenLimits")
    schema = _member(row, "additionalModelRequestFieldsSchema")
    return ModelFacts(
        id=_text(row, "modelId"),
        display_name=_text(row, "modelName"),
        context_window=_count(limits, "maxInputTokens"),
        max_output=_count(limits, "maxOutputTokens"),
        rate=max(0.0, _number(row, "rateMultiplier") or 0.0),
        request_fields_schema=json.dumps(schema) if isinstance(schema, dict) else _clean(schema),
        input_types=_words(row, "supportedInputTypes"),
    )


# ---- members, by any spelling and of any type


def _member(body: Any, name: str) -> Any:
    """Member `name`, in camelCase or in snake_case; None when there is none."""
    if not isinstance(body, dict):
        return None
    return body[name] if name in body else body.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def _text(body: Any, name: str) -> str:
    return _clean(_member(body, name)).strip()


def _clean(value: Any) -> str:
    return UNFIT.sub("", value) if isinstance(value, str) else ""


def _words(body: Any, name: str) -> tuple[str, ...]:
    """A list of names, lower case, each once."""
    value = _member(body, name)
    words = [_clean(word).strip().lower() for word in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(filter(None, words)))


def _rows(body: Any, name: str) -> Sequence[Mapping[str, Any]]:
    value = _member(body, name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _number(body: Any, name: str) -> float | None:
    value = _member(body, name)
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _count(body: Any, name: str) -> int:
    return min(max(0, int(_number(body, name) or 0)), MOST_TOKENS)


def _exact(body: Any, name: str) -> float:
    """A figure in its precise form, else in its rounded one."""
    precise = _number(body, name + "WithPrecision")
    return min(max(0.0, (precise if precise is not None else _number(body, name)) or 0.0), MOST_CREDITS)


def _time(body: Any, name: str) -> int:
    """Epoch seconds from seconds, milliseconds or ISO 8601; 0 when unknown."""
    number = _number(body, name)
    if number is not None:
        return _moment(number / 1000 if number > 1e11 else number)
    try:
        moment = datetime.fromisoformat(_text(body, name))
    except ValueError:
        return 0
    return _moment(moment.timestamp()) if moment.tzinfo else 0


def _moment(seconds: float) -> int:
    return int(seconds) if 0 < seconds <= LATEST else 0


PLANS = (("POWER", "Power"), ("PRO+", "Pro+"), ("PRO_PLUS", "Pro+"), ("PRO", "Pro"))
