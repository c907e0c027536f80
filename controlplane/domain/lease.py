"""Asking for an account, and what is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from controlplane.domain.outcome import Attempt


class Reason(IntEnum):
    """The class of a refusal; values as in the error contract."""

    UNAUTHENTICATED = 1
    MODEL_NOT_ALLOWED = 2
    ADDRESS_NOT_ALLOWED = 3
    UNKNOWN_MODEL = 4
    RATE_LIMITED = 5
    QUOTA_EXHAUSTED = 6
    ACCOUNTS_BUSY = 7
    ACCOUNTS_EXHAUSTED = 8
    NO_ACCOUNT = 9
    UNKNOWN_LEASE = 10
    CREDENTIAL_LOST = 11


@dataclass(frozen=True, slots=True)
class Refusal:
    """A normal no. `message` is one sentence for people; `retry_after` is whole seconds."""

    reason: Reason
    message: str
    retry_after: int | None = None
    suggestions: tuple[str, ...] = ()


@dataclass(slots=True)
class Caller:
    """Who calls: the credential as presented (a secret) and the client's address, empty: unknown."""

    credential: str = field(repr=False)
    address: str = ""


@dataclass(slots=True)
class Identity:
    """A valid credential. `key_id` is "proxy" or the managed key's id; empty tuples allow all.
    `strict`: the key wants a refusal where something would have to be left out.
    """

    key_id: str
    key_name: str
    allowed_models: tuple[str, ...] = ()
    allowed_account_ids: tuple[str, ...] = ()
    strict: bool = False


@dataclass(slots=True)
class Ask:
    """What a data plane asks for; fields as in the admission contract."""

    caller: Caller
    request_id: str
    model: str
    estimated_input_tokens: int = 0
    max_output_tokens: int = 0
    session: str = ""
    excluded_account_ids: Sequence[str] = ()
    lease_id: str = ""
    reserve_only: bool = False
    failed: Sequence[Attempt] = ()
    received_at_ms: int = 0
    dialect: str = ""
    streamed: bool = False
    sticky: bool = False


@dataclass(slots=True)
class Bearer:
    """A short-lived credential; `expires_at` epoch seconds, 0: never."""

    access_token: str = field(repr=False)
    expires_at: int = 0


@dataclass(slots=True)
class Lease:
    """Permission to spend one account for one request; fields as in the admission contract."""

    lease_id: str
    key_id: str
    account_id: str
    account_label: str
    kind: str
    model: str
    context_window: int
    max_output: int
    request_fields_schema: str
    base_urls: Sequence[str]
    bearer: Bearer
    attributes: Mapping[str, str]
    deadline: int
    input_types: Sequence[str]
    strict: bool


@dataclass(slots=True)
class Reservation:
    """The key's reservation, without an account."""

    lease_id: str
    key_id: str
    context_window: int = 0


@dataclass(slots=True)
class HeldLease:
    """A lease that a data plane says it holds, after this process forgot it."""

    lease_id: str
    key_id: str
    account_id: str
    model: str
    deadline: int
