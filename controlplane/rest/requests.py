"""Routes of the request log: the usage records as they are read."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from math import ceil
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import Field

from controlplane.domain.errors import Absent
from controlplane.domain.outcome import Attempt, Compression, Ending, Entry, EntryQuery, Source, Usage
from controlplane.policy import decisions, pricing
from controlplane.rest import errors
from controlplane.rest.audit import Audited
from controlplane.rest.schemas import Moment, Page, Text, View, moment
from controlplane.rest.waterfall import Span, spans
from controlplane.rest.wired import Wired
from controlplane.service.names import Names
from controlplane.service.originals import OriginalsAway

T = TypeVar("T")

router = APIRouter(prefix="/api/requests", tags=["requests"])

MOST_SUMMARIES = 100  # shown of one request; a long conversation takes some dozens
# What its route may answer besides.
ORIGINAL: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "The turns and what stands for them"},
    503: {"model": errors.ErrorBody, "description": "The summarizer, or the database, does not answer"},
}


class RequestFilter(Page):
    """`status` is the HTTP status that the client saw, `model` the upstream's id or what was asked for. `cause`: what the
    gateway asked itself for this request. `internal`: what it asked itself for any, or all the others. By the time
    they were received `from` is included, `to` is not.
    """

    key_id: Text | None = None
    account_id: Text | None = None
    model: Text | None = None
    ending: Ending | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    cause: Text | None = None
    internal: bool | None = None
    kind: Text | None = None
    request_id: Text | None = None
    begin: Moment | None = Field(None, alias="from")
    end: Moment | None = Field(None, alias="to")

    def asked(self) -> EntryQuery:
        named = self.model_dump(exclude={"begin", "end"})
        return EntryQuery(**named, begin_ms=_milliseconds(self.begin), end_ms=_milliseconds(self.end))


class UsageRead(View):
    """`output` includes `reasoning`; the sources say where the figures came from."""

    input: int
    cache_read: int
    cache_write: int
    output: int
    reasoning: int
    credits: float
    input_source: str
    output_source: str
    credits_source: str
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
            credits_source=Source(usage.credits_source).name.lower(),
            searches=usage.searches,
        )


class EndpointRead(View):
    """An address of the account that did not serve."""

    url: str
    fault: str
    retry_after: int | None


class AttemptRead(View):
    """Times are milliseconds after the request was read. `fault` is what went wrong with the account or its
    upstream. Without one, a `status` is that of the upstream's answer; at 0 there was none: the gateway ended
    the request before it sent anything, or the client left before the answer.
    `endpoint` answered, `endpoints` did not; `learned` are facts about the account that came out.
    """

    account_id: str
    kind: str
    model: str
    started_ms: int
    ended_ms: int
    fault: str
    status: int
    retry_after: int | None
    detail: str
    endpoint: str
    endpoints: list[EndpointRead]
    learned: dict[str, str]

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptRead":
        return cls(
            **{name: getattr(attempt, name) for name in ATTEMPT},
            endpoints=[EndpointRead(url=one.url, fault=one.fault, retry_after=one.retry_after) for one in attempt.endpoints],
            learned=dict(attempt.learned),
        )


class CompressionRead(View):
    """What shortening did to the conversation. `how` its summary was had: `model` (made for this request),
    `incremental` (partly so), `memory`, `store`; or why the conversation passed as it came: `no-gain`, `model-failed`,
    `late`, `budget`, `unavailable`. Tokens are estimated: `savedTokens` less than without, `spentTokens` on the summary.
    """

    how: str
    replaced_turns: int
    saved_tokens: int
    spent_tokens: int

    @classmethod
    def of(cls, compression: Compression) -> "CompressionRead":
        return cls(**{name: getattr(compression, name) for name in COMPRESSION})


class SummaryRead(View):
    """A request that the gateway made itself, to have a conversation summarised. `tokens`: all, in and out."""

    request_id: str
    ending: Ending
    account_id: str | None
    kind: str | None
    model: str | None
    duration_ms: int
    tokens: int
    credits: float
    cost: float

    @classmethod
    def of(cls, entry: Entry) -> "SummaryRead":
        outcome = entry.outcome
        return cls(
            request_id=outcome.request_id,
            ending=outcome.ending,
            account_id=entry.account_id or None,
            kind=entry.kind or None,
            model=entry.model or None,
            duration_ms=outcome.duration_ms,
            tokens=pricing.tokens(outcome.usage),
            credits=outcome.usage.credits,
            cost=entry.cost,
        )


class RequestRead(View):
    """`askedModel` is what the client wrote; account, kind and model are those of the last attempt."""

    request_id: str
    received_at: datetime | None
    key_id: str
    key_name: str | None = Field(description="null: the key is gone, or the caller brought an account along")
    asked_model: str
    account_id: str | None
    account_label: str | None = Field(description="null: there was none, or it is gone, or was the caller's own")
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
    cost: float = Field(description="In US dollars, by the price table of its time")
    compression: CompressionRead | None = Field(description="null: nobody tried to shorten its conversation")
    cause: str | None = Field(description="For which request the gateway made it itself, a summary; null: a client made it")
    dropped: list[str] = Field(description="JSON paths of the client's body that had no seat upstream")


class Reproduced(View):
    """A choice of an account, made again from the record alone."""

    same: bool
    recorded: str
    recomputed: str


class RequestDetail(RequestRead):
    lease_id: str
    attempts: list[AttemptRead]
    decision: list[dict[str, Any]] = Field(description="Step by step how the request was admitted; empty when nobody knows")
    reproduced: list[Reproduced] = Field(description="Whether each choice of the decision follows from what it records")
    waterfall: list[Span] = Field(description="Where its time went")
    summaries: list[SummaryRead] = Field(description="What the gateway asked itself for this request, oldest first")


class RequestList(View):
    requests: list[RequestRead]
    next_cursor: str | None


@router.get("")
async def list_requests(services: Wired, query: Annotated[RequestFilter, Query()]) -> RequestList:
    """Requests that have ended, newest first."""
    page = await services.records.page(query.asked())
    return RequestList(requests=[brief(entry, services.names) for entry in page.entries], next_cursor=page.cursor)


@router.get("/{request_id}", responses=errors.ABSENT, response_model=RequestDetail)
async def read_request(services: Wired, request_id: str) -> Response:
    """One request with its attempts, and why they were made where they were."""
    entry = await services.records.find(request_id) if _possible(request_id) else None
    if entry is None:
        raise Absent("there is no request with this id")
    caused = await services.records.page(EntryQuery(cause=request_id, limit=MOST_SUMMARIES))
    # Of a pool of hundreds a decision is long: read, made again and written it takes longer than others should wait.
    text = await asyncio.to_thread(_detail, entry, brief(entry, services.names), caused.entries)
    return Response(text, media_type="application/json")


@router.get("/{request_id}/original", responses=errors.ABSENT | ORIGINAL, response_class=Response)
async def read_original(services: Wired, audited: Audited, request_id: str) -> Response:
    """What compression replaced in the request's conversation, and by what, as long as the summarizer keeps it. It is
    what the client's users wrote: who reads it is noted in the audit log.
    """
    if not _possible(request_id):
        raise Absent("there is no request with this id")
    try:
        text = await services.originals.original(request_id)
    except OriginalsAway:
        headers = {"retry-after": str(errors.AWAY_SECONDS)}
        return errors.answer(503, "unavailable", "the summarizer does not answer; try again in a moment", headers=headers)
    await audited.note("requests.original", request_id)
    return Response(text, media_type="application/json")


def _detail(entry: Entry, read: RequestRead, caused: Sequence[Entry]) -> str:
    """One request as JSON."""
    outcome = entry.outcome
    steps = _readable(decisions.decode, entry.decision)
    replays = _readable(decisions.replay, entry.decision)
    made = RequestDetail(
        **read.model_dump(),
        lease_id=outcome.lease_id,
        attempts=[AttemptRead.of(attempt) for attempt in outcome.attempts],
        decision=steps,
        reproduced=[Reproduced(same=one.same, recorded=one.recorded, recomputed=one.recomputed) for one in replays],
        waterfall=spans(outcome, steps),
        summaries=[SummaryRead.of(one) for one in reversed(caused)],
    )
    return made.model_dump_json(by_alias=True)


def _possible(request_id: str) -> bool:
    """No id of ours holds another character, and not every database could be asked for one."""
    return request_id.isprintable() and request_id.isascii()


def _readable(read: Callable[[str], list[T]], text: str) -> list[T]:
    """What can be read of a decision record; nothing of one that another release wrote otherwise, for the rest
    of the request must not be hidden by it.
    """
    try:
        return read(text)
    except (ValueError, LookupError, TypeError):
        return []


def _milliseconds(time: datetime | None) -> int | None:
    """Epoch milliseconds, the next whole one: what is received within one is received at its beginning."""
    return None if time is None else ceil(time.timestamp() * 1000)


def brief(entry: Entry, names: Names) -> RequestRead:
    """One row of the log."""
    outcome = entry.outcome
    return RequestRead(
        **{name: getattr(outcome, name) for name in OUTCOME},
        received_at=moment(outcome.received_at_ms / 1000),
        key_id=entry.key_id,
        key_name=names.key(entry.key_id),
        asked_model=entry.asked_model,
        account_id=entry.account_id or None,
        account_label=names.account(entry.account_id),
        kind=entry.kind or None,
        model=entry.model or None,
        error=outcome.error or None,
        finish_reason=outcome.finish_reason or None,
        usage=UsageRead.of(outcome.usage),
        cost=entry.cost,
        compression=CompressionRead.of(outcome.compression) if outcome.compression is not None else None,
        cause=entry.cause or None,
        dropped=list(outcome.dropped),
    )


ATTEMPT = ("account_id", "kind", "model", "started_ms", "ended_ms", "fault", "status", "retry_after", "detail", "endpoint")
COMPRESSION = ("how", "replaced_turns", "saved_tokens", "spent_tokens")
OUTCOME = ("request_id", "ending", "status", "dialect", "streamed", "first_event_ms", "duration_ms")
