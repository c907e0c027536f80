"""How long an upstream asks to be left alone, in the spellings that were seen."""

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any


def retry_after(headers: Mapping[str, str], body: Any) -> float | None:
    """Seconds the upstream asked to wait, None when it asked for nothing."""
    for name, scale in WAIT_HEADERS:
        seconds = _number(headers.get(name), scale)
        if seconds is not None:
            return seconds
    if isinstance(body, dict) and (seconds := _number(body.get("retryAfterMilliseconds"), 0.001)) is not None:
        return seconds
    return _until(headers.get("retry-after"), headers.get("date"))


def _number(value: Any, scale: float) -> float | None:
    """`value` as non-negative seconds, if it is a number in any spelling."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        seconds = float(value) * scale
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _until(when: str | None, now: str | None) -> float | None:
    """Seconds from the answer's own date to `when`, both HTTP dates: our clock may differ from theirs."""
    start, end = _date(now), _date(when)
    if start is None or end is None:
        return None
    return max(0.0, (end - start).total_seconds())


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return date if date.tzinfo else None


WAIT_HEADERS = (("retry-after-ms", 0.001), ("retry-after", 1.0), ("x-ratelimit-reset-after", 1.0))
