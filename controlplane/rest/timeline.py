"""Routes about one account's past: what happened to it, and how it fared when accounts were chosen."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from controlplane.domain.account import Status
from controlplane.domain.event import Decided, Kind, Moment
from controlplane.domain.outcome import Ending
from controlplane.policy.picking import Pick, Result
from controlplane.rest import errors
from controlplane.rest.schemas import Page, View, moment
from controlplane.rest.wired import Wired
from controlplane.service.names import Names

router = APIRouter(prefix="/api/accounts", tags=["accounts"])


class MomentRead(View):
    """`type` status: how it stands since, and until when; where only a model of it rests, the reason names that.
    refresh: whether its token was renewed, and why not. change: what an administrator did; the reason names the fields.
    """

    id: str
    at: datetime | None
    type: Kind
    status: Status | None
    reason: str
    until: datetime | None
    ok: bool | None
    actor: str | None
    action: str | None

    @classmethod
    def of(cls, one: Moment) -> "MomentRead":
        return cls(
            id=one.id,
            at=moment(one.at_ms / 1000),
            type=one.kind,
            status=Status(one.status) if one.status in STATUSES else None,
            reason=one.reason,
            until=moment(one.until),
            ok=one.ok,
            actor=one.actor or None,
            action=one.action or None,
        )


class MomentList(View):
    events: list[MomentRead]
    next_cursor: str | None


class Winner(View):
    account_id: str
    label: str | None = Field(description="null: the account is gone")


class DecisionRead(View):
    """One choice of an account. `rule` and the `value` that decided say why this one was out, `score` what spoke for it."""

    request_id: str
    received_at: datetime | None
    asked_model: str
    result: Result
    rule: str | None
    value: str | None
    score: float | None
    winner: Winner | None = Field(description="null: nobody was chosen")
    ending: Ending

    @classmethod
    def of(cls, request: Decided, pick: Pick, names: Names) -> "DecisionRead":
        return cls(
            request_id=request.request_id,
            received_at=moment(request.received_at_ms / 1000),
            asked_model=request.asked_model,
            result=pick.result,
            rule=pick.rule or None,
            value=pick.value or None,
            score=pick.score,
            winner=Winner(account_id=pick.winner, label=names.account(pick.winner)) if pick.winner else None,
            ending=request.ending,
        )


class DecisionList(View):
    decisions: list[DecisionRead]


@router.get("/{account_id}/timeline", responses=errors.ABSENT)
async def read_account_timeline(services: Wired, account_id: str, query: Annotated[Page, Query()]) -> MomentList:
    """What happened to the account and what administrators did to it, newest first."""
    page = await services.timeline.page(account_id, query.limit, query.cursor)
    return MomentList(events=[MomentRead.of(one) for one in page.moments], next_cursor=page.cursor)


@router.get("/{account_id}/decisions", responses=errors.ABSENT)
async def read_account_decisions(services: Wired, account_id: str) -> DecisionList:
    """How the account fared in the newest requests that it might have served."""
    found = await services.timeline.decisions(account_id)
    return DecisionList(decisions=[DecisionRead.of(request, pick, services.names) for request, picks in found for pick in picks])


STATUSES = frozenset(Status)
