"""Everything that can go wrong in the control plane, apart from defects.

    ControlError                what an administrator is told
    ├── Absent                  no such record
    ├── Duplicate               the record exists already
    └── Invalid                 a field's value is not acceptable

    StartError                  the process cannot start; the message says what to do

    SealBroken                  a stored secret cannot be read with the key at hand

    LedgerAway                  what keys may still spend cannot be asked for; may pass

    ProviderError               an account's provider did not do what it was asked
    ├── GrantRejected           the refresh token is dead: only a new login helps
    ├── AccessRejected          a token was refused, in words that do not say why
    ├── CallForbidden           the token is good, but the account may not do this
    ├── AccountSuspended        the provider locked the account
    ├── Overtaken               its answer is about an account that is another by now
    └── ProviderUnavailable     no answer, throttled, 5xx, nonsense: may pass

A refusal of a request is no error but a value: `domain.lease.Refusal`.
"""


class ControlError(Exception):
    """What an administrator is told; `field` names the request's field at fault, if there is one."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Absent(ControlError):
    """No such record."""


class Duplicate(ControlError):
    """The record exists already."""


class Invalid(ControlError):
    """A field's value is not acceptable."""


class StartError(Exception):
    """The process cannot start; the message says why and what to do. `passing`: by itself it may be
    able to in a moment.
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


class SealBroken(Exception):
    """A stored secret cannot be read with the key at hand, or belongs to another record."""


class LedgerAway(Exception):
    """The ledger's store does not answer. What was asked may have been done or not; asking again for the
    same lease does nothing twice.
    """


class ProviderError(Exception):
    """An account's provider did not do what it was asked. `message` is ours and holds no secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class GrantRejected(ProviderError):
    """The refresh token (or its client registration) is dead: only a new login helps."""


class AccessRejected(ProviderError):
    """A token was refused, and not in the words for a dead grant: a renewed one, or the next try, may work."""


class CallForbidden(ProviderError):
    """The account may not make this call (its plan, region or profile); another token changes nothing."""


class AccountSuspended(ProviderError):
    """The provider locked the account."""


class Overtaken(ProviderError):
    """The account was changed while its provider was asked: the answer is about another address or sign-in."""


class ProviderUnavailable(ProviderError):
    """No answer, throttled, 5xx, or nonsense: may pass. `retry_after` in seconds, if it said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
