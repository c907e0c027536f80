"""Routes of the request log: the usage ledger as it is read."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from controlplane.domain.errors import Absent
from controlplane.domain.outcome import Attempt, Ending, Entry, EntryQuery, Source, Usage
from controlplane.rest import errors
from controlplane.rest.schemas import Page, Text, View, moment
from controlplane.rest.wired import Wired

router = APIRouter(prefix="/api/requests", tags=["requests"])


class RequestFilter(Page):
    """`status` is the HTTP status that the client saw, `model` the upstream's id."""

    key_id: Text | None = None
    account_id: Text | None = None
    model: Text | None = None
    ending: Ending | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None


class UsageRead(View):
    """`output` includes `reasoning`; `inputSource` and `outputSource` say where the figures came from."""

    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    credits: float
    input_source: str
    output_source: str
    searches: int = Field(description="Web searches made for the answer")

    @classmethod
    def of(cls, usage: Usage) -> "UsageRead":
        return cls(
            input=usage.input,
            cache_read=usage.cache_read,
            cache_write=usage.cache_write,
            output=usage.output,
            reasoning=usage.reasoning,
            credits=usage.credits,
            input_source=Source(usage.input_source).name.lower(),
            output_source=Source(usage.output_source).name.lower(),
            searches=usage.searches,
        )


class AttemptRead(View):
    """Times are milliseconds after the request was read; `fault` is empty when the attempt served."""

    account_id: str
    kind: str
    model: str
    started_ms: int
    ended_ms: int
    fault: str
    status: int
    retry_after: int | None
    detail: str

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptRead":
        return cls(**{name: getattr(attempt, name) for name in ATTEMPT})


class RequestRead(View):
    """`askedModel` is what the client wrote; account, kind and model are those of the last attempt."""

    request_id: str
    received_at: datetime | None
    key_id: str
    asked_model: str
    account_id: str | None
    kind: str | None
    model: str | None
    ending: Ending
    status: int
    error: str | None
    finish_reason: str | None
    dialect: str
    streamed: bool
    first_event_ms: int | None
    duration_ms: int
    usage: UsageRead


class RequestDetail(RequestRead):
    lease_id: str
    attempts: list[AttemptRead]
    dropped: list[str] = Field(description="JSON paths of the client's body that had no seat upstream")


class RequestList(View):
    requests: list[RequestRead]
    next_cursor: str | None


@router.get("")
async def list_requests(services: Wired, query: Annotated[RequestFilter, Query()]) -> RequestList:
    """Requests that have ended, newest first."""
    page = await services.records.page(EntryQuery(**query.model_dump()))
    return RequestList(requests=[brief(entry) for entry in page.entries], next_cursor=page.cursor)


@router.get("/{request_id}", responses=errors.ABSENT)
async def read_request(services: Wired, request_id: str) -> RequestDetail:
    """One request with its attempts."""
    # No id of ours holds such a character, and not every database could be asked for one.
    entry = await services.records.find(request_id) if request_id.isprintable() and request_id.isascii() else None
    if entry is None:
        raise Absent("there is no request with this id")
    outcome = entry.outcome
    return RequestDetail(
        **brief(entry).model_dump(),
        lease_id=outcome.lease_id,
        attempts=[AttemptRead.of(attempt) for attempt in outcome.attempts],
        dropped=list(outcome.dropped),
    )


def brief(entry: Entry) -> RequestRead:
    """One row of the log."""
    outcome = entry.outcome
    return RequestRead(
        **{name: getattr(outcome, name) for name in OUTCOME},
        received_at=moment(outcome.received_at_ms / 1000),
        key_id=entry.key_id,
        asked_model=entry.asked_model,
        account_id=entry.account_id or None,
        kind=entry.kind or None,
        model=entry.model or None,
        error=outcome.error or None,
        finish_reason=outcome.finish_reason or None,
        usage=UsageRead.of(outcome.usage),
    )


ATTEMPT = ("account_id", "kind", "model", "started_ms", "ended_ms", "fault", "status", "retry_after", "detail")
OUTCOME = ("request_id", "ending", "status", "dialect", "streamed", "first_event_ms", "duration_ms")
