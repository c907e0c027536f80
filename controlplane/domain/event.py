"""What happens: as it is told to those who listen now, and as it is kept of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from controlplane.domain.outcome import Ending


class Topic(StrEnum):
    """What an event is about. RESET: events were lost, and what was known is not to be relied on."""

    REQUEST = "request"
    ACCOUNT = "account"
    KEY = "key"
    SETTINGS = "settings"
    RESET = "reset"


@dataclass(slots=True)
class Event:
    """Something that changed, told to those who listen. `what` is by topic: the Entry of a request that has ended; an
    AccountView; a `service.feed.KeyStanding`; None for settings, which are read where they are told. For
    an account or a key that is no more it is None too. `id`: whose event; a later one of the same id takes its place.
    `text`: what was written of it for the first who heard it, for all the others.
    """

    topic: Topic
    id: str = ""
    what: Any = None
    text: bytes = field(default=b"", repr=False, compare=False)


class Kind(StrEnum):
    """What is kept of an account: how it stands, the end of a token refresh, what an administrator did."""

    STATUS = "status"
    REFRESH = "refresh"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event in an account's life, as it is kept. `status`, `reason` and `until` (epoch seconds, 0: no end by itself)
    are how it stands since; for one of its models alone the reason names that. `ok`: how a refresh ended, None: it is none.
    """

    account_id: str
    at_ms: int
    kind: Kind
    status: str = ""
    reason: str = ""
    until: int = 0
    ok: bool | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of an account's timeline: a happening, or an administrator's `action` by `actor`."""

    id: str
    at_ms: int
    kind: Kind
    status: str = ""
    reason: str = ""
    until: int = 0
    ok: bool | None = None
    actor: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class MomentPage:
    """Newest first; `cursor` continues, None at the end."""

    moments: Sequence[Moment]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A request's record as far as it tells how its account was chosen."""

    request_id: str
    received_at_ms: int
    asked_model: str
    ending: Ending
    decision: str
