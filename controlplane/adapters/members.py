"""Members of answers that nobody vouches for: they may be missing, elsewhere, or of another type.

Names are tried in their order; one with points in it lies deeper, `top_provider.context_length`.
"""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

# Neither a header, a database nor a protobuf message takes these.
UNFIT = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
MOST = 2**32 - 1
LATEST = 253_402_300_799  # the last second of the year 9999, epoch seconds
LONGEST_NAME = 200


def at(row: Any, name: str) -> Any:
    """The member, None when there is none."""
    for step in name.split("."):
        row = row.get(step) if isinstance(row, dict) else None
    return row


def text(row: Any, *names: str) -> str:
    """The first that is text, fit to be stored; empty when none is."""
    found = (at(row, name) for name in names)
    return next((UNFIT.sub("", value).strip()[:LONGEST_NAME] for value in found if isinstance(value, str)), "")


def count(row: Any, *names: str) -> int:
    """The first that is a number above 0, also as text; 0 when none is."""
    return next((value for value in map(_count, (at(row, name) for name in names)) if value), 0)


def words(row: Any, *names: str) -> tuple[str, ...]:
    """The first that is a list, its texts in lower case and each once."""
    lists = (value for value in (at(row, name) for name in names) if isinstance(value, list))
    found = (UNFIT.sub("", word).strip().lower()[:LONGEST_NAME] for word in next(lists, []) if isinstance(word, str))
    return tuple(dict.fromkeys(filter(None, found)))


def flag(row: Any, *names: str) -> bool | None:
    """The first that says yes or no; None when none does."""
    return next((value for value in (at(row, name) for name in names) if isinstance(value, bool)), None)


def moment(row: Any, *names: str) -> int:
    """The first that is a time, epoch seconds: seconds, milliseconds or ISO 8601; 0 when none is."""
    return next((value for value in map(_moment, (at(row, name) for name in names)) if value), 0)


def rows(body: Any, *names: str) -> Sequence[Mapping[str, Any]] | None:
    """The first list of objects by these names, or the body itself; None when there is no list."""
    lists = (value for value in (*(at(body, name) for name in names), body) if isinstance(value, list))
    found = next(lists, None)
    return None if found is None else [row for row in found if isinstance(row, dict)]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) else 0.0


def _count(value: Any) -> int:
    return int(min(max(0.0, _number(value)), MOST))


def _moment(value: Any) -> int:
    seconds = _number(value)
    if not seconds and isinstance(value, str):
        try:
            made = datetime.fromisoformat(value)
            seconds = made.timestamp() if made.tzinfo else 0.0
        except (ValueError, OverflowError):
            return 0
    seconds = seconds / 1000 if seconds > 1e11 else seconds
    return int(seconds) if 0 < seconds <= LATEST else 0
