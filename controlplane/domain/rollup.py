"""What records come to over time: sums for each hour and day, which outlive the records themselves."""

from dataclasses import dataclass
from enum import StrEnum


class Grain(StrEnum):
    """How long a bucket is; by the UTC clock."""

    HOUR = "hour"
    DAY = "day"


SECONDS = {Grain.HOUR: 3600, Grain.DAY: 86400}


class Axis(StrEnum):
    """What figures are told apart by."""

    KEY = "key"
    ACCOUNT = "account"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Usage over time, from `start` up to but without `end` (epoch seconds). `by` None: all in one.

    The other fields are filters, None: any; `model` is the upstream's id.
    """

    grain: Grain
    start: int
    end: int
    by: Axis | None = None
    key_id: str | None = None
    account_id: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One sum. `start`: its first second. `name`: the key, account or model asked for by `by`, empty
    where a request had none. `counted` leaves out the requests that were given back to their key;
    `credits` are millionths. What the gateway asked itself is in the amounts, but is no request.
    `saved_tokens` by shortening conversations, `summary_tokens` what the summaries came to.
    """

    start: int
    name: str
    requests: int
    success: int
    failed: int
    counted: int
    input: int
    cache_read: int
    cache_write: int
    output: int
    credits: int
    cost: float
    saved_tokens: int = 0
    summary_tokens: int = 0
