"""What a key may spend, what it has reserved and spent, and the answers to asking for more.

Amounts are whole numbers, so that sums are exact everywhere: requests, tokens, and credits in
millionths (MILLION to a credit).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

MILLION = 1_000_000


class Unit(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    CREDITS = "credits"


class Period(StrEnum):
    """MINUTE is a token bucket: capacity N, refilled N per 60 s. DAY and MONTH are UTC calendar
    periods. TOTAL never resets.
    """

    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class Caps:
    """The limits of one unit, None: none."""

    minute: int | None = None
    day: int | None = None
    month: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of a payer. `concurrency`: requests at a time."""

    requests: Caps = Caps()
    tokens: Caps = Caps()
    credits: Caps = Caps()
    concurrency: int | None = None


NO_LIMITS = Limits()


class Amounts(NamedTuple):
    """Some of each unit."""

    requests: int = 0
    tokens: int = 0
    credits: int = 0


NOTHING = Amounts()


@dataclass(frozen=True, slots=True)
class Spent:
    """What a payer has spent in the periods that `at` (epoch seconds) lies in."""

    at: float
    day: Amounts = NOTHING
    month: Amounts = NOTHING
    total: Amounts = NOTHING


@dataclass(slots=True)
class Payer:
    """Somebody whose limits hold: a key by its id, or the whole installation."""

    id: str
    limits: Limits = NO_LIMITS


INSTALLATION = "installation"


@dataclass(slots=True)
class Place:
    """A request's place at an account, which takes `limit` at a time (0: no limit)."""

    account_id: str
    limit: int = 0


@dataclass(slots=True)
class Claim:
    """What a request asks for before it is admitted: `amounts` of every payer, all or nothing.

    The first payer is the key. `deadline` (epoch seconds): when it returns if nobody settles it. What claims no
    request is none of the requests at a time either, and no limit of requests stands against it.
    """

    lease_id: str
    payers: Sequence[Payer]
    amounts: Amounts
    deadline: int
    place: Place | None = None


@dataclass(slots=True)
class Window:
    """One limit of a key after an answer: `left` never below 0; `resets_at` is when it is whole again,
    epoch seconds, 0: never.
    """

    unit: Unit
    period: Period
    limit: int
    left: int
    resets_at: float


@dataclass(slots=True)
class Granted:
    """Reserved. `in_flight`: requests at the place's account, this one included. `windows`: the key's
    limits of requests and tokens, for the rate headers.
    """

    in_flight: int = 0
    windows: Sequence[Window] = ()


@dataclass(slots=True)
class Denied:
    """Nothing was reserved: this limit stands against it. `unit` and `period` are None for concurrency.

    `retry_at`: epoch seconds when the same claim may pass, as far as the limit itself tells; None:
    never by itself. `left` is what could still be claimed.
    """

    payer_id: str
    unit: Unit | None
    period: Period | None
    limit: int
    left: int
    retry_at: float | None
    windows: Sequence[Window] = ()


@dataclass(slots=True)
class Full:
    """Nothing was reserved: the account takes no more than it has, `in_flight`."""

    in_flight: int


@dataclass(slots=True)
class Booking:
    """The end of a lease: what it really spent. A request that is given back has spent no request."""

    lease_id: str
    key_id: str
    spent: Amounts


@dataclass(slots=True)
class Booked:
    """What became of a booking. `held`: the lease was held, so it counts now; else nothing was done.

    `account_id` and `in_flight`: the account whose place returned ("" none), and who is left there.
    `overrun`: what was spent above the reservation.
    """

    held: bool
    account_id: str = ""
    in_flight: int = 0
    overrun: Amounts = NOTHING


@dataclass(slots=True)
class Leaf:
    """One limit as people see it; `used` of a minute is what its bucket lacks. `resets_at`: 0 never."""

    used: int
    reserved: int
    standby: int
    limit: int | None
    left: int | None
    resets_at: float


@dataclass(slots=True)
class Budget:
    """All of a payer's limits as people see them, by unit and period, and requests at a time.

    A minute without a limit is not counted and has no leaf.
    """

    leaves: Sequence[tuple[Unit, Period, Leaf]]
    concurrency: Leaf
    overrun: Amounts = NOTHING
