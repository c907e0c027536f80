"""Everything that can go wrong with a request.

    GatewayError                what a client is told
    ├── InvalidRequest          400  the body or a parameter; names the field
    │   ├── ContextTooLong      400  the conversation does not fit the model
    │   └── UpstreamRejected    400  ours passed every check, the upstream still calls it invalid
    ├── Unauthenticated         401
    ├── Forbidden               403  model or client address not allowed for the key
    ├── NotFound                404  model or route, or what is not kept
    ├── MethodNotAllowed        405
    ├── TooLarge                413
    ├── Limited                 429  the key's rate or quota, or all suitable accounts busy or spent
    ├── Unavailable             503  no account, or the control plane is away
    ├── Overloaded              529  or 503, as the dialect has it
    ├── BadUpstream             502
    ├── UpstreamTimeout         504
    └── Internal                500  a defect of ours

    UpstreamFault               what happened at one attempt, and what may be tried next

Statuses, types and codes belong to the dialects: each has a table from `Kind` to its own shape.
Messages are ours; an upstream's words travel in `UpstreamFault.detail` to the request log only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from dataplane.windows import Windows


class Kind(StrEnum):
    """One row of the client error table."""

    INVALID_REQUEST = auto()
    CONTEXT_TOO_LONG = auto()
    UPSTREAM_REJECTED = auto()
    UNAUTHENTICATED = auto()
    MODEL_NOT_ALLOWED = auto()
    ADDRESS_NOT_ALLOWED = auto()
    MODEL_NOT_FOUND = auto()
    ROUTE_NOT_FOUND = auto()
    NOT_KEPT = auto()
    METHOD_NOT_ALLOWED = auto()
    TOO_LARGE = auto()
    RATE_LIMITED = auto()
    QUOTA_EXHAUSTED = auto()
    ACCOUNTS_BUSY = auto()
    ACCOUNTS_EXHAUSTED = auto()
    NO_ACCOUNT = auto()
    OVERLOADED = auto()
    UPSTREAM_ERROR = auto()
    UPSTREAM_TIMEOUT = auto()
    STANDBY = auto()
    STORE_AWAY = auto()
    INTERNAL = auto()


class GatewayError(Exception):
    """What a client is told. `param` names the JSON path at fault; `retry_after` is whole seconds; `code`
    is a word of the protocol's own that clients act on, where its kind has none. `windows`: what the key
    may still do, where that is known.
    """

    kind = Kind.INTERNAL
    windows: Windows | None = None

    def __init__(
        self, message: str, *, kind: Kind | None = None, param: str | None = None, retry_after: int | None = None, code: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.kind = kind or type(self).kind
        self.param = param
        self.retry_after = retry_after


class InvalidRequest(GatewayError):
    """The body or a parameter is wrong; the message names it."""

    kind = Kind.INVALID_REQUEST


class ContextTooLong(InvalidRequest):
    """The conversation does not fit. The wording is what clients look for before they compact."""

    kind = Kind.CONTEXT_TOO_LONG

    def __init__(self, tokens: int, maximum: int) -> None:
        super().__init__(f"prompt is too long: {tokens} tokens > {maximum} maximum")


class UpstreamRejected(InvalidRequest):
    """The upstream calls the body invalid although ours passed every check."""

    kind = Kind.UPSTREAM_REJECTED


class Unauthenticated(GatewayError):
    """The key is missing, unknown, disabled or expired."""

    kind = Kind.UNAUTHENTICATED


class Forbidden(GatewayError):
    """The key may not do this; `kind` is MODEL_NOT_ALLOWED or ADDRESS_NOT_ALLOWED."""

    kind = Kind.MODEL_NOT_ALLOWED


class NotFound(GatewayError):
    """No such model; with ROUTE_NOT_FOUND no such route, with NOT_KEPT nothing kept under that id."""

    kind = Kind.MODEL_NOT_FOUND


class MethodNotAllowed(GatewayError):
    """The route exists, but not for this method."""

    kind = Kind.METHOD_NOT_ALLOWED


class TooLarge(GatewayError):
    """The body is larger than the gateway accepts."""

    kind = Kind.TOO_LARGE


class Limited(GatewayError):
    """Try later: RATE_LIMITED, QUOTA_EXHAUSTED, ACCOUNTS_BUSY or ACCOUNTS_EXHAUSTED."""

    kind = Kind.RATE_LIMITED


class Unavailable(GatewayError):
    """NO_ACCOUNT: nobody can serve this; STANDBY: the control plane is away; STORE_AWAY: what is kept cannot be had."""

    kind = Kind.NO_ACCOUNT


class Overloaded(GatewayError):
    """The upstream is overloaded, after our retries."""

    kind = Kind.OVERLOADED


class BadUpstream(GatewayError):
    """The upstream refused us or answered nonsense."""

    kind = Kind.UPSTREAM_ERROR


class UpstreamTimeout(GatewayError):
    """The upstream was silent for too long."""

    kind = Kind.UPSTREAM_TIMEOUT


class Internal(GatewayError):
    """A defect of ours. The message never holds details; the log does."""

    kind = Kind.INTERNAL


class Cause(StrEnum):
    """What an attempt failed of. The control plane decides by it what becomes of the account."""

    # The bearer was refused; a renewed one may work.
    CREDENTIAL_REJECTED = auto()
    # This account was asked too often.
    THROTTLED = auto()
    # This account's allowance is spent.
    QUOTA_EXHAUSTED = auto()
    # This account is locked by the provider.
    SUSPENDED = auto()
    # This account may not do this (region, plan, profile).
    FORBIDDEN = auto()
    # This account does not have the model.
    MODEL_UNKNOWN = auto()
    # The service or the model is overloaded; no account is to blame.
    OVERLOADED = auto()
    # 5xx without an explanation.
    UNAVAILABLE = auto()
    # No connection.
    UNREACHABLE = auto()
    # Silence.
    TIMEOUT = auto()
    # The answer broke off.
    CUT = auto()
    # A whole answer without content.
    EMPTY = auto()
    # Bytes that are not what the protocol says.
    CORRUPT = auto()
    # The body is at fault, not the account.
    BAD_REQUEST = auto()
    TOO_LONG = auto()


class Retry(StrEnum):
    """What may be tried after a fault, as long as nothing was committed to the client."""

    # The same account with a renewed credential.
    RENEWED = auto()
    # The same account again, as it is.
    SAME_ACCOUNT = auto()
    OTHER_ACCOUNT = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class EndpointFault:
    """One endpoint of an account did not serve; `retry_after` is seconds, None when it asked for nothing."""

    url: str
    cause: Cause
    retry_after: int | None = None


class UpstreamFault(Exception):
    """One attempt failed.

    `error` is what the client is told when nothing else can be tried. `status` is the upstream's
    HTTP status (0: none), `retry_after` what it asked for in seconds, `detail` its own words,
    `endpoints` which of the account's endpoints were tried in vain. `before` are the events that the
    same bytes held before the fault: worth having where the answer can only be broken off.
    """

    def __init__(
        self,
        cause: Cause,
        retry: Retry,
        error: GatewayError,
        *,
        status: int = 0,
        retry_after: int | None = None,
        detail: str = "",
        endpoints: tuple[EndpointFault, ...] = (),
    ) -> None:
        super().__init__(f"{cause}: {detail}" if detail else str(cause))
        self.cause = cause
        self.retry = retry
        self.error = error
        self.status = status
        self.retry_after = retry_after
        self.detail = detail
        self.endpoints = endpoints
        self.before: Sequence[Any] = ()
