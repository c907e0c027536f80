"""The end of a request: what the ledger keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

# The error code of a record that the control plane wrote because nobody reported the end in time.
LEASE_EXPIRED = "lease_expired"


class Ending(StrEnum):
    """How a request ended."""

    SERVED = "served"
    FAILED = "failed"
    CUT = "cut"
    CANCELLED = "cancelled"


class Source(IntEnum):
    """Where a token figure came from; values as in the admission contract."""

    UNKNOWN = 0
    UPSTREAM = 1
    DERIVED = 2
    ESTIMATED = 3


@dataclass(slots=True)
class Usage:
    """Tokens and credits of one request; `output` includes `reasoning`. `searches`: web searches made for it.
    `credits_source` is unknown where the upstream has credits and did not tell them.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    credits: float = 0.0
    input_source: int = 0
    output_source: int = 0
    searches: int = 0
    credits_source: int = 0


@dataclass(slots=True)
class EndpointFault:
    """One address of an account that did not serve; `retry_after` is seconds, None when it asked for nothing."""

    url: str
    fault: str
    retry_after: int | None = None


@dataclass(slots=True)
class Attempt:
    """One try at one account; milliseconds after the request was read. `fault` is empty when neither the
    account nor its upstream failed: it served, or, with a `status` of 0, nothing was sent, or the client
    left before an answer.

    `endpoint` answered, `endpoints` did not. `learned` are facts about the account, by name.
    """

    account_id: str
    kind: str
    model: str
    started_ms: int = 0
    ended_ms: int = 0
    fault: str = ""
    status: int = 0
    retry_after: int | None = None
    detail: str = ""
    endpoint: str = ""
    endpoints: Sequence[EndpointFault] = ()
    learned: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compression:
    """What shortening did to a request's conversation. `how` the summary was had; where the conversation passed as it
    came, why. Estimated tokens: `saved_tokens` less than without the summary, `spent_tokens` on making it.
    """

    how: str
    replaced_turns: int = 0
    saved_tokens: int = 0
    spent_tokens: int = 0


@dataclass(slots=True)
class Outcome:
    """The end of one lease, as a data plane reports it. `compression`: None when nobody tried to shorten it."""

    lease_id: str
    request_id: str
    ending: Ending
    status: int
    received_at_ms: int
    duration_ms: int
    dialect: str
    streamed: bool
    usage: Usage
    attempts: Sequence[Attempt] = ()
    error: str = ""
    finish_reason: str = ""
    first_event_ms: int | None = None
    dropped: Sequence[str] = ()
    sequence: int = 0
    compression: Compression | None = None


@dataclass(slots=True)
class Entry:
    """One record: an outcome with who paid, who served, and what was asked for.

    `account_id` and `model` (the upstream's id) are those of the last attempt, empty when there was
    none; `asked_model` is what the client wrote. `booked_at` (epoch seconds) is when it counts,
    `counted` whether it counts as a request of its key, `cost` its money by the price table then.
    `decision`: how the account was chosen, as JSON text, empty when nobody knows. `cause`: the request that the
    gateway itself called for, whose key pays; such a call is no request of the key's. Empty: it is one.
    """

    outcome: Outcome
    key_id: str
    asked_model: str
    account_id: str = ""
    kind: str = ""
    model: str = ""
    booked_at: int = 0
    counted: bool = True
    cost: float = 0.0
    decision: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class EntryQuery:
    """Filters of the request list; None: any. `status` is the HTTP status the client saw. `internal`: whether
    the gateway made it itself. Received from `begin_ms` up to but without `end_ms`, epoch milliseconds.
    """

    key_id: str | None = None
    account_id: str | None = None
    model: str | None = None
    ending: Ending | None = None
    status: int | None = None
    cause: str | None = None
    internal: bool | None = None
    kind: str | None = None
    request_id: str | None = None
    begin_ms: int | None = None
    end_ms: int | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Newest first; `cursor` continues, None at the end."""

    entries: Sequence[Entry]
    cursor: str | None
