"""The route of usage over time: what charts are drawn from."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from controlplane.domain.limits import MILLION
from controlplane.domain.rollup import SECONDS, Axis, Bucket, Grain, UsageQuery
from controlplane.rest.schemas import Body, Moment, Text, View, moment
from controlplane.rest.wired import Wired

router = APIRouter(prefix="/api/usage", tags=["usage"])


class UsageFilter(Body):
    """`from` is included, from the beginning of its hour or day, `to` is not."""

    period: Grain = Grain.DAY
    begin: Moment | None = Field(None, alias="from", description="Default: a day before `to` by the hour, 30 days by the day")
    end: Moment | None = Field(None, alias="to", description="Default: now")
    by: Axis | None = Field(None, description="Default: all in one sum")
    key_id: Text | None = None
    account_id: Text | None = None
    model: Text | None = Field(None, description="The upstream's id")

    def asked(self, now: float) -> UsageQuery:
        end = self.end.timestamp() if self.end is not None else now + 1
        begin = self.begin.timestamp() if self.begin is not None else end - USUAL[self.period]
        start = int(begin) - int(begin) % SECONDS[self.period]
        return UsageQuery(self.period, start, int(end), self.by, self.key_id, self.account_id, self.model)


class BucketRead(View):
    """What ended in one hour or day. `name` is the id of the key or account, or the model, null where all
    is one sum or a request had none. `counted` leaves out the requests that were given back to their key.
    What the gateway asked itself is in tokens, credits and cost, but is no request.
    """

    start: datetime | None
    name: str | None
    requests: int
    success: int
    failed: int
    counted: int
    input: int
    cache_read: int
    cache_write: int
    output: int
    saved_tokens: int = Field(description="Estimated, by shortening conversations")
    summary_tokens: int = Field(description="What the summaries for that came to; part of the other tokens")
    credits: float
    cost: float = Field(description="US dollars, by the prices that held when the requests ended")

    @classmethod
    def of(cls, bucket: Bucket) -> "BucketRead":
        return cls(
            start=moment(bucket.start),
            name=bucket.name or None,
            credits=bucket.credits / MILLION,
            cost=round(bucket.cost, 6),
            **{name: getattr(bucket, name) for name in FIGURES},
        )


class UsageOverTime(View):
    """Buckets by their start, then by name. Where nothing happened there is none."""

    period: Grain
    by: Axis | None
    begin: datetime | None = Field(serialization_alias="from")
    end: datetime | None = Field(serialization_alias="to")
    buckets: list[BucketRead]


@router.get("")
async def read_usage(services: Wired, query: Annotated[UsageFilter, Query()]) -> UsageOverTime:
    """What requests came to, by the time they ended; kept although requests are deleted."""
    asked = query.asked(services.clock.now())
    buckets = await services.records.usage(asked)
    return UsageOverTime(
        period=asked.grain,
        by=asked.by,
        begin=moment(asked.start),
        end=moment(asked.end),
        buckets=[BucketRead.of(bucket) for bucket in buckets],
    )


FIGURES = ("requests", "success", "failed", "counted", "input", "cache_read", "cache_write", "output", "saved_tokens", "summary_tokens")
USUAL = {Grain.HOUR: 86400, Grain.DAY: 30 * 86400}
