"""The route of the first page: how the installation stands."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from controlplane.domain.account import AccountBrief, Allowance, Status
from controlplane.domain.hour import Hour
from controlplane.domain.limits import Period, Unit
from controlplane.policy.overview import Spending
from controlplane.rest.schemas import Body, View, moment
from controlplane.rest.wired import Wired
from controlplane.service import limiting
from controlplane.service.names import Names

router = APIRouter(prefix="/api/overview", tags=["overview"])

MOST_HOURS = 168


class Span(Body):
    hours: int = Field(24, ge=1, le=MOST_HOURS, description="Of requests, the one under way the last of them")


class KeyCount(View):
    total: int
    enabled: int


class ReturnRead(View):
    """The account that is the first to come back by itself."""

    account_id: str
    label: str
    status: Status
    until: datetime | None

    @classmethod
    def of(cls, view: AccountBrief) -> "ReturnRead":
        return cls(account_id=view.account.id, label=view.account.label, status=view.status, until=moment(view.until))


class EndRead(View):
    """The account whose allowance is the first to be used up, as it goes now."""

    account_id: str
    label: str
    runs_out_at: datetime | None

    @classmethod
    def of(cls, view: AccountBrief) -> "EndRead":
        ends = view.forecast.runs_out_at if view.forecast else 0
        return cls(account_id=view.account.id, label=view.account.label, runs_out_at=moment(ends))


class HourRead(View):
    """Requests by the hour of their end. `p50` and `p95`: milliseconds to the first event. What the gateway asked itself
    is in tokens and cost, but is no request.
    """

    start: datetime | None
    served: int
    failed: int
    cut: int
    cancelled: int
    p50: int | None
    p95: int | None
    tokens: int
    cost: float = Field(description="US dollars")

    @classmethod
    def of(cls, hour: Hour) -> "HourRead":
        return cls(
            start=moment(hour.start),
            served=hour.served,
            failed=hour.failed,
            cut=hour.cut,
            cancelled=hour.cancelled,
            p50=None if hour.p50 is None else round(hour.p50),
            p95=None if hour.p95 is None else round(hour.p95),
            tokens=hour.tokens,
            cost=round(hour.cost, 6),
        )


class AllowanceLeft(View):
    """What an account's upstream says is left, in its own unit."""

    account_id: str
    label: str
    kind: str
    status: Status
    used: float
    limit: float
    unit: str
    resets_at: datetime | None
    per_hour: float | None = Field(description="How fast it goes; null: too little is known")
    runs_out_at: datetime | None = Field(description="null: not before its reset, or too little is known")

    @classmethod
    def of(cls, view: AccountBrief, allowance: Allowance) -> "AllowanceLeft":
        forecast = view.forecast
        return cls(
            account_id=view.account.id,
            label=view.account.label,
            kind=view.account.kind,
            status=view.status,
            used=allowance.used,
            limit=allowance.limit,
            unit=allowance.unit,
            resets_at=moment(allowance.resets_at),
            per_hour=forecast.per_hour if forecast else None,
            runs_out_at=moment(forecast.runs_out_at) if forecast else None,
        )


class SpendRead(View):
    """One limit of a key."""

    key_id: str
    name: str
    unit: Unit
    period: Period
    used: int | float
    reserved: int | float
    limit: int | float
    resets_at: datetime | None

    @classmethod
    def of(cls, one: Spending, names: Names) -> "SpendRead":
        leaf = one.leaf
        return cls(
            key_id=one.key_id,
            name=names.key(one.key_id) or "",
            unit=one.unit,
            period=one.period,
            used=limiting.amount(one.unit, leaf.used),
            reserved=limiting.amount(one.unit, leaf.reserved),
            limit=limiting.amount(one.unit, leaf.limit or 0),
            resets_at=moment(leaf.resets_at),
        )


class FirstRun(View):
    """Whether there is an account, a key, and whether there ever was a request."""

    account: bool
    key: bool
    request: bool


class OverviewRead(View):
    """`hours`: every one of the span. `spend`: the ten limits that are nearest to their end. `gaps`, `backlog`,
    `waiting`: as in the installation's figures.
    """

    at: datetime | None
    version: str
    started_at: datetime | None
    accounts: dict[Status, int]
    open_requests: int
    waiting: int
    gaps: int
    backlog: int
    keys: KeyCount
    next_return: ReturnRead | None
    runs_out: EndRead | None
    hours: list[HourRead]
    allowances: list[AllowanceLeft]
    spend: list[SpendRead]
    first_run: FirstRun


@router.get("")
async def read_overview(services: Wired, query: Annotated[Span, Query()]) -> OverviewRead:
    """How the installation stands, and what its last hours were like."""
    found = await services.overview.read(query.hours)
    return OverviewRead(
        at=moment(found.at),
        version=services.version,
        started_at=moment(services.started_at),
        accounts=dict(found.statuses),
        open_requests=services.leasing.open_leases,
        waiting=services.leasing.waiting,
        gaps=services.sequences.missing(found.at),
        backlog=services.records.backlog,
        keys=KeyCount(total=found.keys, enabled=found.enabled_keys),
        next_return=ReturnRead.of(found.next_return) if found.next_return else None,
        runs_out=EndRead.of(found.runs_out) if found.runs_out else None,
        hours=[HourRead.of(hour) for hour in found.hours],
        allowances=[AllowanceLeft.of(view, view.allowance) for view in found.accounts if view.allowance is not None],
        spend=[SpendRead.of(one, services.names) for one in found.spending],
        first_run=FirstRun(account=bool(found.accounts), key=found.keys > 0, request=found.requests),
    )
