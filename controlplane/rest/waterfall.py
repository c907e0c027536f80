"""Where a request's time went, from its attempts and what its decision record says of waiting."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from controlplane.domain.outcome import Outcome
from controlplane.rest.schemas import View


class Span(View):
    """Milliseconds after the request was read; a moment begins and ends at once."""

    name: str
    start_ms: int
    end_ms: int


def spans(outcome: Outcome, steps: Sequence[Mapping[str, Any]]) -> list[Span]:
    """What was waited for, attempts, the first event and the end, by their beginning. The time before the first of
    these is that of the compression where one was tried: reserving for the key, which comes first, takes next to none.
    """
    found = [Span(name=f"attempt {number}", start_ms=one.started_ms, end_ms=one.ended_ms) for number, one in enumerate(outcome.attempts, 1)]
    found += _pauses(outcome, steps)
    if outcome.compression is not None:
        found.append(Span(name="compression", start_ms=0, end_ms=min((span.start_ms for span in found), default=outcome.duration_ms)))
    if outcome.first_event_ms is not None:
        found.append(Span(name="first event", start_ms=outcome.first_event_ms, end_ms=outcome.first_event_ms))
    found.sort(key=lambda span: (span.start_ms, span.end_ms))
    return [*found, Span(name="end", start_ms=outcome.duration_ms, end_ms=outcome.duration_ms)]


def _pauses(outcome: Outcome, steps: Sequence[Mapping[str, Any]]) -> Iterator[Span]:
    """The record tells how long was waited, and in which order; that a wait ended when the attempt after
    it began is what places it in time.
    """
    end, attempt = outcome.duration_ms, len(outcome.attempts)
    for name, seconds, before in reversed(list(_waited(outcome, steps))):
        if before < attempt:
            attempt = before
            end = outcome.attempts[before].started_ms
        start = max(0, end - round(seconds * 1000))
        yield Span(name=name, start_ms=start, end_ms=end)
        end = start


def _waited(outcome: Outcome, steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, float, int]]:
    """Name and seconds of each pause, and the attempt it came before, counted from 0."""
    attempt = -1
    for place, step in enumerate(steps):
        following = outcome.attempts[attempt + 1].account_id if attempt + 1 < len(outcome.attempts) else None
        if step["step"] == "chose" and following is not None and step.get("accountId") == following:
            attempt += not (place + 1 < len(steps) and steps[place + 1]["step"] == "spared")
        elif step["step"] == "waited":
            yield "wait", step.get("seconds", 0), attempt + 1
        elif step["step"] == "renewed":
            # Of the account that was just chosen, unless that came to no attempt.
            yield "renew", step.get("seconds", 0), attempt if step.get("accountId") == _served(outcome, attempt) else attempt + 1


def _served(outcome: Outcome, attempt: int) -> str | None:
    return outcome.attempts[attempt].account_id if attempt >= 0 else None
