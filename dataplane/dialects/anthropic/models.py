"""Model lists in the shape of the Models API, a page at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dataplane.dialects.base import Listed
from dataplane.errors import InvalidRequest
from dataplane.wire import jsontext

# The Models API allows no larger page; it is also ours when none is asked for, because clients
# other than the official ones do not turn pages.
MAX_PAGE = 1000


def page(listed: Sequence[Listed], query: Mapping[str, str]) -> bytes:
    """At most `limit` models after `after_id`, or right before `before_id`. Raises InvalidRequest naming a bad value."""
    size = _size(query.get("limit", ""))
    after, before = query.get("after_id"), query.get("before_id")
    names = [name for name, _ in listed]
    begin = _place(names, after, "after_id") + 1 if after else 0
    end = _place(names, before, "before_id") if before else len(names)
    between = listed[begin:end]
    backwards = before and not after
    return _page(between[-size:] if backwards else between[:size], more=len(between) > size)


def single(listed: Listed) -> bytes:
    return jsontext.dumps(_row(listed))


def _page(rows: Sequence[Listed], *, more: bool) -> bytes:
    first, last = (rows[0][0], rows[-1][0]) if rows else (None, None)
    return jsontext.dumps({"data": [_row(row) for row in rows], "has_more": more, "first_id": first, "last_id": last})


def _row(listed: Listed) -> dict[str, Any]:
    """One model. An unknown date is the epoch, as the Models API has it; an unknown figure is null."""
    name, facts = listed
    return {
        "type": "model",
        "id": name,
        "display_name": facts.display_name or name,
        "created_at": datetime.fromtimestamp(facts.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",
        "max_input_tokens": facts.context_window or None,
        "max_tokens": facts.max_output or None,
    }


def _size(limit: str) -> int:
    if not limit:
        return MAX_PAGE
    if not (limit.isascii() and limit.isdigit() and len(limit) < 5 and 1 <= int(limit) <= MAX_PAGE):
        raise InvalidRequest(f"limit: must be a whole number from 1 to {MAX_PAGE}", param="limit")
    return int(limit)


def _place(names: list[str], wanted: str, param: str) -> int:
    if wanted not in names:
        raise InvalidRequest(f"{param}: there is no model of this id", param=param)
    return names.index(wanted)
