"""What a caller is told whose own account cannot serve, and for how long that holds."""

from controlplane.domain.errors import AccountSuspended, ProviderError, ProviderUnavailable
from controlplane.domain.lease import Reason, Refusal
from controlplane.policy import refresh

DEAD_FOR = 60.0  # seconds that a sign-in which failed is not tried again
SUSPENDED_FOR = 3600.0
BUSY = Refusal(Reason.ACCOUNTS_BUSY, "too many accounts are being signed in at the moment; try again", 2)
# The gateway's own calls follow a request that the account has just served.
AWAY = Refusal(Reason.NO_ACCOUNT, "the caller's own account is not in use")


def judged(error: ProviderError) -> tuple[Refusal, float]:
    """What the caller is told, and for how many seconds that holds."""
    if isinstance(error, AccountSuspended):
        return suspended(error.message), SUSPENDED_FOR
    if isinstance(error, ProviderUnavailable):
        seconds = refresh.backoff(error.retry_after)
        return Refusal(Reason.ACCOUNTS_BUSY, f"the account could not be signed in: {error.message}", int(seconds)), seconds
    return dead(error.message), DEAD_FOR


def dead(reason: str) -> Refusal:
    """The sign-in is lost."""
    return Refusal(Reason.UNAUTHENTICATED, f"the account's sign-in is not valid: {reason}")


def suspended(reason: str) -> Refusal:
    """The provider has locked the account."""
    return Refusal(Reason.NO_ACCOUNT, f"the account cannot be used: {reason}")
