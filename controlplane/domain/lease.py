"""Asking for an account, and what is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from controlplane.domain.limits import NO_LIMITS, Limits, Window
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
    """A normal no. `message` is one sentence for people; `retry_after` is whole seconds. `windows`: what
    the key may still do.
    """

    reason: Reason
    message: str
    retry_after: int | None = None
    suggestions: tuple[str, ...] = ()
    windows: Sequence[Window] = ()


@dataclass(slots=True)
class Caller:
    """Who calls: the credential as presented (a secret) and the client's address, empty: unknown. `for_key_id` and
    `for_request_id`: who pays and which request it is for, where the gateway itself calls; else they mean nothing.
    """

    credential: str = field(repr=False)
    address: str = ""
    for_key_id: str = ""
    for_request_id: str = ""


@dataclass(slots=True)
class OwnToken:
    """The refresh token of a caller's own account, as presented (a secret), and its keyed hash: hex
    digits over the whole token, 32 of which are the account's name.
    """

    digest: str
    token: str = field(repr=False)
    account_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.account_id = OWN + self.digest[:NAME_DIGITS]


@dataclass(slots=True)
class Identity:
    """A valid credential. `key_id` is "proxy", the managed key's id, or that of the caller's own account;
    empty tuples allow all. `strict`: the key wants a refusal where something would have to be left
    out. `own`: the account that the caller brings along, the only one that serves it. `whole`: the key does not want
    its conversations shortened. `cause`: the request that the gateway itself calls for, empty: it is the key's own.
    `forced`: an administrator tests the one account that is allowed, however it stands.
    """

    key_id: str
    key_name: str
    allowed_models: tuple[str, ...] = ()
    allowed_account_ids: tuple[str, ...] = ()
    strict: bool = False
    limits: Limits = NO_LIMITS
    own: OwnToken | None = None
    whole: bool = False
    cause: str = ""
    forced: bool = False

    @property
    def brings(self) -> bool:
        """Whether it is the caller's own account that serves it."""
        return self.key_id.startswith(OWN)


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
    """Permission to spend one account for one request; fields as in the admission contract. `output_reserved`
    is None where no limit bounds the answer.
    """

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
    output_reserved: int | None = None
    windows: Sequence[Window] = ()
    tokens_reserved: int = 0
    credits_reserved: int = 0


@dataclass(slots=True)
class Reservation:
    """The key's reservation, without an account. `kind` and `context_window`: of the target that is likely to serve;
    `whole`: as in Identity; what is reserved: as in Lease.
    """

    lease_id: str
    key_id: str
    context_window: int = 0
    windows: Sequence[Window] = ()
    kind: str = ""
    whole: bool = False
    tokens_reserved: int = 0
    credits_reserved: int = 0


@dataclass(slots=True)
class Extension:
    """More of the answer may come: tokens of output that are reserved now altogether."""

    output_reserved: int


@dataclass(slots=True)
class HeldLease:
    """A lease that a data plane says it holds, after this process forgot it. `tokens` and `credits`
    (millionths) are what was reserved, `output` the tokens of it that are for the answer.
    """

    lease_id: str
    key_id: str
    account_id: str
    model: str
    deadline: int
    tokens: int = 0
    credits: int = 0
    output: int = 0


# What the ids of callers' own accounts begin with, and the hex digits that follow: 128 bits of the hash.
OWN = "own_"
NAME_DIGITS = 32
