"""Usage records as rows, and back."""

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import RowMapping

from controlplane.adapters.db.tables import requests
from controlplane.domain.outcome import Attempt, Compression, Ending, EndpointFault, Entry, Outcome, Usage
from controlplane.policy.pricing import MOST_TOKENS, plausible


def row(entry: Entry) -> tuple[Any, ...]:
    """The row of an entry, in the order of COLUMNS."""
    outcome, usage, compression = entry.outcome, entry.outcome.usage, entry.outcome.compression or NO_COMPRESSION
    return (
        outcome.lease_id,
        _text(outcome.request_id),
        _text(entry.key_id),
        _text(entry.account_id),
        _text(entry.kind),
        _text(entry.asked_model),
        _text(entry.model),
        outcome.ending.value,
        min(outcome.status, SMALL),
        _text(outcome.error),
        _text(outcome.finish_reason),
        outcome.received_at_ms,
        outcome.first_event_ms if outcome.first_event_ms is None else min(outcome.first_event_ms, PLAIN),
        min(outcome.duration_ms, PLAIN),
        _text(outcome.dialect),
        outcome.streamed,
        min(usage.input, MOST_TOKENS),
        min(usage.cache_read, MOST_TOKENS),
        min(usage.cache_write, MOST_TOKENS),
        min(usage.output, MOST_TOKENS),
        min(usage.reasoning, MOST_TOKENS),
        plausible(usage.credits),
        usage.input_source,
        usage.output_source,
        _json([_attempt(attempt) for attempt in outcome.attempts]) if outcome.attempts else "[]",
        _json(list(outcome.dropped)) if outcome.dropped else "[]",
        min(usage.searches, MOST_TOKENS),
        entry.booked_at,
        entry.counted,
        entry.cost,
        usage.credits_source,
        entry.decision,
        _text(entry.cause),
        _text(compression.how),
        min(compression.replaced_turns, PLAIN),
        min(compression.saved_tokens, MOST_TOKENS),
        min(compression.spent_tokens, MOST_TOKENS),
    )


def entry(found: RowMapping) -> Entry:
    """The entry of a row; its decision only if it was read."""
    outcome = Outcome(
        lease_id=found["lease_id"],
        request_id=found["request_id"],
        ending=Ending(found["ending"]),
        status=found["status"],
        received_at_ms=found["received_at_ms"],
        duration_ms=found["duration_ms"],
        dialect=found["dialect"],
        streamed=found["streamed"],
        usage=Usage(**{name: found[name] for name in USAGE}),
        attempts=[_read(attempt) for attempt in json.loads(found["attempts"])],
        error=found["error"],
        finish_reason=found["finish_reason"],
        first_event_ms=found["first_event_ms"],
        dropped=json.loads(found["dropped"]),
        compression=_compression(found),
    )
    made = Entry(outcome, **{name: found[name] for name in ENTRY})
    made.booked_at = found["booked_at"] or 0
    made.decision = found.get("decision", "")
    return made


def _compression(found: RowMapping) -> Compression | None:
    how = found["compressed_how"]
    return Compression(how, found["compressed_turns"], found["saved_tokens"], found["spent_tokens"]) if how else None


def _text(text: str) -> str:
    """Text that every database takes: a row that is refused would hold up all behind it."""
    return text if len(text) <= LONGEST and "\0" not in text else text[:LONGEST].replace("\0", "")


def _json(value: Any) -> str:
    return ENCODER.encode(value).decode()


class _Stored(msgspec.Struct, omit_defaults=True):
    """An attempt as JSON; what is empty is left out, most attempts have no fault. The previous release reads no other names."""

    account_id: str = ""
    kind: str = ""
    model: str = ""
    started_ms: int = 0
    ended_ms: int = 0
    fault: str = ""
    status: int = 0
    retry_after: int | None = None
    detail: str = ""
    endpoint: str = ""
    endpoints: Sequence[EndpointFault] | None = None
    learned: Mapping[str, str] | None = None


def _attempt(attempt: Attempt) -> _Stored:
    return _Stored(
        attempt.account_id,
        attempt.kind,
        attempt.model,
        attempt.started_ms,
        attempt.ended_ms,
        attempt.fault,
        attempt.status,
        attempt.retry_after or None,
        attempt.detail,
        attempt.endpoint,
        attempt.endpoints or None,
        dict(attempt.learned) if attempt.learned else None,
    )


def _read(stored: Mapping[str, Any]) -> Attempt:
    made = Attempt(**{"account_id": "", "kind": "", "model": "", **stored})
    made.endpoints = tuple(EndpointFault(**failed) for failed in stored.get("endpoints", ()))
    return made


ENCODER = msgspec.json.Encoder()
ENTRY = ("key_id", "asked_model", "account_id", "kind", "model", "counted", "cost", "cause")
USAGE = tuple(Usage.__slots__)
NO_COMPRESSION = Compression("")
# What the columns hold at most; nothing real comes near. Texts are names, this long only by mistake.
SMALL = 2**15 - 1
PLAIN = 2**31 - 1
LONGEST = 500
COLUMNS = (
    "lease_id",
    "request_id",
    "key_id",
    "account_id",
    "kind",
    "asked_model",
    "model",
    "ending",
    "status",
    "error",
    "finish_reason",
    "received_at_ms",
    "first_event_ms",
    "duration_ms",
    "dialect",
    "streamed",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "reasoning",
    "credits",
    "input_source",
    "output_source",
    "attempts",
    "dropped",
    "searches",
    "booked_at",
    "counted",
    "cost",
    "credits_source",
    "decision",
    "cause",
    "compressed_how",
    "compressed_turns",
    "saved_tokens",
    "spent_tokens",
)
# What lists read: a decision is longer than all the rest of its row.
LISTED = tuple(column for column in requests.c if column.name != "decision")
# What of a row the rollups are made of, in this order.
SUMMED = (
    "booked_at",
    "key_id",
    "account_id",
    "kind",
    "model",
    "ending",
    "counted",
    "cause",
    "first_event_ms",
    "saved_tokens",
    "input",
    "cache_read",
    "cache_write",
    "output",
    "credits",
    "cost",
)
summed = itemgetter(*(COLUMNS.index(name) for name in SUMMED))
